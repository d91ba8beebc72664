/* SPDX-License-Identifier: BSD-2-Clause */
/* Sums, judgements and JSON of a snapshot built by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "export_json.h"
#include "health.h"
#include "snapshot.h"

static struct hg_snapshot_interface interface;
static struct hg_snapshot snapshot;
static struct hg_health health[HG_HEALTH_MAX];

/* One interface, attached a minute ago, and all is well. */
static int begin(void **state)
{
	static const struct hg_snapshot_map maps[] = {
		{ "flows", 10, 100, true },	   { "captures", 10, 100, true },
		{ "server_names", 10, 100, true }, { "events", 10, 100, true },
		{ "verdicts", 0, 100, false },
	};

	(void)state;
	memset(&snapshot, 0, sizeof(snapshot));
	memset(&interface, 0, sizeof(interface));
	memcpy(snapshot.maps, maps, sizeof(maps));
	snapshot.map_count = sizeof(maps) / sizeof(maps[0]);
	snapshot.interfaces = &interface;
	snapshot.interface_count = snapshot.attached = 1;
	snapshot.taken_ns = 100 * HG_SECOND;
	snapshot.sweep_runs = 60;
	snapshot.sweep_ns = 99 * HG_SECOND;
	interface.entry.ifindex = 2;
	interface.entry.hook = HG_HOOK_TCX;
	interface.entry.since_ns = 40 * HG_SECOND;
	strcpy(interface.label, "eth0");
	strcpy(interface.entry.name, "eth0");
	return 0;
}

/* The worst level of all lines, or of the lines about `what`. */
static enum hg_health_level worst(const char *what)
{
	unsigned int count = hg_health_judge(&snapshot, health);
	enum hg_health_level level = HG_HEALTH_OK;

	assert_true(count <= HG_HEALTH_MAX);
	for (unsigned int i = 0; i < count; i++)
		if ((!what || !strcmp(health[i].what, what)) && health[i].level > level)
			level = health[i].level;
	return level;
}

/* A line about `what` says `words`. */
static void assert_says(const char *what, const char *words)
{
	unsigned int count = hg_health_judge(&snapshot, health);

	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(health[i].what, what) && strstr(health[i].text, words))
			return;
	fail_msg("no line about %s says \"%s\"", what, words);
}

static void counters_add_up(void **state)
{
	struct hg_counters sum = { 0 }, one;

	(void)state;
	memset(&one, 0, sizeof(one));
	one.hellos_tcp.tls1_2 = 2;
	one.hellos_quic.tls1_3 = 3;
	one.resets.both = 5;
	one.packets.passed = 7;
	one.cipher_count_sum = 11; /* the last word */
	hg_counters_add(&sum, &one);
	hg_counters_add(&sum, &one);
	assert_int_equal(hg_counters_hellos(&sum), 10);
	assert_int_equal(hg_counters_resets(&sum), 10);
	assert_int_equal(hg_counters_packets(&sum), 14);
	assert_int_equal(sum.cipher_count_sum, 22);
}

static void flows_without_a_hello_are_not_uncovered(void **state)
{
	struct hg_counters c = { 0 };
	__u64 read, of;

	(void)state;
	c.coverage.single_segment = 6;
	c.coverage.reassembled = 3;
	c.coverage.malformed = 1;
	c.coverage.not_tls = 50;
	c.coverage.no_data = 60;
	c.coverage.tcp_refused = 70;
	hg_counters_covered(&c, &read, &of);
	assert_int_equal(read, 9);
	assert_int_equal(of, 10);
	assert_int_equal(hg_counters_flows_ended(&c), 190);
}

