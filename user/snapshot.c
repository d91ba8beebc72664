/* SPDX-License-Identifier: BSD-2-Clause */
#include "snapshot.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../include/event.h"
#include "clock.h"
#include "generation.h"
#include "history.h"
#include "map_walk.h"
#include "say.h"
#include "set_hits.h"
#include "snapshot_links.h"
#include "sysctl.h"

#define COUNTER_WORDS (sizeof(struct hg_counters) / sizeof(__u64))

/* ---- sums ---- */

void hg_counters_add(struct hg_counters *sum, const struct hg_counters *add)
{
	__u64 *to = (__u64 *)sum;
	const __u64 *from = (const __u64 *)add;

	for (size_t i = 0; i < COUNTER_WORDS; i++)
		to[i] += from[i];
}

static __u64 sum_of(const void *group, size_t size)
{
	const __u64 *words = group;
	__u64 sum = 0;

	for (size_t i = 0; i < size / sizeof(*words); i++)
		sum += words[i];
	return sum;
}

__u64 hg_counters_hellos(const struct hg_counters *c)
{
	return sum_of(&c->hellos_tcp, sizeof(c->hellos_tcp)) +
	       sum_of(&c->hellos_quic, sizeof(c->hellos_quic));
}

__u64 hg_counters_resets(const struct hg_counters *c)
{
	return sum_of(&c->resets, sizeof(c->resets));
}

__u64 hg_counters_survived(const struct hg_counters *c)
{
	return sum_of(&c->resets_survived, sizeof(c->resets_survived));
}

__u64 hg_counters_initials(const struct hg_counters *c)
{
	return sum_of(&c->quic_initials, sizeof(c->quic_initials));
}

__u64 hg_counters_packets(const struct hg_counters *c)
{
	return sum_of(&c->packets, sizeof(c->packets));
}

__u64 hg_counters_flows_ended(const struct hg_counters *c)
{
	return sum_of(&c->coverage, sizeof(c->coverage));
}

void hg_counters_covered(const struct hg_counters *c, __u64 *read, __u64 *of)
{
	*read = c->coverage.reassembled + c->coverage.single_segment;
	*of = hg_counters_flows_ended(c) - c->coverage.not_tls - c->coverage.no_data -
	      c->coverage.tcp_refused;
}

/* ---- words ---- */

const char *hg_interface_state_text(enum hg_interface_state state)
{
	static const char *const texts[] = { "attached", "detached", "device gone",
					     "off the hook" };

	return (unsigned int)state < sizeof(texts) / sizeof(texts[0]) ? texts[state] : "?";
}

const char *hg_hook_mode_text(unsigned int hook)
{
	return hook == HG_HOOK_XDP ? "native" : hook == HG_HOOK_XDP_GENERIC ? "generic" : "skb";
}

const struct hg_snapshot_map *hg_snapshot_map_of(const struct hg_snapshot *s, const char *name)
{
	for (unsigned int i = 0; i < s->map_count; i++)
		if (!strcmp(s->maps[i].name, name))
			return &s->maps[i];
	return NULL;
}

/* ---- per-processor values ---- */

/* Room for one value of each processor: the kernel rounds values up to 8 bytes. */
struct per_cpu {
	__u64 *words;
	size_t each; /* words of one value */
	int cpus;
};

static int per_cpu_open(struct per_cpu *p, size_t value_size)
{
	p->cpus = libbpf_num_possible_cpus();
	p->each = value_size / sizeof(*p->words);
	p->words = p->cpus > 0 ? calloc((size_t)p->cpus * p->each, sizeof(*p->words)) : NULL;
	return p->words ? 0 : -ENOMEM;
}

static int per_cpu_sum(struct per_cpu *p, int map, __u32 key, void *sum)
{
	__u64 *to = sum;

	if (bpf_map_lookup_elem(map, &key, p->words))
		return -errno;
	memset(to, 0, p->each * sizeof(*to));
	for (size_t i = 0; i < (size_t)p->cpus * p->each; i++)
		to[i % p->each] += p->words[i];
	return 0;
}

