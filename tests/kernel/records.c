/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record layer as servers accept it: any version, any cutting, empty
 * records, alerts and a ChangeCipherSpec ahead; and what breaks it.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

#define ODD HG_FLAG(odd_record_version)
#define CUT HG_FLAG(record_fragmented)
#define EMPTY HG_FLAG(empty_record)
#define LEADING HG_FLAG(leading_record)
#define TRAILING HG_FLAG(trailing_bytes)

#define REST 0xffff

/* A record: what it carries of the message, or bytes of its own. */
struct record {
	__u8 type;	  /* 0: handshake; 255: the end */
	__u16 version;	  /* 0: 0x0301 */
	__u16 len;	  /* REST: what is left of the message */
	const char *body; /* instead of the message */
};

#define END                                                                                        \
	{                                                                                          \
		255, 0, 0, NULL                                                                    \
	}
#define HELLO(n)                                                                                   \
	{                                                                                          \
		0, 0, n, NULL                                                                      \
	}
#define VERSION(v, n)                                                                              \
	{                                                                                          \
		0, v, n, NULL                                                                      \
	}
#define OTHER(type, text)                                                                          \
	{                                                                                          \
		type, 0, sizeof(text) - 1, text                                                    \
	}

#define ALERT OTHER(21, "\1\x5a")
#define CCS OTHER(20, "\1")

struct row {
	const char *what;
	struct record records[12];
	enum hg_bucket bucket; /* of a stream in one segment; single_segment means read */
	__u32 flags;
	__u16 count;
	__u16 version;
};

#define READ HG_BUCKET_single_segment

