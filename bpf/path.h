/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * path.h - one packet through the data path, in the order it happens.
 *
 *	headers -> flow -> stream -> hello -> judge -> account
 *
 * The first lines of hg_path() are all that most packets see: other traffic,
 * bare ACKs and the data of finished flows leave there.  Each stage returns a
 * verdict; hg_path_end() is the one exit, which counts.
 */
#ifndef HG_PATH_H
#define HG_PATH_H

#include "evict.h"
#include "flows.h"
#include "hello.h"
#include "match.h"
#include "stream.h"
#include "tunnels.h"

/* What becomes of the packet.   */
enum hg_act {
	HG_ACT_PASS,
	HG_ACT_DROP,
	HG_ACT_RESET,	 /* scratch->rst says how */
	HG_ACT_UNPARSED, /* + enum hg_unparsed: passed on */
};

HG_INLINE bool hg_port_watched(__be16 port)
{
	__u32 n = bpf_ntohs(port);

	return watched_ports[n >> 6] >> (n & 63) & 1;
}

/* Are there flows whose every packet must be looked at? */
HG_INLINE bool hg_attentive(void)
{
	__u32 zero = 0;
	struct hg_attention *a = bpf_map_lookup_elem(&attention, &zero);

	return a && a->flows;
}

/* ---- what a verdict does ---- */

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
		hg_count_server_name_reset(f->name);
		hg_flow_end(f, &s->key, &s->event, s->now, close, HG_SIDE_self, f->bucket, outcome);
	}
	f->last_ns = s->now;
	if (f->state != HG_FLOW_RESET)
		return HG_ACT_DROP;
	if (s->packet.flags & HG_TCP_RST)
		return HG_ACT_PASS; /* it ends by itself, or it is our own reset going out */
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
		if (hg_flow_move(f, from, hg_state_of_verdict(v)))
			hg_count_verdict(v);
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
		return HG_ACT_PASS;
	c = hg_counters();
	if (c)
		c->verdict_timeouts++;
	return hg_flow_fall_back(s, f);
}

/* ---- a hello has been read, or cannot be ---- */

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
}

HG_INLINE __u32 hg_bucket_of_hello(const struct hg_flow *f, const struct hg_scratch *s)
{
	__u8 bucket = f->segments > 1 ? HG_BUCKET_reassembled : HG_BUCKET_single_segment;

	if (s->parse.hello.sni_state == HG_SNI_ambiguous)
		bucket = HG_BUCKET_ambiguous;
	return hg_flow_bucket(f, bucket);
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
	f->bucket = hg_bucket_of_hello(f, s);
	s->facts.coverage = 1U << (f->bucket & 31);
	s->facts.flags = f->flags;
	timeout_ms = hg_judge(0);
	f->name = s->name;
	f->verdict = s->verdict;
	f->fallback = s->fallback;
	f->deadline_ns = s->now + timeout_ms * 1000000ULL;
	hg_flow_keep_hello(f, s);
	hg_count_hello(&s->parse.hello, f->segments);
	hg_count_server_name(s);
}

/* ---- a hello that is sent once more ---- */

/*
 * What a server reads need not be what came first: a decoy may have died on its
 * way, or been dropped for what only the server knows.  So, until the server has
 * acknowledged the hello, what is sent again is read again, in any order.  A copy changes nothing;
 * another hello makes a conflict, and is judged, too.
 */

HG_INLINE bool hg_hello_is_copy(const struct hg_flow *f, const struct hg_scratch *s)
{
	const struct hg_hello *h = &s->parse.hello;

	return f->name == s->name && f->hello.bytes == h->bytes &&
	       f->hello.features == h->features && f->hello.version_max == h->version_max &&
	       f->hello.legacy_version == h->legacy_version &&
	       f->hello.cipher_count == h->cipher_count && f->hello.ext_count == h->ext_count &&
	       f->hello.sni_state == h->sni_state;
}

