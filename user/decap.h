/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decap.h - lists of tunnels to open, as --decap takes them.
 */
#ifndef HG_DECAP_H
#define HG_DECAP_H

#include <linux/types.h>
#include <stddef.h>

#include "options.h"

#define HG_DECAP_SIZE 64 /* the longest list */

/*
 * Parse "none", "all" or "vxlan,gre" into bits of enum hg_tunnel.  HG_USAGE,
 * and said, where the text is wrong.  NULL leaves *kinds alone.
 */
int hg_decap_parse(const struct hg_command *command, const char *text, __u32 *kinds);

/* The other way; returns `text`. */
const char *hg_decap_text(__u32 kinds, char text[HG_DECAP_SIZE]);

#define HG_DECAP_ALL ((1U << HG_TUNNEL_COUNT) - 1)

#endif /* HG_DECAP_H */
