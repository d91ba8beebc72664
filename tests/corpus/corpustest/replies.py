"""The truth of what came behind the ClientHello: ServerHellos, Certificates, alerts, and how each connection ended."""

import csv
import json
import re
from dataclasses import dataclass

from . import truth

HELLO, CERTIFICATE, ALERT = "server hello", "certificate", "alert"
TABLES = {HELLO: "server_hellos", CERTIFICATE: "certificates", ALERT: "alerts"}
STREAMS = "tls_tcp_streams"
ENDS = {("fin", "client"): "fin_c2s", ("fin", "server"): "fin_s2c", ("rst", "client"): "rst_c2s",
        ("rst", "server"): "rst_s2c"}


@dataclass
class Reply:
    capture: str
    what: str
    frame: int
    flow: tuple         # (client address, port, server address, port)
    side: str           # who said it
    scored: bool        # both oracles saw it, and agree
    columns: dict       # of the flat table
    details: dict       # of the capture's JSON


@dataclass
class Stream:
    number: str
    flow: tuple
    frame: int          # that completes the ClientHello, 0: none
    columns: dict

    def ended(self):
        return any(self.columns[name] for name in ENDS.values())

    def has(self, how, side):
        return (how, side) not in ENDS or bool(self.columns[ENDS[how, side]])

    def bytes_of(self, side):
        return int(self.columns["c2s_bytes" if side == "client" else "s2c_bytes"] or 0)

    def server_seen(self):
        """Packets of the server are in the capture, with or without bytes."""
        return self.columns["synack"] == "True" or bool(self.columns["fin_s2c"] or self.columns["rst_s2c"])


class Replies:
    def __init__(self, place):
        self.place = place / "truth"
        self.tables = {what: _table(self.place / f"ALL.{name}.dev.tsv") for what, name in TABLES.items()}
        self.connections = _table(self.place / f"ALL.{STREAMS}.dev.tsv")

    def rows(self, capture):
        """Of TLS in TCP, in the order of frames. Rows that are not scored say what else an event may show."""
        found = []
        if any(capture in table for table in self.tables.values()):
            with open(self.place / f"{capture}.json", encoding="utf-8") as file:
                details = json.load(file)
            for what, table in self.tables.items():
                found += _replies(capture, what, table.get(capture, []), details[TABLES[what]])
        return sorted(found, key=lambda row: row.frame)

    def streams(self, capture):
        return [_stream(line) for line in self.connections.get(capture, [])]


def _table(path):
    table = {}
    with open(path, encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            table.setdefault(line["capture"], []).append(line)
    return table


def _replies(capture, what, lines, details):
    if [int(line["frame"]) for line in lines] != [detail["frame"] for detail in details]:
        raise ValueError(f"{capture}: the flat table and the JSON have other {TABLES[what]}")
    for columns, detail in zip(lines, details):
        if columns["proto"] == "tls" and columns["src"]:
            yield _reply(capture, what, columns, detail)


def _reply(capture, what, columns, detail):
    source = truth.flow_key(columns["src"], columns["sport"], columns["dst"], columns["dport"])
    # A ServerHello tells its side by itself; of the rest, one oracle alone does not know it.
    side = {"s2c": "server", "c2s": "client"}.get(columns["dir"], "server" if what == HELLO else "")
    flow = source if side == "client" else source[2:] + source[:2]
    scored = columns["seen_by"] == "both" and bool(side) and columns.get("scorable", "yes") == "yes" \
        and columns.get("encrypted") != "True"
    return Reply(capture, what, int(columns["frame"]), flow, side, scored, columns, detail)


def _stream(columns):
    flow = truth.flow_key(*_address(columns["client"]), *_address(columns["server"]))
    return Stream(columns["stream"], flow, int(columns["ch_frame"] or 0), columns)


def _address(text):
    address, port = re.fullmatch(r"\[?([^\]]*)\]?:(\d+)", text).groups()
    return address, port
