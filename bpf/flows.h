/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * flows.h - the life of a flow: slot, entry, end.
 *
 * flows_created counts a flow once, when its slot or entry is made; every way
 * out of this file puts it in exactly one coverage bucket.
 */
#ifndef HG_FLOWS_H
#define HG_FLOWS_H

#include "outcome.h"
#include "pool.h"

/* ---- keys ---- */

HG_INLINE bool hg_endpoint_below(const struct hg_packet *p)
{
	HG_UNROLL
	for (int i = 0; i < 4; i++)
		if (p->src[i] != p->dst[i])
			return bpf_ntohl(p->src[i]) < bpf_ntohl(p->dst[i]);
	return bpf_ntohs(p->sport) < bpf_ntohs(p->dport);
}

/* Is the sender of this packet the lower endpoint of the key? */
HG_INLINE bool hg_sender_is_lo(const struct hg_packet *p)
{
	if (!p->ipv6 && p->src[3] != p->dst[3])
		return bpf_ntohl(p->src[3]) < bpf_ntohl(p->dst[3]);
	return hg_endpoint_below(p);
}

/* An endpoint as 64 bits: IPv4 exactly, IPv6 by a keyed hash. */
HG_INLINE __u64 hg_endpoint(const __be32 addr[4], __be16 port, bool ipv6)
{
	__u64 e = (__u64)addr[3] << 16 | port;

	if (!ipv6)
		return e;
	return e ^ hg_mix(((__u64)addr[0] + hash_key.k[5]) * ((__u64)addr[1] + hash_key.k[6]) +
			  ((__u64)addr[2] << 16 | port) * hash_key.k[7]);
}

HG_INLINE __u64 hg_packet_hash(const struct hg_packet *p)
{
	__u64 a = hg_endpoint(p->src, p->sport, p->ipv6);
	__u64 b = hg_endpoint(p->dst, p->dport, p->ipv6);
	struct hg_hash_key key;

	key.k[0] = hash_key.k[0];
	key.k[1] = hash_key.k[1];
	key.k[2] = hash_key.k[2];
	key.k[3] = hash_key.k[3];
	key.k[4] = hash_key.k[4];
	return a < b ? hg_flow_hash(&key, a, b, netns_number)
		     : hg_flow_hash(&key, b, a, netns_number);
}

HG_INLINE void hg_packet_key(const struct hg_packet *p, struct hg_flow_key *k)
{
	bool lo = hg_sender_is_lo(p);

	__builtin_memcpy(k->lo_addr, lo ? p->src : p->dst, 16);
	__builtin_memcpy(k->hi_addr, lo ? p->dst : p->src, 16);
	k->lo_port = lo ? p->sport : p->dport;
	k->hi_port = lo ? p->dport : p->sport;
	k->netns = netns_number;
	k->proto = HG_IPPROTO_TCP;
	k->reserved = 0;
}

/* ---- slots ---- */

HG_INLINE bool hg_slot_mine(const struct hg_slot *slot, __u64 hash)
{
	return HG_SLOT_TAG(slot->word) == hg_hash_tag(hash);
}

HG_INLINE bool hg_slot_live(__u64 word)
{
	return HG_SLOT_STATE(word) == HG_SLOT_SYN || HG_SLOT_STATE(word) == HG_SLOT_SEEK;
}

/* What is lost if a SYN takes this slot: more, the higher. */
HG_INLINE __u32 hg_slot_worth(__u64 word)
{
	switch (HG_SLOT_STATE(word)) {
	case HG_SLOT_EMPTY:
		return 0;
	case HG_SLOT_DONE:
		return 1;
	case HG_SLOT_ENTRY: /* a shortcut */
		return 2;
	case HG_SLOT_DROP: /* a hello that comes again is judged again */
		return 3;
	}
	return 4; /* all that is known of a connection */
}

HG_INLINE struct hg_slot *hg_slot_at(__u32 index)
{
	return bpf_map_lookup_elem(&slots, &index);
}

/*
 * A connection has two slots to be in, side by side.  The one that is its own, or
 * the one that it may take.
 */
