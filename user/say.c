/* SPDX-License-Identifier: BSD-2-Clause */
#include "say.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HG_WORD_MAX 40
#define HG_PROGRESS_FIRST_MS 500
#define HG_PROGRESS_NEXT_MS 100

static bool quiet;

static void say(const char *prefix, const char *format, va_list args)
{
	fflush(stdout);
	fputs(prefix, stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void hg_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("error: ", format, args);
	va_end(args);
}

void hg_hint(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("  ", format, args);
	va_end(args);
}

void hg_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("warning: ", format, args);
	va_end(args);
}

void hg_say(const char *format, ...)
{
	va_list args;

	if (quiet)
		return;
	va_start(args, format);
	say("", format, args);
	va_end(args);
}

void hg_say_quiet(bool on)
{
	quiet = on;
}

/* ---- progress ---- */

static struct {
	long long next_ms; /* 0: nothing is under way */
	bool shown;
} progress;

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static bool progress_is_due(void)
{
	long long now = now_ms();

	if (!progress.next_ms)
		progress.next_ms = now + HG_PROGRESS_FIRST_MS;
	if (quiet || now < progress.next_ms || !isatty(STDERR_FILENO))
		return false;
	progress.next_ms = now + HG_PROGRESS_NEXT_MS;
	progress.shown = true;
	return true;
}

void hg_say_progress(const char *what, size_t done, size_t total)
{
	if (progress_is_due())
		fprintf(stderr, "\r\033[K%.60s: %zu %%", what, total ? done * 100 / total : 100);
}

void hg_say_progress_count(const char *what, size_t count, const char *unit)
{
	if (progress_is_due())
		fprintf(stderr, "\r\033[K%.60s: %zu %s", what, count, unit);
}

void hg_say_progress_end(void)
{
	if (progress.shown)
		fputs("\r\033[K", stderr);
	progress.shown = false;
	progress.next_ms = 0;
}

static int min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edits between two words; a swap of neighbours is one edit. */
static int distance(const char *a, const char *b)
{
	int la = (int)strlen(a), lb = (int)strlen(b);
	int d[HG_WORD_MAX + 1][HG_WORD_MAX + 1];

	if (la > HG_WORD_MAX || lb > HG_WORD_MAX)
		return HG_WORD_MAX;
	for (int i = 0; i <= la; i++)
		d[i][0] = i;
	for (int j = 0; j <= lb; j++)
		d[0][j] = j;
	for (int i = 1; i <= la; i++) {
		for (int j = 1; j <= lb; j++) {
			int differs = tolower(a[i - 1]) != tolower(b[j - 1]);

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + differs);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[la][lb];
}

const char *hg_did_you_mean(const char *word, const char *const *words)
{
	int best = (int)strlen(word) / 3 + 2;
	const char *found = NULL;

	for (; *words; words++) {
		int d = distance(word, *words);

		if (d < best) {
			best = d;
			found = *words;
		}
	}
	return found;
}

int hg_refuse(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, HG_WHY_MAX, format, args);
	va_end(args);
	return -EINVAL;
}
