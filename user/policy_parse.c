/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_parse.h"

#include <string.h>

#include "policy_list.h"
#include "policy_reader.h"
#include "say.h"
#include "terms.h"

#define HG_RULE_NAME_MAX 63 /* a metric label, and a slot of rule_names */
#define HG_TESTS_MAX 65536

/* ---- names of sets, rules and tests ---- */

static bool is_word(const char *text)
{
	for (; *text; text++)
		if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
		      (*text >= '0' && *text <= '9') || strchr("_.-", *text)))
			return false;
	return true;
}

static bool check_word(struct hg_policy_reader *r, const char *text, struct hg_place place)
{
	if (*text && is_word(text) && strlen(text) <= HG_RULE_NAME_MAX)
		return true;
	hg_diagnose_error(r->diagnostics, place,
			  "\"%.80s\" cannot be a name: letters, digits, _ . -, at most %d", text,
			  HG_RULE_NAME_MAX);
	return false;
}

/* ---- top level ---- */

static void read_version(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	const char *text = hg_read_text(r, value);

	(void)out;
	if (text && strcmp(text, "1"))
		hg_read_error(r, value,
			      "version %.20s of the policy language is not known; this "
			      "is version 1",
			      text);
}

static void read_mode(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	int mode = hg_read_term(r, value, hg_mode_text, HG_MODE_COUNT);

	(void)out;
	if (mode >= 0)
		r->model->mode = (__u8)mode;
}

/* `default` and `unread` know no other action. */
static const char *const verdict_words[] = { "allow", "reset", NULL };

static void read_default(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	int action = hg_read_word(r, value, verdict_words);

	(void)out;
	if (action >= 0)
		r->model->default_action = action ? HG_ACTION_reset : HG_ACTION_allow;
}

static void read_unread(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	int action = hg_read_word(r, value, verdict_words);

	(void)out;
	if (action >= 0)
		r->model->unread_action = action ? HG_ACTION_reset : HG_ACTION_allow;
}

static void read_quic(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "allow", "drop", NULL };

	(void)out;
	if (hg_read_word(r, value, words) == 1)
		hg_read_error(r, value, "\"quic: drop\" is not supported by this version");
}

static void read_timeout(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	const char *text = hg_read_text(r, value);
	char why[HG_WHY_MAX];

	(void)out;
	if (text && hg_duration_parse(text, &r->model->decision_timeout_ms, why))
		hg_read_error(r, value, "%s", why);
}

/* ---- protect ---- */

static void read_protect_sni(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	(void)out;
	hg_read_condition(r, value, HG_COND_SNI, &r->model->protect_sni);
}

static void read_protect_src(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	(void)out;
	hg_read_condition(r, value, HG_COND_SRC, &r->model->protect_src);
}

static void read_protect(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const struct hg_field fields[] = {
		{ "sni", read_protect_sni },
		{ "src", read_protect_src },
		HG_FIELDS_END,
	};

	hg_read_map(r, value, fields, out, "\"protect\"");
}

/* ---- sets ---- */

static const char *beside(struct hg_policy_reader *r, const char *file)
{
	const char *slash = strrchr(r->model->file, '/');

	if (!slash || file[0] == '/')
		return hg_arena_format(&r->model->arena, "%s", file);
	return hg_arena_format(&r->model->arena, "%.*s%s", (int)(slash - r->model->file) + 1,
			       r->model->file, file);
}

static void read_set_file(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	const char *file = beside(r, value->text);
	struct hg_set *set = out;
	size_t len;
	char *text = hg_file_text(&r->model->arena, r->diagnostics, &value->place, file, &len);

	if (text)
		hg_list_read(&r->model->arena, r->diagnostics, set,
			     set->kind == HG_SET_DOMAINS ? &hg_list_plain_domains
							 : &hg_list_plain_networks,
			     file, text, len);
}

static void read_set_kind(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "domains", "networks", NULL };
	int kind = hg_read_word(r, value, words);

	if (kind >= 0)
		((struct hg_set *)out)->kind = (enum hg_set_kind)kind;
}

static void read_set_files(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	if (!r->without_files)
		hg_read_each(r, value, read_set_file, out);
}

/* Sets do not hold sets: "@" is no character of a name or network. */
static void refuse_sets(struct hg_policy_reader *r, const struct hg_yaml *value,
			const struct hg_members *members)
{
	if (members->sets.count)
		hg_read_error(r, value, "a set cannot hold another set; give a rule both");
}

static void read_set_names(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_members members = {};
	struct hg_set *set = out;

	if (set->kind != HG_SET_DOMAINS) {
		hg_read_error(r, value, "a set of networks has \"nets\", not \"names\"");
		return;
	}
	hg_read_names(r, value, &members);
	refuse_sets(r, value, &members);
	for (size_t i = 0; i < members.names.count; i++)
		hg_name_list_add(&r->model->arena, &set->names, members.names.items[i]);
}

