/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool of captures under half hellos: what one source may have, who gives
 * up when it is empty, and what becomes of those.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

static struct octets message, stream;

#define MANY 20
#define ROOM 8
#define HALF 200

/* The pool as it is at first: its captures are given in their order. */
static void fresh(struct gate *g)
{
	int map = gate_map(g, "free_captures");
	__u32 state[4] = {}, zero = 0, i;

	while (!bpf_map_lookup_and_delete_elem(map, NULL, &i))
		;
	for (i = ROOM; i-- > 0;) {
		__u32 capture = 2 * (__u32)libbpf_num_possible_cpus() + i;

		if (bpf_map_update_elem(map, NULL, &capture, BPF_ANY))
			tap_bail("the pool takes no capture");
	}
	if (bpf_map_update_elem(gate_map(g, "pool_state"), &zero, state, BPF_ANY))
		tap_bail("the pool takes no state");
}

static void half(struct talk *t, struct gate *g, enum gate_hook hook, const struct conn *like,
		 __u32 offset)
{
	talk_begin(t, g, hook, like);
	talk_syn(t);
	talk_client(t, offset, stream.at + offset, HALF);
}

static bool hello_seen(struct talk *t, bool wanted)
{
	const struct gate_event *e = NULL;

	return check_u64("hellos", talk_count(t, HG_EVENT_HELLO, &e), wanted);
}

/* ---- the oldest gives up ---- */

/* Those that gave up are not read any more, and all others are. */
static void oldest(struct gate *g, enum gate_hook hook, __u32 offset)
{
	static struct talk t[MANY];
	bool ok;

	fresh(g);
	for (int i = 0; i < MANY; i++)
		half(&t[i], g, hook, NULL, offset);
	ok = gate_refused(g, HG_REFUSAL_partial_pool_full, MANY - ROOM);
	ok &= check_u64("active", gate_active(g), MANY) & gate_balanced(g);
	for (int i = 0; i < MANY; i++) {
		talk_client(&t[i], 0, stream.at, stream.len);
		ok &= hello_seen(&t[i], i >= MANY - ROOM);
		talk_client_flags(&t[i], TCP_RST, stream.len);
	}
	gate_wait(g, SECONDS(3));
	gate_sweep(g);
	ok &= gate_evicted(g, MANY - ROOM) & check_u64("active", gate_active(g), 0) &
	      gate_balanced(g);
	tap_ok(ok & gate_clear(g), "%s: a pool of %u, %s: the oldest give up", gate_hook_name[hook],
	       ROOM, offset ? "segments out of order" : "first segments");
}

/* A capture that was given back goes to the next; who has it now is not the oldest. */
static void given_back(struct gate *g, enum gate_hook hook)
{
	static struct talk t[ROOM + 1], strangers;
	bool ok = true;

	fresh(g);
	for (int i = 0; i < ROOM; i++)
		half(&t[i], g, hook, NULL, 0);
	talk_client(&t[0], HALF, stream.at + HALF, stream.len - HALF);
	half(&t[ROOM], g, hook, NULL, 0); /* where the first one was */
	half(&strangers, g, hook, NULL, 0);
	talk_client(&t[ROOM], HALF, stream.at + HALF, stream.len - HALF);
	ok &= hello_seen(&t[ROOM], true) & gate_refused(g, HG_REFUSAL_partial_pool_full, 1);
	talk_client(&t[1], HALF, stream.at + HALF, stream.len - HALF);
	ok &= hello_seen(&t[1], false) & gate_balanced(g);
	tap_ok(ok & gate_clear(g), "%s: who has a capture that was given back is not the oldest",
	       gate_hook_name[hook]);
}

/* What is read once more has a share, and gives way like the others. */
static void reread(struct gate *g, enum gate_hook hook)
{
	static struct talk again[ROOM], t;
	bool ok;

	fresh(g);
	for (int i = 0; i < ROOM; i++) {
		half(&again[i], g, hook, NULL, 0);
		talk_client(&again[i], HALF, stream.at + HALF, stream.len - HALF);
		talk_client(&again[i], 0, stream.at, HALF);
	}
	ok = gate_refused(g, HG_REFUSAL_partial_pool_full, 0) & gate_balanced(g);
	half(&t, g, hook, NULL, 0);
	ok &= gate_refused(g, HG_REFUSAL_partial_pool_full, 1) & gate_balanced(g);
	talk_client(&t, HALF, stream.at + HALF, stream.len - HALF);
	ok &= hello_seen(&t, true) & gate_evicted(g, 0) & gate_balanced(g);
	tap_ok(ok & gate_clear(g), "%s: what is read once more gives way", gate_hook_name[hook]);
}

