/* SPDX-License-Identifier: BSD-2-Clause */
#include "rule_names.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generation.h"

#define NOT_PLACED 0xffff

struct table {
	const struct hg_instance *in;
	struct hg_rule_name names[HG_RULE_STATS];
	bool used[HG_RULE_STATS];
	__u32 count; /* names are given in order: the rest is free */
	__u32 next;  /* where to look for a counter that can be used again */
	bool judged; /* `used` knows of the kept generations */
};

static int read_table(struct table *t)
{
	for (; t->count < HG_RULE_STATS; t->count++) {
		if (bpf_map_lookup_elem(t->in->maps[HG_MAP_rule_names], &t->count,
					&t->names[t->count]))
			return -errno;
		if (!*t->names[t->count].name)
			break;
	}
	return 0;
}

static __u16 find(struct table *t, const char *name)
{
	for (__u32 i = 0; i < t->count; i++) {
		if (strncmp(t->names[i].name, name, sizeof(t->names[i].name) - 1) != 0)
			continue;
		t->used[i] = true;
		return (__u16)i;
	}
	return NOT_PLACED;
}

/* ---- using a counter again ---- */

static void use(struct table *t, __u32 stats)
{
	if (stats < HG_RULE_STATS)
		t->used[stats] = true;
}

static int use_generation(struct table *t, const struct hg_generation_maps *g)
{
	struct hg_policy *policy = malloc(sizeof(*policy));
	struct hg_rule *rules = calloc(HG_RULES, sizeof(*rules));
	int r = policy && rules ? hg_generation_policy(g, policy) : -ENOMEM;

	if (!r && policy->rules > HG_RULES)
		r = -EINVAL;
	r = r ? r : hg_generation_rules(g, rules, policy->rules);
	if (!r) {
		use(t, policy->default_stats);
		use(t, policy->unread_stats);
		for (__u32 i = 0; i < policy->rules; i++)
			use(t, rules[i].stats);
	}
	free(rules);
	free(policy);
	return r;
}

/* Flows finish under the generation that they began with: its names are kept. */
static int use_kept(struct table *t, __u32 replaced)
{
	struct hg_generation_maps g;
	int r = 0;

	for (__u32 slot = 0; !r && slot < HG_GENERATIONS; slot++) {
		if (slot == replaced)
			continue;
		r = hg_generation_open(t->in, slot, &g);
		if (r == -ENOENT) { /* never loaded */
			r = 0;
			continue;
		}
		if (r)
			continue;
		r = use_generation(t, &g);
		hg_generation_close(&g);
	}
	t->judged = !r;
	return r;
}

static int clear_counter(const struct hg_instance *in, __u32 stats)
{
	static const struct hg_limit_state full = { 0 };
	int cpus = libbpf_num_possible_cpus(), r;
	struct hg_rule_counters *zero = cpus > 0 ? calloc((size_t)cpus, sizeof(*zero)) : NULL;

	if (!zero)
		return -ENOMEM;
	r = bpf_map_update_elem(in->maps[HG_MAP_rule_counters], &stats, zero, BPF_ANY) ? -errno : 0;
	if (!r && bpf_map_update_elem(in->maps[HG_MAP_limit_state], &stats, &full, BPF_ANY))
		r = -errno;
	free(zero);
	return r;
}

/* A counter that nobody uses, or -ENOSPC. */
static int take_unused(struct table *t, __u32 replaced, __u32 *out)
{
	int r = t->judged ? 0 : use_kept(t, replaced);

	while (!r && t->next < HG_RULE_STATS && t->used[t->next])
		t->next++;
	if (!r && t->next == HG_RULE_STATS)
		r = -ENOSPC;
	if (!r)
		*out = t->next;
	return r ? r : clear_counter(t->in, t->next);
}

/* ---- placing ---- */

static int add(struct table *t, __u32 replaced, const char *name, __u16 *out)
{
	__u32 at = t->count;
	int r = 0;

	if (t->count < HG_RULE_STATS)
		t->count++;
	else
		r = take_unused(t, replaced, &at);
	if (r)
		return r;
	memset(&t->names[at], 0, sizeof(t->names[at]));
	snprintf(t->names[at].name, sizeof(t->names[at].name), "%s", name);
	t->used[at] = true;
	*out = (__u16)at;
	return bpf_map_update_elem(t->in->maps[HG_MAP_rule_names], &at, &t->names[at], BPF_ANY)
		       ? -errno
		       : 0;
}

int hg_rule_names_place(const struct hg_instance *in, __u32 slot, const char *const *names,
			__u32 count, __u16 *out)
{
	struct table *t = calloc(1, sizeof(*t));
	int r = -ENOMEM;

	if (t) {
		t->in = in;
		r = read_table(t);
	}
	/* First those that have one, so that no new name takes it. */
	for (__u32 i = 0; !r && i < count; i++)
		out[i] = find(t, names[i]);
	for (__u32 i = 0; !r && i < count; i++)
		if (out[i] == NOT_PLACED)
			r = add(t, slot, names[i], &out[i]);
	free(t);
	return r;
}
