/* SPDX-License-Identifier: BSD-2-Clause */
#include "health.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SWEEP_LATE (5 * HG_SECOND) /* it runs once a second */
#define NEARLY_FULL 90		   /* percent */

const char *hg_health_level_text(enum hg_health_level level)
{
	return level == HG_HEALTH_OK ? "ok" : level == HG_HEALTH_WARN ? "WARN" : "FAIL";
}

const char *hg_grouped(__u64 value, char text[HG_GROUPED_SIZE])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value), to = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text[to++] = ',';
		text[to++] = digits[i];
	}
	text[to] = 0;
	return text;
}

struct judge {
	const struct hg_snapshot *s;
	struct hg_health *out;
	unsigned int count;
};

__attribute__((format(printf, 4, 5))) static void line(struct judge *j, enum hg_health_level level,
						       const char *what, const char *format, ...)
{
	struct hg_health *h;
	va_list args;

	if (j->count == HG_HEALTH_MAX)
		return;
	h = &j->out[j->count++];
	h->level = level;
	snprintf(h->what, sizeof(h->what), "%s", what);
	va_start(args, format);
	vsnprintf(h->text, sizeof(h->text), format, args);
	va_end(args);
}

static void judge_interfaces(struct judge *j)
{
	for (unsigned int n = 0; n < j->s->interface_count; n++) {
		const struct hg_snapshot_interface *i = &j->s->interfaces[n];

		if (i->state == HG_INTERFACE_GONE)
			line(j, HG_HEALTH_FAIL, i->label,
			     "the device is gone; clear it: hellogate detach");
		else if (i->state == HG_INTERFACE_OFF)
			line(j, HG_HEALTH_FAIL, i->label,
			     "our program is no longer on its hook; attach it again");
		else if (i->state == HG_INTERFACE_ATTACHED && i->entry.hook == HG_HOOK_XDP_GENERIC)
			line(j, HG_HEALTH_WARN, i->label,
			     "generic XDP is the slow path; --hook tcx costs less");
	}
}

/* When the sweep was last set: each attach does that. */
static __u64 last_attach(const struct hg_snapshot *s)
{
	__u64 last = 0;

	for (unsigned int i = 0; i < s->interface_count; i++)
		if (s->interfaces[i].entry.since_ns > last)
			last = s->interfaces[i].entry.since_ns;
	return last;
}

static void judge_sweep(struct judge *j)
{
	__u64 set = last_attach(j->s), ran = j->s->sweep_ns;
	__u64 since = ran > set ? ran : set;
	__u64 age = j->s->taken_ns > since ? j->s->taken_ns - since : 0;

	if (age > SWEEP_LATE)
		line(j, HG_HEALTH_FAIL, "sweep",
		     "has not run for %llu s: silent flows do not end; attach again to start it",
		     (unsigned long long)(age / HG_SECOND));
	else
		line(j, HG_HEALTH_OK, "sweep", "%s", j->s->sweep_runs ? "runs" : "about to run");
}

/* A table that refuses what it has no room for. */
static void judge_table(struct judge *j, const char *what, const char *map, __u64 refused)
{
	const struct hg_snapshot_map *m = hg_snapshot_map_of(j->s, map);
	char entries[HG_GROUPED_SIZE], capacity[HG_GROUPED_SIZE], lost[HG_GROUPED_SIZE];
	enum hg_health_level level = refused ? HG_HEALTH_WARN : HG_HEALTH_OK;

	if (!m || !m->counted)
		return;
	if (m->entries * 100 >= m->capacity * NEARLY_FULL)
		level = HG_HEALTH_FAIL;
	line(j, level, what, "%s / %s%s%s%s", hg_grouped(m->entries, entries),
	     hg_grouped(m->capacity, capacity), refused ? ", refused so far: " : "",
	     refused ? hg_grouped(refused, lost) : "",
	     level == HG_HEALTH_FAIL ? ": nearly full" : "");
}

/* Without a reader the ring fills up and that is no fault. */
static void judge_events(struct judge *j)
{
	const struct hg_snapshot_map *m = hg_snapshot_map_of(j->s, hg_map_name(HG_MAP_events));
	const struct hg_run_counters *run = &j->s->run;
	enum hg_health_level level = HG_HEALTH_OK;
	__u64 ring = j->s->total.events_lost, lost = run->lost_socket + run->lost_sink, fill = 0;
	char in_ring[HG_GROUPED_SIZE], socket[HG_GROUPED_SIZE], sink[HG_GROUPED_SIZE];

	if (m && m->counted)
		fill = m->entries * 100 / m->capacity;
	if (j->s->run_alive && fill >= NEARLY_FULL)
		level = HG_HEALTH_FAIL;
	else if (lost || (j->s->run_alive && ring))
		level = HG_HEALTH_WARN;
	if (lost)
		line(j, level, "events",
		     "lost: %s in the ring, %s by slow clients, %s in run; ring %u%% used",
		     hg_grouped(ring, in_ring), hg_grouped(run->lost_socket, socket),
		     hg_grouped(run->lost_sink, sink), (unsigned int)fill);
	else
		line(j, level, "events", "%s lost, ring %u%% used%s", hg_grouped(ring, in_ring),
		     (unsigned int)fill, j->s->run_alive ? "" : "; no daemon reads it");
}

