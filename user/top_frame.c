/* SPDX-License-Identifier: BSD-2-Clause */
#include "top_frame.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* ---- one moment ---- */

static bool judge(struct hg_top_frame *f)
{
	unsigned int count, kept = 0;

	f->health = calloc(HG_HEALTH_MAX, sizeof(*f->health));
	if (!f->health)
		return false;
	count = hg_health_judge(f->s, f->health);
	for (unsigned int i = 0; i < count; i++)
		if (f->health[i].level != HG_HEALTH_OK)
			f->health[kept++] = f->health[i];
	f->health_count = kept;
	return true;
}

static bool copy_tables(const struct hg_top_tables *tables, struct hg_top_frame *f)
{
	for (unsigned int i = 0; i < HG_TOP_LISTS; i++) {
		struct hg_top_table *t = &f->tables[i];

		if (!hg_top_tables_rows(tables, i, &t->rows, &t->count))
			return false;
		t->forgotten = hg_top_tables_forgotten(tables, i);
	}
	return true;
}

bool hg_top_frame_fill(struct hg_top_frame *f, const struct hg_top_ground *g)
{
	f->rates = hg_top_rates_between(g->before, f->s);
	f->since = hg_top_rates_between(g->first, f->s);
	f->wall_ns = hg_clock_now();
	f->events = g->events;
	f->window_ns = g->window_ns;
	f->span = hg_top_tables_span(g->tables);
	f->total = hg_top_tables_total(g->tables);
	return judge(f) && copy_tables(g->tables, f);
}

void hg_top_frame_free(struct hg_top_frame *f)
{
	if (!f)
		return;
	hg_snapshot_free(f->s);
	free(f->health);
	for (unsigned int i = 0; i < HG_TOP_LISTS; i++)
		free(f->tables[i].rows);
	free(f);
}

/* ---- words ---- */

const char *hg_top_list_text(unsigned int list)
{
	static const char *const texts[] = { "names", "clients", "causes", "rules",
					     "fingerprints" };

	return list < HG_TOP_LISTS ? texts[list] : "?";
}

const char *hg_top_key_text(unsigned int list)
{
	static const char *const texts[] = { "name", "client", "cause", "rule", "ja4" };

	return list < HG_TOP_LISTS ? texts[list] : "?";
}

const char *hg_top_column_text(unsigned int column)
{
	static const char *const texts[] = { "rate",   "handshakes", "failed", "share",
					     "resets", "cause",	     "key" };

	return column < HG_TOP_COLUMNS ? texts[column] : "?";
}

/* ---- rows ---- */

static __u64 ended(const struct hg_top_counts *c)
{
	return c->handshakes + c->attempts;
}

double hg_top_row_rate(const struct hg_top_frame *f, const struct hg_top_row *r)
{
	return hg_top_rate((double)ended(&r->counts), f->span);
}

double hg_top_share(const struct hg_top_counts *c)
{
	__u64 of = c->failed + c->established;

	return of ? (double)c->failed / (double)of : -1;
}

double hg_top_row_share(const struct hg_top_frame *f, enum hg_top_list list,
			const struct hg_top_row *r)
{
	__u64 of = f->total.failed + f->total.resets;

	if (list != HG_TOP_CAUSES)
		return hg_top_share(&r->counts);
	return of ? (double)(r->counts.failed + r->counts.resets) / (double)of : -1;
}

const char *hg_top_row_cause(const struct hg_top_row *r)
{
	return r->cause_count ? hg_cause_text(r->causes[0].cause) : "-";
}

/* ---- in order ---- */

struct order {
	const struct hg_top_frame *frame;
	enum hg_top_list list;
	enum hg_top_column by;
	int sign;
};

static int compare(double x, double y)
{
	return x < y ? 1 : x > y ? -1 : 0;
}

static int by_column(const struct order *o, const struct hg_top_row *x, const struct hg_top_row *y)
{
	switch (o->by) {
	case HG_TOP_BY_RATE:
		return compare((double)ended(&x->counts), (double)ended(&y->counts));
	case HG_TOP_BY_HANDSHAKES:
		return compare((double)x->counts.handshakes, (double)y->counts.handshakes);
	case HG_TOP_BY_FAILED:
		return compare((double)x->counts.failed, (double)y->counts.failed);
	case HG_TOP_BY_SHARE:
		return compare(hg_top_row_share(o->frame, o->list, x),
			       hg_top_row_share(o->frame, o->list, y));
	case HG_TOP_BY_RESETS:
		return compare((double)x->counts.resets, (double)y->counts.resets);
	case HG_TOP_BY_CAUSE:
		return strcmp(hg_top_row_cause(x), hg_top_row_cause(y));
	default:
		return strcmp(x->key, y->key);
	}
}

/* What is equal: the busier one first, then by the alphabet, so that rows do not jump. */
static int in_order(const void *a, const void *b, void *arg)
{
	const struct hg_top_row *x = a, *y = b;
	const struct order *o = arg;
	int r = o->sign * by_column(o, x, y);

	r = r ? r : compare((double)ended(&x->counts), (double)ended(&y->counts));
	return r ? r : strcmp(x->key, y->key);
}

void hg_top_frame_sort(struct hg_top_frame *f, enum hg_top_list list, enum hg_top_column by,
		       bool reverse)
{
	struct order o = { f, list, by, reverse ? -1 : 1 };

	if (f->tables[list].count)
		qsort_r(f->tables[list].rows, f->tables[list].count, sizeof(struct hg_top_row),
			in_order, &o);
}
