#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# prove.t: cbmc proves each harness; and with a bug planted in the source it does not.
#
# Environment: CBMC (a program), BUILD (where one is unpacked).
set -u
export LC_ALL=C

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
if [ -z "${CBMC:-}" ] && ! CBMC=$(tests/cbmc/obtain "${BUILD:-build}/cbmc" | tail -n 1); then
	echo "1..0 # SKIP no cbmc: it is not in Debian 12, and the mirror gave none"
	exit 0
fi

# verdict HARNESS INCLUDE: "SUCCESSFUL", "FAILED", or nothing if it did not get so far.
verdict() {
	timeout "${CBMC_TIME:-280}" "$CBMC" --nondet-static --bounds-check --pointer-check \
		--undefined-shift-check --signed-overflow-check --unwind 18 --unwinding-assertions \
		-I"$2" "tests/cbmc/$1.c" >"$work/$1.log" 2>&1
	sed -n 's/^VERIFICATION //p' "$work/$1.log"
}

# row NAME WANTED GOT
row() {
	number=$((number + 1))
	if [ "$2" = "$3" ]; then echo "ok $number - $1"; else
		echo "not ok $number - $1"
		echo "# $1: ${3:-no verdict}, not $2" >&2
		grep ': FAILURE$' "$work"/*.log | head -n 5 | sed 's/^/# /' >&2
	fi
}

# planted HARNESS FILE FROM TO: the same, of a source that is wrong in one place.
planted() {
	rm -rf "$work/include"
	cp -r include "$work/include"
	sed -i "s/$3/$4/" "$work/include/$2"
	if cmp -s "include/$2" "$work/include/$2"; then
		row "$1: a bug can be planted in $2" yes no
		return
	fi
	row "$1: \"$4\" in $2 is found" FAILED "$(verdict "$1" "$work/include")"
}

for harness in tests/cbmc/*.c; do
	name=$(basename "$harness" .c)
	row "$name: proved" SUCCESSFUL "$(verdict "$name" include)"
done

planted window bytes.h 'if (n > w->end - w->at)' 'if (n > w->end - w->at + 1)'
planted window bytes.h 'if (at >= HG_STREAM_CAP)' 'if (at > HG_STREAM_CAP + HG_COPY_CHUNK)'
planted records tls_record.h 'if (filled - at < HG_RECORD_HEADER + len)' \
	'if (filled - at < HG_RECORD_HEADER)'
planted unwrap tls_record.h 'if (to >= HG_STREAM_CAP)' 'if (to > HG_STREAM_CAP + HG_COPY_CHUNK)'
planted extensions client_hello.h 'i >= HG_NAME_MAX)' 'i > HG_NAME_SIZE)'
planted extensions client_hello.h 'p->ext = w;' 'p->ext.end = w.end;'
planted flight flight.h 'if (last >= HG_CHUNKS_MAX)' 'if (last > HG_CHUNKS_MAX)'
echo "1..$number"
