/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hellos.h - ClientHellos and the records around them, written from the RFCs
 * and not from our parser.
 */
#ifndef HG_TESTS_HELLOS_H
#define HG_TESTS_HELLOS_H

#include <stdbool.h>

#include "octets.h"

enum hello_ech { HELLO_NO_ECH, HELLO_ECH_OUTER, HELLO_ECH_INNER, HELLO_ESNI };

/* What is zero is left out, except where a default is named. */
struct hello_spec {
	const char *sni;
	const char *sni_twice; /* a second server_name extension */
	const void *sni_body;  /* the extension's body as it is, instead of sni */
	__u32 sni_body_len;
	bool sni_last; /* behind all other extensions */
	__u16 legacy;  /* 0: 0x0303 */
	__u32 session_id_len;
	__u16 ciphers[24]; /* none here: thirteen usual ones */
	bool no_ciphers;
	__u32 more_ciphers; /* strong ones behind those */
	__u16 versions[8];  /* supported_versions */
	__u16 groups[8];
	__u16 signatures[8]; /* signature_algorithms: a TLS 1.3 server asks for them */
	__u32 key_share;     /* bytes of one share, for groups[0] */
	const char *alpn;
	__u32 ticket; /* bytes */
	bool psk;
	bool early_data;
	enum hello_ech ech;
	__u32 filler;	    /* bytes of an unknown extension ahead of all */
	__u32 extensions;   /* empty unknown ones ahead of all */
	__u32 pad_to;	    /* message bytes, by a padding extension */
	bool no_extensions; /* no block at all */
};

/* The usual kinds. */
extern const struct hello_spec hello_classic; /* TLS 1.2 and 1.3, name, 30 bytes of share */
extern const struct hello_spec hello_pq;      /* X25519MLKEM768: 1.7 KB, name behind the share */

/* The handshake message, four-byte header included. */
void hello_build(struct octets *message, const struct hello_spec *spec);

/* A server_name extension's body: a list of (type, name). */
struct sni_entry {
	__u8 type;
	const void *name;
	__u32 len;
};
void sni_list(struct octets *body, const struct sni_entry *entries, __u32 count);

void record_put(struct octets *stream, __u8 type, __u16 version, const void *body, __u32 len);

/* The message in one record of version 0x0301. */
void record_whole(struct octets *stream, const struct octets *message);

/* In records of the given sizes; the last size is repeated; 0 makes an empty one. */
void records_split(struct octets *stream, const struct octets *message, const __u32 *sizes,
		   __u32 count);

/* SSLv2 CLIENT-HELLO; the message is what follows the two-byte header. */
void hello_sslv2(struct octets *stream, __u16 version, __u32 ciphers, __u32 challenge);

#endif /* HG_TESTS_HELLOS_H */
