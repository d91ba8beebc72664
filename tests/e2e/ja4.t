#!/usr/bin/env bash
# A rule that user space decides: with run, a flow whose JA4 matches is reset at the
# next packet, from the client or from the server, with exact sequence numbers.
. "$(dirname "$0")/lib.sh"

fixture
hello bot --sni www.allowed.example --alpn h2 --ciphers 1301,1302,1303,c02f,c030
hello other --sni www.allowed.example --alpn h2 --ciphers 1301,1302,1303,c02f
head -c 200 /dev/zero | tr '\0' '\27' >"$HG_DIR/more"
glob=$(jq -r .ja4_a "$HG_DIR/bot.info")
bot=$(size "$HG_DIR/bot.hello")
other=$(size "$HG_DIR/other.hello")

ja4_policy() { # ON_UNDECIDED
	policy ja4.yaml <<-YAML
		version: 1
		mode: enforce
		default: allow
		decision_timeout: 8s
		rules:
		  - {name: bots, match: {ja4: ["${glob}_*"]}, action: reset, on_undecided: $1}
	YAML
}

# A byte every 20 ms after the hello: the one that comes after the decision meets it.
# No wait for the decision is needed, and a verdict that never comes ends the script.
drips() { # HELLO_BYTES
	local i segs="seg=0+$1"
	for i in $(seq 0 99); do segs+=" seg=$(($1 + i))+1/after=20"; done
	echo "$segs"
}

from_the_client() { # HOOK
	sink
	segclient client <<-EOS
		payload bot @$HG_DIR/bot.hello @$HG_DIR/more
		payload other @$HG_DIR/other.hello @$HG_DIR/more
		set want=0 timeout=8000
		conn id=bot4 payload=bot $(drips "$bot")
		conn id=bot6 v=6 payload=bot $(drips "$bot")
		conn id=bot-cut payload=bot seg=100+$((bot - 100)) seg=0+100 $(drips "$bot" | cut -d' ' -f2-)
		conn id=bot-wrap isn=wrap:$((bot + 1)) payload=bot $(drips "$bot")
		conn id=other4 payload=other $(drips "$other") seg=$((other + 100))+-
		conn id=other6 v=6 payload=other $(drips "$other") seg=$((other + 100))+-
	EOS
	settle client
	jq -c 'select(.id | startswith("bot"))' "$HG_DIR/client.both" >"$HG_DIR/bots.both"
	jq -c 'select(.id | startswith("other"))' "$HG_DIR/client.both" >"$HG_DIR/others.both"
	every bots "$RESET" "on the client's next packet: reset, exact ($1)"
	# 0: on a machine that stands still, the RST overtakes the program that would have read.
	every bots "(.sink.read == 0 or .sink.read >= $bot) and .sink.read < .len - 100" \
		"after the hello, before the drips end ($1)"
	ok "and the hello reached a server ($1)" jq -se "any(.[]; .sink.read >= $bot)" "$HG_DIR/bots.both"
	every others "$UNTOUCHED" "another JA4 beside it: untouched ($1)"
}

# The client is silent after its hello; the server sends a byte every 200 ms.
from_the_server() { # HOOK
	sink --answer "$other" --drip 200
	segclient server <<-EOS
		$(payloads bot)
		set want=1000 timeout=8000
		conn id=bot4 payload=bot
		conn id=bot6 v=6 payload=bot
		conn id=bot-cut v=6 payload=bot cut=100 order=rev
		conn id=bot-wrap isn=wrap:$((bot + 1)) payload=bot
	EOS
	settle server
	every server "$RESET" "on the server's next packet: reset, exact ($1)"
	every server '.bytes < 40' "and at once ($1)"
	sink --answer "$other" --drip 20
	segclient quiet <<-EOS
		$(payloads other)
		conn id=other payload=other want=20 timeout=2000
	EOS
	stop sink
	is "$(jq -r '"\(.end) \(.rst)"' "$HG_DIR/quiet.seg")" "done false" "the server goes on with another JA4 ($1)"
}

for hook in $(hooks xdp tcx tc); do
	ja4_policy skip
	attached "$hook" ja4.yaml
	daemon "($hook)"
	from_the_client "$hook"
	from_the_server "$hook"
	snapshot
	ok "the rule's verdicts are counted ($hook)" \
		test "$(number policy_verdicts_total 'action="reset"' 'rule="bots"')" -ge 8
	stop daemon

	# without run: on_undecided, at the hello once the heartbeat is a second old
	sink --answer "$bot"
	segclient undecided <<-EOS
		$(payloads bot)
		conn id=skip payload=bot want=1 timeout=3000
	EOS
	stop sink
	is "$(jq -r '"\(.end) \(.rst)"' "$HG_DIR/undecided.seg")" "done false" "without run, on_undecided: skip ($hook)"
	ja4_policy reset
	run hg policy load "$HG_DIR/ja4.yaml"
	said "policy load: on_undecided: reset ($hook)" 0
	heartbeat_is_old() { probe undecided bot && [ "$(jq -r .end "$HG_DIR/undecided.both" | xargs)" = "rst rst" ]; }
	ok "without run, on_undecided: reset ($hook)" await -t 5 heartbeat_is_old
	every undecided "$RESET" "at both ends, exact ($hook)"
	detach_leaves_nothing
done
finish
