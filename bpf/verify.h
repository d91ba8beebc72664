/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * verify.h - would a receiver take this segment?  Its TCP checksum says so (RFC
 * 9293, section 3.1), where it can be known.
 *
 * Not of what a device is to complete (CHECKSUM_PARTIAL), nor of what the stack
 * has made of several packets.  What only looks like that is read, and if it
 * was a decoy, what comes in its place is in conflict with it.
 */
#ifndef HG_VERIFY_H
#define HG_VERIFY_H

#include "checksum.h"
#include "maps.h"

#define HG_SUM_CHUNK 512U /* of one bpf_csum_diff() on 6.1 */
#define HG_SUM_CHUNKS_MAX (HG_STREAM_CAP / HG_SUM_CHUNK + 1)

enum hg_checksum {
	HG_CHECKSUM_unknown,
	HG_CHECKSUM_right,
	HG_CHECKSUM_wrong,
};

struct hg_sum_step {
	struct hg_capture *capture;
	__u32 at;
	__u32 left;
	__u32 sum;
};

HG_STEP long hg_sum_step(__u32 i, struct hg_sum_step *s)
{
	__u32 n = s->left & ~3U, at = s->at;

	(void)i;
	if (!n)
		return 1;
	if (n > HG_SUM_CHUNK)
		n = HG_SUM_CHUNK;
	hg_opaque(n);
	n = ((n - 4) & (HG_SUM_CHUNK - 4)) + 4;
	hg_opaque(at);
	if (at >= HG_STREAM_CAP)
		return 1;
	s->sum = bpf_csum_diff(NULL, 0, (void *)&s->capture->bytes[at], n, s->sum);
	s->at = at + n;
	s->left -= n;
	return s->left < 4;
}

/* Sum of `len` bytes at offset `at` of a capture, in the byte order of the wire. */
HG_INLINE __u64 hg_capture_sum(struct hg_capture *c, __u32 at, __u32 len)
{
	struct hg_sum_step step = { c, at, len, 0 };
	__u64 rest;

	hg_loop_few(2, HG_SUM_CHUNKS_MAX, hg_sum_step, &step);
	rest = hg_word(c, step.at) & ((1ULL << 8 * (step.left & 3)) - 1);
	return rest + step.sum;
}

/* Options and routing headers may name another destination, and that one is summed. */
HG_INLINE bool hg_has_options(const struct hg_packet *p)
{
	return p->l4 - p->l3 !=
	       (p->ipv6 ? sizeof(struct hg_ipv6_header) : sizeof(struct hg_ipv4_header));
}

/*
 * Of the packet in the scratch, whose TCP header is in scratch->tcp and whose
 * payload is the `len` bytes at offset `at` of capture `index`.
 */
HG_INLINE int hg_checksum_compare(__u32 index, __u32 at, __u32 len)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_capture *c = hg_capture(index);
	__u64 sum;
	__u16 check;

	if (!s || !c)
		return HG_CHECKSUM_unknown;
	sum = hg_pseudo_sum(&s->packet, s->packet.header_len + len);
	__builtin_memcpy(&check, (__u8 *)s->tcp + offsetof(struct hg_tcp_header, check),
			 sizeof(check));
	if (check == hg_fold(sum))
		return HG_CHECKSUM_unknown;
	HG_SUM(sum, s->tcp, 15);
	sum += hg_capture_sum(c, at, len);
	if (hg_fold(sum) == 0xffff)
		return HG_CHECKSUM_right;
	return hg_has_options(&s->packet) ? HG_CHECKSUM_unknown : HG_CHECKSUM_wrong;
}

/* The TCP header, with zeros behind it. */
HG_INLINE bool hg_checksum_header(void *ctx, const int at, struct hg_scratch *s)
{
	__u32 n = s->packet.header_len;

	__builtin_memset(s->tcp, 0, sizeof(s->tcp));
	hg_opaque(n);
	if (n < sizeof(struct hg_tcp_header) || n > sizeof(s->tcp))
		return false;
	return !hg_load(ctx, at, s->packet.l4, s->tcp, n);
}

HG_INLINE int hg_checksum_at(void *ctx, const int at, __u32 index, __u32 offset, __u32 len)
{
	struct hg_scratch *s = hg_scratch();
	const struct hg_packet *p;

	if (!s)
		return HG_CHECKSUM_unknown;
	p = &s->packet;
	if (p->fragment || p->payload != p->l4 + p->header_len || len != p->payload_len ||
	    hg_merged(ctx, at) || !hg_checksum_header(ctx, at, s))
		return HG_CHECKSUM_unknown;
	return hg_checksum_compare(index, offset, len);
}

/* Global functions: none of their stack is the caller's, nor of their states. */
HG_NOINLINE int hg_checksum_xdp(struct xdp_md *ctx, __u32 index, __u32 offset, __u32 len)
{
	return hg_checksum_at(ctx, HG_AT_XDP, index, offset, len);
}

HG_NOINLINE int hg_checksum_skb(struct __sk_buff *skb, __u32 index, __u32 offset, __u32 len)
{
	return hg_checksum_at(skb, HG_AT_INGRESS, index, offset, len);
}

/*
 * Of the packet at hand, of whose payload `len` bytes lie at offset `offset` of
 * capture `index`.  Returns enum hg_checksum.
 */
HG_INLINE __u32 hg_checksum(void *ctx, const int at, __u32 index, __u32 offset, __u32 len)
{
	return at == HG_AT_XDP ? hg_checksum_xdp(ctx, index, offset, len)
			       : hg_checksum_skb(ctx, index, offset, len);
}

#endif /* HG_VERIFY_H */
