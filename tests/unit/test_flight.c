/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both sides say behind the hello, walked as the capture reader walks it.
 *
 * Each stream is heard in one segment, in two that are cut at every byte, and byte
 * by byte: what is known by then must be the same.  Expected values are those of
 * RFC 5246, RFC 8446 and RFC 8422, never what the walker said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "../../include/outcome.h"
#include "hello_text.h"

#define CLIENT 0U
#define SERVER 1U

#define CCS 20
#define ALERT 21
#define HANDSHAKE 22
#define DATA 23
#define HEARTBEAT 24

#define CERTIFICATE 11
#define DONE 14

#define FIRST_SEQ 0xfffffff0U /* so that sequence numbers wrap on the way */
#define SHOWN_MAX 24576

/* RFC 8446, section 4.1.3. */
#define RETRY "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
#define SID32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY32 "0000000000000000000000000000000000000000000000000000000000000000"
#define IS_13 "002b 0002 0304"
#define X25519 "0033 0024 001d 0020" KEY32

/* Both sides of a handshake, and what user space is shown of a Certificate message. */
struct talk {
	struct hg_flight flight[2];
	struct hg_answer_facts answer;
	__u32 sent[2]; /* sequence number of the next byte */
	__u32 now_us;
	unsigned int most_chunks; /* of a segment */
	unsigned int chunks_lost; /* of all */
	__u8 shown[SHOWN_MAX];
	__u8 times[SHOWN_MAX]; /* each of those was shown */
};

static struct talk now;
static struct hg_capture capture;

/* ---- hearing ---- */

static void take_chunk(struct talk *t, const struct hg_walk *walk, const struct hg_chunk *c)
{
	assert_in_range(c->len, 1, 2048);
	assert_true(c->at + c->len <= walk->end);
	assert_true(c->offset + c->len <= SHOWN_MAX);
	memcpy(t->shown + c->offset, capture.bytes + c->at, c->len);
	for (__u32 i = 0; i < c->len; i++)
		t->times[c->offset + i]++;
}

static void take_chunks(struct talk *t, const struct hg_walk *walk)
{
	assert_in_range(walk->chunk_count, 0, 16);
	if (walk->chunk_count > t->most_chunks)
		t->most_chunks = walk->chunk_count;
	t->chunks_lost += walk->chunks_lost;
	for (__u32 i = 0; i < walk->chunk_count; i++)
		take_chunk(t, walk, &walk->chunks[i]);
}

/* As bpf/answer.h does it for a segment that comes in order. */
static void segment(struct talk *t, unsigned int side, const __u8 *bytes, size_t len)
{
	struct hg_walk walk = { .now_us = t->now_us };
	struct hg_flight_step step = {
		.capture = &capture,
		.walk = &walk,
		.flight = &t->flight[side],
		.side = &t->answer.side[side],
		.other = &t->answer.side[!side],
		.server = &t->answer.server,
		.from_server = side,
	};
	__u32 skip = t->flight[side].next - t->sent[side];

	t->sent[side] += (__u32)len;
	if (step.side->seen & HG_SEEN_LOST || skip >= len)
		return;
	memset(capture.bytes, 0x16, sizeof(capture.bytes)); /* behind the end, a record begins */
	memcpy(capture.bytes, bytes + skip, len - skip);
	walk.end = (__u32)len - skip;
	hg_flight_walk(&step);
	take_chunks(t, &walk);
}

static bool same(const struct talk *a, const struct talk *b)
{
	return !memcmp(&a->answer, &b->answer, sizeof(a->answer)) &&
	       !memcmp(a->shown, b->shown, SHOWN_MAX) && !memcmp(a->times, b->times, SHOWN_MAX);
}

static void begin_talk(struct talk *t)
{
	memset(t, 0, sizeof(*t));
	t->now_us = 1;
	for (unsigned int side = CLIENT; side <= SERVER; side++) {
		t->sent[side] = FIRST_SEQ;
		t->flight[side].next = FIRST_SEQ;
		hg_want(&t->flight[side], HG_WANT_MESSAGE, HG_HANDSHAKE_HEADER);
	}
}

/* Goes on from `now`, whatever the cut to the same facts. */
static void hear(unsigned int side, const struct hello_bytes *b)
{
	static struct talk before, t;

	before = now;
	segment(&now, side, b->at, b->len);
	for (size_t cut = 1; cut < b->len; cut++) {
		t = before;
		segment(&t, side, b->at, cut);
		segment(&t, side, b->at + cut, b->len - cut);
		if (!same(&t, &now))
			fail_msg("cut at %zu of %zu: other facts", cut, b->len);
	}
	t = before;
	for (size_t i = 0; i < b->len; i++)
		segment(&t, side, b->at + i, 1);
	if (!same(&t, &now))
		fail_msg("byte by byte: other facts");
}

static int begin(void **state)
{
	(void)state;
	begin_talk(&now);
	return 0;
}

static const struct hg_side_facts *server(void)
{
	return &now.answer.side[SERVER];
}

static const struct hg_side_facts *client(void)
{
	return &now.answer.side[CLIENT];
}

/* ---- saying ---- */

static struct hello_bytes wire, body;

static void empty(struct hello_bytes *b)
{
	b->len = 0;
}

static void put_record(struct hello_bytes *b, unsigned int content, unsigned int version,
		       const __u8 *bytes, size_t len)
{
	put8(b, content);
	put16(b, version);
	put16(b, (unsigned int)len);
	memcpy(b->at + b->len, bytes, len);
	b->len += len;
}

/* Of so many bytes each, of which the walker knows nothing. */
static void put_opaque(struct hello_bytes *b, unsigned int content, size_t len)
{
	static __u8 noise[20000];

	memset(noise, 0x15, sizeof(noise));
	put_record(b, content, 0x0303, noise, len);
}

static void put_hex_record(struct hello_bytes *b, unsigned int content, const char *hex)
{
	static struct hello_bytes payload;

	empty(&payload);
	put_text(&payload, hex);
	put_record(b, content, 0x0303, payload.at, payload.len);
}

/* The messages in `from`, `each` bytes a record. */
static void put_records(struct hello_bytes *b, const struct hello_bytes *from, size_t each)
{
	for (size_t at = 0, n; at < from->len; at += n) {
		n = from->len - at < each ? from->len - at : each;
		put_record(b, HANDSHAKE, 0x0303, from->at + at, n);
	}
}

static size_t message_begin(struct hello_bytes *b, unsigned int type)
{
	put8(b, type);
	return vector_begin(b, 3);
}

static void message_end(struct hello_bytes *b, size_t from)
{
	vector_end(b, from, 3);
}

static void put_message(struct hello_bytes *b, unsigned int type, const char *hex)
{
	size_t from = message_begin(b, type);

	put_text(b, hex);
	message_end(b, from);
}

struct server_hello {
	unsigned int version;
	const char *random; /* NULL: one like any other */
	const char *session_id;
	unsigned int cipher;
	unsigned int compression;
	const char *exts; /* the block without its length; NULL: there is none */
};

static void put_server_hello(struct hello_bytes *b, const struct server_hello *h)
{
	size_t from = message_begin(b, 2);

	put16(b, h->version);
	put_text(b, h->random ? h->random : KEY32);
	put_vector(b, 1, h->session_id);
	put16(b, h->cipher);
	put8(b, h->compression);
	if (h->exts)
		put_vector(b, 2, h->exts);
	message_end(b, from);
}

