# shellcheck shell=bash disable=SC2154
#
# S7, S9, S12, S13, S14: boxes between the two, bytes ahead of TLS, and silence.

# A box between client and server resets by name: TTL, IP-ID and window are its own.
box() {
	start srv-injector ip netns exec "$HG_G" "$HG_TOOLS/injector" --dev g0 --match unregistered.example --ttl 200 \
		--id 4242
	await output_has srv-injector ready || bail "injector: $(<"$HG_DIR/srv-injector.err")"
}

# The hello does not reach the server: seen from the gateway's inside and by the client.
s7_inline_box() {
	view g0 "$1"
	view c0 "$1"
	serve_py 4471 good
	box
	in_g nft -f - <<-NFT || bail "nft"
		table ip box {
			chain cut {
				type filter hook forward priority 0
				ip saddr $C4B tcp dport 4471 ip length > 200 drop
			}
		}
	NFT
	s_client twin 4471 registered.example
	s_client reset 4471 unregistered.example -bind "$C4B:0"
	client_says 'errno=104|reset by peer' "the client has ECONNRESET"
	s_client after 4471 registered.example
	curtain
	in_g nft delete table ip box
	is "$(grep -c '"dport":4471' "$HG_DIR/srv-injector.out")" 1 "$SCENE: one hello was reset by the box ($HOOK)"
	judged twin established
	judged after established
	judged reset "failed middlebox_reset path inferred"
	reasoned reset
	shows reset '.hellogate.close | .how == "rst" and (.evidence | length > 0)' "with evidence"
	shows reset '.hellogate.close.evidence | map(tostring) | any(test("ttl|hop"; "i"))' "the TTL is not the server's"
}

# The box listens beside the path: the server has the hello, then a RST that is not the
# client's. And the server's own RST, by its own TTL.
s7_beside_and_server() {
	view s0 "$1"
	serve_py 4472 good
	box
	s_client twin 4472 registered.example
	s_client reset 4472 unregistered.example
	client_says 'errno=104|reset by peer' "the client has ECONNRESET"
	s_client own 4472 rst.example
	client_says 'errno=104|reset by peer' "the server's own: the client has ECONNRESET"
	s_client closed 4472 fin.example
	s_client after 4472 registered.example
	curtain
	judged twin established
	judged after established
	judged reset "failed middlebox_reset path inferred"
	reasoned reset
	judged own "failed server_reset_after_hello server (observed|inferred)"
	shows own '.hellogate.close | .how == "rst" and .from == "server"' "RST, from the server"
	judged closed "failed server_closed_after_hello server observed"
	shows closed '.hellogate.close | .how == "fin" and .from == "server"' "FIN, from the server"
}

# hellogate is that device, by the operator's policy.
s7_policy() {
	[ -z "${HG_CAPTURE_ONLY:-}" ] || return 0
	serve_py 4473 good
	serve_py 4474 good
	deny_policy enforce
	attached "$1" deny.yaml
	view s0 "$1" no-watch
	start watch-s0 "$HELLOGATE" events -f
	await following || bail "events: $(<"$HG_DIR/watch-s0.err")"
	s_client twin 4473 registered.example
	s_client reset 4473 www.forbidden.example
	client_says 'errno=104|reset by peer' "the client has ECONNRESET"
	HG_CURTAIN=3 curtain
	detach_leaves_nothing
	HG_SOURCES=watch-s0 judged twin established
	HG_SOURCES=watch-s0 judged reset "reset policy_reset self observed"
	shows reset '.hellogate.outcome != "established"' "nobody takes it for established"
	shows twin '.hellogate.outcome == "established"' "the twin is"
}

# A follower is there when it prints: greet until it does. What it misses meanwhile is no
# connection of the scene: the greetings have a port of their own.
following() {
	s_client greeting 4474 greeting.example >/dev/null
	output_has watch-s0 greeting.example
}

