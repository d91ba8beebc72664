#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Every shape over veth to real servers, each of which says which name it acted
# on; hellogate watches the server's interface, by XDP and by tc.
#
# HG_HOOKS="xdp tc", HG_SERVERS="openssl gnutls nginx java", HG_ROWS=PATTERN: some of it.
# HG_STEP=1: every variant of the families. HG_RESULTS=DIR keeps the results.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

here=$(dirname "$0")
programs=${HG_CONFORMANCE:-$HG_ROOT/build/tests/conformance}
C4=198.51.100.2 S4=198.51.100.1 X4=198.51.100.9 # as wire.c has the server
C6=2001:db8::2 S6=2001:db8::1 X6=2001:db8::9
declare -A base=([openssl]=4430 [gnutls]=4440 [nginx]=4450 [java]=4460)
declare -A missing=() seen_lines=()

# --- the server's side -------------------------------------------------------

# Whatever address the clients claim, answers go to the client's interface. What has
# less than ten hops left dies here, behind hellogate, as it would at a router.
server_network() {
	ip -n "$HG_S" route add default via $X4 &&
		ip -n "$HG_S" -6 route add default via $X6 &&
		in_s sysctl -qw net.ipv4.tcp_fastopen=0x202 net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.s0.rp_filter=0 &&
		in_s nft -f - <<-NFT
			table inet hops {
				chain last {
					type filter hook prerouting priority raw;
					ip ttl < 10 drop
					ip6 hoplimit < 10 drop
				}
			}
		NFT
}

keys() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout "$HG_DIR/rsa.key" -out "$HG_DIR/rsa.pem" \
		-subj /CN=shop.example.com 2>/dev/null &&
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
			-keyout "$HG_DIR/ec.key" -out "$HG_DIR/ec.pem" -subj /CN=shop.example.com 2>/dev/null
}

nginx_config() {
	local p=${base[nginx]} listen
	for listen in "$p" "$((p + 1)) fastopen=64" "$((p + 3)) proxy_protocol"; do
		printf 'listen %s ssl%s; listen [::]:%s ssl%s;\n' "${listen%% *}" "${listen#"${listen%% *}"}" \
			"${listen%% *}" "${listen#"${listen%% *}"}"
	done >"$HG_DIR/listen.conf"
	cat <<-NGINX
		load_module /usr/lib/nginx/modules/ngx_stream_module.so;
		daemon off;
		worker_processes 1;
		pid $HG_DIR/nginx.pid;
		error_log $HG_DIR/nginx.err info;
		events { worker_connections 1024; }
		stream {
			log_format acted '\$remote_addr \$server_port "\$ssl_cipher" "\$ssl_server_name"';
			access_log $HG_DIR/nginx.log acted;
			server {
				include $HG_DIR/listen.conf;
				ssl_certificate $HG_DIR/ec.pem;
				ssl_certificate_key $HG_DIR/ec.key;
				ssl_certificate $HG_DIR/rsa.pem;
				ssl_certificate_key $HG_DIR/rsa.key;
				ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
				ssl_ciphers ALL:@SECLEVEL=0;
				return "";
			}
		}
	NGINX
}

# What nginx wrote, as the other servers say it: a cipher suite was chosen where it answered.
nginx_said() {
	sed -nE 's/^([^ ]+) ([0-9]+) "([^"]*)" "(.*)"$/\1\t\2\t\3\t\4/p' "$HG_DIR/nginx.log" |
		awk -F '\t' '{
			gsub(/\\/, "&&", $4)
			name = $4 == "" || $4 == "-" ? "" : ",\"sni\":\"" $4 "\""
			printf "{\"peer\":\"%s\",\"lport\":%s,\"took\":%s%s}\n", $1, $2,
				$3 == "" || $3 == "-" || $3 == "(NONE)" ? "false" : "true", name
		}'
}

start_openssl() {
	start openssl in_s "$programs/serve_openssl" "${base[openssl]}" "$HG_DIR"/{ec.key,ec.pem,rsa.key,rsa.pem}
}

start_gnutls() {
	start gnutls in_s "$programs/serve_gnutls" "${base[gnutls]}" "$HG_DIR"/{ec.key,ec.pem,rsa.key,rsa.pem}
}

start_nginx() {
	nginx_config >"$HG_DIR/nginx.conf"
	: >"$HG_DIR/nginx.log"
	start nginx in_s nginx -c "$HG_DIR/nginx.conf" -e "$HG_DIR/nginx.err"
}

start_java() {
	openssl pkcs12 -export -in "$HG_DIR/ec.pem" -inkey "$HG_DIR/ec.key" -out "$HG_DIR/ec.p12" \
		-passout pass:conformance || bail "openssl pkcs12"
	start java in_s java -Xshare:auto -XX:TieredStopAtLevel=1 "$here/Serve.java" "${base[java]}" \
		"$HG_DIR/ec.p12" conformance
}

