# shellcheck shell=bash
#
# What every end-to-end test stands on: TAP, two network namespaces with a veth
# between them, a private bpffs, background processes, and a cleanup that always
# runs and is itself tested. Use:
#
#   . "$(dirname "$0")/lib.sh"
#   fixture                 # client $HG_C (c0), server $HG_S (s0)
#   ...
#   finish                  # cleans up, asserts that nothing is left, plans
#
# Environment: HELLOGATE (the binary), HG_TOOLS (segclient and friends),
# HG_KEEP=1 keeps the scratch directory and says where it is.

set -u -o pipefail
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

HG_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
HELLOGATE=$(realpath -m "${HELLOGATE:-$HG_ROOT/build/hellogate}")
HG_TOOLS=${HG_TOOLS:-$HG_ROOT/build/tests/tools}

HG_C=hg$$-c HG_S=hg$$-s
HG_NETNS=("$HG_C" "$HG_S") # what cleanup removes; a test may add hg$$-... of its own
C4=10.77.0.1 S4=10.77.0.2 X4=10.77.0.9 # client, server, segclient
C6=fd77::1 S6=fd77::2 X6=fd77::9
HG_DIR='' HG_SPORT=10000 HG_TESTS=0 HG_FAILED=0
declare -A HG_PID=() # background processes by name

# --- TAP ---------------------------------------------------------------------

diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

# result STATUS DESCRIPTION
result() {
	HG_TESTS=$((HG_TESTS + 1))
	local directive=${HG_TODO:+ # TODO $HG_TODO}
	if [ "$1" -eq 0 ]; then
		printf 'ok %d - %s%s\n' "$HG_TESTS" "$2" "$directive"
		return 0
	fi
	printf 'not ok %d - %s%s\n' "$HG_TESTS" "$2" "$directive"
	[ -z "${HG_TODO:-}" ] || return 1
	HG_FAILED=$((HG_FAILED + 1))
	diag "${0##*/}: not ok $HG_TESTS - $2" >&2 # prove shows no other output of a test
	return 1
}

pass() { result 0 "$1"; }

# fail DESCRIPTION [DIAGNOSIS]
fail() {
	result 1 "$1"
	[ $# -lt 2 ] || [ -n "${HG_TODO:-}" ] || diag "${2:0:2000}" >&2
	return 1
}

# ok DESCRIPTION COMMAND...: what the command prints is dropped
ok() {
	local what=$1
	shift
	if "$@" >/dev/null; then pass "$what"; else fail "$what" "failed: $*"; fi
}

# json_holds CONDITION [FILE...]: of each JSON value there, and there is one. Alone, `jq -e` of
# jq 1.6 takes no value at all for a true one.
json_holds() { jq -es "length > 0 and all(.[]; $1)" "${@:2}"; }

# is GOT WANT DESCRIPTION
is() { if [ "$1" = "$2" ]; then pass "$3"; else fail "$3" "got '$1', want '$2'"; fi; }

# like TEXT REGEX DESCRIPTION (extended, a line at a time, case ignored)
like() {
	if grep -qiE -e "$2" <<<"$1"; then pass "$3"; else fail "$3" "no /$2/ in:"$'\n'"${1:0:1500}"; fi
}

unlike() {
	if grep -qiE -e "$2" <<<"$1"; then fail "$3" "/$2/ in:"$'\n'"${1:0:1500}"; else pass "$3"; fi
}

# skip DESCRIPTION REASON
skip() {
	HG_TESTS=$((HG_TESTS + 1))
	printf 'ok %d - %s # SKIP %s\n' "$HG_TESTS" "$1" "$2"
}

skip_all() {
	printf '1..0 # SKIP %s\n' "$1"
	HG_TESTS=-1
	exit 0
}

bail() {
	diag "${0##*/} gives up: $*" >&2
	exit 1
}

# todo REASON COMMAND...: its assertions may fail
todo() {
	local HG_TODO=$1
	shift
	"$@"
}

# --- processes -----------------------------------------------------------------

# run COMMAND...: sets rc, out, err
run() {
	"$@" >"$HG_DIR/run.out" 2>"$HG_DIR/run.err"
	rc=$?
	out=$(<"$HG_DIR/run.out") err=$(<"$HG_DIR/run.err")
	if [ -n "${HG_VERBOSE:-}" ]; then diag "$* -> $rc"$'\n'"$out"$'\n'"$err"; fi
	return 0
}

# said DESCRIPTION WANTED_RC [REGEX]: judges the last run; REGEX is for stderr
said() {
	if [ "$rc" != "$2" ]; then
		fail "$1" "exit code $rc, want $2; stdout: ${out:0:600}"$'\n'"stderr: ${err:0:1500}"
	elif [ $# -gt 2 ]; then
		like "$err" "$3" "$1"
	else
		pass "$1"
	fi
}

# The program, in the root namespace, bounded in time; the instance is private.
hg() { timeout -k 5 "${HG_TIMEOUT:-60}" "$HELLOGATE" "$@"; }

in_c() { ip netns exec "$HG_C" "$@"; }
in_s() { ip netns exec "$HG_S" "$@"; }

# Enters the server's network namespace and nothing else, so that /sys stays.
net_s() { nsenter "--net=/run/netns/$HG_S" "$@"; }

# await [-t SECONDS] COMMAND...: until it succeeds
await() {
	local seconds=10 until
	if [ "$1" = -t ]; then
		seconds=$2
		shift 2
	fi
	until=$((SECONDS + seconds))
	while ! "$@" >/dev/null 2>&1; do
		[ $SECONDS -le $until ] || return 1
		sleep 0.02
	done
}

# start NAME COMMAND...: in the background; output in $HG_DIR/NAME.{out,err}.
# COMMAND may begin with in_c, in_s or net_s. Asynchronous shell children ignore
# SIGINT; ours must not.
start() {
	local name=$1 prefix=()
	shift
	case $1 in
	in_c) prefix=(ip netns exec "$HG_C") && shift ;;
	in_s) prefix=(ip netns exec "$HG_S") && shift ;;
	net_s) prefix=(nsenter "--net=/run/netns/$HG_S") && shift ;;
	esac
	rm -f "$HG_DIR/$name.out" # what the last one printed must not be taken for this one's
	"${prefix[@]}" env --default-signal=INT,QUIT "$@" \
		<"${HG_STDIN:-/dev/null}" >"$HG_DIR/$name.out" 2>"$HG_DIR/$name.err" &
	HG_PID[$name]=$!
}

