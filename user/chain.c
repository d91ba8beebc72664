/* SPDX-License-Identifier: BSD-2-Clause */
#include "chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 4096U /* a power of two */

void hg_chain_clear(struct hg_chain *c)
{
	free(c->bytes);
	*c = (struct hg_chain){ 0 };
}

static int begin(struct hg_chain *c, __u32 total)
{
	hg_chain_clear(c);
	c->total = total;
	return total <= HG_CHAIN_MAX ? 0 : -ENOMEM;
}

static int make_room(struct hg_chain *c, __u32 need)
{
	__u32 room = c->room ? c->room : FIRST_ROOM;
	void *bytes;

	if (need <= c->room)
		return 0;
	while (room < need)
		room *= 2;
	bytes = realloc(c->bytes, room);
	if (!bytes)
		return -ENOMEM;
	c->bytes = bytes;
	c->room = room;
	return 0;
}

int hg_chain_add(struct hg_chain *c, const void *bytes, __u32 len, __u32 offset, __u32 total)
{
	int r = 0;

	if (!offset || !c->total)
		r = begin(c, total);
	if (!r && (offset != c->have || total != c->total || len > total - offset))
		r = -EINVAL;
	if (!r && !c->broken)
		r = make_room(c, offset + len);
	if (r || c->broken) {
		c->broken = true;
		return r;
	}
	if (len) /* else there may be no room at all yet */
		memcpy(c->bytes + offset, bytes, len);
	c->have += len;
	return 0;
}

bool hg_chain_whole(const struct hg_chain *c)
{
	return c->total && !c->broken && c->have == c->total;
}

static __u32 be24(const __u8 *at)
{
	return (__u32)at[0] << 16 | (__u32)at[1] << 8 | at[2];
}

bool hg_chain_next(const struct hg_chain *c, __u32 *at, const __u8 **der, __u32 *len)
{
	if (!hg_chain_whole(c))
		return false;
	if (!*at)
		*at = 3; /* the length of the list */
	if (c->total < *at + 3)
		return false;
	*len = be24(c->bytes + *at);
	if (*len > c->total - *at - 3)
		return false;
	*der = c->bytes + *at + 3;
	*at += 3 + *len;
	return true;
}
