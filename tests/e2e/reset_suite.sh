# shellcheck shell=bash
#
# reset_suite HOOK: the acceptance of a reset, the same for every hook. A forbidden
# name is reset at both ends, whatever its shape on the wire; names beside it are
# left alone.
#
# HG_STEP=N tries every Nth cut only (default 1: all).

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Ordinary sockets: partial checksums, super-packets, the kernel's own view of a RST.
# Two segments arrive where native XDP turns the peer's segmentation offload off.
ordinary_sockets() { # HOOK
	local addr name
	hello pq --sni www.forbidden.example --pq --pad-to 1746
	sink --answer 1
	for addr in $S4 $S6; do
		for name in forbidden pq; do
			run in_c "$HG_TOOLS/dial" "$addr" 443 "$HG_DIR/$name.hello" --want 100
			is "$(jq -r .end <<<"$out")" ECONNRESET "sockets: client of $name at $addr gets ECONNRESET"
		done
		run in_c "$HG_TOOLS/dial" "$addr" 443 "$HG_DIR/allowed.hello" --want 2
		is "$(jq -r '"\(.sent) \(.read) \(.end)"' <<<"$out")" "517 2 done" "sockets: allowed at $addr is answered"
	done
	await lines_at_least "$HG_DIR/sink.out" 7
	stop sink
	is "$(jq -r 'select(.end == "ECONNRESET").v' "$HG_DIR/sink.out" | sort | uniq -c | xargs)" \
		"2 4 2 6" "sockets: the server gets ECONNRESET each time"
	if [ "$1" = xdp ]; then
		is "$(jq -r 'select(.end == "ECONNRESET" and .read >= 1746).read' "$HG_DIR/sink.out")" "" \
			"sockets: the server's application never reads a whole hello"
	else
		is "$(jq -r 'select(.end == "ECONNRESET").read' "$HG_DIR/sink.out" | sort -u)" 0 \
			"sockets: the server's application reads 0 bytes"
	fi
}

# Two segments, cut at every byte, in both orders, allowed flows among them.
every_cut() {
	sink --answer 517
	segclient deny <<-EOS
		$(payloads forbidden)
		sweep id=v4 v=4 payload=forbidden step=${HG_STEP:-1}
		sweep id=v6 v=6 payload=forbidden step=${HG_STEP:-1}
	EOS
	settle deny
	every deny "$RESET" "two segments, each cut, both orders: reset at both ends"
	# What the server was saying meanwhile (a duplicate ACK) is answered, too.
	every deny ".exact_count == .rst_count and .after_rst == .late_acks and .late_acks <= ${HG_LATE_ACKS:-0}" \
		"two segments: exact RSTs and nothing after them"
	is "$(jq -s 'map(select(.late_acks > 0)) | length' "$HG_DIR/deny.both" | awk '$1 > 5')" "" \
		"two segments: at most five times an ACK comes late"
	every deny '.sink.read == 0 or ((.id | contains("fwd")) and .sink.read == (.id | split(".")[2] | tonumber))' \
		"two segments: the application got the first in-order piece at most"
	every deny '.acked <= 516' "two segments: the whole hello is never acknowledged"
}

# The same while forbidden flows run beside them.
allowed_beside() {
	local other
	sink --answer 517
	{
		payloads forbidden
		echo "sweep id=beside payload=forbidden step=3"
	} >"$HG_DIR/beside.script"
	in_c "$HG_TOOLS/segclient" --dev c0 --dmac "$(mac "$HG_S" s0)" --src4 $X4 --dst4 $S4 \
		--sport 50000 <"$HG_DIR/beside.script" >"$HG_DIR/beside.seg" &
	other=$!
	segclient allow <<-EOS
		$(payloads allowed)
		sweep id=v4 v=4 payload=allowed want=2 step=${HG_STEP:-1}
		sweep id=v6 v=6 payload=allowed want=2 step=${HG_STEP:-1}
	EOS
	wait $other
	settle allow beside
	every allow "$UNTOUCHED" "allowed names, each cut, both orders: all bytes arrive"
	every beside "$RESET" "forbidden names beside them: reset at both ends"
}

