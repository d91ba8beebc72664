/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 29: hellos that end early, and lengths that are wrong.
 */
#include "shape.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define CLASSIC 517

static void nothing(struct script *s, __u32 variant)
{
	(void)variant;
	connected(s);
}

static void refused(struct script *s, __u32 variant)
{
	(void)variant;
	syn(s);
	server_flag(s, TCP_RST | TCP_ACK, 0);
	s->no_end = true;
}

static void truncated_rst(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	connected(s);
	say(s, 0, 1 + variant);
}

static void truncated_fin(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	connected(s);
	say(s, 0, 1 + variant)->flags |= TCP_FIN;
	s->no_end = true;
}

static void truncated_segments(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	s->stream.len = 2 + variant;
	connected(s);
	say_in(s, 0, s->stream.len / 2);
}

/* ---- every length field ---- */

#define WRONG 4 /* one more, one less, zero, all ones */

static __u64 wrong_value(__u64 right, __u32 width, __u32 how)
{
	switch (how) {
	case 0:
		return right + 1;
	case 1:
		return right - 1;
	case 2:
		return 0;
	default:
		return (1ULL << (8 * width)) - 1;
	}
}

static void spoil(struct octets *o, struct octets_field f, __u32 how)
{
	__u64 right = 0;

	for (__u32 i = 0; i < f.width; i++)
		right = right << 8 | o->at[f.at + i];
	patch_be(o, f.at, f.width, wrong_value(right, f.width, how));
}

/* Fields of the message, behind the record's header; the last ones are the name's and the record's.
 */
static void wrong_length(struct script *s, __u32 variant)
{
	static const struct octets_field record = { 3, 2 };
	struct hello_spec spec = usual_hello(SHOP);
	__u32 which = variant / WRONG;
	struct octets_field f = record;
	const __u8 *name;

	hello_of(s, &spec);
	name = memmem(s->stream.at, s->stream.len, SHOP, strlen(SHOP));
	if (which < s->message.field_count)
		f = (struct octets_field){ s->message.fields[which].at + 5,
					   s->message.fields[which].width };
	else if (which == s->message.field_count)
		f = (struct octets_field){ (__u32)(name - s->stream.at) - 2, 2 };
	spoil(&s->stream, f, variant % WRONG);
	connected(s);
	say_all(s);
}

#define LENGTHS 18 /* fields of the usual hello; more than there are name the record's again */

/* Any byte of it another one. */
static void wrong_byte(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	s->stream.at[variant / 2] ^= variant & 1 ? 0xff : 0x01;
	connected(s);
	say_all(s);
}

#define TRUNCATED                                                                                  \
	{                                                                                          \
		.classes = CLASS(truncated)                                                        \
	}
#define ANYTHING                                                                                   \
	{                                                                                          \
		.classes = CLASS_READ | CLASS(malformed) | CLASS(truncated) | CLASS(not_tls) |     \
			   CLASS(hello_too_large) | CLASS(ambiguous),                              \
		.any = true                                                                        \
	}

/* clang-format off */
static const struct row rows[] = {
	{ "damage/no_data", 29, "a connection without data", nothing, { .classes = CLASS(no_data) } },
	{ "damage/refused", 29, "a connection that is refused", refused,
	  { .classes = CLASS(tcp_refused) }, .not_live = "the servers listen" },
	{ "damage/truncated", 29, "truncated at every byte, then RST", truncated_rst, TRUNCATED,
	  .variants = CLASSIC - 1 },
	{ "damage/truncated_fin", 29, "truncated at every byte, with FIN", truncated_fin, TRUNCATED,
	  .variants = CLASSIC - 1 },
	{ "damage/truncated_in_two", 29, "truncated at every byte, in two segments",
	  truncated_segments, TRUNCATED, .variants = CLASSIC - 2 },
	{ "damage/length_fields", 29, "every length one more, one less, zero, all ones",
	  wrong_length, ANYTHING, .variants = LENGTHS * WRONG },
	{ "damage/wrong_byte", 29, "every byte, one bit and all bits changed", wrong_byte, ANYTHING,
	  .variants = 2 * CLASSIC },
};
/* clang-format on */

const struct rows damage_shapes = { rows, COUNT_OF(rows) };
