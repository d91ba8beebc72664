/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_policy.c - policy check, explain and test: what can be said of a policy
 * file without an instance.
 */
#include <stdio.h>
#include <string.h>

#include "health.h"
#include "policy_commands.h"
#include "policy_compile.h"
#include "policy_explain.h"
#include "policy_impact.h"
#include "policy_list.h"
#include "policy_parse.h"
#include "policy_tests.h"
#include "say.h"
#include "terms.h"

/* The file that was asked for, as far as it is valid. */
struct policy_file {
	struct hg_policy_model *model;
	struct hg_compiled *compiled;
};

static void close_file(struct policy_file *f)
{
	hg_compiled_free(f->compiled);
	hg_policy_model_free(f->model);
}

/* Errors and warnings go to stderr, all of them. */
static int open_file(struct policy_file *f, const char *path)
{
	struct hg_diagnostics d = {};
	int r = hg_policy_parse(path, &d, &f->model);

	if (!r)
		r = hg_policy_compile(f->model, &d, &f->compiled);
	hg_diagnostics_print(&d, stderr);
	if (r)
		hg_error("%s: %u error%s", path, d.errors, d.errors == 1 ? "" : "s");
	hg_diagnostics_free(&d);
	return r;
}

/* One operand, a file: HG_PARSED, or what to return. */
static int parse_file(const struct hg_command *self, int argc, char **argv, struct policy_file *f)
{
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands != 1)
		return hg_usage(self,
				operands ? "one policy file at a time" : "which policy file?");
	r = open_file(f, argv[0]);
	if (!r)
		return HG_PARSED;
	close_file(f);
	return r;
}

/* ---- check ---- */

const struct hg_option hg_options_policy_check[] = { HG_OPTIONS_END };

static void print_sets(const struct hg_policy_model *model)
{
	for (const struct hg_set *set = model->sets; set; set = set->next)
		printf("set       @%s: %zu %s\n", set->name,
		       set->kind == HG_SET_DOMAINS ? set->names.count : set->nets.count,
		       set->kind == HG_SET_DOMAINS ? "names" : "networks");
}

/* "list.txt (hosts): 123,456 names, 2 exceptions, 12 lines skipped" */
static void say_file(const struct hg_set *set, const struct hg_set_file *file)
{
	char entries[HG_GROUPED_SIZE], exceptions[HG_GROUPED_SIZE], skipped[HG_GROUPED_SIZE];
	const char *one = set->kind == HG_SET_DOMAINS ? "name" : "network";
	char less[96] = "", left_out[64] = "";

	if (file->exceptions)
		snprintf(less, sizeof(less), ", %s exception%s",
			 hg_grouped(file->exceptions, exceptions),
			 file->exceptions == 1 ? "" : "s");
	if (file->skipped)
		snprintf(left_out, sizeof(left_out), ", %s line%s skipped",
			 hg_grouped(file->skipped, skipped), file->skipped == 1 ? "" : "s");
	hg_say("%s (%s): %s %s%s%s%s", file->path, file->format->name,
	       hg_grouped(file->entries, entries), one, file->entries == 1 ? "" : "s", less,
	       left_out);
}

/* The last file is the first of the list. */
static void say_files(const struct hg_set *set, const struct hg_set_file *file)
{
	if (!file)
		return;
	say_files(set, file->next);
	say_file(set, file);
}

static void print_summary(const struct policy_file *f)
{
	const struct hg_compiled *c = f->compiled;
	unsigned int user = 0;

	for (__u32 i = 0; i < c->policy.rules; i++)
		user += ((c->rules[i].match.conditions | c->rules[i].except.conditions) &
			 HG_COND_USER) != 0;
	printf("policy    %s\n", f->model->file);
	printf("mode      %s (default %s, unread %s", hg_mode_text(c->policy.mode),
	       hg_action_text(c->policy.default_action), hg_action_text(c->policy.unread_action));
	printf("%s)\n", c->policy.quic_action == HG_ACTION_drop ? ", quic drop" : "");
	printf("rules     %zu (%u decided in user space)\n", f->model->rule_count, user);
	print_sets(f->model);
	printf("names     %zu\n", c->names);
	printf("networks  %zu\n", c->nets);
	if (f->model->test_count)
		printf("tests     %zu\n", f->model->test_count);
}

