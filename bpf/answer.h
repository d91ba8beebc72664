/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * answer.h - what both sides say behind the hello, as long as the handshake lasts.
 *
 * Segments are walked as they come, without being kept.  Only the headers of
 * records matter once they are encrypted, so that a segment that is missed does
 * not matter unless it holds one; else the side is lost, and counted as such.
 */
#ifndef HG_ANSWER_H
#define HG_ANSWER_H

#include "evict.h"
#include "outcome.h"
#include "stream.h"

/* Microseconds since the hello, and one. */
HG_INLINE __u32 hg_since_hello(const struct hg_scratch *s, const struct hg_flow *f)
{
	return (__u32)((s->now - f->hello_ns) / 1000) + 1;
}

/* The header is written in front of the bytes, over what has been walked. */
HG_INLINE void hg_emit_chunk(struct hg_scratch *s, const struct hg_flow *f, struct hg_capture *c,
			     const struct hg_chunk *chunk, __u32 from)
{
	struct hg_event_chunk *e = &s->chunk;
	__u32 at = chunk->at, len = chunk->len;

	e->type = HG_EVENT_CHUNK;
	e->from = from;
	e->flow_id = f->id;
	e->offset = chunk->offset;
	e->total = f->answer.side[from & 1].certificate_bytes - HG_HANDSHAKE_HEADER;
	e->len = len;
	hg_opaque(at);
	if (at >= HG_STREAM_CAP)
		return;
	hg_opaque(len);
	if (!len || len > HG_CHUNK_MAX)
		return;
	__builtin_memcpy(c->bytes + at - sizeof(*e), e, sizeof(*e));
	hg_event_sent(bpf_ringbuf_output(&events, c->bytes + at - sizeof(*e), sizeof(*e) + len,
					 hg_ring_flags(f->state == HG_FLOW_PENDING, s->now)));
}

HG_STEP long hg_emit_chunk_step(__u32 i, struct hg_emit_step *step)
{
	struct hg_scratch *s = step->scratch;

	if (i >= s->walk_answer.chunk_count)
		return 1;
	hg_opaque(i);
	if (i >= HG_CHUNKS_MAX)
		return 1;
	hg_emit_chunk(s, step->flow, step->capture, &s->walk_answer.chunks[i], step->from);
	return 0;
}

/* Walk the bytes [walk.at, walk.end) of a capture. */
HG_NOINLINE int hg_answer_walk(__u32 index, __u32 from)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_capture *c = hg_capture(index);
	struct hg_flow *f = s ? hg_flow_lookup(&s->key) : NULL;
	struct hg_flight_step step = { .capture = c, .from_server = from == HG_FROM_SERVER };
	struct hg_emit_step emit = { s, f, c, from };

	if (!f || !c)
		return 0;
	step.walk = &s->walk_answer;
	step.flight = from ? &f->flight[1] : &f->flight[0];
	step.side = from ? &f->answer.side[1] : &f->answer.side[0];
	step.other = from ? &f->answer.side[0] : &f->answer.side[1];
	step.server = &f->answer.server;
	s->walk_answer.chunk_count = 0;
	s->walk_answer.chunks_lost = 0;
	s->walk_answer.now_us = hg_since_hello(s, f);
	hg_flight_walk(&step);
	if (s->walk_answer.chunk_count)
		hg_loop(HG_CHUNKS_MAX, hg_emit_chunk_step, &emit);
	if (s->walk_answer.chunks_lost)
		hg_count_refused(HG_REFUSAL_certificate_pieces);
	return 0;
}

/* Where the side's first byte behind the hello lies. */
HG_INLINE void hg_flight_begin(struct hg_flow *f, struct hg_flight *w, __u32 from)
{
	if (w->begun)
		return;
	w->begun = 1;
	w->next = from == HG_FROM_CLIENT ? f->behind : f->answered;
	hg_want(w, HG_WANT_MESSAGE, HG_HANDSHAKE_HEADER);
}

/*
 * What the client says behind its hello in the same segment (0-RTT, or all of its
 * side at once): it lies in the capture of the hello.
 */
HG_NOINLINE int hg_answer_behind(__u32 index, __u32 filled)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_flow *f = s ? hg_flow_lookup(&s->key) : NULL;

	if (!f || !hg_flow_listens(f))
		return 0;
	hg_flight_begin(f, &f->flight[HG_FROM_CLIENT], HG_FROM_CLIENT);
	s->walk_answer.seq = f->base + f->urgent;
	s->walk_answer.at = f->behind - f->base - f->urgent;
	s->walk_answer.end = filled;
	if (s->walk_answer.at < filled)
		hg_answer_walk(index, HG_FROM_CLIENT);
	return 0;
}

/* Is there something behind the hello that was read? */
HG_INLINE bool hg_has_behind(const struct hg_flow *f)
{
	return f->behind - f->base - f->urgent < f->filled;
}

/* ---- a segment that came before the one in front of it ---- */

/*
 * It waits in a capture of the pool, which the hello has given back by now.
 * False if it cannot: what it holds is then lost.
 */
HG_INLINE bool hg_gap_begin(struct hg_scratch *s, struct hg_flow *f, const struct hg_flight *w,
			    __u32 from)
{
	if (f->gap || f->buffer != HG_NO_BUFFER)
		return f->gap == from + 1 && f->buffer != HG_NO_BUFFER;
	if (hg_capture_take(f->isn) != HG_CAPTURE_TAKEN)
		return false;
	f->filled = 0;
	f->reached = 0;
	f->gap_base = w->next;
	f->gap = from + 1;
	hg_flow_given(f, s);
	return true;
}

