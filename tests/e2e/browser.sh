# shellcheck shell=bash
#
# A browser for tests of the page: Debian's Chromium in the server's namespace, told
# what to do line by line. Sourced behind lib.sh.

HG_SAID=0

has_browser() {
	command -v chromium >/dev/null && command -v chromedriver >/dev/null &&
		/usr/bin/python3 -c 'import selenium' 2>/dev/null
}

# browser_starts: once the fixture is there
browser_starts() {
	mkfifo "$HG_DIR/browser.in"
	exec 7<>"$HG_DIR/browser.in"
	HG_STDIN=$HG_DIR/browser.in start browser in_s "$HG_ROOT/tests/e2e/browser" "$HG_DIR"
	HG_SAID=1
	await -t 60 lines_at_least "$HG_DIR/browser.out" 1 ||
		bail "no browser: $(tail -n 3 "$HG_DIR/browser.err")"
}

browser_ends() {
	printf 'quit\n' >&7
	await -t 20 dead "${HG_PID[browser]}"
	stop browser
	exec 7>&-
}

# b COMMAND...: out is the answer, as text where it is a string
b() {
	printf '%s\n' "$*" >&7
	HG_SAID=$((HG_SAID + 1))
	await -t 40 lines_at_least "$HG_DIR/browser.out" $HG_SAID || bail "the browser does not answer to: $*"
	out=$(sed -n "${HG_SAID}p" "$HG_DIR/browser.out" | jq -r 'if type == "string" then . else tojson end')
}

# holds EXPRESSION: for await
holds() {
	b eval "$1"
	[ "$out" = true ]
}

# page DESCRIPTION EXPRESSION: it comes to be true
page() {
	if await -t "${HG_PAGE_WAIT:-15}" holds "$2"; then
		pass "$1"
	else
		b eval "document.body.innerText.slice(0, 900)"
		fail "$1" "never true: $2"$'\n'"the page: $out"
	fi
}

# has TEXT...: an expression: the view has all of these in it
has() {
	local text expression=true
	for text; do expression+=" && document.querySelector('main').innerText.includes('$text')"; done
	echo "$expression"
}

view() { # NAME
	b eval "location.hash = '$1'"
	await -t 20 holds "document.querySelector('main')?.dataset.view == '$1' && document.querySelector('main').dataset.drawn == 'yes'"
}

# told ID: sets out to the number with that name on the view
told() { b eval "document.querySelector('[data-n=\"$1\"]')?.textContent.replaceAll(',', '') ?? 'absent'"; }
tells() { # ID VALUE: for await
	told "$1"
	[ "$out" = "$2" ]
}

# shows_number ID VALUE DESCRIPTION
shows_number() {
	if await -t 15 tells "$1" "$2"; then pass "$3"; else fail "$3" "the page tells $out, want $2"; fi
}
