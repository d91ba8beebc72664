/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seen.h - what hellogate said of one connection, whichever road it came by.
 */
#ifndef HG_CONFORMANCE_SEEN_H
#define HG_CONFORMANCE_SEEN_H

#include <linux/types.h>
#include <stdbool.h>

#define SEEN_NAME 1024
#define SEEN_MAX 4 /* handshakes of one connection that are kept; more are counted */

struct handshake_seen {
	bool read;	      /* the hello was */
	bool by_server;	      /* it ended the connection */
	char name[SEEN_NAME]; /* as interface.md writes it, or the raw one */
	__u32 name_len;
	char raw[SEEN_NAME];
	__u32 raw_len;
	__u8 state; /* enum hg_sni_state */
	__u8 bucket;
	__u8 ech;
	__u32 flags;
	__u32 ciphers, ciphers_no_grease, version_max;
	bool pq, ticket, psk, early_data;
};

struct seen {
	__u32 count;
	struct handshake_seen of[SEEN_MAX];
	/* Where counters can be asked: all flows since the script began. */
	bool counted;
	__u64 created;
	__u64 buckets[16];
};

#endif /* HG_CONFORMANCE_SEEN_H */
