/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequence numbers of resets, exact as RFC 5961 wants them: towards each side
 * the byte that it waits for.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

static struct octets message, stream;

#define REST 0xffff
#define LEN 517 /* of the stream */

/* A segment of the client: bytes of the hello. */
struct piece {
	__u16 at, len;
};

/* What comes before the packet that is reset, and what that is. */
struct row {
	const char *what;
	struct piece pieces[6]; /* the last one makes the hello whole */
	__u32 server_sent;	/* bytes of the server before the last piece */
	__u32 acked;		/* of those, in the client's last piece */
	/* Relative to each side's first byte. */
	__u32 to_server, to_server_ack, to_client, to_client_ack;
};

#define P(at, len)                                                                                 \
	{                                                                                          \
		at, len                                                                            \
	}

/* clang-format off */
static const struct row rows[] = {
	{ "one segment", { P(0, REST) }, 0, 0, 0, 0, 0, LEN },
	{ "two segments", { P(0, 200), P(200, REST) }, 0, 0, 200, 0, 0, LEN },
	{ "two segments, reversed", { P(200, REST), P(0, 200) }, 0, 0, 0, 0, 0, 200 },
	{ "three, the middle one last", { P(0, 100), P(200, REST), P(100, 100) }, 0, 0, 100, 0, 0,
	  200 },
	{ "a retransmission that brings the rest", { P(0, 200), P(0, REST) }, 0, 0, 200, 0, 0,
	  LEN },
	{ "an overlapping retransmission", { P(0, 200), P(150, REST) }, 0, 0, 200, 0, 0, LEN },
	{ "six segments", { P(0, 10), P(10, 10), P(20, 10), P(30, 10), P(40, 10), P(50, REST) }, 0,
	  0, 50, 0, 0, LEN },
	{ "the server spoke first, acknowledged", { P(0, 200), P(200, REST) }, 80, 80, 200, 80, 80,
	  LEN },
	{ "the server spoke first, not yet acknowledged", { P(0, 200), P(200, REST) }, 80, 0, 200,
	  0, 80, LEN },
};
/* clang-format on */

static const __u32 isns[] = { 0x10000000, 0xffffffff, 0xffffff9b };

static enum gate_act play(struct talk *t, const struct row *row)
{
	static const __u8 banner[200];
	enum gate_act act = GATE_PASS;

	talk_syn(t);
	talk_synack(t);
	for (__u32 i = 0; i < 6 && row->pieces[i].len; i++) {
		const struct piece *p = &row->pieces[i];
		bool last = i == 5 || !row->pieces[i + 1].len;
		struct segment s = { .flags = TCP_PSH | TCP_ACK,
				     .seq = t->conn.isn + 1 + p->at,
				     .ack = t->conn.server_isn + 1 + (last ? row->acked : 0),
				     .data = stream.at + p->at,
				     .len = p->len == REST ? stream.len - p->at : p->len };

		if (last && row->server_sent)
			talk_server(t, 0, banner, row->server_sent);
		act = talk_segment(t, &s);
		if (!last)
			check_u64("act before the last piece", act, GATE_PASS);
	}
	return act;
}

static bool numbers(const struct talk *t, const struct talk_reset *r, const struct row *row)
{
	__u32 client = t->conn.isn + 1, server = t->conn.server_isn + 1;
	bool ok = check_u64("a reset goes along", r->along, true);

	ok &= check_u64("a reset goes back", r->back, true);
	ok &= check_u64("to the server: seq", r->seq_along - client, row->to_server);
	ok &= check_u64("to the server: ack", r->ack_along - server, row->to_server_ack);
	ok &= check_u64("to the client: seq", r->seq_back - server, row->to_client);
	return ok & check_u64("to the client: ack", r->ack_back - client, row->to_client_ack);
}

static void police(struct gate *g, __u8 to)
{
	struct gate_policy p = {
		.header = { .revision = 1, .mode = HG_MODE_enforce },
		.rules = { { .action = HG_ACTION_reset, .mode = HG_MODE_enforce, .to = to } },
		.rule_count = 1
	};

	gate_police(g, &p);
}

