/* SPDX-License-Identifier: BSD-2-Clause */
#include "export_prometheus.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "advice.h"
#include "attach.h"
#include "terms.h"

#define PREFIX "hellogate_"
#define OTHER "other"

struct prom {
	FILE *out; /* NULL: only count the series */
	const struct hg_snapshot *s;
	unsigned int series;
	unsigned int limit;

	/* Interfaces in the order in which they get labels, and how many do. */
	const struct hg_snapshot_interface **interfaces;
	unsigned int shown;
	struct hg_counters rest; /* the others, summed up */
	unsigned int rules;	 /* how many rules get labels */
	unsigned int sets;	 /* and how many sets */
};

/* ---- text ---- */

static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '\\' || *text == '"')
			fprintf(out, "\\%c", *text);
		else
			putc(*text, out);
	}
}

static void family(struct prom *p, const char *name, const char *type, const char *help)
{
	if (p->out)
		fprintf(p->out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help,
			name, type);
}

/* May one series more be written? */
static bool admit(struct prom *p)
{
	if (p->series >= p->limit)
		return false;
	p->series++;
	return p->out != NULL;
}

/* Labels are pairs of name and value, ended by NULL. */
static void sample(struct prom *p, const char *name, __u64 value, ...)
{
	const char *label, *separator = "{";
	va_list labels;

	if (!admit(p))
		return;
	fprintf(p->out, PREFIX "%s", name);
	va_start(labels, value);
	while ((label = va_arg(labels, const char *))) {
		fprintf(p->out, "%s%s=\"", separator, label);
		put_escaped(p->out, va_arg(labels, const char *));
		putc('"', p->out);
		separator = ",";
	}
	va_end(labels);
	fprintf(p->out, "%s %" PRIu64 "\n", *separator == ',' ? "}" : "", (uint64_t)value);
}

static void single(struct prom *p, const char *name, const char *type, __u64 value,
		   const char *help)
{
	family(p, name, type, help);
	sample(p, name, value, NULL);
}

/* A group of a counter block: one series for each word of its vocabulary. */
static void vocabulary(struct prom *p, const char *name, const char *label,
		       const char *(*text_of)(unsigned int), const void *group, unsigned int count,
		       const char *help)
{
	const __u64 *values = group;

	family(p, name, "counter", help);
	for (unsigned int i = 0; i < count; i++)
		sample(p, name, values[i], label, text_of(i), NULL);
}

static void histogram(struct prom *p, const char *name, const __u32 *bounds, const __u64 *buckets,
		      unsigned int count, __u64 sum, const char *help)
{
	char series[64], bound[16];
	__u64 so_far = 0;

	family(p, name, "histogram", help);
	snprintf(series, sizeof(series), "%s_bucket", name);
	for (unsigned int i = 0; i < count; i++) {
		so_far += buckets[i];
		if (i + 1 < count)
			snprintf(bound, sizeof(bound), "%u", bounds[i]);
		sample(p, series, so_far, "le", i + 1 < count ? bound : "+Inf", NULL);
	}
	snprintf(series, sizeof(series), "%s_sum", name);
	sample(p, series, sum, NULL);
	snprintf(series, sizeof(series), "%s_count", name);
	sample(p, series, so_far, NULL);
}

/* ---- the instance ---- */

static void write_build(struct prom *p)
{
	struct utsname kernel;

	uname(&kernel);
	family(p, "build_info", "gauge", "The hellogate that wrote this, and what it runs on.");
	sample(p, "build_info", 1, "version", HG_VERSION, "revision", HG_REVISION, "libbpf",
	       libbpf_version_string(), "kernel", kernel.release, NULL);
	single(p, "daemon_present", "gauge", p->s->run_alive,
	       "Whether hellogate run is there: without it nothing waits for user space.");
	single(p, "sweep_runs_total", "counter", p->s->sweep_runs,
	       "Rounds of the kernel timer that ends silent flows.");
}

static void write_hellos(struct prom *p)
{
	static const __u32 bytes[] = HG_HELLO_BYTES_BOUNDS, segments[] = HG_SEGMENT_BOUNDS,
			   ciphers[] = HG_CIPHER_BOUNDS;
	const struct hg_counters *c = &p->s->total;

	vocabulary(p, "client_hello_sni_total", "state", hg_sni_state_text, &c->sni, HG_SNI_COUNT,
		   "ClientHellos by the state of their server name.");
	histogram(p, "client_hello_cipher_count", ciphers, c->cipher_count, HG_CIPHER_BUCKETS,
		  c->cipher_count_sum, "Cipher suites offered in a ClientHello.");
	histogram(p, "client_hello_bytes", bytes, c->hello_bytes, HG_HELLO_BYTES_BUCKETS,
		  c->hello_bytes_sum, "Size of a ClientHello, handshake header included.");
	histogram(p, "client_hello_segments", segments, c->hello_segments, HG_SEGMENT_BUCKETS,
		  c->hello_segments_sum, "TCP segments that a ClientHello came in.");
}

