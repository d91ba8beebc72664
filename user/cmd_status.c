/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_status.c - what is attached, what it has seen, and whether all is well.
 */
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attach.h"
#include "commands.h"
#include "export_json.h"
#include "health.h"
#include "say.h"
#include "snapshot.h"
#include "terms.h"

static const char *format_text, *bpffs, *color_text = "auto";
static bool json, check;

const struct hg_option hg_options_status[] = {
	{ "check", 0, NULL, "say only what is degraded, on stderr; exit 1 if anything is", NULL,
	  &check },
	{ "output", 'o', "FORMAT", "table, json, jsonl or csv (the last two: a line an interface)",
	  &format_text, NULL },
	{ "json", 'j', NULL, "the same as -o json", NULL, &json },
	{ "color", 0, "WHEN", "auto, always or never", &color_text, NULL },
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

struct status {
	const struct hg_snapshot *s;
	struct hg_health *health;
	unsigned int health_count;
	bool color;
};

static bool parse_color(const struct hg_command *self, bool *color, int *r)
{
	const char *no = getenv("NO_COLOR");

	*color = !strcmp(color_text, "always");
	if (!strcmp(color_text, "auto"))
		*color = isatty(STDOUT_FILENO) && !(no && *no);
	else if (!*color && strcmp(color_text, "never") != 0)
		*r = hg_usage(self, "--color: '%s' is not auto, always or never", color_text);
	return *r == HG_OK;
}

/* ---- cells ---- */

static const char *state_text(const struct hg_snapshot *s, const struct hg_snapshot_interface *i)
{
	if (i->state != HG_INTERFACE_ATTACHED)
		return hg_interface_state_text(i->state);
	if (!s->policy.revision)
		return "no policy";
	return s->policy.enforces ? "enforcing" : "monitoring";
}

static void programs_text(const struct hg_interface *e, char *text, size_t size)
{
	size_t len = 0;

	*text = 0;
	for (int i = 0; i < 3; i++)
		if (e->prog_id[i] && len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%u", len ? "," : "",
						e->prog_id[i]);
}

/* Rounded down: 100% is said only of all. */
static void covered_text(const struct hg_counters *c, char *text, size_t size)
{
	__u64 read, of, share;

	hg_counters_covered(c, &read, &of);
	share = of ? read * 10000 / of : 0;
	if (of)
		snprintf(text, size, "%" PRIu64 ".%02" PRIu64 "%%", (uint64_t)share / 100,
			 (uint64_t)share % 100);
	else
		snprintf(text, size, "-");
}

/* ---- table ---- */

enum column { IFACE, HOOK, MODE, PROG, PACKETS, HELLOS, RESETS, COVERED, STATE, COLUMN_COUNT };

static const struct {
	const char *name;
	int flags;
} columns[COLUMN_COUNT] = {
	[IFACE] = { "IFACE", 0 },
	[HOOK] = { "HOOK", 0 },
	[MODE] = { "MODE", 0 },
	[PROG] = { "PROG", 0 },
	[PACKETS] = { "PACKETS", SCOLS_FL_RIGHT },
	[HELLOS] = { "HELLOS", SCOLS_FL_RIGHT },
	[RESETS] = { "RESETS", SCOLS_FL_RIGHT },
	[COVERED] = { "COVERED", SCOLS_FL_RIGHT },
	[STATE] = { "STATE", 0 },
};

static int fill_line(const struct status *st, const struct hg_snapshot_interface *i,
		     struct libscols_line *line)
{
	const struct hg_counters *c = &i->counters;
	const char *state = state_text(st->s, i);
	char number[HG_GROUPED_SIZE], text[40];
	int r = scols_line_set_data(line, IFACE, i->label);

	r |= scols_line_set_data(line, HOOK, hg_hook_text(i->entry.hook));
	r |= scols_line_set_data(line, MODE, hg_hook_mode_text(i->entry.hook));
	programs_text(&i->entry, text, sizeof(text));
	r |= scols_line_set_data(line, PROG, text);
	r |= scols_line_set_data(line, PACKETS, hg_grouped(hg_counters_packets(c), number));
	r |= scols_line_set_data(line, HELLOS, hg_grouped(hg_counters_hellos(c), number));
	r |= scols_line_set_data(line, RESETS, hg_grouped(hg_counters_resets(c), number));
	covered_text(c, text, sizeof(text));
	r |= scols_line_set_data(line, COVERED, text);
	r |= scols_line_set_data(line, STATE, state);
	if (i->state != HG_INTERFACE_ATTACHED)
		scols_cell_set_color(scols_line_get_cell(line, STATE), "red");
	return r;
}

static int print_interfaces(const struct status *st)
{
	struct libscols_table *table = scols_new_table();
	int r = table ? 0 : -1;

	for (int i = 0; !r && i < COLUMN_COUNT; i++)
		if (!scols_table_new_column(table, columns[i].name, 0, columns[i].flags))
			r = -1;
	if (!r)
		scols_table_enable_colors(table, st->color);
	for (unsigned int i = 0; !r && i < st->s->interface_count; i++) {
		struct libscols_line *line;

		if (!hg_interface_used(&st->s->interfaces[i].entry))
			continue;
		line = scols_table_new_line(table, NULL);
		r = line ? fill_line(st, &st->s->interfaces[i], line) : -1;
	}
	if (!r)
		r = scols_print_table(table);
	scols_unref_table(table);
	return r;
}

/* ---- lines around it ---- */

static void print_age(uint64_t loaded_s)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	uint64_t now = (uint64_t)time(NULL), age = now > loaded_s ? now - loaded_s : 0;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (age < units[i].seconds && units[i].seconds > 1)
			continue;
		printf(", loaded %" PRIu64 " %s ago", age / units[i].seconds, units[i].name);
		return;
	}
}