HG_INLINE struct hg_slot *hg_slot(__u64 hash)
{
	__u32 index = hg_hash_slot(hash);
	struct hg_slot *first = hg_slot_at(index), *second;

	if (!first || hg_slot_mine(first, hash))
		return first;
	second = hg_slot_at(index ^ 1);
	if (!second || hg_slot_mine(second, hash))
		return second;
	return hg_slot_worth(second->word) < hg_slot_worth(first->word) ? second : first;
}

/* Move a slot from the word that was read to the next: false if it has changed. */
HG_INLINE bool hg_slot_move(struct hg_slot *slot, __u64 from, __u64 to)
{
	return __sync_val_compare_and_swap(&slot->word, from, to) == from;
}

HG_INLINE __u64 hg_slot_in_state(__u64 word, __u32 state)
{
	return (word & ~0xfULL) | state;
}

/* The bucket of a flow that never got an entry and ends as such. */
HG_INLINE __u32 hg_slot_bucket(__u64 word)
{
	return HG_SLOT_STATE(word) == HG_SLOT_SEEK ? HG_BUCKET_not_tls : HG_BUCKET_no_data;
}

HG_INLINE bool hg_slot_idle(__u64 word, __u64 now)
{
	return hg_slot_age(word, now) > HG_IDLE_SLOT;
}

/*
 * End a slot-only flow: false if it is no longer what was read.  Without payload
 * so far the slot is emptied: a hello that comes all the same is not hidden by an
 * end that was none.
 */
HG_INLINE bool hg_slot_end(struct hg_slot *slot, __u64 word, __u32 bucket)
{
	bool payload = HG_SLOT_STATE(word) == HG_SLOT_SEEK;

	if (!hg_slot_move(slot, word, payload ? hg_slot_in_state(word, HG_SLOT_DONE) : 0))
		return false;
	hg_count_flow_end(hg_counters(), bucket, 0);
	return true;
}

/*
 * A FIN or RST that the other side would believe, more or less: one that is far
 * from what it waits for does not end our tracking either.
 */
#define HG_CLOSE_WINDOW (1U << 20)

HG_INLINE bool hg_close_plausible(__u32 seq, __u32 next)
{
	return seq - next + HG_CLOSE_WINDOW <= 2 * HG_CLOSE_WINDOW;
}

/* One side seems to have closed: silence will say, or the other side.  False if it has changed. */
HG_INLINE bool hg_slot_closing(struct hg_slot *slot, __u64 word, __u8 side, __u64 now)
{
	__u64 both = HG_SLOT_CLOSING(HG_FROM_CLIENT) | HG_SLOT_CLOSING(HG_FROM_SERVER);
	__u32 time = hg_slot_time(now) - (HG_IDLE_SLOT - HG_IDLE_SLOT_CLOSED);
	__u64 next = word | HG_SLOT_CLOSING(side);

	next &= ~((__u64)HG_SLOT_TIME_MASK << 20);
	next |= (time & HG_SLOT_TIME_MASK) << 20;
	if ((next & both) == both)
		return hg_slot_end(slot, word, hg_slot_bucket(word));
	return hg_slot_move(slot, word, next);
}

/* What a SYN that takes a slot ends: evicted, if it was another connection and alive. */
HG_INLINE void hg_slot_overwritten(__u64 old, bool mine, __u64 now)
{
	if (!hg_slot_live(old))
		return;
	hg_count_flow_end(hg_counters(),
			  mine || hg_slot_idle(old, now) ? hg_slot_bucket(old) : HG_BUCKET_evicted,
			  0);
}

/*
 * What a later SYN keeps of the one before: its sequence number; that of an
 * answered one, however many unanswered ones follow.
 */
HG_INLINE __u64 hg_slot_keeps(struct hg_slot *slot, __u64 old, __u32 *older_isn)
{
	bool seek = HG_SLOT_STATE(old) == HG_SLOT_SEEK;

	*older_isn = slot->isn;
	if (!hg_slot_live(old))
		return 0;
	if (seek || old & HG_SLOT_ANSWERED)
		return HG_SLOT_KEPT | (seek ? HG_SLOT_SOUGHT : 0);
	if (old & HG_SLOT_KEPT)
		*older_isn = slot->older_isn;
	return old & (HG_SLOT_KEPT | HG_SLOT_SOUGHT);
}

