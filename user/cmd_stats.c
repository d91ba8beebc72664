/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_stats.c - what the maps have counted, in all or from one look to the next.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "commands.h"
#include "health.h"
#include "json.h"
#include "listing.h"
#include "say.h"
#include "stats_json.h"
#include "time_span.h"

#define NS_PER_S 1000000000ULL

static const char *bpffs, *interval, *rounds;
static bool all;
static struct hg_listing_text asked;

const struct hg_option hg_options_stats[] = {
	{ "interval", 0, "N", "what is counted in N seconds, or 500ms, 1m; again and again",
	  &interval, NULL },
	{ "count", 0, "N", "so many times, then end", &rounds, NULL },
	{ "all", 'a', NULL, "also what is 0", NULL, &all },
	HG_OPTIONS_LISTING(asked, "table; jsonl and csv: a line a number"),
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

struct look {
	struct hg_snapshot *s; /* the words of `stats` are in it */
	struct hg_stats stats;
};

/* ---- rows ---- */

enum column { TIME, GROUP, WHAT, COUNT, SHARE, OF, RATE, COLUMN_COUNT };

static const struct hg_column list[] = {
	[TIME] = { "time", "TIME", 0, 0 },
	[GROUP] = { "group", "GROUP", 0, 0 },
	[WHAT] = { "what", "WHAT", 0, HG_COLUMN_TEXT },
	[COUNT] = { "count", "COUNT", 0, HG_COLUMN_RIGHT },
	[SHARE] = { "share", "SHARE", 0, HG_COLUMN_RIGHT },
	[OF] = { "of", "OF", 0, HG_COLUMN_RIGHT },
	[RATE] = { "rate", "PER SECOND", 0, HG_COLUMN_RIGHT },
	[COLUMN_COUNT] = { NULL, NULL, 0, 0 },
};

static const struct hg_columns totals = { list, "group,what,count,share",
					  "time,group,what,count,of" };
static const struct hg_columns changes = { list, "group,what,count,rate,share",
					   "time,group,what,count,of,rate" };

/* Rounded down: 100% is said only of all. */
static void share_text(const struct hg_stat *row, char *text, size_t size)
{
	uint64_t share = row->of ? row->count * 10000 / row->of : 0;

	*text = 0;
	if (row->of && (row->count || row->level))
		snprintf(text, size, "%" PRIu64 ".%02" PRIu64 "%%", share / 100, share % 100);
}

static void rate_text(const struct hg_stat *row, uint64_t ns, char *text, size_t size)
{
	*text = 0;
	if (ns && !row->level)
		snprintf(text, size, "%.1f", (double)row->count * (double)NS_PER_S / (double)ns);
}

/* Grouped for people. */
static const char *number_text(const struct hg_listing *l, uint64_t n, char text[HG_GROUPED_SIZE])
{
	if (l->format == HG_FORMAT_TABLE)
		return hg_grouped(n, text);
	snprintf(text, HG_GROUPED_SIZE, "%" PRIu64, n);
	return text;
}

/* What is 0 says nothing to people; programs get it all. */
static bool is_shown(const struct hg_listing *l, const struct hg_stat *row)
{
	return all || row->count || l->format != HG_FORMAT_TABLE;
}

static void add_row(struct hg_listing *l, const struct hg_stats_round *r, const struct hg_stat *row)
{
	char count[HG_GROUPED_SIZE], of[HG_GROUPED_SIZE] = "", share[24], rate[32];

	share_text(row, share, sizeof(share));
	rate_text(row, r->ns, rate, sizeof(rate));
	hg_listing_row(l,
		       (const char *const[COLUMN_COUNT]){
			       [TIME] = r->time,
			       [GROUP] = row->group,
			       [WHAT] = row->what,
			       [COUNT] = number_text(l, row->count, count),
			       [SHARE] = share,
			       [OF] = row->of ? number_text(l, row->of, of) : "",
			       [RATE] = rate,
		       },
		       -1);
}

static int print_rows(struct hg_listing *l, const struct hg_stats_round *r)
{
	if (l->format == HG_FORMAT_TABLE && r->ns)
		printf("%s, %.1f s\n", r->time, (double)r->ns / (double)NS_PER_S);
	hg_listing_begin(l, false);
	for (unsigned int i = 0; i < r->stats->count; i++)
		if (is_shown(l, &r->stats->list[i]))
			add_row(l, r, &r->stats->list[i]);
	if (l->format == HG_FORMAT_TABLE && r->ns)
		return hg_listing_end(l) || printf("\n") < 0 ? HG_PARTLY : HG_OK;
	return hg_listing_end(l);
}

/* ---- JSON ---- */

static int print_json(enum hg_format format, const struct hg_stats_round *r)
{
	struct hg_json j = { 0 };
	int result = HG_OK;

	if (format == HG_FORMAT_JSON) {
		hg_stats_json(&j, r);
		hg_json_newline(&j);
	}
	for (unsigned int i = 0; format == HG_FORMAT_JSONL && i < r->stats->count; i++) {
		hg_stat_json(&j, r, &r->stats->list[i], true);
		hg_json_newline(&j);
	}
	if (j.failed) {
		hg_error("no memory for the listing");
		result = HG_PARTLY;
	} else {
		fwrite(j.text, 1, j.len, stdout);
	}
	hg_json_free(&j);
	return result;
}

/* ---- looks at the maps ---- */

static void forget(struct look *look)
{
	hg_stats_free(&look->stats);
	hg_snapshot_free(look->s);
	look->s = NULL;
}

static int take_look(const struct hg_instance *in, struct look *out)
{
	int r = hg_snapshot_take(in, &out->s);

	if (r) {
		out->s = NULL;
		return r;
	}
	if (!out->s->attached) {
		hg_error("nothing is attached under %s", out->s->dir);
		hg_hint("attach an interface first: hellogate attach IFACE");
		r = HG_NOTHING;
	} else if (hg_stats_fill(out->s, &out->stats)) {
		hg_error("no memory for the listing");
		r = HG_PARTLY;
	}
	return r;
}

static int print_round(struct hg_listing *l, struct hg_stats_round *r)
{
	int result;

	hg_stats_round_time(r);
	if (l->format == HG_FORMAT_TABLE || l->format == HG_FORMAT_CSV)
		result = print_rows(l, r);
	else
		result = print_json(l->format, r);
	return fflush(stdout) && !result ? HG_PARTLY : result;
}

static int print_totals(const struct hg_instance *in, struct hg_listing *l)
{
	struct look now = { 0 };
	int r = take_look(in, &now);

	if (!r)
		r = print_round(l,
				&(struct hg_stats_round){ .stats = &now.stats, .dir = now.s->dir });
	forget(&now);
	return r;
}

/* What was counted between two looks; the later one then stands as it was taken. */
static int print_change(struct hg_listing *l, const struct look *before, const struct look *now)
{
	struct hg_stats_round round = { .dir = now->s->dir,
					.ns = now->s->taken_ns - before->s->taken_ns };
	struct hg_stats change;
	int r;

	if (hg_stats_fill(now->s, &change)) {
		hg_error("no memory for the listing");
		return HG_PARTLY;
	}
	hg_stats_since(&change, &before->stats);
	round.stats = &change;
	r = print_round(l, &round);
	hg_stats_free(&change);
	return r;
}

/* ---- again and again ---- */

static volatile sig_atomic_t ending;

static void on_signal(int signal)
{
	(void)signal;
	ending = 1;
}

/* Sleeps are cut short by them: no SA_RESTART. */
static void end_at_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* Rounds keep their distance, however long one takes. */
static bool wait_until(uint64_t ns)
{
	const struct timespec at = { .tv_sec = (time_t)(ns / NS_PER_S),
				     .tv_nsec = (long)(ns % NS_PER_S) };
	int r = 0;

	while (!ending && (r = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL)) == EINTR)
		;
	return !ending && !r;
}

