#!/usr/bin/env bash
# What `hellogate run` costs: processor time for each handshake that it diagnoses, and what
# that makes of a processor at 10,000 a second; the most memory that it had.
#
#   daemon.sh [SECONDS]      10: of each row
#
# The clients are many sockets of the kernel (tests/tools/crowd.c), with names of a
# hundred thousand; the server answers as TLS 1.3 looks. What is counted is the processor
# time of the daemon alone, so a busy machine slows the rows, and changes them little.
# The exit code is 1 if a target is missed, or a handshake has no event and none was
# counted as lost.
# shellcheck disable=SC2317 # functions that are called by name
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"
# shellcheck source=tests/e2e/crowds.sh
. "$(dirname "$0")/../e2e/crowds.sh"

seconds=${1:-10}
CPU_TARGET=50    # percent of one processor, at RATE
MEMORY_TARGET=64 # MB
RATE=10000
missed=0

# shellcheck disable=SC2034
HG_PLANNED=1 # there are no tests

# answered SECONDS: sets flows
answered() {
	crowd load --seconds "$1" --rate "$RATE" --kind "$(kind r r 100000 1)"
	flows=$(of load .flows)
	[ "$(of load '[.kinds[].answered] | add')" = "$flows" ] || bail "not all were answered: $(<"$HG_DIR/load.crowd")"
}

# Nanoseconds on a processor.
cpu_ns() { cat /proc/"${HG_PID[daemon]}"/task/*/schedstat | awk '{ n += $1 } END { printf "%d", n }'; }

most_kb() { awk '$1 == "VmHWM:" { print $2 }' "/proc/${HG_PID[daemon]}/status"; }

# Handshakes that run has diagnosed.
diagnosed() { snapshot && number handshake_duration_seconds_count; }

judge() { # VALUE TARGET UNIT
	awk -v v="$1" -v t="$2" 'BEGIN { exit !(v <= t) }' && echo "reached: target $2 $3" && return
	echo "missed: target $2 $3"
	return 1
}

# All with certificates: s_time waits for one before it begins the next.
chains() {
	flows=$(in_c openssl s_time -connect "$S4:4433" -new -time "$seconds" -tls1_2 2>/dev/null |
		sed -n 's/^\([0-9]*\) connections in [0-9]* real seconds.*/\1/p')
	[ "${flows:-0}" -gt 0 ] || bail "s_time made no handshake"
}

# measured COMMAND...: sets flows and spent (ns)
measured() {
	local before from
	from=$(diagnosed)
	before=$(cpu_ns)
	"$@"
	await -t 60 metric_is $((from + flows)) handshake_duration_seconds_count || bail "$flows flows, $(($(diagnosed) - from)) diagnosed"
	spent=$(($(cpu_ns) - before))
}

us_each() { awk -v ns="$spent" -v n="$flows" 'BEGIN { printf "%.1f", ns / n / 1000 }'; }

row() { # DESCRIPTION
	local share word
	measured answered "$seconds"
	share=$(awk -v ns="$spent" -v n="$flows" -v r=$RATE 'BEGIN { printf "%.1f", ns / n * r / 1e7 }')
	word=$(judge "$share" $CPU_TARGET %) || missed=1
	printf '  %-44s %7d handshakes, %6d a second, %5.1f us each: %5s %% of a processor at %d a second   %s\n' "$1" \
		"$flows" $((flows / seconds)) "$(us_each)" \
		"$share" $RATE "$word"
}

# It is woken for each of them, which is most of that time: at a higher rate there are many to a waking.
chains_row() { # DESCRIPTION
	measured chains
	printf '  %-44s %7d handshakes, %6d a second, %5.1f us each, woken for each\n' "$1" "$flows" \
		$((flows / seconds)) "$(us_each)"
}

memory_row() {
	local mb word
	mb=$(awk -v kb="$(most_kb)" 'BEGIN { printf "%.1f", kb / 1024 }')
	word=$(judge "$mb" $MEMORY_TARGET MB) || missed=1
	printf '  %-44s %7s MB   %s\n' "the most memory that it had" "$mb" "$word"
}

# run_with NAME TEXT: the daemon, with this configuration
run_with() {
	printf '%s\n' "$2" >"$HG_DIR/$1.yaml"
	start daemon net_s "$HELLOGATE" run --config "$HG_DIR/$1.yaml"
	await daemon_answers || bail "run: $(<"$HG_DIR/daemon.err")"
}

fixture
crowd_routes "$C4" || bail "no routes"
crowd_hellos
greeter
certificates
tls_server 4433
attached "$TCX" >/dev/null

echo "hellogate run: handshakes of $RATE a second at most, for $seconds s each"
run_with alone 'events: {outputs: []}'
row "diagnosis and metrics"
chains_row "TLS 1.2 with certificates, one at a time"
memory_row
stop daemon

run_with file "events: {outputs: [{to: file, path: $HG_DIR/events.json}]}"
snapshot
before=$(number events_lost_total)
row "and each in a file of events"
lines=$(grep -c '"event_type":"tls"' "$HG_DIR/events.json")
snapshot
lost=$(($(number events_lost_total) - before))
printf '  %-44s %7d of %d, %d counted as lost\n' "lines in the file" "$lines" "$flows" "$lost"
[ $((lines + lost)) -ge "$flows" ] || missed=1
memory_row
exit $missed
