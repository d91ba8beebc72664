#!/usr/bin/env bash
# Capture files whose packets are of several link types, or larger than the kernel's
# test runs take: all that can be read is, and what was left out is counted and said.
# And of captures with their ground truth, --filter, --since and --until print what the
# truth says they should.
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

# --- some of the events

corpus=${CORPUS:-$HG_ROOT/../shared/corpus}

# ports CAPTURE OPTION...: the clients' ports of the handshakes that it prints
ports() {
	local capture=$1
	shift
	run hg read "$corpus/pcap/$capture" -o jsonl "$@"
	found=$(jq -r 'select(.event_type == "tls").src_port' <<<"$out" | sort -n | xargs)
}

# true_ports TABLE CAPTURE COLUMN CONDITION: COLUMN of the truth's rows of TLS over TCP, where
# CONDITION holds, an awk expression in which at("x") is the column x
true_ports() {
	awk -F'\t' -v capture="$2" '
		function at(name) { return $column[name] }
		NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
		at("capture") == capture && at("proto") == "tls" && ('"$4"') { print at("'"$3"'") }
	' "$corpus/truth/ALL.$1.dev.tsv" | sort -nu | xargs
}

# selects CAPTURE FILTER CONDITION: it prints those hellos that the truth's condition selects
selects() {
	local want
	want=$(true_ports client_hellos "$1" sport "at(\"ch_index\") == 0 && ($3)")
	ports "$1" --filter "$2"
	is "$found" "${want:-no such hello}" "--filter '$2'"
}

# answered CAPTURE FILTER TABLE CONDITION: the same by what the server sent
answered() {
	local want
	want=$(true_ports "$3" "$1" dport "at(\"dir\") == \"s2c\" && ($4)")
	ports "$1" --filter "$2"
	is "$found" "${want:-no such answer}" "--filter '$2'"
}

zoom=ndpi__zoom.pcap android=ndpi__android.pcap
if [ -f "$corpus/pcap/$zoom" ]; then
	selects $zoom 'sni==*.Zoom.us' 'at("sni") ~ /\.zoom\.us$/'
	selects $zoom 'sni!=*.zoom.us' 'at("sni") !~ /\.zoom\.us$/'
	selects $zoom "sni~'^(log|www3)\\.'" 'at("sni") ~ /^(log|www3)\./'
	selects $zoom 'port==443 and not sni==*.zoom.us' 'at("dport") == 443 && at("sni") !~ /\.zoom\.us$/'
	selects $zoom 'port!=443 or cipher_count<10' 'at("dport") != 443 || at("cipher_count") < 10'
	selects $zoom 'version<1.2' 'at("max_version") < "0303"'
	selects $android 'version==1.3' 'at("max_version") == "0304"'
	selects $android 'server==172.217.16.0/21,client==192.168.2.16' \
		'at("dst") ~ /^172\.217\.(1[6-9]|2[0-3])\./'
	selects $android 'ja3==d8c87b9bfde38897979e41242626c2f3' \
		'at("ja3") == "d8c87b9bfde38897979e41242626c2f3"'
	selects ndpi__reddit.pcap 'ip==64:ff9b::9765:0/112' 'at("dst") ~ /^64:ff9b::9765:/'
	answered $zoom 'cipher==0xc030' server_hellos 'at("cipher") == "c030"'
	answered mercury__data-top_100_fingerprints.pcap 'alert==50' alerts 'at("desc") == 50'

	ports $zoom
	is "$(wc -w <<<"$found")" 10 "without a filter, all are printed"
	run hg read "$corpus/pcap/$zoom" --filter 'port==4434'
	is "$(wc -l <<<"$out")" 2 "a table has the row that a filter takes"
	run hg read "$corpus/pcap/$zoom" -o csv --filter 'port==4434'
	like "$(tail -n +2 <<<"$out" | cut -d, -f3,4)" '^167\.99\.215\.164:4434,"dati\.ntop\.org"$' \
		"and so has CSV"
	run hg read "$corpus/pcap/$zoom" -o json --filter 'port==1'
	is "$out" "[]" "no event is an array of none"
	run hg read "$corpus/pcap/$zoom" -o jsonl --eve-strict --filter 'bytes>0 and port==4434'
	is "$(jq -c '[.dest_port, .hellogate]' <<<"$out")" "[4434,null]" \
		"what --eve-strict leaves out can be asked for"
	run hg read "$corpus/pcap/$zoom" -o jsonl --at hello --filter 'stage==hello and port==4434'
	is "$(jq -c '[.dest_port, .hellogate.stage]' <<<"$out")" '[4434,"hello"]' \
		"a line at the hello is judged by what it holds"
	cat >"$HG_DIR/policy.yaml" <<-'YAML'
		version: 1
		mode: enforce
		default: allow
		rules:
		  - {name: zoom, match: {sni: [.zoom.us]}, action: reset}
	YAML
	run hg read "$corpus/pcap/$zoom" -o jsonl --policy "$HG_DIR/policy.yaml" \
		--filter 'rule==zoom and not outcome'
	is "$(jq -r '.event_type' <<<"$out" | sort | uniq -c | xargs)" \
		"$(true_ports client_hellos $zoom sport 'at("sni") ~ /(^|\.)zoom\.us$/' | wc -w) drop" \
		"a drop is judged by what its line holds"
