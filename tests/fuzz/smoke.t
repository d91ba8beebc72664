#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# smoke.t: every fuzzing target over its kept corpus, once. FUZZ_PROGRAMS says where the
# programs are, FUZZ_NAMES which there are.
set -u
export LC_ALL=C

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
number=0

for target in $FUZZ_NAMES; do
	number=$((number + 1))
	inputs=$(find "tests/fuzz/corpus/$target" -type f | wc -l)
	if [ "$inputs" -gt 0 ] && "$FUZZ_PROGRAMS/$target" -runs=0 -close_fd_mask=3 \
		-artifact_prefix="$FUZZ_PROGRAMS/" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
		echo "ok $number - $target: $inputs inputs"
	else
		echo "not ok $number - $target: $inputs inputs"
		grep -E '^wrong:|ERROR:|runtime error:|^SUMMARY:|Test unit written' "$log" | sed 's/^/# /' >&2
	fi
done
echo "1..$number"
