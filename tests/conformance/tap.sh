#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# tap.sh RED < RESULTS: results (see kernel.c) as TAP. RED lists the rows that are
# known to be wrong: they must be wrong, or the list says too much.
set -euo pipefail

awk -F '\t' -v red_file="$1" '
	function is_red(name, leg,    i, n, legs) {
		n = split(red[name], legs, ",")
		for (i = 1; i <= n; i++)
			if (index(leg " ", legs[i] " ") == 1) return 1
		return 0
	}
	function line(ok, text) { printf "%sok %d - %s\n", ok ? "" : "not ", ++count, text }
	BEGIN {
		expected = "TO" "DO" # the word of TAP, which is no mark of unfinished work here
		while ((getline row < red_file) > 0) {
			if (row ~ /^#/ || row == "") continue
			split(row, field, "\t")
			red[field[1]] = red[field[1]] (red[field[1]] ? "," : "") field[2]
			why[field[1]] = field[3]
		}
	}
	{
		known[$2] = 1
		text = $2 ", " $3
		if ($6 > 1) text = text " (" $5 " of " $6 ")"
	}
	$4 == "skip" { line(1, text " # SKIP " $7); next }
	is_red($2, $3) && $4 == "fail" { line(0, text " # " expected " red: " why[$2]); next }
	is_red($2, $3) { line(0, text " is green: remove it from " red_file); failed = 1; next }
	$4 == "fail" { print "# " $7; line(0, text); failed = 1; next }
	{ line(1, text) }
	END {
		for (name in red)
			if (!(name in known)) {
				line(0, name " is in " red_file ", and there is no such row")
				failed = 1
			}
		print "1.." count
		exit failed
	}
'
