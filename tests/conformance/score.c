/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * score: what was seen of the shapes, against what must be.
 *
 *   score read LEG < EVENTS          hellogate, from the captures
 *   score live LEG PORT EVENTS SERVED PLAYED   hellogate beside a server
 *   score peer LEG < NAMES           another program: address, tab, name
 *   score rows                       number, name and what they are
 *
 * Prints lines as kernel.c does: number, name, leg, pass or fail or skip,
 * variants that were right, of how many, why the first wrong one was.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "answers.h"
#include "shape.h"

#define MOST_VARIANTS 2000

/* ---- lines of the result ---- */

struct result {
	__u32 tried, right;
	char why[500];
};

static void note(struct result *r, const struct row *row, __u32 variant, const char *why)
{
	r->tried++;
	r->right += !why;
	if (!why || *r->why)
		return;
	if (row->variants)
		snprintf(r->why, sizeof(r->why), "variant %u: %s", variant, why);
	else
		snprintf(r->why, sizeof(r->why), "%s", why);
}

static void print_result(const struct row *row, const char *leg, const struct result *r)
{
	printf("%u\t%s\t%s\t%s\t%u\t%u\t%s\n", row->number, row->name, leg,
	       r->right == r->tried ? "pass" : "fail", r->right, r->tried, r->why);
}

static void print_skip(const struct row *row, const char *leg, const char *why)
{
	printf("%u\t%s\t%s\tskip\t0\t0\t%s\n", row->number, row->name, leg, why);
}

/* ---- captures ---- */

static void score_row(const struct answers *a, const struct row *row, __u32 n, const char *leg)
{
	static struct script s;
	struct result r = { 0 };

	for (__u32 v = 0; v < row_variants(row); v = row_next(row, v, MOST_VARIANTS)) {
		row_script(row, v, &s);
		note(&r, row, v, judge(&s, &answers_of(a, n, v)->seen));
		script_free(&s);
	}
	print_result(row, leg, &r);
}

static int score_read(char **args)
{
	struct answers *a = answers_new();
	const struct row *row;

	if (!a || !answers_read_events(a, stdin, 0))
		return 1;
	for (__u32 n = 0; (row = row_at(n)); n++)
		score_row(a, row, n, args[0]);
	answers_free(a);
	return 0;
}

/* ---- live ---- */

/* How many connections the server took, and how many it did not. */
struct asked {
	__u32 took, refused;
};

static const char *judge_live(const struct script *s, const struct answer *answer,
			      struct asked *asked)
{
	if (!answer->served_count && !(s->expect.classes & CLASS_NO_HELLO) && !s->expect.any &&
	    !(s->expect.classes & CLASS(truncated)))
		return "the server said nothing";
	for (__u32 i = 0; i < answer->served_count; i++)
		*(answer->served[i].took ? &asked->took : &asked->refused) += 1;
	return judge_served(s, &answer->seen, answer->served, answer->served_count);
}

static void score_live_row(const struct answers *a, const struct row *row, __u32 n, const char *leg)
{
	static struct script s;
	struct result r = { 0 };
	struct asked asked = { 0, 0 };

	for (__u32 v = 0; v < row_variants(row); v++) {
		const struct answer *answer = answers_of(a, n, v);

		if (!answer->played)
			continue;
		row_script(row, v, &s);
		note(&r, row, v, judge_live(&s, answer, &asked));
		script_free(&s);
	}
	if (!*r.why)
		snprintf(r.why, sizeof(r.why), "%s",
			 !asked.took	 ? "refused"
			 : asked.refused ? "taken and refused"
					 : "taken");
	if (r.tried)
		print_result(row, leg, &r);
	else
		print_skip(row, leg, row->not_live ? row->not_live : "not played to this server");
}

static bool read_file(struct answers *a, const char *path, __u32 port,
		      bool (*read)(struct answers *a, FILE *in, __u32 port))
{
	FILE *in = fopen(path, "r");
	bool ok = in && read(a, in, port);

	if (!in)
		fprintf(stderr, "score: %s: %s\n", path, strerror(errno));
	else
		fclose(in);
	return ok;
}

static bool read_played(struct answers *a, FILE *in, __u32 port)
{
	(void)port;
	return answers_read_played(a, in);
}

static int score_live(char **args)
{
	struct answers *a = answers_new();
	__u32 port = (__u32)strtoul(args[1], NULL, 10);
	const struct row *row;

	if (!a || !read_file(a, args[2], port, answers_read_events) ||
	    !read_file(a, args[3], port, answers_read_served) ||
	    !read_file(a, args[4], 0, read_played))
		return 1;
	for (__u32 n = 0; (row = row_at(n)); n++)
		score_live_row(a, row, n, args[0]);
	answers_free(a);
	return 0;
}

/* ---- other programs ---- */

static void score_peer_row(const struct answers *a, const struct row *row, __u32 n, const char *leg)
{
	static struct script s;
	struct result r = { 0 };

	for (__u32 v = 0; v < row_variants(row); v = row_next(row, v, MOST_VARIANTS)) {
		const struct answer *answer = answers_of(a, n, v);

		row_script(row, v, &s);
		if (judge_peer_can(&s))
			note(&r, row, v, judge_peer(&s, answer->served, answer->served_count));
		script_free(&s);
	}
	if (r.tried)
		print_result(row, leg, &r);
	else
		print_skip(row, leg, "no name is right");
}

static int score_peer(char **args)
{
	struct answers *a = answers_new();
	const struct row *row;

	if (!a || !answers_read_names(a, stdin))
		return 1;
	for (__u32 n = 0; (row = row_at(n)); n++)
		score_peer_row(a, row, n, args[0]);
	answers_free(a);
	return 0;
}

static int print_rows(char **args)
{
	const struct row *row;

	(void)args;
	for (__u32 n = 0; (row = row_at(n)); n++)
		printf("%u\t%s\t%u\t%s\n", row->number, row->name, row_variants(row), row->what);
	return 0;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **args);
} commands[] = {
	{ "read", 1, score_read },
	{ "live", 5, score_live },
	{ "peer", 1, score_peer },
	{ "rows", 0, print_rows },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc > 1 && !strcmp(argv[1], commands[i].name) && argc == commands[i].args + 2)
			return commands[i].run(argv + 2);
	fputs("score read|live|peer|rows: see the head of score.c\n", stderr);
	return 2;
}
