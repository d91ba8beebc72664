#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The Debian packages that building, testing and showing hellogate take.
#
#   packaging/deps.sh [GROUP...]            installs what is missing
#   packaging/deps.sh --check [GROUP...]    names what is missing, and exits 1
#
# Groups are those of deps.txt; without one, all of them. What is there already
# is found out from dpkg in one call, without root and without the network.
set -euo pipefail

list=$(dirname "${BASH_SOURCE[0]}")/deps.txt

say() { printf 'deps: %s\n' "$*" >&2; }

die() { # EXIT_CODE MESSAGE
	say "$2"
	exit "$1"
}

groups_of_list() { sed -n 's/^\[\(.*\)\].*/\1/p' "$list"; }

check_groups() {
	local group
	for group; do
		groups_of_list | grep -qxF -e "$group" ||
			die 2 "no group '$group'; there are: $(groups_of_list | xargs)"
	done
}

# packages GROUP...: each once, in the order of the list, with what it is for and,
# where there is one, the command that stands for it
packages() {
	awk -v want=" $* " '
		{ purpose = /#/ ? $0 : ""; sub(/^[^#]*# */, "", purpose); sub(/[ \t]*#.*/, "") }
		/^\[/ { on = index(want, " " substr($0, 2, length($0) - 2) " "); next }
		on && NF && !seen[$1]++ { print $1 "\t" purpose "\t" ($2 == "|" ? $3 : "") }
	' "$list"
}

# Rows whose command is not there, or that have none.
without_command() {
	local package purpose command
	while IFS=$'\t' read -r package purpose command; do
		[ -n "$command" ] && command -v "$command" >/dev/null || printf '%s\t%s\n' "$package" "$purpose"
	done
}

# missing GROUP...: of those, the ones that dpkg does not have installed
missing() {
	local rows
	rows=$(packages "$@")
	# shellcheck disable=SC2016 # the format is dpkg's
	awk -F '\t' 'FILENAME == ARGV[1] { state[$1] = $2; next } state[$1] != "installed"' \
		<(cut -f 1 <<<"$rows" | xargs dpkg-query -W -f '${Package}\t${db:Status-Status}\n' 2>/dev/null) \
		<(printf '%s\n' "$rows") | without_command
}

name_them() { # ROWS
	local package purpose
	while IFS=$'\t' read -r package purpose; do
		say "missing: $package${purpose:+ ($purpose)}"
	done <<<"$1"
}

install_them() { # PACKAGE...
	export DEBIAN_FRONTEND=noninteractive
	say "installing $*"
	apt-get -q update || die 1 "apt-get update failed; the lines above say why"
	apt-get -q -y install --no-install-recommends "$@" || die 1 "apt-get install failed; the lines above say why"
}

main() {
	local check=0 rows names command
	if [ "${1:-}" = --check ]; then
		check=1
		shift
	fi
	case ${1:-} in
	-h | --help) sed -n 's/^# \{0,1\}//; 4,10p' "$0" && exit 0 ;;
	-*) die 2 "unknown option '$1'; see --help" ;;
	esac
	[ $# -gt 0 ] || mapfile -t groups < <(groups_of_list)
	[ $# -gt 0 ] || set -- "${groups[@]}"
	check_groups "$@"
	if ! command -v dpkg-query >/dev/null; then
		say "no dpkg here: nothing is checked; needed, as Debian calls it: $(packages "$@" | cut -f 1 | xargs)"
		return 0
	fi

	rows=$(missing "$@")
	[ -n "$rows" ] || return 0
	names=$(cut -f 1 <<<"$rows" | xargs)
	command="apt-get install -y --no-install-recommends $names"
	if [ $check = 1 ] || [ "$(id -u)" != 0 ]; then
		name_them "$rows"
		die $((check ? 1 : 4)) "install with (as root): $command"
	fi
	# shellcheck disable=SC2086 # package names, one word each
	install_them $names
}

main "$@"
