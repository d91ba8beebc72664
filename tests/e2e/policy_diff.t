#!/usr/bin/env bash
# policy diff: what two policies say, and what that means for recorded handshakes;
# and policy test --replay. The capture and the events are of the same connections.
. "$(dirname "$0")/lib.sh"

fixture
need tcpdump jq
cd "$HG_DIR" || bail "cd"

# --- two files
cat >names.txt <<-'EOS'
	kept.example
	gone.example
	.tree.example
EOS
cat >names2.txt <<-'EOS'
	# the same kept, one gone, two new, one in another form
	kept.example
	new1.example
	new2.example
	*.tree.example
EOS
policy a.yaml <<'YAML'
version: 1
mode: monitor
sets:
  listed: {kind: domains, files: [names.txt]}
  offices: {kind: networks, nets: [192.0.2.0/24, 10.77.0.0/24]}
rules:
  - {name: first, match: {sni: [.forbidden.example]}, action: reset}
  - {name: listed, match: {sni: "@listed", src: "@offices"}, action: count}
  - {name: legacy, match: {version_max: "<1.2"}, action: count}
  - {name: nameless, match: {sni: none}, action: reset}
YAML
policy b.yaml <<'YAML'
# other order of keys, other rules
version: 1
mode: enforce
sets:
  offices: {kind: networks, nets: [192.0.2.0/24, 198.51.100.0/24]}
  listed: {files: [names2.txt], kind: domains}
rules:
  - {name: legacy, match: {version_max: "<1.2"}, action: count}
  - {action: reset, match: {sni: [.forbidden.example]}, name: first, to: client}
  - {name: listed, match: {sni: "@listed", src: "@offices"}, action: count}
  - {name: added, match: {sni: [.allowed.example]}, action: reset, mode: monitor}
YAML
run hg policy diff a.yaml a.yaml
said "a policy and itself: no difference" 0
like "$out" '^no difference$' "and it says so"
sed 's/version: 1/version:   1 # a comment/' a.yaml >spaced.yaml
run hg policy diff a.yaml spaced.yaml
said "spaces and comments are no difference" 0
run hg policy diff a.yaml b.yaml
said "two policies that differ: exit code 1" 1
like "$out" '^changed +policy mode: monitor -> enforce$' "top level"
like "$out" '^removed +rule nameless: ' "a rule removed"
like "$out" '^added +rule added: .*reset' "a rule added"
like "$out" '^changed +rule first to: \(not said\) -> client$' "a rule changed, by its key"
like "$out" '^moved +rule legacy: place 3 -> 1$' "a rule moved"
unlike "$out" '^moved +rule (first|listed)' "those that kept their order are not"
unlike "$out" 'rule listed' "a rule whose keys are in another order is the same"
like "$out" '^entries +set listed: \+3 -2 \(3 -> 4\)' "entries of a set"
like "$out" '\+ ?\*\.tree\.example' "the first names that came"
like "$out" '- ?gone\.example' "and those that went"
like "$out" '^entries +set offices: \+1 -1 \(2 -> 2\) \+198\.51\.100\.0/24 -10\.77\.0\.0/24$' "networks alike"
run hg policy diff a.yaml b.yaml -o json
said "-o json" 1
ok "is JSON" json_holds '.same == false and (.sets | length) == 2' <<<"$out"
is "$(jq -c '.changes[] | select(.of == "rule" and .change == "moved") | [.name, .from, .to]' <<<"$out")" \
	'["legacy","3","1"]' "with each change"
run hg policy diff a.yaml none.yaml
said "a file that is not there" 3 'none\.yaml'
policy bad.yaml <<<'version: 1
mode: enforced'
run hg policy diff a.yaml bad.yaml
said "a file with an error" 3 'bad\.yaml:2:7: error'
run hg policy diff
said "no file" 2 'which policy file'
run hg policy diff a.yaml
said "one file and nothing attached" 6

# --- connections that are recorded twice: on the wire, and as events
usual_hellos
hello legacy --sni old.example --versions 1.1
hello nameless --no-sni
run hg attach --netns "$HG_S" --hook "$TCX" s0
said "attach" 0
run hg policy diff a.yaml
said "one file, and no policy loaded" 6 'no policy is loaded'
start events net_s "$HELLOGATE" events -f -o jsonl
# --immediate-mode has a slot of the snapshot length for each packet: 8 by default
start dump in_s tcpdump -i s0 -U --immediate-mode -s 4096 -B 16384 -w "$HG_DIR/seen.pcap" tcp port 443
await grep -q 'listening on' dump.err || bail "tcpdump: $(<dump.err)"
probe seen forbidden allowed legacy nameless
ended() { [ "$(grep -c '"event_type":"tls"' events.out)" -ge 8 ]; }
ok "eight handshakes are told" await -t 20 ended
captured() { [ "$(hg read -o jsonl seen.pcap 2>/dev/null | grep -c '"event_type":"tls"')" -ge 8 ]; }
ok "and captured" await -t 30 captured
stop events INT
stop dump
cp events.out seen.jsonl

