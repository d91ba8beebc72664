/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench: nanoseconds per packet, by kind, beside a program that does nothing.
 *
 * What changes state is measured in phases: so many SYNs, then as many hellos
 * of the same connections, then as many RSTs.  Each connection of a round is a
 * new one.  A figure is the minimum over rounds, less what making another
 * connection of each repetition costs, measured alike.
 *
 *   bench [ROUNDS [look-ups]]     40; look-ups: of names in a policy, XDP, and no more
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sys/utsname.h>

#include "../kernel/harness.h"
#include "../wire/hellos.h"
#include "../kernel/tap.h"
#include "clockwork.h"

#define SAME 200000    /* repetitions of a frame that changes nothing */
#define TURNS 5	       /* of policies of different sizes */
#define SETS_ALIKE 1.3 /* what a million names may cost, times ten */

static __u32 rounds = 40;
static __u32 next_number; /* of a connection: never the same twice */

static double noop[CLOCKWORK_KINDS];

static double least(double a, double b)
{
	return a == 0 || b < a ? b : a;
}

/* ---- rows ---- */

enum unit { NO_TARGET, TIMES };

static void row(enum clockwork_kind kind, const char *what, double ns, enum unit unit,
		double target)
{
	double times = ns / noop[kind];

	printf("  %-58s %8.1f ns %7.1fx", what, ns, times);
	if (unit != NO_TARGET)
		printf("   %s: target %gx", times <= target ? "reached" : "missed", target);
	putchar('\n');
	fflush(stdout);
}

/* A part of the row above. */
static void part(const char *what, double ns)
{
	printf("    %-56s %+8.1f ns\n", what, ns);
}

/* ---- frames ---- */

static const struct conn talker = { .client = { 192, 0, 2, 10 },
				    .server = { 198, 51, 100, 20 },
				    .client_port = 50000,
				    .server_port = 443,
				    .isn = 1000,
				    .server_isn = 2000 };

static void client_frame(struct frame *f, __u8 flags, __u32 offset, const void *data, __u32 len,
			 __u16 port)
{
	struct conn c = talker;
	struct segment s = { .flags = flags,
			     .seq = c.isn + (flags & TCP_SYN ? 0 : 1) + offset,
			     .ack = flags & TCP_SYN ? 0 : c.server_isn + 1,
			     .data = data,
			     .len = len };

	c.server_port = port;
	frame_build(f, &c, &s);
}

static double same(enum clockwork_kind kind, int program, const struct frame *f)
{
	double best = 0;

	for (__u32 i = 0; i < rounds; i++)
		best = least(best, clockwork_same(kind, program, f, SAME));
	return best;
}

/* ---- what most packets are ---- */

static const enum gate_hook hooks[CLOCKWORK_KINDS] = { GATE_XDP, GATE_XDP_FRAGS, GATE_INGRESS };

/* Over for good: the server has the hello, and closes. */
static void finish_a_flow(struct gate *g, enum clockwork_kind kind)
{
	static struct octets message, stream;
	static struct frame f;
	struct segment closes = { .from_server = true,
				  .flags = TCP_FIN | TCP_ACK,
				  .seq = talker.server_isn + 1 };

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	client_frame(&f, TCP_SYN, 0, NULL, 0, 443);
	gate_send(g, hooks[kind], &f);
	client_frame(&f, TCP_ACK, 0, stream.at, stream.len, 443);
	gate_send(g, hooks[kind], &f);
	closes.ack = talker.isn + 1 + stream.len;
	frame_build(&f, &talker, &closes);
	gate_send(g, hooks[kind], &f);
	gate_forget(g);
}

static void common_packets(struct gate *g, enum clockwork_kind kind)
{
	static const __u8 data[1400] = { 0x17, 3, 3, 5, 0x73 };
	static struct frame f;
	int program = gate_program(g, hooks[kind]);

	client_frame(&f, TCP_ACK, 0, data, sizeof(data), 8080);
	row(kind, "another port", same(kind, program, &f), TIMES, 1.6);
	client_frame(&f, TCP_ACK, 0, NULL, 0, 443);
	row(kind, "bare ACK", same(kind, program, &f), TIMES, 2.4);
	finish_a_flow(g, kind);
	client_frame(&f, TCP_ACK, 600, data, sizeof(data), 443);
	row(kind, "data of a finished flow", same(kind, program, &f), TIMES, 2.4);
	client_frame(&f, TCP_ACK, 0, data, sizeof(data), 443);
	f.at[26 + 3]++; /* another client */
	row(kind, "data of a flow never seen", same(kind, program, &f), NO_TARGET, 0);
}

/* ---- phases ---- */

#define PHASES 16

struct phase {
	struct frame f;
	double cost; /* with what varying costs */
	double vary; /* only that */
};

