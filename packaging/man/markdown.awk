# SPDX-License-Identifier: BSD-2-Clause
#
# Markdown as docs/ has it to mdoc, for page.awk: headings, paragraphs, lists, tables,
# code, links. -v heading='## Lists': that section alone, without its heading; -v without=
# one that is left out.

function escape(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	return text
}

# What stands in HTML in tables.
function plain(text) {
	gsub(/<\/?code>/, "`", text)
	gsub(/&#124;/, "|", text)
	return text
}

# `code` and **bold** in bold, *emphasis* in italics, a link by its text. Code is kept
# apart, for stars are part of names there.
function inline(text,    out, at, code, rest) {
	text = plain(text)
	while (match(text, /\[[^]]*\]\([^)]*\)/)) {
		code = substr(text, RSTART + 1, RLENGTH - 1)
		rest = substr(text, RSTART + RLENGTH)
		at = RSTART - 1
		sub(/\].*/, "", code)
		text = substr(text, 1, at) page(code) rest
	}
	while ((at = index(text, "`"))) {
		out = out words(substr(text, 1, at - 1))
		text = substr(text, at + 1)
		at = index(text, "`")
		code = at ? substr(text, 1, at - 1) : text
		text = at ? substr(text, at + 1) : ""
		out = out "\\fB" escape(code) "\\fR"
	}
	return out words(text)
}

# A document of docs/ by its page of the manual, where it has one.
function page(name) {
	if (name in page_of)
		return page_of[name]
	return name ~ /^[a-z]+\.md$|^schema\// ? "docs/" name : name
}

function words(text,    at) {
	text = escape(text)
	while ((at = index(text, "**"))) {
		bold = !bold
		text = substr(text, 1, at - 1) (bold ? "\\fB" : "\\fR") substr(text, at + 2)
	}
	while (match(text, /\*[A-Za-z][^*]*\*/))
		text = substr(text, 1, RSTART - 1) "\\fI" substr(text, RSTART + 1, RLENGTH - 2) \
			"\\fR" substr(text, RSTART + RLENGTH)
	return text
}

# A sentence a line, as mdoc wants them.
function line(text,    at) {
	while (match(text, /[.?!] +([A-Z]|\\fB[A-Za-z])/)) {
		print (text ~ /^[.']/ ? "\\&" : "") substr(text, 1, RSTART)
		text = substr(text, RSTART + 1)
		sub(/^ +/, "", text)
	}
	print (text ~ /^[.']/ ? "\\&" : "") text
}

# What is open is closed before anything else begins.
function close_text() {
	if (text != "")
		line(inline(text))
	text = ""
}

function close_block(to) {
	close_text()
	if (in_code && to != "code")
		print ".Ed"
	if (in_table && to != "table")
		print ".El"
	if (in_list && to != "list")
		print ".El"
	in_code = in_code && to == "code"
	in_table = in_table && to == "table"
	in_list = in_list && to == "list"
}

function code(text) {
	if (!in_code) {
		close_block("code")
		print ".Bd -literal -offset indent"
		blank = 0
		begun = 1
	}
	if (blank)
		print ""
	blank = 0
	in_code = 1
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	print (text ~ /^[.']/ ? "\\&" : "") text
}

# "| a | b |" to cells; "\|" and what stands in code are no borders here.
function cells_of(row,    count, i) {
	sub(/^\| */, "", row)
	sub(/ *\|$/, "", row)
	count = split(row, cell, / *\| */)
	return count
}

function table_row(row,    count, i, head) {
	count = cells_of(row)
	if (!in_table) {
		close_block("table")
		for (i = 1; i <= count; i++)
			title[i] = cell[i]
		print ".Bl -tag -width Ds"
		in_table = begun = 1
		return
	}
	head = inline(cell[1])
	gsub(/"/, "\\(dq", head)
	if (cell[1] != "")
		print ".It \"" head "\""
	else
		print ".Pp"
	for (i = 2; i <= count; i++)
		if (cell[i] != "") {
			line(inline((count > 2 && title[i] != "Meaning" ? title[i] ": " : "") cell[i]))
			if (i < count && cell[i + 1] != "")
				print ".br"
		}
}

function heading_line(level, name) {
	close_block("")
	gsub(/`/, "", name)
	print level <= 2 ? ".Sh " toupper(name) : ".Ss " escape(name)
	begun = 0
}

BEGIN {
	wanted = heading == ""
	page_of["running.md"] = "hellogate.yaml(5)"
	page_of["policy.md"] = "hellogate-policy(5)"
}

/^#+ / && !fence {
	level = index($0, " ") - 1
	if (wanted && heading != "" && level <= wanted_level)
		exit
	if (left_out && level <= left_out)
		left_out = 0
	if (without != "" && $0 == without)
		left_out = level
	if ($0 == heading) {
		wanted = 1
		wanted_level = level
	} else if (wanted && !left_out && level > 1) {
		heading_line(level, substr($0, level + 2))
	}
	next
}

!wanted || left_out { next }

/^```/ {
	fence = !fence
	if (!fence)
		close_block("")
	next
}

fence { code($0); next }

# Indented code; behind a list item that is part of the item.
/^    / && text == "" { code(substr($0, 5)); next }

/^\|[-| ]*$/ { next }

/^\|/ { table_row($0); next }

/^$/ {
	close_text()
	if (in_code)
		blank = 1
	else
		close_block("")
	gap = 1
	next
}

/^- / {
	if (!in_list) {
		close_block("list")
		print ".Bl -bullet"
		begun = 1
	}
	close_text()
	in_list = 1
	print ".It"
	text = substr($0, 3)
	gap = 0
	next
}

{
	if (text == "") {
		close_block("")
		if (gap && begun)
			print ".Pp"
	}
	sub(/^ +/, "")
	text = text (text == "" ? "" : " ") $0
	gap = 0
	begun = 1
}

END { close_block("") }
