/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, networks, ports, versions, durations and globs: what is taken, and as what. */
#include "test_policy.h"

#include <errno.h>

#include "policy_name.h"
#include "policy_values.h"

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static const struct {
	const char *text;
	const char *canonical; /* NULL: refused */
	int kind;
} names[] = {
	{ "example.com", "example.com", HG_NAME_EXACT },
	{ ".example.com", "example.com", HG_NAME_TREE },
	{ "*.example.com", "example.com", HG_NAME_BELOW },
	{ "WWW.Example.COM.", "www.example.com", HG_NAME_EXACT },
	{ ".EXAMPLE.com.", "example.com", HG_NAME_TREE },
	{ "localhost", "localhost", HG_NAME_EXACT },
	{ "_dmarc.ex-ample.com", "_dmarc.ex-ample.com", HG_NAME_EXACT },
	{ "192.0.2.1", "192.0.2.1", HG_NAME_EXACT },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example", HG_NAME_EXACT },
	{ "b\xc3\xbc"
	  "cher.example",
	  "xn--bcher-kva.example", HG_NAME_EXACT },
	{ "*.B\xc3\x9c"
	  "CHER.example.",
	  "xn--bcher-kva.example", HG_NAME_BELOW },
	{ "fa\xc3\x9f.de", "xn--fa-hia.de", HG_NAME_EXACT },
	{ L63 ".com", L63 ".com", HG_NAME_EXACT },
	{ L63 "." L63 "." L63 "." L63, NULL, 0 },
	{ L63 "h.com", NULL, 0 },
	{ "", NULL, 0 },
	{ ".", NULL, 0 },
	{ "*.", NULL, 0 },
	{ "*", NULL, 0 },
	{ "..com", NULL, 0 },
	{ "a..b", NULL, 0 },
	{ "a.b..", NULL, 0 },
	{ "a.*.b", NULL, 0 },
	{ "foo*.example.com", NULL, 0 },
	{ "https://example.com", NULL, 0 },
	{ "example.com:443", NULL, 0 },
	{ "a b.example", NULL, 0 },
	{ "a\xff.example", NULL, 0 },
	{ "a\xc3", NULL, 0 },
};

static void names_are_canonical(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct hg_arena arena = {};
		struct hg_name name = {};
		const char *why = NULL;
		char *text = hg_arena_text(&arena, names[i].text, strlen(names[i].text));
		int rc = hg_name_parse(&arena, text, strlen(text), &name, &why);

		if (!names[i].canonical) {
			if (rc != -1 || !why)
				fail_msg("\"%s\" was taken", names[i].text);
		} else if (rc || name.len != strlen(names[i].canonical) ||
			   memcmp(name.text, names[i].canonical, name.len) ||
			   name.kind != names[i].kind) {
			fail_msg("\"%s\" became \"%.*s\", kind %d (%s)", names[i].text, name.len,
				 name.text, name.kind, why ? why : "");
		}
		hg_arena_free(&arena);
	}
}

static void one_name_is_canonical(void **state)
{
	char out[HG_NAME_TEXT_MAX + 1];
	const char *why = NULL;

	(void)state;
	assert_int_equal(hg_name_canonical("B\xc3\xbc"
					   "cher.Example.",
					   16, out, &why),
			 21);
	assert_string_equal(out, "xn--bcher-kva.example");
	assert_int_equal(hg_name_canonical(".example", 8, out, &why), -1);
	assert_string_equal(why, "an empty label (two dots, or one in front)");
}

static const struct {
	const char *text;
	const char *back; /* NULL: refused */
	__u32 prefixlen;
} nets[] = {
	{ "192.0.2.0/24", "192.0.2.0/24", 120 },
	{ "192.0.2.1", "192.0.2.1", 128 },
	{ "192.0.2.1/32", "192.0.2.1", 128 },
	{ "0.0.0.0/0", "0.0.0.0/0", 96 },
	{ "2001:db8::/32", "2001:db8::/32", 32 },
	{ "2001:DB8::1", "2001:db8::1", 128 },
	{ "::/0", "::/0", 0 },
	{ "::ffff:192.0.2.0/120", "192.0.2.0/24", 120 },
	{ "300.0.0.0/8", NULL, 0 },
	{ "10.0.0.0/33", NULL, 0 },
	{ "10.0.0.0/", NULL, 0 },
	{ "10.0.0.0/8x", NULL, 0 },
	{ "10.0.0.0/-1", NULL, 0 },
	{ "10.0.0/8", NULL, 0 },
	{ "10.1.2.3/8", NULL, 0 },
	{ "2001:db8::1/32", NULL, 0 },
	{ "2001:db8::/129", NULL, 0 },
	{ "fe80::1%eth0", NULL, 0 },
	{ "example.com", NULL, 0 },
	{ "", NULL, 0 },
	{ "/8", NULL, 0 },
};

static void networks_are_mapped(void **state)
{
	char why[HG_WHY_MAX], back[64];

	(void)state;
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		struct hg_net_key net = {};
		int rc = hg_net_parse(nets[i].text, &net, why);

		if (!nets[i].back) {
			if (rc != -EINVAL)
				fail_msg("\"%s\" was taken", nets[i].text);
			continue;
		}
		if (rc)
			fail_msg("\"%s\" was refused: %s", nets[i].text, why);
		assert_int_equal(net.prefixlen, nets[i].prefixlen);
		assert_string_equal(hg_net_text(&net, back), nets[i].back);
	}
	assert_int_equal(hg_net_parse("10.1.2.3/8", &(struct hg_net_key){}, why), -EINVAL);
	assert_string_equal(why, "\"10.1.2.3/8\" has bits set beyond its prefix; did you mean "
				 "\"10.0.0.0/8\"?");
}

