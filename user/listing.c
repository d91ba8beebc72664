/* SPDX-License-Identifier: BSD-2-Clause */
#include "listing.h"

#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

/* ---- which columns ---- */

static int no_such_column(const struct hg_listing *l, const char *name, size_t len)
{
	const char *words[HG_COLUMNS_MAX + 1] = { NULL }, *near;
	char word[40], all[400] = "";

	snprintf(word, sizeof(word), "%.*s", (int)len, name);
	for (unsigned int i = 0; l->columns[i].name; i++) {
		words[i] = l->columns[i].name;
		snprintf(all + strlen(all), sizeof(all) - strlen(all), " %s", words[i]);
	}
	hg_error("--columns: there is no column '%s'", word);
	near = hg_did_you_mean(word, words);
	if (near)
		hg_hint("did you mean '%s'?", near);
	hg_hint("columns:%s", all);
	return HG_USAGE;
}

static int show_column(struct hg_listing *l, const char *name, size_t len)
{
	for (unsigned int i = 0; l->columns[i].name; i++) {
		if (strlen(l->columns[i].name) != len || memcmp(l->columns[i].name, name, len) != 0)
			continue;
		if (l->shown_count == HG_COLUMNS_MAX) {
			hg_error("--columns: more than %d columns", HG_COLUMNS_MAX);
			hg_hint("name each once");
			return HG_USAGE;
		}
		l->shown[l->shown_count++] = i;
		return HG_OK;
	}
	return no_such_column(l, name, len);
}

static int choose_columns(struct hg_listing *l, const char *names)
{
	int r = HG_OK;

	while (r == HG_OK) {
		size_t len = strcspn(names, ",");

		r = show_column(l, names, len);
		if (!names[len])
			break;
		names += len + 1;
	}
	return r;
}

/* NO_COLOR: see no-color.org. */
static int choose_color(struct hg_listing *l, const struct hg_command *command, const char *when)
{
	const char *no = getenv("NO_COLOR");

	if (!when || !strcmp(when, "auto"))
		l->color = isatty(STDOUT_FILENO) && !(no && *no);
	else if (!strcmp(when, "always"))
		l->color = true;
	else if (strcmp(when, "never") != 0)
		return hg_usage(command, "--color: '%s' is not auto, always or never", when);
	return HG_OK;
}

int hg_listing_choose(struct hg_listing *l, const struct hg_command *command,
		      const struct hg_columns *columns, enum hg_format usual,
		      const struct hg_listing_text *text)
{
	int r;

	*l = (struct hg_listing){ .columns = columns->list };
	if (!hg_format_parse(text->json ? "json" : text->format, usual, &l->format))
		return HG_USAGE;
	r = choose_color(l, command, text->color);
	if (r)
		return r;
	if (text->columns && l->format != HG_FORMAT_TABLE && l->format != HG_FORMAT_CSV)
		return hg_usage(command, "--columns is for -o table and -o csv");
	return choose_columns(l, text->columns		      ? text->columns
				 : l->format == HG_FORMAT_CSV ? columns->csv
							      : columns->table);
}

void hg_listing_plain(struct hg_listing *l, const struct hg_columns *columns)
{
	*l = (struct hg_listing){ .columns = columns->list, .format = HG_FORMAT_TABLE };
	choose_columns(l, columns->table);
}

/* ---- rows ---- */

static bool new_table(struct hg_listing *l)
{
	l->table = scols_new_table();
	if (!l->table || scols_table_enable_colors(l->table, l->color))
		return false;
	for (unsigned int i = 0; i < l->shown_count; i++) {
		const struct hg_column *c = &l->columns[l->shown[i]];

		if (!scols_table_new_column(l->table, c->head, 0,
					    c->flags & HG_COLUMN_RIGHT ? SCOLS_FL_RIGHT : 0))
			return false;
	}
	return true;
}

bool hg_listing_begin(struct hg_listing *l, bool flowing)
{
	l->flowing = flowing;
	l->failed = l->format == HG_FORMAT_TABLE && !flowing && !new_table(l);
	return !l->failed;
}

static void add_line(struct hg_listing *l, const char *const cells[], int red)
{
	struct libscols_line *line = l->failed ? NULL : scols_table_new_line(l->table, NULL);

	l->failed |= !line;
	for (unsigned int i = 0; !l->failed && i < l->shown_count; i++) {
		l->failed = scols_line_set_data(line, i, cells[l->shown[i]]) != 0;
		if (!l->failed && red == (int)l->shown[i])
			scols_cell_set_color(scols_line_get_cell(line, i), "red");
	}
}

static void print_flowing(const struct hg_listing *l, unsigned int i, const char *cell, bool red)
{
	const struct hg_column *c = &l->columns[l->shown[i]];

	if (red)
		fputs("\033[31m", stdout);
	if (c->flags & HG_COLUMN_RIGHT)
		printf("%*s", c->width, cell);
	else
		printf("%-*s", i + 1 < l->shown_count ? c->width : 0, cell);
	if (red)
		fputs("\033[0m", stdout);
	putchar(i + 1 < l->shown_count ? ' ' : '\n');
}

static void print_csv(const struct hg_listing *l, unsigned int i, const char *cell)
{
	if (l->columns[l->shown[i]].flags & HG_COLUMN_TEXT) {
		putchar('"');
		for (; *cell; cell++)
			printf(*cell == '"' ? "\"%c" : "%c", *cell);
		putchar('"');
	} else {
		fputs(cell, stdout);
	}
	putchar(i + 1 < l->shown_count ? ',' : '\n');
}

static void print_head(const struct hg_listing *l)
{
	for (unsigned int i = 0; i < l->shown_count; i++) {
		const struct hg_column *c = &l->columns[l->shown[i]];

		if (l->format == HG_FORMAT_CSV)
			printf("%s%c", c->name, i + 1 < l->shown_count ? ',' : '\n');
		else
			print_flowing(l, i, c->head, false);
	}
}

void hg_listing_row(struct hg_listing *l, const char *const cells[], int red)
{
	const bool csv = l->format == HG_FORMAT_CSV;

	l->rows++;
	if (!csv && !l->flowing) {
		add_line(l, cells, red);
		return;
	}
	if (l->rows == 1)
		print_head(l);
	for (unsigned int i = 0; i < l->shown_count; i++) {
		if (csv)
			print_csv(l, i, cells[l->shown[i]]);
		else
			print_flowing(l, i, cells[l->shown[i]],
				      l->color && red == (int)l->shown[i]);
	}
}

int hg_listing_end(struct hg_listing *l)
{
	if (l->format == HG_FORMAT_CSV && !l->rows)
		print_head(l);
	if (l->table && l->rows && !l->failed)
		l->failed = scols_print_table(l->table) != 0;
	scols_unref_table(l->table);
	l->table = NULL;
	if (!l->failed)
		return HG_OK;
	hg_error("out of memory");
	return HG_UNSUPPORTED;
}
