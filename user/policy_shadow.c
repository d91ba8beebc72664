/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_shadow.h"

#include <string.h>

#include "../include/decide.h"

/* Does asking for any bit of `narrow` imply asking for any bit of `wide`? */
static bool within(__u64 narrow, __u64 wide)
{
	return !(narrow & ~wide);
}

/* Are all numbers of the lists `narrow` also in the lists `wide`? */
static bool numbers_within(const struct hg_compiled *c, enum hg_number_kind kind, __u64 narrow,
			   __u64 wide)
{
	for (__u32 n = kind * HG_NUMBERS; n < (kind + 1U) * HG_NUMBERS && n < c->number_count; n++)
		if (c->numbers[n] & narrow && !(c->numbers[n] & wide))
			return false;
	return true;
}

static bool range_within(__u32 lo, __u32 hi, __u32 wide_lo, __u32 wide_hi)
{
	return lo >= wide_lo && hi <= wide_hi;
}

static bool same_globs(const char **a, __u32 a_count, const char **b, __u32 b_count)
{
	if (a_count != b_count)
		return false;
	for (__u32 i = 0; i < a_count; i++)
		if (strcmp(a[i], b[i]))
			return false;
	return true;
}

static bool same_user(const struct hg_user_match *a, const struct hg_user_match *b)
{
	return same_globs(a->ja4, a->ja4_count, b->ja4, b->ja4_count) &&
	       same_globs(a->ja3, a->ja3_count, b->ja3, b->ja3_count) &&
	       a->failures.at_least == b->failures.at_least &&
	       a->failures.within_ms == b->failures.within_ms &&
	       a->failures.causes == b->failures.causes && a->certificate == b->certificate;
}

/* Of what the packets say of the flow. */
static bool flow_implies(const struct hg_compiled *c, const struct hg_match *narrow,
			 const struct hg_match *wide)
{
	__u32 asks = wide->conditions;

	return (!(asks & HG_COND_SRC) || within(narrow->src, wide->src)) &&
	       (!(asks & HG_COND_DST) || within(narrow->dst, wide->dst)) &&
	       (!(asks & HG_COND_INTERFACE) || within(narrow->interface, wide->interface)) &&
	       (!(asks & HG_COND_COVERAGE) || within(narrow->coverage, wide->coverage)) &&
	       (!(asks & HG_COND_FLAG) || within(narrow->flags, wide->flags)) &&
	       (!(asks & HG_COND_PORT) ||
		numbers_within(c, HG_NUMBER_PORT, narrow->port, wide->port));
}

/* Of what the hello says. */
static bool hello_implies(const struct hg_compiled *c, const struct hg_match *narrow,
			  const struct hg_match *wide)
{
	__u32 asks = wide->conditions;

	return (!(asks & HG_COND_SNI) || within(narrow->sni, wide->sni)) &&
	       (!(asks & HG_COND_SNI_STATE) || within(narrow->sni_states, wide->sni_states)) &&
	       (!(asks & HG_COND_VERSION_MAX) || within(narrow->version_max, wide->version_max)) &&
	       (!(asks & HG_COND_VERSION_MIN) || within(narrow->version_min, wide->version_min)) &&
	       (!(asks & HG_COND_CIPHER_COUNT) ||
		range_within(narrow->ciphers_lo, narrow->ciphers_hi, wide->ciphers_lo,
			     wide->ciphers_hi)) &&
	       (!(asks & HG_COND_ALL_WEAK) || narrow->all_weak == wide->all_weak) &&
	       (!(asks & HG_COND_CIPHER) ||
		numbers_within(c, HG_NUMBER_CIPHER, narrow->cipher, wide->cipher)) &&
	       (!(asks & HG_COND_GROUP) ||
		numbers_within(c, HG_NUMBER_GROUP, narrow->group, wide->group)) &&
	       (!(asks & HG_COND_ALPN) || within(narrow->alpn, wide->alpn)) &&
	       (!(asks & HG_COND_ECH) || within(narrow->ech_states, wide->ech_states)) &&
	       (!(asks & HG_COND_RESUMED) || narrow->resumed == wide->resumed);
}

/* Whatever meets `narrow` meets `wide`, as far as the kernel's conditions go. */
static bool implies(const struct hg_compiled *c, const struct hg_match *narrow,
		    const struct hg_match *wide)
{
	return !(wide->conditions & ~narrow->conditions) && flow_implies(c, narrow, wide) &&
	       hello_implies(c, narrow, wide);
}

static bool acts(const struct hg_rule *r)
{
	return r->action == HG_ACTION_reset || r->action == HG_ACTION_drop;
}

/* Does `early` take everything that `late` would? */
static bool shadows(const struct hg_compiled *c, __u32 early, __u32 late)
{
	const struct hg_rule *e = &c->rules[early], *l = &c->rules[late];
	const struct hg_rule_about *ea = &c->about[early], *la = &c->about[late];

	if (hg_rule_for_unread(l) && !hg_rule_for_unread(e))
		return false;
	if (e->expires_ns && (!l->expires_ns || l->expires_ns > e->expires_ns))
		return false; /* its turn comes */
	if (c->protect_rules && acts(e) && !acts(l))
		return false; /* a protected flow goes past the one, not the other */
	if (!implies(c, &l->match, &e->match))
		return false;
	if (e->match.conditions & HG_COND_USER && !same_user(&ea->match, &la->match))
		return false;
	if (!e->except.conditions)
		return true;
	return !memcmp(&e->except, &l->except, sizeof(e->except)) &&
	       same_user(&ea->except, &la->except);
}

/* Unknown, and nothing else, where the name is ambiguous: `unread` decides. */
static bool ends_ambiguous(const struct hg_rule *r)
{
	return (r->match.conditions | r->except.conditions) == HG_COND_SNI;
}

static bool wants_ambiguous_only(const struct hg_rule *r)
{
	return r->match.conditions & HG_COND_SNI_STATE &&
	       r->match.sni_states == 1U << HG_SNI_ambiguous && !hg_rule_for_unread(r);
}

void hg_policy_warn_shadowed(const struct hg_compiled *c, struct hg_diagnostics *d)
{
	for (__u32 late = c->protect_rules; late < c->policy.rules; late++) {
		for (__u32 early = 0; early < late; early++) {
			const struct hg_rule_about *first = &c->about[early];

			if (early >= c->protect_rules && shadows(c, early, late)) {
				hg_diagnose_warning(d, c->about[late].place,
						    "rule \"%s\" can never match: rule \"%s\" in "
						    "line %u takes all that it would",
						    c->about[late].name, first->name,
						    first->place.line);
				break;
			}
			if (!wants_ambiguous_only(&c->rules[late]) ||
			    !ends_ambiguous(&c->rules[early]))
				continue;
			hg_diagnose_warning(d, c->about[late].place,
					    "rule \"%s\" can never match: where a name is "
					    "ambiguous, \"%s\" in line %u already leaves the "
					    "flow to `unread`",
					    c->about[late].name, first->name, first->place.line);
			break;
		}
	}
}
