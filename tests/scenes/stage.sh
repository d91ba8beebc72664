# shellcheck shell=bash
#
# What a scene is played on: a client, a gateway and a server (tests/e2e/roads.sh),
# hellogate and tcpdump side by side on an interface, and the same assertions for what
# hellogate said live and for what `hellogate read` says of the capture.
#
#   view s0 tcx              # hellogate watch and tcpdump, on s0
#   client LABEL PORT CMD... # one connection, known by its label from then on
#   curtain                  # all handshakes have ended; everything stops
#   judged LABEL WANT        # "outcome cause side confidence", live and from the capture
#
# A connection is told by its port and by how many went there before it: a scene has
# its servers on ports of its own and plays those of a port one after another.

# shellcheck source=tests/e2e/roads.sh
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/roads.sh"
# shellcheck source=tests/scenes/certificates.sh
. "$(dirname "${BASH_SOURCE[0]}")/certificates.sh"

SCENES_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SCENE='' HOOK='' rc=0 out='' err='' said_all=''
VIEWS=() UNREADY=()              # interfaces looked at; those whose hellogate still starts
declare -A PLAYED=() AT=()       # label: "port ordinal"; port: how many connections
declare -A WHERE=([s0]=s [c0]=c [g0]=g) # interface: end of its namespace's name
export C4B=10.77.0.3                    # a second client's address

# --- views --------------------------------------------------------------------

err_has() { grep -qsE -e "$2" "$HG_DIR/$1.err"; }

# view DEVICE HOOK [no-watch]: looks at it from now on. With HG_CAPTURE_ONLY=1 nothing is
# attached anywhere, and only the captures are judged.
view() {
	local device=$1 netns=hg$$-${WHERE[$1]}
	# A slot of its ring is as large as a packet may be: with the usual two megabytes a
	# burst of ten packets loses some, uncounted.
	start "pcap-$device" ip netns exec "$netns" tcpdump -i "$device" -s 66000 -B 32768 -U \
		--immediate-mode -Z root -w "$HG_DIR/$device.pcap" tcp
	await err_has "pcap-$device" 'listening on' || bail "tcpdump: $(<"$HG_DIR/pcap-$device.err")"
	VIEWS+=("$device")
	[ -z "${3:-}${HG_CAPTURE_ONLY:-}" ] || return 0
	start "watch-$device" "$HELLOGATE" watch --netns "$netns" --hook "$2" --bpffs "$HG_DIR/bpf/$device" \
		-o jsonl "$device"
	UNREADY+=("$device")
}

# The verifier takes its seconds; servers start meanwhile.
curtain_up() {
	local device
	for device in "${UNREADY[@]}"; do
		await -t 60 attached_at "$device" || bail "watch: $(<"$HG_DIR/watch-$device.err")"
	done
	UNREADY=()
}

attached_at() { err_has "watch-$1" '^watching'; }

# instance DEVICE: the bpffs directory that watch made for itself
instance() { echo "$HG_DIR/bpf/$1-watch-${HG_PID[watch-$1]}"; }

# ends FILE PORT: handshakes to that port which ended
ends() {
	jq -c --argjson port "$2" 'select((.event_type == "tls" or .event_type == "flow") and .hellogate.stage == "end"
		and .dest_port == $port)' "$1" 2>/dev/null | wc -l
}

all_ended() {
	local device port
	for device in "${VIEWS[@]}"; do
		for port in "${!AT[@]}"; do
			[ "$(ends "$HG_DIR/watch-$device.out" "$port")" -ge "${AT[$port]}" ] || return 1
		done
	done
}

# curtain: sets SOURCES, the files of events
curtain() {
	local device name
	[ -n "${HG_CAPTURE_ONLY:-}" ] || await -t "${HG_CURTAIN:-13}" all_ended ||
		diag "$SCENE: not every handshake has ended"
	SOURCES=()
	for device in "${VIEWS[@]}"; do
		stop "watch-$device" INT
		stop "pcap-$device" INT
		err_has "pcap-$device" '^0 packets dropped' ||
			diag "$SCENE: tcpdump at $device: $(grep dropped "$HG_DIR/pcap-$device.err")"
		hg read --quiet -o jsonl "$HG_DIR/$device.pcap" >"$HG_DIR/read-$device.out" 2>"$HG_DIR/read-$device.err"
		[ -n "${HG_CAPTURE_ONLY:-}" ] || SOURCES+=("watch-$device")
		SOURCES+=("read-$device")
		[ -z "${HG_KEEP:-}" ] || cp "$HG_DIR/$device.pcap" "$HG_DIR/$SCENE-$HOOK-$device.pcap"
	done
	VIEWS=()
	for name in "${!HG_PID[@]}"; do
		case $name in srv-*) stop "$name" ;; esac
	done
}

