/* SPDX-License-Identifier: BSD-2-Clause */
/* Times as an operator types them, in a zone whose clock changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "time_span.h"

#define NS 1000000000ULL
#define NOW (1795350600ULL * NS + 5) /* 2026-11-22 13:30:00 +0100 */
#define MIDNIGHT 1795302000ULL	     /* that day's */

/* Central Europe's rules, whatever zones are installed: +1, and +2 from March to October. */
static int set_zone(void **state)
{
	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return 0;
}

static const struct {
	const char *text;
	uint64_t seconds, ns; /* both 0: refused */
} times[] = {
	{ "2026-11-22T12:30:00Z", 1795350600, 0 },
	{ "2026-11-22t12:30:00z", 1795350600, 0 },
	{ "2026-11-22 12:30:00Z", 1795350600, 0 },
	{ "2026-11-22T12:30Z", 1795350600, 0 },
	{ "2026-11-22T12:30:00.25Z", 1795350600, 250000000 },
	{ "2026-11-22T12:30:00.1234567899Z", 1795350600, 123456789 },
	{ "2026-11-22T12:30:00+00:00", 1795350600, 0 },
	{ "2026-11-22T14:30:00+02:00", 1795350600, 0 },
	{ "2026-11-22T07:00:00-05:30", 1795350600, 0 },
	{ "2026-11-22T12:30:00.123456+0000", 1795350600, 123456000 }, /* as EVE has it */
	{ "2026-11-22T13:30:00", 1795350600, 0 },
	{ "2026-07-01T14:00:00", 1782907200, 0 }, /* in summer */
	{ "2026-11-22", MIDNIGHT, 0 },
	{ "2024-02-29T00:00:00Z", 1709164800, 0 },
	{ "2000-02-29T00:00:00Z", 951782400, 0 },
	{ "1970-01-01T00:00:01Z", 1, 0 },
	{ "today", MIDNIGHT, 0 },
	{ "yesterday", MIDNIGHT - 86400, 0 },
	{ "09:12", MIDNIGHT + 33120, 0 },
	{ "09:12:30", MIDNIGHT + 33150, 0 },
	{ "09:12:30.5", MIDNIGHT + 33150, 500000000 },
	{ "23:59", MIDNIGHT + 86340, 0 },
	{ "@1700000000", 1700000000, 0 },
	{ "@1700000000.5", 1700000000, 500000000 },
	{ "", 0, 0 },
	{ "now", 0, 0 },
	{ "9:12", 0, 0 },
	{ "24:00", 0, 0 },
	{ "09:60", 0, 0 },
	{ "09:12:", 0, 0 },
	{ "09:12:61", 0, 0 },
	{ "09:12:30.", 0, 0 },
	{ "09:12Z", 0, 0 },
	{ "2026-11-22T", 0, 0 },
	{ "2026-11-22T12", 0, 0 },
	{ "2026-11-22T12:30:00Zx", 0, 0 },
	{ "2026-11-22T12:30:00+1", 0, 0 },
	{ "2026-11-22T12:30:00+01:0", 0, 0 },
	{ "2026-11-22T12:30:00+24:00", 0, 0 },
	{ "2026-11-22_12:30:00Z", 0, 0 },
	{ "2026-11-2", 0, 0 },
	{ "2026-13-01", 0, 0 },
	{ "2026-00-01", 0, 0 },
	{ "2026-11-31", 0, 0 },
	{ "2026-02-29", 0, 0 },
	{ "2100-02-29", 0, 0 },
	{ "1969-12-31", 0, 0 },
	{ "9999-12-31", 0, 0 },
	{ "1970-01-01T00:00:00+01:00", 0, 0 }, /* before 1970 */
	{ "@", 0, 0 },
	{ "@-1", 0, 0 },
	{ "@1700000000x", 0, 0 },
	{ "@17000000000", 0, 0 },
	{ "yesterday ", 0, 0 },
};

static void times_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint64_t want = times[i].seconds * NS + times[i].ns, ns = 0;
		bool read = hg_time_parse(times[i].text, NOW, &ns);

		if (read != (want != 0))
			fail_msg("\"%s\" is %s", times[i].text, read ? "taken" : "refused");
		if (ns != want)
			fail_msg("\"%s\" is %llu ns, want %llu", times[i].text,
				 (unsigned long long)ns, (unsigned long long)want);
	}
}

