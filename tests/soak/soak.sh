#!/usr/bin/env bash
# Mixed traffic at the machine's full speed through a gateway, for ten minutes, with all
# that is asked of hellogate meanwhile: then memory has to be flat, and each sum exact.
#
#   soak.sh [SECONDS]      600
#
# Registered names and others, whole, cut within the name, and of two segments (sockets of
# the kernel, tests/tools/crowd.c); half hellos of a thousand sources that nobody goes on
# with (flood.c). An opposite policy every ten seconds, a scrape every second, status and
# diagnose every ten, events to a reader that counts them, and the daemon is told to
# reload. Needs root. The exit code is 1 if a sum is not exact, or memory grew.
# shellcheck disable=SC2317 # functions that are called by name
# shellcheck source=tests/e2e/roads.sh
. "$(dirname "$0")/../e2e/roads.sh"
# shellcheck source=tests/e2e/crowds.sh
. "$(dirname "$0")/../e2e/crowds.sh"

seconds=${1:-600}
names=${NAMES:-100000}
HALVES_RATE=50 # half hellos a second
GROWTH_KB=2048 # from the second fifth of the time on

# shellcheck disable=SC2034
HG_PLANNED=1 # there are no tests

counts() { number "$@"; }
sum_of() { of load "[.kinds | to_entries[] | select(.key[0:1] == \"$1\").value.$2] | add"; }

# --- what is asked meanwhile ------------------------------------------------------------

begin_daemon() {
	cat >"$HG_DIR/soak.yaml" <<-YAML
		http: {listen: "127.0.0.1:9813"}
		events: {outputs: [{to: stdout}]}
	YAML
	mkfifo "$HG_DIR/events"
	start reader awk '/"event_type":"(tls|drop)"/ { n++ } END { print n + 0 }' "$HG_DIR/events"
	start daemon nsenter "--net=/run/netns/$HG_G" sh -c "exec \"$HELLOGATE\" run --config \"$HG_DIR/soak.yaml\" >\"$HG_DIR/events\""
	await g_daemon_answers || bail "run: $(<"$HG_DIR/daemon.err")"
}

g_daemon_answers() { in_g curl -sf -o /dev/null http://127.0.0.1:9813/metrics; }

# The daemon's memory; that of the maps; the descriptors it has open.
look() {
	local pid=${HG_PID[daemon]}
	printf '%s %s %s\n' "$SECONDS" "$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$pid/status")" \
		"$(find "/proc/$pid/fd" -mindepth 1 | wc -l)" >>"$HG_DIR/looks"
}

ask() { # TURN: each second
	in_g curl -sf http://127.0.0.1:9813/metrics >"$HG_DIR/scrape" || asked_in_vain=$((asked_in_vain + 1))
	look
	(($1 % 10 == 0)) || return 0
	hg policy rollback $((revision - 1)) >/dev/null 2>&1 || bail "no swap"
	revision=$((revision + 1))
	hg status >/dev/null || asked_in_vain=$((asked_in_vain + 1))
	hg diagnose >/dev/null || asked_in_vain=$((asked_in_vain + 1))
	kill -HUP "${HG_PID[daemon]}"
	[ ! -t 2 ] || printf '\r%s of %s s ' "$1" "$seconds" >&2
}

watch_over() {
	local turn=0 began=$SECONDS
	while running load; do
		turn=$((turn + 1))
		ask $turn
		while running load && ((SECONDS < began + turn)); do sleep 0.05; done
	done
}

# --- sums --------------------------------------------------------------------------------

