/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_policy_diff.c - policy diff: two policies, or the active one and a file;
 * and what the difference means for handshakes that were recorded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "policy_commands.h"
#include "policy_compile.h"
#include "policy_diff.h"
#include "policy_explain.h"
#include "policy_impact.h"
#include "policy_list.h"
#include "policy_parse.h"
#include "say.h"
#include "terms.h"

static const char *bpffs, *impact, *format_text;
static bool json;

const struct hg_option hg_options_policy_diff[] = {
	{ "impact", 0, "FILE", "a capture, or events (EVE, JSON Lines): what is decided otherwise",
	  &impact, NULL },
	{ "output", 'o', "FORMAT", "table or json (default table)", &format_text, NULL },
	{ "json", 'j', NULL, "the same as -o json", NULL, &json },
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

/* One side: a file, or what is active. */
struct side {
	struct hg_arena arena;
	char label[300];
	const char *path, *text;
	size_t len;
	struct hg_policy_model *model; /* of a file */
	struct hg_compiled *compiled;
	struct hg_live_policy live; /* of the active one */
};

static void side_close(struct side *s)
{
	if (s->live.revision)
		hg_live_policy_close(&s->live);
	else
		hg_compiled_free(s->compiled);
	hg_policy_model_free(s->model);
	hg_arena_free(&s->arena);
}

/* Warnings are of `policy check`. */
static int open_file(const char *path, struct side *s)
{
	struct hg_diagnostics d = { 0 };
	int r = HG_INVALID;

	snprintf(s->label, sizeof(s->label), "%s", path);
	s->path = path;
	s->text = hg_file_text(&s->arena, &d, NULL, path, &s->len);
	if (s->text)
		r = hg_policy_parse_text(path, s->text, s->len, &d, &s->model);
	r = r ? r : hg_policy_compile(s->model, &d, &s->compiled);
	if (r)
		hg_diagnostics_print(&d, stderr);
	hg_diagnostics_free(&d);
	return r;
}

static int no_policy(const struct hg_in_force *now)
{
	hg_error("no policy is %s: there is nothing to compare with",
		 now->lapsed ? "active" : "loaded");
	hg_hint("compare two files: hellogate policy diff A B");
	return HG_NOTHING;
}

static int open_active(const struct hg_instance *in, struct side *s)
{
	struct hg_in_force now;
	int r = hg_generation_in_force(in, hg_clock_monotonic(), &now);

	if (!r && !now.generation)
		return no_policy(&now);
	r = r ? r : hg_live_policy_open(in, now.generation - 1, &s->live);
	if (r)
		return hg_bpf_refused(r, "cannot read the active policy");
	s->compiled = s->live.compiled;
	s->path = s->live.source->path;
	s->text = s->live.source->text;
	s->len = s->live.source->len;
	snprintf(s->label, sizeof(s->label), "active revision %u, %s", now.revision, s->path);
	return HG_OK;
}

/* ---- output ---- */

struct shown {
	const struct side *a, *b;
	struct hg_policy_diff diff;
	struct hg_impact impact;
};

#define VALUE_MAX 96

/* A value may be a list of a thousand names: JSON has all of it. */
static void print_value(const char *text)
{
	if (!text)
		printf("(not said)");
	else
		printf("%.*s%s", VALUE_MAX, text, strlen(text) > VALUE_MAX ? "..." : "");
}

static void print_change(const struct hg_change *c)
{
	printf("%-8s %s", hg_change_text(c->kind), c->of);
	if (c->name)
		printf(" %s", c->name);
	if (c->kind == HG_CHANGE_MOVED)
		printf(": place");
	else
		printf("%s%s:", c->key ? " " : "", c->key ? c->key : "");
	printf(" ");
	if (c->kind != HG_CHANGE_ADDED)
		print_value(c->from);
	if (c->kind == HG_CHANGE_CHANGED || c->kind == HG_CHANGE_MOVED)
		printf(" -> ");
	if (c->kind != HG_CHANGE_REMOVED)
		print_value(c->to);
	printf("\n");
}

static void print_samples(const char *sign, const char *const samples[HG_SAMPLES], size_t count)
{
	if (!count || count == HG_NOT_COUNTED)
		return;
	for (size_t i = 0; i < HG_SAMPLES && i < count && samples[i]; i++)
		printf("%s %s%s", i ? "," : "", sign, samples[i]);
	if (samples[0] && count > HG_SAMPLES)
		printf(" and %zu more", count - HG_SAMPLES);
}

static void print_set(const struct hg_set_change *c)
{
	printf("entries  set %s: +%zu", c->name, c->added);
	if (c->removed != HG_NOT_COUNTED)
		printf(" -%zu", c->removed);
	if (c->before != HG_NOT_COUNTED)
		printf(" (%zu -> %zu)", c->before, c->after);
	else
		printf(" (%zu now; those that the file lacks are not told)", c->after);
	print_samples("+", c->samples_added, c->added);
	print_samples("-", c->samples_removed, c->removed);
	printf("\n");
}

static void print_transition(const struct shown *s, const struct hg_transition *t)
{
	char from[HG_EXPLAINED_MAX], to[HG_EXPLAINED_MAX];

	printf("%8llu  %s -> %s\n", (unsigned long long)t->count,
	       hg_verdict_words(s->a->compiled, &t->from, from),
	       hg_verdict_words(s->b->compiled, &t->to, to));
	for (size_t i = 0; i < HG_EXAMPLES && i < t->count; i++)
		printf("          %s  %s\n", t->examples[i].client, t->examples[i].name);
}

static void print_impact(const struct shown *s)
{
	const struct hg_impact *i = &s->impact;

	printf("\nimpact: %llu of %llu handshakes would be decided otherwise; %llu the same, by another rule\n",
	       (unsigned long long)i->otherwise, (unsigned long long)i->handshakes,
	       (unsigned long long)i->by_another);
	for (size_t n = 0; n < i->count; n++)
		print_transition(s, &i->list[n]);
}

static void print_table(const struct shown *s)
{
	printf("--- %s\n+++ %s\n", s->a->label, s->b->label);
	for (size_t i = 0; i < s->diff.count; i++)
		print_change(&s->diff.changes[i]);
	for (size_t i = 0; i < s->diff.set_count; i++)
		print_set(&s->diff.sets[i]);
	if (!s->diff.count && !s->diff.set_count)
		printf("no difference\n");
	if (impact)
		print_impact(s);
}

static void put_text(struct hg_json *j, const char *key, const char *text)
{
	if (text)
		hg_json_put_string(j, key, text);
}

static void put_change(struct hg_json *j, const struct hg_change *c)
{
	hg_json_object(j);
	hg_json_put_string(j, "change", hg_change_text(c->kind));
	hg_json_put_string(j, "of", c->of);
	put_text(j, "name", c->name);
	put_text(j, "key", c->key);
	put_text(j, "from", c->from);
	put_text(j, "to", c->to);
	hg_json_object_end(j);
}

static void put_samples(struct hg_json *j, const char *key, const char *const samples[HG_SAMPLES])
{
	hg_json_key(j, key);
	hg_json_array(j);
	for (size_t i = 0; i < HG_SAMPLES && samples[i]; i++)
		hg_json_string(j, samples[i]);
	hg_json_array_end(j);
}

static void put_count(struct hg_json *j, const char *key, size_t count)
{
	if (count != HG_NOT_COUNTED)
		hg_json_put_uint(j, key, count);
}

static void put_set(struct hg_json *j, const struct hg_set_change *c)
{
	hg_json_object(j);
	hg_json_put_string(j, "set", c->name);
	put_count(j, "before", c->before);
	put_count(j, "after", c->after);
	put_count(j, "added", c->added);
	put_count(j, "removed", c->removed);
	put_samples(j, "first_added", c->samples_added);
	put_samples(j, "first_removed", c->samples_removed);
	hg_json_object_end(j);
}

static void put_verdict(struct hg_json *j, const char *key, const struct side *side,
			const struct hg_verdict *v)
{
	char words[HG_EXPLAINED_MAX];

	hg_json_key(j, key);
	hg_json_object(j);
	if (v->rule != HG_NO_RULE)
		hg_json_put_string(j, "rule", hg_compiled_rule_name(side->compiled, v->rule));
	hg_json_put_string(j, "action", hg_action_text(v->action));
	hg_json_put_string(j, "mode", hg_mode_text(v->mode));
	hg_json_put_string(j, "words", hg_verdict_words(side->compiled, v, words));
	hg_json_object_end(j);
}

static void put_transition(struct hg_json *j, const struct shown *s, const struct hg_transition *t)
{
	hg_json_object(j);
	hg_json_put_uint(j, "handshakes", t->count);
	hg_json_put_bool(j, "otherwise", hg_transition_acts(t));
	put_verdict(j, "from", s->a, &t->from);
	put_verdict(j, "to", s->b, &t->to);
	hg_json_key(j, "examples");
	hg_json_array(j);
	for (size_t i = 0; i < HG_EXAMPLES && i < t->count; i++) {
		hg_json_object(j);
		hg_json_put_string(j, "client", t->examples[i].client);
		hg_json_put_string(j, "name", t->examples[i].name);
		hg_json_object_end(j);
	}
	hg_json_array_end(j);
	hg_json_object_end(j);
}

static void put_impact(struct hg_json *j, const struct shown *s)
{
	hg_json_key(j, "impact");
	hg_json_object(j);
	hg_json_put_string(j, "file", impact);
	hg_json_put_uint(j, "handshakes", s->impact.handshakes);
	hg_json_put_uint(j, "otherwise", s->impact.otherwise);
	hg_json_put_uint(j, "by_another_rule", s->impact.by_another);
	hg_json_key(j, "transitions");
	hg_json_array(j);
	for (size_t i = 0; i < s->impact.count; i++)
		put_transition(j, s, &s->impact.list[i]);
	hg_json_array_end(j);
	hg_json_object_end(j);
}

static void print_json(const struct shown *s)
{
	struct hg_json j = { 0 };

	hg_json_object(&j);
	hg_json_put_string(&j, "from", s->a->label);
	hg_json_put_string(&j, "to", s->b->label);
	hg_json_put_bool(&j, "same", !s->diff.count && !s->diff.set_count);
	hg_json_key(&j, "changes");
	hg_json_array(&j);
	for (size_t i = 0; i < s->diff.count; i++)
		put_change(&j, &s->diff.changes[i]);
	hg_json_array_end(&j);
	hg_json_key(&j, "sets");
	hg_json_array(&j);
	for (size_t i = 0; i < s->diff.set_count; i++)
		put_set(&j, &s->diff.sets[i]);
	hg_json_array_end(&j);
	if (impact)
		put_impact(&j, s);
	hg_json_object_end(&j);
	hg_json_newline(&j);
	fwrite(j.text, 1, j.len, stdout);
	hg_json_free(&j);
}

/* ---- the command ---- */

static int compare(const struct side *a, const struct side *b, enum hg_format format)
{
	struct shown s = { .a = a, .b = b };
	int r = HG_OK, partly = HG_OK;

	if (!hg_policy_diff_texts(&s.diff, a->path, a->text, a->len, b->path, b->text, b->len))
		r = HG_INVALID;
	else if (a->model)
		hg_policy_diff_sets(&s.diff, a->model, b->model);
	else if (hg_policy_diff_live_sets(&s.diff, &a->live, b->model))
		r = hg_bpf_refused(EIO, "cannot read the lists of the active policy");
	if (!r && impact)
		partly = hg_policy_impact(impact, a->compiled, b->compiled, &s.impact);
	r = r ? r : partly == HG_PARTLY ? HG_OK : partly;
	if (!r) {
		if (format == HG_FORMAT_JSON)
			print_json(&s);
		else
			print_table(&s);
		r = partly ? partly : s.diff.count || s.diff.set_count ? HG_NO : HG_OK;
	}
	hg_impact_free(&s.impact);
	hg_policy_diff_free(&s.diff);
	return r;
}

static int compare_with_active(const char *path, enum hg_format format)
{
	struct side a = { 0 }, b = { 0 };
	struct hg_instance in;
	int r = open_file(path, &b);

	if (!r) {
		r = hg_instance_open(&in, hg_instance_dir(bpffs));
		r = r ? r : open_active(&in, &a);
		r = r ? r : compare(&a, &b, format);
		side_close(&a);
		hg_instance_close(&in);
	}
	side_close(&b);
	return r;
}

static int compare_files(char **paths, enum hg_format format)
{
	struct side a = { 0 }, b = { 0 };
	int r = open_file(paths[0], &a), second = open_file(paths[1], &b);

	r = r ? r : second;
	r = r ? r : compare(&a, &b, format);
	side_close(&a);
	side_close(&b);
	return r;
}

int hg_cmd_policy_diff(const struct hg_command *self, int argc, char **argv)
{
	enum hg_format format;
	int files, r = hg_options_parse(self, argc, argv, &files);

	if (r != HG_PARSED)
		return r;
	if (!files || files > 2)
		return hg_usage(self, files ? "at most two policy files" : "which policy file?");
	if (!hg_format_parse(json ? "json" : format_text, HG_FORMAT_TABLE, &format))
		return HG_USAGE;
	if (format != HG_FORMAT_TABLE && format != HG_FORMAT_JSON)
		return hg_usage(self, "-o takes table or json, not '%s'", format_text);
	return files == 1 ? compare_with_active(argv[0], format) : compare_files(argv, format);
}
