/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of a flow that was reset: who was told and still sends two seconds
 * later lives on; who does not has died.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

static struct octets stream;

/* What one side does, so long after the first reset. */
struct deed {
	const char *what;
	__u64 after;
	enum hg_direction from;
	__u8 flags;
	bool data;
};

struct row {
	const char *what;
	enum hg_to to;
	struct deed deeds[3]; /* in the order of time; no `what` ends */
	__u64 died, survived; /* flows */
	enum hg_side side;    /* who lives on */
};

#define GRACE SECONDS(2)
#define CLIENT(what, after, flags)                                                                 \
	{                                                                                          \
		what, after, HG_FROM_CLIENT, flags, false                                          \
	}
#define SERVER(what, after, flags)                                                                 \
	{                                                                                          \
		what, after, HG_FROM_SERVER, flags, false                                          \
	}
#define HELLO(what, after)                                                                         \
	{                                                                                          \
		what, after, HG_FROM_CLIENT, 0, true                                               \
	}
#define BOTH HG_TO_both

static const struct row rows[] = {
	{ "silence", BOTH, { { 0 } }, 1, 0, 0 },
	{ "the hello again at once", BOTH, { HELLO("hello", 1000) }, 1, 0, 0 },
	{ "the hello again when the grace ends", BOTH, { HELLO("hello", GRACE) }, 1, 0, 0 },
	{ "the hello again behind the grace",
	  BOTH,
	  { HELLO("hello", GRACE + 1) },
	  0,
	  1,
	  HG_SIDE_client },
	{ "again and again", /* told once */
	  BOTH,
	  { HELLO("hello", 200000000), HELLO("hello", SECONDS(3)), HELLO("hello", SECONDS(7)) },
	  0,
	  1,
	  HG_SIDE_client },
	{ "a FIN of the client",
	  BOTH,
	  { CLIENT("FIN", SECONDS(4), TCP_ACK | TCP_FIN) },
	  0,
	  1,
	  HG_SIDE_client },
	{ "a RST of the client", BOTH, { CLIENT("RST", SECONDS(4), TCP_RST | TCP_ACK) }, 1, 0, 0 },
	{ "a keep-alive of the server",
	  BOTH,
	  { SERVER("ACK", SECONDS(9), TCP_ACK) },
	  0,
	  1,
	  HG_SIDE_server },
	{ "a RST of the server", BOTH, { SERVER("RST", SECONDS(4), TCP_RST) }, 1, 0, 0 },
	{ "the client was not told", HG_TO_server, { HELLO("hello", SECONDS(3)) }, 1, 0, 0 },
	{ "the server was told",
	  HG_TO_server,
	  { HELLO("hello", SECONDS(3)), SERVER("ACK", SECONDS(5), TCP_ACK) },
	  0,
	  1,
	  HG_SIDE_server },
	{ "the server was not told",
	  HG_TO_client,
	  { SERVER("ACK", SECONDS(3), TCP_ACK) },
	  1,
	  0,
	  0 },
	{ "the client was told",
	  HG_TO_client,
	  { HELLO("hello", SECONDS(3)) },
	  0,
	  1,
	  HG_SIDE_client },
};

static void police(struct gate *g, __u8 action, __u8 to)
{
	struct gate_policy p = {
		.header = { .revision = 1, .mode = HG_MODE_enforce },
		.rules = { { .action = action, .mode = HG_MODE_enforce, .to = to, .stats = 1 } },
		.rule_count = 1,
	};

	gate_police(g, &p);
}

static void begin(struct talk *t, struct gate *g, enum gate_hook hook)
{
	talk_begin(t, g, hook, NULL);
	talk_syn(t);
	talk_synack(t);
}

/* At TC a packet that is no reset for who it was going to goes nowhere. */
static enum gate_act reset_at(enum gate_hook hook, enum hg_direction from, enum hg_to to)
{
	enum hg_to along = from == HG_FROM_CLIENT ? HG_TO_server : HG_TO_client;

	return hook >= GATE_INGRESS && !(to & along) ? GATE_DROP : GATE_RESET;
}

