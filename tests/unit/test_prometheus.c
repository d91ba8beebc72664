/* SPDX-License-Identifier: BSD-2-Clause */
/* What the Prometheus renderer makes of a snapshot built by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export_prometheus.h"
#include "../../user/terms.h" /* include/ has one too */

#define MANY_INTERFACES 256
#define MANY_RULES 2000
#define LINES_MAX 4096

#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

static struct hg_snapshot_interface interfaces[MANY_INTERFACES];
static struct hg_snapshot_rule rules[MANY_RULES];
static struct hg_snapshot snapshot;
static char *text, *lines[LINES_MAX];
static unsigned int line_count;

/* ---- a snapshot ---- */

static void add_interface(const char *label, bool attached, uint64_t hellos)
{
	struct hg_snapshot_interface *i = &interfaces[snapshot.interface_count++];

	snprintf(i->label, sizeof(i->label), "%s", label);
	i->entry.ifindex = attached ? 7 : 0;
	i->entry.hook = HG_HOOK_TCX;
	i->entry.prog_id[1] = 31;
	i->entry.prog_id[2] = 32;
	i->state = attached ? HG_INTERFACE_ATTACHED : HG_INTERFACE_DETACHED;
	i->counters.hellos_tcp.tls1_3 = hellos;
	hg_counters_add(&snapshot.total, &i->counters);
	snapshot.attached += attached;
}

static struct hg_set_summary sets[2 * HG_SETS];

static void add_rule(const char *name, bool active, uint64_t resets)
{
	struct hg_snapshot_rule *r = &rules[snapshot.rule_count++];

	snprintf(r->name, sizeof(r->name), "%s", name);
	r->active = active;
	r->action = HG_ACTION_reset;
	r->mode = HG_MODE_enforce;
	r->counters.verdicts[HG_MODE_enforce][HG_ACTION_reset] = resets;
}

static void add_set(const char *name, unsigned int number, uint64_t entries)
{
	struct hg_set_summary *set = &sets[snapshot.set_count++];

	if (number || !strcmp(name, "set"))
		snprintf(set->name, sizeof(set->name), "%s %u", name, number);
	else
		snprintf(set->name, sizeof(set->name), "%s", name);
	set->entries = entries;
}

static int begin(void **state)
{
	(void)state;
	memset(&snapshot, 0, sizeof(snapshot));
	memset(interfaces, 0, sizeof(interfaces));
	memset(rules, 0, sizeof(rules));
	snapshot.interfaces = interfaces;
	snapshot.rules = rules;
	memset(sets, 0, sizeof(sets));
	snapshot.sets = sets;
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

/* ---- reading what was written ---- */

static void render(void)
{
	char *rest;
	size_t size;
	FILE *out;

	free(text);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_int_equal(hg_prometheus_write(&snapshot, out), 0);
	fclose(out);
	line_count = 0;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		assert_true(line_count < LINES_MAX);
		lines[line_count++] = line;
	}
}

static unsigned int series(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < line_count; i++)
		count += *lines[i] != '#';
	return count;
}

/* The value behind "hellogate_<name>", labels as written; -1: absent. */
static long long value(const char *name)
{
	size_t len = strlen(name);

	for (unsigned int i = 0; i < line_count; i++) {
		if (strncmp(lines[i], "hellogate_", 10) || strncmp(lines[i] + 10, name, len))
			continue;
		if (lines[i][10 + len] == ' ')
			return atoll(lines[i] + 10 + len);
	}
	return -1;
}

