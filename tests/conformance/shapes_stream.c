/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 1 to 4: the classic hello and the post-quantum one, in segments of any size
 * and order.
 */
#include "shape.h"

#define OUT_OF_ORDER HG_FLAG(out_of_order)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define CLASSIC 517 /* bytes of the usual stream */

/* 1.7 KB: a share of ML-KEM, and one that servers without it take. */
static void pq_hello(struct script *s, bool name_last)
{
	struct hello_spec spec = hello_pq;

	spec.sni = SHOP;
	spec.sni_last = name_last;
	spec.alpn = NULL;
	spec.signatures[0] = 0x0403;
	spec.signatures[1] = 0x0804;
	hello_of(s, &spec);
}

static __u32 name_at(const struct script *s)
{
	const __u8 *at = memmem(s->stream.at, s->stream.len, SHOP, strlen(SHOP));

	return (__u32)(at - s->stream.at);
}

static void one_segment(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say_all(s);
}

static void without_ack(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	syn(s);
	synack(s);
	say_all(s);
}

static void name_first(struct script *s, __u32 variant)
{
	(void)variant;
	pq_hello(s, false);
	connected(s);
	say_all(s);
}

static void name_second(struct script *s, __u32 variant)
{
	(void)variant;
	pq_hello(s, true);
	connected(s);
	say_all(s);
}

static void three_segments(struct script *s, __u32 variant)
{
	(void)variant;
	pq_hello(s, true);
	connected(s);
	say_in(s, 0, 600);
}

static void in_two(struct script *s, __u32 cut, bool reversed)
{
	connected(s);
	if (reversed)
		say_in(s, cut, MSS);
	for (__u32 at = 0; at < cut; at += MSS)
		say(s, at, cut - at < MSS ? cut - at : MSS);
	if (!reversed)
		say_in(s, cut, MSS);
}

/* From two bytes before the name's length to one byte behind the name. */
static void name_cut(struct script *s, __u32 variant)
{
	pq_hello(s, true);
	in_two(s, name_at(s) - 3 + variant, false);
}

static void cut_anywhere(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	in_two(s, 1 + variant, false);
}

static void cut_and_reversed(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	in_two(s, 1 + variant, true);
}

static void small_first(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	in_two(s, 1 + variant, false);
}

static void one_byte_each(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say_in(s, 0, 1);
}

static void sixty_bytes_first(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	for (__u32 at = 0; at < 60; at++)
		say(s, at, 1);
	say_in(s, 60, MSS);
}

/* 40 s in all, and never silent for 30. */
static void slow_drip(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	for (__u32 at = 0; at < 40; at++) {
		say(s, at, 1);
		pause_for(s, 1000);
	}
	say_in(s, 40, MSS);
}

static void nearly_stalled(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say(s, 0, 200);
	pause_for(s, 28000);
	say(s, 200, 100);
	pause_for(s, 28000);
	say_in(s, 300, MSS);
}

static void stalled(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say(s, 0, 200);
	pause_for(s, 33000);
	s->no_end = true;
}

/* The order of n pieces that a permutation number stands for. */
static void permute(__u32 number, __u32 n, __u32 *order)
{
	for (__u32 i = 0; i < n; i++)
		order[i] = i;
	for (__u32 i = n; i > 1; i--) {
		__u32 j = number % i, kept = order[i - 1];

		number /= i;
		order[i - 1] = order[j];
		order[j] = kept;
	}
}

static void reversed(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	for (__u32 at = 500; at > 0; at -= 100)
		say(s, at, s->stream.len - at < 100 ? s->stream.len - at : 100);
	say(s, 0, 100);
}

/* The last permutation is the one in order. */
static void shuffled(struct script *s, __u32 variant)
{
	static const __u32 cut[] = { 0, 90, 120, 300, CLASSIC };
	__u32 order[4];

	hello_for(s, SHOP);
	connected(s);
	permute(variant, 4, order);
	for (__u32 i = 0; i < 4; i++)
		say(s, cut[order[i]], cut[order[i] + 1] - cut[order[i]]);
}

static void duplicates(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	for (__u32 at = 0; at < s->stream.len; at += 200) {
		say(s, at, s->stream.len - at < 200 ? s->stream.len - at : 200);
		say(s, at, s->stream.len - at < 200 ? s->stream.len - at : 200);
	}
}

