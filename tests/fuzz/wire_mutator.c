/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire_mutator.h"

#include <stdbool.h>
#include <string.h>

#include "../wire/octets.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

#define VECTORS_MAX 256
#define MESSAGE_MAX 40000

/* A vector of the message: where its length lies, and what it holds. */
struct vector {
	__u32 length_at, width;
	__u32 begin, end;
	bool is_extension; /* its type is in front of the length */
};

/* The first handshake message of a stream, taken out of its records. */
struct wire {
	__u64 chance;
	__u32 len;
	__u32 vector_count;
	struct vector vectors[VECTORS_MAX];
	__u8 message[MESSAGE_MAX + 70000];
};

static __u32 below(struct wire *w, __u32 n)
{
	__u64 z = w->chance += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return n ? (__u32)((z ^ z >> 31) % n) : 0;
}

/* ---- out of the records ---- */

static void take_message(struct wire *w, const uint8_t *data, size_t size)
{
	w->len = 0;
	for (size_t at = 0; at + 5 <= size;) {
		size_t len = (size_t)data[at + 3] << 8 | data[at + 4];

		if (data[at] < 20 || data[at] > 22)
			return;
		at += 5;
		if (len > size - at)
			len = size - at;
		if (data[at - 5] == 22 && len <= MESSAGE_MAX - w->len) {
			memcpy(w->message + w->len, data + at, len);
			w->len += (__u32)len;
		}
		at += len;
	}
}

/* ---- its vectors ---- */

static __u32 number(const struct wire *w, __u32 at, __u32 width)
{
	__u32 value = 0;

	for (__u32 i = 0; i < width; i++)
		value = value << 8 | w->message[at + i];
	return value;
}

/* The vector whose length lies at `at`, no further than `end`; returns where it ends. */
static __u32 note_vector(struct wire *w, __u32 at, __u32 width, __u32 end, bool is_extension)
{
	struct vector v = { at, width, at + width, 0, is_extension };
	__u32 len;

	if (at + width > end || w->vector_count == VECTORS_MAX)
		return end;
	len = number(w, at, width);
	v.end = len < end - v.begin ? v.begin + len : end;
	w->vectors[w->vector_count++] = v;
	return v.end;
}

/* What lies inside an extension, by its type: as deep as lengths go. */
static void note_body(struct wire *w, __u32 type, __u32 begin, __u32 end)
{
	__u32 at = begin + 2;

	switch (type) {
	case 0: /* server_name: a list of types and names */
		end = note_vector(w, begin, 2, end, false);
		while (at + 3 <= end)
			at = note_vector(w, at + 1, 2, end, false);
		break;
	case 16: /* alpn */
		end = note_vector(w, begin, 2, end, false);
		while (at < end)
			at = note_vector(w, at, 1, end, false);
		break;
	case 51: /* key_share */
		end = note_vector(w, begin, 2, end, false);
		while (at + 4 <= end)
			at = note_vector(w, at + 2, 2, end, false);
		break;
	case 10:
	case 13:
	case 50:
		note_vector(w, begin, 2, end, false);
		break;
	case 11:
	case 43:
	case 45:
		note_vector(w, begin, 1, end, false);
		break;
	}
}

static void note_vectors(struct wire *w)
{
	__u32 at = 4 + 2 + 32, end, type, begin;

	w->vector_count = 0;
	end = note_vector(w, 1, 3, w->len, false);
	at = note_vector(w, at, 1, end, false); /* session id */
	at = note_vector(w, at, 2, end, false); /* suites */
	at = note_vector(w, at, 1, end, false); /* compression */
	end = note_vector(w, at, 2, end, false);
	for (at += 2; at + 4 <= end;) {
		type = number(w, at, 2);
		begin = at + 4;
		at = note_vector(w, at + 2, 2, end, true);
		note_body(w, type, begin, at);
	}
}

/* ---- mutations ---- */

/* `n` bytes more (or fewer) inside v: every length around it says so. */
static void lengths_follow(struct wire *w, const struct vector *v, __s32 n)
{
	for (__u32 i = 0; i < w->vector_count; i++) {
		const struct vector *o = &w->vectors[i];
		__u32 len;

		if (o->begin > v->begin || o->end < v->end)
			continue;
		len = number(w, o->length_at, o->width) + (__u32)n;
		for (__u32 b = 0; b < o->width; b++)
			w->message[o->length_at + b] = (__u8)(len >> 8 * (o->width - 1 - b));
	}
}

/* The bytes [at, at + old) become `new` ones; the caller writes them. */
static bool splice(struct wire *w, __u32 at, __u32 old, __u32 new)
{
	if (w->len - old + new > MESSAGE_MAX)
		return false;
	memmove(w->message + at + new, w->message + at + old, w->len - at - old);
	w->len += new - old;
	return true;
}

/* Other contents, of another length. */
static void mutate_contents(struct wire *w, const struct vector *v)
{
	static __u8 contents[4096];
	__u32 len = v->end - v->begin, room = len + 64;

	if (room > sizeof(contents))
		return;
	memcpy(contents, w->message + v->begin, len);
	room = (__u32)LLVMFuzzerMutate(contents, len, room);
	lengths_follow(w, v, (__s32)room - (__s32)len);
	if (splice(w, v->begin, len, room))
		memcpy(w->message + v->begin, contents, room);
}

