/* SPDX-License-Identifier: BSD-2-Clause */
#include "map_walk.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define BATCH 1024

static int info_of(int map, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);

	*info = (struct bpf_map_info){ 0 };
	return bpf_obj_get_info_by_fd(map, info, &len) ? -errno : 0;
}

unsigned int hg_map_capacity(int map)
{
	struct bpf_map_info info;

	return info_of(map, &info) ? 0 : info.max_entries;
}

int hg_map_walk(int map, hg_entry_fn each, void *arg)
{
	struct bpf_map_info info;
	char *keys = NULL, *values = NULL;
	__u32 count, position = 0;
	bool first = true;
	int r = info_of(map, &info);

	if (!r) {
		keys = malloc((size_t)BATCH * info.key_size);
		values = malloc((size_t)BATCH * info.value_size);
		r = keys && values ? 0 : -ENOMEM;
	}
	for (; !r; first = false) {
		count = BATCH;
		if (bpf_map_lookup_batch(map, first ? NULL : &position, &position, keys, values,
					 &count, NULL))
			r = -errno;
		for (__u32 i = 0; (!r || r == -ENOENT) && i < count; i++) /* ENOENT: the end */
			each(arg, keys + (size_t)i * info.key_size,
			     values + (size_t)i * info.value_size);
	}
	free(keys);
	free(values);
	return r == -ENOENT ? 0 : r;
}