scene() { # NAME HOOK
	SCENE=$1 HOOK=$2
	PLAYED=() AT=() VIEWS=()
	diag "$SCENE ($HOOK)"
	"${SCENE}" "$HOOK"
}

# --- clients ------------------------------------------------------------------------

played() { # LABEL PORT
	PLAYED[$1]="$2 ${AT[$2]:-0}"
	AT[$2]=$((${AT[$2]:-0} + 1))
}

# client LABEL PORT COMMAND...: sets rc, out, err and said
client() {
	local label=$1 port=$2
	shift 2
	curtain_up
	run in_c timeout -k 2 "${HG_TIMEOUT:-20}" "$@" <"${HG_STDIN:-/dev/null}"
	said_all=$out$'\n'$err
	played "$label" "$port"
}

# s_client LABEL PORT NAME [OPTION...]: asks for a page, and waits for its end
s_client() {
	local label=$1 port=$2 named=(-servername "$3")
	[ -n "$3" ] || named=(-noservername)
	shift 3
	HG_STDIN=$HG_DIR/get client "$label" "$port" openssl s_client -ign_eof -connect "$S4:$port" \
		-CAfile "$PKI/root.pem" "${named[@]}" "$@"
}

# fetch LABEL PORT NAME [OPTION...]: curl
fetch() {
	local label=$1 port=$2 name=$3
	shift 3
	client "$label" "$port" curl -sS -o /dev/null --cacert "$PKI/root.pem" \
		--resolve "$name:$port:$S4" "$@" "https://$name:$port/"
}

# gnutls LABEL PORT NAME [OPTION...]
gnutls() {
	local label=$1 port=$2 name=$3
	shift 3
	HG_STDIN=$HG_DIR/get client "$label" "$port" gnutls-cli --x509cafile "$PKI/root.pem" \
		--sni-hostname "$name" --verify-hostname "$name" "$@" -p "$port" "$S4"
}

# raw LABEL PORT FILE [OPTION...]: those bytes from an ordinary socket
raw() {
	local label=$1 port=$2 file=$3
	shift 3
	client "$label" "$port" "$HG_TOOLS/dial" "$S4" "$port" "$file" "$@"
}

# said LABEL-like: what the client itself makes of it
client_says() { like "$said_all" "$1" "$SCENE: $2 ($HOOK)"; }
client_content() { is "$rc" 0 "$SCENE: $1 ($HOOK)"; }

seed() { # NAME: $HG_DIR/NAME.hello, of the bytes that are printed in the article
	perl -ne 's/\s//g; print pack "H*", $_' "$SCENES_DIR/$1.hex" >"$HG_DIR/$1.hello"
}

# --- servers --------------------------------------------------------------------------

# server NAME PORT COMMAND...: one that listens
server() {
	local name=srv-$1 port=$2
	shift 2
	start "$name" in_s "$@"
	await -t 30 listening "$port" || bail "$name does not start: $(tail -n 5 "$HG_DIR/$name.err" "$HG_DIR/$name.out")"
}

# s_server PORT CERTIFICATE [OPTION...]
s_server() {
	local port=$1 certificate=$2
	shift 2
	[ ! -e "$PKI/$certificate.rest" ] || set -- -cert_chain "$PKI/$certificate.rest" "$@"
	server "openssl-$port" "$port" openssl s_server -accept "$port" -cert "$PKI/$certificate.pem" \
		-key "$PKI/$certificate.key" -www "$@"
}

# gnutls_server PORT CERTIFICATE [OPTION...]
gnutls_server() {
	local port=$1 certificate=$2
	shift 2
	server "gnutls-$port" "$port" gnutls-serv --http --port "$port" --x509certfile "$PKI/$certificate.pem" \
		--x509keyfile "$PKI/$certificate.key" "$@"
}

# serve_py PORT CERTIFICATE [OPTION...]
serve_py() {
	local port=$1 certificate=$2
	shift 2
	server "py-$port" "$port" python3 "$SCENES_DIR/serve.py" --cert "$PKI/$certificate.pem" \
		--key "$PKI/$certificate.key" "$@" "$port"
}