/* One round: each phase over the same connections. */
static void play(struct gate *g, enum clockwork_kind kind, struct phase *phases, __u32 count,
		 __u32 connections)
{
	int program = gate_program(g, hooks[kind]), nothing = clockwork_nothing(kind);

	for (__u32 i = 0; i < count; i++) {
		struct phase *p = &phases[i];

		p->vary = least(p->vary,
				clockwork_vary(kind, nothing, &p->f, next_number, connections));
		p->cost = least(p->cost,
				clockwork_vary(kind, program, &p->f, next_number, connections));
	}
	next_number += connections;
}

static double cost_of(enum clockwork_kind kind, const struct phase *p)
{
	return p->cost - p->vary + noop[kind];
}

/* ---- SYNs ---- */

static void syns(struct gate *g, enum clockwork_kind kind)
{
	static struct phase empty[1], taken[1], again[1];
	static struct frame f;

	memset(empty, 0, sizeof(empty));
	memset(taken, 0, sizeof(taken));
	client_frame(&f, TCP_SYN, 0, NULL, 0, 443);
	empty[0].f = taken[0].f = again[0].f = f;
	for (__u32 i = 0; i < rounds; i++) {
		memset(g->slots, 0, HG_SLOTS * sizeof(*g->slots));
		clockwork_forget();
		play(g, kind, empty, 1, 16384);
	}
	/* A flood: every slot is somebody's. */
	play(g, kind, again, 1, 4 * HG_SLOTS);
	for (__u32 i = 0; i < rounds; i++) {
		clockwork_forget();
		play(g, kind, taken, 1, 16384);
	}
	row(kind, "SYN, cold, the slot is empty", cost_of(kind, empty), TIMES, 8);
	row(kind, "SYN, cold, the slot is another flow's (a flood)", cost_of(kind, taken),
	    NO_TARGET, 0);
	row(kind, "SYN, again", same(kind, gate_program(g, hooks[kind]), &f), NO_TARGET, 0);
	memset(g->slots, 0, HG_SLOTS * sizeof(*g->slots));
}

/* ---- hellos ---- */

/* What the sweep does a second after a flow was closed: rounds are shorter. */
static void forget_flows(const struct gate *g)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	static struct hg_flow_key keys[8192];
	static struct hg_flow values[8192];
	__u32 count = sizeof(keys) / sizeof(keys[0]), place;

	bpf_map_lookup_and_delete_batch(gate_map(g, "flows"), NULL, &place, keys, values, &count,
					&options);
}

/* SYN, the stream in segments of `mss` bytes, RST.  Returns the phases. */
static __u32 hello_phases(struct phase *phases, const struct hello_spec *spec, __u32 mss)
{
	static struct octets message, stream;
	__u32 count = 1;

	hello_build(&message, spec);
	record_whole(&stream, &message);
	client_frame(&phases[0].f, TCP_SYN, 0, NULL, 0, 443);
	for (__u32 at = 0; at < stream.len; at += mss) {
		__u32 len = stream.len - at < mss ? stream.len - at : mss;

		client_frame(&phases[count++].f, TCP_PSH | TCP_ACK, at, stream.at + at, len, 443);
	}
	client_frame(&phases[count++].f, TCP_RST, stream.len, NULL, 0, 443);
	for (__u32 i = 0; i < count; i++)
		phases[i].cost = phases[i].vary = 0;
	return count;
}

struct cost {
	double first, middle, last, segments, rst;
};

/* What each segment of such a hello costs. */
static struct cost hello(struct gate *g, enum clockwork_kind kind, const struct hello_spec *spec,
			 __u32 mss, __u32 connections)
{
	static struct phase phases[PHASES];
	__u32 count = hello_phases(phases, spec, mss);
	struct hg_counters before, after;
	struct cost c = { 0 };

	gate_counters(g, &before);
	for (__u32 i = 0; i < rounds; i++) {
		play(g, kind, phases, count, connections);
		gate_forget(g);
		forget_flows(g);
	}
	gate_counters(g, &after);
	if (after.sni.ok + after.sni.none - before.sni.ok - before.sni.none <
	    (__u64)rounds * connections * 9 / 10)
		tap_bail("only %llu hellos were read", (unsigned long long)after.sni.ok);
	c.first = cost_of(kind, &phases[1]);
	c.last = cost_of(kind, &phases[count - 2]);
	for (__u32 i = 1; i < count - 1; i++)
		c.segments += cost_of(kind, &phases[i]);
	if (count > 4)
		c.middle = (c.segments - c.first - c.last) / (count - 4);
	c.rst = cost_of(kind, &phases[count - 1]);
	return c;
}

/* ---- policies ---- */

