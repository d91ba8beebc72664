/* SPDX-License-Identifier: BSD-2-Clause */
#include "eve_answer.h"

#include <string.h>

#include "answer.h"
#include "terms.h"

/* The length of a literal key is known when compiling. */
#define KEY(j, key) hg_json_key_n(j, key, sizeof(key) - 1)

static void put_nonzero(struct hg_json *j, const char *key, __u32 value)
{
	if (value)
		hg_json_put_uint(j, key, value);
}

static void put_alpn(struct hg_json *j, const struct hg_server_facts *server)
{
	if (!server->alpn_len)
		return;
	KEY(j, "alpn");
	hg_json_bytes(j, server->alpn,
		      server->alpn_len < HG_ALPN_SHOWN ? server->alpn_len : HG_ALPN_SHOWN);
}

static void put_server(struct hg_json *j, const struct hg_answer_facts *a)
{
	const struct hg_server_facts *server = &a->server;
	const char *key_exchange = hg_key_exchange_text(a);

	if (!server->version)
		return;
	KEY(j, "server");
	hg_json_object(j);
	hg_json_put_uint(j, "version", server->version);
	hg_json_put_uint(j, "cipher", server->cipher);
	put_nonzero(j, "group", server->group);
	put_alpn(j, server);
	hg_json_put_bool(j, "resumed", hg_is_resumed(a));
	hg_json_put_bool(j, "hello_retry", server->features & HG_SERVER_HELLO_RETRY);
	put_nonzero(j, "retry_group", server->retry_group);
	if (key_exchange)
		hg_json_put_term(j, "key_exchange", key_exchange);
	put_nonzero(j, "dh_bits", server->dh_bits);
	hg_json_put_uint(j, "compression", server->compression);
	hg_json_object_end(j);
}

static void put_name(struct hg_json *j, const struct hg_privacy *p, const char *name)
{
	if (hg_names_are_shown(p) && hg_addresses_are_shown(p))
		hg_json_string(j, name);
	else
		hg_privacy_put_name(j, p, name, strlen(name));
}

static void put_names(struct hg_json *j, const struct hg_certificate *c, const struct hg_privacy *p)
{
	const char *name = c->names;

	KEY(j, "names");
	hg_json_array(j);
	for (__u32 i = 0; i < c->name_count; i++, name += strlen(name) + 1)
		put_name(j, p, name);
	hg_json_array_end(j);
	if (c->name_total > c->name_count)
		hg_json_put_uint(j, "names_total", c->name_total);
}

static void put_text(struct hg_json *j, const char *key, const char *text)
{
	if (*text)
		hg_json_put_string(j, key, text);
}

static void put_subject(struct hg_json *j, const struct hg_privacy *p, const char *key,
			const char *subject)
{
	if (!*subject)
		return;
	hg_json_key(j, key);
	hg_privacy_put_subject(j, p, subject);
}

static void put_leaf(struct hg_json *j, const struct hg_certificate *c, const struct hg_privacy *p)
{
	KEY(j, "leaf");
	hg_json_object(j);
	put_subject(j, p, "subject", c->subject);
	put_subject(j, p, "issuer", c->issuer);
	put_text(j, "not_before", c->not_before);
	put_text(j, "not_after", c->not_after);
	put_names(j, c, p);
	put_text(j, "key", c->key);
	put_nonzero(j, "key_bits", c->key_bits);
	put_text(j, "digest", c->digest);
	if (hg_names_are_shown(p)) /* by it, public logs tell the certificate */
		put_text(j, "sha256", c->sha256);
	hg_json_object_end(j);
}

static void put_findings(struct hg_json *j, __u32 findings)
{
	KEY(j, "findings");
	hg_json_array(j);
	for (; findings; findings &= findings - 1) {
		const char *text = hg_finding_text((unsigned int)__builtin_ctz(findings));

		hg_json_plain(j, text, strlen(text));
	}
	hg_json_array_end(j);
}

static void put_certificate(struct hg_json *j, const char *key, const struct hg_side_facts *side,
			    const struct hg_certificates *c, const struct hg_privacy *p)
{
	if (!side->certificate_bytes)
		return;
	hg_json_key(j, key);
	hg_json_object(j);
	hg_json_put_uint(j, "message_bytes", side->certificate_bytes);
	hg_json_put_uint(j, "list_bytes", side->certificate_list);
	if (side->certificates || !side->certificate_list) /* else it did not come whole */
		hg_json_put_uint(j, "count", side->certificates);
	if (c) {
		hg_json_put_bool(j, "root_included", c->findings & HG_FINDING(root_included));
		if (c->leaf_parsed)
			put_leaf(j, &c->leaf, p);
		put_findings(j, c->findings);
	}
	hg_json_object_end(j);
}

static void put_alerts_of(struct hg_json *j, const struct hg_answer_facts *a, __u32 side)
{
	const struct hg_side_facts *facts = &a->side[side];

	for (__u32 i = 0; i < facts->alert_count; i++) {
		hg_json_object(j);
		hg_json_put_term(j, "level", hg_alert_level_text(facts->alerts[i].level));
		hg_json_put_uint(j, "code", facts->alerts[i].code);
		hg_json_put_term(j, "name", hg_alert_text(facts->alerts[i].code));
		hg_json_put_term(j, "from", hg_side_text(side ? HG_SIDE_server : HG_SIDE_client));
		hg_json_object_end(j);
	}
}

