/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_load.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "policy_parse.h"
#include "say.h"

/* The inner maps of one generation, in the order of the outer ones. */
enum { POLICY, RULES, NAMES, NETS, PORTS, INNER_COUNT };

static const enum hg_map outer_maps[INNER_COUNT] = {
	HG_MAP_policy,	    HG_MAP_policy_rules, HG_MAP_policy_names,
	HG_MAP_policy_nets, HG_MAP_policy_ports,
};

struct generation {
	int maps[INNER_COUNT];
};

int hg_policy_compile_file(const char *path, struct hg_compiled **out)
{
	struct hg_diagnostics d = { 0 };
	struct hg_policy_model *model = NULL;
	int r = hg_policy_parse(path, &d, &model);

	if (!r)
		r = hg_policy_compile(model, &d, out);
	hg_diagnostics_print(&d, stderr);
	hg_diagnostics_free(&d);
	hg_policy_model_free(model);
	return r;
}

int hg_policy_check(const char *path)
{
	struct hg_compiled *compiled;
	int r = hg_policy_compile_file(path, &compiled);

	if (!r)
		hg_compiled_free(compiled);
	return r;
}

/* ---- inner maps ---- */

static int create_one(struct generation *g, int which, enum bpf_map_type type, __u32 key_size,
		      __u32 value_size, size_t entries, __u32 flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);

	g->maps[which] = bpf_map_create(type, "hg_policy", key_size, value_size,
					entries ? (__u32)entries : 1, &opts);
	return g->maps[which] < 0 ? -errno : 0;
}

static int create_maps(struct generation *g, const struct hg_compiled *c)
{
	int r;

	memset(g->maps, -1, sizeof(g->maps));
	r = create_one(g, POLICY, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct hg_policy), 1, 0);
	r = r ? r
	      : create_one(g, RULES, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct hg_rule), c->policy.rules,
			   BPF_F_INNER_MAP);
	r = r ? r
	      : create_one(g, NAMES, BPF_MAP_TYPE_HASH, sizeof(struct hg_name_key),
			   sizeof(struct hg_name_sets), c->names, 0);
	r = r ? r
	      : create_one(g, NETS, BPF_MAP_TYPE_LPM_TRIE, sizeof(struct hg_net_key), sizeof(__u64),
			   c->nets, BPF_F_NO_PREALLOC);
	return r ? r
		 : create_one(g, PORTS, BPF_MAP_TYPE_ARRAY, 4, sizeof(__u64), c->ports ? 65536 : 1,
			      BPF_F_INNER_MAP);
}

static void close_maps(struct generation *g)
{
	for (int i = 0; i < INNER_COUNT; i++)
		if (g->maps[i] >= 0)
			close(g->maps[i]);
}

/* Batches where the kernel has them for this type, else one by one. */
static int fill(int map, const void *keys, size_t key_size, const void *values, size_t value_size,
		size_t count)
{
	__u32 n = (__u32)count;

	if (!count || !bpf_map_update_batch(map, keys, values, &n, NULL))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (bpf_map_update_elem(map, (const char *)keys + i * key_size,
					(const char *)values + i * value_size, BPF_ANY))
			return -errno;
	return 0;
}

static int fill_array(int map, const void *values, size_t size, __u32 count)
{
	__u32 *keys = calloc(count ? count : 1, sizeof(*keys));
	int r;

	if (!keys)
		return -ENOMEM;
	for (__u32 i = 0; i < count; i++)
		keys[i] = i;
	r = fill(map, keys, sizeof(*keys), values, size, count);
	free(keys);
	return r;
}

static int fill_maps(const struct generation *g, const struct hg_compiled *c,
		     const struct hg_policy *policy, const struct hg_rule *rules)
{
	int r = fill_array(g->maps[POLICY], policy, sizeof(*policy), 1);

	r = r ? r : fill_array(g->maps[RULES], rules, sizeof(*rules), policy->rules);
	r = r ? r
	      : fill(g->maps[NAMES], c->name_keys, sizeof(*c->name_keys), c->name_sets,
		     sizeof(*c->name_sets), c->names);
	r = r ? r
	      : fill(g->maps[NETS], c->net_keys, sizeof(*c->net_keys), c->net_sets,
		     sizeof(*c->net_sets), c->nets);
	return r || !c->ports ? r : fill_array(g->maps[PORTS], c->ports, sizeof(*c->ports), 65536);
}

/* ---- rule names keep their counters over loads ---- */

static int name_slot(const struct hg_instance *in, const char *name, __u16 *slot)
{
	struct hg_rule_name known;
	__u32 i;

	for (i = 0; i < HG_RULE_STATS; i++) {
		if (bpf_map_lookup_elem(in->maps[HG_MAP_rule_names], &i, &known))
			return -errno;
		if (*known.name && strncmp(known.name, name, sizeof(known.name) - 1) != 0)
			continue;
		*slot = (__u16)i;
		if (*known.name)
			return 0;
		memset(&known, 0, sizeof(known));
		snprintf(known.name, sizeof(known.name), "%s", name);
		return bpf_map_update_elem(in->maps[HG_MAP_rule_names], &i, &known, BPF_ANY)
			       ? -errno
			       : 0;
	}
	return -ENOSPC;
}

/* Turn the policy's own numbers of rule names into those of the instance. */
static int place_stats(const struct hg_instance *in, const struct hg_compiled *c,
		       struct hg_policy *policy, struct hg_rule *rules)
{
	__u16 *slots = calloc(c->stats, sizeof(*slots));
	int r = slots ? 0 : -ENOMEM;

