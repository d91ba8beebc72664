/* SPDX-License-Identifier: BSD-2-Clause */
#include "datagrams.h"

#include "../wire/initials.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static bool one_in(struct streams *s, __u32 n)
{
	return streams_below(s, n) == 0;
}

static void any_packet(struct streams *s, struct octets *o)
{
	static const __u32 versions[] = { QUIC_V1,    QUIC_V1,	  QUIC_V1,    QUIC_V2,	  QUIC_V2,
					  0xff00001c, 0xff00001d, 0xff000022, 0x1a2a3a4a, 0 };
	static const __u32 ids[] = { 0, 7, 8, 8, 8, 20, 20, 21 };
	static const __u32 widths[] = { 1, 2, 2, 2, 4, 8 };
	struct quic_spec q = { .version = versions[streams_below(s, COUNT_OF(versions))] };

	q.first = (__u8)(0x80 | streams_below(s, 8) << 4 | (one_in(s, 20) ? 0 : 0x40));
	q.dcid_len = ids[streams_below(s, COUNT_OF(ids))];
	q.scid_len = ids[streams_below(s, COUNT_OF(ids))];
	q.token = one_in(s, 2);
	q.token_len = one_in(s, 3) ? streams_below(s, 300) : 0;
	q.width = widths[streams_below(s, COUNT_OF(widths))];
	q.body = streams_below(s, q.width == 1 ? 60 : 700);
	q.says = one_in(s, 10) ? streams_below(s, q.width == 1 ? 64 : 2000) : 0;
	quic_put(o, &q);
}

static void any_shape(struct streams *s, struct conn *c)
{
	static const __u8 nops[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	static const __u8 hop_by_hop[8] = { 17, 0, 1, 4 };
	static const __u8 fragment[8] = { 17, 0, 0, 1 };
	struct shape *shape = &c->shape;

	if (one_in(s, 4))
		shape->tags[0] = 9;
	if (one_in(s, 8))
		shape->tags[1] = 10;
	if (one_in(s, 5))
		shape->ip_options = nops, shape->ip_options_len = sizeof(nops);
	if (one_in(s, 10))
		shape->fragment = (__u16)streams_below(s, 0x4000);
	if (one_in(s, 5)) {
		shape->ipv6_next = one_in(s, 3) ? 44 : 0;
		shape->ipv6_chain = shape->ipv6_next ? fragment : hop_by_hop;
		shape->ipv6_chain_len = 8;
	}
	shape->padding = one_in(s, 6) ? streams_below(s, 40) : 0;
}

void datagrams_next(struct streams *s, struct frame *f)
{
	static struct octets o;
	struct conn c = { .ipv6 = one_in(s, 3),
			  .client = { 192, 0, 0, 1 },
			  .server = { 9, 9, 9, 9 } };
	static const __u16 ports[] = { 443, 8443, 4789, 53 };
	struct frame_layout at;

	c.client[3] = (__u8)streams_below(s, 8);
	c.client_port = (__u16)(50000 + streams_below(s, 20));
	c.server_port = ports[streams_below(s, COUNT_OF(ports))];
	any_shape(s, &c);
	octets_clear(&o);
	for (__u32 n = 1 + streams_below(s, 6); n; n--)
		any_packet(s, &o);
	if (o.len < 1200 && !one_in(s, 8))
		put_fill(&o, 0, 1200 - o.len);
	if (one_in(s, 12))
		o.at[streams_below(s, o.len)] ^= (__u8)(1 << streams_below(s, 8));
	at = frame_build_udp(f, &c, one_in(s, 4), o.at, o.len);
	if (one_in(s, 12))
		f->at[at.l4 + 4 + streams_below(s, 2)] += (__u8)streams_below(s, 256);
	if (one_in(s, 12) && f->len > 60)
		f->len = 60 + streams_below(s, f->len - 60);
}
