/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event_sink.h - whole lines into one file, into one stream that may be slow, or to a
 * collector that listens on a unix socket and may come and go: for event_output.c.
 */
#ifndef HG_EVENT_SINK_H
#define HG_EVENT_SINK_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#define HG_SINK_QUEUE (1U << 20) /* bytes that wait for a slow reader, or an absent one */

struct hg_event_sink {
	const char *name; /* for people; the caller's */
	int fd;
	bool is_file; /* lseek() and ftruncate() work; else it is a stream */
	bool is_socket;
	bool cut;	 /* half a line stands there, and could not be taken away */
	bool complained; /* that it does not work was said */
	char *queue;	 /* of a stream: what it has not taken yet */
	size_t queued;
	bool begun;		 /* the first of that is the rest of a line */
	sd_event_source *source; /* wakes when it takes more */
	const char *collector;	 /* the path of its socket; NULL: there is none */
	bool datagrams;		 /* a line each, in place of a stream */
	sd_event *event;	 /* of a collector */
	sd_event_source *retry;
	__u64 written, lost; /* lines */
};

/* A file, appended to and made if need be, or stdout where path is NULL.  0 or -errno. */
int hg_event_sink_open(struct hg_event_sink *s, sd_event *event, const char *path);

/*
 * The collector that listens at `path`, now or later: lines wait for it, up to
 * HG_SINK_QUEUE, and it is tried again once a second.  0 or -errno, and that it is not
 * there is no error.  The sink stays where it is, and so does `path`.
 */
int hg_event_sink_connect(struct hg_event_sink *s, sd_event *event, const char *path,
			  bool datagrams);
void hg_event_sink_close(struct hg_event_sink *s);

/* Whole lines, each with its newline. */
void hg_event_sink_write(struct hg_event_sink *s, const char *lines, size_t len);

#endif /* HG_EVENT_SINK_H */
