/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_reach.h - what the data path of this version comes to judge: classes
 * of flows and flags that no verdict ever meets are of the language, and a
 * rule on them does nothing.
 */
#ifndef HG_POLICY_REACH_H
#define HG_POLICY_REACH_H

#include "../include/terms.h"

/* Classes that are known only when the flow is over: bits of enum hg_bucket. */
#define HG_BUCKETS_NOT_JUDGED                                                                      \
	(1U << HG_BUCKET_truncated | 1U << HG_BUCKET_no_data | 1U << HG_BUCKET_tcp_refused)

/* Classes of flows whose hello was read: rules on it and `default` apply. */
#define HG_BUCKETS_READ                                                                            \
	(1U << HG_BUCKET_conflicting_overlap | 1U << HG_BUCKET_ambiguous |                         \
	 1U << HG_BUCKET_reassembled | 1U << HG_BUCKET_single_segment)

/* Flags that no flow is given yet, and those that are known when it is over. */
#define HG_FLAGS_NEVER_SET HG_FLAG(decoy_ttl)
#define HG_FLAGS_NOT_JUDGED HG_FLAG(one_sided)

HG_INLINE bool hg_bucket_is_judged(unsigned int bucket)
{
	return !(HG_BUCKETS_NOT_JUDGED >> (bucket & 31) & 1);
}

HG_INLINE bool hg_bucket_is_read(unsigned int bucket)
{
	return HG_BUCKETS_READ >> (bucket & 31) & 1;
}

#endif /* HG_POLICY_REACH_H */
