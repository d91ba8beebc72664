/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams that do not begin with a hello: other protocols, TLS after other
 * data, connections whose start was missed, and junk meant to hide a hello.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

enum what { NOTHING, TEXT, HELLO, FROM_SERVER };

/* One segment, where the last one of its side ended unless `at` says where. */
struct part {
	enum what what;
	const char *text; /* TEXT, FROM_SERVER */
	__u32 len;	  /* HELLO: so many bytes of it; 0: what is left */
	__u32 skip;	  /* bytes of the stream that nobody sees, before it */
	bool back;	  /* at offset 0 again */
};

struct row {
	const char *what;
	bool missed; /* no SYN */
	struct part parts[8];
	__u32 segments; /* of the hello; 0: none is seen */
	__u32 flags;
	enum hg_bucket bucket;
	__u64 unknown; /* packets of unknown flows */
	__u64 flows;
};

#define T(text)                                                                                    \
	{                                                                                          \
		TEXT, text, sizeof(text) - 1, 0, false                                             \
	}
#define S(text)                                                                                    \
	{                                                                                          \
		FROM_SERVER, text, sizeof(text) - 1, 0, false                                      \
	}
#define H(len)                                                                                     \
	{                                                                                          \
		HELLO, NULL, len, 0, false                                                         \
	}
#define AHEAD(skip, text)                                                                          \
	{                                                                                          \
		TEXT, text, sizeof(text) - 1, skip, false                                          \
	}
#define BACK(len)                                                                                  \
	{                                                                                          \
		HELLO, NULL, len, 0, true                                                          \
	}

#define AFTER HG_FLAG(after_other_data)
#define MISSED HG_FLAG(missed_start)
#define ONE HG_BUCKET_single_segment
#define MANY HG_BUCKET_reassembled

#define GET "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"

/* clang-format off */
static const struct row rows[] = {
	{ "HTTP", false, { T(GET), S("HTTP/1.1 200 OK\r\n") }, 0, 0, HG_BUCKET_not_tls, 0, 1 },
	{ "SSH", false, { S("SSH-2.0-x\r\n"), T("SSH-2.0-y\r\n"), T("binary") }, 0, 0,
	  HG_BUCKET_not_tls, 0, 1 },
	{ "a handshake record that is no hello", false, { T("\x16\3\1\0\5\2\0\0\1x") }, 0, 0,
	  HG_BUCKET_not_tls, 0, 1 },
	{ "application data first", false, { T("\x17\3\3\0\5abcde"), H(0) }, 1, AFTER, ONE, 0, 1 },
	{ "STARTTLS over SMTP", false,
	  { S("220 mail\r\n"), T("EHLO x\r\n"), S("250 STARTTLS\r\n"), T("STARTTLS\r\n"),
	    S("220 go\r\n"), H(0) }, 1, AFTER, ONE, 0, 1 },
	{ "STARTTLS, the hello in two segments", false,
	  { S("220 mail\r\n"), T("EHLO x\r\n"), T("STARTTLS\r\n"), S("220 go\r\n"), H(200), H(0) },
	  2, AFTER, MANY, 0, 1 },
	{ "HTTP CONNECT", false, { T("CONNECT a.example:443 HTTP/1.1\r\n\r\n"),
	    S("HTTP/1.1 200 OK\r\n\r\n"), H(0) }, 1, AFTER, ONE, 0, 1 },
	{ "SOCKS5", false, { T("\5\1\0"), S("\5\0"), T("\5\1\0\1\1\2\3\4\1\xbb"), S("\5\0"), H(0) },
	  1, AFTER, ONE, 0, 1 },
	{ "PROXY header in its own segment", false,
	  { T("PROXY TCP4 192.0.2.1 192.0.2.2 5 443\r\n"), H(0) }, 1, AFTER, ONE, 0, 1 },
	{ "PostgreSQL", false, { T("\0\0\0\x08\4\xd2\x16\x2f"), S("S"), H(0) }, 1, AFTER, ONE, 0,
	  1 },
	{ "the start was missed", true, { H(0) }, 1, MISSED, ONE, 0, 1 },
	{ "the start was missed, two segments", true, { H(300), H(0) }, 2, MISSED, MANY, 0, 1 },
	{ "the start was missed, first segment of eleven bytes", true, { H(11), H(0) }, 2, MISSED,
	  MANY, 0, 1 },
	{ "the start was missed, too little to be sure", true, { H(10), H(0) }, 0, 0, ONE, 2, 0 },
	{ "the middle of a download", true, { S("binary data"), T("more of it"), S("and more") }, 0,
	  0, ONE, 3, 0 },
	{ "the middle of a TLS connection", true,
	  { T("\x17\3\3\0\5abcde"), S("\x17\3\3\0\5abcde") }, 0, 0, ONE, 2, 0 },
	{ "the rest of a hello behind a hole, no more", false, { AHEAD(600, "x") }, 0, 0,
	  HG_BUCKET_truncated, 0, 1 },
	{ "junk 20 KB ahead, then the hello", false, { AHEAD(20000, "junk"), BACK(0) }, 1, 0, ONE,
	  0, 1 },
	{ "junk 20 KB ahead, then the hello in small segments", false,
	  { AHEAD(20000, "junk"), BACK(5), H(10), H(0) }, 3, 0, MANY, 0, 1 },
	{ "junk at the start, then the hello over it", false,
	  { T("junk that a server never saw"), BACK(0) }, 1, 0, ONE, 0, 1 },
	{ "junk at the start, then the hello over it in small segments", false,
	  { T("junk that a server never saw"), BACK(5), H(10), H(0) }, 3, 0, MANY, 0, 1 },
};
/* clang-format on */

