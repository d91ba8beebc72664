/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HG_KEY_DRAWS 16 /* a second draw is rarer than 2^-9 at ten million names */

/* ---- names ---- */

/* Sorted by value: what merging needs is in here, names are not visited again. */
struct name_entry {
	struct hg_name_key key;
	const struct hg_name *name;
	__u16 bit;
	__u8 kind;
	__u8 depth; /* bit of name_depths */
};

struct hg_name_key hg_text_hash(const struct hg_policy *policy, enum hg_text_kind kind,
				const __u8 *name, __u32 len)
{
	__u64 sum[2] = { 0, 0 };

	for (__u32 i = 0; i < len; i++) {
		sum[0] += hg_name_hash_byte(policy->name_key[0][i], name[len - 1 - i]);
		sum[1] += hg_name_hash_byte(policy->name_key[1][i], name[len - 1 - i]);
	}
	return hg_text_digest(sum[0], sum[1], kind);
}

static struct name_entry name_entry(const struct hg_name *name, __u32 bit)
{
	__u32 labels = 1;

	for (__u32 i = 0; i < name->len; i++)
		labels += name->text[i] == '.';
	return (struct name_entry){
		.name = name,
		.bit = (__u16)bit,
		.kind = name->kind,
		.depth = (__u8)(labels < 31 ? labels : 31),
	};
}

static size_t gather_names(const struct hg_compiled *c, const struct hg_lists *lists,
			   struct name_entry *entries)
{
	size_t count = 0;

	for (__u32 bit = 0; bit < c->bit_count[HG_BIT_NAMES]; bit++)
		for (size_t i = 0; i < lists->names[bit]->count; i++, count++)
			if (entries)
				entries[count] = name_entry(&lists->names[bit]->items[i], bit);
	return count;
}

/*
 * The upper 33 of the hash's 56 bits, least significant digit first; `other` is
 * as large as `entries`, and after the third pass the result lies in it.
 */
#define HG_DIGIT_BITS 11
#define HG_DIGITS (1U << HG_DIGIT_BITS)
#define HG_SORTED_FROM (56 - 3 * HG_DIGIT_BITS)

static void sort_by_digit(const struct name_entry *from, struct name_entry *to, size_t count,
			  unsigned int shift)
{
	size_t at[HG_DIGITS] = {}, sum = 0;

	for (size_t i = 0; i < count; i++)
		at[from[i].key.hash[0] >> shift & (HG_DIGITS - 1)]++;
	for (unsigned int digit = 0; digit < HG_DIGITS; digit++) {
		size_t n = at[digit];

		at[digit] = sum;
		sum += n;
	}
	for (size_t i = 0; i < count; i++)
		to[at[from[i].key.hash[0] >> shift & (HG_DIGITS - 1)]++] = from[i];
}

/* What three digits left in disorder: neighbours, of ten million names a few thousand. */
static void finish_sort(struct name_entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct name_entry moved = entries[i];
		size_t at = i;

		for (; at && entries[at - 1].key.hash[0] > moved.key.hash[0]; at--)
			entries[at] = entries[at - 1];
		entries[at] = moved;
	}
}

static void sort_names(struct name_entry *entries, struct name_entry *other, size_t count)
{
	sort_by_digit(entries, other, count, HG_SORTED_FROM);
	sort_by_digit(other, entries, count, HG_SORTED_FROM + HG_DIGIT_BITS);
	sort_by_digit(entries, other, count, HG_SORTED_FROM + 2 * HG_DIGIT_BITS);
	finish_sort(other, count);
}

static bool same_name(const struct hg_name *a, const struct hg_name *b)
{
	return a->len == b->len && !memcmp(a->text, b->text, a->len);
}

static bool is_repeated(const struct name_entry *sorted, size_t i)
{
	return i && sorted[i].key.hash[0] == sorted[i - 1].key.hash[0];
}

/* Two names with the same hash? */
static bool collides(const struct name_entry *sorted, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (is_repeated(sorted, i) && !same_name(sorted[i].name, sorted[i - 1].name))
			return true;
	return false;
}

