/* SPDX-License-Identifier: BSD-2-Clause */
/* What ended lately, in a window that slides: counts, causes, what is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "top_tables.h"

#define WINDOW (60 * HG_SECOND) /* slots of two seconds */
#define START (1000 * HG_SECOND)

static struct hg_top_tables *tables;

static int begin(void **state)
{
	(void)state;
	tables = hg_top_tables_new(WINDOW, START);
	return tables ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	hg_top_tables_free(tables);
	return 0;
}

static struct hg_top_handshake handshake(__u64 at_ns, const char *name, enum hg_outcome outcome,
					 enum hg_cause cause)
{
	struct hg_top_handshake h = { .ended_ns = at_ns,
				      .outcome = (__u8)outcome,
				      .cause = (__u8)cause,
				      .address = "192.0.2.1",
				      .client = "192.0.2.1:1000",
				      .rule = "default",
				      .ja4 = "t13d" };

	snprintf(h.name, sizeof(h.name), "%s", name);
	return h;
}

static void add(__u64 at_ns, const char *name, enum hg_outcome outcome, enum hg_cause cause)
{
	struct hg_top_handshake h = handshake(at_ns, name, outcome, cause);

	hg_top_tables_add(tables, &h);
}

/* The row of that key; one without counts where there is none. */
static struct hg_top_row row(enum hg_top_list list, const char *key)
{
	struct hg_top_row *rows, found = { 0 };
	size_t count;

	assert_true(hg_top_tables_rows(tables, list, &rows, &count));
	for (size_t i = 0; i < count; i++)
		if (!strcmp(rows[i].key, key))
			found = rows[i];
	free(rows);
	return found;
}

static size_t rows_of(enum hg_top_list list)
{
	struct hg_top_row *rows;
	size_t count;

	assert_true(hg_top_tables_rows(tables, list, &rows, &count));
	free(rows);
	return count;
}

static void each_list_has_its_row(void **state)
{
	(void)state;
	add(START, "a.example", HG_OUTCOME_established, HG_CAUSE_none);
	add(START, "a.example", HG_OUTCOME_failed, HG_CAUSE_certificate_expired);
	add(START, "b.example", HG_OUTCOME_reset, HG_CAUSE_policy_reset);
	add(START, "b.example", HG_OUTCOME_dropped, HG_CAUSE_policy_drop);
	add(START, "b.example", HG_OUTCOME_unknown, HG_CAUSE_none);
	assert_int_equal(row(HG_TOP_NAMES, "a.example").counts.handshakes, 2);
	assert_int_equal(row(HG_TOP_NAMES, "a.example").counts.established, 1);
	assert_int_equal(row(HG_TOP_NAMES, "a.example").counts.failed, 1);
	assert_int_equal(row(HG_TOP_NAMES, "b.example").counts.handshakes, 3);
	assert_int_equal(row(HG_TOP_NAMES, "b.example").counts.resets, 2);
	assert_int_equal(row(HG_TOP_NAMES, "b.example").counts.failed, 0);
	assert_int_equal(row(HG_TOP_CLIENTS, "192.0.2.1").counts.handshakes, 5);
	assert_int_equal(row(HG_TOP_CAUSES, "certificate_expired").counts.failed, 1);
	assert_int_equal(row(HG_TOP_CAUSES, "policy_reset").counts.resets, 1);
	assert_int_equal(rows_of(HG_TOP_CAUSES), 3);
	assert_int_equal(row(HG_TOP_RULES, "default").counts.handshakes, 5);
	assert_int_equal(row(HG_TOP_FINGERPRINTS, "t13d").counts.failed, 1);
	assert_int_equal(hg_top_tables_total(tables).handshakes, 5);
	assert_int_equal(hg_top_tables_total(tables).resets, 2);
}

/* A connection that failed before its hello asked for no name, and is no handshake. */
static void an_attempt_is_no_handshake(void **state)
{
	struct hg_top_handshake h = handshake(START, "-", HG_OUTCOME_unknown, HG_CAUSE_tcp_refused);

	(void)state;
	h.attempt = true;
	*h.rule = *h.ja4 = 0;
	hg_top_tables_add(tables, &h);
	assert_int_equal(rows_of(HG_TOP_NAMES), 0);
	assert_int_equal(rows_of(HG_TOP_RULES), 0);
	assert_int_equal(rows_of(HG_TOP_FINGERPRINTS), 0);
	assert_int_equal(row(HG_TOP_CLIENTS, "192.0.2.1").counts.attempts, 1);
	assert_int_equal(row(HG_TOP_CLIENTS, "192.0.2.1").counts.handshakes, 0);
	assert_int_equal(row(HG_TOP_CLIENTS, "192.0.2.1").counts.failed, 1);
	assert_int_equal(row(HG_TOP_CAUSES, "tcp_refused").counts.attempts, 1);
}