static void write_flows(struct prom *p)
{
	const struct hg_counters *c = &p->s->total;

	single(p, "flows_created_total", "counter", c->flows_created,
	       "Flows: flows_active and the sum of all coverage buckets.");
	single(p, "flows_active", "gauge", p->s->flows_active, "Flows that have no bucket yet.");
	vocabulary(p, "coverage_flows_total", "bucket", hg_bucket_text, &c->coverage,
		   HG_BUCKET_COUNT, "Flows that ended, each in exactly one bucket.");
	vocabulary(p, "flow_flags_total", "flag", hg_flag_text, &c->flags, HG_FLAG_COUNT,
		   "Flows that ended with this flag.");
	vocabulary(p, "refused_total", "reason", hg_refusal_text, &c->refused, HG_REFUSAL_COUNT,
		   "What the data path had no room or no state for.");
	vocabulary(p, "unparsed_packets_total", "reason", hg_unparsed_text, &c->unparsed,
		   HG_UNPARSED_COUNT, "Packets that could not be read, or belong to no flow.");
}

static void write_resets(struct prom *p)
{
	const struct hg_counters *c = &p->s->total;
	const __u64 *sent = (const __u64 *)&c->resets, *died = (const __u64 *)&c->resets_died,
		    *survived = (const __u64 *)&c->resets_survived;

	family(p, "resets_total", "counter",
	       "TCP resets, by what is known of the flow: whether it ended, did not, or neither.");
	for (unsigned int to = HG_TO_client; to < HG_TO_COUNT; to++) {
		const char *text = hg_to_text(to);
		__u64 judged = died[to] + survived[to];

		sample(p, "resets_total", died[to], "to", text, "efficacy", "died", NULL);
		sample(p, "resets_total", survived[to], "to", text, "efficacy", "survived", NULL);
		/* A partition: each reset is in one of them, and their sum is all. */
		sample(p, "resets_total", sent[to] > judged ? sent[to] - judged : 0, "to", text,
		       "efficacy", "unknown", NULL);
	}
	vocabulary(p, "reset_failures_total", "reason", hg_reset_failure_text, &c->reset_failures,
		   HG_RESET_FAILURE_COUNT, "Resets that were decided and could not be sent.");
}

static void write_quic(struct prom *p)
{
	const struct hg_counters *c = &p->s->total;

	vocabulary(p, "quic_initials_total", "action", hg_quic_action_text, &c->quic_initials,
		   HG_QUIC_ACTION_COUNT, "Datagrams of clients with a QUIC Initial.");
	single(p, "quic_unknown_versions_total", "counter", c->quic_unknown_versions,
	       "Datagrams with a QUIC long header of a version that is not known: passed.");
}

static void write_events(struct prom *p)
{
	single(p, "events_total", "counter", p->s->total.events, "Events written to the ring.");
	family(p, "events_lost_total", "counter", "Events lost, by where.");
	sample(p, "events_lost_total", p->s->total.events_lost, "stage", "ring", NULL);
	sample(p, "events_lost_total", p->s->run.lost_socket, "stage", "socket", NULL);
	sample(p, "events_lost_total", p->s->run.lost_sink, "stage", "sink", NULL);
	single(p, "events_clients_refused_total", "counter", p->s->run.clients_refused,
	       "Clients of the events socket that there was no room for.");
	single(p, "events_sampled_out_total", "counter", p->s->run.sampled_out,
	       "Established handshakes that the sample left out of the outputs of run.");
	family(p, "http_requests_refused_total", "counter",
	       "Requests to run over TCP that were refused, by why.");
	sample(p, "http_requests_refused_total", p->s->run.hosts_refused, "reason", "host", NULL);
	sample(p, "http_requests_refused_total", p->s->run.tokens_refused, "reason", "token", NULL);
	single(p, "http_streams_refused_total", "counter", p->s->run.streams_refused,
	       "Watchers of run over HTTP that there was no room for.");
	single(p, "http_stream_messages_missed_total", "counter", p->s->run.messages_missed,
	       "Messages that watchers of run over HTTP were too slow for.");
}

