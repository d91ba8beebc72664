/* SPDX-License-Identifier: BSD-2-Clause */
#include "initials.h"

/* RFC 9000, section 16: two bits say the width. */
static void put_number(struct octets *o, __u32 width, __u64 value)
{
	static const __u8 prefix[] = { [1] = 0x00, [2] = 0x40, [4] = 0x80, [8] = 0xc0 };
	__u32 at = o->len;

	put_be(o, width, value);
	o->at[at] |= prefix[width];
}

void quic_put(struct octets *o, const struct quic_spec *q)
{
	put_be(o, 1, q->first);
	put_be(o, 4, q->version);
	put_be(o, 1, q->dcid_len);
	put_fill(o, 0xdc, q->dcid_len);
	put_be(o, 1, q->scid_len);
	put_fill(o, 0x5c, q->scid_len);
	if (q->token) {
		put_number(o, 2, q->token_len);
		put_fill(o, 0x70, q->token_len);
	}
	put_number(o, q->width ? q->width : 2, q->says ? q->says : q->body);
	put_fill(o, 0xaa, q->body);
}

void quic_datagram(struct octets *o, const struct quic_spec *q, __u32 size)
{
	octets_clear(o);
	quic_put(o, q);
	if (o->len < size)
		put_fill(o, 0, size - o->len);
	o->len = size;
}
