/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fragment.h - one frame as IP fragments.
 */
#ifndef HG_CONFORMANCE_FRAGMENT_H
#define HG_CONFORMANCE_FRAGMENT_H

#include "script.h"

struct fragments {
	const struct frame *whole;
	struct frame_layout at;
	bool ipv6;
	__u32 size; /* of what is behind the IP header, a multiple of eight */
	__u16 id;
};

/* How many there are, and the n-th one. */
__u32 fragment_count(const struct fragments *f);
void fragment_build(const struct fragments *f, __u32 n, struct frame *out);

#endif /* HG_CONFORMANCE_FRAGMENT_H */
