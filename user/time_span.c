/* SPDX-License-Identifier: BSD-2-Clause */
#include "time_span.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HG_NS 1000000000ULL
#define HG_TIME_DIGITS 10 /* of "@1700000000" and of a length: far below 2^64 ns */
#define HG_YEAR_MAX 2500  /* 2^64 ns end in 2554 */

static const char time_forms[] =
	"2026-11-22T09:12:00Z, 2026-11-22, 09:12, 09:12:30, today, yesterday or @1700000000";

/* A text that is being read: each reader steps over what it took. */
struct cursor {
	const char *at;
};

static bool take(struct cursor *c, char sign)
{
	if (*c->at != sign)
		return false;
	c->at++;
	return true;
}

/* `count` digits, with a value of `low` to `high`. */
static bool take_digits(struct cursor *c, int count, int low, int high, int *out)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (*c->at < '0' || *c->at > '9')
			return false;
		value = value * 10 + *c->at++ - '0';
	}
	*out = value;
	return value >= low && value <= high;
}

/* As many digits as there are, at least one. */
static bool take_number(struct cursor *c, uint64_t *out)
{
	size_t digits = strspn(c->at, "0123456789");
	uint64_t value = 0;

	if (!digits || digits > HG_TIME_DIGITS)
		return false;
	while (digits--)
		value = value * 10 + (uint64_t)(*c->at++ - '0');
	*out = value;
	return true;
}

/* ".25", or nothing; what is finer than a nanosecond is cut off. */
static bool take_fraction(struct cursor *c, uint64_t *ns)
{
	uint64_t unit = HG_NS;

	*ns = 0;
	if (!take(c, '.'))
		return true;
	if (!strspn(c->at, "0123456789"))
		return false;
	for (; *c->at >= '0' && *c->at <= '9'; c->at++) {
		unit /= 10;
		*ns += (uint64_t)(*c->at - '0') * unit;
	}
	return true;
}

/* 09:12, 09:12:30 or 09:12:30.25 */
static bool take_clock(struct cursor *c, struct tm *tm, uint64_t *ns)
{
	*ns = 0;
	if (!take_digits(c, 2, 0, 23, &tm->tm_hour) || !take(c, ':') ||
	    !take_digits(c, 2, 0, 59, &tm->tm_min))
		return false;
	if (!take(c, ':'))
		return true;
	/* 60 is a leap second */
	return take_digits(c, 2, 0, 60, &tm->tm_sec) && take_fraction(c, ns);
}

static bool take_date(struct cursor *c, struct tm *tm)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, leap;

	if (!take_digits(c, 4, 1970, HG_YEAR_MAX, &year) || !take(c, '-') ||
	    !take_digits(c, 2, 1, 12, &tm->tm_mon) || !take(c, '-'))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon--;
	leap = tm->tm_mon == 1 && year % 4 == 0 && (year % 100 || year % 400 == 0);
	return take_digits(c, 2, 1, days[tm->tm_mon] + leap, &tm->tm_mday);
}

/* Z, +01:00 or EVE's +0100; none leaves *seconds, and *local says so. */
static bool take_zone(struct cursor *c, int *seconds, bool *local)
{
	int hours, minutes;
	bool west = *c->at == '-';

	*seconds = 0;
	*local = !*c->at;
	if (*local || take(c, 'Z') || take(c, 'z'))
		return true;
	if (!take(c, '+') && !take(c, '-'))
		return false;
	if (!take_digits(c, 2, 0, 23, &hours))
		return false;
	take(c, ':');
	if (!take_digits(c, 2, 0, 59, &minutes))
		return false;
	*seconds = (hours * 60 + minutes) * (west ? -60 : 60);
	return true;
}

static bool to_ns(time_t seconds, uint64_t ns, uint64_t *out)
{
	if (seconds < 0)
		return false;
	*out = (uint64_t)seconds * HG_NS + ns;
	return true;
}

