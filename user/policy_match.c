/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_match.c - the conditions of a rule: one reader each.
 */
#include <stdio.h>
#include <string.h>

#include "failures.h"
#include "policy_reach.h"
#include "policy_reader.h"
#include "public_suffix.h"
#include "say.h"
#include "terms.h"
#include "x509.h"

#define HG_SAID_MAX 60
#define HG_INTERFACE_NAME_MAX 15 /* IFNAMSIZ, without its zero byte */

/* ---- members: "@set", names, networks ---- */

static void add_set(struct hg_policy_reader *r, const struct hg_yaml *value, enum hg_set_kind kind,
		    struct hg_set_list *out)
{
	static const char *const kinds[] = { "domains", "networks" };
	struct hg_set *set = hg_policy_model_set(r->model, value->text + 1);
	const char *words[65] = {}, *meant;
	int count = 0;

	if (set && set->kind == kind) {
		out->items = hg_arena_more(&r->model->arena, out->items, out->count, &out->room,
					   sizeof(set));
		out->items[out->count++] = set;
		set->used = true;
		return;
	}
	if (set) {
		hg_read_error(r, value, "the set \"%.60s\" holds %s, and %s are needed",
			      value->text, kinds[set->kind], kinds[kind]);
		return;
	}
	for (set = r->model->sets; set && count < 64; set = set->next)
		words[count++] = set->name;
	meant = hg_did_you_mean(value->text + 1, words);
	if (meant)
		hg_read_error(r, value, "no set is named \"%.60s\"; did you mean \"@%.60s\"?",
			      value->text, meant);
	else
		hg_read_error(r, value, "no set is named \"%.60s\"", value->text);
}

static void add_name(struct hg_policy_reader *r, const struct hg_yaml *value,
		     struct hg_members *members, struct hg_name name)
{
	if (hg_covers_public_suffix(&name) && !r->without_files)
		hg_diagnose_warning(r->diagnostics, value->place, HG_PUBLIC_SUFFIX_WARNING,
				    hg_name_prefix(name.kind), name.len, name.text);
	hg_name_list_add(&r->model->arena, &members->names, name);
}

static void read_name(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_members *members = out;
	struct hg_name name;
	const char *why;
	char *copy;

	if (value->text[0] == '@') {
		add_set(r, value, HG_SET_DOMAINS, &members->sets);
		return;
	}
	if (!strcmp(value->text, "none")) {
		hg_read_error(r, value,
			      "\"none\" stands alone (sni: none), not in a list of names");
		return;
	}
	copy = hg_arena_text(&r->model->arena, value->text, value->len);
	if (hg_name_parse(&r->model->arena, copy, value->len, &name, &why))
		hg_read_error(r, value, "\"%.80s\" is not a name: %s", value->text, why);
	else
		add_name(r, value, members, name);
}

void hg_read_names(struct hg_policy_reader *r, const struct hg_yaml *value, struct hg_members *out)
{
	hg_read_each(r, value, read_name, out);
}

static void read_net(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_members *members = out;
	char why[HG_WHY_MAX];
	struct hg_net_key net;

	if (value->text[0] == '@') {
		add_set(r, value, HG_SET_NETWORKS, &members->sets);
		return;
	}
	if (hg_net_parse(value->text, &net, why))
		hg_read_error(r, value, "%s", why);
	else
		hg_net_list_add(&r->model->arena, &members->nets, net);
}

void hg_read_nets(struct hg_policy_reader *r, const struct hg_yaml *value, struct hg_members *out)
{
	hg_read_each(r, value, read_net, out);
}

void hg_read_number(struct hg_policy_reader *r, struct hg_number_list *list,
		    struct hg_number_range range)
{
	list->items = hg_arena_more(&r->model->arena, list->items, list->count, &list->room,
				    sizeof(range));
	list->items[list->count++] = range;
}

void hg_read_item(struct hg_policy_reader *r, struct hg_text_list *list, const char *text)
{
	list->items = hg_arena_more(&r->model->arena, list->items, list->count, &list->room,
				    sizeof(*list->items));
	list->items[list->count++] = hg_arena_text(&r->model->arena, text, strlen(text));
}

/* ---- the value as written, for explain ---- */

static const char *said(struct hg_policy_reader *r, const struct hg_yaml *value)
{
	const struct hg_yaml *item = value->kind == HG_YAML_LIST ? value->first : NULL;
	char text[HG_SAID_MAX + 64];
	unsigned int more = 0;
	size_t len = 0;

	if (value->kind == HG_YAML_TEXT)
		return hg_arena_format(&r->model->arena, "%.*s", HG_SAID_MAX, value->text);
	text[0] = 0;
	for (; item; item = item->next) {
		if (item->kind != HG_YAML_TEXT || len + item->len + 2 > HG_SAID_MAX)
			more++;
		else
			len += (size_t)sprintf(text + len, "%s%s", len ? ", " : "", item->text);
	}
	if (more)
		sprintf(text + len, "%s%u more", len ? " and " : "", more);
	return hg_arena_format(&r->model->arena, "%s", text);
}

