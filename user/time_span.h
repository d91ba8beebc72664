/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time_span.h - which time is wanted: `--since`, `--until` and `--last`.
 *
 * All times are nanoseconds since 1970.  Words and times without a zone are
 * local time (TZ).
 */
#ifndef HG_TIME_SPAN_H
#define HG_TIME_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hg_time_span {
	uint64_t from_ns;
	uint64_t until_ns; /* the first that is beyond it */
};

/* As they were given; what was not is NULL. */
struct hg_time_span_text {
	const char *since, *until, *last;
};

/*
 * "2026-11-22T09:12:00Z" (RFC 3339: with a zone or without, a blank for the T, a
 * fraction), "2026-11-22" (its first moment), "09:12" and "09:12:30" (today, which
 * is the day of `now_ns`), "today", "yesterday" (their first moments),
 * "@1700000000".  False if it is none of them.
 */
bool hg_time_parse(const char *text, uint64_t now_ns, uint64_t *out);

/* "90s", "10m", "2h" or "1d". */
bool hg_time_length_parse(const char *text, uint64_t *out);

/*
 * `last` ends at `until`, or goes on from now.  Without any of them, all time.
 * 0, or -EINVAL after writing to `error` what is wrong, with its option.
 */
int hg_time_span_parse(const struct hg_time_span_text *text, uint64_t now_ns,
		       struct hg_time_span *out, char *error, size_t size);

static inline bool hg_time_span_holds(const struct hg_time_span *span, uint64_t ns)
{
	return ns >= span->from_ns && ns < span->until_ns;
}

#endif /* HG_TIME_SPAN_H */
