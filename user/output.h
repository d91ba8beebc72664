/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output.h - handshakes on stdout: `read`, `watch` and `events` print alike.
 */
#ifndef HG_OUTPUT_H
#define HG_OUTPUT_H

#include "eve.h"
#include "handshake.h"
#include "options.h"
#include "selection.h"
#include "tally.h"

/* What of the handshakes is printed. */
enum hg_view {
	HG_VIEW_EVENTS, /* each as it ends */
	HG_VIEW_CAUSES, /* one table of all, at the end */
	HG_VIEW_STORY,	/* the one of `story_of`, line by line */
};

struct hg_output {
	enum hg_format format;
	enum hg_view view;
	__u64 story_of;	    /* flow_id */
	unsigned long told; /* stories */
	const char *source; /* of HG_VIEW_CAUSES: where the handshakes come from */
	__u64 missing;	    /* and how many could not */
	bool at_hello;
	bool from_capture;
	bool headed; /* the table's head was printed */
	unsigned long rows;
	const struct hg_selection *selection; /* NULL: all */
	struct hg_eve eve;
	struct hg_handshakes *handshakes;
	struct hg_examiner *examiner;
	struct hg_tally *tally;
	struct hg_record_diagnosis diagnosis; /* of the END that comes next */
};

/* `names` may be NULL.  False without memory. */
bool hg_output_open(struct hg_output *out, enum hg_format format, const struct hg_eve_names *names,
		    bool strict, bool at_hello, bool from_capture);

/* Print no others; the selection stays the caller's, and stays. */
void hg_output_select(struct hg_output *out, const struct hg_selection *selection);

/* One record of the data path: a struct hg_event and what is behind it. */
void hg_output_record(struct hg_output *out, const void *record, size_t len);

/*
 * The listing is ended; of a capture, what is still open is told as lost.  HG_OK;
 * HG_NO if the one story was not found.
 */
int hg_output_close(struct hg_output *out);

#endif /* HG_OUTPUT_H */