int hg_cmd_policy_check(const struct hg_command *self, int argc, char **argv)
{
	struct policy_file f = {};
	int r = parse_file(self, argc, argv, &f);

	if (r != HG_PARSED)
		return r;
	for (const struct hg_set *set = f.model->sets; set; set = set->next)
		say_files(set, set->files);
	print_summary(&f);
	close_file(&f);
	return HG_OK;
}

/* ---- explain ---- */

static struct {
	const char *sni, *sni_state, *src, *dst, *port, *interface, *version_max, *version_min;
	const char *ciphers, *cipher_count, *groups, *alpn, *ech, *resumed;
	const char *ja4, *ja3, *failures, *certificate, *coverage, *flag, *time;
	bool no_sni, weak, strong;
} asked;

const struct hg_option hg_options_policy_explain[] = {
	{ "sni", 0, "NAME", "the server name in the hello", &asked.sni, NULL },
	{ "no-sni", 0, NULL, "the hello has no server name", NULL, &asked.no_sni },
	{ "sni-state", 0, "STATE", "ok, none, empty, ambiguous or invalid", &asked.sni_state,
	  NULL },
	{ "src", 0, "ADDRESS", "the client", &asked.src, NULL },
	{ "dst", 0, "ADDRESS", "the server", &asked.dst, NULL },
	{ "port", 0, "N", "the server's port", &asked.port, NULL },
	{ "version-max", 0, "V", "highest version offered: ssl2, ssl3, 1.0 to 1.3",
	  &asked.version_max, NULL },
	{ "version-min", 0, "V", "lowest version in supported_versions", &asked.version_min, NULL },
	{ "interface", 0, "NAME", "where it comes in", &asked.interface, NULL },
	{ "ciphers", 0, "LIST", "cipher suites offered, by name or number", &asked.ciphers, NULL },
	{ "cipher-count", 0, "N", "how many, without GREASE", &asked.cipher_count, NULL },
	{ "groups", 0, "LIST", "groups offered, by name or number", &asked.groups, NULL },
	{ "alpn", 0, "LIST", "protocols offered, or none", &asked.alpn, NULL },
	{ "ech", 0, "STATE", "none, outer, inner or esni", &asked.ech, NULL },
	{ "resumed", 0, "BOOL", "true: the client asks to resume a session", &asked.resumed, NULL },
	{ "weak", 0, NULL, "every cipher offered is weak", NULL, &asked.weak },
	{ "strong", 0, NULL, "some cipher offered is not weak", NULL, &asked.strong },
	{ "ja4", 0, "JA4", "the fingerprint", &asked.ja4, NULL },
	{ "ja3", 0, "HASH", "the fingerprint", &asked.ja3, NULL },
	{ "failures", 0, "N", "handshakes of the client that failed lately", &asked.failures,
	  NULL },
	{ "certificate", 0, "LIST", "findings in the server's certificates, or ok",
	  &asked.certificate, NULL },
	{ "coverage", 0, "CLASS", "how the hello was read (default single_segment)",
	  &asked.coverage, NULL },
	{ "time", 0, "TIME", "of the hello (default now): rules expire", &asked.time, NULL },
	{ "flag", 0, "LIST", "flags of the flow, with commas", &asked.flag, NULL },
	HG_OPTIONS_END,
};

/* A field of the flow from an option that may not have been given. */
static bool set_field(struct hg_flow_spec *flow, const char *field, const char *text)
{
	char why[HG_WHY_MAX];

	if (!text || !hg_flow_spec_set(flow, field, text, why))
		return true;
	hg_error("%s: %s", field, why);
	hg_hint("see: hellogate policy explain --help");
	return false;
}

