/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * privacy.h - names and addresses as they may be written: in full, coarser, or
 * as a keyed hash.
 *
 * A hash is "h-" and 32 hexadecimal digits of HMAC-SHA256: the same name has the
 * same one as long as the key is the same, and who has not the key cannot try
 * names until one fits.  A NULL switch writes all in full.
 */
#ifndef HG_PRIVACY_H
#define HG_PRIVACY_H

#include <linux/types.h>

#include "json.h"

enum hg_names_shown { HG_NAMES_full, HG_NAMES_registrable, HG_NAMES_hashed };
enum hg_addresses_shown { HG_ADDRESSES_full, HG_ADDRESSES_network, HG_ADDRESSES_hashed };

/* The words of both, in their order, ended by NULL. */
extern const char *const hg_names_shown_words[];
extern const char *const hg_addresses_shown_words[];

#define HG_PRIVACY_KEY 32
#define HG_PRIVACY_V4_BITS 24
#define HG_PRIVACY_V6_BITS 48

struct hg_privacy {
	enum hg_names_shown names;
	enum hg_addresses_shown addresses;
	unsigned int v4_bits, v6_bits; /* of a network */
	bool key_is_given;	       /* by hg_privacy_set_key() */
	__u8 key[HG_PRIVACY_KEY];
};

/* All in full; a key of its own, from the kernel. */
void hg_privacy_init(struct hg_privacy *p);

/* A key made of `len` bytes, such as those of a file. */
void hg_privacy_set_key(struct hg_privacy *p, const void *bytes, size_t len);

static inline bool hg_names_are_shown(const struct hg_privacy *p)
{
	return !p || p->names == HG_NAMES_full;
}

static inline bool hg_addresses_are_shown(const struct hg_privacy *p)
{
	return !p || p->addresses == HG_ADDRESSES_full;
}

/* An address, mapped if it is IPv4, as a JSON value. */
void hg_privacy_put_address(struct hg_json *j, const struct hg_privacy *p, const __u8 addr[16]);

/*
 * A server name off the wire, lower-case and without a dot at its end, as
 * hg_json_bytes() has it; or a name of a certificate.  What has no registrable
 * domain (a suffix, one label, no host name) is hashed; an address that stands
 * for a name is shown where both are.
 */
void hg_privacy_put_name(struct hg_json *j, const struct hg_privacy *p, const void *name,
			 size_t len);

/* A distinguished name, which may hold anything: whole, or its hash. */
void hg_privacy_put_subject(struct hg_json *j, const struct hg_privacy *p, const char *subject);

#endif /* HG_PRIVACY_H */
