/* SPDX-License-Identifier: BSD-2-Clause */
#include "top_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../include/flow.h"

#define CHAINS (2 * HG_TOP_ROWS)
#define CANDIDATES 16 /* rows that are looked at for the one that makes room */

/* How many in each step of the window, and in all of it. */
struct sliding {
	__u32 sum;
	__u32 slots[HG_TOP_SLOTS];
};

enum counter { HANDSHAKES, ATTEMPTS, ESTABLISHED, FAILED, RESETS, COUNTERS };

struct cause {
	__u8 cause;
	struct sliding count;
};

/* Most rows have none: allocated with the first. */
struct causes {
	struct cause of[HG_TOP_ROW_CAUSES];
	unsigned int count;
	struct sliding others;
};

struct row {
	struct row *next; /* of its chain */
	size_t at;	  /* in the list's rows */
	__u64 last_ns;
	struct sliding counts[COUNTERS];
	struct causes *causes;
	char key[];
};

struct list {
	struct row *rows[HG_TOP_ROWS];
	size_t count;
	size_t hand; /* where the next one that makes room is looked for */
	struct row *chains[CHAINS];
	struct hg_top_forgotten forgotten;
};

struct hg_top_tables {
	__u64 slot_ns;
	__u64 head; /* number of the newest slot */
	__u64 began_ns, now_ns;
	__u64 seed;
	struct sliding total[COUNTERS];
	struct list lists[HG_TOP_LISTS];
	struct hg_top_handshake *recent; /* a ring */
	__u64 told;			 /* so many were put there */
};

/* ---- the window ---- */

static void count_in(struct sliding *s, __u64 slot)
{
	s->slots[slot % HG_TOP_SLOTS]++;
	s->sum++;
}

static void empty_slot(struct sliding *s, __u64 slot)
{
	s->sum -= s->slots[slot % HG_TOP_SLOTS];
	s->slots[slot % HG_TOP_SLOTS] = 0;
}

static void empty_slots(struct sliding *s, unsigned int count, __u64 slot)
{
	for (unsigned int i = 0; i < count; i++)
		empty_slot(&s[i], slot);
}

/* A cause without a count gives its place to another. */
static void empty_causes(struct causes *c, __u64 slot)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < c->count; i++) {
		empty_slot(&c->of[i].count, slot);
		if (c->of[i].count.sum)
			c->of[kept++] = c->of[i];
	}
	c->count = kept;
	empty_slot(&c->others, slot);
}

/* ---- rows ---- */

static struct row **chain_of(struct hg_top_tables *t, struct list *l, const char *key)
{
	__u64 hash = t->seed;

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 0x100000001b3ULL; /* FNV-1a, from a seed */
	return &l->chains[hg_mix(hash) % CHAINS];
}

static void remove_row(struct hg_top_tables *t, struct list *l, struct row *r)
{
	struct row **link = chain_of(t, l, r->key);

	while (*link != r)
		link = &(*link)->next;
	*link = r->next;
	l->rows[r->at] = l->rows[--l->count];
	l->rows[r->at]->at = r->at;
	free(r->causes);
	free(r);
}

static __u64 weight(const struct row *r)
{
	return (__u64)r->counts[HANDSHAKES].sum + r->counts[ATTEMPTS].sum;
}

/* The smallest of a few, of those the one that was quiet for the longest time. */
static void make_room(struct hg_top_tables *t, struct list *l)
{
	struct row *least = l->rows[l->hand % l->count];

	for (int i = 1; i < CANDIDATES; i++) {
		struct row *r = l->rows[(l->hand + i) % l->count];

		if (weight(r) < weight(least) ||
		    (weight(r) == weight(least) && r->last_ns < least->last_ns))
			least = r;
	}
	l->hand = (l->hand + CANDIDATES) % l->count;
	l->forgotten.rows++;
	l->forgotten.handshakes += weight(least);
	remove_row(t, l, least);
}

static struct row *row_of(struct hg_top_tables *t, struct list *l, const char *key)
{
	struct row **chain = chain_of(t, l, key), *r = *chain;
	size_t size = strlen(key) + 1;

	while (r && strcmp(r->key, key) != 0)
		r = r->next;
	if (r)
		return r;
	r = calloc(1, sizeof(*r) + size);
	if (!r)
		return NULL;
	if (l->count == HG_TOP_ROWS)
		make_room(t, l);
	memcpy(r->key, key, size);
	r->next = *chain;
	*chain = r;
	r->at = l->count++;
	l->rows[r->at] = r;
	return r;
}

