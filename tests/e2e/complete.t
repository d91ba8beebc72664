#!/usr/bin/env bash
# complete: what may come next on a command line, by the program's own rows; in bash, zsh, fish.
. "$(dirname "$0")/lib.sh"

[ -x "$HELLOGATE" ] || bail "no $HELLOGATE"
scratch
shells=$HG_ROOT/packaging/completions

# next WORD...: what is offered, without what it means
next() { hg complete -- "$@" | cut -f 1 | sort | xargs; }

# listed COMMAND..., options_of COMMAND...: as its help lists them
listed() { hg "$@" --help | sed -n '/^Options/q; s/^  \([a-z-]*\) .*  .*/\1/p' | grep -vx hellogate; }
options_of() { hg "$@" --help | sed -n 's/^  \(-.,\|   \) \(--[a-z0-9-]*\).*/\2/p'; }

# --- all that help has, and no more
is "$(next '')" "$({ listed && echo help; } | sort | xargs)" "each command"
for command in $(listed); do
	is "$(next "$command" --)" "$(options_of "$command" | sort | xargs)" "each option of $command"
done
is "$(next policy '')" "$({ listed policy && echo help; } | sort | xargs)" "each command of policy"
for command in $(listed policy); do
	is "$(next policy "$command" --)" "$(options_of policy "$command" | sort | xargs)" "each option of policy $command"
done
is "$(hg complete -- detach --al)" "$(printf -- '--all\tevery interface, and the maps')" "with what it means"

# --- one word
is "$(next st)" "stats status" "what was begun"
is "$(next policy ro)" rollback "a command of policy"
is "$(next nosuch '')" "$(next '')" "what is no command changes nothing"
is "$(next attach --hook '')" "auto tc tcx xdp xdp-generic" "values of an option"
is "$(next attach --hook xdp)" "xdp xdp-generic" "those that were begun"
is "$(next status -o j)" "json jsonl" "values of a letter"
is "$(next read --limits '')" kernel "a value that is one word"
is "$(next status --color '')" "always auto never" "colours"
is "$(next read --policy '')" ":file" "a file is the shell's"
is "$(next status --bpffs '')" ":dir" "a directory, too"
is "$(next read '')" ":file" "captures are files"
is "$(next policy load '')" ":file" "policies are files"
is "$(next status --bpffs policy '')" "" "a value is no command"
is "$(next attach -- --h)" "" "behind -- there are no options"
like "$(next attach '')" '(^| )lo( |$)' "interfaces"
is "$(next status '')" "" "nothing, where nothing may come"

# --- in shells
ln -s "$HELLOGATE" "$HG_DIR/hellogate"
export PATH="$HG_DIR:$PATH"
mkdir "$HG_DIR/files" && touch "$HG_DIR/files/a file.pcap"

# in_bash WORD...: COMPREPLY, a line each
in_bash() {
	bash --norc -c '. "$1"; shift; COMP_WORDS=(hellogate "$@") COMP_CWORD=$#
		_hellogate; printf "%s\n" "${COMPREPLY[@]}"' _ "$shells/hellogate.bash" "$@"
}
is "$(in_bash st | sort | xargs)" "stats status" "bash: commands"
is "$(in_bash attach --hook tc | sort | xargs)" "tc tcx" "bash: values"
is "$(cd "$HG_DIR/files" && in_bash read a)" "a file.pcap" "bash: files"
is "$(cd "$HG_DIR" && in_bash status --bpffs f)" "files" "bash: directories"
like "$(bash --norc -c '. "$1"; complete -p hellogate' _ "$shells/hellogate.bash")" '-F _hellogate hellogate' \
	"bash: it is registered"

if command -v zsh >/dev/null; then
	# shellcheck disable=SC2016
	in_zsh() {
		zsh -f -c 'file=$1; shift
			_describe() { print -l -- "${(@P)2}" }
			_files() { print -- files "$@" }
			words=(hellogate "$@"); CURRENT=$#words
			set --; . $file' _ "$shells/_hellogate" "$@"
	}
	is "$(in_zsh st | cut -d : -f 1 | sort | xargs)" "stats status" "zsh: commands"
	like "$(in_zsh status --che)" '^--check:say only what is degraded' "zsh: with what they mean"
	is "$(in_zsh read '')" "files" "zsh: files"
else
	for what in commands "with what they mean" files; do skip "zsh: $what" "no zsh here"; done
fi
if command -v fish >/dev/null; then
	# shellcheck disable=SC2016
	in_fish() { HOME=$HG_DIR fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$shells/hellogate.fish" "$1"; }
	is "$(in_fish 'hellogate st' | cut -f 1 | sort | xargs)" "stats status" "fish: commands"
	like "$(in_fish 'hellogate status --che')" $'^--check\tsay only what is degraded' "fish: with what they mean"
	is "$(cd "$HG_DIR/files" && in_fish 'hellogate read ')" 'a file.pcap' "fish: files"
	is "$(in_fish 'hellogate policy ro' | cut -f 1)" rollback "fish: a command of policy"
else
	for what in commands "with what they mean" files "a command of policy"; do skip "fish: $what" "no fish here"; done
fi
finish
