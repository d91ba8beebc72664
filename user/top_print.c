/* SPDX-License-Identifier: BSD-2-Clause */
#include "top_print.h"

#include <stdio.h>
#include <time.h>

#include "say.h"
#include "top_text.h"

enum column {
	TIME,
	LIST,
	KEY,
	RATE,
	HANDSHAKES,
	ATTEMPTS,
	ESTABLISHED,
	FAILED,
	SHARE,
	RESETS,
	CAUSE,
	COLUMN_COUNT
};

static struct hg_column list_columns[] = {
	[TIME] = { "time", "TIME", 0, 0 },
	[LIST] = { "list", "LIST", 0, 0 },
	[KEY] = { "key", "KEY", 0, HG_COLUMN_TEXT },
	[RATE] = { "rate", "RATE/s", 0, HG_COLUMN_RIGHT },
	[HANDSHAKES] = { "handshakes", "HANDSHAKES", 0, HG_COLUMN_RIGHT },
	[ATTEMPTS] = { "attempts", "ATTEMPTS", 0, HG_COLUMN_RIGHT },
	[ESTABLISHED] = { "established", "ESTABLISHED", 0, HG_COLUMN_RIGHT },
	[FAILED] = { "failed", "FAILED", 0, HG_COLUMN_RIGHT },
	[SHARE] = { "share", "SHARE", 0, HG_COLUMN_RIGHT },
	[RESETS] = { "resets", "RESETS", 0, HG_COLUMN_RIGHT },
	[CAUSE] = { "cause", "FIRST CAUSE", 0, 0 },
	[COLUMN_COUNT] = { NULL, NULL, 0, 0 },
};

static const struct hg_columns columns = {
	.list = list_columns,
	.table = "rate,handshakes,failed,share,resets,cause,key",
	.csv = "time,list,key,rate,handshakes,attempts,established,failed,share,resets,cause",
};

const struct hg_columns *hg_top_print_columns(enum hg_top_list list)
{
	list_columns[KEY].head = hg_top_key_head(list);
	return &columns;
}

static const char *time_text(__u64 wall_ns, char *text, size_t size)
{
	time_t seconds = (time_t)(wall_ns / HG_SECOND);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text;
}

static const char *count_text(const struct hg_top_print *p, __u64 value, char text[HG_GROUPED_SIZE])
{
	if (p->listing.format == HG_FORMAT_TABLE)
		return hg_grouped(value, text);
	snprintf(text, HG_GROUPED_SIZE, "%llu", (unsigned long long)value);
	return text;
}

static const char *share_text(const struct hg_top_print *p, double share, char *text)
{
	if (p->listing.format == HG_FORMAT_TABLE)
		return hg_top_percent(share, text);
	if (share < 0)
		return "";
	snprintf(text, HG_TOP_NUMBER_SIZE, "%.3f", share);
	return text;
}

static void add_row(struct hg_top_print *p, struct hg_listing *l, const struct hg_top_frame *f,
		    const struct hg_top_row *r)
{
	const struct hg_top_counts *c = &r->counts;
	char when[24], rate[32], share[HG_TOP_NUMBER_SIZE], n[5][HG_GROUPED_SIZE];

	snprintf(rate, sizeof(rate), "%.1f", hg_top_row_rate(f, r));
	hg_listing_row(l,
		       (const char *const[COLUMN_COUNT]){
			       [TIME] = time_text(f->wall_ns, when, sizeof(when)),
			       [LIST] = hg_top_list_text(p->list),
			       [KEY] = r->key,
			       [RATE] = rate,
			       [HANDSHAKES] = count_text(p, c->handshakes, n[0]),
			       [ATTEMPTS] = count_text(p, c->attempts, n[1]),
			       [ESTABLISHED] = count_text(p, c->established, n[2]),
			       [FAILED] = count_text(p, c->failed, n[3]),
			       [SHARE] = share_text(p, hg_top_row_share(f, p->list, r), share),
			       [RESETS] = count_text(p, c->resets, n[4]),
			       [CAUSE] = hg_top_row_cause(r),
		       },
		       c->failed ? CAUSE : -1);
}

static void add_rows(struct hg_top_print *p, struct hg_listing *l, const struct hg_top_frame *f)
{
	const struct hg_top_table *t = &f->tables[p->list];

	for (size_t i = 0; i < t->count && i < p->rows; i++)
		add_row(p, l, f, &t->rows[i]);
}

/* Each frame is a table of its own, since its columns are as wide as its rows. */
static int print_table(struct hg_top_print *p, const struct hg_top_frame *f)
{
	const struct hg_top_table *t = &f->tables[p->list];
	struct hg_top_line lines[HG_TOP_LINES_MAX];
	unsigned int count = hg_top_head(f, lines);
	struct hg_listing l = p->listing;
	int r;

	if (p->frames)
		putchar('\n');
	for (unsigned int i = 0; i < count; i++)
		puts(lines[i].text);
	putchar('\n');
	hg_listing_begin(&l, false);
	add_rows(p, &l, f);
	r = hg_listing_end(&l);
	if (t->count > p->rows)
		printf("and %zu more\n", t->count - p->rows);
	return r;
}

static int print_json(struct hg_top_print *p, const struct hg_top_frame *f)
{
	const bool array = p->listing.format == HG_FORMAT_JSON;
	struct hg_json j = { 0 };
	bool failed;

	hg_top_frame_json(&j, f, p->rows);
	failed = j.failed;
	if (!failed) {
		if (array)
			fputs(p->frames ? ",\n" : "[\n", stdout);
		fwrite(j.text, 1, j.len, stdout);
		if (!array)
			putchar('\n');
	}
	hg_json_free(&j);
	if (!failed)
		return HG_OK;
	hg_error("out of memory");
	return HG_UNSUPPORTED;
}

int hg_top_print_frame(struct hg_top_print *p, const struct hg_top_frame *f)
{
	int r = HG_OK;

	if (p->listing.format == HG_FORMAT_TABLE)
		r = print_table(p, f);
	else if (p->listing.format == HG_FORMAT_CSV)
		add_rows(p, &p->listing, f);
	else
		r = print_json(p, f);
	p->frames++;
	fflush(stdout);
	return r;
}

int hg_top_print_end(struct hg_top_print *p)
{
	if (p->listing.format == HG_FORMAT_CSV)
		return hg_listing_end(&p->listing);
	if (p->listing.format == HG_FORMAT_JSON)
		fputs(p->frames ? "\n]\n" : "[]\n", stdout);
	return HG_OK;
}
