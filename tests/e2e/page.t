#!/usr/bin/env bash
# The page of `run`, as Chromium shows it under real traffic: each view, by keys, in both
# themes and widths; who may watch, who is too slow, what is hidden, what strangers write.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/browser.sh"

need curl openssl gzip sysctl
has_browser || skip_all "no chromium, chromium-driver or python3-selenium here"
has_page || skip_all "the page was built without npm: make page && make"
STATS=$(sysctl -n kernel.bpf_stats_enabled)
[ "$STATS" = 0 ] || skip_all "kernel.bpf_stats_enabled is on here: that it is off could not be seen"
trap 'sysctl -qw kernel.bpf_stats_enabled=$STATS; on_exit' EXIT
fixture
certificates
hello allowed --sni www.allowed.example --pad-to 517
hello evil --sni '<img src=x onerror=alert(1)>'
hello forbidden --sni www.forbidden.example
policy page.yaml <<-YAML
	version: 1
	mode: enforce
	default: allow
	sets:
	  banned: {kind: domains, names: [.forbidden.example]}
	rules:
	  - {name: deny, match: {sni: "@banned"}, action: reset}
	  - {name: legacy, match: {version_max: "<1.3"}, action: reset, mode: monitor}
YAML
attached "$TCX" page.yaml
tls_server 4433
sink --answer 100
daemon "the page"

API=http://127.0.0.1:9813
get() { in_s curl -s --max-time 10 "$@"; }
header() { grep -i "^$1:" "$HG_DIR/headers" | tr -d '\r' | cut -d ' ' -f 2-; }
visit() { # VERSION NAME CURL-OPTIONS...
	local version=$1 name=$2
	shift 2
	in_c curl -s -o /dev/null --max-time 5 --tls-max "$version" --resolve "$name:4433:$S4" "$@" "https://$name:4433/"
}

# --- the files

size=0
for file in / /page.js /page.css; do
	get -H 'Accept-Encoding: gzip' -D "$HG_DIR/headers" -o "$HG_DIR/file.gz" "$API$file"
	is "$(header content-encoding)" gzip "$file comes compressed"
	size=$((size + $(size "$HG_DIR/file.gz")))
	get -o "$HG_DIR/file" "$API$file"
	ok "and plain for who reads no gzip" cmp <(gzip -dc "$HG_DIR/file.gz") "$HG_DIR/file"
	like "$(header content-security-policy)" "^default-src 'none'; script-src 'self'" "with its content security policy"
	tag=$(header etag)
	is "$(get -o /dev/null -w '%{http_code}' -H "If-None-Match: $tag" "$API$file")" 304 "and is not sent again"
	is "$(get -I -o /dev/null -w '%{http_code}' "$API$file")" 200 "HEAD"
done
ok "all of it is less than 100 KB ($size bytes)" test "$size" -lt 100000
get -o "$HG_DIR/file" "$API/page.js"
ok "it is the page, and not what stands for it" test "$(size "$HG_DIR/file")" -gt 50000 ||
	diag "built without npm? make page"
like "$(head -c 1500 "$HG_DIR/file")" "preact \(MIT" "the script has the licences of what is in it"
unlike "$(cat "$HG_ROOT"/user/page/*.js)" 'innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(' "and none of ours writes markup"
for path in status stats revisions top 'top?rows=1' history 'history?samples=3' 'recent?list=names&key=x'; do
	ok "/api/v1/$path is JSON" json_holds . <<<"$(get "$API/api/v1/$path")"
done
for path in 'top?rows=x' 'top?rows=' 'history?samples=-1' 'recent?list=names' 'recent?list=x&key=x'; do
	is "$(get -o /dev/null -w '%{http_code}' "$API/api/v1/$path")" 400 "/api/v1/$path is refused"
done
is "$(get "$API/api/v1/top?rows=999999999999999999999" | jq -r .schema)" 1 "rows have a bound"

# --- each view, under traffic

browser_starts
b size 1280 800
b theme light
b open "$API/"
page "the page is live" "document.querySelector('[role=status]').dataset.connection == 'live'"
for _ in 1 2 3; do visit 1.2 www.allowed.example; done
visit 1.2 www.allowed.example --insecure
visit 1.3 shop.example.com --insecure
visit 1.3 www.forbidden.example --insecure
segclient strange <<-EOS
	$(payloads allowed evil)
	conn id=evil payload=evil
	conn id=allowed payload=allowed
