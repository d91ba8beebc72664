/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top_print.h - frames on stdout, without a terminal.
 */
#ifndef HG_TOP_PRINT_H
#define HG_TOP_PRINT_H

#include "listing.h"
#include "top_frame.h"

struct hg_top_print {
	struct hg_listing listing; /* format and columns as they were chosen */
	enum hg_top_list list;	   /* of tables; the rest have all in JSON, this one in CSV */
	size_t rows;		   /* at most so many of each list */
	unsigned long frames;
};

/* For hg_listing_choose(): with a head above the keys that fits the list. */
const struct hg_columns *hg_top_print_columns(enum hg_top_list list);

/* HG_OK, or HG_UNSUPPORTED after saying that there is no memory. */
int hg_top_print_frame(struct hg_top_print *p, const struct hg_top_frame *f);

/* What is behind the last frame. */
int hg_top_print_end(struct hg_top_print *p);

#endif /* HG_TOP_PRINT_H */
