/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_load.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "generation.h"
#include "history.h"
#include "policy_change.h"
#include "policy_list.h"
#include "policy_parse.h"
#include "rule_names.h"
#include "say.h"
#include "set_hits.h"

#define HG_FILL_BATCH 65536 /* entries: between two of these, progress is told */

/* `run` reads the rules again from the text that is kept: all of it. */
static int check_text(const struct hg_policy_file *f)
{
	if (f->len <= HG_POLICY_TEXT)
		return HG_OK;
	hg_error("%s: %zu bytes: a policy file may have %d", f->path, f->len, HG_POLICY_TEXT);
	hg_hint("move long lists of names to files of their own: sets: {NAME: {files: [...]}}");
	return HG_INVALID;
}

int hg_policy_file_open(const char *path, struct hg_policy_file *out)
{
	struct hg_policy_file f = { .path = path };
	struct hg_policy_model *model = NULL;
	struct hg_diagnostics d = { 0 };
	int r = HG_INVALID;

	f.text = hg_file_text(&f.arena, &d, NULL, path, &f.len);
	if (f.text)
		r = hg_policy_parse_text(path, f.text, f.len, &d, &model);
	r = r ? r : hg_policy_compile(model, &d, &f.compiled);
	hg_diagnostics_print(&d, stderr);
	hg_diagnostics_free(&d);
	hg_policy_model_free(model);
	r = r ? r : check_text(&f);
	if (r)
		hg_policy_file_close(&f);
	else
		*out = f;
	return r;
}

void hg_policy_file_close(struct hg_policy_file *f)
{
	hg_compiled_free(f->compiled);
	hg_arena_free(&f->arena);
	*f = (struct hg_policy_file){ 0 };
}

/* ---- inner maps ---- */

static int create_one(struct hg_generation_maps *g, int which, enum bpf_map_type type,
		      __u32 key_size, __u32 value_size, size_t entries, __u32 flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);

	g->maps[which] = bpf_map_create(type, "hg_policy", key_size, value_size,
					entries ? (__u32)entries : 1, &opts);
	return g->maps[which] < 0 ? -errno : 0;
}

static int create_maps(struct hg_generation_maps *g, const struct hg_compiled *c)
{
	int r;

	memset(g->maps, -1, sizeof(g->maps));
	r = create_one(g, HG_INNER_POLICY, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct hg_policy), 1,
		       BPF_F_MMAPABLE);
	r = r ? r
	      : create_one(g, HG_INNER_RULES, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct hg_rule),
			   c->policy.rules, BPF_F_INNER_MAP);
	r = r ? r
	      : create_one(g, HG_INNER_NAMES, BPF_MAP_TYPE_HASH, sizeof(struct hg_name_key),
			   sizeof(struct hg_name_sets), c->names + c->texts, 0);
	r = r ? r
	      : create_one(g, HG_INNER_NETS, BPF_MAP_TYPE_LPM_TRIE, sizeof(struct hg_net_key),
			   sizeof(__u64), c->nets, BPF_F_NO_PREALLOC);
	return r ? r
		 : create_one(g, HG_INNER_NUMBERS, BPF_MAP_TYPE_ARRAY, 4, sizeof(__u64),
			      c->number_count, BPF_F_INNER_MAP);
}

/* A batch where the kernel has them for this type, else one by one. */
static int fill_some(int map, const char *keys, size_t key_size, const char *values,
		     size_t value_size, size_t count)
{
	__u32 n = (__u32)count;

	if (!bpf_map_update_batch(map, keys, values, &n, NULL))
		return 0;
	for (size_t i = 0; i < count; i++)
		if (bpf_map_update_elem(map, keys + i * key_size, values + i * value_size, BPF_ANY))
			return -errno;
	return 0;
}

