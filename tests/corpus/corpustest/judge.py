"""Judges one capture: its run, its events, its rows."""

from collections import Counter
from dataclasses import dataclass, field

from . import eve, fields, match, truth

RIGHT, WRONG, MISSING, EXCUSED = "right", "wrong", "missing", "excused"
# Kinds of finding beside the fields' names: those of the first line have no excuse.
EXIT, CRASH, LINE, ONCE, REVERSED = "exit", "crash", "line", "once", "reversed"
EVENT, UNEXPECTED, TIME = "event", "unexpected", "timestamp"
# Flags of hellos that the truth's oracles do not look for.
BLIND = {"odd_record_version", "leading_record", "sslv2_hello"}
CORE = {EXIT, CRASH, LINE, ONCE, REVERSED, EVENT, UNEXPECTED} | {f.name for f in fields.FIELDS if f.core}
EXCUSABLE = {EVENT, UNEXPECTED, TIME} | {f.name for f in fields.FIELDS}


@dataclass(frozen=True)
class Finding:
    kind: str
    text: str
    frame: int = 0

    def __str__(self):
        where = f"frame {self.frame}: " if self.frame else ""
        return f"{where}{self.kind}: {self.text}"


@dataclass
class Verdict:
    capture: str
    hellos: int = 0
    events: int = 0                                 # handshakes
    findings: list = field(default_factory=list)
    tally: Counter = field(default_factory=Counter)     # (field, right | wrong | missing | excused)
    classes: Counter = field(default_factory=Counter)   # (kind of row, rows | found | right)

    def core(self):
        return [finding for finding in self.findings if finding.kind in CORE]

    def of(self, *kinds):
        return [f"{self.capture}: {finding}" for finding in self.findings if finding.kind in kinds]


def judge(name, capture, rows, run, excuses):
    verdict = Verdict(name, hellos=sum(row.kind == truth.SCORED for row in rows))
    _process(verdict, capture, run)
    events = list(_events(verdict, run))
    verdict.events = sum(map(eve.is_handshake, events))
    _once(verdict, events)
    matching = match.match(rows, events, capture)
    for row, event in matching.pairs:
        if row.kind == truth.SCORED:
            _score(verdict, row, event, capture, excuses)
        else:
            _observe(verdict, row, event)
    for row in rows:
        verdict.classes[row.kind, "rows"] += 1
    _uncalled(verdict, matching, capture, excuses)
    return verdict


def _process(verdict, capture, run):
    if run.crash:
        verdict.findings.append(Finding(CRASH, "; ".join([run.crash, *run.last_words()])))
    elif run.code not in capture.exit_codes():
        wanted = " or ".join(map(str, sorted(capture.exit_codes())))
        verdict.findings.append(Finding(EXIT, "; ".join(
            [f"wanted {wanted} (file {capture.ending}), got {run.code}", *run.last_words()])))


def _events(verdict, run):
    """Events that are good enough to be compared; each fault of a line is found here."""
    lines = run.out.split(b"\n")
    if lines[-1]:
        # A line without its end was cut, or is glued to the next process' output by whoever concatenates.
        verdict.findings.append(Finding(LINE, f"line {len(lines)}: does not end in a newline"))
    for number, line in enumerate(lines if lines[-1] else lines[:-1], 1):
        try:
            event = eve.parse(line)
        except ValueError as fault:
            verdict.findings.append(Finding(LINE, f"line {number}: {fault}"))
            continue
        faults = eve.problems(event)
        verdict.findings += [Finding(LINE, f"line {number}: {fault}") for fault in faults]
        if not any(fault.startswith(("timestamp", "src", "dest")) for fault in faults):
            yield event


def _once(verdict, events):
    ends = Counter(event.get("flow_id") for event in events if eve.is_handshake(event)
                   and eve.at(event, "hellogate", "stage") == "end")
    flows = {event.get("flow_id") for event in events if eve.is_handshake(event)}
    for flow in sorted(flows, key=str):
        if ends[flow] != 1:
            verdict.findings.append(Finding(ONCE, f"flow_id {flow}: {ends[flow]} tls events with stage end, wanted 1"))


def _score(verdict, row, event, capture, excuses):
    if event is None:
        _score_absent(verdict, row, excuses)
        return
    for what, wanted, got, right in fields.compared(row, event):
        outcome = RIGHT if right else MISSING if got in (None, []) else WRONG
        _count(verdict, row, what.name, outcome, f"wanted {_show(wanted)}, got {_show(got)}", excuses)
    if capture.time(row.frame) is not None:
        right = match.at_frame(event, row.frame, capture)
        _count(verdict, row, TIME, RIGHT if right else WRONG,
               f"wanted that of frame {row.frame}, got {event['timestamp']} (frame {match.frame_of(event, capture)})",
               excuses)


def _score_absent(verdict, row, excuses):
    excused = excuses.excuses(row.capture, row.frame, EVENT)
    for what, *_ in fields.compared(row, None):
        verdict.tally[what.name, EXCUSED if excused else MISSING] += 1
    if not excused:
        client, port, server, service = row.flow
        text = f"wanted one for {client}:{port} > {server}:{service}, got none"
        verdict.findings.append(Finding(EVENT, text, row.frame))


def _count(verdict, row, name, outcome, text, excuses):
    # An exception is only used, and so kept alive, where there is something to excuse.
    if outcome != RIGHT and excuses.excuses(row.capture, row.frame, name):
        outcome = EXCUSED
    verdict.tally[name, outcome] += 1
    if outcome in (WRONG, MISSING):
        verdict.findings.append(Finding(name, text, row.frame))


def _observe(verdict, row, event):
    """Rows that are not scorable are counted, for reading, and fail nothing."""
    verdict.classes[row.kind, "found"] += event is not None
    compared = list(fields.compared(row, event))
    verdict.classes[row.kind, "right"] += event is not None and all(right for what, *_, right in compared if what.core)


def _uncalled(verdict, matching, capture, excuses):
    for event in matching.reversed:
        text = f"{event['src_ip']}:{event['src_port']} is the server, src must be the client"
        verdict.findings.append(Finding(REVERSED, text, match.frame_of(event, capture)))
    for event in matching.extra:
        # A handshake begins with the first byte of a hello, so a partial one is an event that no row has.
        if eve.at(event, "hellogate", "coverage") not in eve.READ:
            continue
        # Both oracles of the truth judge by the record version and by the SSLv2 version, and so miss hellos that
        # servers answer (RFC 8446 section 5.1: the record version is to be ignored).
        if BLIND & set(eve.at(event, "hellogate", "flags") or []):
            continue
        frame = match.frame_of(event, capture)
        if not excuses.excuses(verdict.capture, frame, UNEXPECTED):
            text = f"{event['src_ip']}:{event['src_port']} > {event['dest_ip']}:{event['dest_port']}, " \
                   f"coverage {eve.at(event, 'hellogate', 'coverage')}, which the truth has no first hello for"
            verdict.findings.append(Finding(UNEXPECTED, text, frame))


def _show(value, width=100):
    if value is None or value == []:
        return "nothing"
    text = ascii(value)
    return text if len(text) <= width else f"{text[:width]}... ({len(text)} characters)"
