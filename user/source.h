/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.h - where event records come from: the ring of an instance, which has
 * one consumer at a time, or the socket of the `run` that consumes it.
 */
#ifndef HG_SOURCE_H
#define HG_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "instance.h"

typedef void (*hg_record_fn)(void *arg, const void *record, size_t len);

struct hg_source;

/*
 * Open the events of an instance: its ring if nobody else reads it, else the
 * socket of who does.  `follow` asks a daemon for what comes, else for what it
 * has kept.
 */
int hg_source_open(const struct hg_instance *in, bool follow, hg_record_fn fn, void *arg,
		   struct hg_source **out);
void hg_source_close(struct hg_source *s);

/* Readable when there are records. */
int hg_source_fd(const struct hg_source *s);

/* Is this the ring itself? */
bool hg_source_is_live(const struct hg_source *s);

/* Hand over what is there, and under a flood come back.  HG_NOTHING once a daemon has gone away. */
int hg_source_read(struct hg_source *s);

/* Follow until SIGINT or SIGTERM, which end it with HG_OK. */
int hg_source_follow(struct hg_source *s);

/*
 * The right to consume the ring: a file descriptor that holds it, -EWOULDBLOCK
 * where another process does, or another -errno.
 */
int hg_source_lock(const struct hg_instance *in);

/* The socket that the daemon of an instance serves. */
void hg_source_path(const struct hg_instance *in, char *path, size_t size);

/* What a client says first. */
#define HG_SOURCE_FOLLOW 'f'
#define HG_SOURCE_KEPT 'k'

#endif /* HG_SOURCE_H */