static void print_policy(const struct hg_snapshot_policy *p)
{
	struct passwd *user = p->loaded_s ? getpwuid(p->uid) : NULL;
	char names[HG_GROUPED_SIZE];

	if (!p->revision) {
		printf("policy    none: nothing is enforced\n");
		return;
	}
	printf("policy    revision %u (%s, %u rule%s, %s name%s", p->revision,
	       hg_mode_text(p->mode), p->rules, p->rules == 1 ? "" : "s",
	       hg_grouped(p->names, names), p->names == 1 ? "" : "s");
	if (p->detailed)
		printf(", default %s", hg_action_text(p->default_action));
	printf(")");
	if (p->loaded_s)
		print_age(p->loaded_s);
	if (user)
		printf(" by %s", user->pw_name);
	printf("\n");
}

static void print_coverage(const struct hg_snapshot *s)
{
	const __u64 *buckets = (const __u64 *)&s->total.coverage;
	const char *separator = ": ";
	char number[HG_GROUPED_SIZE];

	printf("coverage  %s flows", hg_grouped(s->total.flows_created, number));
	for (int i = HG_BUCKET_COUNT - 1; i >= 0; i--) {
		if (!buckets[i])
			continue;
		printf("%s%s %s", separator, hg_grouped(buckets[i], number),
		       hg_bucket_text((unsigned int)i));
		separator = ", ";
	}
	if (s->flows_active)
		printf("%s%s active", separator, hg_grouped(s->flows_active, number));
	printf("\n");
}

static void print_health(const struct status *st)
{
	static const char *const colors[] = { "\033[32m", "\033[33m", "\033[31m" };

	printf("\nHealth\n");
	for (unsigned int i = 0; i < st->health_count; i++) {
		const struct hg_health *h = &st->health[i];

		printf("  %s%-4s%s  %-14s %s\n", st->color ? colors[h->level] : "",
		       hg_health_level_text(h->level), st->color ? "\033[0m" : "", h->what,
		       h->text);
	}
}

static int print_table(const struct status *st)
{
	printf("hellogate %s  %s\n", HG_VERSION, st->s->dir);
	print_policy(&st->s->policy);
	print_coverage(st->s);
	printf("\n");
	if (print_interfaces(st)) {
		hg_error("no memory for the table");
		return HG_PARTLY;
	}
	print_health(st);
	return HG_OK;
}

