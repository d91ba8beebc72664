/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_policy.h - for the tests of policies: cmocka, and text to policy.
 */
#ifndef HG_TEST_POLICY_H
#define HG_TEST_POLICY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_compile.h"
#include "policy_judge.h"
#include "policy_parse.h"
#include "say.h"

/* Every diagnostic of a text, a line each. */
static inline char *policy_complaints(const char *yaml)
{
	struct hg_diagnostics d = {};
	struct hg_policy_model *model = NULL;
	struct hg_compiled *compiled = NULL;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!hg_policy_parse_text("p.yaml", yaml, strlen(yaml), &d, &model))
		hg_policy_compile(model, &d, &compiled);
	hg_diagnostics_print(&d, out);
	fclose(out);
	hg_compiled_free(compiled);
	hg_policy_model_free(model);
	hg_diagnostics_free(&d);
	return text;
}

static inline struct hg_policy_model *policy_model_of(const char *yaml)
{
	struct hg_diagnostics d = {};
	struct hg_policy_model *model = NULL;

	if (hg_policy_parse_text("p.yaml", yaml, strlen(yaml), &d, &model)) {
		hg_diagnostics_print(&d, stderr);
		fail_msg("the policy is not valid:\n%s", yaml);
	}
	hg_diagnostics_free(&d);
	return model;
}

static inline struct hg_compiled *policy_compiled_of(const char *yaml)
{
	struct hg_policy_model *model = policy_model_of(yaml);
	struct hg_compiled *compiled = NULL;
	struct hg_diagnostics d = {};

	if (hg_policy_compile(model, &d, &compiled)) {
		hg_diagnostics_print(&d, stderr);
		fail_msg("the policy does not compile:\n%s", yaml);
	}
	hg_diagnostics_free(&d);
	hg_policy_model_free(model);
	return compiled;
}

#endif /* HG_TEST_POLICY_H */
