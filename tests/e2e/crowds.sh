# shellcheck shell=bash
#
# Crowds: many sockets of the kernel, each with one ClientHello, and a server that answers
# as TLS 1.3 looks, without the cryptography (tests/tools/crowd.c, greeter.c). Both count,
# and what they count is what hellogate's counters are held against. Use behind lib.sh or
# roads.sh; the server is at $S4, or at $HG_TO.
# shellcheck disable=SC2034

FLIGHT=1200 REPLY=256 # bytes of the server's first answer, and of its second
next=0                # number of the next flow: none comes again
wrong=0               # sums that were not exact

# The addresses of a crowd, and room for its sockets. GATEWAY: where the server sends to them.
crowd_routes() { # GATEWAY
	ip -n "$HG_C" route add local 10.77.1.0/24 dev lo &&
		ip -n "$HG_S" route replace 10.77.1.0/24 via "$1" dev s0 &&
		ip -n "$HG_C" link set c0 gso_max_segs 1 && # packets as a cable would have them
		in_c sysctl -qw net.ipv4.tcp_max_tw_buckets=20000 &&
		in_s sysctl -qw net.core.somaxconn=65535 net.ipv4.tcp_max_syn_backlog=65535
}

# r: registered, u: not. One segment; one that is cut within the name; more than a segment,
# with the name in the second.
crowd_hellos() {
	local who
	for who in r u; do
		hello $who --sni ${who}00000000.shop.example --pad-to 517
		hello $who-large --sni ${who}00000000.shop.example --pq --sni-last --pad-to 1746
	done
	cut=$(($(grep -obUa 00000000 "$HG_DIR/r.hello" | cut -d : -f 1) + 4))
	[ "$(grep -obUa 00000000 "$HG_DIR/r-large.hello" | cut -d : -f 1)" -gt 1448 ] ||
		bail "the name of the large hello is not in its second segment"
}

# registered_policy N: registered.yaml resets what is not on a list of N names, which the
# hellos with r have; opposite.yaml resets those
registered_policy() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "r%08d.shop.example\n", i }' >"$HG_DIR/registered.txt"
	policy registered.yaml <<-YAML
		version: 1
		mode: enforce
		default: allow
		unread: reset
		sets:
		  registered: {kind: domains, files: [registered.txt]}
		rules:
		  - {name: registered-only, match: {not: {sni: "@registered"}}, action: reset}
	YAML
	sed 's/registered-only, match: {not: {sni: "@registered"}}/strangers-only, match: {sni: "@registered"}/' \
		"$HG_DIR/registered.yaml" >"$HG_DIR/opposite.yaml"
}

greeter() {
	start greeter in_s "$HG_TOOLS/greeter" --flight "$FLIGHT" --reply "$REPLY"
	await output_has greeter ready || bail "greeter: $(<"$HG_DIR/greeter.err")"
}

# served EXPRESSION: jq over what the server says now
served() {
	local lines
	lines=$(wc -l <"$HG_DIR/greeter.out")
	kill -USR1 "${HG_PID[greeter]}"
	await lines_at_least "$HG_DIR/greeter.out" $((lines + 1))
	tail -n 1 "$HG_DIR/greeter.out" | jq -r "$1"
}

# kind LABEL FILE NUMBERS SHARE [MORE]: the clients' option
kind() { echo "label=$1,file=$HG_DIR/$2.hello,numbers=$3,share=$4${5:+,$5}"; }

# begin_crowd NAME OPTIONS...: in the background; end_crowd waits for it
begin_crowd() {
	local name=$1
	shift
	start "$name" in_c "$HG_TOOLS/crowd" --to "${HG_TO:-$S4}" --first "$next" --flight "$FLIGHT" --reply "$REPLY" \
		--timeout "${HG_PATIENCE:-10000}" "$@"
}

# end_crowd NAME: one row of JSON in NAME.crowd; the next crowd goes on where it ended
end_crowd() {
	local rc
	wait "${HG_PID[$1]}"
	rc=$?
	unset "HG_PID[$1]"
	[ $rc = 0 ] || bail "crowd: $(<"$HG_DIR/$1.err")"
	cp "$HG_DIR/$1.out" "$HG_DIR/$1.crowd"
	next=$((next + $(of "$1" .flows) + 2))
}

crowd() { # NAME OPTIONS...
	begin_crowd "$@"
	end_crowd "$1"
}

# of NAME EXPRESSION: jq over what the clients say
of() { jq -r "$2" "$HG_DIR/$1.crowd"; }

# exact GOT WANT DESCRIPTION
exact() {
	local word=exact
	if [ "$1" != "$2" ]; then
		word="OFF: want $2"
		wrong=$((wrong + 1))
	fi
	printf '  %-66s %10s  %s\n' "$3" "$1" "$word"
}

# span_of NAME: the least, the greatest and the median of its lines
span_of() { sort -n "$HG_DIR/$1" | awk '{ v[NR] = $1 } END { print v[1] " to " v[NR] " s, median " v[int((NR + 1) / 2)] " s" }'; }
