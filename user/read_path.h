/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_path.h - a data path that frames of a capture are put through: the
 * native one with the kernel's bounds, the native one without, or the BPF
 * programs themselves (read_kernel.c).  All three say the same of the same
 * frames, as far as their bounds allow.
 */
#ifndef HG_READ_PATH_H
#define HG_READ_PATH_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct hg_compiled;
struct hg_counters;

typedef void (*hg_event_sink)(void *arg, const void *event, size_t len);

/* What `attach` has options for. */
struct hg_read_options {
	const __u64 *ports; /* a bit each, see ports.h; NULL: all */
	__u32 decap;	    /* tunnels to open: bits of enum hg_tunnel */
	bool checksums;	    /* leave segments with a wrong one unread */
};

struct hg_read_path {
	const char *name;
	/* Fresh state.  `policy` may be NULL.  Returns enum hg_exit. */
	int (*open)(const struct hg_compiled *policy, const struct hg_read_options *options,
		    hg_event_sink sink, void *arg);
	/* One Ethernet frame at `time_ns`.  Returns enum hg_exit. */
	int (*frame)(const void *data, __u32 len, __u64 time_ns);
	/* What fell silent ends; with `final` everything does. */
	int (*sweep)(__u64 time_ns, int final);
	/* The counters so far. */
	int (*counters)(struct hg_counters *out);
	/* Frames that this path cannot take, since open; NULL: it takes all. */
	unsigned long (*left_out)(void);
	void (*close)(void);
};

extern const struct hg_read_path hg_read_path_kernel_limits;
extern const struct hg_read_path hg_read_path_wide;
extern const struct hg_read_path hg_read_path_kernel;

#endif /* HG_READ_PATH_H */