/* A field that takes several, with commas. */
static bool set_list(struct hg_flow_spec *flow, const char *field, const char *list)
{
	char one[64];

	while (list && *list) {
		size_t len = strcspn(list, ",");

		snprintf(one, sizeof(one), "%.*s", len < 63 ? (int)len : 63, list);
		if (!set_field(flow, field, one))
			return false;
		list += len + (list[len] == ',');
	}
	return true;
}

static bool read_offers(struct hg_flow_spec *flow)
{
	return set_field(flow, "version_max", asked.version_max) &&
	       set_field(flow, "version_min", asked.version_min) &&
	       set_list(flow, "ciphers", asked.ciphers) &&
	       set_field(flow, "cipher_count", asked.cipher_count) &&
	       set_list(flow, "groups", asked.groups) && set_list(flow, "alpn", asked.alpn) &&
	       set_field(flow, "ech", asked.ech) && set_field(flow, "resumed", asked.resumed);
}

static bool read_flow(struct hg_flow_spec *flow)
{
	const char *ciphers = asked.weak ? "all-weak" : asked.strong ? "strong" : NULL;

	hg_flow_spec_begin(flow);
	if (!read_offers(flow))
		return false;
	return set_field(flow, "sni", asked.no_sni ? "none" : asked.sni) &&
	       set_field(flow, "sni_state", asked.sni_state) && set_field(flow, "src", asked.src) &&
	       set_field(flow, "dst", asked.dst) && set_field(flow, "port", asked.port) &&
	       set_field(flow, "interface", asked.interface) &&
	       set_field(flow, "time", asked.time) && set_field(flow, "ciphers", ciphers) &&
	       set_field(flow, "ja4", asked.ja4) && set_field(flow, "ja3", asked.ja3) &&
	       set_field(flow, "failures", asked.failures) &&
	       set_list(flow, "certificate", asked.certificate) &&
	       set_field(flow, "coverage", asked.coverage) && set_list(flow, "flag", asked.flag);
}

/* Names are columns: as wide as the widest. */
static int name_width(const struct hg_compiled *c)
{
	size_t widest = strlen("RULE");

	for (__u32 i = 0; i < c->policy.rules; i++)
		if (strlen(c->about[i].name) > widest)
			widest = strlen(c->about[i].name);
	return (int)widest;
}

static void print_explained(const struct hg_explained *e, void *arg)
{
	const int *width = arg;

	printf("%-2s %-*s %5u  %-8s %s%s\n", e->judged.decides ? "->" : "", *width, e->name,
	       e->place.line, e->matches, e->why, e->judged.after ? " (not reached)" : "");
}

