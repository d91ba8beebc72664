/* SPDX-License-Identifier: BSD-2-Clause */
#include "tunnel.h"

#include <stddef.h>
#include <string.h>

#define ETHERNET 14
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
#define TYPE_PPPOE 0x8864
#define TYPE_MPLS 0x8847
#define TYPE_BRIDGED 0x6558
#define PROTO_IPIP 4
#define PROTO_UDP 17
#define PROTO_SIT 41
#define PROTO_GRE 47
#define PROTO_OPTIONS 60
#define PORT_VXLAN 4789
#define PORT_GENEVE 6081
#define GRE_ALL 0xb000
#define GRE_KEY 0x2000

static const __u8 outer_macs[12] = { 2, 0, 0, 0, 1, 2, 2, 0, 0, 0, 1, 1 };

/* What a kind is made of, from the outside; where a header is not there, its field is 0. */
static const struct kind {
	__u16 type;   /* of the outer frame */
	__u8 proto;   /* of the outer IP packet; IP in IP: found */
	bool options; /* IPv6: the encapsulation limit */
	__u16 port;   /* UDP */
	bool sum;     /* UDP */
	__u16 flags;  /* GRE */
	__u8 labels;  /* MPLS */
	bool bridged; /* Ethernet inside */
} kinds[ENCAP_COUNT] = {
	[ENCAP_PPPOE] = { .type = TYPE_PPPOE },
	[ENCAP_MPLS] = { .type = TYPE_MPLS, .labels = 2 },
	[ENCAP_MPLS_FOUR] = { .type = TYPE_MPLS, .labels = 4 },
	[ENCAP_VXLAN] = { .type = TYPE_IPV4,
			  .proto = PROTO_UDP,
			  .port = PORT_VXLAN,
			  .bridged = true },
	[ENCAP_VXLAN_SUM] = { .type = TYPE_IPV4,
			      .proto = PROTO_UDP,
			      .port = PORT_VXLAN,
			      .sum = true,
			      .bridged = true },
	[ENCAP_GENEVE] = { .type = TYPE_IPV4,
			   .proto = PROTO_UDP,
			   .port = PORT_GENEVE,
			   .bridged = true },
	[ENCAP_GRE] = { .type = TYPE_IPV4, .proto = PROTO_GRE },
	[ENCAP_GRE_KEY] = { .type = TYPE_IPV4, .proto = PROTO_GRE, .flags = GRE_KEY },
	[ENCAP_GRE_ALL] = { .type = TYPE_IPV4, .proto = PROTO_GRE, .flags = GRE_ALL },
	[ENCAP_GRETAP] = { .type = TYPE_IPV4, .proto = PROTO_GRE, .bridged = true },
	[ENCAP_IPIP] = { .type = TYPE_IPV4, .proto = PROTO_IPIP },
	[ENCAP_IPIP6] = { .type = TYPE_IPV6, .proto = PROTO_IPIP },
	[ENCAP_IPIP6_LIMIT] = { .type = TYPE_IPV6, .proto = PROTO_IPIP, .options = true },
	[ENCAP_VXLAN6] = { .type = TYPE_IPV6,
			   .proto = PROTO_UDP,
			   .port = PORT_VXLAN,
			   .bridged = true },
};

static void add_be(struct frame *f, __u32 width, __u32 value)
{
	for (__u32 i = 0; i < width; i++)
		f->at[f->len++] = (__u8)(value >> (8 * (width - 1 - i)));
}

static __u16 be16(const __u8 *at)
{
	return (__u16)(at[0] << 8 | at[1]);
}

static __u32 sum_of(const __u8 *at, __u32 len)
{
	__u32 sum = 0;

	for (__u32 i = 0; i < len; i++)
		sum += i & 1 ? at[i] : at[i] << 8;
	return sum;
}

static __u16 fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

static void put_sum(struct frame *f, __u32 at, __u32 sum)
{
	__u16 folded = (__u16)~fold(sum);

	f->at[at] = (__u8)(folded >> 8);
	f->at[at + 1] = (__u8)folded;
}

