/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cause_attempt.c - why a connection failed before its hello.
 */
#include "diagnosis.h"

void hg_cause_of_attempt(struct hg_case *c)
{
	const struct hg_event *facts = &c->h->facts;
	bool foreign;

	c->d->outcome_observed = true;
	if (facts->close == HG_CLOSE_none) {
		hg_say_cause(c, HG_CAUSE_tcp_no_answer, HG_SIDE_path, false);
		hg_say_reason(c, HG_REASON_syn_unanswered);
		return;
	}
	foreign = hg_is_foreign_reset(c);
	hg_say_cause(c,
		     facts->bucket == HG_BUCKET_tcp_refused ? HG_CAUSE_tcp_refused
							    : HG_CAUSE_tcp_reset_before_hello,
		     foreign ? HG_SIDE_path : (enum hg_side)facts->close_from, !foreign);
}
