/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * entry.h - a flow gets its entry under the full key, and its slot points there.
 */
#ifndef HG_ENTRY_H
#define HG_ENTRY_H

#include "note.h"
#include "verdict.h"

/*
 * The slot of a flow that now has an entry, or is over.  True if the flow was that
 * of the slot, and is not any more.
 */
HG_INLINE bool hg_slot_set(struct hg_slot *slot, __u64 hash, __u32 state, const struct hg_flow *f,
			   __u64 now)
{
	__u64 word = slot->word;
	bool live = hg_slot_live(word);

	if (hg_slot_mine(slot, hash)) {
		if (live && slot->isn != f->isn) {
			/* A later SYN is a flow of its own; this one goes on below it. */
			hg_slot_move(slot, word, word | HG_SLOT_OVER);
			return false;
		}
		if (!hg_slot_move(slot, word, hg_slot_in_state(word & ~(__u64)HG_SLOT_OVER, state)))
			return false;
		slot->isn = f->isn;
		return live;
	}
	/* Another connection's SYN is worth more than a shortcut to this entry. */
	if (!live && hg_slot_move(slot, word,
				  hg_slot_word(hg_hash_tag(hash), state, f->client_lo, f->ttl,
					       hg_slot_time(now))))
		slot->isn = f->isn;
	return false;
}

/*
 * The slot of the flow in the scratch, which had one when its packet came: if another
 * processor has given that to another SYN meanwhile, and put this flow in a bucket
 * for it, this is a flow anew.
 */
HG_SUBPROG int hg_slot_pass_on(struct hg_scratch *s, struct hg_slot *slot, __u32 state)
{
	if (!hg_slot_set(slot, s->hash, state, &s->flow, s->now) && !s->created)
		hg_count_flow_created();
	return 0;
}

/*
 * An entry is there already.  If it is this very flow, another processor was
 * first, with another segment or a copy of this one: 1.  Else it is of an older
 * connection, which ends: 0 once ours is in its place.
 */
HG_SUBPROG int hg_flow_supersede(struct hg_scratch *s)
{
	struct hg_flow *old = hg_flow_lookup(&s->key);

	if (old && old->isn == s->flow.isn && old->state != HG_FLOW_CLOSED)
		return 1;
	if (old) {
		hg_flow_end(old, &s->key, &s->end, s->now, HG_CLOSE_superseded, HG_SIDE_client,
			    HG_BUCKET_truncated, HG_OUTCOME_unknown);
		hg_flow_delete(old, &s->key);
	}
	return bpf_map_update_elem(&flows, &s->key, &s->flow, BPF_NOEXIST) ? -1 : 0;
}

/* Give up a flow that is not inserted and was not counted otherwise. */
HG_INLINE void hg_flow_give_up(struct hg_scratch *s, bool created)
{
	struct hg_flow *f = &s->flow;

	hg_flow_release_buffer(f);
	if (hg_state_needs_acks(f->state))
		hg_attention_add(-1);
	if (created && !f->counted)
		hg_count_flow_end(hg_counters(), HG_BUCKET_evicted, 0);
}

/*
 * No room for the flow in the scratch.  It ends here: what was decided holds,
 * what waits for user space falls back, half a hello is judged as unread.  One
 * that is ours has no entry to say so, but its slot does.
 */
HG_SUBPROG int hg_flow_refused(struct hg_scratch *s, struct hg_slot *slot, __u32 why)
{
	struct hg_flow *f = &s->flow;
	int act = HG_ACT_PASS;

	hg_count_refused(why);
	hg_flow_release_buffer(f);
	f->next[HG_FROM_CLIENT] = f->base; /* this segment does not reach the server */
	if (f->state == HG_FLOW_PARTIAL)
		act = hg_unread(s, f, HG_BUCKET_evicted);
	else if (f->state == HG_FLOW_PENDING)
		act = hg_flow_fall_back(s, f);
	else if (hg_flow_ours(f))
		act = hg_act_on(s, f);
	if (hg_state_needs_acks(f->state))
		hg_attention_add(-1);
	if (f->bucket > HG_BUCKET_evicted)
		f->bucket = HG_BUCKET_evicted;
	hg_flow_end(f, &s->key, &s->end, s->now, HG_CLOSE_evicted, HG_SIDE_self, f->bucket,
		    HG_OUTCOME_unknown);
	hg_slot_pass_on(s, slot, hg_flow_ours(f) ? HG_SLOT_DROP : HG_SLOT_DONE);
	return act;
}