static void put_certificates(struct hello_bytes *b, const size_t *sizes, unsigned int count)
{
	size_t from = message_begin(b, CERTIFICATE), list = vector_begin(b, 3);

	for (unsigned int i = 0; i < count; i++) {
		size_t one = vector_begin(b, 3);

		for (size_t n = 0; n < sizes[i]; n++)
			put8(b, (unsigned int)(n * 7 + i) & 0xff);
		vector_end(b, one, 3);
	}
	vector_end(b, list, 3);
	message_end(b, from);
}

static const struct server_hello hello12 = { 0x0303, NULL, SID32, 0xc02f, 0, "ff01 0001 00" };
static const struct server_hello hello13 = { 0x0303, NULL, SID32, 0x1301, 0, IS_13 X25519 };
static const struct server_hello retry = {
	0x0303, RETRY, SID32, 0x1301, 0, IS_13 "0033 0002 0018"
};

/* The server answers, in a record of its own. */
static void answer_with(const struct server_hello *h)
{
	empty(&body);
	empty(&wire);
	put_server_hello(&body, h);
	put_records(&wire, &body, 16384);
	hear(SERVER, &wire);
}

/* ---- ServerHello ---- */

struct hello_row {
	const char *what;
	struct server_hello hello;
	unsigned int version, group, retry_group, features, alpn_len;
	const char *alpn;
};

#define RETRIES HG_SERVER_HELLO_RETRY
#define PSK HG_SERVER_PSK
#define TICKET HG_SERVER_TICKET
#define EXTS HG_SERVER_EXTENSIONS

#define ALPN_H2 "0010 0005 0003 02 6832"
#define ALPN_1 "0010 0004 0002 01 78"
#define ALPN_HTTP "0010 000b 0009 08 687474702f312e31"
#define ALPN_13 "0010 0010 000e 0d 6162636465666768696a6b6c6d"
#define ALPN_14 "0010 0011 000f 0e 6162636465666768696a6b6c6d6e"
#define ALPN_40 "0010 002b 0029 28 " KEY32 "4142434445464748"

/* clang-format off */
static const struct hello_row hellos[] = {
	{ "SSL 3.0", { 0x0300, NULL, SID32, 0x0005, 0, NULL }, 0x0300, 0, 0, 0, 0, NULL },
	{ "TLS 1.0", { 0x0301, NULL, SID32, 0x002f, 0, NULL }, 0x0301, 0, 0, 0, 0, NULL },
	{ "TLS 1.1", { 0x0302, NULL, NULL, 0x0035, 0, NULL }, 0x0302, 0, 0, 0, 0, NULL },
	{ "TLS 1.2", { 0x0303, NULL, NULL, 0xc030, 0, "ff01 0001 00" }, 0x0303, 0, 0, EXTS, 0, NULL },
	{ "ALPN longer than its extension", { 0x0303, NULL, NULL, 0xc02f, 0,
	  "0010 0005 0003 08 6832 0023 0000" }, 0x0303, 0, 0, EXTS | TICKET, 0, NULL },
	{ "a version of no bytes", { 0x0303, NULL, NULL, 0xc02f, 0, "002b 0000 0023 0000" }, 0x0303,
	  0, 0, EXTS | TICKET, 0, NULL },
	{ "short session id", { 0x0303, NULL, "aa", 0xc030, 0, NULL }, 0x0303, 0, 0, 0, 0, NULL },
	{ "compression", { 0x0301, NULL, SID32, 0x002f, 1, NULL }, 0x0301, 0, 0, 0, 0, NULL },
	{ "no extensions", { 0x0303, NULL, "", 0x009c, 0, "" }, 0x0303, 0, 0, EXTS, 0, NULL },
	{ "ticket", { 0x0303, NULL, NULL, 0xc02f, 0, "0023 0000" ALPN_H2 }, 0x0303, 0, 0,
	  EXTS | TICKET, 2, "h2" },
	{ "ALPN first", { 0x0303, NULL, NULL, 0xc02f, 0, ALPN_HTTP "0023 0000" }, 0x0303, 0, 0,
	  EXTS | TICKET, 8, "http/1.1" },
	{ "ALPN of one byte", { 0x0303, NULL, NULL, 0xc02f, 0, ALPN_1 }, 0x0303, 0, 0, EXTS, 1, "x" },
	{ "ALPN that just fits", { 0x0303, NULL, NULL, 0xc02f, 0, ALPN_13 "0023 0000" }, 0x0303, 0,
	  0, EXTS | TICKET, 13, "abcdefghijklm" },
	{ "ALPN that does not", { 0x0303, NULL, NULL, 0xc02f, 0, ALPN_14 "0023 0000" }, 0x0303, 0, 0,
	  EXTS | TICKET, 14, "abcdefghijklm" },
	{ "ALPN much longer", { 0x0303, NULL, NULL, 0xc02f, 0, ALPN_40 "0023 0000" }, 0x0303, 0, 0,
	  EXTS | TICKET, 40, "\0\0\0\0\0\0\0\0\0\0\0\0" },
	{ "TLS 1.3", { 0x0303, NULL, SID32, 0x1301, 0, IS_13 X25519 }, 0x0304, 0x1d, 0, EXTS, 0,
	  NULL },
	{ "share first", { 0x0303, NULL, SID32, 0x1302, 0, X25519 IS_13 }, 0x0304, 0x1d, 0, EXTS, 0,
	  NULL },
	{ "PSK with a share", { 0x0303, NULL, SID32, 0x1301, 0, "0029 0002 0000" X25519 IS_13 },
	  0x0304, 0x1d, 0, EXTS | PSK, 0, NULL },
	{ "PSK alone", { 0x0303, NULL, NULL, 0x1303, 0, IS_13 "0029 0002 0001" }, 0x0304, 0, 0,
	  EXTS | PSK, 0, NULL },
	{ "draft 28", { 0x0303, NULL, SID32, 0x1301, 0, "002b 0002 7f1c" X25519 }, 0x7f1c, 0x1d, 0,
	  EXTS, 0, NULL },
	{ "hybrid share", { 0x0303, NULL, NULL, 0x1301, 0, IS_13 "0033 0008 11ec 0004 01020304" },
	  0x0304, 0x11ec, 0, EXTS, 0, NULL },
	{ "asks again", { 0x0303, RETRY, SID32, 0x1301, 0, IS_13 "0033 0002 0018" }, 0x0304, 0, 0x18,
	  EXTS | RETRIES, 0, NULL },
	{ "asks again, cookie", { 0x0303, RETRY, SID32, 0x1301, 0, "002c 0006 0004 01020304" IS_13 },
	  0x0304, 0, 0, EXTS | RETRIES, 0, NULL },
	{ "a random that begins as that one", { 0x0303, "cf21ad" "00000000000000000000000000000000"
	  "00000000000000000000000000", SID32, 0x1301, 0, IS_13 X25519 }, 0x0304, 0x1d, 0, EXTS, 0,
	  NULL },
	{ "and one that goes on as it does", { 0x0303, "000000 74e59a" "00000000000000000000000000"
	  "00000000000000000000000000", SID32, 0x1301, 0, IS_13 X25519 }, 0x0304, 0x1d, 0, EXTS, 0,
	  NULL },
	{ "others' extensions", { 0x0303, NULL, NULL, 0xc02f, 0,
	  "0000 0000 000b 0002 0100 0017 0000 0005 0000 ffff 0003 002b00" }, 0x0303, 0, 0, EXTS, 0,
	  NULL },
};
/* clang-format on */

