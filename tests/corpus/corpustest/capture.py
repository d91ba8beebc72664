"""Frame times, link types and the ending of a pcap or pcapng file.

Times tie an event to its truth row where a 4-tuple is used twice; the ending says which exit code is right.
Only headers are read here, and no packet: the analysis under test must not be repeated by its test.
"""

import struct
from dataclasses import dataclass, field

PCAP = {b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\xa1\xb2\xc3\xd4": (">", 1000),
        b"\x4d\x3c\xb2\xa1": ("<", 1), b"\xa1\xb2\x3c\x4d": (">", 1)}
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, PACKET = 0x0A0D0D0A, 1, 2, 3, 6
TSRESOL, TSOFFSET = 9, 14
LARGEST = 262144  # libpcap's MAXIMUM_SNAPLEN: a longer packet means a damaged file

# Ethernet, null, PPP, raw, loop, SLL, SLL2, IPv4, IPv6, C-HDLC (12 is raw, as BSD numbers it).
IP_LINKS = {1, 0, 9, 101, 12, 108, 113, 276, 228, 229, 104}


@dataclass
class Capture:
    times: list = field(default_factory=list)   # of each frame, in ns, None where the file gives none
    links: set = field(default_factory=set)     # link types of the frames
    ending: str = "whole"                       # whole | early | damaged

    def time(self, frame):
        return self.times[frame - 1] if 0 < frame <= len(self.times) else None

    def exit_codes(self):
        """What the contract allows `read` to answer."""
        if self.ending == "early":
            return {8}
        if self.ending == "damaged":
            # "3 invalid input", yet also "gives what it held and 8": the contract leaves both open.
            return {3, 8}
        if not self.links or self.links <= IP_LINKS:
            return {0}
        return {0, 8} if self.links & IP_LINKS else {0, 5}


def read(path):
    data = path.read_bytes()
    if data[:4] in PCAP:
        return _pcap(data)
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        return _pcapng(data)
    return Capture(ending="damaged")


def _pcap(data):
    order, unit = PCAP[data[:4]]
    capture = Capture()
    if len(data) < 24:
        capture.ending = "early"
        return capture
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    at = 24
    while at < len(data):
        if len(data) - at < 16:
            capture.ending = "early"
            break
        seconds, fraction, length = struct.unpack_from(order + "III", data, at)
        if length > LARGEST or len(data) - at - 16 < length:
            capture.ending = "damaged" if length > LARGEST else "early"
            break
        capture.times.append(seconds * 10**9 + fraction * unit)
        capture.links.add(link)
        at += 16 + length
    return capture


def _pcapng(data):
    capture, interfaces, order, at = Capture(), [], "<", 0
    while at < len(data):
        if len(data) - at < 12:
            capture.ending = "early"
            break
        if struct.unpack_from("<I", data, at)[0] == SECTION:
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        kind, length = struct.unpack_from(order + "II", data, at)
        if length < 12 or length % 4 or len(data) - at < length:
            capture.ending = "early" if len(data) - at < length else "damaged"
            break
        _block(capture, interfaces, order, kind, data[at + 8:at + length - 4])
        at += length
    return capture


def _block(capture, interfaces, order, kind, body):
    if kind == INTERFACE:
        interfaces.append(_interface(order, body))
        return
    if kind == SIMPLE_PACKET:
        number, stamp = 0, None
    elif kind in (PACKET, OLD_PACKET):
        number = struct.unpack_from(order + ("I" if kind == PACKET else "H"), body)[0]
        high, low = struct.unpack_from(order + "II", body, 4)
        stamp = high << 32 | low
    else:
        return
    link, per_second, offset = interfaces[number]
    capture.links.add(link)
    capture.times.append(None if stamp is None else stamp * 10**9 // per_second + offset * 10**9)


def _interface(order, body):
    """(link type, ticks per second, offset in seconds) of an Interface Description Block."""
    per_second, offset, at = 10**6, 0, 8
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4:at + 4 + length]
        if code == 0:
            break
        if code == TSRESOL and value:
            per_second = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
        if code == TSOFFSET and len(value) == 8:
            offset = struct.unpack(order + "q", value)[0]
        at += 4 + (length + 3) // 4 * 4
    return struct.unpack_from(order + "H", body)[0], per_second, offset
