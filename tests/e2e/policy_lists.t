#!/usr/bin/env bash
# Lists in the formats of others, as sets of a policy: what a line means, what is
# told of those that mean nothing, and the same verdict in the kernel.
. "$(dirname "$0")/lib.sh"

fixture
usual_hellos
mkdir "$HG_DIR/lists"

# list NAME: the list on stdin
list() { cat >"$HG_DIR/lists/$1"; }

# told REGEX DESCRIPTION: it is on stderr of what ran last
told() { like "$err" "$1" "$2"; }

# verdict NAME ACTION: of the policy lists.yaml
verdict() {
	run hg policy explain "$HG_DIR/lists.yaml" --sni "$1"
	like "$out" "verdict: $2 " "$1: $2"
}

# --- one list of each format ---------------------------------------------------------

list hosts.txt <<'TXT'
# sinkhole of the branch office
127.0.0.1       localhost localhost.localdomain
::1             localhost ip6-localhost ip6-loopback
0.0.0.0 telemetry.hosts.example   # vendor
0.0.0.0	one.hosts.example two.hosts.example
192.0.2.53 printer.hosts.example
0.0.0.0 broken..hosts.example
TXT
list rules.txt <<'TXT'
[Adblock Plus 2.0]
! Title: rules of the branch office
||ads.adguard.example^
@@||ok.ads.adguard.example^
|only.adguard.example^
bare.adguard.example
0.0.0.0 host.adguard.example
||kids.adguard.example^$client=192.0.2.9
/track[0-9]+\.adguard\.example/
shop.adguard.example##.banner
TXT
list block.conf <<'TXT'
# dnsmasq
domain-needed
address=/a.dnsmasq.example/b.dnsmasq.example/0.0.0.0
local=/c.dnsmasq.example/
server=/ok.c.dnsmasq.example/#
server=/corp.dnsmasq.example/192.0.2.53
address=/#/0.0.0.0
TXT
list zone.rpz <<'TXT'
$TTL 2h
$ORIGIN rpz.branch.example.
@	IN SOA ns.branch.example. admin.branch.example. (
		2026010203 ; serial
		1h 15m 30d 2h )
	IN NS ns.branch.example.
bad.rpz.example		CNAME .
*.bad.rpz.example	CNAME .
www.bad.rpz.example	CNAME rpz-passthru.
garden.rpz.example	CNAME walled.branch.example.
32.7.2.0.192.rpz-ip	CNAME .
TXT
policy lists.yaml <<'YAML'
version: 1
mode: enforce
sets:
  hosts: {kind: domains, format: hosts, files: [lists/hosts.txt]}
  adguard: {kind: domains, format: adguard, files: [lists/rules.txt]}
  dnsmasq: {kind: domains, format: dnsmasq, files: [lists/block.conf]}
  rpz: {kind: domains, format: rpz, files: [lists/zone.rpz]}
rules:
  - {name: listed, match: {sni: ["@hosts", "@adguard", "@dnsmasq", "@rpz"]}, action: reset}
YAML

run hg policy check "$HG_DIR/lists.yaml"
said "policy check: lists of four formats" 0
told 'hosts\.txt \(hosts\): 3 names, 2 lines skipped' "hosts: what came of it"
told 'hosts\.txt:6:1: warning: skipped: 192\.0\.2\.53 ' "hosts: an address that leads somewhere"
told 'hosts\.txt:7:9: warning: skipped: "broken\.\.hosts\.example" is not a name' "hosts: a bad name"
told 'rules\.txt \(adguard\): 4 names, 1 exception, 3 lines skipped' "AdGuard: what came of it"
told 'rules\.txt:8:1: warning: skipped: the modifier .client=' "AdGuard: a modifier"
told 'rules\.txt:9:1: warning: skipped: a regular expression' "AdGuard: a regular expression"
told 'rules\.txt:10:1: warning: skipped: ' "AdGuard: a cosmetic rule"
told 'block\.conf \(dnsmasq\): 3 names, 1 exception, 3 lines skipped' "dnsmasq: what came of it"
told 'block\.conf:2:1: warning: skipped: "domain-needed"' "dnsmasq: another option"
told 'block\.conf:6:30: warning: skipped: "192\.0\.2\.53"' "dnsmasq: a server elsewhere"
told 'block\.conf:7:10: warning: skipped: # is every name' "dnsmasq: every name"
told 'zone\.rpz \(rpz\): 2 names, 1 exception, 2 lines skipped' "RPZ: what came of it"
told 'zone\.rpz:10:20: warning: skipped: CNAME walled' "RPZ: a walled garden"
told 'zone\.rpz:11:1: warning: skipped: a trigger' "RPZ: a trigger by address"
is "$(grep -c 'hosts\.txt:[2345]:' <<<"$err")" 0 "the host's own names and good lines are not told"
like "$out" 'names     14' "names and exceptions are all in one map" # bad.rpz.example once

for name in telemetry.hosts.example two.hosts.example ads.adguard.example x.ads.adguard.example \
	only.adguard.example bare.adguard.example host.adguard.example x.a.dnsmasq.example \
	b.dnsmasq.example c.dnsmasq.example bad.rpz.example x.bad.rpz.example; do
	verdict $name reset
