/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_diff.h - what differs between two policies, by what they say: the
 * texts are compared key by key, so that no word of the language is missed.
 * What they mean for recorded handshakes is policy_impact.h's.
 */
#ifndef HG_POLICY_DIFF_H
#define HG_POLICY_DIFF_H

#include "live_policy.h"
#include "policy_diag.h"
#include "policy_model.h"

enum hg_change_kind {
	HG_CHANGE_ADDED,
	HG_CHANGE_REMOVED,
	HG_CHANGE_CHANGED,
	HG_CHANGE_MOVED, /* a rule: `from` and `to` are its places in the order */
};

const char *hg_change_text(enum hg_change_kind kind);

struct hg_change {
	enum hg_change_kind kind;
	const char *of;	  /* "policy", "set", "rule", "test" */
	const char *name; /* of the set, rule or test; NULL: of the policy */
	const char *key;  /* "action", "match.sni"; NULL: all of it */
	const char *from; /* NULL: was not said */
	const char *to;
};

#define HG_SAMPLES 5

/* Entries of a set: names or networks. */
struct hg_set_change {
	const char *name;
	enum hg_set_kind kind;
	size_t before, after;  /* entries, each once */
	size_t added, removed; /* HG_NOT_COUNTED: nobody can tell */
	const char *samples_added[HG_SAMPLES];
	const char *samples_removed[HG_SAMPLES]; /* none of a live set: it has hashes */
};

#define HG_NOT_COUNTED ((size_t)-1)

/* Start with {}. */
struct hg_policy_diff {
	struct hg_arena arena;
	struct hg_change *changes;
	size_t count, room;
	struct hg_set_change *sets; /* those that differ */
	size_t set_count, set_room;
};

/* Both texts are valid policies.  False, and said, where one cannot be read. */
bool hg_policy_diff_texts(struct hg_policy_diff *d, const char *file_a, const char *a, size_t len_a,
			  const char *file_b, const char *b, size_t len_b);

/* Sets that both have, of files. */
void hg_policy_diff_sets(struct hg_policy_diff *d, const struct hg_policy_model *a,
			 const struct hg_policy_model *b);

/*
 * The same against what the kernel has: its names are hashes, so that each name of
 * `b` can be looked up, and of those that `b` lacks only the number is known.
 * Of networks it is said how many of `b` the kernel's do not cover.  Returns 0 or
 * -errno.
 */
int hg_policy_diff_live_sets(struct hg_policy_diff *d, const struct hg_live_policy *a,
			     const struct hg_policy_model *b);

void hg_policy_diff_free(struct hg_policy_diff *d);

#endif /* HG_POLICY_DIFF_H */
