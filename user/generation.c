/* SPDX-License-Identifier: BSD-2-Clause */
#include "generation.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const enum hg_map outer_maps[HG_INNER_COUNT] = {
	[HG_INNER_POLICY] = HG_MAP_policy,	[HG_INNER_RULES] = HG_MAP_policy_rules,
	[HG_INNER_NAMES] = HG_MAP_policy_names, [HG_INNER_NETS] = HG_MAP_policy_nets,
	[HG_INNER_PORTS] = HG_MAP_policy_ports,
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

bool hg_generation_name(const struct hg_generation_maps *g, const struct hg_name_key *key,
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

__u64 hg_generation_port(const struct hg_generation_maps *g, __u16 port)
{
	__u32 key = port;
	__u64 sets;

	return bpf_map_lookup_elem(g->maps[HG_INNER_PORTS], &key, &sets) ? 0 : sets;
}