static void the_window_slides(void **state)
{
	(void)state;
	add(START, "old.example", HG_OUTCOME_failed, HG_CAUSE_timeout);
	add(START + 10 * HG_SECOND, "new.example", HG_OUTCOME_established, HG_CAUSE_none);
	add(START + 10 * HG_SECOND, "old.example", HG_OUTCOME_established, HG_CAUSE_none);
	hg_top_tables_advance(tables, START + 59 * HG_SECOND);
	assert_int_equal(row(HG_TOP_NAMES, "old.example").counts.handshakes, 2);
	assert_int_equal(row(HG_TOP_NAMES, "old.example").cause_count, 1);
	hg_top_tables_advance(tables, START + 60 * HG_SECOND);
	assert_int_equal(row(HG_TOP_NAMES, "old.example").counts.handshakes, 1);
	assert_int_equal(row(HG_TOP_NAMES, "old.example").counts.failed, 0);
	assert_int_equal(row(HG_TOP_NAMES, "old.example").cause_count, 0);
	assert_int_equal(rows_of(HG_TOP_CAUSES), 0);
	assert_int_equal(hg_top_tables_total(tables).handshakes, 2);
	hg_top_tables_advance(tables, START + 70 * HG_SECOND);
	assert_int_equal(rows_of(HG_TOP_NAMES), 0);
	assert_int_equal(hg_top_tables_total(tables).handshakes, 0);
	assert_int_equal(hg_top_tables_forgotten(tables, HG_TOP_NAMES).rows, 0);
}

static void a_long_silence_empties_all(void **state)
{
	(void)state;
	add(START, "a.example", HG_OUTCOME_failed, HG_CAUSE_timeout);
	hg_top_tables_advance(tables, START + 100000 * HG_SECOND);
	assert_int_equal(hg_top_tables_total(tables).handshakes, 0);
	assert_int_equal(rows_of(HG_TOP_NAMES), 0);
	add(START + 100001 * HG_SECOND, "a.example", HG_OUTCOME_failed, HG_CAUSE_timeout);
	assert_int_equal(row(HG_TOP_NAMES, "a.example").counts.failed, 1);
}

/* What waited in the ring counts when it ended, and not at all beyond the window. */
static void events_count_when_they_ended(void **state)
{
	(void)state;
	add(START - 61 * HG_SECOND, "gone.example", HG_OUTCOME_failed, HG_CAUSE_timeout);
	add(START - 60 * HG_SECOND, "gone.example", HG_OUTCOME_failed, HG_CAUSE_timeout);
	assert_int_equal(hg_top_tables_total(tables).handshakes, 0);
	add(START - 30 * HG_SECOND, "late.example", HG_OUTCOME_failed, HG_CAUSE_timeout);
	assert_int_equal(row(HG_TOP_NAMES, "late.example").counts.failed, 1);
	assert_true(hg_top_tables_span(tables) > 29.9 && hg_top_tables_span(tables) < 30.1);
	hg_top_tables_advance(tables, START + 31 * HG_SECOND);
	assert_int_equal(rows_of(HG_TOP_NAMES), 0);
}

/* An event may end a moment behind the clock that was read before it. */
static void an_event_moves_the_window(void **state)
{
	(void)state;
	add(START, "a.example", HG_OUTCOME_failed, HG_CAUSE_timeout);
	add(START + 60 * HG_SECOND, "b.example", HG_OUTCOME_failed, HG_CAUSE_timeout);
	assert_int_equal(rows_of(HG_TOP_NAMES), 1);
}

static void the_span_grows_up_to_the_window(void **state)
{
	(void)state;
	assert_true(hg_top_tables_span(tables) == 0);
	hg_top_tables_advance(tables, START + 5 * HG_SECOND);
	assert_true(hg_top_tables_span(tables) == 5);
	hg_top_tables_advance(tables, START + 300 * HG_SECOND);
	assert_true(hg_top_tables_span(tables) >= 58 && hg_top_tables_span(tables) <= 60);
	hg_top_tables_advance(tables, START + 301 * HG_SECOND);
	assert_true(hg_top_tables_span(tables) >= 58 && hg_top_tables_span(tables) <= 60);
	hg_top_tables_clear(tables, START + 310 * HG_SECOND);
	assert_true(hg_top_tables_span(tables) == 0);
}

