/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * evict.h - the pool is empty: the oldest half hello gives its capture up.
 *
 * Its flow goes on without one: what its client sends next is judged as unread,
 * in the bucket `evicted`.  (Of a flow that was judged and is read once more, that
 * is no longer done.)  It must not fill the flow table while it waits for
 * that.  So those who gave up stand in a ring: half a ring later such a flow
 * ends, and a whole ring later its entry is deleted, when no processor can hold
 * it any more.
 */
#ifndef HG_EVICT_H
#define HG_EVICT_H

#include "flows.h"

/* The flow that an owner's record means, if it is still there. */
HG_INLINE struct hg_flow *hg_owner_flow(const struct hg_owner *o)
{
	struct hg_flow *f = hg_flow_lookup(&o->key);

	return f && f->isn == o->isn ? f : NULL;
}

/* ---- those who gave up ---- */

/* It has had its time to go on. */
HG_INLINE void hg_evicted_end(struct hg_scratch *s, const struct hg_owner *o)
{
	struct hg_flow *f = hg_owner_flow(o);

	if (!f || f->state != HG_FLOW_PARTIAL || !hg_flow_lock(f))
		return;
	if (f->state == HG_FLOW_PARTIAL && f->buffer == HG_NO_BUFFER) {
		hg_flow_end(f, &o->key, &s->end, s->now, HG_CLOSE_evicted, HG_SIDE_self,
			    HG_BUCKET_evicted, HG_OUTCOME_unknown);
		f->last_ns = s->now; /* it lingers from now on */
		hg_flow_move(f, HG_FLOW_PARTIAL, HG_FLOW_CLOSED);
		hg_slot_release(f);
	}
	hg_flow_unlock(f);
}

HG_INLINE void hg_evicted_delete(const struct hg_owner *o)
{
	struct hg_flow *f = hg_owner_flow(o);

	if (f && f->state == HG_FLOW_CLOSED)
		hg_flow_delete(f, &o->key);
}

/* The owner of this capture has given up: the ring takes a step. */
HG_NOINLINE int hg_evicted_add(__u32 buffer)
{
	struct hg_owner *o = hg_capture_owner(buffer), *last, *half;
	struct hg_scratch *s = hg_scratch();
	struct hg_pool_state *pool = hg_pool();
	__u32 at;

	if (!o || !s || !pool)
		return 0;
	at = __sync_fetch_and_add(&pool->evictions, 1) & (HG_EVICTED - 1);
	last = bpf_map_lookup_elem(&evicted, &at);
	at ^= HG_EVICTED / 2;
	half = bpf_map_lookup_elem(&evicted, &at);
	if (!last || !half)
		return 0;
	hg_evicted_delete(last);
	*last = *o;
	hg_evicted_end(s, half);
	return 0;
}

/* ---- whose turn it is ---- */

/* Is it of a flow that waits for bytes of a hello? */
HG_INLINE bool hg_flow_waits(const struct hg_flow *f)
{
	return f->state == HG_FLOW_PARTIAL || f->state == HG_FLOW_JUDGED ||
	       f->state == HG_FLOW_PENDING;
}

/* Has this owner given its capture up? */
HG_INLINE bool hg_owner_gives_up(const struct hg_owner *o, __u32 buffer)
{
	struct hg_flow *f = hg_owner_flow(o);
	bool gives_up;

	if (!f || !hg_flow_waits(f) || !hg_flow_lock(f))
		return false;
	gives_up = hg_flow_waits(f) &&
		   __sync_val_compare_and_swap(&f->buffer, buffer, HG_NO_BUFFER) == buffer;
	if (gives_up)
		hg_share_return(f->share);
	hg_flow_unlock(f);
	return gives_up;
}

/*
 * Captures are asked in turn.  One that was given a short while ago, since its
 * last owner gave it back, is left alone: the others have waited for longer.
 */
HG_NOINLINE int hg_evict_one(__u32 turn)
{
	struct hg_pool_state *pool = hg_pool();
	struct hg_owner *o;
	__u32 buffer;

	if (!pool)
		return -1;
	buffer = 2 * nr_cpus + __sync_fetch_and_add(&pool->cursor, 1) % partials;
	o = hg_capture_owner(buffer);
	if (!o || turn - o->turn < partials / 4 || !hg_owner_gives_up(o, buffer))
		return -1;
	hg_count_refused(HG_REFUSAL_partial_pool_full);
	hg_evicted_add(buffer);
	return (int)buffer;
}

#define HG_EVICT_TRIES 4

HG_INLINE __u32 hg_evict(__u32 turn)
{
	int buffer = -1;

	for (int i = 0; i < HG_EVICT_TRIES && buffer < 0; i++)
		buffer = hg_evict_one(turn);
	return buffer < 0 ? HG_NO_BUFFER : (__u32)buffer;
}

/* ---- a capture for the client of this packet ---- */

#define HG_CAPTURE_TAKEN HG_REFUSAL_COUNT

/*
 * For the flow under the key in the scratch.  Returns why there is none: enum
 * hg_refusal; or HG_CAPTURE_TAKEN.
 */
HG_NOINLINE int hg_capture_take(__u32 isn)
{
	struct hg_pool_state *pool = hg_pool();
	struct hg_scratch *s = hg_scratch();
	__u32 buffer, share, turn;

	if (!s || !pool)
		return HG_REFUSAL_partial_pool_full;
	share = hg_share_of(&s->packet);
	if (!hg_share_take(share))
		return HG_REFUSAL_partial_share_full;
	turn = __sync_fetch_and_add(&pool->turns, 1);
	if (bpf_map_pop_elem(&free_captures, &buffer))
		buffer = hg_evict(turn);
	if (buffer == HG_NO_BUFFER) {
		hg_share_return(share);
		return HG_REFUSAL_partial_pool_full;
	}
	s->given.buffer = buffer;
	s->given.share = share;
	hg_capture_give(s, isn, turn);
	return HG_CAPTURE_TAKEN;
}

#endif /* HG_EVICT_H */
