#!/usr/bin/env bash
# The page, top, /metrics and events tell the same, which is what the maps have, which is
# what the clients have counted for themselves.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/browser.sh"

need curl openssl bpftool
fixture
certificates
policy same.yaml <<-YAML
	version: 1
	mode: enforce
	default: allow
	rules:
	  - {name: deny, match: {sni: [.forbidden.example]}, action: reset}
	  - {name: watched, match: {sni: [.watched.example]}, action: reset, mode: monitor}
YAML
attached "$TCX" same.yaml
tls_server 4433
daemon "events and the page"
start events "$HELLOGATE" events -f
start top "$HELLOGATE" top -b -o jsonl -d 0.3 --window 1h
await lines_at_least "$HG_DIR/top.out" 1

# --- the clients, who count by how they ended

declare -A SEEN=()
visit() { # NAME CURL-OPTIONS...
	local name=$1 code
	shift
	in_c curl -s -o /dev/null --max-time 10 --resolve "$name:4433:$S4" "$@" "https://$name:4433/"
	code=$?
	SEEN[$code]=$((${SEEN[$code]:-0} + 1))
}
refused() {
	in_c timeout 20 openssl s_client -connect "$S4:4433" -servername www.allowed.example -tls1_2 -cipher RSA \
		</dev/null >"$HG_DIR/refused" 2>&1
	REFUSED=$((REFUSED + $(grep -c 'alert handshake failure' "$HG_DIR/refused")))
}
REFUSED=0
for _ in {1..5}; do visit www.allowed.example --insecure; done
for _ in {1..4}; do visit www.allowed.example --tls-max 1.2; done
for _ in {1..3}; do refused; done
for _ in {1..6}; do visit www.forbidden.example --insecure; done
for _ in {1..2}; do visit www.watched.example --insecure; done
WATCHED=2 # that a rule in monitor has met; they were served
ESTABLISHED=${SEEN[0]:-0} UNTRUSTED=${SEEN[60]:-0} RESETS=${SEEN[35]:-0}
is "$ESTABLISHED $UNTRUSTED $REFUSED $RESETS" "7 4 3 6" "what clients have met: served, no trust, no cipher, a reset"

ended() { jq -c 'select(.event_type == "tls" and .hellogate.stage == "end")' "$HG_DIR/events.out"; }
ended_are() { [ "$(ended | wc -l)" = "$1" ]; }
ok "an event for each of them" await ended_are $((ESTABLISHED + UNTRUSTED + REFUSED + RESETS))

# Each of these prints: established, failed, reset, would be reset, no trust, no cipher.
WANT="$ESTABLISHED $((UNTRUSTED + REFUSED)) $RESETS $WATCHED $UNTRUSTED $REFUSED"

