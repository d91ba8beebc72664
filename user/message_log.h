/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message_log.h - the last messages for those who watch, as server-sent events:
 * written once, read by each at its own pace.
 *
 * The log is bounded in messages and in bytes; the oldest make room.  A reader
 * that falls behind the oldest is told how many it has missed and goes on there.
 * What it is in the middle of stays until it has it whole.
 */
#ifndef HG_MESSAGE_LOG_H
#define HG_MESSAGE_LOG_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct hg_message_log;

/*
 * Neither is 0.  Messages are numbered from `from` on: where that is the time, no
 * number is that of a message in a log of before.  NULL: no memory.
 */
struct hg_message_log *hg_message_log_new(size_t messages, size_t bytes, __u64 from);

/* Its readers have ended. */
void hg_message_log_free(struct hg_message_log *log);

/*
 * Add an event; `data` is one line.  One that is larger than the whole log, or
 * that there is no memory for, is missed by every reader, and false.
 */
bool hg_message_log_add(struct hg_message_log *log, const char *event, const char *data,
			size_t len);

/* Forget all: whoever has not read it has missed it. */
void hg_message_log_clear(struct hg_message_log *log);

/* Messages that readers have missed, of all of them together. */
__u64 hg_message_log_missed(const struct hg_message_log *log);

struct hg_message;

/* A place in the log. */
struct hg_message_reader {
	__u64 next;		/* number of the message that comes next */
	struct hg_message *now; /* in the middle of this one; NULL: between two */
	size_t at;		/* bytes of it that were read */
};

/*
 * It gets what is behind message number `after`, as `id` has told it to a reader
 * before; where that is 0, or of another log, what is added from now on.
 */
void hg_message_reader_open(struct hg_message_reader *r, const struct hg_message_log *log,
			    __u64 after);
void hg_message_reader_close(struct hg_message_reader *r);

/* Is there something to read? */
bool hg_message_reader_waits(const struct hg_message_reader *r, const struct hg_message_log *log);

/* Copies what comes next, at most `room` bytes; 0: nothing is there by now. */
size_t hg_message_read(struct hg_message_reader *r, struct hg_message_log *log, char *to,
		       size_t room);

#endif /* HG_MESSAGE_LOG_H */