else
	skip "--filter on captures with their truth" "no corpus at $corpus: set CORPUS=DIR"
fi
if [ -f "$corpus/pcap/$zoom" ] && [ -n "$(type -P tshark)" ]; then
	# the time of a hello in frame 98, and the ports of the hellos before it
	stamp=$(tshark -r "$corpus/pcap/$zoom" -Y 'frame.number == 98' -T fields -e frame.time_epoch \
		2>/dev/null)
	before=$(true_ports client_hellos $zoom sport 'at("frame") < 98')
	from=$(true_ports client_hellos $zoom sport 'at("frame") >= 98')
	ports $zoom --until "@$stamp"
	is "$found" "$before" "--until leaves out the hello of that very moment"
	ports $zoom --since "@$stamp"
	is "$found" "$from" "--since begins with it"
	ports $zoom --since "$(date -u -d "@$stamp" +%FT%T.%NZ)" --filter 'port==443'
	is "$found" "$from" "and takes RFC 3339"
else
	skip "--since and --until on a capture" "no corpus or no tshark"
fi

# connections that failed before their hello: tshark's streams without a SYN-ACK, with a
# RST that acknowledges the SYN, or with three SYNs and more
scan=mercury__capture2.pcap
if [ -f "$corpus/pcap/$scan" ] && [ -n "$(type -P tshark)" ]; then
	want=$(tshark -r "$corpus/pcap/$scan" -Y tcp -T fields -e tcp.stream -e tcp.flags.str 2>/dev/null | awk '
		$2 ~ /A.*S/ { answered[$1] = 1 }
		$2 ~ /A.*R/ { resets[$1]++ }
		$2 !~ /A/ && $2 ~ /S/ { syns[$1]++ }
		END {
			for (s in syns) {
				if (s in answered) continue
				refused += !!resets[s]
				silent += !resets[s] && syns[s] > 2
			}
			print silent " tcp_no_answer " refused " tcp_refused"
		}')
	run hg read "$corpus/pcap/$scan" -o jsonl --ports 1-65535 --filter 'cause==tcp_refused or cause==tcp_no_answer'
	is "$(jq -r 'select(.event_type == "flow").hellogate.cause' <<<"$out" | sort | uniq -c | xargs)" "$want" \
		"refused and unanswered connections, on listed ports"
	run hg read "$corpus/pcap/$scan" -o jsonl --filter 'cause==tcp_refused or cause==tcp_no_answer'
	is "$out" "" "on any port none: nobody had sent a hello there"
	run hg read "$corpus/pcap/$scan" --ports 443-80
	said "a range that ends before it begins" 2 "'443-80' is not a port or a range"
else
	skip "connections that failed before their hello" "no corpus or no tshark"
fi

run hg read --filter 'port==443 and outcom==failed' "$HG_DIR/mixed.pcapng"
said "a field that is none: 2, where and which was meant" 2 \
	"--filter: column 15: unknown field 'outcom'; did you mean 'outcome'"
is "$out" "" "and nothing is printed"
run hg read --since noon "$HG_DIR/mixed.pcapng"
said "a time that is none: 2, and what is one" 2 "--since: 'noon' is not a time: 2026-"
run hg read --last 1h "$HG_DIR/mixed.pcapng"
said "a capture has no last hour" 2 "unknown option '--last'"
run hg events --last 1h --since 09:12
said "--last and --since are one too many" 2 'leave one out'
run hg events --filter 'sni=='
said "events: a filter without its value" 2 '--filter: column 6: a value is missing'
run hg watch nosuch0 --filter '(sni'
said "watch: a parenthesis that is not closed" 2 '--filter: column 1: this parenthesis'
finish
