/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * tunnels.h - what is neither TCP nor plain other traffic: a tunnel, whose inner
 * TCP is the flow if the operator asked for it, and which is counted if not.
 *
 * All by copy, a header at a step.  What a tunnel's headers say of its length
 * bounds what is inside: bytes behind that never reach the inner host.
 */
#ifndef HG_TUNNELS_H
#define HG_TUNNELS_H

#include "maps.h"

#define HG_TUNNEL(kind) (1U << HG_TUNNEL_##kind)

#define HG_ETH_BRIDGED 0x6558 /* transparent Ethernet bridging (RFC 1701) */
#define HG_ETH_MPLS 0x8847
#define HG_ETH_PPPOE 0x8864
#define HG_ETH_ERSPAN2 0x88be
#define HG_ETH_ERSPAN3 0x22eb
#define HG_PPP_IPV4 0x0021
#define HG_PPP_IPV6 0x0057
#define HG_IPPROTO_IPIP 4
#define HG_IPPROTO_IPV6 41
#define HG_IPPROTO_GRE 47
#define HG_IPPROTO_DSTOPTS 60
#define HG_PORT_VXLAN 4789
#define HG_PORT_GENEVE 6081
#define HG_MPLS_BOTTOM 0x100
#define HG_GRE_CHECKSUM 0x8000
#define HG_GRE_KEY 0x2000
#define HG_GRE_SEQUENCE 0x1000
#define HG_GRE_CLOSED 0x4007 /* routing, and versions other than 0 */

/* RFC 2516, section 4, and the protocol of PPP behind it. */
struct hg_pppoe_header {
	__u8 version_type;
	__u8 code;
	__be16 session;
	__be16 len;
	__be16 proto;
};

struct hg_udp_header {
	__be16 sport;
	__be16 dport;
	__be16 len;
	__be16 check;
};

/* RFC 2784. */
struct hg_gre_header {
	__be16 flags;
	__be16 type;
};

/* VXLAN (RFC 7348, section 5) and Geneve (RFC 8926, section 3.4) alike. */
struct hg_overlay {
	struct hg_udp_header udp;
	__u8 flags[2];
	__be16 type; /* Geneve */
	__be32 network;
};

/* What a header is: an ethertype, or what no ethertype can be. */
enum hg_layer {
	HG_LAYER_ETHERNET = 0x10000,
	HG_LAYER_UDP,
	HG_LAYER_GRE,
};

/* What a step is given.  What it finds is in the scratch: the verifier follows it there no further.
 */
struct hg_tunnel_step {
	void *ctx;
	struct hg_tunnel_walk *walk;
};

/* ---- steps: 0 goes on, 1 stops ---- */

HG_INLINE long hg_tunnel_stop(struct hg_tunnel_walk *w, __u32 result)
{
	w->result = result;
	return 1;
}

HG_INLINE long hg_tunnel_next(struct hg_tunnel_walk *w, __u32 len, __u32 layer)
{
	w->at += len;
	w->layer = layer;
	return 0;
}

/* Here is a tunnel of this kind: is it to be opened? */
HG_INLINE bool hg_tunnel_opens(struct hg_tunnel_walk *w, __u32 kind)
{
	if (!(decap & kind))
		w->result = HG_UNREADABLE(encapsulated);
	else if (w->fragment)
		w->result = HG_UNREADABLE(fragment);
	w->opened |= kind;
	w->tunnels += kind != HG_TUNNEL(mpls);
	return decap & kind && !w->fragment;
}

/* A header says where it ends: not behind what holds it. */
HG_INLINE bool hg_tunnel_ends(struct hg_tunnel_walk *w, __u32 end)
{
	if (end > w->end) {
		w->result = HG_UNREADABLE(bad_header);
		return false;
	}
	w->end = end;
	return true;
}

/* The header at hand has a length, and `len` bytes behind its beginning is what it holds. */
HG_INLINE void hg_tunnel_outer(struct hg_tunnel_walk *w, __u32 len)
{
	w->outer = w->at;
	w->outer_layer = w->layer;
	w->outer_payload = w->at + len;
}

