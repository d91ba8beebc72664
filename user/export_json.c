/* SPDX-License-Identifier: BSD-2-Clause */
#include "export_json.h"

#include "attach.h"
#include "decap.h"
#include "terms.h"

/* A group of a counter block, by its vocabulary. */
static void put_group(struct hg_json *j, const char *key, const char *(*text_of)(unsigned int),
		      const void *group, unsigned int count)
{
	const __u64 *values = group;

	hg_json_key(j, key);
	hg_json_object(j);
	for (unsigned int i = 0; i < count; i++)
		hg_json_put_uint(j, text_of(i), values[i]);
	hg_json_object_end(j);
}

static void put_counters(struct hg_json *j, const struct hg_counters *c)
{
	put_group(j, "packets", hg_result_text, &c->packets, HG_RESULT_COUNT);
	put_group(j, "unparsed", hg_unparsed_text, &c->unparsed, HG_UNPARSED_COUNT);
	hg_json_put_uint(j, "hellos", hg_counters_hellos(c));
	put_group(j, "versions", hg_version_text, &c->hellos_tcp, HG_VERSION_COUNT);
	put_group(j, "sni", hg_sni_state_text, &c->sni, HG_SNI_COUNT);
	hg_json_put_uint(j, "flows_created", c->flows_created);
	put_group(j, "coverage", hg_bucket_text, &c->coverage, HG_BUCKET_COUNT);
	put_group(j, "flags", hg_flag_text, &c->flags, HG_FLAG_COUNT);
	put_group(j, "handshakes", hg_outcome_text, &c->handshakes, HG_OUTCOME_COUNT);
	put_group(j, "refused", hg_refusal_text, &c->refused, HG_REFUSAL_COUNT);
	put_group(j, "resets", hg_to_text, &c->resets, HG_TO_COUNT);
	put_group(j, "resets_died", hg_to_text, &c->resets_died, HG_TO_COUNT);
	put_group(j, "resets_survived", hg_to_text, &c->resets_survived, HG_TO_COUNT);
	put_group(j, "reset_failures", hg_reset_failure_text, &c->reset_failures,
		  HG_RESET_FAILURE_COUNT);
	put_group(j, "quic_initials", hg_quic_action_text, &c->quic_initials, HG_QUIC_ACTION_COUNT);
	hg_json_put_uint(j, "quic_unknown_versions", c->quic_unknown_versions);
	hg_json_put_uint(j, "events", c->events);
	hg_json_put_uint(j, "events_lost", c->events_lost);
	hg_json_put_uint(j, "verdict_timeouts", c->verdict_timeouts);
}

static void put_covered(struct hg_json *j, const struct hg_counters *c)
{
	__u64 read, of;

	hg_counters_covered(c, &read, &of);
	hg_json_key(j, "covered");
	hg_json_object(j);
	hg_json_put_uint(j, "read", read);
	hg_json_put_uint(j, "of", of);
	hg_json_object_end(j);
}

static const char *const program_names[HG_PROGRAMS] = { "xdp", "ingress", "egress" };

static void put_programs(struct hg_json *j, const struct hg_interface *e)
{
	hg_json_key(j, "programs");
	hg_json_object(j);
	for (int i = 0; i < HG_PROGRAMS; i++)
		if (e->prog_id[i])
			hg_json_put_uint(j, program_names[i], e->prog_id[i]);
	hg_json_object_end(j);
}

/* While the kernel takes note of it. */
static void put_costs(struct hg_json *j, const struct hg_snapshot_interface *i)
{
	hg_json_key(j, "costs");
	hg_json_object(j);
	for (int n = 0; n < HG_PROGRAMS; n++) {
		if (!i->costs[n].runs)
			continue;
		hg_json_key(j, program_names[n]);
		hg_json_object(j);
		hg_json_put_uint(j, "runs", i->costs[n].runs);
		hg_json_put_uint(j, "ns", i->costs[n].ns);
		hg_json_object_end(j);
	}
	hg_json_object_end(j);
}

