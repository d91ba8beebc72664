/* SPDX-License-Identifier: BSD-2-Clause */
#include "server_names.h"

#include <bpf/bpf.h>
#include <stdlib.h>

#include "../include/control.h"
#include "map_walk.h"

#define NEARLY_FULL 90 /* percent */
#define ENOUGH 75

struct idle_name {
	__u64 key;
	__u64 last_ns;
};

struct walk {
	struct idle_name *idle;
	unsigned int count, room;
	unsigned int entries;
	__u64 before_ns;
};

static void look_at(void *arg, const void *key, const void *value)
{
	const struct hg_server_name *name = value;
	struct walk *w = arg;

	w->entries++;
	if (name->last_ns >= w->before_ns || w->count == w->room)
		return;
	w->idle[w->count].key = *(const __u64 *)key;
	w->idle[w->count++].last_ns = name->last_ns;
}

static int by_age(const void *a, const void *b)
{
	__u64 x = ((const struct idle_name *)a)->last_ns,
	      y = ((const struct idle_name *)b)->last_ns;

	return x < y ? -1 : x > y;
}

/* Unless a hello has come in the meantime. */
static bool forget(int map, const struct idle_name *idle)
{
	struct hg_server_name name;

	return !bpf_map_lookup_elem(map, &idle->key, &name) && name.last_ns == idle->last_ns &&
	       !bpf_map_delete_elem(map, &idle->key);
}

unsigned int hg_server_names_age(int map, __u64 now_ns, __u64 idle_ns)
{
	unsigned int room = hg_map_capacity(map), forgotten = 0;
	struct walk w = { .room = room, .before_ns = now_ns > idle_ns ? now_ns - idle_ns : 0 };

	w.idle = calloc(room ? room : 1, sizeof(*w.idle));
	if (w.idle && !hg_map_walk(map, look_at, &w) &&
	    (__u64)w.entries * 100 >= (__u64)room * NEARLY_FULL) {
		qsort(w.idle, w.count, sizeof(*w.idle), by_age);
		for (unsigned int i = 0;
		     i < w.count && (__u64)(w.entries - forgotten) * 100 > (__u64)room * ENOUGH;
		     i++)
			forgotten += forget(map, &w.idle[i]);
	}
	free(w.idle);
	return forgotten;
}
