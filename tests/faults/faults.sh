#!/usr/bin/env bash
# What goes wrong around hellogate, under traffic: processes that are killed, programs that
# are replaced, devices that vanish, disks that are full, readers that hang, clocks that
# step. After each: what the data path counts is what clients and server count, no flow has
# had a verdict that is not the policy's, and what was not told is counted as lost.
#
#   faults.sh [FAULT...]      all of them
#
# KILLS=200 of each process; SECONDS_EACH=10, of the faults that are not counted in kills;
# RATE=1500 connections a second. Needs root. The exit code is 1 if a sum is not exact.
# shellcheck disable=SC2016,SC2317,SC2329 # a script for another shell; functions called by name
# shellcheck source=tests/e2e/roads.sh
. "$(dirname "$0")/../e2e/roads.sh"
# shellcheck source=tests/e2e/crowds.sh
. "$(dirname "$0")/../e2e/crowds.sh"

kills=${KILLS:-200} seconds=${SECONDS_EACH:-10} rate=${RATE:-1500}
names=20000
other=${HELLOGATE2:-$HELLOGATE}

# shellcheck disable=SC2034
HG_PLANNED=1 # there are no tests

counts() { number "$@"; }

# --- traffic ------------------------------------------------------------------------------

# Until end_load, with segments of many connections between each other's.
begin_load() { load_of --rate "$rate" --seconds 100000; }

load_of() { # OPTIONS...
	HG_PATIENCE=30000 begin_crowd load --workers 2 --at-once 64 "$@" \
		--kind "$(kind r r $names 4)" --kind "$(kind u u $names 4)" \
		--kind "$(kind r-cut r $names 2 "cut=$cut,gap=5")" --kind "$(kind u-cut u $names 2 "cut=$cut,gap=5")" \
		--kind "$(kind r-large r-large $names 1)" --kind "$(kind u-large u-large $names 1)"
}

end_load() {
	kill -TERM "${HG_PID[load]}"
	end_crowd load
}

sums() {
	local flows resets again
	flows=$(of load .flows)
	resets=$(of load '[.kinds[].reset] | add')
	await -t 15 metric_is "$flows" client_hellos_total
	again=$(counts coverage_flows_total 'bucket="no_data"')
	exact "$(($(counts flows_created_total) - again - evicted))" "$flows" "flows"
	exact "$(counts client_hellos_total)" "$flows" "hellos"
	exact "$(of load '[.kinds | to_entries[] | select(.key[0:1] == "r").value | .flows - .answered] | add')" 0 "registered flows that were touched"
	exact "$(of load '[.kinds | to_entries[] | select(.key[0:1] == "u").value | .flows - .reset] | add')" 0 "others that were not reset"
	exact "$(counts policy_verdicts_total 'rule="registered-only"' 'action="reset"')" "$resets" "verdicts of the rule"
	exact "$(counts policy_verdicts_total 'rule="default"' 'action="allow"')" $((flows - resets)) "verdicts of the default"
	exact "$(served '"\(.served) \(.reset) \(.open)"')" "$((flows - resets)) $resets 0" "the server's sockets: served, reset, left open"
}

# told N: events that came, of handshakes and resets, and those that were lost on their way
told() {
	local want lost
	want=$(of load '.flows + ([.kinds[].reset] | add)')
	snapshot
	lost=$(($(counts events_lost_total 'stage="ring"') + $(counts events_lost_total 'stage="sink"')))
	exact $(($1 + lost)) "$want" "events that came, and the $lost that were lost"
}

# --- the daemon ---------------------------------------------------------------------------

begin_run() { # [COMMAND...] CONFIGURATION: ... is in front of it
	printf 'http: {listen: "127.0.0.1:9813"}\nevents: {outputs: [%s]}\n' "${*: -1}" >"$HG_DIR/run.yaml"
	start daemon nsenter "--net=/run/netns/$HG_G" "${@:1:$#-1}" "$HELLOGATE" run --config "$HG_DIR/run.yaml"
	await g_daemon_answers || bail "run: $(<"$HG_DIR/daemon.err")"
}

