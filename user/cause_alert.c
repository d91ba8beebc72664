/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cause_alert.c - causes that an alert tells (RFC 8446, section 6.2; RFC 5246,
 * section 7.2.2), and what the size of an encrypted one suggests.
 */
#include "../include/outcome.h"
#include "diagnosis.h"
#include "x509.h"

struct meaning {
	__u8 code;
	__u8 cause;    /* enum hg_cause */
	bool observed; /* the alert says just that */
};

/* Whoever sends them. */
static const struct meaning meanings[] = {
	{ 10, HG_CAUSE_illegal_parameter, false },   { 20, HG_CAUSE_decrypt_error, false },
	{ 21, HG_CAUSE_decrypt_error, false },	     { 22, HG_CAUSE_decode_error, false },
	{ 30, HG_CAUSE_decode_error, false },	     { 47, HG_CAUSE_illegal_parameter, true },
	{ 50, HG_CAUSE_decode_error, true },	     { 51, HG_CAUSE_decrypt_error, true },
	{ 60, HG_CAUSE_no_shared_cipher, false },    { 70, HG_CAUSE_version_unsupported, true },
	{ 71, HG_CAUSE_no_shared_cipher, true },     { 80, HG_CAUSE_internal_error, true },
	{ 86, HG_CAUSE_version_unsupported, false }, { 90, HG_CAUSE_client_abandoned, false },
	{ 109, HG_CAUSE_illegal_parameter, false },  { 110, HG_CAUSE_illegal_parameter, false },
	{ 112, HG_CAUSE_unrecognized_name, true },   { 115, HG_CAUSE_decrypt_error, false },
	{ 120, HG_CAUSE_alpn_mismatch, true },
};

/* A client of the server's certificate. */
static const struct meaning of_certificate[] = {
	{ 42, HG_CAUSE_certificate_bad, true },	    { 43, HG_CAUSE_certificate_bad, true },
	{ 44, HG_CAUSE_certificate_revoked, true }, { 45, HG_CAUSE_certificate_expired, true },
	{ 46, HG_CAUSE_certificate_bad, false },    { 48, HG_CAUSE_certificate_unknown_ca, true },
	{ 49, HG_CAUSE_certificate_bad, false },    { 113, HG_CAUSE_certificate_bad, false },
};

static const struct meaning *meaning_of(const struct meaning *list, unsigned int count, __u8 code)
{
	for (unsigned int i = 0; i < count; i++)
		if (list[i].code == code)
			return &list[i];
	return NULL;
}

#define MEANING_OF(list, code) meaning_of(list, sizeof(list) / sizeof((list)[0]), code)

/* ---- certificates ---- */

/*
 * What is wrong with the chain explains an alert that says only that something
 * is.  True if it does.
 */
static bool explained_by_findings(struct hg_case *c)
{
	static const struct {
		__u32 finding;
		enum hg_cause cause;
		enum hg_reason reason;
	} found[] = {
		{ HG_FINDING(expired), HG_CAUSE_certificate_expired,
		  HG_REASON_certificate_expired },
		{ HG_FINDING(not_yet_valid), HG_CAUSE_certificate_expired,
		  HG_REASON_certificate_not_yet_valid },
		{ HG_FINDING(name_mismatch), HG_CAUSE_certificate_name_mismatch,
		  HG_REASON_name_not_in_certificate },
		{ HG_FINDING(missing_intermediate), HG_CAUSE_certificate_unknown_ca,
		  HG_REASON_intermediate_missing },
		{ HG_FINDING(self_signed), HG_CAUSE_certificate_unknown_ca, HG_REASON_self_signed },
		{ HG_FINDING(weak_key), HG_CAUSE_certificate_bad, HG_REASON_weak_key },
		{ HG_FINDING(weak_digest), HG_CAUSE_certificate_bad, HG_REASON_weak_digest },
	};

	for (unsigned int i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		if (!(c->findings & found[i].finding))
			continue;
		hg_say_cause(c, found[i].cause, HG_SIDE_client, false);
		hg_say_reason(c, found[i].reason);
		return true;
	}
	return false;
}