void hg_note_condition(struct hg_policy_reader *r, struct hg_match_model *m, __u32 condition,
		       const struct hg_yaml *value)
{
	int bit = __builtin_ctz(condition);

	m->conditions |= condition;
	m->at[bit] = value->place;
	m->said[bit] = said(r, value);
}

/* ---- conditions ---- */

void hg_read_condition(struct hg_policy_reader *r, const struct hg_yaml *value, __u32 condition,
		       struct hg_match_model *m)
{
	if (!m->given)
		m->place = value->place;
	m->given = true;
	hg_note_condition(r, m, condition, value);
	if (condition == HG_COND_SNI)
		hg_read_names(r, value, &m->sni);
	else
		hg_read_nets(r, value, condition == HG_COND_SRC ? &m->src : &m->dst);
}

static void read_sni(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_match_model *m = out;

	if (value->kind != HG_YAML_TEXT || strcmp(value->text, "none")) {
		hg_read_condition(r, value, HG_COND_SNI, m);
		return;
	}
	if (m->conditions & HG_COND_SNI_STATE)
		hg_read_error(r, value, "\"sni: none\" is short for sni_state: [none]; give one");
	hg_note_condition(r, m, HG_COND_SNI_STATE, value);
	m->sni_states = 1U << HG_SNI_none;
}

static void read_one_state(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_match_model *m = out;
	int state = hg_read_term(r, value, hg_sni_state_text, HG_SNI_COUNT);

	if (state >= 0)
		m->sni_states |= (__u8)(1U << state);
}

static void read_sni_state(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_note_condition(r, out, HG_COND_SNI_STATE, value);
	hg_read_each(r, value, read_one_state, out);
}

static void read_src(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_read_condition(r, value, HG_COND_SRC, out);
}

static void read_dst(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_read_condition(r, value, HG_COND_DST, out);
}

static void read_one_port(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_number_list *list = &((struct hg_match_model *)out)->numbers[HG_NUMBER_PORT];
	struct hg_number_range range;
	char why[HG_WHY_MAX];

	if (hg_ports_parse(value->text, &range, why))
		hg_read_error(r, value, "%s", why);
	else
		hg_read_number(r, list, range);
}

static void read_port(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_note_condition(r, out, HG_COND_PORT, value);
	hg_read_each(r, value, read_one_port, out);
}

static void read_one_interface(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	if (value->len > HG_INTERFACE_NAME_MAX)
		hg_read_error(r, value, "\"%.60s\": the name of an interface has at most %d bytes",
			      value->text, HG_INTERFACE_NAME_MAX);
	else
		hg_read_item(r, &((struct hg_match_model *)out)->interfaces, value->text);
}

static void read_interface(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_note_condition(r, out, HG_COND_INTERFACE, value);
	hg_read_each(r, value, read_one_interface, out);
}

static void read_one_bucket(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	int bucket = hg_read_term(r, value, hg_bucket_text, HG_BUCKET_COUNT);

	if (bucket < 0)
		return;
	((struct hg_match_model *)out)->coverage |= 1U << bucket;
	if (!hg_bucket_is_judged((unsigned int)bucket))
		hg_diagnose_warning(
			r->diagnostics, value->place,
			"no rule acts on \"%s\": it is known only when the flow is over",
			value->text);
}

static void read_coverage(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_note_condition(r, out, HG_COND_COVERAGE, value);
	hg_read_each(r, value, read_one_bucket, out);
}

static void read_one_flag(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	int flag = hg_read_term(r, value, hg_flag_text, HG_FLAG_COUNT);

	if (flag < 0)
		return;
	((struct hg_match_model *)out)->flags |= 1U << flag;
	if (HG_FLAGS_NEVER_SET >> flag & 1)
		hg_diagnose_warning(r->diagnostics, value->place,
				    "no rule acts on \"%s\": this version gives it to no flow",
				    value->text);
	if (HG_FLAGS_NOT_JUDGED >> flag & 1)
		hg_diagnose_warning(
			r->diagnostics, value->place,
			"no rule acts on \"%s\": it is known only when the flow is over",
			value->text);
}

static void read_flag(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_note_condition(r, out, HG_COND_FLAG, value);
	hg_read_each(r, value, read_one_flag, out);
}

static void read_one_glob(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_glob_list *list = out;
	char why[HG_WHY_MAX];

	if (hg_glob_check(value->text, why))
		hg_read_error(r, value, "%s", why);
	else
		hg_read_item(r, &list->globs, value->text);
}

static void read_ja4(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_match_model *m = out;

	hg_note_condition(r, m, HG_COND_USER, value);
	m->ja4.said = said(r, value);
	hg_read_each(r, value, read_one_glob, &m->ja4);
}

