#!/usr/bin/env bash
# Events: one tls event for each handshake, at its end, with the fields of the
# contract; one drop event for each reset.
. "$(dirname "$0")/lib.sh"

fixture
hello allowed --sni www.allowed.example --pad-to 517
hello forbidden --sni www.Forbidden.Example. --alpn h2,http/1.1
hello tls12 --sni old.allowed.example --versions 1.2 --ciphers c02f,c030,009c --session-id 0
hello none --no-sni --grease
hello pq --sni pq.allowed.example --pq --pad-to 1746
hello records --sni records.allowed.example --records 100
deny_policy enforce

# The source port stands for the connection; `sent` gives it for an id.
sent() { jq -r "select(.id == \"$1\").sport" "$HG_DIR/sent.seg"; }

# event ID EXPRESSION: of the final tls event of that connection
event() {
	jq -r --argjson port "$(sent "$1")" \
		"select(.event_type == \"tls\" and .src_port == \$port and .hellogate.stage == \"end\") | $2" \
		"$HG_DIR/events.jsonl"
}

# valid CONDITION DESCRIPTION: of each event of $type, and there is one
valid() {
	local bad
	bad=$(jq -c "select(.event_type == \"$type\") | select(($1) | not)" "$HG_DIR/events.jsonl" 2>&1)
	jq -es "any(.event_type == \"$type\")" "$HG_DIR/events.jsonl" >/dev/null 2>&1 || bad="there is no $type event"
	is "${bad:0:800}" "" "$type events: $2"
}

# A follower is there when it prints: greet until it does.
greeted() { # NAME
	in_c "$HG_TOOLS/dial" "$S4" 443 "$HG_DIR/allowed.hello" --want 1 --timeout 500
	output_has "$1" www.allowed.example
}

ended() { # FILE N: that many final events of the handshakes from segclient's address
	[ "$(jq -c --arg x4 "$X4" --arg x6 "$X6" 'select(.event_type == "tls" and .hellogate.stage == "end"
		and (.src_ip == $x4 or .src_ip == $x6))' "$1" 2>/dev/null | wc -l)" -ge "$2" ]
}

traffic() {
	sink --answer 100
	segclient sent <<-EOS
		$(payloads allowed forbidden tls12 none pq records)
		set want=1
		conn id=allowed payload=allowed
		conn id=allowed6 v=6 payload=allowed
		conn id=forbidden payload=forbidden
		conn id=forbidden6 v=6 payload=forbidden
		conn id=tls12 payload=tls12
		conn id=none payload=none
		conn id=pq payload=pq want=0 cut=1000
		conn id=reversed payload=allowed cut=200 order=rev
		conn id=records payload=records
		conn id=nodata want=0
	EOS
	stop sink
}

check_envelope() {
	type=tls
	valid '(.timestamp | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{6}\\+0000$"))' "timestamp"
	valid '(.flow_id | type) == "number" and .flow_id > 0 and .flow_id < 2251799813685248' "flow_id below 2^51"
	valid '.dest_port == 443 and .proto == "TCP"' "destination"
	valid '.in_iface == "s0"' "in_iface"
	valid '(.ip_v == 4) == (.src_ip | contains("."))' "ip_v"
	valid '.hellogate.schema == 1 and .hellogate.stage == "end"' "schema and stage"
	valid '.hellogate.outcome == "reset" or .hellogate.outcome == "unknown" or .hellogate.outcome == "established"
		or .hellogate.outcome == "failed"' "outcome"
	valid '.hellogate.hello.bytes > 0 and .hellogate.hello.sni_state' "hello"
	valid 'if .tls.sni then .hellogate.hello.sni_present else .hellogate.hello.sni_present == false end' "sni_present"
	valid '(.tls.ja3.hash | test("^[0-9a-f]{32}$")) and (.tls.ja3.string | test("^[0-9]+,[0-9-]*,"))' "ja3"
	valid '.hellogate.policy.revision >= 1 and .hellogate.policy.decided_by == "kernel"' "policy"
	type=drop
	valid '.verdict.action == "drop" and .verdict.reject == ["tcp-reset"] and .verdict.reject_target == "both"' "verdict"
}

