/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_explain.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy_reach.h"
#include "policy_values.h"
#include "terms.h"
#include "x509.h"
#include "tls_names.h"

#define HG_VALUE_MAX 300

struct explainer {
	const struct hg_compiled *c;
	const struct hg_flow_view *v;
	struct hg_facts facts;
	hg_explained_fn each;
	void *arg;
};

/* ---- what the flow has ---- */

static const char *const condition_names[HG_CONDITIONS] = {
	"sni",		"sni_state", "src",  "dst", "port",	   "version_max",
	"ciphers",	"coverage",  "flag", "ja4", "version_min", "ciphers",
	"cipher_count", "groups",    "alpn", "ech", "resumed",	   "interface"
};

static void address_value(const __u8 addr[16], char *out)
{
	struct hg_net_key one = { .prefixlen = 128 };
	char text[64];

	memcpy(one.addr, addr, sizeof(one.addr));
	snprintf(out, HG_VALUE_MAX, "%s", hg_net_text(&one, text));
}

static void flag_value(__u32 flags, char *out)
{
	size_t len = 0;

	snprintf(out, HG_VALUE_MAX, "(none)");
	for (unsigned int bit = 0; bit < HG_FLAG_COUNT && len < HG_VALUE_MAX; bit++)
		if (flags >> bit & 1)
			len += (size_t)snprintf(out + len, HG_VALUE_MAX - len, "%s%s",
						len ? "," : "", hg_flag_text(bit));
}

/* Names of a list of two bytes each; "(none)" of an empty one. */
static void list_value(const struct hg_bytes *list, const char *(*text_of)(__u16), char *out)
{
	size_t len = 0;

	snprintf(out, HG_VALUE_MAX, "(none)");
	for (__u32 i = 0; i + 2 <= list->len && len < HG_VALUE_MAX; i += 2)
		len += (size_t)snprintf(out + len, HG_VALUE_MAX - len, "%s%s", len ? "," : "",
					text_of((__u16)(list->at[i] << 8 | list->at[i + 1])));
}

static void protocol_value(const struct hg_bytes *list, char *out)
{
	size_t len = 0;

	snprintf(out, HG_VALUE_MAX, "(none)");
	for (__u32 at = 0; at < list->len && len < HG_VALUE_MAX; at += list->at[at] + 1U)
		len += (size_t)snprintf(out + len, HG_VALUE_MAX - len, "%s%.*s", len ? "," : "",
					list->at[at], (const char *)&list->at[at + 1]);
}

static void version_min_value(const struct hg_hello *h, char *out)
{
	const char *ceiling = hg_version_text(hg_version_min_ceiling(h));

	if (h->version_min)
		snprintf(out, HG_VALUE_MAX, "%s", ceiling);
	else
		snprintf(out, HG_VALUE_MAX, "<=%s", ceiling);
}

static void hello_value(const struct hg_hello *h, __u32 condition, char *out)
{
	switch (condition) {
	case HG_COND_SNI:
		if (h->name_len)
			snprintf(out, HG_VALUE_MAX, "%.*s", h->name_len, (const char *)h->name);
		else
			snprintf(out, HG_VALUE_MAX, "(%s)", hg_sni_state_text(h->sni_state));
		break;
	case HG_COND_SNI_STATE:
		snprintf(out, HG_VALUE_MAX, "%s", hg_sni_state_text(h->sni_state));
		break;
	case HG_COND_VERSION_MAX:
		snprintf(out, HG_VALUE_MAX, "%s", hg_version_text(hg_version_rank(h->version_max)));
		break;
	case HG_COND_VERSION_MIN:
		version_min_value(h, out);
		break;
	case HG_COND_CIPHER_COUNT:
		snprintf(out, HG_VALUE_MAX, "%u", h->cipher_count_no_grease);
		break;
	case HG_COND_ECH:
		snprintf(out, HG_VALUE_MAX, "%s", hg_ech_text(h->ech));
		break;
	case HG_COND_RESUMED:
		snprintf(out, HG_VALUE_MAX, "%s", hg_hello_resumes(h) ? "true" : "false");
		break;
	case HG_COND_ALL_WEAK:
		snprintf(out, HG_VALUE_MAX, "%s",
			 h->features & HG_HELLO_ALL_WEAK ? "all-weak" : "strong");
		break;
	}
}

