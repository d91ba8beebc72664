/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top_live.h - a running instance, for `top`: its maps and its events, frame by frame.
 */
#ifndef HG_TOP_LIVE_H
#define HG_TOP_LIVE_H

#include "selection.h"
#include "top_frame.h"

struct hg_top_live;

/*
 * Open the instance and its events.  HG_OK, or an enum hg_exit after saying why;
 * HG_NOTHING where nothing is attached.  The selection becomes its own with HG_OK.
 */
int hg_top_live_open(const char *dir, __u64 window_ns, struct hg_selection *selection,
		     struct hg_top_live **out);
void hg_top_live_close(struct hg_top_live *l);

/* Readable when there are events; -1: there is nobody to read them from. */
int hg_top_live_fd(const struct hg_top_live *l);

/* Count what is there. */
void hg_top_live_read(struct hg_top_live *l);

/*
 * Read events and maps.  Owner of *out: the caller.  Where nothing is attached any
 * more, its snapshot says so; once something is again, that is what it is of.
 */
int hg_top_live_frame(struct hg_top_live *l, struct hg_top_frame **out);

/* Forget what was counted; with another filter (NULL: all), which becomes its own. */
void hg_top_live_clear(struct hg_top_live *l);
void hg_top_live_filter(struct hg_top_live *l, struct hg_filter *filter);

const struct hg_top_tables *hg_top_live_tables(const struct hg_top_live *l);

#endif /* HG_TOP_LIVE_H */
