/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flow.h - what is known of one TCP connection.
 *
 * A flow is born as a *slot*: 32 bytes of a two-way cache, written by
 * its SYN.  With the first payload that could be TLS it gets an *entry* under
 * its full key, and the slot points there by its state.  Slot and entry are
 * one flow.  What is over is a slot in state DONE, so that the data of a long
 * download costs one look-up a packet.
 */
#ifndef HG_FLOW_H
#define HG_FLOW_H

#include "client_hello.h"
#include "flight.h"
#include "bounds.h"
#include "policy.h"
#include "terms.h"
#include "tls_record.h"
#include "types.h"

/*
 * Both directions of a connection have one key: the lower endpoint first,
 * compared as bytes, address before port.  IPv4 is mapped (::ffff:a.b.c.d).
 */
struct hg_flow_key {
	__u8 lo_addr[16];
	__u8 hi_addr[16];
	__be16 lo_port;
	__be16 hi_port;
	__u16 netns; /* number of the namespace in `interfaces` */
	__u8 proto;
	__u8 reserved;
};

/*
 * word: tag of 32 bits, then the fields below.  One word, so that a compare-
 * and-swap moves a slot from state to state and each flow is counted once.
 */
struct hg_slot {
	__u64 word;
	__u32 isn; /* of the client */
	union {
		__u32 older_isn; /* SYN: of the one before, which may have been the real one */
		__u32 next;	 /* SEEK: the client's next sequence number */
	};
	__u32 syn_time; /* when the SYN came, hg_syn_time(); 0: none did */
	__u32 rtt_us;	/* its answer came so much later; 0: not seen */
	/* Of that answer: what the server's own packets look like. */
	__u16 ip_id;
	__u16 window;
	__u8 ttl;
	__u8 resent; /* SYNs that came again unanswered, up to HG_SYNS_RESENT: then it was told */
	__u8 reserved[2];
};

enum hg_slot_state {
	HG_SLOT_EMPTY, /* never used: the word is 0 */
	HG_SLOT_SYN,   /* a SYN, no payload yet: a live flow */
	HG_SLOT_SEEK,  /* payload that is not TLS, so far: a live flow */
	HG_SLOT_ENTRY, /* look under the full key */
	HG_SLOT_DONE,  /* over: nothing more is read */
	HG_SLOT_DROP,  /* ours, without an entry: every packet is dropped */
};

#define HG_SLOT_TAG(word) ((__u32)((word) >> 32))
#define HG_SLOT_STATE(word) ((__u32)(word)&0x7)
#define HG_SLOT_CLIENT_LO(word) ((__u32)(word) >> 4 & 1)
/*
 * ANSWERED: the SYN-ACK was seen.  OVER: an entry of an older connection lives
 * below this SYN.  KEPT: older_isn was answered, and only what is answered, too,
 * takes its place.  DECOY: a RST or FIN came that no receiver would take.
 * CLOSING: a side, enum hg_direction, seems to have closed.  CHECKSUM: a segment
 * with a wrong one came.  SOUGHT: the stream of older_isn was in SEEK.
 */
#define HG_SLOT_SOUGHT (1U << 3)
#define HG_SLOT_ANSWERED (1U << 5)
#define HG_SLOT_OVER (1U << 6)
#define HG_SLOT_KEPT (1U << 7)
#define HG_SLOT_DECOY (1U << 16)
#define HG_SLOT_CLOSING(side) (1U << (17 + (side)))
#define HG_SLOT_CHECKSUM (1U << 19)
#define HG_SLOT_TTL(word) ((__u32)(word) >> 8 & 0xff)
#define HG_SLOT_TIME(word) ((__u32)(word) >> 20 & HG_SLOT_TIME_MASK)
#define HG_SLOT_TIME_MASK 0xfffU

HG_INLINE __u64 hg_slot_word(__u32 tag, __u32 state, __u32 client_lo, __u32 ttl, __u32 time)
{
	return (__u64)tag << 32 | (time & HG_SLOT_TIME_MASK) << 20 | (ttl & 0xff) << 8 |
	       client_lo << 4 | state;
}

