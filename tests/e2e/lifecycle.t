#!/usr/bin/env bash
# The data path outlives every process; a second attach replaces the program without
# a gap; detach and a device that goes away leave nothing.
#
# HELLOGATE2=PATH names another build; the replacement then alternates between the two.
# HG_KILLS=N kills each operation at N moments of its life (default 5).
. "$(dirname "$0")/lib.sh"

fixture
usual_hellos
deny_policy enforce
other=${HELLOGATE2:-$HELLOGATE}

killed_processes() { # HOOK
	local hook=$1 before
	attached "$hook" deny.yaml
	daemon "($hook)"
	start follower "$HELLOGATE" events -f
	forbidden_is_reset "with run and events -f ($hook)"
	snapshot
	before=$(number client_hellos_total)
	stop follower KILL
	stop daemon KILL
	forbidden_is_reset "when both are killed ($hook)"
	counted $((before + 2)) "counting goes on ($hook)" client_hellos_total
	run hg status
	said "status after the kill ($hook)" 0
	daemon "again ($hook)"
	counted $((before + 2)) "what is there is adopted ($hook)" client_hellos_total
	forbidden_is_reset "with run again ($hook)"
	stop daemon
	is "$rc" 0 "run ends on SIGTERM with 0 ($hook)"
	detach_leaves_nothing
}

attach_deny() { # HOOK
	hg attach --netns "$HG_S" --hook "$1" --policy "$HG_DIR/deny.yaml" s0
}

# killed_after MS COMMAND...: the moment is the point, so this waits by the clock
killed_after() {
	local ms=$1
	shift
	start victim "$@"
	sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
	stop victim KILL
}

# kill -9 at many moments of the operation's life; what is there after can be repeated
killed_attach() { # HOOK
	local i began took broken='' kills=${HG_KILLS:-5}
	began=$(date +%s%3N)
	attach_deny "$1" >/dev/null 2>&1
	took=$(($(date +%s%3N) - began))
	hg detach --all >/dev/null 2>&1
	for i in $(seq 0 $((kills - 1))); do
		killed_after $((took * (i + 1) / (kills + 1))) "$HELLOGATE" attach --netns "$HG_S" --hook "$1" \
			--policy "$HG_DIR/deny.yaml" s0
		attach_deny "$1" >"$HG_DIR/again" 2>&1 || broken+="attach after a kill, $i: $(<"$HG_DIR/again")"$'\n'
		hg detach --all >"$HG_DIR/again" 2>&1 || broken+="detach after a kill, $i: $(<"$HG_DIR/again")"$'\n'
		no_pins || broken+="left after a kill, $i: $(pins)"$'\n'
	done
	is "$broken" "" "attach killed at $kills moments of $took ms can be repeated, and detached ($1)"
}

killed_load() {
	local ms broken=''
	policy other.yaml <<-'YAML'
		version: 1
		mode: enforce
		rules:
		  - {name: other-way, match: {sni: [.forbidden.example]}, action: reset}
	YAML
	attached "$TCX" deny.yaml
	for ms in 0 1 2 3 5 8 13 21 34 55; do
		killed_after $ms "$HELLOGATE" policy load "$HG_DIR/$([ $((ms % 2)) = 0 ] && echo other || echo deny).yaml"
		hg policy show >"$HG_DIR/shown" 2>&1 || broken+="show after a kill at $ms ms: $(<"$HG_DIR/shown")"$'\n'
		grep -qE 'other-way|deny' "$HG_DIR/shown" || broken+="no policy after a kill at $ms ms"$'\n'
	done
	is "$broken" "" "policy load killed at any moment leaves a policy"
	forbidden_is_reset "after killed loads"
	run hg policy load "$HG_DIR/deny.yaml"
	said "policy load after killed loads" 0
	detach_leaves_nothing
}

# attach again and again while the process lives, which is told to end after ENOUGH;
# sets replaced and failures
replace_while() { # PROCESS HOOK [ENOUGH]
	local gate=$other enough=${3:-}
	replaced=0 failures=''
	while running "$1"; do
		timeout "${HG_TIMEOUT:-60}" "$gate" attach --netns "$HG_S" --hook "$2" --policy "$HG_DIR/deny.yaml" s0 \
			>"$HG_DIR/replace.out" 2>&1 || failures+="exit code $?: $(<"$HG_DIR/replace.out")"
		replaced=$((replaced + 1))
		[ "$replaced" != "$enough" ] || kill -TERM "${HG_PID[$1]}"
		if [ "$gate" = "$other" ]; then gate=$HELLOGATE; else gate=$other; fi
	done
}

replacement() { # HOOK
	local hook=$1 before first sent
	attached "$hook" deny.yaml
	probe warm forbidden allowed
	counted 4 "hellos before ($hook)" client_hellos_total
	first=$(metric_prog_id)

	sink --udp 9999
	start blast in_c "$HG_TOOLS/blast" --until-term $S4 9999 20000 200
	replace_while blast "$hook" 3
	stop sink
	is "$failures" "" "each attach succeeds ($hook)"
	sent=$(jq -r '.sent // empty' "$HG_DIR/blast.out")
	ok "20,000 datagrams and more were sent ($hook, $sent, $replaced attachments)" test "$sent" -ge 20000
	is "$(jq -r '.udp.distinct // empty' "$HG_DIR/sink.out" | tail -n 1)" "$sent" "none of them is lost ($hook)"
	counted 4 "counters are kept ($hook)" client_hellos_total
	diag "program id $first -> $(metric_prog_id)"
	if [ "$other" != "$HELLOGATE" ]; then
		ok "the program is another one ($hook)" test "$(metric_prog_id)" != "$first"
	fi

	# flows in flight are judged across a replacement: half a hello before, half after
	sink --answer 517
	{
		payloads forbidden allowed
		echo "sweep id=deny payload=forbidden step=4 gap=30 orders=fwd,rev timeout=3000"
	} >"$HG_DIR/flight.script"
	HG_STDIN=$HG_DIR/flight.script start flight in_c "$HG_TOOLS/segclient" --dev c0 --dmac "$(mac "$HG_S" s0)" --src4 $X4 --dst4 $S4 \
		--sport 40000 --parallel 8
	replace_while flight "$hook"
	cp "$HG_DIR/flight.out" "$HG_DIR/flight.seg"
	settle flight
	diag "$replaced replacements"
	every flight "$RESET" "flows in flight are reset across replacements ($hook)"
	detach_leaves_nothing
}

metric_prog_id() {
	snapshot
	sed -n 's/^hellogate_interface_info{.*prog_id="\([0-9]*\)".*/\1/p' "$HG_DIR/metrics.txt" | xargs
}

device_gone() { # HOOK
	attached "$1" deny.yaml
	ip -n "$HG_S" link del s0
	run hg status
	ok "status says that the device is gone ($1, exit code $rc)" test "$rc" = 0 -o "$rc" = 1 -o "$rc" = 6
	like "$out$err" "s0" "and names it ($1)"
	detach_leaves_nothing
	ip netns del "$HG_C"
	ip netns del "$HG_S"
	network
}

namespace_gone() { # HOOK
	attached "$1" deny.yaml
	ip netns del "$HG_S"
	detach_leaves_nothing
	ip netns del "$HG_C"
	network
}

for hook in $(hooks xdp tcx tc); do
	killed_processes "$hook"
	killed_attach "$hook"
	replacement "$hook"
	device_gone "$hook"
	namespace_gone "$hook"
done
killed_load
finish
