/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * verdict.h - what is decided of a flow, and what that does to its packets.
 */
#ifndef HG_VERDICT_H
#define HG_VERDICT_H

#include "attempt.h"
#include "efficacy.h"
#include "hello.h"
#include "limit.h"
#include "match.h"

/* What becomes of the packet. */
enum hg_act {
	HG_ACT_PASS,
	HG_ACT_DROP,
	HG_ACT_RESET,	 /* scratch->rst says how */
	HG_ACT_UNPARSED, /* + enum hg_unparsed: passed on */
};

/* The later of two sequence numbers. */
HG_INLINE __u32 hg_later(__u32 a, __u32 b)
{
	return (__s32)(b - a) > 0 ? b : a;
}

/*
 * A reset is made of the packet at hand.  Sequence numbers are exact, as RFC
 * 5961 (section 3.2) demands: towards the server the bytes that it has, not
 * where this packet begins; towards the client what it says it waits for, or
 * what the server has sent since.  What the server retransmits begins behind
 * what its client has.
 */
HG_INLINE void hg_rst_fill(struct hg_rst *r, const struct hg_packet *p, const struct hg_flow *f)
{
	bool client = p->from == HG_FROM_CLIENT;

	r->magic = HG_RST_MAGIC;
	r->to = f->verdict.to;
	r->from = p->from;
	r->reserved = 0;
	r->seq_along = client ? f->next[HG_FROM_CLIENT] : hg_later(p->seq, f->next[HG_FROM_SERVER]);
	r->ack_along = p->ack;
	r->seq_back = hg_later(p->ack, f->next[client ? HG_FROM_SERVER : HG_FROM_CLIENT]);
	r->ack_back = p->seq + p->payload_len;
}

/* The flow is ours: end its handshake, if that was not done, and act. */
HG_SUBPROG int hg_act_on(struct hg_scratch *s, struct hg_flow *f)
{
	__u8 outcome = HG_OUTCOME_dropped, close = HG_CLOSE_our_drop;

	if (f->state == HG_FLOW_RESET) {
		outcome = HG_OUTCOME_reset;
		close = HG_CLOSE_our_reset;
	}
	if (!f->counted) {
		hg_efficacy_begin(f, s->now);
		hg_count_server_name_reset(f->name);
		hg_flow_end(f, &s->key, &s->end, s->now, close, HG_SIDE_self, f->bucket, outcome);
	}
	f->last_ns = s->now;
	if (f->state != HG_FLOW_RESET)
		return HG_ACT_DROP;
	if (s->packet.flags & HG_TCP_RST)
		return HG_ACT_PASS; /* it ends by itself, or it is our own reset going out */
	if (hg_efficacy_failed(f, &s->packet, s->now))
		hg_efficacy_survived();
	hg_rst_fill(&s->rst, &s->packet, f);
	return HG_ACT_RESET;
}

/* Give a flow its verdict, unless another processor has.  It may be to do nothing. */
HG_SUBPROG int hg_flow_judged(struct hg_scratch *s, struct hg_flow *f, const struct hg_verdict *v)
{
	__u32 from = f->state;

	if (from == HG_FLOW_CLOSED)
		return HG_ACT_PASS;
	if (!hg_flow_ours(f)) {
		f->verdict = *v;
		hg_limit_verdict(&f->verdict, s->now);
		if (hg_flow_move(f, from, hg_state_of_verdict(&f->verdict)))
			hg_count_verdict(&f->verdict);
	}
	return hg_flow_ours(f) ? hg_act_on(s, f) : HG_ACT_PASS;
}

/* ---- verdicts of user space ---- */

/* What holds where user space has not answered. */
HG_INLINE int hg_flow_fall_back(struct hg_scratch *s, struct hg_flow *f)
{
	struct hg_verdict v = f->fallback;

	return hg_flow_judged(s, f, &v);
}

/*
 * Does this packet wait for the verdict with its flow?  It was not counted as
 * sent: the client sends it again, and what a reset needs to know stays exact.
 */
HG_INLINE bool hg_flow_holds(const struct hg_scratch *s, const struct hg_flow *f)
{
	return f->state == HG_FLOW_PENDING && f->verdict.hold &&
	       f->verdict.mode == HG_MODE_enforce && s->packet.from == HG_FROM_CLIENT &&
	       s->packet.payload_len;
}

/* A pending flow, or one that user space has a verdict for. */
HG_INLINE int hg_flow_await(struct hg_scratch *s, struct hg_flow *f)
{
	struct hg_flow_verdict *written = bpf_map_lookup_elem(&verdicts, &s->key);
	struct hg_counters *c;
	struct hg_verdict v;

	if (written && hg_verdict_for(written, f->isn, s->now)) {
		v = written->verdict;
		v.pending = 0;
		bpf_map_delete_elem(&verdicts, &s->key);
		return hg_flow_judged(s, f, &v);
	}
	if (f->state != HG_FLOW_PENDING || s->now < f->deadline_ns)
		return hg_flow_holds(s, f) ? HG_ACT_DROP : HG_ACT_PASS;
	c = hg_counters();
	if (c)
		c->verdict_timeouts++;
	return hg_flow_fall_back(s, f);
}