static void read_ja3(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_match_model *m = out;

	hg_note_condition(r, m, HG_COND_USER, value);
	m->ja3.said = said(r, value);
	hg_read_each(r, value, read_one_glob, &m->ja3);
}

/* ---- failures of the client: user space knows ---- */

static void read_at_least(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	const char *text = hg_read_text(r, value);
	struct hg_number_range count = {};
	char why[HG_WHY_MAX];

	if (!text)
		return;
	if (hg_count_parse(text, &count, why) || count.first != count.last || !count.first ||
	    count.first > HG_FAILURES_KEPT)
		hg_read_error(r, value, "\"%.40s\" is not a number of 1 to %d", text,
			      HG_FAILURES_KEPT);
	((struct hg_failures_asked *)out)->at_least = count.first;
}

static void read_within(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	const char *text = hg_read_text(r, value);
	char why[HG_WHY_MAX];

	if (text && hg_duration_parse(text, &((struct hg_failures_asked *)out)->within_ms, why))
		hg_read_error(r, value, "%s", why);
}

static void read_one_cause(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	int cause = hg_read_term(r, value, hg_cause_text, HG_CAUSE_COUNT);

	if (cause >= 0)
		*(__u64 *)out |= 1ULL << cause;
}

static void read_causes(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_failures_asked *asked = out;

	asked->causes = 0;
	hg_read_each(r, value, read_one_cause, &asked->causes);
}

static void read_failures(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const struct hg_field fields[] = { { "at_least", read_at_least },
						  { "within", read_within },
						  { "cause", read_causes },
						  HG_FIELDS_END };
	struct hg_match_model *m = out;
	const struct hg_yaml *within;

	hg_note_condition(r, m, HG_COND_USER, value);
	m->failures = (struct hg_failures_asked){ 0, 0, ~0ULL };
	hg_read_map(r, value, fields, &m->failures, "\"failures\"");
	if (value->kind != HG_YAML_MAP)
		return;
	within = hg_yaml_get(value, "within");
	if (!within || !hg_yaml_get(value, "at_least"))
		hg_read_error(r, value, "\"failures\" needs \"at_least\" and \"within\"");
	else
		m->failures_said = hg_arena_format(&r->model->arena, "%u or more in %.20s",
						   m->failures.at_least, within->text);
}

/* ---- findings in the server's certificates: user space reads them ---- */

static void read_one_finding(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	int finding = hg_read_term(r, value, hg_finding_text, HG_FINDING_COUNT);

	if (finding >= 0)
		((struct hg_match_model *)out)->certificate |= 1U << finding;
}

static void read_certificate(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_match_model *m = out;

	hg_note_condition(r, m, HG_COND_USER, value);
	m->certificate_said = said(r, value);
	hg_read_each(r, value, read_one_finding, m);
}

/* ---- match and not ---- */

#define HG_CONDITION_FIELDS                                                                        \
	{ "sni_state", read_sni_state }, { "sni", read_sni }, { "src", read_src },                 \
		{ "dst", read_dst }, { "port", read_port }, { "interface", read_interface },       \
		{ "version_max", hg_read_version_max }, { "version_min", hg_read_version_min },    \
		{ "ciphers", hg_read_ciphers }, { "cipher_count", hg_read_cipher_count },          \
		{ "groups", hg_read_groups }, { "alpn", hg_read_alpn }, { "ech", hg_read_ech },    \
		{ "resumed", hg_read_resumed }, { "coverage", read_coverage },                     \
		{ "flag", read_flag }, { "ja4", read_ja4 }, { "ja3", read_ja3 },                   \
		{ "certificate", read_certificate },                                               \
	{                                                                                          \
		"failures", read_failures                                                          \
	}

static const struct hg_field condition_fields[] = { HG_CONDITION_FIELDS, HG_FIELDS_END };

static void skip(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	(void)r;
	(void)value;
	(void)out;
}

/* `not` is read apart: it fills another match. */
static const struct hg_field match_fields[] = { HG_CONDITION_FIELDS,
						{ "not", skip },
						HG_FIELDS_END };

static void read_except(struct hg_policy_reader *r, const struct hg_yaml *value,
			struct hg_match_model *except)
{
	unsigned int errors = r->diagnostics->errors;

	except->given = true;
	except->place = value->place;
	hg_read_map(r, value, condition_fields, except, "\"not\"");
	if (!except->conditions && r->diagnostics->errors == errors)
		hg_read_error(r, value, "an empty \"not\" excludes everything");
}

void hg_read_match(struct hg_policy_reader *r, const struct hg_yaml *value,
		   struct hg_match_model *match, struct hg_match_model *except)
{
	const struct hg_yaml *not_ = NULL;

	match->given = true;
	match->place = value->place;
	hg_read_map(r, value, match_fields, match, "\"match\"");
	if (value->kind == HG_YAML_MAP)
		not_ = hg_yaml_get(value, "not");
	if (not_)
		read_except(r, not_, except);
}
