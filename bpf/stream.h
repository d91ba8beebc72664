/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * stream.h - TCP payload into a capture: any number of segments, any order.
 *
 * `filled` bytes from the flow's base are contiguous; `reached` is the end of
 * the furthest byte.  As long as both are equal there is no hole and a segment
 * is appended as it comes.  Behind a hole, a bit for each byte tells "not yet
 * seen" from "seen as zero"; bytes that came first stay, and a later segment
 * that says something else raises the conflict.
 */
#ifndef HG_STREAM_H
#define HG_STREAM_H

#include "flows.h"

struct hg_copy_step {
	void *ctx;
	struct hg_capture *capture;
	__u32 from; /* offset in the packet */
	__u32 to;   /* offset in the capture */
	__u32 left;
	__u32 failed;
};

HG_INLINE long hg_copy_chunk(struct hg_copy_step *s, const int at)
{
	__u32 n = s->left, to = s->to;

	if (!n)
		return 1;
	if (n > HG_COPY_CHUNK)
		n = HG_COPY_CHUNK;
	/* The verifier of 6.1 wants 1 <= n from the instructions next to the call. */
	hg_opaque(n);
	n = ((n - 1) & (HG_COPY_CHUNK - 1)) + 1;
	hg_opaque(to);
	if (to >= HG_STREAM_CAP)
		return 1;
	if (hg_load(s->ctx, at, s->from, &s->capture->bytes[to], n)) {
		s->failed = 1;
		return 1;
	}
	s->from += n;
	s->to = to + n;
	s->left -= n;
	return !s->left;
}

HG_STEP long hg_copy_step_xdp(__u32 i, struct hg_copy_step *s)
{
	(void)i;
	return hg_copy_chunk(s, HG_AT_XDP);
}

HG_STEP long hg_copy_step_skb(__u32 i, struct hg_copy_step *s)
{
	(void)i;
	return hg_copy_chunk(s, HG_AT_INGRESS);
}

/* Global functions, verified once each: how bytes are read is all that tells them apart. */
HG_NOINLINE int hg_stream_copy_xdp(struct xdp_md *ctx, __u32 index, __u32 from, __u32 to, __u32 len)
{
	struct hg_copy_step step = { ctx, hg_capture(index), from, to, len, 0 };

	if (!step.capture)
		return 0;
	hg_loop_few(1, HG_COPY_CHUNKS_MAX, hg_copy_step_xdp, &step);
	return !step.failed;
}

HG_NOINLINE int hg_stream_copy_skb(struct __sk_buff *ctx, __u32 index, __u32 from, __u32 to,
				   __u32 len)
{
	struct hg_copy_step step = { ctx, hg_capture(index), from, to, len, 0 };

	if (!step.capture)
		return 0;
	hg_loop_few(1, HG_COPY_CHUNKS_MAX, hg_copy_step_skb, &step);
	return !step.failed;
}

/* Copy `len` bytes of the packet to offset `to` of capture `index`: false on failure. */
HG_INLINE bool hg_stream_copy(void *ctx, const int at, __u32 index, __u32 from, __u32 to, __u32 len)
{
	return at == HG_AT_XDP ? hg_stream_copy_xdp(ctx, index, from, to, len)
			       : hg_stream_copy_skb(ctx, index, from, to, len);
}

/* ---- urgent data ---- */

struct hg_cut_step {
	struct hg_capture *capture;
	__u32 at;
	__u32 end;
};

HG_STEP long hg_cut_step(__u32 i, struct hg_cut_step *s)
{
	__u32 at = s->at + i * 8;
	__u64 word = hg_word(s->capture, at + 1);

	if (at >= s->end)
		return 1;
	hg_opaque(at);
	if (at >= HG_STREAM_CAP)
		return 1;
	__builtin_memcpy(&s->capture->bytes[at], &word, sizeof(word));
	return 0;
}

/*
 * A server's stream does not hold the urgent byte (RFC 9293, section 3.8.5;
 * SO_OOBINLINE is off by default), though it has a sequence number.  Take it out
 * of the bytes up to `end`.
 */
HG_NOINLINE int hg_stream_cut(__u32 index, __u32 at, __u32 end)
{
	struct hg_cut_step step = { hg_capture(index), at, end };

	if (step.capture)
		hg_loop(HG_STREAM_CAP / 8, hg_cut_step, &step);
	return 0;
}

/* Is a byte of this payload of `len` bytes urgent? */
HG_INLINE bool hg_has_urgent(const struct hg_packet *p, __u32 len)
{
	return p->urgent && p->urgent <= len;
}

/* Is one of a later segment?  Which byte that is, is not kept. */
HG_INLINE bool hg_announces_urgent(const struct hg_packet *p)
{
	return p->urgent > p->payload_len;
}

/* ---- holes ---- */

/* Two segments said different things of one byte; not a flag, a bucket. */
#define HG_STREAM_CONFLICT (1U << 30)
#define HG_STREAM_NEW (1U << 29) /* the segment brought bytes that were missing */

struct hg_merge_step {
	const struct hg_capture *from; /* the segment, from offset 0 */
	struct hg_capture *to;
	struct hg_received *received;
	__u32 at;     /* where the segment begins in `to` */
	__u32 end;    /* where it ends */
	__u32 filled; /* bytes before this are there, whatever `received` says */
	__u32 conflict;
	__u32 overlap;
	__u32 took; /* something was missing */
};

