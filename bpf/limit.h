/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * limit.h - how many flows a second a rule may act on.
 *
 * A token bucket that holds a second's worth, kept as the one time at which all
 * that was taken is paid back (the virtual scheduling algorithm of ITU-T I.371):
 * one compare and exchange, on any processor.  Who finds the bucket empty opens
 * the breaker; it closes when nobody has for ten seconds.
 */
#ifndef HG_LIMIT_H
#define HG_LIMIT_H

#include "account.h"

#define HG_LIMIT_TRIES 16 /* against other processors; then the flow is let through uncounted */

struct hg_limit_take {
	struct hg_limit_state *state;
	__u64 now;
	__u64 each; /* nanoseconds that a flow costs */
	__u32 empty;
};

HG_STEP long hg_limit_step(__u32 i, struct hg_limit_take *t)
{
	__u64 due = t->state->due_ns, begin = due;

	(void)i;
	if ((__s64)(due - t->now) < 0)
		begin = t->now;
	t->empty = begin - t->now > HG_SECOND - t->each;
	return t->empty ||
	       __sync_val_compare_and_swap(&t->state->due_ns, due, begin + t->each) == due;
}

/* One flow more.  Is the breaker of its rule open? */
HG_INLINE bool hg_limit_exceeded(struct hg_limit_state *state, __u64 now, __u32 per_second)
{
	struct hg_limit_take take = { state, now, HG_SECOND / per_second, 0 };

	hg_loop(HG_LIMIT_TRIES, hg_limit_step, &take);
	if (take.empty)
		state->exceeded_ns = now;
	/* Another processor may have written a later time than ours. */
	return state->exceeded_ns && (__s64)(now - state->exceeded_ns) < (__s64)HG_LIMIT_REARM;
}

/* A verdict that would act, of a rule that may do so only so often. */
HG_INLINE void hg_limit_verdict(struct hg_verdict *v, __u64 now)
{
	__u32 stats = v->stats, key = v->slot * HG_RULE_STATS + stats;
	struct hg_limit_state *state;
	const struct hg_limit *limit;

	if (v->action != HG_ACTION_reset && v->action != HG_ACTION_drop)
		return;
	limit = bpf_map_lookup_elem(&limits, &key);
	if (!limit || !limit->per_second)
		return;
	state = bpf_map_lookup_elem(&limit_state, &stats);
	if (!state || !hg_limit_exceeded(state, now, limit->per_second))
		return;
	__sync_fetch_and_add(&state->exceeded, 1);
	v->limited = 1;
	if (limit->on_exceed == HG_EXCEED_monitor)
		v->mode = HG_MODE_monitor;
	else if (limit->on_exceed == HG_EXCEED_drop)
		v->action = HG_ACTION_drop;
}

#endif /* HG_LIMIT_H */