void hg_json_interface(struct hg_json *j, const struct hg_snapshot_interface *i)
{
	const struct hg_interface *e = &i->entry;
	char decap[HG_DECAP_SIZE];

	hg_json_object(j);
	hg_json_put_string(j, "interface", e->name);
	hg_json_put_string(j, "label", i->label);
	hg_json_put_term(j, "state", hg_interface_state_text(i->state));
	hg_json_put_uint(j, "ifindex", e->ifindex);
	hg_json_put_uint(j, "netns_cookie", e->netns_cookie);
	if (*e->netns_path)
		hg_json_put_string(j, "netns", e->netns_path);
	hg_json_put_term(j, "hook", hg_hook_text(e->hook));
	hg_json_put_term(j, "mode", hg_hook_mode_text(e->hook));
	if (*e->why)
		hg_json_put_string(j, "why", e->why);
	hg_json_put_string(j, "ports", e->ports);
	hg_json_put_string(j, "decap", hg_decap_text(e->decap, decap));
	hg_json_put_string(j, "checksums", e->checksums ? "on" : "off");
	hg_json_put_string(j, "version", e->version);
	put_programs(j, e);
	put_costs(j, i);
	put_covered(j, &i->counters);
	put_counters(j, &i->counters);
	hg_json_object_end(j);
}

static void put_policy(struct hg_json *j, const struct hg_snapshot *s)
{
	const struct hg_snapshot_policy *p = &s->policy;

	hg_json_key(j, "policy");
	if (!p->revision) {
		hg_json_null(j);
		return;
	}
	hg_json_object(j);
	hg_json_put_uint(j, "revision", p->revision);
	hg_json_put_term(j, "mode", hg_mode_text(p->mode));
	hg_json_put_bool(j, "enforces", p->enforces);
	hg_json_put_uint(j, "rules", p->rules);
	hg_json_put_uint(j, "names", p->names);
	if (p->confirm_by_ns) {
		hg_json_put_uint(j, "confirm_seconds_left", hg_snapshot_confirm_left(s));
		hg_json_put_uint(j, "fallback", p->fallback);
	}
	if (p->lapsed)
		hg_json_put_uint(j, "lapsed", p->lapsed);
	if (p->detailed) {
		hg_json_put_term(j, "default", hg_action_text(p->default_action));
		hg_json_put_term(j, "unread", hg_action_text(p->unread_action));
		hg_json_put_term(j, "quic", hg_action_text(p->quic_action));
		hg_json_put_bool(j, "needs_user", p->needs_user);
	}
	if (p->loaded_s) {
		hg_json_put_uint(j, "loaded", p->loaded_s);
		hg_json_put_uint(j, "uid", p->uid);
		hg_json_put_string(j, "path", p->path);
	}
	hg_json_object_end(j);
}

static void put_rule(struct hg_json *j, const struct hg_snapshot_rule *r)
{
	hg_json_object(j);
	hg_json_put_string(j, "rule", r->name);
	hg_json_put_bool(j, "active", r->active);
	if (r->active) {
		hg_json_put_term(j, "action", hg_action_text(r->action));
		hg_json_put_term(j, "mode", hg_mode_text(r->mode));
	}
	for (unsigned int mode = 0; mode < HG_MODE_COUNT; mode++)
		put_group(j, hg_mode_text(mode), hg_action_text, r->counters.verdicts[mode],
			  HG_ACTION_COUNT);
	if (r->limit.per_second) {
		hg_json_put_uint(j, "resets_per_second", r->limit.per_second);
		hg_json_put_bool(j, "breaker_open", r->breaker_open);
		hg_json_put_uint(j, "exceeded", r->exceeded);
	}
	hg_json_object_end(j);
}

static void put_sets(struct hg_json *j, const struct hg_snapshot *s)
{
	hg_json_key(j, "sets");
	hg_json_array(j);
	for (unsigned int i = 0; i < s->set_count; i++) {
		hg_json_object(j);
		hg_json_put_string(j, "set", s->sets[i].name);
		hg_json_put_term(j, "kind", s->sets[i].networks ? "networks" : "domains");
		hg_json_put_uint(j, "entries", s->sets[i].entries);
		hg_json_put_uint(j, "hits", s->set_hits[i]);
		hg_json_object_end(j);
	}
	hg_json_array_end(j);
}

