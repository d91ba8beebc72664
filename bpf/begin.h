/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * begin.h - the first payload of a hello: read at once, or kept in a capture.
 */
#ifndef HG_BEGIN_H
#define HG_BEGIN_H

#include "answer.h"
#include "continue.h"
#include "first.h"

/* Part of a hello: keep the segment in a capture of the pool. */
HG_INLINE int hg_begin_partial(void *ctx, const int at, struct hg_scratch *s, struct hg_slot *slot)
{
	const struct hg_packet *p = &s->packet;
	struct hg_flow *f = &s->flow;
	int why = hg_capture_take(f->isn);

	if (why != HG_CAPTURE_TAKEN)
		return hg_flow_refused(s, slot, why);
	hg_flow_given(f, s);
	if (f->filled)
		hg_stream_copy(ctx, at, f->buffer, p->payload, 0, f->filled + f->urgent);
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
	act = hg_flow_insert(s, slot, act);
	if (act == HG_ACT_PASS && hg_has_behind(f))
		hg_answer_behind(cpu, f->filled);
	return act;
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

/* A segment has joined its flow, which is locked.  `unread`: its bucket and one. */
HG_INLINE int hg_begin_joined(struct hg_scratch *s, struct hg_flow *f, __u32 cpu)
{
	__u32 scan = f->filled != s->had ? hg_continue_scan(s, f, cpu) : HG_SCAN_MORE;
	int act = HG_ACT_PASS;

	if (hg_continue_waits(f, scan))
		return HG_ACT_PASS;
	if (scan == HG_SCAN_COMPLETE)
		act = hg_continue_complete(s, f);
	else
		s->unread = hg_bucket_of_scan(scan) + 1;
	hg_flow_release_buffer(f);
	return act;
}

HG_NOINLINE int hg_begin_join(void)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct hg_scratch *s = hg_scratch();
	struct hg_flow *f = s ? hg_flow_lookup(&s->key) : NULL;
	int act = HG_ACT_PASS;

	if (!f)
		return HG_ACT_PASS;
	s->unread = 0;
	if (hg_continue_captured(s, f, cpu)) {
		act = hg_begin_joined(s, f, cpu);
		if (act == HG_ACT_PASS)
			hg_continue_next(f);
		hg_flow_unlock(f);
	}
	if (act == HG_ACT_PASS && hg_flow_ours(f))
		act = hg_act_on(s, f);
	return act;
}

/*
 * The same flow was begun by another processor, with another segment: this one
 * goes on there.  Its bytes are in this processor's capture.  What is unread is
 * judged from here: below hg_begin_join() there is no room on the stack of 6.1.
 */
HG_INLINE int hg_begin_joins(struct hg_scratch *s)
{
	int act = hg_begin_join();

	return s->unread ? hg_continue_unread(s->unread - 1) : act;
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
	int act;

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
	if (first == HG_FIRST_TAKEN)
		return hg_begin_joins(s);
	hg_flow_init(f, s, b->isn, b->base, ifindex);
	f->flags = b->flags;
	if (checksum == HG_CHECKSUM_unknown)
		f->flags |= HG_FLAG(checksum_unknown);
	f->ttl = b->ttl;
	if (b->has_slot)
		hg_flow_answer_of(f, slot);
	f->heard = b->heard;
	s->created = !b->has_slot;
	if (s->created)
		hg_count_flow_created();
	s->taken = 0;
	act = first == HG_FIRST_BEHIND ? hg_begin_behind(ctx, at, s, slot, b->offset, len, cpu)
				       : hg_begin_hello(ctx, at, s, slot, len, cpu);
	return s->taken ? hg_begin_joins(s) : act;
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