static bool server_certificate_refused(struct hg_case *c, __u8 code)
{
	const struct meaning *m = MEANING_OF(of_certificate, code);

	if (!m)
		return false;
	/* 42 and 46 are what libraries send when they have no better word. */
	if ((code == 42 || code == 46) && explained_by_findings(c)) {
		hg_say_reason(c, code == 42 ? HG_REASON_alert_42 : HG_REASON_alert_46);
		return true;
	}
	hg_say_cause(c, (enum hg_cause)m->cause, HG_SIDE_client, m->observed);
	if (!m->observed)
		hg_say_reason(c, code == 46 ? HG_REASON_alert_46_only : HG_REASON_alert_in_clear);
	return true;
}

/* The client was asked for a certificate, and had none, or a bad one. */
static bool client_certificate_refused(struct hg_case *c, __u8 code)
{
	const struct hg_side_facts *client = &c->answer->side[HG_FROM_CLIENT];
	bool sent = client->messages & HG_MESSAGE(HG_HANDSHAKE_CERTIFICATE);
	bool named = code == 41 || code == 116;

	/* Behind an empty list libraries send what they like. */
	if (named || (sent && !client->certificate_list)) {
		hg_say_cause(c, HG_CAUSE_client_certificate_required, HG_SIDE_server, named);
		if (!named)
			hg_say_reason(c, HG_REASON_client_sent_no_certificate);
		return true;
	}
	if (!MEANING_OF(of_certificate, code) && !(sent && client->certificates && code == 40))
		return false;
	hg_say_cause(c, HG_CAUSE_client_certificate_rejected, HG_SIDE_server, sent && code != 40);
	if (!c->d->observed)
		hg_say_reason(c, code == 40 ? HG_REASON_alert_40_after_client_certificate
					    : HG_REASON_alert_in_clear);
	return true;
}

/* ---- alert 40, which says nothing ---- */

static bool handshake_failure(struct hg_case *c, enum hg_side side)
{
	if (side == HG_SIDE_client) {
		hg_say_cause(c, HG_CAUSE_illegal_parameter, side, false);
		if (c->answer->server.dh_bits && c->answer->server.dh_bits < 2048) {
			hg_say_cause(c, HG_CAUSE_no_shared_group, side, false);
			hg_say_reason(c, HG_REASON_small_dh_prime);
		}
		hg_say_reason(c, HG_REASON_alert_40);
		return true;
	}
	if (hg_cause_by_comparison(c)) {
		hg_say_reason(c, HG_REASON_alert_40);
		return true;
	}
	/* Behind a ServerHello both have agreed on a cipher. */
	hg_say_cause(c, c->answer->server.version ? HG_CAUSE_unknown : HG_CAUSE_no_shared_cipher,
		     side, false);
	hg_say_reason(c, HG_REASON_alert_40_only);
	return true;
}

/* A hello without a name, where one is needed. */
static bool missing_extension(struct hg_case *c)
{
	if (c->h->facts.hello.sni_state != HG_SNI_none)
		return false;
	hg_say_cause(c, HG_CAUSE_sni_missing, HG_SIDE_server, false);
	hg_say_reason(c, HG_REASON_alert_109);
	return true;
}

static bool cause_of(struct hg_case *c, __u8 code, enum hg_side side)
{
	const struct meaning *m = MEANING_OF(meanings, code);

	if (!code) /* close_notify: a close like any other */
		return false;
	if (side == HG_SIDE_client ? server_certificate_refused(c, code)
				   : client_certificate_refused(c, code))
		return true;
	if (code == 40)
		return handshake_failure(c, side);
	if (code == 109 && side == HG_SIDE_server && missing_extension(c))
		return true;
	hg_say_cause(c, m ? (enum hg_cause)m->cause : HG_CAUSE_unknown, side, m && m->observed);
	if (!c->d->observed)
		hg_say_reason(c, HG_REASON_alert_in_clear);
	return true;
}

/* The alert that ended it: the first fatal one; a warning only where nothing else was said. */
static bool alert_of(const struct hg_side_facts *side, struct hg_alert *alert)
{
	for (__u32 i = 0; i < side->alert_count; i++) {
		*alert = side->alerts[i];
		if (alert->level == 2)
			return true;
	}
	return side->alert_count;
}

/* Of two, a fatal one; of the same level, the one that came first. */
static bool server_ended_it(const struct hg_answer_facts *a, const struct hg_alert *of_client,
			    const struct hg_alert *of_server)
{
	if ((of_client->level == 2) != (of_server->level == 2))
		return of_server->level == 2;
	return a->side[HG_FROM_SERVER].at_us[HG_STAGE_ALERT] <=
	       a->side[HG_FROM_CLIENT].at_us[HG_STAGE_ALERT];
}

