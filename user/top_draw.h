/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top_draw.h - a view on the terminal; curses is open.
 */
#ifndef HG_TOP_DRAW_H
#define HG_TOP_DRAW_H

#include "top_view.h"

/* Fewer are told, and nothing else. */
#define HG_TOP_MIN_COLUMNS 40
#define HG_TOP_MIN_LINES 10

/* `tables` have the last handshakes of a row; NULL: none. */
void hg_top_draw(struct hg_top_view *v, const struct hg_top_tables *tables, bool color);

#endif /* HG_TOP_DRAW_H */