/* The sum over all series of a family. */
static long long sum(const char *family)
{
	size_t len = strlen(family);
	long long total = 0;

	for (unsigned int i = 0; i < line_count; i++)
		if (!strncmp(lines[i], "hellogate_", 10) && !strncmp(lines[i] + 10, family, len) &&
		    lines[i][10 + len] == '{')
			total += atoll(strrchr(lines[i], ' '));
	return total;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void no_series_is_twice(void)
{
	for (unsigned int i = 0; i < line_count; i++)
		if (*lines[i] != '#')
			*strrchr(lines[i], ' ') = 0;
	qsort(lines, line_count, sizeof(*lines), compare);
	for (unsigned int i = 1; i < line_count; i++)
		if (*lines[i] != '#')
			assert_string_not_equal(lines[i - 1], lines[i]);
}

/* ---- tests ---- */

static void nothing_seen_is_zeros(void **state)
{
	char name[96];

	(void)state;
	add_interface("eth0", true, 0);
	render();
	for (unsigned int i = 0; i < HG_BUCKET_COUNT; i++) {
		snprintf(name, sizeof(name), "coverage_flows_total{bucket=\"%s\"}",
			 hg_bucket_text(i));
		assert_int_equal(value(name), 0);
	}
	for (unsigned int i = 0; i < HG_VERSION_COUNT; i++) {
		snprintf(name, sizeof(name),
			 "client_hellos_total{interface=\"eth0\",transport=\"tcp\",version=\"%s\"}",
			 hg_version_text(i));
		assert_int_equal(value(name), 0);
	}
	assert_int_equal(value("events_lost_total{stage=\"ring\"}"), 0);
	assert_int_equal(value("events_lost_total{stage=\"socket\"}"), 0);
	assert_int_equal(value("events_lost_total{stage=\"sink\"}"), 0);
	assert_int_equal(value("resets_total{to=\"both\",efficacy=\"survived\"}"), 0);
	assert_int_equal(value("series_dropped_total"), 0);
	assert_int_equal(value("policy_revision"), 0);
	assert_int_equal(value("policy_last_reload_successful"), -1);
	no_series_is_twice();
}

static void a_histogram_is_cumulative(void **state)
{
	struct hg_counters *c = &snapshot.total;

	(void)state;
	c->hello_segments[0] = 5;		       /* 1 */
	c->hello_segments[1] = 3;		       /* 2 */
	c->hello_segments[HG_SEGMENT_BUCKETS - 1] = 2; /* more than 32 */
	c->hello_segments_sum = 5 + 6 + 80;
	render();
	assert_int_equal(value("client_hello_segments_bucket{le=\"1\"}"), 5);
	assert_int_equal(value("client_hello_segments_bucket{le=\"2\"}"), 8);
	assert_int_equal(value("client_hello_segments_bucket{le=\"32\"}"), 8);
	assert_int_equal(value("client_hello_segments_bucket{le=\"+Inf\"}"), 10);
	assert_int_equal(value("client_hello_segments_count"), 10);
	assert_int_equal(value("client_hello_segments_sum"), 91);
}

static void each_counter_has_its_label(void **state)
{
	(void)state;
	add_interface("eth0", true, 4);
	interfaces[0].counters.hellos_quic.tls1_3 = 2;
	interfaces[0].counters.packets.reset_arm = 3;
	interfaces[0].counters.handshakes.reset = 1;
	snapshot.total.sni.ambiguous = 6;
	snapshot.total.flags.decoy_ttl = 7;
	snapshot.total.refused.flow_table_full = 8;
	snapshot.total.resets.both = 9;
	snapshot.total.resets.server = 15; /* of which 13 are known to have ended their flow */
	snapshot.total.resets_died.server = 13;
	snapshot.total.resets_survived.client = 14;
	snapshot.total.reset_failures.no_metadata = 10;
	snapshot.total.unparsed.vlan_depth = 11;
	snapshot.total.events_lost = 12;
	render();
	assert_int_equal(
		value("client_hellos_total{interface=\"eth0\",transport=\"tcp\",version=\"1.3\"}"),
		4);
	assert_int_equal(
		value("client_hellos_total{interface=\"eth0\",transport=\"quic\",version=\"1.3\"}"),
		2);
	assert_int_equal(value("packets_total{interface=\"eth0\",result=\"reset_arm\"}"), 3);
	assert_int_equal(value("handshakes_total{interface=\"eth0\",outcome=\"reset\"}"), 1);
	assert_int_equal(value("client_hello_sni_total{state=\"ambiguous\"}"), 6);
	assert_int_equal(value("flow_flags_total{flag=\"decoy_ttl\"}"), 7);
	assert_int_equal(value("refused_total{reason=\"flow_table_full\"}"), 8);
	assert_int_equal(value("resets_total{to=\"both\",efficacy=\"unknown\"}"), 9);
	assert_int_equal(value("resets_total{to=\"server\",efficacy=\"died\"}"), 13);
	assert_int_equal(value("resets_total{to=\"server\",efficacy=\"unknown\"}"), 2);
	assert_int_equal(value("resets_total{to=\"client\",efficacy=\"survived\"}"), 14);
	assert_int_equal(value("resets_total{to=\"both\",efficacy=\"died\"}"), 0);
	assert_int_equal(value("reset_failures_total{reason=\"no_metadata\"}"), 10);
	assert_int_equal(value("unparsed_packets_total{reason=\"vlan_depth\"}"), 11);
	assert_int_equal(value("events_lost_total{stage=\"ring\"}"), 12);
	assert_int_equal(
		value("interface_info{interface=\"eth0\",hook=\"tcx\",mode=\"skb\",prog_id=\"31\"}"),
		1);
}

static void what_run_counts_is_told(void **state)
{
	static const char *const families[] = {
		"events_lost_total{stage=\"socket\"}",
		"events_lost_total{stage=\"sink\"}",
		"events_clients_refused_total",
		"policy_user_verdicts_total{result=\"written\"}",
		"policy_user_verdicts_total{result=\"failed\"}",
		"policy_user_verdicts_total{result=\"unknown_revision\"}",
		"policy_undecided_total",
		"server_names_evicted_total",
		"certificate_chunks_lost_total",
		"certificates_dropped_total",
		"knowledge_forgotten_total",
		"clients_forgotten_total",
		"events_sampled_out_total",
		"reloads_total{result=\"ok\"}",
		"reloads_total{result=\"failed\"}",
		"http_requests_refused_total{reason=\"host\"}",
		"http_requests_refused_total{reason=\"token\"}",
		"http_streams_refused_total",
		"http_stream_messages_missed_total",
	};
	__u64 *counters = (__u64 *)&snapshot.run;

	(void)state;
	assert_int_equal(COUNT_OF(families), offsetof(struct hg_run_counters, failures) / 8);
	render();
	for (size_t i = 0; i < COUNT_OF(families); i++)
		assert_int_equal(value(families[i]), 0);
	for (size_t i = 0; i < COUNT_OF(families); i++)
		counters[i] = 100 + i;
	render();
	for (size_t i = 0; i < COUNT_OF(families); i++)
		assert_int_equal(value(families[i]), 100 + i);
}

#define FAILURES(cause, side)                                                                      \
	value("handshake_failures_total{cause=\"" cause "\",side=\"" side "\"}")

/* Each cause is there as 0, at the side where it mostly is. */
static void failures_are_told(void **state)
{
	__u64(*failures)[HG_SIDE_COUNT] = snapshot.run.failures;

	(void)state;
	render();
	assert_int_equal(FAILURES("certificate_expired", "client"), 0);
	assert_int_equal(FAILURES("policy_reset", "self"), 0);
	failures[HG_CAUSE_certificate_expired][HG_SIDE_client] = 7;
	failures[HG_CAUSE_decode_error][HG_SIDE_client] = 3;
	render();
	assert_int_equal(FAILURES("certificate_expired", "client"), 7);
	assert_int_equal(FAILURES("decode_error", "client"), 3);
	assert_int_equal(FAILURES("decode_error", "server"), 0);
}

static void server_hellos_are_told(void **state)
{
	(void)state;
	render();
	assert_int_equal(value("server_hello_total{version=\"1.3\",cipher=\"0x1301\"}"), 0);
	snapshot.run.server_hellos[HG_VERSION_tls1_3][0] = 5;
	snapshot.run.server_hellos[HG_VERSION_tls1_2][HG_CIPHERS_TOLD] = 2;
	render();
	assert_int_equal(value("server_hello_total{version=\"1.3\",cipher=\"0x1301\"}"), 5);
	assert_int_equal(value("server_hello_total{version=\"1.2\",cipher=\"other\"}"), 2);
}

static void durations_are_cumulative(void **state)
{
	(void)state;
	snapshot.run.durations[0] = 1;
	snapshot.run.durations[2] = 4;
	snapshot.run.durations[HG_DURATION_BUCKETS - 1] = 1;
	render();
	assert_int_equal(value("handshake_duration_seconds_bucket{le=\"0.001\"}"), 1);
	assert_int_equal(value("handshake_duration_seconds_bucket{le=\"0.0025\"}"), 1);
	assert_int_equal(value("handshake_duration_seconds_bucket{le=\"0.005\"}"), 5);
	assert_int_equal(value("handshake_duration_seconds_bucket{le=\"5\"}"), 5);
	assert_int_equal(value("handshake_duration_seconds_bucket{le=\"+Inf\"}"), 6);
	assert_int_equal(value("handshake_duration_seconds_count"), 6);
}

static void a_large_counter_keeps_its_digits(void **state)
{
	(void)state;
	snapshot.total.events = 9007199254740993ULL; /* 2^53 + 1 */
	render();
	assert_true(value("events_total") == 9007199254740993LL);
}

static void labels_are_escaped(void **state)
{
	(void)state;
	add_interface("a\"b\\c\nd", true, 1);
	render();
	assert_int_equal(value("interface_attached{interface=\"a\\\"b\\\\c\\nd\"}"), 1);
}

static void a_detached_interface_keeps_its_counters(void **state)
{
	(void)state;
	add_interface("eth0", false, 5);
	add_interface("eth1", true, 6);
	render();
	assert_int_equal(sum("client_hellos_total"), 11);
	assert_int_equal(value("interface_attached{interface=\"eth0\"}"), 0);
	assert_int_equal(sum("interface_info"), 1);
}

static void a_rule_without_verdicts_is_a_zero(void **state)
{
	(void)state;
	snapshot.policy.revision = 3;
	snapshot.policy.loaded_s = 1700000000;
	add_rule("deny", true, 0);
	add_rule("of an older revision", false, 0);
	render();
	assert_int_equal(
		value("policy_verdicts_total{action=\"reset\",mode=\"enforce\",rule=\"deny\"}"), 0);
	assert_int_equal(value("policy_last_reload_successful"), 1);
	snapshot.run.reload_failed_at = 1 + (__u64)snapshot.policy.revision; /* run could not */
	render();
	assert_int_equal(value("policy_last_reload_successful"), 0);
	snapshot.run.reload_failed_at--; /* somebody has loaded another one since */
	render();
	assert_int_equal(value("policy_last_reload_successful"), 1);
	assert_int_equal(value("policy_last_reload_success_timestamp_seconds"), 1700000000);
	for (unsigned int i = 0; i < line_count; i++)
		assert_null(strstr(lines[i], "older"));
}

static void many_rules_become_other(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < MANY_RULES; i++) {
		snprintf(name, sizeof(name), "rule %d", i);
		add_rule(name, i >= 1000, 1);
	}
	render();
	assert_int_equal(sum("policy_verdicts_total"), MANY_RULES);
	assert_int_equal(
		value("policy_verdicts_total{action=\"reset\",mode=\"enforce\",rule=\"rule 1000\"}"),
		1);
	assert_int_equal(
		value("policy_verdicts_total{action=\"reset\",mode=\"enforce\",rule=\"other\"}"),
		MANY_RULES - HG_RULE_LABELS);
	assert_int_equal(value("series_dropped_total"), 0);
	no_series_is_twice();
}

