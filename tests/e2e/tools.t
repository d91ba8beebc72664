#!/usr/bin/env bash
# The harness proves itself against the plain kernel: no program of ours runs here.
. "$(dirname "$0")/lib.sh"

network
usual_hellos

# Every cut, both orders, both families: the application gets exactly the bytes.
exchange cuts <<EOS
$(payloads allowed)
sweep id=v4 v=4 payload=allowed want=2
sweep id=v6 v=6 payload=allowed want=2
EOS
is "$(wc -l <"$HG_DIR/cuts.both")" $((516 * 4)) "a connection for every cut"
every cuts "$UNTOUCHED" "every cut in both orders arrives whole"

exchange shapes <<EOS
$(payloads allowed)
set payload=allowed want=2
conn id=wrap isn=wrap:100 cut=50,99,150 order=rev
conn id=duplicate cut=100,200 order=0,0,1,1,2
conn id=overlap seg=0+300 seg=200+-
conn id=behind seg=300+- seg=100+300 seg=0+200
conn id=partial csum=partial
conn id=super v=6 seg=0+-/gso=100
conn id=options ipopt=0101010194040000 cut=20
conn id=extensions v=6 ext=hbh,dst,rt cut=20
conn id=priority vlan=0 cut=20
conn id=qinq v=6 vlan=0,0 cut=20
conn id=frag4 seg=0+-/frag=64
conn id=frag6 v=6 seg=0+-/fragr=64
conn id=piggy ack=piggy
conn id=again1 sport=9001
conn id=again2 sport=9001
conn id=decoy seg=0+-/fill=00/badsum seg=0+-
conn id=ttl seg=0+-
conn id=drip cut=1,2,3,4 gap=5
conn id=acked seg=0+100 seg=100+-/acked
conn id=oldts seg=0+-/fill=00/oldts seg=0+-
EOS
every shapes "$UNTOUCHED" "every shape arrives whole"

# What is not delivered is not said to be.
HG_SETTLE=0 exchange negative <<EOS
$(payloads allowed)
set payload=allowed want=2 timeout=300
conn id=badsum seg=0+-/badsum
conn id=lost seg=0+100
conn id=other seg=0+-/fill=41
EOS
is "$(one negative badsum '"\(.end) \(.sink.read)"')" "timeout 0" "a bad checksum is not delivered"
is "$(one negative lost '"\(.end) \(.sink.read) \(.sink.end)"')" "timeout 100 open" "a missing segment is missed"
is "$(one negative other '.sink.read == 517 and .sink.hash != .hash')" true "other bytes have another hash"

# The server's side of a reset.
exchange aborted <<EOS
$(payloads allowed)
set payload=allowed want=2 close=rst
conn id=v4
conn id=v6 v=6
EOS
every aborted '.end == "done" and .sink.read == 517 and .sink.end == "ECONNRESET"' "the sink tells a RST from an end"

# A refusal, and the kernel's own RST on a closed connection.
sink --answer 10000
segclient refused <<EOS
$(payloads allowed)
conn id=closed dport=444 payload=allowed
EOS
is "$(jq -r '"\(.end) \(.rst) \(.ack_ok) \(.csum_ok)"' "$HG_DIR/refused.seg")" \
	"refused true true true" "a closed port refuses"
stop sink

# RST detection: nftables sends one to the client alone; its sequence number is the
# packet's own acknowledgement, or 0 when it has none.
if command -v nft >/dev/null && in_s nft -f - <<-'NFT'; then
	table inet t {
		chain in {
			type filter hook input priority 0;
			tcp dport 443 tcp flags & psh == psh reject with tcp reset
		}
	}
NFT
	HG_SETTLE=0 exchange rejected <<-EOS
		$(payloads allowed)
		set payload=allowed
		conn id=v4
		conn id=v6 v=6
		conn id=noack seg=0+-/noack
	EOS
	every rejected '.rst and .csum_ok' "a reject is seen as a RST"
	every rejected '.exact == (.id != "noack")' "exact sequence numbers are told from others"
	every rejected '.sink.read == 0 and .sink.end == "open"' "the server was not told"
	in_s nft flush ruleset
else
	skip "a reject is seen as a RST" "no nftables here"
fi

# The other clients and servers.
sink --answer 517 --udp 9999 --udp-expect 500
run in_c "$HG_TOOLS/dial" $S4 443 "$HG_DIR/allowed.hello" --cut 5,200 --want 2
is "$(jq -r '"\(.sent) \(.read) \(.end)"' <<<"$out")" "517 2 done" "dial talks to the sink (v4)"
run in_c "$HG_TOOLS/dial" $S6 443 "$HG_DIR/allowed.hello" --want 2
is "$(jq -r '"\(.sent) \(.read) \(.end)"' <<<"$out")" "517 2 done" "dial talks to the sink (v6)"
run in_c "$HG_TOOLS/dial" $S4 444 "$HG_DIR/allowed.hello"
is "$(jq -r '"\(.op) \(.end)"' <<<"$out")" "connect ECONNREFUSED" "dial tells the call that failed"
run in_c "$HG_TOOLS/blast" $S4 9999 500 100
ok "datagrams are counted" await output_has sink '"distinct":500'
stop sink
if command -v openssl >/dev/null; then
	certificates
	tls_server 4433
	for shape in "" "--pq --grease --pad-to 1746" "--records every:1" "--versions 1.2 --no-sni"; do
		# shellcheck disable=SC2086
		hello real --sni www.allowed.example $shape
		run in_c "$HG_TOOLS/dial" $S4 4433 "$HG_DIR/real.hello" --want 400
		is "$(jq -r .end <<<"$out")" "done" "a real server answers a hello ${shape:-with SNI}"
	done
else
	skip "a real server answers a hello" "no openssl here"
fi
stop tls

# The cleanup works when a test dies.
bash -c ". '$HG_ROOT/tests/e2e/lib.sh'; network; echo \$HG_DIR \$HG_S; kill -TERM \$\$" >"$HG_DIR/dead.out"
read -r dir ns <"$HG_DIR/dead.out"
ok "a killed test leaves no scratch directory" test -n "$dir" -a ! -e "$dir"
unlike "$(ip netns list)" "^$ns\\b" "a killed test leaves no namespace"
finish
