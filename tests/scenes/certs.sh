# shellcheck shell=bash disable=SC2154
#
# S6, S8, S10, S11: certificates, of the server and of the client.

# bad_certificates: a server's certificate for each complaint
bad_certificates() {
	[ ! -e "$PKI/revoked.crl" ] || return 0
	certificate expired inter cn=expired.example start=20200101000000Z end=20210101000000Z
	certificate early inter cn=early.example start=20400101000000Z end=20410101000000Z
	certificate wrong inter cn=elsewhere.example
	certificate unknown stranger cn=unknown.example
	certificate revoked inter cn=revoked.example
	chain bad-expired expired inter
	chain bad-early early inter
	chain bad-name wrong inter
	chain bad-unknown unknown
	chain bad-revoked revoked inter
	quietly openssl ca -config "$PKI/ca.conf" -cert "$PKI/inter.pem" -keyfile "$PKI/inter.key" \
		-revoke "$PKI/revoked.pem"
	quietly openssl ca -config "$PKI/ca.conf" -cert "$PKI/inter.pem" -keyfile "$PKI/inter.key" \
		-gencrl -out "$PKI/revoked.crl"
}

client_certificates() {
	[ ! -e "$PKI/client.pem" ] || return 0
	new_key weak rsa:1024
	certificate client root cn=client
	certificate client-weak root key=weak cn=client-weak
	certificate client-sha1 root cn=client-sha1 md=sha1
	certificate client-stranger stranger cn=client-stranger
}

# complain VERSION: a client that checks, at each server; labels KIND-VERSION
complain() {
	local v=$1 o=-tls${1/./_}
	o=${o/tls1_/tls1_}
	s_client "expired-$v" 4461 expired.example "$o" -verify_return_error
	client_says 'certificate has expired' "TLS $v, expired: the client says so"
	s_client "early-$v" 4462 early.example "$o" -verify_return_error
	client_says 'not yet valid' "TLS $v, not yet valid: the client says so"
	s_client "name-$v" 4463 name.example "$o" -verify_return_error -verify_hostname name.example
	client_says 'hostname mismatch' "TLS $v, another name: the client says so"
	s_client "unknown-$v" 4464 unknown.example "$o" -verify_return_error
	client_says 'unable to get (local )?issuer' "TLS $v, unknown CA: the client says so"
	s_client "revoked-$v" 4465 revoked.example "$o" -verify_return_error -crl_check -CRL "$PKI/revoked.crl"
	client_says 'certificate revoked' "TLS $v, revoked: the client says so"
}

# What curl says to the same, and what it does with -k.
curls() {
	local kind
	for kind in expired:4461 early:4462 name:4463 unknown:4464; do
		fetch "curl-${kind%:*}" "${kind#*:}" "${kind%:*}.example" --tls-max 1.2
		is "$rc" 60 "$SCENE: curl refuses ${kind%:*} ($HOOK)"
		fetch "ignored-${kind%:*}" "${kind#*:}" "${kind%:*}.example" --tls-max 1.2 -k
		client_content "curl -k goes on: ${kind%:*}"
		fetch "ignored13-${kind%:*}" "${kind#*:}" "${kind%:*}.example" --tlsv1.3 -k
	done
}

# in_1_3 KIND CAUSE ALERT: OpenSSL's clients complain before they have keys, so that the
# alert is in clear, and the certificate is not. "Bad certificate" says no more than that,
# unless the server showed the certificate to others before.
in_1_3() {
	alerted "$1-1.3" "$3" client
	shows "$1-1.3" '.hellogate.server.version == 772 and .hellogate.certificate.count == null' "TLS 1.3: no certificate"
	if [ "$3" = 42 ]; then
		judged "$1-1.3" "failed (certificate_bad client observed|$2 client inferred)"
	else
		judged "$1-1.3" "failed $2 client observed"
	fi
}

# ignored KIND FINDING: clients that go on
ignored() {
	judged "ignored-$1" established
	judged "ignored13-$1" established
	[ "$2" = - ] || shows "ignored-$1" ".hellogate.certificate.findings | index(\"$2\") != null" \
		"established with findings: $2"
}