/* ---- what `run` has diagnosed ---- */

/* Every cause has a series, at its usual side; the others as they come. */
static void write_failures(struct prom *p)
{
	const struct hg_run_counters *run = &p->s->run;

	family(p, "handshake_failures_total", "counter",
	       "Handshakes that failed, by cause and side, as run diagnosed them.");
	for (unsigned int cause = HG_CAUSE_none + 1; cause < HG_CAUSE_COUNT; cause++)
		for (unsigned int side = 0; side < HG_SIDE_COUNT; side++)
			if (run->failures[cause][side] ||
			    side == hg_usual_side((enum hg_cause)cause))
				sample(p, "handshake_failures_total", run->failures[cause][side],
				       "cause", hg_cause_text(cause), "side", hg_side_text(side),
				       NULL);
}

static void write_server_hellos(struct prom *p)
{
	char cipher[8];

	family(p, "server_hello_total", "counter", "ServerHellos, by what the server chose.");
	for (unsigned int v = 0; v < HG_VERSION_COUNT; v++)
		for (unsigned int i = 0; i <= HG_CIPHERS_TOLD; i++) {
			__u64 n = p->s->run.server_hellos[v][i];

			snprintf(cipher, sizeof(cipher), "0x%04x", hg_ciphers_told[i]);
			if (n || (v == HG_VERSION_tls1_3 && hg_ciphers_told[i] >> 8 == 0x13))
				sample(p, "server_hello_total", n, "version", hg_version_text(v),
				       "cipher", hg_ciphers_told[i] ? cipher : OTHER, NULL);
		}
}

/* Bounds in microseconds; Prometheus has seconds. */
static void write_durations(struct prom *p)
{
	static const __u32 bounds[] = HG_DURATION_BOUNDS;
	const struct hg_run_counters *run = &p->s->run;
	char bound[24];
	__u64 so_far = 0;

	family(p, "handshake_duration_seconds", "histogram",
	       "From the hello to the last Finished, of handshakes that were established.");
	for (unsigned int i = 0; i < HG_DURATION_BUCKETS; i++) {
		so_far += run->durations[i];
		if (i + 1 < HG_DURATION_BUCKETS)
			snprintf(bound, sizeof(bound), "%g", bounds[i] / 1e6);
		sample(p, "handshake_duration_seconds_bucket", so_far, "le",
		       i + 1 < HG_DURATION_BUCKETS ? bound : "+Inf", NULL);
	}
	if (admit(p))
		fprintf(p->out, PREFIX "handshake_duration_seconds_sum %.6f\n",
			(double)run->durations_sum_us / 1e6);
	sample(p, "handshake_duration_seconds_count", so_far, NULL);
}

static void write_diagnoses(struct prom *p)
{
	const struct hg_snapshot *s = p->s;
	__u64 last = s->run.last_diagnosis_ns;

	write_failures(p);
	write_server_hellos(p);
	write_durations(p);
	single(p, "undiagnosed_overwritten_total", "counter", s->undiagnosed_overwritten,
	       "Failed handshakes that nobody diagnosed before their place was needed.");
	single(p, "certificate_chunks_lost_total", "counter", s->run.chunks_lost,
	       "Pieces of certificates that came for no open handshake.");
	single(p, "certificates_dropped_total", "counter", s->run.chains_dropped,
	       "Handshakes whose certificates made room for those of others.");
	single(p, "knowledge_forgotten_total", "counter", s->run.knowledge_forgotten,
	       "Servers and names that made room for others in what run has learned.");
	single(p, "clients_forgotten_total", "counter", s->run.clients_forgotten,
	       "Clients whose failures made room for those of others.");
	family(p, "diagnosis_age_seconds", "gauge",
	       "Since the end of the last handshake that run diagnosed; 0: none yet.");
	if (admit(p))
		fprintf(p->out, PREFIX "diagnosis_age_seconds %.3f\n",
			last && s->taken_ns > last ? (double)(s->taken_ns - last) / 1e9 : 0.0);
}

static void write_maps(struct prom *p)
{
	const struct hg_snapshot *s = p->s;

	family(p, "map_entries", "gauge", "Entries in use; of events, bytes.");
	for (unsigned int i = 0; i < s->map_count; i++)
		if (s->maps[i].counted)
			sample(p, "map_entries", s->maps[i].entries, "map", s->maps[i].name, NULL);
	single(p, "server_names_evicted_total", "counter", s->run.server_names_evicted,
	       "Idle server names that made room for others.");
	family(p, "map_capacity", "gauge", "Entries there is room for; of events, bytes.");
	for (unsigned int i = 0; i < s->map_count; i++)
		sample(p, "map_capacity", s->maps[i].capacity, "map", s->maps[i].name, NULL);
}

