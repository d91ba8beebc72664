/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decide.h - the one decision: rules in order, the first true one wins.
 *
 * Kernel, `policy explain`, `policy test` and `read --policy` call this.  A
 * condition is true, false or unknown; a match is the AND of its conditions;
 * `except` negates one.  Only true matches.  A rule that user space must judge
 * is unknown to the kernel, which stops there: the flow is pending.  A rule
 * that is unknown because the SNI is ambiguous ends the reading: from there on
 * the flow counts as unread.
 */
#ifndef HG_DECIDE_H
#define HG_DECIDE_H

#include "loop.h"
#include "policy.h"
#include "terms.h"

enum hg_truth { HG_FALSE, HG_TRUE, HG_UNKNOWN };

/* The flow, as far as rules can ask. */
struct hg_facts {
	__u64 sni;	   /* sets that hold the name (all candidates agree) */
	__u64 sni_unknown; /* sets on which candidates differ */
	__u64 src;
	__u64 dst;
	__u64 port;
	__u64 cipher; /* sets that hold any suite that is offered */
	__u64 group;
	__u64 alpn;
	__u64 interface;
	__u64 tai_ns;	/* now, where a rule expires; 0: not known */
	__u32 known;	/* HG_COND_* whose facts are known */
	__u32 coverage; /* bit per enum hg_bucket */
	__u32 flags;	/* HG_FLAG bits */
	__u16 ciphers;	/* how many, without GREASE */
	__u8 sni_state;
	__u8 ech;
	__u8 version;	     /* enum hg_version of version_max */
	__u8 version_min_lo; /* the lowest that is offered is none below this */
	__u8 version_min_hi; /* and none above this */
	__u8 all_weak;
	__u8 resumed; /* the client asks to resume a session */
	__u8 unread;  /* no hello to judge: coverage and flag rules only */
	__u8 spared;  /* `unread` does not cover this flow */
	__u8 reserved;
};

/* Walk state; in map memory where the verifier looks on. */
struct hg_decision {
	struct hg_verdict verdict;
	__u32 decided;
	__u32 unread;	 /* the rest of the walk is for unread flows */
	__u32 skip_user; /* 0: stop at a user rule; 1: judge it by on_undecided */
	__u32 protect;	 /* a protect rule was true */
};

HG_INLINE __u32 hg_mask_truth(__u64 wanted, __u64 has, __u64 unknown)
{
	if (wanted & has)
		return HG_TRUE;
	return wanted & unknown ? HG_UNKNOWN : HG_FALSE;
}

/* Is a value, of which [lo, hi] is known, in [from, to]? */
HG_INLINE __u32 hg_range_truth(__u32 lo, __u32 hi, __u32 from, __u32 to)
{
	if (lo >= from && hi <= to)
		return HG_TRUE;
	return hi < from || lo > to ? HG_FALSE : HG_UNKNOWN;
}

/* The same, of a value below 8, for the bits of `wanted`. */
HG_INLINE __u32 hg_one_of_truth(__u32 lo, __u32 hi, __u32 wanted)
{
	__u32 possible = (2U << (hi & 7)) - (1U << (lo & 7));

	if (!(possible & wanted))
		return HG_FALSE;
	return possible & ~wanted ? HG_UNKNOWN : HG_TRUE;
}

/* The AND so far with one more condition. */
HG_INLINE __u32 hg_and(__u32 so_far, __u32 next)
{
	if (so_far == HG_FALSE || next == HG_FALSE)
		return HG_FALSE;
	return so_far == HG_UNKNOWN ? HG_UNKNOWN : next;
}

