/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * checksum.h - the Internet checksum (RFC 1071), over words as they lie on the
 * wire.
 */
#ifndef HG_CHECKSUM_H
#define HG_CHECKSUM_H

#include "headers.h"

#define HG_RECOMPUTE 1 /* BPF_F_RECOMPUTE_CSUM: a NIC may have summed the whole */

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
		HG_UNROLL for (int hg_w = 0; hg_w < (n); hg_w++)(sum) += (words)[hg_w];            \
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

#endif /* HG_CHECKSUM_H */
