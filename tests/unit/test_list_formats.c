/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists in the formats of others: what each line means, what is skipped and
 * where.  Rows are lines in, names out: `a` is that name, `.a` it and all below,
 * `*.a` all below; `!` is in front of an exception.
 */
#include "test_policy.h"

#include "policy_list.h"

struct reading {
	struct hg_arena arena;
	struct hg_diagnostics d;
	struct hg_set set;
	char names[2048];
	char said[8192];
};

static void print_names(struct reading *x, const struct hg_name_list *list, const char *mark)
{
	for (size_t i = 0; i < list->count; i++) {
		size_t len = strlen(x->names);

		snprintf(x->names + len, sizeof(x->names) - len, "%s%s%s%.*s", len ? " " : "", mark,
			 hg_name_prefix(list->items[i].kind), list->items[i].len,
			 list->items[i].text);
	}
}

static void print_said(struct reading *x)
{
	FILE *out = fmemopen(x->said, sizeof(x->said), "w");

	hg_diagnostics_print(&x->d, out);
	fclose(out);
}

static void begin_reading(struct reading *x)
{
	memset(x, 0, sizeof(*x));
	x->set.kind = HG_SET_DOMAINS;
}

static void read_file(struct reading *x, const char *format, const char *text)
{
	char *copy = hg_arena_text(&x->arena, text, strlen(text));
	const struct hg_list_format *f = hg_list_format(format);

	assert_non_null(f);
	hg_list_read(&x->arena, &x->d, &x->set, f, "list", copy, strlen(copy));
	x->names[0] = 0;
	print_names(x, &x->set.names, "");
	print_names(x, &x->set.exceptions, "!");
	print_said(x);
}

static void end_reading(struct reading *x)
{
	hg_diagnostics_free(&x->d);
	hg_arena_free(&x->arena);
}

struct row {
	const char *text;
	const char *names;
	const char *said; /* the one message, or a part of it; NULL: none */
};

static void check_row(const char *format, const struct row *row)
{
	struct reading x;

	begin_reading(&x);
	read_file(&x, format, row->text);
	if (strcmp(x.names, row->names))
		fail_msg("%s: \"%s\" is \"%s\", not \"%s\"", format, row->text, x.names,
			 row->names);
	if (x.d.errors || x.d.count != (row->said ? 1 : 0) ||
	    (row->said && !strstr(x.said, row->said)))
		fail_msg("%s: of \"%s\" is said: \"%s\", not \"%s\"", format, row->text, x.said,
			 row->said ? row->said : "");
	if (row->said && strstr(row->said, "skipped"))
		assert_int_equal(x.set.files->skipped, 1);
	end_reading(&x);
}

#define CHECK_ROWS(format, rows)                                                                   \
	for (size_t row_ = 0; row_ < sizeof(rows) / sizeof((rows)[0]); row_++)                     \
	check_row(format, &(rows)[row_])

/* ---- hosts ---- */

static const struct row hosts_rows[] = {
	{ "0.0.0.0 a.example\n", "a.example", NULL },
	{ "127.0.0.1\ta.example   b.example\r\n", "a.example b.example", NULL },
	{ ":: a.example\n::1 b.example\n127.8.0.1 c.example", "a.example b.example c.example",
	  NULL },
	{ "0 a.example\n", "a.example", NULL },
	{ "# c\n\n  0.0.0.0 A.Example.#c\n", "a.example", NULL },
	{ "0.0.0.0 b\xc3\xbc"
	  "cher.example\n",
	  "xn--bcher-kva.example", NULL },
	{ "127.0.0.1 localhost LOCALHOST.localdomain\n::1 ip6-localhost ip6-loopback\n"
	  "fe80::1%lo0 localhost\n255.255.255.255 broadcasthost\nff02::1 ip6-allnodes\n"
	  "0.0.0.0 0.0.0.0\n",
	  "", NULL },
	{ "0.0.0.0 a.example\n192.0.2.1 b.example\n", "a.example",
	  "list:2:1: warning: skipped: 192.0.2.1 is an address that leads somewhere" },
	{ "2001:db8::1 b.example\n", "", "list:1:1: warning: skipped: 2001:db8::1" },
	{ "a.example\n", "", "list:1:1: warning: skipped: an address and names are needed" },
	{ "a.example b.example\n", "", "list:1:1: warning: skipped: \"a.example\" is no address" },
	{ "0.0.0.0 a.example b..example c.example\n", "a.example c.example",
	  "list:1:19: warning: skipped: \"b..example\" is not a name: an empty label" },
	{ "0.0.0.0 *.a.example\n", "",
	  "list:1:9: warning: skipped: \"*.a.example\" is not a name" },
	{ "0.0.0.0 .a.example\n", "", "list:1:9: warning: skipped: \".a.example\" is not a name" },
};

