#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Every shape, through the BPF programs at each hook.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
programs=${HG_CONFORMANCE:-$here/../../build/tests/conformance}

if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP needs root: it loads programs"
	exit 0
fi
"$programs/kernel" | tee ${HG_RESULTS:+"$HG_RESULTS/kernel.tsv"} | "$here/tap.sh" "$here/red.tsv"
