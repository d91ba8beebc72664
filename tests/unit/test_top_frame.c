/* SPDX-License-Identifier: BSD-2-Clause */
/* Rates between two snapshots, rows in order, a view that follows its row, and JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top_frame.h"
#include "top_text.h"
#include "top_view.h"

/* ---- rates ---- */

static void rates_are_differences(void **state)
{
	static struct hg_snapshot before, now;
	struct hg_top_rates r;

	(void)state;
	before.taken_ns = 10 * HG_SECOND;
	before.total.hellos_tcp.tls1_3 = 100;
	before.total.handshakes.failed = 5;
	before.total.packets.passed = 1000;
	before.total.events_lost = 3;
	now = before;
	now.taken_ns = 14 * HG_SECOND;
	now.total.hellos_tcp.tls1_3 = 140;
	now.total.hellos_quic.tls1_3 = 4;
	now.total.handshakes.failed = 15;
	now.total.handshakes.established = 30;
	now.total.packets.passed = 1400;
	now.total.resets.both = 2;
	now.total.coverage.single_segment = 9;
	now.total.coverage.malformed = 1;
	now.run.lost_socket = 7;
	r = hg_top_rates_between(&before, &now);
	assert_true(r.seconds == 4);
	assert_int_equal(r.hellos, 44);
	assert_true(hg_top_rate((double)r.hellos, r.seconds) == 11);
	assert_int_equal(r.handshakes[HG_OUTCOME_failed], 10);
	assert_int_equal(hg_top_rates_ended(&r), 40);
	assert_int_equal(r.packets, 400);
	assert_int_equal(r.resets, 2);
	assert_int_equal(r.covered, 9);
	assert_int_equal(r.to_cover, 10);
	assert_int_equal(r.lost_ring, 0);
	assert_int_equal(r.lost_socket, 7);
}

static void what_has_no_past_has_no_rate(void **state)
{
	static struct hg_snapshot now = { .taken_ns = HG_SECOND };
	struct hg_top_rates r;

	(void)state;
	now.total.hellos_tcp.tls1_3 = 140;
	r = hg_top_rates_between(NULL, &now);
	assert_true(r.seconds == 0);
	assert_int_equal(r.hellos, 0);
	assert_true(hg_top_rate(5, r.seconds) == 0);
	r = hg_top_rates_between(&now, &now);
	assert_true(r.seconds == 0);
}

/* Maps that were made anew: never a number as large as the world. */
static void counters_that_went_back_begin_at_zero(void **state)
{
	static struct hg_snapshot before = { .taken_ns = HG_SECOND },
				  now = { .taken_ns = 2 * HG_SECOND };

	(void)state;
	before.total.packets.passed = 1000;
	now.total.packets.passed = 7;
	assert_int_equal(hg_top_rates_between(&before, &now).packets, 7);
}

/* ---- numbers ---- */

static void numbers_fit_their_columns(void **state)
{
	static const struct {
		double value;
		const char *real, *number;
	} rows[] = {
		{ 0, "0", "0" },
		{ 1.5, "1.5", "1" },
		{ 99.9, "99.9", "99" },
		{ 99.97, "100", "99" },
		{ 1234, "1234", "1234" },
		{ 9999.4, "9999", "9999" },
		{ 10000, "10.0k", "10000" },
		{ 99999, "100k", "99999" },
		{ 123456, "123k", "123k" },
		{ 999600, "1.0M", "1.0M" },
		{ 1.2e9, "1.2G", "1.2G" },
		{ 1.8e19, "18000000T", "18000000T" },
	};
	char text[HG_TOP_NUMBER_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(hg_top_real(rows[i].value, text), rows[i].real);
		assert_string_equal(hg_top_number((__u64)rows[i].value, text), rows[i].number);
	}
	assert_string_equal(hg_top_percent(-1, text), "-");
	assert_string_equal(hg_top_percent(0.125, text), "12.5%");
	assert_string_equal(hg_top_percent(0.9999, text), "100%");
}

/* ---- frames ---- */

