#!/usr/bin/env bash
# Floods of half hellos, SYNs and whole hellos: a forbidden name from elsewhere is reset
# all the same, and every counter adds up with what was sent.
#
# HG_COUNT=N: half hellos of a flood, of which the others have multiples. HG_RATE=N:
# connections a second. HG_GOOD=N: real connections beside each.
. "$(dirname "$0")/lib.sh"

count=${HG_COUNT:-100000} rate=${HG_RATE:-12500}
good=${HG_GOOD:-100}
pool=1024       # include/bounds.h: HG_PARTIALS, HG_EVICTED, HG_SLOTS, HG_FLOWS
waiting=4096    # so many flows that gave up have not ended
slots=262144 flows=65536
nobody=10.79.0.1 # nobody has it: half open connections get no answer

more_than() { if [ "$1" -gt "$2" ]; then echo $(($1 - $2)); else echo 0; fi; }

memory() {
	local map
	command -v bpftool >/dev/null || return 0
	for map in "$HELLOGATE_BPFFS"/maps/*; do bpftool -j map show pinned "$map"; done |
		jq -s 'map(.bytes_memlock) | add'
}

# real NAME CUT: forbidden hellos of one address, in the segments that CUT says
real() {
	exchange "$1" < <(
		payloads forbidden
		for i in $(seq "$good"); do echo "conn id=$1$i payload=forbidden want=0 $2"; done
	)
}

# flooded NAME CUT OPTIONS...: real hellos while flood runs with these options; then
# the metrics are read
flooded() {
	local name=$1 cut=$2
	shift 2
	before=$(memory)
	start flood in_c "$HG_TOOLS/flood" --dev c0 --dmac "$(mac "$HG_S" s0)" \
		--dst4 "$nobody" --src4 10.78.0.1 "$@"
	await -t 30 output_has flood begun || bail "flood does not begin: $(<"$HG_DIR/flood.err")"
	real "$name" "$cut"
	ok "$name: the flood was on all the time" running flood
	await -t 120 output_has flood '"errors":0}' || diag "$(<"$HG_DIR/flood.out")"
	stop flood
	every "$name" "$RESET" "$name: forbidden hellos from elsewhere are reset"
	snapshot
	if [ -n "$before" ]; then
		is "$(memory)" "$before" "$name: the memory of the maps is what it was"
	else
		skip "$name: the memory of the maps is what it was" "no bpftool"
	fi
	# shellcheck disable=SC2034 # arithmetic takes it by its name
	missed=$(metric flow_flags_total 'flag="missed_start"') # a SYN took the slot of ours
}

# sums GOT WANT DESCRIPTION: both are arithmetic
sums() { is "$(($1))" "$(($2))" "$name: $3"; }

refused() { number refused_total "reason=\"$1\""; }
bucket() { number coverage_flows_total "bucket=\"$1\""; }
entries() { number map_entries "map=\"$1\""; }

one_source() {
	local name=one-source held
	held=$((count < pool / 8 ? count : pool / 8))
	flooded "$name" cut=300 --count "$count" --rate "$rate" --payload "$HG_DIR/allowed.hello" \
		--bytes 200
	sums "$(metric flows_created_total)" "count + good + missed" "flows"
	sums "$(entries captures)" held "captures of the one address: an eighth of the pool"
	sums "$(refused partial_share_full)" "count - held" "all others are refused"
	sums "$(bucket evicted)" "count - held + missed" "and end as evicted"
	sums "$(bucket reassembled)" good "hellos that were read"
	sums "$(metric flows_active)" held "flows that are left"
	sums "$(refused partial_pool_full)" 0 "nobody gives up"
}

many_sources() {
	local name=many-sources held gave_up
	flooded "$name" cut=300 --count "$count" --rate "$rate" --payload "$HG_DIR/allowed.hello" \
		--bytes 200 --sources 1000
	held=$(entries captures) gave_up=$(refused partial_pool_full)
	sums "$(metric flows_created_total)" "count + good + missed" "flows"
	ok "$name: the pool is in use" test "$held" -ge $((count < pool ? count : pool - 1))
	sums "$gave_up" "count - held" "all others have given up"
	sums "$(bucket evicted)" "$(more_than "$gave_up" "$waiting") + missed" \
		"and end as evicted, but for the last ones"
	sums "$(bucket reassembled)" good "hellos that were read"
	sums "$(metric flows_active)" "count - ($(bucket evicted) - missed)" "flows that are left"
	sums "$(refused partial_share_full) + $(refused flow_table_full)" 0 "nobody is refused"
	ok "$name: the flow table is far from full ($(entries flows))" \
		test "$(entries flows)" -le $((pool + 2 * waiting + 2 * good))
}

syns() {
	local name=syns sent=$((3 * count)) active
	flooded "$name" '' --count "$sent" --rate $((4 * rate)) --sources 1000
	active=$(metric flows_active)
	sums "$(metric flows_created_total)" "sent + good + missed" "flows"
	ok "$name: no more are left than there are slots" test "$active" -le "$slots"
	sums "$(bucket evicted)" "sent + missed - active" "all others end as evicted"
	sums "$(bucket single_segment)" good "hellos that were read"
	sums "$(metric refused_total)" 0 "nothing is refused"
}

# Flows that are reset keep their entries until a crowd comes, and nobody reads the events.
full_tables() {
	local name=full-tables sent=$((7 * count / 10)) all
	all=$((sent + good))
	flooded "$name" '' --count "$sent" --rate $((2 * rate)) --sources 1000 \
		--payload "$HG_DIR/forbidden.hello"
	sums "$(metric flows_created_total)" "all + missed" "flows"
	sums "$(bucket single_segment)" "all" "hellos that were read"
	sums "$(metric resets_total 'to="both"')" "all" "each was reset, with an entry or without"
	# how many depends on when they gave way; that none is lost is in the sums
	ok "$name: no more without an entry than there was no room for" \
		test "$(refused flow_table_full)" -le "$(more_than "$all" "$flows")"
	sums "$(metric events_total) + $(metric events_lost_total 'stage="ring"')" "2 * all" \
		"events that were written, and lost"
	[ "$count" -lt 10000 ] || ok "$name: some were lost" \
		test "$(metric events_lost_total 'stage="ring"')" -gt 0
}

[ -x "$HG_TOOLS/flood" ] || bail "no $HG_TOOLS/flood: build tests/tools first"
fixture
usual_hellos
deny_policy enforce
for flood in one_source many_sources syns full_tables; do
	attached "$TCX" deny.yaml
	$flood
	run hg detach --all
	said "detach --all" 0
done
finish
