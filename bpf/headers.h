/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * headers.h - from a frame to its TCP segment: the one file that knows packet
 * pointers.
 *
 * Each step takes a cursor and either moves it over a whole header, options
 * included, or says why not.  The payload is bounded by the length in the IP
 * header, never by the end of the frame: Ethernet pads short frames.
 */
#ifndef HG_HEADERS_H
#define HG_HEADERS_H

#include "load.h"

#define HG_ETH_IPV4 0x0800
#define HG_ETH_IPV6 0x86dd
#define HG_ETH_VLAN 0x8100
#define HG_ETH_QINQ 0x88a8
#define HG_ETH_ARP 0x0806
#define HG_IPV4_MORE 0x2000
#define HG_IPV4_OFFSET 0x1fff
#define HG_IPPROTO_TCP 6
#define HG_IPPROTO_UDP 17
#define HG_IPPROTO_ICMPV6 58
#define HG_TCP_FIN 0x01
#define HG_TCP_SYN 0x02
#define HG_TCP_RST 0x04
#define HG_TCP_ACK 0x10
#define HG_TCP_URG 0x20

struct hg_eth_header {
	__u8 dst[6];
	__u8 src[6];
	__be16 type;
} __attribute__((packed));

struct hg_vlan_header {
	__be16 tci;
	__be16 type;
};

struct hg_ipv4_header {
	__u8 version_ihl;
	__u8 tos;
	__be16 total_len;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 proto;
	__be16 check;
	__be32 src;
	__be32 dst;
};

struct hg_ipv6_header {
	__be32 version_class_label;
	__be16 payload_len;
	__u8 next;
	__u8 hop_limit;
	__be32 src[4];
	__be32 dst[4];
};

struct hg_tcp_header {
	__be16 sport;
	__be16 dport;
	__be32 seq;
	__be32 ack;
	__u8 doff;
	__u8 flags;
	__be16 window;
	__be16 check;
	__be16 urgent;
};

/* A TCP segment as the data path sees it.  Offsets are from the frame's start. */
struct hg_packet {
	__be32 src[4]; /* IPv4 is mapped */
	__be32 dst[4];
	__be16 sport;
	__be16 dport;
	__u32 seq;
	__u32 ack;
	__u16 l3;
	__u16 l4;
	__u16 payload;
	__u16 vlan; /* id of the outer tag, 0: none */
	__u32 payload_len;
	__u8 flags;
	__u8 ttl;
	__u8 ipv6;
	__u8 from;	  /* enum hg_direction, once known */
	__u16 urgent;	  /* place of the urgent byte in the payload, from 1; 0: none */
	__u8 tunnels;	  /* that were opened: bits of enum hg_tunnel */
	__u8 fragment;	  /* the first one of an IP packet: the TCP header and some payload */
	__u16 header_len; /* of TCP, options included */
	__u16 window;	  /* as in the header, not scaled */
	__u16 ip_id;	  /* of IPv4, else 0 */
	__u16 reserved[3];
};

/* The way to what a tunnel holds; see tunnels.h. */
struct hg_tunnel_walk {
	__u32 at;	/* offset of the header at hand */
	__u32 layer;	/* what it is */
	__u32 end;	/* of what holds it */
	__u32 result;	/* enum hg_headers; HG_HEADERS_TCP: an IP packet is at hand */
	__u32 opened;	/* kinds */
	__u32 fragment; /* an outer packet is the first fragment of one */
	/* For resets: the last header that has a length, and what is in it. */
	__u32 tunnels; /* with lengths, one in another */
	__u32 outer;
	__u32 outer_layer;
	__u32 outer_payload;
};

HG_KNOB __u64 watched_ports[65536 / 64] = {}; /* a bit each; see the knobs in maps.h */

HG_INLINE bool hg_port_watched(__be16 port)
{
	__u32 n = bpf_ntohs(port);

	return watched_ports[n >> 6] >> (n & 63) & 1;
}

/* What a header walk ends with; HG_HEADERS_UNPARSED + enum hg_unparsed. */
enum hg_headers {
	HG_HEADERS_TCP,
	HG_HEADERS_UNWATCHED, /* TCP, on ports that nobody watches: only its headers were checked */
	HG_HEADERS_OTHER,     /* not ours to read, and nothing is wrong with it */
	HG_HEADERS_UNPARSED,
};

#define HG_UNREADABLE(reason) (HG_HEADERS_UNPARSED + HG_UNPARSED_##reason)

