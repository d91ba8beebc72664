/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_impact.h - what a policy would do with recorded handshakes: alone, or
 * against another one.
 */
#ifndef HG_POLICY_IMPACT_H
#define HG_POLICY_IMPACT_H

#include <stddef.h>

#include "../include/policy.h"

struct hg_compiled;

#define HG_EXAMPLES 3

/* A handshake, for people. */
struct hg_example {
	char client[64];
	char name[HG_NAME_SIZE];
};

/* Handshakes that two policies decide in one and the same pair of ways. */
struct hg_transition {
	struct hg_verdict from, to; /* as far as they decide: no revision */
	__u64 count;
	struct hg_example examples[HG_EXAMPLES];
};

struct hg_impact {
	__u64 handshakes;
	__u64 otherwise;	    /* another action, mode or target */
	__u64 by_another;	    /* the same, by another rule */
	struct hg_transition *list; /* of both; the most frequent first */
	size_t count, room;
};

/* Returns enum hg_exit, having said why; *out is to be freed in any case. */
int hg_policy_impact(const char *path, const struct hg_compiled *a, const struct hg_compiled *b,
		     struct hg_impact *out);
void hg_impact_free(struct hg_impact *impact);

/* Is it more than another rule that says the same? */
bool hg_transition_acts(const struct hg_transition *t);

/* ---- one policy ---- */

struct hg_top {
	const char *text;
	__u64 count;
};

/* What one rule decides. */
struct hg_rule_impact {
	__u32 rule; /* index, HG_RULE_* or HG_NO_RULE: over before it was judged */
	__u8 action, mode;
	__u64 count;
	struct hg_top names[HG_EXAMPLES], clients[HG_EXAMPLES];
};

struct hg_replay {
	__u64 handshakes;
	struct hg_rule_impact *rules; /* each that decides something, in the order of rules */
	size_t count;
	void *seen; /* what texts point into */
};

int hg_policy_replay(const char *path, const struct hg_compiled *c, struct hg_replay *out);
void hg_replay_free(struct hg_replay *replay);

#endif /* HG_POLICY_IMPACT_H */