struct cursor {
	__u32 client, server, hello;
	__u32 whole; /* bytes of the client without a hole */
};

static void send_part(struct talk *t, const struct part *p, struct cursor *c,
		      const struct octets *stream)
{
	__u32 len = p->len;

	if (p->what == HELLO && !len)
		len = stream->len - (p->back ? 0 : c->hello);
	c->client += p->skip;
	if (p->back) {
		c->client = 0;
		c->hello = 0;
	}
	if (c->client <= c->whole && p->what != FROM_SERVER && c->client + len > c->whole)
		c->whole = c->client + len;
	if (p->what == HELLO) {
		talk_client(t, c->client, stream->at + c->hello, len);
		c->hello += len;
		c->client += len;
	} else if (p->what == TEXT) {
		talk_client(t, c->client, p->text, len);
		c->client += len;
	} else {
		talk_server(t, c->server, p->text, len);
		c->server += len;
	}
}

static bool saw(struct talk *t, const struct row *row, const struct octets *message)
{
	struct hello_expected expected = { message,
					   { .bytes = 512,
					     .features = HG_HELLO_EXTENSIONS,
					     .legacy_version = 0x0303,
					     .version_max = 0x0304,
					     .cipher_count = 13,
					     .cipher_count_no_grease = 13,
					     .ext_count = 6,
					     .records = 1,
					     .segments = row->segments,
					     .record_version = 0x0301,
					     .session_id_len = 32,
					     .sni_state = HG_SNI_ok },
					   row->bucket,
					   row->flags };

	return row->segments ? talk_saw_hello(t, &expected) : talk_saw_no_hello(t);
}

static bool one(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static struct octets message, stream;
	static struct talk t;
	struct cursor at = { 0 };
	struct hg_counters c;
	struct conn conn = { .isn = 0x10000000 };
	bool ok;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	talk_begin(&t, g, hook, &conn);
	if (!row->missed)
		talk_syn(&t);
	for (__u32 i = 0; i < 8 && row->parts[i].what; i++)
		send_part(&t, &row->parts[i], &at, &stream);
	ok = saw(&t, row, &message);
	talk_client_ends(&t, at.whole);
	ok &= check_coverage(g, row->flows, &row->bucket, row->flows != 0);
	gate_counters(g, &c);
	ok &= check_u64("unknown_flow", c.refused.unknown_flow, row->unknown);
	return ok & gate_balanced(g) & gate_clear(g);
}

/* After 64 KB of something else, nothing is looked for any more. */
static void far_behind(struct gate *g, enum gate_hook hook, __u32 before, bool seen)
{
	static const __u8 noise[1000];
	static struct octets message, stream;
	static struct talk t;
	const struct gate_event *e = NULL;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	for (__u32 at = 0; at < before; at += sizeof(noise))
		talk_client(&t, at, noise, sizeof(noise));
	talk_client(&t, before, stream.at, stream.len);
	tap_ok(check_u64("HELLO events", talk_count(&t, HG_EVENT_HELLO, &e), seen) &
		       gate_balanced(g) & gate_clear(g),
	       "%s: a hello after %u bytes of something else is %s", gate_hook_name[hook], before,
	       seen ? "seen" : "left alone");
}

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			tap_ok(one(&g, hook, &rows[i]), "%s: %s", gate_hook_name[hook],
			       rows[i].what);
		far_behind(&g, hook, 65000, true);
		far_behind(&g, hook, 67000, false);
	}
	gate_close(&g);
	return tap_done();
}
