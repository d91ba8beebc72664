/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * reset_outer.h - the outer headers of a reset that goes on inside its tunnel:
 * their lengths and checksums become those of the shorter packet.
 */
#ifndef HG_RESET_OUTER_H
#define HG_RESET_OUTER_H

#include "checksum.h"
#include "tunnels.h"

HG_INLINE int hg_outer_ipv4(struct __sk_buff *skb, const struct hg_tunnel_walk *w, __u32 end)
{
	__u32 at = w->outer + offsetof(struct hg_ipv4_header, total_len);
	__be16 old = 0, len = bpf_htons(end - w->outer);

	return bpf_skb_load_bytes(skb, at, &old, sizeof(old)) ||
	       bpf_l3_csum_replace(skb, w->outer + offsetof(struct hg_ipv4_header, check), old, len,
				   sizeof(len)) ||
	       bpf_skb_store_bytes(skb, at, &len, sizeof(len), HG_RECOMPUTE);
}

/* A length of 16 bits that counts from `from` on. */
HG_INLINE int hg_outer_len(struct __sk_buff *skb, __u32 at, __u32 from, __u32 end)
{
	__be16 len = bpf_htons(end - from);

	return bpf_skb_store_bytes(skb, at, &len, sizeof(len), HG_RECOMPUTE);
}

HG_INLINE int hg_outer_ip(struct __sk_buff *skb, const struct hg_tunnel_walk *w, __u32 end)
{
	if (w->outer_layer == HG_ETH_IPV4)
		return hg_outer_ipv4(skb, w, end);
	return hg_outer_len(skb, w->outer + offsetof(struct hg_ipv6_header, payload_len),
			    w->outer + sizeof(struct hg_ipv6_header), end);
}

/* Of the addresses and the protocol: the length is still to be added. */
HG_INLINE int hg_outer_pseudo_sum(struct __sk_buff *skb, const struct hg_tunnel_walk *w, __u64 *sum)
{
	__u32 words[8] = {};

	if (w->outer_layer == HG_ETH_IPV4
		    ? bpf_skb_load_bytes(skb, w->outer + offsetof(struct hg_ipv4_header, src),
					 words, 8)
		    : bpf_skb_load_bytes(skb, w->outer + offsetof(struct hg_ipv6_header, src),
					 words, 32))
		return -1;
	*sum = bpf_htonl(HG_IPPROTO_UDP);
	HG_SUM(*sum, words, 8);
	return 0;
}

/*
 * A checksum that is left to the device holds the folded pseudo-header sum, as
 * in reset.h.  Over IPv4 there need be none; over IPv6 there must.
 */
HG_INLINE int hg_outer_udp(struct __sk_buff *skb, const struct hg_tunnel_walk *w, __u32 end)
{
	struct hg_udp_header udp = {};
	__be32 old, len = bpf_htonl(end - w->outer_payload);
	__u64 sum = 0;

	if (bpf_skb_load_bytes(skb, w->outer_payload, &udp, sizeof(udp)) ||
	    hg_outer_pseudo_sum(skb, w, &sum))
		return -1;
	old = bpf_htonl(bpf_ntohs(udp.len));
	if (udp.check && udp.check == hg_fold(sum + old))
		udp.check = hg_fold(sum + len);
	else if (udp.check && w->outer_layer != HG_ETH_IPV4)
		return -1;
	else
		udp.check = 0;
	udp.len = bpf_htons(end - w->outer_payload);
	return bpf_skb_store_bytes(skb, w->outer_payload, &udp, sizeof(udp), HG_RECOMPUTE);
}

/* Its checksum is over all that is inside: then it is left as it is, and not sent. */
HG_INLINE int hg_outer_gre(struct __sk_buff *skb, const struct hg_tunnel_walk *w)
{
	__be16 flags = 0;

	return bpf_skb_load_bytes(skb, w->outer_payload, &flags, sizeof(flags)) ||
	       flags & bpf_htons(HG_GRE_CHECKSUM);
}

HG_INLINE int hg_outer_fit(struct __sk_buff *skb, const struct hg_tunnel_walk *w, __u32 end)
{
	if (!w->tunnels)
		return 0; /* labels have no length */
	if (w->tunnels > 1)
		return -1;
	if (w->opened & HG_TUNNEL(pppoe))
		return hg_outer_len(skb, w->outer + offsetof(struct hg_pppoe_header, len),
				    w->outer + offsetof(struct hg_pppoe_header, proto), end);
	if (w->opened & HG_TUNNEL(gre) && hg_outer_gre(skb, w))
		return -1;
	if (w->opened & (HG_TUNNEL(vxlan) | HG_TUNNEL(geneve)) && hg_outer_udp(skb, w, end))
		return -1;
	return hg_outer_ip(skb, w, end);
}

/*
 * The packet of the inner IP header at `inner` ends at `end` now.  Not 0: its
 * outer headers cannot be made to say so.
 */
HG_SUBPROG int hg_reset_outer(struct __sk_buff *skb, __u32 inner, __u32 end)
{
	int r;
	struct hg_tunnel_walk *w = hg_tunnel_walk(skb, HG_AT_INGRESS, &r);

	if (!w || w->at != inner)
		return -1;
	return hg_outer_fit(skb, w, end);
}

#endif /* HG_RESET_OUTER_H */