by_events() {
	ended | jq -rs 'def n(f): map(select(f)) | length;
		"\(n(.hellogate.outcome == "established")) \(n(.hellogate.outcome == "failed")) \(n(.hellogate.outcome == "reset")) " +
		"\(n(.hellogate.policy.mode == "monitor" and .hellogate.policy.action == "reset")) " +
		"\(n(.hellogate.cause == "certificate_unknown_ca")) \(n(.hellogate.cause == "no_shared_cipher"))"'
}
by_metrics() { # FILE
	cp "$1" "$HG_DIR/metrics.txt"
	echo "$(metric handshakes_total 'outcome="established"') $(metric handshakes_total 'outcome="failed"')" \
		"$(metric resets_total)" "$(metric policy_verdicts_total 'action="reset"' 'mode="monitor"')" \
		"$(metric handshake_failures_total 'cause="certificate_unknown_ca"')" \
		"$(metric handshake_failures_total 'cause="no_shared_cipher"')"
}
by_http_metrics() { in_s curl -s http://127.0.0.1:9813/metrics >"$HG_DIR/http.txt" && by_metrics "$HG_DIR/http.txt"; }
by_command() { hg metrics >"$HG_DIR/command.txt" && by_metrics "$HG_DIR/command.txt"; }
STATUS='"\(.total.handshakes.established) \(.total.handshakes.failed) \(.total.resets | add) \([.rules[].monitor | .reset + .drop] | add) " +
	"\([.failures[] | select(.cause == "certificate_unknown_ca").count] | add) \([.failures[] | select(.cause == "no_shared_cipher").count] | add)"'
by_status() { hg status -j | jq -r "$STATUS"; }
by_http_status() { in_s curl -s http://127.0.0.1:9813/api/v1/status | jq -r "$STATUS"; }
TOP='"\(.window.established) \(.window.failed) \(.window.resets) \([.rules.rows[] | select(.rule == "watched").handshakes] | add) " +
	"\([.causes.rows[] | select(.cause == "certificate_unknown_ca").failed] | add) \([.causes.rows[] | select(.cause == "no_shared_cipher").failed] | add)"'
by_top() { head -n "$(wc -l <"$HG_DIR/top.out")" "$HG_DIR/top.out" | tail -n 1 | jq -r "$TOP"; }
by_http_top() { in_s curl -s http://127.0.0.1:9813/api/v1/top | jq -r "$TOP"; }
by_stats() {
	jq -r 'def n(g; w): [.stats[] | select(.group == g and .what == w).count] | add;
		"\(n("handshakes"; "established")) \(n("handshakes"; "failed")) \([.stats[] | select(.group == "resets").count] | add)"'
}
# By what the kernel itself says of its maps; verdicts are by mode (monitor, enforce) and action.
by_maps() {
	bpftool -j map dump pinned "$HELLOGATE_BPFFS/maps/counters" | jq -r '
		[.[].formatted.values[].value] | "\(map(.handshakes.established) | add) \(map(.handshakes.failed) | add) " +
		"\(map(.resets | add) | add)"'
}
by_rule_maps() {
	bpftool -j map dump pinned "$HELLOGATE_BPFFS/maps/rule_counters" | jq -r '
		[.[].formatted.values[].value.verdicts] | "\([.[][0][1]] | add) \([.[][1][1]] | add)"'
}

same() { # WHAT WANT COMMAND...
	local what=$1 want=$2
	shift 2
	agrees() { [ "$("$@")" = "$want" ]; }
	await -t 15 agrees "$@"
	is "$("$@")" "$want" "$what"
}
same "events" "$WANT" by_events
same "/metrics" "$WANT" by_http_metrics
same "hellogate metrics" "$WANT" by_command
same "hellogate status" "$WANT" by_status
same "/api/v1/status" "$WANT" by_http_status
same "hellogate top" "$WANT" by_top
same "/api/v1/top" "$WANT" by_http_top
read -r established failed resets _ <<<"$WANT"
# The last ACK of a connection may come between the two.
same_stats() {
	hg stats -j >"$HG_DIR/stats.json"
	[ "$(in_s curl -s http://127.0.0.1:9813/api/v1/stats | jq -c .stats)" = "$(jq -c .stats "$HG_DIR/stats.json")" ]
}
ok "/api/v1/stats as hellogate stats: number by number" await same_stats
is "$(by_stats <"$HG_DIR/stats.json")" "$established $failed $resets" "hellogate stats"
is "$(by_maps)" "$established $failed $resets" "the map of counters, by bpftool"
is "$(by_rule_maps)" "$WATCHED $resets" "the map of rules: would be reset, reset"
summed() { in_s curl -s http://127.0.0.1:9813/api/v1/history | jq -r '"\(.handshakes.established | add) \(.handshakes.failed | add) \(.resets | add) \(.would_reset | add) " +
	"\([.failures[] | select(.cause == "certificate_unknown_ca").counts | add] | add) \([.failures[] | select(.cause == "no_shared_cipher").counts | add] | add)"'; }
same "/api/v1/history, summed up" "$WANT" summed

# --- the page

if has_browser && has_page; then
	browser_starts
	b open http://127.0.0.1:9813/
	view overview
	shows_number established "$established" "the page: established"
	shows_number failed "$failed" "the page: failed"
	shows_number resets "$resets" "the page: resets"
	shows_number would_reset "$WATCHED" "the page: would be reset"
	view failures
	shows_number "failure certificate_unknown_ca client" "$UNTRUSTED" "the page: no trust"
	shows_number "failure no_shared_cipher server" "$REFUSED" "the page: no cipher"
	shows_number "failure policy_reset self" "$resets" "the page: resets are a cause"
	view policy
	shows_number "rule deny enforce" "$resets" "the page: the rule that resets"
	shows_number "rule watched monitor" "$WATCHED" "the page: the rule that would"
	view datapath
	shows_number flows_created "$(hg status -j | jq .total.flows_created)" "the page: flows"
	browser_ends
else
	skip "the page" "no chromium, chromium-driver or python3-selenium here"
fi
stop top
stop events
stop daemon
stop tls
finish
