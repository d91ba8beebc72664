#!/usr/bin/env bash
# A policy is swapped whole, under traffic. Two that say the opposite take turns at a
# gateway, while clients on two processors send hellos for names that one of them resets
# and the other does not. Each flow is judged by exactly one, the one whose revision is on
# its event: what both its sockets saw agrees with that, flow by flow; and the sums are
# exact.
#
# HG_SECONDS=N: how long (12).
# shellcheck disable=SC2016 # programs of awk
. "$(dirname "$0")/roads.sh"

seconds=${HG_SECONDS:-12}

# only NAME: resets whatever is not below NAME.example
only() {
	policy "$1.yaml" <<-YAML
		version: 1
		mode: enforce
		default: allow
		sets:
		  own: {kind: domains, names: [.$1.example]}
		rules:
		  - {name: only-$1, match: {not: {sni: "@own"}}, action: reset}
	YAML
}

# Addresses for the clients, all of them the client's.
addresses() {
	ip -n "$HG_C" route add local 10.77.1.0/24 dev lo &&
		ip -n "$HG_G" route add 10.77.1.0/24 via $C4 dev g0
}

# Some send their hello in two segments with swaps between them, some go on with what
# was allowed when the other policy is active.
clients() {
	local name kinds=()
	for name in a b; do
		kinds+=(--kind "label=$name,file=$HG_DIR/$name.hello,numbers=1000,share=4"
			--kind "label=$name-cut,file=$HG_DIR/$name.hello,numbers=1000,cut=100"
			--kind "label=$name-slow,file=$HG_DIR/$name.hello,numbers=1000,cut=100,gap=200"
			--kind "label=$name-long,file=$HG_DIR/$name.hello,numbers=1000,think=300")
	done
	start crowd in_c "$HG_TOOLS/crowd" --to "$S4" --workers 2 --at-once 128 --rate 1500 --seconds "$seconds" \
		--flight 1200 --reply 256 --timeout 20000 --log "$HG_DIR/client" "${kinds[@]}"
}

# take_turns: loads until the clients are done; "revision policy began ended" in loads
take_turns() {
	local name began
	: >"$HG_DIR/loads"
	while running crowd; do
		for name in b a; do
			began=$EPOCHREALTIME
			run hg policy load "$HG_DIR/$name.yaml"
			[ "$rc" = 0 ] || bail "policy load: $err"
			echo "$(sed -n 's/^policy revision \([0-9]*\) is active.*/\1/p' <<<"$out$err") $name $began $EPOCHREALTIME" \
				>>"$HG_DIR/loads"
			sleep 0.1 # the pace of the swaps
		done
	done
}

events_for() { [ "$(grep -c '"event_type":"tls"' "$HG_DIR/events.out")" -ge "$1" ]; }

# As rows: address, port, name, outcome, revision, rule, action, seconds
event_rows() {
	jq -r 'select(.event_type == "tls") | [.src_ip, .src_port, .tls.sni, .hellogate.outcome,
		(.hellogate.policy | .revision // "-", .rule // "-", .action // "-"),
		(.timestamp | "\(.[0:19])Z" | fromdateiso8601) + (.timestamp[19:26] | tonumber)]
		| @tsv' "$HG_DIR/events.out" | awk -F '\t' -v OFS='\t' '{ $8 = sprintf("%.6f", $8); print }'
}

# One row for each flow of the clients: what they saw, what the server saw, what its
# event says. "-" where there is none; the number of events is the last column.
#  1 address 2 port 3 kind 4 number 5 fate 6 server 7 name 8 revision 9 rule 10 action 11 events
#  12 the policy of that revision 13 the hello's time
join_rows() {
	awk -v dir="$HG_DIR" '
		FILENAME ~ /loads$/ { policy[$1] = $2; next }
		FILENAME ~ /server\./ { server[$1 " " $2] = $3; next }
		FILENAME ~ /event_rows$/ {
			k = $1 " " $2; n[k]++; name[k] = $3; rev[k] = $5; rule[k] = $6; action[k] = $7; at[k] = $8
			next
		}
		{
			k = $1 " " $2
			print $1, $2, $3, $4, $5, (k in server) ? server[k] : "-", (k in n) ? name[k] : "-",
				(k in n) ? rev[k] : "-", (k in n) ? rule[k] : "-", (k in n) ? action[k] : "-", n[k] + 0,
				(k in n) ? policy[rev[k]] : "-", (k in n) ? at[k] : 0
		}
	' "$HG_DIR/loads" "$HG_DIR"/server.* "$HG_DIR/event_rows" "$HG_DIR"/client.* >"$HG_DIR/flows"
}

# all_flows CONDITION DESCRIPTION: an awk condition on each row
all_flows() {
	local bad
	bad=$(awk "!($1)" "$HG_DIR/flows") || bail "awk: $1"
	if [ -s "$HG_DIR/flows" ] && [ -z "$bad" ]; then
		pass "$2 ($flows)"
	else
		fail "$2" "$(grep -c . <<<"$bad") of $flows break '$1':"$'\n'"$(head -n 5 <<<"$bad")"
	fi
}

