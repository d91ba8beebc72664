/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top_view.h - which part of a frame is looked at, in which order, and where the
 * bar is: what keys change and what is drawn.  No terminal in it.
 */
#ifndef HG_TOP_VIEW_H
#define HG_TOP_VIEW_H

#include "top_frame.h"

#define HG_TOP_TYPED_SIZE 200

enum hg_top_page { HG_TOP_PAGE_LIST, HG_TOP_PAGE_DETAIL, HG_TOP_PAGE_HELP };

struct hg_top_view {
	struct hg_top_frame *frame; /* its own; NULL: none came yet */
	enum hg_top_page page;
	enum hg_top_list list;
	enum hg_top_column sort;
	bool reverse, paused, typing;
	char typed[HG_TOP_TYPED_SIZE];	/* behind "/" */
	char filter[HG_TOP_TYPED_SIZE]; /* expression in force, of what is counted */
	char text[HG_TOP_TYPED_SIZE];	/* only rows with that in their key are shown */
	char note[256];			/* what went wrong with the last key; "": nothing */
	/* Rows of the list that are shown: indices into the table of the frame. */
	size_t *shown, count;
	size_t at, first;	/* where the bar is, and the first row on the screen */
	char key[HG_NAME_SIZE]; /* of the row with the bar: it keeps that while rows move */
};

/* With an empty frame nothing is shown.  False: no memory. */
bool hg_top_view_arrange(struct hg_top_view *v);

/* The frame becomes the view's own; where it is paused, it is dropped. */
void hg_top_view_take(struct hg_top_view *v, struct hg_top_frame *f);
void hg_top_view_free(struct hg_top_view *v);

/* The row with the bar, or that of the detail page; NULL: there is none, or no more. */
const struct hg_top_row *hg_top_view_row(const struct hg_top_view *v);

/* The bar goes so many rows down, or up. */
void hg_top_view_move(struct hg_top_view *v, long by);

/* `rows` fit on the screen: the bar must be among them. */
void hg_top_view_scroll(struct hg_top_view *v, size_t rows);

void hg_top_view_list(struct hg_top_view *v, enum hg_top_list list);

/* Is it meant as an expression of filter.h, and not as a part of a name? */
bool hg_top_is_expression(const char *text);

#endif /* HG_TOP_VIEW_H */