/* ---- policy ---- */

static void write_verdicts(struct prom *p, const char *rule, const struct hg_rule_counters *c,
			   const struct hg_snapshot_rule *active)
{
	for (unsigned int mode = 0; mode < HG_MODE_COUNT; mode++) {
		for (unsigned int action = 0; action < HG_ACTION_COUNT; action++) {
			/* In both modes: a rule is promoted from one to the other. */
			bool its_own = active && active->action == action;

			if (c->verdicts[mode][action] || its_own)
				sample(p, "policy_verdicts_total", c->verdicts[mode][action],
				       "action", hg_action_text(action), "mode", hg_mode_text(mode),
				       "rule", rule, NULL);
		}
	}
}

static void add_verdicts(struct hg_rule_counters *sum, const struct hg_rule_counters *add)
{
	for (unsigned int mode = 0; mode < HG_MODE_COUNT; mode++)
		for (unsigned int action = 0; action < HG_ACTION_COUNT; action++)
			sum->verdicts[mode][action] += add->verdicts[mode][action];
}

/* Rules of the active revision get the labels first. */
static void write_rules(struct prom *p)
{
	struct hg_rule_counters rest = { 0 };
	unsigned int labels = 0;

	family(p, "policy_verdicts_total", "counter",
	       "Verdicts by rule; of mode monitor: not done.");
	for (int active = 1; active >= 0; active--) {
		for (unsigned int i = 0; i < p->s->rule_count; i++) {
			const struct hg_snapshot_rule *r = &p->s->rules[i];

			if (r->active != active)
				continue;
			if (labels++ < p->rules)
				write_verdicts(p, r->name, &r->counters, active ? r : NULL);
			else
				add_verdicts(&rest, &r->counters);
		}
	}
	write_verdicts(p, OTHER, &rest, NULL);
}

/* Of the active rules that have a limit. */
static void write_limits(struct prom *p)
{
	family(p, "policy_breaker_open", "gauge",
	       "1 if a rule went beyond its limit within the last ten seconds.");
	for (unsigned int i = 0, labels = 0; i < p->s->rule_count && labels < p->rules; i++) {
		const struct hg_snapshot_rule *r = &p->s->rules[i];

		if (r->limit.per_second && ++labels)
			sample(p, "policy_breaker_open", r->breaker_open, "rule", r->name, NULL);
	}
	family(p, "policy_limit_exceeded_total", "counter",
	       "Flows that a rule was for while it was beyond its limit.");
	for (unsigned int i = 0, labels = 0; i < p->s->rule_count && labels < p->rules; i++) {
		const struct hg_snapshot_rule *r = &p->s->rules[i];

		if (r->limit.per_second && ++labels)
			sample(p, "policy_limit_exceeded_total", r->exceeded, "rule", r->name,
			       NULL);
	}
}

/* A file that `policy load` refuses leaves no trace; one that `run` refuses does, until the next
 * load. */
static void write_reload(struct prom *p)
{
	const struct hg_snapshot_policy *policy = &p->s->policy;

	const __u64 failed_at = p->s->run.reload_failed_at;
	bool failed = failed_at && failed_at - 1 == policy->revision;

	family(p, "policy_last_reload_successful", "gauge",
	       "0: run was told to reload and could not, and all stayed; absent without a policy.");
	if (policy->revision || failed)
		sample(p, "policy_last_reload_successful", !failed, NULL);
	family(p, "reloads_total", "counter", "Reloads of run by SIGHUP, by what came of them.");
	sample(p, "reloads_total", p->s->run.reloads, "result", "ok", NULL);
	sample(p, "reloads_total", p->s->run.reloads_failed, "result", "failed", NULL);
	family(p, "policy_last_reload_success_timestamp_seconds", "gauge",
	       "When the active policy was loaded.");
	if (policy->loaded_s)
		sample(p, "policy_last_reload_success_timestamp_seconds", policy->loaded_s, NULL);
}

