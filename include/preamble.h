/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * preamble.h - what a client may say ahead of its hello in the same segment: a
 * PROXY header (haproxy's proxy-protocol.txt, sections 2.1 and 2.2), a request
 * of SOCKS 4, 4a or 5 (RFC 1928, section 4), HTTP CONNECT (RFC 9110, section
 * 9.3.6).  Between two hellos, a ChangeCipherSpec.
 */
#ifndef HG_PREAMBLE_H
#define HG_PREAMBLE_H

#include "bytes.h"
#include "loop.h"
#include "tls_record.h"

#define HG_PREAMBLE_MAX 1024 /* bytes of one whose end must be looked for */

/* Looking for an end: so many of a byte, one behind the other or not. */
struct hg_preamble {
	__u32 at;
	__u32 end;
	__u32 wanted;
	__u8 byte;
	__u8 in_a_row; /* a carriage return between them is none */
	__u8 reserved[2];
};

struct hg_preamble_step {
	const struct hg_capture *capture;
	struct hg_preamble *state;
	__u32 wanted; /* at the beginning */
};

/* Could a preamble begin with this byte? */
HG_INLINE bool hg_preamble_may_begin(__u8 byte)
{
	return byte == HG_CONTENT_CHANGE_CIPHER_SPEC || byte == 4 || byte == 5 || byte == 'P' ||
	       byte == 'C' || byte == '\r';
}

HG_STEP long hg_preamble_step(__u32 i, struct hg_preamble_step *s)
{
	struct hg_preamble *p = s->state;
	__u8 byte;

	(void)i;
	if (p->at >= p->end || !p->wanted)
		return 1;
	byte = hg_byte(s->capture, p->at);
	p->at++;
	if (byte == p->byte)
		p->wanted--;
	else if (p->in_a_row && byte != '\r')
		p->wanted = s->wanted;
	return 0;
}

/* Returns the offset behind the last of them, 0 if they have not all come. */
HG_INLINE __u32 hg_preamble_end(const struct hg_capture *c, struct hg_preamble *p, __u32 from,
				__u32 filled, __u8 byte, __u32 wanted, bool in_a_row)
{
	struct hg_preamble_step step = { c, p, wanted };

	p->at = from;
	p->end = filled;
	p->byte = byte;
	p->wanted = wanted;
	p->in_a_row = in_a_row;
	hg_loop(HG_PREAMBLE_MAX, hg_preamble_step, &step);
	return p->wanted ? 0 : p->at;
}

HG_INLINE __u32 hg_preamble_socks5(const struct hg_capture *c, __u32 at)
{
	if (hg_byte(c, at + 1) != 1 || hg_byte(c, at + 2))
		return 0; /* CONNECT, and a reserved zero */
	switch (hg_byte(c, at + 3)) {
	case 1:
		return 10;
	case 3:
		return 7 + hg_byte(c, at + 4);
	case 4:
		return 22;
	}
	return 0;
}

/* Which byte ends it, and how often: a name follows the user where the address is 0.0.0.x. */
HG_INLINE __u32 hg_preamble_socks4(const struct hg_capture *c, struct hg_preamble *p, __u32 at,
				   __u32 filled)
{
	bool named = !hg_be24(c, at + 4) && hg_byte(c, at + 7);

	if (hg_byte(c, at + 1) != 1)
		return 0;
	return hg_preamble_end(c, p, at + 8, filled, 0, named ? 2 : 1, false);
}

/* Where the preamble at `at` ends, as far as its bytes say. */
HG_INLINE __u32 hg_preamble_ends(const struct hg_capture *c, struct hg_preamble *p, __u32 at,
				 __u32 filled)
{
	__u32 len = 0;

	switch (hg_byte(c, at)) {
	case HG_CONTENT_CHANGE_CIPHER_SPEC: /* between two hellos (RFC 8446, section D.4) */
		len = hg_be16(c, at + 3) == 1 && hg_byte(c, at + 5) == 1 ? 6 : 0;
		break;
	case 4:
		return hg_preamble_socks4(c, p, at, filled);
	case 5:
		len = hg_preamble_socks5(c, at);
		break;
	case '\r':
		if (hg_be24(c, at) == 0x0d0a0d && hg_be24(c, at + 3) == 0x0a000d &&
		    hg_be24(c, at + 6) == 0x0a5155 && hg_be24(c, at + 9) == 0x49540a)
			len = 16 + hg_be16(c, at + 14);
		break;
	case 'P':
		if (hg_be24(c, at + 1) == 0x524f58 && hg_be16(c, at + 4) == 0x5920)
			return hg_preamble_end(c, p, at + 6, filled, '\n', 1, true);
		break;
	case 'C':
		if (hg_be24(c, at + 1) == 0x4f4e4e && hg_be24(c, at + 4) == 0x454354)
			return hg_preamble_end(c, p, at + 7, filled, '\n', 2, true);
		break;
	}
	return len ? at + len : 0;
}

/*
 * The length of the preamble at offset `at` of the first `filled` bytes; 0 if
 * there is none, or not all of it.
 */
HG_INLINE __u32 hg_preamble_len(const struct hg_capture *c, struct hg_preamble *p, __u32 at,
				__u32 filled)
{
	__u32 end;

	if (at + 16 > filled)
		return 0;
	end = hg_preamble_ends(c, p, at, filled);
	return end && end <= filled ? end - at : 0;
}

#endif /* HG_PREAMBLE_H */
