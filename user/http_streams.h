/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_streams.h - connections that stay open and get the messages of a log as
 * they come, as server-sent events.
 *
 * One that is too slow is told how much it has missed; see message_log.h.
 */
#ifndef HG_HTTP_STREAMS_H
#define HG_HTTP_STREAMS_H

#include <linux/types.h>
#include <microhttpd.h>

#include "message_log.h"

#define HG_STREAMS 16 /* at once */

struct hg_streams;

/* The log stays the caller's, and stays.  NULL: no memory. */
struct hg_streams *hg_streams_new(struct hg_message_log *log);

/* Behind hg_streams_end(), once the server has stopped. */
void hg_streams_free(struct hg_streams *streams);

/*
 * The answer: it begins here, or is 503 where there are as many as may be.  With
 * `after` it goes on behind that message; see hg_message_reader_open().
 */
enum MHD_Result hg_streams_answer(struct hg_streams *streams, struct MHD_Connection *connection,
				  __u64 after);

/* There may be something for those that wait. */
void hg_streams_wake(struct hg_streams *streams);

/* All end, and none begins; what they were sent by then is theirs. */
void hg_streams_end(struct hg_streams *streams);

unsigned int hg_streams_count(const struct hg_streams *streams);
__u64 hg_streams_refused(const struct hg_streams *streams);

#endif /* HG_HTTP_STREAMS_H */
