/* SPDX-License-Identifier: BSD-2-Clause */
/* The examples of https://github.com/corelight/community-id-spec, for TCP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <string.h>

#include "community_id.h"

static const struct {
	const char *one, *other;
	unsigned int port, other_port;
	__u16 seed;
	const char *want;
} rows[] = {
	{ "128.232.110.120", "66.35.250.204", 34855, 80, 0, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=" },
	{ "128.232.110.120", "66.35.250.204", 34855, 80, 1, "1:3V71V58M3Ksw/yuFALMcW0LAHvc=" },
	{ "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25, 0,
	  "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=" },
};

static void set(__u8 addr[16], const char *text)
{
	memset(addr, 0, 16);
	if (inet_pton(AF_INET6, text, addr) == 1)
		return;
	addr[10] = addr[11] = 0xff;
	assert_int_equal(inet_pton(AF_INET, text, addr + 12), 1);
}

static void both_directions_have_the_id_of_the_specification(void **state)
{
	char id[HG_COMMUNITY_ID_SIZE];
	struct hg_event e = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set(e.key.lo_addr, rows[i].one);
		set(e.key.hi_addr, rows[i].other);
		e.key.lo_port = htons((__u16)rows[i].port);
		e.key.hi_port = htons((__u16)rows[i].other_port);
		for (__u8 lo = 0; lo < 2; lo++) {
			e.client_lo = lo;
			assert_string_equal(hg_community_id(&e, rows[i].seed, id), rows[i].want);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_have_the_id_of_the_specification),
	};

	return cmocka_run_group_tests_name("community_id", tests, NULL, NULL);
}