static void sets_have_their_entries(void **state)
{
	(void)state;
	render();
	assert_int_equal(value("policy_set_entries{set=\"other\"}"), -1);
	for (unsigned int i = 0; i < HG_SET_LABELS + 2; i++)
		add_set("set", i, 10 + i);
	add_set("other", 0, 100);
	snapshot.set_hits[1] = 7;
	snapshot.set_hits[HG_SET_LABELS] = 2;
	snapshot.set_hits[HG_SET_LABELS + 2] = 3;
	render();
	assert_int_equal(value("policy_set_hits_total{set=\"set 0\"}"), 0);
	assert_int_equal(value("policy_set_hits_total{set=\"set 1\"}"), 7);
	assert_int_equal(value("policy_set_hits_total{set=\"other\"}"), 5);
	assert_int_equal(value("policy_set_entries{set=\"set 0\"}"), 10);
	assert_int_equal(value("policy_set_entries{set=\"set 19\"}"), 29);
	assert_int_equal(value("policy_set_entries{set=\"set 20\"}"), -1);
	assert_int_equal(value("policy_set_entries{set=\"other\"}"), 30 + 31 + 100);
	no_series_is_twice();
}

static void the_number_of_series_is_bounded(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < MANY_INTERFACES; i++) {
		snprintf(name, sizeof(name), "eth%d", i);
		add_interface(name, i % 2, (uint64_t)i);
	}
	for (int i = 0; i < MANY_RULES; i++) {
		snprintf(name, sizeof(name), "rule %d", i);
		add_rule(name, true, 1);
		for (int action = 0; action < HG_ACTION_COUNT; action++)
			rules[i].counters.verdicts[HG_MODE_monitor][action] = 1;
	}
	render();
	assert_true(series() <= HG_SERIES_MAX);
	assert_true(value("series_dropped_total") > 4000);
	assert_int_equal(sum("client_hellos_total"), MANY_INTERFACES * (MANY_INTERFACES - 1) / 2);
	assert_int_equal(sum("policy_verdicts_total"), MANY_RULES * (1 + HG_ACTION_COUNT));
	assert_int_equal(value("interface_attached{interface=\"eth1\"}"),
			 1); /* attached ones first */
	no_series_is_twice();
}

