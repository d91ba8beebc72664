#!/usr/bin/env bash
# What lets one dare to load a policy: a load that goes back by itself when nobody
# confirms it, rollback and history. Real TLS clients meet a real server.
. "$(dirname "$0")/lib.sh"

fixture
need openssl curl
certificates

# asks NAME: curl for this name at the server; its exit code
asks() {
	in_c timeout 10 curl -sk -o /dev/null --resolve "$1:443:$S4" "https://$1/"
	echo $?
}

# in_force WHEN ALLOWED FORBIDDEN: what curl says of both names: 0 or 35 (SSL connect error)
in_force() {
	is "$(asks www.allowed.example) $(asks www.forbidden.example)" "$2 $3" "curl: $1"
}

reset_policy() { # FILE NAME
	policy "$1" <<-YAML
		version: 1
		mode: enforce
		rules:
		  - {name: deny, match: {sni: [$2]}, action: reset}
	YAML
}

revision() { # what the three that tell it say of it
	snapshot
	echo "$(hg policy show -j 2>/dev/null | jq -s '.[0].revision') $(metric policy_revision) $(hg status -j | jq -c .policy.revision)"
}

state() { hg policy history -j | jq -r ".[] | select(.revision == $1).state"; }

history_says() { [ "$(state "$1")" = "$2" ]; }

# --- the first load of all: before it was no policy
run hg attach --netns "$HG_S" --hook "$TCX" s0
said "attach" 0
tls_server 443
run hg policy confirm
said "confirm without a policy" 6 'nothing to confirm'
run hg policy rollback
said "rollback without a policy" 6 'no policy was in force before'
run hg policy history
said "history without a policy" 6 'no policy was ever loaded'
reset_policy one.yaml .forbidden.example
reset_policy two.yaml .allowed.example
for span in 0s 25h x 60 -1s; do
	run hg policy load "$HG_DIR/one.yaml" "--confirm-within=$span"
	said "--confirm-within $span is refused" 2 'confirm-within'
done
run hg policy load "$HG_DIR/one.yaml" --confirm-within 8s
said "a first load that is to be confirmed" 0 'it goes in 8 s'
is "$(state 1)" unconfirmed "it is unconfirmed"
in_force "it is at work" 0 35
ok "it goes by itself" await -t 20 history_says 1 fell_back
in_force "there is no policy" 0 0
is "$(revision)" "null 0 null" "show, metrics and status say so"
run hg policy show
said "policy show says why" 6 'revision 1 was not confirmed in time'
is "$(metric policy_lapsed_revision)" 1 "and so do the metrics"
run hg policy confirm
said "a confirmation that comes too late" 7 'revision 1 was not confirmed in time'

# --- the one before comes back, without a process of ours
run hg policy load "$HG_DIR/one.yaml"
said "a load that needs no confirmation" 0
in_force "the first policy" 0 35
run hg policy confirm
said "a confirmation of what is confirmed" 0 'already'
daemon "while a load waits"
run hg policy load "$HG_DIR/two.yaml" --confirm-within 20s
said "a load that is to be confirmed" 0 'revision 2 comes back in 20 s'
stop daemon KILL
is "$(pgrep -c -f "^$HELLOGATE ")" 0 "no process of ours is there"
in_force "the second policy" 35 0
is "$(revision)" "3 3 3" "show, metrics and status have it"
snapshot
ok "the metrics have the time that is left" test "$(number policy_confirm_seconds_left)" -gt 0
run hg status
like "$out" 'revision 3 .*unconfirmed' "status says that it is unconfirmed"
like "$out" 'revision 2 comes back in [0-9]+ s' "and when the other comes back"
run hg policy load "$HG_DIR/one.yaml"
said "a load while one waits: 7, and what to do" 7 'revision 3 is not confirmed yet'
like "$err" 'policy confirm, or hellogate policy rollback' "the way out is said"
run hg policy confirm 2
said "a confirmation of another revision" 7 'revision 3 is active, not 2'
# Only time may do it: curl asks until the first policy answers.
back() { [ "$(asks www.forbidden.example)" = 35 ]; }
ok "the first policy is back" await -t 40 back
in_force "the first policy" 0 35
is "$(revision)" "2 2 2" "show, metrics and status have it"
is "$(state 2) $(state 3)" "active fell_back" "history, too"

