#!/usr/bin/env bash
# Without a policy nothing is enforced; hellos are seen and counted all the same.
. "$(dirname "$0")/lib.sh"

fixture
usual_hellos
hello none --no-sni --versions 1.0 --ciphers 0005,000a
for hook in $(hooks xdp xdp-generic tcx tc); do
	attached "$hook"
	probe plain forbidden allowed none
	every plain "$UNTOUCHED" "no name is reset ($hook)"
	counted 6 "each hello is counted once ($hook)" client_hellos_total
	counted 4 "with its version ($hook)" client_hellos_total 'version="1.3"'
	counted 2 "without a server name ($hook)" client_hello_sni_total 'state="none"'
	counted 0 "no reset is counted ($hook)" resets_total
	detach_leaves_nothing
done
finish
