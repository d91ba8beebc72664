/* SPDX-License-Identifier: BSD-2-Clause */
/* Where HTTP is served, and who is answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "http_guard.h"

static const struct {
	const char *text;
	bool good, none, loopback;
} places[] = {
	{ "none", true, true, false },
	{ "127.0.0.1:9813", true, false, true },
	{ "127.9.9.9:1", true, false, true },
	{ "[::1]:9813", true, false, true },
	{ "0.0.0.0:9813", true, false, false },
	{ "[::]:9813", true, false, false },
	{ "192.0.2.1:65535", true, false, false },
	{ "[::ffff:127.0.0.1]:80", true, false, false }, /* reached from elsewhere on some hosts */
	{ "::1:9813", false, false, false },
	{ "localhost:9813", false, false, false },
	{ "127.0.0.1", false, false, false },
	{ "127.0.0.1:", false, false, false },
	{ "127.0.0.1:0", false, false, false },
	{ "127.0.0.1:65536", false, false, false },
	{ "127.0.0.1:80x", false, false, false },
	{ "127.0.0.1:-1", false, false, false },
	{ ":9813", false, false, false },
	{ "", false, false, false },
};

static void places_are_read(void **state)
{
	char why[HG_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct hg_listen l = { 0 };
		bool good = !hg_listen_parse(places[i].text, &l, why);

		if (good != places[i].good)
			print_error("%s: ", places[i].text);
		assert_int_equal(good, places[i].good);
		assert_int_equal(l.none, places[i].none);
		assert_int_equal(l.loopback, places[i].loopback);
	}
}

static const struct {
	const char *certificate, *key, *token;
	bool on_loopback, beyond;
} takes[] = {
	{ NULL, NULL, NULL, true, false }, { NULL, NULL, "t", true, false },
	{ "c", "k", NULL, true, false },   { "c", "k", "t", true, true },
	{ "c", NULL, "t", false, false },  { NULL, "k", "t", false, false },
	{ NULL, "k", NULL, false, false },
};

static void beyond_the_loopback_is_tls_and_a_token(void **state)
{
	const struct hg_listen loopback = { .loopback = true }, beyond = { 0 };
	char why[HG_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(takes) / sizeof(takes[0]); i++) {
		struct hg_http_config c = { .listen = "there",
					    .certificate = takes[i].certificate,
					    .key = takes[i].key,
					    .token = takes[i].token };

		assert_int_equal(!hg_listen_check(&c, &loopback, why), takes[i].on_loopback);
		assert_int_equal(!hg_listen_check(&c, &beyond, why), takes[i].beyond);
	}
}

static const struct {
	const char *host;
	bool ours;
} hosts[] = {
	{ NULL, true },
	{ "localhost", true },
	{ "LocalHost:9813", true },
	{ "127.0.0.1", true },
	{ "127.0.0.1:1", true },
	{ "[::1]", true },
	{ "[::1]:9813", true },
	{ "gate.example", true },
	{ "Gate.Example:443", true },
	{ "192.0.2.1:9813", true }, /* where it was asked */
	{ "", false },
	{ "evil.example", false },
	{ "localhost.evil.example", false },
	{ "localhost:80.evil.example", false },
	{ "localhost:", true },
	{ "xlocalhost", false },
	{ "127.0.0.10", false },
	{ "127.0.0.1.evil.example", false },
	{ "192.0.2.10", false },
	{ "gate.example.evil.example", false },
	{ "gate.example@evil.example", false },
};

static void only_names_of_ours_are_answered(void **state)
{
	struct hg_http_config c = { .hosts = { "gate.example" }, .host_count = 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		bool ours = hg_host_is_ours(&c, hosts[i].host, "192.0.2.1");

		if (ours != hosts[i].ours)
			print_error("%s: ", hosts[i].host);
		assert_int_equal(ours, hosts[i].ours);
	}
	assert_false(hg_host_is_ours(&c, "192.0.2.1", NULL));
}

static void only_the_token_is_taken(void **state)
{
	struct hg_http_config c = { .token = "0123456789abcdef" }, open = { 0 };

	(void)state;
	assert_true(hg_token_is_ours(&c, "Bearer 0123456789abcdef"));
	assert_true(hg_token_is_ours(&c, "bearer 0123456789abcdef"));
	assert_false(hg_token_is_ours(&c, NULL));
	assert_false(hg_token_is_ours(&c, ""));
	assert_false(hg_token_is_ours(&c, "Bearer "));
	assert_false(hg_token_is_ours(&c, "Bearer 0123456789abcdeF"));
	assert_false(hg_token_is_ours(&c, "Bearer 0123456789abcde"));
	assert_false(hg_token_is_ours(&c, "Bearer 0123456789abcdef0"));
	assert_false(hg_token_is_ours(&c, "Basic 0123456789abcdef"));
	assert_false(hg_token_is_ours(&c, "0123456789abcdef"));
	assert_true(hg_token_is_ours(&open, NULL));
}

/* As browsers send it: base64 of user:password. */
static void the_token_may_be_a_password(void **state)
{
	static const struct {
		const char *value;
		bool ours;
	} rows[] = {
		{ "Basic YW55OjAxMjM0NTY3ODlhYmNkZWY=", true },	 /* any:0123456789abcdef */
		{ "basic OjAxMjM0NTY3ODlhYmNkZWY=", true },	 /* :0123456789abcdef */
		{ "Basic YToxMjM0NTY3ODlhYmNkZWY=", false },	 /* a:123456789abcdef */
		{ "Basic MDEyMzQ1Njc4OWFiY2RlZg==", false },	 /* 0123456789abcdef */
		{ "Basic YW55OjAxMjM0NTY3ODlhYmNkZWYw", false }, /* any:0123456789abcdef0 */
		{ "Basic YW55OjAxMjM0NTY3ODlhYmNkZWY", false },	 /* cut */
		{ "Basic !!!!", false },
		{ "Basic =", false },
		{ "Basic ====", false },
		{ "Basic ", false },
		{ "Bearer YW55OjAxMjM0NTY3ODlhYmNkZWY=", false },
	};
	struct hg_http_config c = { .token = "0123456789abcdef" };
	char long_one[4096] = "Basic ";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (hg_token_is_ours(&c, rows[i].value) != rows[i].ours)
			print_error("%s: ", rows[i].value);
		assert_int_equal(hg_token_is_ours(&c, rows[i].value), rows[i].ours);
	}
	memset(long_one + 6, 'A', sizeof(long_one) - 7);
	assert_false(hg_token_is_ours(&c, long_one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_read),
		cmocka_unit_test(beyond_the_loopback_is_tls_and_a_token),
		cmocka_unit_test(only_names_of_ours_are_answered),
		cmocka_unit_test(only_the_token_is_taken),
		cmocka_unit_test(the_token_may_be_a_password),
	};

	return cmocka_run_group_tests_name("http_guard", tests, NULL, NULL);
}
