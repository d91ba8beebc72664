"""Judges of one capture what its events say of the server's half, and how its handshakes ended."""

from collections import Counter
from dataclasses import dataclass, field

from . import eve, judge, match, replies, replyfields, truth

# Whole classes of rows that no event can have; they are counted, not listed.
NO_HELLO = "no ClientHello in this direction"
UNREAD = "hello not scorable, no event"
BEFORE = "alert before the hello"
OVER = "alert after the handshake was established"
LATER = "later handshake of the connection"
MANY = f"alert beyond {replyfields.ALERTS_SHOWN} of a side"
CLASSES = (NO_HELLO, UNREAD, BEFORE, OVER, LATER, MANY)

# Kinds of finding beside the fields' names.
RUN, EVENT = "run", "no event"
OUTCOME, CLOSE, INVENTED, COUNTED, UNKNOWN = "outcome", "close", "invented", "counted", "unknown"
FATAL = "fatal"
EXCUSABLE = {OUTCOME, CLOSE, INVENTED, COUNTED, UNKNOWN} | set(replyfields.NAMES)
HELLO_OVERHEAD = 5 + 4      # the headers of a record and of its message


@dataclass
class Verdict:
    capture: str
    rows: int = 0                                       # scored ones
    events: int = 0
    findings: list = field(default_factory=list)
    tally: Counter = field(default_factory=Counter)     # (field, right | wrong | missing | excused)
    classes: Counter = field(default_factory=Counter)   # (what, class)
    outcomes: Counter = field(default_factory=Counter)  # of streams that have an end
    unknown: list = field(default_factory=list)

    def of(self, *kinds):
        return [f"{self.capture}: {finding}" for finding in self.findings if finding.kind in kinds]


@dataclass
class Handshake:
    event: dict
    start: int              # ns
    hello: object = None    # the truth's row of the ClientHello
    rows: list = field(default_factory=list)

    def established(self):
        return self.outcome() == "established"

    def outcome(self):
        return eve.at(self.event, "hellogate", "outcome")

    def over(self, time):
        """Nothing that comes later can be part of it: it was established."""
        times = [us for us in (eve.at(self.event, "hellogate", "times") or {}).values() if isinstance(us, int)]
        return self.established() and time is not None and time > self.start + max(times, default=0) * 1000

    def first(self, what, side=None):
        return next((row for row in self.rows if row.what == what and row.side == (side or row.side)), None)


