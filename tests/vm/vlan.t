#!/usr/bin/env bash
# A server behind an 802.1Q device, and one behind QinQ: the reset that goes back carries
# the tags, and both sockets see it. On each hook of the device below; the tag beside the
# packet, as a NIC leaves it, or in the frame. For a machine of tests/vm/suites, since not
# every kernel has the module: lib.sh lies beside it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# device ID, tags on the wire, IPv4 prefix, IPv6 prefix
networks=("100 100 10.77.100 fd77:100:" "200.100 200,100 10.77.200 fd77:200:")

# tagged NAMESPACE DEVICE HOST: DEVICE.100 (802.1Q), DEVICE.200.100 (in 802.1ad; the
# device below has room for one tag beyond its MTU)
tagged() {
	local row id v4 v6
	ip -n "$1" link add link "$2" name "$2.100" type vlan id 100 || return
	ip -n "$1" link add link "$2" name "$2.200" type vlan proto 802.1ad id 200 &&
		ip -n "$1" link set "$2.200" up &&
		ip -n "$1" link add link "$2.200" name "$2.200.100" mtu 1496 type vlan id 100 || return
	for row in "${networks[@]}"; do
		read -r id _ v4 v6 <<<"$row"
		ip -n "$1" link set "$2.$id" addrgenmode none &&
			ip -n "$1" addr add "$v4.$3/24" dev "$2.$id" &&
			ip -n "$1" addr add "$v6:$3/64" dev "$2.$id" nodad &&
			ip -n "$1" link set "$2.$id" up || return
	done
}

# segclient answers no ARP
neighbours() {
	local row id v4 v6 addr
	for row in "${networks[@]}"; do
		read -r id _ v4 v6 <<<"$row"
		for addr in "$v4.9" "$v6:9"; do
			ip -n "$HG_S" neigh replace "$addr" lladdr "$(mac "$HG_C" c0)" dev "s0.$id" nud permanent || return
		done
	done
}

# Else a client's socket would take a reset whose tags are lost on the way.
strict_paths() {
	in_c sysctl -qw net.ipv4.conf.all.rp_filter=1
}

# tag_in frame|skb: where the sender leaves the outer tag
tag_in() {
	local offload=on
	[ "$1" = skb ] || offload=off
	in_c ethtool -K c0 tx-vlan-hw-insert $offload tx-vlan-stag-hw-insert $offload
}

# dialled ADDRESS HELLO [OPTION...]: how it ended for the client
dialled() {
	local addr=$1 name=$2
	shift 2
	in_c "$HG_TOOLS/dial" "$addr" 443 "$HG_DIR/$name.hello" "$@" | jq -r .end
}

# Ordinary sockets, one and two segments.
sockets() { # WHERE
	local row id v4 v6 addr
	for row in "${networks[@]}"; do
		read -r id _ v4 v6 <<<"$row"
		sink --answer 1
		for addr in "$v4.2" "$v6:2"; do
			is "$(dialled "$addr" forbidden --want 9; dialled "$addr" pq --want 9)" \
				ECONNRESET$'\n'ECONNRESET "client at $addr: ECONNRESET ($1)"
			is "$(dialled "$addr" allowed --want 1)" "done" "client at $addr, allowed: answered ($1)"
		done
		await -t "${HG_SETTLE:-15}" lines_at_least "$HG_DIR/sink.out" 7
		stop sink
		is "$(jq -r 'select(.port).end' "$HG_DIR/sink.out" | sort | uniq -c | xargs)" \
			"4 ECONNRESET 2 EOF" "server behind s0.$id: ECONNRESET ($1)"
	done
}

# The wire: exact numbers and checksums; of two tags rst_vlan is the inner. Frames made by
# hand have their tags inside.
wire() { # HOOK
	local row id tags v4 v6
	for row in "${networks[@]}"; do
		read -r id tags v4 v6 <<<"$row"
		exchange wire --src4 "$v4.9" --dst4 "$v4.2" --src6 "$v6:9" --dst6 "$v6:2" <<-EOS
			$(payloads forbidden)
			set payload=forbidden vlan=$tags
			conn id=v4
			conn id=v6 v=6
			conn id=cut4 cut=99
			conn id=cut6 v=6 cut=300 order=rev
		EOS
		every wire '.rst and .exact and .csum_ok and .ack_ok and .rst_vlan == 100 and .exact_count == .rst_count' \
			"tags $tags: exact RSTs carry them back ($1)"
		is "$(jq -r 'select(.port).end' "$HG_DIR/sink.out" | sort | uniq -c | xargs)" "4 ECONNRESET" \
			"tags $tags: the server gets ECONNRESET ($1)"
	done
}

below() { # HOOK WHERE...
	local hook=$1 where
	shift
	attached "$hook" deny.yaml
	for where; do
		tag_in "$where"
		sockets "$hook, tag in the $where"
	done
	wire "$hook"
	detach_leaves_nothing
}

outer_tags() { jq -r 'select(.event_type == "tls") | "\(.dest_ip) \(.vlan)"' "$HG_DIR/follower.out" | sort -u; }

# A follower is there when it prints: greet until it does.
# shellcheck disable=SC2317 # called by name
greeted() {
	local addr
	for addr in 10.77.100.2 10.77.200.2; do
		dialled "$addr" allowed --want 1 >"$HG_DIR/greeting"
	done
	[ "$(outer_tags | wc -l)" -ge 2 ]
}

# The outer tag is a fact of the flow, where the hook can see it.
outer_tag() { # HOOK WHERE...
	local hook=$1 where
	shift
	attached "$hook" deny.yaml
	sink --answer 1
	for where; do
		tag_in "$where"
		start follower "$HELLOGATE" events -f
		await greeted
		stop follower
		is "$(outer_tags)" "10.77.100.2 [100]"$'\n'"10.77.200.2 [200]" \
			"events say the outer tag ($hook, tag in the $where)"
	done
	stop sink
	detach_leaves_nothing
}

# Attached to the device itself, packets come without its tag.
on_the_device() { # HOOK
	run hg attach --netns "$HG_S" --hook "$1" --policy "$HG_DIR/deny.yaml" s0.100
	said "attach --hook $1 to s0.100" 0
	sink --answer 1
	is "$(dialled 10.77.100.2 forbidden --want 9)" ECONNRESET "through s0.100: ECONNRESET ($1)"
	is "$(dialled 10.77.200.2 forbidden --want 1)" "done" "beside it: answered ($1)"
	await -t "${HG_SETTLE:-15}" lines_at_least "$HG_DIR/sink.out" 3
	stop sink
	is "$(jq -r 'select(.port).end' "$HG_DIR/sink.out" | sort | xargs)" "ECONNRESET EOF" \
		"the servers see the same ($1)"
	detach_leaves_nothing
}

need ethtool
fixture
tagged "$HG_S" s0 2 2>"$HG_DIR/vlan.err" || skip_all "no 802.1Q devices here: $(head -n 1 "$HG_DIR/vlan.err")"
{ tagged "$HG_C" c0 1 && neighbours && strict_paths; } || bail "cannot set up the networks"
usual_hellos
hello pq --sni www.forbidden.example --pq --pad-to 1746
deny_policy enforce
below xdp frame skb
below xdp-generic skb
below tc frame skb
! has_tcx || below tcx frame
outer_tag xdp frame # one beside the packet is not shown to XDP
outer_tag "$TCX" frame skb
on_the_device xdp-generic
on_the_device "$TCX"
finish
