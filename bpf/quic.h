/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * quic.h - UDP that begins a QUIC connection: counted, and dropped if the
 * policy says so, so that a browser goes on by TCP, where its hello is read.
 *
 * Only what is no TCP comes here.  Most of it leaves after a few comparisons
 * in place; the rest is walked by copy, in a function of its own.  There is no
 * state of connections: retransmitted Initials count, and are dropped, each.
 */
#ifndef HG_QUIC_H
#define HG_QUIC_H

#include "match.h"
#include "quic_packet.h"
#include "tunnels.h"

/* ---- most other traffic, in place ---- */

struct hg_quic_plain {
	struct hg_udp_header udp;
	__u8 head[6];
} __attribute__((packed));

HG_INLINE bool hg_quic_plain_likely(const struct hg_quic_plain *q)
{
	return hg_quic_may_begin(q->head) && hg_port_watched(q->udp.dport);
}

HG_INLINE bool hg_quic_behind_ipv6(__u8 next)
{
	static const __u8 none[8] = {};

	return hg_ipv6_header_len(next, none);
}

/* Can this be such a packet?  What is not plain is walked to be sure. */
HG_INLINE bool hg_quic_likely(void *start, void *end, const struct hg_packet *p)
{
	struct hg_eth_header *eth = start;
	struct hg_ipv4_header *ip4 = start + HG_PLAIN_IP;
	struct hg_ipv6_header *ip6 = start + HG_PLAIN_IP;

	if (start + HG_PLAIN_TCP4 + sizeof(struct hg_quic_plain) > end)
		return false;
	if (p->tunnels || hg_is_tag(eth->type))
		return true;
	if (eth->type == bpf_htons(HG_ETH_IPV4))
		return ip4->proto == HG_IPPROTO_UDP &&
		       (ip4->version_ihl != 0x45 || hg_quic_plain_likely(start + HG_PLAIN_TCP4));
	if (eth->type != bpf_htons(HG_ETH_IPV6) ||
	    start + HG_PLAIN_TCP6 + sizeof(struct hg_quic_plain) > end)
		return false;
	return ip6->next == HG_IPPROTO_UDP ? hg_quic_plain_likely(start + HG_PLAIN_TCP6)
					   : hg_quic_behind_ipv6(ip6->next);
}

/* ---- up to the datagram, by copy ---- */

/* To the UDP header of a whole IPv4 packet at p->l3; its length, 0: there is none. */
HG_INLINE __u32 hg_quic_ipv4(void *ctx, const int hook, struct hg_packet *p)
{
	struct hg_ipv4_header ip = {};
	__u32 header_len;

	if (hg_load(ctx, hook, p->l3, &ip, sizeof(ip)))
		return 0;
	header_len = (ip.version_ihl & 0xf) * 4;
	if (ip.version_ihl >> 4 != 4 || header_len < sizeof(ip) || ip.proto != HG_IPPROTO_UDP ||
	    ip.fragment & bpf_htons(HG_IPV4_MORE | HG_IPV4_OFFSET))
		return 0;
	hg_ipv4_addresses(p, &ip);
	p->l4 = p->l3 + header_len;
	return bpf_ntohs(ip.total_len);
}

HG_INLINE __u32 hg_quic_ipv6(void *ctx, const int hook, struct hg_packet *p)
{
	struct hg_ipv6_header ip = {};
	__u32 len = 0;

	if (hg_load(ctx, hook, p->l3, &ip, sizeof(ip)) || hg_headers_ipv6(ctx, hook, p, &ip, &len))
		return 0;
	if (ip.next != HG_IPPROTO_UDP &&
	    hg_headers_ipv6_walk(ctx, hook, p, ip.next, HG_IPPROTO_UDP) != HG_HEADERS_TCP)
		return 0;
	return p->fragment ? 0 : len;
}

