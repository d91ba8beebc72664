/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 6 and 7: segments that the server never takes, hellos and endings, ahead of
 * the real hello.
 */
#include "shape.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define LOW_TTL 3
#define FAR_AHEAD 0x10000000
#define FAR_BEHIND (-0x1000000)

static const struct octets *decoy(void)
{
	static struct octets message, stream;
	struct hello_spec spec = usual_hello(DECOY);

	hello_build(&message, &spec);
	record_whole(&stream, &message);
	return &stream;
}

static struct step *say_decoy(struct script *s, __s64 at)
{
	return say_other(s, at, decoy()->at, decoy()->len);
}

static void begin(struct script *s)
{
	hello_for(s, SHOP);
	s->timestamps = true;
	connected(s);
}

/* Odd variants: the real hello comes in two segments. */
static void real_hello(struct script *s, __u32 variant)
{
	say_in(s, 0, variant & 1 ? 300 : MSS);
}

static void low_ttl(struct script *s, __u32 variant)
{
	begin(s);
	say_decoy(s, 0)->ttl = LOW_TTL;
	real_hello(s, variant);
}

static void low_ttl_part(struct script *s, __u32 variant)
{
	begin(s);
	say_other(s, 0, decoy()->at, 200)->ttl = LOW_TTL;
	real_hello(s, variant);
}

static void bad_checksum(struct script *s, __u32 variant)
{
	begin(s);
	say_decoy(s, 0)->bad_checksum = true;
	real_hello(s, variant);
}

static void bad_checksum_part(struct script *s, __u32 variant)
{
	begin(s);
	say_other(s, 0, decoy()->at, 200)->bad_checksum = true;
	real_hello(s, variant);
}

static void bad_checksum_zeros(struct script *s, __u32 variant)
{
	begin(s);
	say_fill(s, 0, 0, 400)->bad_checksum = true;
	real_hello(s, variant);
}

static void bad_checksum_inside(struct script *s, __u32 variant)
{
	(void)variant;
	begin(s);
	say(s, 0, 100);
	say_fill(s, 100, 0, 200)->bad_checksum = true;
	say_in(s, 100, MSS);
}

static void ahead_of_window(struct script *s, __u32 variant)
{
	begin(s);
	say_decoy(s, FAR_AHEAD);
	real_hello(s, variant);
}

static void behind_window(struct script *s, __u32 variant)
{
	begin(s);
	say_decoy(s, FAR_BEHIND);
	real_hello(s, variant);
}

/* All of it is old: the server has acknowledged up to byte 0. */
static void just_behind_window(struct script *s, __u32 variant)
{
	begin(s);
	say_decoy(s, -(__s64)decoy()->len);
	real_hello(s, variant);
}

static void stale_timestamp(struct script *s, __u32 variant)
{
	begin(s);
	say_decoy(s, 0)->stale = true;
	real_hello(s, variant);
}

static void md5_option(struct script *s, __u32 variant)
{
	begin(s);
	say_decoy(s, 0)->md5 = true;
	real_hello(s, variant);
}

static void no_ack_flag(struct script *s, __u32 variant)
{
	begin(s);
	say_decoy(s, 0)->flags = TCP_PSH;
	real_hello(s, variant);
}

static void no_flags(struct script *s, __u32 variant)
{
	begin(s);
	say_decoy(s, 0)->flags = 0;
	real_hello(s, variant);
}

/* A SYN among the data is answered with a challenge ACK, its payload is not taken. */
static void decoy_on_a_syn(struct script *s, __u32 variant)
{
	begin(s);
	say_decoy(s, 0)->flags = TCP_SYN | TCP_ACK;
	real_hello(s, variant);
}

/* ---- endings; variant 0: ahead of the hello, 1: inside it ---- */

static struct step *ending(struct script *s, __u32 variant, __u8 flags, __s64 shift)
{
	__u32 first = variant ? 200 : 0;

	begin(s);
	if (first)
		say(s, 0, first);
	return flag(s, flags, first + shift);
}

static void rest(struct script *s, __u32 variant)
{
	say_in(s, variant ? 200 : 0, MSS);
}

#define RST (TCP_RST | TCP_ACK)
#define FIN (TCP_FIN | TCP_ACK)

static void rst_bad_checksum(struct script *s, __u32 variant)
{
	ending(s, variant, RST, 0)->bad_checksum = true;
	rest(s, variant);
}

static void rst_low_ttl(struct script *s, __u32 variant)
{
	ending(s, variant, RST, 0)->ttl = LOW_TTL;
	rest(s, variant);
}

static void rst_far(struct script *s, __u32 variant)
{
	ending(s, variant, RST, FAR_AHEAD);
	rest(s, variant);
}

/* Inside the window, and not where it begins: a challenge ACK (RFC 5961, section 3.2). */
static void rst_in_window(struct script *s, __u32 variant)
{
	ending(s, variant, RST, 1000);
	rest(s, variant);
}

static void rst_md5(struct script *s, __u32 variant)
{
	ending(s, variant, RST, 0)->md5 = true;
	rest(s, variant);
}

static void fin_bad_checksum(struct script *s, __u32 variant)
{
	ending(s, variant, FIN, 0)->bad_checksum = true;
	rest(s, variant);
}

static void fin_low_ttl(struct script *s, __u32 variant)
{
	ending(s, variant, FIN, 0)->ttl = LOW_TTL;
	rest(s, variant);
}

