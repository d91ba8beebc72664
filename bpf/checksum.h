/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * checksum.h - the Internet checksum (RFC 1071), over words as they lie on the
 * wire.
 */
#ifndef HG_CHECKSUM_H
#define HG_CHECKSUM_H

#include "env.h"

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

#endif /* HG_CHECKSUM_H */
