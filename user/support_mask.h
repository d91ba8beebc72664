/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support_mask.h - texts that leave the house, without names and addresses: for
 * support_part.c.
 *
 * What may stay is listed by its key; all else is hashed as privacy.h does, so that a
 * name of the policy has the same hash as in the events of one archive.
 */
#ifndef HG_SUPPORT_MASK_H
#define HG_SUPPORT_MASK_H

#include <stdio.h>

#include "privacy.h"

enum hg_mask_of { HG_MASK_OF_POLICY, HG_MASK_OF_CONFIG };

/*
 * A policy or a configuration, as YAML: rules, sets and words of the language as they
 * are, without comments.  `privacy` NULL: values stay as well.  What leads to a secret
 * (token, keys) is left out in any case.  HG_OK, or HG_INVALID after saying why.
 */
int hg_mask_yaml(const struct hg_privacy *privacy, enum hg_mask_of of, const char *text, size_t len,
		 FILE *out);

/* JSON of our own commands: paths and users.  Owner of the text: the caller; NULL: no JSON. */
char *hg_mask_json(const struct hg_privacy *privacy, const char *text, size_t len, size_t *out_len);

#endif /* HG_SUPPORT_MASK_H */
