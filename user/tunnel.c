/* SPDX-License-Identifier: BSD-2-Clause */
#include "tunnel.h"

#include <string.h>

#include "../include/terms.h"

#define ETHERNET_HEADER 14
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
#define TYPE_VLAN 0x8100
#define TYPE_QINQ 0x88a8
#define TYPE_BRIDGED 0x6558 /* transparent Ethernet bridging, RFC 1701 */
#define TYPE_ERSPAN2 0x88be
#define TYPE_ERSPAN3 0x22eb
#define PROTO_IPIP 4
#define PROTO_UDP 17
#define PROTO_IPV6 41
#define PROTO_GRE 47
#define PORT_VXLAN 4789
#define PORT_GENEVE 6081
#define DEPTH 4
#define KIND(id) (1U << HG_TUNNEL_##id)

/* A place in the frame and what lies there. */
struct place {
	__u32 at;
	__u16 type; /* an ethertype; TYPE_BRIDGED: an Ethernet frame */
};

static __u16 be16(const struct hg_frame *f, __u32 at)
{
	return at + 2 <= f->len ? (__u16)(f->data[at] << 8 | f->data[at + 1]) : 0;
}

/* The network layer of an Ethernet frame that begins at `at`. */
static struct place network_layer(const struct hg_frame *f, __u32 at)
{
	struct place p = { at + ETHERNET_HEADER, be16(f, at + 12) };

	while (p.type == TYPE_VLAN || p.type == TYPE_QINQ) {
		p.type = be16(f, p.at + 2);
		p.at += 4;
	}
	return p;
}

/* RFC 2784, RFC 2890; ERSPAN is GRE with a header of its own. */
static struct place gre(const struct hg_frame *f, __u32 at)
{
	__u16 flags = be16(f, at), type = be16(f, at + 2);
	__u32 skip = 4;

	if (flags & 7) /* a version: PPTP, or not GRE */
		return (struct place){ 0, 0 };
	skip += flags & 0x8000 ? 4 : 0; /* checksum */
	skip += flags & 0x2000 ? 4 : 0; /* key */
	skip += flags & 0x1000 ? 4 : 0; /* sequence number */
	if (type == TYPE_ERSPAN2) {	/* type I has neither sequence number nor header */
		skip += flags & 0x1000 ? 8 : 0;
		type = TYPE_BRIDGED;
	} else if (type == TYPE_ERSPAN3) {
		skip += at + skip + 12 <= f->len && f->data[at + skip + 11] & 1 ? 20 : 12;
		type = TYPE_BRIDGED;
	}
	return (struct place){ at + skip, type };
}

/* Is there a Geneve header (RFC 8926)?  Ports differ: 6081 by default. */
static bool looks_geneve(const struct hg_frame *f, __u32 at)
{
	__u16 type = be16(f, at + 2);

	return at + 8 <= f->len && f->data[at] >> 6 == 0 && (f->data[at + 1] & 0x3f) == 0 &&
	       f->data[at + 7] == 0 &&
	       (type == TYPE_BRIDGED || type == TYPE_IPV4 || type == TYPE_IPV6);
}

static struct place udp(const struct hg_frame *f, __u32 at, __u32 kinds)
{
	__u16 port = be16(f, at + 2);
	__u32 body = at + 8;

	if (kinds & KIND(vxlan) && port == PORT_VXLAN && body + 8 <= f->len &&
	    f->data[body] == 0x08)
		return (struct place){ body + 8, TYPE_BRIDGED };
	if (kinds & KIND(geneve) && (port == PORT_GENEVE || port > 1023) && looks_geneve(f, body))
		return (struct place){ body + 8 + (f->data[body] & 0x3f) * 4U, be16(f, body + 2) };
	return (struct place){ 0, 0 };
}

static struct place inside(const struct hg_frame *f, __u8 proto, __u32 at, __u32 kinds)
{
	if (proto == PROTO_IPIP && kinds & KIND(ipip))
		return (struct place){ at, TYPE_IPV4 };
	if (proto == PROTO_IPV6 && kinds & KIND(ipip))
		return (struct place){ at, TYPE_IPV6 };
	if (proto == PROTO_GRE && kinds & KIND(gre))
		return gre(f, at);
	if (proto == PROTO_UDP)
		return udp(f, at, kinds);
	return (struct place){ 0, 0 };
}

/* What an IP packet carries, if it is a tunnel; fragments are left alone. */
static struct place open_ip(const struct hg_frame *f, const struct place *p, __u32 kinds)
{
	if (p->type == TYPE_IPV4 && p->at + 20 <= f->len && !(be16(f, p->at + 6) & 0x3fff))
		return inside(f, f->data[p->at + 9], p->at + (f->data[p->at] & 15) * 4U, kinds);
	if (p->type == TYPE_IPV6 && p->at + 40 <= f->len)
		return inside(f, f->data[p->at + 6], p->at + 40, kinds);
	return (struct place){ 0, 0 };
}

/*
 * A bare IP packet gets an Ethernet header, over bytes of the tunnel's that
 * have been read.  The frame is libpcap's buffer or ours: both may be written.
 */
static bool give_ethernet(struct hg_frame *f, const struct place *p)
{
	__u8 *header = (__u8 *)f->data + p->at - ETHERNET_HEADER;

	if (p->at < ETHERNET_HEADER)
		return false;
	memset(header, 0, 12);
	header[12] = (__u8)(p->type >> 8);
	header[13] = (__u8)p->type;
	return true;
}

static bool open_once(struct hg_frame *f, __u32 kinds)
{
	struct place p = network_layer(f, 0), in = open_ip(f, &p, kinds);

	if (!in.at || in.at >= f->len)
		return false;
	if (in.type == TYPE_BRIDGED) {
		f->data += in.at;
		f->len -= in.at;
		return true;
	}
	if ((in.type != TYPE_IPV4 && in.type != TYPE_IPV6) || !give_ethernet(f, &in))
		return false;
	f->data += in.at - ETHERNET_HEADER;
	f->len -= in.at - ETHERNET_HEADER;
	return true;
}

void hg_tunnel_open(struct hg_frame *frame, __u32 kinds)
{
	for (int i = 0; i < DEPTH; i++)
		if (!open_once(frame, kinds))
			return;
}
