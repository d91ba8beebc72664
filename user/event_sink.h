/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event_sink.h - whole lines into one file, or into one stream that may be slow:
 * for event_output.c.
 */
#ifndef HG_EVENT_SINK_H
#define HG_EVENT_SINK_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#define HG_SINK_QUEUE (1U << 20) /* bytes that wait for a slow reader of a stream */

struct hg_event_sink {
	const char *name; /* for people; the caller's */
	int fd;
	bool is_file; /* lseek() and ftruncate() work; else it is a stream */
	bool is_socket;
	bool cut;	 /* half a line stands there, and could not be taken away */
	bool complained; /* that it does not work was said */
	char *queue;	 /* of a stream: what it has not taken yet */
	size_t queued;
	sd_event_source *source; /* wakes when it takes more */
	__u64 written, lost;	 /* lines */
};

/* A file, appended to and made if need be, or stdout where path is NULL.  0 or -errno. */
int hg_event_sink_open(struct hg_event_sink *s, sd_event *event, const char *path);
void hg_event_sink_close(struct hg_event_sink *s);

/* Whole lines, each with its newline. */
void hg_event_sink_write(struct hg_event_sink *s, const char *lines, size_t len);

#endif /* HG_EVENT_SINK_H */