/* clang-format off */
static const struct row rows[] = {
	{ "one record", { HELLO(REST), END }, READ, 0, 1, 0x0301 },
	{ "version 3.0", { VERSION(0x0300, REST), END }, READ, 0, 1, 0x0300 },
	{ "version 3.3", { VERSION(0x0303, REST), END }, READ, 0, 1, 0x0303 },
	{ "version 3.4", { VERSION(0x0304, REST), END }, READ, ODD, 1, 0x0304 },
	{ "version 3.255", { VERSION(0x03ff, REST), END }, READ, ODD, 1, 0x03ff },
	{ "version 4.0", { VERSION(0x0400, REST), END }, READ, ODD, 1, 0x0400 },
	{ "version 2.1", { VERSION(0x0201, REST), END }, READ, ODD, 1, 0x0201 },
	{ "mixed versions", { VERSION(0x0303, 100), VERSION(0x0304, REST), END }, READ, CUT | ODD,
	  2, 0x0303 },
	{ "first record of one byte", { HELLO(1), HELLO(REST), END }, READ, CUT, 2, 0x0301 },
	{ "first record of two bytes", { HELLO(2), HELLO(REST), END }, READ, CUT, 2, 0x0301 },
	{ "first record of three bytes", { HELLO(3), HELLO(REST), END }, READ, CUT, 2, 0x0301 },
	{ "last record of one byte", { HELLO(511), HELLO(1), END }, READ, CUT, 2, 0x0301 },
	{ "ten records", { HELLO(1), HELLO(2), HELLO(3), HELLO(5), HELLO(8), HELLO(13), HELLO(21),
	    HELLO(34), HELLO(55), HELLO(REST), END }, READ, CUT, 10, 0x0301 },
	{ "an empty record first", { HELLO(0), HELLO(REST), END }, READ, EMPTY, 2, 0x0301 },
	{ "empty records in between", { HELLO(200), HELLO(0), HELLO(0), HELLO(REST), END }, READ,
	  EMPTY | CUT, 4, 0x0301 },
	{ "an empty record of another version first", { VERSION(0x0303, 0), HELLO(REST), END },
	  READ, EMPTY, 2, 0x0303 },
	{ "a warning alert first", { ALERT, HELLO(REST), END }, READ, LEADING, 1, 0x0301 },
	{ "four warning alerts first", { ALERT, ALERT, ALERT, ALERT, HELLO(REST), END }, READ,
	  LEADING, 1, 0x0301 },
	{ "a ChangeCipherSpec first", { CCS, HELLO(REST), END }, READ, LEADING, 1, 0x0301 },
	{ "a ChangeCipherSpec without its byte first", { OTHER(20, ""), HELLO(REST), END }, READ,
	  LEADING, 1, 0x0301 },
	{ "alert, ChangeCipherSpec, empty record, two records",
	  { ALERT, CCS, HELLO(0), HELLO(100), HELLO(REST), END }, READ, LEADING | EMPTY | CUT, 3,
	  0x0301 },
	{ "early data behind it", { HELLO(REST), CCS, OTHER(23, "0123456789"), END }, READ, 0, 1,
	  0x0301 },
	{ "garbage behind it", { HELLO(REST), OTHER(99, "??"), END }, READ, 0, 1, 0x0301 },
	{ "an alert between its records", { HELLO(100), ALERT, HELLO(REST), END },
	  HG_BUCKET_malformed, 0, 0, 0 },
	{ "a ChangeCipherSpec between its records", { HELLO(100), CCS, HELLO(REST), END },
	  HG_BUCKET_malformed, 0, 0, 0 },
	{ "data between its records", { HELLO(100), OTHER(23, "xyz"), HELLO(REST), END },
	  HG_BUCKET_malformed, 0, 0, 0 },
	{ "a ServerHello", { OTHER(22, "\2\0\0\4abcd"), END }, HG_BUCKET_not_tls, 0, 0, 0 },
	{ "a ServerHello, its type in a record of its own",
	  { OTHER(22, "\2"), OTHER(22, "\0\0\4abcd"), END }, HG_BUCKET_not_tls, 0, 0, 0 },
	{ "an alert of three bytes", { OTHER(21, "\1\x5a\0"), HELLO(REST), END }, HG_BUCKET_not_tls,
	  0, 0, 0 },
	{ "a first record of 20000 bytes", { { 0, 0, 20000, "" }, END }, HG_BUCKET_not_tls, 0, 0,
	  0 },
	{ "an empty hello", { OTHER(22, "\1\0\0\0"), END }, HG_BUCKET_malformed, 0, 0, 0 },
};
/* clang-format on */

static void build(struct octets *stream, const struct octets *message, const struct row *row)
{
	__u32 at = 0;

	octets_clear(stream);
	for (const struct record *r = row->records; r->type != 255; r++) {
		__u32 len = r->len == REST ? message->len - at : r->len;

		record_put(stream, r->type ? r->type : 22, r->version ? r->version : 0x0301, NULL,
			   0);
		patch_be(stream, stream->len - 2, 2, len);
		if (r->body) {
			put(stream, r->body, r->len == 20000 ? 0 : len);
			continue;
		}
		put(stream, message->at + at, len);
		at += len;
	}
}

static struct hello_expected expect(const struct row *row, const struct octets *message,
				    __u32 segments)
{
	return (struct hello_expected){ message,
					{ .bytes = 512,
					  .features = HG_HELLO_EXTENSIONS,
					  .legacy_version = 0x0303,
					  .version_max = 0x0304,
					  .cipher_count = 13,
					  .cipher_count_no_grease = 13,
					  .ext_count = 6,
					  .records = row->count,
					  .segments = segments,
					  .record_version = row->version,
					  .session_id_len = 32,
					  .sni_state = HG_SNI_ok },
					segments > 1 ? HG_BUCKET_reassembled
						     : HG_BUCKET_single_segment,
					row->flags };
}

static bool whole(struct talk *t, const struct row *row, const struct octets *stream,
		  const struct octets *message)
{
	struct hello_expected expected = expect(row, message, 1);
	bool ok;

	talk_syn(t);
	talk_client(t, 0, stream->at, stream->len);
	ok = row->bucket == READ ? talk_saw_hello(t, &expected) : talk_saw_no_hello(t);
	talk_client_ends(t, stream->len);
	return ok & talk_counted(t, row->bucket);
}

