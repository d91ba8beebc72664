#!/usr/bin/env bash
# Every command and option says what it does, in --help and in the manual alike.
. "$(dirname "$0")/lib.sh"

need jq
[ -x "$HELLOGATE" ] || bail "no $HELLOGATE"
scratch
man=${HG_MAN:-$HG_ROOT/build/man}
[ -e "$man/hellogate.8" ] || bail "no pages in $man: make man"

# listed COMMAND...: the commands that its help lists
listed() { hg "$@" --help | sed -n '/^Options/q; s/^  \([a-z-]*\) .*  .*/\1/p' | grep -vx hellogate; }

# options_of COMMAND...: the long options that its help lists
options_of() { hg "$@" --help | sed -n 's/^  \(-.,\|   \) --\([a-z0-9-]*\).*/\2/p'; }

# section_of PAGE COMMAND: its options there; options_in PAGE COMMAND: their long names
section_of() {
	case $2 in
	*\ *) sed -n "/^\.Sh OPTIONS/,/^\.Sh [^O]/p" "$1" | sed -n "/^\.Ss $2\$/,/^\.S[sh] /p" ;;
	*) sed -n '/^\.Sh OPTIONS/,/^\.Sh [^O]/p' "$1" ;;
	esac
}
options_in() { section_of "$@" | sed -n 's/^\.It Fl \(. , \)\?\\-\([a-z0-9\\-]*\).*/\2/p' | sed 's/\\//g'; }

# An option that is an operand, too, stands in the synopsis as that.
operand_options() { if [ "$1" = detach ]; then echo 1; else echo 0; fi; }

# explained COMMAND...: its help is whole, and the manual has all of it
explained() {
	local option missing='' page=$man/hellogate-${1}.8
	run hg "$@" --help
	said "$* --help" 0
	is "$err" "" "$* --help goes to stdout"
	like "$out" "^Usage: hellogate $*" "$* --help: usage"
	is "$(grep -cE '^  (-.,|   ) --[a-z0-9-]+( [A-Za-z0-9:]+)?$' <<<"$out")" \
		"$(grep -A1 -E '^  (-.,|   ) --[a-z0-9-]+( [A-Za-z0-9:]+)?$' <<<"$out" | grep -cE '^ {20,}[a-z]')" \
		"$* --help: each option is explained"
	for option in $(options_of "$@"); do
		section_of "$page" "$*" | grep -qE "^\.It Fl (. , )?\\\\-${option//-/\\\\-}( |\$)" || missing+=" --$option"
	done
	is "$missing" "" "$*: its page has each option"
	is "$(options_in "$page" "$*" | sort | xargs)" "$(options_of "$@" | sort | xargs)" "$*: and no other"
	is "$(grep -c '^\.Op Fl' "$page")" \
		"$(($(grep -c '^\.It Fl' "$page") - $(grep -c '^\.It Fl h , ' "$page") - $(operand_options "$@")))" \
		"$*: its synopsis has all of them"
	like "$(<"$page")" "^\.Nm hellogate $*\$" "$*: its synopsis has its name"
	ok "$*: hellogate(8) leads there" grep -qx "\.It Xr hellogate-$1 8" "$man/hellogate.8"
	run hg help "$@"
	is "$out" "$(hg "$@" --help)" "help $* is the same"
}

commands=$(listed)
for command in status top events flows stats diagnose read features policy attach detach watch run metrics support-dump complete version; do
	like "$commands" "^$command\$" "--help lists $command"
done
for command in $commands; do
	if [ "$command" != policy ]; then
		explained "$command"
		continue
	fi
	for sub in $(listed policy); do explained policy "$sub"; done
done
run hg help polcy
said "help on an unknown command" 2 "did you mean 'policy'"

# and nothing is in the manual that is not there
all=$(for command in $commands; do
	if [ "$command" = policy ]; then
		for sub in $(listed policy); do options_of policy "$sub"; done
	else
		options_of "$command"
	fi
done)
stale=''
while read -r option; do
	grep -qx -e "$option" <<<"$all"$'\n'version || stale+=" --$option"
