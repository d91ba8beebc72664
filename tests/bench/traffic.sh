#!/usr/bin/env bash
# What the programs cost real traffic: their run time as the kernel measures it
# (bpf_stats_enabled), over the processor time that all of the machine used meanwhile.
#
#   traffic.sh [GIGABYTES]      1
#
# The kernel's own clock around each run is in that time: what is printed is an upper
# bound. Needs a machine that does nothing else.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

gigabytes=${1:-1}
stats=/proc/sys/kernel/bpf_stats_enabled

for tool in nginx curl openssl bpftool; do
	command -v "$tool" >/dev/null || { echo "  traffic: skipped, no $tool here"; exit 0; }
done

# shellcheck disable=SC2034
HG_PLANNED=1 # there are no tests

end() {
	local status=$?
	[ -z "${before:-}" ] || echo "$before" >"$stats"
	(exit $status)
	on_exit
}
trap end EXIT

serve() {
	certificates
	truncate -s 64M "$HG_DIR/file"
	cat >"$HG_DIR/nginx.conf" <<-CONF
		daemon off; worker_processes 1; pid $HG_DIR/nginx.pid; error_log $HG_DIR/nginx.log;
		events { worker_connections 512; }
		http {
			access_log off; sendfile on; keepalive_requests 100000;
			server {
				listen 443 ssl; root $HG_DIR;
				ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate $HG_DIR/cert.pem; ssl_certificate_key $HG_DIR/key.pem;
				location /short { return 200 ok; }
			}
		}
	CONF
	chmod 755 "$HG_DIR"
	start nginx in_s nginx -c "$HG_DIR/nginx.conf" -e "$HG_DIR/nginx.log"
	await listening 443 || bail "nginx does not start: $(<"$HG_DIR/nginx.log")"
}

# Nanoseconds that our programs ran, and how often.
bpf_time() {
	bpftool prog show --json | jq -r '[.[] | select(.name == "hg_ingress" or .name == "hg_egress")]
		| "\(map(.run_time_ns // 0) | add) \(map(.run_cnt // 0) | add)"'
}

# Ticks that the processors were busy.
busy() { awk '$1 == "cpu" { print $2 + $3 + $4 + $7 + $8 }' /proc/stat; }

# measured COMMAND...: sets ns, runs and cpu_ns
measured() {
	local ns0 runs0 busy0 hz
	hz=$(getconf CLK_TCK)
	read -r ns0 runs0 < <(bpf_time)
	busy0=$(busy)
	"$@"
	read -r ns runs < <(bpf_time)
	cpu_ns=$((($(busy) - busy0) * 1000000000 / hz))
	ns=$((ns - ns0)) runs=$((runs - runs0))
}

download() {
	local n=$((gigabytes * 16))
	in_c curl -sS --cacert "$HG_DIR/cert.pem" --resolve "www.allowed.example:443:$S4" \
		-o /dev/null "https://www.allowed.example/file?[1-$n]" || bail "curl: $?"
}

percent() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", 100 * a / b }'; }

bulk_row() { # DESCRIPTION [TARGET]
	local share judged=''
	share=$(percent "$ns" "$cpu_ns")
	[ $# -lt 2 ] || judged=$(awk -v s="$share" -v t="$2" 'BEGIN { print (s <= t ? "reached" : "missed") ": target " t " %" }')
	printf '  %-58s %8.2f %% of %.2f s, %d runs of %d ns   %s\n' "$1" "$share" \
		"$(awk -v c="$cpu_ns" 'BEGIN { print c / 1e9 }')" "$runs" $((ns / (runs ? runs : 1))) "$judged"
}

# handshakes VERSION...: as many as one client makes in three seconds; sets made
handshakes() {
	made=$(in_c openssl s_time -connect "$S4:443" -new -time 3 -www /short "$@" 2>/dev/null |
		sed -n 's/^\([0-9]*\) connections in [0-9]* real seconds.*/\1/p')
}

handshake_row() { # DESCRIPTION
	[ "${made:-0}" -gt 0 ] || bail "s_time made no handshake"
	printf '  %-58s %8d ns of %d us, %d packets, %s %%\n' "$1" $((ns / made)) $((cpu_ns / made / 1000)) \
		$((runs / made)) "$(percent "$ns" "$cpu_ns")"
}

# What the server's stack makes of the stream: packets of so many segments at most.
segments() { ip -n "$HG_S" link set s0 gso_max_segs "$1"; }

fixture
serve
before=$(<"$stats")
echo 1 >"$stats"
attached "$TCX" >/dev/null
daemon "traffic" >/dev/null

echo "traffic at $TCX, ingress and egress of a server, with run"
measured download
bulk_row "$gigabytes GB over TLS 1.3, segments as veth has them" 2
segments 1
measured download
bulk_row "$gigabytes GB over TLS 1.3, a packet each 1448 bytes"
segments 65535
measured handshakes -tls1_3
handshake_row "a handshake of TLS 1.3, from SYN to FIN"
measured handshakes -tls1_2
handshake_row "a handshake of TLS 1.2, with its certificate"
