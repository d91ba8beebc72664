#!/usr/bin/env bash
# Before Linux 6.6 there is no TCX: --hook tcx is refused and says what to do, and
# --hook auto takes tc and says why. For a machine of tests/vm/suites: lib.sh lies beside it.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

! has_tcx || skip_all "Linux $(uname -r) has TCX"
fixture
usual_hellos
deny_policy enforce

run hg features
said "features" 0
like "$out" "^ *tcx +no\b.*6\.6" "features: no tcx, and since when it is there"

run hg attach --netns "$HG_S" --hook tcx --policy "$HG_DIR/deny.yaml" s0
said "--hook tcx is refused" 5 "s0: --hook tcx"
like "$err" "Linux 6\.6" "and says what has it"
like "$err" "hellogate attach s0 .*--hook tc\b" "and what to do"
run hg status
said "nothing is attached then" 6
ok "nothing is pinned" no_pins
is "$(in_s tc qdisc show dev s0 clsact)" "" "no clsact is left"

run hg attach --netns "$HG_S" --policy "$HG_DIR/deny.yaml" s0
said "--hook auto" 0 "hook tc\b"
like "$err" "veth is virtual" "auto says why it is not XDP"
like "$err" "TCX before Linux 6\.6" "and why it is not TCX"
run hg status -o json
ok "status: hook tc" json_holds '[.. | strings] | any(. == "tc") and all(. != "tcx")' <<<"$out"
forbidden_is_reset "by what auto chose"
probe short allowed
every short "$UNTOUCHED" "an allowed name is not"

# another's XDP program: the way out that is named must exist here, and what we have stays
start holder in_s "$HG_TOOLS/holder" xdp s0
await output_has holder ready || bail "holder: $(<"$HG_DIR/holder.err")"
run hg attach --netns "$HG_S" --hook xdp --policy "$HG_DIR/deny.yaml" s0
said "--hook xdp where another program is" 7 "--hook tc\b"
unlike "$err" "--hook tcx" "TCX is not advised"
forbidden_is_reset "by what was there before the refusal"
stop holder
run hg detach --all
said "detach" 0
is "$(in_s tc qdisc show dev s0)" "$(in_s tc qdisc show dev s0 | grep -v clsact)" "clsact goes with the last filter"
nothing_is_reset "after detach"
finish