static int fill(int map, const void *keys, size_t key_size, const void *values, size_t value_size,
		size_t count)
{
	int r = 0;

	for (size_t at = 0; !r && at < count; at += HG_FILL_BATCH) {
		size_t n = count - at < HG_FILL_BATCH ? count - at : HG_FILL_BATCH;

		hg_say_progress("loading", at, count);
		r = fill_some(map, (const char *)keys + at * key_size, key_size,
			      (const char *)values + at * value_size, value_size, n);
	}
	hg_say_progress_end();
	return r;
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

static int fill_maps(const struct hg_generation_maps *g, const struct hg_compiled *c,
		     const struct hg_policy *policy, const struct hg_rule *rules)
{
	int r = fill_array(g->maps[HG_INNER_POLICY], policy, sizeof(*policy), 1);

	r = r ? r : fill_array(g->maps[HG_INNER_RULES], rules, sizeof(*rules), policy->rules);
	r = r ? r
	      : fill(g->maps[HG_INNER_NAMES], c->name_keys, sizeof(*c->name_keys), c->name_sets,
		     sizeof(*c->name_sets), c->names);
	r = r ? r
	      : fill(g->maps[HG_INNER_NAMES], c->text_keys, sizeof(*c->text_keys), c->text_sets,
		     sizeof(*c->text_sets), c->texts);
	r = r ? r
	      : fill(g->maps[HG_INNER_NETS], c->net_keys, sizeof(*c->net_keys), c->net_sets,
		     sizeof(*c->net_sets), c->nets);
	return r ? r
		 : fill_array(g->maps[HG_INNER_NUMBERS], c->numbers, sizeof(*c->numbers),
			      c->number_count);
}

/* Turn the policy's own numbers of rule names into those of the instance. */
static int place_stats(const struct hg_instance *in, unsigned int slot, const struct hg_compiled *c,
		       struct hg_policy *policy, struct hg_rule *rules)
{
	__u16 *slots = calloc(c->stats, sizeof(*slots));
	int r = slots ? hg_rule_names_place(in, slot, c->stats_names, c->stats, slots) : -ENOMEM;

	for (__u32 i = 0; !r && i < policy->rules; i++)
		rules[i].stats = slots[rules[i].stats];
	if (!r) {
		policy->default_stats = slots[policy->default_stats];
		policy->unread_stats = slots[policy->unread_stats];
	}
	free(slots);
	return r;
}

/* Of every name that the generation counts under: a slot may be of an older one. */
static int place_limits(const struct hg_instance *in, unsigned int slot,
			const struct hg_compiled *c, const struct hg_policy *policy,
			const struct hg_rule *rules)
{
	static const struct hg_limit none = { 0 };
	__u32 first = slot * HG_RULE_STATS, key = first + policy->default_stats;
	int map = in->maps[HG_MAP_limits];

	if (bpf_map_update_elem(map, &key, &none, BPF_ANY))
		return -errno;
	key = first + policy->unread_stats;
	if (bpf_map_update_elem(map, &key, &none, BPF_ANY))
		return -errno;
	for (__u32 i = 0; i < policy->rules; i++) {
		key = first + rules[i].stats;
		if (!rules[i].protect &&
		    bpf_map_update_elem(map, &key, &c->about[i].limit, BPF_ANY))
			return -errno;
	}
	return 0;
}

static int install_refused(int error)
{
	if (error != -ENOSPC)
		return hg_bpf_refused(error, "cannot install the policy");
	hg_error(
		"no counter is free for the names of the rules: %d are in use by this policy and the last %d",
		HG_RULE_STATS, HG_GENERATIONS - 1);
	hg_hint("load a policy that keeps the names of its rules, or: hellogate detach --all, and attach again");
	return HG_UNSUPPORTED;
}

int hg_policy_install(const struct hg_instance *in, const struct hg_compiled *c,
		      unsigned int revision, unsigned int slot, __u64 tai_offset_ns)
{
	struct hg_rule *rules = calloc(c->policy.rules ? c->policy.rules : 1, sizeof(*rules));
	struct hg_policy *policy = malloc(sizeof(*policy));
	struct hg_generation_maps g;
	int r = -ENOMEM;

	memset(g.maps, -1, sizeof(g.maps));
	if (rules && policy) {
		*policy = c->policy;
		policy->revision = revision;
		policy->slot = slot;
		memcpy(rules, c->rules, c->policy.rules * sizeof(*rules));
		for (__u32 i = 0; i < policy->rules; i++)
			rules[i].expires_ns += rules[i].expires_ns ? tai_offset_ns : 0;
		r = place_stats(in, slot, c, policy, rules);
		r = r ? r : place_limits(in, slot, c, policy, rules);
		r = r ? r : hg_set_hits_clear(in, slot);
		r = r ? r : create_maps(&g, c);
		r = r ? r : fill_maps(&g, c, policy, rules);
		r = r ? r : hg_generation_put(in, slot, &g);
	}
	hg_generation_close(&g);
	free(rules);
	free(policy);
	return r ? install_refused(r) : HG_OK;
}

/* ---- revisions ---- */

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

	snprintf(h.path, sizeof(h.path), "%s", path);
	return hg_history_put(in, &h);
}

