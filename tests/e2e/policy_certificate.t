#!/usr/bin/env bash
# Rules on what is wrong with the server's certificates: `run` reads them while the flow
# waits for its verdict. Where none can be seen, on_undecided holds at the deadline.
. "$(dirname "$0")/lib.sh"

rule() { # ON_UNDECIDED
	policy rule.yaml <<-YAML
		version: 1
		mode: enforce
		decision_timeout: 1500ms
		rules:
		  - name: misnamed
		    match: {certificate: [name_mismatch, expired]}
		    action: reset
		    on_undecided: $1
	YAML
}

# A line each 100 ms for three seconds: what comes behind a verdict meets it.
lines() {
	local i
	for ((i = 0; i < 30; i++)); do
		echo x 2>/dev/null || return 0
		sleep 0.1
	done
}

# connect NAME [OPTION...]: reset, or done with its lines
connect() {
	local name=$1
	shift
	lines | in_c timeout 20 openssl s_client -connect "$S4:443" -servername "$name" "$@" >"$HG_DIR/client.out" 2>&1
	if grep -q 'errno=104' "$HG_DIR/client.out"; then
		echo reset
	elif grep -q '^DONE' "$HG_DIR/client.out"; then
		echo "done"
	else
		echo "neither: $(tr '\n' ' ' <"$HG_DIR/client.out" | tail -c 300)"
	fi
}

each_hook() { # HOOK
	rule skip
	attached "$1" rule.yaml
	daemon "and decides ($1)"
	is "$(connect www.allowed.example -tls1_2)" "done" "a certificate of that name ($1)"
	is "$(connect other.example -tls1_2)" reset "of another name: reset ($1)"
	counted 1 "by that rule ($1)" policy_verdicts_total 'action="reset"' 'mode="enforce"' 'rule="misnamed"'
	counted 0 "nobody has waited in vain ($1)" policy_verdict_timeouts_total
	is "$(connect other.example -tls1_3)" "done" "TLS 1.3 hides it: on_undecided: skip ($1)"
	counted 1 "at the deadline ($1)" policy_verdict_timeouts_total
	rule reset
	run hg policy load "$HG_DIR/rule.yaml"
	said "policy load: on_undecided: reset ($1)" 0
	is "$(connect www.allowed.example -tls1_2)" "done" "a certificate of that name ($1)"
	is "$(connect other.example -tls1_3)" reset "TLS 1.3: on_undecided: reset ($1)"
	run hg events
	is "$(jq -r 'select(.event_type == "tls") | select(.tls.sni == "other.example") |
		"\(.hellogate.outcome) \(.hellogate.policy.decided_by)"' <<<"$out" | sort | uniq -c | xargs)" \
		"1 established timeout 1 reset timeout 1 reset user" "the events say who decided ($1)"
	stop daemon
	detach_leaves_nothing
}

need openssl
fixture
certificates
tls_server 443
for hook in $(hooks xdp tcx); do each_hook "$hook"; done
finish
