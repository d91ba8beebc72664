/* SPDX-License-Identifier: BSD-2-Clause */
#include "stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "terms.h"

/* ---- rows ---- */

static void add(struct hg_stats *to, struct hg_stat row)
{
	if (to->count == to->room) {
		unsigned int room = to->room ? 2 * to->room : 256;
		struct hg_stat *list = realloc(to->list, room * sizeof(*list));

		to->failed |= !list;
		if (!list)
			return;
		to->list = list;
		to->room = room;
	}
	to->list[to->count++] = row;
}

static void add_count(struct hg_stats *to, const char *group, const char *what, __u64 count)
{
	add(to, (struct hg_stat){ .group = group, .what = what, .count = count });
}

static void add_level(struct hg_stats *to, const char *group, const char *what, __u64 level)
{
	add(to, (struct hg_stat){ .group = group, .what = what, .count = level, .level = true });
}

/* A group of a counter block, by its vocabulary. */
static void add_words(struct hg_stats *to, const char *group, const char *(*text_of)(unsigned int),
		      const void *counters, unsigned int count)
{
	const __u64 *values = counters;

	for (unsigned int i = 0; i < count; i++)
		add_count(to, group, text_of(i), values[i]);
}

/* ---- groups ---- */

static void add_packets(struct hg_stats *to, const struct hg_counters *c)
{
	add_words(to, "packets", hg_result_text, &c->packets, HG_RESULT_COUNT);
	add_words(to, "unparsed", hg_unparsed_text, &c->unparsed, HG_UNPARSED_COUNT);
}

static void add_flows(struct hg_stats *to, const struct hg_snapshot *s)
{
	add_count(to, "flows", "created", s->total.flows_created);
	add_level(to, "flows", "active", s->flows_active);
	add_words(to, "coverage", hg_bucket_text, &s->total.coverage, HG_BUCKET_COUNT);
	add_words(to, "flags", hg_flag_text, &s->total.flags, HG_FLAG_COUNT);
	add_words(to, "refused", hg_refusal_text, &s->total.refused, HG_REFUSAL_COUNT);
}

static void add_handshakes(struct hg_stats *to, const struct hg_counters *c)
{
	add_words(to, "hellos", hg_version_text, &c->hellos_tcp, HG_VERSION_COUNT);
	add_words(to, "names", hg_sni_state_text, &c->sni, HG_SNI_COUNT);
	add_words(to, "handshakes", hg_outcome_text, &c->handshakes, HG_OUTCOME_COUNT);
}

/* As `run` diagnosed them: by cause, and once more by side. */
static void add_failures(struct hg_stats *to, const struct hg_run_counters *run)
{
	__u64 sides[HG_SIDE_COUNT] = { 0 };

	for (unsigned int cause = HG_CAUSE_none + 1; cause < HG_CAUSE_COUNT; cause++) {
		__u64 sum = 0;

		for (unsigned int side = 0; side < HG_SIDE_COUNT; side++) {
			sum += run->failures[cause][side];
			sides[side] += run->failures[cause][side];
		}
		add_count(to, "causes", hg_cause_text(cause), sum);
	}
	add_words(to, "sides", hg_side_text, sides, HG_SIDE_COUNT);
}

/* By rule, since that is what an operator named: what it did, then what it would have done. */
static void add_rules(struct hg_stats *to, const struct hg_snapshot *s)
{
	static const char *const groups[HG_MODE_COUNT] = {
		[HG_MODE_monitor] = "monitored", [HG_MODE_enforce] = "enforced"
	};

	for (int mode = HG_MODE_COUNT - 1; mode >= 0; mode--)
		for (unsigned int i = 0; i < s->rule_count; i++) {
			const __u64 *verdicts = s->rules[i].counters.verdicts[mode];
			__u64 sum = 0;

			for (unsigned int action = 0; action < HG_ACTION_COUNT; action++)
				sum += verdicts[action];
			add_count(to, groups[mode], s->rules[i].name, sum);
		}
}