/* What user space said of flows that waited for it. */
static void write_user_verdicts(struct prom *p)
{
	const struct hg_run_counters *run = &p->s->run;

	family(p, "policy_user_verdicts_total", "counter",
	       "Verdicts of the daemon for flows that waited.");
	sample(p, "policy_user_verdicts_total", run->verdicts_written, "result", "written", NULL);
	sample(p, "policy_user_verdicts_total", run->verdicts_failed, "result", "failed", NULL);
	sample(p, "policy_user_verdicts_total", run->verdicts_unknown_revision, "result",
	       "unknown_revision", NULL);
	single(p, "policy_undecided_total", "counter", run->undecided,
	       "Flows that ended while their verdict was pending: no rule counts them.");
}

/* A set may be called as the rest is. */
static bool is_labelled(const struct prom *p, unsigned int i)
{
	return i < p->sets && strcmp(p->s->sets[i].name, OTHER) != 0;
}

static __u64 entries_of(const struct prom *p, unsigned int i)
{
	return p->s->sets[i].entries;
}

static __u64 hits_of(const struct prom *p, unsigned int i)
{
	return p->s->set_hits[i];
}

/* One number of each set; those without a label of their own are summed up. */
static void write_of_sets(struct prom *p, const char *name,
			  __u64 (*value)(const struct prom *p, unsigned int i))
{
	bool more = false;
	__u64 rest = 0;

	for (unsigned int i = 0; i < p->s->set_count; i++) {
		if (is_labelled(p, i)) {
			sample(p, name, value(p, i), "set", p->s->sets[i].name, NULL);
			continue;
		}
		more = true;
		rest += value(p, i);
	}
	if (more)
		sample(p, name, rest, "set", OTHER, NULL);
}

static void write_sets(struct prom *p)
{
	family(p, "policy_set_entries", "gauge",
	       "Names or networks in each set that a rule of the active policy asks for.");
	write_of_sets(p, "policy_set_entries", entries_of);
	family(p, "policy_set_hits_total", "counter",
	       "Hellos whose name or address such a set holds, since the policy was loaded.");
	write_of_sets(p, "policy_set_hits_total", hits_of);
}

static void write_policy(struct prom *p)
{
	const struct hg_snapshot_policy *policy = &p->s->policy;

	single(p, "policy_revision", "gauge", policy->revision, "The active policy; 0: none.");
	single(p, "policy_rules", "gauge", policy->rules, "Rules of the active policy.");
	single(p, "policy_names", "gauge", policy->names,
	       "Names in the sets of the active policy, each counted once.");
	single(p, "policy_enforcing", "gauge", policy->enforces,
	       "Whether the active policy resets or drops anything.");
	single(p, "policy_confirm_seconds_left", "gauge", hg_snapshot_confirm_left(p->s),
	       "Until the active policy gives way to the one before; 0: it is confirmed.");
	single(p, "policy_lapsed_revision", "gauge", policy->lapsed,
	       "The revision loaded last, if it was not confirmed in time; else 0.");
	write_reload(p);
	single(p, "policy_verdict_timeouts_total", "counter", p->s->total.verdict_timeouts,
	       "Flows that user space did not decide in time: the fallback was applied.");
	write_user_verdicts(p);
	write_sets(p);
	write_rules(p);
	write_limits(p);
}

/* ---- interfaces ---- */

typedef void (*write_interface_fn)(struct prom *p, const char *label, const struct hg_counters *c);

static void each_interface(struct prom *p, write_interface_fn write_one)
{
	for (unsigned int i = 0; i < p->shown; i++)
		write_one(p, p->interfaces[i]->label, &p->interfaces[i]->counters);
	if (p->shown < p->s->interface_count)
		write_one(p, OTHER, &p->rest);
}

static void write_packets(struct prom *p, const char *label, const struct hg_counters *c)
{
	const __u64 *packets = (const __u64 *)&c->packets;

	for (unsigned int i = 0; i < HG_RESULT_COUNT; i++)
		sample(p, "packets_total", packets[i], "interface", label, "result",
		       hg_result_text(i), NULL);
}

static void write_client_hellos(struct prom *p, const char *label, const struct hg_counters *c)
{
	const __u64 *of[HG_TRANSPORT_COUNT] = {
		[HG_TRANSPORT_tcp] = (const __u64 *)&c->hellos_tcp,
		[HG_TRANSPORT_quic] = (const __u64 *)&c->hellos_quic,
	};

	for (unsigned int t = 0; t < HG_TRANSPORT_COUNT; t++)
		for (unsigned int v = 0; v < HG_VERSION_COUNT; v++)
			sample(p, "client_hellos_total", of[t][v], "interface", label, "transport",
			       hg_transport_text(t), "version", hg_version_text(v), NULL);
}

