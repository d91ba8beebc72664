/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event.h - what the data path tells user space, through the events ring.
 *
 * A handshake makes two events: HELLO when its last byte came (with the
 * message, for everything that user space reads out of it) and END when it is
 * over; between them, CHUNKs of the certificates that are sent in clear.  One
 * consumer; a loss is counted in events_lost.  END repeats the facts, so that an
 * END whose HELLO was lost still tells most of the story.  A connection that fails
 * before its first byte is no handshake; an ATTEMPT tells of it, see bpf/attempt.h.
 * Behind the END of a flow that we reset there may be a SURVIVED, see bpf/efficacy.h.
 *
 * While `run` is not there, what did not become established is also kept in
 * `undiagnosed`, END by END: a ring of slots, each overwrite counted.
 */
#ifndef HG_EVENT_H
#define HG_EVENT_H

#include "flow.h"
#include "bounds.h"
#include "types.h"

enum hg_event_type {
	HG_EVENT_HELLO = 1,
	HG_EVENT_END = 2,
	HG_EVENT_CHUNK = 3,
	HG_EVENT_ATTEMPT = 4,  /* as END, of a connection that failed before its hello */
	HG_EVENT_SURVIVED = 5, /* a flow that we reset lives on: `close_from` has sent more */
};

struct hg_event {
	__u8 type;	 /* enum hg_event_type */
	__u8 close;	 /* enum hg_close, with END */
	__u8 close_from; /* enum hg_side, with END */
	__u8 outcome;	 /* enum hg_outcome, with END */
	__u8 bucket;	 /* enum hg_bucket */
	__u8 sslv2;
	__u16 interface; /* number in `interfaces` */
	__u64 time_ns;	 /* monotonic clock */
	__u64 flow_id;
	__u64 first_ns;
	__u64 hello_ns;
	struct hg_flow_key key;
	__u32 client_lo;
	__u32 isn;
	__u32 flags;
	__u32 reset_to; /* enum hg_to, with END: who is reset */
	struct hg_hello_facts hello;
	struct hg_verdict verdict;
	__u32 ifindex; /* where the flow was first seen */
	__u16 vlan;
	__u16 again;	   /* with HELLO: it takes the place of the one before */
	__u32 message_len; /* bytes of the message behind this header */
	__u32 reserved2;
};

/* END: with what was seen behind the hello. */
struct hg_event_end {
	struct hg_event head;
	struct hg_answer_facts answer;
	__u64 name;   /* key in server_names; 0: none */
	__u64 number; /* in `undiagnosed`: from 1, in the order of their ends */
};

/* Behind the head: how long it is, and where the name lies. */
#define HG_END_LEN (sizeof(struct hg_event_end) - sizeof(struct hg_event))
#define HG_END_NAME (offsetof(struct hg_event_end, name) - sizeof(struct hg_event))

/* Of `undiagnosed`.  Written by the data path. */
struct hg_undiagnosed {
	__u64 kept;	   /* number of the last one */
	__u64 overwritten; /* of those that nobody has diagnosed */
};

/* Bytes of a Certificate message that came in clear, behind this header. */
struct hg_event_chunk {
	__u8 type;
	__u8 from; /* enum hg_direction */
	__u16 reserved;
	__u32 offset; /* in the message, behind its header of four bytes */
	__u64 flow_id;
	__u32 total; /* bytes of the message, without that header */
	__u32 len;
};

#define HG_EVENT_MAX (sizeof(struct hg_event) + HG_HELLO_MAX)

_Static_assert(sizeof(struct hg_event) <= HG_CAPTURE_HEAD, "fits in front of a message");
_Static_assert(sizeof(struct hg_event) % 8 == 0, "ring records are aligned");

#endif /* HG_EVENT_H */
