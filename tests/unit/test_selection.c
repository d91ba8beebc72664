/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of EVE that a command's options select. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "say.h"
#include "selection.h"

static const struct hg_command command = { .name = "read" };

/* At 2026-11-21T16:30:03Z, which is @1795278603. */
static const char line[] =
	"{\"timestamp\":\"2026-11-21T16:30:03.500000+0000\",\"dest_port\":443}\n";

static const struct {
	struct hg_selection_text text;
	bool all, takes;
} rows[] = {
	{ { NULL, { NULL, NULL, NULL } }, true, true },
	{ { "port==443", { NULL, NULL, NULL } }, false, true },
	{ { "port==444", { NULL, NULL, NULL } }, false, false },
	{ { NULL, { "@1795278603.5", NULL, NULL } }, false, true },
	{ { NULL, { "@1795278603.6", NULL, NULL } }, false, false },
	{ { NULL, { NULL, "@1795278603.6", NULL } }, false, true },
	{ { NULL, { NULL, "@1795278603.5", NULL } }, false, false },
	{ { NULL, { NULL, "@1795278604", "1s" } }, false, true },
	{ { NULL, { NULL, "@1795278605", "1s" } }, false, false },
	{ { "port==443", { "@1795278604", NULL, NULL } }, false, false },
	{ { "port==444", { "@1795278603", NULL, NULL } }, false, false },
};

static void filter_and_span_select(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hg_selection selection;

		assert_int_equal(hg_selection_open(&command, &rows[i].text, &selection), HG_OK);
		if (selection.all != rows[i].all)
			fail_msg("row %zu: all is %d", i, selection.all);
		if (hg_selection_takes(&selection, line, strlen(line)) != rows[i].takes)
			fail_msg("row %zu: the line is %s", i,
				 rows[i].takes ? "left out" : "taken");
		hg_selection_close(&selection);
	}
}

/* An event `ago` seconds before now, against --last 1h. */
static bool last_hour_takes(const struct hg_selection *selection, time_t ago)
{
	time_t seconds = time(NULL) - ago;
	char event[128];
	size_t len = strftime(event, sizeof(event),
			      "{\"timestamp\":\"%Y-%m-%dT%H:%M:%S.000000+0000\"}",
			      gmtime(&seconds));

	return hg_selection_takes(selection, event, len);
}

static void the_last_hour_is_before_now_and_goes_on(void **state)
{
	struct hg_selection_text text = { NULL, { NULL, NULL, "1h" } };
	struct hg_selection selection;

	(void)state;
	assert_int_equal(hg_selection_open(&command, &text, &selection), HG_OK);
	assert_false(last_hour_takes(&selection, 86400));
	assert_true(last_hour_takes(&selection, 1800));
	assert_true(last_hour_takes(&selection, -86400));
	hg_selection_close(&selection);
}

static void what_cannot_be_judged_is_not_lost(void **state)
{
	struct hg_selection_text text = { "port==444", { NULL, NULL, NULL } };
	struct hg_selection selection;

	(void)state;
	assert_int_equal(hg_selection_open(&command, &text, &selection), HG_OK);
	assert_true(hg_selection_takes(&selection, NULL, 0));
	hg_selection_close(&selection);
}

static void bad_options_are_usage_errors(void **state)
{
	struct hg_selection_text texts[] = {
		{ "prt==444", { NULL, NULL, NULL } },
		{ NULL, { "noon", NULL, NULL } },
		{ "port==443", { NULL, NULL, "soon" } },
	};
	struct hg_selection selection = { .filter = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(hg_selection_open(&command, &texts[i], &selection), HG_USAGE);
	hg_selection_close(&selection);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_and_span_select),
		cmocka_unit_test(the_last_hour_is_before_now_and_goes_on),
		cmocka_unit_test(what_cannot_be_judged_is_not_lost),
		cmocka_unit_test(bad_options_are_usage_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
