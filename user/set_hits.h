/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * set_hits.h - how many hellos the named sets of a policy held: by their server
 * name, or by one of their addresses, whatever a rule made of it.
 */
#ifndef HG_SET_HITS_H
#define HG_SET_HITS_H

#include "instance.h"

/* Of a set in generation `slot`, since it was loaded; 0 where that cannot be read. */
__u64 hg_set_hits(const struct hg_instance *in, __u32 slot, const struct hg_set_summary *set);

/* Begin anew: another policy comes into this slot.  0 or -errno. */
int hg_set_hits_clear(const struct hg_instance *in, __u32 slot);

#endif /* HG_SET_HITS_H */
