/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cause_compare.c - causes that only a comparison tells: what this server did
 * with other hellos, and what this client does not offer.
 */
#include "diagnosis.h"
#include "ja.h"

/* So many answers say something of a server. */
#define ANSWERS_MIN 1

static bool answers_others(const struct hg_known *k)
{
	return k && k->answered >= ANSWERS_MIN;
}

/* The name's own history where there is one: servers differ by name. */
static const struct hg_known *known_of(const struct hg_case *c)
{
	return answers_others(c->name) ? c->name : answers_others(c->server) ? c->server : NULL;
}

static bool offers(const struct hg_handshake *h, const struct hg_span *list, __u16 wanted)
{
	__u32 at = 0;
	__u16 value;

	while (hg_next16(h->message, list, &at, &value))
		if (value == wanted)
			return true;
	return false;
}

static bool offers_any(const struct hg_handshake *h, const struct hg_span *list,
		       const __u16 *wanted, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (offers(h, list, wanted[i]))
			return true;
	return false;
}

/*
 * Every client that was answered offered more.  TLS 1.2 is no reason: that all
 * clients offer 1.3 does not say that the server wants it.
 */
static bool version_too_old(struct hg_case *c, const struct hg_known *k)
{
	__u16 best = c->h->facts.hello.version_max;

	if (!best || best >= 0x0303 || !k || best >= k->least_answered)
		return false;
	hg_say_cause(c, HG_CAUSE_version_unsupported, HG_SIDE_server, false);
	hg_say_reason(c, HG_REASON_server_answers_newer);
	return true;
}

/* Versions that hardly any server answers today (RFC 8996); not if this one does. */
static bool version_is_history(struct hg_case *c, const struct hg_known *k)
{
	__u16 best = c->h->facts.hello.version_max;

	if (!best || best > 0x0300 || (k && best >= k->least_answered))
		return false;
	hg_say_cause(c, HG_CAUSE_version_unsupported, HG_SIDE_server, false);
	hg_say_reason(c, best == 0x0300 ? HG_REASON_client_offers_ssl3_at_best
					: HG_REASON_client_offers_ssl2);
	return true;
}

static bool none_in_common(struct hg_case *c, const struct hg_known *k)
{
	const struct hg_handshake *h = c->h;

	if (!k || !h->read || h->facts.sslv2 || !k->cipher_count ||
	    offers_any(h, &h->hello.ciphers, k->ciphers, k->cipher_count))
		return false;
	hg_say_cause(c, HG_CAUSE_no_shared_cipher, HG_SIDE_server, false);
	hg_say_reason(c, HG_REASON_server_picks_others);
	return true;
}

static bool no_group_in_common(struct hg_case *c, const struct hg_known *k)
{
	const struct hg_handshake *h = c->h;

	if (!k || !h->read || !k->group_count || h->hello.groups.len < 2 ||
	    offers_any(h, &h->hello.groups, k->groups, k->group_count))
		return false;
	hg_say_cause(c, HG_CAUSE_no_shared_group, HG_SIDE_server, false);
	hg_say_reason(c, HG_REASON_server_picks_others);
	return true;
}

/* A server that answers those who name it. */
static bool name_missing(struct hg_case *c)
{
	const struct hg_known *k = c->server;

	if (c->h->facts.hello.sni_state != HG_SNI_none || !k || !k->answered_with_sni ||
	    k->answered_without_sni)
		return false;
	hg_say_cause(c, HG_CAUSE_sni_missing, HG_SIDE_server, false);
	hg_say_reason(c, HG_REASON_no_sni);
	hg_say_reason(c, HG_REASON_server_answers_with_sni);
	return true;
}

bool hg_cause_by_comparison(struct hg_case *c)
{
	const struct hg_known *k = known_of(c);

	return version_too_old(c, k) || version_is_history(c, k) || none_in_common(c, k) ||
	       name_missing(c) || no_group_in_common(c, k);
}
