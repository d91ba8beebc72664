#!/usr/bin/env bash
# make install: all of it, where DESTDIR and PREFIX say; and make uninstall, which leaves nothing.
. "$(dirname "$0")/lib.sh"

need make install
build=$(dirname "$HELLOGATE")
[ -x "$HELLOGATE" ] || bail "no $HELLOGATE"
scratch

made() { # TARGET VARIABLE=VALUE...
	run make -s -C "$HG_ROOT" BUILD="$build" "$@"
}
installed() { (cd "$1" && find . ! -type d -printf '%P\n' | sort); }

# --- into a staging directory
stage=$HG_DIR/stage
made install DESTDIR="$stage" PREFIX=/usr
said "make install DESTDIR= PREFIX=/usr" 0
files=$(installed "$stage")
is "$(grep -v '^usr/' <<<"$files")" "" "all of it is below PREFIX"
for file in bin/hellogate lib/systemd/system/hellogate.service share/bash-completion/completions/hellogate \
	share/zsh/site-functions/_hellogate share/fish/vendor_completions.d/hellogate.fish \
	share/hellogate/examples/hellogate.yaml share/hellogate/examples/logrotate \
	share/hellogate/grafana/hellogate-overview.json share/hellogate/prometheus/alerts.rules.yml \
	share/man/man8/hellogate.8 share/man/man8/hellogate-run.8 share/man/man5/hellogate.yaml.5 \
	share/man/man5/hellogate-policy.5 share/man/man7/hellogate-filters.7 share/doc/hellogate/limits.md \
	share/doc/hellogate/schema/event.json; do
	ok "$file" grep -qx "usr/$file" <<<"$files"
done
is "$(find "$stage" -type f -perm /0133 ! -path '*/bin/*' -printf '%P %m\n')" "" "files are read by all, and written by their owner"
is "$(stat -c %a "$stage/usr/bin/hellogate")" 755 "the binary can be run"
for directory in examples grafana prometheus; do
	is "$(find "$stage/usr/share/hellogate/$directory" -type f -printf '%f\n' | sort | xargs)" \
		"$(case $directory in
			examples) find "$HG_ROOT/packaging/examples" -type f -printf '%f\n' ;;
			grafana) find "$HG_ROOT/packaging/monitoring/grafana" -name '*.json' -printf '%f\n' ;;
			prometheus) find "$HG_ROOT/packaging/monitoring/prometheus" -name '*.rules.yml' -printf '%f\n' ;;
		esac | sort | xargs)" "all $directory"
done
unit=$stage/usr/lib/systemd/system/hellogate.service
is "$(grep -oE '^Exec(Start|StartPre)=[^ ]*' "$unit" | sort | xargs)" \
	"ExecStart=/usr/bin/hellogate ExecStartPre=/usr/bin/hellogate" "the unit runs the binary below PREFIX"
unlike "$(<"$unit")" '@[A-Z]+@|/usr/local' "and nothing is left open in it"
is "$(grep -rlF "$HG_ROOT" "$stage/usr/share" "$stage/usr/lib")" "" "nothing tells where it was built"

made uninstall DESTDIR="$stage" PREFIX=/usr
said "make uninstall" 0
is "$(installed "$stage")" "" "leaves no file"
ok "and no directory of its own" test ! -e "$stage/usr/share/hellogate" -a ! -e "$stage/usr/share/doc/hellogate"

# --- to where it is used from; a neighbour stays
there=$HG_DIR/opt
mkdir -p "$there/bin" "$there/share/man/man8"
touch "$there/bin/neighbour" "$there/share/man/man8/neighbour.8"
made install PREFIX="$there"
said "make install PREFIX=" 0
run "$there/bin/hellogate" version
said "the installed binary runs" 0
is "$out" "$(hg version)" "and is this one"
if command -v systemd-analyze >/dev/null; then
	run systemd-analyze verify --man=no "$there/lib/systemd/system/hellogate.service"
	said "systemd-analyze verify" 0
	is "$err" "" "and it has nothing to say"
else
	skip "systemd-analyze verify" "no systemd-analyze here"
fi
if command -v mandoc >/dev/null; then
	is "$(mandoc -T lint -W warning "$there"/share/man/man?/hellogate* 2>&1)" "" "mandoc has no word against a page"
else
	skip "mandoc has no word against a page" "no mandoc here"
fi
if man -w -M "$there/share/man" hellogate >"$HG_DIR/man.out" 2>/dev/null; then
	is "$(xargs <"$HG_DIR/man.out")" "$there/share/man/man8/hellogate.8" "man finds it"
	is "$(man -w -M "$there/share/man" 5 hellogate-policy 2>&1)" "$there/share/man/man5/hellogate-policy.5" \
		"and the page of a file's format by its section"
else
	skip "man finds it" "no man here"
fi
if command -v bash >/dev/null && [ -r "$there/share/bash-completion/completions/hellogate" ]; then
	run bash -c '. "$1/share/bash-completion/completions/hellogate"; PATH=$1/bin:$PATH
		COMP_WORDS=(hellogate sta) COMP_CWORD=1 COMP_TYPE=9; _hellogate 2>/dev/null; echo "${COMPREPLY[*]}"' _ "$there"
	like "$out" 'stat(s|us)' "the installed completion completes"
fi
if command -v logrotate >/dev/null; then
	run logrotate -d -s "$HG_DIR/logrotate.state" "$there/share/hellogate/examples/logrotate"
	said "logrotate takes the example" 0
	unlike "$err" '^error:' "without an error"
else
	skip "logrotate takes the example" "no logrotate here"
fi
run "$there/bin/hellogate" run --check-config --config "$there/share/hellogate/examples/hellogate.yaml"
said "run takes the example of a configuration" 0
made uninstall PREFIX="$there"
is "$(installed "$there" | xargs)" "bin/neighbour share/man/man8/neighbour.8" "uninstall leaves what is not ours"
finish
