/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "attach.h"
#include "top_frame.h"

static void put_time(struct hg_json *j, __u64 wall_ns)
{
	time_t seconds = (time_t)(wall_ns / HG_SECOND);
	char text[48];
	struct tm tm;
	size_t len;

	gmtime_r(&seconds, &tm);
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, sizeof(text) - len, ".%06u+0000",
		 (unsigned int)(wall_ns % HG_SECOND / 1000));
	hg_json_put_term(j, "timestamp", text);
}

static void put_interfaces(struct hg_json *j, const struct hg_snapshot *s)
{
	hg_json_key(j, "interfaces");
	hg_json_array(j);
	for (unsigned int i = 0; i < s->interface_count; i++) {
		const struct hg_snapshot_interface *one = &s->interfaces[i];

		if (!hg_interface_used(&one->entry))
			continue;
		hg_json_object(j);
		hg_json_put_string(j, "interface", one->label);
		hg_json_put_term(j, "hook", hg_hook_text(one->entry.hook));
		hg_json_put_term(j, "state", hg_interface_state_text(one->state));
		hg_json_object_end(j);
	}
	hg_json_array_end(j);
}

static void put_policy(struct hg_json *j, const struct hg_snapshot_policy *p)
{
	hg_json_key(j, "policy");
	if (!p->revision) {
		hg_json_null(j);
		return;
	}
	hg_json_object(j);
	hg_json_put_uint(j, "revision", p->revision);
	hg_json_put_term(j, "mode", hg_mode_text(p->mode));
	hg_json_put_uint(j, "rules", p->rules);
	hg_json_object_end(j);
}

/* What the counters did since the frame before. */
static void put_rates(struct hg_json *j, const struct hg_top_rates *r)
{
	hg_json_key(j, "interval");
	hg_json_object(j);
	hg_json_put_real(j, "seconds", r->seconds);
	hg_json_put_uint(j, "packets", r->packets);
	hg_json_put_uint(j, "unparsed", r->unparsed);
	hg_json_put_uint(j, "flows", r->flows);
	hg_json_put_uint(j, "hellos", r->hellos);
	hg_json_put_uint(j, "quic_initials", r->initials);
	hg_json_put_uint(j, "resets", r->resets);
	hg_json_put_uint(j, "reset_failures", r->reset_failures);
	hg_json_key(j, "handshakes");
	hg_json_object(j);
	for (unsigned int i = 0; i < HG_OUTCOME_COUNT; i++)
		hg_json_put_uint(j, hg_outcome_text(i), r->handshakes[i]);
	hg_json_object_end(j);
	hg_json_key(j, "covered");
	hg_json_object(j);
	hg_json_put_uint(j, "read", r->covered);
	hg_json_put_uint(j, "of", r->to_cover);
	hg_json_object_end(j);
	hg_json_put_real(j, "hellos_per_second", hg_top_rate((double)r->hellos, r->seconds));
	hg_json_put_real(j, "handshakes_per_second",
			 hg_top_rate((double)hg_top_rates_ended(r), r->seconds));
	hg_json_put_real(j, "packets_per_second", hg_top_rate((double)r->packets, r->seconds));
	hg_json_object_end(j);
}

static void put_lost(struct hg_json *j, const struct hg_top_rates *since)
{
	hg_json_key(j, "lost");
	hg_json_object(j);
	hg_json_put_uint(j, "ring", since->lost_ring);
	hg_json_put_uint(j, "socket", since->lost_socket);
	hg_json_put_uint(j, "sink", since->lost_sink);
	hg_json_object_end(j);
}

static void put_maps(struct hg_json *j, const struct hg_snapshot *s)
{
	hg_json_key(j, "maps");
	hg_json_array(j);
	for (unsigned int i = 0; i < s->map_count; i++) {
		hg_json_object(j);
		hg_json_put_term(j, "map", s->maps[i].name);
		if (s->maps[i].counted)
			hg_json_put_uint(j, "entries", s->maps[i].entries);
		hg_json_put_uint(j, "capacity", s->maps[i].capacity);
		hg_json_object_end(j);
	}
	hg_json_array_end(j);
}