static void count_cause(struct row *r, __u8 cause, __u64 slot)
{
	struct causes *c;
	unsigned int i;

	if (!r->causes)
		r->causes = calloc(1, sizeof(*r->causes));
	c = r->causes;
	if (!c)
		return;
	for (i = 0; i < c->count && c->of[i].cause != cause; i++)
		;
	if (i == HG_TOP_ROW_CAUSES) {
		count_in(&c->others, slot);
		return;
	}
	if (i == c->count)
		c->of[c->count++] = (struct cause){ .cause = cause };
	count_in(&c->of[i].count, slot);
}

/* ---- what ended ---- */

const char *hg_top_key(enum hg_top_list list, const struct hg_top_handshake *h)
{
	switch (list) {
	case HG_TOP_NAMES: /* of an attempt none is known */
		return h->attempt ? NULL : h->name;
	case HG_TOP_CLIENTS:
		return h->address;
	case HG_TOP_CAUSES:
		return h->cause ? hg_cause_text(h->cause) : NULL;
	case HG_TOP_RULES:
		return *h->rule ? h->rule : NULL;
	case HG_TOP_FINGERPRINTS:
		return *h->ja4 ? h->ja4 : NULL;
	default:
		return NULL;
	}
}

static void count_outcome(struct sliding counts[COUNTERS], const struct hg_top_handshake *h,
			  __u64 slot)
{
	count_in(&counts[h->attempt ? ATTEMPTS : HANDSHAKES], slot);
	if (h->outcome == HG_OUTCOME_failed || h->attempt)
		count_in(&counts[FAILED], slot);
	else if (h->outcome == HG_OUTCOME_established)
		count_in(&counts[ESTABLISHED], slot);
	else if (h->outcome == HG_OUTCOME_reset || h->outcome == HG_OUTCOME_dropped)
		count_in(&counts[RESETS], slot);
}

static void count_row(struct hg_top_tables *t, enum hg_top_list list, const char *key,
		      const struct hg_top_handshake *h, __u64 slot)
{
	struct list *l = &t->lists[list];
	struct row *r = row_of(t, l, key);

	if (!r) {
		l->forgotten.handshakes++;
		return;
	}
	count_outcome(r->counts, h, slot);
	if (h->cause)
		count_cause(r, h->cause, slot);
	if (h->ended_ns > r->last_ns)
		r->last_ns = h->ended_ns;
}

void hg_top_tables_add(struct hg_top_tables *t, const struct hg_top_handshake *h)
{
	__u64 slot = h->ended_ns / t->slot_ns;

	if (slot + HG_TOP_SLOTS <= t->head)
		return;
	if (slot > t->head)
		hg_top_tables_advance(t, h->ended_ns);
	if (h->ended_ns < t->began_ns)
		t->began_ns = h->ended_ns;
	count_outcome(t->total, h, slot);
	for (unsigned int list = 0; list < HG_TOP_LISTS; list++) {
		const char *key = hg_top_key(list, h);

		if (key)
			count_row(t, list, key, h, slot);
	}
	t->recent[t->told++ % HG_TOP_RECENT] = *h;
}

/* ---- time ---- */

static void empty_list(struct hg_top_tables *t, struct list *l, __u64 slot)
{
	for (size_t i = l->count; i-- > 0;) {
		struct row *r = l->rows[i];

		empty_slots(r->counts, COUNTERS, slot);
		if (r->causes)
			empty_causes(r->causes, slot);
		if (!weight(r))
			remove_row(t, l, r);
	}
}

void hg_top_tables_advance(struct hg_top_tables *t, __u64 now_ns)
{
	__u64 head = now_ns / t->slot_ns;

	if (now_ns > t->now_ns)
		t->now_ns = now_ns;
	if (head > t->head + HG_TOP_SLOTS)
		t->head = head - HG_TOP_SLOTS; /* all of them are emptied */
	while (t->head < head) {
		t->head++;
		empty_slots(t->total, COUNTERS, t->head);
		for (unsigned int i = 0; i < HG_TOP_LISTS; i++)
			empty_list(t, &t->lists[i], t->head);
	}
}

