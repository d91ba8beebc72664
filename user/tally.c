/* SPDX-License-Identifier: BSD-2-Clause */
#include "tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "advice.h"
#include "health.h"
#include "json.h"
#include "say.h"
#include "terms.h"
#include "x509.h"

#define NAMES 8 /* server names that a row tells apart; the rest is counted as others */

/* How often, of which servers. */
struct count {
	__u64 n, others;
	__u64 last_ns, flow_id; /* of the last one */
	unsigned int names;
	struct {
		char name[HG_NAME_SIZE];
		__u64 n;
	} of[NAMES];
};

#define SURE 2

struct row {
	enum hg_cause cause;
	enum hg_side side;
	bool observed;
	const struct count *count;
};

#define ROWS ((size_t)HG_CAUSE_COUNT * HG_SIDE_COUNT * SURE)

struct hg_tally {
	struct count *rows[HG_CAUSE_COUNT][HG_SIDE_COUNT][SURE];
	struct count *findings[HG_FINDING_COUNT];
	__u64 outcomes[HG_OUTCOME_COUNT];
	__u64 total, attempts, uncounted;
	__u64 first_ns, last_ns;
};

struct hg_tally *hg_tally_new(void)
{
	return calloc(1, sizeof(struct hg_tally));
}

void hg_tally_free(struct hg_tally *t)
{
	struct count **rows = t ? &t->rows[0][0][0] : NULL;

	if (!t)
		return;
	for (size_t i = 0; i < ROWS; i++)
		free(rows[i]);
	for (size_t i = 0; i < HG_FINDING_COUNT; i++)
		free(t->findings[i]);
	free(t);
}

/* The first names have a place of their own; the others are only counted. */
static void count_name(struct count *c, const char *name)
{
	unsigned int i;

	for (i = 0; i < c->names && strcmp(c->of[i].name, name) != 0; i++)
		;
	if (i == NAMES) {
		c->others++;
		return;
	}
	if (i == c->names) {
		snprintf(c->of[i].name, sizeof(c->of[i].name), "%s", name);
		c->names++;
	}
	c->of[i].n++;
}

static void count_one(struct hg_tally *t, struct count **at, const char *name, __u64 wall_ns,
		      __u64 flow_id)
{
	if (!*at)
		*at = calloc(1, sizeof(**at));
	if (!*at) {
		t->uncounted++;
		return;
	}
	(*at)->n++;
	(*at)->last_ns = wall_ns;
	(*at)->flow_id = flow_id;
	count_name(*at, name);
}

void hg_tally_add(struct hg_tally *t, const struct hg_handshake *h, const struct hg_examined *x,
		  const char *name, __u64 wall_ns)
{
	const struct hg_diagnosis *d = &x->diagnosis;
	__u32 findings =
		x->has_certificates[HG_FROM_SERVER] ? x->certificates[HG_FROM_SERVER].findings : 0;

	if (h->attempt) {
		t->attempts++;
	} else {
		t->total++;
		t->outcomes[d->outcome]++;
	}
	if (!t->first_ns || wall_ns < t->first_ns)
		t->first_ns = wall_ns;
	if (wall_ns > t->last_ns)
		t->last_ns = wall_ns;
	if (d->cause)
		count_one(t, &t->rows[d->cause][d->side][d->observed], name, wall_ns,
			  h->facts.flow_id);
	for (unsigned int i = 0; d->outcome == HG_OUTCOME_established && i < HG_FINDING_COUNT; i++)
		if (findings >> i & 1)
			count_one(t, &t->findings[i], name, wall_ns, h->facts.flow_id);
}

/* ---- in order ---- */

static int by_count(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->count->n != y->count->n ? (x->count->n < y->count->n ? 1 : -1)
					  : (int)x->cause - (int)y->cause;
}

static size_t sorted_rows(const struct hg_tally *t, struct row *rows)
{
	size_t n = 0;

	for (unsigned int c = 0; c < HG_CAUSE_COUNT; c++)
		for (unsigned int s = 0; s < HG_SIDE_COUNT; s++)
			for (unsigned int o = 0; o < SURE; o++)
				if (t->rows[c][s][o])
					rows[n++] = (struct row){ c, s, o, t->rows[c][s][o] };
	qsort(rows, n, sizeof(*rows), by_count);
	return n;
}

static unsigned int top_name(const struct count *c)
{
	unsigned int top = 0;

	for (unsigned int i = 1; i < c->names; i++)
		if (c->of[i].n > c->of[top].n)
			top = i;
	return top;
}

static const char *plain(__u64 n, char *text, size_t size)
{
	snprintf(text, size, "%llu", (unsigned long long)n);
	return text;
}

