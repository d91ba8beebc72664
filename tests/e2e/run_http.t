#!/usr/bin/env bash
# Who is answered over HTTP: names of this host, who has the token, the owner of a socket;
# and that nothing is changed there.
. "$(dirname "$0")/lib.sh"

need curl openssl
fixture
certificates
attached "$TCX"
chmod 600 "$HG_DIR/key.pem"
echo 0123456789abcdef0123 >"$HG_DIR/token"
chmod 600 "$HG_DIR/token"

# ask [CURL OPTION...]: from the server's namespace; out is the status
ask() { run in_s curl -s -o "$HG_DIR/body" -w '%{http_code}' --max-time 10 "$@"; }
ask_c() { run in_c curl -s -o "$HG_DIR/body" -w '%{http_code}' --max-time 10 "$@"; }
serves() { # CURL OPTION...
	in_s curl -sf --max-time 10 -o /dev/null "$@"
}

# --- the loopback
cat >"$HG_DIR/run.yaml" <<-YAML
	http: {listen: "127.0.0.1:9813", socket: http.sock, hosts: [gate.example]}
YAML
start daemon net_s "$HELLOGATE" run --config "$HG_DIR/run.yaml"
ok "run serves" await daemon_answers || diag "$(<"$HG_DIR/daemon.err")"
for host in localhost 127.0.0.1:9813 gate.example Gate.Example:80; do
	ask -H "Host: $host" http://127.0.0.1:9813/metrics
	is "$out" 200 "Host: $host"
done
for host in evil.example localhost.evil.example 127.0.0.1.evil.example 192.0.2.1; do
	ask -H "Host: $host" http://127.0.0.1:9813/metrics
	is "$out" 403 "Host: $host is refused"
done
like "$(<"$HG_DIR/body")" 'http\.hosts' "and told what to do"
counted 4 "those are counted" http_requests_refused_total 'reason="host"'
for method in POST PUT DELETE PATCH OPTIONS; do
	ask -X $method -d x http://127.0.0.1:9813/metrics
	is "$out" 405 "$method is refused: nothing is changed over HTTP"
done
ask http://127.0.0.1:9813/elsewhere
is "$out" 404 "a path that is not there"
ask -I http://127.0.0.1:9813/metrics
is "$out" 200 "HEAD"

# --- the socket
is "$(stat -c %a "$HG_DIR/http.sock")" 660 "the socket is its owner's and group's"
ask --unix-socket "$HG_DIR/http.sock" http://whatever/metrics
is "$out" 200 "the socket is asked by any name"
like "$(<"$HG_DIR/body")" '^hellogate_build_info' "and answers with the metrics"
ask --unix-socket "$HG_DIR/http.sock" -X POST -d x http://whatever/metrics
is "$out" 405 "nor is anything changed there"
rm -rf "$HG_DIR/elsewhere"
run net_s env "RUNTIME_DIRECTORY=$HG_DIR" "$HELLOGATE" run --bpffs "$HG_DIR/bpf/other" --socket "$HG_DIR/http.sock"
said "another instance that is not there" 6
kill -KILL "${HG_PID[daemon]}"
await dead "${HG_PID[daemon]}"
stop daemon
ok "a run that was killed leaves its socket" test -S "$HG_DIR/http.sock"
start daemon net_s "$HELLOGATE" run --config "$HG_DIR/run.yaml"
ok "and the next one takes its place" await serves --unix-socket "$HG_DIR/http.sock" http://localhost/metrics
stop daemon
touch "$HG_DIR/file"
run net_s "$HELLOGATE" run --socket "$HG_DIR/file"
said "a file that is no socket stays: 5" 5 'file: File exists'
ok "it is still there" test -f "$HG_DIR/file"

# --- beyond the loopback
run net_s "$HELLOGATE" run --listen "$S4:9813"
said "without TLS and a token it is refused: 2" 2 'takes certificate, key and token, and "certificate"'
cat >"$HG_DIR/run.yaml" <<-YAML
	http: {listen: "$S4:9813", certificate: cert.pem, key: key.pem}
