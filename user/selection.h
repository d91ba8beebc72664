/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * selection.h - which events a command prints: --filter, --since, --until, --last.
 *
 * The rows of a command's options take the texts; hg_selection_open() makes a
 * selection of them before the command does anything else.
 */
#ifndef HG_SELECTION_H
#define HG_SELECTION_H

#include "filter.h"
#include "options.h"
#include "time_span.h"

/* As typed; what was not is NULL. */
struct hg_selection_text {
	const char *filter;
	struct hg_time_span_text span;
};

/* clang-format off */
/* Rows of struct hg_option; `text` is a struct hg_selection_text that stays. */
#define HG_OPTIONS_SELECTION(text) \
	{ "filter", 0, "EXPR", "only these: 'outcome==failed and sni==*.example.com'", \
	  &(text).filter, NULL }, \
	{ "since", 0, "TIME", "from then on: 2026-11-22T09:12:00Z, 09:12, yesterday", \
	  &(text).span.since, NULL }, \
	{ "until", 0, "TIME", "before then", &(text).span.until, NULL }

/* For events that are about now: not those of a capture. */
#define HG_OPTION_LAST(text) \
	{ "last", 0, "LENGTH", "not longer ago: 90s, 10m, 2h or 1d", &(text).span.last, NULL }
/* clang-format on */

struct hg_selection {
	struct hg_filter *filter; /* NULL: all */
	struct hg_time_span span;
	bool all; /* neither filter nor span */
};

/* HG_OK, or HG_USAGE after saying why.  *out is to be closed when HG_OK. */
int hg_selection_open(const struct hg_command *command, const struct hg_selection_text *text,
		      struct hg_selection *out);

/* One line of EVE, as eve.h writes it without `strict`. */
bool hg_selection_takes(const struct hg_selection *selection, const char *line, size_t len);

/* A zeroed selection may be closed. */
void hg_selection_close(struct hg_selection *selection);

#endif /* HG_SELECTION_H */
