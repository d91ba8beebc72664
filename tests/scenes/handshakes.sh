# shellcheck shell=bash disable=SC2154
#
# S1-S5: handshakes that work, in all their forms, and hellos that no server can answer.

versions_of() { # LABEL VERSION: what the server chose, and what is in clear of it
	case $2 in
	1.2)
		shows "$1" '.hellogate.server.version == 771 and .hellogate.server.cipher > 0' "TLS 1.2, a cipher"
		shows "$1" '.hellogate.certificate | .count == 2 and .message_bytes == .list_bytes + 7' "the Certificate message"
		;;
	1.3)
		shows "$1" '.hellogate.server.version == 772 and .hellogate.server.cipher > 4864' "TLS 1.3, a cipher"
		shows "$1" '.hellogate.certificate.message_bytes == null' "no certificate in clear"
		;;
	esac
	shows "$1" '.hellogate.times.server_first > 0 and .hellogate.times.client_finished >= .hellogate.times.server_first' \
		"stages in their order"
}

# Full handshake: three servers, three clients, both versions.
s1_full_handshake() {
	local label v
	view s0 "$1"
	s_server 4401 good
	gnutls_server 4402 good
	nginx_server 4403 < <(https "[::]:4403 ipv6only=off" good "ssl_protocols TLSv1.2 TLSv1.3")
	s_client s_client-1.2 4401 www.good.example -tls1_2
	client_says 'Verify return code: 0' "s_client, TLS 1.2, is content"
	s_client s_client-1.3 4401 www.good.example -tls1_3
	client_says 'Verification: OK' "s_client, TLS 1.3, is content"
	gnutls gnutls-1.2 4402 www.good.example --priority NORMAL:-VERS-ALL:+VERS-TLS1.2
	client_says 'Handshake was completed' "gnutls-cli, TLS 1.2, is content"
	gnutls gnutls-1.3 4402 www.good.example --priority NORMAL:-VERS-ALL:+VERS-TLS1.3
	client_says 'Handshake was completed' "gnutls-cli, TLS 1.3, is content"
	fetch curl-1.2 4403 www.good.example --tls-max 1.2
	client_content "curl, TLS 1.2, is content"
	fetch curl-1.3 4403 www.good.example --tlsv1.3
	client_content "curl, TLS 1.3, is content"
	client curl-v6 4403 curl -sS -o /dev/null --cacert "$PKI/root.pem" --resolve "www.good.example:4403:[$S6]" \
		https://www.good.example:4403/
	client_content "curl by IPv6 is content"
	curtain
	judged curl-v6 established
	suricata_fields curl-1.2 good
	shows curl-v6 '.ip_v == 6' "by IPv6"
	for label in s_client gnutls curl; do
		for v in 1.2 1.3; do
			judged "$label-$v" established
			shows "$label-$v" '.hellogate.server.resumed == false' "not resumed"
			versions_of "$label-$v" $v
		done
	done
}

# The client has a certificate, too.
s2_mutual() {
	view s0 "$1"
	client_certificates
	s_server 4411 good -Verify 1 -verify_return_error -CAfile "$PKI/root.pem"
	s_client mutual-1.2 4411 www.good.example -tls1_2 -cert "$PKI/client.pem" -key "$PKI/client.key"
	client_says 'HTTP/1.0 200' "TLS 1.2: the server is content"
	s_client mutual-1.3 4411 www.good.example -tls1_3 -cert "$PKI/client.pem" -key "$PKI/client.key"
	client_says 'HTTP/1.0 200' "TLS 1.3: the server is content"
	curtain
	judged mutual-1.2 established
	shows mutual-1.2 '.hellogate.client_certificate.count >= 1' "mutual: the client's certificate"
	shows mutual-1.2 '.hellogate.times.client_certificate > 0' "and when it came"
	judged mutual-1.3 established
	shows mutual-1.3 '.hellogate.client_certificate == null' "TLS 1.3 hides the client's certificate"
}

# resume LABEL PORT OPTION...: a session, and then once more
resume() {
	local label=$1 port=$2
	shift 2
	rm -f "$HG_DIR/$label.session"
	s_client "$label-first" "$port" www.good.example "$@" -sess_out "$HG_DIR/$label.session"
	s_client "$label-again" "$port" www.good.example "$@" -sess_in "$HG_DIR/$label.session"
	client_says '^Reused, TLS' "$label: the client resumes"
}

# Session id, ticket, PSK.
s3_resumption() {
	local how
	view s0 "$1"
	s_server 4421 good -no_ticket
	s_server 4422 good
	resume session-id 4421 -tls1_2
	resume ticket 4422 -tls1_2
	resume psk 4422 -tls1_3
	curtain
	for how in session-id ticket psk; do
		judged $how-first established
		shows $how-first '.hellogate.server.resumed == false' "the first time in full"
		judged $how-again established
		shows $how-again '.hellogate.server.resumed == true' "resumed"
		shows $how-again '.hellogate.certificate == null' "without a Certificate"
	done
	shows session-id-again '.hellogate.hello.session_id_len == 32 and (.hellogate.hello.ticket != true)' "by the session id"
	shows psk-again '.hellogate.hello.psk == true' "by a PSK"
}