static void put_map(struct hg_json *j, const struct hg_snapshot_map *m)
{
	hg_json_object(j);
	hg_json_put_term(j, "map", m->name);
	if (m->counted)
		hg_json_put_uint(j, "entries", m->entries);
	hg_json_put_uint(j, "capacity", m->capacity);
	hg_json_object_end(j);
}

static void put_health(struct hg_json *j, const struct hg_health *health, unsigned int count)
{
	hg_json_key(j, "health");
	hg_json_array(j);
	for (unsigned int i = 0; i < count; i++) {
		hg_json_object(j);
		hg_json_put_term(j, "level", hg_health_level_text(health[i].level));
		hg_json_put_string(j, "what", health[i].what);
		hg_json_put_string(j, "text", health[i].text);
		hg_json_object_end(j);
	}
	hg_json_array_end(j);
}

#define PUT_RUN_COUNTER(id, what) hg_json_put_uint(j, #id, run->id);

static void put_run(struct hg_json *j, const struct hg_run_counters *run)
{
	hg_json_key(j, "run");
	hg_json_object(j);
	HG_RUN_COUNTERS(PUT_RUN_COUNTER)
	hg_json_object_end(j);
}

/* As `run` has diagnosed them; those that there were. */
static void put_failures(struct hg_json *j, const struct hg_run_counters *run)
{
	hg_json_key(j, "failures");
	hg_json_array(j);
	for (unsigned int cause = HG_CAUSE_none + 1; cause < HG_CAUSE_COUNT; cause++)
		for (unsigned int side = 0; side < HG_SIDE_COUNT; side++) {
			if (!run->failures[cause][side])
				continue;
			hg_json_object(j);
			hg_json_put_term(j, "cause", hg_cause_text(cause));
			hg_json_put_term(j, "side", hg_side_text(side));
			hg_json_put_uint(j, "count", run->failures[cause][side]);
			hg_json_object_end(j);
		}
	hg_json_array_end(j);
}

static void put_totals(struct hg_json *j, const struct hg_snapshot *s)
{
	hg_json_key(j, "total");
	hg_json_object(j);
	hg_json_put_uint(j, "flows_active", s->flows_active);
	put_covered(j, &s->total);
	put_counters(j, &s->total);
	hg_json_object_end(j);
}

static void put_life(struct hg_json *j, const struct hg_snapshot *s)
{
	hg_json_put_uint(j, "attached", s->attached);
	if (s->bpf_stats >= 0)
		hg_json_put_bool(j, "bpf_stats", s->bpf_stats > 0);
	hg_json_put_uint(j, "sweep_runs", s->sweep_runs);
	hg_json_put_uint(j, "undiagnosed_overwritten", s->undiagnosed_overwritten);
}

void hg_json_snapshot(struct hg_json *j, const struct hg_snapshot *s,
		      const struct hg_health *health, unsigned int health_count)
{
	hg_json_object(j);
	hg_json_put_string(j, "version", HG_VERSION);
	hg_json_put_string(j, "instance", s->dir);
	hg_json_put_bool(j, "daemon", s->run_alive);
	put_life(j, s);
	put_policy(j, s);
	hg_json_key(j, "interfaces");
	hg_json_array(j);
	for (unsigned int i = 0; i < s->interface_count; i++)
		hg_json_interface(j, &s->interfaces[i]);
	hg_json_array_end(j);
	put_totals(j, s);
	put_run(j, &s->run);
	put_failures(j, &s->run);
	hg_json_key(j, "rules");
	hg_json_array(j);
	for (unsigned int i = 0; i < s->rule_count; i++)
		put_rule(j, &s->rules[i]);
	hg_json_array_end(j);
	put_sets(j, s);
	hg_json_key(j, "maps");
	hg_json_array(j);
	for (unsigned int i = 0; i < s->map_count; i++)
		put_map(j, &s->maps[i]);
	hg_json_array_end(j);
	put_health(j, health, health_count);
	hg_json_object_end(j);
}