# both of four: forbidden, allowed, legacy, nameless; each by IPv4 and IPv6
for seen in seen.pcap seen.jsonl; do
	run hg policy test b.yaml --replay $seen
	said "policy test --replay $seen" 0
	like "$out" '^8 handshakes in ' "$seen: all of them"
	like "$out" '^ +2  reset by rule first$' "$seen: a rule that would reset"
	like "$out" '^ +2  reset by rule added \(monitor' "$seen: one in monitor mode"
	like "$out" '^ +2  count by rule legacy$' "$seen: one that counts"
	like "$out" '^ +2  allow by default$' "$seen: the rest"
	like "$out" 'names: www\.forbidden\.example \(2\)' "$seen: names"
	like "$out" "clients: .*$X4 \\(1\\)" "$seen: clients"
	run hg policy diff a.yaml b.yaml --impact $seen
	said "policy diff --impact $seen" 1
	like "$out" 'impact: 6 of 8 handshakes would be decided otherwise; 0 the same' "$seen: how many"
	like "$out" '^ +2  reset by rule first \(monitor: counted, not done\) -> reset by rule first$' "$seen: now enforced"
	like "$out" '^ +2  allow by default -> reset by rule added \(monitor' "$seen: a rule that is new"
	like "$out" '^ +2  reset by rule nameless \(monitor: counted, not done\) -> allow by default$' "$seen: a rule that is gone"
	like "$out" "^ +$X4  www\\.forbidden\\.example$" "$seen: an example"
	run hg policy diff a.yaml b.yaml --impact $seen -o json
	is "$(jq -c '[.impact.handshakes, .impact.otherwise, ([.impact.transitions[].handshakes] | add)]' <<<"$out")" \
		"[8,6,6]" "$seen: as JSON"
	run hg policy diff a.yaml a.yaml --impact $seen
	said "$seen: a policy and itself" 0
	like "$out" 'impact: 0 of 8 ' "$seen: nothing is otherwise"
done
printf '{"event_type":"tls"}\n{"event_type":\n' >broken.jsonl
run hg policy test b.yaml --replay broken.jsonl
said "events that are broken: their line" 3 'broken\.jsonl:2:[0-9]+: not an event'
run hg policy test b.yaml --replay none.pcap
said "a recording that is not there" 3 'none\.pcap'
: >empty.jsonl
run hg policy test b.yaml --replay empty.jsonl
said "no events at all" 0
like "$out" '^0 handshakes' "are none"
# Suricata's, which says less: what it does not say is not known, and no rule on it matches
echo '{"timestamp":"2026-11-22T00:00:00.000000+0000","event_type":"tls","src_ip":"192.0.2.1","dest_ip":"192.0.2.2","dest_port":443,"tls":{"sni":"kept.example"}}' >suricata.json
echo '{"event_type":"tls","tls":{"sni":"www.forbidden.example"}}' >>suricata.json
echo '{"event_type":"tls","tls":{}}' >>suricata.json
run hg policy test a.yaml --replay suricata.json
like "$out" '^ +1  count by rule listed$' "Suricata's event: by name and source"
like "$out" '^ +1  reset by rule first' "by name alone"
like "$out" '^ +1  allow by default$' "an event that says no name is not one without a name"

# --- the active policy, whose files have changed since
run hg policy load a.yaml
said "policy load" 0
run hg policy diff a.yaml
said "the active policy and its file: the same" 0
cp names2.txt names.txt
run hg policy diff a.yaml
said "a list that has changed: exit code 1" 1
like "$out" '^entries +set listed: \+3 -1 \(3 -> 4\)' "by names: three are not in the kernel, and one of its is not in the file"
like "$out" '\+ ?new1\.example' "the first of them"
unlike "$out" '^(changed|added|removed|moved)' "its rules are the same"
run hg policy diff b.yaml --impact seen.pcap
said "the active policy against a file, on a capture" 1
like "$out" '^--- active revision 1, ' "it says which it is"
like "$out" 'impact: 6 of 8 handshakes' "and what would be otherwise"
like "$out" '^entries +set offices: \+1 .*\+198\.51\.100\.0/24' "a network that it does not cover"
# --- its sets
run hg policy show --sets
said "policy show --sets" 0
like "$out" '^listed +domains +3 +1 +0$' "a set of names: as it was loaded"
like "$out" '^offices +networks +2 +1 +0$' "a set of networks"
is "$(hg policy show --sets -j | jq -c '[.[] | [.set, .entries]]')" '[["listed",3],["offices",2]]' "as JSON"
snapshot
is "$(metric policy_set_entries 'set="listed"') $(metric policy_set_entries 'set="offices"')" "3 2" "in the metrics"
cd / || bail "cd"
finish
