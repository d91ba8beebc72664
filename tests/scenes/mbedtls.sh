#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A client of mbedTLS that takes no more than LIMIT bytes in a record, as small
# devices are built: the limit is a constant of the library, so Debian's source
# package is fetched (apt checks its signature) and built with it.
#
#   mbedtls.sh LIMIT DIR      makes DIR/ssl_client2, once
#
# Exit code 5: the source is not to be had here; the last line says why.
set -eu -o pipefail

limit=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
target=$dir/ssl_client2

give_up() {
	printf 'mbedtls.sh: %s\n' "$*" >&2
	exit 5
}

# The machine's own lists have no sources, as a rule: a private configuration, of the
# mirror that its packages come from, does not touch them.
apt() {
	apt-get -q -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir/cache" -o APT::Sandbox::User=root "$@"
}

fetch() {
	local mirror
	# Two words: the archive's address and its suite.  Its first line is the suite itself,
	# not its updates.
	mirror=$(apt-get indextargets --format "\$(REPO_URI) \$(RELEASE)" 'Created-By: Packages' \
		'Component: main' | head -n 1)
	[ -n "$mirror" ] || give_up "apt-get has no index of packages: try apt-get update"
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"$mirror main" >"$dir/sources.list"
	apt update >"$dir/apt.log" 2>&1 || give_up "apt-get update: $(tail -n 1 "$dir/apt.log")"
	(cd "$dir" && apt source --download-only mbedtls) >>"$dir/apt.log" 2>&1 ||
		give_up "apt-get source mbedtls: $(tail -n 1 "$dir/apt.log")"
}

unpack() {
	local tarball
	tarball=$(find "$dir" -maxdepth 1 -name 'mbedtls_*.orig.tar.*' | head -n 1)
	[ -n "$tarball" ] || give_up "Debian's source package has no tarball"
	rm -rf "$dir/src"
	mkdir "$dir/src"
	tar -xf "$tarball" -C "$dir/src" --strip-components=1
}

# In one call: the client is one of the library's own programs.
build() {
	local src=$dir/src
	"${CC:-cc}" -O0 -w -DMBEDTLS_SSL_IN_CONTENT_LEN="$limit" -I"$src/include" -I"$src/library" \
		-I"$src/tests/include" -I"$src/programs/ssl" -I"$src/programs/test" -o "$target.tmp" \
		"$src"/library/*.c "$src"/tests/src/{helpers,random}.c \
		"$src"/programs/ssl/{ssl_client2,ssl_test_lib}.c "$src/programs/test/query_config.c" \
		>"$dir/cc.log" 2>&1 || give_up "the compiler: $(grep -m 1 error "$dir/cc.log")"
	mv "$target.tmp" "$target"
}

[ ! -x "$target" ] || exit 0
find "$dir" -maxdepth 1 -name 'mbedtls_*.orig.tar.*' | grep -q . || fetch
unpack
build
