/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history.h - what was loaded when, and by whom: the map `history`, a ring by
 * revision.  Writers hold the lock of the instance.
 */
#ifndef HG_HISTORY_H
#define HG_HISTORY_H

#include "generation.h"

/* How a revision stands. */
enum hg_history_state {
	HG_HISTORY_ACTIVE,
	HG_HISTORY_UNCONFIRMED, /* active, until its time is up */
	HG_HISTORY_FELL_BACK,	/* was not confirmed in time */
	HG_HISTORY_ROLLED_BACK,
	HG_HISTORY_REPLACED, /* by a later one */
};

const char *hg_history_state_text(enum hg_history_state state);

/* As of `now`, which hg_generation_in_force() has told. */
enum hg_history_state hg_history_state_of(const struct hg_history *h,
					  const struct hg_in_force *now);

/* The entry of a revision; false where the ring has it no more. */
bool hg_history_get(const struct hg_instance *in, __u32 revision, struct hg_history *out);

/* 0 or -errno. */
int hg_history_put(const struct hg_instance *in, const struct hg_history *h);

/* All that the ring has, the newest first; returns how many. */
unsigned int hg_history_list(const struct hg_instance *in, struct hg_history out[HG_HISTORY]);

/* The highest revision that was ever given, also to a load that was killed. */
__u32 hg_history_last(const struct hg_instance *in);

#endif /* HG_HISTORY_H */