static int print_changes(const struct hg_instance *in, struct hg_listing *l, uint64_t every_ns,
			 uint64_t times)
{
	struct look looks[2] = { 0 };
	uint64_t at = hg_clock_monotonic();
	int r = take_look(in, &looks[0]);

	end_at_signals();
	for (uint64_t n = 1; !r && (!times || n <= times) && wait_until(at += every_ns); n++) {
		struct look *before = &looks[(n - 1) % 2], *now = &looks[n % 2];

		r = take_look(in, now);
		if (!r)
			r = print_change(l, before, now);
		forget(before);
	}
	forget(&looks[0]);
	forget(&looks[1]);
	return r;
}

/* ---- the command ---- */

static bool parse_number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *out;
}

/* Seconds, or a length with its unit. */
static bool parse_interval(const char *text, uint64_t *ns)
{
	size_t len = strlen(text);
	char number[16];

	if (parse_number(text, ns) && *ns <= 86400) {
		*ns *= NS_PER_S;
		return true;
	}
	if (len > 2 && len < sizeof(number) && !strcmp(text + len - 2, "ms")) {
		snprintf(number, sizeof(number), "%.*s", (int)len - 2, text);
		if (!parse_number(number, ns))
			return false;
		*ns *= NS_PER_S / 1000;
		return *ns >= NS_PER_S / 10;
	}
	return hg_time_length_parse(text, ns) && *ns;
}

static int parse(const struct hg_command *self, uint64_t *every_ns, uint64_t *times)
{
	if (interval && !parse_interval(interval, every_ns))
		return hg_usage(self, "--interval: '%s' is not '5', '500ms', '90s' or '10m'",
				interval);
	if (rounds && !interval)
		return hg_usage(self, "--count is for --interval");
	if (rounds && !parse_number(rounds, times))
		return hg_usage(self, "--count: '%s' is not a number above 0", rounds);
	return HG_OK;
}

int hg_cmd_stats(const struct hg_command *self, int argc, char **argv)
{
	struct hg_listing listing;
	struct hg_instance in;
	uint64_t every_ns = 0, times = 0;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands)
		return hg_usage(self, "unexpected argument '%s'", argv[0]);
	if (parse(self, &every_ns, &times))
		return HG_USAGE;
	if (hg_listing_choose(&listing, self, interval ? &changes : &totals, HG_FORMAT_TABLE,
			      &asked))
		return HG_USAGE;
	r = hg_instance_open(&in, hg_instance_dir(bpffs));
	if (!r)
		r = interval ? print_changes(&in, &listing, every_ns, times)
			     : print_totals(&in, &listing);
	hg_instance_close(&in);
	return r;
}
