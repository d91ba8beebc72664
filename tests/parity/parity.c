/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parity: the data path in the kernel and the one of the capture reader say
 * the same of the same frames: events byte by byte, counters all of them.
 *
 *   parity [SEED [STREAMS]]
 */
#include <time.h>

#include "../kernel/harness.h"
#include "../wire/hellos.h"
#include "../wire/tunnel.h"
#include "../kernel/tap.h"
#include "datagrams.h"
#include "policy_compile.h"
#include "read_path.h"
#include "streams.h"

#define STREAMS 24000 /* over all hooks */
#define BATCH 200     /* streams between two looks at the counters */

/* ---- the native side ---- */

struct record {
	size_t len;
	__u8 bytes[HG_EVENT_MAX];
};

static struct record *said; /* by the native path, since the last comparison */
static __u32 said_count, said_room;

static void keep(void *arg, const void *event, size_t len)
{
	(void)arg;
	if (said_count == said_room) {
		said_room = said_room ? said_room * 2 : 64;
		said = realloc(said, said_room * sizeof(*said));
		if (!said)
			abort();
	}
	said[said_count].len = len;
	memcpy(said[said_count++].bytes, event, len);
}

static const struct hg_read_path *const native = &hg_read_path_kernel_limits;

/* ---- a policy that touches everything the kernel can decide ---- */

static const struct gate_policy policy = {
	.header = { .revision = 5, .mode = HG_MODE_enforce, .default_action = HG_ACTION_allow,
		    .unread_action = HG_ACTION_reset, .default_stats = 1, .unread_stats = 2,
		    .decision_timeout_ms = 500, .quic_action = HG_ACTION_drop },
	.rules = {
		{ .match = { .conditions = HG_COND_SRC, .src = 2 }, .protect = 1, .stats = 3 },
		{ .match = { .conditions = HG_COND_SNI, .sni = 1 }, .action = HG_ACTION_reset,
		  .mode = HG_MODE_enforce, .to = HG_TO_both, .stats = 4 },
		{ .match = { .conditions = HG_COND_SNI, .sni = 2 }, .action = HG_ACTION_drop,
		  .mode = HG_MODE_enforce, .stats = 5 },
		{ .match = { .conditions = HG_COND_VERSION_MAX, .version_max = 0xff },
		  .action = HG_ACTION_reset, .mode = HG_MODE_monitor, .to = HG_TO_both, .stats = 6 },
		{ .match = { .conditions = HG_COND_ALL_WEAK, .all_weak = 1 },
		  .except = { .conditions = HG_COND_PORT, .port = 2 }, .action = HG_ACTION_reset,
		  .mode = HG_MODE_enforce, .to = HG_TO_client, .stats = 7 },
		{ .match = { .conditions = HG_COND_USER | HG_COND_PORT, .port = 2 },
		  .action = HG_ACTION_reset, .mode = HG_MODE_enforce, .to = HG_TO_both, .stats = 8,
		  .on_undecided = HG_ACTION_allow },
		{ .match = { .conditions = HG_COND_FLAG, .flags = HG_FLAG(record_fragmented) },
		  .except = { .conditions = HG_COND_SNI, .sni = 4 }, .action = HG_ACTION_count,
		  .mode = HG_MODE_enforce, .stats = 9 },
	},
	.rule_count = 7,
	.names = { { "bad.example", 1, 0 }, { "tree.example", 2, 2 }, { "example.com", 0, 4 } },
	.nets = { { "192.0.0.0/30", 2 }, { "2001::/126", 2 } },
	.numbers = { { 443, 443, 1, HG_NUMBER_PORT }, { 8443, 8443, 2, HG_NUMBER_PORT } },
};

/* The same for the native path: gate_compile() says what gate_police() installs. */
static const struct hg_compiled *compiled(void)
{
	static struct hg_compiled c;
	static struct hg_rule_about about[GATE_RULES]; /* no limits */
	static struct gate_compiled g;

	c.about = about;
	gate_compile(&policy, &g);
	c.policy = g.header;
	c.rules = g.rules;
	c.name_keys = g.name_keys;
	c.name_sets = g.name_sets;
	c.names = g.names;
	c.net_keys = g.net_keys;
	c.net_sets = g.net_sets;
	c.nets = g.nets;
	c.numbers = g.numbers;
	c.number_count = g.number_count;
	return &c;
}

/* ---- comparing ---- */

struct run {
	struct gate gate;
	enum gate_hook hook;
	__u64 seed;
	struct streams moves;
	__u32 stream; /* at hand */
	__u32 frames;
	__u64 events;
	bool tunnels; /* every stream in one */
	bool same;
};

static int by_bytes(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->bytes, y->bytes, x->len);
}

static void differs(struct run *r, const char *what, const struct hg_event *kernel,
		    const struct hg_event *other)
{
	r->same = false;
	tap_diag("stream %u of seed %llu: %s", r->stream, (unsigned long long)r->seed, what);
	for (size_t i = 0; kernel && other && i < sizeof(*kernel); i++)
		if (((const __u8 *)kernel)[i] != ((const __u8 *)other)[i])
			tap_diag("  header byte %zu: kernel %02x, native %02x", i,
				 ((const __u8 *)kernel)[i], ((const __u8 *)other)[i]);
}

/* What the kernel said, in the form that the native path says it. */
static struct record *heard(struct gate *g)
{
	static struct record *list;
	static __u32 room;

