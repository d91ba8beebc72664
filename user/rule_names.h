/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rule_names.h - the counters of rules go by name, over all loads.
 *
 * A name keeps its counter for as long as there is room.  When there is none, a
 * counter whose name no kept generation uses begins at zero for a new name.
 */
#ifndef HG_RULE_NAMES_H
#define HG_RULE_NAMES_H

#include "instance.h"

/*
 * The counter of each of `count` names, for the generation that goes into
 * `slot`.  0 or -errno; -ENOSPC: all are in use.
 */
int hg_rule_names_place(const struct hg_instance *in, __u32 slot, const char *const *names,
			__u32 count, __u16 *out);

#endif /* HG_RULE_NAMES_H */
