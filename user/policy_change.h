/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_change.h - from one generation to another: confirm and roll back.
 *
 * All return enum hg_exit, having said why.  The caller has the lock of the
 * instance.
 */
#ifndef HG_POLICY_CHANGE_H
#define HG_POLICY_CHANGE_H

#include "generation.h"

/*
 * What is in force, before something is changed.  Where the last load was not
 * confirmed in time, the index is moved to what is in force since, and the
 * history is told.
 */
int hg_policy_settle(const struct hg_instance *in, struct hg_in_force *out);

/*
 * The generation in force stays.  `revision` is the one that is meant, or 0;
 * HG_CONFLICT if another one is in force.
 */
int hg_policy_confirm(const struct hg_instance *in, __u32 revision);

/*
 * Back to what was in force before, or to `revision`: its generation becomes
 * active again, as a new revision.  HG_NOTHING where there is none before,
 * HG_INVALID where `revision` cannot be had.
 */
int hg_policy_rollback(const struct hg_instance *in, __u32 revision);

#endif /* HG_POLICY_CHANGE_H */
