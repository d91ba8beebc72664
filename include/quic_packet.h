/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quic_packet.h - the head of a QUIC packet: what is in clear in every version (RFC
 * 8999, section 5.1), and what a version that is known says of its type.
 *
 * Nothing is decrypted.  Bytes come as HG_QUIC_HEAD of them, which hold every
 * header up to the length of the packet, but for the token of an Initial.
 */
#ifndef HG_QUIC_PACKET_H
#define HG_QUIC_PACKET_H

#include "bounds.h"
#include "types.h"

#define HG_QUIC_LONG 0x80  /* header form */
#define HG_QUIC_FIXED 0x40 /* may be cleared by who is allowed to (RFC 9287) */

#define HG_QUIC_V1 0x00000001U	     /* RFC 9000 */
#define HG_QUIC_V2 0x6b3343cfU	     /* RFC 9369 */
#define HG_QUIC_DRAFT_29 0xff00001dU /* the drafts that were deployed, to the last */
#define HG_QUIC_DRAFT_34 0xff000022U

#define HG_QUIC_CID_MAX 20 /* RFC 9000, section 17.2: a longer one is dropped */
#define HG_QUIC_CID_MIN 8  /* of the first that a client chooses (section 7.2) */

/* Types of version 1; those of version 2 are one more, modulo four. */
enum hg_quic_type {
	HG_QUIC_TYPE_INITIAL,
	HG_QUIC_TYPE_0RTT,
	HG_QUIC_TYPE_HANDSHAKE,
	HG_QUIC_TYPE_RETRY,
};

/* What a packet is to us. */
enum hg_quic {
	HG_QUIC_NONE,	 /* nothing that begins a connection */
	HG_QUIC_INITIAL, /* of a version that is known */
	HG_QUIC_OTHER,	 /* another type of such a version: another packet may follow */
	HG_QUIC_UNKNOWN, /* a long header of a version that is not known */
};

HG_INLINE __u32 hg_quic_byte(const __u8 *head, __u32 at)
{
	hg_opaque(at);
	return at < HG_QUIC_HEAD ? head[at] : 0;
}

HG_INLINE __u32 hg_quic_version(const __u8 *head)
{
	return (__u32)head[1] << 24 | (__u32)head[2] << 16 | (__u32)head[3] << 8 | head[4];
}

HG_INLINE bool hg_quic_known(__u32 version)
{
	return version == HG_QUIC_V1 || version == HG_QUIC_V2 ||
	       version - HG_QUIC_DRAFT_29 <= HG_QUIC_DRAFT_34 - HG_QUIC_DRAFT_29;
}

/*
 * Can the first six bytes begin a packet that begins a connection?  Version 0
 * is an answer (RFC 8999, section 6).  Of a version that is not known only what
 * such a packet would have: else a quarter of all noise would pass for one.
 */
HG_INLINE bool hg_quic_may_begin(const __u8 *head)
{
	__u32 version = hg_quic_version(head);

	if (!(head[0] & HG_QUIC_LONG) || head[5] > HG_QUIC_CID_MAX)
		return false;
	return hg_quic_known(version) ||
	       (version && head[0] & HG_QUIC_FIXED && head[5] >= HG_QUIC_CID_MIN);
}

HG_INLINE enum hg_quic_type hg_quic_type(__u8 first, __u32 version)
{
	return (enum hg_quic_type)(((first >> 4 & 3) - (version == HG_QUIC_V2)) & 3);
}

HG_INLINE __u32 hg_quic_be32(const __u8 *head, __u32 at)
{
	return hg_quic_byte(head, at) << 24 | hg_quic_byte(head, at + 1) << 16 |
	       hg_quic_byte(head, at + 2) << 8 | hg_quic_byte(head, at + 3);
}

/*
 * A variable-length integer (RFC 9000, section 16), which need not be in its
 * shortest form; *at moves behind it.  What no datagram has is ~0.
 */
HG_INLINE __u32 hg_quic_number(const __u8 *head, __u32 *at)
{
	__u32 from = *at, word = hg_quic_be32(head, from), width = 1U << (word >> 30);

	*at = from + width;
	word &= 0x3fffffff;
	if (width == 8)
		return word ? ~0U : hg_quic_be32(head, from + 4);
	return word >> (32 - 8 * width);
}

/*
 * One packet of a datagram.  *size is that of an OTHER one, its header included;
 * 0: it reaches behind the datagram, or says no size.
 */
HG_INLINE enum hg_quic hg_quic_read(const __u8 *head, __u32 left, __u32 *size)
{
	__u32 version = hg_quic_version(head), at = 5, len;
	enum hg_quic_type type = hg_quic_type(head[0], version);

	*size = 0;
	if (!hg_quic_may_begin(head))
		return HG_QUIC_NONE;
	at += 1 + head[5];
	len = hg_quic_byte(head, at);
	if (len > HG_QUIC_CID_MAX)
		return HG_QUIC_NONE;
	at += 1 + len;
	if (!hg_quic_known(version))
		return HG_QUIC_UNKNOWN;
	if (type == HG_QUIC_TYPE_INITIAL)
		return HG_QUIC_INITIAL;
	if (type == HG_QUIC_TYPE_RETRY)
		return HG_QUIC_NONE;
	len = hg_quic_number(head, &at);
	if (len < left && at + len < left)
		*size = at + len;
	return HG_QUIC_OTHER;
}

#endif /* HG_QUIC_PACKET_H */
