# shellcheck shell=bash
#
# nat_suite HOOK...: a gateway that translates addresses, attached on the inside NIC, on
# the outside NIC, on both. A forbidden name is reset at both ends each time, and a
# connection is one flow.
#
# HG_NICS=both leaves out the cases with one NIC.

. "$(dirname "${BASH_SOURCE[0]}")/roads.sh"

# Clients of the inside go out under the gateway's address.
masquerade() {
	in_g nft -f - <<-NFT || bail "nft"
		flush ruleset
		table inet nat {
			chain post {
				type nat hook postrouting priority 100
				oifname g1 masquerade
			}
		}
	NFT
	HG_DST4=$S4 HG_DST6=$S6 HG_SEEN4=$O4 HG_SEEN6=$O6
}

# A server that is published under the gateway's address: clients dial g0's.
redirect() {
	in_g nft -f - <<-NFT || bail "nft"
		flush ruleset
		table inet nat {
			chain pre {
				type nat hook prerouting priority -100
				iifname g0 ip daddr $G4 tcp dport 443 dnat ip to $S4
				iifname g0 ip6 daddr $G6 tcp dport 443 dnat ip6 to $S6
			}
		}
	NFT
	HG_DST4=$G4 HG_DST6=$G6 HG_SEEN4=$X4 HG_SEEN6=$X6
}

sockets() { # WHEN
	local addr
	sink --answer 517
	for addr in $HG_DST4 $HG_DST6; do
		dialled "$addr" forbidden 100
		is "$(jq -r .end <<<"$out")" ECONNRESET "the client's socket by $addr: ECONNRESET $1"
		dialled "$addr" allowed 2
		is "$(jq -r '"\(.read) \(.end)"' <<<"$out")" "2 done" "allowed by $addr is answered $1"
	done
	await lines_at_least "$HG_DIR/sink.out" 5
	stop sink
	is "$(jq -r 'select(.end == "ECONNRESET").v' "$HG_DIR/sink.out" | xargs)" "4 6" \
		"the server's sockets: ECONNRESET $1"
}

cuts() { # WHEN
	send deny <<-EOS
		$(payloads forbidden)
		set payload=forbidden
		conn id=whole4
		conn id=whole6 v=6
		conn id=cut4 cut=100
		conn id=cut6 v=6 cut=100
		conn id=reversed4 cut=100 order=rev
		conn id=reversed6 v=6 cut=100 order=rev
	EOS
	every deny "$RESET" "reset at both ends, exact $1"
	send allow <<-EOS
		$(payloads allowed)
		set payload=allowed want=2
		conn id=whole4
		conn id=whole6 v=6
		conn id=reversed4 cut=100 order=rev
		conn id=cut6 v=6 cut=100
	EOS
	every allow "$UNTOUCHED" "allowed: all bytes arrive $1"
}

# The client is silent after its hello: the verdict meets a packet of the server. With
# both NICs attached that one came in under addresses that belong to no flow.
# It answers later than it acknowledges: these leave by two processors here, and a
# reset made of the one could overtake the other.
by_the_server() { # WHEN
	rule_for_run "$1"
	g_daemon "$1"
	sink --answer "$bot" --delay 200 --drip 200
	segclient server <<-EOS
		$(payloads bot)
		set want=1000 timeout=8000
		conn id=bot4 payload=bot
		conn id=bot6 v=6 payload=bot cut=100 order=rev
	EOS
	settle server
	HG_RUNS+=(server)
	stop daemon
	every server "$RESET" "a verdict of run, on the server's packet: reset at both ends, exact $1"
	every server '.bytes < 100' "and at once $1"
}

# Nobody listens: the server's RST ends the flow, though it comes in by the other NIC.
refused() { # WHEN
	local addr
	for addr in $HG_DST4 $HG_DST6; do
		dialled "$addr" allowed 2
		is "$(jq -r .end <<<"$out")" ECONNREFUSED "no server at $addr: refused $1"
	done
	counted 2 "the server's RST is seen as the answer $1" coverage_flows_total 'bucket="tcp_refused"'
}

nat_case() { # KIND HOOK NICS
	local when="($1, $3, $2)"
	$1
	# shellcheck disable=SC2086
	attached_in "$HG_G" "$2" deny.yaml $3
	sockets "$when"
	cuts "$when"
	each_once "$when"
	refused "$when"
	[ "$3" != "g0 g1" ] || by_the_server "$when"
	detach_leaves_nothing
}

nat_suite() { # HOOK...
	local hook nics kind places=(g0 g1 "g0 g1")
	[ "${HG_NICS:-}" != both ] || places=("g0 g1")
	need nft curl
	gateway_fixture
	in_g nft add table inet probe 2>/dev/null || skip_all "no nftables in this kernel"
	usual_hellos
	hello bot --sni www.allowed.example --alpn h2 --ciphers 1301,1302,1303,c02f,c030
	bot=$(size "$HG_DIR/bot.hello")
	deny_policy enforce
	for hook; do
		for nics in "${places[@]}"; do
			for kind in masquerade redirect; do nat_case $kind "$hook" "$nics"; done
		done
	done
	finish
}