# nginx reads the name ahead and passes the connection on, as it is; without one it has
# nowhere to go.
s9_no_name() {
	view s0 "$1"
	{
		https 4491 good "ssl_protocols TLSv1.2 TLSv1.3"
		cat <<-'CONF'
			stream
			map $ssl_preread_server_name $there {
				www.good.example 127.0.0.1;
				default $ssl_preread_server_name;
			}
			server { listen 4492; ssl_preread on; proxy_pass $there:4491; }
		CONF
	} >"$HG_DIR/servers.conf"
	nginx_server 4492 <"$HG_DIR/servers.conf"
	fetch twin1 4492 www.good.example --tlsv1.3
	fetch twin2 4492 www.good.example --tls-max 1.2
	fetch twin3 4492 www.good.example
	s_client noname 4492 ""
	unlike "$said_all" 'HTTP/1' "$SCENE: without a name there is no page ($HOOK)"
	s_client noname12 4492 "" -tls1_2
	fetch twin4 4492 www.good.example
	curtain
	for n in 1 2 3 4; do judged twin$n established; done
	for n in noname noname12; do
		judged $n "failed sni_missing server inferred"
		shows $n '.hellogate.hello.sni_state == "none"' "there is no name"
		shows $n '.hellogate.close | .how == "fin" and .from == "server"' "the proxy's FIN"
		reasoned $n
	done
}

# STARTTLS, a PROXY header, HTTP CONNECT: TLS does not start the connection; and each of
# them with a client that complains.
s12_after_other_data() {
	local how
	view s0 "$1"
	bad_certificates
	serve_py 4521 bad-expired --smtp 4522 --proxy 4523
	nginx_server 4524 < <(https "4524 proxy_protocol" bad-expired "ssl_protocols TLSv1.2 TLSv1.3")
	preambles good
	preambles bad -verify_return_error
	curtain
	for how in starttls connect proxy; do
		judged $how-good established
		shows $how-good '.hellogate.flags | index("after_other_data") != null' "TLS after other data"
		judged $how-bad "failed certificate_expired client observed"
		alerted $how-bad 45 client
		shows $how-bad '.tls.sni == "expired.example"' "the name"
	done
}

