#!/usr/bin/env bash
# top: what it prints with --batch against what the generators know, with `run` and
# without it; then the screen itself, on a terminal of tmux.
. "$(dirname "$0")/lib.sh"

need tmux curl openssl

fixture
certificates
hello allowed --sni www.allowed.example --pad-to 517
hello forbidden --sni www.forbidden.example --pad-to 517
hello none --no-sni
hello evil --sni $'evil\e[31m\a.example'
deny_policy enforce

# --- traffic ---------------------------------------------------------------------------

# 6 handshakes for the allowed name from two addresses, 3 for the forbidden one, 2
# without a name, 1 with bytes that are no name: $HG_DIR/sent.seg
ENDED=12
traffic() {
	segclient sent <<-EOS
		$(payloads allowed forbidden none evil)
		set want=1
		conn id=allowed1 payload=allowed
		conn id=allowed2 payload=allowed
		conn id=allowed3 payload=allowed cut=200 order=rev
		conn id=allowed4 payload=allowed
		conn id=allowed5 v=6 payload=allowed
		conn id=allowed6 v=6 payload=allowed
		conn id=forbidden1 payload=forbidden
		conn id=forbidden2 payload=forbidden
		conn id=forbidden3 v=6 payload=forbidden
		conn id=none1 payload=none
		conn id=none2 payload=none
		conn id=evil payload=evil
		conn id=nodata want=0
	EOS
}

sent() { jq -s "[.[] | select($1)] | length" "$HG_DIR/sent.seg"; }

visit() { # VERSION NAME CURL-OPTIONS...
	local version=$1 name=$2
	shift 2
	in_c curl -s -o /dev/null --max-time 5 --tls-max "$version" \
		--resolve "$name:4433:$S4" "$@" "https://$name:4433/"
}

# --- batch -----------------------------------------------------------------------------

# whole NAME: its frames but for one that is still being written
whole() { head -n "$(wc -l <"$HG_DIR/$1.out")" "$HG_DIR/$1.out"; }

# of NAME EXPRESSION: of the last whole frame in NAME.out
of() { whole "$1" | tail -n 1 | jq -r "$2"; }

# frame_has NAME CONDITION: for await
frame_has() { [ "$(of "$1" "$2")" = true ]; }

# sum NAME EXPRESSION: over all its frames
sum() { whole "$1" | jq -s "[.[] | $2] | add"; }

counts() { # NAME LIST KEY: "handshakes failed resets" of that row
	of "$1" ".$2.rows[] | select(.${4:-name} == \"$3\") | \"\(.handshakes) \(.failed) \(.resets)\""
}

run hg top -b
said "nothing is attached" 6 "attach an interface first"
attached "$TCX" deny.yaml

follow() { # NAME OPTIONS...
	local name=$1
	shift
	start "$name" "$HELLOGATE" top -b -o jsonl -d 0.2 --window 1h "$@"
	await lines_at_least "$HG_DIR/$name.out" 1
}

