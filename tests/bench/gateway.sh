#!/usr/bin/env bash
# A gateway that lets only registered names pass, a million of them, under a flood of
# hellos from two processors; and beside it, in the same run and on the same traffic, what
# a gateway has otherwise: iptables string match, nginx ssl_preread, HAProxy req.ssl_sni.
#
#   gateway.sh [SECONDS]      60: of each of the two floods with a swap every second
#
# NAMES=1000000, ROUNDS=3, PHASE=3 (seconds) and CONTESTANTS="hellogate nginx" are of the
# comparison; PARTS="floods peers" says what is run. Needs root, and a machine that does nothing else. The exit code is 1 if
# a sum of the floods is not exact. Commands that matter are printed as they are run.
#
#   client c0 ── g0 gateway g1 ── s0 server      one machine, three network namespaces
#
# The clients (tests/tools/crowd.c) are sockets of the kernel; the server (greeter.c) is a
# program that answers as TLS 1.3 looks, without the cryptography: what is left to measure
# is the path.
# shellcheck disable=SC2016,SC2317 # programs of awk; functions that are called by name
# shellcheck source=tests/e2e/roads.sh
. "$(dirname "$0")/../e2e/roads.sh"
# shellcheck source=tests/e2e/crowds.sh
. "$(dirname "$0")/../e2e/crowds.sh"

seconds=${1:-60}
names=${NAMES:-1000000} rounds=${ROUNDS:-3} phase=${PHASE:-3} parts=${PARTS:-floods peers}
contestants=${CONTESTANTS:-hellogate hellogate-run iptables-10 iptables-100 iptables-1000 nginx haproxy}
SOCKETS=30000 # that may be left open: the server is two processes with 20,000 each, at the least
strangers=10 # names that are not registered, and that every deny list has
rc=0 err=''  # of the last run

# shellcheck disable=SC2034
HG_PLANNED=1 # there are no tests

# The commands that are worth repeating, and their effect.
say_run() {
	printf '  $ %s\n' "${*//$HG_DIR\//}"
	"$@"
}

# --- what is there ------------------------------------------------------------------

machine() {
	printf 'Linux %s, %d processors (%s), load %s\n' "$(uname -r)" "$(nproc)" \
		"$(sed -n '/^model name/ { s/.*: //p; q }' /proc/cpuinfo)" "$(cut -d ' ' -f 1 /proc/loadavg)"
	for package in iptables nginx-light libnginx-mod-stream haproxy; do
		dpkg-query -W -f '${Package} ${Version}\n' "$package" 2>/dev/null || echo "$package: not installed"
	done | paste -sd ';' | sed 's/;/; /g'
}

kernel_knobs() {
	crowd_routes "$O4" && ip -n "$HG_G" route add 10.77.1.0/24 via "$C4" dev g0 &&
		in_g sysctl -qw net.ipv4.ip_local_port_range="1024 65535" net.ipv4.tcp_tw_reuse=1 \
			net.core.somaxconn=65535 net.ipv4.tcp_max_tw_buckets=20000
}

# --- floods ------------------------------------------------------------------------------

# timed_hg NAME COMMAND...: hellogate, in a session of its own, so that the scheduler shares by
# process; its seconds are a line of NAME
timed_hg() {
	local name=$1 began=$EPOCHREALTIME
	shift
	run setsid --wait nice -n -10 "$HELLOGATE" "$@"
	[ "$rc" = 0 ] || bail "$*: $err"
	awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f\n", b - a }' >>"$HG_DIR/$name"
}

# swap_each_second FILE: once from the file, all names anew; then between the two generations
# that are loaded, until the clients have gone
swap_each_second() {
	local due revision=2 # that is active; the one before it is the other's
	: >"$HG_DIR/swaps"
	: >"$HG_DIR/loads"
	timed_hg loads policy load "$HG_DIR/$1"
	due=$EPOCHREALTIME
	while running flood; do
		due=$(awk -v d="$due" -v n="$EPOCHREALTIME" 'BEGIN { d++; printf "%.6f", (d < n ? n : d) }')
		sleep "$(awk -v d="$due" -v n="$EPOCHREALTIME" 'BEGIN { printf "%.6f", (d > n ? d - n : 0) }')"
		timed_hg swaps policy rollback $((revision - 1))
		revision=$((revision + 1))
	done
}

