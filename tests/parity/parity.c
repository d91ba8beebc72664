/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parity: the data path in the kernel and the one of the capture reader say
 * the same of the same frames: events byte by byte, counters all of them.
 *
 *   parity [SEED [STREAMS [HOOKS]]]
 */
#include <time.h>

#include "../wire/tunnel.h"
#include "../kernel/tap.h"
#include "datagrams.h"
#include "pair.h"
#include "streams.h"

#define STREAMS 24000 /* over all three hooks */
#define BATCH 200     /* streams between two looks at the counters */

/* ---- both at once ---- */

struct run {
	struct pair pair;
	__u64 seed;
	struct streams moves;
	__u32 stream; /* at hand */
	bool tunnels; /* every stream in one */
};

static void both(void *arg, const struct frame *f)
{
	static struct frame wrapped;
	struct run *r = arg;

	if (r->tunnels && f->len < sizeof(wrapped.at) / 2) {
		memcpy(wrapped.at, f->at, f->len);
		wrapped.len = f->len;
		tunnel_wrap(&wrapped, r->stream % ENCAP_COUNT);
		f = &wrapped;
	}
	if (streams_below(&r->moves, 8) == 0) /* what a processor keeps must not show */
		gate_move(streams_below(&r->moves, 64));
	pair_frame(&r->pair, f);
}

/* So that a generator that no longer reaches something is noticed. */
static void note_coverage(struct gate *g)
{
	static const char *const buckets[] = {
#define NAME(id, text) text,
		HG_BUCKETS(NAME)
#undef NAME
	};
	struct hg_counters c;

	gate_counters(g, &c);
	for (__u32 i = 0; i < HG_BUCKET_COUNT; i++)
		tap_note("  %s: %llu flows", buckets[i],
			 (unsigned long long)((__u64 *)&c.coverage)[i]);
	tap_note("  passed %llu, dropped %llu, reset %llu, unparsed %llu",
		 (unsigned long long)c.packets.passed, (unsigned long long)c.packets.dropped,
		 (unsigned long long)c.packets.reset_arm, (unsigned long long)c.packets.unparsed);
	tap_note("  QUIC: allowed %llu, dropped %llu, unknown versions %llu",
		 (unsigned long long)c.quic_initials.allow,
		 (unsigned long long)c.quic_initials.drop,
		 (unsigned long long)c.quic_unknown_versions);
}

static void run_hook(enum gate_hook hook, __u64 seed, __u32 streams, bool with_policy, bool tunnels)
{
	static struct run r;
	static const __u64 waits[] = { SECONDS(2), SECONDS(11), SECONDS(31), SECONDS(70) };
	static struct frame datagram;
	struct pair *p = &r.pair;
	struct streams s;

	pair_open(p, hook, with_policy, tunnels);
	r.seed = seed;
	r.tunnels = tunnels;
	streams_seed(&r.moves, seed + 1, 0);
	streams_seed(&s, seed, hook == GATE_XDP_FRAGS ? 20000 : 3000);
	for (r.stream = 0; r.stream < streams && p->same; r.stream++) {
		snprintf(p->where, sizeof(p->where), "stream %u of seed %llu", r.stream,
			 (unsigned long long)seed);
		streams_next(&s, both, &r);
		datagrams_next(&s, &datagram);
		both(&r, &datagram);
		if (r.stream % 50 == 49)
			pair_sweep(p, waits[streams_below(&s, 4)]);
		if (r.stream % BATCH == BATCH - 1)
			pair_compare_counters(p);
	}
	pair_end(p);
	p->same &= gate_balanced(&p->gate);
	tap_ok(p->same, "%s, %s policy%s: %u streams, %u frames, %llu events (seed %llu)",
	       gate_hook_name[hook], with_policy ? "a" : "no", tunnels ? ", in tunnels" : "",
	       r.stream, p->frames, (unsigned long long)p->events, (unsigned long long)seed);
	note_coverage(&p->gate);
	pair_close(p);
}

int main(int argc, char **argv)
{
	__u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261121;
	__u32 streams = (argc > 2 ? (__u32)atoi(argv[2]) : STREAMS) / 9;

	__u32 hooks = argc > 3 ? (__u32)atoi(argv[3]) : GATE_INGRESS + 1;

	for (enum gate_hook hook = GATE_XDP; hook < hooks && hook <= GATE_INGRESS; hook++) {
		run_hook(hook, seed + hook, streams, false, false);
		run_hook(hook, seed + hook + 100, streams, true, false);
		run_hook(hook, seed + hook + 200, streams, true, true);
	}
	return tap_done();
}