static const struct {
	const char *text;
	int first; /* 0: refused */
	int last;
} ports[] = {
	{ "443", 443, 443 },
	{ "1", 1, 1 },
	{ "65535", 65535, 65535 },
	{ "8000-8100", 8000, 8100 },
	{ "443-443", 443, 443 },
	{ "0", 0, 0 },
	{ "65536", 0, 0 },
	{ "70000", 0, 0 },
	{ "8100-8000", 0, 0 },
	{ "443-", 0, 0 },
	{ "-443", 0, 0 },
	{ "4 43", 0, 0 },
	{ "https", 0, 0 },
	{ "99999999999", 0, 0 },
	{ "", 0, 0 },
};

static void ports_are_ranges(void **state)
{
	char why[HG_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		struct hg_number_range range = {};
		int rc = hg_ports_parse(ports[i].text, &range, why);

		if (rc != (ports[i].first ? 0 : -EINVAL) || range.first != ports[i].first ||
		    range.last != ports[i].last)
			fail_msg("\"%s\" gave %d: %u-%u", ports[i].text, rc, range.first,
				 range.last);
	}
}

static const struct {
	const char *text;
	int lo; /* -1: refused */
	int hi;
} versions[] = {
	{ "1.2", HG_VERSION_tls1_2, HG_VERSION_tls1_2 },
	{ "=1.0", HG_VERSION_tls1_0, HG_VERSION_tls1_0 },
	{ "<1.2", HG_VERSION_ssl2, HG_VERSION_tls1_1 },
	{ "<= 1.2", HG_VERSION_ssl2, HG_VERSION_tls1_2 },
	{ ">1.2", HG_VERSION_tls1_3, HG_VERSION_tls1_3 },
	{ ">=ssl3", HG_VERSION_ssl3, HG_VERSION_tls1_3 },
	{ "<ssl2", -1, 0 },
	{ ">1.3", -1, 0 },
	{ "<1.7", -1, 0 },
	{ "1.4", -1, 0 },
	{ "=<1.2", -1, 0 },
	{ "<<1.2", -1, 0 },
	{ "<>1.2", -1, 0 },
	{ "<", -1, 0 },
	{ "", -1, 0 },
};

static void versions_compare(void **state)
{
	char why[HG_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct hg_version_range range = {};
		int rc = hg_versions_parse(versions[i].text, &range, why);

		if (versions[i].lo < 0
			    ? rc != -EINVAL
			    : (rc || range.lo != versions[i].lo || range.hi != versions[i].hi))
			fail_msg("\"%s\" gave %d: %u to %u", versions[i].text, rc, range.lo,
				 range.hi);
	}
}

static void durations_have_units(void **state)
{
	char why[HG_WHY_MAX];
	__u32 ms = 0;

	(void)state;
	assert_int_equal(hg_duration_parse("500ms", &ms, why), 0);
	assert_int_equal(ms, 500);
	assert_int_equal(hg_duration_parse("1s", &ms, why), 0);
	assert_int_equal(ms, 1000);
	assert_int_equal(hg_duration_parse("60m", &ms, why), 0);
	assert_int_equal(ms, 3600000);
	assert_int_equal(hg_duration_parse("61m", &ms, why), -EINVAL);
	assert_int_equal(hg_duration_parse("0s", &ms, why), -EINVAL);
	assert_int_equal(hg_duration_parse("1", &ms, why), -EINVAL);
	assert_int_equal(hg_duration_parse("s", &ms, why), -EINVAL);
	assert_int_equal(hg_duration_parse("1h", &ms, why), -EINVAL);
	assert_int_equal(ms, 3600000);
}

static const struct {
	const char *glob;
	const char *text;
	bool matches;
} globs[] = {
	{ "t13d190900_*", "t13d190900_aaaa_bbbb", true },
	{ "t13d190900_*", "t13d190901_aaaa_bbbb", false },
	{ "*", "", true },
	{ "*", "x", true },
	{ "", "", true },
	{ "", "x", false },
	{ "a", "a", true },
	{ "a", "ab", false },
	{ "?", "", false },
	{ "t1?d*_*_b", "t12d_x_a_b", true },
	{ "*a*b", "xaxbxb", true },
	{ "*a*b", "xaxbxc", false },
	{ "a*", "a", true },
	{ "*aab", "aaaaab", true },
	{ "**a**", "ba", true },
};

static void globs_match(void **state)
{
	char why[HG_WHY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++)
		if (hg_glob_matches(globs[i].glob, globs[i].text) != globs[i].matches)
			fail_msg("\"%s\" and \"%s\"", globs[i].glob, globs[i].text);
	assert_int_equal(hg_glob_check("t13d1?*_0a", why), 0);
	assert_int_equal(hg_glob_check("T13d", why), -EINVAL);
	assert_int_equal(hg_glob_check("[ab]", why), -EINVAL);
	assert_int_equal(hg_glob_check("", why), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_canonical), cmocka_unit_test(one_name_is_canonical),
		cmocka_unit_test(networks_are_mapped), cmocka_unit_test(ports_are_ranges),
		cmocka_unit_test(versions_compare),    cmocka_unit_test(durations_have_units),
		cmocka_unit_test(globs_match),
	};

	return cmocka_run_group_tests_name("policy values", tests, NULL, NULL);
}