static const char *sure(bool observed)
{
	return observed ? "observed" : "inferred";
}

/* ---- for people ---- */

static void time_text(__u64 wall_ns, char *text, size_t size)
{
	time_t seconds = (time_t)(wall_ns / 1000000000ULL);
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, size, "%Y-%m-%d %H:%M:%S", &tm);
}

static void print_summary(const struct hg_tally *t, const char *source, __u64 missing)
{
	char number[HG_GROUPED_SIZE], from[32], until[32];

	if (!t->total) {
		printf("no handshakes in %s\n", source);
	} else {
		time_text(t->first_ns, from, sizeof(from));
		time_text(t->last_ns, until, sizeof(until));
		printf("%s handshakes, %s to %s, from %s:", hg_grouped(t->total, number), from,
		       until, source);
		for (unsigned int o = 0; o < HG_OUTCOME_COUNT; o++)
			if (t->outcomes[o])
				printf(" %s %s", hg_grouped(t->outcomes[o], number),
				       hg_outcome_text(o));
		putchar('\n');
	}
	if (t->attempts)
		printf("%s connection%s failed before a hello\n", hg_grouped(t->attempts, number),
		       t->attempts == 1 ? "" : "s");
	if (missing)
		printf("%s more failed, and were overwritten before anybody looked\n",
		       hg_grouped(missing, number));
}

enum column { COUNT, CAUSE, SIDE, CONFIDENCE, SERVER, FLOW, ADVICE, COLUMN_COUNT };

static const struct hg_column list[] = {
	[COUNT] = { "count", "COUNT", 0, HG_COLUMN_RIGHT },
	[CAUSE] = { "cause", "CAUSE", 0, 0 },
	[SIDE] = { "side", "SIDE", 0, 0 },
	[CONFIDENCE] = { "confidence", "SURE", 0, 0 },
	[SERVER] = { "server", "SERVER NAME", 0, HG_COLUMN_TEXT },
	[FLOW] = { "flow_id", "LAST FLOW", 0, HG_COLUMN_RIGHT },
	[ADVICE] = { "advice", "WHAT TO DO", 0, HG_COLUMN_TEXT },
	[COLUMN_COUNT] = { NULL, NULL, 0, 0 },
};

const struct hg_columns hg_tally_columns = {
	.list = list,
	.table = "count,cause,side,confidence,server,advice",
	.csv = "count,cause,side,confidence,server,flow_id,advice",
};

static const char *servers_text(const struct count *c, char *text, size_t size)
{
	const char *top = c->of[top_name(c)].name;

	if (c->names > 1)
		snprintf(text, size, "%s and %u%s more", top, c->names - 1, c->others ? "+" : "");
	else
		snprintf(text, size, "%s", top);
	return text;
}

static void add_cause(struct hg_listing *l, const struct row *row)
{
	const bool table = l->format == HG_FORMAT_TABLE;
	const struct count *c = row->count;
	char number[HG_GROUPED_SIZE], flow[24], servers[HG_NAME_SIZE + 32];
	const char *const cells[COLUMN_COUNT] = {
		[COUNT] = table ? hg_grouped(c->n, number) : plain(c->n, number, sizeof(number)),
		[CAUSE] = hg_cause_text(row->cause),
		[SIDE] = hg_side_text(row->side),
		[CONFIDENCE] = sure(row->observed),
		[SERVER] = table ? servers_text(c, servers, sizeof(servers))
				 : c->of[top_name(c)].name,
		[FLOW] = plain(c->flow_id, flow, sizeof(flow)),
		[ADVICE] = hg_advice(row->cause),
	};

	hg_listing_row(l, cells, CAUSE);
}

static int print_causes(const struct hg_tally *t, struct hg_listing *l)
{
	struct row rows[ROWS];
	size_t n = sorted_rows(t, rows);

	hg_listing_begin(l, false);
	if (n && l->format == HG_FORMAT_TABLE)
		putchar('\n');
	for (size_t i = 0; i < n; i++)
		add_cause(l, &rows[i]);
	return hg_listing_end(l);
}

static int print_findings(const struct hg_tally *t)
{
	static const struct hg_column columns[] = {
		{ "count", "COUNT", 0, HG_COLUMN_RIGHT },
		{ "finding", "FINDING, AND CLIENTS WENT ON", 0, 0 },
		{ "server", "SERVER NAME", 0, 0 },
		{ NULL, NULL, 0, 0 },
	};
	static const struct hg_columns all = { columns, "count,finding,server", "" };
	struct hg_listing l;

	hg_listing_plain(&l, &all);
	hg_listing_begin(&l, false);
	for (unsigned int i = 0; i < HG_FINDING_COUNT; i++) {
		char number[HG_GROUPED_SIZE], servers[HG_NAME_SIZE + 32];
		const struct count *c = t->findings[i];

		if (c && !l.rows)
			putchar('\n');
		if (c)
			hg_listing_row(
				&l,
				(const char *const[]){ hg_grouped(c->n, number), hg_finding_text(i),
						       servers_text(c, servers, sizeof(servers)) },
				-1);
	}
	return hg_listing_end(&l);
}

