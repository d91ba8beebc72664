/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * reset.h - one packet becomes two resets (RFC 9293, section 3.5.2; RFC 5961).
 *
 * The packet is cut down to its headers and rewritten twice: a clone goes back
 * to where it came from, the packet itself goes on.  On a server the one that
 * goes on ends the local socket; on a gateway it is forwarded like any other
 * packet, so that NAT and routes apply.  At egress it is the other way round,
 * with the same code.
 *
 * veth and virtio hand over packets whose checksum the device is to fill in, at
 * an offset that nobody here can move: the TCP header stays where it is.
 *
 * Inside a tunnel the packet that goes on can be a reset, if its outer headers
 * can be made to fit.  Nothing tells what the tunnel's other direction looks
 * like, but for PPPoE, where it is the same session; so none is made up.
 */
#ifndef HG_RESET_H
#define HG_RESET_H

#include "account.h"
#include "checksum.h"
#include "reset_outer.h"

#define HG_IP_TTL 64
#define HG_CSUM_LEVEL_QUERY 0 /* BPF_CSUM_LEVEL_QUERY and so on */
#define HG_CSUM_LEVEL_INC 1
#define HG_CSUM_LEVEL_RESET 3
#define HG_ADJ_ROOM_NET 0 /* BPF_ADJ_ROOM_NET */

HG_INLINE void hg_count_reset_failure(__u32 why)
{
	struct hg_counters *c = hg_counters();

	if (c)
		HG_COUNT(c, reset_failures, why);
}

HG_INLINE void hg_count_reset(__u32 to)
{
	struct hg_counters *c = hg_counters();

	if (c)
		HG_COUNT(c, resets, to);
}

/*
 * "One more level is verified" turns CHECKSUM_NONE into CHECKSUM_UNNECESSARY,
 * which a query shows; only CHECKSUM_COMPLETE takes an update.  CHECKSUM_PARTIAL
 * does neither.
 */
HG_INLINE bool hg_checksum_is_there(struct __sk_buff *skb)
{
	bool known;

	bpf_csum_level(skb, HG_CSUM_LEVEL_INC);
	known = bpf_csum_level(skb, HG_CSUM_LEVEL_QUERY) >= 0;
	bpf_csum_level(skb, HG_CSUM_LEVEL_RESET);
	return known || bpf_csum_update(skb, 0) >= 0;
}

/*
 * No field tells a program that an skb is CHECKSUM_PARTIAL; but then the checksum
 * holds the folded pseudo-header sum, not its complement.  One in 65,536 full
 * ones does, too.  In a replay no skb is PARTIAL, and the field alone counts.
 */
HG_INLINE bool hg_checksum_is_partial(struct __sk_buff *skb, const struct hg_packet *p)
{
	__u32 tcp_len = p->payload - p->l4 + p->payload_len;
	__u16 check = 0;

	if (bpf_skb_load_bytes(skb, p->l4 + offsetof(struct hg_tcp_header, check), &check,
			       sizeof(check)) ||
	    check != hg_fold(hg_pseudo_sum(p, tcp_len)))
		return false;
	return inject_time || !hg_checksum_is_there(skb);
}

/* A bare header: RST, acknowledging what came. */
HG_INLINE int hg_reset_tcp(struct __sk_buff *skb, const struct hg_packet *p, bool partial,
			   bool back, __u32 seq, __u32 ack)
{
	struct hg_tcp_header tcp = {};
	__u64 sum = hg_pseudo_sum(p, sizeof(tcp));

	tcp.sport = back ? p->dport : p->sport;
	tcp.dport = back ? p->sport : p->dport;
	tcp.seq = bpf_htonl(seq);
	tcp.ack = bpf_htonl(ack);
	tcp.doff = (sizeof(tcp) / 4) << 4;
	tcp.flags = HG_TCP_RST | HG_TCP_ACK;
	if (partial) {
		tcp.check = hg_fold(sum);
	} else {
		HG_SUM(sum, (__u32 *)&tcp, 5);
		tcp.check = ~hg_fold(sum);
	}
	return bpf_skb_store_bytes(skb, p->l4, &tcp, sizeof(tcp), HG_RECOMPUTE);
}

/* The checksum of an IPv4 header without options. */
HG_INLINE void hg_reset_ipv4_sum(struct __sk_buff *skb, const struct hg_packet *p)
{
	struct hg_ipv4_header ip;
	__u64 sum = 0;

	if (bpf_skb_load_bytes(skb, p->l3, &ip, sizeof(ip)))
		return;
	ip.version_ihl = 0x45;
	ip.check = 0;
	HG_SUM(sum, (__u32 *)&ip, 5);
	ip.check = ~hg_fold(sum);
	bpf_skb_store_bytes(skb, p->l3, &ip, sizeof(ip), HG_RECOMPUTE);
}