static void alpn_is(const struct hello_row *row)
{
	const struct hg_server_facts *s = &now.answer.server;
	unsigned int kept = row->alpn_len < HG_ALPN_SHOWN ? row->alpn_len : HG_ALPN_SHOWN;

	assert_int_equal(s->alpn_len, row->alpn_len);
	if (kept)
		assert_memory_equal(s->alpn, row->alpn, kept);
}

static void server_hellos(void **state)
{
	const struct hg_server_facts *s = &now.answer.server;

	(void)state;
	for (size_t i = 0; i < sizeof(hellos) / sizeof(hellos[0]); i++) {
		const struct hello_row *row = &hellos[i];
		const char *id = row->hello.session_id ? row->hello.session_id : "";

		print_message("# %s\n", row->what);
		begin_talk(&now);
		answer_with(&row->hello);
		assert_int_equal(s->version, row->version);
		assert_int_equal(s->legacy_version, row->hello.version);
		assert_int_equal(s->cipher, row->hello.cipher);
		assert_int_equal(s->compression, row->hello.compression);
		assert_int_equal(s->session_id_len, strlen(id) / 2);
		assert_int_equal(s->group, row->group);
		assert_int_equal(s->retry_group, row->retry_group);
		assert_int_equal(s->features, row->features);
		alpn_is(row);
		assert_int_equal(server()->messages, 1U << 2);
		assert_int_equal(server()->records, 1);
		assert_int_equal(server()->seen, 0);
	}
}

/* Drafts before 22 have neither session id nor compression (draft-ietf-tls-tls13-18, 4.1.3). */
static void early_drafts(void **state)
{
	(void)state;
	empty(&body);
	empty(&wire);
	put_message(&body, 2, "7f12" KEY32 "1301 002c 0028 0024 001d 0020" KEY32 "0000 0000");
	put_records(&wire, &body, 16384);
	hear(SERVER, &wire);
	assert_int_equal(now.answer.server.version, 0x7f12);
	assert_int_equal(now.answer.server.cipher, 0x1301);
	assert_int_equal(now.answer.server.group, 0x1d);
}

static void is_hello_behind_retry(void)
{
	const struct hg_server_facts *s = &now.answer.server;

	assert_int_equal(s->version, 0x0304);
	assert_int_equal(s->cipher, 0x1301);
	assert_int_equal(s->retry_group, 0x18);
	assert_int_equal(s->group, 0x18);
	assert_int_equal(s->features, RETRIES | EXTS | PSK);
	assert_int_equal(server()->encrypted, 0);
}

/* Figure 3 of RFC 8446, with the ChangeCipherSpec of appendix D.4 between both hellos. */
static void hello_behind_retry(void **state)
{
	static const struct server_hello second = {
		0x0303, NULL, SID32, 0x1301, 0, "0033 0006 0018 0002 0102 0029 0002 0000" IS_13
	};

	(void)state;
	answer_with(&retry);
	empty(&wire);
	put_hex_record(&wire, CCS, "01");
	hear(SERVER, &wire);
	assert_int_equal(now.answer.server.group, 0);
	answer_with(&second);
	is_hello_behind_retry();
	assert_int_equal(server()->records, 3);
	assert_int_equal(server()->seen, HG_SEEN_CCS);
}

/* Its version comes last, and records end before that. */
static void torn_hello_behind_retry(void **state)
{
	static const struct server_hello second = {
		0x0303, NULL, SID32, 0x1301, 0, "0033 0006 0018 0002 0102 0029 0002 0000" IS_13
	};

	(void)state;
	answer_with(&retry);
	empty(&body);
	empty(&wire);
	put_server_hello(&body, &second);
	put_hex_record(&wire, CCS, "01");
	put_records(&wire, &body, 50);
	hear(SERVER, &wire);
	is_hello_behind_retry();
	assert_int_equal(server()->seen, HG_SEEN_CCS);
}

/* The client's second hello is in clear, too. */
static void client_behind_retry(void **state)
{
	const struct hello_bytes *hello = hello_of(
		&(struct hello_text){ .ciphers = "1301", .exts = "002b", .versions = "0304" });

	(void)state;
	answer_with(&retry);
	empty(&wire);
	put_hex_record(&wire, CCS, "01");
	put_records(&wire, hello, 16384);
	hear(CLIENT, &wire);
	assert_int_equal(client()->messages, 1U << 1);
	assert_int_equal(client()->encrypted, 0);
	assert_int_equal(client()->records, 2);
}

/* ---- the server's flight of TLS 1.2 ---- */

static const size_t chain[] = { 700, 1210, 3 };
#define CHAIN_LIST (700 + 1210 + 3 + 3 * 3)

#define ECDHE_SHARE "03 0017 04 01020304 0401 0002 aabb"

static void put_flight12(struct hello_bytes *b)
{
	put_server_hello(b, &hello12);
	put_certificates(b, chain, 3);
	put_message(b, 12, ECDHE_SHARE);
	put_message(b, 13, "01 01 0002 0401 0000");
	put_message(b, DONE, "");
}

/* Each byte of the message once, and those of the wire. */
static void certificate_is_shown(const struct hello_bytes *from, size_t at, size_t len)
{
	assert_memory_equal(now.shown, from->at + at, len);
	for (size_t i = 0; i < len; i++)
		if (now.times[i] != 1)
			fail_msg("byte %zu was shown %u times", i, now.times[i]);
	for (size_t i = len; i < SHOWN_MAX; i++)
		if (now.times[i])
			fail_msg("byte %zu is none of the message", i);
}

static void is_flight12(void)
{
	const struct hg_side_facts *s = server();

	assert_int_equal(s->messages,
			 1U << 2 | 1U << CERTIFICATE | 1U << 12 | 1U << 13 | 1U << DONE);
	assert_int_equal(s->certificate_bytes, 4 + 3 + CHAIN_LIST);
	assert_int_equal(s->certificate_list, CHAIN_LIST);
	assert_int_equal(s->certificates, 3);
	assert_int_equal(s->seen, 0);
	assert_int_equal(s->alert_count, 0);
	assert_int_equal(s->encrypted, 0);
	assert_int_equal(now.answer.server.group, 0x17);
	assert_int_equal(now.answer.server.cipher, 0xc02f);
}

static void flight_in_records_of(size_t each)
{
	size_t hello_len;

	empty(&body);
	empty(&wire);
	put_server_hello(&body, &hello12);
	hello_len = body.len;
	empty(&body);
	put_flight12(&body);
	put_records(&wire, &body, each);
	begin_talk(&now);
	hear(SERVER, &wire);
	is_flight12();
	assert_int_equal(server()->records, (body.len + each - 1) / each);
	certificate_is_shown(&body, hello_len + 4, 3 + CHAIN_LIST);
}