# The traffic of one round, as top tells it and as segclient has it.
check_batch() { # NAME FROM
	local name=$1 resets
	traffic
	ok "$name: all handshakes are in the window" await frame_has "$name" ".window.handshakes >= $ENDED"
	resets=$(sent .rst)
	is "$(of "$name" .window.handshakes)" "$(sent '.handshake and .len > 0')" "$name: as many as hellos were sent"
	is "$resets $(of "$name" .window.resets)" "3 3" "$name: resets are those that the client has got"
	is "$(of "$name" '.window | .established + .failed + .resets')" $ENDED "$name: outcomes add up"
	is "$(of "$name" .events)" "$2" "$name: it says where events come from"
	is "$(counts "$name" names www.allowed.example)" "6 6 0" "$name: a name, with what its sink never answered"
	is "$(counts "$name" names www.forbidden.example)" "3 0 3" "$name: a name that the policy resets"
	is "$(counts "$name" names "(no SNI)") $(counts "$name" names "(invalid SNI)")" "2 2 0 1 1 0" "$name: no name, and none that can be shown"
	is "$(of "$name" .names.count)" 4 "$name: no other names"
	is "$(counts "$name" clients $X4 client) $(counts "$name" clients $X6 client)" "9 7 2 3 2 1" "$name: clients, without their ports"
	is "$(counts "$name" rules deny rule) $(counts "$name" rules default rule)" "3 0 3 9 9 0" "$name: rules"
	is "$(of "$name" '.names.rows[] | select(.name == "www.forbidden.example").causes.policy_reset')" 3 "$name: the cause of a row"
	is "$(of "$name" '.causes.rows | map(.failed + .resets) | add')" $ENDED "$name: each of them has a cause"
	is "$(of "$name" '.fingerprints.rows | map(.handshakes) | add')" $ENDED "$name: each has a fingerprint"
	is "$(of "$name" '.fingerprints.rows[] | select(.handshakes == 9).ja4[0:10]')" "$(jq -r .ja4_a "$HG_DIR/allowed.info")" "$name: JA4, as the generator has it"
	await frame_has "$name" '.interval.hellos == 0'
	is "$(sum "$name" .interval.hellos)" $ENDED "$name: hellos of all intervals"
	is "$(sum "$name" '.interval.handshakes | add')" $ENDED "$name: handshakes of all intervals, by the kernel"
	is "$(sum "$name" .interval.resets)" 3 "$name: resets of all intervals"
	is "$(of "$name" '.lost | add')" 0 "$name: nothing was lost"
	is "$(of "$name" '.policy | "\(.revision) \(.mode) \(.rules)"')" "1 enforce 1" "$name: the policy"
	unlike "$(<"$HG_DIR/$name.out")" $'\e|\a' "$name: bytes of strangers are in no frame"
}

sink --answer 100
follow alone
run hg events
said "while top reads the ring, nobody else does" 7 "is it a .watch., .events. or .top."
check_batch alone ring
stop alone
is "$rc" 0 "top ends at SIGTERM with 0"

daemon "events"
follow served
check_batch served run
stop daemon
ok "run goes away: the lists are from nobody" await frame_has served '.events == "none" and .daemon == false'
is "$(of served .window.handshakes)" $ENDED "what was counted stays"
daemon "events again"
ok "run is there again, and top with it" await frame_has served '.events == "run"'
traffic
ok "what comes then is counted" await frame_has served ".window.handshakes == 2 * $ENDED"
stop served INT
is "$rc" 0 "top ends at SIGINT with 0"

follow filtered --filter 'sni==www.forbidden.example'
follow windowed --window 1s
traffic
ok "--filter counts what matches" await frame_has filtered '.window.handshakes == 3'
once_had() { whole "$1" | jq -es "any($2)"; }
ok "--window: it is counted" await once_had windowed '.window.handshakes > 0'
ok "and forgotten behind it" await frame_has windowed '.window.handshakes == 0 and .names.count == 0'
is "$(of windowed .names.forgotten)" 0 "which is no loss"
is "$(of filtered '.names.rows | map(.name) | join(",")')" www.forbidden.example "and no other name"
stop filtered
stop windowed
stop sink
stop daemon

# real failures: curl says how many there were
tls_server 4433
follow tls-frames
for _ in 1 2 3; do visit 1.2 www.allowed.example && fail "curl trusts a certificate that it must not"; done
visit 1.2 www.allowed.example --insecure
visit 1.3 shop.example.com --insecure
ok "handshakes with openssl" await frame_has tls-frames '.window.handshakes == 5'
is "$(counts tls-frames names www.allowed.example) $(counts tls-frames names shop.example.com)" "4 3 0 1 0 0" "failed and established"
is "$(counts tls-frames causes certificate_unknown_ca cause)" "3 3 0" "the cause"
is "$(of tls-frames '.names.rows[] | "\(.name) \(.share)"' | sort | paste -sd ' ')" "shop.example.com 0 www.allowed.example 0.75" "the share that failed"
is "$(of tls-frames '.causes.rows[0].share')" 1 "of a cause, its share of all that have one"
stop tls-frames

# --- the other formats -----------------------------------------------------------------

