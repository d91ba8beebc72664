/* SPDX-License-Identifier: BSD-2-Clause */
#include "set_hits.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

__u64 hg_set_hits(const struct hg_instance *in, __u32 slot, const struct hg_set_summary *set)
{
	__u32 at = hg_set_hits_at(slot, set->networks) + set->bit % HG_SETS;
	int cpus = libbpf_num_possible_cpus();
	__u64 *hits = cpus > 0 ? calloc((size_t)cpus, sizeof(*hits)) : NULL, sum = 0;

	if (hits && !bpf_map_lookup_elem(in->maps[HG_MAP_set_hits], &at, hits))
		for (int i = 0; i < cpus; i++)
			sum += hits[i];
	free(hits);
	return sum;
}

int hg_set_hits_clear(const struct hg_instance *in, __u32 slot)
{
	__u32 first = hg_set_hits_at(slot, false);
	int cpus = libbpf_num_possible_cpus(), r = 0;
	__u64 *zero = cpus > 0 ? calloc((size_t)cpus, sizeof(*zero)) : NULL;

	if (!zero)
		return -ENOMEM;
	for (__u32 at = first; !r && at < first + 2 * HG_SETS; at++)
		r = bpf_map_update_elem(in->maps[HG_MAP_set_hits], &at, zero, BPF_ANY) ? -errno : 0;
	free(zero);
	return r;
}