static void duplicate_whole(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	say_all(s);
	say_all(s);
}

static void retransmitted(struct script *s, __u32 variant)
{
	static const struct {
		__u32 at, len;
	} again[] = { { 0, 0 }, { 0, 100 }, { 100, 100 }, { 150, 200 }, { 199, 1 }, { 0, 350 } };

	hello_for(s, SHOP);
	connected(s);
	say(s, 0, 200);
	if (again[variant].len)
		say(s, again[variant].at, again[variant].len);
	say_in(s, variant == 5 ? 350 : 150, MSS);
}

static void keep_alive(struct script *s, __u32 variant)
{
	(void)variant;
	hello_for(s, SHOP);
	connected(s);
	ack(s, -1);
	say_fill(s, -1, 0, 1);
	say_all(s);
}

#define SEEN(...)                                                                                  \
	{                                                                                          \
		.sni = SHOP, __VA_ARGS__                                                           \
	}
#define ONE CLASS(single_segment)
#define MORE CLASS(reassembled)

/* clang-format off */
static const struct row rows[] = {
	{ "stream/one_segment", 1, "one segment of 517 bytes", one_segment, SEEN(.classes = ONE) },
	{ "stream/on_the_ack", 1, "the hello on the handshake's ACK", without_ack,
	  SEEN(.classes = ONE) },
	{ "stream/pq_name_first", 2, "1.7 KB in two segments, name in the first", name_first,
	  SEEN(.classes = MORE, .pq = true) },
	{ "stream/pq_name_second", 2, "1.7 KB in two segments, name in the second", name_second,
	  SEEN(.classes = MORE, .pq = true) },
	{ "stream/pq_three_segments", 2, "1.7 KB in three segments", three_segments,
	  SEEN(.classes = MORE, .pq = true) },
	{ "stream/name_cut", 2, "the name cut at every byte", name_cut,
	  SEEN(.classes = MORE, .pq = true), .variants = 20 },
	{ "stream/cut_anywhere", 2, "two segments, cut at every byte", cut_anywhere,
	  SEEN(.classes = MORE, .never = OUT_OF_ORDER), .variants = CLASSIC - 1 },
	{ "stream/small_first", 3, "a first segment of 1 to 8 bytes", small_first,
	  SEEN(.classes = MORE), .variants = 8 },
	{ "stream/one_byte_segments", 3, "every byte in a segment of its own", one_byte_each,
	  SEEN(.classes = MORE) },
	{ "stream/sixty_one_byte_segments", 3, "sixty bytes in sixty segments, then the rest",
	  sixty_bytes_first, SEEN(.classes = MORE) },
	{ "stream/slow_drip", 3, "a byte a second, for 40 s", slow_drip, SEEN(.classes = MORE),
	  .not_live = "takes 40 s" },
	{ "stream/two_long_pauses", 3, "twice 28 s of silence inside the hello", nearly_stalled,
	  SEEN(.classes = MORE), .not_live = "takes 56 s" },
	{ "stream/stalled", 3, "silent for 33 s inside the hello", stalled,
	  { .classes = CLASS(truncated) }, .not_live = "takes 33 s" },
	{ "stream/reversed", 4, "six segments, last one first", reversed,
	  SEEN(.classes = MORE, .flags = OUT_OF_ORDER) },
	{ "stream/cut_and_reversed", 4, "two segments, second one first, cut at every byte",
	  cut_and_reversed, SEEN(.classes = MORE, .flags = OUT_OF_ORDER), .variants = CLASSIC - 1 },
	{ "stream/shuffled", 4, "four segments in every order", shuffled, SEEN(.classes = MORE),
	  .variants = 24 },
	{ "stream/duplicates", 4, "every segment twice", duplicates, SEEN(.classes = MORE) },
	{ "stream/duplicate_whole", 4, "the whole hello twice", duplicate_whole, SEEN(.classes = ONE) },
	{ "stream/retransmission_overlaps", 4, "retransmissions that overlap, same bytes",
	  retransmitted, SEEN(.classes = MORE), .variants = 6 },
	{ "stream/keep_alive", 4, "keep-alives in front of the hello", keep_alive,
	  SEEN(.classes = ONE) },
};
/* clang-format on */

const struct rows stream_shapes = { rows, COUNT_OF(rows) };
