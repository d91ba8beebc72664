#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Failed handshakes, and good ones beside them, with the clients and servers that people
# use: hellogate has to say of each what it was, live and from the capture.
#
# HG_SCENES=REGEX: some of them. HG_HOOKS="tcx xdp": all of them by each of these.
# HG_CAPTURE_ONLY=1: nothing is attached, only `hellogate read` is judged.
# HG_KEEP=1 keeps the captures. HG_MBEDTLS=FILE: ssl_client2, built with an input limit of
# 4429 bytes (else mbedtls.sh builds it).
# shellcheck source=tests/scenes/stage.sh
. "$(dirname "$0")/stage.sh"
# shellcheck source=tests/scenes/handshakes.sh
. "$SCENES_DIR/handshakes.sh"
# shellcheck source=tests/scenes/certs.sh
. "$SCENES_DIR/certs.sh"
# shellcheck source=tests/scenes/path.sh
. "$SCENES_DIR/path.sh"

# Each by the usual hook, and by these also by the other: hello and answer come another way.
SCENES=(s1_full_handshake s2_mutual s3_resumption s4_version_mismatch s5_cipher_mismatch s5_other_mismatches s6_certificates
	s7_inline_box s7_beside_and_server s7_policy s8_client_certificate s9_no_name s10_chain_too_large
	s11_chain_hygiene s12_after_other_data s13_large_hello s14_silence s14_before_the_hello)
BY_XDP=(s1_full_handshake s4_version_mismatch s7_beside_and_server s10_chain_too_large s13_large_hello)

need openssl curl gnutls-serv gnutls-cli nginx tcpdump nft perl python3
gateway_fixture
ip -n "$HG_C" addr add "$C4B/24" dev c0
ip -n "$HG_G" neigh replace "$C4B" lladdr "$(mac "$HG_C" c0)" dev g0 nud permanent
printf 'GET / HTTP/1.0\r\n\r\n' >"$HG_DIR/get"
authorities

plays() { [[ $1 =~ ${HG_SCENES:-.} ]]; }
printf '%s\n' "${SCENES[@]}" | grep -qE -e "${HG_SCENES:-.}" || bail "no scene is called '$HG_SCENES'; there are: ${SCENES[*]}"

if [ -n "${HG_HOOKS:-}" ]; then
	for hook in $HG_HOOKS; do
		for name in "${SCENES[@]}"; do ! plays "$name" || scene "$name" "$hook"; done
	done
else
	for name in "${SCENES[@]}"; do ! plays "$name" || scene "$name" "$TCX"; done
	for name in "${BY_XDP[@]}"; do ! plays "$name" || scene "$name" xdp; done
fi
finish
