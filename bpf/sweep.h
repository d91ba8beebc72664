/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * sweep.h - what falls silent ends, also when no process of ours is alive.
 *
 * A BPF timer walks the flows once a second, and a sixteenth of the slots.  It
 * is started by a run of hg_start_sweep at attach, and set anew by each
 * upgrade; it stops when the last pin of its map is gone.
 */
#ifndef HG_SWEEP_H
#define HG_SWEEP_H

#include "efficacy.h"

#define HG_SWEEP_PARTS 16
#define HG_SWEEP_SLOTS (HG_SLOTS / HG_SWEEP_PARTS)

struct hg_sweep {
	struct bpf_timer timer;
	struct hg_sweep_life life;
	struct hg_event_end event; /* working memory */
};

_Static_assert(offsetof(struct hg_sweep, life) == HG_SWEEP_LIFE_AT, "`status` reads it there");

/* Writer: the timer.  Reader: `status`. */
HG_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hg_sweep);
} sweep SEC(".maps");

/*
 * A hello that nobody acknowledges is sent again, each time after about twice as
 * long (RFC 6298, section 5.5): the next copy may take as long as all so far.
 */
HG_INLINE __s64 hg_retransmission_patience(const struct hg_flow *f)
{
	__s64 tried = (__s64)(f->last_ns - f->hello_ns) * 2;

	if (f->settled || tried < (__s64)HG_IDLE_HANDSHAKE)
		return HG_IDLE_HANDSHAKE;
	return tried < (__s64)HG_IDLE_RESENT ? tried : (__s64)HG_IDLE_RESENT;
}

/* Signed, as the difference is: another processor may have been later than `now`. */
HG_INLINE __s64 hg_flow_patience(const struct hg_flow *f)
{
	switch (f->state) {
	case HG_FLOW_PARTIAL:
		return HG_IDLE_PARTIAL;
	case HG_FLOW_RESET:
		return HG_IDLE_HANDSHAKE;
	case HG_FLOW_DROP:
		return HG_IDLE_DROP;
	case HG_FLOW_CLOSED:
		return HG_LINGER;
	}
	return hg_retransmission_patience(f);
}

/* Nobody sends any more: what user space has decided holds, else the fallback. */
HG_INLINE void hg_sweep_pending(const struct hg_sweep *w, const struct hg_flow_key *key,
				struct hg_flow *f)
{
	struct hg_flow_verdict *written = bpf_map_lookup_elem(&verdicts, key);
	struct hg_counters *c;

	f->verdict = f->fallback;
	if (written && hg_verdict_for(written, f->isn, w->life.now)) {
		f->verdict = written->verdict;
		f->verdict.pending = 0;
		bpf_map_delete_elem(&verdicts, key);
	} else {
		c = hg_counters_of(f->interface);
		if (c)
			c->verdict_timeouts++;
	}
	hg_limit_verdict(&f->verdict, w->life.now);
	if (hg_flow_move(f, HG_FLOW_PENDING, hg_state_of_verdict(&f->verdict)))
		hg_count_verdict(&f->verdict);
}

/*
 * Nothing is sent after a RST, while a FIN is sent again with the hello, if the
 * server that would have acknowledged it is one that we would have heard.
 */
HG_INLINE __s64 hg_closing_patience(const struct hg_flow *f)
{
	if (f->closing == HG_CLOSE_rst || !f->heard)
		return HG_IDLE_CLOSING;
	return hg_retransmission_patience(f);
}

HG_INLINE bool hg_flow_silent(const struct hg_sweep *w, const struct hg_flow *f, __s64 patience)
{
	return (__s64)(w->life.now - f->last_ns) >= patience;
}

HG_INLINE bool hg_flow_idle(const struct hg_sweep *w, const struct hg_flow *f)
{
	return !f->busy && hg_flow_silent(w, f, hg_flow_patience(f));
}

/*
 * When three quarters of the table are taken, flows whose hello was judged give
 * way to those whose hello is to come, however busy they are.  Flows that are
 * ours do so from a quarter on, once both ends had the time to hear of it: their
 * slots say all that is left to do.
 */
HG_INLINE bool hg_flow_gives_way(const struct hg_sweep *w, const struct hg_flow *f)
{
	if (hg_flow_ours(f))
		return w->life.occupied > HG_FLOWS / 4 && !f->busy &&
		       hg_flow_silent(w, f, HG_IDLE_CROWDED_OURS);
	return w->life.occupied > HG_FLOWS / 4 * 3 && f->state == HG_FLOW_JUDGED &&
	       (__s64)(w->life.now - f->hello_ns) >= (__s64)HG_IDLE_CROWDED;
}

