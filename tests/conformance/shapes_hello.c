/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 24, 25, 27 and 28: versions, cipher suites, sizes, and what a hello carries.
 */
#include "shape.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void tell(struct script *s, const struct hello_spec *spec)
{
	hello_of(s, spec);
	connected(s);
	say_all(s);
}

/* ---- 24: versions ---- */

static void legacy_version(struct script *s, __u32 variant)
{
	static const __u16 versions[] = { 0x0303, 0x0302, 0x0301, 0x0300, 0x0304, 0x03ff };
	struct hello_spec spec = usual_hello(SHOP);

	spec.legacy = versions[variant];
	tell(s, &spec);
}

static void versions_grease(struct script *s, __u32 variant)
{
	struct hello_spec spec = usual_hello(SHOP);
	static const __u16 lists[][8] = { { 0x5a5a, 0x0304, 0x0303 }, { 0x0304, 0x0303, 0xfafa } };

	memcpy(spec.versions, lists[variant], sizeof(spec.versions));
	tell(s, &spec);
}

/* A TLS 1.2 hello: no supported_versions, no key share. */
static struct hello_spec old_hello(__u16 version)
{
	return (struct hello_spec){ .sni = SHOP,
				    .legacy = version,
				    .groups = { 0x001d, 0x0017 },
				    .signatures = { 0x0403, 0x0401 } };
}

static void without_versions(struct script *s, __u32 variant)
{
	struct hello_spec spec = old_hello((__u16)(0x0303 - variant));

	tell(s, &spec);
	s->expect.version_max = 0x0303 - variant;
}

static void no_extensions(struct script *s, __u32 variant)
{
	struct hello_spec spec = { .legacy = (__u16)(0x0303 - variant), .no_extensions = true };

	hello_of(s, &spec);
	if (variant == 3)
		patch_be(&s->stream, 1, 2, 0x0300);
	connected(s);
	say_all(s);
}

/* ---- 25: cipher suites ---- */

static void ciphers(struct script *s, const __u16 *list, __u32 count, __u32 no_grease)
{
	struct hello_spec spec = usual_hello(SHOP);

	memcpy(spec.ciphers, list, count * sizeof(*list));
	s->expect.ciphers = count;
	s->expect.ciphers_no_grease = no_grease;
	tell(s, &spec);
}

static void grease_ciphers(struct script *s, __u32 variant)
{
	static const __u16 list[] = { 0x0a0a, 0x1301, 0xc02b, 0xfafa, 0x002f };

	(void)variant;
	ciphers(s, list, COUNT_OF(list), 3);
}

static void signalling_ciphers(struct script *s, __u32 variant)
{
	static const __u16 list[] = { 0x1301, 0xc02b, 0x00ff, 0x5600 };

	(void)variant;
	ciphers(s, list, COUNT_OF(list), 4);
}

static void no_ciphers(struct script *s, __u32 variant)
{
	struct hello_spec spec = usual_hello(SHOP);

	(void)variant;
	spec.no_ciphers = true;
	tell(s, &spec);
}

static void many_ciphers(struct script *s, __u32 variant)
{
	static const __u32 counts[] = { 100, 1000, 7500 };
	struct hello_spec spec = usual_hello(SHOP);

	spec.more_ciphers = counts[variant];
	s->expect.ciphers = 13 + counts[variant];
	s->expect.ciphers_no_grease = 13 + counts[variant];
	tell(s, &spec);
}

/* Records hold 16 KB at the most. */
static void tell_large(struct script *s, const struct hello_spec *spec)
{
	hello_build(&s->message, spec);
	records_split(&s->stream, &s->message, (const __u32[]){ 16384 }, 1);
	connected(s);
	say_all(s);
}

static void all_ciphers(struct script *s, __u32 variant)
{
	struct hello_spec spec = usual_hello(SHOP);

	(void)variant;
	spec.more_ciphers = 32700;
	s->expect.ciphers = 13 + 32700;
	s->expect.ciphers_no_grease = 13 + 32700;
	tell_large(s, &spec);
}

