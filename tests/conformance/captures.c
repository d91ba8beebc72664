/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * captures: every shape as a capture file.
 *
 *   captures DIRECTORY [PATTERN]   one file for each row, all variants in it
 *   captures --all FILE            all rows in one file, for programs slow to start
 *
 * Prints the names of the files.
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

static bool open_file(struct file *file, const char *path)
{
	file->now = 1795219200 * SECOND; /* 2026-11-21: the files are the same on any day */
	file->out = fopen(path, "w");
	if (!file->out) {
		fprintf(stderr, "captures: %s: %s\n", path, strerror(errno));
		return false;
	}
	puts(path);
	write_head(file->out);
	return true;
}

static void write_variants(struct file *file, const struct row *row, __u32 number)
{
	for (__u32 v = 0; v < row_variants(row); v = row_next(row, v, MOST_VARIANTS))
		write_variant(file, row, number, v);
}

static int write_row(const char *directory, const struct row *row, __u32 number)
{
	struct file file;
	char path[4096];

	file_name(path, sizeof(path), directory, row);
	if (!open_file(&file, path))
		return 1;
	write_variants(&file, row, number);
	return fclose(file.out) ? 1 : 0;
}

static int write_all(const char *path)
{
	const struct row *row;
	struct file file;

	if (!open_file(&file, path))
		return 1;
	for (__u32 n = 0; (row = row_at(n)); n++)
		write_variants(&file, row, n);
	return fclose(file.out) ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct row *row;
	int failed = 0;

	if (argc < 2) {
		fputs("captures DIRECTORY [PATTERN] | --all FILE\n", stderr);
		return 2;
	}
	if (argc == 3 && !strcmp(argv[1], "--all"))
		return write_all(argv[2]);
	for (__u32 n = 0; (row = row_at(n)); n++)
		if (!fnmatch(argc > 2 ? argv[2] : "*", row->name, 0))
			failed |= write_row(argv[1], row, n);
	return failed;
}
