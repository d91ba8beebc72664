/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Full tables and a full ring: each refusal is counted, no flow is lost from
 * the books, and there is room again when others end.  The pool: pool.c.
 */
#include <bpf/bpf.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

static struct octets message, stream;

#define MANY 20
#define ROOM 8

static void begin(struct talk *t, struct gate *g, enum gate_hook hook, __u32 offset, __u32 len)
{
	talk_begin(t, g, hook, NULL);
	talk_syn(t);
	talk_client(t, offset, stream.at + offset, len);
}

/* Whole hellos until the flow table is full. */
static void flow_table(struct gate *g, enum gate_hook hook)
{
	static struct talk t[MANY];
	const struct gate_event *e = NULL;
	__u32 hellos = 0, ends = 0;
	bool ok;

	for (int i = 0; i < MANY; i++) {
		begin(&t[i], g, hook, 0, stream.len);
		hellos += talk_count(&t[i], HG_EVENT_HELLO, &e);
		ends += talk_count(&t[i], HG_EVENT_END, &e);
	}
	ok = check_u64("hellos read", hellos, MANY);
	ok &= check_u64("ended", ends, MANY - ROOM);
	ok &= gate_refused(g, HG_REFUSAL_flow_table_full, MANY - ROOM) &
	      gate_evicted(g, MANY - ROOM);
	ok &= check_u64("active", gate_active(g), ROOM) & gate_balanced(g);
	talk_client_ends(&t[0], stream.len);
	gate_wait(g, SECONDS(2)); /* what is over lingers for a second */
	gate_sweep(g);
	begin(&t[0], g, hook, 0, stream.len);
	ok &= gate_refused(g, HG_REFUSAL_flow_table_full, MANY - ROOM);
	tap_ok(ok & gate_balanced(g) & gate_clear(g), "%s: flow table of %u, whole hellos",
	       gate_hook_name[hook], ROOM);
	for (int i = 0; i < MANY; i++)
		begin(&t[i], g, hook, i & 1 ? 200 : 0, 200);
	ok = gate_refused(g, HG_REFUSAL_flow_table_full, MANY - ROOM) &
	     gate_evicted(g, MANY - ROOM);
	tap_ok(ok & gate_balanced(g) & gate_clear(g), "%s: flow table of %u, half hellos",
	       gate_hook_name[hook], ROOM);
}

static void refused_reset(struct gate *g, enum gate_hook hook)
{
	static struct talk t[MANY];
	struct gate_policy p = { .header = { .revision = 1,
					     .mode = HG_MODE_enforce,
					     .default_action = HG_ACTION_reset } };
	enum gate_act wanted = GATE_RESET;
	bool ok = true;

	gate_police(g, &p);
	for (int i = 0; i < MANY; i++) {
		talk_begin(&t[i], g, hook, NULL);
		talk_syn(&t[i]);
		ok &= check_u64("act", talk_client(&t[i], 0, stream.at, stream.len), wanted);
	}
	tap_ok(ok & gate_over(g), "%s: a full flow table does not keep a reset from happening",
	       gate_hook_name[hook]);
}

static void name_table(struct gate *g, enum gate_hook hook)
{
	static struct octets other_message, other_stream;
	static struct talk t;
	bool ok;

	for (int i = 0; i < MANY; i++) {
		char name[32];
		struct hello_spec spec = { .sni = name };

		snprintf(name, sizeof(name), "n%d.example", i);
		hello_build(&other_message, &spec);
		record_whole(&other_stream, &other_message);
		talk_begin(&t, g, hook, NULL);
		talk_syn(&t);
		talk_client(&t, 0, other_stream.at, other_stream.len);
		talk_client_ends(&t, other_stream.len);
	}
	ok = gate_refused(g, HG_REFUSAL_server_name_table_full, MANY - ROOM);
	tap_ok(ok & gate_balanced(g) & gate_clear(g), "%s: name table of %u", gate_hook_name[hook],
	       ROOM);
}

/* Nobody reads the ring: events are lost, and said to be. */
static void ring(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	struct hg_counters c;
	__u32 read;
	bool ok;

	for (int i = 0; i < 40; i++) {
		talk_begin(&t, g, hook, NULL);
		talk_syn(&t);
		talk_client(&t, 0, stream.at, stream.len);
		talk_client_ends(&t, stream.len);
	}
	gate_counters(g, &c);
	read = gate_events(g);
	ok = check_u64("events read", read, c.events);
	ok &= check_u64("read and lost", c.events + c.events_lost, 80);
	ok &= check_u64("some are lost", c.events_lost > 0, 1);
	ok &= check_u64("hellos are counted all the same", c.hellos_tcp.tls1_3, 40);
	tap_ok(ok & gate_balanced(g) & gate_clear(g), "%s: a full ring: %u read, %llu lost",
	       gate_hook_name[hook], read, (unsigned long long)c.events_lost);
}

/* An urgent pointer beyond its own segment, with data and without. */
static void urgent_ahead(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	struct segment s = { .flags = TCP_ACK | TCP_URG };
	bool ok;

	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	talk_synack(&t);
	s.seq = t.conn.isn + 1;
	s.ack = t.conn.server_isn + 1;
	talk_segment(&t, &s); /* Linux takes 0 for the first byte behind it */
	s.urgent = 300;
	talk_segment(&t, &s);
	s.data = stream.at;
	s.len = 299;
	talk_segment(&t, &s);
	ok = gate_refused(g, HG_REFUSAL_urgent_ahead, 3);
	s.len = 300;
	talk_segment(&t, &s);
	s.flags = TCP_ACK;
	talk_segment(&t, &s);
	ok &= gate_refused(g, HG_REFUSAL_urgent_ahead, 3);
	tap_ok(ok & gate_balanced(g) & gate_clear(g), "%s: an urgent byte of a later segment",
	       gate_hook_name[hook]);
}

int main(void)
{
	static const struct gate_options small_flows = { .flows = ROOM };
	static const struct gate_options small_rest = { .server_names = ROOM,
							.ring_bytes = 4096 * 4 };
	static struct gate g;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	gate_open(&g, &small_flows);
	FOR_HOOKS(hook) {
		flow_table(&g, hook);
		refused_reset(&g, hook);
	}
	gate_close(&g);
	gate_open(&g, &small_rest);
	FOR_HOOKS(hook) {
		name_table(&g, hook);
		ring(&g, hook);
		urgent_ahead(&g, hook);
	}
	gate_close(&g);
	return tap_done();
}
