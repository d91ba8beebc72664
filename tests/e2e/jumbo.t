#!/usr/bin/env bash
# Jumbo frames: a hello of 8,000 bytes in one segment. Under native XDP such a packet is
# several buffers long, and only a program that knows of those (xdp.frags) may be there.
. "$(dirname "$0")/lib.sh"

fixture
hello forbidden --sni www.forbidden.example --sni-last --pad-to 8000
hello allowed --sni www.allowed.example --sni-last --pad-to 8000
deny_policy enforce
{ ip -n "$HG_C" link set c0 mtu 9000 && ip -n "$HG_S" link set s0 mtu 9000; } || bail "no jumbo frames here"

# dialled HELLO [OPTION...]: how it ended for an ordinary client
dialled() {
	local name=$1
	shift
	in_c "$HG_TOOLS/dial" $S4 443 "$HG_DIR/$name.hello" "$@" | jq -r .end
}

for hook in $(hooks xdp xdp-generic tc tcx); do
	attached "$hook" deny.yaml
	probe whole forbidden
	every whole "$RESET" "8,000 bytes in one segment: reset at both ends ($hook)"
	every whole '.sink.read == 0' "its application reads 0 bytes ($hook)"
	probe whole allowed
	every whole "$UNTOUCHED" "an allowed name of that size is not ($hook)"
	sink --answer 1
	is "$(dialled forbidden --want 9)" ECONNRESET "an ordinary client gets ECONNRESET ($hook)"
	is "$(dialled allowed --want 1)" "done" "and is answered with an allowed name ($hook)"
	stop sink
	detach_leaves_nothing
done
finish
