/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.h - a compiled policy generation, as kernel and user space share it.
 *
 * A condition on names, networks or ports is membership: each set has a bit,
 * a look-up yields the bits of all sets that hold the value, and a rule asks
 * for any of its bits.  So a look-up costs the same for one set or 64, and
 * rules cost the same for ten names or a million.
 */
#ifndef HG_POLICY_H
#define HG_POLICY_H

#include "bounds.h"
#include "terms.h"
#include "types.h"

/* Which conditions a match has. */
#define HG_COND_SNI (1U << 0)
#define HG_COND_SNI_STATE (1U << 1)
#define HG_COND_SRC (1U << 2)
#define HG_COND_DST (1U << 3)
#define HG_COND_PORT (1U << 4)
#define HG_COND_VERSION_MAX (1U << 5)
#define HG_COND_ALL_WEAK (1U << 6)
#define HG_COND_COVERAGE (1U << 7)
#define HG_COND_FLAG (1U << 8)
#define HG_COND_USER (1U << 9) /* conditions that only user space can judge */

/* Conditions that a flow without a readable hello can meet. */
#define HG_COND_UNREAD (HG_COND_COVERAGE | HG_COND_FLAG)

/* All conditions must hold (AND); a mask holds if any of its bits does (OR). */
struct hg_match {
	__u64 sni;
	__u64 src;
	__u64 dst;
	__u64 port;
	__u32 conditions; /* HG_COND_* */
	__u32 coverage;	  /* bit per enum hg_bucket */
	__u32 flags;	  /* HG_FLAG bits */
	__u8 sni_states;  /* bit per enum hg_sni_state */
	__u8 version_lo;  /* enum hg_version, inclusive */
	__u8 version_hi;
	__u8 all_weak; /* wanted value */
};

struct hg_rule {
	struct hg_match match;
	struct hg_match except; /* conditions == 0: none */
	__u16 stats;		/* index into rule_stats: by name, across loads */
	__u8 action;		/* enum hg_action */
	__u8 mode;		/* enum hg_mode */
	__u8 to;		/* enum hg_to */
	__u8 protect;		/* keeps from every action but allow and count */
	__u8 on_undecided;	/* enum hg_action: allow (skip) or reset */
	__u8 reserved;
};

/* One per generation, beside its rules and sets. */
struct hg_policy {
	__u32 revision;
	__u32 rules;
	__u32 decision_timeout_ms;
	__u32 name_depths; /* bit n: some name has n labels; bit 31: 31 or more */
	__u32 needs;	   /* HG_COND_* asked for by any rule */
	__u8 mode;	   /* of default and unread */
	__u8 default_action;
	__u8 unread_action;
	__u8 quic_action;
	__u16 default_stats; /* indices into rule_stats */
	__u16 unread_stats;
	__u32 reserved;
	/* Random, drawn at each load: see hg_name_hash(). */
	__u64 name_key[2][HG_NAME_SIZE];
};

/* A name in the names map is its 112-bit keyed hash. */
struct hg_name_key {
	__u64 hash[2];
};

struct hg_name_sets {
	__u64 exact; /* sets that hold this very name */
	__u64 below; /* sets that hold every name below it */
};

/* LPM trie key; IPv4 is mapped.  src and dst share the trie. */
struct hg_net_key {
	__u32 prefixlen;
	__u8 addr[16];
};

#define HG_NO_RULE 0xffff
#define HG_RULE_DEFAULT 0xfffe
#define HG_RULE_UNREAD 0xfffd
#define HG_RULE_ALREADY 0xfffc /* a verdict that user space wrote by hand */

struct hg_verdict {
	__u32 revision;	 /* of the policy that decided; 0: no policy */
	__u16 rule;	 /* index, or HG_RULE_* */
	__u16 stats;	 /* index into rule_stats */
	__u8 action;	 /* enum hg_action: what the rule says */
	__u8 mode;	 /* enum hg_mode: monitor means it was not done */
	__u8 to;	 /* enum hg_to */
	__u8 decided_by; /* enum hg_decider */
	__u8 pending;	 /* a rule waits for user space: `rule` says which */
	__u8 reserved[3];
};

/* What user space writes for one flow, under its key. */
struct hg_flow_verdict {
	struct hg_verdict verdict;
	__u32 isn;     /* the flow meant, should the 4-tuple be used again */
	__u32 any_isn; /* 1: whatever the initial sequence number */
	__u64 expires_ns;
};

/* Counters of one rule name. */
struct hg_rule_counters {
	__u64 verdicts[HG_MODE_COUNT][HG_ACTION_COUNT];
};

/*
 * Multiply-shift over bytes (Dietzfelbinger et al., "A reliable randomized
 * algorithm for the closest-pair problem"): the sum of key[i] * (byte + 1) over
 * the positions from the end of the name.  With random 64-bit keys the upper
 * 56 bits of two different names collide with a probability of 2^-55 a lane,
 * 2^-110 for both.  It is summed from the right, so that the hash of every
 * suffix is an intermediate value of the hash of the name.
 */
HG_INLINE __u64 hg_name_hash_byte(__u64 key, __u8 byte)
{
	return key * ((__u64)byte + 1);
}

HG_INLINE struct hg_name_key hg_name_digest(__u64 sum0, __u64 sum1)
{
	return (struct hg_name_key){ { sum0 >> 8, sum1 >> 8 } };
}

_Static_assert(sizeof(struct hg_match) == 48, "shared layout");
_Static_assert(sizeof(struct hg_rule) == 104, "shared layout");
_Static_assert(sizeof(struct hg_verdict) == 16, "shared layout");

#endif /* HG_POLICY_H */