double hg_top_tables_span(const struct hg_top_tables *t)
{
	__u64 from = (t->head + 1 - HG_TOP_SLOTS) * t->slot_ns;

	if (from < t->began_ns || t->head + 1 < HG_TOP_SLOTS)
		from = t->began_ns;
	return t->now_ns > from ? (double)(t->now_ns - from) / HG_SECOND : 0;
}

/* ---- a life ---- */

struct hg_top_tables *hg_top_tables_new(__u64 window_ns, __u64 now_ns)
{
	struct hg_top_tables *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->recent = calloc(HG_TOP_RECENT, sizeof(*t->recent));
	if (!t->recent) {
		free(t);
		return NULL;
	}
	t->slot_ns = (window_ns + HG_TOP_SLOTS - 1) / HG_TOP_SLOTS;
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) != sizeof(t->seed))
		t->seed = (__u64)(size_t)t;
	hg_top_tables_clear(t, now_ns);
	return t;
}

void hg_top_tables_clear(struct hg_top_tables *t, __u64 now_ns)
{
	for (unsigned int i = 0; i < HG_TOP_LISTS; i++) {
		struct list *l = &t->lists[i];

		while (l->count)
			remove_row(t, l, l->rows[l->count - 1]);
		l->forgotten = (struct hg_top_forgotten){ 0 };
	}
	memset(t->total, 0, sizeof(t->total));
	t->told = 0;
	t->head = now_ns / t->slot_ns;
	t->began_ns = t->now_ns = now_ns;
}

void hg_top_tables_free(struct hg_top_tables *t)
{
	if (!t)
		return;
	hg_top_tables_clear(t, 0);
	free(t->recent);
	free(t);
}

/* ---- copies ---- */

static struct hg_top_counts counts_of(const struct sliding counts[COUNTERS])
{
	return (struct hg_top_counts){
		.handshakes = counts[HANDSHAKES].sum,
		.attempts = counts[ATTEMPTS].sum,
		.established = counts[ESTABLISHED].sum,
		.failed = counts[FAILED].sum,
		.resets = counts[RESETS].sum,
	};
}

static int by_count(const void *a, const void *b)
{
	const struct hg_top_cause *x = a, *y = b;

	return x->count != y->count ? (x->count < y->count ? 1 : -1)
				    : (int)x->cause - (int)y->cause;
}

static void copy_row(const struct row *r, struct hg_top_row *out)
{
	const struct causes *c = r->causes;

	*out = (struct hg_top_row){ .counts = counts_of(r->counts), .last_ns = r->last_ns };
	snprintf(out->key, sizeof(out->key), "%s", r->key);
	if (!c)
		return;
	for (unsigned int i = 0; i < c->count; i++)
		out->causes[i] = (struct hg_top_cause){ c->of[i].cause, c->of[i].count.sum };
	out->cause_count = c->count;
	out->other_causes = c->others.sum;
	qsort(out->causes, out->cause_count, sizeof(*out->causes), by_count);
}

bool hg_top_tables_rows(const struct hg_top_tables *t, enum hg_top_list list,
			struct hg_top_row **out, size_t *count)
{
	const struct list *l = &t->lists[list];
	struct hg_top_row *rows = calloc(l->count + 1, sizeof(*rows));

	if (!rows)
		return false;
	for (size_t i = 0; i < l->count; i++)
		copy_row(l->rows[i], &rows[i]);
	*out = rows;
	*count = l->count;
	return true;
}

size_t hg_top_tables_recent(const struct hg_top_tables *t, enum hg_top_list list, const char *key,
			    __u64 until_ns, struct hg_top_handshake *out, size_t room)
{
	size_t count = 0;

	for (__u64 i = 0; i < HG_TOP_RECENT && i < t->told && count < room; i++) {
		const struct hg_top_handshake *h = &t->recent[(t->told - 1 - i) % HG_TOP_RECENT];
		const char *of = hg_top_key(list, h);

		if (of && h->ended_ns <= until_ns && !strcmp(of, key))
			out[count++] = *h;
	}
	return count;
}

struct hg_top_counts hg_top_tables_total(const struct hg_top_tables *t)
{
	return counts_of(t->total);
}

struct hg_top_forgotten hg_top_tables_forgotten(const struct hg_top_tables *t,
						enum hg_top_list list)
{
	return t->lists[list].forgotten;
}