/* In GRE and Geneve an ethertype may also say that a frame follows. */
HG_INLINE __u32 hg_tunnel_layer(__be16 type)
{
	return type == bpf_htons(HG_ETH_BRIDGED) ? HG_LAYER_ETHERNET : bpf_ntohs(type);
}

HG_INLINE long hg_tunnel_ethernet(void *ctx, const int hook, struct hg_tunnel_walk *w)
{
	__be16 type = 0;

	if (hg_load(ctx, hook, w->at + offsetof(struct hg_eth_header, type), &type, sizeof(type)))
		return hg_tunnel_stop(w, HG_UNREADABLE(truncated_header));
	return hg_tunnel_next(w, sizeof(struct hg_eth_header), bpf_ntohs(type));
}

HG_INLINE long hg_tunnel_tag(void *ctx, const int hook, struct hg_tunnel_walk *w)
{
	struct hg_vlan_header tag = {};

	if (hg_load(ctx, hook, w->at, &tag, sizeof(tag)))
		return hg_tunnel_stop(w, HG_UNREADABLE(truncated_header));
	return hg_tunnel_next(w, sizeof(tag), bpf_ntohs(tag.type));
}

/* A session's data; what sets it up is other traffic. */
HG_INLINE long hg_tunnel_pppoe(void *ctx, const int hook, struct hg_tunnel_walk *w)
{
	__u32 in_front = offsetof(struct hg_pppoe_header, proto), layer = HG_ETH_IPV4;
	struct hg_pppoe_header head = {};

	if (hg_load(ctx, hook, w->at, &head, sizeof(head)))
		return hg_tunnel_stop(w, HG_UNREADABLE(truncated_header));
	if (head.proto == bpf_htons(HG_PPP_IPV6))
		layer = HG_ETH_IPV6;
	else if (head.proto != bpf_htons(HG_PPP_IPV4))
		return hg_tunnel_stop(w, HG_HEADERS_OTHER);
	if (!hg_tunnel_opens(w, HG_TUNNEL(pppoe)))
		return 1;
	if (head.version_type != 0x11 || head.code)
		return hg_tunnel_stop(w, HG_UNREADABLE(bad_header));
	if (!hg_tunnel_ends(w, w->at + in_front + bpf_ntohs(head.len)))
		return 1;
	hg_tunnel_outer(w, sizeof(head));
	return hg_tunnel_next(w, sizeof(head), layer);
}

/*
 * A label (RFC 3032).  None says what is below the last one: IP if it looks
 * like IP (RFC 4928), else a pseudowire, which stays closed.
 */
HG_INLINE long hg_tunnel_mpls(void *ctx, const int hook, struct hg_tunnel_walk *w)
{
	__be32 label = 0;
	__u8 first = 0;

	if (!hg_tunnel_opens(w, HG_TUNNEL(mpls)))
		return 1;
	if (hg_load(ctx, hook, w->at, &label, sizeof(label)))
		return hg_tunnel_stop(w, HG_UNREADABLE(truncated_header));
	if (!(label & bpf_htonl(HG_MPLS_BOTTOM)))
		return hg_tunnel_next(w, sizeof(label), HG_ETH_MPLS);
	if (hg_load(ctx, hook, w->at + sizeof(label), &first, sizeof(first)))
		return hg_tunnel_stop(w, HG_UNREADABLE(truncated_header));
	first >>= 4;
	if (first != 4 && first != 6)
		return hg_tunnel_stop(w, HG_UNREADABLE(encapsulated));
	return hg_tunnel_next(w, sizeof(label), first == 4 ? HG_ETH_IPV4 : HG_ETH_IPV6);
}

/* RFC 2784, RFC 2890. */
HG_INLINE long hg_tunnel_gre(void *ctx, const int hook, struct hg_tunnel_walk *w)
{
	struct hg_gre_header head = {};
	__u32 len = sizeof(head), flags;

	if (!hg_tunnel_opens(w, HG_TUNNEL(gre)))
		return 1;
	if (hg_load(ctx, hook, w->at, &head, sizeof(head)))
		return hg_tunnel_stop(w, HG_UNREADABLE(truncated_header));
	flags = bpf_ntohs(head.flags);
	if (flags & HG_GRE_CLOSED || head.type == bpf_htons(HG_ETH_ERSPAN2) ||
	    head.type == bpf_htons(HG_ETH_ERSPAN3))
		return hg_tunnel_stop(w, HG_UNREADABLE(encapsulated));
	len += flags & HG_GRE_CHECKSUM ? 4 : 0;
	len += flags & HG_GRE_KEY ? 4 : 0;
	len += flags & HG_GRE_SEQUENCE ? 4 : 0;
	return hg_tunnel_next(w, len, hg_tunnel_layer(head.type));
}

