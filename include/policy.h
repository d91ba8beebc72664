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
#define HG_COND_VERSION_MIN (1U << 10)
#define HG_COND_CIPHER (1U << 11)
#define HG_COND_CIPHER_COUNT (1U << 12)
#define HG_COND_GROUP (1U << 13)
#define HG_COND_ALPN (1U << 14)
#define HG_COND_ECH (1U << 15)
#define HG_COND_RESUMED (1U << 16)
#define HG_COND_INTERFACE (1U << 17)
#define HG_COND_COUNT 18

/* hg_policy.needs: some rule expires, so the wall clock is asked. */
#define HG_NEEDS_CLOCK (1U << 31)

/* Conditions whose fact is in a ClientHello. */
#define HG_COND_HELLO                                                                              \
	(HG_COND_SNI | HG_COND_SNI_STATE | HG_COND_VERSION_MAX | HG_COND_ALL_WEAK |                \
	 HG_COND_VERSION_MIN | HG_COND_CIPHER | HG_COND_CIPHER_COUNT | HG_COND_GROUP |             \
	 HG_COND_ALPN | HG_COND_ECH | HG_COND_RESUMED)

/* Conditions that a flow without a readable hello can meet. */
#define HG_COND_UNREAD (HG_COND_COVERAGE | HG_COND_FLAG)

/* All conditions must hold (AND); a mask holds if any of its bits does (OR). */
struct hg_match {
	__u64 sni;
	__u64 src;
	__u64 dst;
	__u64 port;
	__u64 cipher; /* any of the suites that are offered */
	__u64 group;
	__u64 alpn; /* no protocol at all is one of no bytes */
	__u64 interface;
	__u32 conditions; /* HG_COND_* */
	__u32 coverage;	  /* bit per enum hg_bucket */
	__u32 flags;	  /* HG_FLAG bits */
	__u16 ciphers_lo; /* how many, without GREASE; inclusive */
	__u16 ciphers_hi;
	__u8 sni_states;  /* bit per enum hg_sni_state */
	__u8 ech_states;  /* bit per enum hg_ech_state */
	__u8 version_max; /* bit per enum hg_version */
	__u8 version_min;
	__u8 reserved[2];
	__u8 all_weak; /* wanted value */
	__u8 resumed;  /* wanted value */
};

struct hg_rule {
	struct hg_match match;
	struct hg_match except; /* conditions == 0: none */
	__u64 expires_ns;	/* TAI, since 1970; from then on it matches nothing. 0: never */
	__u16 stats;		/* index into rule_stats: by name, across loads */
	__u8 action;		/* enum hg_action */
	__u8 mode;		/* enum hg_mode */
	__u8 to;		/* enum hg_to */
	__u8 protect;		/* keeps from every action but allow and count */
	__u8 on_undecided;	/* enum hg_action: allow (skip) or reset */
	__u8 hold;		/* the end of the hello waits for user space's verdict */
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
	__u32 slot;	/* the generation's own: index into `limits` with hg_rule.stats */
	__u32 fallback; /* slot + 1 of the generation to go back to; 0: no policy */
	__u32 reserved;
	__u64 name_exceptions; /* bit n + 1: a name that list n does not hold after all */
	/*
	 * When it goes back, unless somebody confirms it: monotonic clock; 0:
	 * confirmed.  The one field that changes while the generation is active,
	 * by one aligned store.
	 */
	__u64 confirm_by_ns;
	/* Random, drawn at each load: see hg_name_hash(). */
	__u64 name_key[2][HG_NAME_SIZE];
};

/*
 * Nobody has confirmed it in time.  The deadline is read once: between two
 * readings it could be confirmed.
 */
HG_INLINE bool hg_policy_lapsed(const struct hg_policy *p, __u64 now_ns)
{
	__u64 by = *(const volatile __u64 *)&p->confirm_by_ns;

	return by && now_ns >= by;
}

/* What texts the names map holds, each a space of its own. */
enum hg_text_kind {
	HG_TEXT_NAME,
	HG_TEXT_ALPN,
	HG_TEXT_INTERFACE,
};

/* A text in the names map is its 112-bit keyed hash, and its kind above that. */
struct hg_name_key {
	__u64 hash[2];
};

struct hg_name_sets {
	__u64 exact; /* sets that hold this very text */
	__u64 below; /* sets that hold every name below it */
};

/* What the numbers map holds: kind << 16 | number. */
enum hg_number_kind {
	HG_NUMBER_PORT,
	HG_NUMBER_CIPHER,
	HG_NUMBER_GROUP,
	HG_NUMBER_KINDS,
};

#define HG_NUMBERS 65536 /* of each kind */

/* The sets that hold a name, when the exceptions among `found` are taken out. */
HG_INLINE __u64 hg_without_exceptions(const struct hg_policy *policy, __u64 found)
{
	__u64 exceptions = found & policy->name_exceptions;

	return found & ~(exceptions | exceptions >> 1);
}

/* LPM trie key; IPv4 is mapped.  src and dst share the trie. */
struct hg_net_key {
	__u32 prefixlen;
	__u8 addr[16];
};

/* The first rules are those of `protect`: by name, by source.  At most so many. */
#define HG_PROTECT_RULES 2

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
	__u8 slot;	 /* of the generation that decided */
	__u8 hold;	 /* while pending, what bears the hello does not go on */
	__u8 limited;	 /* its rule is beyond its limit: action and mode say what is done */
};

/* What user space writes for one flow, under its key. */
struct hg_flow_verdict {
	struct hg_verdict verdict;
	__u32 isn;     /* the flow meant, should the 4-tuple be used again */
	__u32 any_isn; /* 1: whatever the initial sequence number */
	__u64 expires_ns;
};

/* Where the first set of a generation is in `set_hits`: those of names, or of networks. */
HG_INLINE __u32 hg_set_hits_at(__u32 slot, bool networks)
{
	return (slot % HG_GENERATIONS * 2 + networks) * HG_SETS;
}

/* What a rule does when it would act more often than it may. */
enum hg_on_exceed {
	HG_EXCEED_monitor, /* counts only, until the rate was below for ten seconds */
	HG_EXCEED_keep,	   /* goes on, and raises the alarm */
	HG_EXCEED_drop,	   /* drops where it would reset */
	HG_EXCEED_COUNT,
};

/* The limit of a rule in a generation: limits[slot * HG_RULE_STATS + stats]. */
struct hg_limit {
	__u32 per_second; /* 0: none */
	__u32 on_exceed;  /* enum hg_on_exceed */
};

/* By rule name, as its counters: a new generation finds the bucket as it was. */
struct hg_limit_state {
	__u64 due_ns;	   /* when all that was taken is paid back */
	__u64 exceeded_ns; /* last; 0: never */
	__u64 exceeded;	   /* flows that found the bucket empty, or the breaker open */
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

HG_INLINE struct hg_name_key hg_text_digest(__u64 sum0, __u64 sum1, enum hg_text_kind kind)
{
	return (struct hg_name_key){ { sum0 >> 8 | (__u64)kind << 56, sum1 >> 8 } };
}

_Static_assert(sizeof(struct hg_match) == 88, "shared layout");
_Static_assert(sizeof(struct hg_rule) == 192, "shared layout");
_Static_assert(sizeof(struct hg_verdict) == 16, "shared layout");
_Static_assert(__builtin_offsetof(struct hg_policy, confirm_by_ns) % 8 == 0, "one store");

#endif /* HG_POLICY_H */
