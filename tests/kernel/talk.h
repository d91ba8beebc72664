/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * talk.h - one TCP connection after the other, spoken to the programs, and
 * what must come of it.
 *
 * Offsets count payload from the first byte after the SYN.  Frames of the
 * client go through the hook under test, those of the server through its
 * other side (TC egress, or ingress where the hook is egress).
 */
#ifndef HG_TESTS_TALK_H
#define HG_TESTS_TALK_H

#include "harness.h"
#include "../wire/octets.h"
#include "../wire/tunnel.h"

/* Every way in for a packet. */
#define FOR_HOOKS(hook)                                                                            \
	for (enum gate_hook hook = gate_hook_from(GATE_XDP); hook <= GATE_EGRESS;                  \
	     hook = gate_hook_from(hook + 1))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct talk {
	struct gate *gate;
	enum gate_hook hook;
	struct conn conn;
	struct frame frame;	  /* the last one sent */
	enum gate_hook last_hook; /* and where */
	struct frame echo;	  /* what came back on lo */
	struct frame_layout at;	  /* without the tunnel */
	enum encapsulation encap; /* of all that is sent */
};

/* A connection from the next port; `like` says the rest, or NULL. */
void talk_begin(struct talk *t, struct gate *g, enum gate_hook hook, const struct conn *like);

enum gate_hook talk_other_hook(enum gate_hook hook);

enum gate_act talk_syn(struct talk *t);
enum gate_act talk_synack(struct talk *t);
enum gate_act talk_client(struct talk *t, __u32 offset, const void *data, __u32 len);
enum gate_act talk_server(struct talk *t, __u32 offset, const void *data, __u32 len);
enum gate_act talk_client_flags(struct talk *t, __u8 flags, __u32 offset);

/*
 * A RST of the client, `offset` bytes into its stream, and the silence that shows
 * that it was no decoy.
 */
enum gate_act talk_client_ends(struct talk *t, __u32 offset);
enum gate_act talk_server_flags(struct talk *t, __u8 flags, __u32 offset);

/* Any segment: seq and ack are absolute. */
enum gate_act talk_segment(struct talk *t, const struct segment *s);

/* All of it, in segments of at most `mss` bytes, in order. */
enum gate_act talk_stream(struct talk *t, const struct octets *stream, __u32 mss);

/* ---- what came of it ---- */

/* What a HELLO event must say; the rest of the facts is compared as well. */
struct hello_expected {
	const struct octets *message; /* NULL: not compared */
	struct hg_hello_facts facts;
	enum hg_bucket bucket;
	__u32 flags;
};

/* Exactly one HELLO of this connection, and that it says this. */
bool talk_saw_hello(struct talk *t, const struct hello_expected *e);

/* No HELLO of this connection. */
bool talk_saw_no_hello(struct talk *t);

/* Exactly one END, with these. */
bool talk_saw_end(struct talk *t, enum hg_close close, enum hg_side from, enum hg_bucket bucket,
		  enum hg_outcome outcome);

/* How often the events name this connection with this type. */
__u32 talk_count(struct talk *t, enum hg_event_type type, const struct gate_event **last);

bool talk_flow(struct talk *t, struct hg_flow *f);

/* One flow was created, and it ended in this bucket. */
bool talk_counted(struct talk *t, enum hg_bucket bucket);

/* So many were created, and those that ended did so in these buckets. */
bool check_coverage(struct gate *g, __u64 created, const enum hg_bucket *buckets, __u32 count);

bool facts_equal(const struct hg_hello_facts *got, const struct hg_hello_facts *wanted);

/*
 * The resets that the last run made: from XDP's metadata, or from the frames
 * that TC wrote (gate_echo_open() comes first).
 */
struct talk_reset {
	bool along; /* to where the packet was going */
	bool back;  /* to where it came from */
	__u32 seq_along, ack_along;
	__u32 seq_back, ack_back;
};

struct talk_reset talk_reset(struct talk *t, enum gate_act act);

/* One difference, printed. */
bool check_u64(const char *what, __u64 got, __u64 wanted);

/* So many refusals for this reason, so many flows evicted: as check_u64(). */
bool gate_refused(struct gate *g, enum hg_refusal why, __u64 n);
bool gate_evicted(struct gate *g, __u64 n);

#endif /* HG_TESTS_TALK_H */
