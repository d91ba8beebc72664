/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server name: five states, lower case without trailing dot, and the
 * table of names.
 */
#include <bpf/bpf.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

struct row {
	const char *what;
	/* Names of a list; a NULL name ends it.  Without any: `body` as it is. */
	struct sni_entry names[4];
	const char *body;
	__u32 body_len;
	bool absent;
	const char *twice; /* a second server_name extension */
	enum hg_sni_state state;
	const char *kept; /* in server_names; NULL: nothing */
	__u32 kept_len;
};

#define NAME(text)                                                                                 \
	{                                                                                          \
		0, text, sizeof(text) - 1                                                          \
	}
#define TYPED(type, text)                                                                          \
	{                                                                                          \
		type, text, sizeof(text) - 1                                                       \
	}
#define BODY(bytes) .body = (bytes), .body_len = sizeof(bytes) - 1
#define KEPT(text) .kept = (text), .kept_len = sizeof(text) - 1

#define L10 "abcdefghi."
#define L50 L10 L10 L10 L10 L10
#define L250 L50 L50 L50 L50 L50

/* clang-format off */
static const struct row rows[] = {
	{ .what = "a name", .names = { NAME("www.example.com") }, .state = HG_SNI_ok,
	  KEPT("www.example.com") },
	{ .what = "UPPER CASE", .names = { NAME("WWW.EXAMPLE.COM") }, .state = HG_SNI_ok,
	  KEPT("www.example.com") },
	{ .what = "MiXed case", .names = { NAME("wWw.ExAmPlE.cOm") }, .state = HG_SNI_ok,
	  KEPT("www.example.com") },
	{ .what = "trailing dot", .names = { NAME("www.example.com.") }, .state = HG_SNI_ok,
	  KEPT("www.example.com") },
	{ .what = "UPPER with a trailing dot", .names = { NAME("EXAMPLE.") }, .state = HG_SNI_ok,
	  KEPT("example") },
	{ .what = "letters at the edges of the alphabet", .names = { NAME("azAZ09-_.zaZA90") },
	  .state = HG_SNI_ok, KEPT("azaz09-_.zaza90") },
	{ .what = "one letter", .names = { NAME("x") }, .state = HG_SNI_ok, KEPT("x") },
	{ .what = "seven, then eight letters", .names = { NAME("abcdefg") }, .state = HG_SNI_ok,
	  KEPT("abcdefg") },
	{ .what = "eight letters", .names = { NAME("ABCDEFGH") }, .state = HG_SNI_ok,
	  KEPT("abcdefgh") },
	{ .what = "IPv4 literal", .names = { NAME("192.0.2.1") }, .state = HG_SNI_ok,
	  KEPT("192.0.2.1") },
	{ .what = "A-label", .names = { NAME("xn--bcher-kva.example") }, .state = HG_SNI_ok,
	  KEPT("xn--bcher-kva.example") },
	{ .what = "253 bytes", .names = { NAME(L250 "abc") }, .state = HG_SNI_ok,
	  KEPT(L250 "abc") },
	{ .what = "254 bytes, the last a dot", .names = { NAME(L250 "abc.") }, .state = HG_SNI_ok,
	  KEPT(L250 "abc") },
	{ .what = "255 bytes", .names = { NAME(L250 "abcde") }, .state = HG_SNI_ok,
	  KEPT(L250 "abcde") },
	{ .what = "256 bytes", .names = { NAME(L250 "abcdef") }, .state = HG_SNI_invalid,
	  KEPT(L250 "abcde") },
	{ .what = "no extension", .absent = true, .state = HG_SNI_none },
	{ .what = "empty extension", BODY(""), .state = HG_SNI_empty },
	{ .what = "empty list", BODY("\0\0"), .state = HG_SNI_empty },
	{ .what = "empty name", .names = { NAME("") }, .state = HG_SNI_empty },
	{ .what = "another name type alone", .names = { TYPED(1, "www.example.com") },
	  .state = HG_SNI_empty },
	{ .what = "another name type first", .names = { TYPED(7, "other"), NAME("real.example") },
	  .state = HG_SNI_ok, KEPT("real.example") },
	{ .what = "two names", .names = { NAME("one.example"), NAME("two.example") },
	  .state = HG_SNI_ambiguous, KEPT("one.example") },
	{ .what = "the same name twice", .names = { NAME("one.example"), NAME("one.example") },
	  .state = HG_SNI_ambiguous, KEPT("one.example") },
	{ .what = "the extension twice", .names = { NAME("one.example") }, .twice = "two.example",
	  .state = HG_SNI_ambiguous, KEPT("one.example") },
	{ .what = "NUL inside", .names = { NAME("www\0.example.com") }, .state = HG_SNI_invalid,
	  KEPT("www\0.example.com") },
	{ .what = "a space", .names = { NAME("www example.com") }, .state = HG_SNI_invalid,
	  KEPT("www example.com") },
	{ .what = "UTF-8, its case kept", .names = { NAME("B\xc3\x9c" "cher.example") },
	  .state = HG_SNI_invalid, KEPT("B\xc3\x9c" "cher.example") },
	{ .what = "IPv6 literal", .names = { NAME("2001:db8::1") }, .state = HG_SNI_invalid,
	  KEPT("2001:db8::1") },
	{ .what = "neighbours of the letters: @ [ ` {", .names = { NAME("@[`{") },
	  .state = HG_SNI_invalid, KEPT("@[`{") },
	{ .what = "neighbours of the digits: / :", .names = { NAME("a/b:c") },
	  .state = HG_SNI_invalid, KEPT("a/b:c") },
	{ .what = "a comma", .names = { NAME("a,b") }, .state = HG_SNI_invalid, KEPT("a,b") },
	{ .what = "byte 0xe1, a letter but for its highest bit", .names = { NAME("\xe1" "bc") },
	  .state = HG_SNI_invalid, KEPT("\xe1" "bc") },
	{ .what = "a list longer than its extension", BODY("\0\x09\0\0\3abc"),
	  .state = HG_SNI_invalid, KEPT("\0\0\3abc") },
	{ .what = "a name longer than its list", BODY("\0\6\0\0\4abc"), .state = HG_SNI_invalid },
	{ .what = "a lone zero", BODY("\0"), .state = HG_SNI_invalid, KEPT("\0") },
};
/* clang-format on */