/* ---- for programs ---- */

static void put_count(struct hg_json *j, const struct count *c)
{
	hg_json_put_uint(j, "count", c->n);
	hg_json_put_uint(j, "last", c->last_ns / 1000000000ULL);
	hg_json_put_uint(j, "flow_id", c->flow_id);
	hg_json_key(j, "servers");
	hg_json_array(j);
	for (unsigned int i = 0; i < c->names; i++) {
		hg_json_object(j);
		hg_json_key(j, "name");
		hg_json_bytes(j, c->of[i].name, strlen(c->of[i].name));
		hg_json_put_uint(j, "count", c->of[i].n);
		hg_json_object_end(j);
	}
	hg_json_array_end(j);
	if (c->others)
		hg_json_put_uint(j, "other_servers", c->others);
}

static void put_row(struct hg_json *j, const struct row *row)
{
	hg_json_object(j);
	hg_json_put_term(j, "cause", hg_cause_text(row->cause));
	hg_json_put_term(j, "side", hg_side_text(row->side));
	hg_json_put_term(j, "confidence", sure(row->observed));
	put_count(j, row->count);
	hg_json_put_string(j, "advice", hg_advice(row->cause));
	hg_json_object_end(j);
}

static void put_findings(struct hg_json *j, const struct hg_tally *t)
{
	hg_json_key(j, "findings");
	hg_json_array(j);
	for (unsigned int i = 0; i < HG_FINDING_COUNT; i++) {
		if (!t->findings[i])
			continue;
		hg_json_object(j);
		hg_json_put_term(j, "finding", hg_finding_text(i));
		put_count(j, t->findings[i]);
		hg_json_object_end(j);
	}
	hg_json_array_end(j);
}

static void put_report(struct hg_json *j, const struct hg_tally *t, const char *source,
		       __u64 missing)
{
	struct row rows[ROWS];
	size_t n = sorted_rows(t, rows);

	hg_json_object(j);
	hg_json_put_string(j, "source", source);
	hg_json_put_uint(j, "from", t->first_ns / 1000000000ULL);
	hg_json_put_uint(j, "until", t->last_ns / 1000000000ULL);
	hg_json_put_uint(j, "overwritten", missing);
	hg_json_put_uint(j, "handshakes", t->total);
	hg_json_put_uint(j, "attempts", t->attempts);
	hg_json_key(j, "outcomes");
	hg_json_object(j);
	for (unsigned int o = 0; o < HG_OUTCOME_COUNT; o++)
		hg_json_put_uint(j, hg_outcome_text(o), t->outcomes[o]);
	hg_json_object_end(j);
	hg_json_key(j, "causes");
	hg_json_array(j);
	for (size_t i = 0; i < n; i++)
		put_row(j, &rows[i]);
	hg_json_array_end(j);
	put_findings(j, t);
	hg_json_object_end(j);
	hg_json_newline(j);
}

static int print_json(const struct hg_tally *t, enum hg_format format, const char *source,
		      __u64 missing)
{
	struct row rows[ROWS];
	struct hg_json j = { 0 };
	size_t n = sorted_rows(t, rows);
	int r;

	if (format == HG_FORMAT_JSON)
		put_report(&j, t, source, missing);
	for (size_t i = 0; format == HG_FORMAT_JSONL && i < n; i++) {
		put_row(&j, &rows[i]);
		hg_json_newline(&j);
	}
	r = j.failed ? HG_UNSUPPORTED : HG_OK;
	if (j.failed)
		hg_error("out of memory");
	fwrite(j.text, 1, j.len, stdout);
	hg_json_free(&j);
	return r;
}

int hg_tally_print(const struct hg_tally *t, struct hg_listing *l, const char *source,
		   __u64 missing)
{
	int r;

	if (t->uncounted)
		hg_warn("out of memory: %llu handshakes are not in the table",
			(unsigned long long)t->uncounted);
	if (l->format == HG_FORMAT_JSON || l->format == HG_FORMAT_JSONL)
		return print_json(t, l->format, source, missing);
	if (l->format == HG_FORMAT_TABLE)
		print_summary(t, source, missing);
	r = print_causes(t, l);
	return r || l->format != HG_FORMAT_TABLE ? r : print_findings(t);
}