/* To the IP packet; its type, and where what holds it ends. */
HG_INLINE __be16 hg_quic_ip(void *ctx, const int hook, struct hg_scratch *s, __u32 *end)
{
	struct hg_packet *p = &s->packet;
	__be16 type = 0;

	p->fragment = 0;
	*end = ~0U;
	if (p->tunnels) { /* hg_tunnels() has been there */
		*end = s->tunnel.end;
		return bpf_htons(s->tunnel.layer);
	}
	p->l3 = sizeof(struct hg_eth_header);
	if (hg_load(ctx, hook, offsetof(struct hg_eth_header, type), &type, sizeof(type)) ||
	    hg_walk_tags(ctx, hook, p, &type) != HG_HEADERS_TCP)
		return 0;
	return type;
}

/* The datagram: false if it cannot begin a connection at a watched port. */
HG_INLINE bool hg_quic_datagram(void *ctx, const int hook, struct hg_scratch *s)
{
	struct hg_packet *p = &s->packet;
	struct hg_udp_header udp = {};
	__u32 end, len = 0;
	__be16 type = hg_quic_ip(ctx, hook, s, &end);

	if (type == bpf_htons(HG_ETH_IPV4))
		len = hg_quic_ipv4(ctx, hook, p);
	else if (type == bpf_htons(HG_ETH_IPV6))
		len = hg_quic_ipv6(ctx, hook, p);
	if (!len || p->l3 + len > end || hg_load(ctx, hook, p->l4, &udp, sizeof(udp)))
		return false;
	p->sport = udp.sport;
	p->dport = udp.dport;
	p->payload = p->l4 + sizeof(udp);
	p->payload_len = bpf_ntohs(udp.len) - sizeof(udp);
	return bpf_ntohs(udp.len) >= sizeof(udp) + HG_QUIC_DATAGRAM &&
	       p->l4 + bpf_ntohs(udp.len) <= p->l3 + len && hg_port_watched(p->dport);
}

/* ---- its packets ---- */

struct hg_quic_step {
	void *ctx;
	struct hg_scratch *scratch;
};

HG_INLINE long hg_quic_packet(void *ctx, const int hook, struct hg_scratch *s)
{
	struct hg_quic_walk *w = &s->quic;
	__u32 size = 0;

	w->found = HG_QUIC_NONE;
	if (w->left < HG_QUIC_HEAD || hg_load(ctx, hook, w->at, w->head, HG_QUIC_HEAD))
		return 1;
	w->found = hg_quic_read(w->head, w->left, &size);
	if (!size)
		return 1;
	w->at += size;
	w->left -= size;
	return 0;
}

HG_STEP long hg_quic_step_xdp(__u32 i, struct hg_quic_step *q)
{
	(void)i;
	return hg_quic_packet(q->ctx, HG_AT_XDP, q->scratch);
}

HG_STEP long hg_quic_step_skb(__u32 i, struct hg_quic_step *q)
{
	(void)i;
	return hg_quic_packet(q->ctx, HG_AT_INGRESS, q->scratch);
}

/* Packets may share a datagram, in any order (RFC 9000, section 12.2). */
HG_INLINE __u32 hg_quic_look(void *ctx, const int hook, struct hg_scratch *s)
{
	struct hg_quic_step step = { ctx, s };

	s->quic.at = s->packet.payload;
	s->quic.left = s->packet.payload_len;
	if (hook == HG_AT_XDP)
		hg_loop(HG_QUIC_PACKETS, hg_quic_step_xdp, &step);
	else
		hg_loop(HG_QUIC_PACKETS, hg_quic_step_skb, &step);
	return s->quic.found;
}

/* ---- who began ---- */

#define HG_QUIC_SECONDS 0x7fffffU
#define HG_QUIC_LO (1ULL << 23)
#define HG_QUIC_TAG(word) ((word) >> 24)

/*
 * Both ends send Initials.  Where both ports are watched, the client is who
 * sent the first that passed; else who sends to a watched port.
 */
HG_INLINE bool hg_quic_from_client(const struct hg_packet *p, __u64 *began, __u32 seconds)
{
	__u64 word = *began;

	if (HG_QUIC_TAG(word) != HG_QUIC_TAG(hg_packet_hash(p)) ||
	    ((seconds - word) & HG_QUIC_SECONDS) > HG_QUIC_AGE)
		return true;
	return !!(word & HG_QUIC_LO) == hg_sender_is_lo(p);
}

