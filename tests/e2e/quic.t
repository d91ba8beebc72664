#!/usr/bin/env bash
# QUIC by real peers (ngtcp2's client and server): what a client's Initials are counted as,
# and that `quic: drop` leaves TCP, to the same port, as the only way.
. "$(dirname "$0")/lib.sh"

for peer in gtlsclient gtlsserver curl; do need "$peer"; done
fixture
certificates
tls_server 443
mkdir "$HG_DIR/htdocs"
echo "over QUIC" >"$HG_DIR/htdocs/index.html"

quic_server() {
	start quic in_s gtlsserver --no-quic-dump -d "$HG_DIR/htdocs" '*' 443 "$HG_DIR/key.pem" "$HG_DIR/cert.pem"
	await listening_udp || bail "gtlsserver does not start: $(<"$HG_DIR/quic.err")"
}

listening_udp() { in_s ss -Hlun "sport = :443" | grep -q .; }

# quic_get [OPTION...]: one request by HTTP/3; got and sent are the status and how many
# Initials the client says that it has sent
quic_get() {
	run timeout 30 ip netns exec "$HG_C" gtlsclient --no-quic-dump --exit-on-all-streams-close \
		--handshake-timeout="${patience:-20s}" "$@" "${server:-$S4}" 443 "https://www.allowed.example/index.html"
	got=$(grep -oE ':status: [0-9]+' <<<"$err" | sort -u)
	sent=$(grep -cE 'pkt tx pkn=.* type=Initial' <<<"$err")
}

# One that is given up soon: an Initial is sent again after a second.
quic_try() {
	local patience=2s
	quic_get "$@"
}

quic_try6() {
	local server=$S6
	quic_try
}

tcp_get() {
	run in_c curl -sk -m 5 -o /dev/null -w '%{http_code}' --resolve "www.allowed.example:443:$S4" \
		https://www.allowed.example/
	is "$out" 200 "TCP to the same port is answered ($1)"
}

quic_policy() { # MODE ACTION [PROTECTED]
	policy quic.yaml <<-YAML
		version: 1
		mode: $1
		quic: $2
		protect: {src: [${3:-192.0.2.1}]}
	YAML
}

loaded() { # DESCRIPTION
	run hg policy load "$HG_DIR/quic.yaml"
	said "policy load: $1" 0
}

initials() { snapshot && number quic_initials_total "action=\"$1\""; }

# counted_as ACTION DESCRIPTION COMMAND...: as many more under it as the client has sent, and
# none under the others
counted_as() {
	local action=$1 what=$2 before other
	shift 2
	snapshot
	before=$(number quic_initials_total "action=\"$action\"")
	other=$(($(number quic_initials_total) - before))
	"$@"
	ok "the client has sent Initials ($what: $sent)" test "$sent" -gt 0
	is "$(($(initials "$action") - before))" "$sent" "each is counted: $action ($what)"
	is "$(($(number quic_initials_total) - $(number quic_initials_total "action=\"$action\"")))" "$other" \
		"and none otherwise ($what)"
}

is_answered() { is "$got" ":status: 200" "$1" || diag "$(tail -n 20 <<<"$err")"; }
is_silent() { is "$got" "" "$1"; }

# at_the_server HOOK
at_the_server() {
	counted_as allow "$1: without a policy" quic_get
	is_answered "HTTP/3 works without a policy ($1)"
	quic_policy monitor drop
	loaded "quic: drop in monitor ($1)"
	counted_as would_drop "$1: monitor" quic_get
	is_answered "nothing is dropped in monitor ($1)"
	quic_policy enforce drop
	loaded "quic: drop in enforce ($1)"
	counted_as drop "$1: enforce" quic_try
	is_silent "no answer by QUIC ($1)"
	ok "what was sent again was dropped, too ($1)" test "$sent" -gt 1
	tcp_get "$1"
	counted_as drop "$1: IPv6" quic_try6
	is_silent "no answer by QUIC, IPv6 ($1)"
	quic_policy enforce drop 10.77.0.1/32
	loaded "a protected source ($1)"
	counted_as allow "$1: protected" quic_get
	is_answered "a protected client is answered by QUIC ($1)"
}

quic_server
for hook in $(hooks xdp "$TCX" tc | sort -u); do
	attached "$hook"
	at_the_server "$hook"
	run hg status
	like "$out" "policy .*quic drop" "status tells the policy ($hook)"
	like "$out" "^quic +[0-9]+ Initials: [0-9]+ allow, [0-9]+ drop, [0-9]+ would_drop" \
		"status tells what became of them ($hook)"
	run hg policy show
	like "$out" "mode enforce, quic drop" "policy show tells it ($hook)"
	detach_leaves_nothing
done

# at the client's way out
quic_policy enforce drop
HG_AT=$HG_C/c0 attached "$TCX" quic.yaml
counted_as drop "at egress of a client host" quic_try
is_silent "no answer by QUIC (at egress of a client host)"
detach_leaves_nothing

# ports
run hg attach --netns "$HG_S" --hook "$TCX" --ports 8443 --policy "$HG_DIR/quic.yaml" s0
said "attach --ports 8443" 0
quic_get
is_answered "QUIC to a port that is not watched is answered"
is "$(initials drop)" 0 "and not counted"
detach_leaves_nothing

# a version that nobody has: the server names its own, and the client tries again
run hg attach --netns "$HG_S" --hook "$TCX" --policy "$HG_DIR/quic.yaml" s0
said "attach, once more" 0
quic_try -v 0x1a2a3a4a --preferred-versions=v1
counted 1 "a greased version passes, counted" quic_unknown_versions_total
is_silent "no answer to what follows its negotiation"
finish
