/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script.h - what happens on one connection, step by step.
 *
 * A script says what the client does and when the server speaks.  wire.h makes
 * frames of it, for captures and for the programs; live.c plays the client's
 * steps to a real server and waits where the server is due.
 *
 * Offsets count bytes of the client's stream from the first one behind its SYN.
 */
#ifndef HG_CONFORMANCE_SCRIPT_H
#define HG_CONFORMANCE_SCRIPT_H

#include "../wire/frames.h"
#include "../wire/hellos.h"
#include "../wire/tunnel.h"
#include "expect.h"

enum step_kind {
	STEP_SYN,     /* the client's, with data if there is any */
	STEP_SYNACK,  /* the server's; live: wait for it */
	STEP_SEGMENT, /* the client's */
	STEP_REPLY,   /* the server says something; live: wait until it has */
	STEP_SERVER,  /* a bare segment that seems to be the server's */
	STEP_PAUSE,
};

/* Segments of others than the script's own client. */
#define STRANGERS_ONE_SOURCE 0x10000000

struct step {
	enum step_kind kind;
	__u8 flags;
	__s64 at; /* offset of the first byte */
	const __u8 *data;
	__u32 len;
	__u32 ms;	 /* STEP_PAUSE */
	__u32 taken;	 /* STEP_SYNACK: bytes of the SYN that the server takes */
	__u8 ttl;	 /* 0: the connection's */
	__u16 urgent;	 /* pointer; needs TCP_URG in flags */
	__u32 fragment;	 /* bytes of each IP fragment, 0: whole */
	bool reversed;	 /* the fragments */
	bool overlapped; /* a fragment of other bytes goes before the second */
	bool bad_checksum, md5, stale, partial, from_server;
	__u32 stranger; /* 0: the script's client, else a number of another */
};

struct script {
	struct conn conn; /* addresses and ports are given by wire.h */
	struct expect expect;
	__u32 flows; /* that it makes, strangers included */
	bool timestamps;
	bool fast_open;	   /* live: the server takes data in a SYN */
	bool one_sided;	   /* nothing of the server is seen */
	bool no_end;	   /* silence, and no RST, ends it */
	bool reads_urgent; /* live: the server's socket keeps the urgent byte in its place */
	__u32 preamble;	   /* bytes that are no TLS, ahead of the hello */
	bool proxied;	   /* they are a PROXY header */
	__u32 mtu;	   /* of the path, 0: 1500 */
	enum encapsulation encap;
	struct octets message, stream;
	__u32 at; /* how far say_rest() has come */
	struct step *steps;
	__u32 count, room;
	struct block *blocks; /* bytes of the steps */
};

#define MSS 1400

void script_init(struct script *s);
void script_free(struct script *s);

/* ---- what is said ---- */

#define SHOP "shop.example.com"
#define DECOY "decoy.example.net"

/* A hello that any server takes, for this name (NULL: none); record and stream of it. */
struct hello_spec usual_hello(const char *name);
void hello_of(struct script *s, const struct hello_spec *spec);
void hello_for(struct script *s, const char *name);

/* Fewer than 600 bytes, and 1.7 KB. */
#define PQ_BYTES 1750

/* ---- steps; each returns it, to be made odd ---- */

struct step *syn(struct script *s);
struct step *synack(struct script *s);
void connected(struct script *s); /* SYN, SYN-ACK, ACK */

struct step *ack(struct script *s, __s64 at);
struct step *say(struct script *s, __u32 at, __u32 len);			 /* of the stream */
struct step *say_other(struct script *s, __s64 at, const void *data, __u32 len); /* anything */
struct step *say_fill(struct script *s, __s64 at, __u8 byte, __u32 len);
struct step *flag(struct script *s, __u8 flags, __s64 at);
struct step *reply(struct script *s, const void *data, __u32 len);
struct step *server_flag(struct script *s, __u8 flags, __s64 at);
void pause_for(struct script *s, __u32 ms);

/* The stream from `at` on, in segments of at most `size` bytes. */
void say_in(struct script *s, __u32 at, __u32 size);
void say_all(struct script *s);

/* A connection from the next source that is not ours. */
struct step *stranger(struct step *step, __u32 number);

#endif /* HG_CONFORMANCE_SCRIPT_H */
