/* SPDX-License-Identifier: BSD-2-Clause */
/* Ageing of the table of server names: only when it is nearly full, oldest first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bpf/bpf.h>
#include <unistd.h>

#include "control.h"
#include "server_names.h"

#define ROOM 200
#define IDLE (3600 * HG_SECOND)
#define NOW (10 * IDLE)

static int map = -1;

/* Name n had its last hello `age_s` seconds ago. */
static void add(__u64 n, __u64 age_s)
{
	struct hg_server_name name = { .hellos = 1, .last_ns = NOW - age_s * HG_SECOND };

	assert_int_equal(bpf_map_update_elem(map, &n, &name, BPF_ANY), 0);
}

static bool has(__u64 n)
{
	struct hg_server_name name;

	return !bpf_map_lookup_elem(map, &n, &name);
}

static unsigned int count(void)
{
	unsigned int n = 0;

	for (__u64 key = 1; key <= ROOM; key++)
		n += has(key);
	return n;
}

static int begin(void **state)
{
	(void)state;
	map = bpf_map_create(BPF_MAP_TYPE_HASH, "server_names", sizeof(__u64),
			     sizeof(struct hg_server_name), ROOM, NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (map >= 0)
		close(map);
	return 0;
}

/* Maps need privileges that unit tests do without. */
static void need_map(void)
{
	if (map < 0)
		skip();
}

static void a_table_with_room_keeps_all(void **state)
{
	(void)state;
	need_map();
	for (__u64 n = 1; n < ROOM * 9 / 10; n++)
		add(n, 2 * 3600);
	assert_int_equal(hg_server_names_age(map, NOW, IDLE), 0);
	assert_int_equal(count(), ROOM * 9 / 10 - 1);
}

static void the_oldest_make_room(void **state)
{
	(void)state;
	need_map();
	for (__u64 n = 1; n <= ROOM * 9 / 10; n++) /* the higher, the older */
		add(n, 3600 + n);
	assert_int_equal(hg_server_names_age(map, NOW, IDLE), ROOM * 15 / 100);
	assert_int_equal(count(), ROOM * 3 / 4);
	assert_true(has(1) && has(ROOM * 3 / 4));
	assert_false(has(ROOM * 3 / 4 + 1) || has(ROOM * 9 / 10));
}

static void names_in_use_stay(void **state)
{
	(void)state;
	need_map();
	for (__u64 n = 1; n <= ROOM; n++)
		add(n, n <= 10 ? 3601 : 3599);
	assert_int_equal(hg_server_names_age(map, NOW, IDLE), 10);
	assert_false(has(10));
	assert_true(has(11) && has(ROOM));
}

static void soon_after_boot_nothing_is_idle(void **state)
{
	struct hg_server_name name = { .last_ns = 0 };

	(void)state;
	need_map();
	for (__u64 n = 1; n <= ROOM; n++)
		assert_int_equal(bpf_map_update_elem(map, &n, &name, BPF_ANY), 0);
	assert_int_equal(hg_server_names_age(map, IDLE - 1, IDLE), 0);
	assert_int_equal(count(), ROOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_table_with_room_keeps_all, begin, end),
		cmocka_unit_test_setup_teardown(the_oldest_make_room, begin, end),
		cmocka_unit_test_setup_teardown(names_in_use_stay, begin, end),
		cmocka_unit_test_setup_teardown(soon_after_boot_nothing_is_idle, begin, end),
	};

	return cmocka_run_group_tests_name("server names", tests, NULL, NULL);
}