static void coalesced_and_cut_up(void **state)
{
	static const size_t each[] = { 16384, 2011, 1000, 512, 256, 200 };

	(void)state;
	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		print_message("# records of %zu\n", each[i]);
		flight_in_records_of(each[i]);
	}
}

/* Each message in a record of its own, as GnuTLS sends them. */
static void a_record_for_each(void **state)
{
	(void)state;
	answer_with(&hello12);
	for (int i = 0; i < 4; i++) {
		empty(&body);
		empty(&wire);
		if (i == 0)
			put_certificates(&body, chain, 3);
		else if (i == 1)
			put_message(&body, 12, ECDHE_SHARE);
		else
			put_message(&body, i == 2 ? 13 : DONE,
				    i == 2 ? "01 01 0002 0401 0000" : "");
		put_records(&wire, &body, 16384);
		hear(SERVER, &wire);
		if (!i)
			certificate_is_shown(&body, 4, 3 + CHAIN_LIST);
	}
	is_flight12();
	assert_int_equal(server()->records, 5);
}

/* Records of one byte: headers of messages and all fields are torn. */
static void records_of_a_byte(void **state)
{
	(void)state;
	empty(&body);
	empty(&wire);
	put_flight12(&body);
	put_records(&wire, &body, 1);
	for (size_t at = 0; at < wire.len; at += 11)
		segment(&now, SERVER, wire.at + at, wire.len - at < 11 ? wire.len - at : 11);
	is_flight12();
	assert_int_equal(server()->records, body.len);
	assert_int_equal(now.chunks_lost, 0);
}

/* More pieces than a segment may show: the facts hold, and nothing is written beyond. */
static void more_chunks_than_there_is_room(void **state)
{
	(void)state;
	empty(&body);
	empty(&wire);
	put_flight12(&body);
	put_records(&wire, &body, 60);
	segment(&now, SERVER, wire.at, wire.len);
	is_flight12();
	assert_int_equal(now.most_chunks, 16);
	assert_true(now.chunks_lost > 0);
}

/* 4437 bytes of message and 4430 of list, as in a capture of such a server. */
static void large_certificates(void **state)
{
	static const size_t sizes[] = { 1800, 1450, 1171 };

	(void)state;
	empty(&body);
	empty(&wire);
	put_certificates(&body, sizes, 3);
	put_records(&wire, &body, 16384);
	hear(SERVER, &wire);
	assert_int_equal(server()->certificate_bytes, 4437);
	assert_int_equal(server()->certificate_list, 4430);
	assert_int_equal(server()->certificates, 3);
	certificate_is_shown(&body, 4, 4433);
}

/* In segments of every size: none shows more than the kernel may send at once. */
static void segments_of(size_t each)
{
	begin_talk(&now);
	for (size_t at = 0; at < wire.len; at += each)
		segment(&now, SERVER, wire.at + at, wire.len - at < each ? wire.len - at : each);
	certificate_is_shown(&body, 4, body.len - 4);
}

static void chunks_of_segments(void **state)
{
	static const size_t sizes[] = { 2040, 2047, 2048, 2049, 3000, 1 };
	static const size_t segments[] = {
		16384, 9000, 8948, 4096, 2049, 2048, 2047, 1460, 536, 7
	};

	(void)state;
	empty(&body);
	empty(&wire);
	put_certificates(&body, sizes, 6);
	put_records(&wire, &body, 4096);
	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++)
		segments_of(segments[i]);
	assert_int_equal(server()->certificates, 6);
}

/* RFC 5246, 7.4.6: a client that has none sends an empty list. */
static void no_certificate(void **state)
{
	(void)state;
	answer_with(&hello12);
	empty(&body);
	empty(&wire);
	put_certificates(&body, NULL, 0);
	put_message(&body, 16, "0102");
	put_records(&wire, &body, 16384);
	hear(CLIENT, &wire);
	assert_int_equal(client()->messages, 1U << CERTIFICATE | 1U << 16);
	assert_int_equal(client()->certificate_bytes, 7);
	assert_int_equal(client()->certificate_list, 0);
	assert_int_equal(client()->certificates, 0);
	assert_int_equal(server()->certificate_bytes, 0);
}

static void clients_certificate(void **state)
{
	static const size_t sizes[] = { 900 };

	(void)state;
	answer_with(&hello12);
	empty(&body);
	empty(&wire);
	put_certificates(&body, sizes, 1);
	put_message(&body, 16, "0102");
	put_message(&body, 15, "0401 0002 aabb");
	put_records(&wire, &body, 300);
	hear(CLIENT, &wire);
	assert_int_equal(client()->messages, 1U << CERTIFICATE | 1U << 16 | 1U << 15);
	assert_int_equal(client()->certificates, 1);
	certificate_is_shown(&body, 4, 3 + 3 + 900);
}

/* ---- ServerKeyExchange ---- */

static void key_exchange(unsigned int cipher, const char *head, size_t rest)
{
	struct server_hello h = { 0x0303, NULL, NULL, cipher, 0, NULL };
	size_t from;

	begin_talk(&now);
	answer_with(&h);
	empty(&body);
	empty(&wire);
	from = message_begin(&body, 12);
	put_text(&body, head);
	for (size_t i = 0; i < rest; i++)
		put8(&body, 0xff);
	message_end(&body, from);
	put_message(&body, DONE, "");
	put_records(&wire, &body, 16384);
	hear(SERVER, &wire);
	assert_int_equal(server()->messages, 1U << 2 | 1U << 12 | 1U << DONE);
}

