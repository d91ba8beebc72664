/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * types.h - fixed-width types for code that both sides compile.
 *
 * Include from anything in include/.  Headers there compile three times: for
 * the BPF target, for the native capture reader and for the fuzzers; none may
 * include libbpf, libc beyond <linux/types.h>, or packet pointers.
 */
#ifndef HG_TYPES_H
#define HG_TYPES_H

#ifdef __bpf__
#include "vmlinux.h"
#include <stdbool.h>
#include <stddef.h>
#else
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#endif

#define HG_INLINE static inline __attribute__((always_inline))

/*
 * hg_opaque(x) - hide from the compiler what it knows about the integer x.
 *
 * clang folds a bounds check and the use behind it into arithmetic that the
 * 6.1 verifier cannot follow; an empty asm between the two keeps both.
 */
#define hg_opaque(x) asm volatile("" : "+r"(x))

#endif /* HG_TYPES_H */
