/* SPDX-License-Identifier: BSD-2-Clause */
#include "fragment.h"

#include <string.h>

static void set16(__u8 *at, __u32 value)
{
	at[0] = (__u8)(value >> 8);
	at[1] = (__u8)value;
}

static void header_sum(__u8 *ip)
{
	__u32 sum = 0;

	set16(ip + 10, 0);
	for (int i = 0; i < (ip[0] & 15) * 4; i += 2)
		sum += (__u32)(ip[i] << 8 | ip[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	set16(ip + 10, ~sum);
}

__u32 fragment_count(const struct fragments *f)
{
	return (f->whole->len - f->at.l4 + f->size - 1) / f->size;
}

/* RFC 8200, section 4.5: the header that stood before TCP now names the fragment. */
static void add_ipv6_header(const struct fragments *f, struct frame *out, __u32 offset, bool more)
{
	__u8 *head = out->at + out->len;

	out->at[f->at.l3 + 6] = 44; /* these packets have no other extension header */
	memset(head, 0, 8);
	head[0] = 6;
	set16(head + 2, offset | more);
	set16(head + 6, f->id);
	out->len += 8;
}

void fragment_build(const struct fragments *f, __u32 n, struct frame *out)
{
	__u32 offset = n * f->size, left = f->whole->len - f->at.l4 - offset;
	__u32 len = left < f->size ? left : f->size;
	__u8 *ip = out->at + f->at.l3;

	memcpy(out->at, f->whole->at, f->at.l4);
	out->len = f->at.l4;
	if (f->ipv6)
		add_ipv6_header(f, out, offset, len < left);
	memcpy(out->at + out->len, f->whole->at + f->at.l4 + offset, len);
	out->len += len;
	if (f->ipv6) {
		set16(ip + 4, out->len - f->at.l3 - 40);
		return;
	}
	set16(ip + 2, out->len - f->at.l3);
	set16(ip + 4, f->id);
	set16(ip + 6, offset / 8 | (len < left ? 0x2000 : 0));
	header_sum(ip);
}
