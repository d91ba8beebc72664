#!/usr/bin/env bash
# Events that run writes: files, stdout and collectors' sockets, samples, privacy, and a disk that is full.
. "$(dirname "$0")/lib.sh"

need curl openssl socat
fixture
certificates
hello forbidden --sni www.forbidden.example
hello tls10 --sni www.allowed.example --versions 1.0
deny_policy enforce
attached "$TCX" deny.yaml
tls_server 443

# config EVENTS [PRIVACY]
config() {
	cat >"$HG_DIR/run.yaml" <<-YAML
		events: $1
		privacy: ${2:-{\}}
	YAML
}
run_it() { # DESCRIPTION
	start daemon net_s "$HELLOGATE" run --config "$HG_DIR/run.yaml"
	ok "run serves: $1" await daemon_answers || diag "$(<"$HG_DIR/daemon.err")"
}
handshake() {
	in_c timeout 20 openssl s_client -connect "$S4:443" -servername "${1:-www.allowed.example}" \
		</dev/null >/dev/null 2>&1
}
handshakes() { # N
	local i
	for ((i = 0; i < $1; i++)); do handshake; done
}
refuse() { in_c timeout 20 openssl s_client -connect "$S4:443" -servername www.allowed.example -tls1_2 -cipher RSA </dev/null >/dev/null 2>&1; }

# counts FILE CONDITION: events for which it is true; have FILE CONDITION N: for await
counts() { jq -c "select($2)" "$HG_DIR/$1" 2>/dev/null | wc -l; }
have() { [ "$(counts "$1" "$2")" = "$3" ]; }
ENDED='.event_type == "tls" and .hellogate.outcome'

# --- a file and stdout have the same
config "{outputs: [{to: file, path: eve.json}, {to: stdout}]}"
run_it "a file and stdout"
handshake
refuse
handshake www.forbidden.example
ok "established" await have eve.json "$ENDED == \"established\"" 1
ok "failed" await have eve.json "$ENDED == \"failed\"" 1
ok "reset, and a drop event with it" await have eve.json '.event_type == "drop"' 1
ok "stdout has the same" await cmp "$HG_DIR/eve.json" "$HG_DIR/daemon.out"
is "$(jq -r 'select(.event_type == "tls" and .hellogate.outcome == "established").community_id' "$HG_DIR/eve.json")" \
	"$(jq -r 'select(.event_type == "tls" and .hellogate.outcome == "established") | "\(.src_ip) \(.src_port)"' "$HG_DIR/eve.json" |
		python3 -c '
import base64, hashlib, socket, struct, sys
ip, port = sys.stdin.read().split()
a, b = sorted([(socket.inet_aton(ip), int(port)), (socket.inet_aton("'$S4'"), 443)])
data = struct.pack("!H", 0) + a[0] + b[0] + bytes([6, 0]) + struct.pack("!HH", a[1], b[1])
print("1:" + base64.b64encode(hashlib.sha1(data).digest()).decode())')" "community_id"
is "$(stat -c %a "$HG_DIR/eve.json")" 640 "the file is not for everybody"
is "$(jq -r '.hellogate.sample_rate // "absent"' "$HG_DIR/eve.json" | sort -u)" absent "without a sample there is no rate"
stop daemon

# --- samples: of what is established, and of nothing else
rm "$HG_DIR/eve.json"
config "{outputs: [{to: file, path: eve.json}], sample: 0}"
run_it "sample: 0"
handshakes 3
refuse
handshake www.forbidden.example
ok "failures are told" await have eve.json "$ENDED == \"failed\"" 1
ok "resets are told" await have eve.json '.event_type == "drop"' 1
counted 3 "what is left out is counted" events_sampled_out_total
is "$(counts eve.json "$ENDED == \"established\"")" 0 "no established one is told"
policy logged.yaml <<-YAML
	version: 1
	mode: enforce
	rules:
	  - {name: deny, match: {sni: [.forbidden.example]}, action: reset}
	  - {name: logged, match: {sni: logged.example}, action: count, log: all}
