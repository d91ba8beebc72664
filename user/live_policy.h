/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live_policy.h - a generation as user space can judge by it: the rules and the
 * lists that the kernel has, and from the text what the kernel need not know.
 */
#ifndef HG_LIVE_POLICY_H
#define HG_LIVE_POLICY_H

#include "generation.h"
#include "policy_compile.h"

struct hg_live_policy {
	__u32 revision; /* 0: none */
	struct hg_compiled *compiled;
	struct hg_generation_maps maps;
	struct hg_policy_source *source; /* where it came from, and its text */
};

/* 0 or -errno.  Owner of *out: the caller. */
int hg_live_policy_open(const struct hg_instance *in, __u32 slot, struct hg_live_policy *out);

/* Zeroed ones may be closed. */
void hg_live_policy_close(struct hg_live_policy *p);

#endif /* HG_LIVE_POLICY_H */
