#!/usr/bin/env bash
# docs/recipes.md: each block is run as it stands there, but for paths and addresses, on events
# of traffic that this test makes, and knows.
. "$(dirname "$0")/lib.sh"

need curl openssl jq socat prometheus rsyslogd logrotate nft
document=$HG_ROOT/docs/recipes.md
B4=10.77.0.3 # another client
fixture
certificates
ip -n "$HG_C" addr add $B4/24 dev c0
mkdir -p "$HG_DIR"/{log,etc,run,lib,suricata,prometheus,spool,bin,tsdb}
hello old --sni old.allowed.example --versions 1.0
policy recipes.yaml <<-YAML
	version: 1
	mode: enforce
	rules:
	  - {name: deny, match: {sni: [.forbidden.example]}, action: reset}
	  - {name: watch, match: {sni: [watched.allowed.example]}, action: reset, mode: monitor}
YAML
run hg attach --netns "$HG_S" --hook "$TCX" --ports 443,8443 --policy "$HG_DIR/recipes.yaml" s0
said "attach" 0 || bail "attach failed: $err"
tls_server 443

# --- the document

# Paths of a system become ours, and its example addresses those of the fixture.
here() {
	sed -e "s#/var/log/hellogate/#$HG_DIR/log/#g" -e "s#/etc/hellogate/#$HG_DIR/etc/#g" \
		-e "s#/etc/logrotate.d/hellogate#$HG_DIR/etc/logrotate#g" -e "s#/etc/prometheus/#$HG_DIR/prometheus/#g" \
		-e "s#/run/hellogate/#$HG_DIR/run/#g" -e "s#/var/lib/hellogate/#$HG_DIR/lib/#g" \
		-e "s#/var/log/suricata/#$HG_DIR/suricata/#g" -e "s#192\.0\.2\.20#$S4#g" \
		-e 's#gate\.example\.net#www.allowed.example#g' -e 's#log\.example\.net#127.0.0.1#g'
}

# block LANGUAGE NAME: its text; what was taken is noted, since each must be
block() {
	echo "$1 $2" >>"$HG_DIR/taken"
	awk -v first="\`\`\`$1 $2" '$0 == first { on = 1; next } /^```/ { on = 0 } on' "$document" | here
}

# in_house COMMAND...: on the server, with this build as hellogate
in_house() { net_s env "PATH=$HG_DIR/bin:$(dirname "$HELLOGATE"):$PATH" "$@"; }

# recipe NAME: sets out and rc
recipe() {
	block sh "$1" >"$HG_DIR/recipe.sh"
	[ -s "$HG_DIR/recipe.sh" ] || bail "no recipe $1"
	run in_house bash -o pipefail "$HG_DIR/recipe.sh"
	[ "$rc" = 0 ] || fail "$1: exit code 0" "$rc: $err"
}

# prints NAME WANTED DESCRIPTION: all that it prints, blanks as one; lines end with /
prints() {
	recipe "$1"
	is "$(sed 's/[[:space:]]\+/ /g; s/^ //; s/ $//' <<<"$out" | paste -sd/)" "$2" "$1: $3"
}

# --- the daemon, with the blocks that configure it

echo 0123456789abcdef0123 | tee "$HG_DIR/etc/token" >"$HG_DIR/prometheus/hellogate.token"
cp "$HG_DIR/cert.pem" "$HG_DIR/key.pem" "$HG_DIR/etc/"
cp "$HG_DIR/cert.pem" "$HG_DIR/prometheus/hellogate.pem"
chmod 600 "$HG_DIR"/etc/{token,key.pem}
{ block yaml output && block yaml http; } >"$HG_DIR/run.yaml"
start daemon net_s "$HELLOGATE" run --config "$HG_DIR/run.yaml"
scraped_by_hand() {
	in_s curl -skf -o /dev/null -H "Authorization: Bearer $(<"$HG_DIR/etc/token")" "https://$S4:9813/metrics"
}
ok "run serves by the blocks output and http" await scraped_by_hand || diag "$(<"$HG_DIR/daemon.err")"

# --- Prometheus, which has to have seen the counters before they move

{ echo 'global: {scrape_interval: 1s, scrape_timeout: 1s}' && block yaml scrape; } >"$HG_DIR/prometheus.yml"
start prometheus in_s prometheus --config.file="$HG_DIR/prometheus.yml" --storage.tsdb.path="$HG_DIR/tsdb" \
	--web.listen-address=127.0.0.1:9090 --log.level=warn
