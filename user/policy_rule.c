/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_rule.c - the rules of a policy file, but for what they match.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "policy_reader.h"
#include "say.h"
#include "terms.h"
#include "time_span.h"

#define HG_LIMIT_MAX 1000000 /* a second: beyond that no packet rate reaches */

static void read_rule_name(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const reserved[] = { "default", "unread", "protect", "other" };
	struct hg_rule_model *rule = out;
	const char *name = hg_read_text(r, value);

	if (!name || !hg_check_word(r, name, value->place))
		return;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (!strcmp(name, reserved[i]))
			hg_read_error(r, value,
				      "\"%s\" means something already; name the rule "
				      "otherwise",
				      name);
	for (size_t i = 0; i < r->model->rule_count; i++)
		if (r->model->rules[i].name && !strcmp(r->model->rules[i].name, name))
			hg_read_error(r, value, "the rule in line %u has the name \"%s\" already",
				      r->model->rules[i].place.line, name);
	rule->name = name;
}

static void read_rule_match(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_rule_model *rule = out;

	hg_read_match(r, value, &rule->match, &rule->except);
}

static void read_rule_action(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	((struct hg_rule_model *)out)->action =
		hg_read_term(r, value, hg_action_text, HG_ACTION_COUNT);
}

static void read_rule_mode(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	((struct hg_rule_model *)out)->mode = hg_read_term(r, value, hg_mode_text, HG_MODE_COUNT);
}

static void read_rule_to(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "both", "client", "server", NULL };
	static const int values[] = { HG_TO_both, HG_TO_client, HG_TO_server };
	int word = hg_read_word(r, value, words);

	((struct hg_rule_model *)out)->to = word < 0 ? -1 : values[word];
}

static void read_rule_log(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "none", "all", NULL };

	((struct hg_rule_model *)out)->log = hg_read_word(r, value, words);
}

static void read_rule_owner(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	((struct hg_rule_model *)out)->owner = hg_read_text(r, value);
}

static void read_on_undecided(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "skip", "reset", NULL };
	int word = hg_read_word(r, value, words);

	((struct hg_rule_model *)out)->on_undecided = word == 1 ? HG_ACTION_reset : HG_ACTION_allow;
}

/* ---- limit, expires, hold ---- */

static void read_per_second(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	const char *text = hg_read_text(r, value);
	char *end = NULL;
	unsigned long rate = text ? strtoul(text, &end, 10) : 0;

	if (!text)
		return;
	if (*end || rate < 1 || rate > HG_LIMIT_MAX || text[0] == '-' || text[0] == '+')
		hg_read_error(r, value, "\"%.40s\" is not a rate of 1 to %d a second", text,
			      HG_LIMIT_MAX);
	((struct hg_limit *)out)->per_second = (__u32)rate;
}

static void read_on_exceed(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { [HG_EXCEED_monitor] = "monitor",
					     [HG_EXCEED_keep] = "keep",
					     [HG_EXCEED_drop] = "drop",
					     NULL };
	int word = hg_read_word(r, value, words);

	((struct hg_limit *)out)->on_exceed = word < 0 ? HG_EXCEED_monitor : (__u32)word;
}

static void read_rule_limit(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const struct hg_field fields[] = { { "resets_per_second", read_per_second },
						  { "on_exceed", read_on_exceed },
						  HG_FIELDS_END };
	struct hg_rule_model *rule = out;

	hg_read_map(r, value, fields, &rule->limit, "\"limit\"");
	if (value->kind == HG_YAML_MAP && !hg_yaml_get(value, "resets_per_second"))
		hg_read_error(r, value, "\"limit\" has no \"resets_per_second\"");
}

/* A day begins at midnight UTC: the same wherever the file is loaded. */
static bool parse_expiry(const char *text, uint64_t *out)
{
	char with_zone[64];
	size_t len = strlen(text);

	if (len == strlen("2027-06-30") && text[4] == '-')
		snprintf(with_zone, sizeof(with_zone), "%sT00:00:00Z", text);
	else if (len > 19 && len < sizeof(with_zone) && strpbrk(text + 19, "Zz+-"))
		snprintf(with_zone, sizeof(with_zone), "%s", text);
	else
		return false;
	return hg_time_parse(with_zone, 0, out) && *out;
}

