/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The segments of one hello reach two processors at the same time: neither is
 * lost, whichever begins the flow.
 */
#include <pthread.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

#define ROUNDS 3000

struct half {
	struct gate gate; /* what a run leaves there is each one's own */
	struct talk talk;
	enum gate_hook hook;
	__u32 processor;
	__u32 from, len; /* of the stream */
	pthread_t thread;
};

static struct octets stream, message;
static pthread_barrier_t start, end;

static struct conn connection(__u32 round)
{
	return (struct conn){ .client = { 10, 0, 9, 1 },
			      .server = { 10, 0, 9, 2 },
			      .client_port = (__u16)(1024 + round),
			      .isn = 1 + round * 100000 };
}

/* The first half's processor also sees the SYN, before both set out. */
static void *send_halves(void *arg)
{
	struct half *h = arg;

	gate_move(h->processor);
	for (__u32 round = 0; round < ROUNDS; round++) {
		struct conn conn = connection(round);

		talk_begin(&h->talk, &h->gate, h->hook, &conn);
		if (!h->from)
			talk_syn(&h->talk);
		pthread_barrier_wait(&start);
		talk_client(&h->talk, h->from, stream.at + h->from, h->len);
		pthread_barrier_wait(&end);
	}
	return NULL;
}

static void together(struct gate *g, enum gate_hook hook, __u32 cut)
{
	static struct half halves[2];
	struct hg_counters c;
	bool ok;

	for (__u32 i = 0; i < 2; i++) {
		halves[i].gate = *g;
		halves[i].hook = hook;
		halves[i].processor = i;
		halves[i].from = i ? cut : 0;
		halves[i].len = i ? stream.len - cut : cut;
		if (pthread_create(&halves[i].thread, NULL, send_halves, &halves[i]))
			tap_bail("no thread");
	}
	for (__u32 i = 0; i < 2; i++)
		pthread_join(halves[i].thread, NULL);
	gate_counters(g, &c);
	/* A processor that is taken away while it has the flow makes the other wait in vain. */
	ok = check_u64("hellos", c.hellos_tcp.tls1_3 + c.refused.flow_busy, ROUNDS);
	ok &= check_u64("few waited in vain", c.refused.flow_busy < ROUNDS / 100, true);
	ok &= check_u64("flows created", c.flows_created, ROUNDS);
	gate_forget(g);
	tap_ok(ok & gate_clear(g), "%s: two halves, cut at %u, at the same time",
	       gate_hook_name[hook], cut);
}

int main(void)
{
	static struct gate g;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	pthread_barrier_init(&start, NULL, 2);
	pthread_barrier_init(&end, NULL, 2);
	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		together(&g, hook, 100);
		together(&g, hook, stream.len - 1);
	}
	gate_close(&g);
	return tap_done();
}
