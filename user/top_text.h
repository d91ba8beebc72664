/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top_text.h - a frame in words: the lines above the list, alike on the screen and
 * in batch output, and numbers that fit into narrow columns.
 */
#ifndef HG_TOP_TEXT_H
#define HG_TOP_TEXT_H

#include "top_frame.h"

#define HG_TOP_LINE_SIZE 256
#define HG_TOP_LINES_MAX 16

struct hg_top_line {
	char text[HG_TOP_LINE_SIZE];
	bool alarm; /* something is wrong */
};

/*
 * What is attached, the policy, rates, outcomes, coverage and the window; then a line
 * for each thing that is not well, as far as they fit.  Returns how many lines.
 */
unsigned int hg_top_head(const struct hg_top_frame *f, struct hg_top_line lines[HG_TOP_LINES_MAX]);

/* At most 6 columns: 0, 1.5, 12, 1234, 12345, 123k, 1.2M.  Both return `text`. */
#define HG_TOP_NUMBER_SIZE 32
const char *hg_top_number(__u64 value, char text[HG_TOP_NUMBER_SIZE]);
const char *hg_top_real(double value, char text[HG_TOP_NUMBER_SIZE]);

/* 12.5%, or "-" for a share that there is not. */
const char *hg_top_percent(double share, char text[HG_TOP_NUMBER_SIZE]);

/* A table's head above the keys of a list: "SERVER NAME", ... */
const char *hg_top_key_head(unsigned int list);

#endif /* HG_TOP_TEXT_H */
