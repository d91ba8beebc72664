#!/usr/bin/env bash
# What is written as events is what docs/schema/event.json says: every outcome, every kind
# of line, and no field more.
. "$(dirname "$0")/lib.sh"

need curl openssl nft /usr/bin/python3
/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || skip_all "no jsonschema for Python here (Debian's python3-jsonschema)"
SCHEMA=$HG_ROOT/docs/schema/event.json
VALIDATE=$HG_ROOT/tests/e2e/validate

# valid FILE DESCRIPTION
valid() {
	local wrong
	if wrong=$("$VALIDATE" "$SCHEMA" <"$HG_DIR/$1" 2>&1); then
		pass "$2 ($(wc -l <"$HG_DIR/$1"))"
	else
		fail "$2" "$wrong"
	fi
}

# --- its words are those of the program
# words LIST FILE: of an X(id, "text") list
words() {
	sed -n "/^#define $1(X)/,/[^\\\\]\$/s/.*X([a-z0-9_]*, \"\\([^\"]*\\)\").*/\\1/p" "$HG_ROOT/$2" | sort | xargs
}
schema_words() { jq -r ".[\"\$defs\"].$1[]" "$SCHEMA" | sort | xargs; }
# has_words LIST FILE PLACE-IN-THE-SCHEMA [NOT]: "none" is told by absence
has_words() {
	is "$(schema_words "$3")" "$(words "$1" "$2" | tr ' ' '\n' | grep -vx -e "${4:-}" | xargs)" \
		"the schema has the words of $1"
}
has_words HG_CAUSES include/terms.h handshake.properties.cause.enum none
has_words HG_OUTCOMES include/terms.h handshake.properties.outcome.enum '-'
has_words HG_FLAGS include/terms.h flags.items.enum '-'
has_words HG_BUCKETS include/terms.h coverage.enum '-'
has_words HG_CLOSES include/terms.h close.properties.how.enum none
has_words HG_ACTIONS include/terms.h policy.properties.action.enum '-'
has_words HG_DECIDERS include/terms.h policy.properties.decided_by.enum '-'
has_words HG_FINDINGS user/x509.h certificate.properties.findings.items.enum '-'
is "$(schema_words handshake.properties.reasons.items.enum)" \
	"$(sed -n '/^#define HG_REASONS(X)/,/[^\\]$/s/.*X(\([a-z0-9_]*\),.*/\1/p' "$HG_ROOT/user/reasons.h" | sort | xargs)" \
	"the schema has the words of HG_REASONS"

# --- real events
fixture
certificates
hello half --sni half.allowed.example --pad-to 1200
hello forbidden --sni www.forbidden.example
policy acts.yaml <<-YAML
	version: 1
	mode: enforce
	rules:
	  - {name: deny, match: {sni: [.forbidden.example]}, action: reset}
	  - {name: away, match: {sni: [.dropped.example]}, action: drop}
YAML
run hg attach --netns "$HG_S" --hook "$TCX" --ports 443,444 --policy "$HG_DIR/acts.yaml" s0
said "attach" 0
tls_server 443
cat >"$HG_DIR/run.yaml" <<-YAML
	events: {outputs: [{to: file, path: eve.json}], sample: 0.999}
YAML
start daemon net_s "$HELLOGATE" run --config "$HG_DIR/run.yaml"
ok "run serves" await daemon_answers || diag "$(<"$HG_DIR/daemon.err")"
handshake() { in_c timeout "${1:-20}" openssl s_client -connect "$S4:${PORT:-443}" "${@:2}" </dev/null >/dev/null 2>&1; }
handshake 20 -servername www.allowed.example
handshake 20 -servername www.allowed.example -tls1_2 -alpn h2,http/1.1
handshake 20 -servername www.allowed.example -tls1_2 -cipher RSA
handshake 20 -servername www.allowed.example -tls1_2 -verify_return_error
handshake 20 -noservername -tls1_3
handshake 20 -servername www.forbidden.example
handshake 2 -servername www.dropped.example
in_c timeout 20 openssl s_client -connect "[$S6]:443" -servername www.allowed.example </dev/null >/dev/null 2>&1
PORT=444 handshake 20 -servername www.allowed.example
in_c "$HG_TOOLS/dial" "$S4" 443 "$HG_DIR/half.hello" --want 0 --timeout 200 >/dev/null
# A client whose firewall takes RSTs away lives on behind a reset.
in_c nft 'add table inet hg; add chain inet hg taken { type filter hook input priority -300; }; add rule inet hg taken tcp flags rst drop' ||
	bail "nft"
