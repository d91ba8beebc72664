/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_parse.h - a policy file to its model, with every error in one pass.
 */
#ifndef HG_POLICY_PARSE_H
#define HG_POLICY_PARSE_H

#include "policy_diag.h"
#include "policy_model.h"

/*
 * Returns HG_OK, or HG_INVALID with at least one error in *d, and then *out is
 * untouched.  Warnings may come with either.  Files of sets are looked for
 * beside the policy file.
 */
int hg_policy_parse(const char *path, struct hg_diagnostics *d, struct hg_policy_model **out);

/* The same from memory; `file` names the text and is where sets lie beside. */
int hg_policy_parse_text(const char *file, const char *text, size_t len, struct hg_diagnostics *d,
			 struct hg_policy_model **out);

/* The rules of a text whose lists were compiled before: files of sets are not read. */
int hg_policy_parse_rules(const char *file, const char *text, size_t len, struct hg_diagnostics *d,
			  struct hg_policy_model **out);

#endif /* HG_POLICY_PARSE_H */
