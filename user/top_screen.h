/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top_screen.h - a frame on a terminal, by ncurses, and what is typed there.
 *
 * It knows the terminal alone: what is counted stays with whom it asks.  While it
 * is open, stderr is kept back, and printed when it is closed.
 */
#ifndef HG_TOP_SCREEN_H
#define HG_TOP_SCREEN_H

#include "top_frame.h"

#define HG_TOP_FILTER_SIZE 200

/* What a key wants that the screen cannot do by itself. */
enum hg_top_wish {
	HG_TOP_STAY,
	HG_TOP_QUIT,
	HG_TOP_CLEAR,  /* forget what was counted */
	HG_TOP_FILTER, /* by hg_top_screen_wanted() */
};

struct hg_top_screen;

struct hg_top_screen_options {
	enum hg_top_list list;
	enum hg_top_column sort;
	bool color;
	const char *filter; /* in force; NULL: none */
};

/* HG_OK, or HG_UNSUPPORTED after saying that this is no terminal to draw on. */
int hg_top_screen_open(const struct hg_top_screen_options *options, struct hg_top_screen **out);

/* The terminal is as it was.  NULL: nothing happens. */
void hg_top_screen_close(struct hg_top_screen *s);

/*
 * Show a frame, which becomes the screen's own; while it is paused, it is dropped.
 * The tables are asked for the last handshakes of a row, and stay.
 */
void hg_top_screen_frame(struct hg_top_screen *s, struct hg_top_frame *f,
			 const struct hg_top_tables *tables);

/* Take the keys that are there. */
enum hg_top_wish hg_top_screen_keys(struct hg_top_screen *s);

/* The terminal has another size. */
void hg_top_screen_resized(struct hg_top_screen *s);

/* The expression that was typed; "": none. */
const char *hg_top_screen_wanted(const struct hg_top_screen *s);

/* What became of it: `why` NULL: it is in force; else why not, which is shown. */
void hg_top_screen_filtered(struct hg_top_screen *s, const char *why);

#endif /* HG_TOP_SCREEN_H */