/* What became of flows that waited for user space. */
static void judge_verdicts(struct judge *j)
{
	const struct hg_run_counters *run = &j->s->run;
	__u64 late = j->s->total.verdict_timeouts;
	char text[HG_GROUPED_SIZE];

	if (late)
		line(j, HG_HEALTH_WARN, "verdicts",
		     "%s flows were not decided in time: their fallback was applied",
		     hg_grouped(late, text));
	if (run->undecided)
		line(j, HG_HEALTH_WARN, "verdicts", "%s flows ended before they were decided",
		     hg_grouped(run->undecided, text));
	if (run->verdicts_failed)
		line(j, HG_HEALTH_WARN, "verdicts", "%s could not be written: the table is full",
		     hg_grouped(run->verdicts_failed, text));
	if (run->verdicts_unknown_revision)
		line(j, HG_HEALTH_WARN, "verdicts",
		     "%s flows waited under a policy that run does not have",
		     hg_grouped(run->verdicts_unknown_revision, text));
}

/* A rule that would act more often than the operator allows. */
static void judge_limits(struct judge *j)
{
	static const char *const does[HG_EXCEED_COUNT] = { [HG_EXCEED_monitor] = "only counts",
							   [HG_EXCEED_keep] = "goes on",
							   [HG_EXCEED_drop] = "drops" };

	for (unsigned int i = 0; i < j->s->rule_count; i++) {
		const struct hg_snapshot_rule *r = &j->s->rules[i];

		if (r->limit.per_second && r->breaker_open)
			line(j, HG_HEALTH_WARN, "limit",
			     "rule \"%s\" is beyond its %u a second: it %s", r->name,
			     r->limit.per_second,
			     r->limit.on_exceed < HG_EXCEED_COUNT ? does[r->limit.on_exceed] : "?");
	}
}

/* What waits for a word of the operator. */
static void judge_policy(struct judge *j)
{
	const struct hg_snapshot_policy *p = &j->s->policy;

	if (p->confirm_by_ns && p->fallback)
		line(j, HG_HEALTH_WARN, "policy",
		     "revision %u is not confirmed: revision %u comes back in %llu s", p->revision,
		     p->fallback, (unsigned long long)hg_snapshot_confirm_left(j->s));
	else if (p->confirm_by_ns)
		line(j, HG_HEALTH_WARN, "policy", "revision %u is not confirmed: it goes in %llu s",
		     p->revision, (unsigned long long)hg_snapshot_confirm_left(j->s));
	if (p->lapsed)
		line(j, HG_HEALTH_WARN, "policy", "revision %u was not confirmed in time",
		     p->lapsed);
}

static void judge_run(struct judge *j)
{
	if (j->s->policy.needs_user && !j->s->run_alive)
		line(j, HG_HEALTH_FAIL, "daemon",
		     "the policy has rules for user space and hellogate run is not there");
	else
		line(j, HG_HEALTH_OK, "daemon", "%s",
		     j->s->run_alive ? "is there" : "not there, and not needed");
	judge_verdicts(j);
	judge_limits(j);
}

static void judge_packets(struct judge *j)
{
	const struct hg_counters *c = &j->s->total;
	const __u64 *failures = (const __u64 *)&c->reset_failures;
	char failed[HG_GROUPED_SIZE], sent[HG_GROUPED_SIZE];
	__u64 sum = 0;

	for (int i = 0; i < HG_RESET_FAILURE_COUNT; i++)
		sum += failures[i];
	line(j, sum ? HG_HEALTH_WARN : HG_HEALTH_OK, "resets", "%s sent, %s failed",
	     hg_grouped(hg_counters_resets(c), sent), hg_grouped(sum, failed));
	if (hg_counters_survived(c))
		line(j, HG_HEALTH_WARN, "resets",
		     "%s lived on: a RST does not reach one end; see the anomaly events",
		     hg_grouped(hg_counters_survived(c), sent));
	if (c->unparsed.load_failed)
		line(j, HG_HEALTH_WARN, "packets", "%s could not be loaded and were passed",
		     hg_grouped(c->unparsed.load_failed, failed));
	if (c->reset_failures.no_metadata)
		line(j, HG_HEALTH_WARN, "xdp metadata",
		     "this driver has none: %s packets were dropped, not reset; use --hook tcx",
		     hg_grouped(c->reset_failures.no_metadata, failed));
}

unsigned int hg_health_judge(const struct hg_snapshot *s, struct hg_health *out)
{
	struct judge j = { .s = s, .out = out };

	judge_interfaces(&j);
	judge_table(&j, "flow table", hg_map_name(HG_MAP_flows), s->total.refused.flow_table_full);
	judge_table(&j, "reassembly", "captures",
		    s->total.refused.partial_pool_full + s->total.refused.partial_share_full);
	judge_table(&j, "server names", hg_map_name(HG_MAP_server_names),
		    s->total.refused.server_name_table_full);
	judge_sweep(&j);
	judge_events(&j);
	judge_policy(&j);
	judge_run(&j);
	judge_packets(&j);
	return j.count;
}