# --- confirmed
daemon "again"
run hg policy load "$HG_DIR/two.yaml" --confirm-within 6s
said "a load over one that fell back" 0 'revision 2 comes back'
run hg policy confirm 4
said "confirm" 0 'revision 4 is confirmed'
has_waited() { [ "$(($(date +%s%N) - loaded))" -gt 6500000000 ]; }
loaded=$(date +%s%N)
await -t 20 has_waited
in_force "it stays" 35 0
is "$(state 2) $(state 3) $(state 4)" "replaced fell_back active" "history has all three"
ok "and when it was confirmed" json_holds '.[0] | .revision == 4 and (.confirmed | length == 24)' <<<"$(hg policy history -j)"
like "$(<"$HG_DIR/daemon.err")" 'revision 4 is active' "run has followed"

# --- rollback
run hg policy rollback
said "rollback: what was in force before, as a new revision" 0 'revision 5 is active: it is revision 2 again'
in_force "the first policy" 0 35
is "$(revision)" "5 5 5" "show, metrics and status have it"
is "$(state 4) $(state 5)" "rolled_back active" "history, too"
is "$(hg policy history -j | jq '.[0].restores')" 2 "and what it restores"
is "$(hg policy show -j | jq -r '.rules[] | select(.rule == "deny") | .action')" reset "its rules are shown"
run hg policy rollback
said "rollback again: none was in force before that one" 6 'no policy was in force before this one'
like "$err" 'can be had: 4, 3, 1;' "those that can be had are said"
run hg policy rollback 5
said "rollback to the active revision" 3 'is the active one'
run hg policy rollback 99
said "rollback to a revision that never was" 3 'revision 99 is not kept'
run hg policy rollback x
said "rollback to a word" 2 'no revision'
run hg policy rollback 4
said "rollback to a named one" 0 'revision 6 is active: it is revision 4 again'
in_force "the second policy" 35 0
run hg policy rollback
said "rollback of a rollback" 0
in_force "the first policy" 0 35
followed() { grep -q 'revision 7 is active' "$HG_DIR/daemon.err"; }
ok "run has followed" await followed

# --- rollback of what waits
run hg policy load "$HG_DIR/two.yaml" --confirm-within 5m
said "a load that waits for five minutes" 0
in_force "the second policy" 35 0
run hg attach --netns "$HG_S" --hook "$TCX" --policy "$HG_DIR/one.yaml" s0
said "attach --policy while one waits" 7 'not confirmed yet'
run hg policy rollback
said "rollback instead of a confirmation" 0 'revision 9 is active'
in_force "the first policy" 0 35
is "$(state 8)" rolled_back "history has it"
run hg policy rollback 8
said "what was given up, by its name" 0 'revision 10 is active: it is revision 8 again'
run hg policy rollback
said "what else was given up is left out" 0 'revision 11 is active: it is revision 2 again'

# --- history
for n in 12 13 14 15; do
	run hg policy load "$HG_DIR/one.yaml" -q
	is "$rc $err" "0 " "load $n, quietly"
done
run hg policy rollback 8
said "a revision whose slot was needed" 3 'revision 8 is not kept: the last 4 policies are'
run hg policy history
said "history" 0
like "$out" "^ *15 .* active .* root +enforce .*one\.yaml" "a row has revision, state, user, mode and path"
is "$(hg policy history --columns revision,state -o csv | head -n 2 | tr '\n' ' ')" "revision,state 15,active " "as CSV"
is "$(hg policy history -o jsonl | jq -c .revision | head -n 3 | tr '\n' ' ')" "15 14 13 " "as JSON Lines, the newest first"
is "$(hg policy history -j | jq length)" 15 "all of it"
stop daemon

# --- and without TLS 1.3: openssl itself
speaks() { in_c timeout 10 openssl s_client -connect "$S4:443" -servername "$1" -tls1_2 </dev/null 2>&1; }
run hg policy load "$HG_DIR/two.yaml" --confirm-within 60s
like "$(speaks www.allowed.example)" 'errno=104' "openssl: the second policy resets"
run hg policy rollback
like "$(speaks www.allowed.example)" 'Verification error|Verify return code' "openssl: and the first does not"
stop tls
finish