/* ---- interfaces ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool label_is_taken(const struct hg_snapshot *s, const char *label)
{
	for (unsigned int i = 0; i < s->interface_count; i++)
		if (!strcmp(s->interfaces[i].label, label))
			return true;
	return false;
}

/*
 * Names are unique in a namespace only.  An interface keeps its number, so the
 * first one with a name keeps the plain name.
 */
static void choose_label(const struct hg_snapshot *s, struct hg_snapshot_interface *i)
{
	const struct hg_interface *e = &i->entry;

	snprintf(i->label, sizeof(i->label), "%s", e->name);
	if (!label_is_taken(s, i->label))
		return;
	if (*e->netns_path) {
		snprintf(i->label, sizeof(i->label), "%.31s@%.15s", e->name,
			 base_name(e->netns_path));
		if (!label_is_taken(s, i->label))
			return;
	}
	snprintf(i->label, sizeof(i->label), "%.31s@%u", e->name, e->netns);
}

/* Programs are had by their numbers with CAP_SYS_ADMIN alone; without it nothing is told. */
static void read_cost(__u32 id, struct hg_program_cost *cost)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int prog = id ? bpf_prog_get_fd_by_id(id) : -1;

	if (prog < 0)
		return;
	if (!bpf_obj_get_info_by_fd(prog, &info, &len))
		*cost = (struct hg_program_cost){ info.run_cnt, info.run_time_ns };
	close(prog);
}

static void read_costs(const struct hg_snapshot *s, struct hg_snapshot_interface *i)
{
	for (unsigned int n = 0; s->bpf_stats > 0 && n < HG_PROGRAMS; n++)
		read_cost(i->entry.prog_id[n], &i->costs[n]);
}

static int read_interface(const struct hg_instance *in, struct per_cpu *p, struct hg_snapshot *s,
			  unsigned int number, const struct hg_interface *entry)
{
	struct hg_snapshot_interface *i = &s->interfaces[s->interface_count];
	int r = per_cpu_sum(p, in->maps[HG_MAP_counters], number, &i->counters);

	if (r)
		return r;
	i->entry = *entry;
	i->number = number;
	i->state = hg_interface_state_of(in, entry);
	choose_label(s, i);
	read_costs(s, i);
	hg_counters_add(&s->total, &i->counters);
	s->attached += hg_interface_used(entry);
	s->interface_count++;
	return 0;
}

static int read_interfaces(const struct hg_instance *in, struct hg_snapshot *s)
{
	struct hg_interface entry;
	struct per_cpu p;
	__u64 ended;
	int r = per_cpu_open(&p, sizeof(struct hg_counters));

	s->interfaces = calloc(HG_INTERFACES, sizeof(*s->interfaces));
	if (!s->interfaces)
		r = -ENOMEM;
	for (unsigned int n = 0; !r && hg_interface_get(in, n, &entry); n++)
		if (entry.netns_cookie) /* the number was given to somebody */
			r = read_interface(in, &p, s, n, &entry);
	free(p.words);
	/* Read one after the other: an end may be in the sum and its begin not. */
	ended = hg_counters_flows_ended(&s->total);
	s->flows_active = s->total.flows_created > ended ? s->total.flows_created - ended : 0;
	return r;
}

/* ---- maps ---- */

struct tally {
	__u64 entries;
	__u64 buffers; /* captures that flows hold */
};

static void count_entry(void *arg, const void *key, const void *value)
{
	struct tally *t = arg;

	(void)key;
	(void)value;
	t->entries++;
}

static void count_flow(void *arg, const void *key, const void *value)
{
	const struct hg_flow *f = value;
	struct tally *t = arg;

	count_entry(arg, key, value);
	t->buffers += f->buffer != HG_NO_BUFFER;
}

