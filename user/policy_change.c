/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_change.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "history.h"
#include "policy_load.h"
#include "say.h"

int hg_policy_settle(const struct hg_instance *in, struct hg_in_force *out)
{
	struct hg_in_force f;
	struct hg_history h;
	int r = hg_generation_in_force(in, hg_clock_monotonic(), &f);

	if (!r && f.lapsed) {
		r = hg_generation_activate(in, f.generation);
		if (!r && hg_history_get(in, f.lapsed, &h)) {
			h.lapsed = 1;
			r = hg_history_put(in, &h);
		}
	}
	if (r)
		return hg_bpf_refused(r, "cannot read which policy is active");
	*out = f;
	return HG_OK;
}

/* ---- confirm ---- */

static int none_to_confirm(const struct hg_in_force *f)
{
	if (!f->lapsed) {
		hg_error("no policy is loaded: there is nothing to confirm");
		hg_hint("load one: hellogate policy load FILE");
		return HG_NOTHING;
	}
	hg_error("revision %u was not confirmed in time", f->lapsed);
	if (f->generation)
		hg_hint("revision %u is active again; load the file once more", f->revision);
	else
		hg_hint("no policy is active; load the file once more");
	return HG_CONFLICT;
}

static int check_meant(const struct hg_in_force *f, __u32 revision)
{
	if (!f->generation || (f->lapsed && (!revision || revision == f->lapsed)))
		return none_to_confirm(f);
	if (!revision || revision == f->revision)
		return HG_OK;
	hg_error("revision %u is active, not %u", f->revision, revision);
	hg_hint("see: hellogate policy history");
	return HG_CONFLICT;
}

/* Was it too late?  Packets have seen the other one by then: it stays. */
static int store_confirmation(const struct hg_instance *in, struct hg_in_force *f)
{
	__u32 slot = f->generation - 1;
	int r = hg_generation_confirm_by(in, slot, f->fallback, 0);

	if (r)
		return hg_bpf_refused(r, "cannot confirm the policy");
	if (hg_clock_monotonic() < f->confirm_by_ns)
		return HG_OK;
	r = hg_generation_confirm_by(in, slot, f->fallback, f->confirm_by_ns);
	r = r ? hg_bpf_refused(r, "cannot take the confirmation back") : hg_policy_settle(in, f);
	return r ? r : none_to_confirm(f);
}

int hg_policy_confirm(const struct hg_instance *in, __u32 revision)
{
	struct hg_in_force f;
	struct hg_history h;
	int r = hg_policy_settle(in, &f);

	r = r ? r : check_meant(&f, revision);
	if (r)
		return r;
	if (!f.confirm_by_ns) {
		hg_say("policy revision %u is confirmed already", f.revision);
		return HG_OK;
	}
	r = store_confirmation(in, &f);
	if (r)
		return r;
	if (hg_history_get(in, f.revision, &h)) {
		h.confirmed_s = (__u64)time(NULL);
		r = hg_history_put(in, &h);
	}
	if (r)
		return hg_bpf_refused(r, "it is confirmed, but the history cannot be written");
	hg_say("policy revision %u is confirmed", f.revision);
	return HG_OK;
}

/* ---- roll back ---- */

/* A slot whose generation can be had again, and its entry in the history. */
struct candidate {
	__u32 slot;
	struct hg_history entry;
};

struct candidates {
	struct candidate list[HG_GENERATIONS];
	unsigned int count;
	struct hg_policy_source *source; /* of the one that was read last */
};

/* Maps and text of a slot are of one load, unless it was killed on its way. */
static bool is_whole(const struct hg_instance *in, __u32 slot, __u32 revision,
		     struct hg_policy_source *source)
{
	return revision && !bpf_map_lookup_elem(in->maps[HG_MAP_policy_source], &slot, source) &&
	       source->revision == revision;
}

static int newest_first(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return x->entry.revision < y->entry.revision ? 1 : -1;
}

static void find_candidates(const struct hg_instance *in, const struct hg_in_force *f,
			    struct candidates *c)
{
	for (__u32 slot = 0; slot < HG_GENERATIONS; slot++) {
		__u32 revision = hg_generation_revision(in, slot);
		struct candidate *one = &c->list[c->count];

		if (slot + 1 == f->generation || !is_whole(in, slot, revision, c->source) ||
		    !hg_history_get(in, revision, &one->entry))
			continue;
		one->slot = slot;
		c->count++;
	}
	qsort(c->list, c->count, sizeof(*c->list), newest_first);
}

/* The revision whose rules it has. */
static __u32 original(const struct hg_history *h)
{
	return h->restores ? h->restores : h->revision;
}

/* Where an entry stands in the order of loads: a rollback, among rollbacks, where the first was. */
static __u32 place(const struct hg_history *h, bool of_originals)
{
	return of_originals ? original(h) : h->revision;
}

/*
 * What was in force before.  From what a rollback brought back the next one goes
 * on to what was before that.  What somebody has given up is left out.
 */