/*
 * Take out IPv4 options and IPv6 extension headers: the headers in front move
 * up, the TCP header stays where it is in memory, and with it the place of a
 * checksum that the device is to fill in.  Where the helper refuses (a tag in
 * the frame hides the network layer from it), and in a tunnel, whose outer
 * header it would take, they stay, in both resets.
 */
HG_INLINE void hg_reset_strip(struct __sk_buff *skb, struct hg_packet *p)
{
	__u32 base = p->ipv6 ? sizeof(struct hg_ipv6_header) : sizeof(struct hg_ipv4_header);
	__u32 options = p->l4 - p->l3 - base;

	if (!options || p->tunnels || bpf_skb_adjust_room(skb, -(int)options, HG_ADJ_ROOM_NET, 0))
		return;
	p->l4 -= options;
	if (!p->ipv6) /* a header that has changed so much is summed anew */
		hg_reset_ipv4_sum(skb, p);
}

/* A reset of a fragment is none.  In IPv6 its header is taken out, where that can be done. */
HG_INLINE int hg_reset_whole(struct __sk_buff *skb, const struct hg_packet *p)
{
	__u32 at = p->l3 + offsetof(struct hg_ipv4_header, fragment);
	__be16 old = 0, none = 0;

	if (p->ipv6)
		return p->l4 - p->l3 != sizeof(struct hg_ipv6_header);
	return bpf_skb_load_bytes(skb, at, &old, sizeof(old)) ||
	       bpf_l3_csum_replace(skb, p->l3 + offsetof(struct hg_ipv4_header, check), old, none,
				   sizeof(none)) ||
	       bpf_skb_store_bytes(skb, at, &none, sizeof(none), HG_RECOMPUTE);
}

/* Length, TTL and addresses; the checksum of the header follows by difference. */
HG_INLINE int hg_reset_ipv4(struct __sk_buff *skb, const struct hg_packet *p, bool back)
{
	__be32 addresses[2] = { back ? p->dst[3] : p->src[3], back ? p->src[3] : p->dst[3] };
	__u32 check = p->l3 + offsetof(struct hg_ipv4_header, check);
	__be16 len = bpf_htons(p->l4 - p->l3 + sizeof(struct hg_tcp_header));
	struct hg_ipv4_header ip;
	__be16 old_ttl, ttl;

	if (bpf_skb_load_bytes(skb, p->l3, &ip, sizeof(ip)))
		return -1;
	old_ttl = bpf_htons(ip.ttl << 8 | ip.proto);
	ttl = bpf_htons((back ? HG_IP_TTL : p->ttl) << 8 | ip.proto);
	return bpf_l3_csum_replace(skb, check, ip.total_len, len, 2) ||
	       bpf_l3_csum_replace(skb, check, old_ttl, ttl, 2) ||
	       bpf_skb_store_bytes(skb, p->l3 + offsetof(struct hg_ipv4_header, total_len), &len, 2,
				   HG_RECOMPUTE) ||
	       bpf_skb_store_bytes(skb, p->l3 + offsetof(struct hg_ipv4_header, ttl), &ttl, 2,
				   HG_RECOMPUTE) ||
	       bpf_skb_store_bytes(skb, p->l3 + offsetof(struct hg_ipv4_header, src), addresses, 8,
				   HG_RECOMPUTE);
}

HG_INLINE int hg_reset_ipv6(struct __sk_buff *skb, const struct hg_packet *p, bool back)
{
	__u32 options = p->l4 - p->l3 - sizeof(struct hg_ipv6_header);
	struct hg_ipv6_header ip;

	if (bpf_skb_load_bytes(skb, p->l3, &ip, sizeof(ip)))
		return -1;
	ip.payload_len = bpf_htons(options + sizeof(struct hg_tcp_header));
	if (!options)
		ip.next = HG_IPPROTO_TCP;
	ip.hop_limit = back ? HG_IP_TTL : p->ttl;
	__builtin_memcpy(ip.src, back ? p->dst : p->src, 16);
	__builtin_memcpy(ip.dst, back ? p->src : p->dst, 16);
	return bpf_skb_store_bytes(skb, p->l3, &ip, sizeof(ip), HG_RECOMPUTE);
}

