#!/usr/bin/env bash
# stats: what the maps hold as numbers, in all and in each interval, against what was sent.
. "$(dirname "$0")/lib.sh"

# counts FILTER: of rows of -o json, "what count" each, on one line
counts() { jq -r ".stats[] | select($1) | \"\(.what) \(.count)\"" <<<"$out" | xargs; }
# group GROUP: its rows that are not 0
group() { counts ".group == \"$1\" and .count > 0"; }

stats_are() { # GROUP WANT: for await
	run hg stats -o json
	[ "$(group "$1")" = "$2" ]
}

sum_is() { # SUM FILE: of the hellos in its rounds
	[ "$(jq -s '[.[].stats[] | select(.group == "hellos").count] | add // 0' "$2")" = "$1" ]
}

fixture
hello forbidden --sni www.forbidden.example
hello allowed --sni www.allowed.example
hello tls12 --sni www.allowed.example --versions 1.2
hello none --no-sni
printf 'GET / HTTP/1.1\r\nHost: www.allowed.example\r\n\r\n' >"$HG_DIR/http.hello"

run hg stats
said "nothing attached: 6, and what to do" 6 'attach'
is "$out" "" "nothing attached: nothing on stdout"
deny_policy enforce
attached "$TCX" deny.yaml
run hg stats -o json
said "stats" 0
is "$(counts '.count > 0 and .group != "packets" and .group != "tables" and .group != "policy"')" "" \
	"all begins at 0"

# 5 forbidden + 7 allowed, 3 of them in two segments + 4 TLS 1.2 + 2 without SNI = 18 hellos;
# and 2 HTTP, 1 without data, 1 to a closed port: 22 flows
exchange sent <<EOS
$(payloads forbidden allowed tls12 none http)
set want=0 timeout=300
$(for i in 1 2 3 4 5; do echo "conn id=forbidden$i payload=forbidden v=$((i % 2 ? 4 : 6))"; done)
$(for i in 1 2 3 4; do echo "conn id=allowed$i payload=allowed v=$((i % 2 ? 4 : 6))"; done)
$(for i in 1 2 3; do echo "conn id=two$i payload=allowed cut=50 order=rev"; done)
$(for i in 1 2 3 4; do echo "conn id=tls12-$i payload=tls12"; done)
$(for i in 1 2; do echo "conn id=none$i payload=none"; done)
conn id=http1 payload=http
conn id=http2 payload=http v=6
conn id=nodata
conn id=closed dport=444
EOS
ok "all flows ended" await -t 15 stats_are coverage "reassembled 3 single_segment 15 not_tls 2 no_data 1 tcp_refused 1"
is "$(group flows)" "created 22" "22 flows, none active"
is "$(group hellos)" "1.2 4 1.3 14" "hellos by version"
is "$(group names)" "ok 16 none 2" "hellos by the state of their name"
like "$(group handshakes)" 'reset 5' "handshakes by outcome"
is "$(jq '[.stats[] | select(.group == "handshakes").count] | add' <<<"$out")" 18 "18 handshakes in all"
is "$(group enforced)" "default 13 deny 5" "what each rule did"
is "$(jq '[.stats[] | select(.group == "resets").count] | add' <<<"$out")" 5 "5 resets"
is "$(counts '.group == "policy"')" "revision 1 rules 1 names 1 confirm_seconds_left 0" "the policy"
is "$(jq -r '.stats[] | select(.group == "tables" and .what == "interfaces") | "\(.count) of \(.of)"' <<<"$out")" \
	"1 of 256" "a table and its room"
is "$(jq -r '.stats[] | select(.group == "hellos" and .what == "1.3") | "\(.count) of \(.of)"' <<<"$out")" \
	"14 of 18" "a number and the sum of its group"
is "$(jq -r '[.stats[].group] | . as $all | reduce .[] as $g ([]; if .[-1] == $g then . else . + [$g] end)
	| length - ($all | unique | length)' <<<"$out")" 0 "groups are together"