/* Bytes in the ring that were not consumed: its two positions are mapped pages. */
static int ring_fill(int map, __u64 *bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, map, 0);
	__u64 consumed, produced;

	if (pages == MAP_FAILED)
		return -errno;
	consumed = __atomic_load_n((__u64 *)pages, __ATOMIC_ACQUIRE);
	produced = __atomic_load_n((__u64 *)(pages + page), __ATOMIC_ACQUIRE);
	munmap(pages, 2 * page);
	*bytes = produced > consumed ? produced - consumed : 0;
	return 0;
}

static void add_map(struct hg_snapshot *s, const char *name, __u64 entries, __u64 capacity,
		    bool counted)
{
	s->maps[s->map_count++] = (struct hg_snapshot_map){ name, entries, capacity, counted };
}

static void read_hash(const struct hg_instance *in, struct hg_snapshot *s, enum hg_map which)
{
	bool flows = which == HG_MAP_flows;
	int map = in->maps[which], r;
	struct tally t = { 0 };

	if (map < 0)
		return;
	r = hg_map_walk(map, flows ? count_flow : count_entry, &t);
	add_map(s, hg_map_name(which), t.entries, hg_map_capacity(map), !r);
	/* The stack of free captures has no walk; what flows hold is not on it. */
	if (flows)
		add_map(s, "captures", t.buffers, HG_PARTIALS, !r);
}

static void read_ring(const struct hg_instance *in, struct hg_snapshot *s)
{
	__u64 bytes = 0;
	int r;

	if (in->maps[HG_MAP_events] < 0)
		return;
	r = ring_fill(in->maps[HG_MAP_events], &bytes);
	add_map(s, hg_map_name(HG_MAP_events), bytes, HG_RING_BYTES, !r);
}

static void read_maps(const struct hg_instance *in, struct hg_snapshot *s)
{
	read_hash(in, s, HG_MAP_flows);
	read_hash(in, s, HG_MAP_server_names);
	read_hash(in, s, HG_MAP_verdicts);
	read_ring(in, s);
	add_map(s, hg_map_name(HG_MAP_interfaces), s->attached, HG_INTERFACES, true);
	add_map(s, hg_map_name(HG_MAP_rule_names), s->rule_count, HG_RULE_STATS, true);
}

/* ---- policy ---- */

__u64 hg_snapshot_confirm_left(const struct hg_snapshot *s)
{
	__u64 by = s->policy.confirm_by_ns;

	return by > s->taken_ns ? (by - s->taken_ns + HG_SECOND - 1) / HG_SECOND : 0;
}

static bool acts(unsigned int action, unsigned int mode)
{
	return mode == HG_MODE_enforce && (action == HG_ACTION_reset || action == HG_ACTION_drop);
}

static void mark_rule(struct hg_snapshot *s, unsigned int stats, unsigned int action,
		      unsigned int mode)
{
	s->policy.enforces |= acts(action, mode);
	if (stats >= s->rule_count)
		return;
	s->rules[stats].active = true;
	s->rules[stats].action = (__u8)action;
	s->rules[stats].mode = (__u8)mode;
}

static void read_limits(const struct hg_instance *in, struct hg_snapshot *s, __u32 slot)
{
	for (unsigned int i = 0; i < s->rule_count; i++) {
		__u32 key = slot * HG_RULE_STATS + i;

		if (s->rules[i].active)
			bpf_map_lookup_elem(in->maps[HG_MAP_limits], &key, &s->rules[i].limit);
	}
}

static int read_active_rules(const struct hg_instance *in, const struct hg_generation_maps *g,
			     struct hg_snapshot *s, const struct hg_policy *policy)
{
	struct hg_rule *rules = calloc(HG_RULES, sizeof(*rules));
	int r = rules ? 0 : -ENOMEM;

