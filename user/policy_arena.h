/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_arena.h - memory that is freed all at once: a policy of a million
 * names must not cost a million allocations.
 *
 * Memory comes zeroed.  Where the system has none left, the process ends with
 * a message: nothing of a policy takes effect before all of it was built.
 */
#ifndef HG_POLICY_ARENA_H
#define HG_POLICY_ARENA_H

#include <stddef.h>

struct hg_block;

struct hg_arena {
	struct hg_block *blocks;
};

void *hg_arena_get(struct hg_arena *a, size_t size);

/* A copy with a NUL behind it. */
char *hg_arena_text(struct hg_arena *a, const char *text, size_t len);

char *hg_arena_format(struct hg_arena *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Room for one more item of `size` bytes behind `count` items: the vector
 * itself, or a larger copy of it.
 */
void *hg_arena_more(struct hg_arena *a, void *items, size_t count, size_t *room, size_t size);

void hg_arena_free(struct hg_arena *a);

#endif /* HG_POLICY_ARENA_H */