# nginx_server PORT < what goes between the braces of "http"; what follows a line "stream"
# goes between the braces of that. PORT is one that it listens on
nginx_server() {
	local conf=$HG_DIR/nginx-$1.conf line
	{
		cat <<-CONF
			load_module /usr/lib/nginx/modules/ngx_stream_module.so;
			daemon off;
			worker_processes 1;
			pid $HG_DIR/nginx-$1.pid;
			error_log $HG_DIR/nginx-$1.log info;
			events { worker_connections 256; }
			http { access_log off; client_body_temp_path $HG_DIR/nginx-body; proxy_temp_path $HG_DIR/nginx-proxy;
		CONF
		while IFS= read -r line; do
			[ "$line" != stream ] || line='} stream {'
			printf '%s\n' "$line"
		done
		echo '}'
	} >"$conf"
	server "nginx-$1" "$1" nginx -c "$conf" -e "$HG_DIR/nginx-$1.log"
}

# https PORT CERTIFICATE [DIRECTIVE...]: a server block of nginx
https() {
	local port=$1 certificate=$2
	shift 2
	printf 'server { listen %s; ssl_certificate %s; ssl_certificate_key %s; %s; return 200 ok; }\n' \
		"$port ssl" "$PKI/$certificate.pem" "$PKI/$certificate.key" "$(IFS=';' && echo "${*:-ssl_session_timeout 1m}")"
}

# --- assertions -----------------------------------------------------------------------------

# event SOURCE LABEL: that connection's final event: tls, or flow if it had no hello
event() {
	local where=${PLAYED[$2]:-0 0}
	jq -cs --argjson port "${where% *}" --argjson n "${where#* }" '
		map(select((.event_type == "tls" or .event_type == "flow") and .hellogate.stage == "end"
			and .dest_port == $port))
		| sort_by(.timestamp)[$n] // empty' "$HG_DIR/$1.out"
}

place() { # SOURCE: in words
	case $1 in
	watch-*) echo "live at ${1#*-}, $HOOK" ;;
	read-*) echo "capture of ${1#*-}" ;;
	*) echo "$1, $HOOK" ;;
	esac
}

# What a reader wants of an event that is not as expected.
digest() {
	jq -c '{sni: .tls.sni} + (.hellogate | {outcome, outcome_confidence, cause, side, confidence, reasons,
		coverage, alerts, close, certificate, server, times})' <<<"$1"
}

# judged LABEL WANT: a regex for "outcome cause side confidence"; "established" alone has
# no cause. HG_SOURCES narrows where.
judged() {
	local source json got
	for source in "${SOURCES[@]}"; do
		[[ " ${HG_SOURCES:-$source} " == *" $source "* ]] || continue
		json=$(event "$source" "$1")
		got=$(jq -r '.hellogate | [.outcome, .cause // empty, .side // empty, .confidence // empty] | join(" ")' <<<"$json")
		if [[ $got =~ ^($2)$ ]]; then
			pass "$SCENE $1: $2 ($(place "$source"))"
		else
			fail "$SCENE $1: $2 ($(place "$source"))" "is '${got:-no event}': $(digest "$json")"
		fi
	done
}

# shows LABEL CONDITION DESCRIPTION: a jq condition on the event
shows() {
	local source json
	for source in "${SOURCES[@]}"; do
		[[ " ${HG_SOURCES:-$source} " == *" $source "* ]] || continue
		json=$(event "$source" "$1")
		if json_holds "$2" <<<"$json" >/dev/null 2>&1; then
			pass "$SCENE $1: $3 ($(place "$source"))"
		else
			fail "$SCENE $1: $3 ($(place "$source"))" "not '$2': $(digest "$json")"
		fi
	done
}

# reasoned LABEL: what is inferred says why
reasoned() { shows "$1" '.hellogate.reasons | length > 0' "says why it thinks so"; }

# alerted LABEL CODE FROM: the alert was in clear
alerted() {
	shows "$1" ".hellogate.alerts | any(.code == $2 and .from == \"$3\" and .level == \"fatal\")" \
		"fatal alert $2 from the $3"
}

# suricata_fields LABEL CERTIFICATE: of the server's leaf, by Suricata's names, as openssl reads it
suricata_fields() {
	local facts
	facts=$(openssl x509 -in "$PKI/$2.pem" -noout -serial -fingerprint -sha1 -dates -dateopt iso_8601)
	shows "$1" ".tls as \$t | \"$facts\" | split(\"\\n\") | map(split(\"=\")[1]) as [\$serial, \$sha1, \$from, \$to] |
		\$t.version == \"TLS 1.2\" and \$t.session_resumed == null
		and \$t.subject == \"CN=www.good.example\" and (\$t.issuerdn | startswith(\"CN=hellogate test \"))
		and (\$t.serial | gsub(\":\"; \"\") | ltrimstr(\"00\")) == \$serial and \$t.fingerprint == (\$sha1 | ascii_downcase)
		and \"\(\$t.notbefore)Z\" == (\$from | sub(\" \"; \"T\")) and \"\(\$t.notafter)Z\" == (\$to | sub(\" \"; \"T\"))" \
		"the server's certificate by Suricata's names"
}