	if (!r && policy->rules > HG_RULES)
		r = -EINVAL;
	r = r ? r : hg_generation_rules(g, rules, policy->rules);
	for (__u32 i = 0; !r && i < policy->rules; i++)
		if (!rules[i].protect)
			mark_rule(s, rules[i].stats, rules[i].action, rules[i].mode);
	free(rules);
	if (r)
		return r;
	read_limits(in, s, policy->slot);
	mark_rule(s, policy->default_stats, policy->default_action, policy->mode);
	mark_rule(s, policy->unread_stats, policy->unread_action, policy->mode);
	s->policy.enforces |= acts(policy->quic_action, policy->mode);
	return 0;
}

static void take_policy(struct hg_snapshot_policy *p, const struct hg_policy *policy)
{
	p->detailed = true;
	p->revision = policy->revision;
	p->mode = policy->mode;
	p->default_action = policy->default_action;
	p->unread_action = policy->unread_action;
	p->quic_action = policy->quic_action;
	p->rules = policy->rules;
	p->needs_user = policy->needs & HG_COND_USER;
}

static int read_generation(const struct hg_instance *in, __u32 slot, struct hg_snapshot *s)
{
	struct hg_policy *policy = malloc(sizeof(*policy));
	struct hg_generation_maps g;
	int r = policy ? hg_generation_open(in, slot, &g) : -ENOMEM;

	if (!r) {
		r = hg_generation_policy(&g, policy);
		r = r ? r : read_active_rules(in, &g, s, policy);
		hg_generation_close(&g);
	}
	if (!r)
		take_policy(&s->policy, policy);
	free(policy);
	return r;
}

static int read_sets(const struct hg_instance *in, __u32 slot, struct hg_snapshot *s)
{
	struct hg_policy_source *source = malloc(sizeof(*source));
	int r = source ? 0 : -ENOMEM;

	s->sets = calloc(2 * HG_SETS, sizeof(*s->sets));
	if (!s->sets)
		r = -ENOMEM;
	if (!r && bpf_map_lookup_elem(in->maps[HG_MAP_policy_source], &slot, source))
		r = -errno;
	if (!r && source->set_count <= 2 * HG_SETS) {
		s->set_count = source->set_count;
		memcpy(s->sets, source->sets, s->set_count * sizeof(*s->sets));
		for (unsigned int i = 0; i < s->set_count; i++)
			s->set_hits[i] = hg_set_hits(in, slot, &s->sets[i]);
	}
	free(source);
	return r;
}

static void read_history(const struct hg_instance *in, struct hg_snapshot_policy *p)
{
	struct hg_history h;

	if (!hg_history_get(in, p->revision, &h))
		return;
	p->loaded_s = h.loaded_s;
	p->names = h.names;
	p->uid = h.uid;
	snprintf(p->path, sizeof(p->path), "%s", h.path);
	if (p->detailed)
		return;
	p->rules = h.rules;
	p->mode = h.mode;
	p->enforces = h.mode == HG_MODE_enforce;
}

static int read_policy(const struct hg_instance *in, struct hg_snapshot *s)
{
	struct hg_in_force now;
	int r = hg_generation_in_force(in, s->taken_ns, &now);

	if (r)
		return r;
	s->policy.lapsed = now.lapsed;
	if (!now.generation)
		return 0;
	s->policy.revision = now.revision;
	s->policy.confirm_by_ns = now.confirm_by_ns;
	s->policy.fallback = now.fallback_revision;
	r = read_generation(in, now.generation - 1, s);
	r = r ? r : read_sets(in, now.generation - 1, s);
	if (r == -EPERM) /* of a load that pinned no maps, without CAP_SYS_ADMIN */
		r = 0;
	if (!r)
		read_history(in, &s->policy);
	return r;
}

static void read_limit(const struct hg_instance *in, const struct hg_snapshot *s, __u32 stats,
		       struct hg_snapshot_rule *rule)
{
	struct hg_limit_state state;