how_many() { awk "$1" "$HG_DIR/flows" | wc -l; }

# Of hellos that came 20 ms and more from any load: not those of the revision of their time.
out_of_their_time() {
	awk -v margin=0.02 '
		FILENAME ~ /loads$/ { n++; revision[n] = $1; began[n] = $3; ended[n] = $4; next }
		$13 {
			for (i = n; i && began[i] > $13 - 1; i--)
				if ($13 > ended[i] + margin && (i == n || $13 < began[i + 1] - margin) && $8 != revision[i]) print
		}
	' "$HG_DIR/loads" "$HG_DIR/flows"
}

# Allowed connections that went on when the next policy was active.
over_a_swap() {
	awk '
		FILENAME ~ /loads$/ { n++; ended[n] = $4; next }
		$3 ~ /long/ && $5 == "answered" {
			for (i = 1; i <= n; i++) if (ended[i] > $13 && ended[i] < $13 + 0.29) { print; next }
		}
	' "$HG_DIR/loads" "$HG_DIR/flows"
}

gateway_fixture
addresses || bail "no addresses for the clients"
hello a --sni n00000000.a.example --pad-to 517
hello b --sni n00000000.b.example --pad-to 517
only a
only b
attached_in "$HG_G" "$TCX" a.yaml g0 g1
start greeter in_s "$HG_TOOLS/greeter" --log "$HG_DIR/server"
ok "a server listens" await output_has greeter ready
start events "$HELLOGATE" events -f
clients
take_turns
echo "1 a 0 $(head -n 1 "$HG_DIR/loads" | cut -d ' ' -f 3)" >>"$HG_DIR/loads"
sort -n -o "$HG_DIR/loads" "$HG_DIR/loads"
flows=$(jq .flows "$HG_DIR/crowd.out") || bail "crowd: $(<"$HG_DIR/crowd.err")"
stop crowd
is "$rc" 0 "the clients were all let go"
ok "an event for each flow came" await -t 15 events_for "$flows"
counted "$flows" "as many flows were created as the clients made" flows_created_total
counted 0 "and all are over" flows_active
stop events INT
stop greeter
cat "$HG_DIR"/client.* >"$HG_DIR/clients"
event_rows >"$HG_DIR/event_rows"
join_rows

loads=$(wc -l <"$HG_DIR/loads")
diag "$flows flows, $loads revisions; answered $(how_many '$5 == "answered"'), reset $(how_many '$5 == "reset"')"
ok "the policies took turns often enough: $loads revisions" test "$loads" -ge $((seconds * 2))
ok "most of them judged flows" test "$(awk '{ print $8 }' "$HG_DIR/flows" | sort -u | wc -l)" -ge $((loads * 3 / 4))

all_flows '$11 == 1' "each flow has one event"
all_flows '$7 == sprintf("n%08d.%s.example", $4, substr($3, 1, 1))' "with the name that its client sent"
all_flows '$12 != "-" && $12 != ""' "and a revision that was loaded"
all_flows '$10 == (substr($3, 1, 1) == $12 ? "allow" : "reset")' "its action is that of this revision's policy"
all_flows '$9 == (substr($3, 1, 1) == $12 ? "default" : "only-" $12)' "and so is its rule"
all_flows '$5 == ($10 == "reset" ? "reset" : "answered")' "the client's socket saw that action, and no other"
all_flows '$6 == ($10 == "reset" ? "reset" : "served")' "and so did the server's"
is "$(out_of_their_time | head -n 3)" "" "away from a swap, the revision is the one that was active"
ok "hellos in two segments were under way at a swap" test "$(how_many '$3 ~ /slow/')" -gt 100
ok "what one policy allowed went on under the other: $(over_a_swap | wc -l)" test "$(over_a_swap | wc -l)" -gt 20

resets=$(how_many '$5 == "reset"')
is "$(jq '[.kinds[].reset] | add' "$HG_DIR/crowd.out")" "$resets" "the clients' own sum of resets"
is "$(tail -n 1 "$HG_DIR/greeter.out" | jq -c '[.accepted, .reset, .served, .open]')" \
	"[$flows,$resets,$((flows - resets)),0]" "the server's: no socket is left open"
snapshot
# By packet: a client that sends again, on a slow machine, is reset again.
ok "as many resets were sent, or more" test "$(number resets_total 'to="both"')" -ge "$resets"
is "$(metric reset_failures_total)" 0 "none failed"
for name in a b; do
	is "$(metric policy_verdicts_total "rule=\"only-$name\"" 'action="reset"' 'mode="enforce"')" \
		"$(how_many "\$9 == \"only-$name\"")" "verdicts of only-$name are its events"
done
is "$(metric policy_verdicts_total 'rule="default"' 'action="allow"')" "$((flows - resets))" "and so are those of the default"
is "$(metric policy_verdicts_total)" "$flows" "all verdicts are all flows"
is "$(metric client_hellos_total)" "$flows" "and so are all hellos"
is "$(metric events_lost_total)" 0 "no event was lost"
finish
