/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ja.h - fingerprints of a ClientHello: JA3 (Salesforce, 2017) and JA4, the
 * client's part of it, which is BSD (FoxIO, technical_details/JA4.md).
 *
 * Input is a parsed hello and the message that its spans point into.  Neither
 * is defined for a hello in SSLv2 format.
 */
#ifndef HG_JA_H
#define HG_JA_H

#include <stdbool.h>
#include <stddef.h>

#include "../include/client_hello.h"

#define HG_JA3_HASH_SIZE 33 /* 32 hex digits and a zero */
#define HG_JA4_SIZE 37	    /* t13d1516h2_8daaf6152771_e5627efa2ab1 and a zero */

/* Digests and working memory, for one thread. */
struct hg_ja;

struct hg_ja *hg_ja_new(void);
void hg_ja_free(struct hg_ja *ja);

/*
 * The JA3 string, valid until the next call with this `ja`; NULL where there
 * is none.
 */
const char *hg_ja3_string(struct hg_ja *ja, const struct hg_hello *hello, const __u8 *message,
			  size_t *len);

/* False where MD5 is not to be had (FIPS). */
bool hg_ja3_hash(struct hg_ja *ja, const char *string, size_t len, char out[HG_JA3_HASH_SIZE]);

/* False where there is none. */
bool hg_ja4(struct hg_ja *ja, const struct hg_hello *hello, const __u8 *message,
	    char out[HG_JA4_SIZE]);

/* ---- walking the lists of a hello ---- */

static inline __u16 hg_be16_at(const __u8 *message, __u32 at)
{
	return (__u16)(message[at] << 8 | message[at + 1]);
}

/* Calls for each 16-bit value of a span: for (at = ...; hg_next16(...);). */
static inline bool hg_next16(const __u8 *message, const struct hg_span *list, __u32 *at,
			     __u16 *value)
{
	if (list->len < *at + 2)
		return false;
	*value = hg_be16_at(message, list->at + *at);
	*at += 2;
	return true;
}

/* The next extension's type. */
static inline bool hg_next_extension(const __u8 *message, const struct hg_span *list, __u32 *at,
				     __u16 *type)
{
	if (list->len < *at + 4)
		return false;
	*type = hg_be16_at(message, list->at + *at);
	*at += 4 + hg_be16_at(message, list->at + *at + 2);
	return true;
}

/* The next protocol name of ALPN; one that is cut short ends the list. */
static inline bool hg_next_alpn(const __u8 *message, const struct hg_span *list, __u32 *at,
				struct hg_span *name)
{
	if (*at >= list->len)
		return false;
	name->at = list->at + *at + 1;
	name->len = message[list->at + *at];
	*at += 1 + name->len;
	return *at <= list->len;
}

#endif /* HG_JA_H */
