#!/usr/bin/env bash
# What was loaded is what is judged, in the kernel and in run, until the next load:
# whatever becomes of the files, of the directory, and of the names of rules.
. "$(dirname "$0")/lib.sh"

fixture
usual_hellos

# A byte every 20 ms after the hello: the one that comes after the decision meets it.
drips() { # NAME
	local i segs="seg=0+517"
	for i in $(seq 0 14); do segs+=" seg=$((517 + i))+1/after=20"; done
	echo "conn id=$1 payload=$1 want=0 timeout=2000 $segs seg=532+-"
}

# decided WHEN: the forbidden name is reset by user space, the other one is not
decided() {
	head -c 60 /dev/zero | tr '\0' '\27' >"$HG_DIR/more"
	sink
	segclient decided <<-EOS
		payload forbidden @$HG_DIR/forbidden.hello @$HG_DIR/more
		payload allowed @$HG_DIR/allowed.hello @$HG_DIR/more
		$(drips forbidden)
		$(drips allowed)
	EOS
	settle decided
	every decided "if .id == \"forbidden\" then $RESET else $UNTOUCHED end" "by the lists as they were loaded, $1"
}

# --- lists: the kernel stops at a fingerprint, and run goes on with a list from a file
mkdir "$HG_DIR/etc"
cat >"$HG_DIR/etc/lists.yaml" <<'YAML'
version: 1
mode: enforce
sets:
  listed: {kind: domains, files: [listed.txt]}
rules:
  - {name: bots, match: {ja4: ["q99*"]}, action: reset}
  - {name: listed, match: {sni: "@listed", src: [10.77.0.0/24], port: 443}, action: reset}
YAML
echo www.forbidden.example >"$HG_DIR/etc/listed.txt"
run hg attach --netns "$HG_S" --hook "$TCX" s0
cd "$HG_DIR/etc" || bail "cd"
run hg policy load lists.yaml
said "policy load by a relative path" 0
cd / || bail "cd"
echo www.allowed.example >"$HG_DIR/etc/listed.txt"
daemon "after a list has changed"
decided "and not by the file as it is now"
stop daemon
rm -r "${HG_DIR:?}/etc"
daemon "after the files have gone"
decided "and without the files"
unlike "$(<"$HG_DIR/daemon.err")" "cannot be read" "run does not miss them"
stop daemon

# --- a policy that can be read once only
deny_policy enforce
exec 9< <(cat "$HG_DIR/deny.yaml")
run hg policy load /dev/fd/9
exec 9<&-
said "policy load from a pipe" 0
forbidden_is_reset "by it"
run hg policy show
like "$out" "deny .*reset" "and it is shown"
detach_leaves_nothing
exec 9< <(cat "$HG_DIR/deny.yaml")
run hg attach --netns "$HG_S" --hook "$TCX" --policy /dev/fd/9 s0
exec 9<&-
said "attach --policy from a pipe" 0

# --- who may read the maps may read the policy, without CAP_SYS_ADMIN
limited() { setpriv --inh-caps=-sys_admin --bounding-set=-sys_admin timeout 20 "$HELLOGATE" "$@"; }
if limited version >/dev/null 2>&1; then
	run limited policy show
	said "policy show without CAP_SYS_ADMIN" 0
	like "$out" "deny .*reset" "it has the rules"
	run limited status
	like "$out" "default allow" "status without CAP_SYS_ADMIN tells what the policy does"
	run limited policy load "$HG_DIR/deny.yaml"
	said "policy load without CAP_SYS_ADMIN" 0
else
	skip "without CAP_SYS_ADMIN" "setpriv cannot take it away"
fi

# --- names of rules: more in all than there are counters
# names PREFIX COUNT: a policy of so many rules, and `deny` first if PREFIX is keep
names() {
	local i
	echo "version: 1"
	echo "mode: enforce"
	echo "rules:"
	[ "$1" != keep ] || echo "  - {name: deny, match: {sni: [.forbidden.example]}, action: reset}"
	echo "  - {name: seen, match: {sni: [.allowed.example]}, action: count}"
	for i in $(seq "$2"); do
		echo "  - {name: $1-$i, match: {sni: [n$i.example], sni_state: invalid}, action: count}"
	done | sed 's/\[n[0-9]*\.example\]/[n.example]/'
}
verdicts() { # RULE: done by it, as policy show has it
	hg policy show -j | jq --arg rule "$1" '.rules[] | select(.rule == $rule).enforced'
}
names keep 500 | policy names.yaml
run hg policy load "$HG_DIR/names.yaml"
said "500 names" 0
before=$(verdicts deny)
probe counted forbidden allowed
is "$(verdicts deny) $(verdicts seen)" "$((before + 2)) 2" "verdicts are counted"
for round in 2 3 4 5 6; do
	names "round$round" 500 | policy names.yaml
	run hg policy load "$HG_DIR/names.yaml"
	said "500 other names, load $round" 0
done
is "$(verdicts seen)" 2 "the counter of a name that stayed goes on"
probe counted allowed
is "$(verdicts seen)" 4 "and counts"
names keep 0 | policy names.yaml
run hg policy load "$HG_DIR/names.yaml"
is "$(verdicts deny)" 0 "a name that was given up begins at zero"
forbidden_is_reset "by it"
is "$(verdicts deny)" 2 "and is counted anew"
for round in a b c; do
	names "$round" 1000 | policy names.yaml
	run hg policy load "$HG_DIR/names.yaml"
	[ "$rc" = 0 ] || break
done
said "names that no kept generation gives up: 5, and what to do" 5 'no counter is free for the names'
like "$err" "detach --all" "the way out is said"
names keep 0 | policy names.yaml
run hg policy load "$HG_DIR/names.yaml"
said "a smaller policy loads" 0
forbidden_is_reset "by it, too"
finish
