/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of names and networks: what a line means, and where one is wrong. */
#include "test_policy.h"

#include "policy_list.h"
#include "policy_tests.h"

/* Run from the top of the tree, as `make test` does, or told where. */
static const char *sample(const char *name)
{
	static char path[512];
	const char *dir = getenv("HG_SAMPLES");

	snprintf(path, sizeof(path), "%s/policy/%s", dir ? dir : "tests/samples", name);
	return path;
}

static void say_failed(const struct hg_test_result *result, void *arg)
{
	(void)arg;
	if (!result->passed)
		print_error("failed: %s\n", result->test->name);
}

static void sets_are_read_beside_the_policy(void **state)
{
	struct hg_diagnostics d = {};
	struct hg_policy_model *m = NULL;
	struct hg_compiled *c = NULL;

	(void)state;
	if (hg_policy_parse(sample("sets.yaml"), &d, &m))
		hg_diagnostics_print(&d, stderr);
	assert_non_null(m);
	assert_int_equal(d.count, 0);
	assert_int_equal(hg_policy_model_set(m, "registered")->names.count, 6);
	assert_int_equal(hg_policy_model_set(m, "offices")->nets.count, 3);
	assert_int_equal(hg_policy_compile(m, &d, &c), HG_OK);
	assert_int_equal(m->test_count, 8);
	assert_int_equal(hg_policy_run_tests(m, c, say_failed, NULL), 0);
	hg_compiled_free(c);
	hg_policy_model_free(m);
	hg_diagnostics_free(&d);
}

struct outcomes {
	char text[16];
	int count;
};

static void note_outcome(const struct hg_test_result *result, void *arg)
{
	struct outcomes *o = arg;

	o->text[o->count++] = result->passed ? '.' : 'F';
}

static void inline_tests_fail_by_what_they_expect(void **state)
{
	struct hg_policy_model *m = policy_model_of(
		"version: 1\nrules:\n  - {name: r, match: {sni: a.example}, action: reset}\n"
		"tests:\n"
		"  - {name: good, flow: {sni: a.example}, expect: {action: reset, rule: r, mode: "
		"monitor}}\n"
		"  - {name: action, flow: {sni: a.example}, expect: {action: drop}}\n"
		"  - {name: rule, flow: {sni: a.example}, expect: {rule: default}}\n"
		"  - {name: mode, flow: {sni: a.example}, expect: {mode: enforce}}\n"
		"  - {name: default, flow: {sni: b.example}, expect: {action: allow, rule: "
		"default}}\n");
	struct hg_diagnostics d = {};
	struct hg_compiled *c = NULL;
	struct outcomes o = { .count = 0 };

	(void)state;
	assert_int_equal(hg_policy_compile(m, &d, &c), HG_OK);
	assert_int_equal(hg_policy_run_tests(m, c, note_outcome, &o), 3);
	assert_string_equal(o.text, ".FFF.");
	hg_compiled_free(c);
	hg_policy_model_free(m);
	hg_diagnostics_free(&d);
}

static const char *const bad_lines[] = {
	"bad_files.yaml:4:48: error: cannot read",
	"bad_names.txt:2:1: error: \"bad..example\" is not a name: an empty label (two dots, or "
	"one in front)",
	"bad_names.txt:3:7: error: one entry a line, and # before a comment",
	"bad_names.txt:4:1: error: \"*.foo.*.example\" is not a name: a wildcard stands only in "
	"front, as *.example.com",
	"bad_names.txt:5:1: error: \"http://x.example\" is not a name: a name has no scheme, port "
	"or path",
	"bad_nets.txt:2:1: error: \"10.0.0.1/8\" has bits set beyond its prefix; did you mean "
	"\"10.0.0.0/8\"?",
	"bad_nets.txt:3:1: error: \"net\" is not a network",
};

static void bad_lines_are_told(void **state)
{
	struct hg_diagnostics d = {};
	struct hg_policy_model *m = NULL;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(hg_policy_parse(sample("bad_files.yaml"), &d, &m), HG_INVALID);
	hg_diagnostics_print(&d, out);
	fclose(out);
	assert_int_equal(d.errors, sizeof(bad_lines) / sizeof(bad_lines[0]));
	for (size_t i = 0; i < sizeof(bad_lines) / sizeof(bad_lines[0]); i++)
		if (!strstr(text, bad_lines[i]))
			fail_msg("not told: %s\ntold:\n%s", bad_lines[i], text);
	free(text);
	hg_diagnostics_free(&d);
}

static void many_bad_lines_are_counted(void **state)
{
	struct hg_arena arena = {};
	struct hg_diagnostics d = {};
	struct hg_set set = { .kind = HG_SET_DOMAINS };
	char text[4 * 100 + 1];

	(void)state;
	for (int i = 0; i < 100; i++)
		memcpy(text + 4 * i, "a..\n", 5);
	hg_list_read(&arena, &d, &set, &hg_list_plain_domains, "many.txt", text, 400);
	assert_int_equal(d.errors, 21);
	assert_string_equal(d.items[19].place.file, "many.txt");
	assert_int_equal(d.items[19].place.line, 20);
	assert_string_equal(d.items[20].text, "and 80 more lines that are wrong");
	assert_int_equal(d.items[20].place.line, 21);
	hg_diagnostics_free(&d);
	hg_arena_free(&arena);
}

static void a_file_that_is_none_is_told(void **state)
{
	struct hg_diagnostics d = {};
	struct hg_policy_model *m = NULL;

	(void)state;
	assert_int_equal(hg_policy_parse("/nowhere/p.yaml", &d, &m), HG_INVALID);
	assert_string_equal(d.items[0].text, "cannot be read: No such file or directory");
	assert_int_equal(d.items[0].place.line, 0);
	assert_int_equal(hg_policy_parse("/", &d, &m), HG_INVALID);
	assert_string_equal(d.items[1].text, "cannot be read: Is a directory");
	hg_diagnostics_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_are_read_beside_the_policy),
		cmocka_unit_test(inline_tests_fail_by_what_they_expect),
		cmocka_unit_test(bad_lines_are_told),
		cmocka_unit_test(many_bad_lines_are_counted),
		cmocka_unit_test(a_file_that_is_none_is_told),
	};

	return cmocka_run_group_tests_name("policy lists", tests, NULL, NULL);
}
