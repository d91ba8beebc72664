#!/usr/bin/env bash
# policy check, load and show: errors with their place, and all or nothing.
. "$(dirname "$0")/lib.sh"

fixture
usual_hellos

run hg policy show
said "policy show with nothing attached" 6

deny_policy enforce
run hg policy check "$HG_DIR/deny.yaml"
said "policy check accepts a good policy" 0

policy full.yaml <<'YAML'
version: 1
mode: enforce
default: allow
unread: allow
quic: allow
protect: {sni: [.corp.example.com], src: [10.0.0.0/8, "fd00::/8"]}
sets:
  registered: {kind: domains, files: [registered.txt]}
rules:
  - {name: legacy, match: {port: 443, version_max: "<1.2"}, action: reset}
  - {name: weak, match: {ciphers: all-weak}, action: reset}
  - {name: no-sni, match: {sni: none}, action: reset}
  - {name: net, match: {src: [192.0.2.0/24]}, action: reset, to: client}
  - {name: list, match: {sni: "@registered"}, action: allow}
  - {name: rest, match: {not: {sni: ["*.example.org"]}, port: [443, 8443]}, action: count}
YAML
printf 'one.example\n.two.example\n*.three.example\n' >"$HG_DIR/registered.txt"
run hg policy check "$HG_DIR/full.yaml"
said "policy check accepts one with everything; sets lie beside it" 0

# refused LINE REGEX DESCRIPTION: the policy on stdin is refused at that line
refused() {
	policy bad.yaml
	run hg policy check "$HG_DIR/bad.yaml"
	said "policy check: $3" 3 "bad\\.yaml:$1:[0-9]+: .*($2)"
}

refused 3 . "broken YAML" <<'YAML'
version: 1
mode: enforce
rules: [{name: a, match: {sni: [a.example]}, action: reset}
YAML
refused 2 'mdoe.*(mode)|mode' "an unknown key, with what was meant" <<'YAML'
version: 1
mdoe: enforce
default: allow
YAML
refused 4 'rezet' "an unknown action" <<'YAML'
version: 1
default: allow
rules:
  - {name: a, match: {sni: [a.example]}, action: rezet}
YAML
refused 6 'nowhere' "a set that is not defined" <<'YAML'
version: 1
default: allow
rules:
  - name: a
    match:
      sni: "@nowhere"
    action: reset
YAML
refused 1 'version' "a version of the format that is not known" <<'YAML'
version: 99
default: allow
YAML
refused 3 'enforced' "an unknown mode" <<'YAML'
# a comment
version: 1
mode: enforced
YAML
refused 5 'prot|port' "an unknown condition" <<'YAML'
version: 1
rules:
  - name: a
    match:
      prot: 443
    action: reset
YAML
refused 4 '70000' "a port that is none" <<'YAML'
version: 1
rules:
  - name: a
    match: {port: 70000}
    action: reset
YAML
refused 4 '300' "a network that is none" <<'YAML'
version: 1
rules:
  - name: a
    match: {src: [300.0.0.0/8]}
    action: reset
YAML
refused 4 '1\.7' "a TLS version that is none" <<'YAML'
version: 1
rules:
  - name: a
    match: {version_max: "<1.7"}
    action: reset
YAML
policy bad.yaml <<'YAML'
version: 1
mode: enforced
default: perhaps
YAML
run hg policy check "$HG_DIR/bad.yaml"
like "$err" "bad\\.yaml:2:[0-9]+:" "every error is told, the first ..."
like "$err" "bad\\.yaml:3:[0-9]+:" "... and the next"
: | policy empty.yaml
run hg policy check "$HG_DIR/empty.yaml"
said "an empty file is no policy" 3 'empty\.yaml'
run hg policy check "$HG_DIR/absent.yaml"
said "a file that is not there" 3 'absent\.yaml'
run hg policy chekc "$HG_DIR/deny.yaml"
said "an unknown subcommand, with what was meant" 2 'check'

# A live instance: a load that fails changes nothing.
attached "$TCX" deny.yaml
run hg policy show
said "policy show" 0
like "$out" "deny" "policy show names the rule"
like "$out" "enforce" "policy show tells the mode"
shown=$out
snapshot
revision=$(number policy_revision)
run hg policy load "$HG_DIR/bad.yaml"
said "policy load refuses a broken policy" 3 'bad\.yaml:2:[0-9]+:'
run hg policy show
is "$out" "$shown" "a refused load changes nothing that is shown"
snapshot
is "$(number policy_revision)" "$revision" "a refused load leaves the revision"
forbidden_is_reset "after a refused load"

policy other.yaml <<'YAML'
version: 1
mode: enforce
rules:
  - {name: other-way, match: {sni: [www.allowed.example]}, action: reset}
YAML
run hg policy load "$HG_DIR/other.yaml"
said "policy load" 0
run hg policy show
like "$out" "other-way" "the new policy is shown"
unlike "$out" "\\bdeny\\b" "and the old one is not"
snapshot
ok "the revision went up ($revision, $(number policy_revision))" test "$(number policy_revision)" -gt "$revision"
probe swapped forbidden
every swapped "$UNTOUCHED" "what was forbidden passes"
probe swapped allowed
every swapped "$RESET" "what was allowed is reset"
run hg policy show -o json
said "policy show -o json" 0
ok "policy show -o json is JSON" json_holds . <<<"$out"
rules=$(jq -r '.rules | length' <<<"$out")
run hg policy show -o jsonl
is "$(jq -c .rule <<<"$out" | wc -l) $(wc -l <<<"$out")" "$rules $rules" "as JSON Lines, a line a rule"
run hg policy show -o csv --columns where,rule
is "$(head -n 1 <<<"$out")" "where,rule" "--columns, in their order"
like "$out" '^kernel,"default"$' "and the rows alike"

# default: reset, protect, allow-lists, ports, no SNI: each decided on live flows
policy registered.yaml <<'YAML'
version: 1
mode: enforce
default: reset
protect: {sni: [.protected.example]}
sets:
  registered: {kind: domains, files: [registered.txt]}
rules:
  - {name: legacy, match: {version_max: "<1.2"}, action: reset}
  - {name: weak, match: {ciphers: all-weak}, action: reset}
  - {name: listed, match: {sni: "@registered"}, action: allow}
YAML
run hg policy load "$HG_DIR/registered.yaml"
said "policy load: only what is registered passes" 0
hello exact --sni one.example
hello suffix --sni a.two.example
hello apex --sni two.example
hello below --sni a.three.example
hello protected --sni x.protected.example --versions 1.0
probe listed exact suffix apex below protected
every listed "$UNTOUCHED" "registered and protected names pass"
hello sub --sni a.one.example
hello star --sni three.example
hello none --no-sni
hello legacy --sni one.example --versions 1.1
hello weak --sni one.example --versions 1.2 --ciphers 0005,000a,00ff,0a0a
probe unlisted sub star none legacy weak forbidden
every unlisted "$RESET" "others, legacy versions and weak ciphers are reset"

policy nets.yaml <<YAML
version: 1
mode: enforce
rules:
  - {name: nobody, match: {sni: [.forbidden.example], src: [192.0.2.0/24]}, action: reset}
  - {name: v4, match: {sni: [.forbidden.example], src: [10.77.0.0/24], dst: [$S4]}, action: reset}
  - {name: other-port, match: {sni: [.forbidden.example], port: 8443}, action: reset}
YAML
run hg policy load "$HG_DIR/nets.yaml"
said "policy load: networks and ports" 0
probe nets forbidden
every nets "if .v == 4 then $RESET else $UNTOUCHED end" "a network condition tells IPv4 from IPv6"
finish
