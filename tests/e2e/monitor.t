#!/usr/bin/env bash
# In monitor mode a forbidden name is counted and not reset.
. "$(dirname "$0")/lib.sh"

fixture
usual_hellos
for hook in $(hooks xdp "$TCX"); do
	deny_policy monitor
	attached "$hook" deny.yaml
	nothing_is_reset "in monitor mode ($hook)"
	counted 2 "what would be reset is counted ($hook)" \
		policy_verdicts_total 'action="reset"' 'mode="monitor"' 'rule="deny"'
	counted 0 "nothing is counted as enforced ($hook)" \
		policy_verdicts_total 'action="reset"' 'mode="enforce"'
	counted 0 "no reset is counted ($hook)" resets_total

	# the same instance, enforcing, and back: a load, no new attach
	deny_policy enforce
	run hg policy load "$HG_DIR/deny.yaml"
	said "policy load: enforce ($hook)" 0
	forbidden_is_reset "once it enforces ($hook)"
	deny_policy monitor
	run hg policy load "$HG_DIR/deny.yaml"
	said "policy load: monitor ($hook)" 0
	nothing_is_reset "back in monitor mode ($hook)"

	# a rule's own mode
	policy mixed.yaml <<-'YAML'
		version: 1
		mode: monitor
		default: allow
		rules:
		  - {name: hard, match: {sni: [www.forbidden.example]}, action: reset, mode: enforce}
		  - {name: soft, match: {sni: [.allowed.example]}, action: reset}
	YAML
	run hg policy load "$HG_DIR/mixed.yaml"
	said "policy load: a rule with its own mode ($hook)" 0
	forbidden_is_reset "by a rule that enforces ($hook)"
	probe soft allowed
	every soft "$UNTOUCHED" "a rule in monitor mode beside it resets nothing ($hook)"
	detach_leaves_nothing
done
finish