/* The flow's value of a condition that is known. */
static void value_of(const struct explainer *x, __u32 condition, char out[HG_VALUE_MAX])
{
	out[0] = 0;
	if (condition == HG_COND_SRC)
		address_value(x->v->client, out);
	else if (condition == HG_COND_DST)
		address_value(x->v->server, out);
	else if (condition == HG_COND_PORT)
		snprintf(out, HG_VALUE_MAX, "%u", x->v->server_port);
	else if (condition == HG_COND_COVERAGE)
		snprintf(out, HG_VALUE_MAX, "%s", hg_bucket_text(x->v->bucket));
	else if (condition == HG_COND_FLAG)
		flag_value(x->v->flags, out);
	else if (condition == HG_COND_INTERFACE)
		snprintf(out, HG_VALUE_MAX, "%s", x->v->interface ? x->v->interface : "?");
	else if (condition == HG_COND_CIPHER)
		list_value(&x->v->ciphers, hg_cipher_text, out);
	else if (condition == HG_COND_GROUP)
		list_value(&x->v->groups, hg_group_text, out);
	else if (condition == HG_COND_ALPN)
		protocol_value(&x->v->alpn, out);
	else if (x->v->hello)
		hello_value(x->v->hello, condition, out);
}

/* ---- one condition ---- */

struct text {
	char *out;
	size_t len;
};

