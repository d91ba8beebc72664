/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output.h - handshakes on stdout: `read`, `watch` and `events` print alike.
 */
#ifndef HG_OUTPUT_H
#define HG_OUTPUT_H

#include "eve.h"
#include "handshake.h"
#include "listing.h"
#include "options.h"
#include "selection.h"
#include "tally.h"

/* What of the handshakes is printed. */
enum hg_view {
	HG_VIEW_EVENTS, /* each as it ends */
	HG_VIEW_CAUSES, /* one table of all, at the end */
	HG_VIEW_STORY,	/* the one of `story_of`, line by line */
	HG_VIEW_NONE,	/* nothing is: `each` has them */
};

/* As typed; what was not is NULL. */
struct hg_output_text {
	const char *stage, *flow;
	bool strict;
	struct hg_listing_text listing;
	struct hg_selection_text selection;
};

/* clang-format off */
/* Rows of struct hg_option; `text` is a struct hg_output_text that stays. */
#define HG_OPTION_FLOW(text) \
	{ "flow", 0, "ID", "the story of one flow, line by line", &(text).flow, NULL }

#define HG_OPTIONS_EVE(text) \
	{ "at", 0, "hello", "also print each handshake at its hello", &(text).stage, NULL }, \
	{ "eve-strict", 0, NULL, "leave the object `hellogate` out of the events", NULL, \
	  &(text).strict }
/* clang-format on */

struct hg_output;

/* A handshake or an attempt that has ended and is selected, with HG_VIEW_NONE. */
typedef void (*hg_output_fn)(void *arg, struct hg_output *out, struct hg_handshake *h,
			     const struct hg_examined *x);

struct hg_output_options {
	enum hg_view view;
	hg_output_fn each;
	void *arg;
	__u64 story_of; /* flow_id */
	bool strict, at_hello;
	struct hg_selection selection;
	struct hg_listing listing; /* its format is that of all that is printed */
};

/* HG_OK, or HG_USAGE after saying why.  `view` is what it is without --flow. */
int hg_output_options_open(const struct hg_command *command, const struct hg_output_text *text,
			   enum hg_format usual, enum hg_view view, struct hg_output_options *out);

/* Zeroed options may be closed. */
void hg_output_options_close(struct hg_output_options *options);

struct hg_output {
	const struct hg_output_options *options;
	unsigned long told; /* stories */
	const char *source; /* of HG_VIEW_CAUSES: where the handshakes come from */
	__u64 missing;	    /* and how many could not */
	bool from_capture;
	unsigned long rows;
	struct hg_listing listing;
	struct hg_eve eve;
	struct hg_handshakes *handshakes;
	struct hg_examiner *examiner;
	struct hg_tally *tally;
	struct hg_record_diagnosis diagnosis; /* of the END that comes next */
};

/* `names` may be NULL.  False without memory.  The options stay the caller's, and stay. */
bool hg_output_open(struct hg_output *out, const struct hg_output_options *options,
		    const struct hg_eve_names *names, bool from_capture);

/* One record of the data path: a struct hg_event and what is behind it. */
void hg_output_record(struct hg_output *out, const void *record, size_t len);

/*
 * The listing is ended; of a capture, what is still open is told as lost.  HG_OK;
 * HG_NO if the one story was not found.
 */
int hg_output_close(struct hg_output *out);

#endif /* HG_OUTPUT_H */