/* One key for each name, with the bits of all lists that hold it. */
static void merge_names(struct hg_compiled *c, const struct name_entry *sorted, size_t count)
{
	size_t unique = 0;

	for (size_t i = 0; i < count; i++)
		unique += !is_repeated(sorted, i);
	c->name_keys = hg_arena_get(&c->arena, unique * sizeof(*c->name_keys));
	c->name_sets = hg_arena_get(&c->arena, unique * sizeof(*c->name_sets));
	for (size_t i = 0; i < count; i++) {
		const struct name_entry *e = &sorted[i];
		struct hg_name_sets *sets;

		if (!is_repeated(sorted, i))
			c->name_keys[c->names++] = e->key;
		c->policy.name_depths |= 1U << e->depth;
		sets = &c->name_sets[c->names - 1];
		if (e->kind != HG_NAME_BELOW)
			sets->exact |= 1ULL << e->bit;
		if (e->kind != HG_NAME_EXACT)
			sets->below |= 1ULL << e->bit;
	}
}

static int try_key(struct hg_compiled *c, struct name_entry *entries, struct name_entry *sorted,
		   size_t count, hg_draw_fn draw, void *arg)
{
	int rc = draw(c->policy.name_key, sizeof(c->policy.name_key), arg);

	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++)
		entries[i].key = hg_text_hash(&c->policy, HG_TEXT_NAME,
					      (const __u8 *)entries[i].name->text,
					      entries[i].name->len);
	sort_names(entries, sorted, count);
	return collides(sorted, count) ? -EAGAIN : 0;
}

int hg_index_names(struct hg_compiled *c, const struct hg_lists *lists, hg_draw_fn draw, void *arg)
{
	size_t count = gather_names(c, lists, NULL);
	struct hg_arena scratch = {};
	struct name_entry *entries = hg_arena_get(&scratch, count * sizeof(*entries));
	struct name_entry *sorted = hg_arena_get(&scratch, count * sizeof(*sorted));
	int rc = -EAGAIN;

	for (int i = 0; i < HG_KEY_DRAWS && rc == -EAGAIN; i++) {
		gather_names(c, lists, entries);
		rc = try_key(c, entries, sorted, count, draw, arg);
	}
	if (!rc)
		merge_names(c, sorted, count);
	hg_arena_free(&scratch);
	return rc;
}

/* ---- networks ---- */

struct net_entry {
	struct hg_net_key key;
	__u64 sets;
};

static int by_net(const void *left, const void *right)
{
	const struct net_entry *a = left, *b = right;
	int order = memcmp(a->key.addr, b->key.addr, sizeof(a->key.addr));

	if (order)
		return order;
	return (int)a->key.prefixlen - (int)b->key.prefixlen;
}

static bool contains(const struct hg_net_key *outer, const struct hg_net_key *inner)
{
	__u32 bytes = outer->prefixlen / 8, bits = outer->prefixlen % 8;

	if (outer->prefixlen > inner->prefixlen || memcmp(outer->addr, inner->addr, bytes))
		return false;
	return !bits || !((outer->addr[bytes] ^ inner->addr[bytes]) & (__u8)(0xff00 >> bits));
}

static const struct hg_net_key all_of_v4 = { .prefixlen = 96,
					     .addr = { [10] = 0xff, [11] = 0xff } };

static size_t gather_nets(const struct hg_compiled *c, const struct hg_lists *lists,
			  struct net_entry *entries)
{
	bool wide = false;
	size_t count = 0;

	for (__u32 bit = 0; bit < c->bit_count[HG_BIT_NETS]; bit++)
		for (size_t i = 0; i < lists->nets[bit]->count; i++) {
			const struct hg_net_key *key = &lists->nets[bit]->items[i];

			wide |= key->prefixlen < 96 && contains(key, &all_of_v4);
			entries[count++] = (struct net_entry){ *key, 1ULL << bit };
		}
	/* ::/0 is every IPv6 address and no IPv4 one: stop the look-up in front of it */
	if (wide)
		entries[count++] = (struct net_entry){ all_of_v4, 0 };
	return count;
}

/* Does the value of a covering network hold for this one too? */
static bool inherits(const struct hg_net_key *outer, const struct hg_net_key *inner)
{
	bool v4 = contains(&all_of_v4, inner);

	return contains(outer, inner) && !(v4 && outer->prefixlen < all_of_v4.prefixlen);
}

/* Sorted, a network stands behind those that cover it: the chain of parents is a stack. */
static void close_nets(struct hg_compiled *c)
{
	for (size_t i = 0; i < c->nets; i++) {
		__u32 parent = i ? (__u32)i - 1 : HG_NO_NET;

		while (parent != HG_NO_NET && !contains(&c->net_keys[parent], &c->net_keys[i]))
			parent = c->net_parent[parent];
		c->net_parent[i] = parent;
		if (parent != HG_NO_NET && inherits(&c->net_keys[parent], &c->net_keys[i]))
			c->net_sets[i] |= c->net_sets[parent];
	}
}

