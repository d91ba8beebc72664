/* SPDX-License-Identifier: BSD-2-Clause */
#include "decisions.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "eve.h"
#include "generation.h"
#include "policy_compile.h"
#include "policy_judge.h"
#include "policy_parse.h"
#include "say.h"

#define VERDICT_LIFE (30 * HG_SECOND)

/* A generation: pending flows finish under the one that they began with. */
struct generation {
	__u32 revision; /* 0: none */
	struct hg_compiled *compiled;
	struct hg_generation_maps maps; /* the kernel's own: rules and lists */
};

struct hg_decisions {
	const struct hg_instance *in;
	struct generation generations[HG_GENERATIONS];
	__u32 active; /* generation + 1 as read from control; 0: none */
	__u32 revision;
	struct hg_decisions_counts counts;
};

static void generation_free(struct generation *g)
{
	hg_compiled_free(g->compiled);
	if (g->revision)
		hg_generation_close(&g->maps);
	*g = (struct generation){ 0 };
}

int hg_decisions_open(const struct hg_instance *in, struct hg_decisions **out)
{
	struct hg_decisions *d = calloc(1, sizeof(*d));

	if (!d)
		return hg_bpf_refused(ENOMEM, "decider");
	d->in = in;
	hg_decisions_refresh(d);
	*out = d;
	return HG_OK;
}

void hg_decisions_close(struct hg_decisions *d)
{
	if (!d)
		return;
	for (int i = 0; i < HG_GENERATIONS; i++)
		generation_free(&d->generations[i]);
	free(d);
}

/*
 * The rules as the kernel has them, by the numbers that its counters have, and
 * its lists.  The text adds what it does not have: fingerprints.
 */
static int take_over(struct hg_compiled *c, const struct hg_generation_maps *maps)
{
	struct hg_policy *policy = hg_arena_get(&c->arena, sizeof(*policy));
	int r = hg_generation_policy(maps, policy);

	if (!r && policy->rules != c->policy.rules)
		r = -ESTALE; /* the text is of another load */
	r = r ? r : hg_generation_rules(maps, c->rules, policy->rules);
	if (!r) {
		c->policy = *policy;
		c->live = maps;
	}
	return r;
}

/* What the text that `policy load` has left says of the rules. */
static int read_rules(const struct hg_policy_source *source, struct hg_compiled **out)
{
	struct hg_diagnostics diagnostics = { 0 };
	struct hg_policy_model *model = NULL;
	int r = hg_policy_parse_rules(source->path, source->text, source->len, &diagnostics,
				      &model);

	r = r ? r : hg_policy_compile(model, &diagnostics, out);
	if (r)
		hg_diagnostics_print(&diagnostics, stderr);
	hg_diagnostics_free(&diagnostics);
	hg_policy_model_free(model);
	return r ? -EINVAL : 0;
}

static int read_generation(struct hg_decisions *d, __u32 slot)
{
	struct hg_policy_source *source = malloc(sizeof(*source));
	struct generation *g = &d->generations[slot];
	int r = source ? 0 : -ENOMEM;

	generation_free(g);
	if (!r && bpf_map_lookup_elem(d->in->maps[HG_MAP_policy_source], &slot, source))
		r = -errno;
	r = r ? r : read_rules(source, &g->compiled);
	r = r ? r : hg_generation_open(d->in, slot, &g->maps);
	if (!r) {
		g->revision = source->revision;
		r = take_over(g->compiled, &g->maps);
	}
	if (r)
		generation_free(g);
	free(source);
	return r;
}

static __u32 active_generation(const struct hg_decisions *d, __u32 *revision)
{
	struct hg_policy_source *source;
	struct hg_control control;
	__u32 zero = 0, slot;

	if (bpf_map_lookup_elem(d->in->maps[HG_MAP_control], &zero, &control) ||
	    !control.generation)
		return 0;
	slot = control.generation - 1;
	source = malloc(sizeof(*source));
	*revision = 0;
	if (source && !bpf_map_lookup_elem(d->in->maps[HG_MAP_policy_source], &slot, source))
		*revision = source->revision;
	free(source);
	return control.generation;
}

