#!/usr/bin/env bash
# support-dump: one archive with what a helper asks for, and without a name or an address.
. "$(dirname "$0")/lib.sh"

need curl openssl tar
fixture
certificates
mkdir "$HG_DIR/lists" "$HG_DIR/out"
echo deep.listed.example >"$HG_DIR/lists/customers.txt"
echo 0123456789abcdef0 >"$HG_DIR/secret.token"
chmod 600 "$HG_DIR/secret.token"
policy acme-corp.yaml <<-YAML
	# a remark about remarked.example
	version: 1
	mode: enforce
	protect: {sni: [.protected.example], src: [10.99.0.0/16, 2001:db8:99::1]}
	sets:
	  customers: {kind: domains, files: [lists/customers.txt], names: ["*.customer.example"]}
	rules:
	  - {name: deny, match: {sni: [.forbidden.example]}, action: reset, owner: jane.doe}
	  - {name: listed, match: {sni: "@customers", version_max: "<1.2"}, action: count}
	tests:
	  - {name: what Jane asked for, flow: {sni: tested.example}, expect: {action: allow}}
YAML
cat >"$HG_DIR/run.yaml" <<-YAML
	# jane's own
	interfaces: [s0]
	http: {listen: 127.0.0.1:9813, socket: tenant-blue.sock, hosts: [gate.internal.example], token: secret.token}
	events: {outputs: [{to: file, path: eve-blue.json}], sample: 0.5}
	privacy: {names: full}
YAML
# A list of the second of the load may have changed behind it: `run` would load it once more.
second_is_over() { [ "$(date +%s)" -gt "$(stat -c %Z "$HG_DIR/lists/customers.txt")" ]; }
ok "the list is older than the load" await second_is_over
attached "$TCX" acme-corp.yaml
tls_server 443
connect() { in_c timeout 20 openssl s_client -connect "$1:443" -servername "$2" "${@:3}" </dev/null >/dev/null 2>&1; }
traffic() {
	connect "$S4" www.allowed.example
	connect "$S4" www.forbidden.example
	connect "$S4" failing.allowed.example -tls1_2 -cipher RSA
	connect "[$S6]" failing6.allowed.example -tls1_2 -cipher RSA
	connect "$S4" www.protected.example -tls1_2 -cipher RSA
}
# What nobody may find: names and addresses of this traffic, of the policy, of the files.
SECRETS="10\.77\.|fd77:|10\.99\.|2001:db8|allowed\.|forbidden\.|protected\.|customer\.|listed\.|tested\.|remark|jane|acme|tenant|internal\.|customers\.txt|eve-blue|secret\.token|0123456789abcdef0|$(hostname)"

dump() { # DIRECTORY OPTION...: sets rc and err, and unpacks
	local dir=$HG_DIR/out/$1
	shift
	run net_s "$HELLOGATE" support-dump --config "$HG_DIR/run.yaml" --output "$HG_DIR/dump.tar.gz" "$@"
	mkdir -p "$dir"
	[ ! -e "$HG_DIR/dump.tar.gz" ] || tar xzf "$HG_DIR/dump.tar.gz" -C "$dir" --strip-components=1
	mv "$HG_DIR/dump.tar.gz" "$dir.tar.gz" 2>/dev/null
}
all_of() { (cd "$HG_DIR/out/$1" && cat -- *); }
found() { (cd "$HG_DIR/out/$1" && grep -rniE "$SECRETS" . | cut -c1-200); }

failed_at_least() { [ "$(hg diagnose -o csv --columns count | awk 'NR > 1 { n += $1 } END { print n + 0 }')" -ge "$1" ]; }