EOS
b keys 6
page "key 6: live; each handshake comes as it ends" "document.querySelectorAll('.live tbody tr').length == 8"
page "with name, outcome and cause" "$(has www.allowed.example established 'certificate unknown ca' 'policy reset' shop.example.com)"
b eval "[...document.querySelectorAll('.live .sign i')].map((i) => i.textContent).filter((t, n, all) => all.indexOf(t) == n).sort().join('')"
is "$out" "⊘✓✗" "colour is not the only sign"
b eval "[document.images.length, document.querySelector('main').innerText.includes('(invalid SNI)')]"
is "$out" '[0,true]' "markup in a name is no markup, and no name"
b keys /forbidden
page "/: the filter" "document.querySelectorAll('.live tbody tr').length == 1"
b keys "<Esc>"
page "Esc clears it" "document.querySelectorAll('.live tbody tr').length == 8"
b keys p
page "p: pause" "document.querySelector('[role=status]').innerText.includes('paused')"
visit 1.3 paused.example.com --insecure
page "what comes waits, and is counted" "$(has 'paused, 1 wait')"
b eval "document.querySelectorAll('.live tbody tr').length"
is "$out" 8 "rows stand still"
b keys p
page "and goes on" "$(has paused.example.com)"

b keys 1
page "key 1: overview" "$(has Hellos Coverage 'What fails most' 'certificate unknown ca' s0)"
shows_number established 3 "established, as many as there were"
shows_number resets 1 "resets"
shows_number would_reset 4 "and what a rule in monitor has only counted"
page "all is well, or it says what is not" "document.querySelector('[data-health]') != null"
b keys 2
page "key 2: failures, a cause with its side" "$(has 'Cause by side' 'certificate unknown ca' client)"
shows_number "failure certificate_unknown_ca client" 3 "counted"
b eval "document.querySelector('[data-row=\"certificate_unknown_ca client\"] button').focus()"
b keys "<Enter>"
page "Enter: its last handshakes, and what to do" "$(has 'What to do' 'send the intermediate' observed 'hellogate diagnose --flow')"
b keys 3
page "key 3: names" "$(has www.allowed.example shop.example.com www.forbidden.example)"
b eval "[...document.querySelectorAll('[data-row]')].map((r) => r.dataset.row)[0]"
is "$out" www.allowed.example "the busiest first"
b eval "document.querySelector('th button').click()"
page "sorted by name" "document.querySelector('th').ariaSort == 'ascending'"
b keys /shop
page "filtered" "[...document.querySelectorAll('[data-row]')].map((r) => r.dataset.row).join() == 'shop.example.com'"
b keys "<Esc>4"
page "key 4: policy" "$(has 'Rules' deny legacy '@banned' enforce monitor)"
shows_number "rule deny enforce" 1 "reset"
shows_number "rule legacy monitor" 4 "against would reset"
shows_number "set banned" 1 "hits of a set"
revision() { echo "[...document.querySelectorAll('[data-row=\"revision $1\"] td')].slice(0, 2).map((e) => e.textContent).join() == '$1,$2'"; }
page "its revision" "$(revision 1 active)"
hg policy load --confirm-within 10m "$HG_DIR/page.yaml" >"$HG_DIR/load.out" 2>&1 || bail "no load: $(<"$HG_DIR/load.out")"
page "one that is to be confirmed, as it is loaded" "$(revision 2 unconfirmed)"
page "and the one that it replaced" "$(revision 1 replaced)"
hg policy confirm >"$HG_DIR/load.out" 2>&1 || bail "not confirmed: $(<"$HG_DIR/load.out")"
page "confirmed" "$(revision 2 active)"
is "$(get "$API/api/v1/revisions" | jq -c .revisions)" "$(hg policy history -j | jq -c 'map(del(.user))')" "as policy history tells"
b keys 5
page "key 5: data path" "$(has Coverage 'Map fill' Losses 'Cost of a packet' 'the sum')"
b eval "[...document.querySelectorAll('[data-n^=\"bucket \"]')].reduce((sum, e) => sum + Number(e.textContent), 0) == Number(document.querySelector('[data-n=flows_created]').textContent)"
is "$out" true "buckets add up to the flows"
# What a packet costs is told while the kernel takes note of it; others' setting comes back.
page "without the kernel's statistics it says how to have them" "$(has 'sysctl kernel.bpf_stats_enabled=1')"
sysctl -qw kernel.bpf_stats_enabled=1
visit 1.3 shop.example.com --insecure
page "nanoseconds a packet, with them" "Number(document.querySelector('[data-row=\"s0 ingress\"] td:nth-child(3)')?.textContent.replaceAll(',', '')) > 0"
sysctl -qw kernel.bpf_stats_enabled="$STATS"
page "and no longer, once they are off" "$(has 'sysctl kernel.bpf_stats_enabled=1')"
b keys "?"
page "?: the keys" "document.querySelector('dialog').open"
b keys "<Esc>"
b eval "document.querySelector('[role=tab][aria-selected=true]').focus()"
b keys "<Right>"
page "arrows go from tab to tab" "document.querySelector('main').dataset.view == 'live' && document.activeElement.id == 'tab-live'"
b keys "<Tab>"
b eval "document.activeElement.matches(':focus-visible') && getComputedStyle(document.activeElement).outlineStyle != 'none'"
is "$out" true "what has the focus can be seen"