g_daemon_answers() { in_g curl -sf -o /dev/null http://127.0.0.1:9813/metrics; }

events_in() { grep -cE '"event_type":"(tls|drop)"' "$1"; }

# Milliseconds below N; with a seed, so that a run can be had again.
RANDOM=1
some_ms() { printf '0.%03d' $((RANDOM % $1)); }

# killed_often DESCRIPTION MS COMMAND...: at a point of its first MS
killed_often() {
	local what=$1 ms=$2 i began=$EPOCHREALTIME
	shift 2
	for ((i = 0; i < kills; i++)); do
		start victim "$@"
		sleep "$(some_ms "$ms")" # the point is the moment
		stop victim KILL
	done
	printf '  %-66s %10d\n' "$what, killed within $ms ms, in $(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f", b - a }') s" "$kills"
}

# --- faults -------------------------------------------------------------------------------

fault_run_killed() {
	killed_often "run" 150 nsenter "--net=/run/netns/$HG_G" "$HELLOGATE" run --listen none
}

fault_load_killed() { killed_often "policy load" 300 "$HELLOGATE" policy load "$HG_DIR/registered.yaml"; }

fault_attach_killed() {
	killed_often "attach, over programs of its own" 900 \
		"$HELLOGATE" attach --netns "$HG_G" --hook "$TCX" --policy "$HG_DIR/registered.yaml" g0 g1
	hg attach --netns "$HG_G" --hook "$TCX" g0 g1 >/dev/null 2>&1 || bail "it cannot be attached again"
}

fault_replaced() {
	local i gate=$other until=$((SECONDS + seconds))
	for ((i = 0; SECONDS < until; i++)); do
		"$gate" attach --netns "$HG_G" --hook "$TCX" g0 g1 >/dev/null 2>"$HG_DIR/replace.err" ||
			bail "attach: $(<"$HG_DIR/replace.err")"
		if [ "$gate" = "$other" ]; then gate=$HELLOGATE; else gate=$other; fi
	done
	printf '  %-66s %10d\n' "programs replaced, by those of another compiler in turn" "$i"
}

fault_vanish() {
	local i until=$((SECONDS + seconds))
	for ((i = 0; SECONDS < until; i++)); do
		ip -n "$HG_G" link add x0 type veth peer name x1 || bail "no veth"
		hg attach --netns "$HG_G" --hook "$TCX" x0 >/dev/null 2>"$HG_DIR/x0.err" || bail "attach x0: $(<"$HG_DIR/x0.err")"
		ip -n "$HG_G" link del x0
		hg status >/dev/null || bail "status"
	done
	printf '  %-66s %10d\n' "devices beside it that vanished" "$i"
}

# Wall clock of the daemon alone: a day to and fro.
fault_clock_steps() {
	local i
	[ -e "${WALLCLOCK_SO:-}" ] || bail "no wallclock.so: make faults"
	echo 0 >"$HG_DIR/offset"
	begin_run env LD_PRELOAD="$WALLCLOCK_SO" WALLCLOCK="$HG_DIR/offset" "{to: file, path: $HG_DIR/clock.json}"
	for ((i = 0; i < 2 * seconds; i++)); do
		printf '%d\n' $(((i % 3 - 1) * 86400)) >"$HG_DIR/offset"
		sleep 0.5 # the pace of the steps
	done
	stopped_with clock.json
	exact "$(jq -r '.timestamp[0:10]' "$HG_DIR/clock.json" | sort -u | wc -l)" 3 "days in their timestamps"
}

stopped_with() { # FILE: the load ends, the daemon has told all, and ends
	end_load
	snapshot
	await -t 30 metric_is "$(of load .flows)" client_hellos_total
	sleep 1 # the last FIN
	stop daemon
	told "$(events_in "$HG_DIR/$1")"
}

