/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * account.h - counters, server names and events: what leaves the data path.
 */
#ifndef HG_ACCOUNT_H
#define HG_ACCOUNT_H

#include "maps.h"

#define HG_HISTOGRAM(counters, field, bounds, value)                                               \
	do {                                                                                       \
		static const __u32 hg_bounds[] = bounds;                                           \
		__u32 hg_bucket = 0;                                                               \
		HG_UNROLL for (__u32 hg_b = 0; hg_b < sizeof(hg_bounds) / sizeof(hg_bounds[0]);    \
			       hg_b++) hg_bucket += (value) > hg_bounds[hg_b];                     \
		HG_COUNT(counters, field, hg_bucket);                                              \
		(counters)->field##_sum += (value);                                                \
	} while (0)

HG_INLINE void hg_count_refused(__u32 why)
{
	struct hg_counters *c = hg_counters();

	if (c)
		HG_COUNT(c, refused, why);
}

struct hg_flag_step {
	struct hg_counters *counters;
	__u32 flags;
};

HG_STEP long hg_count_flag_step(__u32 i, struct hg_flag_step *s)
{
	if (!s->flags)
		return 1;
	if (s->flags & 1)
		HG_COUNT(s->counters, flags, i);
	s->flags >>= 1;
	return 0;
}

/* A flow is over: put it in its bucket, once. */
HG_INLINE void hg_count_flow_end(struct hg_counters *c, __u32 bucket, __u32 flags)
{
	struct hg_flag_step step = { c, flags };

	if (!c)
		return;
	HG_COUNT(c, coverage, bucket);
	if (flags)
		hg_loop(HG_FLAG_COUNT, hg_count_flag_step, &step);
}

HG_INLINE void hg_count_flow_created(void)
{
	struct hg_counters *c = hg_counters();

	if (c)
		c->flows_created++;
}

/* A hello was read. */
HG_INLINE void hg_count_hello(const struct hg_hello *h, __u32 segments)
{
	struct hg_counters *c = hg_counters();

	if (!c)
		return;
	HG_COUNT(c, hellos_tcp, hg_version_rank(h->version_max));
	HG_COUNT(c, sni, h->sni_state);
	HG_HISTOGRAM(c, hello_bytes, HG_HELLO_BYTES_BOUNDS, h->bytes);
	HG_HISTOGRAM(c, hello_segments, HG_SEGMENT_BOUNDS, segments);
	HG_HISTOGRAM(c, cipher_count, HG_CIPHER_BOUNDS, h->cipher_count);
}

HG_INLINE void hg_count_verdict(const struct hg_verdict *v)
{
	__u32 stats = v->stats;
	struct hg_rule_counters *r;

	if (!v->revision)
		return;
	r = bpf_map_lookup_elem(&rule_counters, &stats);
	if (r && v->mode < HG_MODE_COUNT && v->action < HG_ACTION_COUNT)
		r->verdicts[v->mode & 1][v->action & 3]++;
}

/* ---- server names ---- */

HG_STEP long hg_server_name_step_copy(__u32 i, struct hg_scratch **s)
{
	if (i >= (*s)->parse.hello.name_len)
		return 1;
	hg_opaque(i); /* clang 19 takes the mask for needless, and 6.1 does not */
	(*s)->server_name.name[i & (HG_NAME_SIZE - 1)] =
		(*s)->parse.hello.name[i & (HG_NAME_SIZE - 1)];
	return 0;
}

HG_INLINE void hg_server_name_add(struct hg_scratch *s)
{
	struct hg_server_name *n = &s->server_name;

	n->hellos = 1;
	n->resets = 0;
	n->first_ns = s->now;
	n->last_ns = s->now;
	__builtin_memset(n->name, 0, HG_NAME_SIZE);
	hg_loop(HG_NAME_SIZE, hg_server_name_step_copy, &s);
	if (bpf_map_update_elem(&server_names, &s->name, n, BPF_NOEXIST))
		hg_count_refused(HG_REFUSAL_server_name_table_full);
}

HG_INLINE void hg_count_server_name(struct hg_scratch *s)
{
	struct hg_server_name *n;

	if (!s->name)
		return;
	n = bpf_map_lookup_elem(&server_names, &s->name);
	if (!n) {
		hg_server_name_add(s);
		return;
	}
	__sync_fetch_and_add(&n->hellos, 1);
	n->last_ns = s->now;
}

HG_INLINE void hg_count_server_name_reset(__u64 name)
{
	struct hg_server_name *n = name ? bpf_map_lookup_elem(&server_names, &name) : NULL;

	if (n)
		__sync_fetch_and_add(&n->resets, 1);
}

/* ---- events ---- */

/* All but the key. */
HG_INLINE void hg_event_fill(struct hg_event *e, const struct hg_flow *f, __u64 now)
{
	e->interface = f->interface;
	e->time_ns = now;
	e->flow_id = f->id;
	e->first_ns = f->first_ns;
	e->hello_ns = f->hello_ns;
	e->client_lo = f->client_lo;
	e->isn = f->isn;
	e->ifindex = f->ifindex;
	e->vlan = f->vlan;
	e->flags = f->flags;
	e->bucket = f->bucket;
	e->sslv2 = f->records.sslv2;
	e->hello = f->hello;
	e->verdict = f->verdict;
	e->reset_to = f->state == HG_FLOW_RESET ? f->verdict.to : HG_TO_none;
}