static void read_rule_expires(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_rule_model *rule = out;
	const char *text = hg_read_text(r, value);
	uint64_t at;

	if (!text)
		return;
	if (!parse_expiry(text, &at)) {
		hg_read_error(r, value,
			      "\"%.40s\" is not a day (2027-06-30, from midnight UTC) or a time "
			      "with its zone (2027-06-30T18:00:00Z)",
			      text);
		return;
	}
	rule->expires_ns = at;
	if (at <= hg_clock_now())
		hg_diagnose_warning(r->diagnostics, value->place,
				    "the rule has expired: it matches nothing");
}

static void read_rule_hold(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "false", "true", NULL };

	((struct hg_rule_model *)out)->hold = hg_read_word(r, value, words) > 0;
}

/* ---- the rule ---- */

static const struct hg_field rule_fields[] = {
	{ "name", read_rule_name },	  { "match", read_rule_match },
	{ "action", read_rule_action },	  { "mode", read_rule_mode },
	{ "to", read_rule_to },		  { "log", read_rule_log },
	{ "owner", read_rule_owner },	  { "on_undecided", read_on_undecided },
	{ "limit", read_rule_limit },	  { "hold", read_rule_hold },
	{ "expires", read_rule_expires }, HG_FIELDS_END,
};

static bool acts(const struct hg_rule_model *rule)
{
	return rule->action == HG_ACTION_reset || rule->action == HG_ACTION_drop;
}

static void need(struct hg_policy_reader *r, const struct hg_yaml *map, const char *key,
		 const char *hint)
{
	if (!hg_yaml_get(map, key))
		hg_read_error(r, map, "the rule has no \"%s\"%s", key, hint);
}

static void check_rule(struct hg_policy_reader *r, const struct hg_yaml *value,
		       const struct hg_rule_model *rule)
{
	bool user = (rule->match.conditions | rule->except.conditions) & HG_COND_USER;
	const struct hg_yaml *match = hg_yaml_get(value, "match");

	need(r, value, "name", "");
	need(r, value, "action", ": allow, reset, drop or count");
	need(r, value, "match", " (match: {} takes every hello that was read)");
	if (match && match->kind == HG_YAML_MAP && !match->first && acts(rule))
		hg_diagnose_warning(r->diagnostics, rule->match.place,
				    "an empty match takes every hello; default: reset says so more "
				    "plainly");
	if (rule->on_undecided >= 0 && !user)
		hg_diagnose_warning(r->diagnostics, hg_yaml_get(value, "on_undecided")->place,
				    "on_undecided changes nothing: the kernel decides this rule");
	if (rule->hold && !user)
		hg_diagnose_warning(r->diagnostics, hg_yaml_get(value, "hold")->place,
				    "hold changes nothing: the kernel decides this rule");
	if (rule->hold && (rule->match.certificate || rule->except.certificate))
		hg_diagnose_warning(r->diagnostics, hg_yaml_get(value, "hold")->place,
				    "hold keeps the hello from the server: no certificate comes");
	if (rule->limit.per_second && rule->action >= 0 && !acts(rule))
		hg_diagnose_warning(r->diagnostics, hg_yaml_get(value, "limit")->place,
				    "\"limit\" changes nothing: the action is not reset or drop");
	if (rule->to >= 0 && rule->action >= 0 && rule->action != HG_ACTION_reset)
		hg_diagnose_warning(r->diagnostics, hg_yaml_get(value, "to")->place,
				    "\"to\" changes nothing: the action is not reset");
}

static bool read_rule(struct hg_policy_reader *r, const struct hg_yaml *value)
{
	struct hg_policy_model *m = r->model;
	struct hg_rule_model rule = { .place = value->place, .action = -1, .mode = -1, .to = -1 };

	rule.on_undecided = -1;
	rule.log = -1;
	if (m->rule_count == HG_RULES) {
		hg_read_error(r, value, "more than %d rules", HG_RULES);
		return false;
	}
	hg_read_map(r, value, rule_fields, &rule, "a rule");
	if (value->kind == HG_YAML_MAP)
		check_rule(r, value, &rule);
	m->rules = hg_arena_more(&m->arena, m->rules, m->rule_count, &m->rule_room, sizeof(rule));
	m->rules[m->rule_count++] = rule;
	return true;
}

void hg_read_rules(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	(void)out;
	if (value->kind != HG_YAML_LIST) {
		hg_read_error(r, value, "\"rules\" is a list, not %s", hg_yaml_kind_text(value));
		return;
	}
	for (const struct hg_yaml *item = value->first; item; item = item->next)
		if (!read_rule(r, item))
			return;
}