/* What the packets say of the flow, below TLS and of its reading. */
HG_INLINE __u32 hg_flow_truth(const struct hg_match *m, const struct hg_facts *f, __u32 known)
{
	__u32 truth = HG_TRUE;

	if (known & HG_COND_SRC)
		truth = hg_and(truth, hg_mask_truth(m->src, f->src, 0));
	if (known & HG_COND_DST)
		truth = hg_and(truth, hg_mask_truth(m->dst, f->dst, 0));
	if (known & HG_COND_PORT)
		truth = hg_and(truth, hg_mask_truth(m->port, f->port, 0));
	if (known & HG_COND_INTERFACE)
		truth = hg_and(truth, hg_mask_truth(m->interface, f->interface, 0));
	if (known & HG_COND_COVERAGE)
		truth = hg_and(truth, (m->coverage & f->coverage) != 0);
	if (known & HG_COND_FLAG)
		truth = hg_and(truth, (m->flags & f->flags) != 0);
	return truth;
}

/* What the ClientHello says. */
HG_INLINE __u32 hg_hello_truth(const struct hg_match *m, const struct hg_facts *f, __u32 known)
{
	__u32 truth = HG_TRUE;

	if (known & HG_COND_SNI)
		truth = hg_and(truth, hg_mask_truth(m->sni, f->sni, f->sni_unknown));
	if (known & HG_COND_SNI_STATE)
		truth = hg_and(truth, m->sni_states >> (f->sni_state & 7) & 1);
	if (known & HG_COND_VERSION_MAX)
		truth = hg_and(truth, m->version_max >> (f->version & 7) & 1);
	if (known & HG_COND_VERSION_MIN)
		truth = hg_and(truth, hg_one_of_truth(f->version_min_lo, f->version_min_hi,
						      m->version_min));
	if (known & HG_COND_ALL_WEAK)
		truth = hg_and(truth, m->all_weak == f->all_weak);
	if (known & HG_COND_CIPHER)
		truth = hg_and(truth, hg_mask_truth(m->cipher, f->cipher, 0));
	if (known & HG_COND_CIPHER_COUNT)
		truth = hg_and(truth, hg_range_truth(f->ciphers, f->ciphers, m->ciphers_lo,
						     m->ciphers_hi));
	if (known & HG_COND_GROUP)
		truth = hg_and(truth, hg_mask_truth(m->group, f->group, 0));
	if (known & HG_COND_ALPN)
		truth = hg_and(truth, hg_mask_truth(m->alpn, f->alpn, 0));
	if (known & HG_COND_ECH)
		truth = hg_and(truth, m->ech_states >> (f->ech & 7) & 1);
	if (known & HG_COND_RESUMED)
		truth = hg_and(truth, m->resumed == f->resumed);
	return truth;
}

/*
 * `user`: what user space says of the conditions that only it can judge.  A
 * condition whose fact is not known is unknown, whatever the field holds.
 */
HG_INLINE __u32 hg_match_truth(const struct hg_match *m, const struct hg_facts *f, __u32 user)
{
	__u32 known = m->conditions & f->known;
	__u32 truth = hg_and(hg_flow_truth(m, f, known), hg_hello_truth(m, f, known));

	if (m->conditions & ~known & ~HG_COND_USER)
		truth = hg_and(truth, HG_UNKNOWN);
	if (m->conditions & HG_COND_USER)
		truth = hg_and(truth, user);
	return truth;
}

HG_INLINE __u32 hg_rule_truth(const struct hg_rule *r, const struct hg_facts *f, __u32 user,
			      __u32 user_except)
{
	__u32 truth = hg_match_truth(&r->match, f, user), except;

	if (!r->except.conditions || truth == HG_FALSE)
		return truth;
	except = hg_match_truth(&r->except, f, user_except);
	if (except == HG_TRUE)
		return HG_FALSE;
	return except == HG_UNKNOWN ? HG_UNKNOWN : truth;
}

HG_INLINE bool hg_rule_asks_user(const struct hg_rule *r)
{
	return (r->match.conditions | r->except.conditions) & HG_COND_USER;
}

