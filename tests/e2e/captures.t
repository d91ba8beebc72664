#!/usr/bin/env bash
# Capture files whose packets are of several link types, or larger than the kernel's
# test runs take: all that can be read is, and what was left out is counted and said.
. "$(dirname "$0")/lib.sh"

[ -x "$HELLOGATE" ] || bail "no $HELLOGATE"
need python3 jq
scratch
hello one --sni one.example
hello two --sni two.example
hello three --sni three.example

# Writes the captures: a connection each, in pcap and pcapng.
python3 - "$HG_DIR" <<'PYTHON' || bail "the captures cannot be made"
import struct, sys

directory = sys.argv[1]


def hello(name):
    with open(f"{directory}/{name}.hello", "rb") as file:
        return file.read()


def tcp(port, seq, flags, payload=b""):
    header = struct.pack("!HHIIBBHHH", port, 443, seq, 1, 0x50, flags, 65535, 0, 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, min(20 + len(header), 65535), 0, 0, 64, 6, 0,
                     bytes([192, 0, 2, 1]), bytes([198, 51, 100, 1]))
    return ip + header


def connection(port, payload):
    return [tcp(port, 99, 2), tcp(port, 100, 24, payload)]


LINKS = {
    "ethernet": (1, lambda ip: bytes(12) + b"\x08\x00" + ip),
    "raw": (101, lambda ip: ip),
    "sll": (113, lambda ip: bytes(14) + b"\x08\x00" + ip),
    "usb": (189, lambda ip: bytes(64)),
}


class Section:
    """One section of a pcapng file, in one byte order."""

    def __init__(self, order, links, snaplen=0):
        self.order, self.links = order, links
        self.data = self.block(0x0A0D0D0A, self.pack("IHHq", 0x1A2B3C4D, 1, 0, -1))
        for number, link in enumerate(links):
            self.data += self.block(1, self.pack("HHI", LINKS[link][0], 0, snaplen or number))

    def pack(self, form, *values):
        return struct.pack(self.order + form, *values)

    def block(self, kind, body):
        body += bytes(-len(body) % 4)
        length = self.pack("I", 12 + len(body))
        return self.pack("I", kind) + length + body + length

    def packet(self, number, ip, kind=6):
        frame = LINKS[self.links[number]][1](ip)
        if kind == 3:
            self.data += self.block(3, self.pack("I", len(frame)) + frame)
        elif kind == 2:
            self.data += self.block(2, self.pack("HHIIII", number, 0, 1, 0, len(frame), len(frame)) + frame)
        else:
            self.data += self.block(6, self.pack("IIIII", number, 1, 0, len(frame), len(frame)) + frame)
        return self

    def connection(self, number, port, name, kind=6):
        for ip in connection(port, hello(name)):
            self.packet(number, ip, kind)
        return self


def write(name, data):
    with open(f"{directory}/{name}", "wb") as file:
        file.write(data)


def pcap(link, frames):
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)
    for frame in frames:
        data += struct.pack("<IIII", 1, 0, len(frame), len(frame)) + frame
    return data


mixed = Section("<", ["raw", "ethernet", "sll"])
mixed.connection(0, 1001, "one").connection(1, 1002, "two").connection(2, 1003, "three")
write("mixed.pcapng", mixed.data)
big = Section(">", ["sll", "ethernet"]).connection(0, 1001, "one").connection(1, 1002, "two")
write("sections.pcapng", big.data + Section(">", ["raw"]).connection(0, 1003, "three").data)
first = Section("<", ["usb", "ethernet"]).packet(0, b"").connection(1, 1001, "one").packet(0, b"")
write("first.pcapng", first.data)
write("usb.pcapng", Section("<", ["usb"]).packet(0, b"").packet(0, b"").data)
forms = Section("<", ["ethernet", "raw"], 65535)
forms.connection(0, 1001, "one", 3).connection(1, 1002, "two", 2)
write("forms.pcapng", forms.data)
ethernet = LINKS["ethernet"][1]
frames = [ethernet(ip) for ip in connection(1001, hello("one"))]
large = ethernet(tcp(1002, 100, 24, hello("two") + bytes(65200)))
write("large.pcap", pcap(1, [ethernet(tcp(1002, 99, 2)), large, b"\0" * 13] + frames))
PYTHON

# names FILE [OPTION...]: reads it, and what names it holds
names() {
	local file=$1
	shift
	run hg read "$HG_DIR/$file" -o jsonl "$@"
	found=$(jq -r 'select(.event_type == "tls").tls.sni' <<<"$out" | sort | xargs)
}

names mixed.pcapng
said "interfaces of three link types" 0
is "$found" "one.example three.example two.example" "each of them is read"
names sections.pcapng
said "two sections, in the byte order of another machine" 0
is "$found" "one.example three.example two.example" "both are read"
names forms.pcapng
said "simple packets, and those of the old form" 0
is "$found" "one.example two.example" "both forms are read"
names first.pcapng
said "a link type that is not known: 8, and how many packets that is" 8 \
	'first\.pcapng: 2 of 4 packets were left out: link type USB_LINUX \(189\)'
is "$found" "one.example" "the first interface does not decide for the others"
names usb.pcapng
said "no link type that is known: 5" 5 'usb\.pcapng: link type USB_LINUX \(189\) carries no IP'
run hg read "$HG_DIR/usb.pcapng" "$HG_DIR/mixed.pcapng" -o jsonl
said "one capture of two: 8" 8
is "$(wc -l <<<"$out")" 3 "and the other one is read"

names large.pcap
said "frames above 65,000 bytes, without the kernel" 0
is "$found" "one.example two.example" "they are read"
if [ "$(id -u)" = 0 ]; then
	names large.pcap --kernel
	said "frames that --kernel cannot take: 8, and how many" 8 \
		'large\.pcap: 2 of 5 frames were left out: .* 65,000 bytes'
	like "$err" '--limits kernel' "and what takes them"
	is "$found" "one.example" "the others are read"
	names mixed.pcapng --kernel
	said "--kernel reads what it can take" 0
	is "$found" "one.example three.example two.example" "all of it"
else
	skip "frames that --kernel cannot take" "needs root"
fi
finish
