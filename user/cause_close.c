/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cause_close.c - somebody closed without an alert, or nobody says anything more.
 */
#include "diagnosis.h"

#include <stdio.h>

#include "../include/outcome.h"
#include "x509.h"

/* A client that waits for less than this gave up by itself. */
#define PATIENCE_US 3000000

/* Before whoever closed it did. */
static bool was_answered(const struct hg_case *c)
{
	const struct hg_side_facts *server = &c->answer->side[HG_FROM_SERVER];
	__u32 closed = c->answer->path.close_at_us;

	return server->records && (!closed || server->at_us[HG_STAGE_FIRST] <= closed);
}

/* Microseconds from the hello to its end. */
static __u64 lasted_us(const struct hg_case *c)
{
	const struct hg_event *facts = &c->h->facts;

	if (c->answer->path.close_at_us)
		return c->answer->path.close_at_us - 1;
	return facts->time_ns > facts->hello_ns ? (facts->time_ns - facts->hello_ns) / 1000 : 0;
}

/* ---- the hello did not arrive ---- */

/* The server itself said no more than RST, or the client has hardly waited. */
static bool was_cut_short(const struct hg_case *c)
{
	const struct hg_event *facts = &c->h->facts;

	if (facts->close == HG_CLOSE_idle)
		return false;
	if (facts->close_from == HG_SIDE_server)
		return facts->close == HG_CLOSE_rst;
	return !c->answer->path.hello_resent && lasted_us(c) < PATIENCE_US;
}

/* It is in several segments, sent again, and never acknowledged. */
static bool hello_stalled(struct hg_case *c)
{
	const struct hg_path_facts *path = &c->answer->path;

	if (path->hello_acked || c->h->facts.hello.segments < 2 || was_answered(c) ||
	    was_cut_short(c))
		return false;
	hg_say_cause(c, HG_CAUSE_large_hello_stalled, HG_SIDE_path, false);
	hg_say_reason(c, HG_REASON_hello_not_acknowledged);
	if (path->hello_resent)
		hg_say_reason(c, HG_REASON_segment_retransmitted);
	return true;
}

/* ---- the server ---- */

/* FIN behind a hello without a name: what needs the name to go on closes so, and always. */
static bool closed_for_no_name(struct hg_case *c)
{
	if (c->h->facts.hello.sni_state != HG_SNI_none || c->h->facts.close != HG_CLOSE_fin ||
	    (c->server && c->server->answered_without_sni))
		return false;
	hg_say_cause(c, HG_CAUSE_sni_missing, HG_SIDE_server, false);
	hg_say_reason(c, HG_REASON_no_sni);
	hg_say_reason(c, HG_REASON_closed_behind_hello);
	return true;
}

static void closed_by_server(struct hg_case *c)
{
	bool reset = c->h->facts.close == HG_CLOSE_rst;

	if (!was_answered(c) && (hg_cause_by_comparison(c) || closed_for_no_name(c)))
		return;
	hg_say_cause(c,
		     reset ? HG_CAUSE_server_reset_after_hello : HG_CAUSE_server_closed_after_hello,
		     HG_SIDE_server, true);
}

/* ---- the client ---- */

/* A server has other certificates for other names. */
static const struct hg_known *known_certificates(const struct hg_case *c)
{
	return c->h->facts.hello.sni_state == HG_SNI_none ? c->server : c->name;
}

/*
 * The Certificate message is larger than any that a client of this server went
 * on from, or than before: a client whose buffer is smaller closes, or resets.
 */
static bool chain_too_large(struct hg_case *c)
{
	const struct hg_known *k = known_certificates(c);
	__u32 bytes = c->answer->side[HG_FROM_SERVER].certificate_bytes;

	if (!bytes || !k)
		return false;
	if (k->certificate_taken && bytes > k->certificate_taken)
		hg_say_reason(c, HG_REASON_larger_than_any_taken);
	else if (k->certificate_before && bytes > k->certificate_before)
		hg_say_reason(c, HG_REASON_certificate_grew);
	else
		return false;
	hg_say_cause(c, HG_CAUSE_certificate_chain_too_large, HG_SIDE_client, false);
	if (c->findings & HG_FINDING(root_included))
		hg_say_reason(c, HG_REASON_root_included);
	hg_say_reason(c, HG_REASON_closed_behind_certificate);
	return true;
}

