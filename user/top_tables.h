/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top_tables.h - what ended lately, by server name, client, cause, rule and
 * fingerprint: counts over a window that slides, in tables of bounded size.
 *
 * The window moves on in HG_TOP_SLOTS steps.  A handshake counts where it ended
 * by the clock of the events, not where it was read: what waited in the ring
 * for longer than the window is not in it.  Names are written by strangers: when
 * a table is full, a row with few handshakes makes room, and is counted.
 */
#ifndef HG_TOP_TABLES_H
#define HG_TOP_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "../include/bounds.h"
#include "endpoint.h"
#include "terms.h"

#define HG_TOP_SLOTS 30	    /* steps of the window */
#define HG_TOP_ROWS 4096    /* of each table */
#define HG_TOP_RECENT 2048  /* last handshakes, of all rows together */
#define HG_TOP_ROW_CAUSES 6 /* that a row tells apart; the rest is counted as others */
#define HG_TOP_RULE_SIZE 64
#define HG_TOP_JA4_SIZE 40

enum hg_top_list {
	HG_TOP_NAMES,
	HG_TOP_CLIENTS,
	HG_TOP_CAUSES,
	HG_TOP_RULES,
	HG_TOP_FINGERPRINTS,
	HG_TOP_LISTS
};

/* A handshake that has ended, or a connection that failed before one. */
struct hg_top_handshake {
	__u64 ended_ns; /* monotonic clock */
	__u64 flow_id;
	bool attempt; /* no handshake */
	bool observed;
	__u8 outcome, cause, side; /* of terms.h */
	char name[HG_NAME_SIZE];   /* what a person may be shown, see row.h */
	char client[HG_ENDPOINT_TEXT], server[HG_ENDPOINT_TEXT];
	char address[INET6_ADDRSTRLEN]; /* of the client, without its port */
	char offer[8];
	char rule[HG_TOP_RULE_SIZE]; /* "": there was no policy */
	char ja4[HG_TOP_JA4_SIZE];   /* "": not known */
};

struct hg_top_counts {
	__u64 handshakes;
	__u64 attempts; /* connections that failed before a hello: no handshakes */
	__u64 established;
	__u64 failed; /* of both */
	__u64 resets; /* what the policy reset or dropped: no failures */
};

struct hg_top_cause {
	__u8 cause;
	__u64 count;
};

/* A row by now: a copy. */
struct hg_top_row {
	char key[HG_NAME_SIZE];
	struct hg_top_counts counts;
	struct hg_top_cause causes[HG_TOP_ROW_CAUSES]; /* the most frequent first */
	unsigned int cause_count;
	__u64 other_causes;
	__u64 last_ns; /* when the last one ended */
};

/* Since the tables were made or cleared. */
struct hg_top_forgotten {
	__u64 rows, handshakes;
};

struct hg_top_tables;

/* `window_ns` is not 0.  NULL: no memory. */
struct hg_top_tables *hg_top_tables_new(__u64 window_ns, __u64 now_ns);
void hg_top_tables_free(struct hg_top_tables *t);

/* Begin anew. */
void hg_top_tables_clear(struct hg_top_tables *t, __u64 now_ns);

/* What is older than the window changes nothing.  Without memory it counts as forgotten. */
void hg_top_tables_add(struct hg_top_tables *t, const struct hg_top_handshake *h);

/* The window ends now: what is older goes. */
void hg_top_tables_advance(struct hg_top_tables *t, __u64 now_ns);

/* Seconds that the counts are of: from when the first could be counted, at most the window. */
double hg_top_tables_span(const struct hg_top_tables *t);

struct hg_top_counts hg_top_tables_total(const struct hg_top_tables *t);
struct hg_top_forgotten hg_top_tables_forgotten(const struct hg_top_tables *t,
						enum hg_top_list list);

/* Copies of all rows, in no order; *out is the caller's to free.  False: no memory. */
bool hg_top_tables_rows(const struct hg_top_tables *t, enum hg_top_list list,
			struct hg_top_row **out, size_t *count);

/*
 * The last handshakes of a row that ended by then, the newest first: at most `room`
 * copies.  Under a flood those of a quiet row are gone sooner than its counts.
 */
size_t hg_top_tables_recent(const struct hg_top_tables *t, enum hg_top_list list, const char *key,
			    __u64 until_ns, struct hg_top_handshake *out, size_t room);

/* The row of a list that a handshake belongs to; NULL: none. */
const char *hg_top_key(enum hg_top_list list, const struct hg_top_handshake *h);

#endif /* HG_TOP_TABLES_H */