start table "$HELLOGATE" top -b -n 2 -d 1 --window 1h --color never
visit 1.2 www.allowed.example
visit 1.3 shop.example.com --insecure
wait "${HG_PID[table]}"
is $? 0 "-n: it ends by itself"
unset 'HG_PID[table]'
table=$(<"$HG_DIR/table.out")
is "$(grep -c '^hellogate ' <<<"$table") $(grep -c '^RATE/s' <<<"$table")" "2 2" "as a table: two frames"
like "$table" "^ *[0-9.]+ +1 +1 +100% +0 certificate_unknown_ca +www.allowed.example$" "rows of a table"
like "$table" "^policy +revision 1 \(enforce, 1 rule, default allow\)$" "the head has the policy"
like "$table" "^window +[0-9]+ of 3600 s: 2 handshakes, 1 failed \(50.0%\), 0 reset; from the ring$" "and the window"
start csv "$HELLOGATE" top -b -n 1 -d 1 -o csv --list causes --columns list,key,handshakes,failed,resets
visit 1.2 www.allowed.example
wait "${HG_PID[csv]}"
unset 'HG_PID[csv]'
is "$(<"$HG_DIR/csv.out")" 'list,key,handshakes,failed,resets
causes,"certificate_unknown_ca",1,1,0' "as CSV, with chosen columns"
start json "$HELLOGATE" top -b -n 2 -d 0.5 -j --rows 1 --sort key
visit 1.2 b.example
visit 1.2 a.example
wait "${HG_PID[json]}"
unset 'HG_PID[json]'
is "$(jq -r 'length, (last.names | "\(.count) \(.rows | length) \(.rows[0].name)")' "$HG_DIR/json.out" | paste -sd ' ')" \
	"2 2 1 a.example" "as JSON: an array of frames, with --rows and --sort"

run hg top
said "without a terminal" 2 "print with --batch"
run hg top -o json
said "a format is for --batch" 2 "for --batch"
run hg top -b -d 0
said "no delay" 2 "0.1 to 3600"
run hg top -b -d inf
said "an endless delay" 2 "0.1 to 3600"
run hg top -b --window 0s
said "no window" 2 "1s to 1d"
run hg top -b -n 0
said "no frames" 2 "number of frames"
run hg top -b --rows -1
said "fewer rows than none" 2 "0 to 4096"
run hg top -b --list names,clients
said "no such list" 2 "not names, clients"
run hg top -b --sort name
said "no such column to sort by" 2 "not rate, handshakes"
run hg top -b --filter 'snix==x'
said "no such field" 2 "did you mean 'sni'"
run hg top -b --columns nosuch
said "no such column" 2 "columns: time list key"
run hg top -b x
said "an operand" 2 "unexpected"

# --- on a terminal -----------------------------------------------------------------------

# A server of its own; the shell tells how top ended, and how the terminal is then.
term() { tmux -S "$HG_DIR/tmux" -f /dev/null "$@"; }
screen() { term capture-pane -p; }
shows() { screen | grep -qE -e "$1"; }
hides() { ! shows "$1"; }
keys() { term send-keys "$@"; }
# Of the first row of the list: the line behind the head
first_row() { screen | sed -n '/RESETS/{n;p}'; }
first_is() { first_row | grep -qE -e "$1"; }
seconds_are() { [ "$SECONDS" -ge "$1" ]; }
# await_screen REGEX DESCRIPTION
await_screen() {
	if await shows "$1"; then pass "$2"; else fail "$2" "no /$1/ on:"$'\n'"$(screen)"; fi
}
# top in the shell of the terminal; behind it, a line with its exit code and how the
# terminal is. ENVIRONMENT... goes before it.
in_terminal() { # OPTIONS [ENVIRONMENT...]
	local options=$1
	shift
	keys "clear; stty -g >$HG_DIR/before; $* $HELLOGATE top -d 0.2 $options; echo \"ended \$?\"; stty -g >$HG_DIR/after" Enter
	await shows 'RATE/s'
}
ended_well() { # DESCRIPTION
	await_screen '^ended 0' "$1: exit code 0"
	await test -s "$HG_DIR/after"
	is "$(<"$HG_DIR/after")" "$(<"$HG_DIR/before")" "$1: the terminal is as it was"
	is "$(term display-message -p '#{alternate_on} #{cursor_flag}')" "0 1" "$1: the screen and the cursor are as they were"
	rm -f "$HG_DIR/after" "$HG_DIR/before"
}