/* An IPv4 header of an outer packet with `len` bytes behind it. */
static void add_ipv4(struct frame *f, __u8 proto, __u32 len)
{
	__u32 start = f->len;

	add_be(f, 2, 0x4500);
	add_be(f, 2, 20 + len);
	add_be(f, 4, 0x77770000);
	add_be(f, 2, 64 << 8 | proto);
	add_be(f, 2, 0);
	add_be(f, 4, 0xcb007101); /* 203.0.113.1 */
	add_be(f, 4, 0xcb007102);
	put_sum(f, start + 10, sum_of(f->at + start, 20));
}

static void add_ipv6(struct frame *f, const struct kind *k, __u8 proto, __u32 len)
{
	add_be(f, 4, 6u << 28);
	add_be(f, 2, len + (k->options ? 8 : 0));
	add_be(f, 2, (k->options ? PROTO_OPTIONS : proto) << 8 | 64);
	for (int i = 0; i < 8; i++)
		add_be(f, 4, i % 4 ? (__u32)i : 0x20010db8);
	if (!k->options)
		return;
	add_be(f, 4, (__u32)proto << 24 | 4 << 8 | 1);
	add_be(f, 4, 4 << 24 | 1 << 16 | 1 << 8);
}

static __u32 gre_len(__u16 flags)
{
	return 4 + (flags & 0x8000 ? 4 : 0) + (flags & 0x2000 ? 4 : 0) + (flags & 0x1000 ? 4 : 0);
}

static void add_gre(struct frame *f, const struct kind *k, __u16 type)
{
	add_be(f, 2, k->flags);
	add_be(f, 2, k->bridged ? TYPE_BRIDGED : type);
	for (__u32 i = 4; i < gre_len(k->flags); i += 4)
		add_be(f, 4, k->flags & 0x8000 && i == 4 ? 0 : 0x1234);
}

/* The checksum of an outer UDP header may be zero (RFC 7348, section 5). */
static void add_udp(struct frame *f, const struct kind *k, __u32 len)
{
	add_be(f, 2, 49152);
	add_be(f, 2, k->port);
	add_be(f, 2, 8 + len);
	add_be(f, 2, 0);
}

static void add_overlay(struct frame *f, const struct kind *k)
{
	if (k->port == PORT_VXLAN) {
		add_be(f, 4, 0x08000000);
	} else {
		add_be(f, 2, 0x0100); /* one word of options */
		add_be(f, 2, TYPE_BRIDGED);
	}
	add_be(f, 4, 42 << 8);
	if (k->port == PORT_GENEVE)
		add_be(f, 4, 0x01020300); /* an option without data, not critical */
}

/* The bottom of the stack is marked (RFC 3032, section 2.1). */
static void add_mpls(struct frame *f, const struct kind *k)
{
	for (__u32 i = 1; i <= k->labels; i++)
		add_be(f, 4, (15 + i) << 12 | (i == k->labels) << 8 | 64);
}

static void add_pppoe(struct frame *f, bool ipv6, __u32 len)
{
	add_be(f, 2, 0x1100);
	add_be(f, 2, 0x0042); /* session */
	add_be(f, 2, len + 2);
	add_be(f, 2, ipv6 ? 0x0057 : 0x0021);
}

static __u32 overlay_len(const struct kind *k)
{
	return k->port == PORT_VXLAN ? 8 : 12;
}

static __u8 proto_of(const struct kind *k, bool ipv6)
{
	return k->proto == PROTO_IPIP && ipv6 ? PROTO_SIT : k->proto;
}