/* The pointer points behind the byte (RFC 6093, section 2.2); Linux takes 0 for the first. */
HG_INLINE __u16 hg_urgent(__u16 pointer)
{
	return pointer ? pointer : 1;
}

/* The TCP header at offset p->l4. */
HG_INLINE int hg_headers_tcp(struct hg_packet *p, const struct hg_tcp_header *tcp, __u32 l3_len)
{
	__u32 header_len = (tcp->doff >> 4) * 4, l4_at = p->l4 - p->l3;

	if (p->fragment && l4_at + sizeof(*tcp) > l3_len)
		return HG_UNREADABLE(fragment);
	if (header_len < sizeof(*tcp) || l4_at + header_len > l3_len)
		return HG_UNREADABLE(bad_header);
	if (!hg_port_watched(tcp->dport) && !hg_port_watched(tcp->sport))
		return HG_HEADERS_UNWATCHED;
	p->sport = tcp->sport;
	p->dport = tcp->dport;
	p->seq = bpf_ntohl(tcp->seq);
	p->ack = bpf_ntohl(tcp->ack);
	p->flags = tcp->flags;
	p->urgent = tcp->flags & HG_TCP_URG ? hg_urgent(bpf_ntohs(tcp->urgent)) : 0;
	p->header_len = header_len;
	p->window = bpf_ntohs(tcp->window);
	p->payload = p->l4 + header_len;
	p->payload_len = l3_len - l4_at - header_len;
	return HG_HEADERS_TCP;
}

/*
 * A packet that says no length has one only if 16 bits cannot hold it: Linux
 * drops any other.  A capture taken where the segment was still to be cut by
 * the device shows no length, too.
 */
HG_INLINE __u32 hg_big_len(void *ctx, const int hook, const struct hg_packet *p)
{
	__u32 len = hg_frame_len(ctx, hook) - p->l3;

	return len > HG_BIG_LEN ? len : 0;
}

HG_INLINE void hg_ipv4_addresses(struct hg_packet *p, const struct hg_ipv4_header *ip)
{
	p->src[0] = 0;
	p->src[1] = 0;
	p->src[2] = bpf_htonl(0xffff);
	p->src[3] = ip->src;
	p->dst[0] = 0;
	p->dst[1] = 0;
	p->dst[2] = bpf_htonl(0xffff);
	p->dst[3] = ip->dst;
	p->ipv6 = 0;
}

/* The IPv4 header at offset p->l3, but its addresses; *len is that of the packet, from there. */
HG_INLINE int hg_headers_ipv4(void *ctx, const int hook, struct hg_packet *p,
			      const struct hg_ipv4_header *ip, __u32 *len)
{
	__u32 header_len = (ip->version_ihl & 0xf) * 4;

	if (ip->version_ihl >> 4 != 4 || header_len < sizeof(*ip))
		return HG_UNREADABLE(bad_header);
	if (ip->proto != HG_IPPROTO_TCP)
		return HG_HEADERS_OTHER;
	if (ip->fragment & bpf_htons(HG_IPV4_OFFSET))
		return HG_UNREADABLE(fragment);
	p->fragment |= !!(ip->fragment & bpf_htons(HG_IPV4_MORE));
	*len = bpf_ntohs(ip->total_len);
	if (!*len) /* BIG TCP, if so: the length did not fit */
		*len = hg_big_len(ctx, hook, p);
	p->l4 = p->l3 + header_len;
	p->ttl = ip->ttl;
	p->ip_id = bpf_ntohs(ip->id);
	return HG_HEADERS_TCP;
}

/* The IPv6 header at offset p->l3, extension headers left aside. */
HG_INLINE int hg_headers_ipv6(void *ctx, const int hook, struct hg_packet *p,
			      const struct hg_ipv6_header *ip, __u32 *len)
{
	if (bpf_ntohl(ip->version_class_label) >> 28 != 6)
		return HG_UNREADABLE(bad_header);
	*len = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	if (*len == sizeof(*ip)) /* the same */
		*len = hg_big_len(ctx, hook, p);
	p->l4 = p->l3 + sizeof(*ip);
	p->src[0] = ip->src[0];
	p->src[1] = ip->src[1];
	p->src[2] = ip->src[2];
	p->src[3] = ip->src[3];
	p->dst[0] = ip->dst[0];
	p->dst[1] = ip->dst[1];
	p->dst[2] = ip->dst[2];
	p->dst[3] = ip->dst[3];
	p->ttl = ip->hop_limit;
	p->ip_id = 0;
	p->ipv6 = 1;
	return HG_HEADERS_TCP;
}