	if (room < g->event_count) {
		room = g->event_count * 2;
		list = realloc(list, room * sizeof(*list));
		if (!list)
			abort();
	}
	for (__u32 i = 0; i < g->event_count; i++) {
		struct gate_event *e = &g->events[i];

		list[i].len = sizeof(e->head) + e->head.message_len;
		memcpy(list[i].bytes, &e->head, sizeof(e->head));
		if (e->head.message_len)
			memcpy(list[i].bytes + sizeof(e->head), e->message, e->head.message_len);
	}
	return list;
}

/* `ordered`: a sweep walks the flows in an order of its own. */
static void compare_events(struct run *r, bool ordered)
{
	__u32 count = gate_events(&r->gate);
	struct record *list = heard(&r->gate);

	if (count != said_count)
		differs(r, count < said_count ? "the kernel says less" : "the kernel says more",
			NULL, NULL);
	if (!ordered && count == said_count) {
		qsort(list, count, sizeof(*list), by_bytes);
		qsort(said, count, sizeof(*said), by_bytes);
	}
	for (__u32 i = 0; i < count && i < said_count; i++)
		if (by_bytes(&list[i], &said[i]))
			differs(r, "events differ", (void *)list[i].bytes, (void *)said[i].bytes);
	r->events += count;
	said_count = 0;
	gate_forget(&r->gate);
}

static void compare_counters(struct run *r)
{
	struct hg_counters kernel, other;
	const __u64 *k = (void *)&kernel, *o = (void *)&other;

	gate_counters(&r->gate, &kernel);
	native->counters(&other);
	/* Only the kernel makes resets of frames. */
	memset(&kernel.resets, 0, sizeof(kernel.resets));
	memset(&other.resets, 0, sizeof(other.resets));
	memset(&kernel.reset_failures, 0, sizeof(kernel.reset_failures));
	other.events = kernel.events + kernel.events_lost; /* the native path has no ring */
	other.events_lost = 0;
	kernel.events += kernel.events_lost;
	kernel.events_lost = 0;
	for (size_t i = 0; i < sizeof(kernel) / sizeof(*k); i++) {
		if (k[i] == o[i])
			continue;
		r->same = false;
		tap_diag("up to stream %u of seed %llu: counter %zu: kernel %llu, native %llu",
			 r->stream, (unsigned long long)r->seed, i, (unsigned long long)k[i],
			 (unsigned long long)o[i]);
	}
}

/* ---- both at once ---- */

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
	r->gate.presence->time_ns += 1000000;
	if (streams_below(&r->moves, 8) == 0) /* what a processor keeps must not show */
		gate_move(streams_below(&r->moves, 64));
	if (gate_send_quietly(&r->gate, r->hook, f) == GATE_FAILED)
		return; /* a frame that the kernel does not take: nothing was run */
	native->frame(f->at, f->len, r->gate.presence->time_ns);
	r->frames++;
	compare_events(r, true);
}

static void sweep_both(struct run *r, __u64 later)
{
	gate_wait(&r->gate, later);
	gate_sweep(&r->gate);
	native->sweep(r->gate.presence->time_ns, 0);
	compare_events(r, false);
}

static void end_both(struct run *r)
{
	gate_sweep_final(&r->gate);
	native->sweep(r->gate.presence->time_ns, 1);
	compare_events(r, false);
	compare_counters(r);
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
	struct gate_options options = { .decap = tunnels ? (1U << HG_TUNNEL_COUNT) - 1 : 0,
					.checksums = tunnels };
	struct hg_read_options read_as = { .decap = options.decap, .checksums = tunnels };
	static struct run r;
	static const __u64 waits[] = { SECONDS(2), SECONDS(11), SECONDS(31), SECONDS(70) };
	static struct frame datagram;
	struct streams s;

	memset(&r, 0, sizeof(r));
	r = (struct run){ .hook = hook, .seed = seed, .tunnels = tunnels, .same = true };
	gate_open(&r.gate, &options);
	r.gate.ingress_ifindex = 1;
	if (with_policy)
		gate_police(&r.gate, &policy);
	native->open(with_policy ? compiled() : NULL, &read_as, keep, NULL);
	streams_seed(&r.moves, seed + 1, 0);
	streams_seed(&s, seed, hook == GATE_XDP_FRAGS ? 20000 : 3000);
	for (r.stream = 0; r.stream < streams && r.same; r.stream++) {
		streams_next(&s, both, &r);
		datagrams_next(&s, &datagram);
		both(&r, &datagram);
		if (r.stream % 50 == 49)
			sweep_both(&r, waits[streams_below(&s, 4)]);
		if (r.stream % BATCH == BATCH - 1)
			compare_counters(&r);
	}
	end_both(&r);
	r.same &= gate_balanced(&r.gate);
	tap_ok(r.same, "%s, %s policy%s: %u streams, %u frames, %llu events (seed %llu)",
	       gate_hook_name[hook], with_policy ? "a" : "no", tunnels ? ", in tunnels" : "",
	       r.stream, r.frames, (unsigned long long)r.events, (unsigned long long)seed);
	note_coverage(&r.gate);
	native->close();
	gate_close(&r.gate);
}

int main(int argc, char **argv)
{
	__u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261121;
	__u32 streams = (argc > 2 ? (__u32)atoi(argv[2]) : STREAMS) / 9;

	for (enum gate_hook hook = GATE_XDP; hook <= GATE_INGRESS; hook++) {
		run_hook(hook, seed + hook, streams, false, false);
		run_hook(hook, seed + hook + 100, streams, true, false);
		run_hook(hook, seed + hook + 200, streams, true, true);
	}
	return tap_done();
}
