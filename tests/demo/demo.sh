#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# hellogate at work on this machine, in a few seconds: `make demo` builds it and
# runs this, as root. A client and a server, each in a network namespace of its
# own, real TLS between them, and hellogate on the server's interface. A line
# with "ok" or "FAILED" is an expectation; the exit code is 0 if all were met.
# Whatever happens, Ctrl-C included, nothing is left behind.
#
# With STAY=1 it goes on behind the last line but one: clients ask again and again, and
# the page of hellogate run shows them, until Ctrl-C.
#
# Environment: HELLOGATE (the binary), HG_TOOLS (the test tools), NO_COLOR, STAY.
set -u -o pipefail
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
hellogate=$(realpath -m "${HELLOGATE:-$top/build/hellogate}")
tools=$(realpath -m "${HG_TOOLS:-$top/build/tests/tools}")

client=hgdemo$$-client server=hgdemo$$-server
client_addr=198.51.100.10 server_addr=198.51.100.20
allowed=shop.example forbidden=www.casino.example
dir='' pids=() expected=0 met=0 web_seen=0 staying='' page=''

# --- words -------------------------------------------------------------------

bold='' good='' bad='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' good=$'\e[32m' bad=$'\e[31m' plain=$'\e[0m'
fi

step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
say() { printf '  %s\n' "$@"; }
show() { sed 's/^/    /'; } # what a program printed

die() {
	printf 'demo: %s\n' "$*" >&2
	exit 1
}

# expect WHAT COMMAND...: the command's success decides
expect() {
	local what=$1
	shift
	expected=$((expected + 1))
	if "$@" >/dev/null 2>&1; then
		met=$((met + 1))
		printf '  %sok%s      %s\n' "$good" "$plain" "$what"
	else
		printf '  %sFAILED%s  %s\n' "$bad" "$plain" "$what"
	fi
}

await() { # COMMAND...: until it succeeds, five seconds at most
	local until=$((SECONDS + 5))
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $until ] || return 1
		sleep 0.05
	done
}

# --- the stage ---------------------------------------------------------------

preflight() {
	local tool
	[ "$(id -u)" = 0 ] || die "needs root, for network namespaces and BPF programs: sudo make demo"
	[ -x "$hellogate" ] || die "no $hellogate: run make first"
	[ -x "$tools/hello" ] || die "no $tools/hello: run make tools first"
	for tool in ip curl openssl gnutls-cli jq; do
		command -v "$tool" >/dev/null || die "no $tool here: packaging/deps.sh demo installs it"
	done
}

scratch() {
	dir=$(mktemp -d "/run/hgdemo$$.XXXXXX") || die "no scratch directory under /run"
	mkdir "$dir/bpf"
	mount -t bpf "hgdemo$$" "$dir/bpf" || die "cannot mount a bpffs"
	export HELLOGATE_BPFFS=$dir/bpf/hellogate
}

network() {
	{ ip netns add "$client" && ip netns add "$server"; } || die "no network namespaces here"
	ip link add c0 netns "$client" type veth peer name eth0 netns "$server" || die "no veth devices here"
	ip -n "$client" addr add $client_addr/24 dev c0
	ip -n "$server" addr add $server_addr/24 dev eth0
	ip -n "$client" link set c0 up
	ip -n "$server" link set eth0 up
}

# behind NAME COMMAND...: in the background, with its output in files of that name
behind() {
	local name=$1
	shift
	"$@" </dev/null >"$dir/$name.out" 2>"$dir/$name.err" &
	pids+=($!)
}

at_client() { ip netns exec "$client" "$@"; }
listening() { ip netns exec "$server" ss -Hltn "sport = :$1" | grep -q .; }