static void each_family_is_declared_once(void **state)
{
	char seen[128][64];
	unsigned int count = 0;

	(void)state;
	add_interface("eth0", true, 1);
	add_rule("deny", true, 1);
	render();
	for (unsigned int i = 0; i < line_count; i++) {
		char name[64];

		if (sscanf(lines[i], "# TYPE hellogate_%63s", name) != 1)
			continue;
		assert_memory_equal(lines[i - 1], "# HELP ", 7);
		for (unsigned int k = 0; k < count; k++)
			assert_string_not_equal(seen[k], name);
		memcpy(seen[count++], name, sizeof(name));
	}
	assert_true(count > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_seen_is_zeros, begin, end),
		cmocka_unit_test_setup_teardown(a_histogram_is_cumulative, begin, end),
		cmocka_unit_test_setup_teardown(each_counter_has_its_label, begin, end),
		cmocka_unit_test_setup_teardown(what_run_counts_is_told, begin, end),
		cmocka_unit_test_setup_teardown(failures_are_told, begin, end),
		cmocka_unit_test_setup_teardown(server_hellos_are_told, begin, end),
		cmocka_unit_test_setup_teardown(durations_are_cumulative, begin, end),
		cmocka_unit_test_setup_teardown(a_large_counter_keeps_its_digits, begin, end),
		cmocka_unit_test_setup_teardown(labels_are_escaped, begin, end),
		cmocka_unit_test_setup_teardown(a_detached_interface_keeps_its_counters, begin,
						end),
		cmocka_unit_test_setup_teardown(a_rule_without_verdicts_is_a_zero, begin, end),
		cmocka_unit_test_setup_teardown(many_rules_become_other, begin, end),
		cmocka_unit_test_setup_teardown(sets_have_their_entries, begin, end),
		cmocka_unit_test_setup_teardown(the_number_of_series_is_bounded, begin, end),
		cmocka_unit_test_setup_teardown(each_family_is_declared_once, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