running() { ! dead "${HG_PID[$1]}"; }

# stop NAME [SIGNAL]: sets rc to what it exited with
stop() {
	local pid=${HG_PID[$1]:-}
	rc=0
	[ -n "$pid" ] || return 0
	unset "HG_PID[$1]"
	end_process "$pid" "$1" "${2:-TERM}" 2>/dev/null # bash tells of each killed job
}

end_process() { # PID NAME SIGNAL
	kill "-$3" "$1"
	if ! await -t 10 dead "$1"; then
		diag "$2 ($1) did not end on SIG$3"
		kill -KILL "$1"
	fi
	wait "$1"
	rc=$?
}

# A zombie still answers kill -0: /proc tells it from a living one.
dead() { # PID
	local stat
	stat=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 0
	[ -z "$stat" ] || [ "${stat%% *}" = Z ]
}

# Linux before 6.6 has no TCX: clsact does the same work.
has_tcx() { [ "$(printf '%s\n' 6.6 "$(uname -r)" | sort -V | head -n 1)" = 6.6 ]; }
# shellcheck disable=SC2034
if has_tcx; then TCX=tcx; else TCX=tc; fi

# hooks HOOK...: those that this kernel has
hooks() {
	local hook
	for hook; do
		if [ "$hook" != tcx ] || has_tcx; then echo "$hook"; fi
	done
}

output_has() { grep -qsE -e "$2" "$HG_DIR/$1.out"; }
lines_at_least() { [ "$(wc -l <"$1")" -ge "$2" ]; }
listening() { in_s ss -Hltn "sport = :$1" | grep -q .; }

# --- fixture ---------------------------------------------------------------------

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip_all "no $tool here"
	done
}

make_namespace() { # NAME DEVICE V4 V6
	ip -n "$1" link set lo up &&
		ip -n "$1" link set "$2" addrgenmode none &&
		ip -n "$1" addr add "$3/24" dev "$2" &&
		ip -n "$1" addr add "$4/64" dev "$2" nodad &&
		ip -n "$1" link set "$2" up
}

mac() { ip -n "$1" -o link show "$2" | sed 's/.*link\/ether \([^ ]*\).*/\1/'; }

