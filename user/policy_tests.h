/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_tests.h - the inline tests of a policy.
 */
#ifndef HG_POLICY_TESTS_H
#define HG_POLICY_TESTS_H

#include "policy_compile.h"

struct hg_test_result {
	const struct hg_test_model *test;
	struct hg_verdict verdict;
	bool passed;
};

typedef void (*hg_test_fn)(const struct hg_test_result *result, void *arg);

/* Run every test; returns how many failed. */
size_t hg_policy_run_tests(const struct hg_policy_model *model, const struct hg_compiled *c,
			   hg_test_fn each, void *arg);

#endif /* HG_POLICY_TESTS_H */