ask() { in_s curl -s -G --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query; }
value_is() { [ "$(ask "$1" | jq -r '.data.result[0].value[1]')" = "$2" ]; }
ok "Prometheus scrapes by the block scrape: TLS and a token" await -t 30 value_is 'up{job="hellogate"}' 1 ||
	diag "$(<"$HG_DIR/prometheus.err")"
await value_is 'count_over_time(up[1m]) >= bool 2' 1

# --- the traffic: what is asked for below

connect() { # ADDRESS NAME OPTION...
	in_c timeout 20 openssl s_client -connect "$S4:443" -bind "$1:0" -servername "$2" "${@:3}" </dev/null >/dev/null 2>&1
}
for _ in 1 2 3; do connect "$C4" www.allowed.example -tls1_2; done
for _ in 1 2 3 4; do connect "$C4" failing.allowed.example -tls1_2 -cipher RSA; done
for _ in 1 2; do connect "$C4" watched.allowed.example -tls1_2; done
for _ in 1 2 3; do connect "$C4" www.forbidden.example -tls1_2; done
for _ in 1 2; do connect "$B4" other.allowed.example -tls1_2 -verify_return_error; done
in_c "$HG_TOOLS/dial" "$S4" 443 "$HG_DIR/old.hello" --want 0 --timeout 500 >/dev/null
in_c curl -s --max-time 3 "https://$S4:8443/" >/dev/null
eve=$HG_DIR/log/eve.json
# 3 + 4 + 2 + 3 + 2 + 1 handshakes, three of them reset, and a connection that was refused
has_lines() { [ "$(wc -l <"$1")" = "$2" ]; }
ok "all of the traffic is in the file" await -t 20 has_lines "$eve" 19 ||
	diag "$(jq -c '[.event_type, .tls.sni, .hellogate.outcome, .hellogate.cause]' "$eve")"

# --- jq

prints names-that-fail "4 failing.allowed.example/2 other.allowed.example/1 old.allowed.example/1 (no name)" "the most first"
prints causes-by-name "4 failing.allowed.example no_shared_cipher server/2 other.allowed.example certificate_unknown_ca client/1 old.allowed.example version_unsupported server" \
	"each with its cause and side"
recipe failures-by-hour
is "$(awk '{ n[$3] += $1 } END { for (c in n) print c, n[c] }' <<<"$out" | sort | xargs)" "$C4 6 $B4 2" "failures-by-hour: by client"
is "$(awk '$2 !~ /^20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]$/' <<<"$out")" "" "failures-by-hour: each line has its hour"
recipe ja4-of-failures
is "$(cut -f1,2,4 <<<"$out" | tr '\t\n' ' /')" "4 1 failing.allowed.example/2 1 other.allowed.example/1 1 old.allowed.example/" \
	"ja4-of-failures: three programs"
is "$(cut -f3 <<<"$out" | grep -cE '^t1[0-3]d[0-9]{4}[a-z0-9]{2}_[0-9a-f]{12}_[0-9a-f]{12}$')" 3 "ja4-of-failures: with their fingerprints"
prints resets-by-rule "3 deny" "three"
prints monitored "2 watch watched.allowed.example $C4" "what the rule would have reset"
recipe expiring
is "$(cut -f2 <<<"$out")" www.allowed.example "expiring: the one certificate, once"
until=$(openssl x509 -in "$HG_DIR/cert.pem" -noout -enddate | cut -d= -f2)
is "$(date -u -d "$(cut -f1 <<<"$out")" +%s)" "$(date -u -d "$until" +%s)" "expiring: with its date"
prints old-clients "1 $C4 old.allowed.example" "the one"
recipe slow-servers
is "$(cut -f2,3 <<<"$out" | sort -k2 | tr '\t\n' ' /')" \
	"4 failing.allowed.example/1 old.allowed.example/2 other.allowed.example/2 watched.allowed.example/3 www.allowed.example/" \
	"slow-servers: each name with its handshakes"
