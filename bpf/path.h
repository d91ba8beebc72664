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

#include "again.h"
#include "answer.h"
#include "begin.h"
#include "continue.h"
#include "quic.h"
#include "track.h"
#include "tunnels.h"

/* Are there flows whose every packet must be looked at? */
HG_INLINE bool hg_attentive(void)
{
	__u32 zero = 0;
	struct hg_attention *a = bpf_map_lookup_elem(&attention, &zero);

	return a && a->flows;
}

/* Its time is of no interest to a tick. */
HG_INLINE bool hg_packet_only_acks(const struct hg_packet *p)
{
	return !p->payload_len && !(p->flags & (HG_TCP_FIN | HG_TCP_RST));
}

HG_INLINE int hg_path_entry(void *ctx, const int at, struct hg_scratch *s, struct hg_flow *f,
			    struct hg_slot *slot, __u32 cpu)
{
	struct hg_packet *p = &s->packet;
	int act = HG_ACT_PASS;

	s->now = f->state == HG_FLOW_JUDGED && hg_packet_only_acks(p) ? hg_now_coarse() : hg_now();
	p->from = hg_sender_is_lo(p) == f->client_lo ? HG_FROM_CLIENT : HG_FROM_SERVER;
	if (p->flags & HG_TCP_SYN && p->from == HG_FROM_SERVER) {
		if (hg_answers_another(f, p) && !hg_flow_ours(f)) {
			hg_flow_disowned(s, f, slot);
			return HG_ACT_PASS;
		}
		hg_flow_answered(f, p);
	}
	if (hg_flow_ours(f))
		return hg_act_on(s, f);
	f->last_ns = s->now;
	f->heard |= p->from == HG_FROM_SERVER;
	hg_flow_note(f, p);
	if (p->fragment && p->from == HG_FROM_CLIENT)
		f->flags |= HG_FLAG(fragmented_ip);
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
	if (hg_flow_listens(f) && p->payload_len && hg_answer_read(ctx, at, s, cpu) &&
	    f->state == HG_FLOW_JUDGED) {
		hg_flow_over(s, slot, HG_CLOSE_none, HG_SIDE_self);
		return act;
	}
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

/*
 * What the slot does not know is out of every window that a receiver has, once an
 * answer has shown which SYN counts.
 */
HG_INLINE bool hg_slot_out_of_window(const struct hg_slot *slot)
{
	__u64 word = slot->word;

	return hg_slot_live(word) &&
	       (word & (HG_SLOT_ANSWERED | HG_SLOT_KEPT) || HG_SLOT_STATE(word) == HG_SLOT_SEEK);
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

/* All that is not over at once: the packet and its hash are in the scratch. */
HG_INLINE int hg_path_flow(void *ctx, const int at)
{
	__u32 cpu = bpf_get_smp_processor_id(), first;
	struct hg_scratch *s = hg_scratch();
	struct hg_slot *slot = s ? hg_slot(s->hash) : NULL;
	struct hg_begin b = {};
	struct hg_flow *f;
	bool mine, knows;
	int act;

	if (!slot)
		return HG_ACT_PASS;
	hg_packet_key(&s->packet, &s->key);
	mine = hg_slot_mine(slot, s->hash);
	knows = mine && hg_slot_knows(slot, &s->packet);
	if (!knows || slot->word & HG_SLOT_OVER) {
		f = hg_flow_lookup(&s->key);
		if (f && hg_flow_continues(f, slot, &s->packet, mine))
			return hg_path_entry(ctx, at, s, f, slot, cpu);
	}
	if (mine && HG_SLOT_STATE(slot->word) == HG_SLOT_DONE)
		return HG_ACT_PASS;
	if (mine && !knows && hg_slot_out_of_window(slot)) {
		hg_slot_decoy(slot);
		return HG_ACT_PASS;
	}
	first = knows ? hg_first_of_slot(ctx, at, s, slot, &b, cpu)
		      : hg_first_of_unknown(ctx, at, s, &b, cpu);
	if (first == HG_FIRST_NOTHING)
		return HG_ACT_PASS;
	s->now = hg_now();
	if (s->packet.flags & HG_TCP_SYN)
		b.flags |= HG_FLAG(fast_open);
	if (s->packet.fragment)
		b.flags |= HG_FLAG(fragmented_ip);
	act = hg_path_begin(ctx, at, s, slot, &b, first, cpu, s->ifindex);
	if (act == HG_ACT_PASS && s->packet.flags & (HG_TCP_FIN | HG_TCP_RST))
		hg_begun_closed(s, slot);
	return act;
}

#ifdef __bpf__
/* Global functions: else the verifier walks the flow for each way that headers may be. */
HG_NOINLINE int hg_path_flow_xdp(struct xdp_md *ctx)
{
	return hg_path_flow(ctx, HG_AT_XDP);
}

HG_NOINLINE int hg_path_flow_ingress(struct __sk_buff *skb)
{
	return hg_path_flow(skb, HG_AT_INGRESS);
}

HG_NOINLINE int hg_path_flow_egress(struct __sk_buff *skb)
{
	return hg_path_flow(skb, HG_AT_EGRESS);
}

#define hg_path_flow(ctx, at)                                                                      \
	((at) == HG_AT_XDP	 ? hg_path_flow_xdp(ctx)                                           \
	 : (at) == HG_AT_INGRESS ? hg_path_flow_ingress(ctx)                                       \
				 : hg_path_flow_egress(ctx))
#endif

/*
 * Is the data of this SYN to be read?  Not if a connection is there that a server
 * has answered, or an entry: most likely no server takes this SYN.
 */
HG_INLINE bool hg_syn_data_counts(const struct hg_packet *p, const struct hg_slot *slot, __u64 hash)
{
	__u64 word = slot->word;

	if (!p->payload_len)
		return false;
	if (hg_slot_mine(slot, hash) && slot->isn == p->seq &&
	    HG_SLOT_CLIENT_LO(word) == hg_sender_is_lo(p) &&
	    !(word & (HG_SLOT_OVER | HG_SLOT_KEPT)))
		return true;
	hg_count_refused(HG_REFUSAL_unknown_flow);
	return false;
}

/*
 * A SYN makes a slot, and its answer says which of them counts.  True if there
 * is more to it: data in the SYN (RFC 7413), or the answer to such a SYN.
 */
HG_INLINE bool hg_path_syn(const struct hg_packet *p, struct hg_slot *slot, __u64 hash)
{
	if (!(p->flags & HG_TCP_ACK)) {
		if (hg_slot_syn(slot, p, hash))
			hg_attempt_unanswered();
		return hg_syn_data_counts(p, slot, hash);
	}
	if (!hg_slot_mine(slot, hash))
		return false;
	hg_slot_syn_ack(slot, p);
	return HG_SLOT_STATE(slot->word) == HG_SLOT_ENTRY;
}

/* A bare acknowledgement, and no flow that waits for one. */
HG_INLINE bool hg_path_bare_ack(const struct hg_packet *p)
{
	return !p->payload_len && !(p->flags & (HG_TCP_SYN | HG_TCP_FIN | HG_TCP_RST)) &&
	       !hg_attentive();
}

HG_INLINE int hg_path_tcp(void *ctx, const int at, struct hg_scratch *s, __u32 ifindex)
{
	struct hg_packet *p = &s->packet;
	__u64 hash = hg_packet_hash(p);
	struct hg_slot *slot = hg_slot(hash);

	if (!slot)
		return HG_ACT_PASS;
	s->ifindex = ifindex;
	if (p->flags & HG_TCP_SYN && !hg_path_syn(p, slot, hash))
		return HG_ACT_PASS;
	if (hg_slot_mine(slot, hash) && HG_SLOT_STATE(slot->word) == HG_SLOT_DONE &&
	    !hg_attentive())
		return HG_ACT_PASS;
	if (hg_slot_mine(slot, hash) && HG_SLOT_STATE(slot->word) == HG_SLOT_DROP)
		return p->flags & HG_TCP_RST ? HG_ACT_PASS : HG_ACT_DROP; /* it may be our own */
	p->seq += !!(p->flags & HG_TCP_SYN); /* its data begins behind it */
	s->hash = hash;
	return hg_path_flow(ctx, at);
}

/*
 * Returns enum hg_act or HG_UNREADABLE(...).  The packet is described in the
 * scratch from the first: there is no room for it on the stack of 6.1.
 */
HG_INLINE int hg_path(void *ctx, const int at, void *data, void *end, __u32 ifindex)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_packet *p;
	int headers;

	if (!s)
		return HG_ACT_PASS;
	p = &s->packet;
	headers = hg_headers(ctx, at, data, end, p);
	if (headers == HG_HEADERS_OTHER)
		return hg_quic_drops(ctx, at, data, end, p) ? HG_ACT_DROP : HG_ACT_PASS;
	if (headers == HG_HEADERS_UNWATCHED)
		return HG_ACT_PASS;
	if (headers != HG_HEADERS_TCP)
		return HG_ACT_UNPARSED + headers - HG_HEADERS_UNPARSED;
	if (hg_announces_urgent(p))
		hg_count_refused(HG_REFUSAL_urgent_ahead);
	if (hg_path_bare_ack(p) || !(p->flags & (HG_TCP_ACK | HG_TCP_SYN | HG_TCP_RST)))
		return HG_ACT_PASS; /* without ACK no segment is taken (RFC 9293, 3.10.7.4) */
	return hg_path_tcp(ctx, at, s, ifindex);
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