/* ---- a hello has been read, or cannot be ---- */

/*
 * Two hellos that are alike but for what a rule asks of their lists must not be
 * taken for one.  Only under one policy are two digests comparable.
 */
HG_INLINE __u32 hg_offers_digest(const struct hg_facts *f)
{
	__u64 sum = f->cipher * 0x9e3779b97f4a7c15ULL + f->group * 0xc2b2ae3d27d4eb4fULL +
		    f->alpn * 0x165667b19e3779f9ULL;

	return (__u32)(sum ^ sum >> 32);
}

HG_INLINE void hg_flow_keep_hello(struct hg_flow *f, const struct hg_scratch *s)
{
	const struct hg_hello *h = &s->parse.hello;

	f->records = s->records;
	f->hello.bytes = h->bytes;
	f->hello.features = h->features;
	f->hello.legacy_version = h->legacy_version;
	f->hello.version_max = h->version_max;
	f->hello.cipher_count = h->cipher_count;
	f->hello.cipher_count_no_grease = h->cipher_count_no_grease;
	f->hello.ext_count = h->ext_count;
	f->hello.records = s->records.records;
	f->hello.segments = f->segments;
	f->hello.record_version = s->records.version;
	f->hello.session_id_len = h->session_id_len;
	f->hello.sni_state = h->sni_state;
	f->hello.ech = h->ech;
	f->hello.version_min = hg_version_min_floor(h);
	f->hello.offers = hg_offers_digest(&s->facts);
}

HG_INLINE __u32 hg_bucket_of_hello(const struct hg_flow *f, const struct hg_scratch *s)
{
	__u8 bucket = f->segments > 1 ? HG_BUCKET_reassembled : HG_BUCKET_single_segment;

	if (s->parse.hello.sni_state == HG_SNI_ambiguous)
		bucket = HG_BUCKET_ambiguous;
	return hg_flow_bucket(f, bucket);
}

/* The sequence number behind the records of the hello: more may follow in its segment. */
HG_INLINE __u32 hg_behind_hello(const struct hg_scratch *s, const struct hg_flow *f)
{
	const struct hg_records *r = &s->records;

	return f->base + f->urgent + (r->sslv2 ? r->body + r->need : r->next);
}

/*
 * The hello is whole: judge it.  `f` may be the flow in the scratch, before
 * its insertion, or the entry.
 */
HG_INLINE void hg_hello_done(struct hg_scratch *s, struct hg_flow *f)
{
	__u32 timeout_ms;

	f->flags |= s->records.flags;
	f->hello_ns = s->now;
	f->end = f->base + f->filled + f->urgent;
	f->behind = hg_behind_hello(s, f);
	f->answered = f->next[HG_FROM_SERVER];
	f->bucket = hg_bucket_of_hello(f, s);
	s->facts.coverage = 1U << (f->bucket & 31);
	s->facts.flags = f->flags;
	timeout_ms = hg_judge(0);
	hg_count_set_hits();
	f->name = s->name;
	f->verdict = s->verdict;
	f->fallback = s->fallback;
	f->deadline_ns = s->now + timeout_ms * 1000000ULL;
	hg_flow_keep_hello(f, s);
	hg_count_hello(&s->parse.hello, f->segments);
	hg_count_server_name(s);
	if (!ports_listed)
		hg_server_greeted();
}

/* After hg_hello_done() and its event: what the verdict does. */
HG_INLINE int hg_hello_act(struct hg_scratch *s, struct hg_flow *f)
{
	if (f->verdict.pending) {
		hg_flow_move(f, f->state, HG_FLOW_PENDING);
		return hg_flow_await(s, f);
	}
	return hg_flow_judged(s, f, &s->verdict);
}

/* More, in the first fragment of a packet: what is missing comes as no segment. */
HG_INLINE __u8 hg_bucket_of_scan(__u32 scan)
{
	if (scan == HG_SCAN_MORE)
		return HG_BUCKET_evicted;
	if (scan == HG_SCAN_TOO_LARGE)
		return HG_BUCKET_hello_too_large;
	return scan == HG_SCAN_MALFORMED ? HG_BUCKET_malformed : HG_BUCKET_not_tls;
}

/* What is certain without a hello, `bucket`: rules that name it apply, and `unread`. */
HG_SUBPROG int hg_unread(struct hg_scratch *s, struct hg_flow *f, __u32 bucket)
{
	f->bucket = hg_flow_bucket(f, bucket);
	f->provisional = bucket == HG_BUCKET_evicted;
	f->records = s->records;
	f->flags |= s->records.flags;
	f->hello_ns = s->now;
	f->end = f->base + f->filled + f->urgent;
	f->behind = f->end;
	f->answered = f->next[HG_FROM_SERVER];
	s->facts.coverage = 1U << (f->bucket & 31);
	s->facts.flags = f->flags;
	hg_judge(1);
	return hg_flow_judged(s, f, &s->verdict);
}

#endif /* HG_VERDICT_H */
