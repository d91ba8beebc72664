/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * say.h - exit codes, and words to the operator.
 *
 * Data goes to stdout, words go to stderr.  A function that can fail returns
 * an enum hg_exit, leaves *out untouched, and has said why where the cause was
 * known: the failed thing first, then the next useful action.
 */
#ifndef HG_SAY_H
#define HG_SAY_H

#include <stdbool.h>
#include <stddef.h>

enum hg_exit {
	HG_OK = 0,
	HG_NO = 1,	/* differences, failing tests, degraded with --check */
	HG_USAGE = 2,	/* the command line is wrong */
	HG_INVALID = 3, /* an input file is wrong; said as file:line:col */
	HG_NOT_PERMITTED = 4,
	HG_UNSUPPORTED = 5, /* by this kernel, device or build */
	HG_NOTHING = 6,	    /* nothing attached; daemon not there */
	HG_CONFLICT = 7,    /* another program holds the hook; a newer revision */
	HG_PARTLY = 8,	    /* done in part: the output says which */
};

/* "error: ..." on stderr.  A trailing newline is added. */
void hg_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What to do next: an indented line below the error. */
void hg_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Narration: nothing with --quiet. */
void hg_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

void hg_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

void hg_say_quiet(bool quiet);

/*
 * How far long work is: a line that the next one replaces, and that the end
 * takes away.  Nothing where stderr is no terminal, nor with --quiet, nor in the
 * first half of a second.
 */
void hg_say_progress(const char *what, size_t done, size_t total);
void hg_say_progress_count(const char *what, size_t count,
			   const char *unit); /* of an unknown total */
void hg_say_progress_end(void);

/*
 * The word of `words` (NULL-terminated) nearest to `word`, or NULL if none is
 * near enough to be what was meant (Damerau-Levenshtein).
 */
const char *hg_did_you_mean(const char *word, const char *const *words);

/* Why a word of the operator is refused, without its place, which the caller knows. */
#define HG_WHY_MAX 256

/* Say so in `why`, of HG_WHY_MAX bytes.  Always -EINVAL. */
int hg_refuse(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif /* HG_SAY_H */
