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
	bool flowing;	       /* row by row; else the table is printed when it is whole */
	unsigned int shown[HG_COLUMNS_MAX], shown_count;
	struct libscols_table *table;
	unsigned long rows;
	bool failed; /* no memory */
};

/* A row of struct hg_option; `text` stays. */
#define HG_OPTION_COLUMNS(text)                                                                    \
	{                                                                                          \
		"columns", 0, "LIST", "of a table or of csv: flow_id,sni,cause ...", &(text), NULL \
	}

/*
 * Choose the columns: those that `names` names, or the usual ones if it is NULL.  JSON has no
 * columns: with `names` that is an error.  HG_OK, or HG_USAGE after saying why.  Prints nothing.
 */
int hg_listing_choose(struct hg_listing *l, const struct hg_command *command,
		      const struct hg_columns *columns, enum hg_format format, const char *names);

/* Colour is for tables that are not `flowing`. */
bool hg_listing_begin(struct hg_listing *l, bool flowing, bool color);

/* One cell a column, shown or not; copied.  `red` is the column that calls for help, or -1. */
void hg_listing_row(struct hg_listing *l, const char *const cells[], int red);

/* Print what is not printed, and free all.  Without rows only CSV has a head. */
int hg_listing_end(struct hg_listing *l);

#endif /* HG_LISTING_H */
