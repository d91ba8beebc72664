/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_tests.h"

#include <string.h>

#include "policy_judge.h"

static bool as_expected(const struct hg_test_model *t, const struct hg_compiled *c,
			const struct hg_verdict *v)
{
	if (t->action >= 0 && v->action != t->action)
		return false;
	if (t->mode >= 0 && v->mode != t->mode)
		return false;
	return !t->rule || !strcmp(t->rule, hg_compiled_rule_name(c, v->rule));
}

size_t hg_policy_run_tests(const struct hg_policy_model *model, const struct hg_compiled *c,
			   hg_test_fn each, void *arg)
{
	size_t failed = 0;

	for (size_t i = 0; i < model->test_count; i++) {
		struct hg_test_result result = { .test = &model->tests[i] };
		struct hg_flow_view view = hg_flow_spec_view(&model->tests[i].flow);

		hg_policy_judge(c, &view, 0, &result.verdict);
		result.passed = as_expected(result.test, c, &result.verdict);
		failed += !result.passed;
		each(&result, arg);
	}
	return failed;
}