HG_INLINE void hg_gap_end(struct hg_flow *f)
{
	f->gap = 0;
	hg_flow_release_buffer(f);
}

/* The segment is in this processor's capture; what has no gap any more is walked. */
HG_INLINE bool hg_gap_fill(struct hg_scratch *s, struct hg_flow *f, const struct hg_flight *w,
			   __u32 seq, __u32 len, __u32 cpu)
{
	__u32 offset = seq - f->gap_base;

	if (offset >= HG_STREAM_CAP || len > HG_STREAM_CAP - offset)
		return false;
	hg_stream_merge(cpu, f->buffer, offset, len);
	s->walk_answer.at = w->next - f->gap_base;
	s->walk_answer.end = f->filled;
	if (s->walk_answer.at < s->walk_answer.end)
		hg_answer_walk(f->buffer, s->packet.from & 1);
	if (w->next - f->gap_base >= f->reached)
		hg_gap_end(f);
	return true;
}

/* ---- segments ---- */

/*
 * Nothing of the server was read yet, and this begins what it says first: then
 * what was missed before it was no TLS.
 */
HG_INLINE bool hg_answer_begins(const struct hg_flow *f, const struct hg_capture *c, __u32 from,
				__u32 len)
{
	return from == HG_FROM_SERVER && !f->gap && !f->answer.side[HG_FROM_SERVER].records &&
	       len >= 7 && hg_answer_looks(c);
}

/* The bytes that were copied are walked, or wait. */
HG_INLINE void hg_answer_bytes(struct hg_scratch *s, struct hg_flow *f, struct hg_flight *w,
			       __u32 from, __u32 cpu)
{
	__u32 seq = s->walk_answer.seq, len = s->walk_answer.end;
	const struct hg_capture *c = hg_capture(cpu);
	bool waits = f->gap == from + 1;

	if (!waits && c && hg_answer_begins(f, c, from, len))
		w->next = seq;
	if (!waits && (__s32)(w->next - seq) >= 0) {
		s->walk_answer.at = w->next - seq;
		hg_answer_walk(cpu, from);
		return;
	}
	if (hg_gap_begin(s, f, w, from) && hg_gap_fill(s, f, w, seq, len, cpu))
		return;
	if (from)
		f->answer.side[1].seen |= HG_SEEN_LOST | HG_SEEN_MISSED;
	else
		f->answer.side[0].seen |= HG_SEEN_LOST | HG_SEEN_MISSED;
	if (f->gap == from + 1)
		hg_gap_end(f);
}

/* Behind hg_answer_copy(): returns 1 if nothing more is needed. */
HG_NOINLINE int hg_answer_take(__u32 cpu, __u32 from)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_flow *f = s ? hg_flow_lookup(&s->key) : NULL;
	int over;

	if (!f)
		return 0;
	if (!hg_flow_lock_patiently(f)) {
		hg_count_refused(HG_REFUSAL_flow_busy);
		return 0;
	}
	hg_answer_bytes(s, f, from ? &f->flight[1] : &f->flight[0], from, cpu);
	over = hg_is_established(&f->answer, f->heard);
	hg_flow_unlock(f);
	return over;
}

/*
 * The part of the segment that may matter, into this processor's capture: of the
 * flow under the key in the scratch.  Returns how many bytes that are.
 */
HG_INLINE int hg_answer_copy(void *ctx, const int at, __u32 cpu)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_flow *f = s ? hg_flow_lookup(&s->key) : NULL;
	__u32 from, len, skip, base;
	struct hg_flight *w;

	if (!f)
		return 0;
	from = s->packet.from & 1;
	len = s->packet.payload_len;
	w = from ? &f->flight[1] : &f->flight[0];
	hg_flight_begin(f, w, from);
	if ((from ? f->answer.side[1].seen : f->answer.side[0].seen) & HG_SEEN_LOST)
		return 0;
	base = f->gap == from + 1 ? f->gap_base : w->next;
	skip = (__s32)(base - s->packet.seq) > 0 ? base - s->packet.seq : 0;
	if (skip >= len || (__s32)(s->packet.seq + len - w->next) <= 0)
		return 0;
	len -= skip;
	if (len > HG_STREAM_CAP)
		len = HG_STREAM_CAP;
	s->walk_answer.seq = s->packet.seq + skip;
	s->walk_answer.end = len;
	return hg_stream_copy(ctx, at, cpu, s->packet.payload + skip, 0, len) ? (int)len : 0;
}

/* Global functions, verified once each: how bytes are read is all that tells them apart. */
HG_NOINLINE int hg_answer_copy_xdp(struct xdp_md *ctx, __u32 cpu)
{
	return hg_answer_copy(ctx, HG_AT_XDP, cpu);
}

HG_NOINLINE int hg_answer_copy_skb(struct __sk_buff *ctx, __u32 cpu)
{
	return hg_answer_copy(ctx, HG_AT_INGRESS, cpu);
}

/* A segment behind the hello, of either side.  True if nothing more is needed. */
HG_INLINE bool hg_answer_read(void *ctx, const int at, const struct hg_scratch *s, __u32 cpu)
{
	int len = at == HG_AT_XDP ? hg_answer_copy_xdp(ctx, cpu) : hg_answer_copy_skb(ctx, cpu);

	return len && hg_answer_take(cpu, s->packet.from & 1);
}

#endif /* HG_ANSWER_H */
