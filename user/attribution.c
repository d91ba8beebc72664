/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attribution.c - who sent this RST?  A host's packets come by one way and from
 * one stack; a box between them has other ways and another stack.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "diagnosis.h"

__attribute__((format(printf, 3, 4))) static void
say_evidence(struct hg_case *c, enum hg_reason reason, const char *format, ...)
{
	struct hg_diagnosis *d = c->d;
	va_list args;

	hg_say_reason(c, reason);
	if (d->evidence_count >= HG_EVIDENCE_MAX)
		return;
	va_start(args, format);
	vsnprintf(d->evidence[d->evidence_count], sizeof(d->evidence[0]), format, args);
	va_end(args);
	d->evidence_count++;
}

/* One hop more or less may be a change of the route. */
static bool ttl_differs(struct hg_case *c, unsigned int side)
{
	const struct hg_path_facts *p = &c->answer->path;
	int off = (int)p->close_ttl - (int)p->ttl[side];

	if (!p->ttl[side] || abs(off) <= 1 || (side && c->server && c->server->ttl_varies))
		return false;
	say_evidence(c, HG_REASON_ttl_differs, "TTL %u, that of its packets before is %u",
		     p->close_ttl, p->ttl[side]);
	return true;
}

/* Sent sooner than an answer of the server can come. */
static bool too_soon(struct hg_case *c, unsigned int side)
{
	const struct hg_path_facts *p = &c->answer->path;

	if (!side || p->rtt_us < 2000 || p->server_packets || p->close_at_us * 4 > p->rtt_us)
		return false;
	say_evidence(c, HG_REASON_sooner_than_a_round_trip,
		     "%u us behind the hello, a round trip takes %u", p->close_at_us - 1,
		     p->rtt_us);
	return true;
}

/* A stack knows its own sequence numbers. */
static bool sequence_is_off(struct hg_case *c)
{
	const struct hg_path_facts *p = &c->answer->path;

	if (!p->close_seq)
		return false;
	say_evidence(c, HG_REASON_sequence_is_off, "sequence number %+d from what was due",
		     p->close_seq);
	return true;
}

bool hg_is_foreign_reset(struct hg_case *c)
{
	unsigned int side = c->h->facts.close_from == HG_SIDE_server ? HG_FROM_SERVER
								     : HG_FROM_CLIENT;
	bool foreign;

	if (c->h->facts.close_from != HG_SIDE_server && c->h->facts.close_from != HG_SIDE_client)
		return false;
	foreign = ttl_differs(c, side);
	foreign |= too_soon(c, side);
	if (foreign)
		sequence_is_off(c);
	return foreign;
}
