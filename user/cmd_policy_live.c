/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_policy_live.c - policy load, show and history: what an instance enforces.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "generation.h"
#include "json.h"
#include "listing.h"
#include "policy_commands.h"
#include "policy_load.h"
#include "say.h"
#include "terms.h"

static const char *bpffs;
static bool quiet;
static struct hg_listing_text asked;

static const struct hg_option load_options[] = {
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	{ "quiet", 'q', NULL, "say only what went wrong", NULL, &quiet },
	HG_OPTIONS_END,
};

static const struct hg_option show_options[] = {
	HG_OPTIONS_LISTING(asked, "table"),
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

static int cmd_load(const struct hg_command *self, int argc, char **argv)
{
	struct hg_policy_file file;
	struct hg_instance in;
	int files, r = hg_options_parse(self, argc, argv, &files);

	if (r != HG_PARSED)
		return r;
	if (files != 1)
		return hg_usage(self, files ? "one policy file at a time" : "which policy file?");
	hg_say_quiet(quiet);
	r = hg_policy_file_open(argv[0], &file);
	if (r)
		return r;
	r = hg_instance_open(&in, hg_instance_dir(bpffs));
	if (!r)
		r = hg_instance_lock(&in);
	if (!r)
		r = hg_policy_load(&in, &file);
	hg_policy_file_close(&file);
	hg_instance_close(&in);
	return r;
}

/* ---- show ---- */

/* The active generation, as the kernel has it. */
struct shown {
	const struct hg_instance *in;
	struct hg_policy_source *source;
	struct hg_policy policy;
	struct hg_generation_maps maps; /* of the active generation */
	struct hg_listing listing;
	struct hg_json out;
};

static int active_slot(const struct hg_instance *in, __u32 *slot)
{
	struct hg_control control;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(in->maps[HG_MAP_control], &zero, &control))
		return hg_bpf_refused(errno, "cannot read the control map");
	if (!control.generation) {
		hg_error("no policy is loaded: nothing is enforced");
		hg_hint("load one: hellogate policy load FILE");
		return HG_NOTHING;
	}
	*slot = control.generation - 1;
	return HG_OK;
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
	int r = active_slot(s->in, &slot);

	if (r)
		return r;
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

static void show_json(struct shown *s)
{
	hg_json_object(&s->out);
	hg_json_put_uint(&s->out, "revision", s->policy.revision);
	hg_json_put_string(&s->out, "mode", hg_mode_text(s->policy.mode));
	hg_json_put_string(&s->out, "default", hg_action_text(s->policy.default_action));
	hg_json_put_string(&s->out, "unread", hg_action_text(s->policy.unread_action));
	hg_json_put_string(&s->out, "path", s->source->path);
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
		printf("revision %u, mode %s, from %s\n\n", s->policy.revision,
		       hg_mode_text(s->policy.mode), s->source->path);
	hg_listing_begin(&s->listing, true);
	if (s->listing.format == HG_FORMAT_JSON)
		show_json(s);
	else
		show_rows(s);
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
		r = show_active(&s);
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
	if (hg_listing_choose(&listing, self, &rule_columns, HG_FORMAT_TABLE, &asked))
		return HG_USAGE;
	r = hg_instance_open(&in, hg_instance_dir(bpffs));
	if (!r)
		r = show(&in, &listing);
	hg_instance_close(&in);
	return r;
}

const struct hg_command hg_commands_policy[] = {
	{ NULL, "policy check", "FILE", "every error of a policy file, with its place",
	  "Exit code 3 if there is an error.  Warnings are of what is valid and does nothing.",
	  hg_cmd_policy_check, hg_options_policy_check, NULL },
	{ NULL, "policy test", "FILE", "run the tests that the file holds",
	  "Exit code 1 if a test fails.", hg_cmd_policy_test, hg_options_policy_test, NULL },
	{ NULL, "policy explain", "FILE", "each rule, and why it does or does not match",
	  "The options describe a flow; what is not given is not known, and a condition on it is\n"
	  "neither true nor false.",
	  hg_cmd_policy_explain, hg_options_policy_explain, NULL },
	{ NULL, "policy load", "FILE", "make it the active policy, all or nothing",
	  "No packet sees half a policy, and a file with an error changes nothing.  Files of sets\n"
	  "are read now: a later change takes effect with the next load.",
	  cmd_load, load_options, NULL },
	{ NULL, "policy show", NULL, "the active policy, with hits per rule",
	  "WHERE is `kernel`, or `user` for a rule that `run` decides, or `waits` for one behind it.",
	  cmd_show, show_options, NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
};