/* ---- any headers, by copy ---- */

/* Extension headers (RFC 8200, section 4). */
struct hg_ipv6_walk {
	void *ctx;
	__u32 at;      /* offset of the header at hand */
	__u32 result;  /* enum hg_headers; HG_HEADERS_UNPARSED: go on */
	__u8 next;     /* what it is */
	__u8 wanted;   /* what is looked for: TCP or UDP */
	__u8 fragment; /* the first one was passed */
};

/* Its length, by type: 0 for what is no extension header. */
HG_INLINE __u32 hg_ipv6_header_len(__u8 type, const __u8 head[8])
{
	switch (type) {
	case 0:	  /* hop-by-hop options */
	case 43:  /* routing */
	case 60:  /* destination options */
	case 135: /* mobility */
	case 139: /* host identity */
	case 140: /* shim6 */
		return head[1] * 8 + 8;
	case 51: /* authentication counts in words of four, less two */
		return head[1] * 4 + 8;
	case 44: /* fragment: a whole packet if atomic (RFC 6946) */
		return 8;
	}
	return 0;
}

HG_INLINE long hg_ipv6_walk_step(struct hg_ipv6_walk *w, const int hook)
{
	__u8 head[8] = {};
	__u32 len;

	if (w->next == w->wanted) {
		w->result = HG_HEADERS_TCP;
		return 1;
	}
	if (hg_load(w->ctx, hook, w->at, head, sizeof(head))) {
		w->result = HG_UNREADABLE(truncated_header);
		return 1;
	}
	len = hg_ipv6_header_len(w->next, head);
	if (!len) {
		w->result = HG_HEADERS_OTHER;
		return 1;
	}
	if (w->next == 44 && (head[2] || head[3] & 0xf8)) {
		w->result = HG_UNREADABLE(fragment);
		return 1;
	}
	if (w->next == 44)
		w->fragment |= head[3] & 1;
	w->next = head[0];
	w->at += len;
	return 0;
}

HG_STEP long hg_ipv6_walk_step_xdp(__u32 i, struct hg_ipv6_walk *w)
{
	(void)i;
	return hg_ipv6_walk_step(w, HG_AT_XDP);
}

HG_STEP long hg_ipv6_walk_step_skb(__u32 i, struct hg_ipv6_walk *w)
{
	(void)i;
	return hg_ipv6_walk_step(w, HG_AT_INGRESS);
}

/* Leaves p->l4 at the header that is wanted: HG_HEADERS_TCP says so of UDP, too. */
HG_INLINE int hg_headers_ipv6_walk(void *ctx, const int hook, struct hg_packet *p, __u8 next,
				   const __u8 wanted)
{
	struct hg_ipv6_walk w = { .ctx = ctx,
				  .at = p->l4,
				  .result = HG_UNREADABLE(ipv6_headers),
				  .next = next,
				  .wanted = wanted };

	if (hook == HG_AT_XDP)
		hg_loop(HG_IPV6_HEADERS + 1, hg_ipv6_walk_step_xdp, &w);
	else
		hg_loop(HG_IPV6_HEADERS + 1, hg_ipv6_walk_step_skb, &w);
	p->l4 = w.at;
	p->fragment |= w.fragment;
	return w.result;
}

HG_INLINE bool hg_is_tag(__be16 type)
{
	return type == bpf_htons(HG_ETH_VLAN) || type == bpf_htons(HG_ETH_QINQ);
}

/* Leaves p->l3 behind the tags, and *type as what follows them. */
HG_INLINE int hg_walk_tags(void *ctx, const int hook, struct hg_packet *p, __be16 *type)
{
	struct hg_vlan_header tag = {};

	HG_UNROLL
	for (int i = 0; i < HG_VLAN_DEPTH; i++) {
		if (!hg_is_tag(*type))
			return HG_HEADERS_TCP;
		if (hg_load(ctx, hook, p->l3, &tag, sizeof(tag)))
			return HG_UNREADABLE(truncated_header);
		if (!i && !p->vlan)
			p->vlan = bpf_ntohs(tag.tci) & 0xfff;
		*type = tag.type;
		p->l3 += sizeof(tag);
	}
	return hg_is_tag(*type) ? HG_UNREADABLE(vlan_depth) : HG_HEADERS_TCP;
}

