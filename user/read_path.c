/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_path.c - the data path of bpf/, compiled over plain memory.  The
 * Makefile builds it twice: with the kernel's bounds, and with HG_WIDE.
 */
#include "read_path.h"

#include "native_bpf.h"
#include "native_run.h"
#include "path.h"
#include "policy_compile.h"
#include "say.h"
#include "sweep.h"

/* The inner maps of the policy, in the order of the outer ones below. */
enum { POLICY, RULES, NAMES, NETS, NUMBERS, GENERATION_MAPS };

static void *generation[GENERATION_MAPS];

static void fill_array(void *map, const void *items, size_t size, __u32 count)
{
	for (__u32 i = 0; i < count; i++)
		nb_inner_update(map, &i, (const char *)items + i * size);
}

static void create_generation(const struct hg_compiled *c)
{
	generation[POLICY] = nb_inner_create(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct hg_policy), 1);
	generation[RULES] =
		nb_inner_create(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct hg_rule), HG_RULES);
	generation[NAMES] = nb_inner_create(BPF_MAP_TYPE_HASH, sizeof(struct hg_name_key),
					    sizeof(struct hg_name_sets),
					    (__u32)(c->names + c->texts) + 1);
	generation[NETS] = nb_inner_create(BPF_MAP_TYPE_LPM_TRIE, sizeof(struct hg_net_key),
					   sizeof(__u64), (__u32)c->nets + 1);
	generation[NUMBERS] =
		nb_inner_create(BPF_MAP_TYPE_ARRAY, 4, sizeof(__u64), HG_NUMBER_KINDS * HG_NUMBERS);
}

static void install_limits(const struct hg_compiled *c)
{
	for (__u32 i = 0; i < c->policy.rules; i++) {
		__u32 key = c->rules[i].stats;

		nb_update(NB_SPEC(&limits), &key, &c->about[i].limit, BPF_ANY);
	}
}

static void install(const struct hg_compiled *c)
{
	__u32 zero = 0;

	create_generation(c);
	fill_array(generation[POLICY], &c->policy, sizeof(c->policy), 1);
	fill_array(generation[RULES], c->rules, sizeof(*c->rules), c->policy.rules);
	for (size_t i = 0; i < c->names; i++)
		nb_inner_update(generation[NAMES], &c->name_keys[i], &c->name_sets[i]);
	for (size_t i = 0; i < c->nets; i++)
		nb_inner_update(generation[NETS], &c->net_keys[i], &c->net_sets[i]);
	for (size_t i = 0; i < c->texts; i++)
		nb_inner_update(generation[NAMES], &c->text_keys[i], &c->text_sets[i]);
	fill_array(generation[NUMBERS], c->numbers, sizeof(*c->numbers), c->number_count);
	install_limits(c);
	nb_update(NB_OUTER_SPEC(&policy), &zero, generation[POLICY], BPF_ANY);
	nb_update(NB_OUTER_SPEC(&policy_rules), &zero, generation[RULES], BPF_ANY);
	nb_update(NB_OUTER_SPEC(&policy_names), &zero, generation[NAMES], BPF_ANY);
	nb_update(NB_OUTER_SPEC(&policy_nets), &zero, generation[NETS], BPF_ANY);
	nb_update(NB_OUTER_SPEC(&policy_numbers), &zero, generation[NUMBERS], BPF_ANY);
	hg_control()->generation = 1;
}

static void path_close(void)
{
	for (int i = 0; i < GENERATION_MAPS; i++) {
		nb_inner_free(generation[i]);
		generation[i] = NULL;
	}
	nb_reset();
}

/* A replay has one key, so that flow ids are the same wherever it runs. */
static void fixed_keys(struct hg_control *c)
{
	for (__u32 i = 0; i < 8; i++)
		hash_key.k[i] = hg_mix(i + 1) | 1;
	c->hash_key = hash_key;
	for (__u32 i = 0; i < sizeof(c->name_key) / 8; i++)
		c->name_key[i] = hg_mix(i + 1001) | 1;
}

static int path_open(const struct hg_compiled *policy_in, const struct hg_read_options *options,
		     hg_event_sink sink, void *arg)
{
	path_close();
	*nb_run() = (struct nb_run){ .sink = sink, .arg = arg };
	nr_cpus = 1;
	decap = options->decap;
	verify_checksums = options->checksums;
	memset(watched_ports, 0xff, sizeof(watched_ports));
	ports_listed = !!options->ports;
	if (options->ports)
		memcpy(watched_ports, options->ports, sizeof(watched_ports));
	fixed_keys(hg_control());
	for (__u32 i = HG_CAPTURES; i-- > 2;)
		nb_push(NB_STACK_SPEC(&free_captures), &i);
	if (policy_in)
		install(policy_in);
	return HG_OK;
}

static int path_frame(const void *data, __u32 len, __u64 time_ns)
{
	struct nb_frame frame = { data, len };

	nb_run()->now_ns = time_ns;
	/* The pointers of a frame are read only; the path does not write. */
	hg_path_end(hg_path(&frame, HG_AT_XDP, (void *)data, (char *)data + len, 1));
	return HG_OK;
}

static int path_sweep(__u64 time_ns, int final)
{
	nb_run()->now_ns = time_ns;
	hg_presence()->final = (__u32) final;
	hg_sweep_once(hg_sweep_state());
	return HG_OK;
}

static int path_counters(struct hg_counters *out)
{
	*out = *hg_counters();
	return HG_OK;
}

const struct hg_read_path HG_READ_PATH = {
	.name = "native",
	.open = path_open,
	.frame = path_frame,
	.sweep = path_sweep,
	.counters = path_counters,
	.close = path_close,
};