is "$(cut -f1 <<<"$out" | grep -vcE '^[0-9.]+$')" 0 "slow-servers: in milliseconds"
is "$(cut -f1 <<<"$out" | sort -rn)" "$(cut -f1 <<<"$out")" "slow-servers: the slowest first"
recipe one-flow
like "$out" '"sni":"failing.allowed.example"' "one-flow: its event"
like "$out" '^failed: no_shared_cipher' "one-flow: its story"
gzip -c "$eve" >"$eve.1.gz"
prints rotated "10 established/14 failed/6 reset" "twice of each, of the file and of a compressed copy" || diag "$out"
rm "$eve.1.gz"
block sh live >"$HG_DIR/live.sh"
start live net_s env "PATH=$(dirname "$HELLOGATE"):$PATH" bash "$HG_DIR/live.sh"
hears() { connect "$C4" failing.allowed.example -tls1_2 -cipher RSA; output_has live "^[0-2][0-9]:[0-5][0-9]:[0-5][0-9].$C4.failing.allowed.example.no_shared_cipher\$"; }
ok "live: failures as they come" await -t 20 hears
kill -- "$(pgrep -P "${HG_PID[live]}" -x hellogate)"
stop live

# --- beside Suricata
jq -c 'select(.tls.sni == "other.allowed.example") | {event_type: "alert", community_id, alert: {signature: "seen there"}}' "$eve" |
	head -n 1 >"$HG_DIR/suricata/eve.json"
prints with-suricata '{"signature":"seen there","sni":"other.allowed.example","outcome":"failed"}' "one flow in both"

# --- Prometheus: handshakes that have ended since, and so the same numbers as in the file
count() { jq -r "select($1) | 1" "$eve" | wc -l; }
query() { block promql "$1"; }
told() { # NAME JQ WANTED DESCRIPTION
	local expression
	expression=$(query "$1")
	has() { [ "$(ask "$expression" | jq -r "$2")" = "$3" ]; }
	if await -t 20 has "$@"; then pass "$1: $4"; else fail "$1: $4" "$(ask "$expression"); want $3"; fi
}
failed=$(count '.event_type == "tls" and .hellogate.outcome == "failed"')
share=$(jq -n "$failed / ($failed + 5) * 1000 | round")
told failed-share '.data.result[0].value[1] | tonumber * 1000 | round' "$share" "$failed of $((failed + 5))"
told top-causes '[.data.result[].metric | "\(.cause) \(.side)"] | sort | join(", ")' \
	"certificate_unknown_ca client, no_shared_cipher server, policy_reset self, version_unsupported server" "each with its side"
told resets-of-rules '[.data.result[].metric | "\(.rule) \(.mode)"] | sort | join(", ")' "deny enforce, watch monitor" "both rules"
hellos=$(count '.event_type == "tls"')
told old-share '.data.result[0].value[1] | tonumber * 1000 | round' "$(jq -n "1 / $hellos * 1000 | round")" "one of $hellos"
told duration '.data.result[0].value[1] | tonumber | . > 0 and . < 60' true "a number of seconds"
told lost '[.data.result[] | "\(.metric.stage) \(.value[1])"] | sort | join(", ")' "ring 0, sink 0, socket 0" "none"
stop prometheus

# --- rsyslog: in the foreground, with paths of our own
collect() { # NAME
	start "$1" net_s socat -u TCP-LISTEN:5514,reuseaddr "OPEN:$HG_DIR/$1.json,creat,append"
	await listening 5514
}
rsyslog() { # NAME
	{
		echo "global(workDirectory=\"$HG_DIR/spool\")"
		block rsyslog "$1"
	} >"$HG_DIR/$1.conf"
	run rsyslogd -N1 -f "$HG_DIR/$1.conf" -i "$HG_DIR/rsyslogd.pid"
	said "$1: rsyslogd takes the configuration" 0
	unlike "$err" 'error|warning' "$1: without a warning"
	start rsyslogd net_s rsyslogd -n -f "$HG_DIR/$1.conf" -i "$HG_DIR/rsyslogd.pid"
}
same_lines() { [ -s "$HG_DIR/$1" ] && cmp -s <(sort "$HG_DIR/$1") <(sort "$HG_DIR/$2"); }
collect collected
rsyslog from-file
ok "from-file: all events arrive, as they are" await -t 20 same_lines collected.json log/eve.json ||
	diag "$(wc -l "$HG_DIR/collected.json" "$eve") $(<"$HG_DIR/rsyslogd.err")"
connect "$C4" www.allowed.example -tls1_2
ok "from-file: and each that comes" await -t 20 same_lines collected.json log/eve.json