class Judge:
    def __init__(self, name, capture, hellos, rows, streams, run, excuses):
        self.capture, self.hellos, self.streams, self.excuses = capture, hellos, streams, excuses
        self.rows = [row for row in rows if row.scored]
        self.all_rows = rows
        self.verdict = Verdict(name, rows=len(self.rows))
        self.flows = self._handshakes(run)
        self._assign()

    def judge(self):
        for handshakes in self.flows.values():
            for handshake in handshakes:
                self._replies(handshake)
                self._inventions(handshake)
                self._fatal_alerts(handshake)
                self._encrypted_alerts(handshake)
            self._silence(handshakes)
        for stream in self.streams:
            self._stream(stream)
        return self.verdict

    # ---- which reply belongs to which handshake ----

    def _handshakes(self, run):
        flows = {}
        try:
            events = [eve.parse(line) for line in run.out.splitlines()]
            for event in sorted(filter(eve.is_handshake, events), key=eve.time_ns):
                if not isinstance(event.get("hellogate"), dict):
                    raise ValueError("an event without the object hellogate")
                flows.setdefault(match.event_flow(event), []).append(Handshake(event, eve.time_ns(event)))
                self.verdict.events += 1
        except (ValueError, KeyError, TypeError) as fault:
            self._find(RUN, 0, f"a line that cannot be read: {fault}")
        if run.crash:
            self._find(RUN, 0, run.crash)
        for flow, handshakes in flows.items():
            for handshake in handshakes:
                handshake.hello = self._hello_of(flow, handshake)
        return flows

    def _hello_of(self, flow, handshake):
        here = [row for row in self.hellos if row.flow == flow]
        on_time = [row for row in here if match.at_frame(handshake.event, row.frame, self.capture)]
        return next(iter(on_time or here), None)

    def _at(self, flow, frame):
        """The handshake that a frame comes behind: the last that had begun."""
        time = self.capture.time(frame)
        begun = [handshake for handshake in self.flows.get(flow, ())
                 if time is None or handshake.start <= time + match.SAME_TIME]
        return begun[-1] if begun else None

    def _assign(self):
        for row in self.rows:
            handshake = self._at(row.flow, row.frame)
            if handshake:
                handshake.rows.append(row)
            else:
                self._unassigned(row)

    def _unassigned(self, row):
        before = [hello for hello in self.hellos if hello.flow == row.flow and min(hello.frames) <= row.frame]
        if not any(hello.flow == row.flow for hello in self.hellos):
            self.verdict.classes[row.what, NO_HELLO] += 1
        elif not before and row.what == replies.ALERT:
            self.verdict.classes[row.what, BEFORE] += 1
        elif all(hello.kind not in (truth.SCORED, truth.SECOND, truth.REPEAT) for hello in before):
            self.verdict.classes[row.what, UNREAD] += 1
        else:
            self._find(EVENT, row.frame, f"a {row.what} of the {row.side}, and no event to tell it")

    # ---- fields ----

    def _replies(self, handshake):
        told, retried = Counter(), False
        for row in handshake.rows:
            if row.what == replies.ALERT:
                self._alert(handshake, row, told)
            elif row.what == replies.HELLO and row.columns["hrr"] == "True" and not told[row.what]:
                self._compare(row, replyfields.of_retry(row, handshake.event))
                retried = True
            elif told[row.what, row.side]:
                self.verdict.classes[row.what, LATER] += 1
            else:
                told[row.what, row.side] += 1
                self._compare(row, self._fields(handshake, row, retried))

    def _fields(self, handshake, row, retried):
        if row.what == replies.CERTIFICATE:
            return replyfields.of_certificate(row, handshake.event)
        certificate = handshake.first(replies.CERTIFICATE, "server")
        return replyfields.of_hello(row, handshake.event, retried,
                                    replyfields.resumed(row, handshake.hello, certificate))

    def _alert(self, handshake, row, told):
        if handshake.hello and row.frame < min(handshake.hello.frames):
            self.verdict.classes[row.what, BEFORE] += 1
        elif handshake.over(self.capture.time(row.frame)):
            self.verdict.classes[row.what, OVER] += 1
        elif told[row.what, row.side] >= replyfields.ALERTS_SHOWN:
            self.verdict.classes[row.what, MANY] += 1
        else:
            self._compare(row, replyfields.of_alert(row, handshake.event, told[row.what, row.side]))
            told[row.what, row.side] += 1

    def _compare(self, row, compared):
        for name, wanted, got in compared:
            outcome = judge.RIGHT if wanted == got else judge.MISSING if got is None else judge.WRONG
            # An exception lets a value be absent: nothing excuses one that is not true.
            if outcome != judge.RIGHT and self.excuses.excuses(row.capture, row.frame, name) \
                    and outcome == judge.MISSING:
                outcome = judge.EXCUSED
            self.verdict.tally[name, outcome] += 1
            if outcome in (judge.WRONG, judge.MISSING):
                self.verdict.findings.append(judge.Finding(name, f"wanted {wanted!r}, got {got!r}", row.frame))

    # ---- what the truth rules out ----

    def _contradiction(self, kind, frame, text):
        if not self.excuses.excuses(self.verdict.capture, frame, kind):
            self._find(kind, frame, text)

    def _find(self, kind, frame, text):
        self.verdict.findings.append(judge.Finding(kind, text, frame))

    def _inventions(self, handshake):
        flow = match.event_flow(handshake.event)
        rows = [row for row in self.all_rows if row.flow in (flow, flow[2:] + flow[:2])]
        frame = match.frame_of(handshake.event, self.capture)
        for what in replyfields.invented(handshake.event, rows):
            self._contradiction(INVENTED, frame, f"{what}, which no oracle saw")
        for what in replyfields.counted(handshake.event, rows):
            self._contradiction(COUNTED, frame, f"certificates of {what} are counted, which no oracle saw whole")

    def _fatal_alerts(self, handshake):
        """RFC 8446 section 6.2, RFC 5246 section 7.2.2: a fatal alert ends the connection."""
        for row in handshake.rows:
            if row.what != replies.ALERT or replyfields.alert_level(row) != FATAL \
                    or handshake.hello and row.frame < min(handshake.hello.frames):
                continue
            if handshake.outcome() != "failed":
                self._contradiction(OUTCOME, row.frame, f"{handshake.outcome()}, with a fatal alert in clear "
                                    f"({row.columns['desc']}) of the {row.side}")

    def _encrypted_alerts(self, handshake):
        """
        Up to TLS 1.2 a server that has sent a Certificate encrypts only when the client's Finished was right
        (RFC 5246 section 7.3).
        """
        hello = handshake.first(replies.HELLO)
        if not hello or replyfields.is_tls13(hello) or not handshake.first(replies.CERTIFICATE, "server"):
            return
        for row in self.all_rows:
            if row.what == replies.ALERT and row.columns["encrypted"] == "True" and row.side == "server" \
                    and self._at(row.flow, row.frame) is handshake and not handshake.established():
                self._contradiction(OUTCOME, row.frame, f"{handshake.outcome()}, with an encrypted alert of the server")

    # ---- how connections ended ----

    def _stream(self, stream):
        if not stream.frame:
            return
        handshake = self._at(stream.flow, stream.frame)
        if handshake and match.at_frame(handshake.event, stream.frame, self.capture):
            self._close(stream, handshake)
        if stream.columns["syn"] != "True" or not stream.ended():
            return
        if not handshake:
            self._eventless(stream)
            return
        outcome = handshake.outcome()
        self.verdict.outcomes[outcome] += 1
        if outcome == UNKNOWN:
            self.verdict.unknown.append(f"{self.verdict.capture}: stream {stream.number}, frame {stream.frame}")
            self._contradiction(UNKNOWN, stream.frame, f"stream {stream.number} ends unknown")

    def _eventless(self, stream):
        kinds = {row.kind for row in self.hellos if row.flow == stream.flow and row.frame == stream.frame}
        self.verdict.outcomes[EVENT] += 1
        if kinds & {truth.SCORED, truth.SECOND}:
            self._find(EVENT, stream.frame, f"stream {stream.number} has none")
        else:
            self.verdict.classes["stream", UNREAD] += 1

    def _silence(self, handshakes):
        """A side that was seen, and sent nothing at all or its hello alone, did not take part."""
        flow = match.event_flow(handshakes[0].event)
        # What begins with two SYN-ACKs is several streams to the truth.
        streams = [stream for stream in self.streams if stream.flow == flow]
        if not streams or len(handshakes) > 1 or not handshakes[0].established():
            return
        client, server = (sum(stream.bytes_of(side) for stream in streams) for side in ("client", "server"))
        frame, hello = streams[0].frame, handshakes[0].hello
        if not server and any(stream.server_seen() for stream in streams):
            self._contradiction(OUTCOME, frame, "established, but the server sent not one byte")
        if server and hello and 0 < client <= int(hello.columns["hs_len"] or 0) + HELLO_OVERHEAD:
            self._contradiction(OUTCOME, frame, "established, but the client sent its hello alone")

    def _close(self, stream, handshake):
        how, side = (eve.at(handshake.event, "hellogate", "close", name) for name in ("how", "from"))
        if not stream.has(how, side):
            self._contradiction(CLOSE, stream.frame, f"{how} of the {side}, which stream {stream.number} has not")