term new-session -d -x 80 -y 24 "LC_ALL=C.UTF-8 PS1='$ ' exec bash --norc" || bail "tmux does not start"
HG_TERM=$(term display-message -p '#{pid}')
on_exit_tmux() { kill "$HG_TERM" 2>/dev/null; }
trap 'on_exit_tmux; on_exit' EXIT
await shows '^\$'

sink --answer 100
in_terminal "--window 1h"
await_screen "^hellogate [0-9:]{8}  s0 $TCX" "the first line: when, and what is attached"
traffic
visit 1.2 www.allowed.example
visit 1.2 www.expired.example
visit 1.3 shop.example.com --insecure
await_screen "15 handshakes, 11 failed \(91.7%\), 3 reset; from the ring" "the window is on the screen"
await_screen "^ *[0-9.]+ +7 +7 +100% +0 .* www.allowed.example$" "a row at 80x24"
is "$(screen | awk 'length > 80' | wc -l) $(screen | wc -l)" "0 24" "nothing is wider than 80 columns"
ok "the order is by what failed" first_is ' 7 +7 .*www.allowed.example'
unlike "$(screen)" "evil" "what is no name is not shown"
for list in "2 Clients:$X4" "3 Causes:certificate_unknown_ca +[a-z]" "4 Rules:deny" "5 Fingerprints:t13d[a-z0-9]+_[0-9a-f]{12}_[0-9a-f]{12}$"; do
	keys "${list%% *}"
	await_screen "${list#*:}" "key ${list%%:*}"
done
keys Tab
await_screen "SERVER NAME" "Tab comes back to names"

keys Right Right
await_screen "sort resets$" "Right: the next column"
ok "rows are in its order" await first_is 'policy_reset .*www.forbidden.example'
keys r
await_screen "sort resets, reversed" "r: the order is turned round"
ok "and the rows are" await first_is ' 0 .*www.allowed.example'
keys r Left Left
await_screen "sort failed$" "Left goes back"
keys s s s s
await_screen "sort key$" "s goes on"
ok "names are in the order of the alphabet" await first_is '\(invalid SNI\)$'
keys s s s
await_screen "sort failed$" "and comes round"

keys / example C-u shop Enter
await_screen "with 'shop'$" "/: a part of a name"
ok "only such rows are shown" hides www.allowed.example
ok "and those are" shows shop.example.com
keys / C-u nobody Enter
await_screen "none of 6 has 'nobody' in it" "where there is none it says so"
keys / C-u 'snix==x' Enter
await_screen "filter: column 1: unknown field 'snix'; did you mean 'sni'" "an expression that is wrong"
keys / C-u 'sni==shop.*' Enter
await_screen "filter sni==shop" "an expression"
await_screen ": 0 handshakes" "what was counted without it is gone"
visit 1.2 www.allowed.example
visit 1.3 shop.example.com --insecure
await_screen ": 1 handshakes, 0 failed" "only what matches is counted"
keys / C-u Enter
await hides "filter sni"
visit 1.2 www.allowed.example
visit 1.2 www.allowed.example
await_screen ": 2 handshakes, 2 failed" "without it all is"

keys p
await_screen "^PAUSED" "p: pause"
visit 1.2 www.late.example
visit 1.3 shop.example.com --insecure
paused=$(screen | sed 1q) until=$((SECONDS + 2))
await metric_above 30 client_hellos_total
await seconds_are "$until"
is "$(screen | sed 1q)" "$paused" "the screen stands still"
ok "nothing new is on it" hides www.late.example
keys 3 1
await_screen "^PAUSED" "other lists of the same moment can be looked at"
ok "still nothing new" hides www.late.example
keys Space
await_screen www.late.example "and then it goes on, with what came meanwhile"

