/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * native_bpf.h - the BPF helpers over plain memory, for the capture reader and
 * the fuzzers: one thread, one processor, the clock of the capture.
 *
 * Included by bpf/env.h in place of libbpf's headers.  Map definitions compile
 * as they stand; their declared types say key, value and size, and the macros
 * below hand those to an engine of three kinds: arrays, hash tables, stacks.
 */
#ifndef HG_NATIVE_BPF_H
#define HG_NATIVE_BPF_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "types.h"

#define SEC(name) __attribute__((unused))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]

#define bpf_htons(x) htons(x)
#define bpf_ntohs(x) ntohs(x)
#define bpf_htonl(x) htonl(x)
#define bpf_ntohl(x) ntohl(x)

/* The numbers of linux/bpf.h, which would clash with our map names. */
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LPM_TRIE = 11,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_STACK = 23,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_F_NO_PREALLOC = 1,
	BPF_F_MMAPABLE = 1024,
	BPF_F_INNER_MAP = 4096,
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
};

struct bpf_timer {
	__u64 opaque[2];
};

struct nb_map;

/* A frame at hand, as `ctx` of the path. */
struct nb_frame {
	const __u8 *data;
	__u32 len;
};

/* What a map's declaration says. */
struct nb_spec {
	const void *declared;
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
};

#define NB_NUMBER(map, field) (sizeof(*(map)->field) / sizeof(int))
#define NB_SPEC(map)                                                                               \
	(&(struct nb_spec){ (map), NB_NUMBER(map, type), sizeof(*(map)->key),                      \
			    sizeof(*(map)->value), NB_NUMBER(map, max_entries) })
#define NB_STACK_SPEC(map)                                                                         \
	(&(struct nb_spec){ (map), NB_NUMBER(map, type), 0, NB_NUMBER(map, value_size),            \
			    NB_NUMBER(map, max_entries) })
#define NB_OUTER_SPEC(map)                                                                         \
	(&(struct nb_spec){ (map), BPF_MAP_TYPE_ARRAY_OF_MAPS, sizeof(__u32), sizeof(void *),      \
			    NB_NUMBER(map, max_entries) })

#define bpf_map_lookup_elem(map, key) NB_LOOKUP(map, key)
#define bpf_map_update_elem(map, key, value, flags) nb_update(NB_SPEC(map), key, value, flags)
#define bpf_map_delete_elem(map, key) nb_delete(NB_SPEC(map), key)
#define bpf_map_push_elem(map, value, flags) nb_push(NB_STACK_SPEC(map), value)
#define bpf_map_pop_elem(map, value) nb_pop(NB_STACK_SPEC(map), value)
#define bpf_ringbuf_output(map, data, len, flags) ((void)(flags), nb_emit(data, len))
#define bpf_get_smp_processor_id() 0U
#define bpf_csum_diff(from, from_len, to, to_len, seed) nb_csum(to, to_len, seed)
#define bpf_ktime_get_ns() nb_now()
#define bpf_ktime_get_coarse_ns() nb_now()
#define bpf_ktime_get_tai_ns() nb_now()
#define hg_outer_lookup(map, key) nb_lookup(NB_OUTER_SPEC(map), key)
#define hg_inner_lookup(map, key) nb_inner_lookup(map, key)

#define NB_LOOKUP(map, key) ((typeof((map)->value))nb_lookup(NB_SPEC(map), key))

void *nb_lookup(const struct nb_spec *spec, const void *key);
long nb_update(const struct nb_spec *spec, const void *key, const void *value, __u64 flags);
long nb_delete(const struct nb_spec *spec, const void *key);
long nb_push(const struct nb_spec *spec, const void *value);
long nb_pop(const struct nb_spec *spec, void *value);
void *nb_inner_lookup(void *inner, const void *key);
long nb_emit(const void *data, __u64 len);
__u64 nb_now(void);

/*
 * An inner map for an ARRAY_OF_MAPS: created here, put in with nb_update() of
 * a pointer, which is what looking it up returns.
 */
void *nb_inner_create(__u32 type, __u32 key_size, __u32 value_size, __u32 max_entries);
long nb_inner_update(void *inner, const void *key, const void *value);

/* Walk a hash table; `step` may delete the element that it was given. */
void nb_for_each(const struct nb_spec *spec, void (*step)(const void *key, void *value, void *arg),
		 void *arg);

__u32 nb_count(const struct nb_spec *spec);

/* The sum of `len` bytes, a multiple of four, and of the seed: 32 bits, carries added. */
__u32 nb_csum(const void *data, __u32 len, __u32 seed);

static inline long nb_load_bytes(const void *ctx, __u32 offset, void *to, __u32 len)
{
	const struct nb_frame *f = ctx;

	if (offset > f->len || len > f->len - offset)
		return -14; /* -EFAULT, as the kernel */
	memcpy(to, f->data + offset, len);
	return 0;
}

#endif /* HG_NATIVE_BPF_H */