/* ---- 27: large ones ---- */

static void many_extensions(struct script *s, __u32 variant)
{
	static const __u32 counts[] = { 100, 1000, 3900 };
	struct hello_spec spec = usual_hello(SHOP);

	spec.extensions = counts[variant];
	tell_large(s, &spec);
}

static void far_behind(struct script *s, __u32 variant)
{
	static const __u32 bytes[] = { 6000, 15000 };
	struct hello_spec spec = usual_hello(SHOP);

	spec.filler = bytes[variant];
	tell_large(s, &spec);
}

static void large(struct script *s, __u32 filler)
{
	struct hello_spec spec = usual_hello(SHOP);

	spec.filler = filler;
	tell_large(s, &spec);
}

static void to_16k(struct script *s, __u32 variant)
{
	struct hello_spec spec = usual_hello(SHOP);

	spec.pad_to = 0;
	spec.filler = 16000;
	hello_build(&s->message, &spec);
	spec.filler += 16383 + variant - s->message.len;
	tell_large(s, &spec);
}

static void of_30k(struct script *s, __u32 variant)
{
	(void)variant;
	large(s, 30000);
}

static void of_60k(struct script *s, __u32 variant)
{
	(void)variant;
	large(s, 60000);
}

/* ---- 28: what it carries ---- */

static void ech(struct script *s, __u32 variant)
{
	static const __u8 kinds[] = { HELLO_ECH_OUTER, HELLO_ECH_INNER, HELLO_ESNI };
	struct hello_spec spec = usual_hello(SHOP);

	spec.ech = kinds[variant];
	s->expect.ech = 1 + (__u32[]){ HG_ECH_outer, HG_ECH_inner, HG_ECH_esni }[variant];
	tell(s, &spec);
}

static void padding(struct script *s, __u32 variant)
{
	struct hello_spec spec = usual_hello(SHOP);

	spec.pad_to = variant ? 4000 : 1300;
	tell(s, &spec);
}

static void ticket(struct script *s, __u32 variant)
{
	struct hello_spec spec = usual_hello(SHOP);

	spec.ticket = variant ? 1800 : 192;
	tell(s, &spec);
}

static void psk(struct script *s, __u32 variant)
{
	struct hello_spec spec = usual_hello(SHOP);

	(void)variant;
	spec.psk = true;
	tell(s, &spec);
}

/* 0-RTT data behind the hello, in its segment and in the next. */
static void early_data(struct script *s, __u32 variant)
{
	struct hello_spec spec = usual_hello(SHOP);
	static __u8 data[300];

	spec.early_data = true;
	spec.psk = variant;
	hello_of(s, &spec);
	record_put(&s->stream, 23, 0x0303, data, sizeof(data));
	connected(s);
	say_in(s, 0, 600);
}

/*
 * A share that no server knows, and then the one that it asked for: in one
 * segment, in several, behind a ChangeCipherSpec (RFC 8446, section D.4), and
 * sent twice.
 */
static void retry(struct script *s, const char *second, __u32 variant)
{
	static const __u8 answer[] = { 22, 3, 3, 0, 4, 2, 0, 0, 0 };
	struct hello_spec spec = usual_hello(SHOP);
	__u32 first;

	spec.groups[0] = 0x11ec;
	spec.groups[1] = 0x001d;
	spec.pad_to = 0;
	hello_of(s, &spec);
	first = s->stream.len;
	spec = usual_hello(second);
	spec.groups[0] = 0x001d;
	spec.groups[1] = 0x11ec;
	spec.pad_to = 0;
	hello_build(&s->message, &spec);
	if (variant == 2)
		record_put(&s->stream, 20, 0x0303, "\x01", 1);
	record_put(&s->stream, 22, 0x0303, s->message.at, s->message.len);
	connected(s);
	say(s, 0, first);
	reply(s, answer, sizeof(answer));
	for (__u32 times = variant < 3 ? 1 : 2; times; times--)
		say_in(s, first, variant == 1 || variant == 4 ? 100 : MSS);
}