/* Sets that were given a name; lists in rules have none. */
static void summarize_sets(const struct hg_compiled *c, struct hg_policy_source *source)
{
	for (int kind = HG_BIT_NAMES; kind <= HG_BIT_NETS; kind++) {
		for (__u32 bit = 0; bit < c->bit_count[kind]; bit++) {
			const struct hg_bit_about *about = &c->bits[kind][bit];
			struct hg_set_summary *set = &source->sets[source->set_count];

			if (!about->name)
				continue;
			snprintf(set->name, sizeof(set->name), "%s", about->name);
			set->entries = about->entries;
			set->networks = kind == HG_BIT_NETS;
			set->bit = (__u8)bit;
			source->set_count++;
		}
	}
}

/* The text: what `policy show` prints, and where `run` has the fingerprints from. */
static int write_source(const struct hg_instance *in, __u32 revision, __u32 slot,
			const struct hg_policy_file *f, const char *path)
{
	struct hg_policy_source *source = calloc(1, sizeof(*source));
	int r = -ENOMEM;

	if (source) {
		source->revision = revision;
		source->len = (__u32)f->len;
		snprintf(source->path, sizeof(source->path), "%s", path);
		summarize_sets(f->compiled, source);
		memcpy(source->text, f->text, f->len);
		r = bpf_map_update_elem(in->maps[HG_MAP_policy_source], &slot, source, BPF_ANY)
			    ? -errno
			    : 0;
	}
	free(source);
	return r;
}

/* A second one could not say to which generation it goes back. */
static int check_confirmed(const struct hg_in_force *f)
{
	if (!f->confirm_by_ns)
		return HG_OK;
	hg_error("policy revision %u is not confirmed yet", f->revision);
	hg_hint("decide on it first: hellogate policy confirm, or hellogate policy rollback");
	return HG_CONFLICT;
}

static void say_loaded(const struct hg_compiled *c, __u32 revision,
		       const struct hg_in_force *before, __u64 confirm_within_ns)
{
	hg_say("policy revision %u is active: mode %s, %u rules, %zu names", revision,
	       c->policy.mode == HG_MODE_enforce ? "enforce" : "monitor", c->policy.rules,
	       c->names);
	if (!confirm_within_ns)
		return;
	if (before->generation)
		hg_say("revision %u comes back in %llu s, unless you say: hellogate policy confirm",
		       before->revision, confirm_within_ns / HG_SECOND);
	else
		hg_say("it goes in %llu s, unless you say: hellogate policy confirm",
		       confirm_within_ns / HG_SECOND);
}

/* The time runs from here on, not from when the lists were begun to be filled. */
static int activate(const struct hg_instance *in, __u32 slot, const struct hg_in_force *before,
		    __u64 confirm_within_ns)
{
	int r = 0;

	if (confirm_within_ns)
		r = hg_generation_confirm_by(in, slot, before->generation,
					     hg_clock_monotonic() + confirm_within_ns);
	return r ? r : hg_generation_activate(in, slot + 1);
}

static int load_as(struct hg_instance *in, const struct hg_policy_file *f, const char *path,
		   __u64 confirm_within_ns)
{
	const struct hg_compiled *c = f->compiled;
	struct hg_in_force before;
	__u32 revision, slot;
	int r = hg_policy_settle(in, &before);

	r = r ? r : check_confirmed(&before);
	if (r)
		return r;
	revision = hg_history_last(in) + 1;
	slot = hg_generation_next_slot(in, before.generation);
	r = hg_policy_install(in, c, revision, slot, hg_clock_tai_offset());
	if (r)
		return r;
	r = write_source(in, revision, slot, f, path);
	r = r ? r : activate(in, slot, &before, confirm_within_ns);
	r = r ? r : write_history(in, c, revision, path);
	if (r)
		return hg_bpf_refused(r, "cannot activate the policy");
	say_loaded(c, revision, &before, confirm_within_ns);
	return HG_OK;
}

int hg_policy_load(struct hg_instance *in, const struct hg_policy_file *f, __u64 confirm_within_ns)
{
	char *full = realpath(f->path, NULL);
	int r = load_as(in, f, full ? full : f->path, confirm_within_ns);

	free(full);
	return r;
}
