#!/usr/bin/env bash
# flows: handshakes under way, and connections that failed before one.
. "$(dirname "$0")/lib.sh"

# stay NAME BYTES PAYLOAD: a client that sends so much of it and stays connected
# shellcheck disable=SC2016
stay() {
	start "$1" in_c bash -c 'exec 3<>"/dev/tcp/$1/443" && head -c "$2" "$3" >&3 && exec cat <&3' _ "$S4" "$2" \
		"$HG_DIR/$3.hello"
}

# live CONDITION N: so many flows are like that
live() {
	run hg flows -j
	[ "$(jq "[.[] | select($1)] | length" <<<"$out" 2>/dev/null)" = "$2" ]
}

fixture
run hg flows
said "without an instance: 6" 6 "attach"

usual_hellos
deny_policy monitor
attached "$TCX" deny.yaml
sink
run hg flows
said "no flow: nothing to print" 0
is "$out" "" "no head either"
run hg flows -j
is "$(jq -c . <<<"$out")" "[]" "as JSON, an empty list"
run hg flows -o csv
is "$out" "flow_id,client,server,sni,state,cause,version_max,age,idle,coverage" "as CSV, its head"

stay one 517 allowed
stay two 517 forbidden
stay half 200 allowed
ok "two flows with a hello" await live '.hellogate.state == "judged"' 2
ok "one with half of it" await live '.hellogate.state == "partial"' 1
run hg flows -j
is "$(jq -r '.[] | "\(.event_type) \(.proto) \(.dest_ip):\(.dest_port) \(.src_ip)"' <<<"$out" | sort -u)" \
	"flow TCP $S4:443 $C4" "each is a flow, the client first"
is "$(jq -r '.[].tls.sni // empty' <<<"$out" | sort | paste -sd' ')" "www.allowed.example www.forbidden.example" \
	"their names"
is "$(jq -c '[.[] | select(.hellogate.state == "partial") | .hellogate.hello, .tls]' <<<"$out")" "[null,null]" \
	"of half a hello nothing is known"
is "$(jq -r '.[] | select(.tls.sni == "www.forbidden.example").hellogate.policy | "\(.rule) \(.action) \(.mode)"' <<<"$out")" \
	"deny reset monitor" "what the policy says of it"
is "$(jq '[.[] | .flow.start <= .flow.end and .flow.age >= 0] | all' <<<"$out")" true "from when to when"
flow=$(jq -r '.[] | select(.tls.sni == "www.allowed.example").flow_id' <<<"$out")

run hg flows
is "$(wc -l <<<"$out")" 4 "a table: a head and three rows"
like "$out" "^ *$flow $C4:[0-9]+ +$S4:443 judged  - +1.3 +[0-9.]+ +[0-9.]+ single_segment www.allowed.example" "one of its rows"
like "$out" "partial +- .* \?$" "half a hello in it"
run hg flows --filter 'sni==www.forbidden.*' --columns sni,flow_id,state -o csv
like "$out" '^"www.forbidden.example",[0-9]+,judged$' "a filter, and columns"
is "$(head -n 1 <<<"$out")" "sni,flow_id,state" "the head has the same columns"
run hg flows --last 1h -o jsonl
is "$(wc -l <<<"$out")" 3 "of the last hour"
run hg flows --until 2020-01-01
is "$out" "" "none is older"

stop one
stop half
ok "a flow that has ended is not there" await live true 1
run hg flows -j
is "$(jq -r '.[].tls.sni' <<<"$out")" www.forbidden.example "the other is"

# --- a client that connects and resets: told, and without run not kept
run hg events
run in_c python3 -c 'import socket, struct, sys
s = socket.create_connection((sys.argv[1], 443))
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()' "$S4"
run hg events
is "$(jq -r 'select(.event_type == "flow").hellogate | "\(.cause) \(.side)"' <<<"$out")" \
	"tcp_reset_before_hello client" "a check of the port is told"
run hg diagnose -j
is "$(jq .attempts <<<"$out")" 0 "and does not wait for run"

# --- one that fails before its hello, to a server that was sent one
stop two
stop sink
run in_c "$HG_TOOLS/dial" "$S4" 443 "$HG_DIR/allowed.hello" --want 1
refused='.hellogate.cause == "tcp_refused"'
ok "a refused connection is told, too" await live "$refused" 1
is "$(jq -r ".[] | select($refused) | [.event_type, .dest_port, .flow.state, .tls, .hellogate.stage, .hellogate.outcome,
	.hellogate.side] | map(tostring) | join(\" \")" <<<"$out")" "flow 443 closed null end failed server" "as a flow that ended"
flow=$(jq -r ".[] | select($refused).flow_id" <<<"$out")
run hg flows --filter cause==tcp_refused
like "$out" "^ *$flow $C4:[0-9]+ +$S4:443 failed +tcp_refused +- .* tcp_refused +-$" "its row"
run hg diagnose
like "$out" "^1 connection failed before a hello" "diagnose counts it by itself"
like "$out" "1 tcp_refused +server observed $S4:443 +start the server" "with its cause, and where"
run hg diagnose -j
is "$(jq -c '[.handshakes, .attempts]' <<<"$out")" "[3,1]" "it is no handshake"
run hg diagnose --flow "$flow"
like "$out" "client +SYN" "its story begins with the SYN"
like "$out" "server +RST, TTL 64" "and ends with the RST"
daemon "what waited"
ok "with run, it is told as well" await live "$refused" 1
is "$(jq -r ".[] | select($refused).flow_id" <<<"$out")" "$flow" "it is the same"
counted 0 "no handshake failed by it" handshake_failures_total 'cause="tcp_refused"'
stop daemon

run hg flows --columns flow_id,stat
said "an unknown column" 2 "no column 'stat'"
like "$err" "did you mean 'state'" "which one was meant"
like "$err" "columns: flow_id client server" "and all of them"
run hg flows -j --columns sni
said "JSON has no columns" 2 "for -o table and -o csv"
run hg flows s0
said "an operand" 2 "unexpected argument 's0'"
finish