sums() {
	local flows resets halves total again
	flows=$(of load .flows)
	resets=$(of load '[.kinds[].reset] | add')
	halves=$(jq -s '.[-1].flows' "$HG_DIR/halves.out")
	snapshot
	again=$(counts coverage_flows_total 'bucket="no_data"')
	total=$((flows + halves))
	exact "$(($(counts flows_created_total) - again))" "$total" "flows, of $flows sockets and $halves half hellos"
	exact "$(($(counts coverage_flows_total) - again + $(counts flows_active)))" "$total" "... in buckets, or active"
	exact "$(counts client_hellos_total)" "$flows" "hellos"
	exact "$(of load '[.kinds[] | .closed, .late, .hung, .refused] | add')" 0 "sockets that saw anything but an answer or a reset"
	exact "$(counts policy_verdicts_total 'rule="registered-only"' 'action="reset"')" "$(sum_of u reset)" "verdicts of registered-only"
	exact "$(counts policy_verdicts_total 'rule="strangers-only"' 'action="reset"')" "$(sum_of r reset)" "verdicts of strangers-only"
	exact "$(counts policy_verdicts_total 'rule="default"' 'action="allow"')" $((flows - resets)) "verdicts of the default"
	exact "$(counts reset_failures_total)" 0 "resets that failed"
	exact "$(served .served)" $((flows - resets)) "sockets that the server served"
	exact "$(served .reset)" "$resets" "... that were reset there"
	exact "$(served .open)" 0 "... that were left open"
}

# Each handshake is an event, half ones that have ended, too, and each reset; or it is counted as lost.
event_sums() {
	local lost want
	stop daemon
	snapshot
	want=$(($(counts handshakes_total) + $(of load '[.kinds[].reset] | add')))
	await -t 120 dead "${HG_PID[reader]}" || bail "the reader of events goes on"
	snapshot
	lost=$(counts events_lost_total)
	printf '  %-66s %10s\n' "events that were lost, of all stages" "$lost"
	exact "$(($(<"$HG_DIR/reader.out") + lost))" "$want" "events of handshakes and resets, and those that were lost"
	exact "$asked_in_vain" 0 "scrapes, status and diagnose without an answer"
}

memory() {
	awk -v most="$GROWTH_KB" '
		{ kb[NR] = $2; fds[NR] = $3 }
		function least(of, a, b,  i, n) {
			for (i = n = a; i <= b; i++) if (of[i] < of[n]) n = i
			return of[n]
		}
		END {
			fifth = int(NR / 5)
			early = least(kb, fifth + 1, 2 * fifth)
			late = least(kb, NR - fifth + 1, NR)
			open = least(fds, NR - fifth + 1, NR) - least(fds, fifth + 1, 2 * fifth)
			flat = fifth && late - early <= most && open <= 0
			printf "  the daemon, least of the second fifth and of the last: %.1f MB, %.1f MB; %+d descriptors   %s\n",
				early / 1024, late / 1024, open, flat ? "flat" : "GREW"
			exit !flat
		}' "$HG_DIR/looks"
}

gateway_fixture
need awk curl
asked_in_vain=0 revision=2
crowd_routes "$O4" || bail "cannot set up the namespaces"
ip -n "$HG_G" route add 10.77.1.0/24 via "$C4" dev g0 || bail "no route to the clients"
registered_policy "$names"
crowd_hellos
head -c 300 "$HG_DIR/r.hello" >"$HG_DIR/half"
greeter
hg attach --netns "$HG_G" --hook "$TCX" --policy "$HG_DIR/registered.yaml" g0 g1 2>&1 || bail "attach failed"
hg policy load "$HG_DIR/opposite.yaml" 2>&1 || bail "load failed"
begin_daemon
HG_PATIENCE=30000 begin_crowd load --workers 2 --at-once 32 --seconds "$seconds" \
	--kind "$(kind r r "$names" 4)" --kind "$(kind u u "$names" 4)" \
	--kind "$(kind r-cut r "$names" 1 "cut=$cut")" --kind "$(kind u-cut u "$names" 1 "cut=$cut")" \
	--kind "$(kind r-large r-large "$names" 1)" --kind "$(kind u-large u-large "$names" 1)"
start halves in_c "$HG_TOOLS/flood" --dev c0 --dmac "$(mac "$HG_G" g0)" --src4 10.99.0.1 --dst4 10.99.128.1 \
	--sources 1000 --rate $HALVES_RATE --count $((HALVES_RATE * seconds)) --payload "$HG_DIR/half"
watch_over
end_crowd load
await -t 60 dead "${HG_PID[halves]}" || bail "flood goes on"
printf '%s flows in %.0f s: %s a second, with two CPUs\n' "$(of load .flows)" "$(of load .seconds)" "$(of load '.flows / .seconds | floor')"
sums
event_sums
memory || wrong=$((wrong + 1))
[ "$wrong" = 0 ] || echo "$wrong sums were not exact, or memory grew"
[ "$wrong" = 0 ]
exit