# counts METRIC [LABEL...]: since the attach
counts() { number "$@"; }

flood_sums() { # RULES OF THE TWO POLICIES
	local flows resets again
	flows=$(of flood .flows)
	# A SYN that was sent again, and that comes when its connection is over, may begin
	# another one: hellogate has it as a flow without data, and waits.
	again=$(counts coverage_flows_total 'bucket="no_data"')
	resets=$(of flood '[.kinds[].reset] | add')
	await -t 10 metric_is "$flows" client_hellos_total
	await metric_is 0 flows_active
	exact "$(counts policy_verdicts_total 'rule="unread"')" 0 "flows that were left to unread"
	exact $(($(counts flows_created_total) - again)) "$flows" "flows, as hellogate counts them, of the clients' $flows"
	printf '  %-66s %10s  SYNs that came again behind the end\n' "... and flows without data" "$again"
	exact "$(counts client_hellos_total)" "$flows" "hellos"
	exact $(($(counts coverage_flows_total) - again)) "$flows" "flows in a bucket"
	exact "$(of flood '[.kinds[] | .closed, .late, .hung, .refused] | add')" 0 \
		"flows whose client saw anything but an answer or a reset"
	if [ "$1" = same ]; then
		exact "$(of flood '[.kinds | to_entries[] | select(.key[0:1] == "r").value | .flows - .answered] | add')" 0 \
			"registered flows that were touched"
		exact "$(of flood '[.kinds | to_entries[] | select(.key[0:1] == "u").value | .flows - .reset] | add')" 0 \
			"unregistered flows that were not reset"
	fi
	exact "$(counts policy_verdicts_total 'rule="registered-only"' 'action="reset"')" \
		"$(of flood '[.kinds | to_entries[] | select(.key[0:1] == "u").value.reset] | add')" \
		"verdicts of registered-only: resets of unregistered names"
	[ "$1" = same ] || exact "$(counts policy_verdicts_total 'rule="strangers-only"' 'action="reset"')" \
		"$(of flood '[.kinds | to_entries[] | select(.key[0:1] == "r").value.reset] | add')" \
		"verdicts of strangers-only: resets of registered names"
	exact "$(counts policy_verdicts_total 'rule="default"' 'action="allow"')" $((flows - resets)) "verdicts of the default: answers"
	printf '  %-66s %10s  of %d flows: a client that sends again is reset again\n' "resets sent to both ends" \
		"$(counts resets_total 'to="both"')" "$resets"
	exact "$(counts reset_failures_total)" 0 "resets that failed"
	exact "$(served .accepted)" "$flows" "the server's sockets"
	exact "$(served .reset)" "$resets" "... that were reset before a hello was whole"
	exact "$(served .served)" $((flows - resets)) "... that were served to the end"
	exact "$(served .open)" 0 "... that were left open"
}

flood_line() {
	printf '  %d flows in %.1f s: %d a second; one load of %s s, %d swaps, each %s\n' "$(of flood .flows)" \
		"$(of flood .seconds)" "$(of flood '.flows / .seconds | floor')" "$(<"$HG_DIR/loads")" \
		"$(wc -l <"$HG_DIR/swaps")" "$(span_of swaps)"
	for label in u u-cut; do
		printf '  time to the reset, %-6s p50 %d us, p99 %d us, of %d\n' "$label:" "$(of flood ".kinds[\"$label\"].first_us.p50")" \
			"$(of flood ".kinds[\"$label\"].first_us.p99")" "$(of flood ".kinds[\"$label\"].reset")"
	done
	printf '  packets of flows for which the table had no room: %d\n' \
		"$(counts refused_total 'reason="flow_table_full"')"
	printf '  bytes of reset hellos that the server was given: %d\n' "$(served .leaked)"
}

