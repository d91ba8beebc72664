#!/usr/bin/env bash
# What became of a reset: a client that takes it is dead; one whose RST is taken away on its
# path lives on, is counted and told, and reset again; one that tries again is reset again.
. "$(dirname "$0")/lib.sh"

# forbidden [OPTIONS]: how it ended for an ordinary socket of the client
forbidden() { in_c "$HG_TOOLS/dial" "$S4" 443 "$HG_DIR/forbidden.hello" "$@" | jq -r .end; }

# The client's own firewall takes RSTs away before its stack sees them.
without_rst() {
	in_c nft -f - <<-'NFT' || bail "nft"
		table inet hg {
			chain taken { type filter hook input priority -300; tcp flags rst drop; }
		}
	NFT
}

anomaly() { jq -rs "[.[] | select(.event_type == \"anomaly\")] | $1" "$HG_DIR/follower.out"; }

each_hook() { # HOOK
	attached "$1" deny.yaml
	start follower net_s "$HELLOGATE" events -f
	sink --answer 517
	is "$(forbidden)" ECONNRESET "a client is reset ($1)"
	is "$(forbidden)" ECONNRESET "and when it tries again ($1)"
	counted 0 "nobody is known to live on ($1)" resets_total 'to="both",efficacy="survived"'
	without_rst
	is "$(forbidden --timeout 4500)" timeout "one that the RST does not reach waits ($1)"
	counted 1 "it lives on ($1)" resets_total 'to="both",efficacy="survived"'
	ok "and that is told ($1)" await output_has follower '"anomaly"'
	is "$(anomaly 'map("\(.anomaly.event) \(.src_ip) \(.dest_port) \(.hellogate.side) \(.hellogate.policy.rule)")[]')" \
		"stream.reset_survived $C4 443 client deny" "once, of the client ($1)"
	is "$(anomaly '.[0].hellogate.times.survived_us > 2000000 and .[0].hellogate.times.survived_us < 4600000')" \
		true "after its retransmissions of the third second ($1)"
	run hg status
	like "$out" "1 lived on" "status says so ($1)"
	in_c nft flush ruleset
	is "$(forbidden)" ECONNRESET "it can be reset again ($1)"
	HG_COUNT_WAIT=30 counted 3 "the others are dead ($1)" resets_total 'to="both",efficacy="died"'
	counted 1 "and it is not ($1)" resets_total 'to="both",efficacy="survived"'
	stop follower
	stop sink
	detach_leaves_nothing
}

fixture
need nft
in_c nft add table inet probe 2>/dev/null || skip_all "no nftables in this kernel"
in_c nft flush ruleset
usual_hellos
deny_policy enforce
for hook in $(hooks xdp tcx); do each_hook "$hook"; done
finish