void hg_index_nets(struct hg_compiled *c, const struct hg_lists *lists)
{
	struct hg_arena scratch = {};
	struct net_entry *entries;
	size_t count = 1; /* and all of IPv4 */

	for (__u32 bit = 0; bit < c->bit_count[HG_BIT_NETS]; bit++)
		count += lists->nets[bit]->count;
	entries = hg_arena_get(&scratch, count * sizeof(*entries));
	count = gather_nets(c, lists, entries);
	qsort(entries, count, sizeof(*entries), by_net);
	c->net_keys = hg_arena_get(&c->arena, count * sizeof(*c->net_keys));
	c->net_sets = hg_arena_get(&c->arena, count * sizeof(*c->net_sets));
	c->net_parent = hg_arena_get(&c->arena, count * sizeof(*c->net_parent));
	for (size_t i = 0; i < count; i++) {
		if (!i || by_net(&entries[i], &entries[i - 1]))
			c->net_keys[c->nets++] = entries[i].key;
		c->net_sets[c->nets - 1] |= entries[i].sets;
	}
	close_nets(c);
	hg_arena_free(&scratch);
}

/* ---- protocols and interfaces ---- */

/* A handful: found one by one. */
static struct hg_name_sets *text_sets(struct hg_compiled *c, const struct hg_name_key *key)
{
	for (size_t i = 0; i < c->texts; i++)
		if (!memcmp(&c->text_keys[i], key, sizeof(*key)))
			return &c->text_sets[i];
	c->text_keys[c->texts] = *key;
	return &c->text_sets[c->texts++];
}

static size_t count_texts(const struct hg_text_list *const lists[HG_SETS], __u32 bits)
{
	size_t count = 0;

	for (__u32 bit = 0; bit < bits; bit++)
		count += lists[bit]->count;
	return count;
}

static void add_texts(struct hg_compiled *c, enum hg_text_kind kind,
		      const struct hg_text_list *const lists[HG_SETS], __u32 bits)
{
	for (__u32 bit = 0; bit < bits; bit++)
		for (size_t i = 0; i < lists[bit]->count; i++) {
			const char *text = lists[bit]->items[i];
			struct hg_name_key key = hg_text_hash(&c->policy, kind, (const __u8 *)text,
							      (__u32)strlen(text));

			text_sets(c, &key)->exact |= 1ULL << bit;
		}
}

void hg_index_texts(struct hg_compiled *c, const struct hg_lists *lists)
{
	__u32 alpn = c->bit_count[HG_BIT_ALPN], interfaces = c->bit_count[HG_BIT_INTERFACES];
	size_t room = count_texts(lists->alpn, alpn) + count_texts(lists->interfaces, interfaces);

	c->text_keys = hg_arena_get(&c->arena, room * sizeof(*c->text_keys));
	c->text_sets = hg_arena_get(&c->arena, room * sizeof(*c->text_sets));
	add_texts(c, HG_TEXT_ALPN, lists->alpn, alpn);
	add_texts(c, HG_TEXT_INTERFACE, lists->interfaces, interfaces);
}

/* ---- ports, cipher suites, groups ---- */

static void add_numbers(__u64 *numbers, const struct hg_number_list *list, __u64 bit)
{
	for (size_t i = 0; i < list->count; i++)
		for (__u32 n = list->items[i].first; n <= list->items[i].last; n++)
			numbers[n] |= bit;
}

void hg_index_numbers(struct hg_compiled *c, const struct hg_lists *lists)
{
	for (__u32 kind = 0; kind < HG_NUMBER_KINDS; kind++)
		if (c->bit_count[HG_BIT_PORTS + kind])
			c->number_count = (kind + 1) * HG_NUMBERS;
	if (!c->number_count)
		return;
	c->numbers = hg_arena_get(&c->arena, c->number_count * sizeof(*c->numbers));
	for (__u32 kind = 0; kind < HG_NUMBER_KINDS; kind++)
		for (__u32 bit = 0; bit < c->bit_count[HG_BIT_PORTS + kind]; bit++)
			add_numbers(c->numbers + kind * HG_NUMBERS, lists->numbers[kind][bit],
				    1ULL << bit);
}
