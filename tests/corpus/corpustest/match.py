"""Which event belongs to which row of the truth.

First by 4-tuple, the client as source. On one tuple the contract wants one event per handshake, in the order of
time, so rows and events are aligned without crossing; where a tuple was used several times and something is
missing, the time stamp (that of the hello's last byte) and the content say which.
"""

from dataclasses import dataclass, field

from . import eve, fields, truth

SAME_TIME = 1000        # ns: an event has microseconds, a capture may have nanoseconds, rounded or cut
TIME_WEIGHT = 100       # outweighs all fields together: content may be wrong, that is what is tested


@dataclass
class Matching:
    pairs: list = field(default_factory=list)       # (row, event or None), of rows that want an event
    extra: list = field(default_factory=list)       # events that no row asks for
    reversed: list = field(default_factory=list)    # the same, with server and client exchanged


def match(rows, events, capture):
    wanting = _by_flow((row for row in rows if row.kind not in (truth.SECOND, truth.REPEAT)), lambda row: row.flow)
    handshakes = _by_flow(filter(eve.is_handshake, events), event_flow)
    result = Matching()
    for flow, here in wanting.items():
        found = sorted(handshakes.pop(flow, []), key=eve.time_ns)
        pairs, extra = _align(here, found, capture)
        result.pairs += pairs
        result.extra += extra
    for flow, found in handshakes.items():
        backwards = flow[2:] + flow[:2] in wanting
        (result.reversed if backwards else result.extra).extend(found)
    return result


def event_flow(event):
    return truth.flow_key(event["src_ip"], event["src_port"], event["dest_ip"], event["dest_port"])


def at_frame(event, frame, capture):
    return _same_time(eve.time_ns(event), capture.time(frame))


def frame_of(event, capture):
    """The frame of an event's time stamp, 0 when there is none: what an exception is written with."""
    stamp = eve.time_ns(event)
    return next((number for number, time in enumerate(capture.times, 1) if _same_time(stamp, time)), 0)


def _same_time(stamp, time):
    return time is not None and abs(stamp - time) <= SAME_TIME


def _by_flow(items, key):
    flows = {}
    for item in items:
        flows.setdefault(key(item), []).append(item)
    return flows


def _likeness(row, event, capture):
    on_time = any(at_frame(event, frame, capture) for frame in row.frames)
    # The 1 makes a wrong event better than none: it is then reported field by field.
    return 1 + TIME_WEIGHT * on_time + sum(right for *_, right in fields.compared(row, event))


def _align(rows, events, capture):
    """The pairing of greatest likeness in which no two pairs cross (as in sequence alignment)."""
    best = [[0] * (len(events) + 1) for _ in range(len(rows) + 1)]
    for r in range(len(rows) - 1, -1, -1):
        for e in range(len(events) - 1, -1, -1):
            paired = _likeness(rows[r], events[e], capture) + best[r + 1][e + 1]
            best[r][e] = max(paired, best[r + 1][e], best[r][e + 1])
    return _walk(rows, events, best)


def _walk(rows, events, best):
    pairs, extra, r, e = [], [], 0, 0
    while r < len(rows) and e < len(events):
        if best[r][e] == best[r + 1][e]:
            pairs.append((rows[r], None))
            r += 1
        elif best[r][e] == best[r][e + 1]:
            extra.append(events[e])
            e += 1
        else:
            pairs.append((rows[r], events[e]))
            r, e = r + 1, e + 1
    pairs += [(row, None) for row in rows[r:]]
    return pairs, extra + events[e:]
