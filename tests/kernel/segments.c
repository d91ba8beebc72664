/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One hello over many segments: any number, any order, twice, overlapping,
 * across the end of the sequence space.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

#define PIECES 8
#define REST 0xffff

/* Part of the stream, as it arrives; `spoil` is XORed to every byte of it. */
struct piece {
	__u16 at, len; /* len REST: to the end of the stream */
	__u8 spoil;
};

#define OOO HG_FLAG(out_of_order)
#define OVER HG_FLAG(overlap)
#define AGAIN HG_FLAG(retransmitted) /* a segment that brought nothing */

struct row {
	const char *what;
	struct piece pieces[PIECES];
	__u32 segments; /* that brought bytes; 0: the hello never gets whole */
	__u32 flags;
	bool conflict;
};

#define P(at, len)                                                                                 \
	{                                                                                          \
		at, len, 0                                                                         \
	}
#define SPOILT(at, len, spoil)                                                                     \
	{                                                                                          \
		at, len, spoil                                                                     \
	}

/* The classic hello: 517 bytes. */
/* clang-format off */
static const struct row rows[] = {
	{ "three in order", { P(0, 100), P(100, 200), P(300, REST) }, 3, 0, false },
	{ "three, 1 3 2", { P(0, 100), P(300, REST), P(100, 200) }, 3, OOO, false },
	{ "three, 2 1 3", { P(100, 200), P(0, 100), P(300, REST) }, 3, OOO, false },
	{ "three, 2 3 1", { P(100, 200), P(300, REST), P(0, 100) }, 3, OOO, false },
	{ "three, 3 1 2", { P(300, REST), P(0, 100), P(100, 200) }, 3, OOO, false },
	{ "three, 3 2 1", { P(300, REST), P(100, 200), P(0, 100) }, 3, OOO, false },
	{ "every other one first", { P(64, 64), P(192, 64), P(320, REST), P(0, 64), P(128, 64),
	    P(256, 64) }, 6, OOO, false },
	{ "the first one twice", { P(0, 200), P(0, 200), P(200, REST) }, 2, OVER | AGAIN, false },
	{ "the last one twice, first missing", { P(200, REST), P(200, REST), P(0, 200) }, 2,
	  OOO | OVER | AGAIN, false },
	{ "a retransmission that brings more", { P(0, 200), P(0, REST) }, 2, OVER, false },
	{ "a retransmission that reaches back", { P(0, 200), P(137, REST) }, 2, OVER, false },
	{ "one byte of overlap", { P(0, 200), P(199, REST) }, 2, OVER, false },
	{ "overlap over a hole, one byte left", { P(9, 300), P(200, REST), P(1, 30), P(0, 1) }, 4,
	  OOO | OVER, false },
	{ "a segment that fills a hole and more", { P(0, 50), P(100, 50), P(200, 50), P(20, REST) },
	  4, OOO | OVER, false },
	{ "islands in odd places", { P(3, 5), P(13, 1), P(63, 3), P(511, 6), P(127, 300),
	    P(0, REST) }, 6, OOO | OVER, false },
	{ "a keep-alive", { P(0, 200), P(199, 1), P(200, REST) }, 2, OVER | AGAIN, false },
	{ "other bytes after the real ones", { P(0, 200), SPOILT(100, 100, 0x40), P(200, REST) }, 2,
	  OVER | AGAIN, true },
	{ "one other byte after the real ones", { P(0, 200), SPOILT(199, 1, 1), P(200, REST) }, 2,
	  OVER | AGAIN, true },
	{ "one bit of the first byte", { P(0, 200), SPOILT(0, 1, 0x80), P(200, REST) }, 2,
	  OVER | AGAIN, true },
	{ "other bytes behind a hole, after the real ones",
	  { P(300, REST), SPOILT(400, 50, 1), P(0, 300) }, 2, OOO | OVER | AGAIN, true },
};
/* clang-format on */

static const __u32 isns[] = { 0x10000000, 0xffffffff, 0xfffffffe, 0xffffff00, 0xfffffdfa };

