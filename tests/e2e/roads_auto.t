#!/usr/bin/env bash
# attach --hook auto on each kind of device: what it takes and why, what it refuses, and
# that what it took reads the hellos that pass.
#
# HG_DEVICES="KIND...": of these kinds only.
. "$(dirname "$0")/lib.sh"

fixture
usual_hellos
deny_policy enforce

# device NAME ADD...: makes it, or says why its cases are not run
device() {
	local name=$1
	shift
	if [[ " ${HG_DEVICES:-$name} " != *" $name "* ]]; then
		skip "auto on $name" "not in HG_DEVICES"
		return 1
	fi
	ip -n "$HG_S" "$@" 2>"$HG_DIR/device.err" && return 0
	skip "auto on $name" "not in this kernel: $(head -n 1 "$HG_DIR/device.err")"
	return 1
}

# auto DEVICE REASON: tcx (tc before 6.6), and why
auto() {
	run hg attach --netns "$HG_S" --policy "$HG_DIR/deny.yaml" "$1"
	said "auto on $1: $TCX, since $2" 0 "$1: attached, hook $TCX \\($2"
	run hg status -o json
	ok "status names hook and device ($1)" json_holds "[.. | strings] | any(. == \"$1\") and any(. == \"$TCX\")" <<<"$out"
}

gone() {
	run hg detach --all
	said "detach --all" 0
}

# Drivers that have no native XDP: named, it is refused with what to do instead.
no_native() { # DEVICE DRIVER
	auto "$1" "driver $2 has no native XDP"
	gone
}

refused_by_name() { # DEVICE
	run hg attach --netns "$HG_S" --hook xdp "$1"
	said "--hook xdp on $1: 5, and what to do" 5 "hellogate attach $1 --hook $TCX"
	run hg status
	said "and nothing is attached ($1)" 6
}

plain() {
	auto s0 "veth is virtual"
	forbidden_is_reset "(auto on a veth)"
	gone
	run hg attach --netns "$HG_S" --hook xdp s0
	said "--hook xdp on a veth, by name" 0 "hook xdp,"
	gone
}

tap_device() {
	device tap tuntap add dev tap0 mode tap || return
	auto tap0 "tun is virtual"
	gone
}

# No Ethernet header: nothing on it would be read, so it is not attached.
tun_device() {
	local hook
	device tun tuntap add dev tun0 mode tun || return
	for hook in auto tc; do
		run hg attach --netns "$HG_S" --hook "$hook" tun0
		said "--hook $hook on a tun without Ethernet: 5, and why" 5 "tun0: .*no Ethernet header"
	done
	run hg status
	said "and nothing is attached (tun0)" 6
	run hg attach --netns "$HG_S" tun0 s0
	said "beside one that works: partly done" 8 "s0: attached"
	gone
}

no_device() {
	run hg attach --netns "$HG_S" nosuch0
	said "a device that is not there: 3" 3 "ip -n $HG_S link"
}

# The server's address moves to a bridge over s0.
over_a_bridge() {
	ip -n "$HG_S" link set s0 master br0 &&
		ip -n "$HG_S" link set br0 address "$(mac "$HG_S" s0)" up addrgenmode none &&
		ip -n "$HG_S" addr flush dev s0 &&
		ip -n "$HG_S" addr add "$S4/24" dev br0 && ip -n "$HG_S" addr add "$S6/64" dev br0 nodad || return
	local addr
	for addr in $C4 $X4 $C6 $X6; do
		ip -n "$HG_S" neigh replace "$addr" lladdr "$(mac "$HG_C" c0)" dev br0 nud permanent || return
	done
}

# hellos_once WHEN: the two flows of forbidden_is_reset, and no more
hellos_once() {
	forbidden_is_reset "$1"
	counted 2 "each connection is one flow $1" flows_created_total
	counted 2 "one hello $1" client_hellos_total
	counted 2 "and one reset $1" resets_total
}

bridge_devices() {
	device bridge link add br0 type bridge || return
	refused_by_name br0
	over_a_bridge || { fail "a bridge over s0" && return; }
	auto s0 "veth is virtual"
	hellos_once "(the port of a bridge)"
	gone
	auto br0 "driver bridge has no native XDP"
	hellos_once "(a bridge)"
	auto s0 "veth is virtual"
	forbidden_is_reset "(a bridge and its port)"
	counted 4 "each connection is one flow (a bridge and its port)" flows_created_total
	gone
}

plain
tap_device
tun_device
no_device
if device dummy link add dum0 type dummy; then no_native dum0 dummy; fi
if device vlan link add link s0 name vl0 type vlan id 7; then no_native vl0 "802.1Q VLAN Support"; fi
if device ifb link add ifb7 type ifb; then no_native ifb7 ifb; fi
if device vxlan link add vx0 type vxlan id 7 dstport 4789; then no_native vx0 vxlan; fi
bridge_devices
finish
