/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 5: segments that say different things of the same bytes.  Which of them a
 * server keeps depends on what it had already: such a flow is a class of its own.
 */
#include "shape.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The same hello under another name of the same length, as bytes from `at` on. */
static const __u8 *other_name(const struct script *s, __u32 at)
{
	static struct octets bytes;
	__u8 *name;

	octets_clear(&bytes);
	put(&bytes, s->stream.at, s->stream.len);
	name = memmem(bytes.at, bytes.len, SHOP, strlen(SHOP));
	memcpy(name, "evil", 4);
	return bytes.at + at;
}

/* A hole before it: other bytes first, so that they wait when the real ones come. */
static void zeros_before(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	connected(s);
	say_fill(s, 60 + variant, 0, 200);
	say(s, 60, MSS < s->stream.len - 60 ? MSS : s->stream.len - 60);
	say(s, 0, 60);
}

static void zeros_after(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	connected(s);
	say(s, 60, s->stream.len - 60);
	say_fill(s, 60 + variant, 0, 200);
	say(s, 0, 60);
}

/* Behind the window's edge: the server has those bytes already. */
static void zeros_of_the_past(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say(s, 0, 300);
	say_fill(s, 60, 0, 200);
	say_in(s, 300, MSS);
}

static void name_before(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say_other(s, 60, other_name(s, 60), s->stream.len - 60);
	say(s, 60, s->stream.len - 60);
	say(s, 0, 60);
}

static void name_after(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say(s, 60, s->stream.len - 60);
	say_other(s, 60, other_name(s, 60), s->stream.len - 60);
	say(s, 0, 60);
}

static void name_in_order(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say(s, 0, 300);
	say_other(s, 60, other_name(s, 60), 240);
	say_in(s, 300, MSS);
}

static void one_bit(struct script *s, __u32 variant)
{
	__u8 byte;

	hello_for(s, SHOP);
	byte = s->stream.at[100 + variant] ^ 1;
	connected(s);
	say(s, 60, s->stream.len - 60);
	say_other(s, 100 + variant, &byte, 1);
	say(s, 0, 60);
}

/* Zeros that are the real bytes are no conflict; others over them are one. */
static void padding_again(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say(s, 300, 200);
	say_fill(s, 350, 0, 100);
	say(s, 0, 320);
	say_in(s, 500, MSS);
}

static void over_zeros(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say(s, 300, 200);
	say_fill(s, 350, 0x41, 100);
	say(s, 0, 320);
	say_in(s, 500, MSS);
}

/* Two segments, and the first one again, with other bytes, when all was there. */
static void after_all(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say_all(s);
	say_other(s, 0, other_name(s, 0), s->stream.len);
}

#define SEEN(...)                                                                                  \
	{                                                                                          \
		.sni = SHOP, __VA_ARGS__                                                           \
	}

/* clang-format off */
static const struct row rows[] = {
	{ "overlap/zeros_before", 5, "zeros behind a hole, then the real bytes", zeros_before,
	  { .classes = CLASS(conflicting_overlap) }, .variants = 8 },
	{ "overlap/zeros_after", 5, "the real bytes behind a hole, then zeros", zeros_after,
	  { .classes = CLASS(conflicting_overlap) }, .variants = 8 },
	{ "overlap/zeros_of_the_past", 5, "zeros over what the server has already",
	  zeros_of_the_past, { .classes = CLASS(conflicting_overlap) } },
	{ "overlap/name_before", 5, "another name behind a hole, then the real one", name_before,
	  { .classes = CLASS(conflicting_overlap) } },
	{ "overlap/name_after", 5, "the real name behind a hole, then another", name_after,
	  { .classes = CLASS(conflicting_overlap) } },
	{ "overlap/name_in_order", 5, "another name over what the server has already",
	  name_in_order, { .classes = CLASS(conflicting_overlap) } },
	{ "overlap/one_bit", 5, "one bit of one byte differs", one_bit,
	  { .classes = CLASS(conflicting_overlap) }, .variants = 16 },
	{ "overlap/real_zeros_again", 5, "zeros that are the real bytes, twice", padding_again,
	  SEEN(.classes = CLASS(reassembled), .flags = HG_FLAG(overlap)) },
	{ "overlap/bytes_over_zeros", 5, "other bytes over real zeros", over_zeros,
	  { .classes = CLASS(conflicting_overlap) } },
	{ "overlap/after_the_hello", 5, "another name when the whole hello was there", after_all,
	  SEEN(.or_class = CLASS(conflicting_overlap)) },
};
/* clang-format on */

const struct rows overlap_shapes = { rows, COUNT_OF(rows) };