static struct gate_policy names_policy(void)
{
	struct gate_policy p = {
		.header = { .revision = 1, .mode = HG_MODE_monitor },
		.rules = { { .match = { .conditions = HG_COND_SNI, .sni = 1 },
			     .action = HG_ACTION_reset,
			     .to = HG_TO_both } },
		.rule_count = 1,
	};

	return p;
}

static void small_policy(struct gate *g, const char *name, bool suffix)
{
	static const char *const others[] = { "a.example.net", "b.example.net", "c.example.net",
					      "d.example.net", "e.example.net", "example.net",
					      "one.example",   "two.example",	"three.example" };
	struct gate_policy p = names_policy();
	__u32 n = 0;

	for (; n < sizeof(others) / sizeof(others[0]); n++) {
		p.names[n].name = others[n];
		p.names[n].exact = 2;
	}
	p.names[n].name = name;
	p.names[n].exact = suffix ? 0 : 1;
	p.names[n].below = suffix ? 1 : 0;
	gate_police(g, &p);
}

/* The names of the small policy and so many others, by their hashes. */
static void large_policy(struct gate *g, const char *name, bool suffix, __u32 others)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	struct hg_name_key *keys = calloc(others, sizeof(*keys));
	struct hg_name_sets *sets = calloc(others, sizeof(*sets));
	static struct gate_compiled c;
	struct gate_policy p = names_policy();
	__u32 count = others;
	int map;

	p.names[0].name = name;
	p.names[0].exact = suffix ? 0 : 1;
	p.names[0].below = suffix ? 1 : 0;
	p.names[1].name = "example.net"; /* two labels and three, as the small one */
	p.names[2].name = "a.example.net";
	gate_police(g, &p);
	gate_compile(&p, &c);
	map = gate_inner_map(g, "policy_names", others + 3);
	if (!keys || !sets)
		tap_bail("no memory for a million names");
	for (__u32 i = 0; i < others; i++) {
		keys[i].hash[0] = hg_mix(i + 0x1234567ULL) >> 8;
		keys[i].hash[1] = hg_mix(keys[i].hash[0]) >> 8;
		sets[i].exact = 2;
	}
	if (bpf_map_update_batch(map, keys, sets, &count, &options))
		tap_bail("the map takes no million names: %s", strerror(errno));
	for (__u32 i = 0; i < c.names; i++)
		bpf_map_update_elem(map, &c.name_keys[i], &c.name_sets[i], BPF_ANY);
	gate_set_inner(g, "policy_names", map);
	free(keys);
	free(sets);
}

/* ---- the table ---- */

/* 517 bytes, with or without a name in it. */
static const struct hello_spec nameless = {
	.session_id_len = 32,
	.versions = { 0x0304, 0x0303 },
	.groups = { 0x001d, 0x0017 },
	.key_share = 32,
	.alpn = "h2",
	.pad_to = 512,
};

static const struct hello_spec named = {
	.sni = "shop.example.com",
	.session_id_len = 32,
	.versions = { 0x0304, 0x0303 },
	.groups = { 0x001d, 0x0017 },
	.key_share = 32,
	.alpn = "h2",
	.pad_to = 512,
};

static const struct hello_spec large = { .sni = "shop.example.com", .pad_to = 16384 };

static const __u32 set_sizes[] = { 10, 1000, 100000, 1000000 };
static const char *const set_words[] = { "10", "a thousand", "100,000", "a million" };

static void police_names(struct gate *g, const char *name, bool suffix, __u32 names)
{
	if (names == 10)
		small_policy(g, name, suffix);
	else
		large_policy(g, name, suffix, names - 3);
}

/*
 * The same look-up, hot, in sets of names that grow: costs what it costs in the smallest.
 * All sizes take turns, so that a machine that is slow for a while is slow for each.
 */
static void look_ups(struct gate *g, enum clockwork_kind kind, const char *what, const char *name,
		     bool suffix)
{
	__u32 all_rounds = rounds;
	double without = 0, costs[4] = { 0 };
	char text[80];

	rounds = (all_rounds + TURNS - 1) / TURNS;
	for (__u32 turn = 0; turn < TURNS; turn++) {
		gate_unpolice(g);
		without = least(without, hello(g, kind, &named, 4000, 4096).first);
		for (size_t i = 0; i < 4; i++) {
			police_names(g, name, suffix, set_sizes[i]);
			costs[i] = least(costs[i], hello(g, kind, &named, 4000, 4096).first);
		}
	}
	rounds = all_rounds;
	for (size_t i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "+ policy, %s names, %s", set_words[i], what);
		part(text, costs[i] - without);
	}
	costs[0] = (costs[3] - without) / (costs[0] - without);
	printf("    %-56s %8.2fx   %s: target %gx\n", "a million against 10", costs[0],
	       costs[0] <= SETS_ALIKE ? "reached" : "missed", SETS_ALIKE);
}

