/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot_links.h - is an interface that the instance holds for attached
 * still there, and our programs on its hooks?  Asks, and changes nothing.
 */
#ifndef HG_SNAPSHOT_LINKS_H
#define HG_SNAPSHOT_LINKS_H

#include "snapshot.h"

enum hg_interface_state hg_interface_state_of(const struct hg_instance *in,
					      const struct hg_interface *i);

#endif /* HG_SNAPSHOT_LINKS_H */
