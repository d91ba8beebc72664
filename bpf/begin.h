/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * begin.h - the first payload of a hello: read at once, or kept in a capture.
 */
#ifndef HG_BEGIN_H
#define HG_BEGIN_H

#include "first.h"
#include "verify.h"

/* Part of a hello: keep the segment in a capture of the pool. */
HG_INLINE int hg_begin_partial(void *ctx, const int at, struct hg_scratch *s, struct hg_slot *slot)
{
	const struct hg_packet *p = &s->packet;
	struct hg_flow *f = &s->flow;
	struct hg_capture *c;
	int why = hg_capture_take(f->isn);

	if (why != HG_CAPTURE_TAKEN)
		return hg_flow_refused(s, slot, why);
	hg_flow_given(f, s);
	c = hg_capture(f->buffer);
	if (c && f->filled)
		hg_stream_copy(ctx, at, c, p->payload, 0, f->filled + f->urgent);
	if (f->urgent)
		hg_stream_cut(f->buffer, p->urgent - 1U, f->filled);
	return hg_flow_insert(s, slot, HG_ACT_PASS);
}

/* The whole segment is in this processor's capture; read it and act on it. */
HG_INLINE int hg_begin_hello(void *ctx, const int at, struct hg_scratch *s, struct hg_slot *slot,
			     __u32 len, __u32 cpu)
{
	struct hg_flow *f = &s->flow;
	__u32 scan;
	int act;

	if (hg_has_urgent(&s->packet, len)) {
		hg_stream_cut(cpu, s->packet.urgent - 1U, --len);
		f->urgent = 1;
		f->flags |= HG_FLAG(urgent_data);
	}
	f->segments = 1;
	f->filled = len;
	f->reached = len;
	__builtin_memset(&s->records, 0, sizeof(s->records));
	scan = hg_hello_read(s, cpu, cpu, len);
	f->records = s->records;
	if (scan == HG_SCAN_MORE && !(f->flags & HG_FLAG(fragmented_ip))) {
		f->next[HG_FROM_CLIENT] = f->base + s->packet.payload_len;
		return hg_begin_partial(ctx, at, s, slot);
	}
	if (scan == HG_SCAN_COMPLETE) {
		hg_hello_done(s, f);
		hg_emit_hello(s->message_index, s->message_at, 0);
		act = hg_hello_act(s, f);
	} else {
		act = hg_unread(s, f, hg_bucket_of_scan(scan));
	}
	if (act == HG_ACT_PASS)
		f->next[HG_FROM_CLIENT] = f->base + s->packet.payload_len;
	return hg_flow_insert(s, slot, act);
}

/* What the flow in the scratch was inserted with is over. */
HG_SUBPROG int hg_begun_unlock(struct hg_scratch *s)
{
	struct hg_flow *f = hg_flow_lookup(&s->key);

	if (f && f->isn == s->flow.isn)
		hg_flow_unlock(f);
	return 0;
}

/* The first segment to arrive is not the first of its stream. */
HG_INLINE int hg_begin_behind(void *ctx, const int at, struct hg_scratch *s, struct hg_slot *slot,
			      __u32 offset, __u32 len, __u32 cpu)
{
	struct hg_flow *f = &s->flow;
	int act;

	if (offset + len > HG_STREAM_CAP)
		len = HG_STREAM_CAP - offset;
	f->segments = 1;
	f->flags |= HG_FLAG(out_of_order);
	if (hg_has_urgent(&s->packet, len)) {
		f->flags |= HG_FLAG(urgent_data);
		f->conflict = 1; /* see hg_segment_urgent() */
	}
	f->busy = 1; /* an entry, and nothing in its capture yet */
	act = hg_begin_partial(ctx, at, s, slot);
	if (f->buffer == HG_NO_BUFFER)
		return act;
	hg_stream_merge(cpu, f->buffer, offset, len);
	hg_begun_unlock(s);
	return act;
}

/* No receiver takes it: it begins nothing, and is remembered. */
HG_INLINE void hg_begin_wrong(struct hg_slot *slot, __u64 hash)
{
	__u64 word = slot->word;

	if (hg_slot_mine(slot, hash))
		hg_slot_move(slot, word, word | HG_SLOT_CHECKSUM);
}

HG_INLINE int hg_path_begin(void *ctx, const int at, struct hg_scratch *s, struct hg_slot *slot,
			    const struct hg_begin *b, __u32 first, __u32 cpu, __u32 ifindex)
{
	struct hg_flow *f = &s->flow;
	__u32 len = s->packet.payload_len, checksum = HG_CHECKSUM_right;

	if (len > HG_STREAM_CAP)
		len = HG_STREAM_CAP;
	if (!hg_capture_upto(ctx, at, s, cpu, len))
		return HG_ACT_UNPARSED + HG_UNPARSED_load_failed;
	if (verify_checksums)
		checksum = hg_checksum(ctx, at, cpu, 0, len);
	if (checksum == HG_CHECKSUM_wrong) {
		hg_begin_wrong(slot, s->hash);
		return HG_ACT_PASS;
	}
	hg_flow_init(f, s, b->isn, b->base, ifindex);
	f->flags = b->flags;
	if (checksum == HG_CHECKSUM_unknown)
		f->flags |= HG_FLAG(checksum_unknown);
	f->ttl = b->ttl;
	f->heard = b->heard;
	s->created = !b->has_slot;
	if (s->created)
		hg_count_flow_created();
	if (first == HG_FIRST_BEHIND)
		return hg_begin_behind(ctx, at, s, slot, b->offset, len, cpu);
	return hg_begin_hello(ctx, at, s, slot, len, cpu);
}

/* A first segment that also closes. */
HG_SUBPROG int hg_begun_closed(struct hg_scratch *s, struct hg_slot *slot)
{
	struct hg_flow *f = hg_flow_lookup(&s->key);

	if (f)
		hg_flow_closed(s, f, slot);
	return 0;
}

#endif /* HG_BEGIN_H */
