/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flows that wait for user space: its verdict, the time-out, nobody there; and
 * flows that are ours for good.
 */
#include <bpf/bpf.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

static struct octets message, stream;

/* A rule that only user space can judge; then a rule for what it skips. */
static void police(struct gate *g, __u8 on_undecided, __u8 default_action)
{
	struct gate_policy p = {
		.header = { .revision = 9,
			    .mode = HG_MODE_enforce,
			    .default_stats = 7,
			    .default_action = default_action,
			    .decision_timeout_ms = 1000 },
		.rules = { { .match = { .conditions = HG_COND_USER },
			     .action = HG_ACTION_reset,
			     .mode = HG_MODE_enforce,
			     .to = HG_TO_both,
			     .stats = 1,
			     .on_undecided = on_undecided } },
		.rule_count = 1,
	};

	gate_police(g, &p);
	g->presence->heartbeat_ns = g->presence->time_ns;
}

static enum gate_act hello(struct talk *t, struct gate *g, enum gate_hook hook)
{
	talk_begin(t, g, hook, NULL);
	talk_syn(t);
	return talk_client(t, 0, stream.at, stream.len);
}

static void write_verdict(struct talk *t, __u8 action, __u32 isn, bool any_isn)
{
	struct hg_flow_key key = gate_key(t->gate, &t->conn);
	struct hg_flow_verdict v = {
		.verdict = { .revision = 9,
			     .rule = 0,
			     .stats = 1,
			     .action = action,
			     .mode = HG_MODE_enforce,
			     .to = HG_TO_both,
			     .decided_by = HG_DECIDER_user },
		.isn = isn,
		.any_isn = any_isn,
	};

	if (bpf_map_update_elem(gate_map(t->gate, "verdicts"), &key, &v, BPF_ANY))
		tap_bail("no room for a verdict");
}

static __u64 attention(struct gate *g)
{
	struct hg_attention a = {};
	__u32 zero = 0;

	bpf_map_lookup_elem(gate_map(g, "attention"), &zero, &a);
	return a.flows;
}

static bool state_is(struct talk *t, __u8 state)
{
	struct hg_flow f;

	if (!talk_flow(t, &f))
		return check_u64("the flow is there", 0, 1);
	return check_u64("state", f.state, state);
}

static bool waits(struct talk *t)
{
	const struct gate_event *e = NULL;
	bool ok = check_u64("HELLO", talk_count(t, HG_EVENT_HELLO, &e), 1);

	if (e) {
		ok &= check_u64("pending", e->head.verdict.pending, 1);
		ok &= check_u64("rule", e->head.verdict.rule, 0);
		ok &= check_u64("revision", e->head.verdict.revision, 9);
	}
	return ok & state_is(t, HG_FLOW_PENDING) & check_u64("attention", attention(t->gate), 1);
}

/* ---- the verdict of user space ---- */

enum next { CLIENT_DATA, CLIENT_ACK, SERVER_DATA, SERVER_ACK, CLIENT_FIN, NEXTS };

static const char *const next_name[NEXTS] = { "client data", "client ACK", "server data",
					      "server ACK", "client FIN" };

static enum gate_act next_packet(struct talk *t, enum next n)
{
	static const __u8 data[60] = { 22, 3, 3, 0, 55, 2 };

	switch (n) {
	case CLIENT_DATA:
		return talk_client(t, stream.len, data, sizeof(data));
	case CLIENT_ACK:
		return talk_client_flags(t, TCP_ACK, stream.len);
	case SERVER_DATA:
		return talk_server(t, 0, data, sizeof(data));
	case SERVER_ACK:
		return talk_server_flags(t, TCP_ACK, 0);
	case CLIENT_FIN:
		return talk_client_flags(t, TCP_FIN | TCP_ACK, stream.len);
	default:
		return GATE_FAILED;
	}
}