# --- themes and widths

b keys "<Esc>"
ground() { b eval "getComputedStyle(document.body).backgroundColor"; }
ground
light=$out
b theme dark
page "dark, when the system is" "document.documentElement.dataset.theme == 'dark'"
ground
ok "in other colours" test "$out" != "$light"
b keys t
page "t: light" "document.documentElement.dataset.theme == 'light'"
b open "$API/?1#overview"
page "which is kept" "document.documentElement.dataset.theme == 'light' && document.querySelector('main')?.dataset.drawn == 'yes'"
b keys t
for width in 390 1280; do
	b size $width 800
	for name in overview failures names policy datapath live; do
		view $name
		b eval "document.documentElement.scrollWidth <= $width"
		is "$out" true "$name fits into $width pixels"
		[ -z "${HG_SHOTS:-}" ] || b shot-all "$HG_SHOTS/$name-$width.png"
	done
done
view overview
page "the chart is drawn" "document.querySelector('canvas')?.width > 0"
b log
is "$out" "[]" "the console has said nothing, and the content policy has refused nothing"

# --- what a stranger might write, had the parser let it pass

b before "const plain = window.fetch; window.fetch = async (...a) => { const r = await plain(...a); if (!String(a[0]).includes('/top')) return r; const t = await r.json(); for (const n of t.names.rows) n.name = '<img src=x onerror=document.title=1>' + n.name; return new Response(JSON.stringify(t)); };"
b open "$API/?2#names"
page "markup in a name is text" "$(has '<img src=x onerror=document.title=1>www.allowed.example')"
b eval "document.images.length + document.title"
is "$out" 0hellogate "and nothing else"

# --- away, and back

view live
stop daemon
page "run has gone: the page says so" "document.querySelector('[role=status]').dataset.connection == 'lost'"
page "and what it shows is old" "$(has 'The connection is lost')"
daemon "again"
page "run is there again: the page is live" "document.querySelector('[role=status]').dataset.connection == 'live'"
visit 1.3 back.example.com --insecure
page "with what comes" "$(has back.example.com)"
kill -HUP "${HG_PID[daemon]}"
visit 1.3 reloaded.example.com --insecure
page "a reload is survived" "$(has reloaded.example.com)"

# --- many, and slow ones

urls=()
for n in {1..15}; do urls+=("$API/api/v1/live?$n"); done
start crowd in_s curl -sN --no-buffer --parallel --parallel-immediate --parallel-max 20 "${urls[@]}"
# Those that have gone are known by the next frame that cannot be sent.
watchers() { get -N --max-time 2 "$API/api/v1/live" | sed -n 's/.*"watchers":\([0-9]*\).*/\1/p' | head -n 1; }
few_watch() { [ "$(watchers)" -le 3 ]; }
full() { [ "$(get -o /dev/null --max-time 1 -w '%{http_code}' "$API/api/v1/live")" = 503 ]; }
ok "beyond sixteen watchers: 503" await full
counted_refused() { metric_above 0 http_streams_refused_total; }
ok "which is counted" await counted_refused
b open "$API/?3#overview"
page "a page that may not watch asks" "document.querySelector('[role=status]').dataset.connection == 'asking'"
page "and shows the same" "document.querySelector('[data-n=established]') != null"
ok "metrics are still answered" get -f -o /dev/null "$API/metrics"
stop crowd
page "and watches once there is room" "document.querySelector('[role=status]').dataset.connection == 'live'"
ok "the places of those that have gone are free" await -t 30 few_watch

