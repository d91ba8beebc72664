#!/usr/bin/env bash
# Rules that `run` decides: a client whose handshakes fail again and again.
. "$(dirname "$0")/lib.sh"

need openssl curl
fixture
certificates
tls_server 443
policy rule.yaml <<'YAML'
version: 1
mode: enforce
decision_timeout: 5s
rules:
  - name: guesser
    match: {failures: {at_least: 3, within: 10m, cause: [certificate_unknown_ca]}}
    action: reset
    hold: true
YAML
attached "$TCX" rule.yaml
daemon "and decides"

# connect [OPTION...]: trusted, untrusted or reset, by what openssl says of it
connect() {
	in_c timeout 20 openssl s_client -connect "$S4:443" -servername www.allowed.example -tls1_2 \
		-verify_return_error "$@" </dev/null >"$HG_DIR/client.out" 2>&1
	if grep -q 'errno=104' "$HG_DIR/client.out"; then
		echo reset
	elif grep -q 'Verification: OK' "$HG_DIR/client.out"; then
		echo trusted
	elif grep -q 'certificate verify failed' "$HG_DIR/client.out"; then
		echo untrusted
	else
		echo "neither: $(tr '\n' ' ' <"$HG_DIR/client.out" | tail -c 300)"
	fi
}

for i in 1 2 3; do
	is "$(connect -CAfile "$HG_DIR/cert.pem")" trusted "a client that is content, number $i"
done
for i in 1 2 3; do
	is "$(connect)" untrusted "one that trusts nobody, number $i"
	counted "$i" "and run has seen it" handshake_failures_total 'cause="certificate_unknown_ca"'
done
is "$(connect -CAfile "$HG_DIR/cert.pem")" reset "after three failures it is reset"
is "$(connect)" reset "again"
counted 2 "by that rule" policy_verdicts_total 'action="reset"' 'mode="enforce"' 'rule="guesser"'
counted 0 "and nobody waited in vain" policy_verdict_timeouts_total
detach_leaves_nothing
finish