HG_INLINE long hg_tunnel_vxlan(struct hg_tunnel_walk *w, const struct hg_overlay *o)
{
	/* A network's number, and no other protocol (VXLAN-GPE) in place of Ethernet. */
	if ((o->flags[0] & 0x0c) != 0x08)
		return hg_tunnel_stop(w, HG_HEADERS_OTHER);
	if (!hg_tunnel_opens(w, HG_TUNNEL(vxlan)) ||
	    !hg_tunnel_ends(w, w->at + bpf_ntohs(o->udp.len)))
		return 1;
	return hg_tunnel_next(w, sizeof(*o), HG_LAYER_ETHERNET);
}

HG_INLINE long hg_tunnel_geneve(struct hg_tunnel_walk *w, const struct hg_overlay *o)
{
	/* Version 0; control packets are for the tunnel's ends. */
	if (o->flags[0] >> 6 || o->flags[1] & 0x80)
		return hg_tunnel_stop(w, HG_HEADERS_OTHER);
	if (!hg_tunnel_opens(w, HG_TUNNEL(geneve)) ||
	    !hg_tunnel_ends(w, w->at + bpf_ntohs(o->udp.len)))
		return 1;
	return hg_tunnel_next(w, sizeof(*o) + (o->flags[0] & 0x3f) * 4, hg_tunnel_layer(o->type));
}

HG_INLINE long hg_tunnel_udp(void *ctx, const int hook, struct hg_tunnel_walk *w)
{
	struct hg_overlay o = {};

	if (hg_load(ctx, hook, w->at, &o, sizeof(o)))
		return hg_tunnel_stop(w, HG_HEADERS_OTHER);
	if (o.udp.dport == bpf_htons(HG_PORT_VXLAN))
		return hg_tunnel_vxlan(w, &o);
	if (o.udp.dport == bpf_htons(HG_PORT_GENEVE))
		return hg_tunnel_geneve(w, &o);
	/* Its IP packet is what the tunnels hold, if any was opened: see quic.h. */
	w->at = w->outer;
	w->layer = w->outer_layer;
	return hg_tunnel_stop(w, HG_HEADERS_TCP);
}

/* `proto` is `len` bytes behind the beginning of an IP packet that ends at `end`. */
HG_INLINE long hg_tunnel_in_ip(struct hg_tunnel_walk *w, __u8 proto, __u32 len, __u32 end)
{
	__u32 layer;

	if (proto == HG_IPPROTO_IPIP)
		layer = HG_ETH_IPV4;
	else if (proto == HG_IPPROTO_IPV6)
		layer = HG_ETH_IPV6;
	else if (proto == HG_IPPROTO_GRE)
		layer = HG_LAYER_GRE;
	else if (proto == HG_IPPROTO_UDP)
		layer = HG_LAYER_UDP;
	else
		return hg_tunnel_stop(w, HG_HEADERS_TCP);
	if (layer < HG_LAYER_ETHERNET && !hg_tunnel_opens(w, HG_TUNNEL(ipip)))
		return 1;
	if (!hg_tunnel_ends(w, end))
		return 1;
	hg_tunnel_outer(w, len);
	return hg_tunnel_next(w, len, layer);
}

