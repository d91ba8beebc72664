/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire.h - steps as frames: fragments and tunnels included.
 *
 * Each variant of each row has addresses of its own, so that all of them may
 * stand in one capture, and what was seen is found by the client's address.
 */
#ifndef HG_CONFORMANCE_WIRE_H
#define HG_CONFORMANCE_WIRE_H

#include "script.h"

typedef void (*wire_sink)(void *arg, const struct frame *f, bool from_server);

struct wire {
	const struct script *script;
	struct conn conn;
	__u32 server_next;
	__u32 said;	  /* bytes of the client's stream, as far as the furthest */
	__u32 stamp;	  /* of the client's clock */
	__u32 peer_stamp; /* of the server's, the last seen */
	__u16 ip_id;
	wire_sink sink;
	void *arg;
};

#define WIRE_CLIENT_PORT 40001

/* The script of this row and variant, from its first step. */
void wire_open(struct wire *w, const struct script *s, __u32 row, __u32 variant);

/* Where a client's address stands for: false if it is none of ours. */
bool wire_whose(const __u8 address[16], bool ipv6, __u32 *row, __u32 *variant);

void wire_step(struct wire *w, const struct step *step);

/* Any segment of the script's client, with flags and sequence number as they are. */
void wire_segment(struct wire *w, const struct segment *segment);

/*
 * The whole script with a server that answers as it is written, and with the
 * client's RST at its end.  `pass` is told of time before each frame.
 */
struct wire_time {
	void (*pass)(void *arg, __u64 ns);
	void *arg;
};
void wire_play(struct wire *w, const struct wire_time *time);

#endif /* HG_CONFORMANCE_WIRE_H */
