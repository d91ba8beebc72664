/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `hold`: what makes the hello whole does not go on while user space decides,
 * and a reset then is exact: the server has only what went before.
 */
#include <bpf/bpf.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

static struct octets message, stream;

static void police(struct gate *g, __u8 mode, __u8 on_undecided)
{
	struct gate_policy p = {
		.header = { .revision = 9,
			    .mode = HG_MODE_enforce,
			    .default_stats = 7,
			    .decision_timeout_ms = 1000 },
		.rules = { { .match = { .conditions = HG_COND_USER },
			     .action = HG_ACTION_reset,
			     .mode = mode,
			     .to = HG_TO_both,
			     .stats = 1,
			     .hold = 1,
			     .on_undecided = on_undecided } },
		.rule_count = 1,
	};

	gate_police(g, &p);
	g->presence->heartbeat_ns = g->presence->time_ns;
}

static void begin(struct talk *t, struct gate *g, enum gate_hook hook)
{
	talk_begin(t, g, hook, NULL);
	talk_syn(t);
	talk_synack(t);
}

static enum gate_act hello_from(struct talk *t, __u32 at)
{
	return talk_client(t, at, stream.at + at, stream.len - at);
}

static void decide(struct talk *t, __u8 action)
{
	struct hg_flow_key key = gate_key(t->gate, &t->conn);
	struct hg_flow_verdict v = { .verdict = { .revision = 9,
						  .stats = 1,
						  .action = action,
						  .mode = HG_MODE_enforce,
						  .to = HG_TO_both,
						  .decided_by = HG_DECIDER_user },
				     .isn = t->conn.isn };

	if (bpf_map_update_elem(gate_map(t->gate, "verdicts"), &key, &v, BPF_ANY))
		tap_bail("no room for a verdict");
}

/* The hello in pieces that begin at 0 and `cut`; the last is held. */
static void reset_when_sent_again(struct gate *g, enum gate_hook hook, __u32 cut)
{
	static struct talk t;
	struct talk_reset r;
	bool ok = true;

	police(g, HG_MODE_enforce, HG_ACTION_allow);
	begin(&t, g, hook);
	if (cut)
		ok &= check_u64("its beginning", talk_client(&t, 0, stream.at, cut), GATE_PASS);
	ok &= check_u64("its end", hello_from(&t, cut), GATE_DROP);
	ok &= check_u64("sent again, too early", hello_from(&t, cut), GATE_DROP);
	ok &= check_u64("an ACK of the server", talk_server_flags(&t, TCP_ACK, 0), GATE_PASS);
	ok &= check_u64("an ACK of the client", talk_client_flags(&t, TCP_ACK, cut), GATE_PASS);
	decide(&t, HG_ACTION_reset);
	r = talk_reset(&t, hello_from(&t, cut));
	ok &= check_u64("to the server: seq", r.seq_along - t.conn.isn - 1, cut);
	if (r.back) /* at TC it has gone out by itself: see reset_numbers.c */
		ok &= check_u64("to the client: ack", r.ack_back - t.conn.isn - 1, stream.len);
	ok &= talk_saw_end(&t, HG_CLOSE_our_reset, HG_SIDE_self,
			   cut ? HG_BUCKET_reassembled : HG_BUCKET_single_segment,
			   HG_OUTCOME_reset);
	tap_ok(ok & gate_over(g), "%s: held from byte %u, reset when it is sent again",
	       gate_hook_name[hook], cut);
}

static void allowed(struct gate *g, enum gate_hook hook)
{
	static const __u8 data[60] = { 22, 3, 3, 0, 55, 2 };
	static struct talk t;
	bool ok;

	police(g, HG_MODE_enforce, HG_ACTION_reset);
	begin(&t, g, hook);
	ok = check_u64("the hello", hello_from(&t, 0), GATE_DROP);
	decide(&t, HG_ACTION_allow);
	ok &= check_u64("sent again", hello_from(&t, 0), GATE_PASS);
	ok &= check_u64("the answer", talk_server(&t, 0, data, sizeof(data)), GATE_PASS);
	tap_ok(ok & gate_over(g), "%s: held, and allowed", gate_hook_name[hook]);
}

static void deadline(struct gate *g, enum gate_hook hook, __u8 on_undecided, enum gate_act wanted)
{
	static struct talk t;
	bool ok;

	police(g, HG_MODE_enforce, on_undecided);
	begin(&t, g, hook);
	ok = check_u64("the hello", hello_from(&t, 0), GATE_DROP);
	gate_wait(g, SECONDS(1) - 1);
	ok &= check_u64("before the deadline", hello_from(&t, 0), GATE_DROP);
	gate_wait(g, 1);
	ok &= check_u64("at the deadline", hello_from(&t, 0), wanted);
	tap_ok(ok & gate_over(g), "%s: held, and nobody decides: %s", gate_hook_name[hook],
	       gate_act_name[wanted]);
}

static void not_held(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	bool ok;

	police(g, HG_MODE_monitor, HG_ACTION_reset);
	begin(&t, g, hook);
	ok = check_u64("the hello", hello_from(&t, 0), GATE_PASS);
	tap_ok(ok & gate_over(g), "%s: not held in monitor mode", gate_hook_name[hook]);
	police(g, HG_MODE_enforce, HG_ACTION_allow);
	g->presence->heartbeat_ns = 0;
	begin(&t, g, hook);
	ok = check_u64("the hello", hello_from(&t, 0), GATE_PASS);
	tap_ok(ok & gate_over(g), "%s: not held where nobody is there to decide",
	       gate_hook_name[hook]);
}

int main(void)
{
	static struct gate g;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		reset_when_sent_again(&g, hook, 0);
		reset_when_sent_again(&g, hook, 200);
		allowed(&g, hook);
		deadline(&g, hook, HG_ACTION_allow, GATE_PASS);
		deadline(&g, hook, HG_ACTION_reset, GATE_RESET);
		not_held(&g, hook);
	}
	gate_close(&g);
	return tap_done();
}