check_fields() {
	is "$(event allowed .src_ip) $(event allowed .dest_ip)" "$X4 $S4" "src is the client (v4)"
	is "$(event allowed6 .src_ip) $(event allowed6 .dest_ip)" "$X6 $S6" "src is the client (v6)"
	is "$(event allowed '.tls.sni')" www.allowed.example "sni"
	is "$(event forbidden '.tls.sni')" www.forbidden.example "sni is lower-cased, without its trailing dot"
	is "$(event forbidden '.hellogate.hello.sni_raw')" www.Forbidden.Example. "sni_raw when it differs"
	is "$(event allowed '.hellogate.hello.sni_raw // "absent"')" absent "sni_raw is absent when it does not"
	is "$(event none '.tls.sni // "absent"') $(event none '.hellogate.hello.sni_state')" "absent none" "no server name"
	is "$(event allowed '.hellogate.coverage') $(event allowed '.hellogate.hello.segments')" "single_segment 1" "one segment"
	is "$(event pq '.hellogate.coverage') $(event pq '.hellogate.hello | "\(.segments) \(.pq)"')" \
		"reassembled 2 true" "two segments, post-quantum"
	is "$(event allowed '.hellogate.hello.pq')" false "no post-quantum share"
	is "$(event reversed '.hellogate.flags | index("out_of_order") != null')" true "out_of_order is a flag"
	is "$(event records '.hellogate.hello | "\(.records >= 2)"')" true "records"
	is "$(event records '.hellogate.flags | index("record_fragmented") != null')" true "record_fragmented is a flag"
	is "$(event allowed '.hellogate.hello | "\(.record_version) \(.legacy_version) \(.version_max)"')" \
		"769 771 772" "versions"
	is "$(event tls12 '.hellogate.hello | "\(.version_max) \(.cipher_count) \(.cipher_count_no_grease)"')" \
		"771 3 3" "TLS 1.2, three ciphers"
	is "$(event none '.hellogate.hello | "\(.cipher_count) \(.cipher_count_no_grease)"')" "14 13" "GREASE is counted apart"
	is "$(event tls12 '.hellogate.hello.session_id_len')" 0 "session_id_len"
	is "$(event allowed '.hellogate.hello.ext_count')" "$(jq .ext_count "$HG_DIR/allowed.info")" "ext_count"
	is "$(event allowed '.hellogate.hello | "\(.ech) \(.sni_present) \(.compression_methods)"')" "none true [0]" "ech, sni_present, compression"
	is "$(event allowed '.hellogate.hello | "\(.versions) \(.groups) \(.key_shares)"')" \
		"[772,771] [29,23,24] [29]" "versions, groups and key shares as offered"
	is "$(event tls12 '.tls.client_handshake.ciphers | tostring')" "[49199,49200,156]" "ciphers as offered"
	is "$(event tls12 '.tls.client_handshake.exts | tostring')" "[0,23,65281,10,11,35,13]" "extensions as offered"
	is "$(event forbidden '.hellogate | "\(.outcome) \(.cause) \(.side)"')" "reset policy_reset self" "the reset's cause"
	is "$(event forbidden '.hellogate.policy | "\(.rule) \(.action) \(.mode)"')" "deny reset enforce" "the rule"
	is "$(event allowed '.hellogate.policy | "\(.rule) \(.action)"')" "default allow" "the default"
}

# JA4 and JA3 against a computation of their own.
check_fingerprints() {
	local a ciphers exts
	a=$(jq -r .ja4_a "$HG_DIR/tls12.info")
	ciphers=$(printf '009c,c02f,c030' | sha256sum | head -c 12)
	exts=$(printf '000a,000b,000d,0017,0023,ff01_0403,0804,0401,0503,0805,0501,0806,0601,0201' | sha256sum | head -c 12)
	is "$(event tls12 .tls.ja4)" "${a}_${ciphers}_$exts" "ja4 (TLS 1.2)"
	is "$(event none '.tls.ja4[0:10]')" "$(jq -r .ja4_a "$HG_DIR/none.info")" "ja4, first part: GREASE, no name"
	is "$(event forbidden '.tls.ja4[0:10]')" "$(jq -r .ja4_a "$HG_DIR/forbidden.info")" "ja4, first part: name, ALPN"
	is "$(event tls12 .tls.ja3.string)" "771,49199-49200-156,0-23-65281-10-11-35-13,29-23-24,0" "ja3 string"
	is "$(event tls12 .tls.ja3.hash)" "$(event tls12 .tls.ja3.string | tr -d '\n' | md5sum | cut -c1-32)" "ja3 hash"
}