# --- without the daemon, and with it
traffic
ok "failures wait in the map" await failed_at_least 3
for who in alone run; do
	if [ "$who" = run ]; then
		start daemon net_s "$HELLOGATE" run --config "$HG_DIR/run.yaml" --policy "$HG_DIR/acme-corp.yaml" --listen none
		ok "run is there" await -t 60 grep -q serving "$HG_DIR/daemon.err"
		traffic
		ok "run has diagnosed" await failed_at_least 6
	fi
	dump "$who"
	said "support-dump, $who" 0 'hashed'
	is "$(stat -c %a "$HG_DIR/out/$who.tar.gz")" 600 "for its owner alone, $who"
	is "$(tar tzf "$HG_DIR/out/$who.tar.gz" | grep -vcE '^hellogate-support-[0-9]{8}T[0-9]{6}Z/')" 0 \
		"all of it is in one directory, $who"
	is "$(found "$who")" "" "no name, address, path or remark is in it, $who"
	for part in features status stats programs links maps policy-rules policy-history; do
		ok "$part.json is JSON, $who" json_holds . "$HG_DIR/out/$who/$part.json"
	done
	ok "failures.jsonl is JSON, $who" jq -es 'length >= 3' "$HG_DIR/out/$who/failures.jsonl"
	listed=$(sed -n 's/^\([a-z-]*\.[a-z]*\)  .*/\1/p' "$HG_DIR/out/$who/README")
	for part in $listed; do
		[ -e "$HG_DIR/out/$who/$part" ] || [ -s "$HG_DIR/out/$who/$part.missing" ] ||
			fail "$part is there or says why, $who"
	done
	is "$(grep -c . <<<"$listed")" 18 "its README tells of 18 parts, $who"
done

# --- what is in it is what is so
d=$HG_DIR/out/run
like "$(<"$d/README")" '^Masked: ' "its README says that it is masked"
is "$(jq -r '.interfaces[0].interface, .daemon' "$d/status.json" | xargs)" "s0 true" "status"
is "$(jq -r '.rules[].rule' "$d/policy-rules.json" | xargs)" "default default deny listed default unread" "names of rules stay"
is "$(jq -r '.[0].revision' "$d/policy-history.json")" 1 "history"
like "$(<"$d/metrics.txt")" '^hellogate_build_info' "metrics"
like "$(<"$d/version.txt")" '^hellogate [0-9]' "version"
like "$(<"$d/system.txt")" '^CapEff:' "rights"
like "$(<"$d/sysctl.txt")" '^kernel.unprivileged_bpf_disabled = ' "settings"
id=$(jq '.interfaces[0].programs.ingress' "$d/status.json")
is "$(jq --argjson id "$id" '.[] | select(.id == $id) | .ours and .verified_insns > 1000 and .memlock > 0' "$d/programs.json")" \
	true "programs: ours, with what the verifier walked, and its memory"
is "$(jq '[.[] | select(.pin == "flows") | .max_entries > 0 and .memlock > 0] | all' "$d/maps.json")" true \
	"maps: with their memory"
is "$(jq -r '.[].pin' "$d/maps.json" | sort | xargs)" "$(find "$HELLOGATE_BPFFS/maps" -type f -printf '%f\n' | sort | xargs)" \
	"every map that is pinned"
like "$(<"$d/causes.csv")" '^[0-9]+,no_shared_cipher,' "causes"
is "$(jq -r 'select(.hellogate.outcome != "failed" and .event_type != "flow").event_type' "$d/failures.jsonl")" "" "failures, and nothing else"

# one name has one hash, wherever it stands; and another one in the next archive
name=$(jq -r 'select(.event_type == "tls").tls.sni' "$d/failures.jsonl" | sort | uniq -c)
is "$(grep -cE ' h-[0-9a-f]{32}$' <<<"$name")" 3 "three names failed, hashed"
like "$(<"$d/policy.yaml")" "sni:" "the policy's conditions are there"
like "$(<"$d/policy.yaml")" 'version_max: .?<1.2' "its words stay"
like "$(<"$d/policy.yaml")" '"?@customers' "its sets stay"
is "$(grep -oE '(\.|\*\.)h-[0-9a-f]{32}' "$d/policy.yaml" | wc -l)" 3 "whether a name stands for all below it stays"
like "$(<"$d/policy.yaml")" 'h-[0-9a-f]{32}/16' "how wide a network is stays"
like "$(<"$d/config.yaml")" 'token: .?\(left out\)' "what leads to a secret is left out"
like "$(<"$d/config.yaml")" 'sample: 0.5' "the rest of the configuration is there"
is "$(comm -12 <(grep -ohE 'h-[0-9a-f]{32}' "$HG_DIR/out/alone/failures.jsonl" | sort -u) \
	<(grep -ohE 'h-[0-9a-f]{32}' "$d/failures.jsonl" | sort -u) | wc -l)" 0 "each archive has its own key"