static void retry_same_name(struct script *s, __u32 variant)
{
	retry(s, SHOP, variant);
}

static void retry_other_name(struct script *s, __u32 variant)
{
	retry(s, "other.example.com", variant);
}

#define SEEN(...)                                                                                  \
	{                                                                                          \
		.sni = SHOP, __VA_ARGS__                                                           \
	}
#define LARGE .or_class = CLASS(hello_too_large)

/* clang-format off */
static const struct row rows[] = {
	{ "hello/legacy_version", 24, "legacy version 0x0300 to 0x03ff", legacy_version,
	  SEEN(.version_max = 0x0304), .variants = 6 },
	{ "hello/versions_grease", 24, "GREASE among supported versions", versions_grease,
	  SEEN(.version_max = 0x0304), .variants = 2 },
	{ "hello/no_supported_versions", 24, "TLS 1.2 to SSL 3.0 without the extension",
	  without_versions, SEEN(.or_class = 0), .variants = 4 },
	{ "hello/no_extensions", 24, "TLS 1.2 to SSL 3.0 without any extension", no_extensions,
	  { .state = HG_SNI_none }, .variants = 4 },
	{ "hello/no_ciphers", 25, "no cipher suite", no_ciphers, SEEN(.or_class = 0) },
	{ "hello/grease_ciphers", 25, "GREASE cipher suites: counted, and not", grease_ciphers,
	  SEEN(.or_class = 0) },
	{ "hello/signalling_ciphers", 25, "signalling cipher suites are counted",
	  signalling_ciphers, SEEN(.or_class = 0) },
	{ "hello/many_ciphers", 25, "100, 1,000 and 7,500 more cipher suites", many_ciphers,
	  SEEN(.or_class = 0), .variants = 3 },
	{ "hello/64k_of_ciphers", 25, "as many cipher suites as there may be", all_ciphers,
	  SEEN(LARGE) },
	{ "hello/many_extensions", 27, "100, 1,000 and 3,900 extensions before the name",
	  many_extensions, SEEN(.or_class = 0), .variants = 3 },
	{ "hello/name_far_behind", 27, "6,000 and 15,000 bytes before the name", far_behind,
	  SEEN(.or_class = 0), .variants = 2 },
	{ "hello/about_16k", 27, "16 KB, and a byte less and more", to_16k, SEEN(LARGE),
	  .variants = 3 },
	{ "hello/30k", 27, "30 KB in two records", of_30k, SEEN(LARGE) },
	{ "hello/60k", 27, "60 KB in four records", of_60k, SEEN(LARGE) },
	{ "hello/ech", 28, "ECH, outer and inner; ESNI", ech, SEEN(.or_class = 0), .variants = 3 },
	{ "hello/padding", 28, "padding, to 1.3 and 4 KB", padding, SEEN(.or_class = 0),
	  .variants = 2 },
	{ "hello/ticket", 28, "a session ticket", ticket, SEEN(.ticket = true), .variants = 2 },
	{ "hello/psk", 28, "a pre-shared key", psk, SEEN(.psk = true) },
	{ "hello/early_data", 28, "0-RTT data behind the hello", early_data,
	  SEEN(.early_data = true), .variants = 2 },
	{ "hello/retry_same_name", 28, "HelloRetryRequest, and the hello again", retry_same_name,
	  SEEN(.classes = CLASS(single_segment)), .variants = 5 },
	{ "hello/retry_other_name", 28, "HelloRetryRequest, and a hello for another name",
	  retry_other_name, { .sni = "other.example.com", .or_class = CLASS(ambiguous) },
	  .variants = 5 },
};
/* clang-format on */

const struct rows hello_shapes = { rows, COUNT_OF(rows) };
