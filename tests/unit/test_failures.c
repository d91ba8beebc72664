/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Failures of clients: in the window, of the causes, within bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failures.h"

#define SECOND 1000000000ULL
#define ANY (~0ULL)

static const __u8 v4[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
static const __u8 v4_next[16] = { [10] = 0xff, 0xff, 192, 0, 2, 2 };
static const __u8 v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
static const __u8 v6_same_net[16] = { 0x20, 1, 0xd, 0xb8, [8] = 9, [15] = 2 };
static const __u8 v6_next_net[16] = { 0x20, 1, 0xd, 0xb8, [7] = 1, [15] = 1 };

static void a_window_moves(void **state)
{
	struct hg_failures *f = hg_failures_new(4);

	(void)state;
	for (__u64 second = 10; second <= 12; second++)
		hg_failures_add(f, v4, second * SECOND, HG_CAUSE_timeout);
	assert_int_equal(hg_failures_count(f, v4, 12 * SECOND, 60 * SECOND, ANY), 3);
	assert_int_equal(hg_failures_count(f, v4, 12 * SECOND, 2 * SECOND, ANY), 2);
	assert_int_equal(hg_failures_count(f, v4, 12 * SECOND, 2 * SECOND + 1, ANY), 3);
	assert_int_equal(hg_failures_count(f, v4, 72 * SECOND, 60 * SECOND, ANY), 0);
	hg_failures_free(f);
}

static void causes_are_told_apart(void **state)
{
	struct hg_failures *f = hg_failures_new(4);

	(void)state;
	hg_failures_add(f, v4, SECOND, HG_CAUSE_timeout);
	hg_failures_add(f, v4, SECOND, HG_CAUSE_decrypt_error);
	hg_failures_add(f, v4, SECOND, HG_CAUSE_timeout);
	assert_int_equal(hg_failures_count(f, v4, SECOND, SECOND, 1ULL << HG_CAUSE_timeout), 2);
	assert_int_equal(hg_failures_count(f, v4, SECOND, SECOND, 1ULL << HG_CAUSE_decrypt_error),
			 1);
	assert_int_equal(hg_failures_count(f, v4, SECOND, SECOND, 1ULL << HG_CAUSE_decode_error),
			 0);
	hg_failures_free(f);
}

static void a_client_is_an_address_or_a_network(void **state)
{
	struct hg_failures *f = hg_failures_new(4);

	(void)state;
	hg_failures_add(f, v4, SECOND, HG_CAUSE_timeout);
	hg_failures_add(f, v6, SECOND, HG_CAUSE_timeout);
	assert_int_equal(hg_failures_count(f, v4_next, SECOND, SECOND, ANY), 0);
	assert_int_equal(hg_failures_count(f, v6_same_net, SECOND, SECOND, ANY), 1);
	assert_int_equal(hg_failures_count(f, v6_next_net, SECOND, SECOND, ANY), 0);
	hg_failures_free(f);
}

/* A rule may ask for as many as are kept, and no more. */
static void the_last_are_kept(void **state)
{
	struct hg_failures *f = hg_failures_new(1);

	(void)state;
	for (__u64 i = 0; i < 2 * HG_FAILURES_KEPT; i++)
		hg_failures_add(f, v4, SECOND + i, HG_CAUSE_timeout);
	assert_int_equal(hg_failures_count(f, v4, SECOND + 200, SECOND, ANY), HG_FAILURES_KEPT);
	assert_int_equal(hg_failures_count(f, v4, SECOND + 2 * HG_FAILURES_KEPT, 10, ANY), 9);
	hg_failures_free(f);
}

/* The one without a failure for the longest time goes, whoever came first. */
static void the_quiet_one_is_forgotten(void **state)
{
	struct hg_failures *f = hg_failures_new(2);

	(void)state;
	hg_failures_add(f, v4, SECOND, HG_CAUSE_timeout);
	hg_failures_add(f, v6, SECOND, HG_CAUSE_timeout);
	hg_failures_add(f, v4, SECOND, HG_CAUSE_timeout);
	assert_int_equal(hg_failures_forgotten(f), 0);
	hg_failures_add(f, v4_next, SECOND, HG_CAUSE_timeout);
	assert_int_equal(hg_failures_forgotten(f), 1);
	assert_int_equal(hg_failures_count(f, v6, SECOND, SECOND, ANY), 0);
	assert_int_equal(hg_failures_count(f, v4, SECOND, SECOND, ANY), 2);
	assert_int_equal(hg_failures_count(f, v4_next, SECOND, SECOND, ANY), 1);
	hg_failures_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_moves),
		cmocka_unit_test(causes_are_told_apart),
		cmocka_unit_test(a_client_is_an_address_or_a_network),
		cmocka_unit_test(the_last_are_kept),
		cmocka_unit_test(the_quiet_one_is_forgotten),
	};

	return cmocka_run_group_tests_name("failures", tests, NULL, NULL);
}
