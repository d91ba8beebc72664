/* SPDX-License-Identifier: BSD-2-Clause */
#include "top_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "attach.h"

#define FINDINGS_MAX 4 /* lines of health; the rest is in `status` */

/* ---- numbers ---- */

const char *hg_top_number(__u64 value, char text[HG_TOP_NUMBER_SIZE])
{
	if (value < 100000)
		snprintf(text, HG_TOP_NUMBER_SIZE, "%llu", (unsigned long long)value);
	else
		hg_top_real((double)value, text);
	return text;
}

const char *hg_top_real(double value, char text[HG_TOP_NUMBER_SIZE])
{
	static const char units[] = { 0, 'k', 'M', 'G', 'T' };
	unsigned int unit = 0;

	while (value >= (unit ? 999.5 : 9999.5) && unit + 1 < sizeof(units)) {
		value /= 1000;
		unit++;
	}
	snprintf(text, HG_TOP_NUMBER_SIZE, "%.*f%.1s", value > 0 && value < 99.95 ? 1 : 0, value,
		 &units[unit]);
	return text;
}

const char *hg_top_percent(double share, char text[HG_TOP_NUMBER_SIZE])
{
	if (share < 0)
		return "-";
	snprintf(text, HG_TOP_NUMBER_SIZE, "%.*f%%", share < 0.9995 ? 1 : 0, share * 100);
	return text;
}

const char *hg_top_key_head(unsigned int list)
{
	static const char *const heads[] = { "SERVER NAME", "CLIENT", "CAUSE", "RULE", "JA4" };

	return list < HG_TOP_LISTS ? heads[list] : "?";
}

/* ---- lines ---- */

struct head {
	struct hg_top_line *lines;
	unsigned int count;
};

__attribute__((format(printf, 3, 4))) static void add(struct head *h, bool alarm,
						      const char *format, ...)
{
	struct hg_top_line *line = &h->lines[h->count];
	va_list args;

	if (h->count == HG_TOP_LINES_MAX)
		return;
	h->count++;
	line->alarm = alarm;
	va_start(args, format);
	vsnprintf(line->text, sizeof(line->text), format, args);
	va_end(args);
}

static void attached_text(const struct hg_snapshot *s, char *text, size_t size)
{
	unsigned int told = 0;
	size_t len = 0;

	snprintf(text, size, "nothing is attached");
	for (unsigned int i = 0; i < s->interface_count; i++) {
		const struct hg_snapshot_interface *one = &s->interfaces[i];

		if (!hg_interface_used(&one->entry))
			continue;
		if (told++ < 3)
			len += (size_t)snprintf(text + len, size - len, "%s%s %s", len ? ", " : "",
						one->label, hg_hook_text(one->entry.hook));
	}
	if (told > 3)
		snprintf(text + len, size - len, " and %u more", told - 3);
}

static void add_attached(struct head *h, const struct hg_top_frame *f)
{
	time_t seconds = (time_t)(f->wall_ns / HG_SECOND);
	char attached[200], clock[16];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	attached_text(f->s, attached, sizeof(attached));
	add(h, false, "hellogate %s  %s%s%s", clock, attached,
	    strcmp(f->s->dir, HG_BPFFS_DEFAULT) != 0 ? "  " : "",
	    strcmp(f->s->dir, HG_BPFFS_DEFAULT) != 0 ? f->s->dir : "");
}

static void add_policy(struct head *h, const struct hg_snapshot_policy *p)
{
	if (!p->revision)
		add(h, false, "policy    none: nothing is enforced");
	else
		add(h, false, "policy    revision %u (%s, %u rule%s%s%s)", p->revision,
		    hg_mode_text(p->mode), p->rules, p->rules == 1 ? "" : "s",
		    p->detailed ? ", default " : "",
		    p->detailed ? hg_action_text(p->default_action) : "");
}

/* What the counters did since the frame before. */
static void add_rates(struct head *h, const struct hg_top_frame *f)
{
	const struct hg_top_rates *r = &f->rates;
	const __u64 failed = r->handshakes[HG_OUTCOME_failed];
	const __u64 of = failed + r->handshakes[HG_OUTCOME_established];
	char n[6][HG_TOP_NUMBER_SIZE], share[HG_TOP_NUMBER_SIZE];

	if (r->seconds <= 0) {
		add(h, false, "rates     after the first interval");
		add(h, false, "outcomes  after the first interval");
		return;
	}
	add(h, false, "rates     %s hellos/s  %s packets/s  %s resets/s  %s flows under way",
	    hg_top_real(hg_top_rate((double)r->hellos, r->seconds), n[0]),
	    hg_top_real(hg_top_rate((double)r->packets, r->seconds), n[1]),
	    hg_top_real(hg_top_rate((double)r->resets, r->seconds), n[2]),
	    hg_top_number(f->s->flows_active, n[3]));
	for (unsigned int i = 0; i < HG_OUTCOME_COUNT; i++)
		hg_top_real(hg_top_rate((double)r->handshakes[i], r->seconds), n[i]);
	hg_top_real(hg_top_rate((double)(r->handshakes[HG_OUTCOME_reset] +
					 r->handshakes[HG_OUTCOME_dropped]),
				r->seconds),
		    n[HG_OUTCOME_reset]);
	add(h, false, "outcomes  %s established/s  %s failed/s (%s)  %s reset/s  %s unknown/s",
	    n[HG_OUTCOME_established], n[HG_OUTCOME_failed],
	    hg_top_percent(of ? (double)failed / (double)of : -1, share), n[HG_OUTCOME_reset],
	    n[HG_OUTCOME_unknown]);
}

