/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 15 to 18: below TCP.
 */
#include "shape.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void usual(struct script *s)
{
	hello_for(s, SHOP);
	connected(s);
	say_in(s, 0, 300);
}

/* ---- 15: IPv4 ---- */

static void ipv4_options(struct script *s, __u32 variant)
{
	static const __u8 options[40] = { 0x94, 4, 0, 0, 1, 1, 1, 1 }; /* router alert (RFC 2113) */

	s->conn.shape.ip_options = options;
	s->conn.shape.ip_options_len = 4 + variant * 4;
	usual(s);
}

/* ---- fragments of one segment ---- */

static void fragments(struct script *s, __u32 size, bool reversed)
{
	struct step *step;

	hello_for(s, SHOP);
	connected(s);
	step = say(s, 0, s->stream.len);
	step->fragment = size;
	step->reversed = reversed;
}

static void ipv4_fragments(struct script *s, __u32 variant)
{
	static const __u32 sizes[] = { 8, 16, 24, 104, 256, 400 };

	fragments(s, sizes[variant], false);
}

static void ipv4_fragments_reversed(struct script *s, __u32 variant)
{
	static const __u32 sizes[] = { 8, 104, 256 };

	fragments(s, sizes[variant], true);
}

static void ipv4_fragments_overlap(struct script *s, __u32 variant)
{
	(void)variant;
	fragments(s, 256, false);
	s->steps[s->count - 1].overlapped = true;
}

/* The first segment whole, the second one in fragments, and perhaps before it. */
static void ipv4_fragments_second(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	connected(s);
	if (!variant)
		say(s, 0, 100);
	say(s, 100, s->stream.len - 100)->fragment = 256;
	if (variant)
		say(s, 0, 100);
}

static void ipv6_fragments(struct script *s, __u32 variant)
{
	static const __u32 sizes[] = { 24, 104, 256, 400 }; /* the first has a TCP header */

	s->conn.ipv6 = true;
	fragments(s, sizes[variant], false);
}

static void ipv6_fragments_reversed(struct script *s, __u32 variant)
{
	(void)variant;
	s->conn.ipv6 = true;
	fragments(s, 104, true);
}

/* ---- 16: IPv6 ---- */

static void ipv6(struct script *s, __u32 variant)
{
	(void)variant;
	s->conn.ipv6 = true;
	usual(s);
}

/* Each header: what comes next, its length in words of eight less one, padding. */
#define HEADER(next) next, 0, 1, 4, 0, 0, 0, 0
/* With an experimental option that may be skipped (RFC 4727): Linux takes no 12 bytes of padding.
 */
#define LONG_HEADER(next) next, 1, 0x1e, 6, 1, 2, 3, 4, 5, 6, 1, 4, 0, 0, 0, 0
#define ROUTING(next) next, 0, 0, 0, 0, 0, 0, 0
#define ATOMIC(next) next, 0, 0, 0, 0, 0, 0, 9

static void chain(struct script *s, __u8 first, const __u8 *headers, __u32 len)
{
	s->conn.ipv6 = true;
	s->conn.shape.ipv6_next = first;
	s->conn.shape.ipv6_chain = headers;
	s->conn.shape.ipv6_chain_len = len;
	usual(s);
}

static void hop_by_hop(struct script *s, __u32 variant)
{
	static const __u8 one[] = { HEADER(6) }, longer[] = { LONG_HEADER(6) };

	chain(s, 0, variant ? longer : one, variant ? sizeof(longer) : sizeof(one));
}

static void routing(struct script *s, __u32 variant)
{
	static const __u8 one[] = { ROUTING(6) };

	(void)variant;
	chain(s, 43, one, sizeof(one));
}

static void destination(struct script *s, __u32 variant)
{
	static const __u8 one[] = { HEADER(6) }, longer[] = { LONG_HEADER(6) };

	chain(s, 60, variant ? longer : one, variant ? sizeof(longer) : sizeof(one));
}

static void several(struct script *s, __u32 variant)
{
	static const __u8 all[] = { HEADER(60), LONG_HEADER(43), ROUTING(60), HEADER(6) };

	(void)variant;
	chain(s, 0, all, sizeof(all));
}

static void atomic(struct script *s, __u32 variant)
{
	static const __u8 one[] = { ATOMIC(6) };

	(void)variant;
	chain(s, 44, one, sizeof(one));
}

/* ---- 17: around IP ---- */

static void vlan(struct script *s, __u32 variant)
{
	static const __u16 ids[] = { 5, 4094, 0xe005 }; /* the last one with a priority */

	s->conn.shape.tags[0] = ids[variant];
	usual(s);
}

static void qinq(struct script *s, __u32 variant)
{
	s->conn.shape.tags[0] = 100;
	s->conn.shape.tags[1] = 200;
	s->conn.shape.tpid = variant ? 0x88a8 : 0x8100;
	usual(s);
}

static void three_tags(struct script *s, __u32 variant)
{
	(void)variant;
	s->conn.shape.tags[0] = 100;
	s->conn.shape.tags[1] = 200;
	s->conn.shape.tags[2] = 300;
	s->flows = 0;
	usual(s);
}

