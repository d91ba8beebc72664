/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * streams.h - pseudo-random connections: hellos of all kinds, whole, cut,
 * shuffled, overlapping, damaged; and things that are no hellos.
 *
 * The same seed makes the same frames, on any machine.
 */
#ifndef HG_TESTS_STREAMS_H
#define HG_TESTS_STREAMS_H

#include "../wire/frames.h"
#include "../wire/octets.h"

struct streams {
	__u64 state;	   /* of the generator */
	__u32 max_segment; /* bytes of payload in one frame */
};

void streams_seed(struct streams *s, __u64 seed, __u32 max_segment);

__u32 streams_below(struct streams *s, __u32 n);

/* Calls `send` for each frame of one connection. */
void streams_next(struct streams *s, void (*send)(void *arg, const struct frame *f), void *arg);

#endif /* HG_TESTS_STREAMS_H */
