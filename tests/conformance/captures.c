/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * captures: every shape as a capture file.
 *
 *   captures DIRECTORY [PATTERN]
 *
 * One file for each row, with all of its variants behind one another; prints
 * the names of the files.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "shape.h"
#include "wire.h"

#define MOST_VARIANTS 2000
#define SECOND 1000000000ULL
#define SNAPLEN 262144

struct file {
	FILE *out;
	__u64 now;
};

/* Nanoseconds (the magic says so), Ethernet. */
static void write_head(FILE *out)
{
	const __u32 head[] = { 0xa1b23c4d, 2 | 4 << 16, 0, 0, SNAPLEN, 1 };

	fwrite(head, sizeof(head), 1, out);
}

static void write_frame(void *arg, const struct frame *f, bool from_server)
{
	struct file *file = arg;
	const __u32 head[] = { (__u32)(file->now / SECOND), (__u32)(file->now % SECOND), f->len,
			       f->len };

	(void)from_server;
	fwrite(head, sizeof(head), 1, file->out);
	fwrite(f->at, f->len, 1, file->out);
}

static void pass_time(void *arg, __u64 ns)
{
	((struct file *)arg)->now += ns;
}

static void write_variant(struct file *file, const struct row *row, __u32 number, __u32 variant)
{
	static struct script s;
	struct wire_time time = { pass_time, file };
	struct wire w;

	row_script(row, variant, &s);
	wire_open(&w, &s, number, variant);
	w.sink = write_frame;
	w.arg = file;
	wire_play(&w, &time);
	script_free(&s);
	file->now += SECOND / 10;
}

static void file_name(char *path, size_t size, const char *directory, const struct row *row)
{
	int len = snprintf(path, size, "%s/", directory);

	snprintf(path + len, size - (size_t)len, "%02u-%s.pcap", row->number, row->name);
	for (char *c = path + len; *c; c++)
		if (*c == '/')
			*c = '-';
}

static int write_row(const char *directory, const struct row *row, __u32 number)
{
	/* 2026-11-21, so that the files are the same on any day. */
	struct file file = { .now = 1795219200 * SECOND };
	char path[4096];

	file_name(path, sizeof(path), directory, row);
	file.out = fopen(path, "w");
	if (!file.out) {
		fprintf(stderr, "captures: %s: %s\n", path, strerror(errno));
		return 1;
	}
	write_head(file.out);
	for (__u32 v = 0; v < row_variants(row); v = row_next(row, v, MOST_VARIANTS))
		write_variant(&file, row, number, v);
	puts(path);
	return fclose(file.out) ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct row *row;
	int failed = 0;

	if (argc < 2) {
		fputs("captures DIRECTORY [PATTERN]\n", stderr);
		return 2;
	}
	for (__u32 n = 0; (row = row_at(n)); n++)
		if (!fnmatch(argc > 2 ? argv[2] : "*", row->name, 0))
			failed |= write_row(argv[1], row, n);
	return failed;
}
