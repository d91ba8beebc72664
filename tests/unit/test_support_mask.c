/* SPDX-License-Identifier: BSD-2-Clause */
/* What may leave the house of a policy, of a configuration, of JSON: the rest is hashed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "support_mask.h"

static struct hg_privacy privacy;

/* HASH stands for any hash in what is wanted. */
static const struct {
	enum hg_mask_of of;
	const char *yaml, *wanted;
} cases[] = {
	/* names, with what they hold below them; a comment is gone */
	{ HG_MASK_OF_POLICY, "sni: [a.example, .b.example, '*.c.example'] # d.example\n",
	  "sni:\n- HASH\n- .HASH\n- '*.HASH'\n" },
	{ HG_MASK_OF_POLICY, "src: [10.0.0.0/8, 2001:db8::1, 192.0.2.1]\n",
	  "src:\n- HASH/8\n- HASH\n- HASH\n" },
	/* words of the language, sets, what is none */
	{ HG_MASK_OF_POLICY, "mode: enforce\nversion_max: \"<1.2\"\nsni: none\nja4: [t13*]\n",
	  "mode: enforce\nversion_max: <1.2\nsni: none\nja4:\n- t13*\n" },
	{ HG_MASK_OF_POLICY, "match: {sni: \"@set\"}\n", "match:\n  sni: '@set'\n" },
	/* names of rules and sets, not those of tests; and not who they belong to */
	{ HG_MASK_OF_POLICY,
	  "sets: {mine: {names: [a.example], files: [/a/b]}}\nrules: [{name: one, owner: me}]\n"
	  "tests: [{name: prose, expect: {rule: one}}]\n",
	  "sets:\n  mine:\n    names:\n    - HASH\n    files:\n    - HASH\nrules:\n- name: one\n"
	  "  owner: HASH\ntests:\n- name: HASH\n  expect:\n    rule: one\n" },
	/* what nobody has said to be harmless */
	{ HG_MASK_OF_POLICY, "invented: word\n", "invented: HASH\n" },

	{ HG_MASK_OF_CONFIG, "interfaces: [eth0, {name: eth1, ports: '443'}]\n",
	  "interfaces:\n- eth0\n- name: eth1\n  ports: 443\n" },
	{ HG_MASK_OF_CONFIG, "http: {listen: 127.0.0.1:80, hosts: [a.example], socket: none}\n",
	  "http:\n  listen: 127.0.0.1:80\n  hosts:\n  - HASH\n  socket: none\n" },
	{ HG_MASK_OF_CONFIG, "http: {listen: '192.0.2.1:80', token: t, key: k, certificate: c}\n",
	  "http:\n  listen: HASH\n  token: (left out)\n  key: (left out)\n  certificate: HASH\n" },
	{ HG_MASK_OF_CONFIG, "privacy: {names: hashed, key: k}\n",
	  "privacy:\n  names: hashed\n  key: (left out)\n" },
};

/* Hashes become the word. */
static char *without_hashes(const char *text)
{
	char *out = calloc(1, strlen(text) + 1), *to = out;

	while (*text) {
		if (!strncmp(text, "h-", 2) && strspn(text + 2, "0123456789abcdef") == 32) {
			to = stpcpy(to, "HASH");
			text += 34;
		} else {
			*to++ = *text++;
		}
	}
	return out;
}

static char *masked(const struct hg_privacy *p, enum hg_mask_of of, const char *yaml, int *r)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	*r = hg_mask_yaml(p, of, yaml, strlen(yaml), out);
	fclose(out);
	return text;
}

static void what_is_not_known_to_be_harmless_is_hashed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r;
		char *text = masked(&privacy, cases[i].of, cases[i].yaml, &r);
		char *plain = without_hashes(text);

		assert_int_equal(r, HG_OK);
		assert_string_equal(plain, cases[i].wanted);
		free(plain);
		free(text);
	}
}

static void secrets_are_left_out_in_full(void **state)
{
	int r;
	char *text =
		masked(NULL, HG_MASK_OF_CONFIG, "http: {token: t, hosts: [a\\b.example]}\n", &r);

	(void)state;
	assert_int_equal(r, HG_OK);
	assert_string_equal(text, "http:\n  token: (left out)\n  hosts:\n  - a\\b.example\n");
	free(text);
}

static void what_is_no_yaml_is_not_quoted(void **state)
{
	int r;
	char *text = masked(&privacy, HG_MASK_OF_CONFIG, "a: [secret\n", &r);

	(void)state;
	assert_int_equal(r, HG_INVALID);
	assert_string_equal(text, "");
	free(text);
}

/* A name has the hash that it has in events. */
static void a_name_is_known_again(void **state)
{
	struct hg_json j = { 0 };
	char wanted[192], hash[64];
	int r;
	char *text =
		masked(&privacy, HG_MASK_OF_POLICY, "sni: [Shop.Example, .shop.example]\n", &r);

	(void)state;
	hg_privacy_put_name(&j, &privacy, "shop.example", 12);
	snprintf(hash, sizeof(hash), "%.*s", (int)j.len - 2, j.text + 1);
	snprintf(wanted, sizeof(wanted), "sni:\n- %s\n- .%s\n", hash, hash);
	assert_string_equal(text, wanted);
	hg_json_free(&j);
	free(text);
}

static void json_loses_paths_and_users(void **state)
{
	static const char json[] =
		"{\"path\":\"/a\",\"of\":[{\"user\":\"me\",\"rule\":\"r\"}],\"n\":1}";
	size_t len;
	char *text = hg_mask_json(&privacy, json, sizeof(json) - 1, &len);
	char *plain = without_hashes(text);

	(void)state;
	assert_int_equal(len, strlen(text));
	assert_string_equal(plain,
			    "{\n \"path\": \"HASH\",\n \"of\": [\n  {\n   \"user\": \"HASH\",\n"
			    "   \"rule\": \"r\"\n  }\n ],\n \"n\": 1\n}");
	free(plain);
	free(text);
	assert_null(hg_mask_json(&privacy, "{\"path\":", 8, &len));
}

static int set_up(void **state)
{
	(void)state;
	hg_privacy_init(&privacy);
	privacy.names = HG_NAMES_hashed;
	privacy.addresses = HG_ADDRESSES_hashed;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_known_to_be_harmless_is_hashed),
		cmocka_unit_test(secrets_are_left_out_in_full),
		cmocka_unit_test(what_is_no_yaml_is_not_quoted),
		cmocka_unit_test(a_name_is_known_again),
		cmocka_unit_test(json_loses_paths_and_users),
	};

	return cmocka_run_group_tests_name("support_mask", tests, set_up, NULL);
}