static struct hg_top_frame *frame(void)
{
	static const struct hg_top_row rows[] = {
		{ .key = "b.example",
		  .counts = { .handshakes = 10, .established = 9, .failed = 1 },
		  .causes = { { HG_CAUSE_timeout, 1 } },
		  .cause_count = 1 },
		{ .key = "a.example",
		  .counts = { .handshakes = 4, .failed = 4 },
		  .causes = { { HG_CAUSE_alpn_mismatch, 3 }, { HG_CAUSE_timeout, 1 } },
		  .cause_count = 2 },
		{ .key = "c.example", .counts = { .handshakes = 20, .established = 20 } },
		{ .key = "d.example", .counts = { .handshakes = 2, .resets = 2 } },
	};
	struct hg_top_frame *f = calloc(1, sizeof(*f));
	struct hg_top_table *t;

	assert_non_null(f);
	t = &f->tables[HG_TOP_NAMES];
	f->s = calloc(1, sizeof(*f->s));
	assert_non_null(f->s);
	f->s->attached = 1;
	f->span = 10;
	f->window_ns = 60 * HG_SECOND;
	t->rows = malloc(sizeof(rows));
	assert_non_null(t->rows);
	memcpy(t->rows, rows, sizeof(rows));
	t->count = sizeof(rows) / sizeof(rows[0]);
	return f;
}

/* First letters of the names, in their order. */
static const char *order(struct hg_top_frame *f, enum hg_top_column by, bool reverse)
{
	static char letters[8];

	hg_top_frame_sort(f, HG_TOP_NAMES, by, reverse);
	for (size_t i = 0; i < f->tables[HG_TOP_NAMES].count; i++)
		letters[i] = *f->tables[HG_TOP_NAMES].rows[i].key;
	return letters;
}

static void rows_are_sorted_by_each_column(void **state)
{
	struct hg_top_frame *f = frame();

	(void)state;
	assert_string_equal(order(f, HG_TOP_BY_RATE, false), "cbad");
	assert_string_equal(order(f, HG_TOP_BY_HANDSHAKES, true), "dabc");
	assert_string_equal(order(f, HG_TOP_BY_FAILED, false), "abcd");
	assert_string_equal(order(f, HG_TOP_BY_SHARE, false), "abcd");
	assert_string_equal(order(f, HG_TOP_BY_RESETS, false), "dcba");
	assert_string_equal(order(f, HG_TOP_BY_CAUSE, false), "cdab");
	assert_string_equal(order(f, HG_TOP_BY_KEY, false), "abcd");
	assert_string_equal(order(f, HG_TOP_BY_KEY, true), "dcba");
	hg_top_frame_free(f);
}

static void shares_are_of_what_is_known(void **state)
{
	struct hg_top_frame *f = frame();
	struct hg_top_row *rows = f->tables[HG_TOP_NAMES].rows;

	(void)state;
	assert_true(hg_top_row_share(f, HG_TOP_NAMES, &rows[0]) == 0.1);
	assert_true(hg_top_row_share(f, HG_TOP_NAMES, &rows[1]) == 1);
	assert_true(hg_top_row_share(f, HG_TOP_NAMES, &rows[2]) == 0);
	assert_true(hg_top_row_share(f, HG_TOP_NAMES, &rows[3]) < 0);
	assert_true(hg_top_row_rate(f, &rows[0]) == 1);
	f->total.failed = 6;
	f->total.resets = 2;
	assert_true(hg_top_row_share(f, HG_TOP_CAUSES, &rows[3]) == 0.25);
	hg_top_frame_free(f);
}

static void json_has_the_rows_that_are_asked_for(void **state)
{
	struct hg_top_frame *f = frame();
	struct hg_json j = { 0 };
	json_t *root, *names, *row;

	(void)state;
	hg_top_frame_sort(f, HG_TOP_NAMES, HG_TOP_BY_FAILED, false);
	hg_top_frame_json(&j, f, 2);
	assert_false(j.failed);
	root = json_loadb(j.text, j.len, 0, NULL);
	assert_non_null(root);
	names = json_object_get(root, "names");
	assert_int_equal(json_integer_value(json_object_get(names, "count")), 4);
	assert_int_equal(json_array_size(json_object_get(names, "rows")), 2);
	row = json_array_get(json_object_get(names, "rows"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "name")), "a.example");
	assert_int_equal(json_integer_value(
				 json_object_get(json_object_get(row, "causes"), "alpn_mismatch")),
			 3);
	assert_true(json_is_null(json_object_get(root, "policy")));
	json_decref(root);
	hg_json_free(&j);
	hg_top_frame_free(f);
}