static void causes_are_counted_the_most_frequent_first(void **state)
{
	struct hg_top_row r;

	(void)state;
	add(START, "a.example", HG_OUTCOME_failed, HG_CAUSE_timeout);
	add(START, "a.example", HG_OUTCOME_failed, HG_CAUSE_certificate_expired);
	add(START, "a.example", HG_OUTCOME_failed, HG_CAUSE_certificate_expired);
	r = row(HG_TOP_NAMES, "a.example");
	assert_int_equal(r.cause_count, 2);
	assert_int_equal(r.causes[0].cause, HG_CAUSE_certificate_expired);
	assert_int_equal(r.causes[0].count, 2);
	assert_int_equal(r.causes[1].cause, HG_CAUSE_timeout);
	for (int cause = HG_CAUSE_policy_reset; cause < HG_CAUSE_policy_reset + 10; cause++)
		add(START, "b.example", HG_OUTCOME_failed, (enum hg_cause)cause);
	r = row(HG_TOP_NAMES, "b.example");
	assert_int_equal(r.cause_count, HG_TOP_ROW_CAUSES);
	assert_int_equal(r.other_causes, 10 - HG_TOP_ROW_CAUSES);
	assert_int_equal(r.counts.failed, 10);
}

/* Whoever asks for a new name each time does not push out the busy ones. */
static void small_rows_make_room(void **state)
{
	const unsigned int names = 3 * HG_TOP_ROWS;
	struct hg_top_forgotten lost;
	char name[32];

	(void)state;
	for (int i = 0; i < 10; i++)
		add(START, "busy.example", HG_OUTCOME_established, HG_CAUSE_none);
	for (unsigned int i = 0; i < names; i++) {
		snprintf(name, sizeof(name), "x%u.example", i);
		add(START + i * 1000, name, HG_OUTCOME_failed, HG_CAUSE_timeout);
	}
	assert_int_equal(rows_of(HG_TOP_NAMES), HG_TOP_ROWS);
	assert_int_equal(row(HG_TOP_NAMES, "busy.example").counts.handshakes, 10);
	lost = hg_top_tables_forgotten(tables, HG_TOP_NAMES);
	assert_int_equal(lost.rows, names + 1 - HG_TOP_ROWS);
	assert_int_equal(lost.handshakes, lost.rows);
	assert_int_equal(hg_top_tables_total(tables).handshakes, names + 10);
	assert_int_equal(hg_top_tables_forgotten(tables, HG_TOP_CLIENTS).rows, 0);
	hg_top_tables_clear(tables, START);
	assert_int_equal(rows_of(HG_TOP_NAMES), 0);
	assert_int_equal(hg_top_tables_forgotten(tables, HG_TOP_NAMES).rows, 0);
}

static void the_last_ones_of_a_row_come_first(void **state)
{
	struct hg_top_handshake recent[4];

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		add(START + i, "a.example", HG_OUTCOME_failed, HG_CAUSE_timeout);
		add(START + i, "b.example", HG_OUTCOME_established, HG_CAUSE_none);
	}
	assert_int_equal(
		hg_top_tables_recent(tables, HG_TOP_NAMES, "a.example", UINT64_MAX, recent, 4), 3);
	assert_int_equal(recent[0].ended_ns, START + 2);
	assert_int_equal(recent[2].ended_ns, START);
	assert_int_equal(
		hg_top_tables_recent(tables, HG_TOP_NAMES, "a.example", START + 1, recent, 4), 2);
	assert_int_equal(
		hg_top_tables_recent(tables, HG_TOP_CAUSES, "timeout", UINT64_MAX, recent, 2), 2);
	assert_int_equal(
		hg_top_tables_recent(tables, HG_TOP_NAMES, "c.example", UINT64_MAX, recent, 4), 0);
	for (unsigned int i = 0; i < HG_TOP_RECENT; i++)
		add(START + 3, "c.example", HG_OUTCOME_established, HG_CAUSE_none);
	assert_int_equal(
		hg_top_tables_recent(tables, HG_TOP_NAMES, "a.example", UINT64_MAX, recent, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_list_has_its_row, begin, end),
		cmocka_unit_test_setup_teardown(an_attempt_is_no_handshake, begin, end),
		cmocka_unit_test_setup_teardown(the_window_slides, begin, end),
		cmocka_unit_test_setup_teardown(a_long_silence_empties_all, begin, end),
		cmocka_unit_test_setup_teardown(events_count_when_they_ended, begin, end),
		cmocka_unit_test_setup_teardown(an_event_moves_the_window, begin, end),
		cmocka_unit_test_setup_teardown(the_span_grows_up_to_the_window, begin, end),
		cmocka_unit_test_setup_teardown(causes_are_counted_the_most_frequent_first, begin,
						end),
		cmocka_unit_test_setup_teardown(small_rows_make_room, begin, end),
		cmocka_unit_test_setup_teardown(the_last_ones_of_a_row_come_first, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
