/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_diff_sets.c - entries of sets: file against file, and file against what
 * the kernel has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "map_walk.h"
#include "policy_compile.h"
#include "policy_diff.h"
#include "policy_judge.h"

/* ---- entries, in order and each once ---- */

static int by_net(const void *left, const void *right)
{
	const struct hg_net_key *a = left, *b = right;
	int order = memcmp(a->addr, b->addr, sizeof(a->addr));

	return order ? order : (a->prefixlen > b->prefixlen) - (a->prefixlen < b->prefixlen);
}

struct entries {
	char *items;
	size_t count, size;
	int (*order)(const void *a, const void *b);
};

static const void *entry(const struct entries *e, size_t i)
{
	return e->items + i * e->size;
}

static void sort_once(struct entries *e)
{
	size_t kept = 0;

	if (!e->count)
		return;
	qsort(e->items, e->count, e->size, e->order);
	for (size_t i = 1; i < e->count; i++) {
		if (!e->order(entry(e, kept), entry(e, i)))
			continue;
		kept++;
		memmove(e->items + kept * e->size, entry(e, i), e->size);
	}
	e->count = kept + 1;
}

static struct entries entries_of(struct hg_policy_diff *d, const struct hg_set *set)
{
	bool names = set->kind == HG_SET_DOMAINS;
	struct entries e = {
		.count = names ? set->names.count : set->nets.count,
		.size = names ? sizeof(struct hg_name) : sizeof(struct hg_net_key),
		.order = names ? hg_name_order : by_net,
	};

	e.items = hg_arena_get(&d->arena, (e.count + 1) * e.size);
	if (e.count)
		memcpy(e.items, names ? (void *)set->names.items : (void *)set->nets.items,
		       e.count * e.size);
	sort_once(&e);
	return e;
}

/* ---- what is told ---- */

static const char *entry_text(struct hg_policy_diff *d, enum hg_set_kind kind, const void *item)
{
	const struct hg_name *name = item;
	char text[64];

	if (kind == HG_SET_NETWORKS)
		return hg_arena_format(&d->arena, "%s", hg_net_text(item, text));
	return hg_arena_format(&d->arena, "%s%.*s", hg_name_prefix(name->kind), name->len,
			       name->text);
}

static void note(struct hg_policy_diff *d, enum hg_set_kind kind, const void *item, size_t *count,
		 const char *samples[HG_SAMPLES])
{
	if (*count < HG_SAMPLES)
		samples[*count] = entry_text(d, kind, item);
	++*count;
}

static void add(struct hg_policy_diff *d, const struct hg_set_change *c)
{
	if (!c->added && !c->removed && c->before == c->after)
		return;
	d->sets = hg_arena_more(&d->arena, d->sets, d->set_count, &d->set_room, sizeof(*c));
	d->sets[d->set_count] = *c;
	d->sets[d->set_count++].name = hg_arena_format(&d->arena, "%s", c->name);
}

/* ---- file against file ---- */

static void diff_set(struct hg_policy_diff *d, const struct hg_set *a, const struct hg_set *b)
{
	struct entries x = entries_of(d, a), y = entries_of(d, b);
	struct hg_set_change c = {
		.name = b->name, .kind = b->kind, .before = x.count, .after = y.count
	};

	for (size_t i = 0, j = 0; i < x.count || j < y.count;) {
		int order = i == x.count   ? 1
			    : j == y.count ? -1
					   : x.order(entry(&x, i), entry(&y, j));

		if (order < 0)
			note(d, a->kind, entry(&x, i), &c.removed, c.samples_removed);
		if (order > 0)
			note(d, b->kind, entry(&y, j), &c.added, c.samples_added);
		i += order <= 0;
		j += order >= 0;
	}
	add(d, &c);
}

void hg_policy_diff_sets(struct hg_policy_diff *d, const struct hg_policy_model *a,
			 const struct hg_policy_model *b)
{
	for (const struct hg_set *set = b->sets; set; set = set->next) {
		const struct hg_set *before = hg_policy_model_set(a, set->name);

		if (before && before->kind == set->kind)
			diff_set(d, before, set);
	}
}

/* ---- file against the kernel ---- */

/* How many names each set of the kernel has. */
struct census {
	size_t names[HG_SETS];
};