why_not() { # SERVER: what is missing for it, or nothing
	case $1 in
	nginx)
		if ! command -v nginx >/dev/null; then
			echo "nginx is not installed"
		elif [ ! -e /usr/lib/nginx/modules/ngx_stream_module.so ]; then
			echo "nginx's stream module is not installed (libnginx-mod-stream)"
		fi
		;;
	java)
		if ! command -v java >/dev/null; then
			echo "java is not installed"
		elif ! java --list-modules 2>/dev/null | grep -q '^jdk.compiler@'; then
			echo "java is installed without its compiler"
		fi
		;;
	esac
}

said() { # SERVER: all that it has said so far
	case $1 in
	nginx) nginx_said ;;
	*) cat "$HG_DIR/$1.out" ;;
	esac
}

start_servers() {
	local server
	for server in $servers; do
		missing[$server]=$(why_not "$server")
		[ -z "${missing[$server]}" ] || continue
		"start_$server"
	done
	for server in $servers; do
		[ -z "${missing[$server]}" ] || continue
		await listening "${base[$server]}" || bail "$server does not listen: $(<"$HG_DIR/$server.err")"
	done
}

# --- one hook ------------------------------------------------------------------

live() { in_c "$programs/live" --dev c0 --dmac "$(mac "$HG_S" s0)" "$@"; }

lasts() { grep -c '"src_ip":"10.253.0.0"' "$HG_DIR/watch.out"; }

# A hello that belongs to no row: once hellogate has told of it, it has told of all before.
told() { # N: of so many of them, at the least
	live --base "${base[openssl]}" --last >"$HG_DIR/last.out" && [ "$(lasts)" -ge "$1" ]
}

# Flows that the client has closed end after a silence: none is left.
over() {
	local watched="$HELLOGATE_BPFFS-watch-${HG_PID[watch]}"
	[ "$("$HELLOGATE" status --bpffs "$watched" --json |
		jq '.maps[] | select(.map == "flows").entries')" = 0 ]
}

quiet() { # SERVER N: it has spoken of so many connections
	[ "$(said "$1" | wc -l)" -ge "$2" ]
}

play() { # SERVER HOOK
	local server=$1 before=${seen_lines[$1]:-0} options=()
	case $server in
	nginx) options=(--no-preamble) ;;
	java) options=(--no-fast-open) ;;
	esac
	live --base "${base[$server]}" --rows "$HG_ROWS" "${options[@]}" >"$HG_DIR/$server.played" ||
		bail "live: exit code $?"
	await -t 30 quiet "$server" "$((before + $(grep -vc '"no answer"' "$HG_DIR/$server.played")))"
	said "$server" | tail -n +$((before + 1)) | grep -v ready >"$HG_DIR/$server.said"
	seen_lines[$server]=$(said "$server" | wc -l)
}

score() { # SERVER HOOK
	"$programs/score" live "live $1 $2" "${base[$1]}" "$HG_DIR/watch.out" "$HG_DIR/$1.said" \
		"$HG_DIR/$1.played"
}

skip_server() { # SERVER HOOK
	"$programs/score" rows | awk -F '\t' -v leg="live $1 $2" -v why="${missing[$1]}" -v OFS='\t' \
		'NR == 1 { print 0, "all rows", leg, "skip", 0, 0, why }'
}

try_hook() { # HOOK
	local server
	start watch "$HELLOGATE" watch --netns "$HG_S" --hook "$1" -o jsonl s0
	await -t 30 told 1 || bail "watch --hook $1 does not see a hello: $(<"$HG_DIR/watch.err")"
	seen_lines[openssl]=$(said openssl | wc -l)
	for server in $servers; do
		[ -n "${missing[$server]}" ] || play "$server" "$1"
	done
	await -t 60 over || bail "flows do not end"
	await -t 30 told "$(($(lasts) + 1))" || bail "hellogate does not tell of the last hello"
	stop watch INT
	for server in $servers; do
		if [ -n "${missing[$server]}" ]; then
			skip_server "$server" "$1"
		else
			score "$server" "$1" || return
		fi
	done >>"$HG_DIR/live.tsv"
}

need nft openssl
servers=${HG_SERVERS:-openssl gnutls nginx java}
HG_ROWS=${HG_ROWS:-*}
fixture
server_network || bail "cannot set up the server's network"
keys || bail "no keys"
start_servers
for hook in ${HG_HOOKS:-xdp tc}; do
	try_hook "$hook" || bail "score: exit code $?"
done
results=$(<"$HG_DIR/live.tsv")
[ -z "${HG_RESULTS:-}" ] || cp "$HG_DIR/live.tsv" "$HG_RESULTS/live.tsv"
cleanup
HG_PLANNED=1
printf '%s\n' "$results" | "$here/tap.sh" "$here/red.tsv"
