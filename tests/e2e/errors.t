#!/usr/bin/env bash
# What cannot be done ends with the right exit code and says what to do.
. "$(dirname "$0")/lib.sh"

fixture
usual_hellos
deny_policy enforce

attach() { hg attach --netns "$HG_S" "$@"; }

# said_one_of DESCRIPTION REGEX CODE...: where the contract names no single code
said_one_of() {
	local what=$1 regex=$2
	shift 2
	case " $* " in
	*" $rc "*) like "$err" "$regex" "$what" ;;
	*) fail "$what" "exit code $rc, want one of $*; stderr: $err" ;;
	esac
}

# --- usage: 2, with what was meant
run hg statsu
said "an unknown command" 2 'did you mean.*status'
run attach --hok xdp s0
said "an unknown option" 2 'did you mean.*--hook'
run attach --hook xpd s0
said "an unknown hook" 2 'xdp'
run attach
said "attach without an interface" 2 'IFACE|interface'
run attach --ports 99999 s0
said "a port that is none" 2 '99999'
run attach --ports 443-80 s0
said "a range upside down" 2 '443-80'
run attach --decap vxlna s0
said "a tunnel that is none" 2 "did you mean 'vxlan'"
run attach --decap vxlan, s0
said "an empty word in a list of tunnels" 2 'pppoe,mpls,vxlan,geneve,gre,ipip'
run hg read --decap al /dev/null
said "read: a tunnel that is none" 2 "did you mean 'all'"
run attach --checksums yes s0
said "a switch takes on or off" 2 "'on' or 'off', not 'yes'"
run hg read --checksums 1 /dev/null
said "read: a switch takes on or off" 2 "'on' or 'off', not '1'"
run hg detach
said "detach without an interface or --all" 2 'all'
run hg events --filter 'sni=='
said_one_of "a broken filter" 'filter' 2 3
is "$(hg --help 2>/dev/null | grep -c .)" "$(hg --help 2>&1 | grep -c .)" "--help goes to stdout"
run hg --help
said "--help" 0
like "$out" "attach" "--help lists the commands"
run hg attach --help
said "attach --help" 0
like "$out" "xdp-generic" "attach --help lists the hooks"
run hg version
said "version" 0
like "$out" "[0-9]+\\.[0-9]+" "version prints one"
run in_s "$HELLOGATE" features s0
said "features" 0

# --- things that are not there
run attach nosuch0
said_one_of "an absent interface is named" 'nosuch0' 2 3 5 6
run hg attach --netns nosuchns s0
said_one_of "an absent namespace is named" 'nosuchns' 2 3 5 6
run timeout 10 "$HELLOGATE" watch --netns nosuchns s0
said "watch in an absent namespace" 3 'nosuchns'
run timeout 10 "$HELLOGATE" watch --netns "$HG_S" nosuch0
said "watch of an absent interface" 3 'nosuch0'
is "$(find "$HG_DIR/bpf" -mindepth 1 -name 'gate*')" "" "watch that fails leaves no directory"
mkdir -p "$HG_DIR/bpf/gate-watch-4194305/maps" "$HG_DIR/bpf/gate-watch-4194305/links"
run timeout 10 "$HELLOGATE" watch --netns "$HG_S" nosuch0
is "$(find "$HG_DIR/bpf" -mindepth 1 -name 'gate*')" "" "the next watch removes what a killed one began"
ok "nothing is pinned by then" no_pins
long=$HG_DIR/bpf/$(printf 'x%.0s' {1..200})
for command in "attach --netns $HG_S s0" "watch --netns $HG_S s0" "detach --all" status metrics run events \
	"policy show" "policy load $HG_DIR/deny.yaml"; do
	# shellcheck disable=SC2086
	run timeout 10 "$HELLOGATE" $command --bpffs "$long"
	said "$command: a path that is too long is refused, not cut" 2 'at most 191 bytes'
done
is "$(find "$HG_DIR/bpf" -mindepth 1 -name 'x*')" "" "and nothing is made under the path that it would be cut to"
mkdir "$HG_DIR/plain"
run env HELLOGATE_BPFFS="$HG_DIR/plain/gate" "$HELLOGATE" attach --netns "$HG_S" --hook "$TCX" s0
said "no bpffs: 5, and how to mount one" 5 'mount.*bpf'
run hg metrics
said "metrics with nothing attached" 6
run hg detach --netns "$HG_S" s0
said_one_of "detach of what is not attached" 's0' 6
run timeout 10 "$HELLOGATE" run
said "run with nothing attached" 6