static void hosts(void **state)
{
	(void)state;
	CHECK_ROWS("hosts", hosts_rows);
}

/* ---- AdGuard ---- */

static const struct row adguard_rows[] = {
	{ "||a.example^\n", ".a.example", NULL },
	{ "||a.example^|\n", ".a.example", NULL },
	{ "||a.example\n", ".a.example", NULL },
	{ "|a.example^\n", "a.example", NULL },
	{ "|a.example|\n", "a.example", NULL },
	{ "a.example\n", "a.example", NULL },
	{ "  A.Example  # comment\n", "a.example", NULL },
	{ "||*.a.example^\n", "*.a.example", NULL },
	{ "*.a.example^\n", "*.a.example", NULL },
	{ "! c\n# c\n[Adblock Plus 2.0]\n##.banner\n", "", NULL },
	{ "0.0.0.0 a.example b.example\n", "a.example b.example", NULL },
	{ "||b\xc3\xbc"
	  "cher.example^\n",
	  ".xn--bcher-kva.example", NULL },
	{ "@@||a.example^\n", "!.a.example", NULL },
	{ "@@|a.example^\n", "!a.example", NULL },
	{ "||a.example^\n@@||a.example^\n", ".a.example !.a.example", NULL },
	{ "||a.example^$important\n", ".a.example", NULL },
	{ "||a.example^\n@@||x.a.example^$important\n", ".a.example !.x.a.example", NULL },
	{ "||b.a.example^\n@@||a.example^\n", ".b.a.example !.a.example", NULL },
	{ "@@||a.example^\n||b.a.example^$important\n", ".b.a.example !.a.example",
	  "list:2:1: warning: skipped: .b.a.example lies below the exception .a.example in line 1" },
	{ "||a.example^$client=192.0.2.1\n", "",
	  "list:1:1: warning: skipped: the modifier $client=192.0.2.1 has no meaning here" },
	{ "||a.example^$important,dnstype=A\n", "", "skipped: the modifier $important,dnstype=A" },
	{ "||a.example^$badfilter\n", "", "skipped: the modifier $badfilter" },
	{ "@@||a.example^$denyallow=b.example\n", "", "skipped: the modifier $denyallow" },
	{ "/ads[0-9]+/\n", "", "list:1:1: warning: skipped: a regular expression" },
	{ "@@/ads/$important\n", "", "skipped: a regular expression" },
	{ "a.example##.banner\n", "", "skipped: a rule for the content of pages" },
	{ "a.example#@#.banner\n", "", "skipped: a rule for the content of pages" },
	{ "a.example$$script[x]\n", "", "skipped: a rule for the content of pages" },
	{ "||a*.example^\n", "", "skipped: a wildcard within a name" },
	{ "||ads.\n", "", "skipped: a name without an end" },
	{ "|a.example\n", "", "skipped: a name without an end" },
	{ "a.example^\n", "", "skipped: a name without a beginning" },
	{ "192.0.2.1 a.example\n", "", "skipped: 192.0.2.1 is an address that leads somewhere" },
	{ "a.example b.example\n", "", "list:1:11: warning: skipped: one rule a line" },
	{ "||a..example^\n", "", "list:1:3: warning: skipped: \"a..example\" is not a name" },
	{ "||a.example/path^\n", "", "skipped: \"a.example/path\" is not a name" },
};

static void adguard(void **state)
{
	(void)state;
	CHECK_ROWS("adguard", adguard_rows);
}

/* ---- dnsmasq ---- */

