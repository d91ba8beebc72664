/* SPDX-License-Identifier: BSD-2-Clause */
#include "native_bpf.h"

#include <errno.h>
#include <stdlib.h>

#include "native_run.h"

/* An element of a hash table; key and value follow. */
struct element {
	struct element *next;
	unsigned char data[];
};

struct nb_map {
	struct nb_map *next;
	struct nb_spec spec;
	unsigned char *array; /* arrays; stacks */
	struct element **buckets;
	__u32 size; /* of buckets, a power of two */
	__u32 count;
};

static struct nb_map *maps;
static struct nb_run run;

struct nb_run *nb_run(void)
{
	return &run;
}

static size_t align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static void *checked(void *memory)
{
	if (!memory)
		abort(); /* the reader has no way to go on, and no state to save */
	return memory;
}

static bool is_hash(const struct nb_map *m)
{
	return m->spec.type == BPF_MAP_TYPE_HASH || m->spec.type == BPF_MAP_TYPE_LPM_TRIE;
}

static struct nb_map *map_create(const struct nb_spec *spec)
{
	struct nb_map *m = checked(calloc(1, sizeof(*m)));
	size_t value = spec->type == BPF_MAP_TYPE_ARRAY_OF_MAPS ? sizeof(void *)
								: align8(spec->value_size);

	m->spec = *spec;
	if (is_hash(m)) {
		m->size = 64;
		m->buckets = checked(calloc(m->size, sizeof(*m->buckets)));
	} else {
		m->array = checked(calloc(spec->max_entries, value));
	}
	return m;
}

static struct nb_map *map_of(const struct nb_spec *spec)
{
	struct nb_map *m;

	for (m = maps; m; m = m->next)
		if (m->spec.declared == spec->declared)
			return m;
	m = map_create(spec);
	m->next = maps;
	maps = m;
	return m;
}

static void map_empty(struct nb_map *m)
{
	for (__u32 i = 0; m->buckets && i < m->size; i++) {
		while (m->buckets[i]) {
			struct element *e = m->buckets[i];

			m->buckets[i] = e->next;
			free(e);
		}
	}
}

static void map_free(struct nb_map *m)
{
	map_empty(m);
	free(m->buckets);
	free(m->array);
	free(m);
}

void nb_reset(void)
{
	while (maps) {
		struct nb_map *m = maps;

		maps = m->next;
		map_free(m);
	}
}

/* ---- hash tables ---- */