/* Is this the SYN before the last, which was answered? */
HG_INLINE bool hg_slot_remembers(const struct hg_slot *slot, __u64 word, __u32 isn)
{
	return hg_slot_live(word) && word & HG_SLOT_KEPT && slot->older_isn == isn;
}

/*
 * A SYN once more: the first at which nobody hopes for an answer any more?  A copy
 * that another interface shows comes too soon to count.  By the coarse clock it may
 * seem to come before the first.
 */
HG_INLINE bool hg_slot_syn_again(struct hg_slot *slot, __u64 word)
{
	if (HG_SLOT_STATE(word) != HG_SLOT_SYN || word & HG_SLOT_ANSWERED ||
	    slot->resent >= HG_SYNS_RESENT ||
	    (__s32)(hg_syn_time(hg_now_coarse()) - slot->syn_time) <
		    (__s32)(hg_syn_time(HG_SYN_RESENT_MS * 1000000ULL) * (slot->resent + 1U)))
		return false;
	return ++slot->resent == HG_SYNS_RESENT;
}

/*
 * A SYN: a new flow takes the slot.  What was known of the connection is not
 * given up for it, since the SYN may be a decoy: an entry stays, and of a SYN
 * that came before, its sequence number.  A SYN from the other side does not
 * turn a live flow round.  True if this SYN has come so often without an answer
 * that none is to be expected.
 */
HG_INLINE bool hg_slot_syn(struct hg_slot *slot, const struct hg_packet *p, __u64 hash)
{
	bool mine = hg_slot_mine(slot, hash), lo = hg_sender_is_lo(p);
	__u64 old = slot->word, word, now;
	__u32 older_isn = p->seq;

	if (mine && slot->isn == p->seq && HG_SLOT_STATE(old) != HG_SLOT_DONE)
		return hg_slot_syn_again(slot, old);
	if (mine && hg_slot_live(old) && HG_SLOT_CLIENT_LO(old) != lo)
		return false;
	if (mine && hg_slot_remembers(slot, old, p->seq))
		return false; /* it is the answered one once more, and nothing new */
	now = hg_now();
	word = hg_slot_word(hg_hash_tag(hash), HG_SLOT_SYN, lo, p->ttl, hg_slot_time(now));
	if (mine && (HG_SLOT_STATE(old) == HG_SLOT_ENTRY || old & HG_SLOT_OVER))
		word |= HG_SLOT_OVER;
	if (mine)
		word |= hg_slot_keeps(slot, old, &older_isn);
	if (!hg_slot_move(slot, old, word))
		return false; /* another processor was first: its flow stays */
	/* After a RST some systems try again with the same SYN: that was told. */
	slot->resent = !old && slot->syn_time && slot->isn == p->seq ? HG_SYNS_RESENT : 0;
	slot->older_isn = older_isn;
	slot->isn = p->seq;
	slot->syn_time = hg_syn_time(now);
	slot->rtt_us = 0;
	slot->ttl = 0;
	hg_count_flow_created();
	hg_slot_overwritten(old, mine, now);
	return false;
}

/* What an answer looks like that is surely the server's. */
HG_INLINE void hg_slot_answered(struct hg_slot *slot, const struct hg_packet *p)
{
	if (!slot->ttl)
		slot->rtt_us = (__u32)(hg_syn_age(slot, hg_now()) / 1000);
	slot->ip_id = p->ip_id;
	slot->window = p->window;
	slot->ttl = p->ttl;
}

/* The server says which of the SYNs it takes. */
HG_INLINE void hg_slot_syn_ack(struct hg_slot *slot, const struct hg_packet *p)
{
	__u64 word = slot->word;
	__u32 ack = p->ack;

	if (HG_SLOT_STATE(word) != HG_SLOT_SYN)
		return;
	if (ack == slot->isn + 1 || ack == slot->older_isn + 1)
		hg_slot_answered(slot, p);
	if (ack == slot->isn + 1)
		hg_slot_move(slot, word, (word | HG_SLOT_ANSWERED) & ~(__u64)HG_SLOT_KEPT);
	else if (ack == slot->older_isn + 1)
		hg_slot_move(slot, word, word | HG_SLOT_KEPT);
}