done
for name in x.telemetry.hosts.example printer.hosts.example localhost ok.ads.adguard.example \
	x.ok.ads.adguard.example x.only.adguard.example x.bare.adguard.example \
	kids.adguard.example ok.c.dnsmasq.example x.ok.c.dnsmasq.example corp.dnsmasq.example \
	www.bad.rpz.example garden.rpz.example other.example; do
	verdict $name allow
done

# --- plain stays strict, and formats are what was said --------------------------------------

policy lists.yaml <<'YAML'
version: 1
sets:
  wrong: {kind: domains, files: [lists/hosts.txt]}
rules:
  - {name: wrong, match: {sni: "@wrong"}, action: reset}
YAML
run hg policy check "$HG_DIR/lists.yaml"
said "policy check: a hosts file is no plain one" 3 'hosts\.txt:2:17: error: one entry a line'

sed -i 's/files:/format: auto, files:/' "$HG_DIR/lists.yaml"
run hg policy check "$HG_DIR/lists.yaml"
said "policy check: auto knows a hosts file" 0
told 'hosts\.txt \(hosts\): 3 names' "which it says"

printf 'bare.example\n' >>"$HG_DIR/lists/hosts.txt"
run hg policy check "$HG_DIR/lists.yaml"
said "policy check: auto refuses what could be two formats" 3 \
	'hosts\.txt:8:1: error: the format cannot be told: .* plain, and line 2 like hosts'

sed -i 's/auto/host/' "$HG_DIR/lists.yaml"
run hg policy check "$HG_DIR/lists.yaml"
is "$(grep -c hosts.txt <<<"$err")" 0 "a file is not read in a format that is none"
said "policy check: a format that is none" 3 'lists\.yaml:3:34: error: "host" .*did you mean "hosts"'

sed -i 's/domains, format: host/networks, format: hosts/' "$HG_DIR/lists.yaml"
run hg policy check "$HG_DIR/lists.yaml"
said "policy check: networks are plain" 3 'lists\.yaml:3:35: error: files of networks are plain'

# --- many ------------------------------------------------------------------------------------

for i in $(seq 30); do printf '/regex%d/\n||n%d.example^\n' "$i" "$i"; done >"$HG_DIR/lists/many.txt"
policy lists.yaml <<'YAML'
version: 1
sets:
  many: {kind: domains, format: adguard, files: [lists/many.txt]}
rules:
  - {name: many, match: {sni: "@many"}, action: reset}
YAML
run hg policy check "$HG_DIR/lists.yaml"
said "policy check: thirty lines that mean nothing" 0
is "$(grep -c 'warning: skipped' <<<"$err")" 20 "twenty of them are told one by one"
told 'many\.txt: warning: and 10 more lines were skipped' "the others are counted"
told 'many\.txt \(adguard\): 30 names, 30 lines skipped' "and so are all"

# --- public suffixes ------------------------------------------------------------------------

list suffix.txt <<'TXT'
||example.com^
||co.uk^
TXT
policy lists.yaml <<'YAML'
version: 1
protect: {sni: [.corp]}
sets:
  rules: {kind: domains, format: adguard, files: [lists/suffix.txt], names: ["*.github.io"]}
rules:
  - {name: rules, match: {sni: "@rules"}, action: reset}
  - {name: names, match: {sni: [com, .net]}, action: reset}
YAML
run hg policy check "$HG_DIR/lists.yaml"
said "policy check: public suffixes are no error" 0
told 'suffix\.txt:2:3: warning: "\.co\.uk" covers a public suffix' "one in a list, with its line"
told 'lists\.yaml:4:78: warning: "\*\.github\.io" covers' "one in the policy, below a name"
told 'lists\.yaml:7:38: warning: "\.net" covers' "one in a rule"
is "$(grep -c 'covers a public suffix' <<<"$err")" 3 "and no other: corp is nobody's, com only itself"

# --- in the kernel ----------------------------------------------------------------------------

list kernel.txt <<'TXT'
||forbidden.example^
||allowed.example^
@@||www.allowed.example^
TXT
policy kernel.yaml <<'YAML'
version: 1
mode: enforce
sets:
  kernel: {kind: domains, format: adguard, files: [lists/kernel.txt]}
rules:
  - {name: deny, match: {sni: "@kernel"}, action: reset}
YAML
attached tc kernel.yaml
forbidden_is_reset "by a list"
probe excepted allowed
every excepted "$UNTOUCHED" "an exception of the list is let through"
printf '||forbidden.example^\n||allowed.example^\n||co.uk^\n' >"$HG_DIR/lists/kernel.txt"
counted 2 "hits of the set: not those of an exception" policy_set_hits_total 'set="kernel"'
run hg policy load "$HG_DIR/kernel.yaml"
said "policy load tells of public suffixes, too" 0 'kernel\.txt:3:3: warning: "\.co\.uk" covers'
probe listed allowed
every listed "$RESET" "without the exception the name is reset"
counted 2 "hits since the load" policy_set_hits_total 'set="kernel"'
finish