/* Another hello was read in the place of the one that was judged. */
HG_INLINE int hg_hello_again(struct hg_scratch *s, struct hg_flow *f)
{
	s->facts.coverage = 1U << HG_BUCKET_conflicting_overlap;
	s->facts.flags = f->flags;
	hg_judge(0);
	if (hg_hello_is_copy(f, s))
		return HG_ACT_PASS;
	f->conflict = 1;
	f->bucket = HG_BUCKET_conflicting_overlap;
	f->next[HG_FROM_CLIENT] = s->packet.seq; /* for a server that has taken none but these */
	f->name = s->name;
	hg_flow_keep_hello(f, s);
	if (s->verdict.pending)
		s->verdict = s->fallback; /* nobody is asked a second time */
	s->flow = *f;
	s->flow.verdict = s->verdict;
	hg_emit_hello(s->message_index, s->message_at);
	return hg_verdict_acts(&s->verdict) ? hg_flow_judged(s, f, &s->verdict) : HG_ACT_PASS;
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

HG_INLINE __u8 hg_bucket_of_scan(__u32 scan)
{
	if (scan == HG_SCAN_TOO_LARGE)
		return HG_BUCKET_hello_too_large;
	return scan == HG_SCAN_MALFORMED ? HG_BUCKET_malformed : HG_BUCKET_not_tls;
}

/* ---- slot and entry ---- */

/* The slot of a flow that now has an entry, or is over. */
HG_INLINE void hg_slot_set(struct hg_slot *slot, __u64 hash, __u32 state, const struct hg_flow *f,
			   __u64 now)
{
	__u64 word = slot->word;

	if (hg_slot_mine(slot, hash)) {
		if (hg_slot_live(word) && slot->isn != f->isn) {
			/* A later SYN is a flow of its own; this one goes on below it. */
			hg_slot_move(slot, word, word | HG_SLOT_OVER);
			return;
		}
		if (hg_slot_move(slot, word, hg_slot_in_state(word & ~(__u64)HG_SLOT_OVER, state)))
			slot->isn = f->isn;
		return;
	}
	/* Another connection's SYN is worth more than a shortcut to this entry. */
	if (!hg_slot_live(word) && hg_slot_move(slot, word,
						hg_slot_word(hg_hash_tag(hash), state, f->client_lo,
							     f->ttl, hg_slot_time(now))))
		slot->isn = f->isn;
}

/*
 * An entry is there already.  If it is this very flow, another processor was
 * first with a copy of the segment, and ours is given up: 1.  Else it is of an
 * older connection, which ends: 0 once ours is in its place.
 */
HG_SUBPROG int hg_flow_supersede(struct hg_scratch *s)
{
	struct hg_flow *old = hg_flow_lookup(&s->key);

	if (old && old->isn == s->flow.isn && old->state != HG_FLOW_CLOSED)
		return 1;
	if (old) {
		hg_flow_end(old, &s->key, &s->event, s->now, HG_CLOSE_superseded, HG_SIDE_client,
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

/* What is certain without a hello, `bucket`: rules that name it apply, and `unread`. */
HG_SUBPROG int hg_unread(struct hg_scratch *s, struct hg_flow *f, __u32 bucket)
{
	f->bucket = hg_flow_bucket(f, bucket);
	f->records = s->records;
	f->flags |= s->records.flags;
	f->hello_ns = s->now;
	f->end = f->base + f->filled + f->urgent;
	hg_flow_release_buffer(f);
	s->facts.coverage = 1U << (f->bucket & 31);
	s->facts.flags = f->flags;
	hg_judge(1);
	return hg_flow_judged(s, f, &s->verdict);
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
	hg_flow_end(f, &s->key, &s->event, s->now, HG_CLOSE_evicted, HG_SIDE_self, f->bucket,
		    HG_OUTCOME_unknown);
	hg_slot_set(slot, s->hash, hg_flow_ours(f) ? HG_SLOT_DROP : HG_SLOT_DONE, f, s->now);
	return act;
}

/* Make the flow in the scratch an entry.  Returns `act`, or what is done without one. */
HG_INLINE int hg_flow_insert(struct hg_scratch *s, struct hg_slot *slot, int act)
{
	/* An int: before 6.4 the upper half of the register is not the sign's. */
	int error = bpf_map_update_elem(&flows, &s->key, &s->flow, BPF_NOEXIST);

	if (error == -HG_EEXIST)
		error = hg_flow_supersede(s);
	if (error == 1) {
		hg_flow_give_up(s, s->created);
		return act;
	}
	if (error)
		return hg_flow_refused(s, slot, HG_REFUSAL_flow_table_full);
	hg_slot_set(slot, s->hash, HG_SLOT_ENTRY, &s->flow, s->now);
	return act;
}

/*
 * A RST or FIN of the client, exact as it is, may die on its way like any decoy.
 * While a hello may still come it ends nothing by itself: silence after it does.
 */
HG_INLINE bool hg_flow_closes_later(const struct hg_flow *f, const struct hg_packet *p)
{
	return p->from == HG_FROM_CLIENT && f->bucket != HG_BUCKET_not_tls && !f->settled;
}

HG_INLINE void hg_flow_closed(struct hg_scratch *s, struct hg_flow *f, struct hg_slot *slot)
{
	const struct hg_packet *p = &s->packet;
	__u8 close = p->flags & HG_TCP_RST ? HG_CLOSE_rst : HG_CLOSE_fin;
	__u8 side = p->from == HG_FROM_CLIENT ? HG_SIDE_client : HG_SIDE_server;
	__u64 word = slot->word;

	if (hg_flow_closes_later(f, p)) {
		f->closing = close;
		return;
	}
	if (f->closing) { /* the client was first */
		close = f->closing;
		side = HG_SIDE_client;
	}
	hg_flow_end(f, &s->key, &s->event, s->now, close, side, HG_BUCKET_truncated,
		    HG_OUTCOME_unknown);
	if (hg_slot_mine(slot, s->hash) && HG_SLOT_STATE(word) == HG_SLOT_ENTRY)
		hg_slot_move(slot, word, hg_slot_in_state(word, HG_SLOT_DONE));
	hg_flow_move(f, f->state, HG_FLOW_CLOSED);
}

/* ---- the first payload of a flow ---- */

/* Have the first `len` bytes of the payload in this processor's capture. */
HG_INLINE bool hg_capture_upto(void *ctx, const int at, struct hg_scratch *s, __u32 cpu, __u32 len)
{
	struct hg_capture *c = hg_capture(cpu);

	if (len <= s->captured)
		return true;
	if (!c || !hg_stream_copy(ctx, at, c, s->packet.payload, 0, len))
		return false;
	s->captured = len;
	return true;
}

/*
 * What do the first bytes of the payload look like?  Where a hello is due, a
 * whole segment is taken at once.
 */
HG_INLINE __u32 hg_look(void *ctx, const int at, struct hg_scratch *s, __u32 cpu, bool due)
{
	__u32 len = s->packet.payload_len, most = due ? HG_COPY_CHUNK : HG_LOOK_BYTES;

	s->captured = 0;
	if (len > most)
		len = most;
	if (!len || !hg_capture_upto(ctx, at, s, cpu, len))
		return 0;
	return hg_looks(cpu, len);
}

/* Look behind a preamble at the front of this segment, and leave it out if a hello follows. */
HG_INLINE __u32 hg_look_behind(void *ctx, const int at, struct hg_scratch *s, __u32 cpu)
{
	struct hg_packet *p = &s->packet;
	struct hg_capture *c = hg_capture(cpu);
	__u32 len, looks = 0;

	if (!c || !hg_preamble_may_begin(c->bytes[0]) || p->payload_len < HG_LOOK_BYTES)
		return 0;
	len = p->payload_len < HG_COPY_CHUNK ? p->payload_len : HG_COPY_CHUNK;
	if (!hg_capture_upto(ctx, at, s, cpu, len))
		return 0;
	len = hg_preamble_at(cpu, len);
	if (!len || len >= p->payload_len)
		return 0;
	p->seq += len;
	p->payload += len;
	p->payload_len -= len;
	looks = hg_look(ctx, at, s, cpu, true);
	if (looks & HG_LOOKS_MAYBE)
		return looks;
	p->seq -= len;
	p->payload -= len;
	p->payload_len += len;
	return 0;
}

/* Where a new flow begins, and what is known of it. */
struct hg_begin {
	__u32 isn;
	__u32 base;
	__u32 flags;
	__u32 offset; /* of this segment from base */
	__u8 ttl;
	__u8 has_slot; /* the slot counted this flow already */
};

/* What the first look at a packet without an entry says. */
enum hg_first {
	HG_FIRST_NOTHING,
	HG_FIRST_HELLO,	 /* this segment begins a hello */
	HG_FIRST_BEHIND, /* it comes before the first segment of its stream */
};

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
	if (scan == HG_SCAN_MORE) {
		f->next[HG_FROM_CLIENT] = f->base + s->packet.payload_len;
		return hg_begin_partial(ctx, at, s, slot);
	}
	if (scan == HG_SCAN_COMPLETE) {
		hg_hello_done(s, f);
		hg_emit_hello(s->message_index, s->message_at);
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
	f->busy = 1; /* an entry, and nothing in its capture yet */
	act = hg_begin_partial(ctx, at, s, slot);
	if (f->buffer == HG_NO_BUFFER)
		return act;
	hg_stream_merge(cpu, f->buffer, offset, len);
	hg_begun_unlock(s);
	return act;
}

HG_INLINE int hg_path_begin(void *ctx, const int at, struct hg_scratch *s, struct hg_slot *slot,
			    const struct hg_begin *b, __u32 first, __u32 cpu, __u32 ifindex)
{
	struct hg_flow *f = &s->flow;
	__u32 len = s->packet.payload_len;

	if (len > HG_STREAM_CAP)
		len = HG_STREAM_CAP;
	if (!hg_capture_upto(ctx, at, s, cpu, len))
		return HG_ACT_UNPARSED + HG_UNPARSED_load_failed;
	hg_flow_init(f, s, b->isn, b->base, ifindex);
	f->flags = b->flags;
	f->ttl = b->ttl;
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

/* ---- a packet of a flow that is only a slot ---- */

/*
 * A FIN or RST that the other side would believe, more or less: one that is far
 * from what it waits for does not end our tracking either.
 */
#define HG_CLOSE_WINDOW (1U << 20)

HG_INLINE bool hg_close_plausible(__u32 seq, __u32 next)
{
	return seq - next + HG_CLOSE_WINDOW <= 2 * HG_CLOSE_WINDOW;
}

/* A FIN or RST that no receiver would take. */
HG_INLINE void hg_slot_decoy(struct hg_slot *slot)
{
	__u64 word = slot->word;

	hg_slot_move(slot, word, word | HG_SLOT_DECOY);
}

/* The client's must be exact, since what it has sent so far is known; see hg_flow_closes_later().
 */
HG_INLINE void hg_slot_closed_by_client(struct hg_slot *slot, __u64 word, const struct hg_packet *p,
					__u64 now)
{
	bool seek = HG_SLOT_STATE(word) == HG_SLOT_SEEK;
	__u32 next = seek ? slot->next : slot->isn + 1;

	if (p->seq == next || (seek && p->seq + p->payload_len == next))
		hg_slot_closing(slot, word, p->from & 1, now);
	else
		hg_slot_decoy(slot);
}

/*
 * A SYN is refused by a RST that acknowledges it.  Later on the server's own
 * sequence numbers count, which a slot does not hold.
 */
HG_INLINE void hg_slot_closed_by_server(struct hg_slot *slot, __u64 word, const struct hg_packet *p,
					__u64 now)
{
	bool answered = word & HG_SLOT_ANSWERED || HG_SLOT_STATE(word) == HG_SLOT_SEEK;

	if (!answered && p->flags & HG_TCP_RST && p->ack == slot->isn + 1)
		hg_slot_end(slot, word, HG_BUCKET_tcp_refused);
	else if (answered &&
		 (!(p->flags & HG_TCP_ACK) || hg_close_plausible(p->ack, slot->isn + 1)))
		hg_slot_closing(slot, word, p->from & 1, now);
	else
		hg_slot_decoy(slot);
}

HG_INLINE void hg_slot_closed(struct hg_slot *slot, const struct hg_packet *p, __u64 now)
{
	__u64 word = slot->word;

	if (!hg_slot_live(word))
		return;
	if (p->from == HG_FROM_CLIENT)
		hg_slot_closed_by_client(slot, word, p, now);
	else
		hg_slot_closed_by_server(slot, word, p, now);
}

/*
 * Client payload on a slot: the first bytes of the stream, or a segment after
 * other data (STARTTLS, a proxy's preamble), looked at up to HG_SEEK_MAX.
 */
HG_INLINE __u32 hg_slot_payload(void *ctx, const int at, struct hg_scratch *s, struct hg_slot *slot,
				struct hg_begin *b, __u32 cpu, __u32 looks)
{
	__u64 word = slot->word;

	b->offset = s->packet.seq - b->base;
	/* Also after bytes that were none: a decoy must not hide what follows it. */
	if (!b->offset && looks & HG_LOOKS_MAYBE)
		return HG_FIRST_HELLO;
	if (HG_SLOT_STATE(word) == HG_SLOT_SYN) {
		if (b->offset >= HG_STREAM_CAP)
			return HG_FIRST_NOTHING; /* far ahead of a beginning that is to come */
		if (b->offset)
			return HG_FIRST_BEHIND;
		if (hg_slot_move(slot, word, hg_slot_in_state(word, HG_SLOT_SEEK)))
			slot->next = s->packet.seq;
	}
	if (s->packet.seq == slot->next)
		slot->next += s->packet.payload_len;
	if (b->offset > HG_SEEK_MAX) {
		hg_slot_end(slot, slot->word, HG_BUCKET_not_tls);
		return HG_FIRST_NOTHING;
	}
	if (!(looks & HG_LOOKS_SURELY) && !hg_look_behind(ctx, at, s, cpu))
		return HG_FIRST_NOTHING;
	b->base = s->packet.seq;
	b->offset = 0;
	b->flags |= HG_FLAG(after_other_data);
	return HG_FIRST_HELLO;
}

/* Could a receiver of the stream that begins at `isn` take this sequence number? */
HG_INLINE bool hg_slot_window(__u32 isn, __u32 seq)
{
	return seq - isn <= HG_SEEK_MAX + HG_STREAM_CAP;
}

HG_INLINE bool hg_slot_window_older(const struct hg_slot *slot, __u32 seq)
{
	return HG_SLOT_STATE(slot->word) == HG_SLOT_SYN && hg_slot_window(slot->older_isn, seq);
}

/* Which of the SYNs that the slot remembers began the stream of this packet? */
HG_INLINE void hg_slot_stream(const struct hg_slot *slot, const struct hg_packet *p,
			      struct hg_begin *b)
{
	b->isn = slot->isn;
	b->has_slot = 1;
	if (slot->word & HG_SLOT_DECOY)
		b->flags |= HG_FLAG(decoy_sequence);
	if (!hg_slot_window(slot->isn, p->seq) && hg_slot_window_older(slot, p->seq)) {
		b->isn = slot->older_isn;
		b->has_slot = 0; /* that one was counted, and ended */
	}
	b->base = b->isn + 1;
}

/* A byte in front of the stream, as a keep-alive has, is cut off (RFC 9293, 3.10.7.4). */
HG_INLINE bool hg_cut_front(struct hg_packet *p, __u32 base)
{
	if (p->seq + 1 != base)
		return true;
	if (p->payload_len <= 1)
		return false;
	p->seq++;
	p->payload++;
	p->payload_len--;
	return true;
}

HG_INLINE __u32 hg_first_of_slot(void *ctx, const int at, struct hg_scratch *s,
				 struct hg_slot *slot, struct hg_begin *b, __u32 cpu)
{
	struct hg_packet *p = &s->packet;
	__u64 word = slot->word;
	__u32 first = HG_FIRST_NOTHING;

	hg_slot_stream(slot, p, b);
	b->ttl = HG_SLOT_TTL(word);
	p->from = hg_sender_is_lo(p) == HG_SLOT_CLIENT_LO(word) ? HG_FROM_CLIENT : HG_FROM_SERVER;
	if (p->from == HG_FROM_CLIENT && p->payload_len && hg_cut_front(p, b->base))
		first = hg_slot_payload(
			ctx, at, s, slot, b, cpu,
			hg_look(ctx, at, s, cpu, HG_SLOT_STATE(word) == HG_SLOT_SYN));
	if (first == HG_FIRST_NOTHING && p->flags & (HG_TCP_FIN | HG_TCP_RST))
		hg_slot_closed(slot, p, s->now);
	return first;
}

/* ---- a packet of no flow that we know ---- */

HG_INLINE __u32 hg_first_of_unknown(void *ctx, const int at, struct hg_scratch *s,
				    struct hg_begin *b, __u32 cpu)
{
	struct hg_packet *p = &s->packet;

	if (!p->payload_len)
		return HG_FIRST_NOTHING;
	p->from = HG_FROM_CLIENT;
	b->isn = p->seq - 1;
	b->base = p->seq;
	b->flags = HG_FLAG(missed_start);
	if (hg_look(ctx, at, s, cpu, false) & HG_LOOKS_SURELY)
		return HG_FIRST_HELLO;
	if (hg_look_behind(ctx, at, s, cpu)) {
		b->base = p->seq;
		b->flags |= HG_FLAG(after_other_data);
		return HG_FIRST_HELLO;
	}
	hg_count_refused(HG_REFUSAL_unknown_flow);
	return HG_FIRST_NOTHING;
}

/* ---- a packet of a flow that has an entry ---- */

HG_INLINE int hg_continue_read(struct hg_scratch *s, struct hg_flow *f, __u32 cpu)
{
	__u32 scan = HG_SCAN_NOT_TLS;
	int act;

	s->records = f->records;
	if (s->records.next || hg_looks(f->buffer, f->filled) & HG_LOOKS_MAYBE)
		scan = hg_hello_read(s, f->buffer, cpu, f->filled);
	f->records = s->records;
	if (scan == HG_SCAN_MORE)
		return HG_ACT_PASS;
	if (scan != HG_SCAN_COMPLETE)
		return hg_unread(s, f, hg_bucket_of_scan(scan));
	hg_hello_done(s, f);
	s->flow = *f;
	hg_emit_hello(s->message_index, s->message_at);
	act = hg_hello_act(s, f);
	hg_flow_release_buffer(f);
	return act;
}

/* The part of a segment that lies inside the capture. */
struct hg_clip {
	__u32 from;   /* offset in the packet */
	__u32 offset; /* in the stream */
	__u32 len;
};

/* False if no part of the segment does. */
HG_INLINE bool hg_segment_clip(const struct hg_flow *f, const struct hg_packet *p,
			       struct hg_clip *c)
{
	__u32 before;

	c->offset = p->seq - f->base - f->urgent;
	c->from = p->payload;
	c->len = p->payload_len;
	if ((__s32)c->offset < 0) {
		before = -c->offset;
		if (before >= c->len)
			return false;
		c->from += before;
		c->len -= before;
		c->offset = 0;
	}
	if (c->offset >= HG_STREAM_CAP)
		return false;
	if (c->offset + c->len > HG_STREAM_CAP)
		c->len = HG_STREAM_CAP - c->offset;
	return true;
}

/* Keep what a merge found; a segment counts if it brought new bytes. */
HG_INLINE void hg_segment_found(struct hg_flow *f, __u32 found)
{
	if (found & HG_STREAM_CONFLICT)
		f->conflict = 1;
	if (found & HG_STREAM_NEW)
		f->segments++;
	else
		f->flags |= HG_FLAG(retransmitted);
	f->flags |= found & HG_FLAG(overlap);
}

/*
 * One more segment: appended where it fits the end of a stream without holes,
 * merged otherwise.
 */
HG_INLINE int hg_continue_segment(void *ctx, const int at, struct hg_scratch *s, struct hg_flow *f,
				  __u32 cpu)
{
	__u32 end = s->packet.seq + s->packet.payload_len;
	struct hg_capture *c;
	struct hg_clip clip;
	bool append;

	if ((__s32)(end - f->top) > 0)
		f->top = end;
	if (!hg_segment_clip(f, &s->packet, &clip))
		return HG_ACT_PASS;
	f->closing = 0; /* who still sends has not closed */
	append = f->filled == f->reached && clip.offset == f->filled;
	c = hg_capture(append ? f->buffer : cpu);
	if (!c || !hg_stream_copy(ctx, at, c, clip.from, append ? clip.offset : 0, clip.len))
		return HG_ACT_UNPARSED + HG_UNPARSED_load_failed;
	if (append) {
		f->segments++;
		if (clip.from == s->packet.payload && hg_has_urgent(&s->packet, clip.len)) {
			clip.len--;
			hg_stream_cut(f->buffer, f->filled + s->packet.urgent - 1,
				      f->filled + clip.len);
			f->urgent++;
			f->flags |= HG_FLAG(urgent_data);
		}
		f->filled += clip.len;
		f->reached = f->filled;
		return HG_ACT_PASS;
	}
	if (clip.offset > f->filled)
		f->flags |= HG_FLAG(out_of_order);
	hg_segment_found(f, hg_stream_merge(cpu, f->buffer, clip.offset, clip.len));
	return HG_ACT_PASS;
}

/*
 * The capture of the flow at hand was given to another: whatever comes, its
 * hello is not read.  A global function, since 6.1 walks all of hg_unread() in
 * each state that leads here.
 */
HG_NOINLINE int hg_continue_evicted(void)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_flow *f = s ? hg_flow_lookup(&s->key) : NULL;

	if (!f)
		return HG_ACT_PASS;
	s->records = f->records;
	f->closing = 0;
	f->settled = 1; /* nor is what is sent again */
	return hg_unread(s, f, HG_BUCKET_evicted);
}

/* This processor has the flow for itself. */
HG_INLINE int hg_continue_locked(void *ctx, const int at, struct hg_scratch *s, struct hg_flow *f,
				 __u32 cpu)
{
	__u32 had = f->filled;
	int act;

	if (f->buffer == HG_NO_BUFFER)
		act = hg_continue_evicted();
	else
		act = hg_continue_segment(ctx, at, s, f, cpu);
	if (act == HG_ACT_PASS && f->filled != had)
		act = hg_continue_read(s, f, cpu);
	if (act == HG_ACT_PASS)
		f->next[HG_FROM_CLIENT] = f->state != HG_FLOW_PARTIAL && f->filled == f->reached
						  ? f->top
						  : f->base + f->filled + f->urgent;
	return act;
}

HG_INLINE int hg_continue_hello(void *ctx, const int at, struct hg_scratch *s, struct hg_flow *f,
				__u32 cpu)
{
	int act = HG_ACT_PASS;

	if (!hg_flow_lock(f)) {
		hg_count_refused(HG_REFUSAL_flow_busy);
		return HG_ACT_PASS;
	}
	if (f->state == HG_FLOW_PARTIAL) /* else another processor was first */
		act = hg_continue_locked(ctx, at, s, f, cpu);
	hg_flow_unlock(f);
	return act;
}

/* Does this segment say again what was judged, or a part of it? */
HG_INLINE bool hg_reread_due(const struct hg_flow *f, const struct hg_packet *p)
{
	return (__s32)(p->seq - f->end) < 0 && (__s32)(p->seq + p->payload_len - f->base) > 0;
}

/* Begin to read again: a capture is taken anew. */
HG_INLINE bool hg_reread_begin(const struct hg_scratch *s, struct hg_flow *f)
{
	int why;

	if (!hg_reread_due(f, &s->packet))
		return false;
	why = hg_capture_take(f->isn);
	if (why != HG_CAPTURE_TAKEN) {
		hg_count_refused(why);
		return false;
	}
	f->urgent = 0;
	f->filled = 0;
	f->reached = 0;
	__builtin_memset(&f->records, 0, sizeof(f->records));
	hg_flow_given(f, s);
	return true;
}

HG_INLINE int hg_reread(void *ctx, const int at, struct hg_scratch *s, struct hg_flow *f, __u32 cpu)
{
	__u32 scan;
	int act;

	if (f->buffer == HG_NO_BUFFER && !hg_reread_begin(s, f))
		return HG_ACT_PASS;
	act = hg_continue_segment(ctx, at, s, f, cpu);
	if (act != HG_ACT_PASS)
		return act;
	s->records = f->records;
	scan = hg_hello_read(s, f->buffer, cpu, f->filled);
	f->records = s->records;
	if (scan == HG_SCAN_MORE)
		return HG_ACT_PASS;
	if (scan == HG_SCAN_COMPLETE)
		act = hg_hello_again(s, f);
	hg_flow_release_buffer(f);
	return act;
}

HG_INLINE int hg_reread_locked(void *ctx, const int at, struct hg_scratch *s, struct hg_flow *f,
			       __u32 cpu)
{
	int act;

	if (f->settled || !hg_flow_lock(f))
		return HG_ACT_PASS;
	act = hg_reread(ctx, at, s, f, cpu);
	hg_flow_unlock(f);
	return act;
}

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

HG_INLINE int hg_path_entry(void *ctx, const int at, struct hg_scratch *s, struct hg_flow *f,
			    struct hg_slot *slot, __u32 cpu)
{
	struct hg_packet *p = &s->packet;
	int act = HG_ACT_PASS;

	s->now = f->state == HG_FLOW_JUDGED ? hg_now_coarse() : hg_now();
	p->from = hg_sender_is_lo(p) == f->client_lo ? HG_FROM_CLIENT : HG_FROM_SERVER;
	if (hg_flow_ours(f))
		return hg_act_on(s, f);
	f->last_ns = s->now;
	if (f->state != HG_FLOW_PARTIAL) {
		act = hg_flow_await(s, f);
		if (act == HG_ACT_PASS && p->from == HG_FROM_CLIENT && p->payload_len)
			act = hg_reread_locked(ctx, at, s, f, cpu);
	} else if (p->from == HG_FROM_CLIENT && p->payload_len)
		act = hg_continue_hello(ctx, at, s, f, cpu);
	if (act != HG_ACT_PASS)
		return act;
	if (!(p->flags & HG_TCP_RST))
		hg_flow_track(f, p);
	if (hg_flow_closes(f, p) || f->bucket == HG_BUCKET_not_tls)
		hg_flow_closed(s, f, slot);
	return act;
}

/* ---- the packet ---- */

/* Is this packet of a stream that one of the slot's SYNs began? */
HG_INLINE bool hg_slot_knows(const struct hg_slot *slot, const struct hg_packet *p)
{
	__u64 word = slot->word;
	bool from_client = hg_sender_is_lo(p) == HG_SLOT_CLIENT_LO(word);
	__u32 seq = from_client ? p->seq : p->ack;

	return hg_slot_live(word) && (hg_slot_window(slot->isn, seq) ||
				      hg_slot_window_older(slot, seq) || p->flags & HG_TCP_RST);
}

/* Out of every window that a receiver has, once an answer has shown which SYN counts. */
HG_INLINE bool hg_slot_out_of_window(const struct hg_slot *slot, const struct hg_packet *p)
{
	__u64 word = slot->word;

	return hg_slot_live(word) && !hg_slot_knows(slot, p) &&
	       (word & (HG_SLOT_ANSWERED | HG_SLOT_KEPT) || HG_SLOT_STATE(word) == HG_SLOT_SEEK);
}

/* Must the flow be looked up under its full key, or does the slot say it all? */
HG_INLINE bool hg_slot_suffices(const struct hg_slot *slot, const struct hg_packet *p)
{
	return !(slot->word & HG_SLOT_OVER) && hg_slot_knows(slot, p);
}

/*
 * Of an older connection, below a SYN that may be a decoy: its entry goes on
 * until the SYN is answered, except for what begins right behind that SYN.
 */
HG_INLINE bool hg_flow_continues(const struct hg_flow *f, const struct hg_slot *slot,
				 const struct hg_packet *p, bool mine)
{
	bool from_client = hg_sender_is_lo(p) == f->client_lo;
	__u32 seq = from_client ? p->seq : p->ack, next = f->next[HG_FROM_CLIENT];

	if (f->state == HG_FLOW_CLOSED)
		return false;
	if (!mine || !(slot->word & HG_SLOT_OVER))
		return true;
	if (slot->word & HG_SLOT_ANSWERED || (seq == slot->isn + 1 && seq != next))
		return false;
	return hg_close_plausible(seq, next);
}

/* All that is not over at once: the packet is in the scratch. */
HG_INLINE int hg_path_flow(void *ctx, const int at, struct hg_scratch *s, struct hg_slot *slot,
			   __u32 ifindex)
{
	bool mine = hg_slot_mine(slot, s->hash);
	__u32 cpu = bpf_get_smp_processor_id(), first;
	struct hg_begin b = {};
	struct hg_flow *f;
	int act;

	if (!mine || !hg_slot_suffices(slot, &s->packet)) {
		f = hg_flow_lookup(&s->key);
		if (f && hg_flow_continues(f, slot, &s->packet, mine))
			return hg_path_entry(ctx, at, s, f, slot, cpu);
	}
	if (mine && HG_SLOT_STATE(slot->word) == HG_SLOT_DONE)
		return HG_ACT_PASS;
	if (mine && hg_slot_out_of_window(slot, &s->packet)) {
		hg_slot_decoy(slot);
		return HG_ACT_PASS;
	}
	s->now = hg_now();
	first = mine && hg_slot_knows(slot, &s->packet)
			? hg_first_of_slot(ctx, at, s, slot, &b, cpu)
			: hg_first_of_unknown(ctx, at, s, &b, cpu);
	if (first == HG_FIRST_NOTHING)
		return HG_ACT_PASS;
	act = hg_path_begin(ctx, at, s, slot, &b, first, cpu, ifindex);
	if (act == HG_ACT_PASS && s->packet.flags & (HG_TCP_FIN | HG_TCP_RST))
		hg_begun_closed(s, slot);
	return act;
}

HG_INLINE void hg_path_syn(const struct hg_packet *p, struct hg_slot *slot, __u64 hash)
{
	if (!(p->flags & HG_TCP_ACK))
		hg_slot_syn(slot, p, hash);
	else if (hg_slot_mine(slot, hash))
		hg_slot_syn_ack(slot, p->ack);
}

/* A bare acknowledgement, and no flow that waits for one. */
HG_INLINE bool hg_path_bare_ack(const struct hg_packet *p)
{
	return !p->payload_len && !(p->flags & (HG_TCP_SYN | HG_TCP_FIN | HG_TCP_RST)) &&
	       !hg_attentive();
}

HG_INLINE int hg_path_tcp(void *ctx, const int at, const struct hg_packet *p, __u32 ifindex)
{
	__u64 hash = hg_packet_hash(p);
	struct hg_slot *slot = hg_slot(hash);
	struct hg_scratch *s;

	if (!slot)
		return HG_ACT_PASS;
	if (p->flags & HG_TCP_SYN) {
		hg_path_syn(p, slot, hash);
		return HG_ACT_PASS;
	}
	if (hg_slot_mine(slot, hash) && HG_SLOT_STATE(slot->word) == HG_SLOT_DONE &&
	    !hg_attentive())
		return HG_ACT_PASS;
	if (hg_slot_mine(slot, hash) && HG_SLOT_STATE(slot->word) == HG_SLOT_DROP)
		return p->flags & HG_TCP_RST ? HG_ACT_PASS : HG_ACT_DROP; /* it may be our own */
	s = hg_scratch();
	if (!s)
		return HG_ACT_PASS;
	s->packet = *p;
	s->hash = hash;
	hg_packet_key(p, &s->key);
	return hg_path_flow(ctx, at, s, slot, ifindex);
}

/* Returns enum hg_act or HG_UNREADABLE(...). */
HG_INLINE int hg_path(void *ctx, const int at, void *data, void *end, __u32 ifindex)
{
	struct hg_packet p;
	int headers = hg_headers(ctx, at, data, end, &p);

	if (headers == HG_HEADERS_OTHER)
		return HG_ACT_PASS;
	if (headers != HG_HEADERS_TCP)
		return HG_ACT_UNPARSED + headers - HG_HEADERS_UNPARSED;
	if (!hg_port_watched(p.dport) && !hg_port_watched(p.sport))
		return HG_ACT_PASS;
	if (hg_path_bare_ack(&p) || !(p.flags & (HG_TCP_ACK | HG_TCP_SYN | HG_TCP_RST)))
		return HG_ACT_PASS; /* without ACK no segment is taken (RFC 9293, 3.10.7.4) */
	return hg_path_tcp(ctx, at, &p, ifindex);
}

/* The one exit: every packet is counted under what became of it. */
HG_INLINE void hg_path_end(int act)
{
	struct hg_counters *c = hg_counters();

	if (!c)
		return;
	if (act < HG_ACT_UNPARSED) {
		HG_COUNT(c, packets,
			 act == HG_ACT_PASS   ? HG_RESULT_passed
			 : act == HG_ACT_DROP ? HG_RESULT_dropped
					      : HG_RESULT_reset_arm);
		return;
	}
	HG_COUNT(c, packets, HG_RESULT_unparsed);
	HG_COUNT(c, unparsed, act - HG_ACT_UNPARSED);
}

#endif /* HG_PATH_H */