# the name of a policy that also failed: its hash is the same in both
policy same.yaml <<-YAML
	version: 1
	mode: monitor
	rules:
	  - {name: same, match: {sni: [failing.allowed.example], src: [$C4]}, action: count}
YAML
run hg policy load "$HG_DIR/same.yaml"
dump same
said "support-dump with another policy" 0
hash=$(sed -n 's/.*- \(h-[0-9a-f]*\)$/\1/p' "$HG_DIR/out/same/policy.yaml" | head -n 1)
like "$(<"$HG_DIR/out/same/failures.jsonl")" "\"sni\":\"$hash\"" "a name of the policy is known again in the failures"
hash=$(sed -n 's/.*- \(h-[0-9a-f]*\)$/\1/p' "$HG_DIR/out/same/policy.yaml" | tail -n 1)
like "$(<"$HG_DIR/out/same/failures.jsonl")" "\"src_ip\":\"$hash\"" "and an address"

# --- as it is
run hg policy load "$HG_DIR/acme-corp.yaml"
dump full --full
said "support-dump --full" 0 'as they are: mind'
is "$(<"$HG_DIR/out/full/policy.yaml")" "$(<"$HG_DIR/acme-corp.yaml")" "--full: the policy as it is"
like "$(<"$HG_DIR/out/full/failures.jsonl")" 'failing.allowed.example' "--full: names"
like "$(<"$HG_DIR/out/full/failures.jsonl")" "\"$C4\"" "--full: addresses"
like "$(<"$HG_DIR/out/full/config.yaml")" 'gate.internal.example' "--full: the configuration"
unlike "$(all_of full)" '0123456789abcdef0|secret.token' "--full: no secret"
unlike "$(<"$HG_DIR/out/full/README")" '^Masked' "--full: its README says so"

# --- where to
(cd "$HG_DIR/out" && hg support-dump -q 2>"$HG_DIR/quiet.err")
is "$(find "$HG_DIR/out" -name 'hellogate-support-*Z.tar.gz' | wc -l)" 1 "without --output: a name with the time"
is "$(<"$HG_DIR/quiet.err")" "" "-q says nothing"
ok "- is stdout" eval 'hg support-dump -o - 2>/dev/null | tar tz | grep /README'
touch "$HG_DIR/there"
run hg support-dump -o "$HG_DIR/there"
said "what is there is not written over: 7" 7 'File exists'
is "$(size "$HG_DIR/there")" 0 "and is as it was"
run hg support-dump -o "$HG_DIR/no/such/directory"
said "a directory that is not there: 5" 5 'No such file'
run bash -c '"$1" support-dump -o - >/dev/full' _ "$HELLOGATE"
said "a full disk: 8" 8 'cannot write the archive'
run hg support-dump surplus
said "an operand: 2" 2

# --- parts that cannot be had
echo 'http: {listen: [' >"$HG_DIR/run.yaml"
dump broken
said "a configuration that is no YAML should have been there: 8" 8 '1 parts should be there'
like "$(<"$HG_DIR/out/broken/config.yaml.missing")" 'is not YAML' "and its file says why"
is "$(found broken)" "" "nothing of it is told"
rm "$HG_DIR/run.yaml"
dump none
said "none at all is no fault" 0
like "$(<"$HG_DIR/out/none/config.yaml.missing")" 'No such file' "and that is said"
stop daemon
hg detach --all >/dev/null 2>&1
dump nothing
said "nothing attached: what can be had is" 0
like "$(<"$HG_DIR/out/nothing/status.json.missing")" 'nothing is attached' "status says why it is not there"
ok "the kernel's side is there" test -s "$HG_DIR/out/nothing/programs.json"
if command -v setpriv >/dev/null; then
	attached "$TCX" acme-corp.yaml
	chmod 755 "$HG_DIR" "$HG_DIR/bpf"
	run setpriv --reuid=65534 --regid=65534 --clear-groups "$HELLOGATE" support-dump -o "$HG_DIR/out/nobody.tar.gz"
	said "without privileges: 4, as status" 4 'CAP_BPF'
else
	skip "without privileges: 4, as status" "no setpriv here"
fi
stop tls
finish
