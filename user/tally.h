/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tally.h - many handshakes in one table: what failed how often and why, and what
 * is wrong with certificates that clients still put up with.
 */
#ifndef HG_TALLY_H
#define HG_TALLY_H

#include "examine.h"
#include "listing.h"

struct hg_tally;

/* NULL: no memory. */
struct hg_tally *hg_tally_new(void);
void hg_tally_free(struct hg_tally *t);

/* `name`: of the server, for people; wall_ns: when it ended. */
void hg_tally_add(struct hg_tally *t, const struct hg_handshake *h, const struct hg_examined *x,
		  const char *name, __u64 wall_ns);

/* Of a row, which is a cause. */
extern const struct hg_columns hg_tally_columns;

/*
 * All of it on stdout, the most frequent first; `listing` has chosen format and columns.
 * `source` says where it comes from ("run", "12 captures"), and `missing` how many
 * are not in it.
 */
int hg_tally_print(const struct hg_tally *t, struct hg_listing *listing, const char *source,
		   __u64 missing);

#endif /* HG_TALLY_H */
