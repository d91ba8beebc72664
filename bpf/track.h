/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * track.h - how far both sides of a flow are, and whether they close.
 */
#ifndef HG_TRACK_H
#define HG_TRACK_H

#include "entry.h"

/* Advance `next` to `to`, if that is ahead and within what a sender may send. */
HG_INLINE void hg_next_advance(__u32 *next, __u32 to)
{
	__u32 ahead = to - *next;

	if (ahead && ahead <= HG_CLOSE_WINDOW)
		*next = to;
}

/* The server has the hello: later copies of it are nobody's. */
HG_INLINE void hg_flow_settle(struct hg_flow *f, __u32 ack)
{
	if (f->settled || (__s32)(ack - f->end) < 0 || ack - f->end > HG_CLOSE_WINDOW)
		return;
	f->settled = 1;
	hg_flow_release_buffer(f);
}

/* The server has no hello of this flow yet, however long it may be. */
HG_INLINE void hg_flow_provisional(struct hg_flow *f)
{
	f->provisional = 1;
	f->segments = 0;
	f->end = f->base + HG_STREAM_CAP;
}

/* Of a part of a hello that was kept, the server has only the first bytes. */
HG_INLINE void hg_flow_cut(struct hg_flow *f, __u32 taken)
{
	if (taken >= f->filled || !hg_flow_lock(f))
		return;
	f->filled = taken;
	f->reached = taken;
	f->segments = !!taken;
	f->top = f->base + taken;
	__builtin_memset(&f->records, 0, sizeof(f->records));
	hg_flow_unlock(f);
}

/* Is this the answer to a SYN with data, and to another one than began this flow? */
HG_INLINE bool hg_answers_another(const struct hg_flow *f, const struct hg_packet *p)
{
	return !f->heard && f->flags & HG_FLAG(fast_open) && p->ack - f->base > f->top - f->base;
}

/*
 * A flow that began with data in a SYN which the server did not take: it was a
 * decoy, and the connection is that of the SYN that is answered.
 */
HG_SUBPROG int hg_flow_disowned(struct hg_scratch *s, struct hg_flow *f, struct hg_slot *slot)
{
	__u64 word = slot->word, now = hg_now_coarse();

	s->now = now;
	hg_entry_ends(HG_CLOSE_superseded, HG_SIDE_client);
	if (!hg_slot_mine(slot, s->hash) || HG_SLOT_STATE(word) != HG_SLOT_ENTRY ||
	    !hg_slot_move(slot, word,
			  hg_slot_word(hg_hash_tag(s->hash), HG_SLOT_SYN, f->client_lo, f->ttl,
				       hg_slot_time(now)) |
				  HG_SLOT_ANSWERED))
		return 0;
	slot->isn = s->packet.ack - 1;
	slot->older_isn = slot->isn;
	hg_count_flow_created();
	return 0;
}

/*
 * The SYN-ACK to a SYN with data says how much of it the server took (RFC 7413,
 * section 4.2.2).  The client sends the rest again, or something else.
 */
HG_INLINE void hg_flow_answered(struct hg_flow *f, const struct hg_packet *p)
{
	if (f->heard || !(f->flags & HG_FLAG(fast_open)))
		return;
	f->next[HG_FROM_CLIENT] = p->ack;
	f->next[HG_FROM_SERVER] = p->seq;
	f->answered = p->seq;
	if (f->state == HG_FLOW_PARTIAL)
		hg_flow_cut(f, p->ack - f->base);
	else if ((__s32)(p->ack - f->end) < 0)
		hg_flow_provisional(f);
}

/*
 * Keep the sequence numbers that a reset of this flow would need.  The server
 * has what it acknowledges; a segment of the client counts if it is the next.
 */
HG_INLINE void hg_flow_track(struct hg_flow *f, const struct hg_packet *p)
{
	__u32 end = p->seq + p->payload_len;

	if (p->from == HG_FROM_SERVER) {
		if (p->flags & HG_TCP_ACK && f->state != HG_FLOW_PARTIAL) {
			hg_next_advance(&f->next[HG_FROM_CLIENT], p->ack);
			hg_flow_settle(f, p->ack);
		}
		hg_next_advance(&f->next[HG_FROM_SERVER], end);
	} else if (f->state != HG_FLOW_PARTIAL && (__s32)(p->seq - f->next[HG_FROM_CLIENT]) <= 0) {
		hg_next_advance(&f->next[HG_FROM_CLIENT], end);
	}
}

/*
 * Would the other side close for this?  As long as a hello or a verdict is due,
 * a RST must be exact (RFC 5961, section 3.2) and a FIN the end of what has come:
 * one that is early must not end the tracking.
 */
HG_INLINE bool hg_flow_closes(struct hg_flow *f, const struct hg_packet *p)
{
	__u32 next = f->next[p->from & 1];

	if (!(p->flags & (HG_TCP_FIN | HG_TCP_RST)))
		return false;
	if (p->flags & HG_TCP_RST ? p->seq == next : p->seq + p->payload_len == next)
		return true;
	if (f->state == HG_FLOW_JUDGED && hg_close_plausible(p->seq, next))
		return true;
	f->flags |= HG_FLAG(decoy_sequence);
	return false;
}

#endif /* HG_TRACK_H */
