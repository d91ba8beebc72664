# shellcheck shell=bash
#
# Roads other than into a server: a forwarding gateway between client and server.
#
#   client c0 ── g0 gateway g1 ── s0 server
#
# g0 is the inside, g1 the outside. Use as lib.sh, with gateway_fixture.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# shellcheck disable=SC2034
{
	HG_G=hg$$-g
	G4=10.77.0.254 G6=fd77::fe                # inside
	O4=10.78.0.254 O6=fd78::fe                # outside
	S4=10.78.0.2 S6=fd78::2                   # the server, behind the gateway
	HG_RUNS=() HG_DIALS=0                     # what generators sent since the attach: .seg files, sockets
}

in_g() { ip netns exec "$HG_G" "$@"; }

gateway_routes() {
	ip -n "$HG_C" route add default via $G4 &&
		ip -n "$HG_C" -6 route add default via $G6 &&
		ip -n "$HG_S" route add default via $O4 &&
		ip -n "$HG_S" -6 route add default via $O6 &&
		in_g sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# neighbours_at NAMESPACE DEVICE MAC ADDRESS...
neighbours_at() {
	local namespace=$1 device=$2 at=$3 addr
	shift 3
	for addr; do
		ip -n "$namespace" neigh replace "$addr" lladdr "$at" dev "$device" nud permanent || return
	done
}

gateway_neighbours() {
	neighbours_at "$HG_C" c0 "$(mac "$HG_G" g0)" $G4 $G6 &&
		neighbours_at "$HG_G" g0 "$(mac "$HG_C" c0)" $C4 $X4 $C6 $X6 &&
		neighbours_at "$HG_G" g1 "$(mac "$HG_S" s0)" $S4 $S6 &&
		neighbours_at "$HG_S" s0 "$(mac "$HG_G" g1)" $O4 $O6
}

gateway_network() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	need ip jq ss
	[ -x "$HG_TOOLS/segclient" ] || bail "no $HG_TOOLS/segclient: build tests/tools first"
	scratch
	HG_NETNS=("$HG_C" "$HG_G" "$HG_S")
	{ ip netns add "$HG_C" && ip netns add "$HG_G" && ip netns add "$HG_S"; } ||
		bail "no network namespaces here"
	{
		ip link add c0 netns "$HG_C" type veth peer name g0 netns "$HG_G" &&
			ip link add g1 netns "$HG_G" type veth peer name s0 netns "$HG_S"
	} || bail "no veth here"
	{
		make_namespace "$HG_C" c0 $C4 $C6 && make_namespace "$HG_G" g0 $G4 $G6 &&
			make_namespace "$HG_G" g1 $O4 $O6 && make_namespace "$HG_S" s0 $S4 $S6 &&
			gateway_routes && gateway_neighbours
	} || bail "cannot set up the namespaces"
	HG_DMAC=$(mac "$HG_G" g0)
}

# shellcheck disable=SC2034
gateway_fixture() {
	[ -x "$HELLOGATE" ] || bail "no $HELLOGATE"
	gateway_network
	mount -t bpf "hg$$" "$HG_DIR/bpf" || bail "cannot mount a bpffs"
	export HELLOGATE_BPFFS=$HG_DIR/bpf/gate
}

# attached_in NAMESPACE HOOK POLICY DEVICE...
attached_in() {
	local namespace=$1 hook=$2 policy=$3
	shift 3
	run hg attach --netns "$namespace" --hook "$hook" ${policy:+--policy "$HG_DIR/$policy"} "$@"
	said "attach --hook $hook $*" 0 || bail "attach failed: $err"
	HG_RUNS=() HG_DIALS=0
}

# handshakes: how many connections the generators made since the attach
handshakes() {
	local name sum=0 n
	for name in "${HG_RUNS[@]}"; do
		n=$(grep -c '"handshake":true' "$HG_DIR/$name.seg")
		sum=$((sum + n))
	done
	echo $((sum + HG_DIALS))
}

# send NAME [OPTIONS]: exchange, remembered for handshakes
send() {
	exchange "$@"
	HG_RUNS+=("$1")
}

# dialled ADDRESS PAYLOAD WANT: an ordinary socket of the client
dialled() {
	run in_c "$HG_TOOLS/dial" "$1" 443 "$HG_DIR/$2.hello" --want "$3"
	HG_DIALS=$((HG_DIALS + 1))
}

# each_once WHEN: as many flows, hellos and events as connections were made
each_once() {
	local want
	want=$(handshakes)
	counted "$want" "each of $want connections is one flow $1" flows_created_total
	counted "$want" "and one hello $1" client_hellos_total
	counted 0 "and over $1" flows_active
	run hg events
	is "$(jq -r 'select(.event_type == "tls") | "\(.src_ip) \(.src_port)"' <<<"$out" | sort | uniq -c |
		awk '{ flows++; events += $1 } END { print flows + 0, events + 0 }')" \
		"$want $want" "one event for each $1"
}

# rule_for_run WHEN: resets bot.hello by its JA4, which user space takes
rule_for_run() {
	policy ja4.yaml <<-YAML
		version: 1
		mode: enforce
		default: allow
		rules:
		  - {name: bots, match: {ja4: ["$(jq -r .ja4_a "$HG_DIR/bot.info")_*"]}, action: reset, on_undecided: skip}
	YAML
	run hg policy load "$HG_DIR/ja4.yaml"
	said "policy load: a rule for run $1" 0
}

g_daemon_answers() { in_g curl -sf -o /dev/null http://127.0.0.1:9813/metrics; }

# g_daemon WHEN: hellogate run, in the gateway's network namespace
g_daemon() {
	start daemon nsenter "--net=/run/netns/$HG_G" "$HELLOGATE" run
	ok "run serves $1" await g_daemon_answers || diag "$(<"$HG_DIR/daemon.err")"
}