#define TUNNEL(word, kind)                                                                         \
	static void word(struct script *s, __u32 variant)                                          \
	{                                                                                          \
		s->conn.ipv6 = variant;                                                            \
		s->encap = kind;                                                                   \
		usual(s);                                                                          \
	}

TUNNEL(pppoe, ENCAP_PPPOE)
TUNNEL(mpls, ENCAP_MPLS)
TUNNEL(vxlan, ENCAP_VXLAN)
TUNNEL(geneve, ENCAP_GENEVE)
TUNNEL(gre, ENCAP_GRE)
TUNNEL(gre_key, ENCAP_GRE_KEY)
TUNNEL(ip_in_ip, ENCAP_IPIP)

/* ---- 18: behind IP ---- */

/* Ethernet pads what is shorter than 60 bytes: here with bytes that are no zeros. */
static void padding(struct script *s, __u32 variant)
{
	hello_for(s, SHOP);
	s->conn.shape.padding = 1 + variant;
	connected(s);
	for (__u32 at = 0; at < 60; at += 3)
		say(s, at, 3);
	say_in(s, 60, MSS);
}

static void trailer(struct script *s, __u32 variant)
{
	static const __u32 sizes[] = { 2, 4, 8, 64 };

	s->conn.shape.padding = sizes[variant];
	usual(s);
}

#define SEEN                                                                                       \
	{                                                                                          \
		.sni = SHOP                                                                        \
	}
#define FRAGMENTED                                                                                 \
	{                                                                                          \
		.sni = SHOP, .flags = HG_FLAG(fragmented_ip)                                       \
	}
#define NO_8021Q "this kernel has no 8021q; the capture has the tags"
#define NO_DEVICE "the server would need the tunnel's device"

/* clang-format off */
static const struct row rows[] = {
	{ "below/ipv4_options", 15, "4 to 40 bytes of IPv4 options", ipv4_options, SEEN,
	  .variants = 10 },
	{ "below/ipv4_fragments", 15, "IPv4 fragments, in order", ipv4_fragments, FRAGMENTED,
	  .variants = 6 },
	{ "below/ipv4_fragments_reversed", 15, "IPv4 fragments, last one first",
	  ipv4_fragments_reversed, FRAGMENTED, .variants = 3 },
	{ "below/ipv4_fragments_second", 15, "the second segment in IPv4 fragments",
	  ipv4_fragments_second, FRAGMENTED, .variants = 2 },
	{ "below/ipv4_fragments_overlap", 15, "IPv4 fragments that overlap and differ",
	  ipv4_fragments_overlap, { .sni = SHOP, .flags = HG_FLAG(fragmented_ip),
	  .or_class = CLASS(conflicting_overlap) } },
	{ "below/ipv6_fragments", 15, "IPv6 fragments, in order", ipv6_fragments, FRAGMENTED,
	  .variants = 4 },
	{ "below/ipv6_fragments_reversed", 15, "IPv6 fragments, last one first",
	  ipv6_fragments_reversed, FRAGMENTED },
	{ "below/ipv6_atomic_fragment", 15, "an IPv6 fragment header, and all in one", atomic, SEEN },
	{ "below/ipv6", 16, "IPv6", ipv6, SEEN },
	{ "below/ipv6_hop_by_hop", 16, "hop-by-hop options", hop_by_hop, SEEN, .variants = 2 },
	{ "below/ipv6_routing", 16, "a routing header", routing, SEEN },
	{ "below/ipv6_destination", 16, "destination options", destination, SEEN, .variants = 2 },
	{ "below/ipv6_several", 16, "four extension headers", several, SEEN },
	{ "below/vlan", 17, "802.1Q", vlan, SEEN, .variants = 3, .not_live = NO_8021Q },
	{ "below/qinq", 17, "two tags", qinq, SEEN, .variants = 2, .not_live = NO_8021Q },
	{ "below/three_tags", 17, "three tags: passed unread, and counted", three_tags,
	  { .none = true }, .not_live = NO_8021Q },
	{ "below/pppoe", 17, "PPPoE, when asked", pppoe, SEEN, .variants = 2, .not_live = NO_DEVICE },
	{ "below/mpls", 17, "two MPLS labels, when asked", mpls, SEEN, .variants = 2,
	  .not_live = NO_DEVICE },
	{ "below/vxlan", 17, "VXLAN, when asked", vxlan, SEEN, .variants = 2, .not_live = NO_DEVICE },
	{ "below/geneve", 17, "Geneve with an option, when asked", geneve, SEEN, .variants = 2,
	  .not_live = NO_DEVICE },
	{ "below/gre", 17, "GRE, when asked", gre, SEEN, .variants = 2, .not_live = NO_DEVICE },
	{ "below/gre_key", 17, "GRE with a key, when asked", gre_key, SEEN, .variants = 2,
	  .not_live = NO_DEVICE },
	{ "below/ip_in_ip", 17, "IPv4 and IPv6 in IPv4, when asked", ip_in_ip, SEEN, .variants = 2,
	  .not_live = NO_DEVICE },
	{ "below/ethernet_padding", 18, "short frames, padded with other bytes", padding, SEEN,
	  .variants = 6 },
	{ "below/trailer", 18, "a trailer behind every frame", trailer, SEEN, .variants = 4 },
};
/* clang-format on */

const struct rows below_shapes = { rows, COUNT_OF(rows) };