/* The day on which the clock is put back has 25 hours. */
static void a_day_may_have_25_hours(void **state)
{
	uint64_t now = 1792947600ULL * NS, ns; /* 2026-10-25 18:00:00 +0100 */

	(void)state;
	assert_true(hg_time_parse("today", now, &ns));
	assert_int_equal(ns / NS, 1792879200); /* 2026-10-25 00:00:00 +0200 */
	assert_true(hg_time_parse("09:00", now, &ns));
	assert_int_equal(ns / NS, 1792915200); /* 2026-10-25 09:00:00 +0100 */
}

static const struct {
	const char *text;
	uint64_t seconds; /* 0: refused */
} lengths[] = {
	{ "90s", 90 },
	{ "10m", 600 },
	{ "2h", 7200 },
	{ "1d", 86400 },
	{ "9999999999d", UINT64_MAX / NS / 86400 * 86400 },
	{ "", 0 },
	{ "10", 0 },
	{ "m", 0 },
	{ "0m", 0 },
	{ "-1m", 0 },
	{ "1.5h", 0 },
	{ "10ms", 0 },
	{ "10 m", 0 },
	{ "10w", 0 },
	{ "99999999999s", 0 },
};

static void lengths_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint64_t ns = 0;
		bool read = hg_time_length_parse(lengths[i].text, &ns);

		if (read != (lengths[i].seconds != 0) || ns != lengths[i].seconds * NS)
			fail_msg("\"%s\" is %llu ns", lengths[i].text, (unsigned long long)ns);
	}
}

#define FORMS "2026-11-22T09:12:00Z, 2026-11-22, 09:12, 09:12:30, today, yesterday or @1700000000"

static const struct {
	struct hg_time_span_text text;
	uint64_t from_ns, until_ns;
	const char *error;
} spans[] = {
	{ { NULL, NULL, NULL }, 0, UINT64_MAX, NULL },
	{ { "@100", NULL, NULL }, 100 * NS, UINT64_MAX, NULL },
	{ { NULL, "@100", NULL }, 0, 100 * NS, NULL },
	{ { "@100", "@200", NULL }, 100 * NS, 200 * NS, NULL },
	{ { NULL, NULL, "10m" }, NOW - 600 * NS, UINT64_MAX, NULL },
	{ { NULL, "@1000", "10m" }, 400 * NS, 1000 * NS, NULL },
	{ { NULL, "@1000", "1h" }, 0, 1000 * NS, NULL },
	{ { NULL, NULL, "9999999999d" }, 0, UINT64_MAX, NULL },
	{ { "noon", NULL, NULL }, 0, 0, "--since: 'noon' is not a time: " FORMS },
	{ { NULL, "noon", NULL }, 0, 0, "--until: 'noon' is not a time: " FORMS },
	{ { NULL, NULL, "10" }, 0, 0, "--last: '10' is not a length of time: 90s, 10m, 2h or 1d" },
	{ { "@1", NULL, "10m" },
	  0,
	  0,
	  "--last and --since both say where to begin: leave one out" },
	{ { "@200", "@200", NULL }, 0, 0, "--since is not before --until: nothing would be left" },
};

static void options_make_a_span(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		struct hg_time_span span = { 7, 7 };
		char error[256] = "";
		int r = hg_time_span_parse(&spans[i].text, NOW, &span, error, sizeof(error));

		if (spans[i].error) {
			assert_int_equal(r, -EINVAL);
			assert_string_equal(error, spans[i].error);
			assert_int_equal(span.from_ns, 7);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(span.from_ns, spans[i].from_ns);
		assert_int_equal(span.until_ns, spans[i].until_ns);
	}
}

static void a_span_holds_its_first_moment_and_not_its_end(void **state)
{
	struct hg_time_span span = { 100, 200 };

	(void)state;
	assert_false(hg_time_span_holds(&span, 99));
	assert_true(hg_time_span_holds(&span, 100));
	assert_true(hg_time_span_holds(&span, 199));
	assert_false(hg_time_span_holds(&span, 200));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(a_day_may_have_25_hours),
		cmocka_unit_test(lengths_are_read),
		cmocka_unit_test(options_make_a_span),
		cmocka_unit_test(a_span_holds_its_first_moment_and_not_its_end),
	};

	return cmocka_run_group_tests(tests, set_zone, NULL);
}
