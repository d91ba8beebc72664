/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output.h - handshakes on stdout: `read`, `watch` and `events` print alike.
 */
#ifndef HG_OUTPUT_H
#define HG_OUTPUT_H

#include "eve.h"
#include "handshake.h"
#include "options.h"

struct hg_output {
	enum hg_format format;
	bool at_hello;
	bool from_capture;
	bool headed; /* the table's head was printed */
	unsigned long rows;
	struct hg_eve eve;
	struct hg_handshakes *handshakes;
};

/* `names` may be NULL.  False without memory. */
bool hg_output_open(struct hg_output *out, enum hg_format format, const struct hg_eve_names *names,
		    bool strict, bool at_hello, bool from_capture);

/* One record of the data path: a struct hg_event and what is behind it. */
void hg_output_record(struct hg_output *out, const void *record, size_t len);

/* The listing is ended; of a capture, what is still open is told as lost. */
void hg_output_close(struct hg_output *out);

#endif /* HG_OUTPUT_H */