/* Without a length (BIG TCP) the packet ends where what holds it does. */
HG_INLINE long hg_tunnel_ipv4(void *ctx, const int hook, struct hg_tunnel_walk *w)
{
	struct hg_ipv4_header ip = {};
	__u32 len;

	if (hg_load(ctx, hook, w->at, &ip, sizeof(ip)))
		return hg_tunnel_stop(w, HG_UNREADABLE(truncated_header));
	len = (ip.version_ihl & 0xf) * 4;
	if (ip.version_ihl >> 4 != 4 || len < sizeof(ip))
		return hg_tunnel_stop(w, HG_UNREADABLE(bad_header));
	if (ip.proto != HG_IPPROTO_TCP && ip.fragment & bpf_htons(HG_IPV4_OFFSET))
		/* Of UDP only the first one says whether it is a tunnel. */
		return hg_tunnel_stop(w, ip.proto == HG_IPPROTO_IPIP ||
							 ip.proto == HG_IPPROTO_IPV6 ||
							 ip.proto == HG_IPPROTO_GRE
						 ? HG_UNREADABLE(fragment)
						 : HG_HEADERS_OTHER);
	w->fragment |= ip.proto != HG_IPPROTO_TCP && ip.fragment & bpf_htons(HG_IPV4_MORE);
	return hg_tunnel_in_ip(w, ip.proto, len,
			       ip.total_len ? w->at + bpf_ntohs(ip.total_len) : w->end);
}

/* Linux puts its encapsulation limit (RFC 2473, section 4.1.1) in front of a tunnel. */
HG_INLINE long hg_tunnel_ipv6(void *ctx, const int hook, struct hg_tunnel_walk *w)
{
	struct hg_ipv6_header ip = {};
	__u32 len = sizeof(ip);
	__u8 options[2] = {};

	if (hg_load(ctx, hook, w->at, &ip, sizeof(ip)))
		return hg_tunnel_stop(w, HG_UNREADABLE(truncated_header));
	if (ip.next == HG_IPPROTO_DSTOPTS) {
		if (hg_load(ctx, hook, w->at + len, options, sizeof(options)))
			return hg_tunnel_stop(w, HG_UNREADABLE(truncated_header));
		ip.next = options[0];
		len += options[1] * 8 + 8;
	}
	return hg_tunnel_in_ip(
		w, ip.next, len,
		ip.payload_len ? w->at + (__u32)sizeof(ip) + bpf_ntohs(ip.payload_len) : w->end);
}

HG_INLINE long hg_tunnel_header(void *ctx, const int hook, struct hg_tunnel_walk *w)
{
	switch (w->layer) {
	case HG_LAYER_ETHERNET:
		return hg_tunnel_ethernet(ctx, hook, w);
	case HG_ETH_VLAN:
	case HG_ETH_QINQ:
		return hg_tunnel_tag(ctx, hook, w);
	case HG_ETH_PPPOE:
		return hg_tunnel_pppoe(ctx, hook, w);
	case HG_ETH_MPLS:
		return hg_tunnel_mpls(ctx, hook, w);
	case HG_ETH_IPV4:
		return hg_tunnel_ipv4(ctx, hook, w);
	case HG_ETH_IPV6:
		return hg_tunnel_ipv6(ctx, hook, w);
	case HG_LAYER_GRE:
		return hg_tunnel_gre(ctx, hook, w);
	case HG_LAYER_UDP:
		return hg_tunnel_udp(ctx, hook, w);
	}
	return hg_tunnel_stop(w, HG_HEADERS_OTHER);
}

/* ---- the walk ---- */

HG_STEP long hg_tunnel_step_xdp(__u32 i, struct hg_tunnel_step *s)
{
	(void)i;
	return hg_tunnel_header(s->ctx, HG_AT_XDP, s->walk);
}

HG_STEP long hg_tunnel_step_skb(__u32 i, struct hg_tunnel_step *s)
{
	(void)i;
	return hg_tunnel_header(s->ctx, HG_AT_INGRESS, s->walk);
}

/* The TCP header of the IP packet at p->l3, which ends at `end`. */
HG_INLINE int hg_tunnel_inner(void *ctx, const int hook, struct hg_packet *p, __u32 layer,
			      __u32 end)
{
	struct hg_tcp_header tcp = {};
	__u32 len = 0;
	int r = hg_walk_ip(ctx, hook, p, bpf_htons(layer), &len);

	if (r != HG_HEADERS_TCP)
		return r;
	if (p->l3 + len > end)
		return HG_UNREADABLE(bad_header);
	if (hg_load(ctx, hook, p->l4, &tcp, sizeof(tcp)))
		return HG_UNREADABLE(truncated_header);
	return hg_headers_tcp(p, &tcp, len);
}

