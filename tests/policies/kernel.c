/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random policies in the kernel, and random ClientHellos as packets: the verdict
 * on the event against plain_judge(), at each hook in turn.
 *
 * HG_SEED and HG_POLICIES (default 1700, 60 flows each) choose what is tried.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plain.h"
#include "plain_wire.h"
#include "policy_compile.h"
#include "policy_parse.h"
#include "talk.h"
#include "tap.h"

#define FLOWS 60
#define CLEAR_EVERY 100 /* policies: the books are long */
#define A_DAY_IN_2027 (1800000000ULL * SECONDS(1))

static unsigned int setting(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned int)strtoul(text, NULL, 0) : otherwise;
}

/* ---- the policy, into the kernel ---- */

static struct hg_compiled *compiled_of(const char *yaml)
{
	struct hg_diagnostics d = {};
	struct hg_policy_model *model = NULL;
	struct hg_compiled *c = NULL;

	if (hg_policy_parse_text("p.yaml", yaml, strlen(yaml), &d, &model) ||
	    hg_policy_compile(model, &d, &c))
		tap_bail("no policy: %s", yaml);
	hg_diagnostics_free(&d);
	hg_policy_model_free(model);
	return c;
}

static void set(int map, const void *key, const void *value)
{
	if (bpf_map_update_elem(map, key, value, BPF_ANY))
		tap_bail("an inner map is full: %s", strerror(errno));
}

/* Inner maps that are there for good: to exchange one takes the kernel a grace period. */
static struct {
	int policy, rules, names, nets, numbers;
} inner;

#define NAMES_MAX 256
#define NETS_MAX 64

static int inner_map(struct gate *g, const char *outer, __u32 entries)
{
	int map = gate_inner_map(g, outer, entries);

	gate_set_inner(g, outer, dup(map));
	return map;
}

static void inner_maps(struct gate *g)
{
	inner.policy = inner_map(g, "policy", 1);
	inner.rules = inner_map(g, "policy_rules", PLAIN_RULES + 2);
	inner.names = inner_map(g, "policy_names", NAMES_MAX);
	inner.nets = inner_map(g, "policy_nets", NETS_MAX);
	inner.numbers = inner_map(g, "policy_numbers", HG_NUMBER_KINDS * HG_NUMBERS);
}

/* No packet comes between. */
static void police(struct gate *g, const struct hg_compiled *c)
{
	__u32 zero = 0;

	set(inner.policy, &zero, &c->policy);
	for (__u32 i = 0; i < c->policy.rules; i++)
		set(inner.rules, &i, &c->rules[i]);
	for (size_t i = 0; i < c->names; i++)
		set(inner.names, &c->name_keys[i], &c->name_sets[i]);
	for (size_t i = 0; i < c->texts; i++)
		set(inner.names, &c->text_keys[i], &c->text_sets[i]);
	for (size_t i = 0; i < c->nets; i++)
		set(inner.nets, &c->net_keys[i], &c->net_sets[i]);
	for (__u32 i = 0; i < c->number_count; i++)
		if (c->numbers[i])
			set(inner.numbers, &i, &c->numbers[i]);
	g->control->generation = 1;
}

static void unpolice(struct gate *g, const struct hg_compiled *c)
{
	static const __u64 none;

	g->control->generation = 0;
	for (size_t i = 0; i < c->names; i++)
		bpf_map_delete_elem(inner.names, &c->name_keys[i]);
	for (size_t i = 0; i < c->texts; i++)
		bpf_map_delete_elem(inner.names, &c->text_keys[i]);
	for (size_t i = 0; i < c->nets; i++)
		bpf_map_delete_elem(inner.nets, &c->net_keys[i]);
	for (__u32 i = 0; i < c->number_count; i++)
		if (c->numbers[i])
			set(inner.numbers, &i, &none);
}

/* ---- the flow, as packets ---- */

/* What the HELLO event says. */
static bool verdict_of(struct gate *g, enum gate_hook hook, const struct plain_flow *f,
		       __u16 client_port, struct hg_verdict *out)
{
	static struct octets stream;
	static struct talk t;
	struct conn conn = plain_conn(f, client_port);
	const struct gate_event *e = NULL;
	__u32 first;

	plain_stream(f, &stream);
	first = f->bucket == HG_BUCKET_reassembled ? 40 : stream.len;
	talk_begin(&t, g, hook, &conn);
	talk_syn(&t);
	talk_client(&t, 0, stream.at, first);
	if (first < stream.len)
		talk_client(&t, first, stream.at + first, stream.len - first);
	if (!talk_count(&t, HG_EVENT_HELLO, &e))
		return false;
	*out = e->head.verdict;
	gate_forget(g);
	return true;
}

