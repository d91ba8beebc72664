/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats_json.h - the numbers of a snapshot as JSON: for `stats -j` and for who
 * asks over HTTP.
 */
#ifndef HG_STATS_JSON_H
#define HG_STATS_JSON_H

#include "json.h"
#include "stats.h"

/* One look at the maps, or what came between two. */
struct hg_stats_round {
	const struct hg_stats *stats;
	const char *dir;
	char time[32];
	uint64_t ns; /* that it took; 0: since the maps were made */
};

/* It is of now. */
void hg_stats_round_time(struct hg_stats_round *r);

/* One object of all. */
void hg_stats_json(struct hg_json *j, const struct hg_stats_round *r);

/* One number; `alone`: with the time of its round. */
void hg_stat_json(struct hg_json *j, const struct hg_stats_round *r, const struct hg_stat *row,
		  bool alone);

#endif /* HG_STATS_JSON_H */
