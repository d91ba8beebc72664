/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * octets.h - bytes under construction, and length fields written afterwards.
 */
#ifndef HG_TESTS_OCTETS_H
#define HG_TESTS_OCTETS_H

#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#define OCTETS_MAX (160 * 1024)

/* Where a length field lies. */
struct octets_field {
	__u32 at, width;
};

#define OCTETS_FIELDS 64 /* the first ones are kept */

struct octets {
	__u32 len;
	__u32 field_count;
	struct octets_field fields[OCTETS_FIELDS];
	__u8 at[OCTETS_MAX];
};

static inline void octets_clear(struct octets *o)
{
	o->len = 0;
	o->field_count = 0;
}

static inline void put(struct octets *o, const void *bytes, __u32 len)
{
	if (len > OCTETS_MAX - o->len)
		abort(); /* a test asks for more than any test should */
	if (len)
		memcpy(o->at + o->len, bytes, len);
	o->len += len;
}

static inline void put_fill(struct octets *o, __u8 byte, __u32 len)
{
	if (len > OCTETS_MAX - o->len)
		abort();
	memset(o->at + o->len, byte, len);
	o->len += len;
}

/* A number of `width` bytes, most significant first. */
static inline void put_be(struct octets *o, __u32 width, __u64 value)
{
	__u8 bytes[8];

	for (__u32 i = 0; i < width; i++)
		bytes[i] = (__u8)(value >> (8 * (width - 1 - i)));
	put(o, bytes, width);
}

static inline void put_string(struct octets *o, const char *text)
{
	put(o, text, (__u32)strlen(text));
}

static inline void patch_be(struct octets *o, __u32 at, __u32 width, __u64 value)
{
	for (__u32 i = 0; i < width; i++)
		o->at[at + i] = (__u8)(value >> (8 * (width - 1 - i)));
}

/* A vector: vector_begin() leaves room for the length that vector_end() writes. */
static inline __u32 vector_begin(struct octets *o, __u32 width)
{
	if (o->field_count < OCTETS_FIELDS)
		o->fields[o->field_count++] = (struct octets_field){ o->len, width };
	put_be(o, width, 0);
	return o->len;
}

static inline void vector_end(struct octets *o, __u32 begin, __u32 width)
{
	patch_be(o, begin - width, width, o->len - begin);
}

#endif /* HG_TESTS_OCTETS_H */
