/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 26: server_name, as people and others write it.
 */
#include "shape.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void tell(struct script *s, const struct hello_spec *spec)
{
	hello_of(s, spec);
	connected(s);
	say_all(s);
}

static void named(struct script *s, const char *name)
{
	struct hello_spec spec = usual_hello(name);

	tell(s, &spec);
}

#define NAMED(word, text)                                                                          \
	static void word(struct script *s, __u32 variant)                                          \
	{                                                                                          \
		(void)variant;                                                                     \
		named(s, text);                                                                    \
	}

NAMED(none, NULL)
NAMED(upper, "SHOP.EXAMPLE.COM")
NAMED(mixed, "ShOp.eXaMpLe.cOm")
NAMED(trailing_dot, "shop.example.com.")
NAMED(single_label, "shop")
NAMED(underscore, "_shop.example.com")
NAMED(ace, "xn--bcher-kva.example.com")
NAMED(ip_literal, "192.0.2.1")
NAMED(ipv6_literal, "[2001:db8::1]")
NAMED(space, "shop example.com")
NAMED(not_ldh, "shop!.example.com")
NAMED(utf8, "b\xc3\xbc"
	    "cher.example.com")
NAMED(long_label, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  ".example.com")

/* Labels of 63, and a last one, to the length that is asked for. */
static const char *long_name(__u32 len)
{
	static char name[300];

	for (__u32 i = 0; i < len; i++)
		name[i] = i % 64 == 63 ? '.' : 'a';
	name[len] = 0;
	return name;
}

static void long_names(struct script *s, __u32 variant)
{
	static const __u32 lens[] = { 63, 127, 253, 254, 255 };

	s->expect.sni = long_name(lens[variant]);
	named(s, s->expect.sni);
}

static void name_256(struct script *s, __u32 variant)
{
	(void)variant;
	named(s, long_name(256));
}

/* ---- the extension's body as it is ---- */

static void entries(struct script *s, const struct sni_entry *list, __u32 count)
{
	struct hello_spec spec = usual_hello(NULL);
	static struct octets body;

	octets_clear(&body);
	sni_list(&body, list, count);
	spec.sni_body = body.at;
	spec.sni_body_len = body.len;
	tell(s, &spec);
}

static void empty_extension(struct script *s, __u32 variant)
{
	struct hello_spec spec = usual_hello(NULL);

	(void)variant;
	spec.sni_body = "";
	tell(s, &spec);
}

static void empty_list(struct script *s, __u32 variant)
{
	(void)variant;
	entries(s, NULL, 0);
}

static void empty_name(struct script *s, __u32 variant)
{
	(void)variant;
	entries(s, (const struct sni_entry[]){ { 0, "", 0 } }, 1);
}

static void nul(struct script *s, __u32 variant)
{
	static const char *const names[] = { "shop\0example.com", "\0hop.example.com",
					     "shop.example.co\0" };

	entries(s, (const struct sni_entry[]){ { 0, names[variant], 16 } }, 1);
}

static void other_type_first(struct script *s, __u32 variant)
{
	__u8 type = variant ? 255 : 1;

	entries(s, (const struct sni_entry[]){ { type, "x", 1 }, { 0, SHOP, strlen(SHOP) } }, 2);
}

static void other_type_only(struct script *s, __u32 variant)
{
	(void)variant;
	entries(s, (const struct sni_entry[]){ { 1, SHOP, strlen(SHOP) } }, 1);
}

static void two_names(struct script *s, __u32 variant)
{
	const struct sni_entry shop = { 0, SHOP, strlen(SHOP) },
			       decoy = { 0, DECOY, strlen(DECOY) };

	if (variant)
		entries(s, (const struct sni_entry[]){ decoy, shop }, 2);
	else
		entries(s, (const struct sni_entry[]){ shop, decoy }, 2);
}

static void three_names(struct script *s, __u32 variant)
{
	(void)variant;
	entries(s,
		(const struct sni_entry[]){ { 0, SHOP, strlen(SHOP) },
					    { 0, DECOY, strlen(DECOY) },
					    { 0, "a.example", 9 } },
		3);
}

static void twice(struct script *s, __u32 variant)
{
	struct hello_spec spec = usual_hello(variant ? SHOP : DECOY);

	spec.sni_twice = SHOP;
	tell(s, &spec);
}

#define SEEN                                                                                       \
	{                                                                                          \
		.sni = SHOP                                                                        \
	}
#define NAME(name)                                                                                 \
	{                                                                                          \
		.sni = name                                                                        \
	}
#define STATE(word)                                                                                \
	{                                                                                          \
		.state = HG_SNI_##word                                                             \
	}
#define RAW(name)                                                                                  \
	{                                                                                          \
		.sni = name, .state = HG_SNI_invalid                                               \
	}
#define AMBIGUOUS                                                                                  \
	{                                                                                          \
		.state = HG_SNI_ambiguous, .classes = CLASS(ambiguous)                             \
	}

/* clang-format off */
static const struct row rows[] = {
	{ "sni/none", 26, "no server_name", none, STATE(none) },
	{ "sni/upper_case", 26, "upper case", upper, SEEN },
	{ "sni/mixed_case", 26, "mixed case", mixed, SEEN },
	{ "sni/trailing_dot", 26, "a trailing dot", trailing_dot, SEEN },
	{ "sni/single_label", 26, "one label", single_label, NAME("shop") },
	{ "sni/underscore", 26, "an underscore", underscore, NAME("_shop.example.com") },
	{ "sni/a_label", 26, "an A-label", ace, NAME("xn--bcher-kva.example.com") },
	{ "sni/ip_literal", 26, "an IPv4 address", ip_literal, NAME("192.0.2.1") },
	{ "sni/ipv6_literal", 26, "an IPv6 address", ipv6_literal, RAW("[2001:db8::1]") },
	{ "sni/long", 26, "63 to 255 bytes", long_names, NAME(""), .variants = 5 },
	{ "sni/256_bytes", 26, "256 bytes", name_256, STATE(invalid) },
	{ "sni/long_label", 26, "a label of 80 bytes", long_label,
	  NAME("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	       ".example.com") },
	{ "sni/space", 26, "a space", space, RAW("shop example.com") },
	{ "sni/not_ldh", 26, "a byte that no host name has", not_ldh, RAW("shop!.example.com") },
	{ "sni/utf8", 26, "UTF-8", utf8, RAW("b\xc3\xbc" "cher.example.com") },
	{ "sni/nul", 26, "a NUL inside, first, last", nul, STATE(invalid), .variants = 3 },
	{ "sni/empty_extension", 26, "an extension without a body", empty_extension, STATE(empty) },
	{ "sni/empty_list", 26, "an empty list", empty_list, STATE(empty) },
	{ "sni/empty_name", 26, "an empty name", empty_name, STATE(empty) },
	{ "sni/other_type_first", 26, "a name of another type first", other_type_first, SEEN,
	  .variants = 2 },
	{ "sni/other_type_only", 26, "no name but one of another type", other_type_only,
	  STATE(empty) },
	{ "sni/two_names", 26, "two host names", two_names, AMBIGUOUS, .variants = 2 },
	{ "sni/three_names", 26, "three host names", three_names, AMBIGUOUS },
	{ "sni/twice", 26, "the extension twice, names different and alike", twice, AMBIGUOUS,
	  .variants = 2 },
};
/* clang-format on */

const struct rows name_shapes = { rows, COUNT_OF(rows) };