static void put_health(struct hg_json *j, const struct hg_top_frame *f)
{
	hg_json_key(j, "health");
	hg_json_array(j);
	for (unsigned int i = 0; i < f->health_count; i++) {
		hg_json_object(j);
		hg_json_put_term(j, "level", hg_health_level_text(f->health[i].level));
		hg_json_put_string(j, "what", f->health[i].what);
		hg_json_put_string(j, "text", f->health[i].text);
		hg_json_object_end(j);
	}
	hg_json_array_end(j);
}

static void put_counts(struct hg_json *j, const struct hg_top_counts *c)
{
	hg_json_put_uint(j, "handshakes", c->handshakes);
	hg_json_put_uint(j, "attempts", c->attempts);
	hg_json_put_uint(j, "established", c->established);
	hg_json_put_uint(j, "failed", c->failed);
	hg_json_put_uint(j, "resets", c->resets);
}

static void put_share(struct hg_json *j, double share)
{
	if (share >= 0)
		hg_json_put_real(j, "share", share);
}

static void put_row(struct hg_json *j, const struct hg_top_frame *f, enum hg_top_list list,
		    const struct hg_top_row *r)
{
	hg_json_object(j);
	hg_json_put_string(j, hg_top_key_text(list), r->key);
	hg_json_put_real(j, "rate", hg_top_row_rate(f, r));
	put_counts(j, &r->counts);
	put_share(j, hg_top_row_share(f, list, r));
	hg_json_key(j, "causes");
	hg_json_object(j);
	for (unsigned int i = 0; i < r->cause_count; i++)
		hg_json_put_uint(j, hg_cause_text(r->causes[i].cause), r->causes[i].count);
	hg_json_object_end(j);
	if (r->other_causes)
		hg_json_put_uint(j, "other_causes", r->other_causes);
	hg_json_object_end(j);
}

static void put_list(struct hg_json *j, const struct hg_top_frame *f, enum hg_top_list list,
		     size_t rows)
{
	const struct hg_top_table *t = &f->tables[list];

	hg_json_key(j, hg_top_list_text(list));
	hg_json_object(j);
	hg_json_put_uint(j, "count", t->count);
	hg_json_put_uint(j, "forgotten", t->forgotten.rows);
	hg_json_put_uint(j, "forgotten_handshakes", t->forgotten.handshakes);
	hg_json_key(j, "rows");
	hg_json_array(j);
	for (size_t i = 0; i < t->count && i < rows; i++)
		put_row(j, f, list, &t->rows[i]);
	hg_json_array_end(j);
	hg_json_object_end(j);
}

static const char *events_term(enum hg_top_events events)
{
	return events == HG_TOP_FROM_RUN ? "run" : events == HG_TOP_FROM_RING ? "ring" : "none";
}

void hg_top_frame_json(struct hg_json *j, const struct hg_top_frame *f, size_t rows)
{
	hg_json_object(j);
	hg_json_put_uint(j, "schema", 1);
	put_time(j, f->wall_ns);
	hg_json_put_string(j, "instance", f->s->dir);
	hg_json_put_bool(j, "daemon", f->s->run_alive);
	hg_json_put_term(j, "events", events_term(f->events));
	put_interfaces(j, f->s);
	put_policy(j, &f->s->policy);
	hg_json_put_uint(j, "flows_active", f->s->flows_active);
	put_rates(j, &f->rates);
	put_lost(j, &f->since);
	put_maps(j, f->s);
	put_health(j, f);
	hg_json_key(j, "window");
	hg_json_object(j);
	hg_json_put_real(j, "seconds", (double)f->window_ns / HG_SECOND);
	hg_json_put_real(j, "span", f->span);
	put_counts(j, &f->total);
	put_share(j, hg_top_share(&f->total));
	hg_json_object_end(j);
	for (unsigned int list = 0; list < HG_TOP_LISTS; list++)
		put_list(j, f, list, rows);
	hg_json_object_end(j);
}