/* RFC 8422, section 5.4; RFC 5246, section 7.4.3: dh_p comes first, with its length. */
static void key_exchanges(void **state)
{
	static const struct {
		unsigned int cipher;
		const char *head;
		size_t rest;
		unsigned int group, bits;
	} rows[] = {
		{ 0xc02f, "03 001d 20", 32 + 68, 0x1d, 0 },
		{ 0xc013, "03 0017 41", 65 + 68, 0x17, 0 },
		{ 0x0033, "0080", 128 + 3 + 130 + 68, 0, 1024 },
		{ 0x009e, "0100", 256 + 3 + 258 + 68, 0, 2048 },
		{ 0x009f, "0180", 384 + 3 + 386 + 68, 0, 3072 },
		{ 0x009f, "0300", 768 + 3 + 770 + 68, 0, 6144 },
		{ 0x0014, "0040", 64 + 3 + 66 + 68, 0, 512 },
		/* lengths that no prime has, and one that its message cannot hold */
		{ 0x0033, "0020", 32 + 1, 0, 256 },
		{ 0x0033, "001f", 31 + 1, 0, 0 },
		{ 0x0033, "0400", 1024 + 1, 0, 8192 },
		{ 0x0033, "0401", 1025 + 1, 0, 0 },
		{ 0x0033, "0100", 256, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %04x %s\n", rows[i].cipher, rows[i].head);
		key_exchange(rows[i].cipher, rows[i].head, rows[i].rest);
		assert_int_equal(now.answer.server.group, rows[i].group);
		assert_int_equal(now.answer.server.dh_bits, rows[i].bits);
	}
}

/* Types that have no bit. */
static void messages_of_any_type(void **state)
{
	(void)state;
	answer_with(&hello12);
	empty(&body);
	empty(&wire);
	put_message(&body, 31, "aa");
	put_message(&body, 32, "bb");
	put_message(&body, 255, "cc");
	put_message(&body, DONE, "");
	put_records(&wire, &body, 16384);
	hear(SERVER, &wire);
	assert_int_equal(server()->messages, 1U << 2 | 1U << 31 | 1U << DONE);
}

/* ---- could it be one at all? ---- */

static void beginnings_of_an_answer(void **state)
{
	static const struct {
		const char *bytes;
		bool looks;
	} rows[] = {
		{ "16 0303 0050 02", true },  { "16 0301 0050 02", true },
		{ "16 0203 0050 02", false }, { "16 0303 0050 01", false },
		{ "16 0303 0004 02", true },  { "16 0303 0003 02", false },
		{ "16 0303 4800 02", true },  { "16 0303 4801 02", false },
		{ "15 0303 0002 02", true },  { "15 0303 0003 02", false },
		{ "15 0203 0002 02", false }, { "17 0303 0050 02", false },
		{ "14 0303 0050 02", false }, { "48 5454 502f 31", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		empty(&wire);
		put_text(&wire, rows[i].bytes);
		memset(capture.bytes, 0, sizeof(capture.bytes));
		memcpy(capture.bytes, wire.at, wire.len);
		if (hg_answer_looks(&capture) != rows[i].looks)
			fail_msg("%s", rows[i].bytes);
	}
}

/* ---- alerts ---- */

static void alert_is(const struct hg_side_facts *s, unsigned int i, unsigned int level,
		     unsigned int code)
{
	assert_in_range(s->alert_count, i + 1, HG_ALERTS_MAX);
	assert_int_equal(s->alerts[i].level, level);
	assert_int_equal(s->alerts[i].code, code);
}

static void an_alert_is_the_answer(void **state)
{
	(void)state;
	empty(&wire);
	put_hex_record(&wire, ALERT, "0228");
	hear(SERVER, &wire);
	assert_int_equal(server()->alert_count, 1);
	alert_is(server(), 0, 2, 40);
	assert_int_equal(server()->messages, 0);
	assert_int_equal(server()->seen, 0);
	assert_int_equal(now.answer.server.version, 0);
}

static void alerts_one_behind_the_other(void **state)
{
	(void)state;
	answer_with(&hello12);
	empty(&wire);
	put_hex_record(&wire, ALERT, "0170");
	put_hex_record(&wire, ALERT, "022a");
	hear(SERVER, &wire);
	assert_int_equal(server()->alert_count, 2);
	alert_is(server(), 0, 1, 112);
	alert_is(server(), 1, 2, 42);
	empty(&wire);
	put_hex_record(&wire, ALERT, "0100");
	hear(SERVER, &wire);
	assert_int_equal(server()->alert_count, 2);
	alert_is(server(), 0, 1, 112);
	alert_is(server(), 1, 2, 42);
	assert_int_equal(server()->records, 4);
}

/* RFC 5246, section 6.2.1: records may hold several messages of one type. */
static void alerts_in_one_record(void **state)
{
	(void)state;
	answer_with(&hello12);
	empty(&wire);
	put_hex_record(&wire, ALERT, "0170 022a");
	hear(SERVER, &wire);
	assert_int_equal(server()->alert_count, 2);
	alert_is(server(), 0, 1, 112);
	alert_is(server(), 1, 2, 42);
	assert_int_equal(server()->seen, 0);
}

/* In clear are whole alerts, not too many, and none behind ChangeCipherSpec. */
static void sizes_of_alerts(void **state)
{
	static const struct {
		const char *ccs, *alerts;
		unsigned int count;
	} rows[] = {
		{ NULL, "0170", 1 },
		{ NULL, "0170 0170 0170 0228", 2 },
		{ NULL, "", 0 },
		{ NULL, "022800", 0 },
		{ NULL, "0170 0170 0170 0170 0228", 0 },
		{ "01", "0228", 1 },
		{ "01", "0170 0228", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# '%s'\n", rows[i].alerts);
		begin_talk(&now);
		answer_with(&hello12);
		empty(&wire);
		if (rows[i].ccs)
			put_hex_record(&wire, CCS, rows[i].ccs);
		put_hex_record(&wire, ALERT, rows[i].alerts);
		hear(CLIENT, &wire);
		assert_int_equal(client()->alert_count, rows[i].count);
		assert_int_equal(client()->encrypted, *rows[i].alerts && !rows[i].count);
		assert_int_equal(client()->seen & HG_SEEN_ENCRYPTED_ALERT,
				 *rows[i].alerts && !rows[i].count ? HG_SEEN_ENCRYPTED_ALERT : 0);
	}
}

static void the_fatal_one_behind_warnings(void **state)
{
	(void)state;
	answer_with(&hello12);
	empty(&wire);
	put_hex_record(&wire, ALERT, "0170");
	put_hex_record(&wire, ALERT, "015a");
	put_hex_record(&wire, ALERT, "0228");
	hear(SERVER, &wire);
	assert_int_equal(server()->alert_count, 2);
	alert_is(server(), 0, 1, 112);
	alert_is(server(), 1, 2, 40);
}

static void a_warning_on_the_way(void **state)
{
	(void)state;
	empty(&wire);
	put_hex_record(&wire, ALERT, "0170");
	hear(SERVER, &wire);
	empty(&body);
	empty(&wire);
	put_flight12(&body);
	put_records(&wire, &body, 16384);
	hear(SERVER, &wire);
	assert_int_equal(server()->alert_count, 1);
	assert_int_equal(server()->certificates, 3);
	assert_int_equal(server()->messages >> DONE & 1, 1);
}

/* Behind ChangeCipherSpec nothing but sizes is known: RFC 5246, section 7.1. */
static void encrypted_alert(void **state)
{
	(void)state;
	answer_with(&hello12);
	empty(&wire);
	put_hex_record(&wire, CCS, "01");
	put_opaque(&wire, ALERT, 26);
	hear(CLIENT, &wire);
	assert_int_equal(client()->alert_count, 0);
	assert_int_equal(client()->seen, HG_SEEN_CCS | HG_SEEN_ENCRYPTED_ALERT);
	assert_int_equal(client()->encrypted, 1);
	assert_int_equal(client()->sizes[0], 26);
	assert_int_equal(client()->encrypted_bytes, 26);
}

/* The client has no keys yet, or cannot make any (RFC 8446, section 6). */
static void alert_in_clear_in_tls13(void **state)
{
	(void)state;
	answer_with(&hello13);
	empty(&wire);
	put_hex_record(&wire, CCS, "01");
	put_hex_record(&wire, ALERT, "022f");
	hear(CLIENT, &wire);
	alert_is(client(), 0, 2, 47);
	assert_int_equal(client()->seen, HG_SEEN_CCS);
}

/* ---- TLS 1.2 to its end ---- */

static void finished12(void **state)
{
	(void)state;
	empty(&body);
	empty(&wire);
	put_flight12(&body);
	put_records(&wire, &body, 16384);
	hear(SERVER, &wire);
	empty(&wire);
	put_hex_record(&wire, HANDSHAKE, "10 000002 0102");
	put_hex_record(&wire, CCS, "01");
	put_opaque(&wire, HANDSHAKE, 40);
	hear(CLIENT, &wire);
	assert_int_equal(client()->seen, HG_SEEN_CCS | HG_SEEN_FINISHED);
	assert_int_equal(client()->messages, 1U << 16);
	assert_false(hg_is_established(&now.answer, true));
	empty(&wire);
	put_hex_record(&wire, HANDSHAKE, "04 000007 00000000 0001 aa");
	put_hex_record(&wire, CCS, "01");
	assert_int_equal(server()->messages >> 4 & 1, 0);
	hear(SERVER, &wire);
	assert_int_equal(server()->messages >> 4 & 1, 1);
	assert_false(hg_is_established(&now.answer, true));
	empty(&wire);
	put_opaque(&wire, HANDSHAKE, 40);
	hear(SERVER, &wire);
	assert_int_equal(server()->seen, HG_SEEN_CCS | HG_SEEN_FINISHED);
	assert_true(hg_is_established(&now.answer, true));
	empty(&wire);
	put_opaque(&wire, DATA, 1000);
	hear(CLIENT, &wire);
	assert_int_equal(client()->seen, HG_SEEN_CCS | HG_SEEN_FINISHED | HG_SEEN_DATA);
}

/* Of TLS 1.2, data is what is encrypted and neither of the handshake nor of anything else. */
static void data_is_behind_the_change_of_ciphers(void **state)
{
	(void)state;
	answer_with(&hello12);
	empty(&wire);
	put_opaque(&wire, DATA, 100);
	hear(CLIENT, &wire);
	assert_int_equal(client()->seen, 0);
	empty(&wire);
	put_hex_record(&wire, CCS, "01");
	put_opaque(&wire, HEARTBEAT, 61);
	hear(CLIENT, &wire);
	assert_int_equal(client()->seen, HG_SEEN_CCS);
	empty(&wire);
	put_opaque(&wire, DATA, 100);
	hear(CLIENT, &wire);
	assert_int_equal(client()->seen, HG_SEEN_CCS | HG_SEEN_DATA);
	assert_int_equal(client()->records, 4);
}

/* The largest record that is believed, the last type, and what is neither. */
static void bounds_of_a_record_header(void **state)
{
	static const struct {
		const char *header;
		bool lost;
	} rows[] = {
		{ "14 0303 0001", false }, { "13 0303 0001", true }, { "18 0303 0001", false },
		{ "19 0303 0001", true },  { "17 0203 0001", true }, { "17 0403 0001", true },
		{ "17 0303 4800", false }, { "17 0303 4801", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].header);
		begin_talk(&now);
		answer_with(&hello12);
		empty(&wire);
		put_text(&wire, rows[i].header);
		hear(SERVER, &wire);
		assert_int_equal(server()->seen & HG_SEEN_LOST, rows[i].lost ? HG_SEEN_LOST : 0);
	}
}

/* RFC 5246, figure 2: the server is first, and needs no Certificate. */
static void abbreviated12(void **state)
{
	(void)state;
	answer_with(&hello12);
	empty(&wire);
	put_hex_record(&wire, CCS, "01");
	put_opaque(&wire, HANDSHAKE, 40);
	hear(SERVER, &wire);
	assert_int_equal(server()->messages, 1U << 2);
	assert_false(hg_is_established(&now.answer, true));
	hear(CLIENT, &wire);
	assert_true(hg_is_established(&now.answer, true));
}

/* ---- TLS 1.3: sizes are all there is ---- */

#define TAG 16
#define IS_FINISHED HG_SEEN_FINISHED
#define IS_DATA HG_SEEN_DATA
#define IS_ALERT HG_SEEN_ALERT_SIZED

/* A Finished is 4 + 32 bytes with SHA-256, 4 + 48 with SHA-384 (RFC 8446, 4.4.4). */
#define FIN256 (36 + 1 + TAG)
#define FIN384 (52 + 1 + TAG)
#define ALERT13 (2 + 1 + TAG)

struct record13 {
	unsigned int side, len;
};

struct row13 {
	const char *what;
	unsigned int cipher;
	struct record13 said[6];
	unsigned int client, server; /* seen */
	bool established;
};

/* clang-format off */
static const struct row13 rows13[] = {
	{ "client's Finished", 0x1301, { { CLIENT, FIN256 } }, IS_FINISHED, 0, false },
	{ "of SHA-384", 0x1302, { { CLIENT, FIN384 } }, IS_FINISHED, 0, false },
	{ "one byte less", 0x1301, { { CLIENT, FIN256 - 1 } }, 0, 0, false },
	{ "short tag", 0x1305, { { CLIENT, 36 + 1 + 8 } }, IS_FINISHED, 0, false },
	{ "tag of 16, CCM", 0x1304, { { CLIENT, 36 + 1 + 8 } }, 0, 0, false },
	{ "too short for a tag", 0x1301, { { CLIENT, TAG - 1 } }, 0, 0, false },
	{ "a tag and no more", 0x1301, { { CLIENT, TAG } }, 0, 0, false },
	{ "EndOfEarlyData", 0x1301, { { CLIENT, 4 + 1 + TAG } }, 0, 0, false },
	{ "alert-sized", 0x1301, { { CLIENT, ALERT13 } }, IS_ALERT, 0, false },
	{ "alert-sized, short tag", 0x1305, { { CLIENT, 2 + 1 + 8 } }, IS_ALERT, 0, false },
	{ "no alert", 0x1301, { { CLIENT, ALERT13 + 1 } }, 0, 0, false },
	{ "server's flight", 0x1301, { { SERVER, 23 }, { SERVER, 3000 }, { SERVER, 281 },
	  { SERVER, FIN256 } }, 0, IS_FINISHED, false },
	{ "alert behind the flight", 0x1301, { { SERVER, 3000 }, { CLIENT, ALERT13 } }, IS_ALERT,
	  IS_FINISHED, false },
	{ "server's data before the client's Finished", 0x1301, { { SERVER, 3000 }, { SERVER, 200 } },
	  0, IS_FINISHED, false },
	{ "and behind it", 0x1301, { { SERVER, 3000 }, { CLIENT, FIN256 }, { SERVER, 200 } },
	  IS_FINISHED, IS_FINISHED | IS_DATA, true },
	{ "client alone goes on", 0x1301, { { SERVER, 3000 }, { CLIENT, FIN256 }, { CLIENT, 200 } },
	  IS_FINISHED | IS_DATA, IS_FINISHED, false },
	{ "alert behind the client's Finished", 0x1301, { { SERVER, 3000 }, { CLIENT, FIN256 },
	  { SERVER, ALERT13 } }, IS_FINISHED, IS_FINISHED | IS_ALERT, false },
	{ "twice that size is no alert", 0x1301, { { SERVER, 3000 }, { CLIENT, FIN256 },
	  { SERVER, ALERT13 }, { SERVER, ALERT13 } }, IS_FINISHED, IS_FINISHED | IS_ALERT | IS_DATA,
	  true },
};
/* clang-format on */

static void say13(const struct row13 *row)
{
	struct server_hello h = hello13;

	h.cipher = row->cipher;
	begin_talk(&now);
	answer_with(&h);
	for (int i = 0; i < 6 && row->said[i].len; i++) {
		empty(&wire);
		put_opaque(&wire, DATA, row->said[i].len);
		hear(row->said[i].side, &wire);
	}
}

static void sizes_of_tls13(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows13) / sizeof(rows13[0]); i++) {
		print_message("# %s\n", rows13[i].what);
		say13(&rows13[i]);
		assert_int_equal(client()->seen, rows13[i].client);
		assert_int_equal(server()->seen, rows13[i].server);
		assert_int_equal(hg_is_established(&now.answer, true), rows13[i].established);
	}
}

