/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Large hellos: 16 KB are read, more are counted as too large, whatever the
 * cutting.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

struct row {
	const char *what;
	__u32 bytes;   /* of the message */
	__u32 record;  /* bytes in each record */
	__u32 segment; /* bytes in each segment */
	bool read;
};

static const struct row rows[] = {
	{ "16384 bytes in one record", 16384, 16384, 1400, true },
	{ "16383 bytes in one record", 16383, 16384, 1400, true },
	{ "16384 bytes in two records", 16384, 8192, 1400, true },
	{ "16384 bytes in records of 100", 16384, 100, 1400, true },
	{ "16384 bytes, segments of 536", 16384, 16384, 536, true },
	{ "16384 bytes, segments of 3000", 16384, 16384, 3000, true },
	{ "16384 bytes, segments of 7", 16384, 16384, 7, true },
	{ "16385 bytes in two records", 16385, 16384, 1400, false },
	{ "17000 bytes in one record", 17000, 17000, 1400, false },
	{ "17403 bytes in one record", 17403, 17403, 1400, false },
	{ "18000 bytes in one record", 18000, 18000, 1400, false },
	{ "30000 bytes in two records", 30000, 16384, 1400, false },
	{ "60000 bytes in four records", 60000, 16384, 1400, false },
	{ "16384 bytes in records of 64", 16384, 64, 1400, false },
	{ "5000 bytes in records of one", 5000, 1, 1400, false },
	{ "5000 bytes in records of one, segments of 3000", 5000, 1, 3000, false },
	{ "2900 bytes in records of one", 2900, 1, 1400, true },
	{ "2901 bytes in records of one: to the last byte of the room", 2901, 1, 1400, true },
	{ "2902 bytes in records of one", 2902, 1, 1400, false },
};

static void build(struct octets *stream, struct octets *message, const struct row *row)
{
	struct hello_spec spec = { .sni = "large.example", .pad_to = row->bytes };

	hello_build(message, &spec);
	records_split(stream, message, &row->record, 1);
}

static bool saw(struct talk *t, const struct row *row, const struct octets *message, __u32 segments,
		__u32 flags)
{
	__u32 records = (row->bytes + row->record - 1) / row->record;
	struct hello_expected expected = { message,
					   { .bytes = row->bytes,
					     .features = HG_HELLO_EXTENSIONS,
					     .legacy_version = 0x0303,
					     .version_max = 0x0303,
					     .cipher_count = 13,
					     .cipher_count_no_grease = 13,
					     .ext_count = 2,
					     .records = records,
					     .segments = segments,
					     .record_version = 0x0301,
					     .sni_state = HG_SNI_ok },
					   segments > 1 ? HG_BUCKET_reassembled
							: HG_BUCKET_single_segment,
					   flags | (records > 1 ? HG_FLAG(record_fragmented) : 0) };

	return row->read ? talk_saw_hello(t, &expected) : talk_saw_no_hello(t);
}

static bool verdict(struct talk *t, const struct row *row, bool many)
{
	enum hg_bucket bucket = !row->read ? HG_BUCKET_hello_too_large
				: many	   ? HG_BUCKET_reassembled
					   : HG_BUCKET_single_segment;
	bool ok = talk_counted(t, bucket);

	ok &= talk_saw_end(t, HG_CLOSE_rst, HG_SIDE_client, bucket, HG_OUTCOME_unknown);
	return ok & gate_balanced(t->gate);
}

static bool in_order(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static struct octets message, stream;
	static struct talk t;
	bool ok;

	build(&stream, &message, row);
	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	talk_stream(&t, &stream, row->segment);
	ok = saw(&t, row, &message, (stream.len + row->segment - 1) / row->segment, 0);
	talk_client_ends(&t, stream.len);
	return ok & verdict(&t, row, true) & gate_clear(g);
}

/* The server says how much has come: more than was kept of it. */
static void acknowledge(struct talk *t, __u32 len)
{
	struct segment s = { .from_server = true,
			     .flags = TCP_ACK,
			     .seq = t->conn.server_isn + 1,
			     .ack = t->conn.isn + 1 + len };

	talk_segment(t, &s);
}

static bool backwards(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static struct octets message, stream;
	static struct talk t;
	__u32 last, size = row->segment < 100 ? 100 : row->segment;
	bool ok;

	build(&stream, &message, row);
	last = (stream.len - 1) / size;
	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	for (__u32 i = last + 1; i-- > 0;) {
		__u32 at = i * size, len = stream.len - at < size ? stream.len - at : size;

		talk_client(&t, at, stream.at + at, len);
	}
	ok = saw(&t, row, &message, last + 1, HG_FLAG(out_of_order));
	acknowledge(&t, stream.len);
	talk_client_ends(&t, stream.len);
	return ok & verdict(&t, row, true) & gate_clear(g);
}

/* Multi-buffer XDP: all of it in one frame. */
static bool one_frame(struct gate *g, const struct row *row)
{
	static struct octets message, stream;
	static struct talk t;
	bool ok;

	build(&stream, &message, row);
	if (stream.len > 60000)
		return true;
	talk_begin(&t, g, GATE_XDP_FRAGS, NULL);
	talk_syn(&t);
	talk_client(&t, 0, stream.at, stream.len);
	ok = saw(&t, row, &message, 1, 0);
	talk_client_ends(&t, stream.len);
	return ok & verdict(&t, row, false) & gate_clear(g);
}

/* A handshake header that announces 16 MB is believed at once. */
static void announced(struct gate *g, enum gate_hook hook)
{
	static const __u8 head[] = { 22, 3, 1, 0, 8, 1, 0xff, 0xff, 0xff, 3, 3, 0, 0 };
	static struct talk t;
	bool ok;

	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	talk_client(&t, 0, head, sizeof(head));
	ok = talk_saw_no_hello(&t);
	talk_client_ends(&t, sizeof(head));
	tap_ok(ok & talk_counted(&t, HG_BUCKET_hello_too_large) & gate_clear(g),
	       "%s: 16 MB announced", gate_hook_name[hook]);
}

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			tap_ok(in_order(&g, hook, &rows[i]), "%s: %s", gate_hook_name[hook],
			       rows[i].what);
			tap_ok(backwards(&g, hook, &rows[i]), "%s: %s, last segment first",
			       gate_hook_name[hook], rows[i].what);
		}
		announced(&g, hook);
	}
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		tap_ok(one_frame(&g, &rows[i]), "one XDP frame: %s", rows[i].what);
	gate_close(&g);
	return tap_done();
}