/* Swap the Ethernet addresses; calling it twice puts them back. */
HG_INLINE int hg_reset_swap_eth(struct __sk_buff *skb)
{
	__u8 old[12], new[12];

	if (bpf_skb_load_bytes(skb, 0, old, sizeof(old)))
		return -1;
	__builtin_memcpy(new, old + 6, 6);
	__builtin_memcpy(new + 6, old, 6);
	return bpf_skb_store_bytes(skb, 0, new, sizeof(new), HG_RECOMPUTE);
}

HG_INLINE int hg_reset_write(struct __sk_buff *skb, const struct hg_packet *p, bool partial,
			     bool back, __u32 seq, __u32 ack)
{
	if (p->ipv6 ? hg_reset_ipv6(skb, p, back) : hg_reset_ipv4(skb, p, back))
		return -1;
	return hg_reset_tcp(skb, p, partial, back, seq, ack);
}

HG_SUBPROG int hg_reset_back(struct __sk_buff *skb, const struct hg_packet *p,
			     const struct hg_rst *r, __u32 partial, __u64 clone_flags)
{
	if (hg_reset_swap_eth(skb) ||
	    hg_reset_write(skb, p, partial, true, r->seq_back, r->ack_back)) {
		hg_count_reset_failure(HG_RESET_FAILURE_rewrite);
		return -1;
	}
	if (bpf_clone_redirect(skb, skb->ifindex, clone_flags)) {
		hg_count_reset_failure(HG_RESET_FAILURE_clone);
		return -1;
	}
	return hg_reset_swap_eth(skb);
}

HG_SUBPROG int hg_reset_along(struct __sk_buff *skb, const struct hg_packet *p,
			      const struct hg_rst *r, __u32 partial)
{
	if (hg_reset_write(skb, p, partial, false, r->seq_along, r->ack_along)) {
		hg_count_reset_failure(HG_RESET_FAILURE_rewrite);
		return -1;
	}
	return 0;
}

/* Is what goes back like what comes, with the two ends swapped? */
HG_INLINE bool hg_reset_two_way(const struct hg_packet *p)
{
	return !(p->tunnels & ~HG_TUNNEL(pppoe));
}

/* Cut it down to its headers.  Otherwise the verdict stands: it does not pass. */
HG_INLINE bool hg_reset_shrink(struct __sk_buff *skb, const struct hg_packet *p)
{
	__u32 end = p->l4 + sizeof(struct hg_tcp_header);

	if (bpf_skb_change_tail(skb, end, 0)) {
		hg_count_reset_failure(HG_RESET_FAILURE_shrink);
		return false;
	}
	if (decap && p->tunnels && hg_reset_outer(skb, p->l3, end)) {
		hg_count_reset_failure(HG_RESET_FAILURE_encapsulated);
		return false;
	}
	return true;
}

/* Returns the TC action for what is left of the packet. */
HG_INLINE int hg_reset_both(struct __sk_buff *skb, struct hg_packet *p, const struct hg_rst *r,
			    bool egress)
{
	__u32 along = r->from == HG_FROM_CLIENT ? HG_TO_server : HG_TO_client;
	__u32 back = along ^ HG_TO_both, done = 0;
	bool partial = !p->fragment && hg_checksum_is_partial(skb, p);

	if (!hg_reset_shrink(skb, p))
		return TC_ACT_SHOT;
	hg_reset_strip(skb, p);
	if (p->fragment && hg_reset_whole(skb, p)) {
		hg_count_reset_failure(HG_RESET_FAILURE_shrink);
		return TC_ACT_SHOT;
	}
	if (r->to & back && !hg_reset_two_way(p))
		hg_count_reset_failure(HG_RESET_FAILURE_encapsulated);
	else if (r->to & back && !hg_reset_back(skb, p, r, partial, egress ? BPF_F_INGRESS : 0))
		done |= back;
	if (r->to & along && !hg_reset_along(skb, p, r, partial))
		done |= along;
	hg_count_reset(done);
	return done & along ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

/*
 * Turn the packet into the resets that scratch->rst asks for.  Both are copied
 * first: the clone passes our own egress program on the way out, which uses
 * the scratch, too, but makes no reset of a reset.  Returns the TC action.
 */
HG_NOINLINE int hg_reset(struct __sk_buff *skb, __u32 egress)
{
	struct hg_scratch *s = hg_scratch();

	if (!s)
		return TC_ACT_SHOT;
	s->resetting.packet = s->packet;
	s->resetting.rst = s->rst;
	return hg_reset_both(skb, &s->resetting.packet, &s->resetting.rst, egress);
}

#endif /* HG_RESET_H */