keys Home Enter
await_screen "^SERVER NAME  www.allowed.example" "Enter: one row"
await_screen " 2  certificate_unknown_ca +send the intermediate" "its causes, and what to do"
is "$(screen | grep -cE '^[0-9:]{8} +[0-9]{9,16} 10.77.0.1:[0-9]+ +1.2 +certificate_unknown_ca 10\.77\.0\.~$')" 2 \
	"its last handshakes, with their flows"
keys Escape
await_screen 'RATE/s' "Escape leaves it"
keys Down Enter
await_screen "^SERVER NAME  www.late.example" "Down: the next row"
keys Enter '?'
await_screen "Left Right +sort" "? lists the keys"
keys x
await_screen 'RATE/s' "any key leaves that"
keys c
await_screen ": 0 handshakes" "c: what was counted is forgotten"

visit 1.2 a.rather.long.name.of.a.server.that.does.not.fit.example.com
await_screen 'a.rather.long.name.of.a~$' "what does not fit is cut, and that is shown"
term resize-window -x 132 -y 40
await_screen 'certificate_unknown_ca a.rather.long.name.of.a.server.that.does.not.fit.example.com$' "after a resize it fits"
like "$(screen | sed -n 40p)" "^q quit" "and the last line is the last one"
term resize-window -x 44 -y 10
await_screen '^ RATE/s' "44x10: there is still a list"
await_screen '^q quit' "and the last line"
term resize-window -x 30 -y 8
await_screen '^40x10 is needed, this is 30x8' "too small a terminal is told"
term resize-window -x 80 -y 24
await_screen 'RATE/s' "and it comes back"

# --- what happens meanwhile
run hg detach --all
await_screen "FAIL  nothing is attached any more: waiting for an attach" "all is detached: it says so"
attached "$TCX" deny.yaml
ok "and goes on when something is attached" await hides "nothing is attached"
visit 1.2 www.again.example
await_screen www.again.example "with what that sees"
keys q
ended_well "q"
await_screen '^\$$' "the shell is back"

in_terminal ""
keys C-c
ended_well "Ctrl-C"
in_terminal ""
kill -TERM "$(pgrep -P "$(term display-message -p '#{pane_pid}')" -x hellogate)"
ended_well "SIGTERM"
in_terminal "-n 3"
ended_well "-n 3"
in_terminal ""
keys C-z
await_screen "Stopped" "Ctrl-Z stops it"
is "$(term display-message -p '#{alternate_on}')" 0 "and gives the screen back"
keys "fg; echo \"ended \$?\"; stty -g >$HG_DIR/after" Enter
await_screen 'RATE/s' "fg draws it again"
keys q
ended_well "q behind it"

# --- colour
in_terminal "--window 1h"
visit 1.2 www.red.example
await_screen www.red.example "a failure"
like "$(term capture-pane -pe)" $'\e\\[31m' "a cause is red"
keys q
ended_well "with colour"
in_terminal "--window 1h" NO_COLOR=1
visit 1.2 www.red.example
await_screen www.red.example "the same with NO_COLOR"
unlike "$(term capture-pane -pe)" $'\e\\[3[0-7]' "nothing is coloured"
keys q
ended_well "without colour"

keys "clear; TERM=nonsense $HELLOGATE top; echo \"ended \$?\"" Enter
await_screen "TERM is 'nonsense'" "a terminal that nobody knows"
await_screen "^ended 5" "is not supported"
keys "clear; $HELLOGATE top --bpffs $HG_DIR/bpf/nosuch; echo \"ended \$?\"" Enter
await_screen "^ended 6" "no instance: exit code 6, before there is a screen"

# --- batch, when all is detached
follow last
run hg detach --all
await dead "${HG_PID[last]}"
stop last
is "$rc" 6 "batch ends with 6 when nothing is attached any more"
like "$(<"$HG_DIR/last.err")" "nothing is attached under .* any more" "and says so"
on_exit_tmux
await dead "$HG_TERM"
stop sink
stop tls
finish