/* ---- entries ---- */

HG_INLINE struct hg_flow *hg_flow_lookup(const struct hg_flow_key *key)
{
	return bpf_map_lookup_elem(&flows, key);
}

/* What an event of it needs. */
HG_INLINE void hg_flow_to_scratch(struct hg_scratch *s, const struct hg_flow *f)
{
	__builtin_memcpy(&s->flow, f, HG_FLOW_HEAD);
}

HG_INLINE bool hg_flow_ours(const struct hg_flow *f)
{
	return f->state == HG_FLOW_RESET || f->state == HG_FLOW_DROP;
}

/* Is what both sides say behind the hello of interest?  Some rules wait for just that. */
HG_INLINE bool hg_flow_listens(const struct hg_flow *f)
{
	return f->state == HG_FLOW_JUDGED || f->state == HG_FLOW_PENDING;
}

HG_INLINE bool hg_state_needs_acks(__u32 state)
{
	return state == HG_FLOW_PENDING || state == HG_FLOW_RESET || state == HG_FLOW_DROP;
}

/* While any flow is pending or ours, bare ACKs are looked at too. */
HG_INLINE void hg_attention_add(__s64 n)
{
	__u32 zero = 0;
	struct hg_attention *a = bpf_map_lookup_elem(&attention, &zero);

	if (a)
		__sync_fetch_and_add(&a->flows, n);
}

/* Move a flow from state to state: false if another processor was first. */
HG_INLINE bool hg_flow_move(struct hg_flow *f, __u32 from, __u32 to)
{
	bool needed = hg_state_needs_acks(from), needs = hg_state_needs_acks(to);

	if (__sync_val_compare_and_swap(&f->state, from, to) != from)
		return false;
	if (needs != needed)
		hg_attention_add(needs ? 1 : -1);
	return true;
}

/* Is a verdict that user space wrote meant for this flow? */
HG_INLINE bool hg_verdict_for(const struct hg_flow_verdict *v, __u32 isn, __u64 now)
{
	if (v->expires_ns && (__s64)(now - v->expires_ns) > 0)
		return false;
	return v->any_isn || v->isn == isn;
}

/* The state that a final verdict puts a flow in. */
HG_INLINE __u32 hg_state_of_verdict(const struct hg_verdict *v)
{
	if (!hg_verdict_acts(v))
		return HG_FLOW_JUDGED;
	return v->action == HG_ACTION_reset ? HG_FLOW_RESET : HG_FLOW_DROP;
}

/* One processor at a time reassembles a flow, or takes its capture away. */
HG_INLINE bool hg_flow_lock(struct hg_flow *f)
{
	return __sync_val_compare_and_swap(&f->busy, 0, 1) == 0;
}

/* About as long as another processor needs for a segment. */
#define HG_LOCK_TRIES 1024

struct hg_lock_step {
	struct hg_flow *flow;
	__u32 locked;
};

HG_STEP long hg_lock_step(__u32 i, struct hg_lock_step *s)
{
	(void)i;
	s->locked = hg_flow_lock(s->flow);
	return s->locked;
}

HG_INLINE bool hg_flow_lock_patiently(struct hg_flow *f)
{
	struct hg_lock_step step = { f, 0 };

	hg_loop_few(1, HG_LOCK_TRIES, hg_lock_step, &step);
	return step.locked;
}

HG_INLINE void hg_flow_unlock(struct hg_flow *f)
{
	__sync_lock_test_and_set(&f->busy, 0);
}

/* `bucket`, unless what happened before takes precedence. */
HG_INLINE __u8 hg_flow_bucket(const struct hg_flow *f, __u8 bucket)
{
	return f->conflict ? HG_BUCKET_conflicting_overlap : bucket;
}

/*
 * The handshake of a flow is over.  A partial hello is truncated or, where
 * `bucket` says so, something worse, and evicted if its capture was given to
 * another; the END event goes out if a hello was begun: the key is there already.
 * A global function: see hg_end_send().
 */