static void append(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(struct text *t, const char *format, ...)
{
	va_list args;
	int len;

	if (t->len >= HG_EXPLAINED_MAX - 1)
		return;
	va_start(args, format);
	len = vsnprintf(t->out + t->len, HG_EXPLAINED_MAX - t->len, format, args);
	va_end(args);
	t->len += len > 0 ? (size_t)len : 0;
}

/* Does "is in" say it better than "is"? */
#define HG_COND_MEMBERS                                                                            \
	(HG_COND_SNI | HG_COND_SRC | HG_COND_DST | HG_COND_PORT | HG_COND_COVERAGE |               \
	 HG_COND_FLAG | HG_COND_INTERFACE | HG_COND_CIPHER | HG_COND_GROUP | HG_COND_ALPN)

static void say_condition(const struct explainer *x, __u32 condition, __u32 truth,
			  const char *wanted, struct text *t)
{
	const char *name = condition_names[__builtin_ctz(condition)];
	const char *in = condition & HG_COND_MEMBERS ? " in" : "";
	char value[HG_VALUE_MAX];

	if (t->len)
		append(t, "; ");
	if (truth == HG_UNKNOWN && condition & x->facts.known) {
		append(t,
		       condition == HG_COND_SNI ? "%s is ambiguous"
						: "%s cannot be told: the hello has no "
						  "supported_versions",
		       name);
		return;
	}
	if (truth == HG_UNKNOWN) {
		append(t, "%s is not known", name);
		return;
	}
	value_of(x, condition, value);
	append(t, "%s %s %s%s %s", name, value, truth == HG_TRUE ? "is" : "is not", in, wanted);
}

static __u32 truth_alone(const struct explainer *x, const struct hg_match *m, __u32 condition)
{
	struct hg_match one = *m;

	one.conditions = condition;
	return hg_match_truth(&one, &x->facts, HG_UNKNOWN);
}

/* One condition that is user space's, if it is what made the match so. */
static void say_asked(const char *what, __u32 alone, __u32 truth, const char *is, const char *value,
		      const char *wanted, struct text *t)
{
	if (!wanted || alone != truth)
		return;
	if (t->len)
		append(t, "; ");
	if (alone == HG_UNKNOWN)
		append(t, "%s is not known", what);
	else
		append(t, "%s %s%s%s %s", what, value, alone == HG_TRUE ? "is" : "is not", is,
		       wanted);
}

/* What is wrong with the server's certificates, or "ok". */
static void findings_of(const struct hg_flow_view *v, char value[HG_VALUE_MAX])
{
	size_t len = (size_t)snprintf(value, HG_VALUE_MAX, "(%s", v->findings ? "" : "ok");

	for (unsigned int i = 0; i < HG_FINDING_COUNT && len < HG_VALUE_MAX; i++)
		if (v->findings >> i & 1)
			len += (size_t)snprintf(value + len, HG_VALUE_MAX - len, "%s%s",
						len > 1 ? ", " : "", hg_finding_text(i));
	if (len < HG_VALUE_MAX)
		snprintf(value + len, HG_VALUE_MAX - len, ") ");
}

/* They are one condition to the kernel; here each is told. */
static void say_user(const struct explainer *x, __u32 index, bool except, __u32 truth,
		     struct text *t)
{
	const struct hg_rule_about *about = &x->c->about[index];
	const struct hg_user_match *m = except ? &about->except : &about->match;
	struct hg_user_truths is = hg_user_truths(x->c, x->v, index, except);
	char value[HG_VALUE_MAX];

	snprintf(value, sizeof(value), "%s ", x->v->ja4 ? x->v->ja4 : "?");
	say_asked("ja4", is.ja4, truth, " like", value, m->ja4_said, t);
	snprintf(value, sizeof(value), "%s ", x->v->ja3 ? x->v->ja3 : "?");
	say_asked("ja3", is.ja3, truth, " like", value, m->ja3_said, t);
	value[0] = 0;
	if (m->failures_said && x->v->failures)
		snprintf(value, sizeof(value), "%u ",
			 x->v->failures(x->v->failures_ctx, x->v->client, &m->failures));
	say_asked("failures", is.failures, truth, "", value, m->failures_said, t);
	findings_of(x->v, value);
	say_asked("certificate", is.certificate, truth, " one of", value, m->certificate_said, t);
}

/* All conditions of a match whose truth is the one that made the match so. */
static void say_match(const struct explainer *x, __u32 index, bool except, __u32 truth,
		      struct text *t)
{
	const struct hg_rule *r = &x->c->rules[index];
	const struct hg_rule_about *about = &x->c->about[index];
	const struct hg_match *m = except ? &r->except : &r->match;
	const char *const *said = except ? about->except_said : about->match_said;

	for (int bit = 0; bit < HG_CONDITIONS; bit++) {
		__u32 condition = 1U << bit, alone;

		if (!(m->conditions & condition))
			continue;
		alone = condition == HG_COND_USER ? hg_user_truth(x->c, x->v, index, except)
						  : truth_alone(x, m, condition);
		if (alone != truth)
			continue;
		if (condition == HG_COND_USER)
			say_user(x, index, except, truth, t);
		else
			say_condition(x, condition, truth, said[bit], t);
	}
}

/* ---- one rule ---- */

static void say_why(const struct explainer *x, const struct hg_judged *j, struct text *t)
{
	const struct hg_rule *r = &x->c->rules[j->index];
	__u32 match =
		hg_match_truth(&r->match, &x->facts, hg_user_truth(x->c, x->v, j->index, false));
	__u32 except = HG_FALSE;

	if (r->except.conditions)
		except = hg_match_truth(&r->except, &x->facts,
					hg_user_truth(x->c, x->v, j->index, true));
	if (match != HG_TRUE || !r->except.conditions) {
		say_match(x, j->index, false, match, t);
		if (!t->len)
			append(t, "every hello");
		return;
	}
	if (except == HG_FALSE)
		say_match(x, j->index, false, match, t);
	say_match(x, j->index, true, except, t);
}

static const char *matches(const struct hg_judged *j)
{
	static const char *const words[] = { "no", "yes", "unknown" };

	if (j->skipped || j->expired)
		return "skipped";
	return j->truth < 3 ? words[j->truth] : "?";
}

static void explain_rule(const struct hg_judged *j, void *arg)
{
	const struct explainer *x = arg;
	const struct hg_rule *r = &x->c->rules[j->index];
	struct hg_explained e = { .judged = *j };
	struct text t = { e.why, 0 };

	e.name = x->c->about[j->index].name;
	e.place = x->c->about[j->index].place;
	e.matches = matches(j);
	if (j->expired)
		append(&t, "the rule has expired");
	else if (j->skipped && !hg_bucket_is_judged(x->v->bucket))
		append(&t, "%s is known only when the flow is over", hg_bucket_text(x->v->bucket));
	else if (j->skipped && x->v->hello)
		append(&t, "the name is ambiguous, and this rule names no coverage or flag");
	else if (j->skipped)
		append(&t, "no hello was read, and this rule names no coverage or flag");
	else
		say_why(x, j, &t);
	if (j->skipped || j->expired) {
		x->each(&e, x->arg);
		return;
	}
	if (j->truth == HG_TRUE && !j->decides && !j->after && !r->protect)
		append(&t, "; but the flow is protected");
	if (j->truth == HG_UNKNOWN && hg_rule_asks_user(r) && !j->after)
		append(&t, "; on_undecided: %s",
		       r->on_undecided == HG_ACTION_allow ? "skip" : "reset");
	x->each(&e, x->arg);
}

int hg_policy_explain(const struct hg_compiled *c, const struct hg_flow_view *v,
		      hg_explained_fn each, void *arg, struct hg_verdict *out)
{
	struct explainer x = { .c = c, .v = v, .each = each, .arg = arg };

	hg_flow_facts(c, v, &x.facts);
	return hg_policy_judge_each(c, v, explain_rule, &x, out);
}

const char *hg_verdict_words(const struct hg_compiled *c, const struct hg_verdict *v,
			     char out[HG_EXPLAINED_MAX])
{
	const char *name = v->rule == HG_NO_RULE ? NULL : hg_compiled_rule_name(c, v->rule);
	bool rule = v->rule < c->policy.rules;
	bool acts = v->action == HG_ACTION_reset || v->action == HG_ACTION_drop;

	if (!name)
		snprintf(out, HG_EXPLAINED_MAX, "none: the flow is over before it is judged");
	else
		snprintf(out, HG_EXPLAINED_MAX, "%s%s by %s%s%s", v->pending ? "pending: " : "",
			 hg_action_text(v->action), rule ? "rule " : "", name,
			 acts && v->mode == HG_MODE_monitor ? " (monitor: counted, not done)" : "");
	return out;
}

/* As hg_quic_protected() of bpf/quic.h. */
static __u32 quic_protected(const struct hg_compiled *c, const struct hg_facts *facts)
{
	__u32 truth = HG_FALSE;

	for (__u32 i = 0; i < c->protect_rules; i++)
		if (c->rules[i].match.conditions == HG_COND_SRC)
			truth = hg_match_truth(&c->rules[i].match, facts, HG_UNKNOWN);
	return truth;
}

const char *hg_quic_words(const struct hg_compiled *c, const struct hg_flow_view *v,
			  char out[HG_EXPLAINED_MAX])
{
	const char *would = c->policy.mode == HG_MODE_monitor ? " (monitor: counted, not done)"
							      : "";
	struct explainer x = { .c = c, .v = v };
	char address[HG_VALUE_MAX];
	__u32 protected;

	hg_flow_facts(c, v, &x.facts);
	protected = quic_protected(c, &x.facts);
	value_of(&x, HG_COND_SRC, address);
	if (protected == HG_TRUE)
		snprintf(out, HG_EXPLAINED_MAX, "its Initials pass: src %s is protected", address);
	else
		snprintf(out, HG_EXPLAINED_MAX, "its Initials are dropped%s%s",
			 protected == HG_UNKNOWN ? ", unless its src is protected" : "", would);
	return out;
}
