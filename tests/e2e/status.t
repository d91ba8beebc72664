#!/usr/bin/env bash
# status: what is attached, for people and for scripts.
. "$(dirname "$0")/lib.sh"

fixture
usual_hellos

run hg status
said "nothing attached: 6, and what to do" 6 'attach'
is "$out" "" "nothing attached: nothing on stdout"

deny_policy enforce
for hook in $(hooks xdp xdp-generic tcx tc); do
	attached "$hook" deny.yaml
	run hg status
	said "status ($hook)" 0
	like "$out" "s0" "status names the interface ($hook)"
	like "$out" "(^|[^a-z-])$hook([^a-z-]|\$)" "status names the hook ($hook)"
	run hg status -o json
	ok "status -o json is one JSON value ($hook)" jq -es 'length == 1' <<<"$out"
	ok "status -o json has the interface and the hook ($hook)" \
		json_holds "[.. | strings] | any(. == \"s0\") and any(. == \"$hook\")" <<<"$out"
	[ "$hook" = tc ] || hg detach --all >/dev/null 2>&1
done

probe seen forbidden allowed
run hg status -j
ok "-j is -o json" jq -es 'length == 1' <<<"$out"
run hg status -o jsonl
said "status -o jsonl" 0
ok "status -o jsonl: each line is JSON" json_holds . <<<"$out"
run hg status -o csv
said "status -o csv" 0
like "$(head -n 1 <<<"$out")" "," "status -o csv has a header"
run hg status -o csv --columns hook,interface
like "$(head -n 1 <<<"$out")" '^hook,interface$' "--columns, in their order"
run hg status --columns hook
like "$out" '^HOOK$' "--columns of the table"
run hg status -o xml
said "an unknown format is a usage error" 2 'table'

run hg status
unlike "$out" $'\e\\[' "no colour when stdout is no terminal"
run hg status --color always
like "$out" $'\e\\[' "--color always"
run env NO_COLOR=1 "$HELLOGATE" status
unlike "$out" $'\e\\[' "NO_COLOR"

# by name or by option, the same instance
run env -u HELLOGATE_BPFFS "$HELLOGATE" status --bpffs "$HELLOGATE_BPFFS"
said "--bpffs names the instance" 0
run env HELLOGATE_BPFFS="$HG_DIR/bpf/other" "$HELLOGATE" status
said "another instance has nothing attached" 6

run hg detach --netns "$HG_S" s0
said "detach IFACE" 0
run hg status
said "after detach: 6" 6
finish
