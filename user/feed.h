/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * feed.h - event records to whoever connects to the daemon's socket.
 *
 * A client says what it wants with one byte (source.h).  Records go out as
 * they are, each behind its length.  A client that does not keep up loses
 * records, counted; it never holds up the others.
 */
#ifndef HG_FEED_H
#define HG_FEED_H

#include <linux/types.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "instance.h"

struct hg_feed;

int hg_feed_open(sd_event *event, const struct hg_instance *in, struct hg_feed **out);
void hg_feed_close(struct hg_feed *feed);
void hg_feed_record(struct hg_feed *feed, const void *record, size_t len);

/* Records that clients have not got. */
__u64 hg_feed_lost(const struct hg_feed *feed);

/* Clients that were closed at once, since there were too many. */
__u64 hg_feed_refused(const struct hg_feed *feed);

#endif /* HG_FEED_H */
