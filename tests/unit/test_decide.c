/* SPDX-License-Identifier: BSD-2-Clause */
/* The small questions of a decision, at their bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../include/decide.h"

static void ranges(void **state)
{
	(void)state;
	assert_int_equal(hg_range_truth(5, 5, 5, 5), HG_TRUE);
	assert_int_equal(hg_range_truth(3, 5, 3, 5), HG_TRUE);
	assert_int_equal(hg_range_truth(2, 5, 3, 5), HG_UNKNOWN);
	assert_int_equal(hg_range_truth(3, 6, 3, 5), HG_UNKNOWN);
	assert_int_equal(hg_range_truth(1, 3, 3, 5), HG_UNKNOWN);
	assert_int_equal(hg_range_truth(5, 7, 3, 5), HG_UNKNOWN);
	assert_int_equal(hg_range_truth(1, 2, 3, 5), HG_FALSE);
	assert_int_equal(hg_range_truth(6, 7, 3, 5), HG_FALSE);
}

static bool over(__u64 expires_ns, __u64 tai_ns)
{
	struct hg_rule rule = { .expires_ns = expires_ns };
	struct hg_facts facts = { .tai_ns = tai_ns };

	return hg_rule_is_over(&rule, &facts);
}

static void rules_expire(void **state)
{
	(void)state;
	assert_false(over(1000, 999));
	assert_true(over(1000, 1000));
	assert_true(over(1000, 1001));
	assert_false(over(0, 1000)); /* never */
}

/* Only reset and drop change what happens to packets, and only in enforce. */
static void verdicts_that_act(void **state)
{
	(void)state;
	for (unsigned int mode = 0; mode < HG_MODE_COUNT; mode++) {
		for (unsigned int action = 0; action < HG_ACTION_COUNT; action++) {
			struct hg_verdict v = { .mode = mode, .action = action };
			bool acts = mode == HG_MODE_enforce &&
				    (action == HG_ACTION_reset || action == HG_ACTION_drop);

			if (hg_verdict_acts(&v) != acts)
				fail_msg("mode %u, action %u", mode, action);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(rules_expire),
		cmocka_unit_test(verdicts_that_act),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
