#!/usr/bin/env bash
# Prometheus scrapes run under traffic: each expression of the dashboards, rules and alerts
# of packaging/monitoring is asked there, and ten thousand names of a stranger are no series.
. "$(dirname "$0")/lib.sh"

need prometheus curl openssl python3
monitoring=$HG_ROOT/packaging/monitoring
api=http://127.0.0.1:9090/api/v1

# --- Prometheus

prometheus_yaml() {
	cat >"$HG_DIR/prometheus.yml" <<-YAML
		global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
		rule_files: [$monitoring/prometheus/*.rules.yml]
		scrape_configs:
		  - job_name: hellogate
		    static_configs:
		      - {targets: ["127.0.0.1:9813"], labels: {instance: gate1}}
	YAML
}

prometheus_answers() { in_s curl -sf -o /dev/null http://127.0.0.1:9090/-/ready; }

# ask QUERY: the answer of the API to an instant query, whatever it is
ask() { in_s curl -s -G --data-urlencode "query=$1" "$api/query"; }

# value QUERY: of its one sample, six digits; "none", "many" or the error
value() {
	ask "$1" | jq -r 'if .status != "success" then .error
		elif (.data.result | length) == 0 then "none"
		elif (.data.result | length) > 1 then "many"
		else .data.result[0].value[1] | tonumber * 1e6 | round / 1e6 end'
}

value_is() { [ "$(value "$1")" = "$2" ]; }

# told QUERY VALUE DESCRIPTION: waits for the scrape that has it
told() {
	if await -t "${HG_COUNT_WAIT:-15}" value_is "$1" "$2"; then
		pass "$3"
	else
		fail "$3" "$1 is $(value "$1"), want $2"
	fi
}

# --- what is in the files

# in_prometheus: an expression as Grafana would ask it, for all instances and interfaces
# shellcheck disable=SC2016 # the names are Grafana's
in_prometheus() { sed -e 's/\$instance/.*/g' -e 's/\$interface/.*/g' -e 's/\$__rate_interval/5m/g'; }

# panel DASHBOARD PANEL [NUMBER]: the expression of its target
panel() {
	jq -r --arg panel "$2" --argjson number "${3:-0}" \
		'.panels[] | select(.title == $panel).targets[$number].expr' \
		"$monitoring/grafana/hellogate-$1.json" | in_prometheus
}

# expressions: a line of JSON for each expression of each panel: where it is, and what
panel_expressions() {
	local file
	for file in "$monitoring"/grafana/*.json; do
		jq -c '.title as $d | .panels[] | select(.targets) | .title as $p
			| .targets | to_entries[] | [$d, $p, .key, .value.expr]' "$file"
	done | in_prometheus
}

# metrics_of: names of metrics in what it reads; of a histogram, the family
metrics_of() { grep -oE '\bhellogate_[a-z0-9_]+' | sed -E 's/_(bucket|sum|count)$//' | sort -u; }

families() { sed -n 's/^# TYPE \(hellogate_[a-z0-9_]*\) .*/\1/p' "$HG_DIR/metrics.txt" | sort -u; }

# --- what they say under traffic

each_panel_has_data() {
	local where expr answer empty='' broken='' count=0
	while IFS=$'\t' read -r where expr; do
		count=$((count + 1))
		answer=$(ask "$expr")
		if [ "$(jq -r .status <<<"$answer")" != success ]; then
			broken+="$where: $(jq -r .error <<<"$answer")"$'\n'
		elif [ "$(jq '[.data.result[].value[1] | select(. != "NaN")] | length' <<<"$answer")" = 0 ]; then
			empty+="$where: $expr"$'\n'
		fi
	done < <(panel_expressions | jq -r '"\(.[0]), \(.[1]) [\(.[2])]\t\(.[3] | gsub("\\s+"; " "))"')
	ok "the dashboards have expressions ($count)" test "$count" -gt 80
	is "$broken" "" "Prometheus takes each expression of a dashboard"
	is "$empty" "" "each has data"
}

# The whole hour of a graph, with its steps.
a_range_can_be_asked() {
	local answer
	answer=$(in_s curl -s -G --data-urlencode "query=$(panel overview 'Handshakes by outcome')" \
		-d "start=$(date -d '1 hour ago' +%s)" -d "end=$(date +%s)" -d step=15 "$api/query_range")
	is "$(jq -r '[.status, .data.resultType, (.data.result | length)] | join(" ")' <<<"$answer")" \
		"success matrix 5" "a graph of handshakes has a line for each outcome"
}

rules() { in_s curl -s "$api/rules" | jq -c '.data.groups[].rules[]'; }
rules_health() { rules | jq -r '.health' | sort | uniq -c | xargs; }
alert_state() { rules | jq -r --arg alert "$1" 'select(.name == $alert).state'; }
alert_is() { [ "$(alert_state "$1")" = "$2" ]; }
firing() { rules | jq -r 'select(.state == "firing").name' | sort | xargs; }

each_rule_is_evaluated() {
	local all
	all=$(grep -cE '^ *- (alert|record):' "$monitoring"/prometheus/*.rules.yml | awk -F : '{n += $2} END {print n}')
	ok "each rule and alert is evaluated ($all)" await health_is "$all ok" ||
		diag "$(rules | jq -r 'select(.health != "ok") | "\(.name): \(.lastError)"')"
}
health_is() { [ "$(rules_health)" = "$1" ]; }

each_metric_is_looked_at() {
	snapshot
	panel_expressions >"$HG_DIR/expressions"
	grep -h -A 3 -E '^ *(- )?expr:' "$monitoring"/prometheus/*.rules.yml >>"$HG_DIR/expressions"
	is "$(comm -13 <(families) <(sed -E 's/(instance|instance_[a-z]+):hellogate_[a-z_:0-9]+//g' "$HG_DIR/expressions" |
		metrics_of) | xargs)" "" "no expression asks for a metric that is not exported"
	is "$(comm -23 <(families) <(metrics_of <"$HG_DIR/expressions") | xargs)" "" \
		"each metric that is exported is in some expression"
}

# --- traffic

visit() { # NAME CURL-OPTIONS...: rc as curl has it
	local name=$1
	shift
	run in_c curl -s -o "$HG_DIR/curl.out" --max-time 5 --tls-max 1.2 --resolve "$name:4433:$S4" "$@" \
		"https://$name:4433/"
}

fixture
certificates
hello forbidden --sni www.forbidden.example
hello allowed --sni www.allowed.example
hello tls12 --sni www.allowed.example --versions 1.2
hello none --no-sni
hello quoted --sni 'a"} 1 hellogate_evil{b="c'
hello conflict --sni www.allowed.example --pad-to 517
hello stranger --sni n00000000.stranger.example
policy deny.yaml <<-YAML
	version: 1
	mode: enforce
	sets:
	  denied: {kind: domains, names: [.forbidden.example, .never.example]}
	rules:
	  - {name: deny, match: {sni: "@denied"}, action: reset, limit: {resets_per_second: 1000, on_exceed: keep}}
	  - {name: legacy, match: {version_max: "<1.3"}, action: reset, mode: monitor}
YAML
{ ip -n "$HG_C" route add local 10.77.1.0/24 dev lo && ip -n "$HG_S" route add 10.77.1.0/24 via $C4 dev s0; } ||
	bail "no addresses for strangers"
attached "$TCX" deny.yaml
daemon "metrics"
prometheus_yaml
start prometheus in_s prometheus --config.file="$HG_DIR/prometheus.yml" --storage.tsdb.path="$HG_DIR/tsdb" \
	--web.listen-address=127.0.0.1:9090 --log.level=warn
ok "Prometheus takes the rules, and is ready" await -t 60 prometheus_answers || bail "$(<"$HG_DIR/prometheus.err")"

# All begins at 0, so that a rate counts what comes then, and shares of rates are exact.
ok "it scrapes run" await -t 30 value_is 'up{job="hellogate"}' 1
ok "twice" await -t 30 value_is 'min_over_time(up[1m]) * (count_over_time(up[1m]) >= bool 2)' 1
told 'sum(hellogate_client_hellos_total)' 0 "no hello yet"

# 3 that work, 2 that do not trust the server: all by clients of TLS 1.2
tls_server 4433
for i in 1 2 3; do
	visit www.allowed.example --cacert "$HG_DIR/cert.pem"
	is "$rc" 0 "curl is served"
	# A cipher has no series before it is chosen: a rate counts from the second time on.
	[ "$i" != 1 ] || told 'sum(hellogate_server_hello_total)' 1 "the first ServerHello is scraped"
done
for _ in 1 2; do
	visit www.allowed.example
	is "$rc" 60 "curl does not trust the server"
done
told 'sum(hellogate_client_hellos_total)' 5 "5 hellos"
told 'sum(hellogate_handshakes_total{outcome=~"established|failed"})' 5 "5 handshakes ended"
told "$(panel overview Failing)" 0.4 "the share that fails is 2 of 5"
told 'instance:hellogate_handshakes_failed:ratio_rate5m{instance="gate1"}' 0.4 "so is what is recorded"
told 'instance:hellogate_handshakes_failed:ratio_rate1h' 0.4 "and of the hour"
told 'instance_cause:hellogate_handshake_failures:sum{cause="certificate_unknown_ca"}' 2 "their cause is counted"
told "sum without (instance, job) ($(panel failures 'Failures by cause')) / scalar(sum($(panel failures 'Failures by side')))" \
	1 "the graph of causes has that one alone"
told "sum by (version) ($(panel overview 'What servers chose')) / scalar(sum($(panel overview 'What servers chose'))) > 0" \
	1 "all ServerHellos were of one version"

# 5 forbidden + 7 allowed + 3 in two segments + 4 TLS 1.2 + 2 without SNI + 1 that looks like a label
# = 22 hellos, and 2 conflicts, which are no hellos
exchange sent <<EOS
$(payloads forbidden allowed tls12 none quoted conflict)
set want=0 timeout=300
$(for i in 1 2 3 4 5; do echo "conn id=forbidden$i payload=forbidden"; done)
$(for i in 1 2 3 4 5 6 7; do echo "conn id=allowed$i payload=allowed"; done)
$(for i in 1 2 3; do echo "conn id=two$i payload=allowed cut=50 order=rev"; done)
$(for i in 1 2 3 4; do echo "conn id=tls12-$i payload=tls12"; done)
$(for i in 1 2; do echo "conn id=none$i payload=none"; done)
conn id=quoted payload=quoted
$(for i in 1 2; do echo "conn id=conflict$i payload=conflict seg=100+100/fill=41 seg=0+-"; done)
EOS
told 'sum(hellogate_coverage_flows_total)' 29 "29 flows ended"
told 'sum(hellogate_client_hellos_total)' 27 "with 27 hellos"
told 'sum(hellogate_client_hellos_total{version="1.2"})' 9 "9 hellos of TLS 1.2"
told 'sum(hellogate_coverage_flows_total{bucket="conflicting_overlap"})' 2 "2 conflicts"
told "$(panel overview Covered)" 0.931034 "27 of 29 were read"
told 'instance:hellogate_coverage:ratio_rate15m' 0.931034 "so it is recorded"
told 'hellogate_client_hello_segments_sum - hellogate_client_hello_segments_count' 3 "3 more segments than hellos"
told 'sum(hellogate_client_hello_sni_total{state="none"})' 2 "2 without a name"
told 'sum(hellogate_client_hello_sni_total{state="invalid"})' 1 "1 with one that is none"
told 'sum(hellogate_policy_verdicts_total{rule="deny"})' 5 "5 verdicts of a rule that resets"
told 'sum(hellogate_policy_verdicts_total{rule="legacy",mode="monitor"})' 9 "9 of one that would"
told "($(panel policy 'Would stop, and stopped')) / ($(panel policy 'Would stop, and stopped' 1))" 1.8 \
	"the panel of both has 9 to 5"
told 'sum(hellogate_handshakes_total{outcome="reset"})' 5 "5 handshakes were reset"
told 'sum(instance:hellogate_handshakes_stopped:ratio_rate5m) * sum(hellogate_handshakes_total)' 5 \
	"the share of them is recorded"
told "$(panel overview 'Interfaces attached')" 1 "an interface is attached"
told "$(panel overview Daemons)" 1 "a daemon is there"
told "$(panel policy Revision)" 1 "revision 1"
told "$(panel policy Rules)" 2 "of 2 rules"
told "$(panel policy Names)" 2 "and 2 names"
told "$(panel policy 'Entries of sets')" 2 "in a set"
told "$(panel policy Enforcing)" 1 "that is enforced"
told "$(panel datapath Tables | sed 's/{/{map="interfaces",/')" 0.003906 "1 of 256 interfaces"

# --- ten thousand names of a stranger
sink --answer 200
run in_c "$HG_TOOLS/crowd" --to "$S4" --flows 10000 --at-once 64 --timeout 20000 \
	--kind "label=stranger,file=$HG_DIR/stranger.hello,numbers=90000000"
said "ten thousand connections" 0
is "$(jq .kinds.stranger.answered <<<"$out")" 10000 "all were served"
stop sink
told 'sum(hellogate_client_hellos_total)' $((27 + 10000)) "each hello is counted"
snapshot
ok "their names are in the table of names ($(metric map_entries 'map="server_names"'))" \
	test "$(number map_entries 'map="server_names"')" -gt 9000
told 'scrape_samples_scraped <= bool 400' 1 "at most 400 series in a scrape"
told 'count({__name__=~"hellogate_.+",job="hellogate"}) <= bool 400' 1 "and in Prometheus"
in_s curl -s -G --data-urlencode 'match[]={job="hellogate"}' "$api/series" >"$HG_DIR/series.json"
ok "Prometheus says which series it has" json_holds '.data | length > 200' "$HG_DIR/series.json"
unlike "$(cat "$HG_DIR/series.json")" 'stranger|allowed\.example|forbidden\.example|evil|10\.77\.|fd77:' \
	"nothing that a client wrote is in a name or a label"

# --- every expression
each_rule_is_evaluated
each_panel_has_data
a_range_can_be_asked
each_metric_is_looked_at

# --- alerts
is "$(firing)" "" "nothing fires"
run hg policy load "$HG_DIR/deny.yaml" --confirm-within 200s
said "a load that is to be confirmed" 0
ok "fires HellogatePolicyUnconfirmed" await -t 15 alert_is HellogatePolicyUnconfirmed firing
like "$(rules | jq -r 'select(.name == "HellogatePolicyUnconfirmed").alerts[].annotations.summary')" \
	'^the policy at gate1 falls back in [0-9]+ s$' "which says how long there is"
told "$(panel overview Alerts)" 1 "the overview counts it"
run hg policy confirm
said "its confirmation" 0
ok "ends it" await -t 15 alert_is HellogatePolicyUnconfirmed inactive
stop daemon
ok "HellogateDown waits for its time when run ends" await -t 15 alert_is HellogateDown pending
daemon "again"
ok "and is over when it is back" await -t 15 alert_is HellogateDown inactive
told 'sum(hellogate_client_hellos_total)' $((27 + 10000)) "nothing was lost meanwhile"
ip -n "$HG_C" link del c0 # and its other end, which is attached
ok "HellogateInterfaceOffTheHook waits when the device is gone" \
	await -t 15 alert_is HellogateInterfaceOffTheHook pending
is "$(rules | jq -r 'select(.name == "HellogateInterfaceOffTheHook").alerts[].labels.interface')" s0 "it names the device"

stop prometheus
stop daemon
finish