fault_disk_full() {
	mkdir -p "$HG_DIR/disk"
	mount -t tmpfs -o size=4m "hg$$" "$HG_DIR/disk" || bail "no tmpfs here"
	begin_run "{to: file, path: $HG_DIR/disk/eve.json}"
	sleep "$seconds"
	stopped_with disk/eve.json
	umount "$HG_DIR/disk"
}

# The ring fills while the daemon stands still.
fault_daemon_stands_still() {
	begin_run "{to: file, path: $HG_DIR/still.json}"
	for ((i = 0; i < seconds / 2; i++)); do
		kill -STOP "${HG_PID[daemon]}"
		sleep 1.5
		kill -CONT "${HG_PID[daemon]}"
		sleep 0.5
	done
	stopped_with still.json
}

# One that takes events and one that asks over HTTP: neither goes on reading.
fault_readers_hang() {
	begin_run "{to: file, path: $HG_DIR/hang.json}"
	start taker "$HELLOGATE" events --follow -o jsonl
	await output_has taker flow_id || bail "no events"
	kill -STOP "${HG_PID[taker]}"
	start asker nsenter "--net=/run/netns/$HG_G" bash -c '
		for i in $(seq 40); do
			exec {fd}<>/dev/tcp/127.0.0.1/9813 && printf "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\nGET /me" >&$fd
		done
		exec sleep 1000'
	sleep "$seconds"
	in_g curl -sf -m 10 http://127.0.0.1:9813/metrics >/dev/null || { echo "  OFF: a scrape beside them fails"; wrong=$((wrong + 1)); }
	stopped_with hang.json
	printf '  %-66s %10d\n' "records that the hanging reader has not got" "$(counts events_lost_total 'stage="socket"')"
	kill -CONT "${HG_PID[taker]}"
	stop taker
	stop asker
}

# Not by chance: connections that share slots, more of them at once than there is room for.
# One whose slot another takes is evicted, and begins anew with its hello.
load_collisions() {
	[ -x "${NEIGHBOURS:-}" ] || bail "no neighbours: make faults"
	"$NEIGHBOURS" "$HELLOGATE_BPFFS/maps" "$S4" 10.77.1.0 15000000 4096 >"$HG_DIR/order" || bail "no neighbours"
	next=0
	load_of --order "$HG_DIR/order" --flows 65536
}

fault_collisions() {
	end_crowd load
	snapshot
	evicted=$(counts coverage_flows_total 'bucket="evicted"')
	printf '  %-66s %10d\n' "flows whose slot another connection took" "$evicted"
}

all=(collisions run_killed load_killed attach_killed replaced vanish clock_steps disk_full daemon_stands_still readers_hang)

try() { # FAULT
	echo "$1"
	greeter
	hg attach --netns "$HG_G" --hook "$TCX" --policy "$HG_DIR/registered.yaml" g0 g1 >/dev/null 2>&1 || bail "attach failed"
	evicted=0
	if declare -F "load_$1" >/dev/null; then "load_$1"; else begin_load; fi
	"fault_$1"
	[ -z "${HG_PID[load]:-}" ] || end_load
	printf '  %-66s %10d\n' "connections meanwhile" "$(of load .flows)"
	sums
	stop greeter
	hg detach --all >/dev/null 2>&1
	exact "$(pins | wc -l)" 0 "left in the bpffs behind the detach"
}

gateway_fixture
need awk curl
for fault; do
	[[ " ${all[*]} " = *" $fault "* ]] || bail "no fault '$fault'; there are: ${all[*]}"
done
crowd_routes "$O4" || bail "cannot set up the namespaces"
ip -n "$HG_G" route add 10.77.1.0/24 via "$C4" dev g0 || bail "no route to the clients"
registered_policy $names
crowd_hellos
[ $# -gt 0 ] || set -- "${all[@]}"
for fault; do try "$fault"; done
[ "$wrong" = 0 ] || echo "$wrong sums were not exact"
[ "$wrong" = 0 ]
exit