static const struct row dnsmasq_rows[] = {
	{ "address=/a.example/0.0.0.0\n", ".a.example", NULL },
	{ "address=/a.example/b.example/127.0.0.1\n", ".a.example .b.example", NULL },
	{ "address=/a.example/::\naddress=/b.example/#\naddress=/c.example/\n",
	  ".a.example .b.example .c.example", NULL },
	{ "local=/a.example/\nserver=/b.example/c.example/\n", ".a.example .b.example .c.example",
	  NULL },
	{ "  local=/A.Example./  # c\n# c\n", ".a.example", NULL },
	{ "local=/.a.example/\n", ".a.example", NULL },
	{ "local=/*.a.example/\n", "*.a.example", NULL },
	{ "local=/b\xc3\xbc"
	  "cher.example/\n",
	  ".xn--bcher-kva.example", NULL },
	{ "local=/a.example/\nserver=/b.a.example/#\n", ".a.example !.b.a.example", NULL },
	{ "server=/b.a.example/#\nlocal=/a.example/c.b.a.example/\n",
	  ".a.example .c.b.a.example !.b.a.example",
	  "list:2:1: warning: skipped: .c.b.a.example lies below the exception .b.a.example in "
	  "line 1" },
	{ "address=/#/0.0.0.0\n", "", "list:1:10: warning: skipped: # is every name" },
	{ "local=/*a.example/\n", "", "skipped: a wildcard within a label" },
	{ "address=/a.example/192.0.2.1\n", "",
	  "list:1:20: warning: skipped: \"192.0.2.1\" leads somewhere" },
	{ "server=/a.example/192.0.2.1\n", "", "skipped: \"192.0.2.1\" leads somewhere" },
	{ "cache-size=1000\n", "", "list:1:1: warning: skipped: \"cache-size\" lists no names" },
	{ "server=192.0.2.1\n", "", "skipped: no name in it" },
	{ "address=/a.example\n", "", "skipped: no slash behind the name" },
	{ "local=/a..example/b.example/\n", ".b.example",
	  "list:1:8: warning: skipped: \"a..example\" is not a name" },
};

static void dnsmasq(void **state)
{
	(void)state;
	CHECK_ROWS("dnsmasq", dnsmasq_rows);
}

/* ---- RPZ ---- */

#define SOA "@ SOA ns. host. 1 2 3 4 5\n"
#define ZONE "$ORIGIN rpz.example.\n" SOA

static const struct row rpz_rows[] = {
	{ SOA "a.example CNAME .\n", "a.example", NULL },
	{ SOA "*.a.example CNAME .\n", "*.a.example", NULL },
	{ ZONE "A.Example 300 IN CNAME .\nb.example IN 1h CNAME *.\nc.example cname rpz-drop.\n",
	  "a.example b.example c.example", NULL },
	{ ZONE "a.example.rpz.example. CNAME .\n", "a.example", NULL },
	{ "rpz.example. SOA ns. host. 1 2 3 4 5\na.example.RPZ.example. CNAME .\nb.example CNAME .\n",
	  "a.example b.example", NULL },
	{ "$ORIGIN .\nrpz.example SOA ns. host. 1 2 3 4 5\n\tNS ns.\n$ORIGIN com.rpz.example.\n"
	  "a CNAME .\n$ORIGIN b.rpz.example.\n* CNAME .\n@ CNAME .\n",
	  "a.com *.b b", NULL },
	{ ZONE "$ORIGIN com\na CNAME .\n", "a.com", NULL },
	{ "$TTL 1h ; c\n@ IN SOA ns. host. ( ; c\n 1 2\n; c\n 3 4\n 5 )\n NS ns.\na CNAME .\n", "a",
	  NULL },
	{ SOA "a (\n CNAME\n . ) ; c\nb CNAME .\n", "a b", NULL },
	{ SOA "a CNAME .\n  A 127.0.0.1\n  AAAA ::1\n", "a a a", NULL },
	{ SOA "b\xc3\xbc"
	      "cher CNAME .\n",
	  "xn--bcher-kva", NULL },
	{ SOA "*.a CNAME .\nb.a CNAME rpz-passthru.\n*.b.a CNAME rpz-passthru.\n",
	  "*.a !b.a !*.b.a", NULL },
	{ SOA "a CNAME a.\n*.a CNAME *.a.\n", "!a !*.a", NULL },
	{ SOA "*.a CNAME rpz-passthru.\nb.a CNAME .\na CNAME .\n", "b.a a !*.a",
	  "list:3:1: warning: skipped: b.a lies below the exception *.a in line 2" },
	{ SOA "a CNAME garden.example.\n", "",
	  "list:2:3: warning: skipped: CNAME garden.example. does not forbid the name" },
	{ SOA "a CNAME rpz-tcp-only.\n", "", "skipped: CNAME rpz-tcp-only. does not forbid" },
	{ SOA "a A 192.0.2.1\n", "", "skipped: A 192.0.2.1 does not forbid" },
	{ SOA "a TXT \"x ; ( \\\" y\"\nb CNAME .\n", "b", "list:2:3: warning: skipped: TXT" },
	{ SOA "32.1.2.0.192.rpz-ip CNAME .\n", "",
	  "list:2:1: warning: skipped: a trigger that is no server name" },
	{ SOA "24.0.2.0.192.rpz-client-ip CNAME .\n", "", "skipped: a trigger that is no" },
	{ SOA "ns.a.rpz-nsdname CNAME .\n", "", "skipped: a trigger that is no" },
	{ SOA "32.1.2.0.192.rpz-nsip CNAME .\n", "", "skipped: a trigger that is no" },
	{ ZONE "a.example. CNAME .\n", "",
	  "list:3:1: warning: skipped: \"a.example.\" is outside the zone rpz.example" },
	{ SOA "a.example. CNAME .\n", "",
	  "\"a.example.\" is absolute, and no $ORIGIN names the zone" },
	{ SOA "* CNAME .\n", "", "list:2:1: warning: skipped: * is every name" },
	{ SOA "$INCLUDE b\n", "", "list:2:1: warning: skipped: $INCLUDE is not supported" },
	{ SOA "a\n", "", "list:2:1: warning: skipped: no record" },
	{ " CNAME .\n", "", "list:1:2: warning: skipped: a record without an owner" },
	{ SOA "a ( CNAME .\nb CNAME .\n", "",
	  "list:2:1: warning: skipped: a parenthesis is not closed" },
	{ SOA "a..b CNAME .\n", "", "list:2:1: warning: skipped: \"a..b\" is not a name" },
};

