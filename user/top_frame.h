/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top_frame.h - what `top` knows at one moment: the one model of its screen, of
 * its batch output and of its JSON.
 */
#ifndef HG_TOP_FRAME_H
#define HG_TOP_FRAME_H

#include "health.h"
#include "json.h"
#include "snapshot.h"
#include "top_rates.h"
#include "top_tables.h"

/* Where the handshakes come from. */
enum hg_top_events {
	HG_TOP_FROM_RUN,
	HG_TOP_FROM_RING, /* we are its one reader */
	HG_TOP_RUN_GONE,  /* run has gone away: the ring is left to its successor */
};

struct hg_top_table {
	struct hg_top_row *rows;
	size_t count;
	struct hg_top_forgotten forgotten;
};

struct hg_top_frame {
	struct hg_snapshot *s;
	struct hg_health *health; /* what is not well */
	unsigned int health_count;
	struct hg_top_rates rates; /* since the frame before */
	struct hg_top_rates since; /* since the first frame: what was lost meanwhile */
	__u64 wall_ns;
	enum hg_top_events events;
	__u64 window_ns;
	double span;		    /* seconds that the counts below are of */
	struct hg_top_counts total; /* of all that is in the tables */
	struct hg_top_table tables[HG_TOP_LISTS];
};

/* What a frame is made of, beside its snapshot. */
struct hg_top_ground {
	const struct hg_snapshot *first,
		*before; /* their numbers: what they point to may be gone */
	const struct hg_top_tables *tables;
	enum hg_top_events events;
	__u64 window_ns;
};

/* All of a frame but its snapshot, which is there.  False: no memory. */
bool hg_top_frame_fill(struct hg_top_frame *f, const struct hg_top_ground *ground);
void hg_top_frame_free(struct hg_top_frame *f);

/* ---- lists ---- */

/* "names", ... as in --list and JSON. */
const char *hg_top_list_text(unsigned int list);

/* What its rows are called in JSON: "name", ... */
const char *hg_top_key_text(unsigned int list);

/* ---- rows ---- */

enum hg_top_column {
	HG_TOP_BY_RATE,
	HG_TOP_BY_HANDSHAKES,
	HG_TOP_BY_FAILED,
	HG_TOP_BY_SHARE,
	HG_TOP_BY_RESETS,
	HG_TOP_BY_CAUSE,
	HG_TOP_BY_KEY,
	HG_TOP_COLUMNS
};

/* "rate", ... as in --sort and --columns. */
const char *hg_top_column_text(unsigned int column);

/* The largest first, or texts by the alphabet; `reverse` turns that round. */
void hg_top_frame_sort(struct hg_top_frame *f, enum hg_top_list list, enum hg_top_column by,
		       bool reverse);

/* Handshakes and attempts a second. */
double hg_top_row_rate(const struct hg_top_frame *f, const struct hg_top_row *r);

/*
 * Failed, of those that failed or were established; of a cause, its part of all that
 * have one.  Between 0 and 1; negative: there was neither.
 */
double hg_top_share(const struct hg_top_counts *c);
double hg_top_row_share(const struct hg_top_frame *f, enum hg_top_list list,
			const struct hg_top_row *r);

/* The most frequent cause, or "-". */
const char *hg_top_row_cause(const struct hg_top_row *r);

/* ---- for programs ---- */

/* One object; at most `rows` of each list, in the order they are in. */
void hg_top_frame_json(struct hg_json *j, const struct hg_top_frame *f, size_t rows);

#endif /* HG_TOP_FRAME_H */