/* In the order in which the sides began to complain. */
static void put_alerts(struct hg_json *j, const struct hg_answer_facts *a)
{
	bool server_first = a->side[1].alert_count &&
			    a->side[1].at_us[HG_STAGE_ALERT] < a->side[0].at_us[HG_STAGE_ALERT];

	if (!a->side[0].alert_count && !a->side[1].alert_count)
		return;
	KEY(j, "alerts");
	hg_json_array(j);
	put_alerts_of(j, a, server_first);
	put_alerts_of(j, a, !server_first);
	hg_json_array_end(j);
}

/* A stage is kept as microseconds and one, so that 0 is "not seen". */
static void put_stage(struct hg_json *j, const char *key, __u32 at_us)
{
	if (at_us)
		hg_json_put_uint(j, key, at_us - 1);
}

static void put_times(struct hg_json *j, const struct hg_answer_facts *a)
{
	const __u32 *client = a->side[0].at_us, *server = a->side[1].at_us;

	if (!client[HG_STAGE_FIRST] && !server[HG_STAGE_FIRST])
		return;
	KEY(j, "times");
	hg_json_object(j);
	put_stage(j, "server_first", server[HG_STAGE_FIRST]);
	put_stage(j, "certificate", server[HG_STAGE_CERTIFICATE]);
	put_stage(j, "server_done", server[HG_STAGE_DONE]);
	put_stage(j, "client_first", client[HG_STAGE_FIRST]);
	put_stage(j, "client_certificate", client[HG_STAGE_CERTIFICATE]);
	put_stage(j, "client_finished", client[HG_STAGE_FINISHED]);
	put_stage(j, "server_finished", server[HG_STAGE_FINISHED]);
	put_stage(j, "client_alert", client[HG_STAGE_ALERT]);
	put_stage(j, "server_alert", server[HG_STAGE_ALERT]);
	put_stage(j, "server_data", server[HG_STAGE_DATA]);
	put_stage(j, "close", a->path.close_at_us);
	hg_json_object_end(j);
}

static const struct hg_certificates *certificates_of(const struct hg_examined *x, __u32 side)
{
	return x->has_certificates[side] ? &x->certificates[side] : NULL;
}

/* Suricata's dates are of 19 characters, without a zone. */
static void put_date(struct hg_json *j, const char *key, const char *date)
{
	if (strlen(date) < 19)
		return;
	hg_json_key(j, key);
	hg_json_string_n(j, date, 19);
}

/* In Suricata's own words, inside its object. */
void hg_eve_put_server(struct hg_json *j, const struct hg_handshake *h, const struct hg_examined *x,
		       const struct hg_privacy *privacy)
{
	const struct hg_certificates *c = certificates_of(x, HG_FROM_SERVER);
	const struct hg_answer_facts *a = &h->answer;

	if (a->server.version)
		hg_json_put_string(j, "version", hg_tls_version_name(a->server.version));
	if (a->server.version && hg_is_resumed(a))
		hg_json_put_bool(j, "session_resumed", true);
	if (!c || !c->leaf_parsed)
		return;
	hg_json_key(j, "subject");
	hg_privacy_put_subject(j, privacy, c->leaf.subject);
	hg_json_key(j, "issuerdn");
	hg_privacy_put_subject(j, privacy, c->leaf.issuer);
	if (hg_names_are_shown(privacy)) {
		hg_json_put_string(j, "serial", c->leaf.serial);
		put_text(j, "fingerprint", c->leaf.sha1);
	}
	put_date(j, "notbefore", c->leaf.not_before);
	put_date(j, "notafter", c->leaf.not_after);
}

void hg_eve_put_answer(struct hg_json *j, const struct hg_handshake *h, const struct hg_examined *x,
		       const struct hg_privacy *privacy)
{
	const struct hg_answer_facts *a = &h->answer;

	put_server(j, a);
	put_certificate(j, "certificate", &a->side[HG_FROM_SERVER],
			certificates_of(x, HG_FROM_SERVER), privacy);
	put_certificate(j, "client_certificate", &a->side[HG_FROM_CLIENT],
			certificates_of(x, HG_FROM_CLIENT), privacy);
	put_alerts(j, a);
	put_times(j, a);
}

static const char *sure(bool observed)
{
	return observed ? "observed" : "inferred";
}

void hg_eve_put_diagnosis(struct hg_json *j, const struct hg_diagnosis *d)
{
	hg_json_put_term(j, "outcome", hg_outcome_text(d->outcome));
	if (d->outcome != HG_OUTCOME_unknown)
		hg_json_put_term(j, "outcome_confidence", sure(d->outcome_observed));
	if (d->cause == HG_CAUSE_none)
		return;
	hg_json_put_term(j, "cause", hg_cause_text(d->cause));
	hg_json_put_term(j, "side", hg_side_text(d->side));
	hg_json_put_term(j, "confidence", sure(d->observed));
	if (!d->reason_count)
		return;
	KEY(j, "reasons");
	hg_json_array(j);
	for (unsigned int i = 0; i < d->reason_count; i++)
		hg_json_plain(j, hg_reason_text(d->reasons[i]),
			      strlen(hg_reason_text(d->reasons[i])));
	hg_json_array_end(j);
}

void hg_eve_put_evidence(struct hg_json *j, const struct hg_diagnosis *d)
{
	if (!d->evidence_count)
		return;
	KEY(j, "evidence");
	hg_json_array(j);
	for (unsigned int i = 0; i < d->evidence_count; i++)
		hg_json_string(j, d->evidence[i]);
	hg_json_array_end(j);
}