/* Slots tell the time in seconds of 2^30 ns, modulo 2^12 (73 minutes). */
HG_INLINE __u32 hg_slot_time(__u64 ns)
{
	return (__u32)(ns >> 30) & HG_SLOT_TIME_MASK;
}

/* A SYN tells it in units of 256 ns, modulo 18 minutes: nothing is divided for it. */
HG_INLINE __u32 hg_syn_time(__u64 ns)
{
	return (__u32)(ns >> 8);
}

/* Nanoseconds since the slot's SYN. */
HG_INLINE __u64 hg_syn_age(const struct hg_slot *slot, __u64 now)
{
	return (__u64)(hg_syn_time(now) - slot->syn_time) << 8;
}

/* Seconds since the slot was written; what lies ahead of `now` is new. */
HG_INLINE __u32 hg_slot_age(__u64 word, __u64 now)
{
	__u32 age = (hg_slot_time(now) - HG_SLOT_TIME(word)) & HG_SLOT_TIME_MASK;

	return age > HG_SLOT_TIME_MASK - 60 ? 0 : age;
}

enum hg_flow_state {
	HG_FLOW_PARTIAL, /* part of a hello has come */
	HG_FLOW_JUDGED,	 /* the hello was read and let pass */
	HG_FLOW_PENDING, /* waits for user space */
	HG_FLOW_RESET,	 /* ours: every packet of it is answered with a reset */
	HG_FLOW_DROP,	 /* ours: every packet of it is dropped */
	HG_FLOW_CLOSED,	 /* over: the sweep deletes it, when no processor can hold it any more */
};

enum hg_counted {
	HG_COUNTED_NOT,
	HG_COUNTED_ENDED,    /* its handshake is over, and it was put in its bucket */
	HG_COUNTED_SURVIVED, /* and it lives on behind our reset, which was told */
};

enum hg_direction {
	HG_FROM_CLIENT,
	HG_FROM_SERVER,
};

#define HG_NO_BUFFER 0xffffffffU

/* The facts of a hello that outlive the packet it came in. */
struct hg_hello_facts {
	__u32 bytes;
	__u32 features;
	__u16 legacy_version;
	__u16 version_max;
	__u16 cipher_count;
	__u16 cipher_count_no_grease;
	__u16 ext_count;
	__u16 records;
	__u16 segments;
	__u16 record_version;
	__u8 session_id_len;
	__u8 sni_state;
	__u8 ech;
	__u8 version_min; /* enum hg_version: the lowest offered is none below it */
	__u32 offers;	  /* digest of the sets that hold what its lists offer */
};

