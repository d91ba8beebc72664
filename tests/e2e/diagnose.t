#!/usr/bin/env bash
# diagnose: what fails and why, with `run` and without it; one flow's story; filters.
. "$(dirname "$0")/lib.sh"

for tool in openssl curl; do
	command -v "$tool" >/dev/null || skip_all "$tool is needed"
done

visit() { # VERSION NAME CURL-OPTIONS...: rc as curl has it
	local version=$1 name=$2
	shift 2
	run in_c curl -s -o "$HG_DIR/curl.out" --max-time 5 --tls-max "$version" \
		--resolve "$name:4433:$S4" "$@" "https://$name:4433/"
}

# causes: "count cause side confidence" of the table in JSON, the most frequent first
causes() { jq -r '.causes[] | "\(.count) \(.cause) \(.side) \(.confidence)"' <<<"$out"; }

diagnosed() { # N CAUSE: so often
	run hg diagnose -j
	[ "$(jq --arg c "$2" '[.causes[] | select(.cause == $c).count] | add // 0' <<<"$out" 2>/dev/null)" = "$1" ]
}

outcome_is() { # OUTCOME N
	run hg diagnose -j
	[ "$(jq ".outcomes.$1" <<<"$out" 2>/dev/null)" = "$2" ]
}

fixture
certificates
attached "$TCX"
tls_server 4433

# --- nobody is there: what failed waits in the map
for _ in 1 2 3; do visit 1.2 www.allowed.example; done
is "$rc" 60 "curl does not trust the certificate"
visit 1.2 www.allowed.example --insecure
is "$rc" 0 "curl goes on where it must not look"
visit 1.2 www.other.example
ok "three failures and one are told without run" await diagnosed 4 certificate_unknown_ca
is "$(causes)" "4 certificate_unknown_ca client observed" "one cause, the side that said so, observed"
is "$(jq -r '.causes[0].servers | map("\(.name) \(.count)") | join(",")' <<<"$out")" \
	"www.allowed.example 3,www.other.example 1" "the names that were asked for, from the map of names"
is "$(jq .outcomes.established <<<"$out")" 0 "what went well does not wait"
like "$(jq -r .source <<<"$out")" "run is not there" "it says that run is not there"
run hg diagnose
like "$out" "4 *certificate_unknown_ca *client *observed *www.allowed.example and 1 more *send the intermediate" \
	"the table has the cause, and what to do"
run hg diagnose -j
is "$(causes)" "4 certificate_unknown_ca client observed" "looking takes nothing away"

# --- run takes them over
daemon "the handshakes that waited"
ok "run has diagnosed what waited" await diagnosed 4 certificate_unknown_ca
is "$(jq -r .source <<<"$out")" run "they come from run"
visit 1.2 www.allowed.example --insecure
visit 1.2 www.allowed.example --cacert "$HG_DIR/cert.pem"
is "$rc" 0 "a client that has the certificate is served"
visit 1.3 www.allowed.example
ok "a refusal in TLS 1.3 is diagnosed, too" await outcome_is failed 5
ok "what was established is told" await outcome_is established 3
is "$(jq -r '.findings[] | select(.finding == "self_signed").count' <<<"$out")" 3 "and what is wrong with its certificate"

run hg diagnose -j 'sni==www.other.example'
flow=$(jq -r '.causes[].flow_id' <<<"$out")
run hg diagnose --flow "$flow"
said "the story of a flow" 0
like "$out" "client +ClientHello: [0-9]+ bytes in 1 segment, TLS 1.2 at best" "it has the hello"
like "$out" "server +ServerHello: TLS 1.2" "the answer"
like "$out" "server +Certificate: 1 certificates, [0-9]+ bytes" "the certificate"
like "$out" "client +alert: fatal unknown_ca \(48\)" "the alert"
like "$out" "failed: certificate_unknown_ca, side client \(observed\)" "and the verdict"
run hg diagnose --flow 1
said "a flow that nobody knows" 1 "no handshake of flow 1"
run hg diagnose --flow x
said "no number" 2 "flow id"

run hg diagnose -j 'sni==www.other.example'
is "$(causes)" "1 certificate_unknown_ca client observed" "a filter"
run hg diagnose -j 'sni==*.example' 'cause!=certificate_unknown_ca'
is "$(causes)" "" "two filters: both must hold"
run hg diagnose 'siny==x'
said "an unknown field" 2 "siny"
run hg diagnose -o csv
like "$out" '^[0-9]+,certificate_unknown_ca,client,observed,"www.allowed.example",[0-9]+,"send' "as CSV"
run hg diagnose --columns cause,flow_id -o csv
like "$out" '^certificate_unknown_ca,[0-9]+$' "chosen columns, as CSV"
run hg diagnose --columns cause,count
like "$out" '^CAUSE +COUNT$' "and as a table"
like "$(hg diagnose --color always)" $'\e\\[31mcertificate_unknown_ca' "a cause is red"
unlike "$(NO_COLOR='' hg diagnose)" $'\e\\[' "but not where no terminal is"
like "$(hg events --color always -o table)" $'\e\\[31mcertificate_unknown_ca' "nor are those of events all white"
run hg diagnose --columns "$(printf 'cause,%.0s' {1..24})cause"
said "more columns than there are" 2 "more than 24 columns"
run hg diagnose --color red
said "a colour is no time" 2 "'red' is not auto, always or never"
run hg diagnose --flow 1 --columns cause
said "a story has no columns" 2 "no columns"
run hg diagnose --flow 1 'sni==www.other.example'
said "nor filters" 2 "leave the filters out"
run hg diagnose -o jsonl
is "$(jq -r .cause <<<"$out" | sort -u)" certificate_unknown_ca "as JSON Lines"

counted 5 "handshake_failures_total" handshake_failures_total 'cause="certificate_unknown_ca"' 'side="client"'
counted 0 "a cause that did not occur, as 0" handshake_failures_total 'cause="middlebox_reset"'
counted 3 "handshake_duration_seconds" handshake_duration_seconds_count
ok "server_hello_total has TLS 1.2" metric_above 6 server_hello_total 'version="1.2"'

# --- run ends: what it has seen is not told again
stop daemon
visit 1.2 www.late.example
ok "what fails behind run waits again" await diagnosed 1 certificate_unknown_ca
is "$(jq -r '.causes[].servers[].name' <<<"$out")" www.late.example "and nothing else"

# --- run begins again, and finds it in the ring and in the map: once
daemon "once more"
ok "it is told once" await diagnosed 1 certificate_unknown_ca
stop daemon
stop tls
detach_leaves_nothing
run hg diagnose
said "nothing is attached" 6
finish