/* A zero byte is a byte of a name as any other, and no name has it. */
static void rpz_with_a_zero_byte(void **state)
{
	static const char text[] = "$ORIGIN .\nrpz.example SOA ns. host. 1 2 3 4 5\n"
				   "$ORIGIN com.rpz.example.\na\0b CNAME .\nc CNAME .\n";
	struct reading x;

	(void)state;
	begin_reading(&x);
	hg_list_read(&x.arena, &x.d, &x.set, hg_list_format("rpz"), "list",
		     hg_arena_text(&x.arena, text, sizeof(text) - 1), sizeof(text) - 1);
	print_names(&x, &x.set.names, "");
	print_said(&x);
	assert_string_equal(x.names, "c.com");
	assert_non_null(strstr(x.said, "list:4:1: warning: skipped: "));
	assert_non_null(strstr(x.said, "is not a name: a character"));
	end_reading(&x);
}

static void rpz(void **state)
{
	(void)state;
	CHECK_ROWS("rpz", rpz_rows);
}

/* ---- common to all ---- */

static void places_are_those_of_the_lines(void **state)
{
	struct reading x;

	(void)state;
	begin_reading(&x);
	read_file(&x, "adguard", "\xef\xbb\xbf||a.example^\n\n/x/\n||b.example^\n");
	assert_string_equal(x.names, ".a.example .b.example");
	assert_non_null(strstr(x.said, "list:3:1: "));
	assert_int_equal(x.set.names.items[1].line, 4);
	end_reading(&x);
}

static void many_skipped_lines_are_counted(void **state)
{
	struct reading x;
	char text[4 * 33 + 1];

	(void)state;
	begin_reading(&x);
	for (int i = 0; i < 33; i++)
		memcpy(text + 4 * i, "/x/\n", 5);
	read_file(&x, "adguard", text);
	assert_int_equal(x.d.errors, 0);
	assert_int_equal(x.d.warnings, 21);
	assert_int_equal(x.d.items[19].place.line, 20);
	assert_string_equal(x.d.items[20].text, "and 13 more lines were skipped");
	assert_int_equal(x.set.files->skipped, 33);
	end_reading(&x);
}

static void files_add_up(void **state)
{
	struct reading x;

	(void)state;
	begin_reading(&x);
	read_file(&x, "hosts", "0.0.0.0 a.example\n0.0.0.0 b.example\nx\n");
	read_file(&x, "adguard", "||c.example^\n@@||d.c.example^\n");
	assert_string_equal(x.names, "a.example b.example .c.example !.d.c.example");
	assert_string_equal(x.set.files->format->name, "adguard");
	assert_int_equal(x.set.files->entries, 1);
	assert_int_equal(x.set.files->exceptions, 1);
	assert_int_equal(x.set.files->next->entries, 2);
	assert_int_equal(x.set.files->next->skipped, 1);
	end_reading(&x);
}