# One reads nothing while another reads all: what the log has no room for, it has missed.
cat >"$HG_DIR/slow.py" <<-'PYTHON'
	import os, socket, sys, time
	s = socket.socket()
	s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
	s.connect(("127.0.0.1", 9813))
	s.sendall(b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
	print("asked", flush=True)
	while not os.path.exists(sys.argv[1]):
	    time.sleep(0.02)
	text = b""
	while b"event: missed" not in text:
	    text += s.recv(65536) or sys.exit("closed: it was slower than run waits for")
	print(text[text.index(b"event: missed"):][:60].decode(), flush=True)
PYTHON
start slow in_s /usr/bin/python3 "$HG_DIR/slow.py" "$HG_DIR/go"
await output_has slow asked
start fast in_s curl -sN "$API/api/v1/live"
await output_has fast "^event: frame"
for n in {1..150}; do echo "conn id=r$n payload=forbidden want=1"; done >"$HG_DIR/crowd.script"
# More than the log and the buffers of the sockets hold.
received() { [ "$(grep -c '^event: handshake' "$HG_DIR/fast.out")" -ge 350 ]; }
flood() {
	segclient flood <<<"$(payloads forbidden)"$'\n'"$(<"$HG_DIR/crowd.script")"
	received
}
ok "under a flood a fast watcher gets its fifty a second" await -t 60 flood
ok "and is told how many were left out" grep -qE '"left_out":[1-9]' "$HG_DIR/fast.out"
touch "$HG_DIR/go"
ok "one that was too slow is told how much it has missed" await -t 20 output_has slow '"messages":[1-9]'
ok "which is counted" await metric_above 0 http_stream_messages_missed_total
unlike "$(<"$HG_DIR/fast.out")" "^event: missed" "the fast one has missed nothing"
stop fast
stop slow

# --- who may see what

stop daemon
chmod 600 "$HG_DIR/key.pem"
echo 0123456789abcdef0123 >"$HG_DIR/token"
chmod 600 "$HG_DIR/token"
cat >"$HG_DIR/run.yaml" <<-YAML
	http: {listen: "127.0.0.1:9813", token: token}
	privacy: {names: hashed, addresses: network}
YAML
start daemon net_s "$HELLOGATE" run --config "$HG_DIR/run.yaml"
asked() { [ "$(get -o /dev/null -w '%{http_code}' "$@" "$API/")" = "$want" ]; }
want=401
ok "with a token in the configuration, the page is for who has it" await asked
get -D "$HG_DIR/headers" -o /dev/null "$API/"
like "$(<"$HG_DIR/headers")" '^www-authenticate: Basic realm="hellogate"' "a browser is told to ask for it"
want=200
ok "as a password" asked -u any:0123456789abcdef0123
want=401
ok "another one is none" asked -u any:0123456789abcdef0124
b open "http://any:0123456789abcdef0123@127.0.0.1:9813/#live"
page "a browser with the password watches" "document.querySelector('[role=status]')?.dataset.connection == 'live'"
visit 1.3 hidden.example.com --insecure
visit 1.2 hidden.example.com
page "names are hashes" "/h-[0-9a-f]{32}/.test(document.querySelector('main').innerText)"
page "addresses are networks" "$(has '10.77.0.0:')"
for path in top 'top?rows=1000' 'recent?list=clients&key=10.77.0.0' status stats history; do
	unlike "$(get -u any:0123456789abcdef0123 "$API/api/v1/$path")" 'hidden|10\.77\.0\.[1-9]' "/api/v1/$path tells no more"
done
b eval "document.body.innerText"
unlike "$out" 'hidden|10\.77\.0\.[1-9]' "nor does the page"
b log
unlike "$out" "Content Security|Uncaught|TypeError" "no script has failed"

browser_ends
stop sink
stop tls
stop daemon
is "$rc" 0 "run ends with 0 while somebody watches"
finish
