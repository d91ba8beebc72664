/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_features.h - what this kernel offers to hellogate: asked of the kernel,
 * not read off its version.
 */
#ifndef HG_KERNEL_FEATURES_H
#define HG_KERNEL_FEATURES_H

#include <stdbool.h>

enum hg_feature_state {
	HG_FEATURE_YES,
	HG_FEATURE_NO,
	HG_FEATURE_UNKNOWN, /* we may not ask */
};

struct hg_feature {
	const char *name;
	const char *use;     /* what it is there for; "": `detail` says it */
	const char *without; /* what to do, or what is lost, where it is missing */
	enum hg_feature_state state;
	bool needed; /* nothing works without it */
	char detail[96];
};

#define HG_FEATURES_MAX 24

/* `bpffs` is the instance's directory.  Returns how many were written. */
unsigned int hg_features_probe(const char *bpffs, struct hg_feature *out);

/* "yes", "no", "unknown" */
const char *hg_feature_state_text(enum hg_feature_state state);

#endif /* HG_KERNEL_FEATURES_H */