	for (__u32 i = 0; !r && i < c->stats; i++)
		r = name_slot(in, c->stats_names[i], &slots[i]);
	for (__u32 i = 0; !r && i < policy->rules; i++)
		rules[i].stats = slots[rules[i].stats];
	if (!r) {
		policy->default_stats = slots[policy->default_stats];
		policy->unread_stats = slots[policy->unread_stats];
	}
	free(slots);
	return r;
}

int hg_policy_install(const struct hg_instance *in, const struct hg_compiled *c,
		      unsigned int revision, unsigned int slot)
{
	struct hg_rule *rules = calloc(c->policy.rules ? c->policy.rules : 1, sizeof(*rules));
	struct hg_policy *policy = malloc(sizeof(*policy));
	struct generation g;
	__u32 key = slot;
	int r = -ENOMEM;

	memset(g.maps, -1, sizeof(g.maps));
	if (rules && policy) {
		*policy = c->policy;
		policy->revision = revision;
		memcpy(rules, c->rules, c->policy.rules * sizeof(*rules));
		r = place_stats(in, c, policy, rules);
		r = r ? r : create_maps(&g, c);
		r = r ? r : fill_maps(&g, c, policy, rules);
	}
	for (int i = 0; !r && i < INNER_COUNT; i++)
		if (bpf_map_update_elem(in->maps[outer_maps[i]], &key, &g.maps[i], BPF_ANY))
			r = -errno;
	close_maps(&g);
	free(rules);
	free(policy);
	return r == -ENOSPC ? (hg_error("%d rule names have been used: no counter is free",
					HG_RULE_STATS),
			       HG_UNSUPPORTED)
	       : r	    ? hg_bpf_refused(r, "cannot install the policy")
			    : HG_OK;
}

/* ---- revisions ---- */

static __u32 last_revision(const struct hg_instance *in)
{
	struct hg_history h;
	__u32 last = 0;

	for (__u32 i = 0; i < HG_HISTORY; i++)
		if (!bpf_map_lookup_elem(in->maps[HG_MAP_history], &i, &h) && h.revision > last)
			last = h.revision;
	return last;
}

static int write_history(const struct hg_instance *in, const struct hg_compiled *c, __u32 revision,
			 const char *path)
{
	struct hg_history h = {
		.revision = revision,
		.rules = c->policy.rules,
		.names = c->names,
		.loaded_s = (__u64)time(NULL),
		.mode = c->policy.mode,
		.uid = getuid(),
	};
	__u32 key = revision % HG_HISTORY;

	snprintf(h.path, sizeof(h.path), "%s", path);
	return bpf_map_update_elem(in->maps[HG_MAP_history], &key, &h, BPF_ANY) ? -errno : 0;
}

/* The text, as far as it fits: what `policy show` prints. */
static int write_source(const struct hg_instance *in, __u32 revision, __u32 slot, const char *path)
{
	struct hg_policy_source *source = calloc(1, sizeof(*source));
	FILE *file = fopen(path, "re");
	int r = -ENOMEM;

	if (source && file) {
		source->revision = revision;
		snprintf(source->path, sizeof(source->path), "%s", path);
		source->len = (__u32)fread(source->text, 1, sizeof(source->text), file);
		r = bpf_map_update_elem(in->maps[HG_MAP_policy_source], &slot, source, BPF_ANY)
			    ? -errno
			    : 0;
	}
	if (file)
		fclose(file);
	free(source);
	return r;
}

static int activate(const struct hg_instance *in, struct hg_control *control, __u32 slot)
{
	__u32 zero = 0;

	control->generation = slot + 1;
	if (bpf_map_update_elem(in->maps[HG_MAP_control], &zero, control, BPF_ANY))
		return -errno;
	return 0;
}

static int load_compiled(struct hg_instance *in, const struct hg_compiled *c, const char *path)
{
	__u32 zero = 0, revision = last_revision(in) + 1, slot;
	struct hg_control control;
	int r;

	if (bpf_map_lookup_elem(in->maps[HG_MAP_control], &zero, &control))
		return hg_bpf_refused(errno, "cannot read the control map");
	slot = control.generation % HG_GENERATIONS;
	r = hg_policy_install(in, c, revision, slot);
	if (r)
		return r;
	r = write_source(in, revision, slot, path);
	r = r ? r : activate(in, &control, slot);
	r = r ? r : write_history(in, c, revision, path);
	if (r)
		return hg_bpf_refused(r, "cannot activate the policy");
	hg_say("policy revision %u is active: mode %s, %u rules, %zu names", revision,
	       c->policy.mode == HG_MODE_enforce ? "enforce" : "monitor", c->policy.rules,
	       c->names);
	return HG_OK;
}

/* `run` reads the text again: all of it must be kept, under a path that holds anywhere. */
static int check_text(const char *path)
{
	struct stat st;

	if (stat(path, &st) || st.st_size <= HG_POLICY_TEXT)
		return HG_OK;
	hg_error("%s: %lld bytes: a policy file may have %d", path, (long long)st.st_size,
		 HG_POLICY_TEXT);
	hg_hint("move long lists of names to files of their own: sets: {NAME: {files: [...]}}");
	return HG_INVALID;
}

int hg_policy_load(struct hg_instance *in, const char *path)
{
	char *full = realpath(path, NULL);
	struct hg_compiled *compiled;
	int r = hg_policy_compile_file(path, &compiled);

	if (!r) {
		r = check_text(path);
		r = r ? r : load_compiled(in, compiled, full ? full : path);
		hg_compiled_free(compiled);
	}
	free(full);
	return r;
}
