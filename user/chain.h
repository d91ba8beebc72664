/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chain.h - the Certificate message of a side, put together from the chunks that
 * the data path saw in clear (TLS <= 1.2; RFC 5246, section 7.4.2).
 */
#ifndef HG_CHAIN_H
#define HG_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "../include/event.h"

#define HG_CHAIN_MAX (128U * 1024) /* bytes of one that are kept */

struct hg_chain {
	__u8 *bytes; /* behind the message's header: the list, its length first */
	__u32 total; /* of the message, without its header; 0: none was seen */
	__u32 have;  /* the first bytes, without a hole */
	__u32 room;  /* that `bytes` has: what came counts, not what was announced */
	bool broken; /* bytes were missed */
};

/* Frees what it holds. */
void hg_chain_clear(struct hg_chain *chain);

/*
 * `len` bytes at `offset` of a message of `total` bytes: the next ones, or the
 * first of another message, which takes its place.  Returns 0, or -ENOMEM, or
 * -EINVAL where bytes are missing before these.
 */
int hg_chain_add(struct hg_chain *chain, const void *bytes, __u32 len, __u32 offset, __u32 total);

bool hg_chain_whole(const struct hg_chain *chain);

/*
 * The certificate behind `*at`, first call with 0: true, its DER bytes and their
 * length, and `*at` moved on.  False at the end, and where a length makes no sense.
 */
bool hg_chain_next(const struct hg_chain *chain, __u32 *at, const __u8 **der, __u32 *len);

#endif /* HG_CHAIN_H */
