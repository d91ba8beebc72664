/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_current.h - is a policy file what is in force?  Then to load it again
 * would make a new revision of nothing new, whenever log files are rotated.
 */
#ifndef HG_POLICY_CURRENT_H
#define HG_POLICY_CURRENT_H

#include "policy_load.h"

/*
 * Was the revision in force loaded from this file, with this text, and has none
 * of the files of its sets been touched since?  *revision is that.
 */
bool hg_policy_is_current(const struct hg_instance *in, const struct hg_policy_file *file,
			  __u32 *revision);

#endif /* HG_POLICY_CURRENT_H */