/* Up to the inner IP packet, whatever is in front of it; NULL: not reached, *result says why. */
HG_INLINE struct hg_tunnel_walk *hg_tunnel_walk(void *ctx, const int hook, int *result)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_tunnel_step step = { .ctx = ctx };

	*result = HG_HEADERS_OTHER;
	if (!s)
		return NULL;
	__builtin_memset(&s->tunnel, 0, sizeof(s->tunnel));
	s->tunnel.layer = HG_LAYER_ETHERNET;
	s->tunnel.end = ~0U;
	s->tunnel.result = HG_UNREADABLE(encapsulated);
	step.walk = &s->tunnel;
	if (hook == HG_AT_XDP)
		hg_loop(HG_TUNNEL_HEADERS, hg_tunnel_step_xdp, &step);
	else
		hg_loop(HG_TUNNEL_HEADERS, hg_tunnel_step_skb, &step);
	if (s->tunnel.result != HG_HEADERS_TCP)
		*result = s->tunnel.result;
	return s->tunnel.result == HG_HEADERS_TCP && s->tunnel.opened ? &s->tunnel : NULL;
}

HG_INLINE int hg_tunnels(void *ctx, const int hook, struct hg_packet *p)
{
	int r;
	struct hg_tunnel_walk *w = hg_tunnel_walk(ctx, hook, &r);

	if (!decap || !w)
		return r;
	p->l3 = w->at;
	p->tunnels = w->opened;
	return hg_tunnel_inner(ctx, hook, p, w->layer, w->end);
}

HG_SUBPROG int hg_tunnels_xdp(void *ctx, struct hg_packet *p)
{
	return hg_tunnels(ctx, HG_AT_XDP, p);
}

HG_SUBPROG int hg_tunnels_skb(void *ctx, struct hg_packet *p)
{
	return hg_tunnels(ctx, HG_AT_INGRESS, p);
}

/* ---- most other traffic, in place ---- */

HG_INLINE bool hg_tunnel_proto(__u8 proto, const struct hg_udp_header *udp)
{
	if (proto == HG_IPPROTO_UDP)
		return udp->dport == bpf_htons(HG_PORT_VXLAN) ||
		       udp->dport == bpf_htons(HG_PORT_GENEVE);
	return proto == HG_IPPROTO_IPIP || proto == HG_IPPROTO_IPV6 || proto == HG_IPPROTO_GRE ||
	       proto == HG_IPPROTO_DSTOPTS;
}

/* Can this be a tunnel?  What cannot leaves here, at the cost of a few comparisons. */
HG_INLINE bool hg_tunnel_likely(void *start, void *end)
{
	struct hg_eth_header *eth = start;
	struct hg_ipv4_header *ip4 = start + HG_PLAIN_IP;
	struct hg_ipv6_header *ip6 = start + HG_PLAIN_IP;

	if (start + HG_PLAIN_TCP4 + sizeof(struct hg_udp_header) > end)
		return false;
	if (eth->type == bpf_htons(HG_ETH_IPV4))
		return ip4->version_ihl != 0x45 ||
		       hg_tunnel_proto(ip4->proto, start + HG_PLAIN_TCP4);
	if (start + HG_PLAIN_TCP6 + sizeof(struct hg_udp_header) <= end &&
	    eth->type == bpf_htons(HG_ETH_IPV6))
		return hg_tunnel_proto(ip6->next, start + HG_PLAIN_TCP6);
	return hg_is_tag(eth->type) || eth->type == bpf_htons(HG_ETH_PPPOE) ||
	       eth->type == bpf_htons(HG_ETH_MPLS);
}

/* Walk an Ethernet frame.  Returns enum hg_headers or HG_UNREADABLE(...). */
HG_INLINE int hg_headers(void *ctx, const int hook, void *start, void *end, struct hg_packet *p)
{
	int r;

	p->tunnels = 0;
	p->fragment = 0;
	r = hg_headers_outer(ctx, hook, start, end, p);
	if (r != HG_HEADERS_OTHER || !hg_tunnel_likely(start, end))
		return r;
	return hook == HG_AT_XDP ? hg_tunnels_xdp(ctx, p) : hg_tunnels_skb(ctx, p);
}

#endif /* HG_TUNNELS_H */
