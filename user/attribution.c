/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attribution.c - who sent this RST?  A host's packets come by one way and from
 * one stack; a box between them has other ways and another stack.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "diagnosis.h"

#define IP_ID_STEP 256 /* packets to others that a host may send meanwhile */

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

/* In this connection; of a server that sent nothing else in it, in earlier ones. */
static unsigned int usual_ttl(const struct hg_case *c, unsigned int side)
{
	if (c->h->attempt && side && !c->answer->path.ttl[side] && c->server)
		return c->server->ttl;
	return c->answer->path.ttl[side];
}

/* One hop more or less may be a change of the route. */
static bool ttl_differs(struct hg_case *c, unsigned int side)
{
	const struct hg_path_facts *p = &c->answer->path;
	unsigned int usual = usual_ttl(c, side);

	if (!usual || abs((int)p->close_ttl - (int)usual) <= 1 ||
	    (side && c->server && c->server->ttl_varies))
		return false;
	say_evidence(c, HG_REASON_ttl_differs, "TTL %u, that of its packets before is %u",
		     p->close_ttl, usual);
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

/*
 * A stack counts its packets' IP-IDs, or leaves them 0; and it closes with the window
 * that it had, or with none.  Others do so, too: these only back up what is sure.
 */
static void stack_is_off(struct hg_case *c, unsigned int side)
{
	const struct hg_path_facts *p = &c->answer->path;
	__u16 ahead = (__u16)(p->close_ip_id - p->ip_id[side]);

	if (p->ip_id[side] && p->close_ip_id && ahead > IP_ID_STEP)
		say_evidence(c, HG_REASON_ip_id_is_off, "IP-ID %u, that of its last packet is %u",
			     p->close_ip_id, p->ip_id[side]);
	if (p->close_window && p->window[side] && p->close_window != p->window[side])
		say_evidence(c, HG_REASON_window_is_off, "window %u, that of its last packet is %u",
			     p->close_window, p->window[side]);
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
	if (!foreign)
		return false;
	sequence_is_off(c);
	stack_is_off(c, side);
	return true;
}
