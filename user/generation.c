/* SPDX-License-Identifier: BSD-2-Clause */
#include "generation.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const enum hg_map outer_maps[HG_INNER_COUNT] = {
	[HG_INNER_POLICY] = HG_MAP_policy,	    [HG_INNER_RULES] = HG_MAP_policy_rules,
	[HG_INNER_NAMES] = HG_MAP_policy_names,	    [HG_INNER_NETS] = HG_MAP_policy_nets,
	[HG_INNER_NUMBERS] = HG_MAP_policy_numbers,
};

static void pin_path(const struct hg_instance *in, int which, __u32 slot, char *path, size_t size)
{
	snprintf(path, size, "%s/maps/%s_%u", in->dir, hg_map_name(outer_maps[which]), slot);
}

static __u32 map_id(int map)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(map, &info, &len) ? 0 : info.id;
}

/*
 * The inner map with this id.  A pin with another id is of a load that was
 * killed on its way.
 */
static int open_inner(const struct hg_instance *in, int which, __u32 slot, __u32 id)
{
	char path[256];
	int map = bpf_map_get_fd_by_id(id), error = errno;

	if (map >= 0 || error != EPERM)
		return map < 0 ? -error : map;
	pin_path(in, which, slot, path, sizeof(path));
	map = bpf_obj_get(path);
	if (map >= 0 && map_id(map) == id)
		return map;
	if (map >= 0)
		close(map);
	return -EPERM;
}

int hg_generation_open(const struct hg_instance *in, __u32 slot, struct hg_generation_maps *out)
{
	struct hg_generation_maps g;
	int r = 0;

	memset(g.maps, -1, sizeof(g.maps));
	for (int i = 0; !r && i < HG_INNER_COUNT; i++) {
		__u32 id;

		if (bpf_map_lookup_elem(in->maps[outer_maps[i]], &slot, &id))
			r = -errno;
		else
			r = g.maps[i] = open_inner(in, i, slot, id);
		r = r > 0 ? 0 : r;
	}
	if (r)
		hg_generation_close(&g);
	else
		*out = g;
	return r;
}

void hg_generation_close(struct hg_generation_maps *g)
{
	for (int i = 0; i < HG_INNER_COUNT; i++) {
		if (g->maps[i] >= 0)
			close(g->maps[i]);
		g->maps[i] = -1;
	}
}

static int pin(const struct hg_instance *in, int which, __u32 slot, int map)
{
	char path[256];

	if (!*in->dir) /* of a replay: nothing is pinned */
		return 0;
	pin_path(in, which, slot, path, sizeof(path));
	if (unlink(path) && errno != ENOENT)
		return -errno;
	return bpf_obj_pin(map, path) ? -errno : 0;
}

int hg_generation_put(const struct hg_instance *in, __u32 slot, const struct hg_generation_maps *g)
{
	int r = 0;

	for (int i = 0; !r && i < HG_INNER_COUNT; i++) {
		if (bpf_map_update_elem(in->maps[outer_maps[i]], &slot, &g->maps[i], BPF_ANY))
			r = -errno;
		r = r ? r : pin(in, i, slot, g->maps[i]);
	}
	return r;
}

static int new_header(struct hg_generation_maps *g, __u32 revision)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	struct hg_policy policy;
	__u32 zero = 0;
	int map, r = hg_generation_policy(g, &policy);

	if (r)
		return r;
	policy.revision = revision;
	policy.fallback = 0;
	policy.confirm_by_ns = 0;
	map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "hg_policy", sizeof(zero), sizeof(policy), 1,
			     &opts);
	if (map < 0)
		return -errno;
	close(g->maps[HG_INNER_POLICY]);
	g->maps[HG_INNER_POLICY] = map;
	return bpf_map_update_elem(map, &zero, &policy, BPF_ANY) ? -errno : 0;
}

int hg_generation_renew(const struct hg_instance *in, __u32 slot, __u32 revision)
{
	struct hg_generation_maps g;
	int r = hg_generation_open(in, slot, &g);

	if (r)
		return r;
	r = new_header(&g, revision);
	r = r ? r : hg_generation_put(in, slot, &g);
	hg_generation_close(&g);
	return r;
}

int hg_generations_unpin(const struct hg_instance *in)
{
	char path[256];
	int r = 0;

	for (__u32 slot = 0; slot < HG_GENERATIONS; slot++) {
		for (int i = 0; i < HG_INNER_COUNT; i++) {
			pin_path(in, i, slot, path, sizeof(path));
			if (unlink(path) && errno != ENOENT)
				r = -errno;
		}
	}
	return r;
}

/* ---- what they hold ---- */

int hg_generation_policy(const struct hg_generation_maps *g, struct hg_policy *out)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(g->maps[HG_INNER_POLICY], &zero, out) ? -errno : 0;
}

int hg_generation_rules(const struct hg_generation_maps *g, struct hg_rule *out, __u32 count)
{
	for (__u32 i = 0; i < count; i++)
		if (bpf_map_lookup_elem(g->maps[HG_INNER_RULES], &i, &out[i]))
			return -errno;
	return 0;
}

