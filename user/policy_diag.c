/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *keep_file(struct hg_diagnostics *d, const char *file)
{
	if (d->count && !strcmp(d->items[d->count - 1].place.file, file))
		return d->items[d->count - 1].place.file;
	return hg_arena_text(&d->arena, file, strlen(file));
}

static void add(struct hg_diagnostics *d, struct hg_place place, bool warning, const char *format,
		va_list args)
{
	struct hg_diagnostic item = { .place = place, .warning = warning };
	char text[512];

	vsnprintf(text, sizeof(text), format, args);
	item.place.file = keep_file(d, place.file);
	item.order = (unsigned int)d->count;
	item.text = hg_arena_text(&d->arena, text, strlen(text));
	d->items = hg_arena_more(&d->arena, d->items, d->count, &d->room, sizeof(item));
	d->items[d->count++] = item;
	if (warning)
		d->warnings++;
	else
		d->errors++;
}

void hg_diagnose_error(struct hg_diagnostics *d, struct hg_place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(d, place, false, format, args);
	va_end(args);
}

void hg_diagnose_warning(struct hg_diagnostics *d, struct hg_place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(d, place, true, format, args);
	va_end(args);
}

static int by_place(const void *left, const void *right)
{
	const struct hg_diagnostic *a = left, *b = right;
	int files = strcmp(a->place.file, b->place.file);

	if (files)
		return files;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	if (a->place.column != b->place.column)
		return a->place.column < b->place.column ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void print_one(const struct hg_diagnostic *item, FILE *out)
{
	fputs(item->place.file, out);
	if (item->place.line)
		fprintf(out, ":%u:%u", item->place.line, item->place.column);
	fprintf(out, ": %s: %s\n", item->warning ? "warning" : "error", item->text);
}

void hg_diagnostics_print(const struct hg_diagnostics *d, FILE *out)
{
	struct hg_diagnostic *sorted;

	if (!d->count)
		return;
	sorted = malloc(d->count * sizeof(*sorted));
	if (sorted) {
		memcpy(sorted, d->items, d->count * sizeof(*sorted));
		qsort(sorted, d->count, sizeof(*sorted), by_place);
	}
	for (size_t i = 0; i < d->count; i++)
		print_one(sorted ? &sorted[i] : &d->items[i], out);
	free(sorted);
}

void hg_diagnostics_free(struct hg_diagnostics *d)
{
	hg_arena_free(&d->arena);
	*d = (struct hg_diagnostics){};
}