static __u32 hash_of(const void *key, __u32 size)
{
	const unsigned char *p = key;
	__u64 h = 0xcbf29ce484222325ULL;

	for (__u32 i = 0; i < size; i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return (__u32)(h ^ h >> 32);
}

static void *value_of(const struct nb_map *m, struct element *e)
{
	return e->data + align8(m->spec.key_size);
}

static struct element **find(struct nb_map *m, const void *key)
{
	struct element **at = &m->buckets[hash_of(key, m->spec.key_size) & (m->size - 1)];

	while (*at && memcmp((*at)->data, key, m->spec.key_size) != 0)
		at = &(*at)->next;
	return at;
}

static void grow(struct nb_map *m)
{
	__u32 size = m->size * 2;
	struct element **buckets = checked(calloc(size, sizeof(*buckets)));

	for (__u32 i = 0; i < m->size; i++) {
		while (m->buckets[i]) {
			struct element *e = m->buckets[i];
			__u32 to = hash_of(e->data, m->spec.key_size) & (size - 1);

			m->buckets[i] = e->next;
			e->next = buckets[to];
			buckets[to] = e;
		}
	}
	free(m->buckets);
	m->buckets = buckets;
	m->size = size;
}

static long hash_update(struct nb_map *m, const void *key, const void *value, __u64 flags)
{
	struct element **at = find(m, key), *e = *at;

	if (e && flags == BPF_NOEXIST)
		return -EEXIST;
	if (!e) {
		if (m->count >= m->spec.max_entries)
			return -E2BIG;
		e = checked(calloc(1, sizeof(*e) + align8(m->spec.key_size) + m->spec.value_size));
		memcpy(e->data, key, m->spec.key_size);
		*at = e;
		if (++m->count > m->size)
			grow(m);
	}
	memcpy(value_of(m, e), value, m->spec.value_size);
	return 0;
}

static long hash_delete(struct nb_map *m, const void *key)
{
	struct element **at = find(m, key), *e = *at;

	if (!e)
		return -ENOENT;
	*at = e->next;
	free(e);
	m->count--;
	return 0;
}

/* The longest prefix that holds the key: prefixlen first, then the bytes. */
static void *lpm_lookup(struct nb_map *m, const void *key)
{
	unsigned char probe[64];
	__u32 bits;

	memcpy(probe, key, m->spec.key_size);
	memcpy(&bits, key, sizeof(bits));
	for (__s64 n = bits; n >= 0; n--) {
		__u32 prefix = (__u32)n;
		struct element *e;

		memcpy(probe, &prefix, sizeof(prefix));
		if (n < bits) /* clear the bit that the shorter prefix does not have */
			probe[4 + n / 8] &= (unsigned char)~(0x80 >> n % 8);
		e = *find(m, probe);
		if (e)
			return value_of(m, e);
	}
	return NULL;
}

/* ---- the helpers ---- */

static void *map_lookup(struct nb_map *m, const void *key)
{
	struct element *e;
	__u32 index;

	if (m->spec.type == BPF_MAP_TYPE_LPM_TRIE)
		return lpm_lookup(m, key);
	if (is_hash(m)) {
		e = *find(m, key);
		return e ? value_of(m, e) : NULL;
	}
	memcpy(&index, key, sizeof(index));
	if (index >= m->spec.max_entries)
		return NULL;
	if (m->spec.type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		return ((void **)m->array)[index];
	return m->array + (size_t)index * align8(m->spec.value_size);
}

void *nb_lookup(const struct nb_spec *spec, const void *key)
{
	return map_lookup(map_of(spec), key);
}

void *nb_inner_lookup(void *inner, const void *key)
{
	return map_lookup(inner, key);
}

static long map_update(struct nb_map *m, const void *key, const void *value, __u64 flags)
{
	__u32 index;

	if (is_hash(m))
		return hash_update(m, key, value, flags);
	memcpy(&index, key, sizeof(index));
	if (index >= m->spec.max_entries)
		return -E2BIG;
	if (m->spec.type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
		((const void **)m->array)[index] = value;
	else
		memcpy(m->array + (size_t)index * align8(m->spec.value_size), value,
		       m->spec.value_size);
	return 0;
}

long nb_update(const struct nb_spec *spec, const void *key, const void *value, __u64 flags)
{
	return map_update(map_of(spec), key, value, flags);
}

long nb_inner_update(void *inner, const void *key, const void *value)
{
	return map_update(inner, key, value, BPF_ANY);
}

void *nb_inner_create(__u32 type, __u32 key_size, __u32 value_size, __u32 max_entries)
{
	struct nb_spec spec = { NULL, type, key_size, value_size, max_entries };

	return map_create(&spec);
}

void nb_inner_free(void *inner)
{
	if (inner)
		map_free(inner);
}

long nb_delete(const struct nb_spec *spec, const void *key)
{
	return hash_delete(map_of(spec), key);
}

long nb_push(const struct nb_spec *spec, const void *value)
{
	struct nb_map *m = map_of(spec);

	if (m->count >= m->spec.max_entries)
		return -E2BIG;
	memcpy(m->array + (size_t)m->count++ * align8(spec->value_size), value, spec->value_size);
	return 0;
}

long nb_pop(const struct nb_spec *spec, void *value)
{
	struct nb_map *m = map_of(spec);

	if (!m->count)
		return -ENOENT;
	memcpy(value, m->array + (size_t)--m->count * align8(spec->value_size), spec->value_size);
	return 0;
}

void nb_for_each(const struct nb_spec *spec, void (*step)(const void *key, void *value, void *arg),
		 void *arg)
{
	struct nb_map *m = map_of(spec);

	for (__u32 i = 0; i < m->size; i++) {
		struct element *e = m->buckets[i], *next;

		for (; e; e = next) {
			next = e->next;
			step(e->data, value_of(m, e), arg);
		}
	}
}

__u32 nb_count(const struct nb_spec *spec)
{
	return map_of(spec)->count;
}

long nb_emit(const void *data, __u64 len)
{
	if (run.sink)
		run.sink(run.arg, data, (size_t)len);
	return 0;
}

__u64 nb_now(void)
{
	return run.now_ns;
}

__u32 nb_csum(const void *data, __u32 len, __u32 seed)
{
	const unsigned char *at = data;
	__u64 sum = seed;

	for (__u32 word; len >= sizeof(word); len -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sum += word;
	}
	sum = (sum & 0xffffffff) + (sum >> 32);
	return (__u32)((sum & 0xffffffff) + (sum >> 32));
}