flood() { # same|opposite FILE FILE
	echo
	echo "flood of $seconds s, a swap every second, $1 policies of $names names"
	greeter
	say_run hg attach --netns "$HG_G" --hook "$TCX" --policy "$HG_DIR/$2" g0 g1 2>&1
	HG_PATIENCE=30000 begin_crowd flood \
		--workers 2 --at-once 32 --seconds "$seconds" \
		--kind "$(kind r r "$names" 4)" --kind "$(kind u u "$names" 4)" \
		--kind "$(kind r-cut r "$names" 1 "cut=$cut")" --kind "$(kind u-cut u "$names" 1 "cut=$cut")"
	swap_each_second "$3"
	end_crowd flood
	snapshot
	flood_line
	flood_sums "$1"
	stop greeter
	hg detach --all >/dev/null 2>&1
}

# --- contestants: on_X puts it there, off_X takes it away ------------------------------------

on_none() { :; }
off_none() { :; }

on_hellogate() { run hg attach --netns "$HG_G" --hook "$TCX" --policy "$HG_DIR/registered.yaml" g0 g1; }
off_hellogate() { hg detach --all >/dev/null 2>&1; }

# With the daemon: every handshake is also diagnosed and told.
on_hellogate-run() {
	on_hellogate
	start daemon nsenter "--net=/run/netns/$HG_G" "$HELLOGATE" run
	await g_daemon_answers
}
off_hellogate-run() {
	stop daemon
	off_hellogate
}

# iptables-N: a list of N names that may not pass, the only thing that it can do. Packets
# that are too short for a hello do not walk it.
deny_rules() { # N
	echo "*filter"
	echo ":HELLOS - [0:0]"
	echo "-A FORWARD -i g0 -p tcp --dport 443 -m length --length 100:65535 -j HELLOS"
	awk -v n="$1" -v s="$strangers" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "-A HELLOS -p tcp -m string --algo bm --string %s%08d.shop.example -j REJECT --reject-with tcp-reset\n",
				i % (n / s) ? "v" : "u", i % (n / s) ? i : i / (n / s)
	}'
	echo COMMIT
}
on_iptables() {
	deny_rules "$1" >"$HG_DIR/iptables-$1.rules"
	run in_g iptables-restore "$HG_DIR/iptables-$1.rules"
}
off_iptables() {
	in_g iptables -F
	in_g iptables -X HELLOS
}

on_nginx() {
	awk '{ print $0 " server;" }' "$HG_DIR/registered.txt" >"$HG_DIR/names.map"
	cat >"$HG_DIR/nginx.conf" <<-CONF
		load_module /usr/lib/nginx/modules/ngx_stream_module.so;
		daemon off; worker_processes 2; pid $HG_DIR/nginx.pid; error_log $HG_DIR/nginx.log crit;
		events { worker_connections 8192; multi_accept on; }
		stream {
			map_hash_max_size 4194304; map_hash_bucket_size 128;
			map \$ssl_preread_server_name \$to { include $HG_DIR/names.map; default ""; }
			upstream server { server $S4:443; }
			server { listen $G4:443 reuseport backlog=65535; ssl_preread on; proxy_pass \$to; tcp_nodelay on; }
		}
	CONF
	start peer ip netns exec "$HG_G" nginx -c "$HG_DIR/nginx.conf" -e "$HG_DIR/nginx.log"
	await -t 60 g_listening 443 || bail "it does not listen: $(<"$HG_DIR/peer.err")"
}
off_nginx() { stop peer QUIT; }

on_haproxy() {
	cat >"$HG_DIR/haproxy.cfg" <<-CONF
		global
		    nbthread 2
		    maxconn 4000
		defaults
		    mode tcp
		    timeout connect 5s
		    timeout client 30s
		    timeout server 30s
		frontend gateway
		    bind $G4:443 backlog 65535
		    tcp-request inspect-delay 5s
		    tcp-request content accept if { req.ssl_sni -m str -f $HG_DIR/registered.txt }
		    tcp-request content reject
		    default_backend server
		backend server
		    server s $S4:443
	CONF
	start peer ip netns exec "$HG_G" haproxy -db -f "$HG_DIR/haproxy.cfg"
	await -t 60 g_listening 443 || bail "it does not listen: $(<"$HG_DIR/peer.err")"
}
off_haproxy() { stop peer; }

g_listening() { in_g ss -Hltn "sport = :$1" | grep -q .; }

