# shellcheck shell=bash
#
# Certificates of all qualities, made at run time in $PKI:
#
#   root ── inter ── good, expired, early, other (another name), revoked, ...
#   stranger ── unknown: nobody trusts it
#
# <name>.pem and <name>.key; chains are concatenations.

PKI=''
CERTIFICATES=0

# openssl's words are only shown when it fails.
quietly() {
	local said
	said=$("$@" 2>&1) || bail "$*: $said"
}

new_key() { # NAME TYPE: rsa:BITS, ec
	case $2 in
	ec) quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$PKI/$1.key" ;;
	rsa:*) quietly openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#*:}" -out "$PKI/$1.key" ;;
	esac
}

ca_config() {
	cat <<-CONF
		[ca]
		default_ca = here
		[here]
		database = $PKI/index
		serial = $PKI/serial
		crlnumber = $PKI/serial
		new_certs_dir = $PKI
		default_md = sha256
		default_crl_days = 30
		unique_subject = no
		policy = any
		[any]
		commonName = supplied
	CONF
}

# certificate NAME ISSUER [KEY=VALUE...]: ISSUER "" signs itself. key=NAME (rsa),
# cn=TEXT, names=A,B (the CN), start= and end=YYYYMMDDHHMMSSZ, md=NAME, pad=BYTES of a
# comment, ca=yes
certificate() {
	local name=$1 issuer=$2 key=rsa cn='' names='' start='' end='' md=sha256 pad=0 ca='' by=()
	shift 2
	local "$@"
	cn=${cn:-$name} names=${names:-$cn}
	{
		if [ -n "$ca" ]; then
			printf 'basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\n'
		else
			printf 'subjectAltName = DNS:%s\n' "${names//,/, DNS:}"
		fi
		printf 'subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n'
		[ "$pad" = 0 ] || printf 'nsComment = %s\n' "$(printf '%*s' "$pad" '' | tr ' ' x)"
	} >"$PKI/extensions"
	[ "$key" = "$name" ] || cp "$PKI/$key.key" "$PKI/$name.key"
	by=(-selfsign -keyfile "$PKI/$name.key")
	[ -z "$issuer" ] || by=(-cert "$PKI/$issuer.pem" -keyfile "$PKI/$issuer.key")
	quietly openssl req -new -key "$PKI/$name.key" -subj "/CN=$cn" -out "$PKI/$name.csr"
	quietly openssl ca -batch -notext -config "$PKI/ca.conf" "${by[@]}" -md "$md" \
		-startdate "${start:-$(date -u -d '-2 days' +%Y%m%d%H%M%SZ)}" \
		-enddate "${end:-$(date -u -d '+300 days' +%Y%m%d%H%M%SZ)}" \
		-extfile "$PKI/extensions" -in "$PKI/$name.csr" -out "$PKI/$name.pem"
}

authority() { # NAME [ISSUER] [KEY=VALUE...]
	local name=$1 issuer=${2:-}
	shift $(($# > 1 ? 2 : 1))
	new_key "$name" rsa:2048
	certificate "$name" "$issuer" key="$name" cn="hellogate test $name" ca=yes "$@"
}

der_size() { openssl x509 -in "$PKI/$1.pem" -outform DER | wc -c; }

# sized BYTES certificate|authority NAME ISSUER [KEY=VALUE...]: padded to that many bytes
sized() {
	local want=$1 pad=200 have tries
	shift
	for tries in 1 2 3 4; do
		"$@" pad=$pad
		have=$(der_size "$2")
		[ "$have" != "$want" ] || return 0
		pad=$((pad + want - have))
		[ $pad -gt 0 ] || break
	done
	bail "certificate $2: $have bytes after $tries tries, want $want"
}

chain() { # NAME CERTIFICATE...: $PKI/NAME.pem with the first one's key; NAME.rest is all but that
	local name=$1
	shift
	cp "$PKI/$1.key" "$PKI/$name.key"
	(cd "$PKI" && cat "${@/%/.pem}") >"$PKI/$name.pem"
	shift
	[ $# = 0 ] || (cd "$PKI" && cat "${@/%/.pem}") >"$PKI/$name.rest"
}

authorities() {
	[ $CERTIFICATES = 0 ] || return 0
	CERTIFICATES=1
	PKI=$HG_DIR/pki
	mkdir "$PKI"
	ca_config >"$PKI/ca.conf"
	: >"$PKI/index"
	echo 1000 >"$PKI/serial"
	new_key rsa rsa:2048
	new_key ec ec
	authority root
	authority inter root
	authority stranger
	certificate leaf inter cn=www.good.example names=www.good.example,other.good.example
	chain good leaf inter
	certificate ec-leaf inter key=ec cn=www.good.example
	chain good-ec ec-leaf inter
}