/* Its drafts are encrypted alike. */
static void sizes_of_a_draft(void **state)
{
	struct server_hello h = hello13;

	(void)state;
	h.exts = "002b 0002 7f1c" X25519;
	answer_with(&h);
	empty(&wire);
	put_opaque(&wire, DATA, ALERT13);
	hear(CLIENT, &wire);
	assert_int_equal(client()->seen, IS_ALERT);
}

/* The first eight sizes are kept; all are counted. */
static void more_sizes_than_are_kept(void **state)
{
	(void)state;
	answer_with(&hello13);
	empty(&wire);
	for (unsigned int i = 0; i < 11; i++)
		put_opaque(&wire, DATA, 100 + i);
	hear(SERVER, &wire);
	assert_int_equal(server()->encrypted, 11);
	assert_int_equal(server()->encrypted_bytes, 11 * 100 + 55);
	for (unsigned int i = 0; i < HG_SIZES_MAX; i++)
		assert_int_equal(server()->sizes[i], 100 + i);
	assert_int_equal(server()->certificates, 0);
	assert_int_equal(server()->at_us[HG_STAGE_CERTIFICATE], 0);
}

/* ---- when ---- */

static void at(__u32 now_us, unsigned int side, unsigned int content, const char *hex)
{
	now.now_us = now_us;
	empty(&wire);
	put_hex_record(&wire, content, hex);
	hear(side, &wire);
}