# --- privileges: 4, naming the capability
run in_s setpriv --inh-caps=-all --bounding-set=-all "$HELLOGATE" attach --hook "$TCX" s0
said "root without capabilities" 4 'CAP_(BPF|NET_ADMIN|SYS_ADMIN)'
if setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$HELLOGATE"; then
	run in_s setpriv --reuid=65534 --regid=65534 --clear-groups "$HELLOGATE" attach --hook "$TCX" s0
	said "nobody" 4 'CAP_(BPF|NET_ADMIN|SYS_ADMIN)'
else
	skip "nobody" "nobody cannot reach $HELLOGATE"
fi

# --- a policy that is broken: 3, and nothing is attached
printf 'version: 1\nmode: enforced\n' | policy broken.yaml
run attach --hook "$TCX" --policy "$HG_DIR/broken.yaml" s0
said "a broken policy" 3 'broken\.yaml:2:[0-9]+:'
run hg status
said "and nothing is attached" 6
nothing_is_reset "then"

# --- a hook that somebody else holds: 7, and theirs stays
for mode in xdp xdp-generic; do
	start holder in_s "$HG_TOOLS/holder" $mode s0
	await output_has holder ready || bail "holder: $(<"$HG_DIR/holder.err")"
	read -r _ id <"$HG_DIR/holder.out"
	for hook in xdp xdp-generic; do
		run attach --hook $hook --policy "$HG_DIR/deny.yaml" s0
		said "--hook $hook while $mode is held by another program" 7 "s0"
		like "$err" "\\b$id\\b|somebody_else" "it names the other program ($hook, $mode)"
	done
	like "$(ip -n "$HG_S" -d link show s0)" "prog/xdp.* id $id\\b" "the other program stays ($mode)"
	run hg status
	said "nothing of ours is attached ($mode)" 6
	stop holder
done

# `auto` says who holds the hook, not that the driver could not
if ip -n "$HG_S" link add mv0 link s0 type macvlan mode private 2>/dev/null; then
	start holder in_s "$HG_TOOLS/holder" xdp-generic mv0
	await output_has holder ready || bail "holder: $(<"$HG_DIR/holder.err")"
	read -r _ id <"$HG_DIR/holder.out"
	run attach mv0
	said "--hook auto while another program is on the XDP hook" 0 "hook $TCX \\(another program \\(id $id\\) holds"
	stop holder
	run attach mv0
	said "--hook auto without native XDP" 0 "hook $TCX \\(driver macvlan has no native XDP"
	run hg detach --all
	ip -n "$HG_S" link del mv0
else
	skip "--hook auto says who holds the hook" "no macvlan here"
fi

# one that was attached by netlink, without a link
"$HG_TOOLS/holder" pin xdp "$HG_DIR/bpf/foreign_xdp" >/dev/null
in_s ip link set dev s0 xdpgeneric pinned "$HG_DIR/bpf/foreign_xdp"
run attach --hook xdp-generic --policy "$HG_DIR/deny.yaml" s0
said "--hook xdp-generic while a program without a link is there" 7 "s0"
like "$(ip -n "$HG_S" -d link show s0)" "prog/xdp" "it stays"
in_s ip link set dev s0 xdpgeneric off

# --- others on TC live beside us, before and after
"$HG_TOOLS/holder" pin tc "$HG_DIR/bpf/foreign_tc" >/dev/null
in_s tc qdisc add dev s0 clsact
in_s tc filter add dev s0 ingress pref 40000 handle 0x7 bpf da object-pinned "$HG_DIR/bpf/foreign_tc"
start holder in_s "$HG_TOOLS/holder" tcx s0
await output_has holder ready || diag "no TCX here: $(<"$HG_DIR/holder.err")"
theirs=$(in_s tc filter show dev s0 ingress pref 40000)
for hook in $(hooks tcx tc xdp); do
	run attach --hook "$hook" --policy "$HG_DIR/deny.yaml" s0
	said "attach --hook $hook beside others" 0
	is "$(in_s tc filter show dev s0 ingress pref 40000)" "$theirs" "their filter stays when we come ($hook)"
	forbidden_is_reset "beside others ($hook)"
	run hg detach --all
	said "detach ($hook)" 0
	is "$(in_s tc filter show dev s0 ingress pref 40000)" "$theirs" "their filter stays when we go ($hook)"
	nothing_is_reset "after detach ($hook)"