HG_NOINLINE int hg_flow_end_as(struct hg_flow *f, struct hg_event_end *e, __u64 now, __u32 as)
{
	__u8 close = as, from = as >> 8, bucket = as >> 16, outcome = as >> 24;
	struct hg_counters *c;
	bool had;

	if (!f || !e || __sync_val_compare_and_swap(&f->counted, HG_COUNTED_NOT, HG_COUNTED_ENDED))
		return 0;
	had = hg_flow_release_buffer(f);
	if (f->state == HG_FLOW_PARTIAL)
		f->bucket = hg_flow_bucket(f, had ? bucket : HG_BUCKET_evicted);
	if (!f->heard)
		f->flags |= HG_FLAG(one_sided);
	if (f->gap)
		f->answer.side[(f->gap - 1) & 1].seen |= HG_SEEN_LOST | HG_SEEN_MISSED;
	c = hg_counters_of(f->interface);
	hg_count_flow_end(c, f->bucket, f->flags);
	if (f->bucket == HG_BUCKET_not_tls || (!f->filled && !f->hello_ns))
		return 0; /* no hello was begun */
	if (outcome == HG_OUTCOME_unknown)
		outcome = hg_outcome_at_end(&f->answer, close, f->heard);
	if (c)
		HG_COUNT(c, handshakes, outcome);
	hg_emit_end(e, f, now, close, from, outcome);
	return 0;
}

HG_INLINE void hg_flow_end(struct hg_flow *f, const struct hg_flow_key *key, struct hg_event_end *e,
			   __u64 now, __u8 close, __u8 from, __u8 bucket, __u8 outcome)
{
	e->head.key = *key;
	hg_flow_end_as(f, e, now,
		       close | (__u32)from << 8 | (__u32)bucket << 16 | (__u32)outcome << 24);
}

/*
 * The slot of a flow that is over: its data is not looked at any more.  Unless
 * the server has the hello, it is emptied: what we read may have been a decoy,
 * and the hello may come after a long silence.
 */
HG_INLINE void hg_slot_release(const struct hg_flow *f)
{
	struct hg_slot *slot = hg_slot(f->hash);
	__u64 word = slot ? slot->word : 0;

	if (slot && hg_slot_mine(slot, f->hash) && HG_SLOT_STATE(word) == HG_SLOT_ENTRY)
		hg_slot_move(slot, word, f->settled ? hg_slot_in_state(word, HG_SLOT_DONE) : 0);
}

/* A flow that was ours is forgotten: what still comes of it is dropped by its slot. */
HG_INLINE void hg_slot_drops(const struct hg_flow *f)
{
	struct hg_slot *slot = hg_slot(f->hash);
	__u64 word = slot ? slot->word : 0;

	if (slot && hg_slot_mine(slot, f->hash) && HG_SLOT_STATE(word) == HG_SLOT_ENTRY)
		hg_slot_move(slot, word, hg_slot_in_state(word, HG_SLOT_DROP));
}

/*
 * Forget a flow that has ended.  The table gives its elements to others at
 * once, while another processor may still write to this one: only the sweep
 * and the ring of the evicted delete, a while after the flow was closed, and
 * who puts another connection in its place.
 */
HG_INLINE void hg_flow_delete(struct hg_flow *f, const struct hg_flow_key *key)
{
	bool needed = hg_state_needs_acks(f->state);

	if (!bpf_map_delete_elem(&flows, key) && needed)
		hg_attention_add(-1);
}

HG_INLINE void hg_flow_init(struct hg_flow *f, const struct hg_scratch *s, __u32 isn, __u32 base,
			    __u32 ifindex)
{
	const struct hg_packet *p = &s->packet;

	__builtin_memset(f, 0, HG_FLOW_HEAD);
	f->id = hg_flow_id(s->hash, isn);
	f->hash = s->hash;
	f->first_ns = s->now;
	f->last_ns = s->now;
	f->isn = isn;
	f->base = base;
	f->next[HG_FROM_CLIENT] = base;
	f->top = p->seq + p->payload_len;
	f->next[HG_FROM_SERVER] = p->ack;
	f->buffer = HG_NO_BUFFER;
	f->ifindex = ifindex;
	f->interface = interface_number;
	f->vlan = p->vlan;
	f->client_lo = hg_sender_is_lo(p);
	f->state = HG_FLOW_PARTIAL;
}

#endif /* HG_FLOWS_H */