/* In two segments; only where the first does not hold the hello already. */
static bool halves(struct talk *t, const struct row *row, const struct octets *stream,
		   const struct octets *message, __u32 cut)
{
	struct hello_expected expected = expect(row, message, 2);
	bool ok;

	talk_syn(t);
	talk_client(t, 0, stream->at, cut);
	talk_client(t, cut, stream->at + cut, stream->len - cut);
	ok = row->bucket == READ ? talk_saw_hello(t, &expected) : talk_saw_no_hello(t);
	talk_client_ends(t, stream->len);
	ok &= talk_counted(t, row->bucket == READ ? HG_BUCKET_reassembled : row->bucket);
	if (!ok)
		tap_diag("cut at %u", cut);
	return ok;
}

static __u32 end_of_hello(const struct row *row)
{
	__u32 at = 0, last = 0;

	for (const struct record *r = row->records; r->type != 255; r++) {
		at += 5 + (r->len == REST ? 512 : r->len);
		if (!r->body)
			last = at;
	}
	return last;
}

static void one(struct gate *g, enum gate_hook hook, const struct row *row, __u32 step)
{
	static struct octets message, stream;
	static struct talk t;
	__u32 end;
	bool ok;

	hello_build(&message, &hello_classic);
	build(&stream, &message, row);
	talk_begin(&t, g, hook, NULL);
	ok = whole(&t, row, &stream, &message) & gate_clear(g);
	tap_ok(ok, "%s: %s", gate_hook_name[hook], row->what);
	if (row->bucket != READ)
		return;
	end = stream.len < end_of_hello(row) ? stream.len : end_of_hello(row);
	for (__u32 cut = 1; ok && cut < end && cut < 520; cut += step) {
		talk_begin(&t, g, hook, NULL);
		ok = halves(&t, row, &stream, &message, cut) & gate_clear(g);
	}
	tap_ok(ok, "%s: %s, cut everywhere", gate_hook_name[hook], row->what);
}

/* Two records, at every byte; and in records of one size throughout. */
static bool sized(struct gate *g, enum gate_hook hook, const __u32 *sizes, __u32 count,
		  __u32 records)
{
	static struct octets message, stream;
	static struct talk t;
	struct row row = { .count = records, .version = 0x0301, .flags = CUT };
	struct hello_expected expected;
	bool ok;

	hello_build(&message, &hello_classic);
	records_split(&stream, &message, sizes, count);
	expected = expect(&row, &message, (stream.len + 1399) / 1400);
	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	talk_stream(&t, &stream, 1400);
	ok = talk_saw_hello(&t, &expected);
	talk_client_ends(&t, stream.len);
	gate_forget(g);
	if (!ok)
		tap_diag("records of %u", sizes[0]);
	return ok;
}

static void two_records(struct gate *g, enum gate_hook hook)
{
	__u32 good = 0;

	for (__u32 cut = 1; cut < 512; cut++) {
		__u32 sizes[2] = { cut, 512 };

		good += sized(g, hook, sizes, 2, 2);
	}
	tap_ok(good == 511, "%s: two records, cut at every byte: %u of 511", gate_hook_name[hook],
	       good);
	for (__u32 size = 1; size < 20; size++)
		good += sized(g, hook, &size, 1, (512 + size - 1) / size);
	tap_ok(good == 530, "%s: records of 1 to 19 bytes", gate_hook_name[hook]);
	tap_ok(gate_balanced(g) & gate_clear(g), "%s: the books", gate_hook_name[hook]);
}

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			one(&g, hook, &rows[i], hook == GATE_INGRESS ? 7 : 61);
		two_records(&g, hook);
	}
	gate_close(&g);
	return tap_done();
}
