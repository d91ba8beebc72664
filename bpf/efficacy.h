/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * efficacy.h - what became of a flow that was reset.
 *
 * A side that took the RST has no socket left, and sends nothing but RSTs.  What
 * a side that was told sends well after the first reset shows that it lives on:
 * the RST was lost, or somebody took it away.  (Each such packet is answered
 * with a reset again.)  A flow that falls silent without that has died.
 */
#ifndef HG_EFFICACY_H
#define HG_EFFICACY_H

#include "flows.h"

/* The first reset goes out now. */
HG_INLINE void hg_efficacy_begin(struct hg_flow *f, __u64 now)
{
	f->deadline_ns = now + HG_RESET_GRACE;
}

/* Was the sender of this packet told, so long ago that it should be gone? */
HG_INLINE bool hg_efficacy_failed(const struct hg_flow *f, const struct hg_packet *p, __u64 now)
{
	__u32 sender = p->from == HG_FROM_CLIENT ? HG_TO_client : HG_TO_server;

	return f->counted == HG_COUNTED_ENDED && f->verdict.to & sender &&
	       (__s64)(now - f->deadline_ns) > 0;
}

/*
 * The flow under the key in the scratch lives on: counted and told, once.  A
 * global function: see hg_end_send().
 */
HG_NOINLINE int hg_efficacy_survived(void)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_flow *f = s ? hg_flow_lookup(&s->key) : NULL;
	struct hg_counters *c;
	struct hg_event *e;

	if (!f || __sync_val_compare_and_swap(&f->counted, HG_COUNTED_ENDED, HG_COUNTED_SURVIVED) !=
			  HG_COUNTED_ENDED)
		return 0;
	c = hg_counters_of(f->interface);
	if (c)
		HG_COUNT(c, resets_survived, f->verdict.to);
	e = &s->end.head;
	hg_event_fill(e, f, s->now);
	e->key = s->key;
	e->type = HG_EVENT_SURVIVED;
	e->close = HG_CLOSE_our_reset;
	e->close_from = s->packet.from == HG_FROM_CLIENT ? HG_SIDE_client : HG_SIDE_server;
	e->outcome = HG_OUTCOME_reset;
	e->message_len = 0;
	hg_event_sent(bpf_ringbuf_output(&events, e, sizeof(*e), hg_ring_flags(false, s->now)));
	return 0;
}

/* Silence has ended a flow that is ours. */
HG_INLINE void hg_efficacy_silent(const struct hg_flow *f)
{
	struct hg_counters *c;

	if (f->state != HG_FLOW_RESET || f->counted != HG_COUNTED_ENDED)
		return;
	c = hg_counters_of(f->interface);
	if (c)
		HG_COUNT(c, resets_died, f->verdict.to);
}

#endif /* HG_EFFICACY_H */