servers() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$allowed" \
		-addext "subjectAltName=DNS:$allowed,DNS:$forbidden" -keyout "$dir/key.pem" -out "$dir/cert.pem" \
		2>"$dir/req.err" || die "openssl req: $(<"$dir/req.err")"
	behind web ip netns exec "$server" openssl s_server -accept 443 -www -state \
		-key "$dir/key.pem" -cert "$dir/cert.pem"
	behind witness ip netns exec "$server" "$tools/sink" --port 8443
	await listening 443 || die "s_server does not start: $(<"$dir/web.err")"
	await listening 8443 || die "sink does not start: $(<"$dir/witness.err")"
}

dead() { ! kill -0 "$1"; }

stop() { # PID
	kill "$1" 2>/dev/null
	await dead "$1" || kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

cleanup() {
	local pid name
	if [ -n "${HELLOGATE_BPFFS:-}" ] && [ -d "$HELLOGATE_BPFFS" ]; then
		"$hellogate" detach --all >/dev/null 2>&1
	fi
	for pid in "${pids[@]}"; do stop "$pid"; done
	pids=()
	for name in "$client" "$server"; do
		[ ! -e "/run/netns/$name" ] || ip netns del "$name"
	done
	[ -n "$dir" ] || return 0
	if mountpoint -q "$dir/bpf"; then umount "$dir/bpf" || umount -l "$dir/bpf"; fi
	rm -rf --one-file-system "$dir"
	dir=''
}

leave() {
	local rc=$?
	trap '' INT TERM HUP
	trap - EXIT
	cleanup
	exit $rc
}

nothing_is_left() {
	! ip netns list | grep -q "^hgdemo$$-" && ! grep -q "hgdemo$$" /proc/mounts &&
		[ -z "$(find /run -maxdepth 1 -name "hgdemo$$.*")" ]
}

# --- clients: one connection each; what they print is in $dir/said ------------

try_curl() { # NAME PORT
	at_client curl -sS --max-time 10 --cacert "$dir/cert.pem" --resolve "$1:$2:$server_addr" \
		-o /dev/null -w 'HTTP status %{http_code}\n' "https://$1:$2/" >"$dir/said" 2>&1
}

try_openssl() { # NAME
	at_client timeout 10 openssl s_client -connect $server_addr:443 -servername "$1" \
		-verify_hostname "$1" -CAfile "$dir/cert.pem" </dev/null >"$dir/said" 2>&1
}

try_gnutls() { # NAME
	at_client timeout 10 gnutls-cli -p 443 --x509cafile "$dir/cert.pem" --sni-hostname "$1" \
		--verify-hostname "$1" $server_addr </dev/null >"$dir/said" 2>&1
}

# A hello with an X25519MLKEM768 key share over an ordinary socket, in two segments.
try_post_quantum() { # NAME
	"$tools/hello" --sni "$1" --pq --alpn h2,http/1.1 --pad-to 1746 >"$dir/pq.hello" &&
		at_client "$tools/dial" $server_addr 443 "$dir/pq.hello" --cut 1400 --want 100 >"$dir/said" 2>&1
}

said() { grep -qiE -e "$1" "$dir/said"; }
dial_said() { jq -es "length > 0 and all(.[]; $1)" "$dir/said"; }

# The server's log since it was last looked at, without the steps that went well.
web_resets() { [ "$(tail -n +$((web_seen + 1)) "$dir/web.err" | grep -c 'SSL_accept:error')" -ge "$1" ]; }
web_looked_at() { web_seen=$(wc -l <"$dir/web.err"); }

witness_saw() { jq -es 'last | .end == "ECONNRESET" and .read == 0' "$dir/witness.out"; }

# --- what hellogate tells ------------------------------------------------------

event_count() { jq -c "select($1)" "$dir/events.out" 2>/dev/null | wc -l; }
events_at_least() { [ "$(event_count "$2")" -ge "$1" ]; }

events_table() {
	jq -r 'select(.event_type == "tls") | [.src_port, .tls.sni, .hellogate.hello.bytes, .hellogate.hello.segments,
		(if .hellogate.hello.pq then "yes" else "-" end), .hellogate.coverage, .hellogate.outcome,
		(.hellogate.cause // "-"), .hellogate.policy.rule] | @tsv' "$dir/events.out" |
		{ printf 'PORT\tSNI\tBYTES\tSEGMENTS\tPQ\tCOVERAGE\tOUTCOME\tCAUSE\tRULE\n' && cat; } |
		awk -F '\t' '{ printf "%-6s %-19s %-6s %-9s %-4s %-15s %-8s %-13s %s\n", $1, $2, $3, $4, $5, $6, $7, $8, $9 }'
}

metric() { # NAME...: the sum over the labels of each
	local name
	for name; do
		awk -v name="hellogate_$name{" 'index($0, name) == 1 { sum += $NF } END { print sum + 0 }' "$dir/metrics"
	done | xargs
}

# --- the play ------------------------------------------------------------------

attach() {
	step "1. A server, and hellogate on its interface"
	say "openssl s_server listens on $server_addr:443, in a network namespace of its own;" \
		"a witness beside it, on 8443, tells which bytes and errors an application gets. The policy:"
	cat >"$dir/policy.yaml" <<-'YAML'
		version: 1
		mode: enforce
		default: allow
		rules:
		  - {name: no-casinos, match: {sni: [.casino.example]}, action: reset}
	YAML
	show <"$dir/policy.yaml"
	say "hellogate attach --netns $server --policy policy.yaml eth0"
	"$hellogate" attach --netns "$server" --policy "$dir/policy.yaml" eth0 >"$dir/said" 2>&1 ||
		die "attach failed: $(<"$dir/said")"
	show <"$dir/said"
	behind events "$hellogate" events -f
	reader=$!
	expect "hellogate is attached, and no daemon runs" "$hellogate" status
}

allowed_pass() {
	step "2. Allowed names pass: three clients ask for $allowed"
	try_curl $allowed 443
	expect "curl is answered: $(head -n 1 "$dir/said")" said 'HTTP status 200'
	try_openssl $allowed
	expect "openssl s_client is satisfied: $(grep -m 1 'Verify return code' "$dir/said" | xargs)" said 'Verify return code: 0'
	try_gnutls $allowed
	expect "gnutls-cli, too: $(grep -m 1 'Handshake was' "$dir/said" | cut -c 3-)" said 'Handshake was completed'
	expect "and the server finished three handshakes" \
		await eval "[ \$(grep -c 'SSL_accept:SSLv3/TLS read finished' '$dir/web.err') -ge 3 ]"
	web_looked_at
}

forbidden_is_reset() {
	step "3. A forbidden name is reset, at both ends: the same clients ask for $forbidden"
	try_curl $forbidden 443
	expect "curl is reset: $(head -n 1 "$dir/said")" said 'curl: \(35\).*reset by peer'
	try_openssl $forbidden
	expect "openssl s_client is reset (104 is ECONNRESET): $(grep -m 1 'errno' "$dir/said")" said 'errno=104'
	try_gnutls $forbidden
	expect "gnutls-cli is reset: $(grep -m 1 'Fatal' "$dir/said")" said 'Error in the pull function'
	expect "the server gave up three times before it had a hello:" await web_resets 3
	tail -n +$((web_seen + 1)) "$dir/web.err" | grep 'SSL_accept:error' | show
	web_looked_at
	try_curl $forbidden 8443
	expect "the witness: its first read failed with ECONNRESET, after 0 bytes of the hello:" await witness_saw
	tail -n 1 "$dir/witness.out" | jq -c '{peer, port, op, read, "end": .end}' | show
}

post_quantum() {
	step "4. A post-quantum hello needs two segments: 1746 bytes, cut after 1400"
	try_post_quantum $allowed
	expect "for $allowed the server answers, with $(jq -r .read "$dir/said") bytes" dial_said '.end == "done"'
	expect "hellogate read it whole, across the cut:" await events_at_least 1 \
		'.hellogate.hello | .pq == true and .segments == 2'
	jq -c 'select(.hellogate.hello.pq == true) | {sni: .tls.sni, ja4: .tls.ja4} + (.hellogate.hello |
		{pq, bytes, segments, groups}) + {coverage: .hellogate.coverage}' "$dir/events.out" | show
	try_post_quantum $forbidden
	expect "for $forbidden the client gets ECONNRESET instead" dial_said '.end == "ECONNRESET" and .read == 0'
}

told() {
	step "5. What hellogate tells: an event for each handshake (Suricata EVE; here in short)"
	await events_at_least 9 '.event_type == "tls"'
	events_table | show
	expect "nine handshakes, nine events" [ "$(event_count '.event_type == "tls"')" = 9 ]
	expect "each of the five resets has its cause" \
		[ "$(event_count '.hellogate.cause == "policy_reset"')" = 5 ]
	expect "and a drop event, which says that both ends were told" \
		[ "$(event_count '.event_type == "drop" and .verdict.reject_target == "both"')" = 5 ]
}

without_processes() {
	step "6. The kernel decides: the reader of events ends, and no process of hellogate is left"
	stop "$reader"
	try_curl $forbidden 443
	expect "curl is still reset: $(head -n 1 "$dir/said")" said 'curl: \(35\).*reset by peer'
	try_curl $allowed 443
	expect "curl is still answered: $(head -n 1 "$dir/said")" said 'HTTP status 200'
}

answers() { curl -sf --max-time 2 -o /dev/null "http://127.0.0.1:$1/metrics"; }

# The daemon needs no interface of its own: it serves the instance, wherever that is attached.
serve() {
	local port
	for port in 9813 9814 9815 9816; do
		! answers "$port" || continue
		behind daemon "$hellogate" run --listen "127.0.0.1:$port"
		if await answers "$port"; then
			page=http://127.0.0.1:$port/
			return
		fi
	done
	die "hellogate run does not serve: $(<"$dir/daemon.err")"
}

# What a busy server meets: most are served, some do not trust it, some are forbidden.
ask_once() {
	try_curl $allowed 443
	try_gnutls $allowed
	try_curl $forbidden 443
	at_client curl -s --max-time 5 --resolve "$allowed:443:$server_addr" -o /dev/null "https://$allowed/"
	at_client curl -sk --max-time 5 --tls-max 1.2 --resolve "api.example:443:$server_addr" -o /dev/null "https://api.example/"
	try_post_quantum $allowed
}

stay() {
	serve
	staying=1
	trap 'staying=' INT
	step "   hellogate run: the page is at $page"
	say "Clients go on asking. Open it in a browser on this machine; from elsewhere:" \
		"ssh -L 9813:${page:7:-1} HOST. Ctrl-C ends it." \
		"In another terminal: HELLOGATE_BPFFS=$HELLOGATE_BPFFS $hellogate top"
	while [ -n "$staying" ]; do ask_once >/dev/null 2>&1; done
	trap 'exit 130' INT
}

the_end() {
	step "7. hellogate status"
	"$hellogate" status >"$dir/said" 2>&1
	show <"$dir/said"
	"$hellogate" metrics >"$dir/metrics"
	expect "hellogate metrics counts the same: 11 hellos, 6 resets" [ "$(metric client_hellos_total resets_total)" = "11 6" ]
	[ -z "${STAY:-}" ] || stay
	step "8. hellogate detach --all"
	expect "detached" "$hellogate" detach --all
	cleanup
	expect "nothing is left: no namespace, no mount, no file" nothing_is_left
}

main() {
	trap leave EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'exit 129' HUP
	preflight
	scratch
	network
	servers
	attach
	allowed_pass
	forbidden_is_reset
	post_quantum
	told
	without_processes
	the_end
	step "$met of $expected expectations met, in $SECONDS s"
	[ "$met" = "$expected" ]
}

main