static void digits_are_grouped(void **state)
{
	static const struct {
		__u64 value;
		const char *want;
	} rows[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 65536, "65,536" },
		{ 1234567, "1,234,567" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	char text[HG_GROUPED_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(hg_grouped(rows[i].value, text), rows[i].want);
}

static void all_is_well(void **state)
{
	(void)state;
	assert_int_equal(worst(NULL), HG_HEALTH_OK);
}

static void an_interface_that_is_gone_degrades(void **state)
{
	(void)state;
	interface.state = HG_INTERFACE_GONE;
	assert_int_equal(worst("eth0"), HG_HEALTH_FAIL);
	interface.state = HG_INTERFACE_OFF;
	assert_int_equal(worst("eth0"), HG_HEALTH_FAIL);
	interface.state = HG_INTERFACE_DETACHED;
	assert_int_equal(worst("eth0"), HG_HEALTH_OK);
}

static void a_full_table_degrades_and_an_old_refusal_warns(void **state)
{
	(void)state;
	snapshot.total.refused.flow_table_full = 1;
	assert_int_equal(worst("flow table"), HG_HEALTH_WARN);
	snapshot.maps[0].entries = 89;
	assert_int_equal(worst("flow table"), HG_HEALTH_WARN);
	snapshot.maps[0].entries = 90;
	assert_int_equal(worst("flow table"), HG_HEALTH_FAIL);
}

static void a_sweep_that_stopped_degrades(void **state)
{
	(void)state;
	snapshot.sweep_ns = 90 * HG_SECOND;
	assert_int_equal(worst("sweep"), HG_HEALTH_FAIL);
	interface.entry.since_ns = 99 * HG_SECOND; /* just set anew */
	assert_int_equal(worst("sweep"), HG_HEALTH_OK);
	snapshot.sweep_ns = snapshot.sweep_runs = 0;
	assert_int_equal(worst("sweep"), HG_HEALTH_OK);
	interface.entry.since_ns = 90 * HG_SECOND;
	assert_int_equal(worst("sweep"), HG_HEALTH_FAIL);
}

static void a_full_ring_matters_only_to_its_reader(void **state)
{
	(void)state;
	snapshot.maps[3].entries = 95;
	snapshot.total.events_lost = 7;
	assert_int_equal(worst("events"), HG_HEALTH_OK);
	snapshot.run_alive = true;
	assert_int_equal(worst("events"), HG_HEALTH_FAIL);
	snapshot.maps[3].entries = 5;
	assert_int_equal(worst("events"), HG_HEALTH_WARN);
}

static void what_run_lost_is_worth_knowing(void **state)
{
	__u64 *counters = (__u64 *)&snapshot.run;
	static const char *const lines[] = { "events",	 "events",   NULL, NULL, "verdicts",
					     "verdicts", "verdicts", NULL, NULL, NULL,
					     NULL,	 NULL,	     NULL, NULL, NULL,
					     NULL,	 NULL,	     NULL, NULL };

	(void)state;
	assert_int_equal(sizeof(lines) / sizeof(lines[0]),
			 offsetof(struct hg_run_counters, failures) / 8);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		memset(&snapshot.run, 0, sizeof(snapshot.run));
		counters[i] = 1;
		if (lines[i])
			assert_int_equal(worst(lines[i]), HG_HEALTH_WARN);
		else
			assert_int_equal(worst(NULL), HG_HEALTH_OK);
	}
}

static void rules_for_user_space_need_the_daemon(void **state)
{
	(void)state;
	snapshot.policy.needs_user = true;
	assert_int_equal(worst("daemon"), HG_HEALTH_FAIL);
	snapshot.run_alive = true;
	assert_int_equal(worst("daemon"), HG_HEALTH_OK);
}

static void failed_resets_warn(void **state)
{
	(void)state;
	snapshot.total.reset_failures.no_metadata = 1;
	assert_int_equal(worst("resets"), HG_HEALTH_WARN);
}

/* ---- each finding: what it is called, how bad it is, and its words ---- */

static void generic_xdp(void)
{
	interface.entry.hook = HG_HOOK_XDP_GENERIC;
}

static void pool_refused(void)
{
	snapshot.total.refused.partial_pool_full = 1;
}

static void share_refused(void)
{
	snapshot.total.refused.partial_share_full = 1;
}

static void pool_full(void)
{
	snapshot.maps[1].entries = 90;
}

static void names_refused(void)
{
	snapshot.total.refused.server_name_table_full = 1;
}

static void names_full(void)
{
	snapshot.maps[2].entries = 100;
}

static void events_lost(void)
{
	snapshot.run_alive = true;
	snapshot.total.events_lost = 1234;
}

static void clients_too_slow(void)
{
	snapshot.run.lost_socket = 3;
}

static void nobody_confirms(void)
{
	snapshot.policy.revision = 7;
	snapshot.policy.fallback = 6;
	snapshot.policy.confirm_by_ns = snapshot.taken_ns + 30 * HG_SECOND;
}

static void nobody_confirms_the_first(void)
{
	nobody_confirms();
	snapshot.policy.fallback = 0;
}

static void nobody_confirmed(void)
{
	snapshot.policy.lapsed = 7;
}

static void decided_too_late(void)
{
	snapshot.total.verdict_timeouts = 2;
}

static void beyond_its_limit(void)
{
	static struct hg_snapshot_rule rule;

	rule = (struct hg_snapshot_rule){ .name = "deny", .active = true, .breaker_open = true };
	rule.limit.per_second = 5;
	rule.limit.on_exceed = HG_EXCEED_keep;
	snapshot.rules = &rule;
	snapshot.rule_count = 1;
}

static void packets_not_loaded(void)
{
	snapshot.total.unparsed.load_failed = 4;
}

static void no_metadata(void)
{
	snapshot.total.reset_failures.no_metadata = 4;
}

static void each_finding_has_its_words(void **state)
{
	static const struct {
		void (*happens)(void);
		const char *what;
		enum hg_health_level level;
		const char *words;
	} rows[] = {
		{ generic_xdp, "eth0", HG_HEALTH_WARN, "--hook tcx costs less" },
		{ pool_refused, "reassembly", HG_HEALTH_WARN, "10 / 100, refused so far: 1" },
		{ share_refused, "reassembly", HG_HEALTH_WARN, "10 / 100, refused so far: 1" },
		{ pool_full, "reassembly", HG_HEALTH_FAIL, "90 / 100: nearly full" },
		{ names_refused, "server names", HG_HEALTH_WARN, "refused so far: 1" },
		{ names_full, "server names", HG_HEALTH_FAIL, "100 / 100: nearly full" },
		{ events_lost, "events", HG_HEALTH_WARN, "1,234 lost, ring 10% used" },
		{ clients_too_slow, "events", HG_HEALTH_WARN, "3 by slow clients" },
		{ nobody_confirms, "policy", HG_HEALTH_WARN, "revision 6 comes back in 30 s" },
		{ nobody_confirms_the_first, "policy", HG_HEALTH_WARN, "it goes in 30 s" },
		{ nobody_confirmed, "policy", HG_HEALTH_WARN, "revision 7 was not confirmed" },
		{ decided_too_late, "verdicts", HG_HEALTH_WARN,
		  "2 flows were not decided in time" },
		{ beyond_its_limit, "limit", HG_HEALTH_WARN,
		  "\"deny\" is beyond its 5 a second: it goes on" },
		{ packets_not_loaded, "packets", HG_HEALTH_WARN, "4 could not be loaded" },
		{ no_metadata, "xdp metadata", HG_HEALTH_WARN, "4 packets were dropped" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(state);
		assert_int_equal(worst(rows[i].what), HG_HEALTH_OK);
		rows[i].happens();
		assert_int_equal(worst(rows[i].what), rows[i].level);
		assert_says(rows[i].what, rows[i].words);
	}
}

static json_t *as_json(void)
{
	unsigned int count = hg_health_judge(&snapshot, health);
	struct hg_json j = { 0 };
	json_t *root;

	hg_json_snapshot(&j, &snapshot, health, count);
	assert_false(j.failed);
	root = json_loadb(j.text, j.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	hg_json_free(&j);
	return root;
}

static long long json_at(json_t *root, const char *outer, const char *key)
{
	json_t *v = json_object_get(json_object_get(root, outer), key);

	assert_true(json_is_integer(v));
	return json_integer_value(v);
}

static void json_says_the_same(void **state)
{
	json_t *root, *first;

	(void)state;
	snapshot.flows_active = 4;
	snapshot.total.coverage.single_segment = 6;
	strcpy(interface.entry.name, "a\"b");
	root = as_json();
	assert_true(json_is_null(json_object_get(root, "policy")));
	assert_int_equal(json_at(root, "total", "flows_active"), 4);
	assert_int_equal(json_array_size(json_object_get(root, "maps")), 5);
	first = json_array_get(json_object_get(root, "interfaces"), 0);
	assert_string_equal(json_string_value(json_object_get(first, "interface")), "a\"b");
	assert_string_equal(json_string_value(json_object_get(first, "state")), "attached");
	json_decref(root);

	snapshot.policy.revision = 3;
	root = as_json();
	assert_int_equal(json_at(root, "policy", "revision"), 3);
	json_decref(root);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counters_add_up),
		TEST(flows_without_a_hello_are_not_uncovered),
		TEST(digits_are_grouped),
		TEST(all_is_well),
		TEST(an_interface_that_is_gone_degrades),
		TEST(a_full_table_degrades_and_an_old_refusal_warns),
		TEST(a_sweep_that_stopped_degrades),
		TEST(a_full_ring_matters_only_to_its_reader),
		TEST(rules_for_user_space_need_the_daemon),
		TEST(what_run_lost_is_worth_knowing),
		TEST(failed_resets_warn),
		TEST(each_finding_has_its_words),
		TEST(json_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
