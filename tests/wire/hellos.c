/* SPDX-License-Identifier: BSD-2-Clause */
#include "hellos.h"

static const __u16 usual_ciphers[] = { 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
				       0xcca9, 0xcca8, 0x009c, 0x009d, 0x002f, 0x0035 };

const struct hello_spec hello_classic = {
	.sni = "shop.example.com",
	.session_id_len = 32,
	.versions = { 0x0304, 0x0303 },
	.groups = { 0x001d, 0x0017 },
	.key_share = 32,
	.alpn = "h2",
	.pad_to = 512,
};

const struct hello_spec hello_pq = {
	.sni = "pq.example.com",
	.sni_last = true,
	.session_id_len = 32,
	.ciphers = { 0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b },
	.versions = { 0x5a5a, 0x0304, 0x0303 },
	.groups = { 0x11ec, 0x001d },
	.key_share = 1216,
	.alpn = "h2",
	.pad_to = 1741,
};

static void put_random(struct octets *o, __u32 len)
{
	for (__u32 i = 0; i < len; i++)
		put_be(o, 1, (i * 167 + 13) & 0xff);
}

static void extension_list16(struct octets *o, __u16 type, __u32 width, const __u16 *values,
			     __u32 max)
{
	__u32 body, list;

	if (!values[0])
		return;
	put_be(o, 2, type);
	body = vector_begin(o, 2);
	list = vector_begin(o, width);
	for (__u32 i = 0; i < max && values[i]; i++)
		put_be(o, 2, values[i]);
	vector_end(o, list, width);
	vector_end(o, body, 2);
}

static void extension_plain(struct octets *o, __u16 type, __u8 first, __u32 len)
{
	__u32 body;

	put_be(o, 2, type);
	body = vector_begin(o, 2);
	if (len) {
		put_be(o, 1, first);
		put_random(o, len - 1);
	}
	vector_end(o, body, 2);
}

void sni_list(struct octets *body, const struct sni_entry *entries, __u32 count)
{
	__u32 list = vector_begin(body, 2);

	for (__u32 i = 0; i < count; i++) {
		put_be(body, 1, entries[i].type);
		put_be(body, 2, entries[i].len);
		put(body, entries[i].name, entries[i].len);
	}
	vector_end(body, list, 2);
}

static void extension_name(struct octets *o, const char *name)
{
	struct sni_entry entry = { 0, name, (__u32)strlen(name) };
	__u32 body;

	put_be(o, 2, 0);
	body = vector_begin(o, 2);
	sni_list(o, &entry, 1);
	vector_end(o, body, 2);
}

static void extension_sni(struct octets *o, const struct hello_spec *spec)
{
	if (spec->sni_body) {
		put_be(o, 2, 0);
		put_be(o, 2, spec->sni_body_len);
		put(o, spec->sni_body, spec->sni_body_len);
	} else if (spec->sni) {
		extension_name(o, spec->sni);
	}
	if (spec->sni_twice)
		extension_name(o, spec->sni_twice);
}

static void extension_key_share(struct octets *o, const struct hello_spec *spec)
{
	__u32 body, list;

	if (!spec->key_share)
		return;
	put_be(o, 2, 51);
	body = vector_begin(o, 2);
	list = vector_begin(o, 2);
	put_be(o, 2, spec->groups[0]);
	put_be(o, 2, spec->key_share);
	put_random(o, spec->key_share);
	vector_end(o, list, 2);
	vector_end(o, body, 2);
}

static void extension_alpn(struct octets *o, const char *protocol)
{
	__u32 body, list, name;

	if (!protocol)
		return;
	put_be(o, 2, 16);
	body = vector_begin(o, 2);
	list = vector_begin(o, 2);
	name = vector_begin(o, 1);
	put_string(o, protocol);
	vector_end(o, name, 1);
	vector_end(o, list, 2);
	vector_end(o, body, 2);
}

static void extensions_ahead(struct octets *o, const struct hello_spec *spec)
{
	for (__u32 i = 0; i < spec->extensions; i++)
		extension_plain(o, (__u16)(0x4000 + i), 0, 0);
	if (spec->filler)
		extension_plain(o, 0x3fff, 0, spec->filler);
	if (!spec->sni_last)
		extension_sni(o, spec);
}

