#!/usr/bin/env bash
# hellogate metrics: the numbers against what was sent.
. "$(dirname "$0")/lib.sh"

fixture
hello forbidden --sni www.forbidden.example
hello allowed --sni www.allowed.example --ciphers 1301,1302,1303,c02f,c030
hello tls12 --sni www.allowed.example --versions 1.2
hello none --no-sni
hello conflict --sni www.allowed.example --pad-to 517
printf 'GET / HTTP/1.1\r\nHost: www.allowed.example\r\n\r\n' >"$HG_DIR/http.hello"
deny_policy enforce
attached "$TCX" deny.yaml

snapshot
ok "metrics without a daemon" test -s "$HG_DIR/metrics.txt"
is "$(metric client_hellos_total)" 0 "known label values are exported as 0"

# 5 forbidden + 7 allowed + 3 in two segments + 4 TLS 1.2 + 2 without SNI = 21 hellos,
# and 2 HTTP, 1 without data, 1 to a closed port: 25 flows
exchange sent <<EOS
$(payloads forbidden allowed tls12 none http)
set want=0 timeout=300
$(for i in 1 2 3 4 5; do echo "conn id=forbidden$i payload=forbidden v=$((i % 2 ? 4 : 6))"; done)
$(for i in 1 2 3 4 5 6 7; do echo "conn id=allowed$i payload=allowed v=$((i % 2 ? 4 : 6))"; done)
$(for i in 1 2 3; do echo "conn id=two$i payload=allowed cut=50 order=rev"; done)
$(for i in 1 2 3 4; do echo "conn id=tls12-$i payload=tls12"; done)
$(for i in 1 2; do echo "conn id=none$i payload=none"; done)
conn id=http1 payload=http
conn id=http2 payload=http v=6
conn id=nodata
conn id=closed dport=444
EOS
is "$(jq -r .end "$HG_DIR/sent.seg" | sort | uniq -c | xargs)" "19 done 1 refused 5 rst" "25 flows were sent"

counted 21 "client_hellos_total" client_hellos_total
counted 17 "client_hellos_total by version: 1.3" client_hellos_total 'version="1.3"'
counted 4 "client_hellos_total by version: 1.2" client_hellos_total 'version="1.2"'
counted 0 "client_hellos_total by version: ssl2, as 0" client_hellos_total 'version="ssl2"'
counted 21 "client_hellos_total by interface" client_hellos_total 'interface="s0"'
counted 19 "client_hello_sni_total: ok" client_hello_sni_total 'state="ok"'
counted 2 "client_hello_sni_total: none" client_hello_sni_total 'state="none"'
for state in empty ambiguous invalid; do
	counted 0 "client_hello_sni_total: $state, as 0" client_hello_sni_total "state=\"$state\""
done
counted 21 "client_hello_cipher_count: count" client_hello_cipher_count_count
counted $((11 * 13 + 10 * 5)) "client_hello_cipher_count: sum" client_hello_cipher_count_sum
counted 21 "client_hello_bytes: count" client_hello_bytes_count
counted 21 "client_hello_segments: count" client_hello_segments_count
counted 24 "client_hello_segments: sum" client_hello_segments_sum
counted 18 "coverage_flows_total: single_segment" coverage_flows_total 'bucket="single_segment"'
counted 3 "coverage_flows_total: reassembled" coverage_flows_total 'bucket="reassembled"'
counted 2 "coverage_flows_total: not_tls" coverage_flows_total 'bucket="not_tls"'
counted 1 "coverage_flows_total: no_data" coverage_flows_total 'bucket="no_data"'
counted 1 "coverage_flows_total: tcp_refused" coverage_flows_total 'bucket="tcp_refused"'
for bucket in conflicting_overlap ambiguous hello_too_large malformed truncated evicted; do
	counted 0 "coverage_flows_total: $bucket, as 0" coverage_flows_total "bucket=\"$bucket\""
