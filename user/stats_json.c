/* SPDX-License-Identifier: BSD-2-Clause */
#include "stats_json.h"

#include <stdio.h>
#include <time.h>

#include "clock.h"

void hg_stats_round_time(struct hg_stats_round *r)
{
	time_t now = (time_t)(hg_clock_now() / HG_SECOND);
	struct tm tm;

	*r->time = 0;
	if (localtime_r(&now, &tm))
		strftime(r->time, sizeof(r->time), "%Y-%m-%dT%H:%M:%S%z", &tm);
}

void hg_stat_json(struct hg_json *j, const struct hg_stats_round *r, const struct hg_stat *row,
		  bool alone)
{
	hg_json_object(j);
	if (alone)
		hg_json_put_term(j, "time", r->time);
	hg_json_put_term(j, "group", row->group);
	hg_json_put_string(j, "what", row->what);
	hg_json_put_uint(j, "count", row->count);
	if (row->of)
		hg_json_put_uint(j, "of", row->of);
	if (r->ns && !row->level)
		hg_json_put_real(j, "rate", (double)row->count * (double)HG_SECOND / (double)r->ns);
	hg_json_object_end(j);
}

void hg_stats_json(struct hg_json *j, const struct hg_stats_round *r)
{
	hg_json_object(j);
	hg_json_put_term(j, "time", r->time);
	hg_json_put_string(j, "instance", r->dir);
	if (r->ns)
		hg_json_put_real(j, "seconds", (double)r->ns / (double)HG_SECOND);
	hg_json_key(j, "stats");
	hg_json_array(j);
	for (unsigned int i = 0; i < r->stats->count; i++)
		hg_stat_json(j, r, &r->stats->list[i], false);
	hg_json_array_end(j);
	hg_json_object_end(j);
}