static_neighbours() {
	local addr
	for addr in $C4 $X4 $C6 $X6; do
		ip -n "$HG_S" neigh replace "$addr" lladdr "$(mac "$HG_C" c0)" dev s0 nud permanent || return
	done
	for addr in $S4 $S6; do
		ip -n "$HG_C" neigh replace "$addr" lladdr "$(mac "$HG_S" s0)" dev c0 nud permanent || return
	done
}

scratch() {
	HG_DIR=$(mktemp -d "/run/hg$$.XXXXXX") || bail "no scratch directory"
	mkdir "$HG_DIR/bpf"
}

# No program, no bpffs: namespaces and tools alone.
network() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	need ip jq ss
	[ -x "$HG_TOOLS/segclient" ] || bail "no $HG_TOOLS/segclient: build tests/tools first"
	[ -n "$HG_DIR" ] || scratch
	{ ip netns add "$HG_C" && ip netns add "$HG_S"; } || bail "no network namespaces here"
	ip link add c0 netns "$HG_C" type veth peer name s0 netns "$HG_S" || bail "no veth here"
	{
		make_namespace "$HG_C" c0 $C4 $C6 && make_namespace "$HG_S" s0 $S4 $S6 &&
			static_neighbours
	} || bail "cannot set up the namespaces"
}

fixture() {
	[ -x "$HELLOGATE" ] || bail "no $HELLOGATE"
	network
	mount -t bpf "hg$$" "$HG_DIR/bpf" || bail "cannot mount a bpffs"
	export HELLOGATE_BPFFS=$HG_DIR/bpf/gate
}

# What is pinned in the instance (a new bpffs has files of the kernel's own beside it).
pins() { find "$HELLOGATE_BPFFS" ! -type d 2>/dev/null; }

no_pins() { [ -z "$(pins)" ]; }

cleanup() {
	local name pid
	for name in "${!HG_PID[@]}"; do stop "$name"; done
	if [ -n "${HELLOGATE_BPFFS:-}" ] && [ -d "$HELLOGATE_BPFFS" ]; then
		hg detach --all >/dev/null 2>&1
	fi
	for name in "${HG_NETNS[@]}"; do
		[ -e "/run/netns/$name" ] || continue
		for pid in $(ip netns pids "$name"); do # ours: the namespace is ours
			diag "left over in $name: $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"
			kill -KILL "$pid" 2>/dev/null
		done
		ip netns del "$name"
	done
	[ -n "$HG_DIR" ] || return 0
	if mountpoint -q "$HG_DIR/bpf"; then umount "$HG_DIR/bpf" || umount -l "$HG_DIR/bpf"; fi
	if [ -n "${HG_KEEP:-}" ]; then
		diag "kept: $HG_DIR"
	else
		rm -rf --one-file-system "$HG_DIR"
	fi
	HG_DIR=''
}

# detach --all and nothing of ours is left in the bpffs
detach_leaves_nothing() {
	run hg detach --all
	said "detach --all" 0
	if no_pins; then pass "no pinned file is left"; else fail "no pinned file is left" "$(pins)"; fi
}

finish() {
	local dir=$HG_DIR
	if [ -n "${HELLOGATE_BPFFS:-}" ]; then
		[ -z "$(pins)" ] || detach_leaves_nothing
	fi
	cleanup
	is "$(ip netns list | grep -c "^hg$$-")" 0 "no namespace is left"
	is "$(grep -c " $dir/" /proc/mounts)" 0 "no bpffs mount is left"
	[ -n "${HG_KEEP:-}" ] || ok "no scratch directory is left" test ! -e "$dir"
	printf '1..%d\n' "$HG_TESTS"
	HG_PLANNED=1
	[ "$HG_FAILED" -eq 0 ]
	exit
}