static __u32 piece_len(const struct piece *p, const struct octets *stream)
{
	return p->len == REST ? stream->len - p->at : p->len;
}

static void send_piece(struct talk *t, const struct piece *p, const struct octets *stream)
{
	static __u8 data[2048];
	__u32 len = piece_len(p, stream);

	for (__u32 i = 0; i < len; i++)
		data[i] = stream->at[p->at + i] ^ p->spoil;
	talk_client(t, p->at, data, len);
}

static struct hg_hello_facts classic_facts(__u32 segments)
{
	return (struct hg_hello_facts){ .bytes = 512,
					.features = HG_HELLO_EXTENSIONS,
					.legacy_version = 0x0303,
					.version_max = 0x0304,
					.cipher_count = 13,
					.cipher_count_no_grease = 13,
					.ext_count = 6,
					.records = 1,
					.segments = segments,
					.record_version = 0x0301,
					.session_id_len = 32,
					.sni_state = HG_SNI_ok };
}

static bool pieces(struct gate *g, enum gate_hook hook, const struct row *row, __u32 isn)
{
	static struct octets message, stream;
	static struct talk t;
	struct conn conn = { .isn = isn };
	enum hg_bucket bucket = row->conflict ? HG_BUCKET_conflicting_overlap
					      : HG_BUCKET_reassembled;
	struct hello_expected expected = { &message, classic_facts(row->segments), bucket,
					   row->flags };
	bool ok;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	talk_begin(&t, g, hook, &conn);
	talk_syn(&t);
	for (__u32 i = 0; i < PIECES && row->pieces[i].len; i++)
		send_piece(&t, &row->pieces[i], &stream);
	ok = talk_saw_hello(&t, &expected);
	talk_client_ends(&t, stream.len);
	ok &= talk_saw_end(&t, HG_CLOSE_rst, HG_SIDE_client, bucket, HG_OUTCOME_unknown);
	ok &= gate_balanced(g);
	if (!ok)
		tap_diag("with an initial sequence number of %#x", isn);
	return ok & gate_clear(g);
}

static void table(struct gate *g, enum gate_hook hook)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		bool ok = true;

		for (size_t n = 0; n < COUNT_OF(isns); n++)
			ok &= pieces(g, hook, &rows[i], isns[n]);
		tap_ok(ok, "%s: %s", gate_hook_name[hook], rows[i].what);
	}
}

/* The order of n pieces that a permutation number stands for. */
static void permute(__u32 number, __u32 n, __u32 *order)
{
	for (__u32 i = 0; i < n; i++)
		order[i] = i;
	for (__u32 i = n; i > 1; i--) {
		__u32 j = number % i, kept = order[i - 1];

		number /= i;
		order[i - 1] = order[j];
		order[j] = kept;
	}
}

/* Three segments in each of six orders, cut at many pairs of places. */
static void three(struct gate *g, enum gate_hook hook, __u32 step)
{
	static struct octets message, stream;
	static struct talk t;
	struct hello_expected expected = { &message, classic_facts(3), HG_BUCKET_reassembled, 0 };
	__u32 tried = 0, good = 0, order[3];

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	for (__u32 a = 1; a < stream.len - 1; a += step) {
		for (__u32 b = a + 1; b < stream.len; b += step + 2) {
			__u32 cut[4] = { 0, a, b, stream.len };

			permute(tried % 6, 3, order);
			expected.flags = order[0] == 0 && order[1] == 1 ? 0 : HG_FLAG(out_of_order);
			talk_begin(&t, g, hook, NULL);
			talk_syn(&t);
			for (__u32 i = 0; i < 3; i++)
				talk_client(&t, cut[order[i]], stream.at + cut[order[i]],
					    cut[order[i] + 1] - cut[order[i]]);
			good += talk_saw_hello(&t, &expected);
			talk_client_ends(&t, stream.len);
			gate_forget(g);
			tried++;
		}
	}
	tap_ok(good == tried, "%s: three segments, six orders: %u of %u", gate_hook_name[hook],
	       good, tried);
	tap_ok(gate_balanced(g) & gate_clear(g), "%s: the books", gate_hook_name[hook]);
}