/* A rule for flows without a readable hello names a coverage class or flag. */
HG_INLINE bool hg_rule_for_unread(const struct hg_rule *r)
{
	return r->match.conditions & HG_COND_UNREAD;
}

/* A rule that has expired is as if it were not there. */
HG_INLINE bool hg_rule_is_over(const struct hg_rule *r, const struct hg_facts *f)
{
	return r->expires_ns && f->tai_ns >= r->expires_ns;
}

HG_INLINE void hg_decision_set(struct hg_decision *d, __u32 index, __u8 action, __u8 mode, __u8 to,
			       __u16 stats)
{
	d->verdict.rule = index;
	d->verdict.action = action;
	d->verdict.mode = mode;
	d->verdict.to = to;
	d->verdict.stats = stats;
	d->decided = 1;
}

HG_INLINE void hg_decision_rule(struct hg_decision *d, __u32 index, const struct hg_rule *r,
				__u8 action)
{
	hg_decision_set(d, index, action, r->mode, r->to, r->stats);
}

/*
 * One rule.  Returns true to end the walk.  user and user_except are HG_UNKNOWN
 * in the kernel.
 */
HG_INLINE bool hg_decide_rule(struct hg_decision *d, __u32 index, const struct hg_rule *r,
			      const struct hg_facts *f, __u32 user, __u32 user_except)
{
	__u32 truth;

	if (d->unread && !r->protect && !hg_rule_for_unread(r))
		return false;
	if (hg_rule_is_over(r, f))
		return false;
	truth = hg_rule_truth(r, f, user, user_except);
	if (truth == HG_FALSE)
		return false;
	if (truth == HG_TRUE) {
		if (r->protect) {
			d->protect = 1;
			return false;
		}
		if (d->protect && r->action != HG_ACTION_allow && r->action != HG_ACTION_count)
			return false;
		hg_decision_rule(d, index, r, r->action);
		return true;
	}
	if (hg_rule_asks_user(r)) {
		if (d->protect && r->action != HG_ACTION_allow && r->action != HG_ACTION_count)
			return false; /* whatever user space finds, it may not act */
		if (!d->skip_user) {
			hg_decision_rule(d, index, r, r->action);
			d->verdict.pending = 1;
			d->verdict.hold = r->hold;
			return true;
		}
		if (d->protect || r->on_undecided == HG_ACTION_allow)
			return false;
		hg_decision_rule(d, index, r, r->on_undecided);
		return true;
	}
	if (f->sni_unknown && (r->match.conditions | r->except.conditions) & HG_COND_SNI)
		d->unread = 1;
	return false;
}

/* No rule was true: default, or unread for what could not be read. */
HG_INLINE void hg_decide_rest(struct hg_decision *d, const struct hg_policy *p,
			      const struct hg_facts *f)
{
	__u8 action = d->unread ? p->unread_action : p->default_action;

	if (d->decided)
		return;
	if (d->protect || (d->unread && f->spared))
		action = HG_ACTION_allow;
	hg_decision_set(d, d->unread ? HG_RULE_UNREAD : HG_RULE_DEFAULT, action, p->mode,
			HG_TO_both, d->unread ? p->unread_stats : p->default_stats);
}

HG_INLINE void hg_decision_begin(struct hg_decision *d, const struct hg_policy *p,
				 const struct hg_facts *f, __u32 skip_user)
{
	__builtin_memset(d, 0, sizeof(*d));
	d->verdict.revision = p->revision;
	d->verdict.decided_by = HG_DECIDER_kernel;
	d->verdict.slot = p->slot;
	d->unread = f->unread;
	d->skip_user = skip_user;
}

/* Does this verdict change what happens to packets? */
HG_INLINE bool hg_verdict_acts(const struct hg_verdict *v)
{
	return v->mode == HG_MODE_enforce &&
	       (v->action == HG_ACTION_reset || v->action == HG_ACTION_drop);
}

#endif /* HG_DECIDE_H */
