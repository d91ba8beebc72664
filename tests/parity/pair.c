/* SPDX-License-Identifier: BSD-2-Clause */
#include "pair.h"

#include <string.h>

#include "../kernel/tap.h"
#include "policy_compile.h"
#include "read_path.h"

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

static int by_bytes(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->bytes, y->bytes, x->len);
}

static void differs(struct pair *p, const char *what, const struct hg_event *kernel,
		    const struct hg_event *other)
{
	p->same = false;
	tap_diag("%s: %s", p->where, what);
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
static void compare_events(struct pair *p, bool ordered)
{
	__u32 count = gate_events(&p->gate);
	struct record *list = heard(&p->gate);

	if (count != said_count)
		differs(p, count < said_count ? "the kernel says less" : "the kernel says more",
			NULL, NULL);
	if (!ordered && count == said_count) {
		qsort(list, count, sizeof(*list), by_bytes);
		qsort(said, count, sizeof(*said), by_bytes);
	}
	for (__u32 i = 0; i < count && i < said_count; i++)
		if (by_bytes(&list[i], &said[i]))
			differs(p, "events differ", (void *)list[i].bytes, (void *)said[i].bytes);
	p->events += count;
	said_count = 0;
	gate_forget(&p->gate);
}

void pair_compare_counters(struct pair *p)
{
	struct hg_counters kernel, other;
	const __u64 *k = (void *)&kernel, *o = (void *)&other;

	gate_counters(&p->gate, &kernel);
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
		p->same = false;
		tap_diag("up to %s: counter %zu: kernel %llu, native %llu", p->where, i,
			 (unsigned long long)k[i], (unsigned long long)o[i]);
	}
}

/* ---- both at once ---- */

void pair_open(struct pair *p, enum gate_hook hook, bool with_policy, bool tunnels)
{
	struct gate_options options = { .decap = tunnels ? (1U << HG_TUNNEL_COUNT) - 1 : 0,
					.checksums = tunnels };
	struct hg_read_options read_as = { .decap = options.decap, .checksums = tunnels };

	memset(p, 0, sizeof(*p));
	p->hook = hook;
	p->same = true;
	said_count = 0;
	gate_open(&p->gate, &options);
	p->gate.ingress_ifindex = 1;
	if (with_policy)
		gate_police(&p->gate, &policy);
	native->open(with_policy ? compiled() : NULL, &read_as, keep, NULL);
}

void pair_frame(struct pair *p, const struct frame *f)
{
	p->gate.presence->time_ns += 1000000;
	if (gate_send_quietly(&p->gate, p->hook, f) == GATE_FAILED)
		return; /* a frame that the kernel does not take: nothing was run */
	native->frame(f->at, f->len, p->gate.presence->time_ns);
	p->frames++;
	compare_events(p, true);
}

void pair_sweep(struct pair *p, __u64 later)
{
	gate_wait(&p->gate, later);
	gate_sweep(&p->gate);
	native->sweep(p->gate.presence->time_ns, 0);
	compare_events(p, false);
}

void pair_end(struct pair *p)
{
	gate_sweep_final(&p->gate);
	native->sweep(p->gate.presence->time_ns, 1);
	compare_events(p, false);
	pair_compare_counters(p);
}

void pair_close(struct pair *p)
{
	native->close();
	gate_close(&p->gate);
}