# The bytes of an SSL 3.0 client, and clients of TLS 1.1 at best, against floors of 1.2.
s4_version_mismatch() {
	local server old=(-cipher 'DEFAULT@SECLEVEL=0')
	view s0 "$1"
	seed seed_ssl3
	s_server 4431 good -min_protocol TLSv1.2
	gnutls_server 4432 good --priority NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2
	nginx_server 4433 < <(https 4433 good "ssl_protocols TLSv1.2 TLSv1.3")
	s_client twin-openssl 4431 www.good.example
	gnutls twin-gnutls 4432 www.good.example
	fetch twin-nginx 4433 www.good.example
	raw ssl3-openssl 4431 "$HG_DIR/seed_ssl3.hello" --want 1000
	raw ssl3-gnutls 4432 "$HG_DIR/seed_ssl3.hello" --want 1000
	raw ssl3-nginx 4433 "$HG_DIR/seed_ssl3.hello" --want 1000
	s_client tls1.0-nginx 4433 www.good.example -tls1 "${old[@]}"
	client_says 'alert (number 70|protocol version)' "TLS 1.0: the client has a fatal alert 70"
	s_client tls1.1-openssl 4431 www.good.example -tls1_1 "${old[@]}"
	client_says 'alert (number 70|protocol version)' "TLS 1.1: the client has a fatal alert 70"
	s_client tls1.1-gnutls 4432 www.good.example -tls1_1 "${old[@]}"
	curtain
	for server in openssl gnutls nginx; do
		judged twin-$server established
		shows ssl3-$server '.hellogate.hello.version_max == 768 and .hellogate.hello.cipher_count == 50' "the seed's hello"
	done
	for server in tls1.0-nginx tls1.1-openssl tls1.1-gnutls; do
		judged $server "failed version_unsupported server observed"
		alerted $server 70 server
	done
	# OpenSSL answers as SSL 3.0 would, which has no alert 70.
	for server in ssl3-openssl ssl3-nginx; do
		judged $server "failed version_unsupported server inferred"
		alerted $server 40 server
		reasoned $server
	done
	judged ssl3-gnutls "failed version_unsupported server observed"
	alerted ssl3-gnutls 70 server
}

# One cipher suite, which this server does not have.
s5_cipher_mismatch() {
	local server
	view s0 "$1"
	seed seed_one_cipher
	s_server 4441 good -cipher ECDHE+AESGCM
	gnutls_server 4442 good
	nginx_server 4443 < <(https 4443 good "ssl_protocols TLSv1.2 TLSv1.3")
	raw alone-openssl 4441 "$HG_DIR/seed_one_cipher.hello" --want 1000
	s_client twin-openssl 4441 www.good.example -tls1_2
	gnutls twin-gnutls 4442 www.good.example --priority NORMAL:-VERS-ALL:+VERS-TLS1.2
	fetch twin-nginx 4443 www.good.example --tls-max 1.2
	raw cipher-openssl 4441 "$HG_DIR/seed_one_cipher.hello" --want 1000
	raw cipher-gnutls 4442 "$HG_DIR/seed_one_cipher.hello" --want 1000
	raw cipher-nginx 4443 "$HG_DIR/seed_one_cipher.hello" --want 1000
	s_client client-nginx 4443 www.good.example -tls1_2 -cipher DHE-RSA-AES128-SHA256
	client_says 'alert (number 40|handshake failure)' "the client has a fatal alert 40"
	curtain
	for server in openssl gnutls nginx; do
		judged twin-$server established
		shows cipher-$server '.tls.client_handshake.ciphers == [103,255]' "the seed's hello"
		judged cipher-$server "failed no_shared_cipher server inferred"
		alerted cipher-$server 40 server
		reasoned cipher-$server
	done
	shows cipher-nginx '.hellogate.reasons | index("alert_40_only") == null' "not by the alert alone: the server was seen before"
	judged client-nginx "failed no_shared_cipher server inferred"
	# Nothing was known of the server then.
	judged alone-openssl "failed no_shared_cipher server inferred"
	shows alone-openssl '.hellogate.reasons == ["alert_40_only"]' "by the alert alone"
}

# What else a server may refuse in a hello: the name, the protocols, the groups.
s5_other_mismatches() {
	local kind
	view s0 "$1"
	{
		printf 'server { listen 4451 ssl default_server; ssl_reject_handshake on; }\n'
		https 4451 good "server_name www.good.example" "ssl_protocols TLSv1.2 TLSv1.3"
	} >"$HG_DIR/servers.conf"
	nginx_server 4451 <"$HG_DIR/servers.conf"
	s_server 4452 good -groups P-256
	fetch twin-nginx 4451 www.good.example
	s_client name 4451 nobody.example
	client_says 'alert (number 112|unrecognized name)' "an unknown name: the client is told"
	s_client protocol 4451 www.good.example -alpn nobody/1
	client_says 'alert (number 120|no application protocol)' "an unknown protocol: the client is told"
	s_client twin-openssl 4452 www.good.example -groups X25519:P-256
	s_client group 4452 www.good.example -groups X25519 -tls1_3
	client_says 'alert (number 40|handshake failure)' "no group: the client is told"
	curtain
	for kind in nginx openssl; do judged twin-$kind established; done
	judged name "failed unrecognized_name server observed"
	alerted name 112 server
	judged protocol "failed alpn_mismatch server observed"
	alerted protocol 120 server
	shows twin-openssl '.hellogate.server.hello_retry == true and .hellogate.server.group == 23' "the server asks for its group"
	judged group "failed no_shared_group server inferred"
	alerted group 40 server
	reasoned group
}