/* Why a flow ends now: enum hg_close, or none. */
HG_INLINE __u8 hg_sweep_close(const struct hg_sweep *w, const struct hg_flow *f)
{
	if (f->closing && (w->life.final || hg_flow_silent(w, f, hg_closing_patience(f))))
		return f->closing;
	if (w->life.final)
		return HG_CLOSE_end_of_capture;
	if (hg_flow_idle(w, f))
		return HG_CLOSE_idle;
	return hg_flow_gives_way(w, f) ? HG_CLOSE_evicted : HG_CLOSE_none;
}

HG_INLINE __u8 hg_sweep_side(const struct hg_flow *f, __u8 close)
{
	if (f->closing)
		return HG_SIDE_client;
	return close == HG_CLOSE_evicted ? HG_SIDE_self : HG_SIDE_path;
}

HG_INLINE void hg_sweep_flow(struct hg_sweep *w, const struct hg_flow_key *key, struct hg_flow *f)
{
	__u8 close;

	w->life.entries++;
	if (f->state == HG_FLOW_PENDING && (__s64)(w->life.now - f->deadline_ns) >= 0)
		hg_sweep_pending(w, key, f);
	close = hg_sweep_close(w, f);
	if (close == HG_CLOSE_none)
		return;
	if (close == HG_CLOSE_idle)
		hg_efficacy_silent(f);
	hg_flow_end(f, key, &w->event, f->closing ? f->last_ns : w->life.now, close,
		    hg_sweep_side(f, close), HG_BUCKET_truncated, HG_OUTCOME_unknown);
	if (close == HG_CLOSE_evicted && hg_flow_ours(f))
		hg_slot_drops(f);
	else
		hg_slot_release(f);
	hg_flow_delete(f, key);
}

HG_INLINE void hg_sweep_slot(struct hg_sweep *w, __u32 index)
{
	struct hg_slot *slot = bpf_map_lookup_elem(&slots, &index);
	__u64 word;

	if (!slot)
		return;
	word = slot->word;
	if (HG_SLOT_STATE(word) == HG_SLOT_DROP &&
	    hg_slot_age(word, w->life.now) > HG_IDLE_SLOT_DROP)
		hg_slot_move(slot, word, 0);
	if (!hg_slot_live(word) || (!w->life.final && !hg_slot_idle(word, w->life.now)))
		return;
	/* Empty, not done: a hello that comes so late begins a flow of its own. */
	if (hg_slot_move(slot, word, 0))
		hg_count_flow_end(hg_counters(), hg_slot_bucket(word), 0);
}

HG_STEP long hg_sweep_slot_step(__u32 i, struct hg_sweep **state)
{
	struct hg_sweep *w = *state;

	hg_sweep_slot(w, w->life.final ? i : (w->life.runs % HG_SWEEP_PARTS) * HG_SWEEP_SLOTS + i);
	return 0;
}

/* The clock and the order to end everything are the replay's. */
HG_INLINE void hg_sweep_begin(struct hg_sweep *w)
{
	struct hg_presence *p = hg_presence();

	w->life.now = hg_now();
	w->life.occupied = w->life.entries;
	w->life.entries = 0;
	w->life.final = p && p->final;
}

HG_INLINE struct hg_sweep *hg_sweep_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sweep, &zero);
}

#ifdef __bpf__
static long hg_sweep_flow_step(void *map, const struct hg_flow_key *key, struct hg_flow *f,
			       struct hg_sweep **state)
{
	(void)map;
	hg_sweep_flow(*state, key, f);
	return 0;
}

HG_INLINE void hg_sweep_once(struct hg_sweep *w)
{
	struct hg_sweep *state = w;

	hg_sweep_begin(w);
	bpf_for_each_map_elem(&flows, hg_sweep_flow_step, &state, 0);
	hg_loop(w->life.final ? HG_SLOTS : HG_SWEEP_SLOTS, hg_sweep_slot_step, &state);
	w->life.runs++;
}

static int hg_sweep_run(void *map, __u32 *key, struct hg_sweep *w)
{
	(void)map;
	(void)key;
	hg_sweep_once(w);
	bpf_timer_start(&w->timer, HG_SECOND, 0);
	return 0;
}

HG_INLINE int hg_sweep_start(void)
{
	struct hg_sweep *w = hg_sweep_state();

	if (!w)
		return 1;
	bpf_timer_init(&w->timer, &sweep, CLOCK_MONOTONIC); /* -EBUSY: it is there already */
	if (bpf_timer_set_callback(&w->timer, hg_sweep_run))
		return 2;
	return bpf_timer_start(&w->timer, HG_SECOND, 0) ? 3 : 0;
}
#else
static void hg_sweep_flow_step(const void *key, void *flow, void *state)
{
	hg_sweep_flow(state, key, flow);
}

static void hg_sweep_once(struct hg_sweep *w)
{
	hg_sweep_begin(w);
	nb_for_each(NB_SPEC(&flows), hg_sweep_flow_step, w);
	hg_loop(w->life.final ? HG_SLOTS : HG_SWEEP_SLOTS, hg_sweep_slot_step, &w);
	w->life.runs++;
}
#endif

#endif /* HG_SWEEP_H */
