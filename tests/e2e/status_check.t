#!/usr/bin/env bash
# status --check: silent and 0 while all is well; else 1, and what is degraded on stderr.
. "$(dirname "$0")/lib.sh"

well() { # WHEN
	run hg status --check
	said "$1: 0" 0
	is "$out$err" "" "$1: nothing is said"
}

# degraded WHAT WHEN: as a regular expression
degraded() {
	run hg status --check
	said "$2: 1" 1 "^degraded: $1"
	is "$out" "" "$2: nothing on stdout"
	is "$(wc -l <<<"$err")" 1 "$2: and nothing else"
}

check_is() {
	hg status --check >/dev/null 2>&1
	[ $? = "$1" ]
}

fixture
usual_hellos
deny_policy enforce
policy ja4.yaml <<-YAML
	version: 1
	rules:
	  - {name: bots, match: {ja4: ["t13d190900_*"]}, action: reset}
YAML
run hg status --check
said "nothing attached: 6, and what to do" 6 'attach'

attached tc deny.yaml
well "attached"
probe seen forbidden allowed
well "after resets"
run hg status --check -o json
said "-o json prints all, too" 0
ok "it is JSON" json_holds '.health | length > 3' <<<"$out"

run hg policy load "$HG_DIR/ja4.yaml"
degraded 'daemon: the policy has rules for user space and hellogate run is not there$' \
	"a policy that waits for run, without it"
run hg status --check -o json
said "-o json says it in both ways" 1 '^degraded: daemon'
is "$(jq -r '.health[] | select(.level == "FAIL").what' <<<"$out")" daemon "and in the JSON"
daemon "user-space rules"
well "with run"
stop daemon
ok "run that has ended is missed" await check_is 1
run hg policy load "$HG_DIR/deny.yaml"
well "with the policy before"

in_s tc filter del dev s0 ingress # by somebody else
degraded 's0: our program is no longer on its hook; attach it again$' "a filter that somebody took away"
attached tc
well "attached again"
run hg policy load "$HG_DIR/deny.yaml" --confirm-within 100s
well "what only waits is no fault"
run hg status
like "$out" 'WARN  policy +revision [0-9]+ is not confirmed' "status tells of it"
run hg policy confirm

ip -n "$HG_C" link del c0 # and s0 with it
degraded 's0: the device is gone; clear it: hellogate detach$' "a device that is gone"
run hg detach --all
said "it is cleared" 0
run hg status --check
said "nothing attached: 6" 6
finish