/* ---- public suffixes ---- */

static const struct row suffix_rows[] = {
	{ ".com\n", ".com", "list:1:1: warning: \".com\" covers a public suffix" },
	{ "a.example\n *.co.uk # c\n", "a.example *.co.uk",
	  "list:2:2: warning: \"*.co.uk\" covers a public suffix" },
	{ ".github.io\n", ".github.io", "\".github.io\" covers a public suffix" },
	{ ".xn--p1ai\n", ".xn--p1ai", "\".xn--p1ai\" covers a public suffix" },
	{ "com\nco.uk\n", "com co.uk", NULL },
	{ ".example.com\n*.a.github.io\n", ".example.com *.a.github.io", NULL },
	{ ".corp\n*.lan\n.example\n", ".corp *.lan .example", NULL }, /* nobody registers there */
	{ ".www.ck\n*.x.ck\n", ".www.ck *.x.ck", "list:2:1: warning: \"*.x.ck\" covers" },
};

static void public_suffixes(void **state)
{
	static const struct row adguard_suffix = { "||net^\n", ".net",
						   "list:1:3: warning: \".net\"" };
	static const struct row dnsmasq_suffix = { "local=/net/\n", ".net", "list:1:8: warning: " };
	static const struct row excepted = { "@@||org^\n", "!.org", "list:1:5: warning: \".org\"" };

	(void)state;
	CHECK_ROWS("plain", suffix_rows);
	check_row("adguard", &adguard_suffix);
	check_row("dnsmasq", &dnsmasq_suffix);
	check_row("adguard", &excepted);
}

static void many_public_suffixes_are_counted(void **state)
{
	struct reading x;
	char text[5 * 25 + 1];

	(void)state;
	begin_reading(&x);
	for (int i = 0; i < 25; i++)
		memcpy(text + 5 * i, ".com\n", 6);
	read_file(&x, "plain", text);
	assert_int_equal(x.d.warnings, 21);
	assert_string_equal(x.d.items[20].text, "and 5 more entries cover a public suffix");
	end_reading(&x);
}

/* ---- auto ---- */

struct guess {
	const char *text;
	const char *format; /* NULL: it cannot be told, for the line */
	unsigned int line;
};

static const struct guess guesses[] = {
	{ "# c\n.a.example\nb.example # c\n", "plain", 0 },
	{ "", "plain", 0 },
	{ "# c\n0.0.0.0 a.example\n", "hosts", 0 },
	{ "! c\na.example\n", "adguard", 0 },
	{ "a.example\n||b.example^\n0.0.0.0 c.example\n", "adguard", 0 },
	{ "# c\ncache-size=1\naddress=/a.example/\n", "dnsmasq", 0 },
	{ "; c\n$TTL 60\n@ SOA ns. host. (\n 1\n 2 )\na.example CNAME .\n", "rpz", 0 },
	{ "a.example CNAME .\n", "rpz", 0 },
	{ "0.0.0.0 a.example\nb.example\n", NULL, 2 },
	{ "address=/a.example/\n||b.example^\n", NULL, 2 },
	{ "a.example\naddress=/a.example/\n", NULL, 1 },
};

static void formats_are_told_by_their_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
		const struct guess *g = &guesses[i];
		struct hg_diagnostics d = {};
		const struct hg_list_format *f =
			hg_list_format_of(&d, "list", g->text, strlen(g->text));

		if (!f != !g->format || (f && strcmp(f->name, g->format)))
			fail_msg("\"%s\" is %s, not %s", g->text, f ? f->name : "none",
				 g->format ? g->format : "none");
		assert_int_equal(d.errors, g->format ? 0 : 1);
		if (!g->format)
			assert_int_equal(d.items[0].place.line, g->line);
		hg_diagnostics_free(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(adguard),
		cmocka_unit_test(dnsmasq),
		cmocka_unit_test(rpz),
		cmocka_unit_test(rpz_with_a_zero_byte),
		cmocka_unit_test(places_are_those_of_the_lines),
		cmocka_unit_test(many_skipped_lines_are_counted),
		cmocka_unit_test(files_add_up),
		cmocka_unit_test(public_suffixes),
		cmocka_unit_test(many_public_suffixes_are_counted),
		cmocka_unit_test(formats_are_told_by_their_lines),
	};

	return cmocka_run_group_tests_name("list formats", tests, NULL, NULL);
}
