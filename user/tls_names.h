/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tls_names.h - cipher suites and groups, by name and by number (IANA, TLS
 * parameters).
 */
#ifndef HG_TLS_NAMES_H
#define HG_TLS_NAMES_H

#include "../include/types.h"
#include "say.h"

/*
 * The number of a suite: "0x1301", or a name as RFCs have it or OpenSSL does.
 * OpenSSL knows no suite that it was built without.  Returns 0, or -EINVAL
 * after writing to `why`.
 */
int hg_cipher_parse(const char *text, __u16 *number, char why[HG_WHY_MAX]);

/* The number of a group: "0x001d", "x25519", "P-256".  As above. */
int hg_group_parse(const char *text, __u16 *number, char why[HG_WHY_MAX]);

/* A name, or the number: valid until the next call. */
const char *hg_cipher_text(__u16 number);
const char *hg_group_text(__u16 number);

#endif /* HG_TLS_NAMES_H */