/* Each stage when it was first seen. */
static void stages(void **state)
{
	(void)state;
	now.now_us = 10;
	answer_with(&hello12);
	at(20, SERVER, HANDSHAKE, "0b 000003 000000");
	at(30, SERVER, HANDSHAKE, "0e 000000");
	at(40, CLIENT, HANDSHAKE, "10 000002 0102");
	at(45, CLIENT, CCS, "01");
	at(50, CLIENT, HANDSHAKE, "00112233445566778899aabbccddeeff");
	at(60, SERVER, ALERT, "022a");
	at(70, SERVER, ALERT, "0100");
	assert_int_equal(server()->at_us[HG_STAGE_FIRST], 10);
	assert_int_equal(server()->at_us[HG_STAGE_CERTIFICATE], 20);
	assert_int_equal(server()->at_us[HG_STAGE_DONE], 30);
	assert_int_equal(client()->at_us[HG_STAGE_FIRST], 40);
	assert_int_equal(client()->at_us[HG_STAGE_DONE], 40);
	assert_int_equal(client()->at_us[HG_STAGE_FINISHED], 50);
	assert_int_equal(client()->at_us[HG_STAGE_ALERT], 0);
	assert_int_equal(server()->at_us[HG_STAGE_FINISHED], 0);
	assert_int_equal(server()->at_us[HG_STAGE_ALERT], 60);
	assert_int_equal(server()->at_us[HG_STAGE_DATA], 0);
}

/* ---- records ---- */

/* RFC 8446, 5.1: legacy_record_version must be ignored. */
static void any_minor_version(void **state)
{
	static const unsigned int versions[] = { 0x0300, 0x0301, 0x0302, 0x0304, 0x03ff };

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		begin_talk(&now);
		empty(&body);
		empty(&wire);
		put_server_hello(&body, &hello12);
		put_record(&wire, HANDSHAKE, versions[i], body.at, body.len);
		hear(SERVER, &wire);
		assert_int_equal(now.answer.server.version, 0x0303);
		assert_int_equal(now.answer.server.cipher, 0xc02f);
		assert_int_equal(server()->seen, 0);
	}
}

static void empty_records(void **state)
{
	(void)state;
	empty(&body);
	empty(&wire);
	put_server_hello(&body, &hello12);
	put_record(&wire, HANDSHAKE, 0x0303, body.at, 0);
	put_record(&wire, HANDSHAKE, 0x0303, body.at, 3);
	put_record(&wire, HANDSHAKE, 0x0303, body.at, 0);
	put_record(&wire, HANDSHAKE, 0x0303, body.at + 3, body.len - 3);
	put_hex_record(&wire, HANDSHAKE, "0e 000000");
	hear(SERVER, &wire);
	assert_int_equal(now.answer.server.cipher, 0xc02f);
	assert_int_equal(server()->messages, 1U << 2 | 1U << DONE);
	assert_int_equal(server()->records, 5);
	assert_int_equal(server()->seen, 0);
}

static void no_tls(void **state)
{
	static const char *const said[] = {
		"HTTP/1.1 400 Bad Request\r\n\r\n",
		"SSH-2.0-OpenSSH_9.2\r\n",
		"220 mail.example ESMTP\r\n",
		"\x15\x02\x00\x00\x02\x02\x28", /* an alert of SSL 2 that never was */
		"\x16\x03\x01\xff\xff\x02\x00", /* a record longer than any may be */
		"\x19\x03\x03\x00\x02\x02\x28",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		begin_talk(&now);
		empty(&wire);
		memcpy(wire.at, said[i], 7);
		wire.len = 7;
		hear(SERVER, &wire);
		print_message("# %zu\n", i);
		assert_true(server()->seen & HG_SEEN_NOT_TLS);
		assert_false(server()->seen & HG_SEEN_MISSED);
		assert_int_equal(server()->records, 0);
		assert_int_equal(server()->alert_count, 0);
	}
}

/* What began as TLS is not called anything else. */
static void no_record_behind_a_record(void **state)
{
	(void)state;
	answer_with(&hello12);
	empty(&wire);
	memcpy(wire.at, "HTTP/1.", 7);
	wire.len = 7;
	put_hex_record(&wire, ALERT, "0228");
	hear(SERVER, &wire);
	assert_int_equal(server()->seen, HG_SEEN_LOST);
	assert_int_equal(server()->records, 1);
	assert_int_equal(server()->alert_count, 0);
	assert_int_equal(now.answer.server.version, 0x0303);
}

/* ---- lengths that lie ---- */

static void then_done(void)
{
	put_message(&body, DONE, "");
	put_records(&wire, &body, 16384);
	hear(SERVER, &wire);
	assert_int_equal(server()->messages >> DONE & 1, 1);
	assert_int_equal(server()->seen, 0);
}