static void read_set_nets(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_members members = {};
	struct hg_set *set = out;

	if (set->kind != HG_SET_NETWORKS) {
		hg_read_error(r, value, "a set of domains has \"names\", not \"nets\"");
		return;
	}
	hg_read_nets(r, value, &members);
	refuse_sets(r, value, &members);
	for (size_t i = 0; i < members.nets.count; i++)
		hg_net_list_add(&r->model->arena, &set->nets, members.nets.items[i]);
}

static const struct hg_field set_fields[] = {
	{ "kind", read_set_kind }, { "files", read_set_files }, { "names", read_set_names },
	{ "nets", read_set_nets }, { "format", NULL },		HG_FIELDS_END,
};

static void read_set(struct hg_policy_reader *r, const struct hg_yaml *value)
{
	unsigned int errors = r->diagnostics->errors;
	struct hg_set *set = hg_arena_get(&r->model->arena, sizeof(*set));
	struct hg_set **tail = &r->model->sets;

	set->name = value->key;
	set->place = value->key_place;
	check_word(r, set->name, set->place);
	hg_read_map(r, value, set_fields, set, "a set");
	if (value->kind == HG_YAML_MAP && !hg_yaml_get(value, "kind"))
		hg_diagnose_error(r->diagnostics, set->place,
				  "the set \"%.60s\" has no kind: domains or networks", set->name);
	if (!set->names.count && !set->nets.count && r->diagnostics->errors == errors)
		hg_diagnose_warning(r->diagnostics, set->place, "the set \"%.60s\" is empty",
				    set->name);
	while (*tail)
		tail = &(*tail)->next;
	*tail = set;
}

static void read_sets(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	(void)out;
	if (value->kind != HG_YAML_MAP) {
		hg_read_error(r, value, "\"sets\" is a map from names to sets, not %s",
			      hg_yaml_kind_text(value));
		return;
	}
	for (const struct hg_yaml *v = value->first; v; v = v->next)
		read_set(r, v);
}

/* ---- rules ---- */

