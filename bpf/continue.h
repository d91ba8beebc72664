/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * continue.h - further segments of a hello that has begun.
 */
#ifndef HG_CONTINUE_H
#define HG_CONTINUE_H

#include "answer.h"
#include "evict.h"
#include "entry.h"
#include "stream.h"
#include "verify.h"

/*
 * The entry at hand is judged as unread.  A global function, since 6.1 walks
 * all of hg_unread() in each state that leads here.
 */
HG_NOINLINE int hg_continue_unread(__u32 bucket)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_flow *f = s ? hg_flow_lookup(&s->key) : NULL;

	if (!f)
		return HG_ACT_PASS;
	s->records = f->records;
	return hg_unread(s, f, bucket);
}

/* Its capture was given to another: whatever comes, also again, is not read. */
HG_INLINE int hg_continue_evicted(struct hg_flow *f)
{
	f->closing = 0;
	f->settled = 1;
	return hg_continue_unread(HG_BUCKET_evicted);
}

/* What there is without a hole: enum hg_scan. */
HG_INLINE __u32 hg_continue_scan(struct hg_scratch *s, struct hg_flow *f, __u32 cpu)
{
	__u32 scan = HG_SCAN_NOT_TLS;

	s->records = f->records;
	if (s->records.next || hg_looks(f->buffer, f->filled) & HG_LOOKS_MAYBE)
		scan = hg_hello_read(s, f->buffer, cpu, f->filled);
	f->records = s->records;
	return scan;
}

/* For the rest of the hello; behind an IP fragment none is seen. */
HG_INLINE bool hg_continue_waits(const struct hg_flow *f, __u32 scan)
{
	return scan == HG_SCAN_MORE && !(f->flags & HG_FLAG(fragmented_ip));
}

HG_INLINE int hg_continue_complete(struct hg_scratch *s, struct hg_flow *f)
{
	hg_hello_done(s, f);
	hg_flow_to_scratch(s, f);
	hg_emit_hello(s->message_index, s->message_at, 0);
	return hg_hello_act(s, f);
}

HG_INLINE int hg_continue_read(struct hg_scratch *s, struct hg_flow *f, __u32 cpu)
{
	__u32 scan = hg_continue_scan(s, f, cpu);
	int act;

	if (hg_continue_waits(f, scan))
		return HG_ACT_PASS;
	act = scan == HG_SCAN_COMPLETE ? hg_continue_complete(s, f)
				       : hg_continue_unread(hg_bucket_of_scan(scan));
	if (scan == HG_SCAN_COMPLETE && act == HG_ACT_PASS && hg_has_behind(f))
		hg_answer_behind(f->buffer, f->filled);
	hg_flow_release_buffer(f);
	return act;
}

/* The part of a segment that lies inside the capture. */
struct hg_clip {
	__u32 from;   /* offset in the packet */
	__u32 offset; /* in the stream */
	__u32 len;
};

/* False if no part of the segment does. */
HG_INLINE bool hg_segment_clip(const struct hg_flow *f, const struct hg_packet *p,
			       struct hg_clip *c)
{
	__u32 before;

	c->offset = p->seq - f->base - f->urgent;
	c->from = p->payload;
	c->len = p->payload_len;
	if ((__s32)c->offset < 0) {
		before = -c->offset;
		if (before >= c->len)
			return false;
		c->from += before;
		c->len -= before;
		c->offset = 0;
	}
	if (c->offset >= HG_STREAM_CAP)
		return false;
	if (c->offset + c->len > HG_STREAM_CAP)
		c->len = HG_STREAM_CAP - c->offset;
	return true;
}

HG_INLINE void hg_segment_resent(struct hg_flow *f)
{
	f->flags |= HG_FLAG(retransmitted);
	f->resent += f->resent < 255;
}

/* Keep what a merge found; a segment counts if it brought new bytes. */
HG_INLINE void hg_segment_found(struct hg_flow *f, __u32 found)
{
	if (found & HG_STREAM_CONFLICT)
		f->conflict = 1;
	if (found & HG_STREAM_NEW)
		f->segments++;
	else if (f->state == HG_FLOW_PARTIAL || f->provisional)
		hg_segment_resent(f); /* of a judged hello: hg_segment_taken() counts it */
	f->flags |= found & HG_FLAG(overlap);
}

/*
 * The urgent byte is left out where a segment is appended whole.  Elsewhere, or
 * with a second one (RFC 6093, section 3.2: some stacks keep the first), nobody
 * but the server knows its stream.
 */
HG_INLINE void hg_segment_urgent(struct hg_flow *f, const struct hg_packet *p, bool append)
{
	if (!hg_has_urgent(p, p->payload_len))
		return;
	f->flags |= HG_FLAG(urgent_data);
	if (!append)
		f->conflict = 1;
}

/* The segment is in the flow's capture already, behind what is there. */
HG_INLINE void hg_segment_append(struct hg_flow *f, const struct hg_packet *p, struct hg_clip *clip)
{
	f->segments++;
	if (hg_has_urgent(p, clip->len)) {
		clip->len--;
		hg_stream_cut(f->buffer, f->filled + p->urgent - 1, f->filled + clip->len);
		f->urgent++;
	}
	f->filled += clip->len;
	f->reached = f->filled;
}

/* It is in this processor's capture. */
HG_INLINE void hg_segment_merge(struct hg_flow *f, const struct hg_clip *clip, __u32 cpu)
{
	if (clip->offset > f->filled)
		f->flags |= HG_FLAG(out_of_order);
	hg_segment_found(f, hg_stream_merge(cpu, f->buffer, clip->offset, clip->len));
}

