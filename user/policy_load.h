/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_load.h - a policy into the kernel: a whole generation, then one index.
 */
#ifndef HG_POLICY_LOAD_H
#define HG_POLICY_LOAD_H

#include "instance.h"
#include "policy_compile.h"

/*
 * Read, compile and install a policy file, and make it the active one.  All or
 * nothing: an error leaves the active generation as it was.
 */
int hg_policy_load(struct hg_instance *in, const char *path);

/* The same as far as the compiler: errors are said, nothing is changed. */
int hg_policy_check(const char *path);

/* Read and compile; diagnostics go to stderr.  Owner of *out: the caller. */
int hg_policy_compile_file(const char *path, struct hg_compiled **out);

/*
 * Install a compiled policy into maps of this instance, without a source text
 * or history: for replays.
 */
int hg_policy_install(const struct hg_instance *in, const struct hg_compiled *compiled,
		      unsigned int revision, unsigned int slot);

#endif /* HG_POLICY_LOAD_H */
