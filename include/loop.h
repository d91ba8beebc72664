/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loop.h - one spelling for loops that the verifier must believe in.
 *
 * hg_loop(n, step, ctx): call step(i, ctx) for i in [0, n) until it returns 1.
 * In the kernel this is bpf_loop (5.17; inlined since 6.0), which is verified
 * once whatever n is, but costs two calls a step.  What a loop carries from
 * step to step lives in memory that ctx points to: map memory, whose scalars
 * the verifier does not track, so that the states of two iterations are the
 * same state.
 *
 * hg_loop_short(n, step, ctx): the same in place, verified n times over.
 *
 * hg_loop_few(few, n, step, ctx): the first `few` steps in place, which is all
 * that most inputs need, and up to n more by calls.  The step is given no
 * index: it carries its own.
 */
#ifndef HG_LOOP_H
#define HG_LOOP_H

#include "types.h"

#ifdef __bpf__
#define HG_NO_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define HG_NO_UNROLL
#endif

#define hg_loop_short(n, step, ctx)                                                                \
	do {                                                                                       \
		HG_NO_UNROLL for (__u32 hg_i = 0; hg_i < (n); hg_i++) if (step(hg_i, ctx)) break;  \
	} while (0)

#ifdef __bpf__
#include <bpf/bpf_helpers.h>

/* In place where it is called; for bpf_loop the compiler makes a function of it. */
#define HG_STEP HG_INLINE
#define hg_loop(n, step, ctx) bpf_loop(n, step, ctx, 0)
/*
 * 6.1 takes no loop that is closed by anything but a jump.  What clang knows of
 * memory it would use to enter the loop past its first check, and then one may
 * be closed by falling through: here it knows nothing.
 */
#define hg_loop_few(few, n, step, ctx)                                                             \
	do {                                                                                       \
		__u32 hg_i = 0;                                                                    \
		asm volatile("" ::: "memory");                                                     \
		HG_NO_UNROLL for (; hg_i < (few); hg_i++) if (step(0, ctx)) break;                 \
		if (hg_i == (few))                                                                 \
			bpf_loop(n, step, ctx, 0);                                                 \
	} while (0)
#else
#define HG_STEP static
#define hg_loop(n, step, ctx) hg_loop_short(n, step, ctx)
#define hg_loop_few(few, n, step, ctx) hg_loop_short((few) + (n), step, ctx)
#endif

#endif /* HG_LOOP_H */