static void extensions_behind(struct octets *o, const struct hello_spec *spec)
{
	if (spec->ticket)
		extension_plain(o, 35, 1, spec->ticket);
	if (spec->early_data)
		extension_plain(o, 42, 0, 0);
	if (spec->ech == HELLO_ECH_OUTER || spec->ech == HELLO_ECH_INNER)
		extension_plain(o, 0xfe0d, spec->ech == HELLO_ECH_INNER, 40);
	if (spec->ech == HELLO_ESNI)
		extension_plain(o, 0xffce, 0, 40);
	if (spec->sni_last)
		extension_sni(o, spec);
}

static void extensions_end(struct octets *o, const struct hello_spec *spec, __u32 message)
{
	if (spec->pad_to > o->len - message + 4) {
		put_be(o, 2, 21);
		put_be(o, 2, spec->pad_to - (o->len - message) - 2);
		put_fill(o, 0, spec->pad_to - (o->len - message));
	}
	if (spec->psk) /* must be the last one */
		extension_plain(o, 41, 0, 70);
}

static void hello_extensions(struct octets *o, const struct hello_spec *spec, __u32 message)
{
	__u32 block = vector_begin(o, 2);

	extensions_ahead(o, spec);
	extension_list16(o, 43, 1, spec->versions, 8);
	extension_list16(o, 10, 2, spec->groups, 8);
	extension_list16(o, 13, 2, spec->signatures, 8);
	extension_key_share(o, spec);
	extension_alpn(o, spec->alpn);
	extensions_behind(o, spec);
	extensions_end(o, spec, message);
	vector_end(o, block, 2);
}

static void hello_ciphers(struct octets *o, const struct hello_spec *spec)
{
	const __u16 *list = spec->ciphers[0] ? spec->ciphers : usual_ciphers;
	__u32 max = spec->ciphers[0] ? 24 : sizeof(usual_ciphers) / sizeof(usual_ciphers[0]);
	__u32 begin = vector_begin(o, 2);

	for (__u32 i = 0; !spec->no_ciphers && i < max && list[i]; i++)
		put_be(o, 2, list[i]);
	for (__u32 i = 0; i < spec->more_ciphers; i++)
		put_be(o, 2, 0xc02b);
	vector_end(o, begin, 2);
}

void hello_build(struct octets *o, const struct hello_spec *spec)
{
	__u32 body, session;

	octets_clear(o);
	put_be(o, 1, 1);
	body = vector_begin(o, 3);
	put_be(o, 2, spec->legacy ? spec->legacy : 0x0303);
	put_random(o, 32);
	session = vector_begin(o, 1);
	put_random(o, spec->session_id_len);
	vector_end(o, session, 1);
	hello_ciphers(o, spec);
	put_be(o, 2, 0x0100);
	if (!spec->no_extensions)
		hello_extensions(o, spec, 0);
	vector_end(o, body, 3);
}

void record_put(struct octets *stream, __u8 type, __u16 version, const void *body, __u32 len)
{
	put_be(stream, 1, type);
	put_be(stream, 2, version);
	put_be(stream, 2, len);
	put(stream, body, len);
}

void record_whole(struct octets *stream, const struct octets *message)
{
	octets_clear(stream);
	record_put(stream, 22, 0x0301, message->at, message->len);
}

void records_split(struct octets *stream, const struct octets *message, const __u32 *sizes,
		   __u32 count)
{
	__u32 at = 0;

	octets_clear(stream);
	for (__u32 i = 0; at < message->len; i++) {
		__u32 size = sizes[i < count ? i : count - 1];

		if (size > message->len - at)
			size = message->len - at;
		record_put(stream, 22, 0x0301, message->at + at, size);
		at += size;
	}
}

void hello_sslv2(struct octets *stream, __u16 version, __u32 ciphers, __u32 challenge)
{
	octets_clear(stream);
	put_be(stream, 2, 0x8000 | (9 + ciphers * 3 + challenge));
	put_be(stream, 1, 1);
	put_be(stream, 2, version);
	put_be(stream, 2, ciphers * 3);
	put_be(stream, 2, 0);
	put_be(stream, 2, challenge);
	for (__u32 i = 0; i < ciphers; i++)
		put_be(stream, 3, 0x010080 + i);
	put_random(stream, challenge);
}
