/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clockwork.h - nanoseconds per run of a program, by BPF_PROG_TEST_RUN.
 *
 * Processor time of this thread around one system call with many repetitions;
 * the caller takes minima over rounds.
 */
#ifndef HG_BENCH_CLOCKWORK_H
#define HG_BENCH_CLOCKWORK_H

#include <linux/types.h>

#include "../wire/frames.h"

enum clockwork_kind { CLOCKWORK_XDP, CLOCKWORK_FRAGS, CLOCKWORK_TC, CLOCKWORK_KINDS };

void clockwork_open(void);

/* Before the rows of a kind. */
void clockwork_prepare(enum clockwork_kind kind);

/* The program that does nothing, of this kind. */
int clockwork_nothing(enum clockwork_kind kind);

/* The same frame, `n` times. */
double clockwork_same(enum clockwork_kind kind, int program, const struct frame *f, __u32 n);

/*
 * `n` connections, from number `first` on, one after the other: see
 * vary.bpf.c.  The frame must be IPv4 without a tag.
 */
double clockwork_vary(enum clockwork_kind kind, int program, const struct frame *f, __u32 first,
		      __u32 n);

/* Read 32 MB of something else: what was in the caches is not any more. */
void clockwork_forget(void);

#endif /* HG_BENCH_CLOCKWORK_H */
