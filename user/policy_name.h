/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_name.h - one server name as a policy writes it.
 *
 * `example.com` is that name, `.example.com` it and all below, `*.example.com`
 * all below.  Names are kept as the data path compares them: lower-case,
 * A-labels, without a trailing dot.
 */
#ifndef HG_POLICY_NAME_H
#define HG_POLICY_NAME_H

#include <stddef.h>

#include "../include/types.h"
#include "policy_arena.h"

enum hg_name_kind {
	HG_NAME_EXACT,
	HG_NAME_TREE,  /* the name and all below it */
	HG_NAME_BELOW, /* all below it */
};

#define HG_NAME_TEXT_MAX 253 /* RFC 1035, section 2.3.4, without the root's byte */

struct hg_name {
	const char *text; /* without `.` or `*.` in front */
	__u8 len;
	__u8 kind;  /* enum hg_name_kind */
	__u32 line; /* of the list that it is from; 0: of none */
};

/* Of two struct hg_name, for qsort(): by text, then by kind; 0: the same. */
int hg_name_order(const void *left, const void *right);

/* How a name of this kind is written: in front of its text. */
const char *hg_name_prefix(__u8 kind);

/*
 * Any spelling of a host name to the one that is compared.  Returns the length
 * of *out, or -1, and then *why says what is wrong ("a label of more than 63
 * bytes").
 */
int hg_name_canonical(const char *text, size_t len, char out[HG_NAME_TEXT_MAX + 1],
		      const char **why);

/*
 * A name with its prefix.  ASCII names are rewritten in place, where *out then
 * points: `text` must be writable and outlive *out; others live in the arena.
 */
int hg_name_parse(struct hg_arena *arena, char *text, size_t len, struct hg_name *out,
		  const char **why);

/* The same for a name without a prefix, whose kind is told otherwise. */
int hg_name_parse_kind(struct hg_arena *arena, char *text, size_t len, enum hg_name_kind kind,
		       struct hg_name *out, const char **why);

#endif /* HG_POLICY_NAME_H */