YAML
run hg policy load "$HG_DIR/logged.yaml"
said "policy load: a rule with log: all" 0
handshake logged.example
ok "that rule's are told" await have eve.json "$ENDED == \"established\" and .tls.sni == \"logged.example\"" 1
handshake
counted 4 "others are left out as before" events_sampled_out_total
is "$(jq -r "select($ENDED == \"established\").hellogate.sample_rate // \"absent\"" "$HG_DIR/eve.json" | sort -u)" absent "and have no rate"
stop daemon
rm "$HG_DIR/eve.json"
config "{outputs: [{to: file, path: eve.json}], sample: 0.5}"
run_it "sample: 0.5"
handshakes 16
all_told() {
	snapshot && [ $(($(counts eve.json "$ENDED == \"established\"") + $(number events_sampled_out_total))) = $((16 + 4)) ]
}
ok "each is told, or counted" await all_told
told=$(counts eve.json "$ENDED == \"established\"")
ok "some are told, and some are not ($told of 16)" test "$told" -gt 0 -a "$told" -lt 16
is "$(jq -r "select($ENDED == \"established\").hellogate.sample_rate" "$HG_DIR/eve.json" | sort -u)" 0.5 \
	"the rate is in each that is told"
stop daemon

# --- strict
rm "$HG_DIR/eve.json"
config "{outputs: [{to: file, path: eve.json}], strict: yes, community_id: no}"
run_it "strict"
handshake
ok "an event" await have eve.json '.event_type == "tls"' 1
is "$(jq -c 'has("hellogate"), has("community_id")' "$HG_DIR/eve.json" | xargs)" "false false" \
	"strict: no object of ours; community_id: no"
stop daemon

# --- privacy: nothing stands in the text
for names in registrable hashed; do
	rm -f "$HG_DIR/eve.json"
	config "{outputs: [{to: file, path: eve.json}]}" "{names: $names, addresses: hashed}"
	run_it "names: $names, addresses: hashed"
	in_c timeout 20 openssl s_client -connect "$S4:443" -servername www.allowed.example -tls1_2 </dev/null >/dev/null 2>&1
	refuse
	handshake www.forbidden.example
	in_c "$HG_TOOLS/dial" "$S4" 443 "$HG_DIR/tls10.hello" --want 0 --timeout 500 >/dev/null
	ok "a reset, $names" await have eve.json '.event_type == "drop"' 1
	ok "a certificate, $names" await have eve.json '.hellogate.certificate.leaf' 1
	unlike "$(<"$HG_DIR/eve.json")" "www|10\\.77\\.|fd77:|community_id|\"sha256\":|fingerprint" "no name and no address in the text, $names"
	is "$(jq -r 'select(.event_type == "tls").src_ip' "$HG_DIR/eve.json" | sort -u | wc -l)" 1 "one address has one hash, $names"
	stop daemon
done
unlike "$(<"$HG_DIR/eve.json")" "allowed|forbidden" "hashed: nor a domain"
head -c 32 /dev/urandom >"$HG_DIR/hash.key"
chmod 600 "$HG_DIR/hash.key"
for round in 1 2; do
	rm -f "$HG_DIR/eve.json"
	config "{outputs: [{to: file, path: eve.json}]}" "{names: hashed, addresses: network, key: hash.key}"
	run_it "with a key of a file, round $round"
	handshake
	ok "an event, round $round" await have eve.json '.event_type == "tls"' 1
	hash[round]=$(jq -r 'select(.event_type == "tls").tls.sni' "$HG_DIR/eve.json")
	is "$(jq -r 'select(.event_type == "tls").src_ip' "$HG_DIR/eve.json")" 10.77.0.0 "a network, round $round"
	kill -HUP "${HG_PID[daemon]}"
	stop daemon
done
is "${hash[1]}" "${hash[2]}" "with the same key a name has the same hash at the next start"

# --- a disk that is full
mkdir "$HG_DIR/small"
mount -t tmpfs -o size=64k "hg$$" "$HG_DIR/small" || bail "no tmpfs here"
config "{outputs: [{to: file, path: small/eve.json}]}"
run_it "a small disk"
handshake
ok "an event" await have small/eve.json '.event_type == "tls"' 1
snapshot
lost=$(number events_lost_total 'stage="sink"')
head -c 200k /dev/zero >"$HG_DIR/small/full" 2>/dev/null
handshakes 6
sink_lost() { snapshot && [ "$(number events_lost_total 'stage="sink"')" -gt "$lost" ]; }
ok "what is lost is counted as lost in the sink" await sink_lost
ok "run serves on" daemon_answers
is "$(grep -c 'cannot be written.*No space' "$HG_DIR/daemon.err")" 1 "it is said once"
is "$(tail -c 1 "$HG_DIR/small/eve.json" | xxd -p)" 0a "the file ends with a whole line"
ok "and all of it is JSON" json_holds . "$HG_DIR/small/eve.json"
rm "$HG_DIR/small/full"
before=$(counts small/eve.json true)
handshake
more() { [ "$(counts small/eve.json true)" -gt "$before" ]; }
ok "with room again, events are written again" await more
like "$(<"$HG_DIR/daemon.err")" 'written to .*small/eve.json again' "and that is said"
ok "all of it is JSON still" json_holds . "$HG_DIR/small/eve.json"
run hg status
like "$out" 'warn +events .*in run' "status tells what was lost"
stop daemon
is "$rc" 0 "run ends with 0"
umount "$HG_DIR/small"