struct hg_flow {
	__u64 id;	/* < 2^51 */
	__u64 first_ns; /* monotonic clock: the first packet that made state */
	__u64 hello_ns; /* the hello's last byte */
	__u64 last_ns;	/* the last packet that mattered */
	__u64 name;	/* key into server_names, 0: none */
	/* PENDING: until the fallback holds; RESET: until it should be dead. */
	__u64 deadline_ns;
	__u64 hash;	/* of its connection: leads to the slot */
	__u32 isn;	/* client's initial sequence number */
	__u32 base;	/* sequence number of the hello's first byte */
	__u32 next[2];	/* next sequence number expected from client, server */
	__u32 filled;	/* contiguous bytes from base */
	__u32 reached;	/* end of the furthest byte from base, inside the capture */
	__u32 top;	/* the furthest sequence number seen from the client */
	__u32 end;	/* sequence number behind the hello that was judged */
	__u32 behind;	/* the same, of the records that it came in */
	__u32 answered; /* sequence number of the server's first byte behind it */
	__u32 gap_base; /* of the first byte missed, in front of what waits in the capture */
	__u32 buffer;	/* capture in the pool, or HG_NO_BUFFER */
	__u32 busy;	/* a processor is reassembling this flow */
	__u32 state;	/* enum hg_flow_state; moved by compare-and-swap */
	__u32 counted;	/* enum hg_counted; moved by compare-and-swap */
	__u32 flags;	/* HG_FLAG bits */
	__u32 ifindex;	/* where the flow was first seen */
	__u16 vlan;	/* outer tag, 0: none */
	__u16 segments; /* that brought bytes of the hello */
	__u8 client_lo;
	__u8 bucket;	  /* enum hg_bucket, once the hello was read */
	__u8 ttl;	  /* of the SYN, 0: not seen */
	__u8 conflict;	  /* segments said different things of one byte */
	__u8 settled;	  /* the server has acknowledged the hello: copies are of no account */
	__u8 closing;	  /* enum hg_close: the client seems to have closed it */
	__u8 urgent;	  /* bytes that were sent as urgent, and are not of the stream */
	__u8 heard;	  /* a packet of the server was seen */
	__u8 provisional; /* the server has no hello yet: another one is no conflict */
	__u8 second;	  /* what is read is a second hello, after a HelloRetryRequest */
	__u8 gap;	  /* whose bytes wait in the capture: enum hg_direction and one, 0: none */
	__u8 resent;	  /* segments of the hello that came again, up to 255 */
	__u32 rtt_us;	  /* from the SYN to its answer; 0: not seen */
	__u16 server_ip_id; /* of that answer */
	__u16 server_window;
	__u8 server_ttl; /* 0: not seen */
	__u8 reserved2[3];
	__u16 interface; /* number of the interface where it was first seen */
	__u16 share;	 /* of the pool: whose counter has its capture */
	struct hg_records records;
	struct hg_hello_facts hello;
	struct hg_verdict verdict;
	struct hg_verdict fallback; /* what holds if user space does not answer */
	/*
	 * Behind the hello.  Only entries have it: in the scratch it is always zero,
	 * so that a new flow need not clear it.
	 */
	struct hg_answer_facts answer;
	struct hg_flight flight[2];
};

#define HG_FLOW_HEAD offsetof(struct hg_flow, answer)

/*
 * Keyed hash of a connection, alike for both directions.  Products of keyed
 * sums are pairwise independent to within 2^-32 (Dietzfelbinger), which is
 * what a table under attack needs; the last mix spreads them over all bits.
 */
struct hg_hash_key {
	__u64 k[8];
};

HG_INLINE __u64 hg_mix(__u64 h)
{
	h ^= h >> 32;
	h *= 0x9fb21c651e98df25ULL;
	h ^= h >> 29;
	return h;
}

/* One step of NH: the product of the halves of word + key. */
HG_INLINE __u64 hg_nh(__u64 word, __u64 key)
{
	return (__u64)((__u32)word + (__u32)key) * (__u32)((word >> 32) + (key >> 32));
}

HG_INLINE __u64 hg_flow_hash(const struct hg_hash_key *key, __u64 lo, __u64 hi, __u32 netns)
{
	return hg_mix((lo + key->k[0]) * (hi ^ key->k[1]) + (hi + key->k[2]) * (key->k[3] | 1) +
		      netns * key->k[4]);
}

HG_INLINE __u32 hg_hash_slot(__u64 hash)
{
	return (__u32)hash & (HG_SLOTS - 1);
}

HG_INLINE __u32 hg_hash_tag(__u64 hash)
{
	return (__u32)(hash >> 32) | 1; /* never 0: an empty slot has no tag */
}

HG_INLINE __u64 hg_flow_id(__u64 hash, __u32 isn)
{
	return hg_mix(hash ^ (__u64)isn << 20) & ((1ULL << 51) - 1);
}

_Static_assert(sizeof(struct hg_flow_key) == 40, "key is compared as bytes");
_Static_assert(sizeof(struct hg_slot) == 32, "two slots to a cache line");
_Static_assert(sizeof(struct hg_flow) % 8 == 0, "BPF map value");

#endif /* HG_FLOW_H */
