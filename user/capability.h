/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capability.h - what this process is allowed to do.
 */
#ifndef HG_CAPABILITY_H
#define HG_CAPABILITY_H

#include <linux/capability.h>
#include <stdbool.h>

/* Is CAP_* in the effective set? */
bool hg_capable(int capability);

#endif /* HG_CAPABILITY_H */