static void fin_far(struct script *s, __u32 variant)
{
	ending(s, variant, FIN, FAR_AHEAD);
	rest(s, variant);
}

static void fin_no_ack(struct script *s, __u32 variant)
{
	ending(s, variant, TCP_FIN, 0);
	rest(s, variant);
}

/* Of nobody: it seems to be the server's, far from what the client waits for. */
static void server_rst_far(struct script *s, __u32 variant)
{
	begin(s);
	if (variant)
		say(s, 0, 200);
	server_flag(s, RST, FAR_AHEAD)->bad_checksum = true;
	rest(s, variant);
}

#define SEEN(...)                                                                                  \
	{                                                                                          \
		.sni = SHOP, __VA_ARGS__                                                           \
	}
/* Where only the server knows that it dropped it, the conflict may be what is seen. */
#define OR_CONFLICT .or_class = CLASS(conflicting_overlap)
#define SUM HG_FLAG(decoy_checksum)
#define TTL HG_FLAG(decoy_ttl)
#define SEQUENCE HG_FLAG(decoy_sequence)

/* clang-format off */
static const struct row rows[] = {
	{ "decoy/low_ttl", 6, "a decoy hello that dies on the way", low_ttl,
	  SEEN(.flags = TTL, OR_CONFLICT), .variants = 2 },
	{ "decoy/low_ttl_part", 6, "part of one", low_ttl_part, SEEN(.flags = TTL, OR_CONFLICT),
	  .variants = 2 },
	{ "decoy/bad_checksum", 6, "a decoy hello with a bad TCP checksum", bad_checksum,
	  SEEN(.flags = SUM), .variants = 2 },
	{ "decoy/bad_checksum_part", 6, "part of one", bad_checksum_part, SEEN(.flags = SUM),
	  .variants = 2 },
	{ "decoy/bad_checksum_zeros", 6, "zeros with a bad checksum ahead of the hello",
	  bad_checksum_zeros, SEEN(.or_class = 0), .variants = 2 },
	{ "decoy/bad_checksum_inside", 6, "zeros with a bad checksum inside the hello",
	  bad_checksum_inside, SEEN(.flags = SUM) },
	{ "decoy/ahead_of_window", 6, "a decoy hello far ahead of the window", ahead_of_window,
	  SEEN(.or_class = 0), .variants = 2 },
	{ "decoy/behind_window", 6, "a decoy hello far behind the window", behind_window,
	  SEEN(.or_class = 0), .variants = 2 },
	{ "decoy/just_behind_window", 6, "a decoy hello that ends where the stream begins",
	  just_behind_window, SEEN(.or_class = 0), .variants = 2 },
	{ "decoy/stale_timestamp", 6, "a decoy hello with an old timestamp", stale_timestamp,
	  SEEN(OR_CONFLICT), .variants = 2 },
	{ "decoy/md5_option", 6, "a decoy hello with a TCP MD5 signature", md5_option,
	  SEEN(OR_CONFLICT), .variants = 2 },
	{ "decoy/no_ack_flag", 6, "a decoy hello without ACK", no_ack_flag, SEEN(.or_class = 0),
	  .variants = 2 },
	{ "decoy/no_flags", 6, "a decoy hello without any flag", no_flags, SEEN(.or_class = 0),
	  .variants = 2 },
	{ "decoy/on_a_syn_ack", 6, "a decoy hello on a SYN-ACK of the client", decoy_on_a_syn,
	  SEEN(.or_class = 0), .variants = 2 },
	{ "decoy/rst_bad_checksum", 7, "a RST with a bad checksum", rst_bad_checksum,
	  SEEN(.or_class = 0), .variants = 2 },
	{ "decoy/rst_low_ttl", 7, "a RST that dies on the way", rst_low_ttl, SEEN(.or_class = 0),
	  .variants = 2 },
	{ "decoy/rst_far", 7, "a RST outside the window", rst_far, SEEN(.flags = SEQUENCE),
	  .variants = 2 },
	{ "decoy/rst_in_window", 7, "a RST inside the window, not exact", rst_in_window,
	  SEEN(.or_class = 0), .variants = 2 },
	{ "decoy/rst_md5_option", 7, "a RST with a TCP MD5 signature", rst_md5, SEEN(.or_class = 0),
	  .variants = 2 },
	{ "decoy/fin_bad_checksum", 7, "a FIN with a bad checksum", fin_bad_checksum,
	  SEEN(.or_class = 0), .variants = 2 },
	{ "decoy/fin_low_ttl", 7, "a FIN that dies on the way", fin_low_ttl, SEEN(.or_class = 0),
	  .variants = 2 },
	{ "decoy/fin_far", 7, "a FIN outside the window", fin_far, SEEN(.flags = SEQUENCE),
	  .variants = 2 },
	{ "decoy/fin_no_ack", 7, "a FIN without ACK", fin_no_ack, SEEN(.or_class = 0),
	  .variants = 2 },
	{ "decoy/server_rst_far", 7, "a RST of somebody else, as if from the server",
	  server_rst_far, SEEN(.or_class = 0), .variants = 2,
	  .not_live = "it would have to come from the server's side" },
};
/* clang-format on */

const struct rows decoy_shapes = { rows, COUNT_OF(rows) };