static void count_name(void *arg, const void *key, const void *value)
{
	const struct hg_name_sets *sets = value;
	struct census *census = arg;

	(void)key;
	for (__u64 bits = sets->exact | sets->below; bits; bits &= bits - 1)
		census->names[__builtin_ctzll(bits)]++;
}

/* The bit of a named set; -1: no rule of the active policy asks for it. */
static int bit_of(const struct hg_compiled *c, const struct hg_set *set)
{
	enum hg_bit_kind kind = set->kind == HG_SET_DOMAINS ? HG_BIT_NAMES : HG_BIT_NETS;

	for (__u32 bit = 0; bit < c->bit_count[kind]; bit++)
		if (c->bits[kind][bit].name && !strcmp(c->bits[kind][bit].name, set->name))
			return (int)bit;
	return -1;
}

/* What of a name a set holds. */
#define ITSELF 1U
#define BELOW 2U

static unsigned int forms_of(const struct hg_name *name)
{
	if (name->kind == HG_NAME_TREE)
		return ITSELF | BELOW;
	return name->kind == HG_NAME_EXACT ? ITSELF : BELOW;
}

/* What the kernel's set has of it; 0: nothing. */
static unsigned int live_forms(const struct hg_live_policy *a, const struct hg_name *name,
			       __u64 bit)
{
	struct hg_name_key key = hg_text_hash(&a->compiled->policy, HG_TEXT_NAME,
					      (const __u8 *)name->text, name->len);
	struct hg_name_sets sets;

	if (!hg_generation_text(&a->maps, &key, &sets))
		return 0;
	return (sets.exact & bit ? ITSELF : 0) | (sets.below & bit ? BELOW : 0);
}

/* Names of one text are one entry of the kernel: which forms do they ask for? */
static size_t gather(const struct entries *e, size_t at, unsigned int *forms)
{
	const struct hg_name *first = entry(e, at);
	size_t n = 0;

	for (*forms = 0; at + n < e->count; n++) {
		const struct hg_name *name = entry(e, at + n);

		if (name->len != first->len || memcmp(name->text, first->text, name->len) != 0)
			break;
		*forms |= forms_of(name);
	}
	return n;
}

/* One that has another form now is told as added, and not as gone. */
static void diff_live_names(struct hg_policy_diff *d, const struct hg_live_policy *a,
			    const struct hg_set *set, __u64 bit, size_t before)
{
	struct hg_set_change c = { .name = set->name, .kind = set->kind, .before = before };
	struct entries y = entries_of(d, set);
	size_t kept = 0, n;

	for (size_t i = 0; i < y.count; i += n) {
		unsigned int wanted, has = live_forms(a, entry(&y, i), bit);

		n = gather(&y, i, &wanted);
		if (has != wanted)
			note(d, set->kind, entry(&y, i), &c.added, c.samples_added);
		c.after++;
		kept += has != 0;
	}
	c.removed = before > kept ? before - kept : 0;
	add(d, &c);
}

/* The trie says which networks hold an address, and not which were written. */
static void diff_live_nets(struct hg_policy_diff *d, const struct hg_live_policy *a,
			   const struct hg_set *set, __u64 bit)
{
	struct entries y = entries_of(d, set);
	struct hg_set_change c = { .name = set->name,
				   .kind = set->kind,
				   .before = HG_NOT_COUNTED,
				   .after = y.count,
				   .removed = HG_NOT_COUNTED };

	for (size_t i = 0; i < y.count; i++) {
		const struct hg_net_key *net = entry(&y, i);

		if (!(hg_generation_net_of(&a->maps, net) & bit))
			note(d, set->kind, net, &c.added, c.samples_added);
	}
	if (c.added)
		add(d, &c);
}

int hg_policy_diff_live_sets(struct hg_policy_diff *d, const struct hg_live_policy *a,
			     const struct hg_policy_model *b)
{
	struct census census = { 0 };
	int r = hg_map_walk(a->maps.maps[HG_INNER_NAMES], count_name, &census);

	for (const struct hg_set *set = b->sets; !r && set; set = set->next) {
		int bit = bit_of(a->compiled, set);

		if (bit < 0)
			continue;
		if (set->kind == HG_SET_DOMAINS)
			diff_live_names(d, a, set, 1ULL << bit, census.names[bit]);
		else
			diff_live_nets(d, a, set, 1ULL << bit);
	}
	return r;
}