# --- logrotate, while rsyslog follows: the example, with a systemctl that does what systemd would
sed "s#/var/log/hellogate/#$HG_DIR/log/#" "$HG_ROOT/packaging/examples/logrotate" >"$HG_DIR/etc/logrotate"
chmod 644 "$HG_DIR/etc/logrotate"
chmod 755 "$HG_DIR" "$HG_DIR/log"
cat >"$HG_DIR/bin/systemctl" <<-SH
	#!/bin/sh
	[ "\$*" = "kill --signal=HUP --kill-who=main hellogate.service" ] && kill -HUP ${HG_PID[daemon]}
SH
chmod 755 "$HG_DIR/bin/systemctl"
before=$(wc -l <"$eve")
recipe rotate
ok "rotate: the daemon opened a new file" await grep -q 'reload: done' "$HG_DIR/daemon.err"
is "$(wc -l <"$eve.1")" "$before" "rotate: the old one has what it had"
connect "$C4" www.allowed.example -tls1_2
ok "rotate: the new one has what comes" await has_lines "$eve" 1
cat "$eve.1" "$eve" >"$HG_DIR/all.json"
ok "rotate: rsyslog has followed" await -t 20 same_lines collected.json all.json ||
	diag "$(wc -l "$HG_DIR/collected.json" "$HG_DIR/all.json")"
stop rsyslogd
stop collected
mv "$eve.1" "$HG_DIR/log/old.json"
cat "$HG_DIR/log/old.json" "$eve" >"$HG_DIR/joined" && mv "$HG_DIR/joined" "$eve"
kill -HUP "${HG_PID[daemon]}"

# --- by a socket
stop daemon
block yaml to-socket >"$HG_DIR/run.yaml"
echo "    - {to: file, path: $HG_DIR/log/beside.json}" >>"$HG_DIR/run.yaml"
collect datagrams
rsyslog from-socket
start daemon net_s "$HELLOGATE" run --config "$HG_DIR/run.yaml"
ok "run serves by the block to-socket" await daemon_answers || diag "$(<"$HG_DIR/daemon.err")"
for _ in 1 2 3; do connect "$C4" failing.allowed.example -tls1_2 -cipher RSA; done
connect "$C4" www.forbidden.example -tls1_2
ok "from-socket: five events" await lines_at_least "$HG_DIR/log/beside.json" 5
ok "from-socket: all events arrive, as they are" await -t 20 same_lines datagrams.json log/beside.json ||
	diag "$(wc -l "$HG_DIR/datagrams.json") $(<"$HG_DIR/rsyslogd.err") $(<"$HG_DIR/daemon.err")"
stop rsyslogd
stop datagrams

# --- next steps
prints listens "8443: nothing listens" "the port that refused"
start late in_s "$HG_TOOLS/sink" --port 8443
await listening 8443
prints listens "8443 listens by now" "and when something does"
stop late
exec 8<>"$HG_DIR/held" # a connection that stays
start held in_c bash -c "exec 3<>/dev/tcp/$S4/443; read -r <&3"
holds() { in_s ss -Htn state established dst "$C4" | grep -q :443; }
await holds
recipe client-now
like "$out" "$S4\\]?:443 +\\[?(::ffff:)?$C4\\]?:" "client-now: its connections"
like "$out" 'rtt:[0-9]' "client-now: with their round trips"
stop held
recipe count-resets
in_c "$HG_TOOLS/dial" "$S4" 443 "$HG_DIR/old.hello" --want 0 --rst >/dev/null 2>&1
connect "$C4" www.forbidden.example -tls1_2
recipe read-resets
like "$out" '\b64 counter packets [1-9]' "read-resets: RSTs that came in, by their TTL"
run in_s nft list tables
unlike "$out" hellogate_look "read-resets: and the table is gone"
recipe ban
run in_s nft list set inet hellogate_ban clients
like "$out" "$C4 expires 59m" "ban: who fails again and again is in the set"
unlike "$out" "$B4" "ban: who failed twice is not"
ok "ban: another client is served" connect "$B4" www.allowed.example -tls1_2
run in_c timeout 2 openssl s_client -connect "$S4:443" -bind "$C4:0" -servername www.allowed.example
ok "ban: that one is not" test "$rc" != 0

# --- all of it
is "$(sort -u "$HG_DIR/taken" | paste -sd,)" "$(sed -n 's/^```\([a-z]\+ [a-z0-9-]\+\)$/\1/p' "$document" | sort -u | paste -sd,)" \
	"each block of the document was run"
is "$(grep -c '^```' "$document")" "$((2 * $(sort -u "$HG_DIR/taken" | wc -l)))" "each block has a name"
stop daemon
stop tls
finish
