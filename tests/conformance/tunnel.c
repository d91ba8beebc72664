/* SPDX-License-Identifier: BSD-2-Clause */
#include "tunnel.h"

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
#define PORT_VXLAN 4789
#define PORT_GENEVE 6081

static const __u8 outer_macs[12] = { 2, 0, 0, 0, 1, 2, 2, 0, 0, 0, 1, 1 };

static void begin(struct frame *f, __u16 type)
{
	f->len = 0;
	memcpy(f->at, outer_macs, sizeof(outer_macs));
	f->at[12] = (__u8)(type >> 8);
	f->at[13] = (__u8)type;
	f->len = ETHERNET;
}

static void add_be(struct frame *f, __u32 width, __u32 value)
{
	for (__u32 i = 0; i < width; i++)
		f->at[f->len++] = (__u8)(value >> (8 * (width - 1 - i)));
}

static __u16 header_sum(const __u8 *ip)
{
	__u32 sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (__u32)(ip[i] << 8 | ip[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

/* An IPv4 header of an outer packet with `len` bytes behind it. */
static void add_ipv4(struct frame *f, __u8 proto, __u32 len)
{
	__u32 start = f->len, sum;

	add_be(f, 2, 0x4500);
	add_be(f, 2, 20 + len);
	add_be(f, 4, 0x77770000);
	add_be(f, 2, 64 << 8 | proto);
	add_be(f, 2, 0);
	add_be(f, 4, 0xcb007101); /* 203.0.113.1 */
	add_be(f, 4, 0xcb007102);
	sum = header_sum(f->at + start);
	f->at[start + 10] = (__u8)(sum >> 8);
	f->at[start + 11] = (__u8)sum;
}

/* The checksum of an outer UDP header may be zero (RFC 7348, section 5). */
static void add_udp(struct frame *f, __u16 port, __u32 len)
{
	add_ipv4(f, PROTO_UDP, 8 + len);
	add_be(f, 2, 49152);
	add_be(f, 2, port);
	add_be(f, 2, 8 + len);
	add_be(f, 2, 0);
}

static void add_pppoe(struct frame *f, bool ipv6, __u32 len)
{
	begin(f, TYPE_PPPOE);
	add_be(f, 2, 0x1100);
	add_be(f, 2, 0x0042); /* session */
	add_be(f, 2, len + 2);
	add_be(f, 2, ipv6 ? 0x0057 : 0x0021);
}

/* Two labels; the bottom of the stack is marked (RFC 3032, section 2.1). */
static void add_mpls(struct frame *f)
{
	begin(f, TYPE_MPLS);
	add_be(f, 4, 16 << 12 | 64);
	add_be(f, 4, 17 << 12 | 1 << 8 | 64);
}

static void add_gre(struct frame *f, bool ipv6, bool key, __u32 len)
{
	begin(f, TYPE_IPV4);
	add_ipv4(f, PROTO_GRE, len + (key ? 8 : 4));
	add_be(f, 2, key ? 0x2000 : 0);
	add_be(f, 2, ipv6 ? TYPE_IPV6 : TYPE_IPV4);
	if (key)
		add_be(f, 4, 0x1234);
}

static void add_vxlan(struct frame *f, __u32 len)
{
	begin(f, TYPE_IPV4);
	add_udp(f, PORT_VXLAN, 8 + len);
	add_be(f, 4, 0x08000000);
	add_be(f, 4, 42 << 8);
}

static void add_geneve(struct frame *f, __u32 len)
{
	begin(f, TYPE_IPV4);
	add_udp(f, PORT_GENEVE, 12 + len);
	add_be(f, 2, 0x0100); /* one word of options */
	add_be(f, 2, TYPE_BRIDGED);
	add_be(f, 4, 42 << 8);
	add_be(f, 4, 0x01020300); /* an option without data, not critical */
}

static void add_outer(struct frame *f, enum encapsulation encap, bool ipv6, __u32 len)
{
	switch (encap) {
	case ENCAP_PPPOE:
		add_pppoe(f, ipv6, len);
		break;
	case ENCAP_MPLS:
		add_mpls(f);
		break;
	case ENCAP_VXLAN:
		add_vxlan(f, len);
		break;
	case ENCAP_GENEVE:
		add_geneve(f, len);
		break;
	case ENCAP_GRE:
	case ENCAP_GRE_KEY:
		add_gre(f, ipv6, encap == ENCAP_GRE_KEY, len);
		break;
	default:
		begin(f, TYPE_IPV4);
		add_ipv4(f, ipv6 ? PROTO_SIT : PROTO_IPIP, len);
	}
}

void tunnel_wrap(struct frame *f, enum encapsulation encap)
{
	static struct frame inner;
	bool bridged = encap == ENCAP_VXLAN || encap == ENCAP_GENEVE;
	__u32 skip = bridged ? 0 : ETHERNET;

	if (encap == ENCAP_NONE)
		return;
	inner.len = f->len;
	memcpy(inner.at, f->at, f->len);
	add_outer(f, encap, inner.at[12] == 0x86, inner.len - skip);
	memcpy(f->at + f->len, inner.at + skip, inner.len - skip);
	f->len += inner.len - skip;
}
