#!/usr/bin/env bash
# hellogate run by its configuration: every error at once, what the command line wins,
# interfaces and policy at the start, what systemd is told, and what stays at the end.
. "$(dirname "$0")/lib.sh"

need curl socat
fixture
usual_hellos
deny_policy enforce

# --- errors
policy bad.yaml <<-YAML
	version: 1
	mdoe: enforce
YAML
cat >"$HG_DIR/wrong.yaml" <<-YAML
	polcy: x
	policy: bad.yaml
	http: {listen: "0.0.0.0:9813"}
	events: {sample: 2}
YAML
run hg run --config "$HG_DIR/wrong.yaml" --check-config
said "a configuration with errors: 3" 3
is "$(grep -c ': error: ' <<<"$err")" 4 "every error is told at once, that of the policy too"
for place in 'wrong.yaml:1:1: error: unknown key "polcy".*did you mean "policy"' \
	'wrong.yaml:3:16: error: 0.0.0.0:9813 is not the loopback' \
	'wrong.yaml:4:18: error: "2" is not a share' 'bad.yaml:2:1: error: unknown key "mdoe"'; do
	like "$err" "$place" "with its place: ${place%%:*}:${place#*:}"
done
run hg run --config "$HG_DIR/wrong.yaml"
said "run does not start with it: 3" 3
run hg run --config "$HG_DIR/absent.yaml" --check-config
said "a configuration that is not there: 3" 3 'absent.yaml: error: cannot be read: No such file'
run hg run --listen 0.0.0.0:9813
said "beyond the loopback without TLS and a token: 2" 2 'takes certificate, key and token'

# --- what is told to systemd, by a socket as systemd has one
notified() { tr -d '\n' <"$HG_DIR/notify.out" | grep -qE "$1"; }
told() { ok "systemd is told $1" await notified "$2" || diag "$(<"$HG_DIR/notify.out")"; }
start notify socat -u "UNIX-RECV:$HG_DIR/notify.sock" -
ok "there is a notify socket" await test -S "$HG_DIR/notify.sock"

# --- from nothing: interfaces, policy, outputs
cat >"$HG_DIR/run.yaml" <<-YAML
	policy: deny.yaml
	interfaces: [{name: s0, netns: $HG_S, hook: $TCX}]
	http: {listen: "127.0.0.1:9899"}
	on_stop: detach
YAML
run hg run --config "$HG_DIR/run.yaml" --check-config
said "a good configuration: 0" 0
like "$out" "^config +$HG_DIR/run.yaml" "and it is told which"
ok "to check it has done nothing" no_pins

# run_by FILE [OPTION...]: the daemon, with that configuration
run_by() {
	local file=$1
	shift
	start daemon net_s env "NOTIFY_SOCKET=$HG_DIR/notify.sock" WATCHDOG_USEC=1000000 "$HELLOGATE" run \
		--config "$HG_DIR/$file" "$@"
	ok "run serves by $file $*" await -t 60 daemon_answers || diag "$(<"$HG_DIR/daemon.err")"
}
run_by run.yaml --listen 127.0.0.1:9813
run in_s curl -s http://127.0.0.1:9899/metrics
is "$rc" 7 "the command line wins over the file: nothing is served on its port"
forbidden_is_reset "by interfaces and policy of the configuration"
told "READY with a status" 'READY=1STATUS=1 interface, policy revision 1'
told "of the watchdog, from the loop" 'WATCHDOG=1.*WATCHDOG=1'
stop daemon
is "$rc" 0 "run ends on SIGTERM with 0"
told "STOPPING" 'STOPPING=1'
ok "on_stop: detach leaves no pinned file" no_pins
unlike "$(ip -n "$HG_S" -d link show s0; in_s tc filter show dev s0 ingress)" "xdp|bpf" "and no program"

# --- and on_stop: leave
sed -i 's/detach/leave/; /listen/d' "$HG_DIR/run.yaml"
run_by run.yaml
stop daemon
forbidden_is_reset "after a stop with on_stop: leave"
run hg status -j
is "$(jq -r '.policy.revision' <<<"$out")" 1 "it is the first policy of this instance"
sleep_past() { [ "$(date +%s)" -gt "$1" ]; }
await sleep_past "$(date +%s)"
run_by run.yaml
run hg status -j
is "$(jq -r '.policy.revision' <<<"$out")" 1 "a start with what is in force makes no new revision"
like "$(<"$HG_DIR/daemon.err")" 'has not changed: policy revision 1 stays' "and says so"
stop daemon
policy other.yaml <<-YAML
	version: 1
	mode: enforce
	rules: [{name: none, match: {sni: [.allowed.example]}, action: count}]
YAML
run_by run.yaml --policy "$HG_DIR/other.yaml"
run hg status -j
is "$(jq -r '.policy.revision' <<<"$out")" 2 "--policy wins over the file"
probe allowed2 forbidden
every allowed2 "$UNTOUCHED" "and is in force"
stop daemon

# --- interfaces that are not there
detach_leaves_nothing
sed -i 's/name: s0/name: nosuch0/' "$HG_DIR/run.yaml"
run hg run --config "$HG_DIR/run.yaml"
said "an interface that is not there" 3 'nosuch0'
ok "leaves nothing behind" no_pins
stop notify
finish
