# shellcheck shell=bash
#
# client_suite HOOK: hellogate on the client's own host, where the hello leaves by egress.
# All that reset_suite asks for, and the sockets of that host.

. "$(dirname "${BASH_SOURCE[0]}")/reset_suite.sh"

# One send() of more than a segment is one super-packet at egress; two are two packets,
# and the first has left when the second is judged.
large_hellos() {
	local addr want
	# Else the kernel makes smaller packets where a round trip takes long.
	in_c sysctl -qw net.ipv4.tcp_min_tso_segs=4 || bail "no sysctl"
	hello large --sni www.forbidden.example --pad-to 4300
	hello large-allowed --sni www.allowed.example --pad-to 4300
	sink --answer 4300
	for addr in $S4 $S6; do
		run in_c "$HG_TOOLS/dial" "$addr" 443 "$HG_DIR/large.hello" --want 100
		is "$(jq -r .end <<<"$out")" ECONNRESET "4,300 bytes in one send to $addr: the client gets ECONNRESET"
		run in_c "$HG_TOOLS/dial" "$addr" 443 "$HG_DIR/large.hello" --want 100 --cut 4000
		is "$(jq -r .end <<<"$out")" ECONNRESET "4,300 bytes in two to $addr: the client gets ECONNRESET"
		run in_c "$HG_TOOLS/dial" "$addr" 443 "$HG_DIR/large-allowed.hello" --want 2
		is "$(jq -r '"\(.sent) \(.read) \(.end)"' <<<"$out")" "4300 2 done" "4,300 bytes to $addr, allowed: answered"
	done
	await lines_at_least "$HG_DIR/sink.out" 7
	stop sink
	want=$(printf '%s\n' "0 ECONNRESET" "0 ECONNRESET" "4000 ECONNRESET" "4000 ECONNRESET" "4300 EOF" "4300 EOF")
	is "$(jq -r 'select(.end) | "\(.read) \(.end)"' "$HG_DIR/sink.out" | sort)" "$want" \
		"large hellos: the server has what left before, and a reset"
}

# More bytes of a client that was reset meet the dead socket, not the wire.
each_flow_once() { # HOOK
	attached "$1" deny.yaml
	sink --answer 517
	run in_c "$HG_TOOLS/dial" $S4 443 "$HG_DIR/forbidden.hello" --want 100 --repeat 20
	is "$(jq -r .end <<<"$out" | sort | uniq -c | xargs)" "20 ECONNRESET" "20 forbidden sockets: ECONNRESET each"
	run in_c "$HG_TOOLS/dial" $S6 443 "$HG_DIR/allowed.hello" --want 2 --repeat 20
	is "$(jq -r .end <<<"$out" | sort | uniq -c | xargs)" "20 done" "20 allowed sockets: answered"
	stop sink
	counted 40 "40 connections are 40 flows" flows_created_total
	counted 40 "and 40 hellos" client_hellos_total
	counted 0 "no reset failed" reset_failures_total
	run hg events
	is "$(jq -r 'select(.event_type == "tls") | "\(.src_ip) \(.in_iface) \(.hellogate.outcome)"' <<<"$out" |
		sort | uniq -c | xargs)" "20 $C4 c0 reset 20 $C6 c0 failed" "and 40 events, from this host"
}

# Where the hello leaves, the RST to the client is made on the processor that sends: it may
# overtake a duplicate ACK of the server that another processor let in before.
# shellcheck disable=SC2034
client_suite() { # HOOK
	HG_AT=$HG_C/c0 HG_STEP=${HG_STEP:-40} HG_LATE_ACKS=1
	fixture
	usual_hellos
	deny_policy enforce
	each_flow_once "$1"
	large_hellos
	ordinary_sockets egress
	every_cut
	shapes
	reuse
	real_clients
	detach_leaves_nothing
	nothing_is_reset "after detach"
	finish
}
