/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hello_text.h - a ClientHello out of text, for tests: lists are hex as JA4
 * and Wireshark print them ("1301 c02f"), separators are free.
 */
#ifndef HG_HELLO_TEXT_H
#define HG_HELLO_TEXT_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hello_text {
	unsigned int version; /* legacy_version; 0: 0x0303 */
	const char *ciphers;
	const char *exts;     /* types in order; bodies are made of what is below */
	const char *sni;      /* of 0000 */
	size_t sni_len;	      /* 0: strlen(sni) */
	const char *alpn;     /* of 0010: names in hex, separated by spaces */
	const char *groups;   /* of 000a */
	const char *formats;  /* of 000b */
	const char *sigalgs;  /* of 000d */
	const char *versions; /* of 002b */
	const char *shares;   /* of 0033: groups, each with a key of one byte */
	const char *session_id;
	const char *more; /* a whole extension in hex, appended to the block */
};

struct hello_bytes {
	unsigned char at[65536];
	size_t len;
};

static inline void put8(struct hello_bytes *b, unsigned int value)
{
	b->at[b->len++] = (unsigned char)value;
}

static inline void put16(struct hello_bytes *b, unsigned int value)
{
	put8(b, value >> 8);
	put8(b, value & 0xff);
}

static inline void put_text(struct hello_bytes *b, const char *hex)
{
	unsigned int byte;

	for (; hex && *hex; hex++) {
		if (!isxdigit((unsigned char)*hex))
			continue;
		sscanf(hex, "%2x", &byte);
		put8(b, byte);
		hex++;
	}
}

/* A length of `size` bytes, set when the vector ends. */
static inline size_t vector_begin(struct hello_bytes *b, unsigned int size)
{
	b->len += size;
	return b->len;
}

static inline void vector_end(struct hello_bytes *b, size_t from, unsigned int size)
{
	size_t len = b->len - from;

	for (unsigned int i = 1; i <= size; i++, len >>= 8)
		b->at[from - i] = (unsigned char)len;
}

static inline void put_vector(struct hello_bytes *b, unsigned int size, const char *hex)
{
	size_t from = vector_begin(b, size);

	put_text(b, hex);
	vector_end(b, from, size);
}

static inline void put_name(struct hello_bytes *b, const struct hello_text *t)
{
	size_t len = t->sni_len || !t->sni ? t->sni_len : strlen(t->sni), list;

	list = vector_begin(b, 2);
	put8(b, 0);
	put16(b, (unsigned int)len);
	memcpy(b->at + b->len, t->sni, len);
	b->len += len;
	vector_end(b, list, 2);
}

static inline void put_alpn(struct hello_bytes *b, const char *names)
{
	size_t list = vector_begin(b, 2);
	char word[512];
	int n;

	for (; names && sscanf(names, " %511s%n", word, &n) == 1; names += n)
		put_vector(b, 1, word[0] == '-' ? "" : word);
	vector_end(b, list, 2);
}

static inline void put_shares(struct hello_bytes *b, const char *groups)
{
	size_t list = vector_begin(b, 2);
	unsigned int group;
	int n;

	for (; groups && sscanf(groups, " %4x%n", &group, &n) == 1; groups += n) {
		put16(b, group);
		put_vector(b, 2, "42");
	}
	vector_end(b, list, 2);
}

static inline void put_extension(struct hello_bytes *b, const struct hello_text *t,
				 unsigned int type)
{
	size_t body;

	put16(b, type);
	body = vector_begin(b, 2);
	if (type == 0x0000 && t->sni)
		put_name(b, t);
	else if (type == 0x000a && t->groups)
		put_vector(b, 2, t->groups);
	else if (type == 0x000b && t->formats)
		put_vector(b, 1, t->formats);
	else if (type == 0x000d && t->sigalgs)
		put_vector(b, 2, t->sigalgs);
	else if (type == 0x0010 && t->alpn)
		put_alpn(b, t->alpn);
	else if (type == 0x002b && t->versions)
		put_vector(b, 1, t->versions);
	else if (type == 0x0033 && t->shares)
		put_shares(b, t->shares);
	vector_end(b, body, 2);
}

static inline const struct hello_bytes *hello_of(const struct hello_text *t)
{
	static struct hello_bytes b;
	const char *exts = t->exts;
	unsigned int type;
	size_t message, block;
	int n;

	b.len = 0;
	put8(&b, 1);
	message = vector_begin(&b, 3);
	put16(&b, t->version ? t->version : 0x0303);
	for (int i = 0; i < 32; i++)
		put8(&b, (unsigned int)i);
	put_vector(&b, 1, t->session_id);
	put_vector(&b, 2, t->ciphers);
	put_vector(&b, 1, "00");
	if (exts) {
		block = vector_begin(&b, 2);
		for (; sscanf(exts, "%*[ ,]%n", &n), sscanf(exts, " %4x%n", &type, &n) == 1;
		     exts += n + (exts[n] == ','))
			put_extension(&b, t, type);
		put_text(&b, t->more);
		vector_end(&b, block, 2);
	}
	vector_end(&b, message, 3);
	return &b;
}

#endif /* HG_HELLO_TEXT_H */
