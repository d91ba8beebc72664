#!/usr/bin/env bash
# A crowd of connections that were reset leaves room for hellos in several segments: those
# of allowed names pass, and those of forbidden names do not.
. "$(dirname "$0")/lib.sh"

# More flows than the table holds, all reset, faster than it forgets them.
crowd_it() {
	in_c "$HG_TOOLS/flood" --dev c0 --dmac "$(mac "$HG_S" s0)" --src4 10.77.2.1 --dst4 "$S4" --count 100000 \
		--sources 50 --rate 20000 --payload "$HG_DIR/forbidden.hello" >"$HG_DIR/flood.out" || bail "flood"
}

# dialled NAME [OPTIONS]: how it ended for an ordinary socket
dialled() {
	local name=$1
	shift
	in_c "$HG_TOOLS/dial" "$S4" 443 "$HG_DIR/$name.hello" --want 2 "$@" | jq -r .end
}

fixture
usual_hellos
for unread in reset allow; do
	deny_policy enforce
	echo "unread: $unread" >>"$HG_DIR/deny.yaml"
	attached "$TCX" deny.yaml
	sink --answer 517
	crowd_it
	is "$(dialled allowed)" "done" "an allowed name, in one segment (unread: $unread)"
	is "$(dialled forbidden)" ECONNRESET "a forbidden one"
	is "$(dialled allowed --cut 100)" "done" "an allowed name, in two (unread: $unread)"
	is "$(dialled forbidden --cut 100)" ECONNRESET "a forbidden one"
	stop sink
	detach_leaves_nothing
done
finish