	if (bpf_map_lookup_elem(in->maps[HG_MAP_limit_state], &stats, &state))
		return;
	rule->exceeded = state.exceeded;
	rule->breaker_open = state.exceeded_ns && s->taken_ns < state.exceeded_ns + HG_LIMIT_REARM;
}

static int read_rules(const struct hg_instance *in, struct hg_snapshot *s)
{
	struct hg_rule_name name;
	struct per_cpu p;
	int r = per_cpu_open(&p, sizeof(struct hg_rule_counters));

	s->rules = calloc(HG_RULE_STATS, sizeof(*s->rules));
	if (!s->rules)
		r = -ENOMEM;
	for (__u32 i = 0; !r && i < HG_RULE_STATS; i++) {
		if (bpf_map_lookup_elem(in->maps[HG_MAP_rule_names], &i, &name) || !*name.name)
			break; /* names are given in order */
		r = per_cpu_sum(&p, in->maps[HG_MAP_rule_counters], i, &s->rules[i].counters);
		memcpy(s->rules[i].name, name.name, sizeof(name.name) - 1);
		read_limit(in, s, i, &s->rules[i]);
		s->rule_count++;
	}
	free(p.words);
	return r;
}

/* ---- signs of life ---- */

static void read_sweep(const struct hg_instance *in, struct hg_snapshot *s)
{
	int map = in->maps[HG_MAP_sweep];
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info), zero = 0;
	struct hg_sweep_life life;
	char *sweep;

	if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &len) ||
	    info.value_size < HG_SWEEP_LIFE_AT + sizeof(life))
		return;
	sweep = calloc(1, info.value_size);
	if (sweep && !bpf_map_lookup_elem(map, &zero, sweep)) {
		memcpy(&life, sweep + HG_SWEEP_LIFE_AT, sizeof(life));
		s->sweep_runs = life.runs;
		s->sweep_ns = life.now;
	}
	free(sweep);
}

static void read_life(const struct hg_instance *in, struct hg_snapshot *s)
{
	struct hg_presence presence = { 0 };
	struct hg_attention attention = { 0 };
	__u32 zero = 0;

	if (!bpf_map_lookup_elem(in->maps[HG_MAP_presence], &zero, &presence))
		s->run_alive = presence.heartbeat_ns &&
			       hg_clock_monotonic() - presence.heartbeat_ns < HG_HEARTBEAT_MAX;
	if (!bpf_map_lookup_elem(in->maps[HG_MAP_attention], &zero, &attention))
		s->flows_attended = (__s64)attention.flows > 0 ? attention.flows : 0;
	read_sweep(in, s);
}

/* Failed handshakes that nobody has looked at. */
static __u64 overwritten(const struct hg_instance *in)
{
	struct hg_undiagnosed u = { 0 };
	__u32 zero = 0;

	bpf_map_lookup_elem(in->maps[HG_MAP_undiagnosed_state], &zero, &u);
	return u.overwritten;
}

int hg_snapshot_take(const struct hg_instance *in, struct hg_snapshot **out)
{
	struct hg_snapshot *s = calloc(1, sizeof(*s));
	int r = s ? 0 : -ENOMEM;

	if (s) {
		snprintf(s->dir, sizeof(s->dir), "%s", in->dir);
		s->taken_ns = hg_clock_monotonic();
		s->bpf_stats = hg_sysctl("/proc/sys/kernel/bpf_stats_enabled");
		r = read_interfaces(in, s);
		r = r ? r : read_rules(in, s);
		r = r ? r : read_policy(in, s);
	}
	if (r) {
		hg_snapshot_free(s);
		return hg_bpf_refused(r, "cannot read the maps of the instance");
	}
	read_maps(in, s);
	read_life(in, s);
	hg_run_counters_read(in, &s->run);
	s->undiagnosed_overwritten = overwritten(in);
	*out = s;
	return HG_OK;
}

void hg_snapshot_free(struct hg_snapshot *s)
{
	if (!s)
		return;
	free(s->interfaces);
	free(s->rules);
	free(s->sets);
	free(s);
}
