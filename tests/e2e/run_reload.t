#!/usr/bin/env bash
# SIGHUP: configuration, policy, outputs and HTTP, all or nothing.
. "$(dirname "$0")/lib.sh"

need curl socat
fixture
hello forbidden --sni www.forbidden.example
hello allowed --sni www.allowed.example
deny_policy enforce
attached "$TCX"

config() { # OUTPUT POLICY [HTTP]
	cat >"$HG_DIR/run.yaml" <<-YAML
		policy: $2
		http: ${3:-{\}}
		events: {outputs: [{to: file, path: $1}]}
	YAML
}
reloads() { in_s curl -sf "http://127.0.0.1:${port:-9813}/metrics" >"$HG_DIR/metrics.txt" && metric reloads_total "result=\"$1\""; }
reloads_are() { [ "$(reloads "$1")" = "$2" ]; }
revision() { hg status -j | jq -r '.policy.revision'; }

# hup WANTED DESCRIPTION: one more reload of that kind, ok or failed
hup() {
	local before
	before=$(reloads "$1")
	kill -HUP "${HG_PID[daemon]}"
	ok "SIGHUP: $2: $1" await reloads_are "$1" $((before + 1)) || diag "$(tail -n 5 "$HG_DIR/daemon.err")"
}

# kept WHAT: after a reload that failed nothing has changed
kept() {
	is "$(revision)" "$now" "$1: the policy stays"
	is "$(metric policy_last_reload_successful)" 0 "$1: policy_last_reload_successful is 0"
	send
	ok "$1: events go where they went" await holds eve.json "$sent"
	ok "$1: and nowhere else" test ! -e "$HG_DIR/other.json"
}

# send: one connection; holds FILE N: that many tls events are in it
sent=0
send() {
	in_c "$HG_TOOLS/dial" "$S4" 443 "$HG_DIR/allowed.hello" --want 1 --timeout 2000 >/dev/null
	sent=$((sent + 1))
}
holds() { [ "$(jq -r 'select(.event_type == "tls").tls.sni' "$HG_DIR/$1" 2>/dev/null | wc -l)" = "$2" ]; }

start notify socat -u "UNIX-RECV:$HG_DIR/notify.sock" -
await test -S "$HG_DIR/notify.sock"
sink --answer 100
config eve.json deny.yaml
start daemon net_s env "NOTIFY_SOCKET=$HG_DIR/notify.sock" "$HELLOGATE" run --config "$HG_DIR/run.yaml"
ok "run serves" await daemon_answers || diag "$(<"$HG_DIR/daemon.err")"
send
ok "an event is in the file" await holds eve.json 1

# --- rotation: the file is opened anew
mv "$HG_DIR/eve.json" "$HG_DIR/eve.json.1"
send
ok "until SIGHUP events go to the file that was moved" await holds eve.json.1 2
past() { [ "$(date +%s)" -gt "$1" ]; }
await past "$(date +%s)"
now=$(revision)
hup ok "files are opened anew"
send
sent=1
ok "then to the new one" await holds eve.json 1
ok "and not to the old one" holds eve.json.1 2
is "$(revision)" "$now" "a policy that has not changed makes no new revision"
notified() { tr -d '\n' <"$HG_DIR/notify.out" | grep -qE 'RELOADING=1MONOTONIC_USEC=[0-9]+.*READY=1'; }
ok "systemd is told RELOADING, and READY" await notified || diag "$(<"$HG_DIR/notify.out")"

# --- all
policy deny.yaml <<-YAML
	version: 1
	mode: enforce
	rules: [{name: elsewhere, match: {sni: [.elsewhere.example]}, action: reset}]
YAML
hup ok "a new policy"
is "$(revision)" $((now + 1)) "it is in force"
is "$(metric policy_last_reload_successful)" 1 "policy_last_reload_successful is 1"
now=$((now + 1))

# --- or nothing
policy broken.yaml <<-YAML
	version: 1
	rules: [{name: a, match: {snii: a}, action: reset}]
YAML
config other.json broken.yaml
hup failed "a policy with an error"
like "$(<"$HG_DIR/daemon.err")" 'broken.yaml:2:27: error: unknown key "snii"' "its place is logged"
like "$(<"$HG_DIR/daemon.err")" 'reload: all stays as it was' "and that all stays"
kept "a policy with an error"

deny_policy enforce
config other.json deny.yaml '{listn: none}'
hup failed "a configuration with an error"
like "$(<"$HG_DIR/daemon.err")" 'run.yaml:2:8: error: unknown key "listn"' "its place is logged"
kept "a configuration with an error"

config absent/eve.json deny.yaml
hup failed "an output that cannot be opened"
like "$(<"$HG_DIR/daemon.err")" 'cannot be written to .*absent/eve.json: No such file' "it is logged"
kept "an output that cannot be opened"

start holder in_s socat TCP-LISTEN:9900,bind=127.0.0.1,fork,reuseaddr EXEC:cat
await listening 9900
config eve.json deny.yaml '{listen: "127.0.0.1:9900"}'
hup failed "a port that another one has"
kept "a port that another one has"
stop holder

# --- another load by hand is a good one
run hg policy load "$HG_DIR/deny.yaml"
said "policy load by hand" 0
now=$((now + 1))
reloads ok >/dev/null
is "$(metric policy_last_reload_successful)" 1 "policy_last_reload_successful is that of the last load"

# --- HTTP goes elsewhere, and a socket is added
config eve.json deny.yaml "{listen: \"127.0.0.1:9901\", socket: $HG_DIR/http.sock}"
kill -HUP "${HG_PID[daemon]}"
port=9901
ok "HTTP is served at the new port" await reloads_are failed 4
run in_s curl -s http://127.0.0.1:9813/metrics
is "$rc" 7 "and not at the old one"
ok "and on a socket" curl -sf --unix-socket "$HG_DIR/http.sock" http://localhost/metrics
hup ok "the same places once more"
ok "the port is still served" reloads_are ok 4
ok "the socket, too" curl -sf --unix-socket "$HG_DIR/http.sock" http://localhost/metrics
stop daemon
is "$rc" 0 "run ends with 0"
ok "its socket is gone" test ! -e "$HG_DIR/http.sock"
stop sink
stop notify
finish