/* Every byte a segment of its own, forwards and backwards. */
static void bytes(struct gate *g, enum gate_hook hook, bool backwards, __u32 isn)
{
	static struct octets message, stream;
	static struct talk t;
	struct conn conn = { .isn = isn };
	struct hello_expected expected = { &message, classic_facts(517), HG_BUCKET_reassembled,
					   backwards ? HG_FLAG(out_of_order) : 0 };

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	talk_begin(&t, g, hook, &conn);
	talk_syn(&t);
	for (__u32 i = 0; i < stream.len; i++) {
		__u32 at = backwards ? stream.len - 1 - i : i;

		talk_client(&t, at, stream.at + at, 1);
	}
	tap_ok(talk_saw_hello(&t, &expected) & gate_clear(g), "%s: one byte a segment, %s",
	       gate_hook_name[hook], backwards ? "last one first" : "in order");
}

/* A decoy of zeros in front of the real bytes: both are seen, and the conflict. */
static void decoy_first(struct gate *g, enum gate_hook hook)
{
	static const __u8 zeros[600];
	static struct octets message, stream;
	static struct talk t;
	const struct gate_event *end = NULL;
	bool ok;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	talk_client(&t, 100, zeros, 200);
	talk_client(&t, 0, stream.at, 300);
	talk_client(&t, 300, stream.at + 300, stream.len - 300);
	talk_client_ends(&t, stream.len);
	ok = check_u64("END events", talk_count(&t, HG_EVENT_END, &end), 1);
	if (end)
		ok &= check_u64("bucket", end->head.bucket, HG_BUCKET_conflicting_overlap);
	tap_ok(ok & gate_balanced(g) & gate_clear(g),
	       "%s: zeros behind a hole, then the real bytes", gate_hook_name[hook]);
}

/* A conflict outweighs that the hello never came whole. */
static void conflict_unfinished(struct gate *g, enum gate_hook hook)
{
	static const __u8 zeros[600];
	static struct octets message, stream;
	static struct talk t;
	const struct gate_event *end = NULL;
	bool ok;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	talk_client(&t, 0, stream.at, 300);
	talk_client(&t, 100, zeros, 200);
	talk_client_ends(&t, 300);
	ok = check_u64("END events", talk_count(&t, HG_EVENT_END, &end), 1);
	if (end)
		ok &= check_u64("bucket", end->head.bucket, HG_BUCKET_conflicting_overlap);
	tap_ok(ok & gate_clear(g), "%s: a conflict in a hello that stays partial",
	       gate_hook_name[hook]);
}

/* Segments meet on different processors. */
static void processors(struct gate *g)
{
	static struct octets message, stream;
	static struct talk t;
	__u32 good = 0;
	struct hello_expected expected = { &message, classic_facts(9), HG_BUCKET_reassembled,
					   HG_FLAG(out_of_order) };
	__u32 order[9];

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	for (__u32 n = 1; n < 100; n++) {
		permute(n * 3641, 9, order);
		talk_begin(&t, g, GATE_XDP, NULL);
		talk_syn(&t);
		for (__u32 i = 0; i < 9; i++) {
			__u32 at = order[i] * 60, len = stream.len - at < 60 ? stream.len - at : 60;

			gate_move(i);
			talk_client(&t, at, stream.at + at, len);
		}
		good += talk_saw_hello(&t, &expected);
		talk_client_ends(&t, stream.len);
		gate_forget(g);
	}
	tap_ok(good == 99, "nine segments, each on the next processor: %u of 99", good);
	tap_ok(gate_balanced(g) & gate_clear(g), "the books, over processors");
}

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		table(&g, hook);
		three(&g, hook, hook == GATE_XDP || hook == GATE_INGRESS ? 17 : 97);
		bytes(&g, hook, false, 0x20000000);
		bytes(&g, hook, true, 0x20000000);
		bytes(&g, hook, false, 0xffffff80);
		bytes(&g, hook, true, 0xffffff80);
		decoy_first(&g, hook);
		conflict_unfinished(&g, hook);
	}
	processors(&g);
	gate_close(&g);
	return tap_done();
}
