/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * public_suffix.h - names under which anybody can register one, such as "com",
 * "co.uk" or "github.io": an entry that holds all below is rarely meant.
 */
#ifndef HG_PUBLIC_SUFFIX_H
#define HG_PUBLIC_SUFFIX_H

#include <stdbool.h>

#include "policy_name.h"

/*
 * Does this entry hold everything below a public suffix?  By the list that is
 * installed or the one that libpsl was built with, whichever is newer.  A top
 * level domain that is in neither, such as "corp", is no public suffix.
 */
bool hg_covers_public_suffix(const struct hg_name *name);

/*
 * The part of a lower-case host name that somebody has registered: a suffix and
 * the label before it.  It points into `name`; NULL where there is none.
 */
const char *hg_registrable_domain(const char *name);

/* What is said of it: hg_name_prefix(), and the text with its length. */
#define HG_PUBLIC_SUFFIX_WARNING                                                                   \
	"\"%s%.*s\" covers a public suffix: every name that anybody registers below it"

#endif /* HG_PUBLIC_SUFFIX_H */
