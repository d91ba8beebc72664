/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_shadow.h - rules that can never match, because an earlier one takes
 * all that they would.  Sound, not complete: what is said is true.
 */
#ifndef HG_POLICY_SHADOW_H
#define HG_POLICY_SHADOW_H

#include "policy_compile.h"

void hg_policy_warn_shadowed(const struct hg_compiled *c, struct hg_diagnostics *d);

#endif /* HG_POLICY_SHADOW_H */