static __u64 names_in_table(struct gate *g, struct hg_server_name *last)
{
	__u64 key, *from = NULL, n = 0;

	for (; !bpf_map_get_next_key(gate_map(g, "server_names"), from, &key); from = &key)
		n += !bpf_map_lookup_elem(gate_map(g, "server_names"), &key, last);
	return n;
}

static bool table_has(struct gate *g, const struct row *row, __u64 hellos)
{
	struct hg_server_name entry = {};
	__u8 wanted[HG_NAME_SIZE] = {};
	bool ok = check_u64("names in the table", names_in_table(g, &entry), row->kept != NULL);

	if (!row->kept)
		return ok;
	memcpy(wanted, row->kept, row->kept_len);
	if (memcmp(wanted, entry.name, sizeof(wanted)) != 0) {
		tap_diag("the table holds \"%.255s\", expected \"%s\"", entry.name, row->kept);
		ok = false;
	}
	ok &= check_u64("hellos of the name", entry.hellos, hellos);
	ok &= check_u64("resets of the name", entry.resets, 0);
	ok &= check_u64("first seen", entry.first_ns, g->presence->time_ns - SECONDS(1));
	return ok & check_u64("last seen", entry.last_ns, g->presence->time_ns);
}

static void build(struct octets *stream, struct octets *message, const struct row *row)
{
	static struct octets body;
	struct hello_spec spec = { .sni_twice = row->twice, .pad_to = 700 };
	__u32 count = 0;

	octets_clear(&body);
	while (count < 4 && row->names[count].name)
		count++;
	if (count)
		sni_list(&body, row->names, count);
	else if (row->body)
		put(&body, row->body, row->body_len);
	if (!row->absent) {
		spec.sni_body = body.at;
		spec.sni_body_len = body.len;
	}
	hello_build(message, &spec);
	record_whole(stream, message);
}

static bool hello_says(struct talk *t, const struct row *row)
{
	const struct gate_event *e = NULL;
	enum hg_bucket bucket = row->state == HG_SNI_ambiguous ? HG_BUCKET_ambiguous
							       : HG_BUCKET_single_segment;

	if (!check_u64("HELLO events", talk_count(t, HG_EVENT_HELLO, &e), 1))
		return false;
	return check_u64("sni_state", e->head.hello.sni_state, row->state) &
	       check_u64("bucket", e->head.bucket, bucket);
}

static bool one(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static struct octets message, stream;
	static struct talk t;
	struct hg_counters c;
	bool ok = true;

	build(&stream, &message, row);
	for (int n = 0; n < 2; n++) {
		talk_begin(&t, g, hook, NULL);
		talk_syn(&t);
		talk_client(&t, 0, stream.at, stream.len);
		ok &= hello_says(&t, row);
		talk_client_flags(&t, TCP_RST, stream.len);
		if (!n)
			gate_wait(g, SECONDS(1));
	}
	gate_counters(g, &c);
	ok &= check_u64("counted by state", ((__u64 *)&c.sni)[row->state], 2);
	ok &= table_has(g, row, 2);
	return ok & gate_balanced(g) & gate_clear(g);
}

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	FOR_HOOKS(hook)
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			tap_ok(one(&g, hook, &rows[i]), "%s: %s", gate_hook_name[hook],
			       rows[i].what);
	gate_close(&g);
	return tap_done();
}