static bool one(struct gate *g, enum gate_hook hook, const struct row *row, __u32 isn, bool ipv6)
{
	static struct talk t;
	struct conn conn = { .isn = isn,
			     .ipv6 = ipv6,
			     .client = { 0x20, 1, [15] = 1 },
			     .server = { 0x20, 1, [15] = 2 } };
	struct talk_reset r;
	bool ok;

	talk_begin(&t, g, hook, &conn);
	r = talk_reset(&t, play(&t, row));
	ok = numbers(&t, &r, row);
	ok &= talk_saw_end(&t, HG_CLOSE_our_reset, HG_SIDE_self,
			   row->pieces[1].len ? HG_BUCKET_reassembled : HG_BUCKET_single_segment,
			   HG_OUTCOME_reset);
	if (!ok)
		tap_diag("with an initial sequence number of %#x, IPv%d", isn, ipv6 ? 6 : 4);
	return ok & gate_balanced(g) & gate_clear(g);
}

/* ---- later packets of a flow that is ours ---- */

static bool later(struct gate *g, enum gate_hook hook)
{
	static const __u8 data[100];
	static struct talk t;
	struct talk_reset r;
	__u32 client, server;
	bool ok;

	talk_begin(&t, g, hook, NULL);
	client = t.conn.isn + 1;
	server = t.conn.server_isn + 1;
	talk_syn(&t);
	talk_client(&t, 0, stream.at, stream.len);
	talk_reset(&t, GATE_PASS);
	/* The server never got the hello; what it sends says what it waits for. */
	r = talk_reset(&t, talk_server(&t, 0, data, sizeof(data)));
	ok = check_u64("server data: to the client", r.seq_along - server, 0);
	ok &= check_u64("server data: to the server", r.seq_back - client, 0);
	r = talk_reset(&t, talk_server_flags(&t, TCP_ACK, 0));
	ok &= check_u64("server ACK: to the server", r.seq_back - client, 0);
	r = talk_reset(&t, talk_client(&t, 0, stream.at, stream.len));
	ok &= check_u64("hello again: to the server", r.seq_along - client, 0);
	r = talk_reset(&t, talk_client(&t, stream.len, data, sizeof(data)));
	ok &= check_u64("more of the client: to the server", r.seq_along - client, 0);
	ok &= check_u64("more of the client: to the client", r.seq_back - server, 0);
	return ok & gate_balanced(g) & gate_clear(g);
}

/* ---- one side only ---- */

static bool one_side(struct gate *g, enum gate_hook hook, __u8 to)
{
	static struct talk t;
	struct talk_reset r;
	bool ok;

	police(g, to);
	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	r = talk_reset(&t, talk_client(&t, 0, stream.at, stream.len));
	ok = check_u64("to the server", r.along, (to & HG_TO_server) != 0);
	ok &= check_u64("to the client", r.back, (to & HG_TO_client) != 0);
	return ok & gate_balanced(g) & gate_clear(g);
}

int main(void)
{
	static struct gate g;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	gate_open(&g, NULL);
	gate_echo_open();
	police(&g, HG_TO_both);
	FOR_HOOKS(hook) {
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			bool ok = true;

			for (size_t n = 0; n < COUNT_OF(isns); n++)
				ok &= one(&g, hook, &rows[i], isns[n], n & 1);
			tap_ok(ok, "%s: %s", gate_hook_name[hook], rows[i].what);
		}
		tap_ok(later(&g, hook), "%s: later packets", gate_hook_name[hook]);
	}
	FOR_HOOKS(hook) {
		tap_ok(one_side(&g, hook, HG_TO_client), "%s: the client only",
		       gate_hook_name[hook]);
		tap_ok(one_side(&g, hook, HG_TO_server), "%s: the server only",
		       gate_hook_name[hook]);
	}
	gate_close(&g);
	return tap_done();
}