done < <(grep -ohE '(Fl|,) \\-[a-z0-9\-]+' "$man"/*.[0-9] | sed 's/^[^-]*-//; s/\\//g' | sort -u)
is "$stale" "" "no page has an option that no command takes"
while read -r command option; do
	if [ -z "$option" ]; then
		grep -qx -e "$command" <<<"$all" || stale+=" $command"
	else
		options_of "$command" | grep -qx -e "$option" || stale+=" $command:$option"
	fi
done < <(sed -n 's/^@option //p' "$HG_ROOT/packaging/man/options.in")
is "$stale" "" "nothing is said of an option that is not there"
is "$(for page in "$man"/hellogate-*.8; do basename "$page" .8; done | sed 's/^hellogate-//' | sort | xargs)" \
	"$(sort <<<"$commands" | xargs)" "each command has a page, and no page is of none"
dead=''
while read -r name section; do
	[ -e "$man/$name.$section" ] || [[ $name != hellogate* ]] || dead+=" $name($section)"
done < <(grep -ohE '^\.(It )?Xr [a-z.-]+ [0-9]' "$man"/*.[0-9] | sed 's/.*Xr //' | sort -u)
is "$dead" "" "each page that another leads to is there"

# the configuration: its keys, by their tables in config.c, and by what the program takes
keys_of() { # TABLE PREFIX
	sed -n "/^static const struct hg_field $1\[\]/,/^};/p" "$HG_ROOT/user/config.c" |
		grep -oE '\{ "[a-z0-9_]+"' | sed "s/.*\"\([a-z0-9_]*\)\"/$2\1/"
}
keys=$(
	keys_of fields '' | grep -vxE 'http|events|privacy'
	keys_of http_fields http.
	keys_of event_fields events.
	keys_of privacy_fields privacy.
)
in_page=$(sed -n '/^\.Sh DESC/,/^\.Sh SIG/s/^\.It "\(.*\)"$/\1/p' "$man/hellogate.yaml.5" |
	sed 's/\\f[BR]//g' | grep -oE '[a-z0-9_.]+')
is "$(sort <<<"$in_page" | xargs)" "$(sort <<<"$keys" | xargs)" "hellogate.yaml(5) has each key, and no other"
for key in $(keys_of output_fields '') $(keys_of interface_fields ''); do
	grep -qE "fB[^ ]*$key|\b$key:" "$man/hellogate.yaml.5" || missing_keys+=" $key"
done
is "${missing_keys:-}" "" "and those of outputs and interfaces"

# events: each field of the schema, and no other
schema=$HG_ROOT/docs/schema/event.json
known=$(jq -r '[.. | objects | (.properties? // {} | keys[]), (.enum? // [] | .[]), (.const? // empty)] | map(tostring) | unique[]' "$schema")
fields=$(jq -r '[.. | objects | .properties? // {} | keys[]] | unique[]' "$schema")
told=$(sed -n '/^\.Sh FIELDS/,/^\.Sh WHERE/p' "$man/hellogate-events.5" | grep -E '^\.(It )?(Li|Pq)' |
	sed 's/^\.//; s/\bIt\b//; s/\b\(Li\|Pq\)\b//g' | grep -owE '[a-z][a-z0-9_]*' | sort -u)
is "$(comm -13 <(sort -u <<<"$told") <(sort -u <<<"$fields") | xargs)" "" "hellogate-events(5) has each field of the schema"
is "$(comm -23 <(sort -u <<<"$told") <(sort -u <<<"$known") | xargs)" "" "and none that is not there"

# fields of filters: each is in the manual
fields=$(sed -n 's/^\t\(ROW(\|TERM(\|{ \)"\([a-z0-9_]*\)", .*/\2/p' "$HG_ROOT/user/filter_field.c")
like "$fields" '^sni$' "there are fields to filter by"
missing=''
for field in $fields; do
	grep -qE "^\.Li ([a-z0-9_]+ )*$field\b" "$man/hellogate-filters.7" || missing+=" $field"
done
is "$missing" "" "each field of a filter is in hellogate-filters(7)"

# output that cannot be written is not done
for command in version "read --help" "policy --help"; do
	# shellcheck disable=SC2086
	run bash -c '"$@" >/dev/full' _ "$HELLOGATE" $command
	said "$command on a full disk: 8" 8 'cannot write all of the output: No space left'
done

# features: each line says what it is for, or what to do
run hg features
said "features" 0
is "$(sed '/^$/q' <<<"$out" | grep -E '^  ' | grep -vE '^  .{16} (yes|no|unknown) +[^ ]')" "" \
	"each line of features says what it means"
if [ "$(id -u)" = 0 ]; then
	run unshare --net "$HELLOGATE" features
	like "$out" "jit +(yes|no) " "the JIT is told in any namespace"
else
	skip "the JIT is told in any namespace" "needs root"
fi
run hg features nosuch0
said "features of an interface that is not there" 3 'ip link'
finish
