/* SPDX-License-Identifier: BSD-2-Clause */
#include "decisions.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "eve.h"
#include "failures.h"
#include "live_policy.h"
#include "policy_judge.h"
#include "say.h"

#define VERDICT_LIFE (30 * HG_SECOND)
#define CLIENTS_MAX 16384 /* whose failures are remembered: 17 MB */

struct hg_decisions {
	const struct hg_instance *in;
	/* Pending flows finish under the one that they began with. */
	struct hg_live_policy generations[HG_GENERATIONS];
	__u32 active; /* generation + 1 that is in force; 0: none */
	__u32 revision;
	struct hg_failures *failures; /* of clients */
	struct hg_decisions_counts counts;
};

int hg_decisions_open(const struct hg_instance *in, struct hg_decisions **out)
{
	struct hg_decisions *d = calloc(1, sizeof(*d));

	if (!d)
		return hg_bpf_refused(ENOMEM, "decider");
	d->in = in;
	d->failures = hg_failures_new(CLIENTS_MAX);
	if (!d->failures) {
		free(d);
		return hg_bpf_refused(ENOMEM, "decider");
	}
	hg_decisions_refresh(d);
	*out = d;
	return HG_OK;
}

void hg_decisions_close(struct hg_decisions *d)
{
	if (!d)
		return;
	for (int i = 0; i < HG_GENERATIONS; i++)
		hg_live_policy_close(&d->generations[i]);
	hg_failures_free(d->failures);
	free(d);
}

static int read_generation(struct hg_decisions *d, __u32 slot)
{
	hg_live_policy_close(&d->generations[slot]);
	return hg_live_policy_open(d->in, slot, &d->generations[slot]);
}

static void say_changed(const struct hg_in_force *now)
{
	if (now->lapsed)
		hg_say("policy revision %u was not confirmed in time", now->lapsed);
	if (!now->generation)
		hg_say("no policy is active");
}

void hg_decisions_refresh(struct hg_decisions *d)
{
	struct hg_in_force now;
	int r = hg_generation_in_force(d->in, hg_clock_monotonic(), &now);

	if (r || (now.generation == d->active && now.revision == d->revision))
		return;
	d->active = now.generation;
	d->revision = now.revision;
	say_changed(&now);
	if (!now.generation)
		return;
	r = read_generation(d, now.generation - 1);
	if (!r) {
		hg_say("policy revision %u is active", now.revision);
		return;
	}
	hg_warn("policy revision %u cannot be read (%s): its user-space rules wait for their time-out",
		now.revision, strerror(-r));
	hg_hint("load it again: hellogate policy load FILE");
}

static const struct hg_live_policy *generation_of(const struct hg_decisions *d, __u32 revision)
{
	for (int i = 0; i < HG_GENERATIONS; i++)
		if (revision && d->generations[i].revision == revision)
			return &d->generations[i];
	return NULL;
}

void hg_flow_view_of(struct hg_handshake *h, struct hg_flow_view *v)
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
	if (h->read)
		hg_flow_view_lists(v, &h->hello, h->message);
	v->time_ns = hg_clock_tai();
	v->flags = h->facts.flags;
	v->bucket = h->facts.bucket;
	v->ja4 = hg_handshake_ja4(h);
	v->ja3 = ja3 ? ja3->hash : NULL;
	v->last_word = true; /* a hello says no more than this */
}

/* Failures of a client up to now, for a rule. */
static unsigned int failures_of(void *ctx, const __u8 client[16],
				const struct hg_failures_asked *asked)
{
	const struct hg_decisions *d = ctx;

	return hg_failures_count(d->failures, client, hg_clock_monotonic(),
				 asked->within_ms * 1000000ULL, asked->causes);
}

void hg_decisions_failed(struct hg_decisions *d, const struct hg_handshake *h, enum hg_cause cause)
{
	struct hg_endpoint client, server;

	hg_flow_endpoints(&h->facts, &client, &server);
	hg_failures_add(d->failures, client.addr, h->facts.time_ns, cause);
}

static void write_verdict(struct hg_decisions *d, const struct hg_live_policy *g,
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

/* The same, also if it was loaded a moment ago. */
static const struct hg_live_policy *generation_now(struct hg_decisions *d, __u32 revision)
{
	const struct hg_live_policy *g = generation_of(d, revision);

	if (g || !revision)
		return g;
	hg_decisions_refresh(d);
	return generation_of(d, revision);
}

/* The policy that its verdict waits under; NULL: none waits, or there is none, counted. */
static const struct hg_live_policy *asked_under(struct hg_decisions *d,
						const struct hg_handshake *h)
{
	const struct hg_verdict *asked = &h->facts.verdict;
	const struct hg_live_policy *g;

	if (!asked->pending)
		return NULL;
	g = generation_now(d, asked->revision);
	d->counts.unknown_revision += !g;
	return g;
}

static void view_of(struct hg_decisions *d, struct hg_handshake *h, struct hg_flow_view *view)
{
	hg_flow_view_of(h, view);
	view->failures = failures_of;
	view->failures_ctx = d;
}

/* From the rule on that the kernel stopped at.  False: it waits for what is not known yet. */
static bool judge(const struct hg_live_policy *g, const struct hg_handshake *h,
		  const struct hg_flow_view *view, struct hg_verdict *v)
{
	return !hg_policy_judge(g->compiled, view, h->facts.verdict.rule, v) && !v->pending;
}

void hg_decisions_hello(struct hg_decisions *d, struct hg_handshake *h)
{
	const struct hg_live_policy *g = asked_under(d, h);
	struct hg_flow_view view;
	struct hg_verdict v = { 0 };

	if (!g)
		return;
	view_of(d, h, &view);
	view.last_word = !g->compiled->asks_certificate;
	if (judge(g, h, &view, &v))
		write_verdict(d, g, &h->facts, &v);
}

void hg_decisions_certificate(struct hg_decisions *d, struct hg_handshake *h, __u32 findings)
{
	const struct hg_live_policy *g = asked_under(d, h);
	struct hg_flow_view view;
	struct hg_verdict v = { 0 };

	if (!g || !g->compiled->asks_certificate)
		return;
	view_of(d, h, &view);
	view.last_word = false;
	if (judge(g, h, &view, &v))
		return; /* at its hello */
	view.certificate_known = true;
	view.findings = findings;
	view.last_word = true;
	if (judge(g, h, &view, &v))
		write_verdict(d, g, &h->facts, &v);
}

bool hg_decisions_logs_all(struct hg_decisions *d, const struct hg_verdict *v)
{
	const struct hg_live_policy *g = generation_now(d, v->revision);

	return g && v->rule < g->compiled->policy.rules &&
	       g->compiled->about[v->rule].log == HG_LOG_ALL;
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

const struct hg_decisions_counts *hg_decisions_counts(struct hg_decisions *d)
{
	d->counts.clients_forgotten = hg_failures_forgotten(d->failures);
	return &d->counts;
}
