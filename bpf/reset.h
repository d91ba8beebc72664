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
 * The TCP header stays where it was: veth and virtio hand over packets whose
 * checksum the device is to fill in, at an offset that nobody here can move.
 * So IPv4 options are blanked with NOPs and IPv6 extension headers turned into
 * padding, in place.
 */
#ifndef HG_RESET_H
#define HG_RESET_H

#include "account.h"
#include "headers.h"

#define HG_IP_TTL 64

struct hg_reset_frame {
	__u32 l3;
	__u32 l4;
	__u8 ipv6;
	__u8 partial; /* the checksum is to be filled in below us */
};

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

HG_INLINE __u32 hg_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Sum of `words` 32-bit words, in the byte order of the wire. */
#define HG_SUM(sum, words, n)                                                                      \
	do {                                                                                       \
		HG_UNROLL for (int hg_w = 0; hg_w < (n); hg_w++) (sum) += (words)[hg_w];   \
	} while (0)

HG_INLINE __u64 hg_pseudo_sum(const struct hg_packet *p, __u32 tcp_len)
{
	__u64 sum = bpf_htonl(tcp_len) + (__u64)bpf_htonl(HG_IPPROTO_TCP);

	HG_SUM(sum, p->src + (p->ipv6 ? 0 : 3), 1);
	HG_SUM(sum, p->dst + (p->ipv6 ? 0 : 3), 1);
	if (p->ipv6) {
		HG_SUM(sum, p->src + 1, 3);
		HG_SUM(sum, p->dst + 1, 3);
	}
	return sum;
}

/*
 * Nothing tells a program that an skb is CHECKSUM_PARTIAL; but then the field
 * holds the folded pseudo-header sum, not its complement.
 */
HG_INLINE bool hg_checksum_is_partial(struct __sk_buff *skb, const struct hg_packet *p)
{
	__u32 tcp_len = p->payload - p->l4 + p->payload_len;
	__u16 check = 0;

	if (bpf_skb_load_bytes(skb, p->l4 + offsetof(struct hg_tcp_header, check), &check,
			       sizeof(check)))
		return false;
	return check == hg_fold(hg_pseudo_sum(p, tcp_len));
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
	return bpf_skb_store_bytes(skb, p->l4, &tcp, sizeof(tcp), 0);
}

/* NOPs where there were options; then length, TTL, addresses and checksum. */
HG_INLINE int hg_reset_ipv4(struct __sk_buff *skb, const struct hg_packet *p, bool back)
{
	__u32 header_len = p->l4 - p->l3, nop = 0x01010101, at;
	struct hg_ipv4_header ip;
	__u64 sum = 0;

	if (bpf_skb_load_bytes(skb, p->l3, &ip, sizeof(ip)))
		return -1;
	for (at = sizeof(ip); at < 60; at += 4) {
		if (at >= header_len)
			break;
		if (bpf_skb_store_bytes(skb, p->l3 + at, &nop, 4, 0))
			return -1;
		sum += nop;
	}
	ip.total_len = bpf_htons(header_len + sizeof(struct hg_tcp_header));
	ip.ttl = back ? HG_IP_TTL : ip.ttl;
	ip.src = back ? p->dst[3] : p->src[3];
	ip.dst = back ? p->src[3] : p->dst[3];
	ip.check = 0;
	HG_SUM(sum, (__u32 *)&ip, 5);
	ip.check = ~hg_fold(sum);
	return bpf_skb_store_bytes(skb, p->l3, &ip, sizeof(ip), 0);
}

/*
 * Extension headers become one destination-options header of padding: a PadN
 * option holds up to 255 bytes, so a chain of more than 256 is left as it is.
 */
HG_INLINE int hg_reset_ipv6_padding(struct __sk_buff *skb, const struct hg_packet *p)
{
	__u32 len = p->l4 - p->l3 - sizeof(struct hg_ipv6_header), at;
	__u8 head[8] = { HG_IPPROTO_TCP, len / 8 - 1, 1, len - 4 };
	__u64 zero = 0;

	if (!len || len > 256 || len & 7)
		return 0;
	for (at = 8; at < 256; at += 8) {
		if (at >= len)
			break;
		if (bpf_skb_store_bytes(skb, p->l3 + sizeof(struct hg_ipv6_header) + at, &zero, 8, 0))
			return -1;
	}
	return bpf_skb_store_bytes(skb, p->l3 + sizeof(struct hg_ipv6_header), head, 8, 0);
}

HG_INLINE int hg_reset_ipv6(struct __sk_buff *skb, const struct hg_packet *p, bool back)
{
	__u32 len = p->l4 - p->l3 - sizeof(struct hg_ipv6_header);
	struct hg_ipv6_header ip;

	if (bpf_skb_load_bytes(skb, p->l3, &ip, sizeof(ip)) || hg_reset_ipv6_padding(skb, p))
		return -1;
	ip.payload_len = bpf_htons(len + sizeof(struct hg_tcp_header));
	if (len && len <= 256)
		ip.next = 60;
	ip.hop_limit = back ? HG_IP_TTL : ip.hop_limit;
	__builtin_memcpy(ip.src, back ? p->dst : p->src, 16);
	__builtin_memcpy(ip.dst, back ? p->src : p->dst, 16);
	return bpf_skb_store_bytes(skb, p->l3, &ip, sizeof(ip), 0);
}

/* Swap the Ethernet addresses; calling it twice puts them back. */
HG_INLINE int hg_reset_swap_eth(struct __sk_buff *skb)
{
	__u8 old[12], new[12];

	if (bpf_skb_load_bytes(skb, 0, old, sizeof(old)))
		return -1;
	__builtin_memcpy(new, old + 6, 6);
	__builtin_memcpy(new + 6, old, 6);
	return bpf_skb_store_bytes(skb, 0, new, sizeof(new), 0);
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
	if (hg_reset_swap_eth(skb) || hg_reset_write(skb, p, partial, true, r->seq_back, r->ack_back)) {
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

/*
 * Turn the packet into the resets that `r` asks for.  `p` and `r` must not lie
 * in the scratch: the clone passes our own egress program on the way out.
 * Returns the TC action for what is left of the packet.
 */
HG_INLINE int hg_reset(struct __sk_buff *skb, const struct hg_packet *p, const struct hg_rst *r,
		       bool egress)
{
	__u32 along = r->from == HG_FROM_CLIENT ? HG_TO_server : HG_TO_client;
	__u32 back = along ^ HG_TO_both, done = 0;
	bool partial = hg_checksum_is_partial(skb, p);

	if (bpf_skb_change_tail(skb, p->l4 + sizeof(struct hg_tcp_header), 0)) {
		hg_count_reset_failure(HG_RESET_FAILURE_shrink);
		return TC_ACT_SHOT; /* the verdict stands: the packet does not pass */
	}
	if (r->to & back && !hg_reset_back(skb, p, r, partial, egress ? BPF_F_INGRESS : 0))
		done |= back;
	if (r->to & along && !hg_reset_along(skb, p, r, partial))
		done |= along;
	hg_count_reset(done);
	return done & along ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

#endif /* HG_RESET_H */