/* Everything in front of `len` bytes of the inner packet or frame. */
static void add_outer(struct frame *f, const struct kind *k, bool ipv6, __u32 len)
{
	memcpy(f->at, outer_macs, sizeof(outer_macs));
	f->len = sizeof(outer_macs);
	add_be(f, 2, k->type);
	if (k->type == TYPE_PPPOE)
		add_pppoe(f, ipv6, len);
	add_mpls(f, k);
	if (k->port)
		len += 8 + overlay_len(k);
	else if (k->proto == PROTO_GRE)
		len += gre_len(k->flags);
	if (k->type == TYPE_IPV4)
		add_ipv4(f, proto_of(k, ipv6), len);
	else if (k->type == TYPE_IPV6)
		add_ipv6(f, k, proto_of(k, ipv6), len);
	if (k->proto == PROTO_GRE)
		add_gre(f, k, ipv6 ? TYPE_IPV6 : TYPE_IPV4);
	if (k->port) {
		add_udp(f, k, len - 8);
		add_overlay(f, k);
	}
}

/* Of the UDP packet and its pseudo-header. */
static __u32 udp_sum(const struct frame *f)
{
	const __u8 *ip = f->at + ETHERNET;
	__u32 len = be16(ip + 24);

	return sum_of(ip + 12, 8) + PROTO_UDP + len + sum_of(ip + 20, len);
}

static void add_sums(struct frame *f, const struct kind *k)
{
	__u32 gre = ETHERNET + 20;

	if (k->flags & 0x8000)
		put_sum(f, gre + 4, sum_of(f->at + gre, f->len - gre));
	if (k->sum)
		put_sum(f, ETHERNET + 26, udp_sum(f));
}

void tunnel_wrap(struct frame *f, enum encapsulation encap)
{
	static struct frame inner;
	const struct kind *k = &kinds[encap];
	__u32 skip = k->bridged ? 0 : ETHERNET;

	if (encap == ENCAP_NONE)
		return;
	inner.len = f->len;
	memcpy(inner.at, f->at, f->len);
	add_outer(f, k, inner.at[12] == 0x86, inner.len - skip);
	memcpy(f->at + f->len, inner.at + skip, inner.len - skip);
	f->len += inner.len - skip;
	add_sums(f, k);
}

__u32 tunnel_inner_ip(enum encapsulation encap)
{
	static struct frame f;

	add_outer(&f, &kinds[encap], false, 0);
	return f.len + (kinds[encap].bridged ? ETHERNET : 0);
}

/* ---- read back ---- */

void tunnel_unwrap(struct frame *inner, const struct frame *outer, enum encapsulation encap)
{
	__u32 at = tunnel_inner_ip(encap), eth = kinds[encap].bridged ? at - ETHERNET : 0;

	memcpy(inner->at, outer->at + eth, sizeof(outer_macs));
	inner->len = sizeof(outer_macs);
	add_be(inner, 2, outer->at[at] >> 4 == 4 ? TYPE_IPV4 : TYPE_IPV6);
	memcpy(inner->at + ETHERNET, outer->at + at, outer->len - at);
	inner->len = outer->len - at + ETHERNET;
}

static const char *ip_fault(const struct frame *f, const struct kind *k)
{
	const __u8 *ip = f->at + ETHERNET;
	__u32 len = f->len - ETHERNET;

	if (k->type == TYPE_IPV6)
		return be16(ip + 4) == len - 40 ? NULL : "outer IPv6 length";
	if (be16(ip + 2) != len)
		return "outer IPv4 length";
	return fold(sum_of(ip, 20)) == 0xffff ? NULL : "outer IPv4 checksum";
}

static const char *udp_fault(const struct frame *f, const struct kind *k)
{
	__u32 at = ETHERNET + (k->type == TYPE_IPV6 ? 40 : 20);

	if (be16(f->at + at + 4) != f->len - at)
		return "outer UDP length";
	if (be16(f->at + at + 6) && fold(udp_sum(f)) != 0xffff)
		return "outer UDP checksum";
	return NULL;
}

const char *tunnel_fault(const struct frame *f, enum encapsulation encap)
{
	const struct kind *k = &kinds[encap];
	const char *fault;

	if (k->type == TYPE_PPPOE)
		return be16(f->at + ETHERNET + 4) == f->len - ETHERNET - 6 ? NULL : "PPPoE length";
	if (!k->proto)
		return NULL;
	fault = ip_fault(f, k);
	return !fault && k->port ? udp_fault(f, k) : fault;
}