names() {
	local i=0 name deny allow
	local forbidden=(forbidden.example WWW.FORBIDDEN.EXAMPLE www.forbidden.example. fOrBiDdEn.ExAmPlE.
		a.b.c.d.e.f.g.h.forbidden.example "$(printf 'a%.0s' {1..60}).forbidden.example")
	local allowed=(www.allowed.example notforbidden.example forbidden.example.org forbidden.example.com.
		example xforbidden.example www.forbidden-example www.forbidden.exampl)
	deny='' allow=''
	for name in "${forbidden[@]}"; do
		hello deny$i --sni "$name" --pad-to 517
		deny+=" deny$i"
		i=$((i + 1))
	done
	for name in "${allowed[@]}"; do
		hello allow$i --sni "$name" --pad-to 517
		allow+=" allow$i"
		i=$((i + 1))
	done
	hello none --no-sni
	hello ip --sni 192.0.2.1
	# shellcheck disable=SC2086
	probe deny $deny
	every deny "$RESET" "UPPER case, trailing dot, sub-domains: reset"
	every deny '.sink.read == 0' "one segment: the application reads 0 bytes"
	# shellcheck disable=SC2086
	probe allow $allow none ip
	every allow "$UNTOUCHED" "names that only look like it, and none: untouched"
}

shapes_script() { # PAYLOAD
	cat <<-EOS
		$(payloads "$1")
		set payload=$1 want=2
		conn id=three-012 cut=170,340 order=0,1,2
		conn id=three-021 cut=170,340 order=0,2,1
		conn id=three-102 cut=170,340 order=1,0,2
		conn id=three-120 cut=170,340 order=1,2,0
		conn id=three-201 cut=170,340 order=2,0,1
		conn id=three-210 cut=170,340 order=2,1,0
		conn id=first-bytes cut=1,2,3,4,5,6,7,8
		conn id=sixty cut=$(seq -s, 1 60)
		conn id=sixty-reversed cut=$(seq -s, 1 60) order=rev
		conn id=shuffled v=6 cut=$(seq -s, 40 40 480) order=3,11,0,7,1,12,9,5,2,10,8,6,4
		conn id=slow cut=100,200,300 gap=20
		conn id=duplicates cut=100,200 order=0,0,1,1,2
		conn id=overlap-same seg=0+300 seg=200+-
		conn id=overlap-behind seg=300+- seg=100+300 seg=0+200
		conn id=overlap-acked seg=0+200 seg=100+-/acked/after=5
		conn id=wrap-first isn=wrap:1 cut=200
		conn id=wrap-syn isn=0xffffffff cut=200 order=rev
		conn id=wrap-middle isn=wrap:200 cut=100,300
		conn id=wrap-reversed isn=wrap:200 cut=100,300 order=rev
		conn id=wrap-at-cut v=6 isn=wrap:201 cut=200 order=rev
		conn id=piggy ack=piggy
		conn id=no-options opts=none cut=99
		conn id=all-options opts=mss,sack,ts,ws cut=99
		conn id=partial csum=partial cut=300
		conn id=super seg=0+-/gso=100
		conn id=super6 v=6 seg=0+-/gso=100
		conn id=ipv4-options ipopt=0101010194040000 cut=99
		conn id=ipv4-many-options ipopt=$(printf '01%.0s' {1..40}) cut=99
		conn id=ipv6-hbh v=6 ext=hbh cut=99
		conn id=ipv6-three v=6 ext=hbh,dst,rt cut=99
		conn id=ipv6-data-only v=6 ext=dst exton=data cut=99
		conn id=ack-between seg=0+100 seg=100+-/acked
	EOS
}

# Tagged with VLAN 0 (priority): 802.1Q devices are not in every kernel, and a plain
# interface takes these.
tags_script() { # PAYLOAD
	cat <<-EOS
		$(payloads "$1")
		set payload=$1 want=2
		conn id=vlan4 vlan=0 cut=99
		conn id=vlan6 v=6 vlan=0
		conn id=vlan-priority vlan=0xa000 cut=99 order=rev
		conn id=qinq4 vlan=0,0 cut=99
		conn id=qinq6 v=6 vlan=0,0
	EOS
}