done
snapshot
is $(($(number coverage_flows_total) + $(number flows_active))) 25 "the buckets and the active flows are all flows"
counted 3 "flow_flags_total: out_of_order" flow_flags_total 'flag="out_of_order"'
counted 5 "policy_verdicts_total: the rule" policy_verdicts_total \
	'action="reset"' 'mode="enforce"' 'rule="deny"'
counted 16 "policy_verdicts_total: the default" policy_verdicts_total 'action="allow"' 'rule="default"'
snapshot
both=$(metric resets_total 'to="both"') client=$(metric resets_total 'to="client"')
ok "resets_total: 5 to both sides (both $both, client $client)" test "$both" = 5 -o "$client" = 5
is "$(metric reset_failures_total)" 0 "reset_failures_total: none"
is "$(metric policy_last_reload_successful)" 1 "policy_last_reload_successful"
is "$(metric interface_info 'interface="s0"' "hook=\"$TCX\"")" 1 "interface_info"
like "$(grep ^hellogate_interface_info "$HG_DIR/metrics.txt")" 'prog_id="[1-9][0-9]*"' "interface_info has the program id"
ok "packets_total: passed" test "$(number packets_total 'interface="s0"' 'result="passed"')" -gt 60
is "$(metric events_lost_total 'stage="ring"')" 0 "events_lost_total: none in the ring"

# a conflict is a class of its own, and passes with unread: allow
exchange conflict <<EOS
$(payloads conflict)
conn id=before payload=conflict want=0 timeout=300 seg=100+100/fill=41 seg=0+-
conn id=after payload=conflict want=0 timeout=300 seg=200+- seg=300+50/fill=42 seg=0+200
EOS
every conflict '(.rst | not)' "a conflicting overlap is not reset with unread: allow"
counted 2 "coverage_flows_total: conflicting_overlap" coverage_flows_total 'bucket="conflicting_overlap"'

snapshot
for name in build_info interface_info packets_total unparsed_packets_total client_hellos_total \
	client_hello_cipher_count client_hello_sni_total client_hello_bytes client_hello_segments \
	coverage_flows_total flows_active flow_flags_total policy_verdicts_total resets_total \
	reset_failures_total policy_revision policy_set_entries policy_breaker_open policy_last_reload_successful map_entries map_capacity \
	events_total events_lost_total handshakes_total series_dropped_total handshake_failures_total \
	handshake_duration_seconds server_hello_total diagnosis_age_seconds undiagnosed_overwritten_total \
	quic_initials_total quic_unknown_versions_total; do
	ok "exported: $name" grep -q "^# TYPE hellogate_$name " "$HG_DIR/metrics.txt"
done
is "$(grep -cE '^hellogate_' "$HG_DIR/metrics.txt")" "$(grep -E '^hellogate_' "$HG_DIR/metrics.txt" | sed 's/ [^ ]*$//' | sort -u | wc -l)" \
	"no series is exported twice"
ok "at most 400 series ($(grep -c '^hellogate_' "$HG_DIR/metrics.txt"))" \
	test "$(grep -c '^hellogate_' "$HG_DIR/metrics.txt")" -le 400
unlike "$(cat "$HG_DIR/metrics.txt")" "forbidden|allowed\\.example|10\\.77\\.0|fd77:" "no name or address is a label"
if command -v promtool >/dev/null; then
	run promtool check metrics <"$HG_DIR/metrics.txt"
	said "promtool check metrics" 0
	is "$out$err" "" "promtool has nothing to say"
else
	skip "promtool check metrics" "no promtool here (Debian's prometheus)"
fi

# The daemon says the same over HTTP.
daemon "/metrics on 127.0.0.1:9813"
is "$(in_s curl -s http://127.0.0.1:9813/metrics | grep '^hellogate_client_hellos_total' | sort)" \
	"$(grep '^hellogate_client_hellos_total' "$HG_DIR/metrics.txt" | sort)" "and it says the same"
stop daemon
finish
