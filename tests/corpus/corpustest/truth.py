"""The truth's ClientHellos over TCP, sorted into what is scored and what is not."""

import csv
import ipaddress
import json
from dataclasses import dataclass

SCORED, SECOND, REPEAT = "scored", "second", "repeat"


@dataclass
class Row:
    capture: str
    frame: int          # the frame that completes the hello
    frames: tuple       # all frames that bear bytes of it
    flow: tuple         # (client address, port, server address, port)
    columns: dict       # of the flat table
    hello: dict         # of the capture's JSON: bytes that the table has escaped
    kind: str = ""      # scored, second, repeat, or the truth's word for what is not scorable

    @property
    def is_sslv2(self):
        return self.columns["sslv2_hello"] == "True"


class Truth:
    def __init__(self, place):
        self.place = place
        self.table = _table(place / "truth" / "ALL.client_hellos.dev.tsv")

    def rows(self, capture):
        """Rows of TLS in TCP, in the order of frames, each with its kind."""
        lines = self.table.get(capture, [])
        hellos = self._hellos(capture) if lines else []
        if len(lines) != len(hellos):
            raise ValueError(f"{capture}: the flat table has {len(lines)} hellos, the JSON {len(hellos)}")
        rows = [_row(line, hello) for line, hello in zip(lines, hellos) if line["proto"] == "tls" and line["src"]]
        rows.sort(key=lambda row: row.frame)
        _classify(rows)
        return rows

    def _hellos(self, capture):
        with open(self.place / "truth" / f"{capture}.json", encoding="utf-8") as file:
            return json.load(file)["client_hellos"]


def flow_key(source, source_port, destination, destination_port):
    """Addresses can be written in several ways; this makes them comparable."""
    return (ipaddress.ip_address(source), int(source_port), ipaddress.ip_address(destination), int(destination_port))


def _table(path):
    table = {}
    with open(path, encoding="utf-8", newline="") as file:
        # Names and ALPN may hold quotes, which mean nothing here.
        for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            table.setdefault(line["capture"], []).append(line)
    return table


def _row(line, hello):
    if int(line["frame"]) != hello["frame"]:
        raise ValueError(f"{line['capture']}: the flat table and the JSON are in different order")
    frames = tuple(int(number) for number in (line["frames"] or line["frame"]).split(","))
    flow = flow_key(line["src"], line["sport"], line["dst"], line["dport"])
    return Row(line["capture"], int(line["frame"]), frames, flow, line, hello)


def _classify(rows):
    seen = set()
    for row in rows:
        # The contract has one event per handshake, so two sorts of row ask for none of their own:
        # the second hello of a direction (after HelloRetryRequest, RFC 8446 section 4.1.2) ...
        second = row.columns["ch_index"] not in ("", "0")
        # ... and a retransmission that the oracles put into another stream (two SYN-ACKs, Fast Open): a client
        # that really starts anew draws a new Random (RFC 8446 section 4.1.2), on the same ports too.
        identity = (row.flow, row.hello.get("random"))
        repeat = identity[1] is not None and identity in seen
        seen.add(identity)
        if row.columns["scorable"] != "yes":
            row.kind = row.columns["scorable"]
        else:
            row.kind = SECOND if second else REPEAT if repeat else SCORED