static void add_coverage(struct head *h, const struct hg_snapshot *s)
{
	static const struct {
		const char *map, *text;
	} tables[] = { { "flows", "flows" },
		       { "captures", "captures" },
		       { "server_names", "names" },
		       { "events", "ring" } };
	char text[160] = "", share[HG_TOP_NUMBER_SIZE];
	size_t len = 0;
	__u64 read, of;

	hg_counters_covered(&s->total, &read, &of);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		const struct hg_snapshot_map *m = hg_snapshot_map_of(s, tables[i].map);

		if (m && m->counted && m->capacity)
			len += (size_t)snprintf(
				text + len, sizeof(text) - len, "%s%s %llu%%", len ? ", " : "",
				tables[i].text,
				(unsigned long long)(m->entries * 100 / m->capacity));
	}
	snprintf(share, sizeof(share), "%.2f%%", of ? (double)read * 100 / (double)of : 100);
	add(h, false, "coverage  %s of hellos; used: %s", of ? share : "-", text);
}

static void add_window(struct head *h, const struct hg_top_frame *f)
{
	static const char *const from[] = { "run", "the ring", "nobody" };
	char n[4][HG_TOP_NUMBER_SIZE];

	add(h, false, "window    %.0f of %llu s: %s handshakes, %s failed (%s), %s reset; from %s",
	    f->span, (unsigned long long)(f->window_ns / HG_SECOND),
	    hg_top_number(f->total.handshakes, n[0]), hg_top_number(f->total.failed, n[1]),
	    hg_top_percent(hg_top_share(&f->total), n[2]), hg_top_number(f->total.resets, n[3]),
	    from[f->events]);
}

/* ---- what is wrong ---- */

static void add_losses(struct head *h, const struct hg_top_frame *f)
{
	const struct hg_top_rates *r = &f->since;
	char n[3][HG_TOP_NUMBER_SIZE];

	if (!f->s->attached)
		add(h, true, "FAIL  nothing is attached any more: waiting for an attach");
	if (f->events == HG_TOP_RUN_GONE)
		add(h, true, "WARN  run has gone away: the lists wait for it; rates go on");
	if (r->lost_ring || r->lost_socket || r->lost_sink)
		add(h, true, "LOST  events: %s in the ring, %s on the way to readers, %s in run",
		    hg_top_number(r->lost_ring, n[0]), hg_top_number(r->lost_socket, n[1]),
		    hg_top_number(r->lost_sink, n[2]));
}

static void add_forgotten(struct head *h, const struct hg_top_frame *f)
{
	char n[2][HG_TOP_NUMBER_SIZE];

	for (unsigned int i = 0; i < HG_TOP_LISTS; i++) {
		const struct hg_top_forgotten *lost = &f->tables[i].forgotten;

		if (lost->handshakes)
			add(h, true, "LOST  %s: %s rows made room for others, with %s handshakes",
			    hg_top_list_text(i), hg_top_number(lost->rows, n[0]),
			    hg_top_number(lost->handshakes, n[1]));
	}
}

static void add_health(struct head *h, const struct hg_top_frame *f)
{
	unsigned int told = 0;

	for (int level = HG_HEALTH_FAIL; level > HG_HEALTH_OK; level--)
		for (unsigned int i = 0; i < f->health_count; i++)
			if ((int)f->health[i].level == level && told++ < FINDINGS_MAX)
				add(h, true, "%s  %s: %s", hg_health_level_text(level),
				    f->health[i].what, f->health[i].text);
	if (told > FINDINGS_MAX)
		add(h, true, "WARN  %u more: hellogate status", told - FINDINGS_MAX);
}

unsigned int hg_top_head(const struct hg_top_frame *f, struct hg_top_line lines[HG_TOP_LINES_MAX])
{
	struct head h = { .lines = lines };

	add_attached(&h, f);
	add_policy(&h, &f->s->policy);
	add_rates(&h, f);
	add_coverage(&h, f->s);
	add_window(&h, f);
	add_losses(&h, f);
	add_forgotten(&h, f);
	add_health(&h, f);
	return h.count;
}
