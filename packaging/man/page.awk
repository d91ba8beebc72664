# SPDX-License-Identifier: BSD-2-Clause
#
# A page of the manual, of what the program says of its commands and options and of what
# is written by hand:
#
#   hellogate complete --model | awk -v page=hellogate-status.8 -f page.awk - options.in page.in
#
# In the page, which of a command begins with its DESCRIPTION, these lines stand for more:
#
#   @commands              all commands, by group
#   @options               the options of the command, or of each of its commands
#   @see NAME SECTION      one more line of SEE ALSO
#   @markdown FILE [HEADING] [without HEADING]
#                          a document, or one section of it; see markdown.awk

BEGIN {
	FS = "\t"
	tool = page
	sub(/\.[0-9]$/, "", tool)
	command = page ~ /^hellogate-.*\.8$/ ? substr(tool, 11) : ""
}

# ---- what is read ----

FNR == 1 { file++ }

file == 1 && $1 == "command" {
	now = $2
	names[++commands] = now
	operands[now] = $3
	summary[now] = $4
	group[now] = $5
}

file == 1 && $1 == "option" {
	n = ++options[now]
	name[now, n] = $2
	letter[now, n] = $3
	argument[now, n] = $4
	help[now, n] = $5
}

file == 1 { next }

file == 2 && /^@option / {
	now = substr($0, 9)
	next
}

file == 2 {
	if (!/^\.\\"/)
		meaning[now] = meaning[now] $0 "\n"
	next
}

# ---- words as mdoc has them ----

function dashes(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	return text
}

# A sentence of --help: a capital, an end, and nothing that troff takes for its own.
function sentence(text, is_summary) {
	text = dashes(text)
	if (is_summary || text !~ /^[a-z]+=|^[a-z]+[,:] [a-z]+[, ]|^any,|^on,/)
		text = toupper(substr(text, 1, 1)) substr(text, 2)
	return "\\&" text (text ~ /[.?!]$/ ? "" : ".")
}

# A value in small letters is a word that is typed.
function argument_of(text) {
	if (text == "")
		return ""
	if (text ~ /^[a-z]/)
		return " Cm " text
	text = tolower(text)
	if (text ~ /^addr:/)
		return " Ar address : Ns Ar port"
	return " Ar " text
}

function flag(now, n) {
	return letter[now, n] != "" ? letter[now, n] : "\\-" dashes(name[now, n])
}

function synopsis_operands(text,    words, count, i, bare) {
	count = split(text, words, " ")
	for (i = 1; i <= count; i++) {
		bare = tolower(words[i])
		gsub(/[][.]/, "", bare)
		if (words[i] == "|")
			print ".No \\&|"
		else if (words[i] ~ /^--/)
			print ".Fl \\-" substr(words[i], 3)
		else if (words[i] ~ /^\[/)
			print ".Op Ar " bare (words[i] ~ /\.\.\./ ? " ..." : "")
		else
			print ".Ar " bare (words[i] ~ /\.\.\./ ? " ..." : "")
	}
}

function synopsis(now,    n) {
	print ".Nm hellogate " now
	for (n = 1; n < options[now]; n++)
		if (operands[now] !~ ("--" name[now, n] "$"))
			print ".Op Fl " flag(now, n) argument_of(argument[now, n])
	synopsis_operands(operands[now])
}

function is_below(now) { return index(now, command " ") == 1 }

function print_head(    i) {
	print ".Dt " toupper(tool) " 8"
	print ".Os"
	print ".Sh NAME"
	print ".Nm " tool
	print ".Nd " dashes(summary[command])
	print ".Sh SYNOPSIS"
	if (operands[command] != "COMMAND")
		synopsis(command)
	for (i = 1; i <= commands; i++)
		if (is_below(names[i]))
			synopsis(names[i])
}

# ---- what directives stand for ----

function option_list(now,    n, text) {
	print ".Bl -tag -width Ds"
	for (n = 1; n <= options[now]; n++) {
		text = "\\-" dashes(name[now, n]) argument_of(argument[now, n])
		print ".It Fl " (letter[now, n] != "" ? letter[now, n] " , " : "") text
		if ((now " " name[now, n]) in meaning)
			printf "%s", meaning[now " " name[now, n]]
		else if (name[now, n] in meaning)
			printf "%s", meaning[name[now, n]]
		else
			print sentence(help[now, n])
	}
	print ".El"
}

function print_options(    i) {
	print ".Sh OPTIONS"
	if (operands[command] != "COMMAND")
		option_list(command)
	for (i = 1; i <= commands; i++)
		if (is_below(names[i])) {
			print ".Ss " names[i]
			option_list(names[i])
		}
}

function print_commands(    i, before) {
	for (i = 1; i <= commands; i++) {
		if (group[names[i]] == "")
			continue
		if (group[names[i]] != before)
			print (before ? ".El\n" : "") ".Ss " group[names[i]] "\n.Bl -tag -width support-dump"
		before = group[names[i]]
		print ".It Xr hellogate-" names[i] " 8"
		print sentence(summary[names[i]], 1)
	}
	print ".El"
}

# "FILE Heading without Other": see markdown.awk
function print_markdown(text,    path, heading, without, at) {
	at = index(text " ", " ")
	path = substr(text, 1, at - 1)
	heading = substr(text, at + 1)
	at = index(heading, "without ")
	if (at) {
		without = substr(heading, at + 8)
		heading = substr(heading, 1, at - 1)
		sub(/ $/, "", heading)
	}
	fflush()
	if (system("awk -f " markdown " -v heading='" heading "' -v without='" without "' " path))
		exit 1
}

# ---- the page ----

# What a page of a command does not say itself is said for all of them in hellogate(8).
function print_foot(    i) {
	if (!has["EXIT STATUS"]) {
		print ".Sh EXIT STATUS"
		print "As for all commands, see"
		print ".Xr hellogate 8 ."
	}
	printf "%s", examples
	print ".Sh SEE ALSO"
	see[++sees] = "hellogate 8"
	sort_sees()
	for (i = 1; i <= sees; i++)
		print ".Xr " see[i] (i < sees ? " ," : "")
}

function see_key(text) { return substr(text, length(text)) " " text }

# By section, then by name.
function sort_sees(    i, j, one) {
	for (i = 2; i <= sees; i++) {
		one = see[i]
		for (j = i - 1; j > 0 && see_key(see[j]) > see_key(one); j--)
			see[j + 1] = see[j]
		see[j + 1] = one
	}
}

/^\.Sh / { has[substr($0, 5)] = 1 }

# Behind the exit status, where the manual has them.
command != "" && /^\.Sh EXAMPLES$/ { in_examples = 1 }

in_examples {
	examples = examples $0 "\n"
	next
}

/^@see / {
	see[++sees] = substr($0, 6)
	next
}

$0 == "@options" {
	print_options()
	next
}

$0 == "@commands" {
	print_commands()
	next
}

/^@markdown / {
	print_markdown(substr($0, 11))
	next
}

/^@/ {
	printf "%s: unknown directive: %s\n", page, $0 >"/dev/stderr"
	exit 1
}

{ print }

/^\.Dd / && command != "" { print_head() }

END {
	if (command != "" && !(command in summary)) {
		printf "%s: there is no such command\n", page >"/dev/stderr"
		exit 1
	}
	if (command != "")
		print_foot()
}
