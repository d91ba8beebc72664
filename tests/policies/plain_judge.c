/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plain_judge.c - the verdict, read off the contract.
 */
#include "plain.h"

#include <stdlib.h>
#include <string.h>

#include "../../user/terms.h"
#include "policy_values.h"

enum truth { NO, YES, DUNNO };

static bool ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && !strcmp(text + strlen(text) - strlen(end), end);
}

static bool name_in(const char *name, const char *pattern)
{
	if (!*name)
		return false;
	if (pattern[0] == '*')
		return strlen(name) > strlen(pattern + 1) && ends_with(name, pattern + 1);
	if (pattern[0] == '.')
		return !strcmp(name, pattern + 1) || ends_with(name, pattern);
	return !strcmp(name, pattern);
}

/* Is the address in the network?  Each family has its own; bit by bit. */
static bool address_in(const char *address, const char *network)
{
	char text[64], *slash, why[HG_WHY_MAX];
	bool v4 = strchr(address, '.') != NULL;
	int bits = v4 ? 32 : 128;
	__u8 a[16], n[16];

	if (v4 != (strchr(network, '.') != NULL))
		return false;
	snprintf(text, sizeof(text), "%s", network);
	slash = strchr(text, '/');
	if (slash) {
		*slash = 0;
		bits = atoi(slash + 1);
	}
	if (hg_address_parse(address, a, why) || hg_address_parse(text, n, why))
		abort();
	for (int i = v4 ? 96 : 0; bits > 0; i++, bits--)
		if ((a[i / 8] ^ n[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

static enum truth any_name(const struct plain_policy *p, const struct plain_list *list,
			   const struct plain_flow *f)
{
	if (!f->read || f->unknown & HG_COND_SNI || f->state == HG_SNI_ambiguous)
		return DUNNO;
	for (int i = 0; i < list->count; i++) {
		if (!strcmp(list->items[i], "@names")) {
			for (int k = 0; k < p->set_names.count; k++)
				if (name_in(f->name, p->set_names.items[k]))
					return YES;
		} else if (name_in(f->name, list->items[i])) {
			return YES;
		}
	}
	return NO;
}

static enum truth any_net(const struct plain_policy *p, const struct plain_list *list,
			  const char *address, bool unknown)
{
	if (unknown)
		return DUNNO;
	for (int i = 0; i < list->count; i++) {
		if (!strcmp(list->items[i], "@nets")) {
			for (int k = 0; k < p->set_nets.count; k++)
				if (address_in(address, p->set_nets.items[k]))
					return YES;
		} else if (address_in(address, list->items[i])) {
			return YES;
		}
	}
	return NO;
}

static enum truth any_port(const struct plain_list *list, const struct plain_flow *f)
{
	if (f->unknown & HG_COND_PORT)
		return DUNNO;
	for (int i = 0; i < list->count; i++) {
		int first, last, got = sscanf(list->items[i], "%d-%d", &first, &last);

		if (f->port >= first && f->port <= (got == 2 ? last : first))
			return YES;
	}
	return NO;
}

/* "<3" of 2? */
static bool compares(const char *text, int value, int than)
{
	bool eq = (text[0] != '<' && text[0] != '>') || text[1] == '=';

	return (eq && value == than) || (text[0] == '<' && value < than) ||
	       (text[0] == '>' && value > than);
}

static bool version_in(const struct plain_list *list, int version)
{
	static const char *const order[] = { "ssl2", "ssl3", "1.0", "1.1", "1.2", "1.3" };

	for (int i = 0; i < list->count; i++) {
		int than = 0;

		while (strcmp(order[than], list->items[i] + strspn(list->items[i], "<>=")))
			than++;
		if (compares(list->items[i], version, than))
			return true;
	}
	return false;
}

static enum truth any_version(const struct plain_list *list, const struct plain_flow *f)
{
	if (!f->read || f->unknown & HG_COND_VERSION_MAX)
		return DUNNO;
	return version_in(list, f->version) ? YES : NO;
}

/* Without supported_versions: any from SSL 3 to the best, and nobody knows which. */
static enum truth any_lowest(const struct plain_list *list, const struct plain_flow *f)
{
	int from = f->version < HG_VERSION_ssl3 ? HG_VERSION_ssl2 : HG_VERSION_ssl3, in = 0;

	if (!f->read || f->unknown & HG_COND_VERSION_MIN)
		return DUNNO;
	if (f->lowest >= 0)
		return version_in(list, f->lowest) ? YES : NO;
	for (int v = from; v <= f->version; v++)
		in += version_in(list, v);
	return !in ? NO : in == f->version - from + 1 ? YES : DUNNO;
}

static enum truth any_of(const struct plain_list *list, const struct plain_list *offered)
{
	for (int i = 0; i < list->count; i++)
		for (int k = 0; k < offered->count; k++)
			if (!strcmp(list->items[i], offered->items[k]))
				return YES;
	return NO;
}

static enum truth any_protocol(const struct plain_list *list, const struct plain_flow *f)
{
	static const struct plain_list none = { 1, { "none" } };

	return any_of(list, f->alpn.count ? &f->alpn : &none);
}

static enum truth any_word(const struct plain_list *list, const char *word)
{
	for (int i = 0; i < list->count; i++)
		if (!strcmp(list->items[i], word))
			return YES;
	return NO;
}

static enum truth any_flag(const struct plain_list *list, const struct plain_flow *f)
{
	for (unsigned int bit = 0; bit < HG_FLAG_COUNT; bit++)
		if (f->flags >> bit & 1 && any_word(list, hg_flag_text(bit)))
			return YES;
	return NO;
}

static bool like(const char *glob, const char *text)
{
	if (!*glob)
		return !*text;
	if (*glob == '*')
		return like(glob + 1, text) || (*text && like(glob, text + 1));
	return *text && (*glob == '?' || *glob == *text) && like(glob + 1, text + 1);
}

static enum truth any_glob(const struct plain_list *list, const char *text)
{
	if (!text)
		return DUNNO;
	for (int i = 0; i < list->count; i++)
		if (like(list->items[i], text))
			return YES;
	return NO;
}

static enum truth both(enum truth a, enum truth b)
{
	if (a == NO || b == NO)
		return NO;
	return a == DUNNO || b == DUNNO ? DUNNO : YES;
}

static enum truth prints_truth(const struct plain_match *m, const struct plain_flow *f)
{
	enum truth t = YES;

	if (m->ja4.count)
		t = both(t, any_glob(&m->ja4, f->ja4));
	if (m->ja3.count)
		t = both(t, any_glob(&m->ja3, f->ja3));
	return t;
}

static enum truth offers_truth(const struct plain_match *m, const struct plain_flow *f)
{
	const __u32 unknown = f->read ? f->unknown : ~0U;
	enum truth t = YES;

	if (m->version_min.count)
		t = both(t, any_lowest(&m->version_min, f));
	if (m->cipher.count)
		t = both(t, unknown & HG_COND_CIPHER ? DUNNO : any_of(&m->cipher, &f->cipher));
	if (m->count.count)
		t = both(t, unknown & HG_COND_CIPHER_COUNT ? DUNNO
			    : compares(m->count.items[0], f->cipher.count,
				       atoi(m->count.items[0] + strspn(m->count.items[0], "<>=")))
				    ? YES
				    : NO);
	if (m->group.count)
		t = both(t, unknown & HG_COND_GROUP ? DUNNO : any_of(&m->group, &f->group));
	if (m->alpn.count)
		t = both(t, unknown & HG_COND_ALPN ? DUNNO : any_protocol(&m->alpn, f));
	if (m->ech.count)
		t = both(t, unknown & HG_COND_ECH
				    ? DUNNO
				    : any_word(&m->ech, hg_ech_text((unsigned int)f->ech)));
	if (m->resumed)
		t = both(t, unknown & HG_COND_RESUMED	      ? DUNNO
			    : f->resumed == (m->resumed == 1) ? YES
							      : NO);
	if (m->interface.count)
		t = both(t, f->interface ? any_word(&m->interface, f->interface) : DUNNO);
	return t;
}

static enum truth match_truth(const struct plain_policy *p, const struct plain_match *m,
			      const struct plain_flow *f)
{
	bool state_known = f->read && !(f->unknown & HG_COND_SNI_STATE);
	bool weak_known = f->read && !(f->unknown & HG_COND_ALL_WEAK);
	enum truth t = prints_truth(m, f);

	if (m->sni.count)
		t = both(t, any_name(p, &m->sni, f));
	if (m->none)
		t = both(t, !state_known ? DUNNO : f->state == HG_SNI_none ? YES : NO);
	if (m->state.count)
		t = both(t, !state_known ? DUNNO
					 : any_word(&m->state,
						    hg_sni_state_text((unsigned int)f->state)));
	if (m->src.count)
		t = both(t, any_net(p, &m->src, f->src, f->unknown & HG_COND_SRC));
	if (m->dst.count)
		t = both(t, any_net(p, &m->dst, f->dst, f->unknown & HG_COND_DST));
	if (m->port.count)
		t = both(t, any_port(&m->port, f));
	if (m->version.count)
		t = both(t, any_version(&m->version, f));
	if (m->weak)
		t = both(t, !weak_known ? DUNNO : f->weak ? YES : NO);
	t = both(t, offers_truth(m, f));
	if (m->coverage.count)
		t = both(t, any_word(&m->coverage, hg_bucket_text((unsigned int)f->bucket)));
	if (m->flag.count)
		t = both(t, any_flag(&m->flag, f));
	return t;
}

static enum truth rule_truth(const struct plain_policy *p, const struct plain_rule *r,
			     const struct plain_flow *f)
{
	enum truth except = plain_is_empty(&r->except) ? NO : match_truth(p, &r->except, f);

	return both(match_truth(p, &r->match, f), except == YES ? NO : except == NO ? YES : DUNNO);
}

/* May a fingerprint still come, of those that the rule asks for? */
static bool waits(const struct plain_rule *r, const struct plain_flow *f)
{
	return f->read &&
	       (prints_truth(&r->match, f) == DUNNO || prints_truth(&r->except, f) == DUNNO);
}

static bool acts(int action)
{
	return action == HG_ACTION_reset || action == HG_ACTION_drop;
}

static bool is_spared(const struct plain_flow *f)
{
	return f->flags & HG_FLAG(missed_start) || f->bucket == HG_BUCKET_not_tls;
}

/* What is known only when the flow is over meets no verdict. */
static bool is_over(const struct plain_flow *f)
{
	return f->bucket == HG_BUCKET_truncated || f->bucket == HG_BUCKET_no_data ||
	       f->bucket == HG_BUCKET_tcp_refused;
}

struct plain_verdict plain_judge(const struct plain_policy *p, const struct plain_flow *f)
{
	bool ambiguous = f->read && f->state == HG_SNI_ambiguous && !(f->unknown & HG_COND_SNI);
	bool unread = !f->read || (ambiguous && p->protect_sni.count), protected;

	if (is_over(f))
		return (struct plain_verdict){ "?", HG_ACTION_allow, p->mode, false };
	protected = (p->protect_sni.count && any_name(p, &p->protect_sni, f) == YES) ||
		    (p->protect_src.count &&
		     any_net(p, &p->protect_src, f->src, f->unknown & HG_COND_SRC) == YES);
	for (int i = 0; i < p->count; i++) {
		const struct plain_rule *r = &p->rules[i];
		int mode = r->mode < 0 ? p->mode : r->mode;
		enum truth t;

		if (r->expires == 1 || (unread && !r->match.coverage.count && !r->match.flag.count))
			continue;
		t = rule_truth(p, r, f);
		if (t == NO || (protected && acts(r->action)))
			/* an ambiguous name that a protected flow skips is still ambiguous */
			;
		else if (t == YES)
			return (struct plain_verdict){ r->name, r->action, mode, false };
		else if (waits(r, f) && !f->last_word)
			return (struct plain_verdict){ r->name, r->action, mode, true };
		else if (waits(r, f) && !protected && r->on_undecided == HG_ACTION_reset)
			return (struct plain_verdict){ r->name, HG_ACTION_reset, mode, false };
		if (t == DUNNO && !waits(r, f) && ambiguous &&
		    (r->match.sni.count || r->except.sni.count))
			unread = true;
	}
	if (unread)
		return (struct plain_verdict){ "unread",
					       protected || is_spared(f) ? HG_ACTION_allow
									 : p->unread_action,
					       p->mode, false };
	return (struct plain_verdict){ "default", protected ? HG_ACTION_allow : p->default_action,
				       p->mode, false };
}