shapes() {
	shapes_script forbidden >"$HG_DIR/shapes.script"
	exchange deny <"$HG_DIR/shapes.script"
	# With ack=piggy the reset meets the server before accept(): its application never sees the connection.
	every deny "$RESET_OR_UNSEEN" "order, duplicates, overlaps, wrap, options: reset"
	shapes_script allowed >"$HG_DIR/shapes.script"
	exchange allow <"$HG_DIR/shapes.script"
	every allow "$UNTOUCHED" "order, duplicates, overlaps, wrap, options: allowed untouched"
	tags_script forbidden >"$HG_DIR/tags.script"
	exchange deny <"$HG_DIR/tags.script"
	every deny "$RESET" "802.1Q and QinQ: reset"
	every deny '.rst_vlan == 0' "802.1Q and QinQ: the RST carries the tag back"
	tags_script allowed >"$HG_DIR/tags.script"
	exchange allow <"$HG_DIR/tags.script"
	every allow "$UNTOUCHED" "802.1Q and QinQ: allowed untouched"
}

# Records, and hellos larger than a segment.
records() {
	local side name
	for side in forbidden allowed; do
		name=www.$side.example
		hello $side-2 --sni $name --records 100
		hello $side-first1 --sni $name --records 1,2,3
		hello $side-bytes --sni $name --records every:1
		hello $side-version --sni $name --record-version 0304
		hello $side-tls12 --sni $name --versions 1.2
		hello $side-grease --sni $name --grease --alpn h2,http/1.1
		hello $side-many --sni $name --ext-count 40 --sni-last
		hello $side-pq --sni $name --pq --grease --pad-to 1746
		hello $side-pqlast --sni $name --pq --sni-last --session-id 0
		{
			payloads $side-{2,first1,bytes,version,tls12,grease,many,pq,pqlast}
			echo "set want=0"
			for shape in 2 first1 version tls12 grease many; do
				echo "conn id=$shape-4 payload=$side-$shape"
				echo "conn id=$shape-6 v=6 payload=$side-$shape cut=60 order=rev"
			done
			echo "conn id=bytes payload=$side-bytes cut=700,1400"
			echo "sweep id=pq payload=$side-pq from=400 to=1400 step=50"
			echo "sweep id=pq6 v=6 payload=$side-pq from=400 to=1400 step=50"
			# a server name in the second segment, and cut anywhere
			echo "sweep id=late payload=$side-pqlast from=$(($(size "$HG_DIR/$side-pqlast.hello") - 40)) to=1440"
		} >"$HG_DIR/$side.script"
		HG_ANSWER=100000 exchange $side <"$HG_DIR/$side.script"
	done
	every forbidden "$RESET" "records, TLS 1.2, GREASE, post-quantum: reset"
	every allowed "$UNTOUCHED" "records, TLS 1.2, GREASE, post-quantum: allowed untouched"
}

# The same 4-tuple again with another sequence number.
reuse() {
	exchange reuse <<-EOS
		$(payloads forbidden allowed)
		conn id=a1 sport=9001 payload=allowed want=2 isn=1000
		conn id=f1 sport=9002 payload=forbidden isn=1000
		conn id=f2 sport=9002 payload=forbidden isn=900000000 cut=99
		conn id=f3 sport=9002 payload=forbidden isn=2900000000 cut=99 order=rev v=6
	EOS
	every reuse "if .id == \"a1\" then $UNTOUCHED else .rst and .exact end" "4-tuple reuse: reset again"
	exchange mixed <<-EOS
		$(payloads forbidden allowed)
		conn id=first sport=9003 payload=allowed want=2 isn=5000
		conn id=next sport=9003 payload=forbidden isn=500000000
	EOS
	is "$(one mixed first .end) $(one mixed next .end)" "done rst" "4-tuple reuse: forbidden after allowed"
}

fragments() {
	exchange fragments <<-EOS
		$(payloads allowed)
		conn id=v4 payload=allowed want=2 seg=0+-/frag=256
		conn id=v6 v=6 payload=allowed want=2 seg=0+-/frag=256
	EOS
	every fragments "$UNTOUCHED" "IP fragments of an allowed hello pass"
	policy fragments.yaml <<-YAML
		version: 1
		mode: enforce
		default: allow
		rules:
		  - {name: fragments, match: {flag: [fragmented_ip]}, action: reset}
	YAML
	run hg policy load "$HG_DIR/fragments.yaml"
	said "policy load: a rule on fragments" 0
	exchange fragmented <<-EOS
		$(payloads allowed)
		conn id=v4 payload=allowed seg=0+-/frag=256
		conn id=v6 v=6 payload=allowed seg=0+-/frag=256
		conn id=whole payload=allowed want=2
	EOS
	is "$(jq -r 'select(.id != "whole") | .rst and .sink.end == "ECONNRESET"' "$HG_DIR/fragmented.both" | xargs)" \
		"true true" "a rule resets IP fragments at both ends"
	is "$(one fragmented whole .end)" "done" "and lets the same hello pass whole"
	run hg policy load "$HG_DIR/deny.yaml"
	said "policy load: the rule on names again" 0
}

