#!/usr/bin/env bash
# hellogate run as another user, who owns the instance and has CAP_BPF and CAP_NET_ADMIN,
# and nothing else.
. "$(dirname "$0")/lib.sh"

need curl setpriv
fixture
hello forbidden --sni www.forbidden.example
hello allowed --sni www.allowed.example
deny_policy enforce
USER_ID=65534

cp "$HELLOGATE" "$HG_DIR/hellogate" # where that user may read it
chmod 755 "$HG_DIR" "$HG_DIR/bpf" "$HG_DIR/hellogate"
mkdir "$HG_DIR/run" "$HG_DIR/log"
cp "$HG_DIR/deny.yaml" "$HG_DIR/run/deny.yaml"
cat >"$HG_DIR/run/run.yaml" <<-YAML
	policy: deny.yaml
	http: {socket: http.sock}
	events: {outputs: [{to: file, path: ../log/eve.json}]}
YAML
chown -R $USER_ID:$USER_ID "$HG_DIR/run" "$HG_DIR/log"

# What it is run by, in the server's network namespace: that user, two capabilities.
CAPS='-all,+bpf,+net_admin'
AS=(setpriv "--reuid=$USER_ID" "--regid=$USER_ID" --clear-groups "--inh-caps=$CAPS"
	"--ambient-caps=$CAPS" "--bounding-set=$CAPS" --no-new-privs
	env "RUNTIME_DIRECTORY=$HG_DIR/run" "HELLOGATE_BPFFS=$HELLOGATE_BPFFS")

attached "$TCX"
chmod 700 "$HG_DIR/bpf/gate"
run net_s "${AS[@]}" timeout 20 "$HG_DIR/hellogate" run --config "$HG_DIR/run/run.yaml"
said "who does not own the instance: 4" 4 'ermi'
chown -R $USER_ID:$USER_ID "$HG_DIR/bpf/gate"
start daemon net_s "${AS[@]}" "$HG_DIR/hellogate" run --config "$HG_DIR/run/run.yaml"
ok "run serves" await daemon_answers || diag "$(<"$HG_DIR/daemon.err")"
caps_of() { grep -E '^Cap(Eff|Prm|Bnd)' "/proc/${HG_PID[daemon]}/status" | awk '{print $2}' | sort -u; }
is "$(caps_of)" "$(printf '%016x' $(((1 << 39) | (1 << 12))))" "it has CAP_BPF and CAP_NET_ADMIN, and no other"
is "$(awk '/^Uid/{print $2}' "/proc/${HG_PID[daemon]}/status")" $USER_ID "it is another user"
forbidden_is_reset "by the policy that it has loaded"
has_reset() { jq -es 'any(.event_type == "drop")' "$HG_DIR/log/eve.json"; }
ok "it writes events" await has_reset
is "$(stat -c %u "$HG_DIR/log/eve.json")" $USER_ID "into a file of its own"
ok "it is asked on its socket" curl -sf --unix-socket "$HG_DIR/run/http.sock" http://localhost/metrics

# a reload, too
sed -i 's/forbidden/elsewhere/' "$HG_DIR/run/deny.yaml"
kill -HUP "${HG_PID[daemon]}"
counted 1 "SIGHUP is taken" reloads_total 'result="ok"'
nothing_is_reset "after another policy was loaded at SIGHUP"
stop daemon
is "$rc" 0 "it ends with 0"
finish