/* ---- comparing ---- */

struct tally {
	unsigned long flows, rules, defaults, unread, pending, fallbacks;
};

static bool same(const struct hg_compiled *c, const struct hg_verdict *got,
		 const struct plain_verdict *want)
{
	return !strcmp(hg_compiled_rule_name(c, got->rule), want->rule) &&
	       got->action == want->action && got->mode == want->mode &&
	       !!got->pending == want->pending;
}

static bool try_flow(struct gate *g, enum gate_hook hook, const struct plain_policy *p,
		     const struct hg_compiled *c, __u16 port, struct tally *tally)
{
	struct plain_verdict want;
	struct hg_verdict got = {};
	struct plain_flow f;

	plain_flow_make_real(&f);
	g->presence->time_ns = A_DAY_IN_2027;
	g->presence->heartbeat_ns = f.last_word ? 0 : A_DAY_IN_2027;
	want = plain_judge(p, &f);
	if (!verdict_of(g, hook, &f, port, &got)) {
		tap_diag("%s: no hello was read: %s", gate_hook_name[hook], plain_flow_text(&f));
		return false;
	}
	tally->flows++;
	tally->rules += want.rule[0] == 'r';
	tally->defaults += want.rule[0] == 'd';
	tally->unread += want.rule[0] == 'u';
	tally->pending += want.pending;
	tally->fallbacks += got.decided_by == HG_DECIDER_timeout;
	if (same(c, &got, &want))
		return true;
	tap_diag("%s: %s\nwant %d by %s%s, got %d by %s%s", gate_hook_name[hook],
		 plain_flow_text(&f), want.action, want.rule, want.pending ? " pending" : "",
		 got.action, hg_compiled_rule_name(c, got.rule), got.pending ? " pending" : "");
	return false;
}

static bool try_policy(struct gate *g, enum gate_hook hook, __u16 port, struct tally *tally)
{
	struct plain_policy p;
	struct hg_compiled *c;
	bool ok = true;
	char *yaml;

	plain_policy_make(&p);
	yaml = plain_policy_text(&p);
	c = compiled_of(yaml);
	police(g, c);
	for (__u16 i = 0; i < FLOWS; i++)
		ok &= try_flow(g, hook, &p, c, (__u16)(port + i), tally);
	if (!ok)
		tap_diag("%s", yaml);
	unpolice(g, c);
	hg_compiled_free(c);
	free(yaml);
	return ok;
}

static void taken_often_enough(const struct tally *t)
{
	tap_diag("%lu flows: %lu by rules, %lu pending, %lu fell back, %lu default, %lu unread",
		 t->flows, t->rules, t->pending, t->fallbacks, t->defaults, t->unread);
	tap_ok(t->rules > t->flows / 6 && t->defaults > t->flows / 20 &&
		       t->unread > t->flows / 50 && t->pending > t->flows / 200 &&
		       t->fallbacks > t->flows / 200,
	       "every way to end was taken often enough to mean something");
}

int main(void)
{
	static const struct gate_options options = { .interface = "eth0" };
	unsigned int policies = setting("HG_POLICIES", 1700), seed = setting("HG_SEED", 1), i = 0;
	struct tally tally = {};
	static struct gate g;

	gate_open(&g, &options);
	inner_maps(&g);
	FOR_HOOKS(hook) {
		unsigned int upto = policies * (hook + 1) / GATE_ARM;
		bool ok = true;

		for (; i < upto && ok; i++) {
			plain_seed(seed * 1000003u + i);
			ok = try_policy(&g, hook, (__u16)(1024 + i % CLEAR_EVERY * FLOWS), &tally);
			if (i % CLEAR_EVERY == CLEAR_EVERY - 1)
				ok &= gate_balanced(&g) & gate_clear(&g);
		}
		ok &= gate_balanced(&g) & gate_clear(&g);
		tap_ok(ok, "%s: %u policies of seed %u, up to number %u", gate_hook_name[hook],
		       policies / GATE_ARM, seed, i);
		i = upto;
	}
	gate_close(&g);
	taken_often_enough(&tally);
	return tap_done();
}
