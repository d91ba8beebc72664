/* SPDX-License-Identifier: BSD-2-Clause */
#include "diagnosis.h"

#include <string.h>

#include "../include/outcome.h"

void hg_say_cause(struct hg_case *c, enum hg_cause cause, enum hg_side side, bool observed)
{
	c->d->cause = cause;
	c->d->side = side;
	c->d->observed = observed;
}

void hg_say_reason(struct hg_case *c, enum hg_reason reason)
{
	if (c->d->reason_count < HG_REASONS_MAX)
		c->d->reasons[c->d->reason_count++] = reason;
}

/* Our own deeds are known for certain. */
static bool by_us(struct hg_case *c)
{
	if (c->d->outcome == HG_OUTCOME_reset)
		hg_say_cause(c, HG_CAUSE_policy_reset, HG_SIDE_self, true);
	else if (c->d->outcome == HG_OUTCOME_dropped)
		hg_say_cause(c, HG_CAUSE_policy_drop, HG_SIDE_self, true);
	else
		return false;
	c->d->outcome_observed = true;
	return true;
}

/* The hello itself did not come whole. */
static bool hello_missing(struct hg_case *c)
{
	const struct hg_path_facts *path = &c->answer->path;
	const struct hg_event *facts = &c->h->facts;

	if (facts->hello.bytes ||
	    (facts->bucket != HG_BUCKET_truncated && facts->bucket != HG_BUCKET_evicted))
		return false;
	/* A hello that needs a second segment, of which nothing came. */
	if (path->hello_need > 1200 && path->hello_have < path->hello_need) {
		hg_say_cause(c, HG_CAUSE_large_hello_stalled, HG_SIDE_path, false);
		hg_say_reason(c, HG_REASON_rest_of_hello_missing);
		if (facts->close == HG_CLOSE_rst)
			hg_say_reason(c, HG_REASON_reset_after_first_segment);
		return true;
	}
	hg_say_cause(c, HG_CAUSE_hello_incomplete, HG_SIDE_client, true);
	return true;
}

/* The first bytes of the server are no record. */
static bool answer_is_no_tls(struct hg_case *c)
{
	if (!(c->answer->side[HG_FROM_SERVER].seen & HG_SEEN_NOT_TLS))
		return false;
	hg_say_cause(c, HG_CAUSE_not_tls, HG_SIDE_server, true);
	return true;
}

/* A version is chosen in clear; of TLS 1.3 the rest is told by sizes. */
static bool outcome_is_observed(const struct hg_case *c)
{
	const struct hg_answer_facts *a = c->answer;

	if (c->d->outcome == HG_OUTCOME_established)
		return !hg_is_tls13(a->server.version) && hg_side_has(a, 0, HG_SEEN_FINISHED) &&
		       hg_side_has(a, 1, HG_SEEN_FINISHED);
	if (c->d->outcome != HG_OUTCOME_failed)
		return false;
	return !hg_is_tls13(a->server.version) || a->side[0].alert_count || a->side[1].alert_count;
}

static void find_cause(struct hg_case *c)
{
	if (hello_missing(c) || answer_is_no_tls(c) || hg_cause_of_alert(c) ||
	    hg_cause_of_encrypted_alert(c))
		return;
	hg_cause_of_close(c);
}

void hg_diagnose(struct hg_knowledge *k, const struct hg_handshake *h, __u32 findings,
		 struct hg_diagnosis *d)
{
	struct hg_case c = { .h = h, .answer = &h->answer, .findings = findings, .d = d };

	memset(d, 0, sizeof(*d));
	d->outcome = h->lost ? HG_OUTCOME_unknown : (enum hg_outcome)h->facts.outcome;
	if (by_us(&c))
		return;
	c.name = hg_known_of_name(k, h);
	c.server = hg_known_of_server(k, h);
	if (c.name)
		d->name = *c.name;
	if (c.server)
		d->server = *c.server;
	if (h->attempt) {
		hg_cause_of_attempt(&c);
		return;
	}
	d->outcome_observed = outcome_is_observed(&c);
	if (d->outcome == HG_OUTCOME_failed)
		find_cause(&c);
}
