/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_policy_live.c - policy show, what an instance enforces; and the table of the
 * policy commands.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "generation.h"
#include "json.h"
#include "listing.h"
#include "policy_commands.h"
#include "say.h"
#include "set_hits.h"
#include "terms.h"

static const char *bpffs;
static struct hg_listing_text asked;
static bool of_sets;

static const struct hg_option show_options[] = {
	{ "sets", 0, NULL, "its sets, with their entries, instead of its rules", NULL, &of_sets },
	HG_OPTIONS_LISTING(asked, "table"),
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

/* The active generation, as the kernel has it. */
struct shown {
	const struct hg_instance *in;
	struct hg_in_force now;
	struct hg_policy_source *source;
	struct hg_policy policy;
	struct hg_generation_maps maps; /* of the active generation */
	struct hg_listing listing;
	struct hg_json out;
};

static int find_active(struct shown *s)
{
	int r = hg_generation_in_force(s->in, hg_clock_monotonic(), &s->now);

	if (r)
		return hg_bpf_refused(r, "cannot read which policy is active");
	if (s->now.generation)
		return HG_OK;
	if (s->now.lapsed)
		hg_error("no policy is active: revision %u was not confirmed in time",
			 s->now.lapsed);
	else
		hg_error("no policy is loaded: nothing is enforced");
	hg_hint("load one: hellogate policy load FILE");
	return HG_NOTHING;
}

static int refused(int error)
{
	if (error != -EPERM)
		return hg_bpf_refused(error, "cannot read the active policy");
	hg_error(
		"cannot read the active policy: it was loaded by a hellogate that left it to CAP_SYS_ADMIN");
	hg_hint("load it again with this one: hellogate policy load FILE; or run this as root");
	return HG_NOT_PERMITTED;
}

static int read_active(struct shown *s)
{
	__u32 slot;
	int r = find_active(s);

	if (r)
		return r;
	slot = s->now.generation - 1;
	s->source = malloc(sizeof(*s->source));
	r = s->source ? hg_generation_open(s->in, slot, &s->maps) : -ENOMEM;
	r = r ? r : hg_generation_policy(&s->maps, &s->policy);
	if (!r && bpf_map_lookup_elem(s->in->maps[HG_MAP_policy_source], &slot, s->source))
		r = -errno;
	return r ? refused(r) : HG_OK;
}

static void counters_of(const struct shown *s, __u32 stats, struct hg_rule_counters *sum)
{
	int cpus = libbpf_num_possible_cpus();
	struct hg_rule_counters *each = calloc((size_t)cpus, sizeof(*each));

	memset(sum, 0, sizeof(*sum));
	if (each && !bpf_map_lookup_elem(s->in->maps[HG_MAP_rule_counters], &stats, each))
		for (int cpu = 0; cpu < cpus; cpu++)
			for (int mode = 0; mode < HG_MODE_COUNT; mode++)
				for (int action = 0; action < HG_ACTION_COUNT; action++)
					sum->verdicts[mode][action] +=
						each[cpu].verdicts[mode][action];
	free(each);
}

struct rule_row {
	const char *name;
	const char *action;
	const char *mode;
	const char *to;
	const char *stage;
	__u64 done;  /* in enforce */
	__u64 would; /* in monitor */
};

enum column { RULE, ACTION, MODE, TO, WHERE, ENFORCED, MONITORED, COLUMN_COUNT };

static const struct hg_column list[] = {
	[RULE] = { "rule", "RULE", 24, HG_COLUMN_TEXT },
	[ACTION] = { "action", "ACTION", 7, 0 },
	[MODE] = { "mode", "MODE", 8, 0 },
	[TO] = { "to", "TO", 7, 0 },
	[WHERE] = { "where", "WHERE", 7, 0 },
	[ENFORCED] = { "enforced", "ENFORCED", 12, HG_COLUMN_RIGHT },
	[MONITORED] = { "monitored", "MONITORED", 12, HG_COLUMN_RIGHT },
	[COLUMN_COUNT] = { NULL, NULL, 0, 0 },
};

#define ALL "rule,action,mode,to,where,enforced,monitored"

static const struct hg_columns rule_columns = { list, ALL, ALL };

static void list_row(struct shown *s, const struct rule_row *r)
{
	char done[24], would[24];

	snprintf(done, sizeof(done), "%llu", (unsigned long long)r->done);
	snprintf(would, sizeof(would), "%llu", (unsigned long long)r->would);
	hg_listing_row(
		&s->listing,
		(const char *const[]){ r->name, r->action, r->mode, r->to, r->stage, done, would },
		-1);
}

static void put_row(struct hg_json *j, const struct rule_row *r)
{
	hg_json_object(j);
	hg_json_put_string(j, "rule", r->name);
	hg_json_put_string(j, "action", r->action);
	hg_json_put_string(j, "mode", r->mode);
	hg_json_put_string(j, "to", r->to);
	hg_json_put_string(j, "where", r->stage);
	hg_json_put_uint(j, "enforced", r->done);
	hg_json_put_uint(j, "monitored", r->would);
	hg_json_object_end(j);
}

static void print_row(struct shown *s, const struct rule_row *r)
{
	if (s->listing.format == HG_FORMAT_TABLE || s->listing.format == HG_FORMAT_CSV) {
		list_row(s, r);
		return;
	}
	put_row(&s->out, r);
	if (s->listing.format == HG_FORMAT_JSONL)
		hg_json_newline(&s->out);
}

static void sum_up(const struct shown *s, __u32 stats, struct rule_row *row)
{
	struct hg_rule_counters counters;

	counters_of(s, stats, &counters);
	for (int action = 0; action < HG_ACTION_COUNT; action++) {
		row->done += counters.verdicts[HG_MODE_enforce][action];
		row->would += counters.verdicts[HG_MODE_monitor][action];
	}
}

static void show_rest(struct shown *s, const char *name, __u8 action, __u16 stats)
{
	struct rule_row row = { .name = name,
				.action = hg_action_text(action),
				.mode = hg_mode_text(s->policy.mode),
				.to = action == HG_ACTION_reset ? "both" : "-",
				.stage = "kernel" };

	sum_up(s, stats, &row);
	print_row(s, &row);
}

/* A rule is judged in the kernel until one before it waits for user space. */
static void show_rules(struct shown *s)
{
	struct hg_rule_name name;
	bool waits = false;

	for (__u32 i = 0; i < s->policy.rules; i++) {
		struct hg_rule rule;
		struct rule_row row = { 0 };
		__u32 stats;

		if (bpf_map_lookup_elem(s->maps.maps[HG_INNER_RULES], &i, &rule))
			break;
		stats = rule.stats;
		memset(&name, 0, sizeof(name));
		bpf_map_lookup_elem(s->in->maps[HG_MAP_rule_names], &stats, &name);
		row.name = *name.name ? name.name : "?";
		row.action = rule.protect ? "protect" : hg_action_text(rule.action);
		row.mode = hg_mode_text(rule.mode);
		row.to = rule.action == HG_ACTION_reset && !rule.protect ? hg_to_text(rule.to)
									 : "-";
		if ((rule.match.conditions | rule.except.conditions) & HG_COND_USER)
			row.stage = "user";
		else
			row.stage = waits ? "waits" : "kernel";
		waits |= row.stage[0] == 'u';
		sum_up(s, stats, &row);
		print_row(s, &row);
	}
}

static void show_rows(struct shown *s)
{
	show_rules(s);
	show_rest(s, "default", s->policy.default_action, s->policy.default_stats);
	show_rest(s, "unread", s->policy.unread_action, s->policy.unread_stats);
}

static __u64 seconds_left(const struct shown *s)
{
	__u64 now = hg_clock_monotonic();

	return now < s->now.confirm_by_ns ? (s->now.confirm_by_ns - now + HG_SECOND - 1) / HG_SECOND
					  : 0;
}

static void print_head(const struct shown *s)
{
	printf("revision %u, mode %s%s, from %s\n", s->policy.revision,
	       hg_mode_text(s->policy.mode),
	       s->policy.quic_action == HG_ACTION_drop ? ", quic drop" : "", s->source->path);
	if (s->now.confirm_by_ns && s->now.fallback)
		printf("unconfirmed: revision %u comes back in %llu s\n", s->now.fallback_revision,
		       (unsigned long long)seconds_left(s));
	else if (s->now.confirm_by_ns)
		printf("unconfirmed: it goes in %llu s\n", (unsigned long long)seconds_left(s));
	if (s->now.lapsed)
		printf("revision %u was not confirmed in time\n", s->now.lapsed);
	printf("\n");
}

static void show_json(struct shown *s)
{
	hg_json_object(&s->out);
	hg_json_put_uint(&s->out, "revision", s->policy.revision);
	hg_json_put_string(&s->out, "mode", hg_mode_text(s->policy.mode));
	hg_json_put_string(&s->out, "default", hg_action_text(s->policy.default_action));
	hg_json_put_string(&s->out, "unread", hg_action_text(s->policy.unread_action));
	hg_json_put_string(&s->out, "quic", hg_action_text(s->policy.quic_action));
	hg_json_put_string(&s->out, "path", s->source->path);
	if (s->now.confirm_by_ns) {
		hg_json_put_uint(&s->out, "confirm_seconds_left", seconds_left(s));
		hg_json_put_uint(&s->out, "fallback", s->now.fallback_revision);
	}
	if (s->now.lapsed)
		hg_json_put_uint(&s->out, "lapsed", s->now.lapsed);
	hg_json_key(&s->out, "rules");
	hg_json_array(&s->out);
	show_rows(s);
	hg_json_array_end(&s->out);
	hg_json_object_end(&s->out);
	hg_json_newline(&s->out);
}

static int show_active(struct shown *s)
{
	if (s->listing.format == HG_FORMAT_TABLE)
		print_head(s);
	hg_listing_begin(&s->listing, true);
	if (s->listing.format == HG_FORMAT_JSON)
		show_json(s);
	else
		show_rows(s);
	fwrite(s->out.text, 1, s->out.len, stdout);
	return hg_listing_end(&s->listing);
}

/* ---- sets ---- */

enum set_column { SET, KIND, ENTRIES, RULES, HITS, SET_COLUMN_COUNT };

static const struct hg_column set_list[] = {
	[SET] = { "set", "SET", 24, HG_COLUMN_TEXT },
	[KIND] = { "kind", "KIND", 8, 0 },
	[ENTRIES] = { "entries", "ENTRIES", 10, HG_COLUMN_RIGHT },
	[RULES] = { "rules", "RULES", 5, HG_COLUMN_RIGHT },
	[HITS] = { "hits", "HITS", 10, HG_COLUMN_RIGHT },
	[SET_COLUMN_COUNT] = { NULL, NULL, 0, 0 },
};

#define SET_COLUMNS "set,kind,entries,rules,hits"

static const struct hg_columns set_columns = { set_list, SET_COLUMNS, SET_COLUMNS };

static const char *kind_text(const struct hg_set_summary *set)
{
	return set->networks ? "networks" : "domains";
}

static bool asks_for(const struct hg_match *m, const struct hg_set_summary *set)
{
	__u64 bit = 1ULL << (set->bit & 63);

	return set->networks ? (m->src | m->dst) & bit : m->sni & bit;
}

static unsigned int rules_of(const struct shown *s, const struct hg_set_summary *set)
{
	unsigned int count = 0;
	struct hg_rule rule;

	for (__u32 i = 0; i < s->policy.rules; i++)
		if (!bpf_map_lookup_elem(s->maps.maps[HG_INNER_RULES], &i, &rule))
			count += asks_for(&rule.match, set) || asks_for(&rule.except, set);
	return count;
}

static void print_set(struct shown *s, const struct hg_set_summary *set)
{
	__u64 held = hg_set_hits(s->in, s->policy.slot, set);
	char entries[24], rules[16], hits[24];
	struct hg_json *j = &s->out;

	if (s->listing.format == HG_FORMAT_TABLE || s->listing.format == HG_FORMAT_CSV) {
		snprintf(entries, sizeof(entries), "%llu", (unsigned long long)set->entries);
		snprintf(rules, sizeof(rules), "%u", rules_of(s, set));
		snprintf(hits, sizeof(hits), "%llu", (unsigned long long)held);
		hg_listing_row(
			&s->listing,
			(const char *const[]){ set->name, kind_text(set), entries, rules, hits },
			-1);
		return;
	}
	hg_json_object(j);
	hg_json_put_string(j, "set", set->name);
	hg_json_put_string(j, "kind", kind_text(set));
	hg_json_put_uint(j, "entries", set->entries);
	hg_json_put_uint(j, "rules", rules_of(s, set));
	hg_json_put_uint(j, "hits", held);
	hg_json_object_end(j);
	if (s->listing.format == HG_FORMAT_JSONL)
		hg_json_newline(j);
}

static int show_sets(struct shown *s)
{
	bool json = s->listing.format == HG_FORMAT_JSON;

	hg_listing_begin(&s->listing, true);
	if (json)
		hg_json_array(&s->out);
	for (__u32 i = 0; i < s->source->set_count && i < 2 * HG_SETS; i++)
		print_set(s, &s->source->sets[i]);
	if (json) {
		hg_json_array_end(&s->out);
		hg_json_newline(&s->out);
	}
	fwrite(s->out.text, 1, s->out.len, stdout);
	return hg_listing_end(&s->listing);
}

static int show(struct hg_instance *in, const struct hg_listing *listing)
{
	struct shown s = { .in = in, .listing = *listing };
	int r;

	memset(s.maps.maps, -1, sizeof(s.maps.maps));
	r = read_active(&s);
	if (!r)
		r = of_sets ? show_sets(&s) : show_active(&s);
	hg_generation_close(&s.maps);
	hg_json_free(&s.out);
	free(s.source);
	return r;
}

static int cmd_show(const struct hg_command *self, int argc, char **argv)
{
	struct hg_listing listing;
	struct hg_instance in;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands)
		return hg_usage(self, "unexpected argument '%s'", argv[0]);
	if (hg_listing_choose(&listing, self, of_sets ? &set_columns : &rule_columns,
			      HG_FORMAT_TABLE, &asked))
		return HG_USAGE;
	r = hg_instance_open(&in, hg_instance_dir(bpffs));
	if (!r)
		r = show(&in, &listing);
	hg_instance_close(&in);
	return r;
}

