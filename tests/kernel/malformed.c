/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Length fields that lie, and hellos cut short: malformed or truncated, never
 * a hello that is not one, and never a leak.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

/*
 * The hello of these tests, offsets in the stream (record header included):
 * 5 type, 6 length, 9 version, 11 random, 43 session id, 76 ciphers,
 * 104 compression, 106 extensions, 108 the first of them.
 */
static const struct hello_spec spec = {
	.sni = "length.example",
	.session_id_len = 32,
	.versions = { 0x0304 },
	.groups = { 0x001d },
	.key_share = 32,
	.alpn = "h2",
};

enum {
	RECORD = 3,
	HANDSHAKE = 6,
	SESSION = 43,
	CIPHERS = 76,
	COMPRESSION = 104,
	BLOCK = 106,
	FIRST_EXTENSION = 110
};

struct row {
	const char *what;
	__u32 at, width;
	enum { PLUS, SET } how;
	int n;
	enum hg_bucket bucket;
};

/* clang-format off */
static const struct row rows[] = {
	{ "record length + 1", RECORD, 2, PLUS, 1, HG_BUCKET_truncated },
	{ "record length maximal", RECORD, 2, SET, 0xffff, HG_BUCKET_not_tls },
	{ "record length 18433", RECORD, 2, SET, 18433, HG_BUCKET_not_tls },
	{ "record length 18432", RECORD, 2, SET, 18432, HG_BUCKET_hello_too_large },
	{ "record length 16384", RECORD, 2, SET, 16384, HG_BUCKET_truncated },
	{ "record length - 1, the rest of a record of zeros", RECORD, 2, PLUS, -1,
	  HG_BUCKET_malformed },
	{ "handshake length + 1", HANDSHAKE, 3, PLUS, 1, HG_BUCKET_truncated },
	{ "handshake length - 1", HANDSHAKE, 3, PLUS, -1, HG_BUCKET_malformed },
	{ "handshake length 0", HANDSHAKE, 3, SET, 0, HG_BUCKET_malformed },
	{ "handshake length 37", HANDSHAKE, 3, SET, 37, HG_BUCKET_malformed },
	{ "handshake length maximal", HANDSHAKE, 3, SET, 0xffffff, HG_BUCKET_hello_too_large },
	{ "handshake length 16381", HANDSHAKE, 3, SET, 16381, HG_BUCKET_hello_too_large },
	{ "session id length 255", SESSION, 1, SET, 255, HG_BUCKET_malformed },
	{ "cipher list length maximal", CIPHERS, 2, SET, 0xffff, HG_BUCKET_malformed },
	{ "compression list length 255", COMPRESSION, 1, SET, 255, HG_BUCKET_malformed },
	{ "extensions length + 1", BLOCK, 2, PLUS, 1, HG_BUCKET_malformed },
	{ "extensions length - 1", BLOCK, 2, PLUS, -1, HG_BUCKET_malformed },
	{ "extensions length maximal", BLOCK, 2, SET, 0xffff, HG_BUCKET_malformed },
	{ "first extension's length maximal", FIRST_EXTENSION, 2, SET, 0xffff,
	  HG_BUCKET_malformed },
};
/* clang-format on */

static bool ended_as(struct talk *t, enum hg_bucket bucket, __u32 len)
{
	bool ok = talk_saw_no_hello(t);

	talk_client_ends(t, len);
	ok &= talk_counted(t, bucket);
	if (bucket != HG_BUCKET_not_tls)
		ok &= talk_saw_end(t, HG_CLOSE_rst, HG_SIDE_client, bucket, HG_OUTCOME_unknown);
	return ok & gate_balanced(t->gate) & gate_clear(t->gate);
}

static bool lie(struct gate *g, enum gate_hook hook, const struct row *row, __u32 cut)
{
	static struct octets message, stream;
	static struct talk t;
	__u32 value = 0;

	hello_build(&message, &spec);
	record_whole(&stream, &message);
	for (__u32 i = 0; i < row->width; i++)
		value = value << 8 | stream.at[row->at + i];
	patch_be(&stream, row->at, row->width,
		 row->how == PLUS ? value + (__u32)row->n : (__u32)row->n);
	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	talk_client(&t, 0, stream.at, cut);
	talk_client(&t, cut, stream.at + cut, stream.len - cut);
	return ended_as(&t, row->bucket, stream.len);
}

/* The message ends early, and record and handshake header agree on where. */
static void short_message(struct gate *g, enum gate_hook hook)
{
	static struct octets message, stream;
	static struct talk t;
	const struct gate_event *e = NULL;
	__u32 hellos = 0, ended = 0, tried = 0;

	hello_build(&message, &spec);
	for (__u32 len = 4; len < message.len; len++, tried++) {
		octets_clear(&stream);
		record_put(&stream, 22, 0x0301, message.at, len);
		patch_be(&stream, HANDSHAKE, 3, len - 4);
		talk_begin(&t, g, hook, NULL);
		talk_syn(&t);
		talk_client(&t, 0, stream.at, stream.len);
		hellos += talk_count(&t, HG_EVENT_HELLO, &e);
		talk_client_ends(&t, stream.len);
		ended += talk_count(&t, HG_EVENT_END, &e);
		gate_forget(g);
	}
	/* One of them is whole: a hello without an extensions block. */
	tap_ok(check_u64("hellos", hellos, 1) & check_u64("ends", ended, tried) & gate_balanced(g) &
		       gate_clear(g),
	       "%s: the message cut short at %u places", gate_hook_name[hook], tried);
}

/* The stream ends early: truncated, at every byte. */
static void short_stream(struct gate *g, enum gate_hook hook)
{
	static struct octets message, stream;
	static struct talk t;
	bool ok = true;

	hello_build(&message, &spec);
	record_whole(&stream, &message);
	for (__u32 len = 1; len < stream.len && ok; len++) {
		talk_begin(&t, g, hook, NULL);
		talk_syn(&t);
		talk_client(&t, 0, stream.at, len);
		ok = ended_as(&t, HG_BUCKET_truncated, len);
		if (!ok)
			tap_diag("cut short at %u", len);
	}
	tap_ok(ok, "%s: the stream cut short at every byte", gate_hook_name[hook]);
}

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			tap_ok(lie(&g, hook, &rows[i], 20) && lie(&g, hook, &rows[i], 4), "%s: %s",
			       gate_hook_name[hook], rows[i].what);
		short_message(&g, hook);
		short_stream(&g, hook);
	}
	gate_close(&g);
	return tap_done();
}
