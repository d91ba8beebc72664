# shellcheck shell=bash
#
# gateway_suite HOOK...: a forwarding gateway with both NICs attached. A forbidden name is
# reset at both ends, each RST on its own side, and each connection is one flow and one
# event.
#
# HG_STEP=N tries every Nth cut only (default 60).
. "$(dirname "${BASH_SOURCE[0]}")/roads.sh"

# Sockets of the client's and the server's kernel: checksums left to the device, and a
# hello that leaves in one piece of more than a segment.
sockets() { # HOOK
	local addr name
	sink --answer 517
	for addr in $S4 $S6; do
		for name in forbidden pq; do
			dialled "$addr" $name 100
			is "$(jq -r .end <<<"$out")" ECONNRESET "the client's socket, $name to $addr: ECONNRESET ($1)"
		done
		dialled "$addr" allowed 2
		is "$(jq -r '"\(.read) \(.end)"' <<<"$out")" "2 done" "allowed to $addr is answered ($1)"
	done
	await lines_at_least "$HG_DIR/sink.out" 7
	stop sink
	is "$(jq -r 'select(.end == "ECONNRESET").v' "$HG_DIR/sink.out" | sort | uniq -c | xargs)" "2 4 2 6" \
		"the server's sockets: ECONNRESET each time ($1)"
}

cuts() { # HOOK
	local step=${HG_STEP:-60}
	send deny <<-EOS
		$(payloads forbidden)
		conn id=whole4 payload=forbidden
		conn id=whole6 v=6 payload=forbidden
		conn id=wrap payload=forbidden isn=wrap:200 cut=100,300 order=rev
		conn id=super payload=forbidden seg=0+-/gso=100
		sweep id=v4 v=4 payload=forbidden step=$step
		sweep id=v6 v=6 payload=forbidden step=$step
	EOS
	every deny "$RESET" "one segment and two, both orders: reset at both ends, exact ($1)"
	every deny '.exact_count == .rst_count and .after_rst == 0' "RSTs for the client, and nothing after them ($1)"
	jq -c 'select(.id | startswith("whole"))' "$HG_DIR/deny.both" >"$HG_DIR/whole.both"
	every whole '.rst_count == 1 and .sink.read == 0' "one segment: one RST, and the server has no byte ($1)"
	send allow <<-EOS
		$(payloads allowed)
		set want=2
		sweep id=v4 v=4 payload=allowed step=$step
		sweep id=v6 v=6 payload=allowed step=$step
	EOS
	every allow "$UNTOUCHED" "allowed names: all bytes arrive ($1)"
}

# The client is silent after its hello: the verdict meets a packet of the server, which
# comes in by the other NIC.
# It answers later than it acknowledges: these leave by two processors here, and a
# reset made of the one could overtake the other.
by_the_server() { # HOOK
	rule_for_run "($1)"
	g_daemon "($1)"
	sink --answer "$bot" --delay 200 --drip 200
	segclient server <<-EOS
		$(payloads bot)
		set want=1000 timeout=8000
		conn id=bot4 payload=bot
		conn id=bot6 v=6 payload=bot cut=100 order=rev
	EOS
	settle server
	HG_RUNS+=(server)
	stop daemon
	every server "$RESET" "a verdict of run, on the server's packet: reset at both ends, exact ($1)"
	every server '.bytes < 100' "and at once ($1)"
}

# Clients and a server as they are in the wild.
real() {
	local addr name
	certificates
	tls_server 4433
	for addr in $S4 "[$S6]"; do
		for name in allowed forbidden; do
			run in_c timeout 20 openssl s_client -connect "$addr:4433" -servername www.$name.example </dev/null
			if [ $name = allowed ]; then
				said "openssl s_client by $addr, allowed ($1)" 0
			else
				like "$out$err" "errno=104|Connection reset" "openssl s_client by $addr, forbidden: reset ($1)"
			fi
			run in_c timeout 20 curl -sS --cacert "$HG_DIR/cert.pem" -o /dev/null \
				--resolve "www.$name.example:4433:$addr" "https://www.$name.example:4433/"
			is "$rc" "$([ $name = allowed ] && echo 0 || echo 35)" "curl by $addr, $name ($1)"
		done
	done
	stop tls
}

gateway_hook() { # HOOK
	attached_in "$HG_G" "$1" deny.yaml g0 g1
	sockets "$1"
	cuts "$1"
	each_once "($1)"
	counted 0 "no reset failed ($1)" reset_failures_total
	[ "$1" != "$TCX" ] || real "$1"
	by_the_server "$1"
	detach_leaves_nothing
	send after <<-EOS
		$(payloads forbidden)
		conn id=after payload=forbidden want=2
	EOS
	every after "$UNTOUCHED" "nothing is reset after detach ($1)"
}

# Each NIC watches other ports: what one lets by unread is not "seen" for the other.
other_ports() { # HOOK
	run hg attach --netns "$HG_G" --hook "$1" --ports 80 --policy "$HG_DIR/deny.yaml" g0
	said "attach --ports 80 to the inside ($1)" 0
	run hg attach --netns "$HG_G" --hook "$1" --ports 443 g1
	said "attach --ports 443 to the outside ($1)" 0
	HG_RUNS=() HG_DIALS=0
	send ports <<-EOS
		$(payloads forbidden)
		set payload=forbidden
		conn id=whole4
		conn id=whole6 v=6
		conn id=cut4 cut=100
		conn id=reversed6 v=6 cut=100 order=rev
	EOS
	every ports "$RESET" "a port that only the outside watches: reset at both ends ($1)"
	each_once "(other ports, $1)"
	detach_leaves_nothing
}

gateway_suite() { # HOOK...
	local hook
	gateway_fixture
	usual_hellos
	hello pq --sni www.forbidden.example --pq --pad-to 1746
	hello bot --sni www.allowed.example --alpn h2 --ciphers 1301,1302,1303,c02f,c030
	bot=$(size "$HG_DIR/bot.hello")
	deny_policy enforce
	for hook; do gateway_hook "$hook"; done
	other_ports "$1"
	finish
}