static const struct vector *any_extension(struct wire *w)
{
	const struct vector *v = NULL;
	__u32 seen = 0;

	for (__u32 i = 0; i < w->vector_count; i++)
		if (w->vectors[i].is_extension && !below(w, ++seen))
			v = &w->vectors[i];
	return v;
}

/* An extension once more, or none of it; type and length are in front of what it holds. */
static void repeat_extension(struct wire *w, bool remove)
{
	const struct vector *v = any_extension(w);
	struct vector around;
	static __u8 copy[MESSAGE_MAX];
	__u32 len;

	if (!v || v->begin < 8)
		return;
	around = *v;
	around.begin -= 4; /* not a part of itself */
	len = around.end - around.begin;
	memcpy(copy, w->message + around.begin, len);
	lengths_follow(w, &around, remove ? -(__s32)len : (__s32)len);
	if (splice(w, around.begin, remove ? len : 0, remove ? 0 : len) && !remove)
		memcpy(w->message + around.begin, copy, len);
}

/* A new extension, of a type that is read. */
static void add_extension(struct wire *w)
{
	static const __u16 types[] = { 0, 10, 11, 13, 16, 35, 41, 42, 43, 51, 0xfe0d, 0xffce };
	const struct vector *v = any_extension(w);
	struct vector around;
	__u32 len = below(w, 24);

	if (!v || v->begin < 8)
		return;
	around = *v;
	around.begin -= 4;
	lengths_follow(w, &around, (__s32)len + 4);
	if (!splice(w, around.begin, 0, len + 4))
		return;
	w->message[around.begin] = (__u8)(types[below(w, 12)] >> 8);
	w->message[around.begin + 1] = (__u8)types[below(w, 12)];
	w->message[around.begin + 2] = 0;
	w->message[around.begin + 3] = (__u8)len;
	for (__u32 i = 0; i < len; i++)
		w->message[around.begin + 4 + i] = (__u8)below(w, i < 6 ? 4 : 256);
}

static void lie(struct wire *w, const struct vector *v)
{
	__u32 value = number(w, v->length_at, v->width);

	switch (below(w, 5)) {
	case 0:
		value++;
		break;
	case 1:
		value--;
		break;
	case 2:
		value = 0;
		break;
	case 3:
		value = ~0U;
		break;
	default:
		value = below(w, 70000);
	}
	for (__u32 b = 0; b < v->width; b++)
		w->message[v->length_at + b] = (__u8)(value >> 8 * (v->width - 1 - b));
}

static void mutate_message(struct wire *w)
{
	const struct vector *v;

	note_vectors(w);
	if (!w->vector_count)
		return;
	v = &w->vectors[below(w, w->vector_count)];
	switch (below(w, 8)) {
	case 0:
		lie(w, v);
		break;
	case 1:
		repeat_extension(w, false);
		break;
	case 2:
		repeat_extension(w, true);
		break;
	case 3:
		add_extension(w);
		break;
	default:
		mutate_contents(w, v);
	}
}

/* ---- into records again ---- */

struct writer {
	uint8_t *at;
	size_t len, room;
};

static void put_record(struct writer *o, __u8 type, __u16 version, const void *body, __u32 len)
{
	const uint8_t header[5] = { type, (uint8_t)(version >> 8), (uint8_t)version,
				    (uint8_t)(len >> 8), (uint8_t)len };

	if (o->room - o->len < sizeof(header) + len)
		return;
	memcpy(o->at + o->len, header, sizeof(header));
	memcpy(o->at + o->len + sizeof(header), body, len);
	o->len += sizeof(header) + len;
}

static void put_leading(struct wire *w, struct writer *o)
{
	static const __u8 alert[2] = { 1, 90 }, ccs[1] = { 1 };

	switch (below(w, 3)) {
	case 0:
		put_record(o, 21, 0x0301, alert, sizeof(alert));
		break;
	case 1:
		put_record(o, 20, 0x0303, ccs, sizeof(ccs));
		break;
	default:
		put_record(o, 22, 0x0301, alert, 0);
	}
}

static size_t put_message(struct wire *w, uint8_t *data, size_t max_size)
{
	struct writer o = { data, 0, max_size };
	__u32 most = 16384, n;

	if (!below(w, 4))
		most = 1 + below(w, below(w, 2) ? 40 : 4000);
	for (__u32 at = 0; at < w->len; at += n) {
		if (!below(w, 16))
			put_leading(w, &o);
		n = most < w->len - at ? most : w->len - at;
		put_record(&o, 22, below(w, 8) ? 0x0301 : (__u16)below(w, 0x10000), w->message + at,
			   n);
		if (!below(w, 4))
			most = 1 + below(w, 200);
	}
	return o.len;
}

size_t wire_mutate(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	static struct wire w;

	w.chance = seed;
	take_message(&w, data, size);
	if (w.len < 44 || !below(&w, 3))
		return LLVMFuzzerMutate(data, size, max_size);
	for (__u32 n = 1 + below(&w, 3); n; n--)
		mutate_message(&w);
	size = put_message(&w, data, max_size);
	return size ? size : LLVMFuzzerMutate(data, 1, max_size);
}
