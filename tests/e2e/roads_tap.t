#!/usr/bin/env bash
# A mirror port in a namespace of its own that has one direction only, or both: the hello
# is read where the client's direction is seen, and nothing is ever sent.
. "$(dirname "$0")/lib.sh"

fixture
HG_M=hg$$-m
HG_NETNS+=("$HG_M")
ip netns add "$HG_M" || bail "no network namespace"
ip link add m0 netns "$HG_M" type veth peer name mirror netns "$HG_S" || bail "no veth"
# It would send for an address of its own, and what it sends is counted.
ip netns exec "$HG_M" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/m0/disable_ipv6' ||
	bail "IPv6 stays on in the monitor"
{ ip -n "$HG_M" link set m0 up && ip -n "$HG_S" link set mirror up; } || bail "no mirror port"
in_s tc qdisc add dev s0 clsact || bail "no clsact"

# mirror SIDE...: copies of what passes s0 that way go to the monitor's m0
mirror() {
	local side
	in_s tc filter del dev s0 ingress 2>/dev/null
	in_s tc filter del dev s0 egress 2>/dev/null
	for side; do
		in_s tc filter add dev s0 "$side" pref 3 protocol all u32 match u32 0 0 \
			action mirred egress mirror dev mirror 2>"$HG_DIR/mirror.err" ||
			skip_all "no mirroring in this kernel: $(head -n 1 "$HG_DIR/mirror.err")"
	done
}

sent_by_monitor() { ip netns exec "$HG_M" cat /sys/class/net/m0/statistics/tx_packets; }

traffic() {
	sink --answer 517
	segclient seen <<-EOS
		$(payloads forbidden allowed)
		set want=1
		conn id=forbidden payload=forbidden
		conn id=forbidden6 v=6 payload=forbidden
		conn id=cut payload=forbidden cut=100 order=rev
		conn id=allowed payload=allowed
		conn id=allowed6 v=6 payload=allowed cut=100
	EOS
	settle seen
}

watched() { # HOOK SIDE...
	local hook=$1 before
	shift
	mirror "$@"
	run hg attach --netns "$HG_M" --hook "$hook" --policy "$HG_DIR/deny.yaml" m0
	said "attach --hook $hook to a mirror of $*" 0
	before=$(sent_by_monitor)
	traffic
	every seen "$UNTOUCHED" "the mirrored connections are left alone ($hook, $*)"
	is "$(sent_by_monitor)" "$before" "the monitor sends nothing ($hook, $*)"
	counted 0 "no reset is counted ($hook, $*)" resets_total
}

# The sink's answer is no TLS: who sees it knows that the handshake failed.
reads_the_hellos() { # HOOK SIDES
	local outcome=unknown
	[ "$2" != "both directions" ] || outcome=failed
	counted 5 "five connections are five flows ($1, $2)" flows_created_total
	counted 5 "and five hellos ($1, $2)" client_hellos_total
	counted 3 "three would be reset ($1, $2)" policy_verdicts_total 'action="reset"' 'mode="monitor"'
	counted 0 "and all are over ($1, $2)" flows_active
	run hg events
	is "$(jq -r 'select(.event_type == "tls") | "\(.tls.sni) \(.hellogate.outcome)"' <<<"$out" | sort | uniq -c | xargs)" \
		"2 www.allowed.example $outcome 3 www.forbidden.example $outcome" "one event for each ($1, $2)"
	run hg status
	said "status ($1, $2)" 0
	like "$out" "5 flows" "status counts the flows ($1, $2)"
}

usual_hellos
deny_policy monitor
for hook in $(hooks "$TCX" xdp); do
	watched "$hook" ingress
	reads_the_hellos "$hook" "the client's direction"
	detach_leaves_nothing
	watched "$hook" ingress egress
	reads_the_hellos "$hook" "both directions"
	detach_leaves_nothing
	# The server alone: its data begins no hello, and is counted as of no flow.
	watched "$hook" egress
	counted 0 "no flow is made up ($hook, the server's direction)" flows_created_total
	counted 0 "no hello either ($hook, the server's direction)" client_hellos_total
	ok "its data is counted as of no flow ($hook)" await metric_above 4 refused_total 'reason="unknown_flow"'
	run hg status
	said "status ($hook, the server's direction)" 0
	like "$out" "0 flows" "status says that there are none ($hook)"
	detach_leaves_nothing
done
finish
