#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Every shape, from captures: hellogate read, with the kernel's bounds and without.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
programs=${HG_CONFORMANCE:-$here/../../build/tests/conformance}
hellogate=${HELLOGATE:-$here/../../build/hellogate}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM

native() { # LEG OPTION...
	local leg=$1
	shift
	"$hellogate" read -o jsonl "$@" "$scratch"/*.pcap | "$programs/score" read "$leg"
}

"$programs/captures" "$scratch" >/dev/null
{ native native --checksums on && native limits --checksums on --limits kernel --decap all; } |
	tee ${HG_RESULTS:+"$HG_RESULTS/native.tsv"} | "$here/tap.sh" "$here/red.tsv"
