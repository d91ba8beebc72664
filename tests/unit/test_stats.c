/* SPDX-License-Identifier: BSD-2-Clause */
/* The numbers of a snapshot that is built by hand, and what lies between two of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "stats.h"

static struct hg_snapshot snapshot;
static struct hg_snapshot_rule rules[4];
static struct hg_stats now, before;

static int begin(void **state)
{
	(void)state;
	memset(&snapshot, 0, sizeof(snapshot));
	memset(rules, 0, sizeof(rules));
	snapshot.rules = rules;
	return 0;
}

static int end(void **state)
{
	(void)state;
	hg_stats_free(&now);
	hg_stats_free(&before);
	return 0;
}

static const struct hg_stat *row_of(const struct hg_stats *stats, const char *group,
				    const char *what)
{
	const struct hg_stat *found = NULL;

	for (unsigned int i = 0; i < stats->count; i++) {
		const struct hg_stat *row = &stats->list[i];

		if (strcmp(row->group, group) || strcmp(row->what, what))
			continue;
		assert_null(found); /* each once */
		found = row;
	}
	assert_non_null(found);
	return found;
}

static void add_rule(const char *name, uint64_t resets)
{
	struct hg_snapshot_rule *r = &rules[snapshot.rule_count++];

	strcpy(r->name, name);
	r->counters.verdicts[HG_MODE_enforce][HG_ACTION_reset] = resets;
	r->counters.verdicts[HG_MODE_enforce][HG_ACTION_drop] = 1;
	r->counters.verdicts[HG_MODE_monitor][HG_ACTION_reset] = 2 * resets;
}

static void a_word_is_a_part_of_its_group(void **state)
{
	(void)state;
	snapshot.total.handshakes.established = 3;
	snapshot.total.handshakes.failed = 1;
	snapshot.total.flows_created = 9;
	assert_int_equal(hg_stats_fill(&snapshot, &now), 0);
	assert_int_equal(row_of(&now, "handshakes", "established")->count, 3);
	assert_int_equal(row_of(&now, "handshakes", "established")->of, 4);
	assert_int_equal(row_of(&now, "handshakes", "unknown")->of, 4);
	assert_int_equal(row_of(&now, "flows", "created")->of, 0);
	assert_int_equal(row_of(&now, "hellos", "1.3")->of, 0);
}

static void causes_are_summed_over_sides_and_sides_over_causes(void **state)
{
	(void)state;
	snapshot.run.failures[HG_CAUSE_timeout][HG_SIDE_client] = 2;
	snapshot.run.failures[HG_CAUSE_timeout][HG_SIDE_server] = 3;
	snapshot.run.failures[HG_CAUSE_not_tls][HG_SIDE_server] = 5;
	assert_int_equal(hg_stats_fill(&snapshot, &now), 0);
	assert_int_equal(row_of(&now, "causes", "timeout")->count, 5);
	assert_int_equal(row_of(&now, "causes", "not_tls")->of, 10);
	assert_int_equal(row_of(&now, "sides", "server")->count, 8);
	assert_int_equal(row_of(&now, "sides", "path")->count, 0);
}

static void a_rule_has_what_it_did_and_what_it_would_have_done(void **state)
{
	(void)state;
	add_rule("deny", 4);
	assert_int_equal(hg_stats_fill(&snapshot, &now), 0);
	assert_int_equal(row_of(&now, "enforced", "deny")->count, 5);
	assert_int_equal(row_of(&now, "monitored", "deny")->count, 8);
}

static void a_table_is_a_part_of_its_room(void **state)
{
	(void)state;
	snapshot.maps[0] = (struct hg_snapshot_map){ "flows", 10, 100, true };
	snapshot.maps[1] = (struct hg_snapshot_map){ "verdicts", 0, 100, false };
	snapshot.map_count = 2;
	assert_int_equal(hg_stats_fill(&snapshot, &now), 0);
	assert_int_equal(row_of(&now, "tables", "flows")->of, 100);
	assert_true(row_of(&now, "tables", "flows")->level);
	for (unsigned int i = 0; i < now.count; i++)
		assert_string_not_equal(now.list[i].what, "verdicts"); /* nobody can tell */
}

static void what_lies_between_two_of_them(void **state)
{
	(void)state;
	snapshot.total.handshakes.established = 3;
	snapshot.total.handshakes.failed = 7;
	snapshot.flows_active = 5;
	assert_int_equal(hg_stats_fill(&snapshot, &before), 0);
	snapshot.total.handshakes.established = 10;
	snapshot.total.handshakes.failed = 8;
	snapshot.flows_active = 4;
	assert_int_equal(hg_stats_fill(&snapshot, &now), 0);
	hg_stats_since(&now, &before);
	assert_int_equal(row_of(&now, "handshakes", "established")->count, 7);
	assert_int_equal(row_of(&now, "handshakes", "failed")->count, 1);
	assert_int_equal(row_of(&now, "handshakes", "failed")->of, 8);
	assert_int_equal(row_of(&now, "flows", "active")->count, 4);
}

static void rules_that_came_and_counters_that_began_anew(void **state)
{
	(void)state;
	add_rule("old", 9);
	snapshot.total.events = 100;
	assert_int_equal(hg_stats_fill(&snapshot, &before), 0);
	add_rule("new", 6);
	add_rule("newer", 1);
	snapshot.rules = &rules[1]; /* names stay where `before` has them */
	snapshot.rule_count = 2;
	snapshot.total.events = 40;
	assert_int_equal(hg_stats_fill(&snapshot, &now), 0);
	hg_stats_since(&now, &before);
	assert_int_equal(row_of(&now, "enforced", "new")->count, 7);
	assert_int_equal(row_of(&now, "enforced", "newer")->count, 2);
	assert_int_equal(row_of(&now, "events", "written")->count, 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_word_is_a_part_of_its_group),
		TEST(causes_are_summed_over_sides_and_sides_over_causes),
		TEST(a_rule_has_what_it_did_and_what_it_would_have_done),
		TEST(a_table_is_a_part_of_its_room),
		TEST(what_lies_between_two_of_them),
		TEST(rules_that_came_and_counters_that_began_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