HG_INLINE __u64 hg_quic_word(const struct hg_packet *p, __u32 seconds)
{
	return HG_QUIC_TAG(hg_packet_hash(p)) << 24 | (hg_sender_is_lo(p) ? HG_QUIC_LO : 0) |
	       (seconds & HG_QUIC_SECONDS);
}

/* ---- what becomes of it ---- */

/* `protect: src` is a rule of its own, in front of all others; a name is not known here. */
HG_INLINE bool hg_quic_protected(const struct hg_packet *p, const struct hg_generation *g)
{
	const struct hg_rule *rule;
	__u64 sets;

	if (!(g->policy->needs & HG_COND_SRC))
		return false;
	sets = hg_match_net(g->nets, p->src);
	HG_UNROLL
	for (__u32 i = 0; i < HG_PROTECT_RULES; i++) {
		__u32 index = i;

		rule = index < g->policy->rules ? hg_inner_lookup(g->rules, &index) : NULL;
		if (rule && rule->protect && rule->match.conditions == HG_COND_SRC &&
		    rule->match.src & sets)
			return true;
	}
	return false;
}

HG_INLINE __u32 hg_quic_action(const struct hg_packet *p)
{
	const struct hg_control *c = hg_control();
	struct hg_generation g = {};

	if (!c || !hg_generation_get(c, hg_now_coarse(), &g) ||
	    g.policy->quic_action != HG_ACTION_drop || hg_quic_protected(p, &g))
		return HG_QUIC_ACTION_allow;
	return g.policy->mode == HG_MODE_enforce ? HG_QUIC_ACTION_drop : HG_QUIC_ACTION_would_drop;
}

/* An Initial at a watched port: is it to be dropped? */
HG_INLINE bool hg_quic_initial(const struct hg_packet *p, struct hg_counters *c)
{
	__u32 place = hg_packet_hash(p) & (HG_QUIC_CLIENTS - 1), seconds, action;
	__u64 *began = NULL;

	if (hg_port_watched(p->sport)) {
		seconds = (__u32)(hg_now_coarse() / HG_SECOND);
		began = bpf_map_lookup_elem(&quic_clients, &place);
		if (began && !hg_quic_from_client(p, began, seconds))
			return false;
	}
	action = hg_quic_action(p);
	HG_COUNT(c, quic_initials, action);
	if (action == HG_QUIC_ACTION_drop)
		return true;
	if (began)
		*began = hg_quic_word(p, seconds);
	return false;
}

/* The packet is described in the scratch, as far as hg_headers() came.  1: it is to be dropped. */
HG_INLINE int hg_quic_walk(void *ctx, const int hook)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_counters *c = hg_counters();
	__u32 found;

	if (!s || !c || !hg_quic_datagram(ctx, hook, s))
		return 0;
	found = hg_quic_look(ctx, hook, s);
	if (found == HG_QUIC_UNKNOWN)
		c->quic_unknown_versions++;
	return found == HG_QUIC_INITIAL && hg_quic_initial(&s->packet, c);
}

#ifdef __bpf__
/* Global functions: verified once each, whatever hg_headers() has seen. */
HG_NOINLINE int hg_quic_walk_xdp(struct xdp_md *ctx)
{
	return hg_quic_walk(ctx, HG_AT_XDP);
}

HG_NOINLINE int hg_quic_walk_skb(struct __sk_buff *skb)
{
	return hg_quic_walk(skb, HG_AT_INGRESS);
}

#define hg_quic_walk(ctx, hook)                                                                    \
	((hook) == HG_AT_XDP ? hg_quic_walk_xdp(ctx) : hg_quic_walk_skb(ctx))
#endif

/* What is no TCP: true if it is to be dropped. */
HG_INLINE bool hg_quic_drops(void *ctx, const int hook, void *start, void *end,
			     const struct hg_packet *p)
{
	return hg_quic_likely(start, end, p) && hg_quic_walk(ctx, hook);
}

#endif /* HG_QUIC_H */
