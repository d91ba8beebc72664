/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * attempt.h - a connection that fails before its hello: refused, not answered, or
 * reset.  It has no entry, only a slot, and is told once, while its addresses are
 * at hand; and only if somebody waits for hellos there: on ports that were listed,
 * or of a server that was sent one within a day.
 */
#ifndef HG_ATTEMPT_H
#define HG_ATTEMPT_H

#include "account.h"
#include "flows.h"

/* ---- servers that are sent hellos ---- */

/* Seconds, never 0: the lower half of an entry of `servers`. */
HG_INLINE __u32 hg_server_time(__u64 now)
{
	return (__u32)(now / HG_SECOND) + 1;
}

/* `from`: who has sent this packet. */
HG_INLINE __u64 hg_server_hash(const struct hg_packet *p, __u32 from)
{
	__u64 e = from == HG_FROM_CLIENT ? hg_endpoint(p->dst, p->dport, p->ipv6)
					 : hg_endpoint(p->src, p->sport, p->ipv6);

	return hg_mix((e + hash_key.k[4]) * hash_key.k[5] + netns_number);
}

/*
 * The packet in the scratch ends a hello.  The newest server has the place of all
 * that share it: one that is forgotten for another is remembered at its next hello.
 */
HG_NOINLINE int hg_server_greeted(void)
{
	struct hg_scratch *s = hg_scratch();
	__u64 hash = s ? hg_server_hash(&s->packet, HG_FROM_CLIENT) : 0, *at;
	__u32 index = hash & (HG_SERVERS - 1);

	at = bpf_map_lookup_elem(&servers, &index);
	if (s && at)
		*at = (hash & ~0xffffffffULL) | hg_server_time(s->now);
	return 0;
}

HG_INLINE bool hg_server_known(const struct hg_packet *p, __u64 now)
{
	__u64 hash = hg_server_hash(p, p->from), *at;
	__u32 index = hash & (HG_SERVERS - 1);

	at = bpf_map_lookup_elem(&servers, &index);
	return at && *at >> 32 == hash >> 32 && hg_server_time(now) - (__u32)*at <= HG_SERVER_AGE;
}

/* ---- what is told ---- */

/* So many a second on each processor: a scan must not push handshakes out of the ring. */
HG_INLINE bool hg_attempt_in_time(struct hg_scratch *s)
{
	__u64 second = s->now / HG_SECOND;

	if (s->attempts.second != second) {
		s->attempts.second = second;
		s->attempts.told = 0;
	}
	if (s->attempts.told >= HG_ATTEMPTS_A_SECOND) {
		hg_count_refused(HG_REFUSAL_attempt_untold);
		return false;
	}
	s->attempts.told++;
	return true;
}

/* Each is told once. */
HG_INLINE bool hg_attempt_told(const struct hg_slot *slot)
{
	return slot->resent >= HG_SYNS_RESENT;
}

/* What the slot knows of it; `word` is what it was read as. */
HG_INLINE void hg_attempt_fill(struct hg_scratch *s, const struct hg_slot *slot, __u64 word)
{
	struct hg_event_end *e = &s->end;
	const struct hg_packet *p = &s->packet;
	struct hg_path_facts *path = &e->answer.path;

	__builtin_memset(e, 0, sizeof(*e));
	e->head.type = HG_EVENT_ATTEMPT;
	e->head.interface = interface_number;
	e->head.time_ns = s->now;
	e->head.flow_id = hg_flow_id(s->hash, slot->isn);
	e->head.first_ns = s->now - hg_syn_age(slot, s->now);
	e->head.key = s->key;
	e->head.client_lo = HG_SLOT_CLIENT_LO(word);
	e->head.isn = slot->isn;
	e->head.ifindex = s->ifindex;
	e->head.vlan = p->vlan;
	e->head.message_len = HG_END_LEN;
	e->head.outcome = HG_OUTCOME_failed;
	path->rtt_us = slot->rtt_us;
	path->ttl[HG_FROM_CLIENT] = HG_SLOT_TTL(word);
	path->ttl[HG_FROM_SERVER] = slot->ttl;
	path->ip_id[HG_FROM_SERVER] = slot->ip_id;
	path->window[HG_FROM_SERVER] = slot->window;
}

/* The RST at hand ended it, or seems to: `bucket` is where it is counted. */
HG_INLINE void hg_attempt_reset(struct hg_scratch *s, __u32 bucket)
{
	const struct hg_packet *p = &s->packet;
	struct hg_event_end *e = &s->end;
	struct hg_path_facts *path = &e->answer.path;

	if (!(ports_listed || hg_server_known(p, s->now)) || !hg_attempt_in_time(s))
		return;
	e->head.bucket = bucket;
	e->head.close = HG_CLOSE_rst;
	e->head.close_from = p->from == HG_FROM_CLIENT ? HG_SIDE_client : HG_SIDE_server;
	path->close_at_us = (__u32)((s->now - e->head.first_ns) / 1000) + 1;
	path->close_ip_id = p->ip_id;
	path->close_window = p->window;
	path->close_ttl = p->ttl;
	hg_end_send(e);
}