check_counts() { # HOOK
	local id
	is "$(jq -r 'select(.event_type == "tls" and .hellogate.stage == "end") | "\(.src_ip) \(.src_port)"' \
		"$HG_DIR/events.jsonl" | sort | uniq -d)" "" "no handshake has two final events ($1)"
	for id in allowed allowed6 forbidden forbidden6 tls12 none pq reversed records; do
		is "$(event $id .event_type | wc -l)" 1 "one final event: $id ($1)"
	done
	is "$(event nodata .event_type)" "" "no event without a hello ($1)"
	is "$(jq -r 'select(.event_type == "drop").flow_id' "$HG_DIR/events.jsonl" | sort)" \
		"$(printf '%s\n' "$(event forbidden .flow_id)" "$(event forbidden6 .flow_id)" | sort)" \
		"one drop event for each reset, with its flow_id ($1)"
}

# follow NAME COMMAND...: the events of one round of traffic as that command prints them
follow() {
	local name=$1
	shift
	start "$name" "$@"
	sink --answer 100
	ok "$name prints events" await greeted "$name"
	stop sink
	traffic
	await ended "$HG_DIR/$name.out" 9
	stop "$name" INT
	is "$rc" 0 "$name ends on Ctrl-C with 0"
	jq -c --arg x4 "$X4" --arg x6 "$X6" 'select(.src_ip == $x4 or .src_ip == $x6)' "$HG_DIR/$name.out" \
		>"$HG_DIR/events.jsonl"
	ok "$name prints one JSON object a line" \
		jq -es "length == $(wc -l <"$HG_DIR/$name.out") and length > 0" "$HG_DIR/$name.out"
}

for hook in $(hooks xdp "$TCX"); do
	attached "$hook" deny.yaml
	daemon "($hook)"
	follow daemon-events "$HELLOGATE" events -f
	check_counts "$hook"
	check_envelope
	check_fields
	check_fingerprints
	stop daemon
	HG_COUNT_WAIT=1 counted 0 "no event was lost ($hook)" events_lost_total 'stage="ring"'

	# without run, events reads the ring itself
	follow lone-events "$HELLOGATE" events -f
	check_counts "$hook"
	detach_leaves_nothing
done

# --eve-strict leaves our object out; --at hello adds a provisional event
attached "$TCX" deny.yaml
start strict "$HELLOGATE" events -f --eve-strict
sink --answer 100
ok "--eve-strict prints events" await greeted strict
is "$(jq -c 'select(has("hellogate"))' "$HG_DIR/strict.out")" "" "--eve-strict leaves the extra object out"
stop strict INT
start early "$HELLOGATE" events -f --at hello
ok "--at hello prints events" await greeted early
ok "--at hello: stage hello first" jq -es '.[0].hellogate.stage == "hello"' "$HG_DIR/early.out"
stop early INT
stop sink
detach_leaves_nothing

# watch attaches, prints, never enforces, and detaches on Ctrl-C
start watch "$HELLOGATE" watch --netns "$HG_S" -o jsonl s0
sink --answer 100
ok "watch prints handshakes" await greeted watch
stop sink
probe watched forbidden allowed
every watched "$UNTOUCHED" "watch never enforces"
ok "watch prints the other name too" await output_has watch 'www\.forbidden\.example'
stop watch INT
is "$rc" 0 "watch ends on Ctrl-C with 0"
ok "watch leaves no pinned file" no_pins
unlike "$(ip -n "$HG_S" -d link show s0; in_s tc filter show dev s0 ingress)" "xdp|bpf" "watch leaves no program"
finish