/* Above 4 KB: the least that small clients have room for (mbedTLS, BearSSL in small builds). */
#define LARGE_CHAIN 4096

static bool chain_is_large(struct hg_case *c)
{
	if (c->answer->side[HG_FROM_SERVER].certificate_bytes <= LARGE_CHAIN)
		return false;
	hg_say_cause(c, HG_CAUSE_certificate_chain_too_large, HG_SIDE_client, false);
	hg_say_reason(c, HG_REASON_over_4kb);
	if (c->findings & HG_FINDING(root_included))
		hg_say_reason(c, HG_REASON_root_included);
	hg_say_reason(c, HG_REASON_closed_behind_certificate);
	return true;
}

/* A certificate of this size, and so most likely this one. */
static bool was_taken_by_others(const struct hg_case *c)
{
	const struct hg_known *k = known_certificates(c);

	return k && k->certificate_taken == c->answer->side[HG_FROM_SERVER].certificate_bytes;
}

static bool chain_is_wrong(struct hg_case *c)
{
	enum hg_cause cause;

	if (c->findings & (HG_FINDING(expired) | HG_FINDING(not_yet_valid)))
		cause = HG_CAUSE_certificate_expired;
	else if (c->findings & HG_FINDING(name_mismatch))
		cause = HG_CAUSE_certificate_name_mismatch;
	else if (c->findings & (HG_FINDING(self_signed) | HG_FINDING(missing_intermediate)) &&
		 !was_taken_by_others(c))
		cause = HG_CAUSE_certificate_unknown_ca;
	else
		return false;
	hg_say_cause(c, cause, HG_SIDE_client, false);
	hg_say_reason(c, HG_REASON_closed_behind_certificate);
	return true;
}

static void closed_by_client(struct hg_case *c)
{
	const struct hg_side_facts *server = &c->answer->side[HG_FROM_SERVER];

	if (!was_answered(c)) {
		bool waited = lasted_us(c) >= PATIENCE_US;

		hg_say_cause(c, waited ? HG_CAUSE_server_silent : HG_CAUSE_client_abandoned,
			     waited ? HG_SIDE_server : HG_SIDE_client, waited);
		if (!waited)
			hg_say_reason(c, HG_REASON_closed_before_answer);
		return;
	}
	if (server->certificate_bytes && !(c->answer->side[0].seen & HG_SEEN_CCS) &&
	    (chain_too_large(c) || chain_is_wrong(c) || chain_is_large(c)))
		return;
	hg_say_cause(c, HG_CAUSE_client_abandoned, HG_SIDE_client, false);
	hg_say_reason(c, HG_REASON_closed_without_alert);
}

/* ---- silence ---- */

static void fell_silent(struct hg_case *c)
{
	if (!was_answered(c)) {
		hg_say_cause(c, HG_CAUSE_server_silent, HG_SIDE_server,
			     c->answer->path.hello_acked);
		if (!c->answer->path.hello_acked)
			hg_say_reason(c, HG_REASON_hello_not_acknowledged);
		return;
	}
	hg_say_cause(c, HG_CAUSE_timeout, HG_SIDE_path, true);
}

void hg_cause_of_close(struct hg_case *c)
{
	/* A box that resets at once leaves a long hello unacknowledged, too. */
	if (c->h->facts.close == HG_CLOSE_rst && hg_is_foreign_reset(c)) {
		hg_say_cause(c, HG_CAUSE_middlebox_reset, HG_SIDE_path, false);
		return;
	}
	if (hello_stalled(c))
		return;
	if (c->h->facts.close == HG_CLOSE_idle)
		fell_silent(c);
	else if (c->h->facts.close_from == HG_SIDE_server)
		closed_by_server(c);
	else if (c->h->facts.close_from == HG_SIDE_client)
		closed_by_client(c);
	else
		hg_say_cause(c, HG_CAUSE_unknown, HG_SIDE_path, false);
}
