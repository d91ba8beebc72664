/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

#define HG_BLOCK_SIZE (64 * 1024)

struct hg_block {
	struct hg_block *next;
	size_t used;
	size_t size;
	_Alignas(16) unsigned char bytes[];
};

static void *give_up(void)
{
	hg_error("out of memory");
	abort();
}

static struct hg_block *add_block(struct hg_arena *a, size_t size)
{
	struct hg_block *b = calloc(1, sizeof(*b) + size);

	if (!b)
		return give_up();
	b->size = size;
	if (size > HG_BLOCK_SIZE && a->blocks) { /* a block of its own: keep filling the head */
		b->next = a->blocks->next;
		a->blocks->next = b;
	} else {
		b->next = a->blocks;
		a->blocks = b;
	}
	return b;
}

void *hg_arena_get(struct hg_arena *a, size_t size)
{
	struct hg_block *b = a->blocks;
	void *p;

	if (size > SIZE_MAX / 2)
		return give_up();
	size = (size + 15) & ~(size_t)15;
	if (!b || b->size - b->used < size)
		b = add_block(a, size > HG_BLOCK_SIZE ? size : HG_BLOCK_SIZE);
	p = b->bytes + b->used;
	b->used += size;
	return p;
}

char *hg_arena_text(struct hg_arena *a, const char *text, size_t len)
{
	char *copy = hg_arena_get(a, len + 1);

	memcpy(copy, text, len);
	return copy;
}

char *hg_arena_format(struct hg_arena *a, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		return give_up();
	text = hg_arena_get(a, (size_t)len + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}

void *hg_arena_more(struct hg_arena *a, void *items, size_t count, size_t *room, size_t size)
{
	void *larger;

	if (count < *room)
		return items;
	*room = *room ? *room * 2 : 8;
	larger = hg_arena_get(a, *room * size);
	if (count)
		memcpy(larger, items, count * size);
	return larger;
}

void hg_arena_free(struct hg_arena *a)
{
	while (a->blocks) {
		struct hg_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
}