in_c "$HG_TOOLS/dial" "$S4" 443 "$HG_DIR/forbidden.hello" --timeout 4500 >/dev/null
in_c nft flush ruleset
has() { jq -es "any($1)" "$HG_DIR/eve.json"; }
for outcome in established failed reset dropped; do
	ok "there is one: $outcome" await -t 30 has ".event_type == \"tls\" and .hellogate.outcome == \"$outcome\""
done
ok "there is one: an attempt" await -t 30 has '.event_type == "flow"'
ok "there is one: a drop" await has '.event_type == "drop"'
ok "there is one: an anomaly" await has '.event_type == "anomaly"'
ok "there is one: a certificate" has '.hellogate.certificate.leaf != null'
ok "there is one: a sampled one" has '.hellogate.sample_rate == 0.999'
stop daemon
stop tls
valid eve.json "events of run are valid"

# --- all other roads
sink
segclient capture --pcap "$HG_DIR/some.pcap" <<EOS
$(payloads half)
conn id=a payload=half want=0 timeout=300
conn id=b payload=half want=0 cut=200 order=rev timeout=300
conn id=c v=6 payload=half want=0 timeout=300
EOS
stop sink
run hg read "$HG_DIR/some.pcap" -o jsonl --at hello
echo "$out" >"$HG_DIR/read.jsonl"
valid read.jsonl "events of read are valid, at the hello and at the end"
run hg read "$HG_DIR/some.pcap" -o jsonl --eve-strict
echo "$out" >"$HG_DIR/strict.jsonl"
valid strict.jsonl "with --eve-strict, too"
cat >"$HG_DIR/private.yaml" <<-YAML
	events: {outputs: [{to: file, path: private.json}]}
	privacy: {names: hashed, addresses: hashed}
YAML
start daemon net_s "$HELLOGATE" run --config "$HG_DIR/private.yaml"
await daemon_answers
tls_server 443
handshake 20 -servername www.allowed.example -tls1_2
some() { test -s "$HG_DIR/private.json"; }
ok "there is one: a hashed one" await some
stop daemon
stop tls
valid private.json "events with hashed names and addresses are valid"
cat "$HG_DIR"/{eve.json,read.jsonl,private.json} >"$HG_DIR/all.jsonl"
run "$VALIDATE" "$SCHEMA" --renamed <"$HG_DIR/all.jsonl"
is "$rc $out" "0 " "the schema refuses each field under another name"
sed 's/"src_ip":"/&x/' "$HG_DIR/eve.json" >"$HG_DIR/wrong.json"
run "$VALIDATE" "$SCHEMA" <"$HG_DIR/wrong.json"
is "$rc" 1 "and what is no address"

# --- captures with their ground truth
captures=${CORPUS:-$HG_ROOT/../shared/corpus}
if [ -d "$captures" ]; then
	find "$captures" -name '*.pcap*' -print0 | sort -z |
		xargs -0 -n 50 "$HELLOGATE" read -o jsonl --at hello >"$HG_DIR/corpus.jsonl" 2>/dev/null
	valid corpus.jsonl "events of all captures are valid"
	is "$(jq -r '.hellogate.outcome // empty' "$HG_DIR/corpus.jsonl" | sort -u | xargs)" "established failed unknown" \
		"they have every outcome that a capture can have"
else
	skip "events of all captures" "no $captures: say where they are with CORPUS=DIR"
fi
finish
