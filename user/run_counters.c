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

const __u16 hg_ciphers_told[HG_CIPHERS_TOLD + 1] = {
	0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9,
	0xc013, 0xc014, 0x009c, 0x009d, 0x009e, 0x002f, 0x0035, 0,
};

static void count_duration(struct hg_run_counters *c, const struct hg_answer_facts *a)
{
	static const __u64 bounds[] = HG_DURATION_BOUNDS;
	__u32 client = a->side[HG_FROM_CLIENT].at_us[HG_STAGE_FINISHED];
	__u32 server = a->side[HG_FROM_SERVER].at_us[HG_STAGE_FINISHED];
	__u32 us = client > server ? client : server;
	unsigned int i = 0;

	while (i < HG_DURATION_BUCKETS - 1 && us > bounds[i])
		i++;
	c->durations[i]++;
	c->durations_sum_us += us;
}

static void count_server_hello(struct hg_run_counters *c, const struct hg_server_facts *server)
{
	unsigned int i = 0;

	while (hg_ciphers_told[i] && hg_ciphers_told[i] != server->cipher)
		i++;
	c->server_hellos[hg_version_rank(server->version) % HG_VERSION_COUNT][i]++;
}

void hg_run_counters_examined(struct hg_run_counters *c, const struct hg_handshake *h,
			      const struct hg_diagnosis *d)
{
	c->last_diagnosis_ns = h->facts.time_ns;
	if (d->cause)
		c->failures[d->cause][d->side]++;
	if (h->answer.server.version)
		count_server_hello(c, &h->answer.server);
	if (d->outcome == HG_OUTCOME_established)
		count_duration(c, &h->answer);
}

void hg_run_counters_add(struct hg_run_counters *sum, const struct hg_run_counters *add)
{
	__u64 *to = (__u64 *)sum;
	const __u64 *from = (const __u64 *)add;

	const __u64 failed_at = sum->reload_failed_at;
	__u64 newest = sum->last_diagnosis_ns > add->last_diagnosis_ns ? sum->last_diagnosis_ns
								       : add->last_diagnosis_ns;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
	sum->last_diagnosis_ns = newest;
	sum->reload_failed_at = failed_at;
}