static bool parse_date(const char *text, uint64_t *out)
{
	struct cursor c = { text };
	struct tm tm = { .tm_isdst = -1 };
	bool local = true;
	uint64_t ns = 0;
	int zone = 0;

	if (!take_date(&c, &tm))
		return false;
	if (*c.at && !take(&c, 'T') && !take(&c, 't') && !take(&c, ' '))
		return false;
	if (c.at > text + strlen("2026-11-22") &&
	    (!take_clock(&c, &tm, &ns) || !take_zone(&c, &zone, &local)))
		return false;
	return !*c.at && to_ns(local ? mktime(&tm) : timegm(&tm) - zone, ns, out);
}

/* The first moment of the day that is `days` from that of `now_ns`. */
static struct tm midnight(uint64_t now_ns, int days)
{
	time_t now = (time_t)(now_ns / HG_NS);
	struct tm tm;

	localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday += days;
	tm.tm_isdst = -1; /* the clock may have been set since */
	return tm;
}

static bool parse_day(const char *text, uint64_t now_ns, uint64_t *out)
{
	bool yesterday = !strcmp(text, "yesterday");
	struct tm tm = midnight(now_ns, yesterday ? -1 : 0);

	if (!yesterday && strcmp(text, "today") != 0)
		return false;
	return to_ns(mktime(&tm), 0, out);
}

static bool parse_clock(const char *text, uint64_t now_ns, uint64_t *out)
{
	struct tm tm = midnight(now_ns, 0);
	struct cursor c = { text };
	uint64_t ns;

	return take_clock(&c, &tm, &ns) && !*c.at && to_ns(mktime(&tm), ns, out);
}

static bool parse_unix(const char *text, uint64_t *out)
{
	struct cursor c = { text };
	uint64_t seconds, ns;

	return take(&c, '@') && take_number(&c, &seconds) && take_fraction(&c, &ns) && !*c.at &&
	       to_ns((time_t)seconds, ns, out);
}

bool hg_time_parse(const char *text, uint64_t now_ns, uint64_t *out)
{
	return parse_unix(text, out) || parse_day(text, now_ns, out) ||
	       parse_clock(text, now_ns, out) || parse_date(text, out);
}

bool hg_time_length_parse(const char *text, uint64_t *out)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	struct cursor c = { text };
	uint64_t value;

	if (!take_number(&c, &value) || !value)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!take(&c, units[i].unit))
			continue;
		/* Longer than there was time is all of it. */
		if (value > UINT64_MAX / HG_NS / units[i].seconds)
			value = UINT64_MAX / HG_NS / units[i].seconds;
		if (*c.at)
			return false;
		*out = value * units[i].seconds * HG_NS;
		return true;
	}
	return false;
}

static bool parse_edge(const char *option, const char *text, uint64_t now_ns, uint64_t *out,
		       char *error, size_t size)
{
	if (!text || hg_time_parse(text, now_ns, out))
		return true;
	snprintf(error, size, "--%s: '%.40s' is not a time: %s", option, text, time_forms);
	return false;
}

/* Before `until`, or before now. */
static bool parse_last(const struct hg_time_span_text *text, uint64_t now_ns,
		       struct hg_time_span *span, char *error, size_t size)
{
	uint64_t end = text->until ? span->until_ns : now_ns, length;

	if (!text->last)
		return true;
	if (text->since) {
		snprintf(error, size, "--last and --since both say where to begin: leave one out");
		return false;
	}
	if (!hg_time_length_parse(text->last, &length)) {
		snprintf(error, size, "--last: '%.40s' is not a length of time: 90s, 10m, 2h or 1d",
			 text->last);
		return false;
	}
	span->from_ns = length < end ? end - length : 0;
	return true;
}

int hg_time_span_parse(const struct hg_time_span_text *text, uint64_t now_ns,
		       struct hg_time_span *out, char *error, size_t size)
{
	struct hg_time_span span = { 0, UINT64_MAX };

	if (!parse_edge("since", text->since, now_ns, &span.from_ns, error, size) ||
	    !parse_edge("until", text->until, now_ns, &span.until_ns, error, size) ||
	    !parse_last(text, now_ns, &span, error, size))
		return -EINVAL;
	if (span.from_ns >= span.until_ns) {
		snprintf(error, size, "--since is not before --until: nothing would be left");
		return -EINVAL;
	}
	*out = span;
	return 0;
}
