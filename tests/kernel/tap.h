/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tap.h - the Test Anything Protocol, for programs that link statically.
 *
 * Include from one .c file per program, and from harness.c.  A row is one
 * line; what went wrong stands above it as a comment.
 */
#ifndef HG_TESTS_TAP_H
#define HG_TESTS_TAP_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct tap {
	unsigned int run, failed, diagnosed;
};

extern struct tap tap;

#define TAP_DIAGNOSES 40 /* more than that of one program drown the first */

__attribute__((format(printf, 1, 2))) static inline void tap_diag(const char *format, ...)
{
	va_list args;

	if (tap.diagnosed++ >= TAP_DIAGNOSES)
		return;
	va_start(args, format);
	fputs("# ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

/* Facts for the reader, however many there are. */
__attribute__((format(printf, 1, 2))) static inline void tap_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("# ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
}

__attribute__((format(printf, 2, 3))) static inline bool tap_ok(bool ok, const char *format, ...)
{
	va_list args;

	tap.run++;
	tap.failed += !ok;
	printf("%sok %u - ", ok ? "" : "not ", tap.run);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	if (ok)
		return true;
	/* prove shows nothing else of a test. */
	fprintf(stderr, "# %s: not ok %u - ", program_invocation_short_name, tap.run);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return false;
}

static inline void tap_skip(const char *what, const char *why)
{
	tap.run++;
	printf("ok %u - %s # SKIP %s\n", tap.run, what, why);
}

/* The program cannot go on. */
__attribute__((format(printf, 1, 2), noreturn)) static inline void tap_bail(const char *format, ...)
{
	va_list args;

	/* Not "Bail out!": that would stop the programs behind this one, too. */
	fprintf(stderr, "# %s gives up: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* The plan comes last; the return value is the exit code. */
static inline int tap_done(void)
{
	printf("1..%u\n", tap.run);
	return tap.failed != 0;
}

#endif /* HG_TESTS_TAP_H */
