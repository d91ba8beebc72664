/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_parse.h"

#include <string.h>

#include "policy_list.h"
#include "policy_reader.h"
#include "say.h"
#include "terms.h"

#define HG_TESTS_MAX 65536

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
	int action = hg_read_word(r, value, words);

	(void)out;
	if (action >= 0)
		r->model->quic_action = action ? HG_ACTION_drop : HG_ACTION_allow;
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

/* NULL after saying why. */
static const struct hg_list_format *format_of(struct hg_policy_reader *r, const struct hg_set *set,
					      const char *file, const char *text, size_t len)
{
	if (set->kind == HG_SET_NETWORKS)
		return &hg_list_plain_networks;
	return set->format ? set->format : hg_list_format_of(r->diagnostics, file, text, len);
}

static void read_set_file(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	const char *file = beside(r, value->text);
	const struct hg_list_format *format;
	struct hg_set *set = out;
	size_t len;
	char *text = hg_file_text(&r->model->arena, r->diagnostics, &value->place, file, &len);

	if (!text)
		return;
	format = format_of(r, set, file, text, len);
	if (format)
		hg_list_read(&r->model->arena, r->diagnostics, set, format, file, text, len);
}

/* NULL means auto: each file is asked. */
static void read_set_format(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "auto",	"plain", "hosts", "adguard",
					     "dnsmasq", "rpz",	 NULL };
	struct hg_set *set = out;
	int word = hg_read_word(r, value, words);
	bool networks = set->kind == HG_SET_NETWORKS;

	set->format = word > 0 ? hg_list_format(words[word]) : NULL;
	set->bad_format = word < 0 || (networks && set->format != &hg_list_plain_domains);
	if (word >= 0 && set->bad_format)
		hg_read_error(r, value, "files of networks are plain, and have no other format");
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
	const struct hg_set *set = out;

	if (!r->without_files && !set->bad_format)
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
	{ "kind", read_set_kind },   { "format", read_set_format }, { "files", read_set_files },
	{ "names", read_set_names }, { "nets", read_set_nets },	    HG_FIELDS_END,
};

static void read_set(struct hg_policy_reader *r, const struct hg_yaml *value)
{
	unsigned int errors = r->diagnostics->errors;
	struct hg_set *set = hg_arena_get(&r->model->arena, sizeof(*set));
	struct hg_set **tail = &r->model->sets;

	set->name = value->key;
	set->place = value->key_place;
	hg_check_word(r, set->name, set->place);
	set->format = &hg_list_plain_domains;
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
	{ "rules", hg_read_rules },
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

/* A name is encrypted in QUIC, and so cannot protect from the drop. */
static void warn_quic(struct hg_policy_reader *r)
{
	if (r->model->quic_action == HG_ACTION_drop && r->model->protect_sni.given)
		hg_diagnose_warning(r->diagnostics, r->model->protect_sni.place,
				    "quic: drop drops QUIC to protected names, too: only \"src\" "
				    "protects from it");
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
	if (r->diagnostics->errors == errors)
		warn_quic(r);
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
