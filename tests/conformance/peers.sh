#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# peers.sh SCORE CAPTURE: which names tshark and ndpiReader show for the shapes.
# Both get one file with all of them. tshark is told to put segments in order, which
# is not its default; else both are as Debian has them.
set -euo pipefail
shopt -s inherit_errexit

score=$1 capture=$2

# The innermost address is the client's; one hello may show several names.
tshark_names() {
	tshark -r "$capture" -o tcp.reassemble_out_of_order:TRUE -Y 'tls.handshake.type == 1' \
		-T fields -e ip.src -e ipv6.src -e tls.handshake.extensions_server_name 2>/dev/null |
		awk -F '\t' -v OFS='\t' '{ n = split($2 == "" ? $1 : $2, at, ","); print at[n], $3 }'
}

ndpi_names() {
	ndpiReader -i "$capture" -t -v 2 2>/dev/null |
		awk -v OFS='\t' '
			/TCP/ && match($0, /(10\.[0-9.]+|\[2001:db8:1:[0-9a-f:]*\]):[0-9]+/) {
				at = substr($0, RSTART, RLENGTH)
				sub(/:[0-9]+$/, "", at)
				gsub(/[][]/, "", at)
				name = ""
				if (match($0, /\[Hostname\/SNI: [^]]*/)) name = substr($0, RSTART + 15, RLENGTH - 15)
				print at, name
			}
		'
}

peer() { # PROGRAM PACKAGE FUNCTION
	if command -v "$1" >/dev/null; then
		"$3" | "$score" peer "$1"
	else
		printf '0\tall rows\t%s\tskip\t0\t0\t%s is not installed (%s)\n' "$1" "$1" "$2"
	fi
}

peer tshark tshark tshark_names
peer ndpiReader libndpi-bin ndpi_names