# Expired, not yet valid, another name, unknown CA, revoked: TLS 1.2, where all is in
# clear, then 1.3; clients that do not care are established, with findings.
s6_certificates() {
	local kind cause find alert sure
	view s0 "$1"
	bad_certificates
	for kind in expired:4461 early:4462 name:4463 unknown:4464 revoked:4465; do
		https "${kind#*:}" "bad-${kind%:*}" "ssl_protocols TLSv1.2 TLSv1.3"
	done >"$HG_DIR/servers.conf"
	nginx_server 4461 <"$HG_DIR/servers.conf"
	fetch twin-expired 4461 expired.example --tls-max 1.2 -k
	complain 1.2
	curls
	gnutls gnutls-expired 4461 expired.example --priority NORMAL:-VERS-ALL:+VERS-TLS1.2
	client_says 'expired' "gnutls-cli says expired"
	gnutls gnutls-name 4463 name.example --priority NORMAL:-VERS-ALL:+VERS-TLS1.2
	client_says 'does not match' "gnutls-cli says that the name does not match"
	gnutls gnutls13-expired 4461 expired.example --priority NORMAL:-VERS-ALL:+VERS-TLS1.3
	gnutls gnutls13-name 4463 name.example --priority NORMAL:-VERS-ALL:+VERS-TLS1.3
	fetch twin-revoked 4465 revoked.example
	complain 1.3
	curtain
	judged twin-expired established
	judged twin-revoked established
	while read -r kind cause find alert sure; do
		judged "$kind-1.2" "failed $cause client $sure"
		alerted "$kind-1.2" "$alert" client
		[ "$sure" = observed ] || reasoned "$kind-1.2"
		shows "$kind-1.2" ".hellogate.certificate.count >= 1" "the certificate was in clear"
		[ "$find" = - ] || shows "$kind-1.2" ".hellogate.certificate.findings | index(\"$find\") != null" "finding: $find"
		in_1_3 "$kind" "$cause" "$alert"
		[ "$kind" = revoked ] || ignored "$kind" "$find"
		case $kind in
		revoked) ;;
		name) judged curl-name established ;; # curl compares the name when all is over
		*) judged "curl-$kind" "failed $cause client $sure" ;;
		esac
	done <<-ROWS
		expired certificate_expired expired 45 observed
		early certificate_expired not_yet_valid 42 inferred
		name certificate_name_mismatch name_mismatch 42 inferred
		unknown certificate_unknown_ca - 48 observed
		revoked certificate_revoked - 44 observed
	ROWS
	# GnuTLS has one alert for all of them; in TLS 1.3 it is encrypted.
	judged gnutls-expired "failed certificate_expired client inferred"
	judged gnutls-name "failed certificate_name_mismatch client inferred"
	for kind in expired name; do
		alerted gnutls-$kind 42 client
		reasoned gnutls-$kind
		shows gnutls13-$kind '.hellogate.alerts == null' "no alert in clear"
		judged gnutls13-$kind "failed certificate_[a-z_]+ client inferred"
		reasoned gnutls13-$kind
	done
	shows expired-1.2 '.hellogate.certificate.leaf | .subject and .issuer and .not_after' "the leaf: subject, issuer, dates"
}

# refuse VERSION: a client with each certificate, and one without; what each is told
refuse() {
	local v=$1 kind alert
	s_client "client-$v" 4481 www.good.example "-tls${v/./_}" -cert "$PKI/client.pem" -key "$PKI/client.key"
	client_says 'HTTP/1.0 200' "TLS $v: the server takes a good certificate"
	while read -r kind alert; do
		s_client "client-$kind-$v" 4481 www.good.example "-tls${v/./_}" -cipher DEFAULT@SECLEVEL=0 \
			-cert "$PKI/client-$kind.pem" -key "$PKI/client-$kind.key"
		client_says "SSL alert number $alert" "TLS $v, $kind: the client is told $alert"
	done < <(refusals)
	s_client "none-$v" 4481 www.good.example "-tls${v/./_}"
	client_says "SSL alert number $([ "$v" = 1.2 ] && echo 40 || echo 116)" "TLS $v, no certificate: the client is told"
}

refusals() { printf '%s\n' 'weak 42' 'sha1 42' 'stranger 48'; }

# Mutual TLS refused: too weak, of nobody's CA, none at all.
s8_client_certificate() {
	local v kind alert
	view s0 "$1"
	client_certificates
	s_server 4481 good -Verify 1 -verify_return_error -CAfile "$PKI/root.pem" -cipher DEFAULT@SECLEVEL=2
	gnutls_server 4482 good --require-client-cert --verify-client-cert --x509cafile "$PKI/root.pem"
	for v in 1.2 1.3; do refuse $v; done
	gnutls twin-gnutls 4482 www.good.example --priority NORMAL:-VERS-ALL:+VERS-TLS1.2 \
		--x509certfile "$PKI/client.pem" --x509keyfile "$PKI/client.key"
	gnutls none-gnutls 4482 www.good.example --priority NORMAL:-VERS-ALL:+VERS-TLS1.2
	like "$(<"$HG_DIR/srv-gnutls-4482.err")" 'No certificate was found' "$SCENE: GnuTLS misses a certificate ($HOOK)"
	curtain
	for v in 1.2 1.3; do judged client-$v established; done
	judged twin-gnutls established
	while read -r kind alert; do
		judged "client-$kind-1.2" "failed client_certificate_rejected server observed"
		alerted "client-$kind-1.2" "$alert" server
		shows "client-$kind-1.2" '.hellogate.client_certificate.count >= 1' "the client's certificate was in clear"
		judged "client-$kind-1.3" "failed client_certificate_(rejected|required) server inferred"
		reasoned "client-$kind-1.3"
	done < <(refusals)
	shows client-weak-1.2 '.hellogate.client_certificate.findings | any(test("weak_key|key"))' "finding: its key is short"
	shows client-sha1-1.2 '.hellogate.client_certificate.findings | any(test("weak_digest|digest|sha1|signature"))' \
		"finding: its digest is weak"
	judged none-1.2 "failed client_certificate_required server inferred"
	alerted none-1.2 40 server
	judged none-1.3 "failed client_certificate_required server inferred"
	judged none-gnutls "failed client_certificate_required server inferred"
	for kind in none-1.2 none-1.3 none-gnutls; do reasoned $kind; done
}

