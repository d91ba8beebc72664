/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.h - a snapshot as a list of numbers: a group, a word, a count; and what was
 * counted between two of them.
 */
#ifndef HG_STATS_H
#define HG_STATS_H

#include "snapshot.h"

struct hg_stat {
	const char *group; /* "handshakes" */
	const char *what;  /* "established"; of a rule, its name in the snapshot */
	__u64 count;
	__u64 of;   /* the whole that it is a part of; 0: it is of none */
	bool level; /* how it is now, not how often something happened */
};

struct hg_stats {
	struct hg_stat *list;
	unsigned int count;
	unsigned int room;
	bool failed; /* no memory */
};

/*
 * Every number of a snapshot, also those that are 0, groups together.  Names are those of
 * the snapshot, which must outlive the list.  0 or -ENOMEM; *out is then empty.
 */
int hg_stats_fill(const struct hg_snapshot *s, struct hg_stats *out);

/*
 * Leave in `now` what was counted since `before`, and levels as they are.  A counter that is
 * behind where it was began anew: all of it is new.
 */
void hg_stats_since(struct hg_stats *now, const struct hg_stats *before);

void hg_stats_free(struct hg_stats *stats);

#endif /* HG_STATS_H */