bool hg_generation_text(const struct hg_generation_maps *g, const struct hg_name_key *key,
			struct hg_name_sets *out)
{
	return !bpf_map_lookup_elem(g->maps[HG_INNER_NAMES], key, out);
}

__u64 hg_generation_net(const struct hg_generation_maps *g, const __u8 addr[16])
{
	struct hg_net_key key = { .prefixlen = 128 };
	__u64 sets;

	memcpy(key.addr, addr, sizeof(key.addr));
	return bpf_map_lookup_elem(g->maps[HG_INNER_NETS], &key, &sets) ? 0 : sets;
}

__u64 hg_generation_net_of(const struct hg_generation_maps *g, const struct hg_net_key *net)
{
	__u64 sets;

	return bpf_map_lookup_elem(g->maps[HG_INNER_NETS], net, &sets) ? 0 : sets;
}

__u64 hg_generation_number(const struct hg_generation_maps *g, enum hg_number_kind kind,
			   __u16 number)
{
	__u32 key = (__u32)kind << 16 | number;
	__u64 sets;

	return bpf_map_lookup_elem(g->maps[HG_INNER_NUMBERS], &key, &sets) ? 0 : sets;
}

/* ---- which one is in force ---- */

static int header_of(const struct hg_instance *in, __u32 slot, struct hg_policy *out)
{
	struct hg_generation_maps g;
	int r = slot < HG_GENERATIONS ? hg_generation_open(in, slot, &g) : -ENOENT;

	if (r)
		return r;
	r = hg_generation_policy(&g, out);
	hg_generation_close(&g);
	return r;
}

__u32 hg_generation_revision(const struct hg_instance *in, __u32 slot)
{
	struct hg_policy policy;

	return header_of(in, slot, &policy) ? 0 : policy.revision;
}

/* Of maps that cannot be read: the text says its revision too. */
static __u32 revision_of_text(const struct hg_instance *in, __u32 slot)
{
	struct hg_policy_source *source = malloc(sizeof(*source));
	__u32 revision = 0;

	if (source && !bpf_map_lookup_elem(in->maps[HG_MAP_policy_source], &slot, source))
		revision = source->revision;
	free(source);
	return revision;
}

static void weigh(const struct hg_instance *in, const struct hg_policy *loaded, __u64 now_ns,
		  struct hg_in_force *f)
{
	f->revision = loaded->revision;
	f->confirm_by_ns = loaded->confirm_by_ns;
	if (!f->confirm_by_ns)
		return;
	f->fallback = loaded->fallback;
	if (f->fallback)
		f->fallback_revision = hg_generation_revision(in, f->fallback - 1);
	if (now_ns < f->confirm_by_ns)
		return;
	*f = (struct hg_in_force){ .generation = f->fallback,
				   .revision = f->fallback_revision,
				   .lapsed = f->revision };
}

int hg_generation_in_force(const struct hg_instance *in, __u64 now_ns, struct hg_in_force *out)
{
	struct hg_in_force f = { 0 };
	struct hg_control control;
	struct hg_policy loaded;
	__u32 zero = 0;
	int r = 0;

	if (bpf_map_lookup_elem(in->maps[HG_MAP_control], &zero, &control))
		return -errno;
	f.generation = control.generation;
	if (f.generation)
		r = header_of(in, f.generation - 1, &loaded);
	if (r == -EPERM) { /* it is not one that waits: those are pinned */
		f.revision = revision_of_text(in, f.generation - 1);
		r = 0;
	} else if (!r && f.generation) {
		weigh(in, &loaded, now_ns, &f);
	}
	if (!r)
		*out = f;
	return r;
}

int hg_generation_activate(const struct hg_instance *in, __u32 generation)
{
	struct hg_control control;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(in->maps[HG_MAP_control], &zero, &control))
		return -errno;
	control.generation = generation;
	return bpf_map_update_elem(in->maps[HG_MAP_control], &zero, &control, BPF_ANY) ? -errno : 0;
}

/* The packets read this field while it changes: it is stored at once, not copied. */
int hg_generation_confirm_by(const struct hg_instance *in, __u32 slot, __u32 fallback,
			     __u64 confirm_by_ns)
{
	struct hg_generation_maps g;
	struct hg_policy *policy;
	int r = hg_generation_open(in, slot, &g);

	if (r)
		return r;
	policy = mmap(NULL, sizeof(*policy), PROT_READ | PROT_WRITE, MAP_SHARED,
		      g.maps[HG_INNER_POLICY], 0);
	if (policy == MAP_FAILED) {
		r = -errno;
	} else {
		if (confirm_by_ns)
			policy->fallback = fallback;
		__atomic_store_n(&policy->confirm_by_ns, confirm_by_ns, __ATOMIC_RELEASE);
		munmap(policy, sizeof(*policy));
	}
	hg_generation_close(&g);
	return r;
}

__u32 hg_generation_next_slot(const struct hg_instance *in, __u32 generation)
{
	__u32 first = 0, oldest = ~0U;

	for (__u32 slot = 0; slot < HG_GENERATIONS; slot++) {
		__u32 revision = hg_generation_revision(in, slot);

		if (slot + 1 == generation || revision >= oldest)
			continue;
		oldest = revision;
		first = slot;
	}
	return first;
}
