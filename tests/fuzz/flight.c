/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both sides say behind the hello.  What is known of it must not depend on
 * how it was cut, nor on what lies behind the bytes that have come.
 *
 * Input: pieces, each a side (lowest bit), its length in two bytes, its bytes.
 */
#include "fuzz.h"

#include "outcome.h"

#define PIECES_MAX 64
#define PIECE_MAX 480 /* less than HG_FLIGHT_STEPS takes in one walk */
#define SHOWN_MAX 65536

struct talk {
	struct hg_flight flight[2];
	struct hg_answer_facts answer;
	bool lost; /* pieces of a certificate: more than there was room for */
	__u32 shown_sum;
	__u32 shown;
};

/* How a piece is cut. */
enum cut { WHOLE, BYTES, HALVES, CUTS };

static struct hg_capture capture;

static void take_chunks(struct talk *t, const struct hg_walk *walk)
{
	FUZZ_CHECK(walk->chunk_count <= HG_CHUNKS_MAX, "%u chunks", walk->chunk_count);
	t->lost |= walk->chunks_lost;
	for (__u32 i = 0; i < walk->chunk_count; i++) {
		const struct hg_chunk *c = &walk->chunks[i];

		FUZZ_CHECK(c->len && c->len <= HG_CHUNK_MAX && c->at + c->len <= walk->end,
			   "a chunk of %u at %u of %u", c->len, c->at, walk->end);
		for (__u32 b = 0; b < c->len; b++)
			t->shown_sum += (c->offset + b + 1) * (1U + capture.bytes[c->at + b]);
		t->shown += c->len;
	}
}

/* As bpf/answer.h does it for a segment that comes in order. */
static void hear(struct talk *t, unsigned int side, const uint8_t *bytes, __u32 len, __u8 behind)
{
	struct hg_walk walk = { .now_us = 1 };
	struct hg_flight *f = &t->flight[side];
	struct hg_flight_step step = {
		&capture,	   &walk, f, &t->answer.side[side], &t->answer.side[!side],
		&t->answer.server, side
	};
	/* Sequence numbers are counted from zero: `next` is what is read or stepped over. */
	static __u32 sent[2];
	__u32 skip;

	if (!bytes) {
		sent[0] = 0;
		sent[1] = 0;
		return;
	}
	skip = f->next - sent[side];
	sent[side] += len;
	if (step.side->seen & HG_SEEN_LOST || skip >= len)
		return;
	memcpy(capture.bytes, bytes + skip, len - skip);
	memset(capture.bytes + len - skip, behind, 64);
	walk.end = len - skip;
	hg_flight_walk(&step);
	FUZZ_CHECK(walk.at >= walk.end || step.side->seen & HG_SEEN_LOST, "read to %u of %u",
		   walk.at, walk.end);
	take_chunks(t, &walk);
}

static void hear_cut(struct talk *t, unsigned int side, const uint8_t *at, __u32 len, enum cut cut)
{
	__u32 step = cut == BYTES ? 1 : cut == HALVES ? len / 2 + 1 : len, n;

	for (__u32 i = 0; i < len; i += n) {
		n = step < len - i ? step : len - i;
		hear(t, side, at + i, n, cut == WHOLE ? 0x16 : 0xff);
	}
}

static void hear_all(struct talk *t, struct fuzz_input in, enum cut cut)
{
	memset(t, 0, sizeof(*t));
	hg_want(&t->flight[0], HG_WANT_MESSAGE, HG_HANDSHAKE_HEADER);
	hg_want(&t->flight[1], HG_WANT_MESSAGE, HG_HANDSHAKE_HEADER);
	hear(t, 0, NULL, 0, 0);
	for (unsigned int i = 0; i < PIECES_MAX && in.left > 3; i++) {
		unsigned int side = fuzz_u8(&in) & 1;
		size_t len = fuzz_u16(&in) % PIECE_MAX;
		const uint8_t *at = fuzz_bytes(&in, &len);

		if (len)
			hear_cut(t, side, at, (__u32)len, cut);
	}
}

static void check_side(const struct hg_side_facts *s)
{
	FUZZ_CHECK(s->alert_count <= HG_ALERTS_MAX, "%u alerts", s->alert_count);
	FUZZ_CHECK(!(s->seen & HG_SEEN_NOT_TLS) || s->seen & HG_SEEN_LOST, "not TLS, not lost");
	FUZZ_CHECK(s->encrypted <= s->records, "%u of %u records", s->encrypted, s->records);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	static struct talk talks[CUTS];

	for (enum cut cut = WHOLE; cut < CUTS; cut++)
		hear_all(&talks[cut], in, cut);
	check_side(&talks[WHOLE].answer.side[0]);
	check_side(&talks[WHOLE].answer.side[1]);
	hg_outcome_at_end(&talks[WHOLE].answer, HG_CLOSE_fin, true);
	for (enum cut cut = BYTES; cut < CUTS; cut++) {
		FUZZ_CHECK(!memcmp(&talks[WHOLE].answer, &talks[cut].answer,
				   sizeof(talks[cut].answer)),
			   "cut otherwise (%u), other facts", cut);
		FUZZ_CHECK(talks[WHOLE].lost || talks[cut].lost ||
				   (talks[WHOLE].shown == talks[cut].shown &&
				    talks[WHOLE].shown_sum == talks[cut].shown_sum),
			   "cut otherwise (%u), other certificates", cut);
	}
	return 0;
}
