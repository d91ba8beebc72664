/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_status.c - what is attached, what it has seen, and whether all is well.
 */
#include <inttypes.h>
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
#include "listing.h"
#include "say.h"
#include "snapshot.h"
#include "terms.h"

static const char *bpffs;
static bool check;
static struct hg_listing_text asked;

const struct hg_option hg_options_status[] = {
	{ "check", 0, NULL, "say only what is degraded, on stderr; exit 1 if anything is", NULL,
	  &check },
	HG_OPTIONS_LISTING(asked, "table; jsonl and csv: a line an interface"),
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

struct status {
	const struct hg_snapshot *s;
	struct hg_health *health;
	unsigned int health_count;
	struct hg_listing listing; /* with its columns */
};

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

/* ---- interfaces, a row each ---- */

enum column { IFACE, HOOK, MODE, PROG, PACKETS, HELLOS, RESETS, COVERED, STATE, COLUMN_COUNT };

static const struct hg_column list[] = {
	[IFACE] = { "interface", "IFACE", 0, HG_COLUMN_TEXT },
	[HOOK] = { "hook", "HOOK", 0, 0 },
	[MODE] = { "mode", "MODE", 0, 0 },
	[PROG] = { "programs", "PROG", 0, HG_COLUMN_TEXT },
	[PACKETS] = { "packets", "PACKETS", 0, HG_COLUMN_RIGHT },
	[HELLOS] = { "hellos", "HELLOS", 0, HG_COLUMN_RIGHT },
	[RESETS] = { "resets", "RESETS", 0, HG_COLUMN_RIGHT },
	[COVERED] = { "covered", "COVERED", 0, HG_COLUMN_RIGHT },
	[STATE] = { "state", "STATE", 0, 0 },
	[COLUMN_COUNT] = { NULL, NULL, 0, 0 },
};

#define ALL "interface,hook,mode,programs,packets,hellos,resets,covered,state"

static const struct hg_columns interface_columns = { list, ALL, ALL };

/* Grouped for people. */
static const char *number_text(const struct hg_listing *l, __u64 n, char text[HG_GROUPED_SIZE])
{
	if (l->format == HG_FORMAT_TABLE)
		return hg_grouped(n, text);
	snprintf(text, HG_GROUPED_SIZE, "%" PRIu64, (uint64_t)n);
	return text;
}

static void add_interface(struct hg_listing *l, const struct hg_snapshot *s,
			  const struct hg_snapshot_interface *i)
{
	const struct hg_counters *c = &i->counters;
	char programs[40], covered[40], numbers[3][HG_GROUPED_SIZE];

	programs_text(&i->entry, programs, sizeof(programs));
	covered_text(c, covered, sizeof(covered));
	hg_listing_row(l,
		       (const char *const[COLUMN_COUNT]){
			       [IFACE] = i->label,
			       [HOOK] = hg_hook_text(i->entry.hook),
			       [MODE] = hg_hook_mode_text(i->entry.hook),
			       [PROG] = programs,
			       [PACKETS] = number_text(l, hg_counters_packets(c), numbers[0]),
			       [HELLOS] = number_text(l, hg_counters_hellos(c), numbers[1]),
			       [RESETS] = number_text(l, hg_counters_resets(c), numbers[2]),
			       [COVERED] = covered,
			       [STATE] = state_text(s, i),
		       },
		       i->state == HG_INTERFACE_ATTACHED ? -1 : STATE);
}

static int print_interfaces(struct status *st)
{
	hg_listing_begin(&st->listing, false);
	for (unsigned int i = 0; i < st->s->interface_count; i++)
		if (hg_interface_used(&st->s->interfaces[i].entry))
			add_interface(&st->listing, st->s, &st->s->interfaces[i]);
	return hg_listing_end(&st->listing);
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
	if (p->quic_action != HG_ACTION_allow)
		printf(", quic %s", hg_action_text(p->quic_action));
	printf(")");
	if (p->loaded_s)
		print_age(p->loaded_s);
	if (user)
		printf(" by %s", user->pw_name);
	if (p->confirm_by_ns)
		printf(", unconfirmed");
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

static void print_quic(const struct hg_counters *c)
{
	const __u64 *actions = (const __u64 *)&c->quic_initials;
	const char *separator = ": ";
	char number[HG_GROUPED_SIZE];

	if (!hg_counters_initials(c))
		return;
	printf("quic      %s Initials", hg_grouped(hg_counters_initials(c), number));
	for (unsigned int i = 0; i < HG_QUIC_ACTION_COUNT; i++) {
		if (!actions[i])
			continue;
		printf("%s%s %s", separator, hg_grouped(actions[i], number),
		       hg_quic_action_text(i));
		separator = ", ";
	}
	printf("\n");
}

static void print_health(const struct status *st)
{
	static const char *const colors[] = { "\033[32m", "\033[33m", "\033[31m" };

	printf("\nHealth\n");
	for (unsigned int i = 0; i < st->health_count; i++) {
		const struct hg_health *h = &st->health[i];

		printf("  %s%-4s%s  %-14s %s\n", st->listing.color ? colors[h->level] : "",
		       hg_health_level_text(h->level), st->listing.color ? "\033[0m" : "", h->what,
		       h->text);
	}
}

static int print_table(struct status *st)
{
	int r;

	printf("hellogate %s  %s\n", HG_VERSION, st->s->dir);
	print_policy(&st->s->policy);
	print_coverage(st->s);
	print_quic(&st->s->total);
	printf("\n");
	r = print_interfaces(st);
	if (!r)
		print_health(st);
	return r;
}

/* ---- for scripts ---- */

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

static int print_status(struct status *st, enum hg_format format)
{
	if (check && !asked.format && !asked.json)
		return say_degraded(st);
	switch (format) {
	case HG_FORMAT_TABLE:
		return print_table(st);
	case HG_FORMAT_CSV:
		return print_interfaces(st);
	default:
		return print_json(st, format);
	}
}

static int show(const struct hg_instance *in, const struct hg_listing *listing)
{
	struct status st = { .listing = *listing };
	struct hg_snapshot *s;
	int r = hg_snapshot_take(in, &s);

	if (r)
		return r;
	st.s = s;
	st.health = calloc(HG_HEALTH_MAX, sizeof(*st.health));
	if (st.health)
		st.health_count = hg_health_judge(s, st.health);
	if (s->attached) {
		r = print_status(&st, listing->format);
		if (!r && check && (asked.format || asked.json))
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
	struct hg_listing listing;
	struct hg_instance in;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands)
		return hg_usage(self, "unexpected argument '%s'", argv[0]);
	if (hg_listing_choose(&listing, self, &interface_columns, HG_FORMAT_TABLE, &asked))
		return HG_USAGE;
	r = hg_instance_open(&in, hg_instance_dir(bpffs));
	if (!r)
		r = show(&in, &listing);
	hg_instance_close(&in);
	return r;
}