/* Would the server take it?  Its bytes lie where `append` says. */
HG_INLINE bool hg_segment_counts(void *ctx, const int at, struct hg_flow *f,
				 const struct hg_clip *clip, bool append, __u32 cpu)
{
	__u32 checksum = hg_checksum(ctx, at, append ? f->buffer : cpu, append ? clip->offset : 0,
				     clip->len);

	if (checksum == HG_CHECKSUM_wrong)
		f->flags |= HG_FLAG(decoy_checksum);
	if (checksum == HG_CHECKSUM_unknown)
		f->flags |= HG_FLAG(checksum_unknown);
	return checksum != HG_CHECKSUM_wrong;
}

HG_INLINE void hg_segment_reaches(struct hg_flow *f, const struct hg_packet *p)
{
	__u32 end = p->seq + p->payload_len;

	if ((__s32)(end - f->top) > 0)
		f->top = end;
}

/* Does this segment say again what was judged, or a part of it? */
HG_INLINE bool hg_segment_again(const struct hg_flow *f, const struct hg_packet *p)
{
	return (__s32)(p->seq - f->end) < 0 && (__s32)(p->seq + p->payload_len - f->base) > 0;
}

/* The server would take it, as far as anyone looked. */
HG_INLINE void hg_segment_taken(struct hg_flow *f, const struct hg_packet *p)
{
	hg_segment_reaches(f, p);
	if (f->state != HG_FLOW_PARTIAL && !f->provisional && hg_segment_again(f, p))
		hg_segment_resent(f);
}

/*
 * One more segment: appended where it fits the end of a stream without holes,
 * merged otherwise.
 */
HG_INLINE int hg_continue_segment(void *ctx, const int at, struct hg_scratch *s, struct hg_flow *f,
				  __u32 cpu)
{
	struct hg_clip clip;
	bool append;

	if (!hg_segment_clip(f, &s->packet, &clip)) {
		hg_segment_taken(f, &s->packet);
		return HG_ACT_PASS;
	}
	append = f->filled == f->reached && clip.offset == f->filled;
	if (hg_has_urgent(&s->packet, s->packet.payload_len))
		append &= clip.from == s->packet.payload && !f->urgent;
	if (!hg_stream_copy(ctx, at, append ? f->buffer : cpu, clip.from, append ? clip.offset : 0,
			    clip.len))
		return HG_ACT_UNPARSED + HG_UNPARSED_load_failed;
	if (verify_checksums && !hg_segment_counts(ctx, at, f, &clip, append, cpu))
		return HG_ACT_PASS;
	hg_segment_taken(f, &s->packet);
	hg_segment_urgent(f, &s->packet, append);
	f->closing = 0; /* who still sends has not closed */
	if (append)
		hg_segment_append(f, &s->packet, &clip);
	else
		hg_segment_merge(f, &clip, cpu);
	return HG_ACT_PASS;
}

/* What the client sends next, as far as the server can have it. */
HG_INLINE void hg_continue_next(struct hg_flow *f)
{
	f->next[HG_FROM_CLIENT] = f->state != HG_FLOW_PARTIAL && f->filled == f->reached
					  ? f->top
					  : f->base + f->filled + f->urgent;
}

/* This processor has the flow for itself. */
HG_INLINE int hg_continue_locked(void *ctx, const int at, struct hg_scratch *s, struct hg_flow *f,
				 __u32 cpu)
{
	__u32 had = f->filled;
	int act;

	if (f->buffer == HG_NO_BUFFER)
		act = hg_continue_evicted(f);
	else
		act = hg_continue_segment(ctx, at, s, f, cpu);
	if (act == HG_ACT_PASS && f->filled != had)
		act = hg_continue_read(s, f, cpu);
	if (act == HG_ACT_PASS)
		hg_continue_next(f);
	return act;
}

HG_INLINE int hg_continue_hello(void *ctx, const int at, struct hg_scratch *s, struct hg_flow *f,
				__u32 cpu)
{
	int act = HG_ACT_PASS;

	if (!hg_flow_lock_patiently(f)) {
		hg_count_refused(HG_REFUSAL_flow_busy);
		return HG_ACT_PASS;
	}
	if (f->state == HG_FLOW_PARTIAL)
		act = hg_continue_locked(ctx, at, s, f, cpu);
	hg_flow_unlock(f);
	if (act == HG_ACT_PASS && hg_flow_ours(f))
		act = hg_act_on(s, f); /* another processor was first */
	return act;
}

/*
 * Take a segment that is in this processor's capture, and was verified.  1 if it is
 * taken: the flow is locked then, and scratch->had is what it had before.
 */
HG_SUBPROG int hg_continue_captured(struct hg_scratch *s, struct hg_flow *f, __u32 cpu)
{
	struct hg_clip clip;

	if (!hg_segment_clip(f, &s->packet, &clip) || clip.from != s->packet.payload)
		return 0;
	if (!hg_flow_lock_patiently(f)) {
		hg_count_refused(HG_REFUSAL_flow_busy);
		return 0;
	}
	s->had = f->filled;
	if (f->state == HG_FLOW_PARTIAL && f->buffer != HG_NO_BUFFER) {
		hg_segment_reaches(f, &s->packet);
		hg_segment_merge(f, &clip, cpu);
		return 1;
	}
	hg_flow_unlock(f);
	return 0;
}

#endif /* HG_CONTINUE_H */
