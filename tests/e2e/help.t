#!/usr/bin/env bash
# Every command and option says what it does, in --help and in the manual alike.
. "$(dirname "$0")/lib.sh"

[ -x "$HELLOGATE" ] || bail "no $HELLOGATE"
scratch
manual=$HG_ROOT/packaging/man/hellogate.8

# listed COMMAND...: the commands that its help lists
listed() { hg "$@" --help | sed -n '/^Options/q; s/^  \([a-z-]*\) .*  .*/\1/p' | grep -vx hellogate; }

# options_of COMMAND...: the long options that its help lists
options_of() { hg "$@" --help | sed -n 's/^  \(-.,\|   \) --\([a-z0-9-]*\).*/\2/p'; }

# explained COMMAND...: its help is whole, and the manual has all of it
explained() {
	local option missing=''
	run hg "$@" --help
	said "$* --help" 0
	is "$err" "" "$* --help goes to stdout"
	like "$out" "^Usage: hellogate $*" "$* --help: usage"
	is "$(grep -cE '^  (-.,|   ) --[a-z0-9-]+( [A-Za-z0-9:]+)?$' <<<"$out")" \
		"$(grep -A1 -E '^  (-.,|   ) --[a-z0-9-]+( [A-Za-z0-9:]+)?$' <<<"$out" | grep -cE '^ {20,}[a-z]')" \
		"$* --help: each option is explained"
	for option in $(options_of "$@"); do
		grep -qE "(Fl|,) \\\\-$option\\b" "$manual" || missing+=" --$option"
	done
	is "$missing" "" "$*: each option is in the manual"
	ok "$*: is in the manual" grep -qE "^\\.It Cm $*( |\$)" "$manual"
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
done < <(grep -oE '(Fl|,) \\-[a-z0-9-]+' "$manual" | sed 's/.*\\-//' | sort -u)
is "$stale" "" "the manual has no option that no command takes"

# fields of filters: each is in the manual
fields=$(sed -n 's/^\t\(ROW(\|TERM(\|{ \)"\([a-z0-9_]*\)", .*/\2/p' "$HG_ROOT/user/filter_field.c")
like "$fields" '^sni$' "there are fields to filter by"
missing=''
for field in $fields; do
	sed -n '/^\.Sh FILTERS/,/^\.Sh ENV/p' "$manual" | grep -qE "^\.Li ([a-z0-9_]+ )*$field\b" ||
		missing+=" $field"
done
is "$missing" "" "each field of a filter is in the manual"

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