# A proxy is what clients connect to; anything else is passed by them.
destination() {
	case $1 in
	nginx | haproxy) echo "$G4" ;;
	*) echo "$S4" ;;
	esac
}

put() { # on|off CONTESTANT
	case $2 in
	iptables-*) "$1_iptables" "${2#iptables-}" ;;
	*) "$1_$2" ;;
	esac
}

here() { # CONTESTANT: can it be tried
	case $1 in
	nginx) command -v nginx >/dev/null && [ -e /usr/lib/nginx/modules/ngx_stream_module.so ] ;;
	haproxy) command -v haproxy >/dev/null ;;
	iptables-*) command -v iptables-restore >/dev/null && on_iptables 10 && [ "$rc" = 0 ] && off_iptables ;;
	esac
}

# --- processor time --------------------------------------------------------------------------
#
# Of the processes that take part, and of ksoftirqd: not that of the whole machine, so
# that what else runs on it is not in the figures. Work that the kernel does for a packet
# is in the time of the process that sent it.

family() { # PID: and its children
	echo "$1"
	pgrep -P "$1"
}

spent_ns() {
	local name pid
	{
		pgrep '^ksoftirqd/'
		for name in greeter peer daemon; do
			[ -z "${HG_PID[$name]:-}" ] || family "${HG_PID[$name]}"
		done
	} | while read -r pid; do cat "/proc/$pid"/task/*/schedstat 2>/dev/null; done |
		awk '{ sum += $1 } END { printf "%.0f\n", sum }' # mawk's %d ends at 2^31
}

# note CONTESTANT KEY VALUE
note() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$HG_DIR/notes"; }

# timed CONTESTANT KEY OPTIONS...: clients for a phase; notes rate and processor time a flow
timed() {
	local who=$1 key=$2 before after
	shift 2
	before=$(spent_ns)
	crowd phase "$@"
	after=$(spent_ns)
	note "$who" "$key/s" "$(of phase '.flows / .seconds | floor')"
	note "$who" "$key-us" "$(of phase "(($after - $before) + .cpu_ns) / .flows / 1000")"
}

# --- the comparison ---------------------------------------------------------------------------

memory_mb() { # CONTESTANT
	local pid
	case $1 in
	hellogate*) bpftool map show --json 2>/dev/null |
		jq --argjson n "$names" '[.[] | select(.name == "hg_policy" and .max_entries == $n).bytes_memlock] | max / 1e6 | floor' ;;
	nginx | haproxy) for pid in $(family "${HG_PID[peer]}"); do cat "/proc/$pid/smaps_rollup"; done |
		awk '/^Pss:/ { sum += $2 } END { printf "%d\n", sum / 1000 }' ;;
	*) echo - ;;
	esac
}

on_timed() { # CONTESTANT
	local began=$EPOCHREALTIME
	put on "$1"
	note "$1" load-s "$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }')"
	note "$1" mb "$(memory_mb "$1")"
}

# Rates and processor time with 32 connections at once from each of two processors; the
# time to the verdict with one.
measure() { # CONTESTANT
	local HG_TO
	HG_TO=$(destination "$1")
	greeter
	on_timed "$1"
	timed "$1" served --seconds "$phase" --kind "$(kind r r "$names" 1)"
	timed "$1" refused --seconds "$phase" --flows $SOCKETS --kind "$(kind u u $strangers 1)"
	note "$1" refused "$(of phase .flows)"
	sleep 0.2 # what is still on its way to the server
	note "$1" open "$(served .open)"
	stop greeter
	greeter
	crowd single --seconds "$phase" --at-once 1 --kind "$(kind r r "$names" 1)" --kind "$(kind u u $strangers 1)"
	note "$1" answer-p50 "$(of single .kinds.r.first_us.p50)"
	note "$1" verdict-p50 "$(of single .kinds.u.first_us.p50)"
	note "$1" verdict-p99 "$(of single .kinds.u.first_us.p99)"
	put off "$1"
	stop greeter
}

# How each shape ends, of both sorts of names.
shapes() { # CONTESTANT
	local HG_TO shape
	HG_TO=$(destination "$1")
	greeter
	put on "$1"
	crowd shapes --seconds "$phase" --timeout 2000 --at-once 16 \
		--kind "$(kind r r "$names" 2)" --kind "$(kind u u $strangers 2)" \
		--kind "$(kind r-cut r "$names" 1 "cut=$cut")" --kind "$(kind u-cut u $strangers 1 "cut=$cut")" \
		--kind "$(kind r-large r-large "$names" 1)" --kind "$(kind u-large u-large $strangers 1)"
	for shape in '' -cut -large; do
		note "$1" "passed${shape:--whole}" "$(of shapes ".kinds[\"u$shape\"] | \"\(.answered)/\(.flows)\"")"
	done
	note "$1" touched "$(of shapes '[.kinds | to_entries[] | select(.key[0:1] == "r").value] |
		"\(map(.flows - .answered) | add)/\(map(.flows) | add)"')"
	put off "$1"
	stop greeter
}

median() { sort -n | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)] }'; }
noted() { awk -F '\t' -v w="$1" -v k="$2" '$1 == w && $2 == k { print $3 }' "$HG_DIR/notes"; }
middle() { noted "$1" "$2" | median; }
least() { noted "$1" "$2" | sort -g | head -n 1; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", b ? a / b : 0 }'; }

table() { # CONTESTANT...
	local who served
	echo
	echo "medians of $rounds rounds, processor time: least of them; x: times forwarding alone"
	printf '  %-14s %9s %8s %6s %9s %9s %8s %8s %8s %9s %7s %6s\n' '' 'served/s' 'us each' x 'refused/s' 'us each' \
		'answer' 'verdict' 'p99, us' 'left open' 'load, s' MB
	for who; do
		served=$(least "$who" served-us)
		printf '  %-14s %9d %8.1f %6s' "$who" "$(middle "$who" served/s)" "$served" \
			"$(ratio "$served" "$(least none served-us)")"
		if [ "$who" = none ]; then
			printf ' %9s %9s %8d\n' - - "$(middle none answer-p50)"
		else
			printf ' %9d %9.1f %8d %8d %8d %9s %7s %6s\n' "$(middle "$who" refused/s)" "$(least "$who" refused-us)" \
				"$(middle "$who" answer-p50)" "$(middle "$who" verdict-p50)" "$(middle "$who" verdict-p99)" \
				"$(left_open "$who")" "$(middle "$who" load-s)" "$(middle "$who" mb)"
		fi
	done
}

# Of the flows that were refused in the last round, in percent.
left_open() {
	awk -v a="$(noted "$1" open | tail -n 1)" -v b="$(noted "$1" refused | tail -n 1)" \
		'BEGIN { printf "%d%%", b ? 100 * a / b : 0 }'
}

shape_table() { # CONTESTANT...
	local who
	echo
	echo "forbidden flows that were answered all the same, and registered ones that were not"
	printf '  %-14s %16s %16s %16s %18s\n' '' 'one segment' 'cut in the name' '1746 bytes, two' 'registered, all'
	for who; do
		printf '  %-14s %16s %16s %16s %18s\n' "$who" "$(noted "$who" passed-whole)" "$(noted "$who" passed-cut)" \
			"$(noted "$who" passed-large)" "$(noted "$who" touched)"
	done
}

peers() {
	local who all=(none)
	for who in $contestants; do
		if here "$who"; then all+=("$who"); else echo "  $who: not tried, it is not here, or refuses: ${err:-}"; fi
	done
	echo
	echo "the same traffic, $rounds rounds of $phase s each"
	for ((round = 0; round < rounds; round++)); do
		for who in "${all[@]}"; do measure "$who"; done
	done
	for who in "${all[@]}"; do shapes "$who"; done
	table "${all[@]}"
	shape_table "${all[@]}"
}

gateway_fixture
need awk pgrep bpftool
machine
kernel_knobs || bail "cannot set up the namespaces"
registered_policy "$names"
crowd_hellos
case $parts in *floods*)
	flood same registered.yaml registered.yaml
	flood opposite registered.yaml opposite.yaml
	;;
esac
case $parts in *peers*) peers ;; esac
[ "$wrong" = 0 ] || echo "$wrong sums were not exact"
[ "$wrong" = 0 ]
exit
