/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handshake.h - events of the data path, put together into handshakes.
 *
 * A HELLO opens a handshake and keeps its message; CHUNKs bring the certificates
 * that follow in clear; its END closes it, with the facts as they are by then.  For each flow_id
 * there is one `end`, and no more:
 * - An END without its HELLO (lost in the ring, begun under another reader, or
 *   never whole) is a handshake of which only the facts are known.
 * - A HELLO without its END is closed as `lost` by hg_handshakes_expire() or
 *   hg_handshakes_close(); should its END come after all, that is only counted.
 * - When as many are open as allowed, a new HELLO is not kept, and its END is
 *   one without a HELLO.
 */
#ifndef HG_HANDSHAKE_H
#define HG_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "../include/event.h"
#include "chain.h"
#include "ja.h"

struct hg_handshake {
	struct hg_event facts; /* of END once it came, until then of HELLO */
	bool lost;	       /* closed without END: `facts` has no close */
	bool attempt;	       /* a connection that failed before its hello: no handshake */
	bool read;	       /* `hello` and `message` are there */
	struct hg_hello hello;
	const __u8 *message;	       /* `hello`'s spans point into it */
	struct hg_answer_facts answer; /* with END: what came behind the hello */
	__u64 name;		       /* with END: key in server_names; 0: none */
	const char *name_text;	       /* of that, for one without `hello`; NULL: not known */
	struct hg_chain chain[2];      /* Certificate messages in clear; enum hg_direction */
};

struct hg_ja3 {
	const char *string;
	size_t len;
	const char *hash; /* NULL where MD5 is not to be had */
};

/*
 * Fingerprints, computed when first asked for and kept with the handshake;
 * NULL where there is none (no message, SSLv2, no memory).
 */
const char *hg_handshake_ja4(struct hg_handshake *h);
const struct hg_ja3 *hg_handshake_ja3(struct hg_handshake *h);

/* A handshake lives until its `end` returns; each may be NULL. */
struct hg_handshakes_ops {
	void (*hello)(void *ctx, struct hg_handshake *h); /* provisional */
	void (*end)(void *ctx, struct hg_handshake *h);
	void (*drop)(void *ctx, struct hg_handshake *h);    /* behind `end`: we acted on it */
	void (*attempt)(void *ctx, struct hg_handshake *h); /* in place of `end` */
	/* the server's Certificate message is whole: chain[HG_FROM_SERVER] */
	void (*certificate)(void *ctx, struct hg_handshake *h);
	/* long behind `drop`: it lives on.  `facts` alone is there; `close_from` sends. */
	void (*survived)(void *ctx, struct hg_handshake *h);
};

/* Bytes of certificates, of all open handshakes together. */
#define HG_CHAINS_MAX (64U << 20)

struct hg_handshakes_counts {
	__u64 hellos;
	__u64 ends;	      /* END events of handshakes that were still due */
	__u64 without_hello;  /* of those, without a message */
	__u64 lost;	      /* closed without END */
	__u64 late;	      /* END after that: not told again */
	__u64 repeated;	      /* HELLO of a flow_id that is open: not told */
	__u64 not_kept;	      /* HELLO while the table was full */
	__u64 unreadable;     /* messages that this side could not parse */
	__u64 attempts;	      /* connections that failed before their hello */
	__u64 survived;	      /* flows that we reset, and that live on */
	__u64 invalid;	      /* events that make no sense: another version wrote them */
	__u64 chunks_lost;    /* bytes of certificates that fit nowhere */
	__u64 chains_dropped; /* handshakes whose certificates made room for others' */
	__u64 open;	      /* now */
};

struct hg_handshakes;

/* At most `limit` are open at once.  NULL: no memory. */
struct hg_handshakes *hg_handshakes_new(unsigned int limit, const struct hg_handshakes_ops *ops,
					void *ctx);

/* Ends nothing: see hg_handshakes_close(). */
void hg_handshakes_free(struct hg_handshakes *t);

/*
 * One event; `message` holds the len bytes behind its header.  0, or -EINVAL
 * for what is no event, or -ENOMEM (a HELLO is then told, and not kept).
 */
int hg_handshakes_event(struct hg_handshakes *t, const struct hg_event *event, const void *message,
			size_t len);

/* The same, as the ring and the capture reader bring it: header and message in one. */
int hg_handshakes_record(struct hg_handshakes *t, const void *record, size_t len);

/*
 * Close as lost what has been open for longer than age_ns and is not `alive`:
 * a long download is one handshake until its first FIN.  A NULL `alive` is
 * false.  Returns how many were closed.
 */
unsigned int hg_handshakes_expire(struct hg_handshakes *t, __u64 now_ns, __u64 age_ns,
				  bool (*alive)(void *ctx, const struct hg_event *facts));

/* Close all as lost: nobody will bring their END. */
unsigned int hg_handshakes_close(struct hg_handshakes *t);

const struct hg_handshakes_counts *hg_handshakes_counts(const struct hg_handshakes *t);

#endif /* HG_HANDSHAKE_H */
