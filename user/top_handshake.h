/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top_handshake.h - a handshake that has ended, as the tables of top count it and
 * the page shows it.
 */
#ifndef HG_TOP_HANDSHAKE_H
#define HG_TOP_HANDSHAKE_H

#include "privacy.h"
#include "row.h"
#include "top_tables.h"

/*
 * `row` is of the same handshake.  With `privacy`, names and addresses are only
 * what it lets be told; NULL: all is.
 */
void hg_top_handshake_fill(struct hg_top_handshake *t, const struct hg_row *row,
			   const struct hg_handshake *h, const struct hg_diagnosis *d,
			   const struct hg_privacy *privacy);

/* One object; `wall_ns` is when it ended, by the clock on the wall. */
void hg_top_handshake_json(struct hg_json *j, const struct hg_top_handshake *t, __u64 wall_ns);

#endif /* HG_TOP_HANDSHAKE_H */
