/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detach.h - a whole instance off its interfaces, and away.
 */
#ifndef HG_DETACH_H
#define HG_DETACH_H

#include "instance.h"

/*
 * Every interface, in whatever network namespace, and then the maps.  The caller
 * has the lock.  `quiet` is what hg_say_quiet() was told.
 */
int hg_detach_every(struct hg_instance *in, bool quiet);

#endif /* HG_DETACH_H */
