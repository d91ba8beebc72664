#!/usr/bin/env bash
# The kernel has no memory at hand for a timer: since Linux 6.18 one that is refused once
# is refused again, until something else has the slab filled up.
. "$(dirname "$0")/lib.sh"

fixture
usual_hellos
deny_policy enforce

for ((cpu = 0; cpu < $(nproc); cpu++)); do
	start "slab$cpu" "$HG_TOOLS/slab" "$cpu"
	await -t 60 output_has "slab$cpu" 'ready|plenty' || bail "slab: $(<"$HG_DIR/slab$cpu.err")"
done
diag "Linux $(uname -r): $(cat "$HG_DIR"/slab*.out | tr '\n' ' ')"

for i in 1 2 3; do
	run hg attach --netns "$HG_S" --hook "$TCX" --policy "$HG_DIR/deny.yaml" s0
	said "attach, time $i" 0
	forbidden_is_reset "and it works, time $i"
	run hg detach --all
	said "detach, time $i" 0
done
finish