static void verdict_met(struct gate *g, enum gate_hook hook, enum next n)
{
	static struct talk t;
	struct hg_rule_counters counted;
	bool ok;

	police(g, HG_ACTION_allow, HG_ACTION_allow);
	ok = check_u64("act on the hello", hello(&t, g, hook), GATE_PASS) & waits(&t);
	write_verdict(&t, HG_ACTION_reset, t.conn.isn, false);
	ok &= check_u64("act", next_packet(&t, n), GATE_RESET);
	ok &= talk_saw_end(&t, HG_CLOSE_our_reset, HG_SIDE_self, HG_BUCKET_single_segment,
			   HG_OUTCOME_reset);
	gate_rule_counters(g, 1, &counted);
	ok &= check_u64("verdicts of the rule", counted.verdicts[HG_MODE_enforce][HG_ACTION_reset],
			1);
	tap_ok(ok & gate_over(g), "%s: a reset by user space is met by %s", gate_hook_name[hook],
	       next_name[n]);
}

static void allowed(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	bool ok;

	police(g, HG_ACTION_reset, HG_ACTION_reset);
	ok = check_u64("act on the hello", hello(&t, g, hook), GATE_PASS) & waits(&t);
	write_verdict(&t, HG_ACTION_allow, t.conn.isn, false);
	ok &= check_u64("act", next_packet(&t, SERVER_DATA), GATE_PASS);
	ok &= state_is(&t, HG_FLOW_JUDGED) & check_u64("attention", attention(g), 0);
	gate_wait(g, SECONDS(2));
	ok &= check_u64("act after the deadline", next_packet(&t, CLIENT_DATA), GATE_PASS);
	tap_ok(ok & gate_over(g), "%s: allowed by user space", gate_hook_name[hook]);
}

static void whose(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	bool ok;

	police(g, HG_ACTION_allow, HG_ACTION_allow);
	ok = hello(&t, g, hook) == GATE_PASS;
	write_verdict(&t, HG_ACTION_reset, t.conn.isn + 1, false);
	ok &= check_u64("act", next_packet(&t, CLIENT_DATA), GATE_PASS);
	ok &= state_is(&t, HG_FLOW_PENDING);
	write_verdict(&t, HG_ACTION_reset, t.conn.isn + 1, true);
	ok &= check_u64("act, any", next_packet(&t, SERVER_DATA), GATE_RESET);
	tap_ok(ok & gate_over(g), "%s: a verdict for another connection of the 4-tuple",
	       gate_hook_name[hook]);
}

/* Nobody waits for it, so bare ACKs are not looked at; data is. */
static void late(struct gate *g, enum gate_hook hook, enum next n)
{
	static struct talk t;
	bool ok;

	gate_unpolice(g);
	ok = hello(&t, g, hook) == GATE_PASS;
	ok &= state_is(&t, HG_FLOW_JUDGED);
	ok &= check_u64("data", next_packet(&t, CLIENT_DATA), GATE_PASS);
	write_verdict(&t, HG_ACTION_reset, t.conn.isn, false);
	ok &= check_u64("act", next_packet(&t, n), GATE_RESET);
	tap_ok(ok & gate_over(g), "%s: a verdict for a flow that was let pass, met by %s",
	       gate_hook_name[hook], next_name[n]);
}

static void beforehand(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	bool ok;

	police(g, HG_ACTION_allow, HG_ACTION_allow);
	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	write_verdict(&t, HG_ACTION_reset, t.conn.isn, false);
	ok = check_u64("act", talk_client(&t, 0, stream.at, stream.len), GATE_RESET);
	tap_ok(ok & gate_over(g), "%s: a verdict written before the hello", gate_hook_name[hook]);
}

/* ---- nobody answers ---- */

static void timeout(struct gate *g, enum gate_hook hook, __u8 on_undecided, __u8 default_action,
		    enum gate_act wanted)
{
	static struct talk t;
	struct hg_counters c;
	bool ok;

	police(g, on_undecided, default_action);
	ok = hello(&t, g, hook) == GATE_PASS && waits(&t);
	gate_wait(g, SECONDS(1) - 1);
	ok &= check_u64("act before the deadline", next_packet(&t, CLIENT_ACK), GATE_PASS);
	gate_counters(g, &c);
	ok &= check_u64("time-outs before", c.verdict_timeouts, 0);
	gate_wait(g, 1);
	ok &= check_u64("act at the deadline", next_packet(&t, CLIENT_ACK), wanted);
	gate_counters(g, &c);
	ok &= check_u64("time-outs", c.verdict_timeouts, 1);
	ok &= state_is(&t, wanted == GATE_RESET ? HG_FLOW_RESET : HG_FLOW_JUDGED);
	tap_ok(ok & gate_over(g), "%s: time-out, %s, default %s", gate_hook_name[hook],
	       on_undecided == HG_ACTION_allow ? "skip" : "reset",
	       default_action == HG_ACTION_allow ? "allow" : "reset");
}

