#!/usr/bin/env bash
# Rules on what real clients offer; rules that expire, that have a limit, that hold.
. "$(dirname "$0")/lib.sh"

need openssl curl
fixture
certificates
tls_server 443

# client LABEL ARGUMENT...: served or reset, by what openssl says of it
client() {
	local label=$1
	shift
	in_c timeout 20 openssl s_client -connect "$S4:443" "$@" </dev/null \
		>"$HG_DIR/$label.out" 2>&1
	if grep -q 'Connection reset by peer\|errno=104' "$HG_DIR/$label.out"; then
		echo reset
	elif grep -qE '^ *(New, TLS|Cipher is|Protocol *:)|^New, TLS' "$HG_DIR/$label.out"; then
		echo served
	else
		echo "neither: $(tr '\n' ' ' <"$HG_DIR/$label.out" | tail -c 300)"
	fi
}

# rule YAML: a policy of one rule that resets, loaded
rule() {
	policy rule.yaml <<-YAML
		version: 1
		mode: enforce
		rules:
		  - {name: it, match: {$1}, action: reset${2:+, $2}}
	YAML
	run hg policy load -q "$HG_DIR/rule.yaml"
	[ "$rc" = 0 ] || bail "policy load: $err"
}

# both WHAT RULE HIT MISS: one is reset, the other is not (arguments of s_client, by blanks)
both() {
	rule "$2"
	# shellcheck disable=SC2086 # arguments
	is "$(client hit $3)" reset "$1: reset"
	# shellcheck disable=SC2086
	is "$(client miss $4)" served "$1: another is served"
}

policy rule.yaml <<<'version: 1'
run hg attach s0 --netns "$HG_S" --hook "$TCX" --policy "$HG_DIR/rule.yaml"
said "attach" 0

both "a cipher" 'ciphers: [TLS_CHACHA20_POLY1305_SHA256]' \
	'-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256' \
	'-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256'
# OpenSSL adds TLS_EMPTY_RENEGOTIATION_INFO_SCSV
both "how many ciphers" 'ciphers: {count: "<3"}' '-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256' \
	'-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384'
both "a group" 'groups: [P-384]' '-groups P-256:P-384' '-groups P-256'
both "a protocol" 'alpn: [h2]' '-alpn http/1.1,h2' '-alpn http/1.1'
both "no protocol" 'alpn: none' '' '-alpn http/1.1'
both "the lowest version" 'version_min: "<1.3"' '-min_protocol TLSv1.2' '-tls1_3'
both "the interface, and a protocol" 'interface: s0, alpn: [h2]' '-alpn h2' '-alpn h3'
both "an interface, excepted" 'alpn: [h2], not: {interface: [s1, s2]}' '-alpn h2' ''
client ticket -tls1_2 -sess_out "$HG_DIR/session" >/dev/null
both "a session to resume" 'resumed: true' "-tls1_2 -sess_in $HG_DIR/session" '-tls1_2'

# --- until when
rule 'sni: [www.forbidden.example]' "expires: $(date -u -d '+1 day' +%F)"
is "$(client today -servername www.forbidden.example)" reset "a rule that expires tomorrow acts"
rule 'sni: [www.forbidden.example]' 'expires: 2001-01-31'
like "$err" 'warning: the rule has expired' "one that has is warned of"
is "$(client over -servername www.forbidden.example)" served "and does not act"
rule 'sni: [www.forbidden.example]' \
	"expires: \"$(date -u -d '+4 seconds' +%FT%TZ)\""
is "$(client soon -servername www.forbidden.example)" reset "a rule that has seconds to go acts"
over() { [ "$(client over -servername www.forbidden.example)" = served ]; }
ok "until its second has come, and nobody is there to say so" await over

# --- how often
stop tls
sink --answer 517
usual_hellos
rule 'sni: [www.forbidden.example]' 'limit: {resets_per_second: 1, on_exceed: monitor}'
# Five hellos in one moment: what each connection gets for an answer.
at_once() {
	in_c python3 - "$S4" "$HG_DIR/forbidden.hello" <<'PYTHON'
import socket, sys, time
hello = open(sys.argv[2], "rb").read()
flows = [socket.create_connection((sys.argv[1], 443), 10) for _ in range(5)]
begin = time.monotonic()
for s in flows:
    s.sendall(hello)
sent = time.monotonic() - begin
def fate(s):
    try:
        return "served" if s.recv(100) else "closed"
    except ConnectionResetError:
        return "reset"
fates = [fate(s) for s in flows]
print(*fates if sent < 0.9 else ["late"])
PYTHON
}
fates=$(at_once)
is "$fates" "reset served served served served" "one a second, and then none"
counted 1 "the breaker is open" policy_breaker_open 'rule="it"'
counted 4 "who met it is counted" policy_limit_exceeded_total 'rule="it"'
run hg status
like "$out" 'rule "it" is beyond its 1 a second: it only counts' "status warns"
run hg events
is "$(jq -s 'map(select(.event_type == "tls" and .hellogate.policy.limited)) | length' <<<"$out")" 4 \
	"their events say so"

detach_leaves_nothing
finish