static bool act(struct talk *t, const struct deed *d, enum hg_to to)
{
	enum gate_hook hook = d->from == HG_FROM_CLIENT ? t->hook : talk_other_hook(t->hook);
	enum gate_act wanted = d->flags & TCP_RST ? GATE_PASS : reset_at(hook, d->from, to), got;

	if (d->data)
		got = talk_client(t, 0, stream.at, stream.len);
	else if (d->from == HG_FROM_CLIENT)
		got = talk_client_flags(t, d->flags, stream.len);
	else
		got = talk_server_flags(t, d->flags, 0);
	return check_u64(d->what, got, wanted);
}

static bool told(struct talk *t, const struct row *row)
{
	const struct gate_event *e = NULL;
	bool ok = check_u64("events", talk_count(t, HG_EVENT_SURVIVED, &e), row->survived);

	if (!row->survived || !e)
		return ok;
	ok &= check_u64("close", e->head.close, HG_CLOSE_our_reset);
	return ok & check_u64("side", e->head.close_from, row->side);
}

static bool counted(struct gate *g, __u8 to, __u64 died, __u64 survived)
{
	const __u64 *deaths, *lives;
	struct hg_counters c;
	bool ok = true;

	gate_counters(g, &c);
	deaths = (const __u64 *)&c.resets_died;
	lives = (const __u64 *)&c.resets_survived;
	for (__u32 i = 0; i < HG_TO_COUNT; i++) {
		ok &= check_u64("died", deaths[i], i == to ? died : 0);
		ok &= check_u64("survived", lives[i], i == to ? survived : 0);
	}
	return ok;
}

static void try_row(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static struct talk t;
	__u64 now = 0;
	bool ok;

	police(g, HG_ACTION_reset, row->to);
	begin(&t, g, hook);
	ok = check_u64("the hello", talk_client(&t, 0, stream.at, stream.len),
		       reset_at(hook, HG_FROM_CLIENT, row->to));
	for (const struct deed *d = row->deeds; d < row->deeds + 3 && d->what; d++) {
		gate_wait(g, d->after - now);
		now = d->after;
		gate_sweep(g);
		ok &= act(&t, d, row->to);
	}
	ok &= counted(g, row->to, 0, row->survived);
	gate_wait(g, SECONDS(10));
	gate_sweep(g);
	gate_events(g);
	ok &= told(&t, row) & counted(g, row->to, row->died, row->survived);
	tap_ok(ok & gate_over(g), "%s: %s", gate_hook_name[hook], row->what);
}

/* Neither is known of a drop, and of a flow whose connection begins anew. */
static void unknown(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	bool ok;

	police(g, HG_ACTION_drop, HG_TO_none);
	begin(&t, g, hook);
	talk_client(&t, 0, stream.at, stream.len);
	gate_wait(g, SECONDS(5));
	ok = check_u64("again", talk_client(&t, 0, stream.at, stream.len), GATE_DROP);
	gate_wait(g, SECONDS(400));
	gate_sweep(g);
	ok &= counted(g, HG_TO_both, 0, 0);
	tap_ok(ok & gate_over(g), "%s: dropped", gate_hook_name[hook]);
}

/* The client tries again from its port, long after: a flow of its own, reset again. */
static void tries_again(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	struct conn conn;
	bool ok;

	police(g, HG_ACTION_reset, BOTH);
	begin(&t, g, hook);
	conn = t.conn;
	ok = check_u64("the first", talk_client(&t, 0, stream.at, stream.len), GATE_RESET);
	gate_wait(g, SECONDS(5));
	conn.isn += 0x01000000;
	talk_begin(&t, g, hook, &conn);
	talk_syn(&t);
	talk_synack(&t);
	ok &= check_u64("the second", talk_client(&t, 0, stream.at, stream.len), GATE_RESET);
	ok &= counted(g, BOTH, 0, 0);
	gate_wait(g, SECONDS(11));
	gate_sweep(g);
	ok &= counted(g, BOTH, 1, 0); /* of the first it is not known */
	tap_ok(ok & gate_over(g), "%s: a client that tries again", gate_hook_name[hook]);
}

int main(void)
{
	static struct octets message;
	static struct gate g;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			try_row(&g, hook, &rows[i]);
		unknown(&g, hook);
		tries_again(&g, hook);
	}
	gate_close(&g);
	return tap_done();
}
