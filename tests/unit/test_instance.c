/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An instance that was not opened is empty, whatever its memory held before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "instance.h"
#include "say.h"

static void assert_empty(const struct hg_instance *in)
{
	assert_false(hg_instance_is_there(in));
	assert_int_equal(in->layout, 0);
	assert_int_equal(in->lock, -1);
	for (int i = 0; i < HG_MAP_COUNT; i++)
		assert_int_equal(in->maps[i], -1);
}

static void a_path_that_is_too_long(void **state)
{
	static const int bytes[] = { 0x00, 0x01, 0x7f, 0xff };
	char path[HG_DIR_SIZE + 1];
	struct hg_instance in;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(*bytes); i++) {
		memset(&in, bytes[i], sizeof(in));
		assert_int_equal(hg_instance_probe(&in, path), HG_USAGE);
		assert_empty(&in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_that_is_too_long),
	};

	return cmocka_run_group_tests_name("instance", tests, NULL, NULL);
}