YAML
run net_s "$HELLOGATE" run --config "$HG_DIR/run.yaml"
said "without a token: 3, with its place" 3 'run.yaml:1:16: error: .*"token" is missing'
run net_s "$HELLOGATE" run --config "$HG_DIR/run.yaml" --listen "$S4:9813"
said "and whoever says it" 3
sed -i 's/key.pem}/key.pem, token: token}/' "$HG_DIR/run.yaml"
chmod 644 "$HG_DIR/token"
run net_s "$HELLOGATE" run --config "$HG_DIR/run.yaml"
said "a token that everybody can read: 3" 3 'token" can be read by everybody'
chmod 600 "$HG_DIR/token"
cp "$HG_DIR/cert.pem" "$HG_DIR/good.pem"
echo no >"$HG_DIR/cert.pem"
run net_s "$HELLOGATE" run --config "$HG_DIR/run.yaml"
said "a certificate that is none: 5" 5 'certificate and key are not taken'
cp "$HG_DIR/good.pem" "$HG_DIR/cert.pem"
start daemon net_s "$HELLOGATE" run --config "$HG_DIR/run.yaml"
bearer=(-H 'Authorization: Bearer 0123456789abcdef0123' --cacert "$HG_DIR/cert.pem" --resolve "www.allowed.example:9813:$S4")
ip_bearer=(-k -H 'Authorization: Bearer 0123456789abcdef0123')
ok "run serves beyond the loopback" await serves "${ip_bearer[@]}" "https://$S4:9813/metrics" || diag "$(<"$HG_DIR/daemon.err")"
ask_c "${ip_bearer[@]}" "https://$S4:9813/metrics"
is "$out" 200 "a client elsewhere with the token"
like "$(<"$HG_DIR/body")" '^hellogate_build_info' "gets the metrics"
streams() { in_c curl -sN --max-time 10 "${ip_bearer[@]}" "https://$S4:9813/api/v1/live" 2>&1 | grep -m 2 -c '^event: frame'; }
is "$(streams)" 2 "and frames as they come"
ask_c -k -u "who:0123456789abcdef0123" "https://$S4:9813/api/v1/status"
is "$out" 200 "a browser has the token as its password"
ask_c -k "https://$S4:9813/metrics"
is "$out" 401 "without the token: 401"
ask_c -k -H 'Authorization: Bearer 0123456789abcdef0124' "https://$S4:9813/metrics"
is "$out" 401 "with another token: 401"
ask_c "http://$S4:9813/metrics"
ok "without TLS: nothing" test "$out" = 000
ask_c "${bearer[@]}" "https://www.allowed.example:9813/metrics"
is "$out" 403 "a name that is not in hosts: 403"
ok "requests without the token are counted" await metric_is 2 http_requests_refused_total 'reason="token"'

# a reload takes another token, other hosts, another certificate
echo fedcba98765432100123 >"$HG_DIR/token"
sed -i 's/token: token}/token: token, hosts: [www.allowed.example]}/' "$HG_DIR/run.yaml"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout "$HG_DIR/key.pem" \
	-out "$HG_DIR/cert.pem" -subj /CN=second -addext subjectAltName=DNS:www.allowed.example 2>/dev/null
chmod 600 "$HG_DIR/key.pem"
kill -HUP "${HG_PID[daemon]}"
bearer[1]='Authorization: Bearer fedcba98765432100123'
by_name() { in_c curl -sf -o /dev/null --max-time 10 "${bearer[@]}" https://www.allowed.example:9813/metrics; }
ok "SIGHUP: the new token, name and certificate are taken" await by_name
ask_c "${ip_bearer[@]}" "https://$S4:9813/metrics"
is "$out" 401 "and the old token is not"
stop daemon
is "$rc" 0 "run ends with 0"
finish