/* ---- the head ---- */

/* The text of the first line with that in it; "": there is none, or it is no alarm. */
static const char *alarm_of(const struct hg_top_frame *f, const char *part)
{
	static struct hg_top_line lines[HG_TOP_LINES_MAX];
	unsigned int count = hg_top_head(f, lines);

	assert_true(count <= HG_TOP_LINES_MAX);
	for (unsigned int i = 0; i < count; i++)
		if (strstr(lines[i].text, part) && lines[i].alarm)
			return lines[i].text;
	return "";
}

static void what_is_wrong_is_in_the_head(void **state)
{
	struct hg_top_frame *f = frame();

	(void)state;
	assert_string_equal(alarm_of(f, ""), "");
	f->since.lost_ring = 7;
	f->since.lost_socket = 123456;
	assert_string_equal(alarm_of(f, "LOST"),
			    "LOST  events: 7 in the ring, 123k on the way to readers, 0 in run");
	f->since.lost_ring = f->since.lost_socket = 0;
	f->tables[HG_TOP_CLIENTS].forgotten = (struct hg_top_forgotten){ 3, 5 };
	assert_string_equal(alarm_of(f, "LOST"),
			    "LOST  clients: 3 rows made room for others, with 5 handshakes");
	f->events = HG_TOP_RUN_GONE;
	assert_string_equal(alarm_of(f, "run has gone"),
			    "WARN  run has gone away: the lists wait for it; rates go on");
	f->s->attached = 0;
	assert_true(*alarm_of(f, "FAIL  nothing is attached any more"));
	hg_top_frame_free(f);
}

static void the_worst_findings_come_first(void **state)
{
	static const enum hg_health_level levels[] = { HG_HEALTH_WARN, HG_HEALTH_WARN,
						       HG_HEALTH_WARN, HG_HEALTH_WARN,
						       HG_HEALTH_WARN, HG_HEALTH_FAIL };
	const unsigned int count = sizeof(levels) / sizeof(levels[0]);
	struct hg_top_frame *f = frame();

	(void)state;
	f->health = calloc(count, sizeof(*f->health));
	assert_non_null(f->health);
	f->health_count = count;
	for (unsigned int i = 0; i < count; i++) {
		f->health[i].level = levels[i];
		snprintf(f->health[i].what, sizeof(f->health[i].what), "part %u", i);
		snprintf(f->health[i].text, sizeof(f->health[i].text), "is not well");
	}
	assert_string_equal(alarm_of(f, ""), "FAIL  part 5: is not well");
	assert_string_equal(alarm_of(f, "part 2"), "WARN  part 2: is not well");
	assert_string_equal(alarm_of(f, "part 3"), "");
	assert_string_equal(alarm_of(f, "more"), "WARN  2 more: hellogate status");
	hg_top_frame_free(f);
}

/* ---- the view ---- */

static const char *bar(const struct hg_top_view *v)
{
	const struct hg_top_row *r = hg_top_view_row(v);

	return r ? r->key : "none";
}

static void the_bar_stays_with_its_row(void **state)
{
	struct hg_top_view v = { .sort = HG_TOP_BY_KEY };
	struct hg_top_frame *f;

	(void)state;
	hg_top_view_take(&v, frame());
	assert_string_equal(bar(&v), "a.example");
	hg_top_view_move(&v, 2);
	assert_string_equal(bar(&v), "c.example");
	v.reverse = true;
	hg_top_view_arrange(&v);
	assert_string_equal(bar(&v), "c.example");
	assert_int_equal(v.at, 1);
	hg_top_view_move(&v, 100);
	assert_string_equal(bar(&v), "a.example");
	hg_top_view_move(&v, -100);
	assert_string_equal(bar(&v), "d.example");
	f = frame();
	f->tables[HG_TOP_NAMES].count = 3; /* d.example is gone: its place stays */
	hg_top_view_take(&v, f);
	assert_string_equal(bar(&v), "c.example");
	hg_top_view_list(&v, HG_TOP_RULES);
	assert_string_equal(bar(&v), "none");
	hg_top_view_free(&v);
}

