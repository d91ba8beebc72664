/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history_row.h - a revision as it is shown: by `policy history`, and over HTTP.
 */
#ifndef HG_HISTORY_ROW_H
#define HG_HISTORY_ROW_H

#include "history.h"
#include "json.h"

#define HG_HISTORY_TIME 32 /* bytes of a time as text */

/* An entry, and what is known of it now. */
struct hg_history_row {
	const struct hg_history *h; /* the caller's */
	enum hg_history_state state;
	__u64 until_s; /* wall clock; 0: nothing ends */
};

/* `now_ns` is of the monotonic clock, and that for which `now` was told. */
struct hg_history_row hg_history_row_of(const struct hg_history *h, const struct hg_in_force *now,
					__u64 now_ns);

/* Local time in ISO 8601, or "-" for 0; returns `text`. */
const char *hg_history_time(__u64 seconds, char text[HG_HISTORY_TIME]);

/* One object.  Without `user` only the number of the user is told. */
void hg_history_row_json(struct hg_json *j, const struct hg_history_row *row, const char *user);

/*
 * {"revisions": [...]}, the newest first.  Users are numbers: to ask for their names
 * may take a directory service, and long.  Returns 0 or -errno.
 */
int hg_history_json(const struct hg_instance *in, struct hg_json *j);

#endif /* HG_HISTORY_ROW_H */
