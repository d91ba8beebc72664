#!/usr/bin/env bash
# What run could not do for a flow or a reader is counted, and told by status and
# metrics, also after it has ended.
. "$(dirname "$0")/lib.sh"

fixture
hello forbidden --sni www.forbidden.example --pad-to 517
hello big --sni big.allowed.example --pad-to 16000

policy waits.yaml <<'YAML'
version: 1
mode: enforce
rules:
  - {name: bots, match: {ja4: ["q99*"]}, action: reset}
  - {name: deny, match: {sni: [.forbidden.example]}, action: reset}
YAML
attached "$TCX" waits.yaml
snapshot
is "$(metric policy_undecided_total)" 0 "nothing is lost at first, as 0"
daemon "a policy that waits for it"

# --- a flow that ends while it waits. run sleeps, and its heartbeat is young.
ended_early() {
	kill -STOP "${HG_PID[daemon]}"
	sink
	segclient waits <<-EOS
		$(payloads forbidden)
		conn id=waits payload=forbidden want=0
	EOS
	stop sink
	kill -CONT "${HG_PID[daemon]}"
}
ended_early
counted 1 "a flow that ends before it is decided is counted" policy_undecided_total
counted 0 "no rule has it" policy_verdicts_total 'rule="deny"' 'mode="enforce"' 'action="reset"'
counted 1 "its verdict was written, for nobody" policy_user_verdicts_total 'result="written"'
counted 0 "and is taken back" map_entries 'map="verdicts"'
run hg status
like "$out" "WARN +verdicts +1 flows ended before they were decided" "status says so"
is "$(hg status -j | jq .run.undecided)" 1 "status -j, too"

# --- a reader that does not keep up
start slow "$HELLOGATE" events -f
sink --answer 1
greeted() {
	in_c "$HG_TOOLS/dial" "$S4" 443 "$HG_DIR/big.hello" --want 1 --timeout 500
	output_has slow big.allowed.example
}
ok "a reader is there" await greeted
kill -STOP "${HG_PID[slow]}"
cuts=$(seq -s, 1400 1400 15999)
segclient flood < <(
	payloads big
	for i in $(seq 330); do echo "conn id=big$i payload=big want=0 timeout=2000 cut=$cuts"; done
)
stop sink
snapshot
ok "records for a reader that sleeps are counted as lost ($(metric events_lost_total 'stage="socket"'))" \
	await metric_above 0 events_lost_total 'stage="socket"'
is "$(metric events_lost_total 'stage="ring"')" 0 "none was lost in the ring"
kill -CONT "${HG_PID[slow]}"
stop slow INT
lost=$(metric events_lost_total 'stage="socket"')
run hg status
like "$out" "WARN +events +lost: 0 in the ring, [0-9]+ by slow clients, 0 in run" "status says so"

# --- it is told without run, and goes on with the next
stop daemon
snapshot
undecided=$(metric policy_undecided_total) # a big hello and a FIN at once: some were
ok "without run it is still told" test "$(number events_lost_total 'stage="socket"')" -ge "$lost"
daemon "again"
ended_early
counted $((undecided + 1)) "the next run counts on" policy_undecided_total
is "$(in_s curl -s http://127.0.0.1:9813/metrics | grep '^hellogate_policy_undecided_total ')" \
	"hellogate_policy_undecided_total $((undecided + 1))" "and says it over HTTP"
stop daemon
finish