/* The deadline falls in silence: the sweep sees it. */
static void timeout_swept(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	struct hg_counters c;
	bool ok;

	police(g, HG_ACTION_reset, HG_ACTION_allow);
	ok = hello(&t, g, hook) == GATE_PASS;
	gate_wait(g, SECONDS(1) - 1);
	gate_sweep(g);
	ok &= state_is(&t, HG_FLOW_PENDING);
	gate_wait(g, 1);
	gate_sweep(g);
	ok &= state_is(&t, HG_FLOW_RESET);
	gate_counters(g, &c);
	ok &= check_u64("time-outs", c.verdict_timeouts, 1);
	ok &= check_u64("act", next_packet(&t, SERVER_DATA), GATE_RESET);
	ok &= talk_saw_end(&t, HG_CLOSE_our_reset, HG_SIDE_self, HG_BUCKET_single_segment,
			   HG_OUTCOME_reset);
	tap_ok(ok & gate_over(g), "%s: time-out in silence, then a packet", gate_hook_name[hook]);
}

static void nobody(struct gate *g, enum gate_hook hook, __u64 ago, bool waits_for_it)
{
	static struct talk t;
	const struct gate_event *e = NULL;
	bool ok;

	police(g, HG_ACTION_reset, HG_ACTION_allow);
	g->presence->heartbeat_ns = ago ? g->presence->time_ns - ago : 0;
	ok = check_u64("act", hello(&t, g, hook), waits_for_it ? GATE_PASS : GATE_RESET);
	ok &= check_u64("HELLO", talk_count(&t, HG_EVENT_HELLO, &e), 1);
	if (e) {
		ok &= check_u64("pending", e->head.verdict.pending, waits_for_it);
		ok &= check_u64("decided by", e->head.verdict.decided_by,
				waits_for_it ? HG_DECIDER_kernel : HG_DECIDER_timeout);
	}
	tap_ok(ok & gate_over(g), "%s: last heartbeat %llu ms ago (0: never)", gate_hook_name[hook],
	       (unsigned long long)ago / 1000000);
}

/* A flow that ends while it waits. */
static void ends(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	bool ok;

	police(g, HG_ACTION_reset, HG_ACTION_allow);
	ok = hello(&t, g, hook) == GATE_PASS;
	ok &= check_u64("act", talk_server_flags(&t, TCP_RST | TCP_ACK, 0), GATE_PASS);
	ok &= talk_saw_end(&t, HG_CLOSE_rst, HG_SIDE_server, HG_BUCKET_single_segment,
			   HG_OUTCOME_failed);
	ok &= check_u64("attention", attention(g), 0);
	tap_ok(ok & gate_over(g), "%s: reset by the server while it waits", gate_hook_name[hook]);
}

/* ---- ours for good ---- */

static void standing(struct gate *g, enum gate_hook hook, __u8 action, enum gate_act wanted)
{
	static struct talk t;
	const struct gate_event *e = NULL;
	bool ok;

	police(g, HG_ACTION_allow, action);
	g->presence->heartbeat_ns = 0;
	ok = check_u64("act on the hello", hello(&t, g, hook), wanted);
	ok &= check_u64("attention", attention(g), 1);
	for (int i = 0; i < 5; i++) {
		for (enum next n = CLIENT_DATA; n < NEXTS; n++)
			ok &= check_u64(next_name[n], next_packet(&t, n), wanted);
		gate_wait(g, SECONDS(9));
		gate_sweep(g);
	}
	ok &= check_u64("hello again", talk_client(&t, 0, stream.at, stream.len), wanted);
	if (wanted == GATE_RESET)
		ok &= check_u64("a RST passes", talk_client_flags(&t, TCP_RST, 0), GATE_PASS);
	ok &= check_u64("END", talk_count(&t, HG_EVENT_END, &e), 1);
	gate_wait(g, SECONDS(wanted == GATE_DROP ? 301 : 11));
	gate_sweep(g);
	ok &= check_u64("attention in the end", attention(g), 0);
	ok &= check_u64("data long after", next_packet(&t, CLIENT_DATA), GATE_PASS);
	tap_ok(ok & gate_over(g), "%s: every packet of a flow that is ours is %s",
	       gate_hook_name[hook], gate_act_name[wanted]);
}