enum fate { NEXT_SEGMENT, AGAIN, FIN, RST, SILENCE, REUSED, FATES };

static const char *const fate_name[] = {
	"its next segment", "its first segment again", "FIN", "RST", "silence", "a new connection"
};

static void meet(struct talk *t, enum fate fate)
{
	switch (fate) {
	case NEXT_SEGMENT:
		talk_client(t, HALF, stream.at + HALF, stream.len - HALF);
		break;
	case AGAIN:
		talk_client(t, 0, stream.at, HALF);
		break;
	case FIN:
		talk_client_flags(t, TCP_FIN | TCP_ACK, HALF);
		break;
	case RST:
		talk_client_flags(t, TCP_RST, HALF);
		break;
	case SILENCE:
		gate_wait(t->gate, SECONDS(31));
		gate_sweep(t->gate);
		break;
	default:
		t->conn.isn += 0x30000000;
		talk_syn(t);
		talk_client(t, 0, stream.at, stream.len);
	}
}

static void fate(struct gate *g, enum gate_hook hook, enum fate fate)
{
	static struct talk t[ROOM + 1];
	bool ok;

	fresh(g);
	for (int i = 0; i <= ROOM; i++)
		half(&t[i], g, hook, NULL, 0);
	meet(&t[0], fate);
	gate_wait(g, SECONDS(11));
	gate_sweep(g);
	ok = gate_evicted(g, 1) & hello_seen(&t[0], fate == REUSED) & gate_balanced(g);
	tap_ok(ok & gate_clear(g), "%s: a flow that gave up, then %s", gate_hook_name[hook],
	       fate_name[fate]);
}

/* `unread: reset` acts on what gave up, and on what has no share. */
static void unread(struct gate *g, enum gate_hook hook)
{
	struct gate_policy p = { .header = { .revision = 1,
					     .mode = HG_MODE_enforce,
					     .unread_action = HG_ACTION_reset } };
	static struct talk t[ROOM + 1];
	bool ok;

	fresh(g);
	gate_police(g, &p);
	for (int i = 0; i <= ROOM; i++)
		half(&t[i], g, hook, NULL, 0);
	ok = check_u64("act", talk_client(&t[0], HALF, stream.at + HALF, stream.len - HALF),
		       GATE_RESET);
	ok &= talk_saw_end(&t[0], HG_CLOSE_our_reset, HG_SIDE_self, HG_BUCKET_evicted,
			   HG_OUTCOME_reset);
	ok &= check_u64("act on another",
			talk_client(&t[1], HALF, stream.at + HALF, stream.len - HALF), GATE_PASS);
	tap_ok(ok & gate_over(g), "%s: unread: reset, of a flow that gave up",
	       gate_hook_name[hook]);
}

/* So many give up that the first of them end, and then are forgotten. */
static void ring(struct gate *g, enum gate_hook hook)
{
	static struct talk first, t;
	struct hg_flow f;
	bool ok;

	fresh(g);
	half(&first, g, hook, NULL, 0);
	for (int i = 0; i < ROOM + HG_EVICTED / 2 - 1; i++)
		half(&t, g, hook, NULL, 0);
	ok = gate_evicted(g, 0) & talk_flow(&first, &f);
	half(&t, g, hook, NULL, 0);
	ok &= gate_evicted(g, 1) & talk_flow(&first, &f) &
	      check_u64("state", f.state, HG_FLOW_CLOSED);
	ok &= talk_saw_end(&first, HG_CLOSE_evicted, HG_SIDE_self, HG_BUCKET_evicted,
			   HG_OUTCOME_unknown);
	for (int i = 0; i < HG_EVICTED / 2; i++)
		half(&t, g, hook, NULL, 0);
	ok &= gate_evicted(g, 1 + HG_EVICTED / 2) &
	      check_u64("an entry is left", talk_flow(&first, &f), false);
	ok &= gate_refused(g, HG_REFUSAL_partial_pool_full, HG_EVICTED + 1) & gate_balanced(g);
	tap_ok(ok & gate_clear(g), "%s: %u give up: the first have ended", gate_hook_name[hook],
	       HG_EVICTED + 1);
}

/* ---- shares ---- */

#define SHARE HG_SHARE_MAX

