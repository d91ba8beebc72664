/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * env.h - where the data path runs: the kernel, or the capture reader.
 *
 * Every file in bpf/ compiles for both.  The reader supplies the same helpers
 * over plain memory (user/native_bpf.h), so that what it says of a capture is
 * what the kernel would have said of the packets, by construction.
 */
#ifndef HG_ENV_H
#define HG_ENV_H

#ifdef __bpf__
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/*
 * A global function is verified once, for any arguments; a subprogram where it
 * is called, but its code is there once.
 */
#define HG_NOINLINE __attribute__((noinline))
#define HG_SUBPROG static __attribute__((noinline))
#define HG_MAP
#define HG_KNOB const volatile
#define HG_UNROLL _Pragma("unroll")
#define hg_outer_lookup(map, key) bpf_map_lookup_elem(map, key)
#define hg_inner_lookup(map, key) bpf_map_lookup_elem(map, key)
#else
#include "native_bpf.h"

#define HG_NOINLINE static
#define HG_SUBPROG static
#define HG_MAP static
#define HG_UNROLL
#define HG_KNOB static

/* Contexts: here a frame of a capture goes by their names. */
struct xdp_md;
struct __sk_buff;
#endif

#define HG_EEXIST 17

/* BPF_RB_NO_WAKEUP and BPF_RB_FORCE_WAKEUP of linux/bpf.h */
#define HG_RING_NO_WAKEUP 1
#define HG_RING_WAKEUP 2

#include "control.h"
#include "counters.h"
#include "decide.h"
#include "event.h"
#include "flow.h"
#include "policy.h"
#include "preamble.h"

#endif /* HG_ENV_H */
