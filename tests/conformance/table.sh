#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# table.sh ROWS RESULTS...: one line for each shape, in Markdown: by which road it is
# seen, what servers did with it, and what other programs show.
set -euo pipefail

cat <<'HEAD'
# Conformance

Every shape of a hello that this project knows of, and what is seen of it. `make hellos` (as root)
makes this page, and the captures behind it in `build/hellos/`.

- **read**: `hellogate read`; **bounds**: with `--limits kernel`. **kernel**: the BPF programs, at XDP
  (with and without frags), TC ingress and TC egress.
- **OpenSSL, GnuTLS, nginx, Java**: live, over veth, `hellogate watch` on the server's interface by XDP
  and by tc. The server is asked which name it acted on. *ok*: it took the hello, and hellogate saw
  that name, or put the flow into the class that the row expects. *refused*: the server did not take
  it, and hellogate saw what the row says. *both*: a family, some of it taken.
- **tshark** (told to put segments in order) and **nDPI** (`ndpiReader -t`), from the same captures:
  *ok* if they show the server's name and no decoy, or no name where there is none. They know no
  classes: rows where no name is right are left out. All of it is on port 443.
- Rows in tunnels: `read` and the programs open all that `--decap all` does.
- **red**: wrong, or not there yet; [limits.md](limits.md) says what happens and which counter shows
  it. A family of n variants says how many were right. *-*: not tried by this road; see below.

HEAD

awk -F '\t' '
	function column(leg) {
		if (leg ~ /^kernel/) return "kernel"
		if (leg ~ /^live/) { split(leg, word, " "); return word[2] }
		return leg
	}
	function cell(name, at,    id) {
		id = name SUBSEP at
		if (id in red) return red[id]
		return id in good ? good[id] : "-"
	}
	function word_of(text) { return text ~ /^taken and/ ? "both" : text == "refused" ? "refused" : "ok" }
	FILENAME == ARGV[1] { number[++rows] = $1; name[rows] = $2; what[rows] = $4; next }
	{ id = $2 SUBSEP column($3) }
	$2 == "all rows" { absent[column($3)] = $7; next }
	$4 == "fail" { red[id] = $6 > 1 ? "**red** " $5 "/" $6 : "**red**" }
	$4 == "pass" { good[id] = word_of($7) }
	$4 == "skip" { if ($3 ~ /^live/ && !($2 in why)) why[$2] = $7 }
	END {
		n = split("native limits kernel openssl gnutls nginx java tshark ndpiReader", at, " ")
		print "| | Shape | | read | bounds | kernel | OpenSSL | GnuTLS | nginx | Java | tshark | nDPI |"
		print "|--:|---|---|---|---|---|---|---|---|---|---|---|"
		for (i = 1; i <= rows; i++) {
			line = "| " number[i] " | `" name[i] "` | " what[i]
			for (k = 1; k <= n; k++) {
				shown = cell(name[i], at[k])
				line = line " | " shown
				if (shown == "-") continue
				tried[at[k]]++
				if (shown !~ /red/) right[at[k]]++
			}
			print line " |"
		}
		line = "| | **rows that are right** | of " rows
		for (k = 1; k <= n; k++)
			line = line " | " (at[k] in tried ? right[at[k]] + 0 " of " tried[at[k]] : "-")
		print line " |"
		print "\n## Not tried live\n"
		for (i = 1; i <= rows; i++)
			if (name[i] in why && why[name[i]] !~ /^not played/)
				print "- `" name[i] "`: " why[name[i]]
		print "- nginx has no place for the other data of `after/...`, but PROXY headers."
		for (k = 1; k <= n; k++)
			if (at[k] in absent) print "- " at[k] ": " absent[at[k]] "."
	}
' "$@"