static const struct conn others[] = {
	{ .client = { 192, 0, 2, 11 }, .server = { 198, 51, 100, 20 } },
	{ .ipv6 = true,
	  .client = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 9 },
	  .server = { 0x20, 1, 0xd, 0xb8, 9 } },
	{ .ipv6 = true,
	  .client = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 2, 9 },
	  .server = { 0x20, 1, 0xd, 0xb8, 9 } },
};

static void whole_of(struct talk *t, struct gate *g, enum gate_hook hook, const struct conn *like)
{
	half(t, g, hook, like, 0);
	talk_client(t, HALF, stream.at + HALF, stream.len - HALF);
}

/* One source takes all it can get; `other` finds room. */
static void share(struct gate *g, enum gate_hook hook, const struct conn *one,
		  const struct conn *other)
{
	static struct talk t[SHARE + MANY], last;
	bool ok;

	for (int i = 0; i < SHARE + MANY; i++) {
		struct conn source = one ? *one : (struct conn){};

		if (source.ipv6)
			source.client[15] = (__u8)i; /* any host of the /64 */
		half(&t[i], g, hook, one ? &source : NULL, 0);
	}
	ok = gate_refused(g, HG_REFUSAL_partial_share_full, MANY) & gate_evicted(g, MANY);
	ok &= gate_refused(g, HG_REFUSAL_partial_pool_full, 0) & gate_balanced(g);
	whole_of(&last, g, hook, other);
	ok &= hello_seen(&last, true);
	for (int i = 0; i < SHARE; i++)
		talk_client_flags(&t[i], TCP_RST, HALF);
	gate_wait(g, SECONDS(3));
	gate_sweep(g);
	whole_of(&last, g, hook, one);
	ok &= hello_seen(&last, true) & gate_balanced(g);
	tap_ok(ok & gate_clear(g), "%s: a share of %u, and then another %s", gate_hook_name[hook],
	       SHARE, one ? "/64" : "address");
}

/* ---- two processors ---- */

#define ROUNDS 15000

struct worker {
	struct gate gate;
	struct talk talk;
	struct conn like;
	enum gate_hook hook;
	__u32 number;
	pthread_t thread;
};

/* Half hellos, in order and not; some go on, some end; each port is used again. */
static void *work(void *arg)
{
	struct worker *w = arg;

	gate_move(w->number);
	for (__u32 i = 0; i < ROUNDS; i++) {
		w->like.client_port = (__u16)(1000 + i % 50);
		w->like.isn = 1 + i * 100000;
		half(&w->talk, &w->gate, w->hook, &w->like, i & 1 ? 100 : 0);
		if (i % 3 == 0)
			talk_client(&w->talk, 0, stream.at, stream.len);
		if (i % 7 == 0)
			talk_client_flags(&w->talk, TCP_RST, HALF);
	}
	return NULL;
}

static void processors(struct gate *g, enum gate_hook hook)
{
	static struct worker w[2];
	struct hg_counters c;
	bool ok;

	for (__u32 i = 0; i < 2; i++) {
		w[i].gate = *g; /* what a run leaves there is each one's own */
		w[i].hook = hook;
		w[i].number = i;
		w[i].like = others[0];
		w[i].like.client[3] = (__u8)(30 + i);
		if (pthread_create(&w[i].thread, NULL, work, &w[i]))
			tap_bail("no thread");
	}
	for (__u32 i = 0; i < 2; i++)
		pthread_join(w[i].thread, NULL);
	gate_counters(g, &c);
	ok = check_u64("some gave up", c.refused.partial_pool_full > ROUNDS / 4, true);
	ok &= check_u64("flows created", c.flows_created, 2 * ROUNDS);
	gate_forget(g);
	ok &= gate_balanced(g);
	tap_ok(ok & gate_clear(g), "%s: two processors, %llu give up", gate_hook_name[hook],
	       (unsigned long long)c.refused.partial_pool_full);
}

int main(void)
{
	static const struct gate_options small = { .partials = ROOM };
	static struct gate g;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	gate_open(&g, &small);
	FOR_HOOKS(hook) {
		oldest(&g, hook, 0);
		oldest(&g, hook, 100);
		given_back(&g, hook);
		reread(&g, hook);
		for (enum fate f = 0; f < FATES; f++)
			fate(&g, hook, f);
		unread(&g, hook);
		ring(&g, hook);
		processors(&g, hook);
	}
	gate_close(&g);
	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		share(&g, hook, NULL, &others[0]);
		share(&g, hook, &others[1], &others[2]);
	}
	gate_close(&g);
	return tap_done();
}