/* A message ends where its header says, whatever is in it. */
static void bodies_that_lie(void **state)
{
	static const struct {
		const char *what;
		unsigned int type;
		const char *body;
	} rows[] = {
		{ "list longer than the message", CERTIFICATE, "0000ff 000002 aabb" },
		{ "list shorter than what is in it", CERTIFICATE, "000001 000002 aabb" },
		{ "certificate longer than the message", CERTIFICATE, "000005 0000ff aabb" },
		{ "half a length", CERTIFICATE, "000007 000002 aabb 0000" },
		{ "no list", CERTIFICATE, "00" },
		{ "nothing", CERTIFICATE, "" },
		{ "session id longer than the message", 2, "0303" KEY32 "ff 0000" },
		{ "no cipher", 2, "0303" KEY32 "00" },
		{ "half a cipher", 2, "0303" KEY32 "00c0" },
		{ "half a length of extensions", 2, "0303" KEY32 "00c02f0000" },
		{ "extension longer than the message", 2,
		  "0303" KEY32 "00c02f00 0006 0010 00ff 0003" },
		{ "the same, stepped over", 2, "0303" KEY32 "00c02f00 0006 0023 ffff 0003" },
		{ "versions cut off", 2, "0303" KEY32 "00c02f00 0005 002b 0002 03" },
		{ "half an extension", 2, "0303" KEY32 "00c02f00 0003 0023 00" },
		{ "too short for a curve", 12, "03 00" },
		{ "too short for a prime", 12, "01" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].what);
		begin_talk(&now);
		empty(&body);
		empty(&wire);
		put_message(&body, rows[i].type, rows[i].body);
		then_done();
		assert_int_equal(server()->messages, 1U << rows[i].type | 1U << DONE);
		assert_int_equal(now.answer.server.group, 0);
		assert_int_equal(now.answer.server.alpn_len, 0);
	}
}

/* It has no cipher then, and what follows is none of it. */
static void hello_cut_short(void **state)
{
	static const size_t sizes[] = { 100 };

	(void)state;
	for (size_t len = 0; len < 2 + 32 + 1 + 2; len++) {
		size_t from;

		begin_talk(&now);
		empty(&body);
		empty(&wire);
		from = message_begin(&body, 2);
		for (size_t i = 0; i < len; i++)
			put8(&body, i < 2 ? 3 : 0);
		message_end(&body, from);
		put_certificates(&body, sizes, 1);
		then_done();
		assert_int_equal(server()->messages, 1U << 2 | 1U << CERTIFICATE | 1U << DONE);
		assert_int_equal(server()->certificates, 1);
		assert_int_equal(now.answer.server.cipher, 0);
		assert_int_equal(now.answer.server.features, 0);
	}
}

/* No certificate is counted that the message has no room for. */
static void lists_that_lie(void **state)
{
	static const struct {
		const char *body;
		unsigned int list, count;
	} rows[] = {
		{ "0000ff 000002 aabb", 0xff, 1 },
		{ "000005 0000ff aabb", 5, 0 },
		{ "00000a 000002 aabb 0000ff aabb", 10, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin_talk(&now);
		empty(&body);
		empty(&wire);
		put_message(&body, CERTIFICATE, rows[i].body);
		then_done();
		assert_int_equal(server()->certificate_list, rows[i].list);
		assert_int_equal(server()->certificates, rows[i].count);
		certificate_is_shown(&body, 4, server()->certificate_bytes - 4);
	}
}

/* More is promised than comes: what does not is not counted. */
static void certificate_cut_off(void **state)
{
	(void)state;
	answer_with(&hello12);
	empty(&wire);
	put_hex_record(&wire, HANDSHAKE, "0b 0003e8 0003e5 000002 aabb 0000ff");
	hear(SERVER, &wire);
	assert_int_equal(server()->certificate_bytes, 1004);
	assert_int_equal(server()->certificate_list, 997);
	assert_int_equal(server()->certificates, 0);
}

/* An alert is read, though a message was to go on. */
static void alert_in_a_message(void **state)
{
	(void)state;
	answer_with(&hello12);
	empty(&wire);
	put_hex_record(&wire, HANDSHAKE, "0b 0003e8 0003e5 000002 aa");
	put_hex_record(&wire, ALERT, "0250");
	hear(SERVER, &wire);
	assert_int_equal(server()->alert_count, 1);
	alert_is(server(), 0, 2, 80);
	assert_int_equal(server()->certificates, 0);
}

/* ---- bytes of encrypted records are nobody's business ---- */

/* Segments in the middle of one may be missed: only headers are looked at. */
static void missed_inside_a_record(void **state)
{
	(void)state;
	answer_with(&hello13);
	empty(&wire);
	put_opaque(&wire, DATA, 5000);
	segment(&now, SERVER, wire.at, 100);
	assert_int_equal(now.flight[SERVER].next, now.sent[SERVER] - 100 + (__u32)wire.len);
	now.sent[SERVER] += (__u32)wire.len - 100;
	empty(&wire);
	put_hex_record(&wire, ALERT, "0250");
	hear(SERVER, &wire);
	alert_is(server(), 0, 2, 80);
	assert_int_equal(server()->sizes[0], 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(server_hellos, begin),
		cmocka_unit_test_setup(early_drafts, begin),
		cmocka_unit_test_setup(hello_behind_retry, begin),
		cmocka_unit_test_setup(torn_hello_behind_retry, begin),
		cmocka_unit_test_setup(client_behind_retry, begin),
		cmocka_unit_test_setup(coalesced_and_cut_up, begin),
		cmocka_unit_test_setup(a_record_for_each, begin),
		cmocka_unit_test_setup(records_of_a_byte, begin),
		cmocka_unit_test_setup(more_chunks_than_there_is_room, begin),
		cmocka_unit_test_setup(large_certificates, begin),
		cmocka_unit_test_setup(chunks_of_segments, begin),
		cmocka_unit_test_setup(no_certificate, begin),
		cmocka_unit_test_setup(clients_certificate, begin),
		cmocka_unit_test_setup(key_exchanges, begin),
		cmocka_unit_test_setup(messages_of_any_type, begin),
		cmocka_unit_test(beginnings_of_an_answer),
		cmocka_unit_test_setup(an_alert_is_the_answer, begin),
		cmocka_unit_test_setup(alerts_one_behind_the_other, begin),
		cmocka_unit_test_setup(alerts_in_one_record, begin),
		cmocka_unit_test_setup(sizes_of_alerts, begin),
		cmocka_unit_test_setup(the_fatal_one_behind_warnings, begin),
		cmocka_unit_test_setup(a_warning_on_the_way, begin),
		cmocka_unit_test_setup(encrypted_alert, begin),
		cmocka_unit_test_setup(alert_in_clear_in_tls13, begin),
		cmocka_unit_test_setup(finished12, begin),
		cmocka_unit_test_setup(data_is_behind_the_change_of_ciphers, begin),
		cmocka_unit_test_setup(bounds_of_a_record_header, begin),
		cmocka_unit_test_setup(abbreviated12, begin),
		cmocka_unit_test_setup(sizes_of_tls13, begin),
		cmocka_unit_test_setup(sizes_of_a_draft, begin),
		cmocka_unit_test_setup(more_sizes_than_are_kept, begin),
		cmocka_unit_test_setup(stages, begin),
		cmocka_unit_test_setup(any_minor_version, begin),
		cmocka_unit_test_setup(empty_records, begin),
		cmocka_unit_test_setup(no_tls, begin),
		cmocka_unit_test_setup(no_record_behind_a_record, begin),
		cmocka_unit_test_setup(bodies_that_lie, begin),
		cmocka_unit_test_setup(hello_cut_short, begin),
		cmocka_unit_test_setup(lists_that_lie, begin),
		cmocka_unit_test_setup(certificate_cut_off, begin),
		cmocka_unit_test_setup(alert_in_a_message, begin),
		cmocka_unit_test_setup(missed_inside_a_record, begin),
	};

	return cmocka_run_group_tests_name("flight", tests, NULL, NULL);
}