/* ---- for scripts ---- */

static void print_csv_text(const char *text)
{
	putchar('"');
	for (; *text; text++)
		printf(*text == '"' ? "\"%c" : "%c", *text);
	putchar('"');
}

static int print_csv(const struct hg_snapshot *s)
{
	char programs[40], covered[40];

	puts("interface,hook,mode,programs,packets,hellos,resets,covered,state");
	for (unsigned int n = 0; n < s->interface_count; n++) {
		const struct hg_snapshot_interface *i = &s->interfaces[n];

		if (!hg_interface_used(&i->entry))
			continue;
		programs_text(&i->entry, programs, sizeof(programs));
		covered_text(&i->counters, covered, sizeof(covered));
		print_csv_text(i->label);
		printf(",%s,%s,\"%s\",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%s,%s\n",
		       hg_hook_text(i->entry.hook), hg_hook_mode_text(i->entry.hook), programs,
		       (uint64_t)hg_counters_packets(&i->counters),
		       (uint64_t)hg_counters_hellos(&i->counters),
		       (uint64_t)hg_counters_resets(&i->counters), covered, state_text(s, i));
	}
	return HG_OK;
}

static int print_json(const struct status *st, enum hg_format format)
{
	struct hg_json j = { 0 };
	int r = HG_OK;

	if (format == HG_FORMAT_JSON) {
		hg_json_snapshot(&j, st->s, st->health, st->health_count);
		hg_json_newline(&j);
	}
	for (unsigned int i = 0; format == HG_FORMAT_JSONL && i < st->s->interface_count; i++) {
		if (!hg_interface_used(&st->s->interfaces[i].entry))
			continue;
		hg_json_interface(&j, &st->s->interfaces[i]);
		hg_json_newline(&j);
	}
	if (j.failed) {
		hg_error("no memory for the listing");
		r = HG_PARTLY;
	} else {
		fwrite(j.text, 1, j.len, stdout);
	}
	hg_json_free(&j);
	return r;
}

/* ---- the command ---- */

static int say_degraded(const struct status *st)
{
	int r = HG_OK;

	for (unsigned int i = 0; i < st->health_count; i++) {
		if (st->health[i].level != HG_HEALTH_FAIL)
			continue;
		fprintf(stderr, "degraded: %s: %s\n", st->health[i].what, st->health[i].text);
		r = HG_NO;
	}
	return r;
}

static int print_status(const struct status *st, enum hg_format format)
{
	if (check && !format_text && !json)
		return say_degraded(st);
	switch (format) {
	case HG_FORMAT_TABLE:
		return print_table(st);
	case HG_FORMAT_CSV:
		return print_csv(st->s);
	default:
		return print_json(st, format);
	}
}

static int show(const struct hg_instance *in, enum hg_format format, bool color)
{
	struct status st = { .color = color };
	struct hg_snapshot *s;
	int r = hg_snapshot_take(in, &s);

	if (r)
		return r;
	st.s = s;
	st.health = calloc(HG_HEALTH_MAX, sizeof(*st.health));
	if (st.health)
		st.health_count = hg_health_judge(s, st.health);
	if (s->attached) {
		r = print_status(&st, format);
		if (!r && check && (format_text || json))
			r = say_degraded(&st);
	} else {
		hg_error("nothing is attached under %s", s->dir);
		hg_hint("attach an interface first: hellogate attach IFACE");
		r = HG_NOTHING;
	}
	free(st.health);
	hg_snapshot_free(s);
	return r;
}

int hg_cmd_status(const struct hg_command *self, int argc, char **argv)
{
	enum hg_format format;
	struct hg_instance in;
	bool color;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	r = HG_OK;
	if (operands)
		return hg_usage(self, "unexpected argument '%s'", argv[0]);
	if (!hg_format_parse(json ? "json" : format_text, HG_FORMAT_TABLE, &format))
		return HG_USAGE;
	if (!parse_color(self, &color, &r))
		return r;
	r = hg_instance_open(&in, hg_instance_dir(bpffs));
	if (!r)
		r = show(&in, format, color);
	hg_instance_close(&in);
	return r;
}
