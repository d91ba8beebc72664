/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listing.h - rows of cells as a table for people or as CSV (RFC 4180), with the
 * columns that --columns names.
 */
#ifndef HG_LISTING_H
#define HG_LISTING_H

#include "options.h"

#define HG_COLUMNS_MAX 24

enum hg_column_flag {
	HG_COLUMN_RIGHT = 1, /* numbers */
	HG_COLUMN_TEXT = 2,  /* quoted in CSV, always: it may have a comma in it */
};

struct hg_column {
	const char *name; /* for --columns, and at the head of CSV; NULL ends a list */
	const char *head; /* of a table */
	int width;	  /* of a table that is printed row by row */
	unsigned int flags;
};

struct hg_columns {
	const struct hg_column *list;
	const char *table, *csv; /* the usual ones, "sni,cause" */
};

struct hg_listing {
	const struct hg_column *columns;
	enum hg_format format; /* HG_FORMAT_TABLE or HG_FORMAT_CSV */
	bool color;	       /* for tables alone */
	bool flowing;	       /* row by row; else the table is printed when it is whole */
	unsigned int shown[HG_COLUMNS_MAX], shown_count;
	struct libscols_table *table;
	unsigned long rows;
	bool failed; /* no memory */
};

/* As typed; what was not is NULL. */
struct hg_listing_text {
	const char *format, *columns, *color;
	bool json;
};

/* clang-format off */
/* Rows of struct hg_option; `text` is a struct hg_listing_text that stays. */
#define HG_OPTIONS_LISTING(text, usual) \
	{ "output", 'o', "FORMAT", "table, json, jsonl or csv (default " usual ")", \
	  &(text).format, NULL }, \
	{ "json", 'j', NULL, "the same as -o json", NULL, &(text).json }, \
	{ "columns", 0, "LIST", "of a table or of csv: a wrong name is answered with all", \
	  &(text).columns, NULL }, \
	{ "color", 0, "WHEN", "auto, always or never", &(text).color, NULL }
/* clang-format on */

/*
 * Choose format, columns and colour: what was typed, or the usual ones.  JSON has no
 * columns: to name them is then an error.  HG_OK, or HG_USAGE after saying why.
 * Prints nothing.
 */
int hg_listing_choose(struct hg_listing *l, const struct hg_command *command,
		      const struct hg_columns *columns, enum hg_format usual,
		      const struct hg_listing_text *text);

/* A table of our own choice: all its columns, without colour. */
void hg_listing_plain(struct hg_listing *l, const struct hg_columns *columns);

bool hg_listing_begin(struct hg_listing *l, bool flowing);

/* One cell a column, shown or not; copied.  `red` is the column that calls for help, or -1. */
void hg_listing_row(struct hg_listing *l, const char *const cells[], int red);

/* Print what is not printed, and free all.  Without rows only CSV has a head. */
int hg_listing_end(struct hg_listing *l);

#endif /* HG_LISTING_H */