bool hg_cause_of_alert(struct hg_case *c)
{
	const struct hg_side_facts *client = &c->answer->side[HG_FROM_CLIENT];
	const struct hg_side_facts *server = &c->answer->side[HG_FROM_SERVER];
	struct hg_alert of_client, of_server;
	bool by_client = alert_of(client, &of_client), by_server = alert_of(server, &of_server);

	if (by_client && by_server)
		by_server = server_ended_it(c->answer, &of_client, &of_server);
	if (by_server)
		return cause_of(c, of_server.code, HG_SIDE_server);
	return by_client && cause_of(c, of_client.code, HG_SIDE_client);
}

/* ---- encrypted ---- */

/* The record that an empty Certificate makes: its header, an empty context and list. */
#define EMPTY_CERTIFICATE (4 + 1 + 3 + 1)

static bool client_sent_empty_certificate(const struct hg_answer_facts *a)
{
	__u32 tag = hg_tag_size(a->server.cipher);

	for (int i = 0; i < a->side[0].encrypted && i < HG_SIZES_MAX; i++)
		if (a->side[0].sizes[i] == EMPTY_CERTIFICATE + tag)
			return true;
	return false;
}

/* More than a Finished, in TLS 1.3: a certificate, and what proves it. */
static bool client_sent_certificate(const struct hg_answer_facts *a)
{
	return a->side[0].encrypted_bytes > 300;
}

static bool refused_by_server13(struct hg_case *c)
{
	const struct hg_answer_facts *a = c->answer;

	if (client_sent_empty_certificate(a)) {
		hg_say_cause(c, HG_CAUSE_client_certificate_required, HG_SIDE_server, false);
		hg_say_reason(c, HG_REASON_empty_certificate_sized_record);
	} else if (client_sent_certificate(a)) {
		hg_say_cause(c, HG_CAUSE_client_certificate_rejected, HG_SIDE_server, false);
		hg_say_reason(c, HG_REASON_certificate_sized_flight);
	} else {
		hg_say_cause(c, HG_CAUSE_decrypt_error, HG_SIDE_server, false);
	}
	hg_say_reason(c, HG_REASON_alert_sized_record);
	return true;
}

/* The client ends it behind the server's flight: it does not like the certificate. */
static bool refused_by_client13(struct hg_case *c)
{
	const struct hg_known *known = c->name ? c->name : c->server;

	if (known && known->findings) {
		c->findings = known->findings;
		if (explained_by_findings(c)) {
			hg_say_reason(c, HG_REASON_certificate_seen_before);
			hg_say_reason(c, HG_REASON_alert_sized_record);
			return true;
		}
	}
	hg_say_cause(c, HG_CAUSE_certificate_bad, HG_SIDE_client, false);
	hg_say_reason(c, HG_REASON_alert_sized_record);
	hg_say_reason(c, HG_REASON_after_server_flight);
	return true;
}

/* TLS <= 1.2, behind ChangeCipherSpec. */
static bool refused_behind_ccs(struct hg_case *c, enum hg_side side)
{
	const struct hg_side_facts *client = &c->answer->side[HG_FROM_CLIENT];

	if (side == HG_SIDE_server && client->certificates) {
		hg_say_cause(c, HG_CAUSE_client_certificate_rejected, side, false);
		hg_say_reason(c, HG_REASON_encrypted_alert_after_client_certificate);
	} else {
		hg_say_cause(c, HG_CAUSE_decrypt_error, side, false);
		hg_say_reason(c, HG_REASON_encrypted_alert);
	}
	return true;
}

bool hg_cause_of_encrypted_alert(struct hg_case *c)
{
	const struct hg_answer_facts *a = c->answer;

	if (hg_is_tls13(a->server.version)) {
		if (hg_side_has(a, 1, HG_SEEN_ALERT_SIZED))
			return refused_by_server13(c);
		if (hg_side_has(a, 0, HG_SEEN_ALERT_SIZED) && !hg_side_has(a, 0, HG_SEEN_FINISHED))
			return refused_by_client13(c);
		return false;
	}
	if (hg_side_has(a, 1, HG_SEEN_ENCRYPTED_ALERT))
		return refused_behind_ccs(c, HG_SIDE_server);
	if (hg_side_has(a, 0, HG_SEEN_ENCRYPTED_ALERT))
		return refused_behind_ccs(c, HG_SIDE_client);
	return false;
}
