/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 19 to 23: the record layer.
 */
#include "shape.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define HANDSHAKE 22

/* Say what the stream holds by now: whole, and in a second variant cut in two. */
static void tell(struct script *s, __u32 variant)
{
	connected(s);
	say_in(s, 0, variant ? 300 : MSS);
}

static void message_only(struct script *s)
{
	hello_for(s, SHOP);
	octets_clear(&s->stream);
}

static void rest_from(struct script *s, __u16 version, __u32 at)
{
	record_put(&s->stream, HANDSHAKE, version, s->message.at + at, s->message.len - at);
}

/* ---- 19: versions ---- */

static void version(struct script *s, __u16 version)
{
	message_only(s);
	rest_from(s, version, 0);
	tell(s, 0);
}

static void usual_version(struct script *s, __u32 variant)
{
	version(s, 0x0300 + variant);
}

#define VERSION(hex)                                                                               \
	static void version_##hex(struct script *s, __u32 variant)                                 \
	{                                                                                          \
		(void)variant;                                                                     \
		version(s, 0x##hex);                                                               \
	}

VERSION(0304)
VERSION(03ff)
VERSION(0400)
VERSION(0201)

/* ---- 20: the message over several records ---- */

static void split(struct script *s, const __u32 *sizes, __u32 count, __u32 variant)
{
	hello_for(s, SHOP);
	records_split(&s->stream, &s->message, sizes, count);
	tell(s, variant);
}

static void two_records(struct script *s, __u32 variant)
{
	split(s, (const __u32[]){ 1 + variant, 512 }, 2, 0);
}

static void two_records_two_segments(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	records_split(&s->stream, &s->message, (const __u32[]){ 40, 512 }, 2);
	connected(s);
	say_in(s, 1 + variant, MSS);
	say(s, 0, 1 + variant);
}

static void many_records(struct script *s, __u32 variant)
{
	split(s, (const __u32[]){ 16 }, 1, variant);
}

static void tiny_first_record(struct script *s, __u32 variant)
{
	split(s, (const __u32[]){ 1 + variant, 600 }, 2, 0);
}

static void one_byte_records(struct script *s, __u32 variant)
{
	split(s, (const __u32[]){ 1 }, 1, variant);
}

static void mixed_versions(struct script *s, __u32 variant)
{
	static const __u16 versions[] = { 0x0301, 0x0303, 0x0300, 0x0302, 0x0304 };
	__u32 at = 0;

	message_only(s);
	for (__u32 i = 0; i < 5; i++, at += 90)
		record_put(&s->stream, HANDSHAKE, versions[i], s->message.at + at, 90);
	rest_from(s, 0x0303, at);
	tell(s, variant);
}

/* ---- 21: records without a part of it ---- */

static void empty_records(struct script *s, __u32 count)
{
	while (count--)
		record_put(&s->stream, HANDSHAKE, 0x0301, NULL, 0);
}

static void empty_first(struct script *s, __u32 variant)
{
	static const __u32 counts[] = { 1, 5, 32 };

	message_only(s);
	empty_records(s, counts[variant]);
	rest_from(s, 0x0301, 0);
	tell(s, 0);
}

static void empty_first_alone(struct script *s, __u32 variant)
{
	(void)variant;
	message_only(s);
	empty_records(s, 1);
	rest_from(s, 0x0301, 0);
	connected(s);
	say(s, 0, 5);
	say_in(s, 5, MSS);
}

static void empty_between(struct script *s, __u32 variant)
{
	message_only(s);
	record_put(&s->stream, HANDSHAKE, 0x0301, s->message.at, 100);
	empty_records(s, 1 + variant);
	rest_from(s, 0x0301, 100);
	tell(s, 0);
}

static void leading(struct script *s, __u8 type, const char *body, __u32 len, __u32 times)
{
	message_only(s);
	while (times--)
		record_put(&s->stream, type, 0x0301, body, len);
	rest_from(s, 0x0301, 0);
	tell(s, 0);
}

/* user_canceled, and unrecognized_name; one of them, and four. */
static void alert_first(struct script *s, __u32 variant)
{
	leading(s, 21, variant & 1 ? "\x01\x70" : "\x01\x5a", 2, variant & 2 ? 4 : 1);
}

static void ccs_first(struct script *s, __u32 variant)
{
	leading(s, 20, "\x01", 1, 1 + variant);
}

static void ccs_empty_first(struct script *s, __u32 variant)
{
	leading(s, 20, "", 0, 1 + variant);
}

static void alert_between(struct script *s, __u32 variant)
{
	(void)variant;
	message_only(s);
	record_put(&s->stream, HANDSHAKE, 0x0301, s->message.at, 100);
	record_put(&s->stream, 21, 0x0301, "\x01\x5a", 2);
	rest_from(s, 0x0301, 100);
	tell(s, 0);
}

/* ---- 22: more than the hello ---- */

static void trailing_bytes(struct script *s, __u32 variant)
{
	static const __u8 more[] = { 20, 0, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	__u32 len = variant ? sizeof(more) : 3; /* a whole message, and part of one */

	message_only(s);
	put(&s->message, more, len);
	rest_from(s, 0x0301, 0);
	tell(s, 0);
}

static void record_behind(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	record_put(&s->stream, 20, 0x0303, "\x01", 1);
	tell(s, 0);
}

/* The first message is no ClientHello: no server goes on to the second one. */
static void other_message_first(struct script *s, __u32 variant)
{
	static const __u8 finished[] = { 20, 0, 0, 4, 1, 2, 3, 4 };

	(void)variant;
	message_only(s);
	put(&s->stream, "\x16\x03\x01", 3);
	put_be(&s->stream, 2, sizeof(finished) + s->message.len);
	put(&s->stream, finished, sizeof(finished));
	put(&s->stream, s->message.at, s->message.len);
	tell(s, 0);
}

/* ---- 23: SSLv2 ---- */

static void sslv2(struct script *s, __u16 version)
{
	static const __u8 ciphers[] = { 0, 0xc0, 0x2f, 0, 0, 0x9c, 0, 0, 0x2f };

	octets_clear(&s->stream);
	put_be(&s->stream, 2, 0x8000 | (9 + sizeof(ciphers) + 32));
	put_be(&s->stream, 1, 1);
	put_be(&s->stream, 2, version);
	put_be(&s->stream, 2, sizeof(ciphers));
	put_be(&s->stream, 2, 0);
	put_be(&s->stream, 2, 32);
	put(&s->stream, ciphers, sizeof(ciphers));
	put_fill(&s->stream, 0x5a, 32);
}

static void sslv2_hello(struct script *s, __u32 variant)
{
	static const __u16 versions[] = { 0x0303, 0x0301, 0x0300, 0x0002 };

	sslv2(s, versions[variant]);
	tell(s, 0);
}

static void sslv2_cut(struct script *s, __u32 variant)
{
	sslv2(s, 0x0303);
	connected(s);
	say(s, 0, 1 + variant);
	say_in(s, 1 + variant, MSS);
}

#define SEEN(...)                                                                                  \
	{                                                                                          \
		.sni = SHOP, __VA_ARGS__                                                           \
	}
#define ODD HG_FLAG(odd_record_version)
#define CUT HG_FLAG(record_fragmented)
#define EMPTY HG_FLAG(empty_record)
#define LEADING HG_FLAG(leading_record)
#define SSLV2                                                                                      \
	{                                                                                          \
		.state = HG_SNI_none, .flags = HG_FLAG(sslv2_hello)                                \
	}

/* clang-format off */
static const struct row rows[] = {
	{ "record/usual_versions", 19, "record versions 0x0300 to 0x0303", usual_version,
	  SEEN(.never = ODD), .variants = 4 },
	{ "record/version_0304", 19, "record version 0x0304", version_0304, SEEN(.flags = ODD) },
	{ "record/version_03ff", 19, "record version 0x03ff", version_03ff, SEEN(.flags = ODD) },
	{ "record/version_0400", 19, "record version 0x0400", version_0400, SEEN(.flags = ODD) },
	{ "record/version_0201", 19, "record version 0x0201", version_0201, SEEN(.flags = ODD) },
	{ "record/two", 20, "two records, cut at every byte", two_records, SEEN(.flags = CUT),
	  .variants = 511 },
	{ "record/two_in_two_segments", 20, "two records in two segments, second one first",
	  two_records_two_segments, SEEN(.flags = CUT), .variants = 520 },
	{ "record/many", 20, "records of 16 bytes", many_records, SEEN(.flags = CUT),
	  .variants = 2 },
	{ "record/tiny_first", 20, "a first record of 1 to 3 bytes", tiny_first_record,
	  SEEN(.flags = CUT), .variants = 3 },
	{ "record/one_byte_records", 20, "records of one byte", one_byte_records,
	  SEEN(.flags = CUT), .variants = 2 },
	{ "record/mixed_versions", 20, "records of different versions", mixed_versions,
	  SEEN(.flags = CUT | ODD), .variants = 2 },
	{ "record/empty_first", 21, "1, 5 and 32 empty records first", empty_first,
	  SEEN(.flags = EMPTY), .variants = 3 },
	{ "record/empty_first_alone", 21, "an empty record in a segment of its own",
	  empty_first_alone, SEEN(.flags = EMPTY) },
	{ "record/empty_between", 21, "empty records in between", empty_between,
	  SEEN(.flags = EMPTY | CUT), .variants = 3 },
	{ "record/alert_first", 21, "warning alerts first", alert_first, SEEN(.flags = LEADING),
	  .variants = 4 },
	{ "record/ccs_first", 21, "ChangeCipherSpec first", ccs_first, SEEN(.flags = LEADING),
	  .variants = 2 },
	{ "record/ccs_empty_first", 21, "an empty ChangeCipherSpec first", ccs_empty_first,
	  SEEN(.flags = LEADING), .variants = 2 },
	{ "record/alert_between", 21, "an alert inside the hello", alert_between,
	  { .classes = CLASS(malformed) } },
	{ "record/trailing_bytes", 22, "more bytes behind the hello in its record", trailing_bytes,
	  SEEN(.flags = HG_FLAG(trailing_bytes)), .variants = 2 },
	{ "record/record_behind", 22, "another record behind the hello in its segment",
	  record_behind, SEEN(.never = HG_FLAG(trailing_bytes)) },
	{ "record/other_message_first", 22, "a Finished, and the hello behind it in the record",
	  other_message_first, { .classes = CLASS(not_tls) } },
	{ "record/sslv2", 23, "an SSLv2 hello for TLS 1.2, 1.0, SSL 3.0, SSL 2.0", sslv2_hello,
	  SSLV2, .variants = 4 },
	{ "record/sslv2_cut", 23, "an SSLv2 hello, cut at every byte", sslv2_cut, SSLV2,
	  .variants = 51 },
};
/* clang-format on */

const struct rows record_shapes = { rows, COUNT_OF(rows) };
