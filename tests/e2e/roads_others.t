#!/usr/bin/env bash
# Beside others: programs on XDP, TCX and clsact that were there before us or come after
# us see every packet while we are there, and are as they were when we go.
. "$(dirname "$0")/lib.sh"

fixture
usual_hellos
deny_policy enforce

holder() { # NAME HOOK
	start "$1" in_s "$HG_TOOLS/holder" "$2" s0
	await output_has "$1" ready || bail "holder $2: $(<"$HG_DIR/$1.err")"
}

# count NAME: the packets it has seen so far
count() {
	local lines
	lines=$(wc -l <"$HG_DIR/$1.out")
	kill -USR1 "${HG_PID[$1]}"
	await lines_at_least "$HG_DIR/$1.out" $((lines + 1)) || bail "$1 does not answer"
	tail -n 1 "$HG_DIR/$1.out" | cut -d' ' -f2
}

# packets: what has entered the server's interface
packets() { in_s cat /sys/class/net/s0/statistics/rx_packets; }

# sees_all WHEN NAME...: each counts at least what enters while names are judged
sees_all() {
	local when=$1 name entered
	local -A before=()
	shift
	for name; do before[$name]=$(count "$name"); done
	entered=$(packets)
	probe beside forbidden allowed
	entered=$(($(packets) - entered))
	jq -c 'select(.id == "forbidden")' "$HG_DIR/beside.both" >"$HG_DIR/no.both"
	jq -c 'select(.id == "allowed")' "$HG_DIR/beside.both" >"$HG_DIR/yes.both"
	every no "$RESET" "forbidden is reset $when"
	every yes "$UNTOUCHED" "allowed is not $when"
	for name; do
		ok "$name sees each of $entered packets $when" test $(($(count "$name") - before[$name])) -ge "$entered"
	done
}

attach_beside() { # HOOK WHEN
	run hg attach --netns "$HG_S" --hook "$1" --policy "$HG_DIR/deny.yaml" s0
	said "attach --hook $1 $2" 0
}

on_xdp() {
	local mode hook id
	for mode in xdp xdp-generic; do
		holder xdp $mode
		read -r _ id <"$HG_DIR/xdp.out"
		run hg attach --netns "$HG_S" --hook xdp --policy "$HG_DIR/deny.yaml" s0
		said "--hook xdp beside a program on $mode: 7, and what to do" 7 "hellogate attach s0 --hook $TCX"
		like "$err" "id $id\b" "it names the program ($mode)"
		for hook in $(hooks tcx tc); do
			attach_beside "$hook" "beside a program on $mode"
			sees_all "(beside $mode, $hook)" xdp
			detach_leaves_nothing
		done
		like "$(ip -n "$HG_S" -d link show s0)" "prog/xdp.* id $id\b" "the program on $mode is still there"
		stop xdp
	done
}

# Theirs before us, at the head after us, and after us at the tail; egress likewise.
on_tcx() {
	local hook
	has_tcx || { skip "others on TCX" "Linux 6.6 is the first with TCX" && return; }
	for hook in tcx tc xdp; do
		holder earlier tcx
		holder out tcx-egress
		attach_beside $hook "beside programs on TCX"
		holder first tcx-first
		holder later tcx
		# A reset's clone leaves by egress, and nothing enters there: it is not compared.
		sees_all "(TCX, $hook)" earlier first
		ok "the program at egress lives (TCX, $hook)" test "$(count out)" -gt 0
		detach_leaves_nothing
		ok "each of the others lives (TCX, $hook)" eval 'running earlier && running out && running first && running later'
		sees_none_reset "(TCX, $hook)" earlier first later
		for name in earlier out first later; do stop $name; done
	done
}

# sees_none_reset WHEN NAME...: we have gone, and they go on
sees_none_reset() {
	local when=$1 name
	local -A before=()
	shift
	for name; do before[$name]=$(count "$name"); done
	nothing_is_reset "after detach $when"
	for name; do
		ok "$name goes on after detach $when" test "$(count "$name")" -gt "${before[$name]}"
	done
}

filters() { in_s tc filter show dev s0 "$1"; }

# u32 is another kind of classifier: the kernel keeps one kind at a priority.
on_clsact() {
	local hook theirs
	"$HG_TOOLS/holder" pin tc "$HG_DIR/bpf/foreign_tc" >/dev/null
	in_s tc qdisc add dev s0 clsact
	in_s tc filter add dev s0 ingress pref 7 handle 0x7 bpf da object-pinned "$HG_DIR/bpf/foreign_tc"
	in_s tc filter add dev s0 egress pref 1 handle 0x8 bpf da object-pinned "$HG_DIR/bpf/foreign_tc"
	theirs=$(filters ingress && filters egress)
	for hook in $(hooks tc tcx); do
		attach_beside "$hook" "beside filters on clsact"
		forbidden_is_reset "(clsact, $hook)"
		detach_leaves_nothing
		is "$(filters ingress && filters egress)" "$theirs" "their filters are as they were (clsact, $hook)"
	done
	in_s tc qdisc del dev s0 clsact
}

no_place() {
	local theirs
	in_s tc qdisc add dev s0 clsact
	in_s tc filter add dev s0 ingress pref 1 protocol all u32 match u32 0 0 2>/dev/null ||
		{ skip "another kind of filter at priority 1" "no u32 in this kernel" && in_s tc qdisc del dev s0 clsact && return; }
	theirs=$(filters ingress)
	run hg attach --netns "$HG_S" --hook tc --policy "$HG_DIR/deny.yaml" s0
	said "--hook tc, another kind of filter at its priority: 7" 7 "tc filter show dev s0"
	is "$(filters ingress)" "$theirs" "that filter is as it was"
	is "$(filters egress)" "" "and nothing of ours is left"
	in_s tc qdisc del dev s0 clsact
	in_s tc qdisc add dev s0 ingress
	run hg attach --netns "$HG_S" --hook tc --policy "$HG_DIR/deny.yaml" s0
	said "--hook tc, an ingress qdisc where clsact goes: 7" 7 "tc qdisc show dev s0"
	like "$(in_s tc qdisc show dev s0)" "qdisc ingress" "that qdisc is still there"
	in_s tc qdisc del dev s0 ingress
}

# A clsact of the operator's, without filters, is not ours to remove; one of ours is.
whose_clsact() {
	in_s tc qdisc add dev s0 clsact
	attach_beside tc "on a clsact that is there"
	attach_beside tc "again"
	run hg detach --all
	like "$(in_s tc qdisc show dev s0)" "clsact" "a clsact that was there stays"
	in_s tc qdisc del dev s0 clsact
	attach_beside tc "without a clsact"
	attach_beside tc "again"
	run hg detach --all
	unlike "$(in_s tc qdisc show dev s0)" "clsact" "one that attach made goes with it"
}

on_xdp
on_tcx
on_clsact
no_place
whose_clsact
finish