# Data in the SYN, as a server with TCP Fast Open takes it.
fast_open() {
	in_s sysctl -qw net.ipv4.tcp_fastopen=0x602
	exchange tfo <<-EOS
		$(payloads forbidden)
		conn id=whole payload=forbidden syndata=0+- seg=517+0
		conn id=part payload=forbidden syndata=0+200 seg=200+-
	EOS
	every tfo '.rst and ((.sink.read // 0) < 517)' "TCP Fast Open: reset"
	# what the server does not take must not hide the hello behind it
	exchange decoys <<-EOS
		$(payloads forbidden allowed)
		conn id=badsum payload=forbidden seg=0+-/fill=00/badsum seg=0+-
		conn id=outside payload=forbidden seg=0+-/fill=00/seq=-100000 seg=0+-
		conn id=noack payload=forbidden seg=0+-/fill=00/noack seg=0+-
		conn id=rst-badsum payload=forbidden seg=0+0/rst/badsum seg=0+-
		conn id=rst-outside payload=forbidden seg=0+0/rst/seq=-100000 seg=0+-
	EOS
	every decoys '.rst and .exact' "decoys do not hide the hello"
}

real_clients() {
	local v addr name
	certificates
	tls_server 4433
	for v in 4 6; do
		addr=$S4
		[ $v = 4 ] || addr=$S6
		for name in allowed forbidden; do
			try_s_client "$v" "$addr" $name
			try_curl "$v" "$addr" $name
			try_gnutls "$v" "$addr" $name
		done
	done
	stop tls
}

try_s_client() { # V ADDR SIDE
	local at=$2:4433
	[ "$1" = 4 ] || at="[$2]:4433"
	run in_c timeout 10 openssl s_client -connect "$at" -servername "www.$3.example" </dev/null
	if [ "$3" = allowed ]; then
		said "openssl s_client, IPv$1, allowed: succeeds" 0
	else
		like "$out$err" "errno=104|Connection reset" "openssl s_client, IPv$1, forbidden: reset"
	fi
}

try_curl() {
	local at=$2
	[ "$1" = 4 ] || at="[$2]"
	command -v curl >/dev/null || { skip "curl, IPv$1, $3" "not here" && return; }
	run in_c timeout 10 curl -sS --cacert "$HG_DIR/cert.pem" --resolve "www.$3.example:4433:$at" \
		-o /dev/null -w '%{http_code}' "https://www.$3.example:4433/"
	if [ "$3" = allowed ]; then
		is "$rc $out" "0 200" "curl, IPv$1, allowed: succeeds"
	else
		is "$rc" 35 "curl, IPv$1, forbidden: the handshake fails"
		like "$err" "reset" "curl, IPv$1, forbidden: says reset"
	fi
}

try_gnutls() {
	command -v gnutls-cli >/dev/null || { skip "gnutls-cli, IPv$1, $3" "not here" && return; }
	run in_c timeout 10 gnutls-cli --no-ca-verification --sni-hostname "www.$3.example" \
		-p 4433 "$2" </dev/null
	if [ "$3" = allowed ]; then
		like "$out" "Handshake was completed" "gnutls-cli, IPv$1, allowed: succeeds"
	else
		unlike "$out" "Handshake was completed" "gnutls-cli, IPv$1, forbidden: no handshake"
		like "$out$err" "pull function|reset" "gnutls-cli, IPv$1, forbidden: reset"
	fi
}

reset_suite() { # HOOK
	fixture
	usual_hellos
	deny_policy enforce
	attached "$1" deny.yaml
	ordinary_sockets "$1"
	every_cut
	allowed_beside
	names
	shapes
	records
	reuse
	real_clients
	fragments
	fast_open
	detach_leaves_nothing
	nothing_is_reset "after detach"
	finish
}