static const struct candidate *previous(const struct candidates *c, const struct hg_history *active)
{
	const bool of_originals = active->restores;
	const struct candidate *best = NULL;
	__u32 before = place(active, of_originals), highest = 0;

	for (unsigned int i = 0; i < c->count; i++) {
		const struct hg_history *h = &c->list[i].entry;
		__u32 at = place(h, of_originals);

		if (h->rolled_back || h->lapsed || at >= before || at <= highest)
			continue;
		best = &c->list[i];
		highest = at;
	}
	return best;
}

static const struct candidate *named(const struct candidates *c, __u32 revision)
{
	for (unsigned int i = 0; i < c->count; i++)
		if (c->list[i].entry.revision == revision)
			return &c->list[i];
	return NULL;
}

static void hint_candidates(const struct candidates *c)
{
	char text[HG_GENERATIONS * 12] = "";
	size_t len = 0;

	for (unsigned int i = 0; i < c->count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", i ? ", " : "",
					c->list[i].entry.revision);
	if (c->count)
		hg_hint("revisions that can be had: %s; see: hellogate policy history", text);
	else
		hg_hint("no earlier one is kept: hellogate policy load FILE");
}

static int put_source(const struct hg_instance *in, __u32 slot, __u32 revision,
		      struct hg_policy_source *source)
{
	if (bpf_map_lookup_elem(in->maps[HG_MAP_policy_source], &slot, source))
		return -errno;
	source->revision = revision;
	return bpf_map_update_elem(in->maps[HG_MAP_policy_source], &slot, source, BPF_ANY) ? -errno
											   : 0;
}

static int put_entry(const struct hg_instance *in, __u32 revision, const struct candidate *from)
{
	struct hg_history h = from->entry;

	h.restores = original(&from->entry);
	h.revision = revision;
	h.loaded_s = (__u64)time(NULL);
	h.uid = getuid();
	h.rolled_back = 0;
	h.lapsed = 0;
	h.confirmed_s = 0;
	return hg_history_put(in, &h);
}

static int give_up(const struct hg_instance *in, const struct hg_history *active)
{
	struct hg_history h = *active;

	h.rolled_back = 1;
	return hg_history_put(in, &h);
}

/* In its own slot: so each policy is kept once, and four of them are. */
static int restore(const struct hg_instance *in, const struct hg_history *active,
		   const struct candidates *c, const struct candidate *from)
{
	__u32 revision = hg_history_last(in) + 1;
	bool back = active->revision && original(&from->entry) < original(active);
	int r = hg_generation_renew(in, from->slot, revision);

	r = r ? r : put_source(in, from->slot, revision, c->source);
	r = r ? r : hg_generation_activate(in, from->slot + 1);
	r = r ? r : put_entry(in, revision, from);
	r = r || !back ? r : give_up(in, active);
	if (r)
		return hg_bpf_refused(r, "cannot go back");
	hg_say("policy revision %u is active: it is revision %u again", revision,
	       original(&from->entry));
	return HG_OK;
}

/* There was no policy before. */
static int disarm(const struct hg_instance *in, const struct hg_history *active)
{
	int r = hg_generation_activate(in, 0);

	r = r ? r : give_up(in, active);
	if (r)
		return hg_bpf_refused(r, "cannot go back");
	hg_say("no policy is active: nothing is enforced");
	return HG_OK;
}

static int no_way_back(const struct hg_in_force *f, const struct candidates *c, __u32 revision)
{
	if (revision && revision == f->revision)
		hg_error("revision %u is the active one", revision);
	else if (revision)
		hg_error("revision %u is not kept: the last %d policies are", revision,
			 HG_GENERATIONS);
	else
		hg_error("no policy was in force before%s", f->generation ? " this one" : "");
	hint_candidates(c);
	return revision ? HG_INVALID : HG_NOTHING;
}

static int go_back(const struct hg_instance *in, const struct hg_in_force *f,
		   const struct candidates *c, __u32 revision)
{
	struct hg_history active = { .revision = f->revision };
	const struct hg_history none = { .revision = ~0U };
	const struct candidate *from;

	hg_history_get(in, f->revision, &active);
	if (revision)
		from = named(c, revision);
	else
		from = previous(c, f->generation ? &active : &none);
	if (from)
		return restore(in, &active, c, from);
	if (!revision && f->confirm_by_ns && !f->fallback)
		return disarm(in, &active);
	return no_way_back(f, c, revision);
}

int hg_policy_rollback(const struct hg_instance *in, __u32 revision)
{
	struct candidates c = { .source = malloc(sizeof(*c.source)) };
	struct hg_in_force f;
	int r = c.source ? hg_policy_settle(in, &f) : hg_bpf_refused(ENOMEM, "cannot go back");

	if (!r) {
		find_candidates(in, &f, &c);
		r = go_back(in, &f, &c, revision);
	}
	free(c.source);
	return r;
}