const struct hg_command hg_commands_policy[] = {
	{ NULL, "policy check", "FILE", "every error of a policy file, with its place",
	  "Exit code 3 if there is an error.  Warnings are of what is valid and does nothing, of lines\n"
	  "of lists that mean nothing here, and of entries that hold a whole public suffix.",
	  hg_cmd_policy_check, hg_options_policy_check, NULL },
	{ NULL, "policy test", "FILE", "run the tests that the file holds",
	  "Exit code 1 if a test fails.  With --replay also: what each rule would have done.",
	  hg_cmd_policy_test, hg_options_policy_test, NULL },
	{ NULL, "policy explain", "FILE", "each rule, and why it does or does not match",
	  "The options describe a flow; what is not given is not known, and a condition on it is\n"
	  "neither true nor false.",
	  hg_cmd_policy_explain, hg_options_policy_explain, NULL },
	{ NULL, "policy diff", "A [B]",
	  "what differs between two files, or the active policy and one",
	  "Rules, tests and sets are told apart by name.  Entries of the active policy's sets are known\n"
	  "to the kernel as hashes: which names it lacks is told, and how many it has that the file\n"
	  "lacks.  Exit code 1 if there is a difference.",
	  hg_cmd_policy_diff, hg_options_policy_diff, NULL },
	{ NULL, "policy load", "FILE", "make it the active policy, all or nothing",
	  "No packet sees half a policy, and a file with an error changes nothing.  Files of sets\n"
	  "are read now: a later change takes effect with the next load.  With --confirm-within the\n"
	  "kernel itself goes back to the policy before, unless `policy confirm` comes in time.",
	  hg_cmd_policy_load, hg_options_policy_load, NULL },
	{ NULL, "policy confirm", "[REVISION]", "keep what was loaded with --confirm-within",
	  "With REVISION, only if that is the active one.  Exit code 7 if it came too late.",
	  hg_cmd_policy_confirm, hg_options_policy_change, NULL },
	{ NULL, "policy rollback", "[REVISION]", "back to the policy that was active before",
	  "The lists are those that were loaded then, whatever the files say now.  It becomes active\n"
	  "as a new revision.  The last four generations are kept.",
	  hg_cmd_policy_rollback, hg_options_policy_change, NULL },
	{ NULL, "policy history", NULL, "what was loaded when, by whom, and what became of it",
	  "STATE is active, unconfirmed, fell_back (was not confirmed in time), rolled_back or\n"
	  "replaced.  The last 64 revisions.",
	  hg_cmd_policy_history, hg_options_policy_history, NULL },
	{ NULL, "policy show", NULL, "the active policy, with hits per rule",
	  "WHERE is `kernel`, or `user` for a rule that `run` decides, or `waits` for one behind it.\n"
	  "With --sets: the named sets that a rule asks for, and how many rules do.",
	  cmd_show, show_options, NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
};
