/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * knowledge.h - what earlier handshakes taught about a server, so that a failure
 * can be explained by comparison.
 *
 * Of each server, an address and port, and of each name there, as far as room
 * goes: the one that was not asked for the longest is forgotten, and counted.  It
 * covers the last half to whole HG_KNOWN_SPAN of a server's handshakes.
 */
#ifndef HG_KNOWLEDGE_H
#define HG_KNOWLEDGE_H

#include <stdbool.h>

#include "handshake.h"

#define HG_KNOWN_SPAN (24 * 3600 * HG_SECOND)
#define HG_KNOWN_CIPHERS 16
#define HG_KNOWN_GROUPS 8

struct hg_known {
	__u64 ended;	/* handshakes */
	__u64 answered; /* of those, with a ServerHello */
	__u64 established;
	__u64 answered_with_sni;
	__u64 answered_without_sni;
	__u64 refused_without_sni;	 /* closed behind the hello, without a ServerHello */
	__u64 first_ns, last_ns;	 /* monotonic clock, or that of the capture */
	__u16 least_answered;		 /* the lowest of clients' best versions that got one */
	__u16 ciphers[HG_KNOWN_CIPHERS]; /* that it chose */
	__u16 groups[HG_KNOWN_GROUPS];
	__u8 cipher_count;
	__u8 group_count;
	__u8 ttl; /* of its packets, as they come here; 0: not known */
	bool ttl_varies;
	__u32 certificate_bytes;      /* of its Certificate message, last; 0: never in clear */
	__u32 certificate_before;     /* before it changed; 0: it did not */
	__u64 certificate_changed_ns; /* when */
	__u32 certificate_taken;      /* the largest that a client went on from */
	__u32 findings;		      /* of the last chain: bits of x509.h */
};

struct hg_knowledge;

/* Of at most `limit` servers and names.  NULL: no memory. */
struct hg_knowledge *hg_knowledge_new(unsigned int limit);
void hg_knowledge_free(struct hg_knowledge *k);

/* What is known of the server and name of this handshake; of the server alone. NULL: nothing. */
const struct hg_known *hg_known_of_name(struct hg_knowledge *k, const struct hg_handshake *h);
const struct hg_known *hg_known_of_server(struct hg_knowledge *k, const struct hg_handshake *h);

/* A handshake has ended: learn from it. */
void hg_knowledge_learn(struct hg_knowledge *k, const struct hg_handshake *h, __u32 findings);

__u64 hg_knowledge_forgotten(const struct hg_knowledge *k);

#endif /* HG_KNOWLEDGE_H */
