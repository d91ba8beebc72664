/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * initials.h - QUIC packets with a long header, as they would look on the wire:
 * what is encrypted is filler.
 */
#ifndef HG_TESTS_INITIALS_H
#define HG_TESTS_INITIALS_H

#include <stdbool.h>

#include "octets.h"

#define QUIC_V1 0x00000001U
#define QUIC_V2 0x6b3343cfU

/* First bytes of version 1, and those of version 2 (RFC 9369, section 3.2). */
#define QUIC_INITIAL 0xc0
#define QUIC_0RTT 0xd0
#define QUIC_HANDSHAKE 0xe0
#define QUIC_RETRY 0xf0
#define QUIC_V2_INITIAL 0xd0
#define QUIC_V2_0RTT 0xe0
#define QUIC_V2_RETRY 0xc0

struct quic_spec {
	__u8 first;
	__u32 version;
	__u32 dcid_len; /* as the field says; so many bytes follow */
	__u32 scid_len;
	bool token; /* there is a field for one: an Initial */
	__u32 token_len;
	__u32 body;  /* bytes behind the length field */
	__u64 says;  /* the length field, if not that; 0: it is true */
	__u32 width; /* of that field: 1, 2, 4, 8; 0: 2 */
};

/* Append it. */
void quic_put(struct octets *o, const struct quic_spec *q);

/* A datagram with one, padded with zeros up to `size`. */
void quic_datagram(struct octets *o, const struct quic_spec *q, __u32 size);

#endif /* HG_TESTS_INITIALS_H */