/*
 * Make the flow in the scratch an entry.  Returns `act`, or what is done without
 * one.  Where another processor was first, ours is given up; if it is only part of
 * a hello, that part belongs into the other's capture: `taken`.
 */
HG_INLINE int hg_flow_insert(struct hg_scratch *s, struct hg_slot *slot, int act)
{
	/* An int: before 6.4 the upper half of the register is not the sign's. */
	int error = bpf_map_update_elem(&flows, &s->key, &s->flow, BPF_NOEXIST);

	if (error == -HG_EEXIST)
		error = hg_flow_supersede(s);
	if (error == 1) {
		s->taken = s->flow.state == HG_FLOW_PARTIAL;
		hg_flow_give_up(s, s->created);
		return act;
	}
	if (error)
		return hg_flow_refused(s, slot, HG_REFUSAL_flow_table_full);
	hg_slot_pass_on(s, slot, HG_SLOT_ENTRY);
	return act;
}

/*
 * A RST or FIN of the client, exact as it is, may die on its way like any decoy.
 * While a hello may still come it ends nothing by itself: silence after it does.
 * A FIN is only half of an end: what the server was sent it may still answer.
 */
HG_INLINE bool hg_flow_closes_later(const struct hg_flow *f, const struct hg_packet *p)
{
	return p->from == HG_FROM_CLIENT && f->bucket != HG_BUCKET_not_tls &&
	       (!f->settled || !(p->flags & HG_TCP_RST));
}

/* The entry under the key in the scratch is over.  A global function: see hg_end_send(). */
HG_NOINLINE int hg_entry_ends(__u32 close, __u32 side)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_flow *f = s ? hg_flow_lookup(&s->key) : NULL;

	if (!f)
		return 0;
	hg_flow_end(f, &s->key, &s->end, s->now, close, side, HG_BUCKET_truncated,
		    HG_OUTCOME_unknown);
	hg_flow_move(f, f->state, HG_FLOW_CLOSED);
	return 0;
}

/* Its handshake is over: no packet of it matters any more. */
HG_INLINE void hg_flow_over(struct hg_scratch *s, struct hg_slot *slot, __u8 close, __u8 side)
{
	__u64 word = slot->word;

	/* The slot first: a packet on another processor must not meet it with no flow below. */
	if (hg_slot_mine(slot, s->hash) && HG_SLOT_STATE(word) == HG_SLOT_ENTRY)
		hg_slot_move(slot, word, hg_slot_in_state(word, HG_SLOT_DONE));
	hg_entry_ends(close, side);
}

HG_INLINE void hg_flow_closed(struct hg_scratch *s, struct hg_flow *f, struct hg_slot *slot)
{
	const struct hg_packet *p = &s->packet;
	__u8 close = p->flags & HG_TCP_RST ? HG_CLOSE_rst : HG_CLOSE_fin;
	__u8 side = p->from == HG_FROM_CLIENT ? HG_SIDE_client : HG_SIDE_server;

	hg_flow_note_close(f, p, s->now);
	if (hg_flow_closes_later(f, p)) {
		f->closing = close;
		return;
	}
	if (f->closing) { /* the client was first */
		close = f->closing;
		side = HG_SIDE_client;
	}
	hg_flow_over(s, slot, close, side);
}

#endif /* HG_ENTRY_H */