void hg_decisions_refresh(struct hg_decisions *d)
{
	__u32 revision = 0, active = active_generation(d, &revision);
	int r;

	if (!active || (active == d->active && revision == d->revision))
		return;
	d->active = active;
	d->revision = revision;
	r = read_generation(d, active - 1);
	if (!r) {
		hg_say("policy revision %u is active", revision);
		return;
	}
	hg_warn("policy revision %u cannot be read (%s): its user-space rules wait for their time-out",
		revision, strerror(-r));
	hg_hint("load it again: hellogate policy load FILE");
}

static const struct generation *generation_of(const struct hg_decisions *d, __u32 revision)
{
	for (int i = 0; i < HG_GENERATIONS; i++)
		if (revision && d->generations[i].revision == revision)
			return &d->generations[i];
	return NULL;
}

static void view_of(struct hg_handshake *h, struct hg_flow_view *v)
{
	struct hg_endpoint client, server;
	const struct hg_ja3 *ja3 = hg_handshake_ja3(h);

	memset(v, 0, sizeof(*v));
	hg_flow_endpoints(&h->facts, &client, &server);
	memcpy(v->client, client.addr, sizeof(v->client));
	memcpy(v->server, server.addr, sizeof(v->server));
	v->client_port = client.port;
	v->server_port = server.port;
	v->hello = h->read ? &h->hello : NULL;
	v->flags = h->facts.flags;
	v->bucket = h->facts.bucket;
	v->ja4 = hg_handshake_ja4(h);
	v->ja3 = ja3 ? ja3->hash : NULL;
	v->last_word = true; /* a hello says no more than this */
}

static void write_verdict(struct hg_decisions *d, const struct generation *g,
			  const struct hg_event *e, struct hg_verdict *v)
{
	struct hg_flow_verdict written = { .isn = e->isn };

	v->revision = g->revision;
	v->decided_by = HG_DECIDER_user;
	v->pending = 0;
	written.verdict = *v;
	written.expires_ns = hg_clock_monotonic() + VERDICT_LIFE;
	if (bpf_map_update_elem(d->in->maps[HG_MAP_verdicts], &e->key, &written, BPF_ANY))
		d->counts.failed++;
	else
		d->counts.decided++;
}

void hg_decisions_hello(struct hg_decisions *d, struct hg_handshake *h)
{
	const struct hg_verdict *asked = &h->facts.verdict;
	const struct generation *g;
	struct hg_flow_view view;
	struct hg_verdict v = { 0 };

	if (!asked->pending)
		return;
	g = generation_of(d, asked->revision);
	if (!g) {
		hg_decisions_refresh(d);
		g = generation_of(d, asked->revision);
	}
	if (!g) {
		d->counts.unknown_revision++;
		return;
	}
	view_of(h, &view);
	if (!hg_policy_judge(g->compiled, &view, asked->rule, &v))
		write_verdict(d, g, &h->facts, &v);
}

/* No packet will meet a verdict that was written for it. */
static void take_back(const struct hg_decisions *d, const struct hg_event *e)
{
	int map = d->in->maps[HG_MAP_verdicts];
	struct hg_flow_verdict v;

	if (!bpf_map_lookup_elem(map, &e->key, &v) && !v.any_isn && v.isn == e->isn)
		bpf_map_delete_elem(map, &e->key);
}

void hg_decisions_end(struct hg_decisions *d, const struct hg_handshake *h)
{
	if (h->lost || !h->facts.verdict.pending)
		return;
	d->counts.undecided++;
	take_back(d, &h->facts);
}

void hg_decisions_expire(struct hg_decisions *d, __u64 now_ns)
{
	struct hg_flow_key key, next;
	struct hg_flow_verdict v;
	int map = d->in->maps[HG_MAP_verdicts];
	bool more = !bpf_map_get_next_key(map, NULL, &next);

	while (more) {
		key = next;
		more = !bpf_map_get_next_key(map, &key, &next);
		if (!bpf_map_lookup_elem(map, &key, &v) && v.expires_ns && v.expires_ns < now_ns)
			bpf_map_delete_elem(map, &key);
	}
}

const struct hg_decisions_counts *hg_decisions_counts(const struct hg_decisions *d)
{
	return &d->counts;
}