static void write_handshakes(struct prom *p, const char *label, const struct hg_counters *c)
{
	const __u64 *outcomes = (const __u64 *)&c->handshakes;

	for (unsigned int i = 0; i < HG_OUTCOME_COUNT; i++)
		sample(p, "handshakes_total", outcomes[i], "interface", label, "outcome",
		       hg_outcome_text(i), NULL);
}

/* The program that reads client bytes: `status` names all of them. */
static __u32 main_program(const struct hg_interface *i)
{
	return i->prog_id[0] ? i->prog_id[0] : i->prog_id[1];
}

static void write_interface_info(struct prom *p)
{
	char id[16];

	family(p, "interface_info", "gauge", "An attached interface: its hook and program.");
	for (unsigned int i = 0; i < p->shown; i++) {
		const struct hg_interface *e = &p->interfaces[i]->entry;

		if (!hg_interface_used(e))
			continue;
		snprintf(id, sizeof(id), "%u", main_program(e));
		sample(p, "interface_info", 1, "interface", p->interfaces[i]->label, "hook",
		       hg_hook_text(e->hook), "mode", hg_hook_mode_text(e->hook), "prog_id", id,
		       NULL);
	}
	family(p, "interface_attached", "gauge",
	       "Whether the programs are on the interface's hooks.");
	for (unsigned int i = 0; i < p->shown; i++)
		sample(p, "interface_attached", p->interfaces[i]->state == HG_INTERFACE_ATTACHED,
		       "interface", p->interfaces[i]->label, NULL);
}

static void write_interfaces(struct prom *p)
{
	write_interface_info(p);
	family(p, "packets_total", "counter", "Packets by what became of them.");
	each_interface(p, write_packets);
	family(p, "client_hellos_total", "counter", "ClientHellos by the best version offered.");
	each_interface(p, write_client_hellos);
	family(p, "handshakes_total", "counter",
	       "Handshakes that ended, as far as the kernel saw.");
	each_interface(p, write_handshakes);
}

/* ---- all of it ---- */

static void write_all(struct prom *p, unsigned int dropped)
{
	single(p, "series_dropped_total", "counter", dropped,
	       "Series that the limit left out; their counts are in other.");
	write_build(p);
	write_flows(p);
	write_hellos(p);
	write_resets(p);
	write_quic(p);
	write_events(p);
	write_diagnoses(p);
	write_maps(p);
	write_policy(p);
	write_interfaces(p);
}

/* Attached interfaces first: they are the last to lose their labels. */
static void order_interfaces(struct prom *p)
{
	const struct hg_snapshot *s = p->s;
	unsigned int n = 0;

	for (int used = 1; used >= 0; used--)
		for (unsigned int i = 0; i < s->interface_count; i++)
			if (hg_interface_used(&s->interfaces[i].entry) == used)
				p->interfaces[n++] = &s->interfaces[i];
}

/* How many series there are with so many labels. */
static unsigned int series_wanted(const struct prom *p)
{
	struct prom count = *p;

	count.out = NULL;
	count.limit = UINT_MAX;
	write_all(&count, 0);
	return count.series;
}

/* Take labels away until the rest fits; returns how many series that saves. */
static unsigned int fit(struct prom *p)
{
	unsigned int all = series_wanted(p), fitting = all;

	while (fitting > p->limit && p->shown > 1) {
		p->shown--;
		fitting = series_wanted(p);
	}
	while (fitting > p->limit && p->sets) {
		p->sets--;
		fitting = series_wanted(p);
	}
	while (fitting > p->limit && p->rules) {
		p->rules--;
		fitting = series_wanted(p);
	}
	return all - (fitting < p->limit ? fitting : p->limit);
}

int hg_prometheus_write(const struct hg_snapshot *s, FILE *out)
{
	struct prom p = { .out = out,
			  .s = s,
			  .limit = HG_SERIES_MAX,
			  .shown = s->interface_count,
			  .rules = HG_RULE_LABELS,
			  .sets = HG_SET_LABELS };
	unsigned int dropped;

	p.interfaces = calloc(s->interface_count ? s->interface_count : 1, sizeof(*p.interfaces));
	if (!p.interfaces)
		return -ENOMEM;
	order_interfaces(&p);
	dropped = fit(&p);
	for (unsigned int i = p.shown; i < s->interface_count; i++)
		hg_counters_add(&p.rest, &p.interfaces[i]->counters);
	write_all(&p, dropped);
	free(p.interfaces);
	return ferror(out) ? -EIO : 0;
}