/* The 4-tuple again, while the reset one still stands: a new connection. */
static void standing_again(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	bool ok;

	police(g, HG_ACTION_allow, HG_ACTION_reset);
	g->presence->heartbeat_ns = 0;
	ok = hello(&t, g, hook) == GATE_RESET;
	gate_unpolice(g);
	t.conn.isn += 0x30000000;
	t.conn.server_isn += 0x30000000;
	ok &= check_u64("SYN", talk_syn(&t), GATE_PASS);
	ok &= check_u64("SYN-ACK", talk_synack(&t), GATE_PASS);
	ok &= check_u64("ACK", talk_client_flags(&t, TCP_ACK, 0), GATE_PASS);
	ok &= check_u64("hello", talk_client(&t, 0, stream.at, stream.len), GATE_PASS);
	ok &= check_u64("answer", next_packet(&t, SERVER_DATA), GATE_PASS);
	tap_ok(ok & gate_over(g), "%s: the 4-tuple of a reset flow used again",
	       gate_hook_name[hook]);
}

/* A ServerHello of TLS 1.2, and a Certificate message of one certificate of four bytes. */
static const __u8 answer[] = {
	22, 3,	3,  0,	42, 2,	0,  0,	38, 3,	3,    1,    2,	  3,	4,    5,  6,
	7,  8,	9,  10, 11, 12, 13, 14, 15, 16, 17,   18,   19,	  20,	21,   22, 23,
	24, 25, 26, 27, 28, 29, 30, 31, 32, 0,	0xc0, 0x2f, 0,	  22,	3,    3,  0,
	14, 11, 0,  0,	10, 0,	0,  7,	0,  0,	4,    0xde, 0xad, 0xbe, 0xef,
};

/* Events of certificates carry no key. */
static __u32 chunks(struct gate *g)
{
	__u32 n = 0;

	gate_events(g);
	for (__u32 i = 0; i < g->event_count; i++)
		n += g->events[i].head.type == HG_EVENT_CHUNK;
	return n;
}

/* Rules on certificates wait for what the server says: it is read meanwhile. */
static void certificate(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	bool ok;

	police(g, HG_ACTION_allow, HG_ACTION_allow);
	ok = check_u64("act on the hello", hello(&t, g, hook), GATE_PASS) & waits(&t);
	ok &= check_u64("answer", talk_server(&t, 0, answer, sizeof(answer)), GATE_PASS);
	ok &= check_u64("chunks", chunks(g), 1) & waits(&t);
	write_verdict(&t, HG_ACTION_reset, t.conn.isn, false);
	ok &= check_u64("act", next_packet(&t, CLIENT_DATA), GATE_RESET);
	tap_ok(ok & gate_over(g), "%s: certificates are read while the verdict is pending",
	       gate_hook_name[hook]);
}

int main(void)
{
	static struct gate g;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		for (enum next n = CLIENT_DATA; n < NEXTS; n++)
			verdict_met(&g, hook, n);
		allowed(&g, hook);
		certificate(&g, hook);
		whose(&g, hook);
		late(&g, hook, CLIENT_DATA);
		late(&g, hook, SERVER_DATA);
		beforehand(&g, hook);
		timeout(&g, hook, HG_ACTION_allow, HG_ACTION_allow, GATE_PASS);
		timeout(&g, hook, HG_ACTION_allow, HG_ACTION_reset, GATE_RESET);
		timeout(&g, hook, HG_ACTION_reset, HG_ACTION_allow, GATE_RESET);
		timeout_swept(&g, hook);
		nobody(&g, hook, 0, false);
		nobody(&g, hook, SECONDS(1), false);
		nobody(&g, hook, SECONDS(1) - 1000000, true);
		ends(&g, hook);
		standing(&g, hook, HG_ACTION_reset, GATE_RESET);
		standing(&g, hook, HG_ACTION_drop, GATE_DROP);
		standing_again(&g, hook);
	}
	gate_close(&g);
	return tap_done();
}