/* What is read about one row must not turn into another's. */
static void a_page_is_of_one_row(void **state)
{
	struct hg_top_view v = { .sort = HG_TOP_BY_KEY, .reverse = true };
	struct hg_top_frame *f;

	(void)state;
	hg_top_view_take(&v, frame());
	v.page = HG_TOP_PAGE_DETAIL;
	assert_string_equal(bar(&v), "d.example");
	f = frame();
	f->tables[HG_TOP_NAMES].count = 3;
	hg_top_view_take(&v, f);
	assert_string_equal(bar(&v), "none");
	hg_top_view_take(&v, frame());
	assert_string_equal(bar(&v), "d.example");
	hg_top_view_free(&v);
}

static void a_text_narrows_the_view(void **state)
{
	struct hg_top_view v = { .sort = HG_TOP_BY_KEY, .text = "B.EX" };

	(void)state;
	hg_top_view_take(&v, frame());
	assert_int_equal(v.count, 1);
	assert_string_equal(bar(&v), "b.example");
	snprintf(v.text, sizeof(v.text), "nobody");
	hg_top_view_arrange(&v);
	assert_int_equal(v.count, 0);
	assert_string_equal(bar(&v), "none");
	hg_top_view_free(&v);
	assert_true(hg_top_is_expression("sni==*.example.com"));
	assert_true(hg_top_is_expression("not (outcome==failed)"));
	assert_false(hg_top_is_expression("www.example.com"));
	assert_false(hg_top_is_expression("2001:db8::1"));
}

static void a_pause_keeps_the_frame(void **state)
{
	struct hg_top_view v = { .paused = true };
	struct hg_top_frame *first = frame(), *second = frame();

	(void)state;
	hg_top_view_take(&v, first); /* there must be something to look at */
	assert_ptr_equal(v.frame, first);
	hg_top_view_take(&v, second);
	assert_ptr_equal(v.frame, first);
	v.paused = false;
	second = frame();
	hg_top_view_take(&v, second);
	assert_ptr_equal(v.frame, second);
	hg_top_view_free(&v);
}

static void the_bar_is_on_the_screen(void **state)
{
	struct hg_top_view v = { .sort = HG_TOP_BY_KEY };

	(void)state;
	hg_top_view_take(&v, frame());
	hg_top_view_move(&v, 3);
	hg_top_view_scroll(&v, 2);
	assert_int_equal(v.first, 2);
	hg_top_view_move(&v, -3);
	hg_top_view_scroll(&v, 2);
	assert_int_equal(v.first, 0);
	hg_top_view_move(&v, 3);
	hg_top_view_scroll(&v, 2);
	hg_top_view_scroll(&v, 3); /* a larger screen has no empty lines */
	assert_int_equal(v.first, 1);
	hg_top_view_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_differences),
		cmocka_unit_test(what_has_no_past_has_no_rate),
		cmocka_unit_test(counters_that_went_back_begin_at_zero),
		cmocka_unit_test(numbers_fit_their_columns),
		cmocka_unit_test(rows_are_sorted_by_each_column),
		cmocka_unit_test(shares_are_of_what_is_known),
		cmocka_unit_test(json_has_the_rows_that_are_asked_for),
		cmocka_unit_test(what_is_wrong_is_in_the_head),
		cmocka_unit_test(the_worst_findings_come_first),
		cmocka_unit_test(the_bar_stays_with_its_row),
		cmocka_unit_test(a_page_is_of_one_row),
		cmocka_unit_test(a_text_narrows_the_view),
		cmocka_unit_test(a_pause_keeps_the_frame),
		cmocka_unit_test(the_bar_is_on_the_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
