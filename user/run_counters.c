/* SPDX-License-Identifier: BSD-2-Clause */
#include "run_counters.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

/* Another version has other counters: those of its map are not ours. */
static bool is_ours(int map)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);

	return map >= 0 && !bpf_obj_get_info_by_fd(map, &info, &len) &&
	       info.value_size == sizeof(struct hg_run_counters);
}

void hg_run_counters_open(struct hg_instance *in)
{
	int *map = &in->maps[HG_MAP_run_counters];
	char path[256];

	if (is_ours(*map))
		return;
	if (*map >= 0)
		close(*map);
	snprintf(path, sizeof(path), "%s/maps/%s", in->dir, hg_map_name(HG_MAP_run_counters));
	*map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "run_counters", sizeof(__u32),
			      sizeof(struct hg_run_counters), 1, NULL);
	if (*map >= 0 && (!unlink(path) || errno == ENOENT) && !bpf_obj_pin(*map, path))
		return;
	hg_warn("cannot pin %s: %s: status and metrics do not have what run counts", path,
		strerror(errno));
}

void hg_run_counters_write(const struct hg_instance *in, const struct hg_run_counters *c)
{
	__u32 zero = 0;

	if (in->maps[HG_MAP_run_counters] >= 0)
		bpf_map_update_elem(in->maps[HG_MAP_run_counters], &zero, c, BPF_ANY);
}

void hg_run_counters_read(const struct hg_instance *in, struct hg_run_counters *out)
{
	__u32 zero = 0;

	if (!is_ours(in->maps[HG_MAP_run_counters]) ||
	    bpf_map_lookup_elem(in->maps[HG_MAP_run_counters], &zero, out))
		memset(out, 0, sizeof(*out));
}

void hg_run_counters_add(struct hg_run_counters *sum, const struct hg_run_counters *add)
{
	__u64 *to = (__u64 *)sum;
	const __u64 *from = (const __u64 *)add;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}