# --- a reader of stdout that stands still holds up nothing, nor one that goes
config "{outputs: [{to: stdout}]}"
mkfifo "$HG_DIR/pipe"
exec 7<>"$HG_DIR/pipe"
start daemon net_s bash -c "exec 7<&-; exec '$HELLOGATE' run --config '$HG_DIR/run.yaml' >'$HG_DIR/pipe'"
ok "run serves with a pipe for stdout" await daemon_answers
handshakes 40
exec 7<&-
handshake
handshake
ok "it lives without its reader" daemon_answers
await grep -q 'cannot be written to stdout: Broken pipe' "$HG_DIR/daemon.err"
like "$(<"$HG_DIR/daemon.err")" 'cannot be written to stdout: Broken pipe' "and says so"
stop daemon
is "$rc" 0 "it ends with 0"
stop tls

# --- a collector behind a unix socket: it starts late, goes away, comes back, stands still
collector() { # FILE TYPE: appends what comes, whole lines or datagrams
	rm -f "$HG_DIR/collector.sock"
	start collector socat -u "UNIX-$2:$HG_DIR/collector.sock" "OPEN:$HG_DIR/$1,creat,append"
}
names() { jq -r 'select(.event_type == "tls").tls.sni' "$HG_DIR/$1" | xargs; }
told_of() { [ "$(names "$1")" = "$2" ]; }
lost_said() { grep -c 'cannot be written to .*collector.sock' "$HG_DIR/daemon.err"; }
back_said() { grep -c 'are written to .*collector.sock again' "$HG_DIR/daemon.err"; }
is_said() { [ "$("$1")" = "$2" ]; }
sinks_lost() { snapshot && number events_lost_total 'stage="sink"'; }
for type in stream dgram; do
	there=LISTEN
	[ "$type" = stream ] || there=RECV
	config "{outputs: [{to: unix, path: collector.sock, type: $type}]}"
	run_it "a $type socket where nobody listens"
	tls_server 443
	handshake first.example
	ok "$type: that nobody is there is said" await is_said lost_said 1
	lost=$(sinks_lost)
	collector "$type.json" "$there"
	ok "$type: what ended before is told to one that comes later" await told_of "$type.json" first.example
	is "$(lost_said) $(back_said)" "1 1" "$type: absence and return are said once"
	handshake second.example
	ok "$type: then each as it ends" await told_of "$type.json" "first.example second.example"

	stop collector
	handshake third.example
	handshake fourth.example
	ok "$type: that it has gone is said" await is_said lost_said 2
	ok "$type: run serves on without it" daemon_answers
	collector "$type.json" "$there"
	ok "$type: what ended meanwhile is told when it is back" await told_of "$type.json" \
		"first.example second.example third.example fourth.example"
	is "$(lost_said) $(back_said)" "2 2" "$type: going and return are said once"
	is "$(sinks_lost)" "$lost" "$type: nothing is lost"
	ok "$type: all of it is JSON" json_holds . "$HG_DIR/$type.json"

	stop tls
	kill -STOP "${HG_PID[collector]}"
	for i in {1..1000}; do echo "conn id=c$i v=4 payload=forbidden want=0"; done >"$HG_DIR/crowd.script"
	sink --answer 517
	{ payloads forbidden && cat "$HG_DIR/crowd.script"; } | segclient crowd
	stop sink
	stood_still() { [ "$(sinks_lost)" -gt "$lost" ]; }
	ok "$type: what a collector that stands still does not take is counted" await stood_still
	is "$(lost_said)" 3 "$type: and said once"
	ok "$type: run serves on beside it" daemon_answers
	before=$(wc -l <"$HG_DIR/$type.json")
	kill -CONT "${HG_PID[collector]}"
	all_accounted() { [ $(($(wc -l <"$HG_DIR/$type.json") - before + $(sinks_lost) - lost)) = 2000 ]; }
	ok "$type: the others come when it goes on: each of 2000 is told or counted" await -t 20 all_accounted
	ok "$type: and that is said once" await is_said back_said 3
	ok "$type: all of it is JSON still" json_holds . "$HG_DIR/$type.json"
	stop daemon
	is "$rc" 0 "$type: run ends with 0"
	stop collector
done
finish