static void add_policy(struct hg_stats *to, const struct hg_snapshot *s)
{
	const struct hg_counters *c = &s->total;

	add_level(to, "policy", "revision", s->policy.revision);
	add_level(to, "policy", "rules", s->policy.rules);
	add_level(to, "policy", "names", s->policy.names);
	add_level(to, "policy", "confirm_seconds_left", hg_snapshot_confirm_left(s));
	add_rules(to, s);
	add_count(to, "undecided", "timeouts", c->verdict_timeouts);
	add_count(to, "undecided", "ended", s->run.undecided);
	for (unsigned int side = HG_TO_client; side < HG_TO_COUNT; side++)
		add_count(to, "resets", hg_to_text(side), ((const __u64 *)&c->resets)[side]);
	add_words(to, "reset_failures", hg_reset_failure_text, &c->reset_failures,
		  HG_RESET_FAILURE_COUNT);
	add_words(to, "quic", hg_quic_action_text, &c->quic_initials, HG_QUIC_ACTION_COUNT);
}

static void add_events(struct hg_stats *to, const struct hg_snapshot *s)
{
	add_count(to, "events", "written", s->total.events);
	add_count(to, "lost", "ring", s->total.events_lost);
	add_count(to, "lost", "socket", s->run.lost_socket);
	add_count(to, "lost", "sink", s->run.lost_sink);
	add_count(to, "lost", "undiagnosed", s->undiagnosed_overwritten);
}

static void add_tables(struct hg_stats *to, const struct hg_snapshot *s)
{
	for (unsigned int i = 0; i < s->map_count; i++)
		if (s->maps[i].counted)
			add(to, (struct hg_stat){ .group = "tables",
						  .what = s->maps[i].name,
						  .count = s->maps[i].entries,
						  .of = s->maps[i].capacity,
						  .level = true });
}

/* ---- shares ---- */

/* Groups whose words have nothing to do with each other. */
static bool is_loose(const struct hg_stat *row)
{
	static const char *const groups[] = { "flows", "flags", "policy", "events" };

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (!strcmp(row->group, groups[i]))
			return true;
	return row->level;
}

static bool same_group(const struct hg_stat *a, const struct hg_stat *b)
{
	return !strcmp(a->group, b->group);
}

/* Each word of a group is a part of the sum of them all. */
static void share_out(struct hg_stats *stats)
{
	for (unsigned int first = 0, end; first < stats->count; first = end) {
		struct hg_stat *list = stats->list;
		__u64 sum = 0;

		for (end = first; end < stats->count && same_group(&list[first], &list[end]); end++)
			sum += list[end].count;
		for (unsigned int i = first; i < end; i++)
			if (!is_loose(&list[i]))
				list[i].of = sum;
	}
}

/* ---- all of it ---- */

int hg_stats_fill(const struct hg_snapshot *s, struct hg_stats *out)
{
	*out = (struct hg_stats){ 0 };
	add_packets(out, &s->total);
	add_flows(out, s);
	add_handshakes(out, &s->total);
	add_failures(out, &s->run);
	add_policy(out, s);
	add_events(out, s);
	add_tables(out, s);
	if (out->failed) {
		hg_stats_free(out);
		return -ENOMEM;
	}
	share_out(out);
	return 0;
}

/* Most rows are where they were; rules come and go. */
static const struct hg_stat *find(const struct hg_stats *in, const struct hg_stat *row,
				  unsigned int at)
{
	for (unsigned int i = 0; i < in->count; i++) {
		const struct hg_stat *other = &in->list[(at + i) % in->count];

		if (same_group(other, row) && !strcmp(other->what, row->what))
			return other;
	}
	return NULL;
}

void hg_stats_since(struct hg_stats *now, const struct hg_stats *before)
{
	for (unsigned int i = 0; i < now->count; i++) {
		struct hg_stat *row = &now->list[i];
		const struct hg_stat *old = row->level ? NULL : find(before, row, i);

		if (old && old->count <= row->count)
			row->count -= old->count;
	}
	share_out(now);
}

void hg_stats_free(struct hg_stats *stats)
{
	free(stats->list);
	*stats = (struct hg_stats){ 0 };
}
