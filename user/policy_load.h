/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_load.h - a policy into the kernel: a whole generation, then one index.
 */
#ifndef HG_POLICY_LOAD_H
#define HG_POLICY_LOAD_H

#include "instance.h"
#include "policy_compile.h"

/* A policy file: read once, so that what is kept is what was compiled. */
struct hg_policy_file {
	const char *path; /* as it was given */
	const char *text;
	size_t len;
	struct hg_compiled *compiled;
	struct hg_arena arena;
};

/*
 * Read and compile a file; diagnostics go to stderr, and nothing is changed.
 * Owner of *out: the caller.
 */
int hg_policy_file_open(const char *path, struct hg_policy_file *out);
void hg_policy_file_close(struct hg_policy_file *file);

/*
 * Install a policy, and make it the active one.  All or nothing: an error
 * leaves the active generation as it was.  With `confirm_within_ns` it gives
 * way to the one before after that time, unless it is confirmed; HG_CONFLICT
 * while such a one waits.
 */
int hg_policy_load(struct hg_instance *in, const struct hg_policy_file *file,
		   __u64 confirm_within_ns);

/*
 * Install a compiled policy into maps of this instance, without a source text
 * or history: for replays.  `tai_offset_ns` is what the kernel's TAI is ahead of
 * the time that rules expire by.
 */
int hg_policy_install(const struct hg_instance *in, const struct hg_compiled *compiled,
		      unsigned int revision, unsigned int slot, __u64 tai_offset_ns);

#endif /* HG_POLICY_LOAD_H */