static void read_rule_name(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const reserved[] = { "default", "unread", "protect", "other" };
	struct hg_rule_model *rule = out;
	const char *name = hg_read_text(r, value);

	if (!name || !check_word(r, name, value->place))
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

static const struct hg_field rule_fields[] = {
	{ "name", read_rule_name },
	{ "match", read_rule_match },
	{ "action", read_rule_action },
	{ "mode", read_rule_mode },
	{ "to", read_rule_to },
	{ "log", read_rule_log },
	{ "owner", read_rule_owner },
	{ "on_undecided", read_on_undecided },
	{ "limit", NULL },
	{ "hold", NULL },
	{ "expires", NULL },
	HG_FIELDS_END,
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

static void read_rules(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
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

/* ---- tests ---- */

struct flow_field {
	struct hg_flow_spec *flow;
	const char *key;
};

static void read_flow_value(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	const struct flow_field *field = out;
	char why[HG_WHY_MAX];

	if (hg_flow_spec_set(field->flow, field->key, value->text, why))
		hg_read_error(r, value, "%s", why);
}

static bool is_flow_field(const char *key)
{
	for (const char *const *f = hg_flow_spec_fields(); *f; f++)
		if (!strcmp(*f, key))
			return true;
	return false;
}

static void read_flow(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_test_model *test = out;
	if (value->kind != HG_YAML_MAP) {
		hg_read_error(r, value, "\"flow\" is a map, not %s", hg_yaml_kind_text(value));
		return;
	}
	for (const struct hg_yaml *v = value->first; v; v = v->next) {
		struct flow_field field = { &test->flow, v->key };

		if (is_flow_field(v->key))
			hg_read_each(r, v, read_flow_value, &field);
		else
			hg_read_unknown_key(r, v, hg_flow_spec_fields(), "\"flow\"");
	}
}

static void read_test_name(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	((struct hg_test_model *)out)->name = hg_read_text(r, value);
}

static void read_expect_action(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	((struct hg_test_model *)out)->action =
		hg_read_term(r, value, hg_action_text, HG_ACTION_COUNT);
}

static void read_expect_mode(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	((struct hg_test_model *)out)->mode = hg_read_term(r, value, hg_mode_text, HG_MODE_COUNT);
}

static void read_expect_rule(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	const char *words[65] = { "default", "unread" }, *meant;
	const char *name = hg_read_text(r, value);
	int count = 2;

	if (!name)
		return;
	((struct hg_test_model *)out)->rule = name;
	if (!strcmp(name, words[0]) || !strcmp(name, words[1]))
		return;
	for (size_t i = 0; i < r->model->rule_count; i++) {
		const char *known = r->model->rules[i].name;

		if (known && !strcmp(known, name))
			return;
		if (known && count < 64)
			words[count++] = known;
	}
	meant = hg_did_you_mean(name, words);
	hg_read_error(r, value,
		      meant ? "no rule is named \"%.60s\"; did you mean \"%s\"?"
			    : "no rule is named \"%.60s\"",
		      name, meant);
}

static void read_expect(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const struct hg_field fields[] = {
		{ "action", read_expect_action },
		{ "rule", read_expect_rule },
		{ "mode", read_expect_mode },
		HG_FIELDS_END,
	};

	hg_read_map(r, value, fields, out, "\"expect\"");
	if (value->kind == HG_YAML_MAP && !value->first)
		hg_read_error(r, value, "the test expects nothing");
}

static const struct hg_field test_fields[] = {
	{ "name", read_test_name },
	{ "flow", read_flow },
	{ "expect", read_expect },
	HG_FIELDS_END,
};

static void read_test(struct hg_policy_reader *r, const struct hg_yaml *value)
{
	struct hg_policy_model *m = r->model;
	struct hg_test_model *test;

	m->tests = hg_arena_more(&m->arena, m->tests, m->test_count, &m->test_room, sizeof(*test));
	test = &m->tests[m->test_count++];
	*test = (struct hg_test_model){ .place = value->place, .action = -1, .mode = -1 };
	hg_flow_spec_begin(&test->flow);
	hg_read_map(r, value, test_fields, test, "a test");
	for (int i = 0; value->kind == HG_YAML_MAP && test_fields[i].key; i++)
		if (!hg_yaml_get(value, test_fields[i].key))
			hg_read_error(r, value, "the test has no \"%s\"", test_fields[i].key);
}

static void read_tests(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	(void)out;
	if (value->kind != HG_YAML_LIST) {
		hg_read_error(r, value, "\"tests\" is a list, not %s", hg_yaml_kind_text(value));
		return;
	}
	for (const struct hg_yaml *item = value->first; item; item = item->next) {
		if (r->model->test_count == HG_TESTS_MAX) {
			hg_read_error(r, item, "more than %d tests", HG_TESTS_MAX);
			return;
		}
		read_test(r, item);
	}
}

/* ---- the whole ---- */

/* In the order in which they need each other: sets before rules, rules before tests. */
static const struct hg_field policy_fields[] = {
	{ "version", read_version },
	{ "mode", read_mode },
	{ "default", read_default },
	{ "unread", read_unread },
	{ "quic", read_quic },
	{ "decision_timeout", read_timeout },
	{ "sets", read_sets },
	{ "protect", read_protect },
	{ "rules", read_rules },
	{ "tests", read_tests },
	HG_FIELDS_END,
};

static void warn_unused(struct hg_policy_reader *r)
{
	for (const struct hg_set *set = r->model->sets; set; set = set->next)
		if (!set->used)
			hg_diagnose_warning(r->diagnostics, set->place,
					    "no rule asks for the set \"%.60s\"", set->name);
}

static void read_policy(struct hg_policy_reader *r, const char *text, size_t len)
{
	unsigned int errors = r->diagnostics->errors;
	const struct hg_yaml *root =
		hg_yaml_parse(&r->model->arena, r->diagnostics, r->model->file, text, len);

	if (!root)
		return;
	hg_read_map(r, root, policy_fields, NULL, "a policy");
	if (root->kind == HG_YAML_MAP && !hg_yaml_get(root, "version"))
		hg_read_error(r, root, "\"version: 1\" is missing");
	if (r->diagnostics->errors == errors)
		warn_unused(r);
}

/* Takes the model: gives it out or frees it. */
static int hand_out(struct hg_policy_reader *r, unsigned int errors, struct hg_policy_model **out)
{
	if (r->diagnostics->errors != errors) {
		hg_policy_model_free(r->model);
		return HG_INVALID;
	}
	*out = r->model;
	return HG_OK;
}

static int parse_text(struct hg_policy_reader *r, const char *text, size_t len,
		      struct hg_policy_model **out)
{
	unsigned int errors = r->diagnostics->errors;

	read_policy(r, text, len);
	return hand_out(r, errors, out);
}

int hg_policy_parse_text(const char *file, const char *text, size_t len, struct hg_diagnostics *d,
			 struct hg_policy_model **out)
{
	struct hg_policy_reader r = { hg_policy_model_new(file), d, false };

	return parse_text(&r, text, len, out);
}

int hg_policy_parse_rules(const char *file, const char *text, size_t len, struct hg_diagnostics *d,
			  struct hg_policy_model **out)
{
	struct hg_policy_reader r = { hg_policy_model_new(file), d, true };

	return parse_text(&r, text, len, out);
}

int hg_policy_parse(const char *path, struct hg_diagnostics *d, struct hg_policy_model **out)
{
	struct hg_policy_reader r = { hg_policy_model_new(path), d, false };
	unsigned int errors = d->errors;
	size_t len;
	char *text = hg_file_text(&r.model->arena, d, NULL, path, &len);

	if (text)
		read_policy(&r, text, len);
	return hand_out(&r, errors, out);
}
