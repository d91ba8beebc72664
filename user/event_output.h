/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event_output.h - where `run` writes events as they end: files, stdout and unix
 * sockets of collectors, as EVE, sampled, and with names and addresses as privacy.h has them.
 *
 * Lines are collected and written by hg_event_outputs_flush().  No output holds
 * up the daemon, and none has half a line: a line that a full disk did not take
 * whole is taken away again.  What could not be written is counted, and said
 * once, until it works again.
 */
#ifndef HG_EVENT_OUTPUT_H
#define HG_EVENT_OUTPUT_H

#include <linux/types.h>
#include <systemd/sd-event.h>

#include "eve.h"

#define HG_EVENT_OUTPUTS 8

enum hg_event_place { HG_EVENT_TO_file, HG_EVENT_TO_stdout, HG_EVENT_TO_unix };

struct hg_event_to {
	enum hg_event_place place;
	const char *path; /* of a file or a socket */
	bool datagrams;	  /* what the socket takes: a line each, in place of a stream */
};

struct hg_event_config {
	struct hg_event_to outputs[HG_EVENT_OUTPUTS];
	unsigned int output_count;
	double sample; /* the share of established handshakes that is told: 0 to 1 */
	bool strict;
	bool community_id;
	__u16 community_id_seed;
};

struct hg_event_outputs;

/*
 * Open all, or none: HG_UNSUPPORTED after saying which cannot be.  Texts of the
 * configuration, `privacy` and `names` stay the caller's, and stay.
 */
int hg_event_outputs_open(sd_event *event, const struct hg_event_config *config,
			  const struct hg_privacy *privacy, const struct hg_eve_names *names,
			  struct hg_event_outputs **out);

/* It goes on where `before` ends: what that counted is now counted by it. */
void hg_event_outputs_replace(struct hg_event_outputs *o, struct hg_event_outputs *before);

/* What can still be written is.  NULL may be closed. */
void hg_event_outputs_close(struct hg_event_outputs *o);

/*
 * `x` is what was found of it.  An established one is told if its flow_id is in the
 * sample, or `always`; all others are.
 */
void hg_event_outputs_end(struct hg_event_outputs *o, struct hg_handshake *h,
			  const struct hg_examined *x, bool always);
void hg_event_outputs_drop(struct hg_event_outputs *o, struct hg_handshake *h);
void hg_event_outputs_survived(struct hg_event_outputs *o, struct hg_handshake *h);
void hg_event_outputs_attempt(struct hg_event_outputs *o, struct hg_handshake *h,
			      const struct hg_examined *x);

void hg_event_outputs_flush(struct hg_event_outputs *o);

/* Is this flow among the share `rate` of all?  The same answer whoever asks. */
bool hg_sample_takes(__u64 flow_id, double rate);

struct hg_event_outputs_counts {
	__u64 written;	   /* lines, of each output */
	__u64 lost;	   /* lines that an output did not take */
	__u64 sampled_out; /* established handshakes that were not told */
};

const struct hg_event_outputs_counts *hg_event_outputs_counts(struct hg_event_outputs *o);

#endif /* HG_EVENT_OUTPUT_H */
