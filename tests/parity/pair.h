/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pair.h - the data path in the kernel and the native one, side by side: what goes
 * through both, and whether they say the same of it.
 *
 * There is one native path in a process, and so one pair at a time.
 */
#ifndef HG_TESTS_PAIR_H
#define HG_TESTS_PAIR_H

#include "../kernel/harness.h"

struct pair {
	struct gate gate;
	enum gate_hook hook;
	char where[64]; /* what is at hand, for what is said of a difference */
	__u32 frames;
	__u64 events;
	bool same; /* so far; nothing makes it true again */
};

/* Fresh state on both sides; with `tunnels` all are opened, and checksums verified. */
void pair_open(struct pair *p, enum gate_hook hook, bool with_policy, bool tunnels);
void pair_close(struct pair *p);

/* A frame through both, a millisecond later; events are compared. */
void pair_frame(struct pair *p, const struct frame *f);

/* What fell silent `later` nanoseconds from now ends. */
void pair_sweep(struct pair *p, __u64 later);

/* All ends; counters are compared, too. */
void pair_end(struct pair *p);
void pair_compare_counters(struct pair *p);

#endif /* HG_TESTS_PAIR_H */
