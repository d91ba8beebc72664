/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * eve.h - handshakes as lines of Suricata's EVE format, with one object of our
 * own, `hellogate`.
 *
 * Lines are appended to `out`, each with its newline; the caller writes them
 * where they go and calls hg_json_reset().  What was not seen is absent.
 * Bytes of strangers (server names, ALPN) are spelled as json.h says.
 */
#ifndef HG_EVE_H
#define HG_EVE_H

#include <stdbool.h>

#include "clock.h"
#include "endpoint.h"
#include "examine.h"
#include "handshake.h"
#include "json.h"
#include "privacy.h"

/* Names of numbers; each may be NULL and may return NULL: the name is then absent. */
struct hg_eve_names {
	void *ctx;
	/* where the flow was first seen: facts->ifindex in facts->key.netns */
	const char *(*interface)(void *ctx, const struct hg_event *facts);
	/* an index of that revision, never HG_RULE_DEFAULT or _UNREAD */
	const char *(*rule)(void *ctx, const struct hg_verdict *verdict);
	/* by its key in server_names */
	const char *(*server)(void *ctx, __u64 key);
};

struct hg_eve {
	struct hg_json out;
	struct hg_clock clock;
	struct hg_eve_names names;
	bool strict; /* leave `hellogate` out */
	bool community_id;
	uint16_t community_id_seed;
	double sample_rate;		  /* of handshakes like this one; 0: all are told */
	const struct hg_privacy *privacy; /* NULL: names and addresses are written in full */
	uint64_t second;		  /* that `date` is written of */
	char date[20];			  /* 2026-11-21T16:30:03 */
};

void hg_eve_init(struct hg_eve *eve, const struct hg_eve_names *names, bool strict,
		 bool from_capture);
void hg_eve_free(struct hg_eve *eve);

/*
 * The provisional `tls` line of a hello, the one final line of a handshake,
 * and the `drop` line of our reset or drop.  False without memory: `out` is as
 * it was.
 */
bool hg_eve_hello(struct hg_eve *eve, struct hg_handshake *h);
bool hg_eve_end(struct hg_eve *eve, struct hg_handshake *h, const struct hg_examined *x);
bool hg_eve_drop(struct hg_eve *eve, struct hg_handshake *h);

/* The `anomaly` line of a flow that was reset and lives on. */
bool hg_eve_survived(struct hg_eve *eve, const struct hg_handshake *h);

/* The `flow` line of a connection that failed before its hello. */
bool hg_eve_attempt(struct hg_eve *eve, const struct hg_handshake *h, const struct hg_examined *x);

/*
 * The `flow` line of a handshake under way: its facts by now, its `state`, the
 * name that it asked for (NULL: not known), and when its last packet came.
 */
bool hg_eve_flow(struct hg_eve *eve, const struct hg_event *facts, const char *state,
		 const char *name, uint64_t last_ns);

#endif /* HG_EVE_H */
