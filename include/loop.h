/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loop.h - one spelling for loops that the verifier must believe in.
 *
 * hg_loop(n, step, ctx): call step(i, ctx) for i in [0, n) until it returns 1.
 * In the kernel this is bpf_loop (5.17; inlined since 6.0), which is verified
 * once whatever n is.  What a loop carries from step to step lives in memory
 * that ctx points to: map memory, whose scalars the verifier does not track,
 * so that the states of two iterations are the same state.
 */
#ifndef HG_LOOP_H
#define HG_LOOP_H

#include "types.h"

#ifdef __bpf__
#include <bpf/bpf_helpers.h>
#define hg_loop(n, step, ctx) bpf_loop(n, step, ctx, 0)
#define HG_STEP static
#else
#define hg_loop(n, step, ctx)                                                                      \
	do {                                                                                       \
		for (__u32 hg_loop_i = 0; hg_loop_i < (__u32)(n); hg_loop_i++)                     \
			if (step(hg_loop_i, ctx))                                                  \
				break;                                                             \
	} while (0)
#define HG_STEP static
#endif

#endif /* HG_LOOP_H */
