/* SPDX-License-Identifier: BSD-2-Clause */
/* What the page is shown of a handshake: no more than the privacy switch lets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <jansson.h>
#include <string.h>

#include "top_handshake.h"

#define NAME "www.hidden.shop.co.uk"

static struct hg_handshake handshake;
static struct hg_row row;
static struct hg_diagnosis diagnosis;
static struct hg_privacy privacy;
static struct hg_top_handshake top;

static void fill(const char *name, const char *client)
{
	for (int i = 0; i < HG_ROW_COUNT; i++)
		row.cells[i] = "-";
	row.cells[HG_ROW_NAME] = name;
	row.cells[HG_ROW_CLIENT] = client;
	row.cells[HG_ROW_SERVER] = "192.0.2.20:443";
	hg_top_handshake_fill(&top, &row, &handshake, &diagnosis, &privacy);
}

static void set_address(__u8 addr[16], const char *text)
{
	memset(addr + 10, 0xff, 2);
	inet_pton(AF_INET, text, addr + 12);
}

static int begin(void **state)
{
	(void)state;
	hg_privacy_init(&privacy);
	handshake = (struct hg_handshake){ 0 };
	set_address(handshake.facts.key.lo_addr, "192.0.2.20");
	set_address(handshake.facts.key.hi_addr, "192.0.2.77");
	return 0;
}

static void all_is_told_unless_something_is_hidden(void **state)
{
	(void)state;
	fill(NAME, "192.0.2.77:5000");
	assert_string_equal(top.name, NAME);
	assert_string_equal(top.client, "192.0.2.77:5000");
	assert_string_equal(top.server, "192.0.2.20:443");
}

static void names_are_coarser_or_hashed(void **state)
{
	(void)state;
	privacy.names = HG_NAMES_registrable;
	fill(NAME, "x");
	assert_string_equal(top.name, "shop.co.uk");
	fill("hidden", "x");
	assert_int_equal(strncmp(top.name, "h-", 2), 0);
	assert_null(strstr(top.name, "hidden"));
	fill("(no SNI)", "x");
	assert_string_equal(top.name, "(no SNI)");
	privacy.names = HG_NAMES_hashed;
	fill(NAME, "x");
	assert_int_equal(strlen(top.name), 34);
	assert_null(strstr(top.name, "hidden"));
}

static void addresses_are_networks_or_hashed(void **state)
{
	(void)state;
	privacy.addresses = HG_ADDRESSES_network;
	fill(NAME, "192.0.2.77:5000");
	assert_string_equal(top.address, "192.0.2.0");
	assert_int_equal(strncmp(top.client, "192.0.2.0:", 10), 0);
	assert_int_equal(strncmp(top.server, "192.0.2.0:", 10), 0);
	privacy.addresses = HG_ADDRESSES_hashed;
	fill("192.0.2.77", "192.0.2.77:5000");
	assert_int_equal(strncmp(top.client, "h-", 2), 0);
	assert_int_equal(strncmp(top.address, "h-", 2), 0);
	assert_int_equal(strncmp(top.name, "h-", 2), 0);
	fill(NAME, "192.0.2.77:5000");
	assert_string_equal(top.name, NAME);
}

static void strangers_do_not_break_the_json(void **state)
{
	struct hg_json j = { 0 };
	json_t *value;

	(void)state;
	fill("<b>\"\x1b\\", "x");
	hg_top_handshake_json(&j, &top, 5000000);
	value = json_loadb(j.text, j.len, 0, NULL);
	assert_non_null(value);
	assert_string_equal(json_string_value(json_object_get(value, "name")), "<b>\"\\x1b\\");
	assert_int_equal(json_integer_value(json_object_get(value, "time_ms")), 5);
	assert_null(json_object_get(value, "rule"));
	json_decref(value);
	hg_json_free(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_is_told_unless_something_is_hidden, begin),
		cmocka_unit_test_setup(names_are_coarser_or_hashed, begin),
		cmocka_unit_test_setup(addresses_are_networks_or_hashed, begin),
		cmocka_unit_test_setup(strangers_do_not_break_the_json, begin),
	};

	return cmocka_run_group_tests_name("top_handshake", tests, NULL, NULL);
}