HG_STEP long hg_received_clear_step(__u32 i, struct hg_merge_step *m)
{
	hg_opaque(i);
	if (i >= HG_STREAM_CAP / 64 + 1)
		return 1;
	m->received->bits[i] = 0;
	return 0;
}

/* Bits [low, high) of eight, for byte offsets relative to a word. */
HG_INLINE __u32 hg_bits(__s32 low, __s32 high)
{
	if (low < 0)
		low = 0;
	if (high > 8)
		high = 8;
	if (low >= high)
		return 0;
	return ((1U << (high & 15)) - 1) & ~((1U << (low & 15)) - 1);
}

/* Eight bits to eight bytes of 0x00 or 0xff, the lowest bit to the first byte. */
HG_INLINE __u64 hg_spread(__u32 bits)
{
	__u64 each = ((__u64)bits * HG_EACH(1)) & 0x8040201008040201ULL;

	each = (each + HG_EACH(0x7f)) | each;
	return ((each & HG_EACH(0x80)) >> 7) * 0xff;
}

/* One aligned word of the target: keep what is there, take what is missing. */
HG_STEP long hg_merge_step(__u32 i, struct hg_merge_step *m)
{
	__u32 word = (m->at & ~7U) + i * 8, index = word / 64, shift = word & 63;
	__u32 covers, had, take;
	__u64 old, new, seen;

	if (word >= m->end)
		return 1;
	hg_opaque(word);
	if (word >= HG_STREAM_CAP)
		return 1;
	hg_opaque(index);
	if (index >= HG_STREAM_CAP / 64)
		return 1;
	seen = m->received->bits[index];
	covers = hg_bits((__s32)m->at - (__s32)word, (__s32)m->end - (__s32)word);
	had = (seen >> shift & 0xff) | hg_bits(0, (__s32)m->filled - (__s32)word);
	take = covers & ~had;
	__builtin_memcpy(&old, &m->to->bytes[word], 8);
	if (word >= m->at)
		new = hg_word(m->from, word - m->at);
	else
		new = hg_word(m->from, 0) << (8 * (m->at - word) & 63);
	if (covers & had) {
		m->overlap = 1;
		if ((old ^ new) & hg_spread(covers & had))
			m->conflict = 1;
	}
	m->took |= take;
	old = (old & ~hg_spread(take)) | (new &hg_spread(take));
	__builtin_memcpy(&m->to->bytes[word], &old, 8);
	m->received->bits[index] = seen | (__u64)take << shift;
	return 0;
}

struct hg_fill_step {
	const struct hg_received *received;
	__u32 filled;
};

/* The run of ones from bit 0 upwards. */
HG_INLINE __u32 hg_ones(__u64 bits)
{
	__u32 n = 0;

	HG_UNROLL
	for (__u32 half = 32; half; half /= 2) {
		__u64 ones = (1ULL << half) - 1;

		if ((bits & ones) == ones) {
			bits >>= half;
			n += half;
		}
	}
	return n + (bits & 1);
}

HG_STEP long hg_fill_step(__u32 i, struct hg_fill_step *f)
{
	__u32 index = f->filled / 64, shift = f->filled & 63, ones;

	(void)i;
	hg_opaque(index);
	if (index >= HG_STREAM_CAP / 64)
		return 1;
	ones = hg_ones(f->received->bits[index] >> shift);
	f->filled += ones;
	return ones < 64 - shift;
}

/*
 * Merge a segment of `len` bytes that lies in this processor's capture into
 * the flow's own, at offset `at`.  Returns HG_FLAG bits for what was found.
 */
HG_NOINLINE int hg_stream_merge(__u32 cpu, __u32 buffer, __u32 at, __u32 len)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_received *r = bpf_map_lookup_elem(&received, &buffer);
	struct hg_capture *from = hg_capture(cpu), *to = hg_capture(buffer);
	struct hg_flow *f = s ? hg_flow_lookup(&s->key) : NULL;
	struct hg_merge_step merge = { .at = at, .end = at + len };
	struct hg_fill_step fill = {};
	int found = 0;

	if (!f || !r || !from || !to)
		return 0;
	merge.from = from;
	merge.to = to;
	merge.received = r;
	if (f->filled == f->reached)
		hg_loop(HG_STREAM_CAP / 64 + 1, hg_received_clear_step, &merge);
	merge.filled = f->filled;
	hg_loop(HG_STREAM_CAP / 8, hg_merge_step, &merge);
	if (merge.end > f->reached)
		f->reached = merge.end;
	if (at <= f->filled && merge.end > f->filled) {
		fill.received = r;
		fill.filled = merge.end;
		hg_loop(HG_STREAM_CAP / 64, hg_fill_step, &fill);
		f->filled = fill.filled;
	}
	if (merge.overlap)
		found |= HG_FLAG(overlap);
	if (merge.conflict)
		found |= HG_STREAM_CONFLICT;
	if (merge.took)
		found |= HG_STREAM_NEW;
	return found;
}

#endif /* HG_STREAM_H */