/* The SYN at hand is one of several, and none was answered. */
HG_NOINLINE int hg_attempt_unanswered(void)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_slot *slot;

	if (!s)
		return 0;
	s->hash = hg_packet_hash(&s->packet);
	s->now = hg_now();
	s->packet.from = HG_FROM_CLIENT;
	hg_packet_key(&s->packet, &s->key);
	slot = hg_slot(s->hash);
	if (!slot || !hg_slot_mine(slot, s->hash) ||
	    !(ports_listed || hg_server_known(&s->packet, s->now)) || !hg_attempt_in_time(s))
		return 0;
	hg_attempt_fill(s, slot, slot->word);
	s->end.head.bucket = HG_BUCKET_no_data;
	s->end.head.close = HG_CLOSE_none;
	s->end.head.close_from = HG_SIDE_path;
	hg_end_send(&s->end);
	return 0;
}

/* ---- a FIN or RST of a connection that is only a slot ---- */

/* What no receiver would take. */
HG_INLINE void hg_slot_decoy(struct hg_slot *slot)
{
	__u64 word = slot->word;

	if (!(word & HG_SLOT_DECOY))
		hg_slot_move(slot, word, word | HG_SLOT_DECOY);
}

/*
 * A RST between the SYN-ACK and the hello is told: the first of them, though an
 * end that was none may be followed by a hello.
 */
HG_INLINE void hg_slot_closing_told(struct hg_scratch *s, struct hg_slot *slot, __u64 word)
{
	const __u64 both = HG_SLOT_CLOSING(HG_FROM_CLIENT) | HG_SLOT_CLOSING(HG_FROM_SERVER);
	bool first = s->packet.flags & HG_TCP_RST && HG_SLOT_STATE(word) == HG_SLOT_SYN &&
		     word & HG_SLOT_ANSWERED && !(word & both) && !hg_attempt_told(slot);

	if (first)
		hg_attempt_fill(s, slot, word);
	if (hg_slot_closing(slot, word, s->packet.from & 1, s->now) && first)
		hg_attempt_reset(s, HG_BUCKET_no_data);
}

/*
 * The client's must be exact, since what it has sent so far is known; see
 * hg_flow_closes_later().
 */
HG_INLINE void hg_slot_closed_by_client(struct hg_scratch *s, struct hg_slot *slot, __u64 word)
{
	const struct hg_packet *p = &s->packet;
	bool seek = HG_SLOT_STATE(word) == HG_SLOT_SEEK;
	__u32 next = seek ? slot->next : slot->isn + 1;

	if (p->seq == next || (seek && p->seq + p->payload_len == next))
		hg_slot_closing_told(s, slot, word);
	else
		hg_slot_decoy(slot);
}

/*
 * A SYN is refused by a RST that acknowledges it.  Later on the server's own
 * sequence numbers count, which a slot does not hold.
 */
HG_INLINE void hg_slot_closed_by_server(struct hg_scratch *s, struct hg_slot *slot, __u64 word)
{
	bool answered = word & HG_SLOT_ANSWERED || HG_SLOT_STATE(word) == HG_SLOT_SEEK;
	const struct hg_packet *p = &s->packet;
	bool told = hg_attempt_told(slot);

	if (!answered && p->flags & HG_TCP_RST && p->ack == slot->isn + 1) {
		hg_attempt_fill(s, slot, word);
		if (hg_slot_end(slot, word, HG_BUCKET_tcp_refused) && !told)
			hg_attempt_reset(s, HG_BUCKET_tcp_refused);
	} else if (answered &&
		   (!(p->flags & HG_TCP_ACK) || hg_close_plausible(p->ack, slot->isn + 1))) {
		hg_slot_closing_told(s, slot, word);
	} else {
		hg_slot_decoy(slot);
	}
}

/* Of the packet in the scratch, and its slot.  A global function: see hg_end_send(). */
HG_NOINLINE int hg_slot_closed(void)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_slot *slot = s ? hg_slot(s->hash) : NULL;
	__u64 word;

	if (!slot || !hg_slot_mine(slot, s->hash))
		return 0;
	word = slot->word;
	if (!hg_slot_live(word))
		return 0;
	s->now = hg_now();
	if (s->packet.from == HG_FROM_CLIENT)
		hg_slot_closed_by_client(s, slot, word);
	else
		hg_slot_closed_by_server(s, slot, word);
	return 0;
}

#endif /* HG_ATTEMPT_H */