# --- for people
run hg stats
said "as a table" 0
like "$out" '^GROUP +WHAT +COUNT +SHARE$' "its head"
like "$out" '^hellos +1\.3 +14 +77\.77%$' "a share is rounded down"
like "$out" '^tables +interfaces +1 +0\.39%$' "that of a table is of its room"
unlike "$out" '^hellos +ssl2 ' "what is 0 is left out"
run hg stats --all
like "$out" '^hellos +ssl2 +0' "but for --all"
run hg stats --columns what,count
like "$out" '^WHAT +COUNT$' "--columns"
run hg stats -o csv
said "as CSV" 0
is "$(head -n 1 <<<"$out")" "time,group,what,count,of" "its head"
like "$out" ',hellos,"1\.3",14,18$' "a row"
like "$out" ',hellos,"ssl2",0,18$' "what is 0, too"
run hg stats -o jsonl
is "$(jq -r 'select(.group == "hellos" and .what == "1.2").count' <<<"$out")" 4 "as JSON Lines, a number each"
run hg stats extra
said "an operand" 2 'unexpected'

# --- again and again
for wrong in 0 -1 x 5x 10ms ''; do
	run hg stats "--interval=$wrong"
	said "--interval '$wrong' is refused" 2 'interval'
done
run hg stats --count 3
said "--count alone" 2 'interval'
run hg stats --interval 1 --count 0
said "--count 0" 2 'count'
run hg stats --interval 200ms --count 2 -o json
said "two rounds without traffic" 0
is "$(jq -s length <<<"$out")" 2 "are two lines"
is "$(jq -s '[.[].stats[] | select(.rate).count] | add' <<<"$out")" 0 "nothing was counted"
is "$(jq -s '[.[] | select(.seconds < 0.15)] | length' <<<"$out")" 0 "each was as long as it should be"
is "$(jq -rs '.[1].stats[] | select(.group == "tables" and .what == "interfaces").count' <<<"$out")" 1 "a level stays"

# Rounds begin before the traffic and go on behind it: together they have all of it, once.
start rounds "$HELLOGATE" stats --interval 100ms -o json
ok "rounds are printed as they end" await lines_at_least "$HG_DIR/rounds.out" 1
probe more forbidden allowed
probe more2 allowed
ok "together they have what was sent" await sum_is 6 "$HG_DIR/rounds.out" ||
	diag "$(jq -c '[.stats[] | select(.count > 0 and .rate)]' "$HG_DIR/rounds.out")"
stop rounds INT
is "$rc" 0 "SIGINT ends it"
ok "each line is whole" json_holds . "$HG_DIR/rounds.out"
is "$(jq -s '[.[].stats[] | select(.group == "enforced" and .what == "deny").count] | add' "$HG_DIR/rounds.out")" 2 \
	"of a rule, too"
is "$(jq -s '[.[] | .seconds as $s | .stats[] | select(.rate) | select(((.rate - .count / $s) | fabs) > 0.05 + .rate / 100)] | length' \
	"$HG_DIR/rounds.out")" 0 "a rate is the count by the seconds"
start rounds "$HELLOGATE" stats --interval 100ms
ok "as tables" await output_has rounds '^tables '
like "$(<"$HG_DIR/rounds.out")" '^20[0-9-]+T[0-9:]+[+-][0-9]{4}, 0\.[1-9] s$' "each says when, and how long"
like "$(<"$HG_DIR/rounds.out")" '^GROUP +WHAT +COUNT +PER SECOND +SHARE$' "with a rate"
stop rounds TERM
is "$rc" 0 "SIGTERM ends it"
start rounds "$HELLOGATE" stats --interval 100ms -o csv
ok "as CSV" await lines_at_least "$HG_DIR/rounds.out" 300
is "$(grep -c '^time,' "$HG_DIR/rounds.out")" 1 "with one head"
hg detach --all >/dev/null 2>&1
ends_by_itself() { ! running rounds; }
ok "it ends when all is detached" await ends_by_itself
stop rounds
is "$rc" 6 "and says so"
finish