static void hint_unknown(__u32 unknown)
{
	static const struct {
		__u32 condition;
		const char *option;
	} options[] = {
		{ HG_COND_SNI, "--sni" },
		{ HG_COND_SRC, "--src" },
		{ HG_COND_DST, "--dst" },
		{ HG_COND_PORT, "--port" },
		{ HG_COND_VERSION_MAX, "--version-max" },
		{ HG_COND_ALL_WEAK, "--weak or --strong" },
		{ HG_COND_VERSION_MIN, "--version-min" },
		{ HG_COND_CIPHER, "--ciphers" },
		{ HG_COND_CIPHER_COUNT, "--cipher-count" },
		{ HG_COND_GROUP, "--groups" },
		{ HG_COND_ALPN, "--alpn" },
		{ HG_COND_ECH, "--ech" },
		{ HG_COND_RESUMED, "--resumed" },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (unknown & options[i].condition)
			hg_hint("a rule asks for what was not given: %s", options[i].option);
}

static void explain(const struct hg_compiled *c, const struct hg_flow_view *view)
{
	int width = name_width(c);
	char words[HG_EXPLAINED_MAX];
	struct hg_verdict verdict;

	printf("   %-*s %5s  %-8s %s\n", width, "RULE", "LINE", "MATCHES", "WHY");
	hg_policy_explain(c, view, print_explained, &width, &verdict);
	printf("verdict: %s\n", hg_verdict_words(c, &verdict, words));
	if (c->policy.quic_action == HG_ACTION_drop)
		printf("quic: %s\n", hg_quic_words(c, view, words));
	if (view->hello)
		hint_unknown(view->unknown & c->policy.needs);
	if (!view->interface && c->policy.needs & HG_COND_INTERFACE)
		hg_hint("a rule asks for what was not given: --interface");
}

int hg_cmd_policy_explain(const struct hg_command *self, int argc, char **argv)
{
	struct policy_file f = {};
	struct hg_flow_spec flow;
	struct hg_flow_view view;
	int r = parse_file(self, argc, argv, &f);

	if (r != HG_PARSED)
		return r;
	r = HG_USAGE;
	if (asked.sni && asked.no_sni) {
		hg_usage(self, "--sni and --no-sni exclude each other");
	} else if (asked.weak && asked.strong) {
		hg_usage(self, "--weak and --strong exclude each other");
	} else if (read_flow(&flow)) {
		view = hg_flow_spec_view(&flow);
		explain(f.compiled, &view);
		r = HG_OK;
	}
	close_file(&f);
	return r;
}

/* ---- test ---- */

static const char *replay;
static bool verbose;

const struct hg_option hg_options_policy_test[] = {
	{ "replay", 0, "FILE", "a capture, or events (EVE, JSON Lines): what each rule would do",
	  &replay, NULL },
	{ "verbose", 'v', NULL, "also tell the tests that pass", NULL, &verbose },
	HG_OPTIONS_END,
};

static void print_test(const struct hg_test_result *result, void *arg)
{
	const struct hg_test_model *t = result->test;
	char words[HG_EXPLAINED_MAX];

	if (result->passed) {
		if (verbose)
			printf("passed  %s\n", t->name);
		return;
	}
	printf("failed  %s (%s:%u:%u): expected", t->name, t->place.file, t->place.line,
	       t->place.column);
	if (t->action >= 0)
		printf(" %s", hg_action_text((unsigned int)t->action));
	if (t->rule)
		printf(" by %s", t->rule);
	if (t->mode >= 0)
		printf(" (%s)", hg_mode_text((unsigned int)t->mode));
	printf(", got %s\n", hg_verdict_words(arg, &result->verdict, words));
}

static void print_top(const char *what, const struct hg_top top[HG_EXAMPLES])
{
	printf("          %s", what);
	for (int i = 0; i < HG_EXAMPLES && top[i].count; i++)
		printf("%s %s (%llu)", i ? "," : "", top[i].text, (unsigned long long)top[i].count);
	printf("\n");
}

static void print_rule(const struct hg_compiled *c, const struct hg_rule_impact *rule)
{
	struct hg_verdict v = { .rule = (__u16)rule->rule,
				.action = rule->action,
				.mode = rule->mode };
	char words[HG_EXPLAINED_MAX];

	printf("%8llu  %s\n", (unsigned long long)rule->count, hg_verdict_words(c, &v, words));
	print_top("names:", rule->names);
	print_top("clients:", rule->clients);
}

/* What the rules would do with what was recorded. */
static int print_replay(const struct hg_compiled *c)
{
	struct hg_replay out;
	int r = hg_policy_replay(replay, c, &out);

	if (!r || r == HG_PARTLY) {
		printf("\n%llu handshakes in %s\n", (unsigned long long)out.handshakes, replay);
		for (size_t i = 0; i < out.count; i++)
			print_rule(c, &out.rules[i]);
	}
	hg_replay_free(&out);
	return r;
}

int hg_cmd_policy_test(const struct hg_command *self, int argc, char **argv)
{
	struct policy_file f = {};
	int r = parse_file(self, argc, argv, &f);
	size_t failed;
	int replayed;

	if (r != HG_PARSED)
		return r;
	failed = hg_policy_run_tests(f.model, f.compiled, print_test, f.compiled);
	printf("%zu passed, %zu failed\n", f.model->test_count - failed, failed);
	if (!f.model->test_count)
		hg_warn("%s has no tests", f.model->file);
	replayed = replay ? print_replay(f.compiled) : HG_OK;
	close_file(&f);
	return failed ? HG_NO : replayed;
}
