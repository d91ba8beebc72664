/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_compile.h - a policy as the kernel's maps take it: plain arrays.
 *
 * Keys and values are arrays of their own, as bpf_map_update_batch() wants
 * them.  Nothing in here points into the model; all memory is one arena.
 */
#ifndef HG_POLICY_COMPILE_H
#define HG_POLICY_COMPILE_H

#include "../include/policy.h"
#include "policy_diag.h"
#include "policy_model.h"

/* What a match asks user space for; none, or 0: no condition. */
struct hg_user_match {
	const char **ja4;
	const char **ja3;
	__u32 ja4_count;
	__u32 ja3_count;
	const char *ja4_said;
	const char *ja3_said;
	struct hg_failures_asked failures;
	const char *failures_said;
	__u32 certificate; /* HG_FINDING() */
	const char *certificate_said;
};

/* What the kernel need not know of a rule. */
struct hg_rule_about {
	const char *name; /* "protect" for what `protect:` says */
	struct hg_place place;
	const char *owner; /* NULL: not said */
	int log;	   /* enum hg_log, -1: not said */
	struct hg_limit limit;
	struct hg_user_match match;
	struct hg_user_match except;
	/* By number of the HG_COND_* bit: the condition's value as written. */
	const char *match_said[HG_CONDITIONS];
	const char *except_said[HG_CONDITIONS];
};

enum hg_bit_kind {
	HG_BIT_NAMES, /* of hg_match.sni */
	HG_BIT_NETS,  /* of hg_match.src and .dst */
	HG_BIT_PORTS, /* of hg_match.port, .cipher and .group: as enum hg_number_kind */
	HG_BIT_CIPHERS,
	HG_BIT_GROUPS,
	HG_BIT_ALPN,
	HG_BIT_INTERFACES,
	HG_BIT_KINDS,
};

/* What a bit of a membership mask stands for. */
struct hg_bit_about {
	const char *name; /* the set's, or NULL: a list in a rule */
	struct hg_place place;
	size_t entries;
};

/* Names of the rule counters that every policy has. */
#define HG_STATS_DEFAULT 0
#define HG_STATS_UNREAD 1

struct hg_generation_maps;

struct hg_compiled {
	struct hg_arena arena;
	const char *file;
	/* Not NULL: who holds a value is asked of these maps, not of what is below. */
	const struct hg_generation_maps *live;
	struct hg_policy policy; /* revision is 0: the loader draws it */
	struct hg_rule *rules;	 /* policy.rules; those of `protect:` come first */
	struct hg_rule_about *about;
	__u32 protect_rules;
	bool asks_certificate; /* some rule does: a hello does not say all */

	/* names: sorted by hash[0], which no two names share */
	struct hg_name_key *name_keys;
	struct hg_name_sets *name_sets;
	size_t names;

	/* nets: sorted by address and length; the value holds the bits of all
	 * covering prefixes too, since LPM finds one */
	struct hg_net_key *net_keys;
	__u64 *net_sets;
	__u32 *net_parent; /* the next shorter prefix that covers, or HG_NO_NET */
	size_t nets;

	/* by kind << 16 | number, up to the last kind that a rule asks for; 0: none does */
	__u64 *numbers;
	__u32 number_count;

	/* protocols and interfaces: entries of the names map, too */
	struct hg_name_key *text_keys;
	struct hg_name_sets *text_sets;
	size_t texts;

	/*
	 * rule_stats by name: hg_rule.stats, policy.default_stats and
	 * policy.unread_stats are indices into this; the loader maps them to
	 * the slots that these names have in the kernel.
	 */
	const char **stats_names;
	__u32 stats;

	struct hg_bit_about bits[HG_BIT_KINDS][HG_SETS];
	__u32 bit_count[HG_BIT_KINDS];
};

#define HG_NO_NET 0xffffffffU

/* Fills `size` bytes with random ones: getrandom(2), or what a test wants. */
typedef int (*hg_draw_fn)(void *bytes, size_t size, void *arg);

/*
 * Returns an enum hg_exit: HG_INVALID after diagnosing what the policy has too
 * much of.  Warnings (rules that can never match) come without an error.
 */
int hg_policy_compile(const struct hg_policy_model *model, struct hg_diagnostics *d,
		      struct hg_compiled **out);

int hg_policy_compile_drawn(const struct hg_policy_model *model, struct hg_diagnostics *d,
			    hg_draw_fn draw, void *arg, struct hg_compiled **out);

void hg_compiled_free(struct hg_compiled *c);

/* The keyed hash of a text (a canonical name), as bpf/match.h and offers.h compute it. */
struct hg_name_key hg_text_hash(const struct hg_policy *policy, enum hg_text_kind kind,
				const __u8 *text, __u32 len);

/* "default", "unread" or the rule's name. */
const char *hg_compiled_rule_name(const struct hg_compiled *c, __u32 rule);

#endif /* HG_POLICY_COMPILE_H */