done
like "$theirs" "somebody_else" "(there was a filter to keep)"
ok "the holder of the TCX link lives" running holder
stop holder

# --- the ring's lock cannot be taken, and nobody has it
run attach --hook "$TCX" s0
chmod 755 "$HG_DIR" "$HG_DIR/bpf"
chmod 711 "$HG_DIR/bpf/gate/maps"
chmod 666 "$HG_DIR"/bpf/gate/maps/*
run setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=+bpf,+net_admin --ambient-caps=+bpf,+net_admin \
	timeout 10 "$HELLOGATE" events
said "events without the right to lock them: 4, and no other process is blamed" 4 'cannot lock the events'
unlike "$err" "another process" "nobody else is said to read them"
run hg detach --all

# --- maps that another hellogate laid out
# lay_out BY: the layout is so much more than it was
lay_out() {
	local map=$HELLOGATE_BPFFS/maps/control bytes
	bytes=$(bpftool map dump pinned "$map" -j | jq -r --argjson by "$1" '.[0].value as $v
		| ($v[0] | ltrimstr("0x") | explode | map(if . > 96 then . - 87 else . - 48 end) | .[0] * 16 + .[1] + $by),
			($v[1:][])')
	# shellcheck disable=SC2086
	bpftool map update pinned "$map" key 0 0 0 0 value $bytes
}
if [ -n "$(type -P bpftool)" ]; then
	run hg attach --netns "$HG_S" --hook "$TCX" s0
	ok "the layout is one higher" lay_out 1
	run hg status
	said "a newer hellogate's maps: 7" 7 'laid out by a newer hellogate'
	run hg detach --all
	said "nor can they be detached" 7 'use the newer hellogate'
	ok "the layout is one lower" lay_out -2
	for command in status metrics flows diagnose events "policy show"; do
		# shellcheck disable=SC2086
		run hg $command
		said "$command of an older one's: 7" 7 'laid out by an older hellogate'
	done
	run hg attach --netns "$HG_S" --hook "$TCX" s0
	said "attach over an older one's: 7" 7 'hellogate detach --all, then attach again'
	run hg detach --all
	said "they can be detached" 0
	if no_pins; then pass "and nothing is left"; else fail "and nothing is left" "$(pins)"; fi
else
	skip "maps of another layout" "no bpftool here"
fi

# --- captures
probe seen forbidden allowed # what a capture of it holds
sink
segclient capture --pcap "$HG_DIR/whole.pcap" <<EOS
$(payloads forbidden allowed)
conn id=a payload=allowed want=0
conn id=f payload=forbidden want=0 cut=200 order=rev
EOS
stop sink
run hg read "$HG_DIR/whole.pcap" -o jsonl
said "read of a whole capture" 0
is "$(jq -r 'select(.event_type == "tls").tls.sni' <<<"$out" | sort | xargs)" \
	"www.allowed.example www.forbidden.example" "read finds both hellos"
head -c -20 "$HG_DIR/whole.pcap" >"$HG_DIR/short.pcap"
run hg read "$HG_DIR/short.pcap" -o jsonl
said "a capture that ends early: 8" 8 'short\.pcap'
like "$out" "www\\.allowed\\.example" "and what it held"
run bash -c "'$HELLOGATE' read - -o jsonl <'$HG_DIR/whole.pcap'"
said "read of stdin" 0
head -c 1000 /dev/zero >"$HG_DIR/garbage.pcap"
run hg read "$HG_DIR/garbage.pcap"
said "a file that is no capture: 3" 3 'garbage\.pcap'
run hg read "$HG_DIR/absent.pcap"
said_one_of "a capture that is not there" 'absent\.pcap' 2 3
cp "$HG_DIR/whole.pcap" /tmp/hg$$.pcap
run setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all \
	"$HELLOGATE" read /tmp/hg$$.pcap -o jsonl
rm -f /tmp/hg$$.pcap
said "read needs no privileges" 0
finish