HG_INLINE int hg_walk_ip(void *ctx, const int hook, struct hg_packet *p, __be16 type, __u32 *len)
{
	struct hg_ipv4_header ip4 = {};
	struct hg_ipv6_header ip6 = {};
	int r;

	if (type == bpf_htons(HG_ETH_IPV4)) {
		if (hg_load(ctx, hook, p->l3, &ip4, sizeof(ip4)))
			return HG_UNREADABLE(truncated_header);
		hg_ipv4_addresses(p, &ip4);
		return hg_headers_ipv4(ctx, hook, p, &ip4, len);
	}
	if (type != bpf_htons(HG_ETH_IPV6))
		return HG_HEADERS_OTHER;
	if (hg_load(ctx, hook, p->l3, &ip6, sizeof(ip6)))
		return HG_UNREADABLE(truncated_header);
	r = hg_headers_ipv6(ctx, hook, p, &ip6, len);
	return r ? r : hg_headers_ipv6_walk(ctx, hook, p, ip6.next, HG_IPPROTO_TCP);
}

HG_INLINE int hg_walk(void *ctx, const int hook, struct hg_packet *p)
{
	struct hg_tcp_header tcp = {};
	__be16 type = 0;
	__u32 len = 0;
	int r;

	p->l3 = sizeof(struct hg_eth_header);
	if (hg_load(ctx, hook, offsetof(struct hg_eth_header, type), &type, sizeof(type)))
		return HG_UNREADABLE(truncated_header);
	r = hg_walk_tags(ctx, hook, p, &type);
	if (r == HG_HEADERS_TCP)
		r = hg_walk_ip(ctx, hook, p, type, &len);
	if (r != HG_HEADERS_TCP)
		return r;
	if (hg_load(ctx, hook, p->l4, &tcp, sizeof(tcp)))
		return HG_UNREADABLE(truncated_header);
	return hg_headers_tcp(p, &tcp, len);
}

HG_SUBPROG int hg_walk_xdp(void *ctx, struct hg_packet *p)
{
	return hg_walk(ctx, HG_AT_XDP, p);
}

HG_SUBPROG int hg_walk_skb(void *ctx, struct hg_packet *p)
{
	return hg_walk(ctx, HG_AT_INGRESS, p);
}

/* ---- the headers of most packets, in place ---- */

/*
 * Offsets into the packet are constants here: without CAP_PERFMON the verifier
 * takes no others, compares no packet pointer with NULL and subtracts none.
 */
#define HG_PLAIN_IP sizeof(struct hg_eth_header)
#define HG_PLAIN_TCP4 (HG_PLAIN_IP + sizeof(struct hg_ipv4_header))
#define HG_PLAIN_TCP6 (HG_PLAIN_IP + sizeof(struct hg_ipv6_header))

/* Walk an Ethernet frame; to it, a tunnel (tunnels.h) is other traffic. */
HG_INLINE int hg_headers_outer(void *ctx, const int hook, void *start, void *end,
			       struct hg_packet *p)
{
	struct hg_eth_header *eth = start;
	struct hg_ipv4_header *ip4 = start + HG_PLAIN_IP;
	struct hg_ipv6_header *ip6 = start + HG_PLAIN_IP;
	__u32 len = 0;
	int r;

	p->from = 0; /* read by copies of the whole */
	p->vlan = hg_stripped_vlan(ctx, hook);
	p->l3 = HG_PLAIN_IP;
	if (start + HG_PLAIN_TCP4 + sizeof(struct hg_tcp_header) <= end &&
	    eth->type == bpf_htons(HG_ETH_IPV4) && ip4->version_ihl == 0x45) {
		r = hg_headers_ipv4(ctx, hook, p, ip4, &len);
		if (r == HG_HEADERS_TCP)
			r = hg_headers_tcp(p, start + HG_PLAIN_TCP4, len);
		if (r == HG_HEADERS_TCP)
			hg_ipv4_addresses(p, ip4);
		return r;
	}
	if (start + HG_PLAIN_TCP6 + sizeof(struct hg_tcp_header) <= end &&
	    eth->type == bpf_htons(HG_ETH_IPV6) && ip6->next == HG_IPPROTO_TCP) {
		r = hg_headers_ipv6(ctx, hook, p, ip6, &len);
		return r ? r : hg_headers_tcp(p, start + HG_PLAIN_TCP6, len);
	}
	return hook == HG_AT_XDP ? hg_walk_xdp(ctx, p) : hg_walk_skb(ctx, p);
}

#endif /* HG_HEADERS_H */