on_exit() {
	local status=$? rc # which stop sets
	trap - EXIT INT TERM HUP
	trap '' PIPE # the reader may be gone; what is left over goes all the same
	cleanup
	[ "$HG_TESTS" -lt 0 ] || [ -n "${HG_PLANNED:-}" ] || diag "ended early, without a plan ($status)"
	exit $status
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
trap 'exit 141' PIPE

# --- payloads and policies ------------------------------------------------------------

# hello NAME OPTIONS...: writes $HG_DIR/NAME.hello and NAME.info
hello() {
	local name=$1
	shift
	"$HG_TOOLS/hello" "$@" --info "$HG_DIR/$name.info" >"$HG_DIR/$name.hello" || bail "hello $*"
}

size() { stat -c %s "$1"; }

# policy NAME: a file $HG_DIR/NAME from stdin
policy() { cat >"$HG_DIR/$1"; }

# deny_policy MODE: resets forbidden.example and all below it
deny_policy() {
	policy deny.yaml <<-YAML
		version: 1
		mode: $1
		default: allow
		rules:
		  - {name: deny, match: {sni: [.forbidden.example]}, action: reset}
	YAML
}

# The two hellos most tests send, 517 bytes each.
usual_hellos() {
	hello forbidden --sni www.forbidden.example --pad-to 517
	hello allowed --sni www.allowed.example --pad-to 517
}

# attached HOOK [POLICY]: attach to s0, or the test ends here. HG_AT=NAMESPACE/DEVICE is
# another place.
attached() {
	local at=${HG_AT:-$HG_S/s0}
	run hg attach --netns "${at%/*}" --hook "$1" ${2:+--policy "$HG_DIR/$2"} "${at#*/}"
	said "attach --hook $1${2:+ with a policy}" 0 || bail "attach failed: $err"
}

daemon_answers() { in_s curl -sf -o /dev/null http://127.0.0.1:9813/metrics; }

# daemon DESCRIPTION: hellogate run, in the server's network namespace, where its port
# is nobody else's
daemon() {
	start daemon net_s "$HELLOGATE" run
	ok "run serves $1" await daemon_answers || diag "$(<"$HG_DIR/daemon.err")"
}

# --- traffic ----------------------------------------------------------------------------

# sink [OPTIONS...]: the server on port 443; its log is $HG_DIR/sink.out
sink() {
	start sink in_s "$HG_TOOLS/sink" --port 443 "$@"
	await output_has sink '"ready"' || bail "sink does not start: $(<"$HG_DIR/sink.err")"
}

# segclient NAME [OPTIONS...] < script: $HG_DIR/NAME.seg has a line per connection.
# Source ports go on from run to run, so that (peer, port) names one connection.
# HG_DMAC, HG_DST4 and HG_DST6 are the next hop and the address that is dialled, where
# these are not the server's. HG_PATIENCE=MS: how long a connection may take (4000), for
# slow machines; a script may say otherwise.
segclient() {
	local name=$1 n
	shift
	{ echo "set timeout=${HG_PATIENCE:-4000}" && cat; } |
		in_c "$HG_TOOLS/segclient" --dev c0 --dmac "${HG_DMAC:-$(mac "$HG_S" s0)}" --src4 $X4 \
		--dst4 "${HG_DST4:-$S4}" --src6 $X6 --dst6 "${HG_DST6:-$S6}" --sport $HG_SPORT "$@" >"$HG_DIR/$name.seg" ||
		diag "segclient: exit code $?"
	n=$(wc -l <"$HG_DIR/$name.seg")
	HG_SPORT=$((HG_SPORT + n))
}

# The payload statements for hello files.
payloads() {
	local name
	for name; do echo "payload $name @$HG_DIR/$name.hello"; done
}

# settle NAME...: waits for the sink to have seen the end of the connections in
# NAME.seg, stops it, and writes NAME.both: segclient's line with the sink's in it.
# HG_SEEN4 and HG_SEEN6: the client's address as the server sees it, under NAT.
settle() {
	local name expect
	expect=$(cd "$HG_DIR" && cat "${@/%/.seg}" | grep -c '"handshake":true')
	await -t "${HG_SETTLE:-15}" lines_at_least "$HG_DIR/sink.out" $((expect + 1))
	stop sink
	for name; do
		jq -cn --slurpfile seg "$HG_DIR/$name.seg" --slurpfile sink "$HG_DIR/sink.out" \
			--arg x4 "${HG_SEEN4:-$X4}" --arg x6 "${HG_SEEN6:-$X6}" '
			($sink | map(select(.port)) | INDEX("\(.peer) \(.port)")) as $at
			| $seg[]
			| . + {sink: $at["\(if .v == 4 then $x4 else $x6 end) \(.sport)"]}
		' >"$HG_DIR/$name.both"
	done
}

# exchange NAME [OPTIONS of segclient] < script: sink, segclient, settle
exchange() {
	sink --answer "${HG_ANSWER:-517}"
	segclient "$@"
	settle "$1"
}

# every NAME CONDITION DESCRIPTION: a jq condition on each line of NAME.both
every() {
	local file=$HG_DIR/$1.both bad total
	total=$(wc -l <"$file")
	bad=$(jq -c "select(($2) | not)" "$file") || bail "jq: $2"
	if [ "$total" -gt 0 ] && [ -z "$bad" ]; then
		pass "$3 ($total)"
	else
		fail "$3" "$(grep -c . <<<"$bad") of $total break '$2':"$'\n'"$(head -n 3 <<<"$bad" | cut -c1-900)"
	fi
}

# one NAME ID EXPRESSION: what a jq expression says of that connection in NAME.both
one() { jq -r "select(.id == \"$2\") | $3" "$HG_DIR/$1.both"; }

# A reset as both sides see it, and a connection that was left alone. A RST that the
# sink's socket takes shows as ECONNRESET at its first failing call.
# shellcheck disable=SC2034
{
	# With the hello on the ACK of the handshake the reset meets the server before
	# accept(): its application never sees the connection, and the sink says nothing.
	RESET_OR_UNSEEN='.rst and .exact and .csum_ok and .ack_ok and
		(.sink.end == "ECONNRESET" or (.id == "piggy" and .sink == null))'
	RESET='.rst and .exact and .csum_ok and .ack_ok and .sink.end == "ECONNRESET"'
	UNTOUCHED='(.rst | not) and .end == "done" and .sink.end == "EOF"
		and .sink.read == .len and .sink.hash == .hash'
}

# probe NAME PAYLOAD...: one connection of each, v4 and v6; results in NAME.both
probe() {
	local name=$1 p v
	shift
	{
		payloads "$@"
		for p; do
			for v in 4 6; do echo "conn id=$p v=$v payload=$p want=0"; done
		done
	} >"$HG_DIR/$name.script"
	exchange "$name" <"$HG_DIR/$name.script"
}

# forbidden_is_reset WHEN, nothing_is_reset WHEN: the short proofs of (no) enforcement
forbidden_is_reset() {
	probe short forbidden
	every short "$RESET" "the forbidden name is reset $1"
}

nothing_is_reset() {
	probe short forbidden allowed
	every short "$UNTOUCHED" "no name is reset $1"
}

# --- TLS peers ----------------------------------------------------------------------------

# One self-signed certificate for all the names used here.
certificates() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-keyout "$HG_DIR/key.pem" -out "$HG_DIR/cert.pem" -subj /CN=www.allowed.example \
		-addext "subjectAltName=DNS:www.allowed.example,DNS:www.forbidden.example,DNS:forbidden.example" \
		2>/dev/null || bail "openssl req"
}

# tls_server PORT: openssl s_server
tls_server() {
	start tls in_s openssl s_server -accept "$1" -key "$HG_DIR/key.pem" -cert "$HG_DIR/cert.pem" -www
	await listening "$1" || bail "s_server does not start: $(<"$HG_DIR/tls.err")"
}

# --- metrics --------------------------------------------------------------------------------

# snapshot: the exposition, kept for metric()
snapshot() { hg metrics >"$HG_DIR/metrics.txt" 2>"$HG_DIR/metrics.err"; }

# metric NAME [LABEL="VALUE"...]: the sum of the samples that have these labels, of the
# last snapshot; "absent" when there is none. NAME is without the prefix.
metric() {
	local name=hellogate_$1
	shift
	awk -v name="$name" -v want="$*" '
		BEGIN { n = split(want, w, " ") }
		$0 !~ "^" name "[ {]" { next }
		{
			for (i = 1; i <= n; i++)
				if (index($0, "{" w[i]) == 0 && index($0, "," w[i]) == 0) next
			sum += $NF
			found = 1
		}
		END { if (found) printf "%.10g\n", sum; else print "absent" }
	' "$HG_DIR/metrics.txt"
}

# number NAME [LABEL...]: the same for arithmetic; what is absent fits no sum
number() {
	local value
	value=$(metric "$@")
	[ "$value" != absent ] || value=-999999
	echo "$value"
}

# metric_is VALUE NAME [LABEL...]: takes a snapshot; for await
metric_is() {
	local value=$1
	shift
	snapshot && [ "$(metric "$@")" = "$value" ]
}

# metric_above VALUE NAME [LABEL...]: the same for what is more than that
metric_above() {
	local value=$1
	shift
	snapshot && [ "$(number "$@")" -gt "$value" ]
}

# counted VALUE DESCRIPTION NAME [LABEL...]: waits until the metric has the value
counted() {
	local value=$1 what=$2
	shift 2
	if await -t "${HG_COUNT_WAIT:-15}" metric_is "$value" "$@"; then
		pass "$what"
	else
		fail "$what" "hellogate_$* is $(metric "$@"), want $value"
	fi
}