static void policies(struct gate *g, enum clockwork_kind kind)
{
	look_ups(g, kind, "exact", "shop.example.com", false);
	look_ups(g, kind, "suffix", "example.com", true);
	look_ups(g, kind, "no hit", "elsewhere.example", false);
	gate_unpolice(g);
}

struct gates {
	struct gate *hearing;
	struct gate *deaf;     /* its ring is full, and no event goes out */
	struct gate *checking; /* deaf, too, and verifies checksums */
};

/* One segment, taken apart. */
static void one_segment(const struct gates *g, enum clockwork_kind kind)
{
	struct gate *deaf = g->deaf, *hearing = g->hearing;
	struct cost bare = hello(deaf, kind, &nameless, 4000, 4096);
	struct cost with_name = hello(deaf, kind, &named, 4000, 4096);
	struct cost with_event = hello(hearing, kind, &named, 4000, 4096);
	struct cost checked = hello(g->checking, kind, &nameless, 4000, 4096);

	row(kind, "hello, 517 bytes, one segment, counters", bare.first, TIMES, 16.7);
	part("+ its checksum", checked.first - bare.first);
	part("+ server name and its table", with_name.first - bare.first);
	part("+ event with the message", with_event.first - with_name.first);
	policies(deaf, kind);
	row(kind, "hello, one segment, all but a policy", with_event.first, NO_TARGET, 0);
	row(kind, "RST after it: END event, flow forgotten", with_event.rst, NO_TARGET, 0);
}

static void many_segments(const struct gates *g, enum clockwork_kind kind)
{
	struct gate *deaf = g->deaf, *hearing = g->hearing;
	struct cost two = hello(deaf, kind, &hello_pq, 1400, 960);
	struct cost three = hello(deaf, kind, &hello_pq, 600, 960);
	struct cost two_event = hello(hearing, kind, &hello_pq, 1400, 960);
	struct cost two_checked = hello(g->checking, kind, &hello_pq, 1400, 960);
	struct cost sixteen;

	row(kind, "hello, 1746 bytes, two segments, no event", two.segments, TIMES, 55.6);
	part("the first", two.first);
	part("the second", two.last);
	part("+ their checksums", two_checked.segments - two.segments);
	part("+ event with the message", two_event.segments - two.segments);
	row(kind, "hello, 1746 bytes, three segments, no event", three.segments, NO_TARGET, 0);
	sixteen = hello(deaf, kind, &large, 1400, 960);
	row(kind, "hello, 16 KB, twelve segments, no event", sixteen.segments, NO_TARGET, 0);
	part("one in the middle", sixteen.middle);
	part("the last", sixteen.last);
	if (kind == CLOCKWORK_FRAGS)
		row(kind, "hello, 16 KB, one frame, no event",
		    hello(deaf, kind, &large, 20000, 960).first, NO_TARGET, 0);
}

static void hook(const struct gates *g, enum clockwork_kind kind)
{
	static struct frame f;

	clockwork_prepare(kind);
	client_frame(&f, TCP_ACK, 0, NULL, 0, 443);
	noop[kind] = same(kind, clockwork_nothing(kind), &f);
	printf("%s\n", gate_hook_name[hooks[kind]]);
	row(kind, "nothing (a program that only returns)", noop[kind], NO_TARGET, 0);
	common_packets(g->hearing, kind);
	syns(g->hearing, kind);
	one_segment(g, kind);
	many_segments(g, kind);
}

int main(int argc, char **argv)
{
	static const __u16 ports[] = { 443, 0 };
	static const struct gate_options full_ring = { .ports = ports,
						       .real_clock = true,
						       .ring_bytes = 4096 };
	static const struct gate_options checks = {
		.ports = ports, .real_clock = true, .ring_bytes = 4096, .checksums = true
	};
	static const struct gate_options usual = { .ports = ports, .real_clock = true };
	static struct gate deaf, hearing, checking;
	static const struct gates gates = { &hearing, &deaf, &checking };
	struct utsname u;

	if (argc > 1)
		rounds = (__u32)atoi(argv[1]);
	uname(&u);
	gate_open(&deaf, &full_ring);
	gate_open(&hearing, &usual);
	gate_open(&checking, &checks);
	clockwork_open();
	printf("Linux %s, one processor, minima of %u rounds; x: times a program that only returns\n",
	       u.release, rounds);
	if (argc > 2) {
		clockwork_prepare(CLOCKWORK_XDP);
		policies(&deaf, CLOCKWORK_XDP);
	} else {
		hook(&gates, CLOCKWORK_XDP);
		hook(&gates, CLOCKWORK_FRAGS);
		hook(&gates, CLOCKWORK_TC);
	}
	gate_close(&checking);
	gate_close(&deaf);
	gate_close(&hearing);
	return 0;
}
