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

/* One of another length: the usual one is padded. */
static const struct octets *decoy_padded(__u32 to)
{
	static struct octets message, stream;
	struct hello_spec spec = usual_hello(DECOY);

	spec.pad_to = to;
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

/* The real hello in two segments, the second one first. */
static void in_reverse(struct script *s, __u32 cut)
{
	say_in(s, cut, MSS);
	say(s, 0, cut);
}

static void in_some_order(struct script *s, __u32 variant)
{
	if (variant == 2)
		in_reverse(s, 300);
	else
		real_hello(s, variant);
}

static void low_ttl_reversed(struct script *s, __u32 variant)
{
	begin(s);
	say_decoy(s, 0)->ttl = LOW_TTL;
	in_reverse(s, 1 + variant * 64);
}

/* A byte that the server has had before there was any, as in a keep-alive. */
static void low_ttl_byte_in_front(struct script *s, __u32 variant)
{
	static __u8 bytes[FRAME_MAX];
	__u32 first = variant & 1 ? 300 : MSS;

	begin(s);
	if (first > s->stream.len)
		first = s->stream.len;
	say_decoy(s, 0)->ttl = LOW_TTL;
	bytes[0] = variant & 2 ? s->stream.at[0] : 0;
	memcpy(bytes + 1, s->stream.at, first);
	say_other(s, -1, bytes, first + 1);
	say_in(s, first, MSS);
}

static void shorter(struct script *s)
{
	begin(s);
	say_other(s, 0, decoy_padded(0)->at, decoy_padded(0)->len)->ttl = LOW_TTL;
}

static void low_ttl_shorter(struct script *s, __u32 variant)
{
	shorter(s);
	real_hello(s, variant);
}

/* From inside the decoy's place to far behind it. */
static void low_ttl_shorter_reversed(struct script *s, __u32 variant)
{
	shorter(s);
	in_reverse(s, 1 + variant * 64);
}

/* What the server acknowledges in between is more than the decoy was; odd variants: with data. */
static void low_ttl_shorter_acked(struct script *s, __u32 variant)
{
	static const __u8 warning[] = { 21, 3, 1, 0, 2, 1, 112 };
	__u32 first = decoy_padded(0)->len + (variant >> 1) * 100;
	struct step *step;

	shorter(s);
	say(s, 0, first);
	pause_for(s, 100);
	step = server_flag(s, TCP_ACK, 0);
	step->data = warning;
	step->len = variant & 1 ? sizeof(warning) : 0;
	say_in(s, first, MSS);
}

static void low_ttl_longer(struct script *s, __u32 variant)
{
	begin(s);
	say_other(s, 0, decoy_padded(1000)->at, decoy_padded(1000)->len)->ttl = LOW_TTL;
	in_some_order(s, variant);
}

static void low_ttl_ten(struct script *s, __u32 variant)
{
	begin(s);
	for (__u32 i = 0; i < 10; i++)
		say_decoy(s, 0)->ttl = LOW_TTL;
	in_some_order(s, variant);
}

/*
 * The real hello, its name in the second segment, and a decoy of that one ahead
 * of it.  Odd variants: the first segment is acknowledged before.
 */
static void low_ttl_second(struct script *s, __u32 variant)
{
	struct hello_spec spec = usual_hello("evil.example.com");
	static struct octets other;
	__u32 cut = 20 + (variant >> 1) * 60;

	spec.sni_last = true;
	spec.pad_to = 0;
	hello_build(&s->message, &spec);
	record_whole(&other, &s->message);
	spec.sni = SHOP;
	hello_of(s, &spec);
	connected(s);
	say(s, 0, cut);
	if (variant & 1)
		server_flag(s, TCP_ACK, 0);
	say_other(s, cut, other.at + cut, other.len - cut)->ttl = LOW_TTL;
	say_in(s, cut, MSS);
}

/* ---- a decoy hello, and in its place what is no usual hello ---- */

static void then_large(struct script *s, __u32 variant)
{
	static const __u32 bytes[] = { 17000, 30000, 60000 };
	struct hello_spec spec = usual_hello(SHOP);

	begin(s);
	say_decoy(s, 0)->ttl = LOW_TTL;
	spec.filler = bytes[variant];
	hello_build(&s->message, &spec);
	records_split(&s->stream, &s->message, (const __u32[]){ 16384 }, 1);
	say_all(s);
}

/* A length inside the message is all ones; the first one is the message's own. */
static void then_malformed(struct script *s, __u32 variant)
{
	const struct octets_field *f;

	begin(s);
	say_decoy(s, 0)->ttl = LOW_TTL;
	f = &s->message.fields[1 + variant];
	patch_be(&s->stream, f->at + 5, f->width, (1ULL << (8 * f->width)) - 1);
	say_all(s);
}

static void then_no_tls(struct script *s, __u32 variant)
{
	static const char *const texts[] = { "GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n",
					     "SSH-2.0-OpenSSH_9.2p1\r\n" };

	begin(s);
	say_decoy(s, 0)->ttl = LOW_TTL;
	octets_clear(&s->stream);
	put(&s->stream, texts[variant], (__u32)strlen(texts[variant]));
	say_all(s);
}

/* Odd variants: the hello is in the same segment. */
static void then_other_data(struct script *s, __u32 variant)
{
	static const char *const texts[] = {
		"PROXY TCP4 192.0.2.1 198.51.100.1 51234 443\r\n",
		"CONNECT shop.example.com:443 HTTP/1.1\r\nHost: shop.example.com:443\r\n\r\n"
	};

	begin(s);
	say_decoy(s, 0)->ttl = LOW_TTL;
	octets_clear(&s->stream);
	put(&s->stream, texts[variant >> 1], (__u32)strlen(texts[variant >> 1]));
	s->preamble = s->stream.len;
	s->proxied = !(variant >> 1);
	record_put(&s->stream, 22, 0x0301, s->message.at, s->message.len);
	if (!(variant & 1))
		say(s, 0, s->preamble);
	say_in(s, variant & 1 ? 0 : s->preamble, MSS);
}

/* Records of 16 bytes and of one, an empty one first; and no record at all. */
static void then_odd_hello(struct script *s, __u32 variant)
{
	static const __u32 sizes[][2] = { { 16, 16 }, { 1, 1 }, { 0, 16384 } };

	begin(s);
	say_decoy(s, 0)->ttl = LOW_TTL;
	if (variant == 3) {
		hello_sslv2(&s->stream, 0x0303, 3, 32);
		s->expect.sni = NULL;
		s->expect.state = HG_SNI_none;
	} else {
		records_split(&s->stream, &s->message, sizes[variant], 2);
	}
	say_all(s);
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

/* Bytes of no protocol as far ahead as TLS is looked for; variant 1: after other data. */
static void far_ahead(struct script *s, __u32 variant)
{
	static const char line[] = "STARTTLS\r\n";
	__u32 said = variant ? sizeof(line) - 1 : 0;

	begin(s);
	if (said) {
		octets_clear(&s->stream);
		put(&s->stream, line, said);
		record_put(&s->stream, 22, 0x0301, s->message.at, s->message.len);
		s->preamble = said;
		say(s, 0, said);
	}
	say_fill(s, 66000, 'x', 100)->ttl = LOW_TTL;
	reply(s, "+", said ? 1 : 0);
	say_in(s, said, MSS);
}

/* As many of them as end the search, without a gap. */
static void far_ahead_all(struct script *s, __u32 variant)
{
	(void)variant;
	begin(s);
	for (__u32 at = 0; at < 67000; at += MSS)
		say_fill(s, at, 'x', MSS)->ttl = LOW_TTL;
	say_all(s);
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

/*
 * A decoy hello, an ending that dies with it, and silence for longer than an
 * ending is waited for.  Odd variants: the ending is exact for who took the decoy.
 */
static void low_ttl_ending(struct script *s, __u32 variant, __u8 flags, __u32 silence)
{
	begin(s);
	say_decoy(s, 0)->ttl = LOW_TTL;
	flag(s, flags, variant & 1 ? decoy()->len : 0)->ttl = LOW_TTL;
	pause_for(s, silence);
	real_hello(s, variant >> 1);
}

static void low_ttl_then_rst(struct script *s, __u32 variant)
{
	low_ttl_ending(s, variant, RST, 4000);
}

static void low_ttl_then_fin(struct script *s, __u32 variant)
{
	low_ttl_ending(s, variant, FIN, 12000);
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
#define MALFORMED 13 /* lengths inside the usual hello */

/* clang-format off */
static const struct row rows[] = {
	{ "decoy/low_ttl", 6, "a decoy hello that dies on the way", low_ttl,
	  SEEN(.flags = TTL, OR_CONFLICT), .variants = 2 },
	{ "decoy/low_ttl_part", 6, "part of one", low_ttl_part, SEEN(.flags = TTL, OR_CONFLICT),
	  .variants = 2 },
	{ "decoy/low_ttl_reversed", 6, "one, then the hello in two segments, second one first",
	  low_ttl_reversed, SEEN(.flags = TTL, OR_CONFLICT), .variants = 8 },
	{ "decoy/low_ttl_byte_in_front", 6, "one, then the hello behind a byte of the past",
	  low_ttl_byte_in_front, SEEN(.flags = TTL, OR_CONFLICT), .variants = 4 },
	{ "decoy/low_ttl_shorter", 6, "one that is shorter than the hello", low_ttl_shorter,
	  SEEN(.flags = TTL, OR_CONFLICT), .variants = 2 },
	{ "decoy/low_ttl_shorter_reversed", 6, "the same, then the hello's second segment first",
	  low_ttl_shorter_reversed, SEEN(.flags = TTL, OR_CONFLICT), .variants = 8 },
	{ "decoy/low_ttl_shorter_acked", 6, "the same, and the hello's first segment acknowledged",
	  low_ttl_shorter_acked, SEEN(.flags = TTL, OR_CONFLICT), .variants = 6 },
	{ "decoy/low_ttl_longer", 6, "one that is longer than the hello", low_ttl_longer,
	  SEEN(.flags = TTL, OR_CONFLICT), .variants = 3 },
	{ "decoy/low_ttl_ten", 6, "ten of them", low_ttl_ten, SEEN(.flags = TTL, OR_CONFLICT),
	  .variants = 3 },
	{ "decoy/low_ttl_second", 6, "a decoy of the hello's second segment, name in it",
	  low_ttl_second, SEEN(.flags = TTL, OR_CONFLICT), .variants = 6 },
	{ "decoy/then_large", 6, "a decoy hello, then one of 17, 30 and 60 KB", then_large,
	  SEEN(.flags = TTL, .or_class = CLASS(conflicting_overlap) | CLASS(hello_too_large)),
	  .variants = 3 },
	{ "decoy/then_malformed", 6, "a decoy hello, then one with a length that is wrong",
	  then_malformed, { .classes = CLASS(conflicting_overlap) | CLASS(malformed) },
	  .variants = MALFORMED },
	{ "decoy/then_no_tls", 6, "a decoy hello, then another protocol", then_no_tls,
	  { .classes = CLASS(conflicting_overlap) | CLASS(not_tls) }, .variants = 2 },
	{ "decoy/then_other_data", 6, "a decoy hello, then PROXY or HTTP CONNECT, and the hello",
	  then_other_data, SEEN(.flags = HG_FLAG(after_other_data), OR_CONFLICT), .variants = 4 },
	{ "decoy/then_odd_hello", 6, "a decoy hello, then one in small records, or of SSLv2",
	  then_odd_hello, SEEN(.flags = TTL, OR_CONFLICT), .variants = 4 },
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
	{ "decoy/other_data_ahead", 6, "a decoy of other data beyond 64 KB", far_ahead,
	  SEEN(.or_class = 0), .variants = 2 },
	{ "decoy/other_data", 6, "decoys of 64 KB of other data", far_ahead_all,
	  SEEN(.or_class = 0) },
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
	{ "decoy/low_ttl_then_rst", 7, "a decoy hello, a RST that dies with it, 4 s of silence",
	  low_ttl_then_rst, SEEN(.flags = TTL, OR_CONFLICT), .variants = 4 },
	{ "decoy/low_ttl_then_fin", 7, "a decoy hello, a FIN that dies with it, 12 s of silence",
	  low_ttl_then_fin, SEEN(.flags = TTL, OR_CONFLICT), .variants = 4 },
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
