/* SPDX-License-Identifier: BSD-2-Clause */
#include "top_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hg_top_row *row_at(const struct hg_top_view *v, size_t at)
{
	return &v->frame->tables[v->list].rows[v->shown[at]];
}

static bool has_key(const struct hg_top_view *v, size_t at)
{
	return at < v->count && !strcmp(row_at(v, at)->key, v->key);
}

const struct hg_top_row *hg_top_view_row(const struct hg_top_view *v)
{
	if (v->at >= v->count || (v->page == HG_TOP_PAGE_DETAIL && !has_key(v, v->at)))
		return NULL;
	return row_at(v, v->at);
}

static void note_key(struct hg_top_view *v)
{
	snprintf(v->key, sizeof(v->key), "%s", v->at < v->count ? row_at(v, v->at)->key : "");
}

/*
 * The bar stays with its row, but at the top, where it stays with the place.  The page
 * of a row waits for that row to come back.
 */
static void find_key(struct hg_top_view *v)
{
	const bool detail = v->page == HG_TOP_PAGE_DETAIL;

	for (size_t i = 0; (v->at || detail) && i < v->count; i++) {
		if (has_key(v, i)) {
			v->at = i;
			return;
		}
	}
	if (v->at >= v->count)
		v->at = v->count ? v->count - 1 : 0;
	if (!detail)
		note_key(v);
}

bool hg_top_view_arrange(struct hg_top_view *v)
{
	const struct hg_top_table *t = v->frame ? &v->frame->tables[v->list] : NULL;

	free(v->shown);
	v->count = 0;
	v->shown = calloc(t ? t->count + 1 : 1, sizeof(*v->shown));
	if (!v->shown || !t)
		return v->shown;
	hg_top_frame_sort(v->frame, v->list, v->sort, v->reverse);
	for (size_t i = 0; i < t->count; i++)
		if (!*v->text || strcasestr(t->rows[i].key, v->text))
			v->shown[v->count++] = i;
	find_key(v);
	return true;
}

void hg_top_view_take(struct hg_top_view *v, struct hg_top_frame *f)
{
	struct hg_top_frame *old = v->paused && v->frame ? f : v->frame;

	if (old != f)
		v->frame = f;
	hg_top_frame_free(old);
	hg_top_view_arrange(v);
}

void hg_top_view_free(struct hg_top_view *v)
{
	hg_top_frame_free(v->frame);
	free(v->shown);
}

void hg_top_view_move(struct hg_top_view *v, long by)
{
	long at = (long)v->at + by;

	if (at >= (long)v->count)
		at = (long)v->count - 1;
	v->at = at > 0 ? (size_t)at : 0;
	note_key(v);
}

void hg_top_view_scroll(struct hg_top_view *v, size_t rows)
{
	if (v->at < v->first)
		v->first = v->at;
	if (rows && v->at >= v->first + rows)
		v->first = v->at - rows + 1;
	/* No empty lines below while there are rows above. */
	if (v->first && v->first + rows > v->count)
		v->first = v->count > rows ? v->count - rows : 0;
}

void hg_top_view_list(struct hg_top_view *v, enum hg_top_list list)
{
	v->list = list;
	v->at = v->first = 0;
	*v->key = 0;
	hg_top_view_arrange(v);
}

bool hg_top_is_expression(const char *text)
{
	return strpbrk(text, "=<>~!()&|");
}
