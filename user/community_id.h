/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * community_id.h - one id for a flow in all tools that watch it: Community ID
 * version 1, https://github.com/corelight/community-id-spec.
 */
#ifndef HG_COMMUNITY_ID_H
#define HG_COMMUNITY_ID_H

#include "../include/event.h"

#define HG_COMMUNITY_ID_SIZE 31 /* "1:", base64 of 20 bytes, and a NUL */

/*
 * The same for both directions.  `seed` is that of all tools whose ids are to be
 * compared, mostly 0.  NULL where SHA-1 is not to be had.
 */
const char *hg_community_id(const struct hg_event *facts, __u16 seed,
			    char out[HG_COMMUNITY_ID_SIZE]);

#endif /* HG_COMMUNITY_ID_H */