# s10_chains: Certificate messages of 2772 and 4437 bytes, as in the article
s10_chains() {
	[ ! -e "$PKI/long.pem" ] || return 0
	new_key small-root rsa:2048
	sized 1662 certificate small-root "" key=small-root cn="small root" ca=yes
	new_key small-inter rsa:2048
	sized 1259 certificate small-inter small-root key=small-inter cn="small inter" ca=yes
	sized 1500 certificate small-leaf small-inter cn=device.example
	chain short small-leaf small-inter
	chain long small-leaf small-inter small-root
}

# device LABEL: mbedTLS, with an input limit of 4429 bytes
device() {
	client "$1" 4501 "$MBEDTLS" server_addr="$S4" server_port=4501 server_name=device.example \
		ca_file="$PKI/small-root.pem" auth_mode=required request_size=64
}

s10_chain_too_large() {
	MBEDTLS=${HG_MBEDTLS:-$HG_ROOT/build/tests/mbedtls/ssl_client2}
	if [ ! -x "$MBEDTLS" ] && ! why=$("$SCENES_DIR/mbedtls.sh" 4429 "$(dirname "$MBEDTLS")" 2>&1); then
		skip "$SCENE ($HOOK)" "${why##*$'\n'}"
		return
	fi
	view s0 "$1"
	s10_chains
	nginx_server 4501 < <(https 4501 short "ssl_protocols TLSv1.2")
	device before
	client_content "the device takes leaf and intermediate"
	s_client twin-before 4501 device.example
	stop srv-nginx-4501
	nginx_server 4501 < <(https 4501 long "ssl_protocols TLSv1.2")
	device after
	client_says '-0x7200' "the device says -0x7200 once the root is in the chain"
	s_client twin-after 4501 device.example
	curtain
	judged before established
	shows before '.hellogate.certificate | .message_bytes == 2772 and .count == 2' "2772 bytes, two certificates"
	judged twin-before established
	judged after "failed certificate_chain_too_large client inferred"
	shows after '.hellogate.certificate | .message_bytes == 4437 and .list_bytes == 4430 and .count == 3' \
		"4437 bytes, three certificates"
	shows after '.hellogate.certificate.root_included == true' "the root is among them"
	shows after '.hellogate.alerts == null' "no alert: it just closes"
	reasoned after
	judged twin-after established
}

# What is odd about a chain is said while all are content.
s11_chain_hygiene() {
	local kind
	view s0 "$1"
	if [ ! -e "$PKI/hygiene.pem" ]; then
		authority inter2 inter
		sized 2400 certificate large inter cn=hygiene.example
		certificate hygiene inter2 cn=hygiene.example
		chain fine hygiene inter2 inter
		chain rooted hygiene inter2 inter root
		chain lonely hygiene
		chain disorder hygiene inter inter2
		chain bulky large inter
	fi
	{
		https 4511 fine "ssl_protocols TLSv1.2"
		https 4512 rooted "ssl_protocols TLSv1.2"
		https 4513 lonely "ssl_protocols TLSv1.2"
		https 4514 disorder "ssl_protocols TLSv1.2"
		https 4515 bulky "ssl_protocols TLSv1.2"
	} >"$HG_DIR/servers.conf"
	nginx_server 4511 <"$HG_DIR/servers.conf"
	for kind in fine:4511 rooted:4512 lonely:4513 disorder:4514 bulky:4515; do
		fetch "${kind%:*}" "${kind#*:}" hygiene.example -k
		client_content "curl -k takes the chain: ${kind%:*}"
	done
	curtain
	for kind in fine rooted lonely disorder bulky; do judged $kind established; done
	shows fine '(.hellogate.certificate.findings // []) | any(test("root_included|wrong_order|over_3kb")) | not' \
		"no root, in order, small"
	# All but the root is there: whose root it is, is another question.
	shows fine '(.hellogate.certificate.findings // []) | index("missing_intermediate") == null' "no intermediate is missing"
	shows rooted '.hellogate.certificate | .root_included == true and (.findings | index("root_included") != null)' "root_included"
	shows lonely '.hellogate.certificate.findings | index("missing_intermediate") != null' "missing_intermediate"
	shows disorder '.hellogate.certificate.findings | index("wrong_order") != null' "wrong_order"
	shows bulky '.hellogate.certificate | .message_bytes > 3072 and (.findings | index("over_3kb") != null)' "over_3kb"
}
