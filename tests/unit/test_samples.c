/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring of what was counted between two looks, told as series of one length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "samples.h"

static struct hg_snapshot snapshot;
static struct hg_snapshot_rule rule;
static struct hg_samples *samples;

static int begin(void **state)
{
	(void)state;
	snapshot = (struct hg_snapshot){ .rules = &rule, .rule_count = 1 };
	rule = (struct hg_snapshot_rule){ .active = true };
	samples = hg_samples_new();
	return !samples;
}

static int end(void **state)
{
	(void)state;
	hg_samples_free(samples);
	return 0;
}

static void take(__u64 second)
{
	hg_samples_add(samples, &snapshot, second * HG_SECOND);
}

static json_t *told(unsigned int most)
{
	struct hg_json j = { 0 };
	json_t *value;

	hg_samples_json(&j, samples, most);
	assert_false(j.failed);
	value = json_loadb(j.text, j.len, 0, NULL);
	assert_non_null(value);
	hg_json_free(&j);
	return value;
}

static json_int_t at(json_t *list, size_t i)
{
	return json_integer_value(json_array_get(list, i));
}

static void the_first_has_nothing_to_compare_with(void **state)
{
	json_t *all;

	(void)state;
	snapshot.total.hellos_tcp.tls1_3 = 1000;
	take(10);
	all = told(HG_SAMPLES);
	assert_int_equal(json_array_size(json_object_get(all, "times")), 0);
	assert_int_equal(json_array_size(json_object_get(all, "failures")), 0);
	json_decref(all);
}

static void samples_are_differences(void **state)
{
	json_t *all, *failures, *one;

	(void)state;
	take(10);
	snapshot.total.hellos_tcp.tls1_3 += 7;
	snapshot.total.handshakes.established += 5;
	snapshot.total.resets.both += 2;
	rule.counters.verdicts[HG_MODE_monitor][HG_ACTION_reset] += 3;
	rule.counters.verdicts[HG_MODE_monitor][HG_ACTION_drop] += 1;
	rule.counters.verdicts[HG_MODE_enforce][HG_ACTION_reset] += 2;
	snapshot.run.failures[HG_CAUSE_certificate_expired][HG_SIDE_client] += 4;
	take(20);
	snapshot.total.hellos_tcp.tls1_3 += 1;
	take(30);
	all = told(HG_SAMPLES);
	assert_int_equal(json_array_size(json_object_get(all, "times")), 2);
	assert_int_equal(at(json_object_get(all, "times"), 1), 30000);
	assert_int_equal(at(json_object_get(all, "hellos"), 0), 7);
	assert_int_equal(at(json_object_get(all, "hellos"), 1), 1);
	assert_int_equal(at(json_object_get(all, "resets"), 0), 2);
	assert_int_equal(at(json_object_get(all, "would_reset"), 0), 4);
	one = json_object_get(json_object_get(all, "handshakes"), "established");
	assert_int_equal(at(one, 0), 5);
	failures = json_object_get(all, "failures");
	assert_int_equal(json_array_size(failures), 1);
	one = json_array_get(failures, 0);
	assert_string_equal(json_string_value(json_object_get(one, "cause")),
			    "certificate_expired");
	assert_string_equal(json_string_value(json_object_get(one, "side")), "client");
	assert_int_equal(at(json_object_get(one, "counts"), 0), 4);
	assert_int_equal(json_array_size(json_object_get(one, "counts")), 2);
	json_decref(all);
}

static void counters_that_went_back_begin_at_zero(void **state)
{
	json_t *all;

	(void)state;
	snapshot.total.hellos_tcp.tls1_3 = 1000;
	take(10);
	snapshot.total.hellos_tcp.tls1_3 = 6;
	take(20);
	all = told(HG_SAMPLES);
	assert_int_equal(at(json_object_get(all, "hellos"), 0), 6);
	json_decref(all);
}

static void the_oldest_make_room(void **state)
{
	json_t *all, *hellos;

	(void)state;
	for (int i = 0; i <= HG_SAMPLES + 5; i++) {
		snapshot.total.hellos_tcp.tls1_3 += (__u64)i;
		take((__u64)i);
	}
	all = told(HG_SAMPLES);
	hellos = json_object_get(all, "hellos");
	assert_int_equal(json_array_size(hellos), HG_SAMPLES);
	assert_int_equal(at(hellos, 0), 6);
	assert_int_equal(at(hellos, HG_SAMPLES - 1), HG_SAMPLES + 5);
	json_decref(all);
	all = told(2);
	hellos = json_object_get(all, "hellos");
	assert_int_equal(json_array_size(hellos), 2);
	assert_int_equal(at(hellos, 1), HG_SAMPLES + 5);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_has_nothing_to_compare_with, begin, end),
		cmocka_unit_test_setup_teardown(samples_are_differences, begin, end),
		cmocka_unit_test_setup_teardown(counters_that_went_back_begin_at_zero, begin, end),
		cmocka_unit_test_setup_teardown(the_oldest_make_room, begin, end),
	};

	return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