/*
 * Waking the reader costs more than all else that is done for a handshake: an
 * interrupt to oneself.  So it is woken once in a while, and looks again by itself
 * for what came in between; at once if somebody waits for its answer.  `now` is the
 * packet's time, by the precise clock: another processor's may be later.
 */
HG_INLINE __u64 hg_ring_flags(bool urgent, __u64 now)
{
	__u32 zero = 0;
	struct hg_attention *a = bpf_map_lookup_elem(&attention, &zero);

	if (!a || (!urgent && now - a->wake_ns + HG_WAKE_NS <= 2 * HG_WAKE_NS))
		return HG_RING_NO_WAKEUP;
	a->wake_ns = now;
	return HG_RING_WAKEUP;
}

HG_INLINE void hg_event_sent(long error)
{
	struct hg_counters *c = hg_counters();

	if (!c)
		return;
	/* Without branches: the verifier wants CAP_PERFMON for `p += x ? a : b`. */
	c->events_lost += error != 0;
	c->events += error == 0;
}

/*
 * The header is written in front of the message, over record bytes that have
 * been read: one contiguous piece, one copy into the ring.
 */
HG_NOINLINE int hg_emit_hello(__u32 index, __u32 message_at, __u32 again)
{
	struct hg_capture *c = hg_capture(index);
	struct hg_scratch *s = hg_scratch();
	struct hg_event *e;
	__u8 *at;
	__u32 len;

	if (!c || !s)
		return 0;
	e = &s->event;
	hg_event_fill(e, &s->flow, s->now);
	e->key = s->key;
	e->type = HG_EVENT_HELLO;
	e->close = HG_CLOSE_none;
	e->close_from = HG_SIDE_client;
	e->outcome = HG_OUTCOME_unknown;
	e->again = again;
	len = s->flow.hello.bytes;
	hg_opaque(len);
	if (len > HG_HELLO_MAX)
		len = HG_HELLO_MAX;
	e->message_len = len;
	hg_opaque(message_at);
	if (message_at > HG_MESSAGE_AT_MAX)
		return 0;
	at = (__u8 *)c + HG_CAPTURE_HEAD - sizeof(*e) + message_at;
	__builtin_memcpy(at, e, sizeof(*e));
	hg_event_sent(bpf_ringbuf_output(&events, at, sizeof(*e) + len,
					 hg_ring_flags(e->verdict.pending, s->now)));
	return 0;
}

/* What the flow itself keeps of them. */
HG_INLINE void hg_path_facts_complete(struct hg_path_facts *path, const struct hg_flow *f)
{
	path->rtt_us = f->rtt_us;
	path->hello_have = f->filled;
	path->hello_need = f->records.promised;
	path->hello_resent = f->resent;
	path->hello_acked = f->settled;
	if (f->ttl)
		path->ttl[0] = f->ttl;
	if (!f->server_ttl)
		return;
	path->ttl[1] = f->server_ttl;
	if (path->server_packets)
		return;
	path->ip_id[1] = f->server_ip_id;
	path->window[1] = f->server_window;
}

/*
 * Nobody is there to diagnose it: it waits in the next slot.  The slot is written
 * as a whole; its number says whether it is still the one that was meant.
 */
HG_INLINE void hg_keep_undiagnosed(struct hg_event_end *e)
{
	__u32 zero = 0, slot;
	struct hg_undiagnosed *u = bpf_map_lookup_elem(&undiagnosed_state, &zero);
	struct hg_presence *p = hg_presence();
	struct hg_event_end *at;

	if (!u || !p || inject_time || hg_user_is_there(hg_now())) /* it may have ended long ago */
		return;
	e->number = __sync_fetch_and_add(&u->kept, 1) + 1;
	slot = e->number & (HG_UNDIAGNOSED - 1);
	if (e->number - p->diagnosed > HG_UNDIAGNOSED)
		__sync_fetch_and_add(&u->overwritten, 1);
	at = bpf_map_lookup_elem(&undiagnosed, &slot);
	if (!at)
		return;
	/* In place: 6.1 takes no update from a function's argument.  0 until it is whole. */
	at->number = 0;
	__builtin_memcpy(at, e, sizeof(*at));
}

/* A client that connects and resets: there may be many, and nothing has failed. */
HG_INLINE bool hg_is_port_check(const struct hg_event *e)
{
	return e->type == HG_EVENT_ATTEMPT && e->close_from == HG_SIDE_client;
}

/* A global function, since 6.1 walks it all in each state in which a flow ends. */
HG_NOINLINE int hg_end_send(struct hg_event_end *e)
{
	if (!e)
		return 0;
#ifdef __bpf__ /* who reads a capture diagnoses it */
	if (e->head.outcome != HG_OUTCOME_established && !hg_is_port_check(&e->head))
		hg_keep_undiagnosed(e);
#endif
	hg_event_sent(bpf_ringbuf_output(&events, e, sizeof(*e), hg_ring_flags(false, hg_now())));
	return 0;
}

/* e->head.key is there already. */
HG_INLINE void hg_emit_end(struct hg_event_end *e, const struct hg_flow *f, __u64 now, __u8 close,
			   __u8 from, __u8 outcome)
{
	hg_event_fill(&e->head, f, now);
	e->head.type = HG_EVENT_END;
	e->head.close = close;
	e->head.close_from = from;
	e->head.outcome = outcome;
	e->head.message_len = HG_END_LEN;
	e->answer = f->answer;
	hg_path_facts_complete(&e->answer.path, f);
	e->name = f->name;
	e->number = 0;
	hg_end_send(e);
}

#endif /* HG_ACCOUNT_H */
