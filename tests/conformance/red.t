#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What is known to be wrong is said where users read, and nothing else is: each red row
# is a shape, has a reason, and is named in docs/limits.md, where a word may stand for
# several; what a red line of docs/limits.md names is a red row. Where flags tell of it, all
# of its flows have them.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
programs=${HG_CONFORMANCE:-$here/../../build/tests/conformance}
gate=${HELLOGATE:-$here/../../build/hellogate}
tests=0 failed=0
captures=$(mktemp -d)
trap 'rm -rf "$captures"' EXIT

# shellcheck disable=SC2016 # backquotes of Markdown
mapfile -t named < <(grep -oE '`[a-z0-9_]+/[a-z0-9_*]+`' "$here/../../docs/limits.md" | tr -d '`' | sort -u)
# shellcheck disable=SC2016
mapfile -t said_red < <(grep -F '**red**' "$here/../../docs/limits.md" |
	grep -oE '`[a-z0-9_]+/[a-z0-9_*]+`' | tr -d '`' | sort -u)
declare -A rows=() red=()
while IFS=$'\t' read -r _ name _; do rows[$name]=1; done < <("$programs/score" rows)

result() { # STATUS TEXT
	tests=$((tests + 1))
	[ "$1" = ok ] || failed=1
	printf '%s %d - %s\n' "$1" "$tests" "$2"
}

is_named() { # SHAPE
	local pattern
	for pattern in "${named[@]}"; do
		# shellcheck disable=SC2053 # a pattern is meant
		[[ $1 != $pattern ]] || return 0
	done
	return 1
}

# Prints the flows that are told of, and how many of them have all of these flags.
told_by() { # SHAPE FLAG,FLAG
	"$gate" read --limits kernel -o jsonl "$("$programs/captures" "$captures" "$1")" |
		jq -rs --arg flags "$2" \
			'"\(length) \(map(select($flags / "," - .hellogate.flags == [])) | length)"'
}

while IFS=$'\t' read -r shape legs why told; do
	[[ -n $shape && $shape != '#'* ]] || continue
	red[$shape]=1
	if [ -z "${rows[$shape]:-}" ]; then
		result "not ok" "$shape is a shape"
	elif [ -z "$legs" ] || [ -z "$why" ]; then
		result "not ok" "$shape has roads and a reason"
	elif is_named "$shape"; then
		result ok "$shape is named in docs/limits.md"
	else
		result "not ok" "$shape is named in docs/limits.md"
	fi
	[ -n "$told" ] || continue
	read -r flows have < <(told_by "$shape" "$told")
	if [ "$flows" -gt 0 ] && [ "$have" -eq "$flows" ]; then
		result ok "all $flows flows of $shape have $told"
	else
		result "not ok" "$have of $flows flows of $shape have $told"
	fi
done <"$here/red.tsv"

is_red() { # PATTERN
	local shape
	for shape in "${!red[@]}"; do
		# shellcheck disable=SC2053
		[[ $shape != $1 ]] || return 0
	done
	return 1
}

for pattern in "${said_red[@]}"; do
	if is_red "$pattern"; then status=ok; else status="not ok"; fi
	result "$status" "$pattern of docs/limits.md is red"
done

echo "1..$tests"
exit $failed