preambles() { # LABEL OPTION...: TLS 1.2, so that the complaint is in clear
	local label=$1 k=-k
	shift
	[ $# = 0 ] || k=--tlsv1.2
	client "starttls-$label" 4522 openssl s_client -connect "$S4:4522" -starttls smtp -servername expired.example \
		-CAfile "$PKI/root.pem" -tls1_2 "$@"
	HG_STDIN=$HG_DIR/get client "connect-$label" 4523 openssl s_client -ign_eof -proxy "$S4:4523" \
		-connect 127.0.0.1:4521 -servername expired.example -CAfile "$PKI/root.pem" -tls1_2 "$@"
	fetch "proxy-$label" 4524 expired.example --haproxy-protocol --tls-max 1.2 $k
}

# The second segment of a post-quantum hello dies on the path. The client sends it again
# and again, until the server loses patience.
s13_large_hello() {
	view s0 "$1"
	view c0 "$1"
	hello pq --sni www.good.example --pq --pad-to 1746
	nginx_server 4531 < <(https 4531 good "ssl_protocols TLSv1.2 TLSv1.3" "client_header_timeout 2s")
	# One segment a packet: what is dropped is the second one, and not both in one.
	ip -n "$HG_C" link set c0 gso_max_segs 1
	s_client twin 4531 www.good.example
	raw answered 4531 "$HG_DIR/pq.hello" --want 100
	is "$(jq -r '.sent, (.read >= 100)' <<<"$out" | xargs)" "1746 true" "$SCENE: on a good path the server answers ($HOOK)"
	in_g nft -f - <<-NFT || bail "nft"
		table ip path {
			chain cut {
				type filter hook forward priority 0
				tcp dport 4531 ip length 300-450 counter drop
			}
		}
	NFT
	raw stalled 4531 "$HG_DIR/pq.hello" --want 1 --timeout 8000
	is "$(jq -r '"\(.read) \(.end)"' <<<"$out")" "0 EOF" "$SCENE: no answer, and the server closes ($HOOK)"
	out=$(in_g nft list table ip path)
	ok "$SCENE: it was sent again ($HOOK)" test "$(sed -n 's/.*packets \([0-9]*\).*/\1/p' <<<"$out")" -ge 3
	in_g nft delete table ip path
	s_client after 4531 www.good.example
	curtain
	ip -n "$HG_C" link set c0 gso_max_segs 65535
	judged twin established
	judged after established
	judged stalled "failed large_hello_stalled path inferred"
	reasoned stalled
	HG_SOURCES="watch-c0 read-c0" shows stalled '.hellogate.hello.segments >= 2 and .hellogate.hello.bytes == 1741' \
		"the client's side has all of it"
	HG_SOURCES="watch-s0 read-s0" shows stalled '.hellogate.coverage == "truncated"' "the server's side the first segment"
}

# Silence, impatience, bytes that are not TLS, a closed port.
s14_silence() {
	view s0 "$1"
	hello silent --sni silent.example
	hello hurried --sni slow.example
	hello half --sni www.good.example --versions 1.2
	serve_py 4541 good
	nginx_server 4542 < <(printf 'server { listen 4542; return 200 ok; }\n')
	nginx_server 4543 < <(https 4543 good "ssl_protocols TLSv1.2 TLSv1.3")
	curtain_up
	start srv-wait in_c "$HG_TOOLS/dial" "$S4" 4541 "$HG_DIR/silent.hello" --want 1 --timeout 12000
	await connected 4541 || bail "the silent client does not connect"
	played silent 4541
	s_client twin-slow 4541 slow.example
	raw hurried 4541 "$HG_DIR/hurried.hello" --want 1 --timeout 500
	s_client twin-py 4541 www.good.example
	s_client plain 4542 www.good.example
	client_says 'wrong version number|packet length too long' "the client says that this is not TLS"
	fetch plain-curl 4542 www.good.example
	fetch twin-nginx 4543 www.good.example --tls-max 1.2
	raw half 4543 "$HG_DIR/half.hello" --want 100000 --timeout 700
	await -t 13 dead "${HG_PID[srv-wait]}"
	curtain
	judged silent "failed server_silent server (observed|inferred)"
	judged twin-slow established
	judged hurried "failed client_abandoned client (observed|inferred)"
	judged twin-py established
	judged plain "failed not_tls server observed"
	judged plain-curl "failed not_tls server observed"
	judged half "failed client_abandoned client (observed|inferred)"
	shows half '.hellogate.close | .how == "fin" and .from == "client"' "the client's FIN"
	judged twin-nginx established
}

# Connections that fail before their hello, to servers that were sent one before.
s14_before_the_hello() {
	view s0 "$1"
	hello whole --sni www.good.example
	s_server 4544 good
	s_server 4545 good
	s_client served 4544 www.good.example
	stop srv-openssl-4544
	raw refused 4544 "$HG_DIR/whole.hello" --want 1
	client refused-curl 4544 curl -sS "https://$S4:4544/"
	client_says 'refused|Failed to connect' "a closed port"
	[ -n "${HG_CAPTURE_ONLY:-}" ] || HELLOGATE_BPFFS=$(instance s0) counted 2 "$SCENE: two flows were refused ($HOOK)" coverage_flows_total 'bucket="tcp_refused"'
	s_client answered 4545 www.good.example
	in_s nft -f - <<-'NFT' || bail "nft"
		table ip path {
			chain input {
				type filter hook input priority 0
				tcp dport 4545 drop
			}
		}
	NFT
	client unanswered 4545 curl -sS --connect-timeout 4 "https://$S4:4545/"
	client_says 'timed out|timeout' "no answer"
	in_s nft delete table ip path
	client aborted 4545 python3 -c 'import socket, struct, sys
s = socket.create_connection((sys.argv[1], 4545))
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()' "$S4"
	curtain
	judged served established
	judged refused "failed tcp_refused server observed"
	judged refused-curl "failed tcp_refused server observed"
	shows refused '.event_type == "flow" and .tls == null and .hellogate.coverage == "tcp_refused"' "a flow event"
	judged answered established
	judged unanswered "failed tcp_no_answer path inferred"
	reasoned unanswered
	judged aborted "failed tcp_reset_before_hello client observed"
	shows aborted '.hellogate.close | .how == "rst" and .from == "client"' "the client's RST"
}

# The server holds a connection with all that was sent acknowledged.
connected() { in_s ss -Hnt state established "sport = :$1" | grep -q .; }
