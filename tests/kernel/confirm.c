/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A generation that nobody confirms in time gives way to the one before it, by
 * the clock of the data path alone, to the nanosecond; a confirmation keeps it.
 */
#include <bpf/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

#define OLD 1 /* revisions; their slots are 0 and 1 */
#define NEW 2
#define OLD_SLOT 0U
#define NEW_SLOT 1U

static struct octets message, stream;
static __u64 confirm_by; /* of the load at hand */

/*
 * Each refuses its own name, source and port alone: a mixture of both would show.
 * Its rule is number 0 in one and number 1 in the other.
 */
static struct gate_policy policy_of(__u32 revision)
{
	const bool new = revision == NEW;
	struct gate_policy p = {
		.header = { .revision = revision,
			    .mode = HG_MODE_enforce,
			    .default_stats = 7,
			    .unread_stats = 8 },
		.names = { { new ? "new.example" : "old.example", 1, 0 } },
		.nets = { { new ? "192.0.2.0/24" : "198.51.100.0/24", 1 } },
		.numbers = { { new ? 443 : 8443, new ? 443 : 8443, 1 } },
	};
	struct hg_rule refuse = {
		.match = { .conditions = HG_COND_SNI | HG_COND_SRC | HG_COND_PORT,
			   .sni = 1,
			   .src = 1,
			   .port = 1 },
		.action = HG_ACTION_reset,
		.mode = HG_MODE_enforce,
		.to = HG_TO_both,
		.stats = (__u16)revision,
	};
	struct hg_rule never = { .match = { .conditions = HG_COND_SNI, .sni = 2 }, .stats = 3 };

	p.rules[0] = new ? refuse : never;
	p.rules[1] = new ? never : refuse;
	p.rule_count = 2;
	return p;
}

/* The old one is in force and the new one was loaded over it; `fallback` as in hg_policy. */
static void load(struct gate *g, __u32 fallback)
{
	struct gate_policy old = policy_of(OLD), new = policy_of(NEW);

	confirm_by = g->presence->time_ns + SECONDS(60);
	new.header.fallback = fallback;
	new.header.confirm_by_ns = confirm_by;
	gate_generation(g, OLD_SLOT, &old);
	gate_generation(g, NEW_SLOT, &new);
	g->control->generation = NEW_SLOT + 1;
}

static void go_to(struct gate *g, __u64 now_ns)
{
	gate_wait(g, now_ns - g->presence->time_ns);
}

/* As `policy confirm` does it: one store into the map at work. */
static void confirm(struct gate *g)
{
	__u32 slot = NEW_SLOT, id;
	struct hg_policy *policy;
	int map;

	if (bpf_map_lookup_elem(gate_map(g, "policy"), &slot, &id))
		tap_bail("no generation in slot %u", slot);
	map = bpf_map_get_fd_by_id(id);
	policy = mmap(NULL, sizeof(*policy), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	if (map < 0 || policy == MAP_FAILED)
		tap_bail("the policy cannot be mapped");
	__atomic_store_n(&policy->confirm_by_ns, 0, __ATOMIC_RELEASE);
	munmap(policy, sizeof(*policy));
	close(map);
}

/* A hello that the generation of `revision` refuses, and no other does. */
static void begin(struct talk *t, struct gate *g, enum gate_hook hook, __u32 revision)
{
	struct conn conn = { .client = { 192, 0, 2, 9 },
			     .server = { 203, 0, 113, 1 },
			     .server_port = revision == NEW ? 443 : 8443 };
	struct hello_spec spec = { .sni = revision == NEW ? "new.example" : "old.example" };

	if (revision == OLD)
		memcpy(conn.client, "\xc6\x33\x64\x09", 4);
	hello_build(&message, &spec);
	record_whole(&stream, &message);
	talk_begin(t, g, hook, &conn);
	talk_syn(t);
}

/* It is judged under `revision` (0: no policy), and refused or not. */
static bool judged(struct talk *t, __u32 revision, bool refused)
{
	const struct gate_event *e = NULL;
	bool ok = check_u64("act", talk_client(t, 0, stream.at, stream.len),
			    refused ? GATE_RESET : GATE_PASS);

	ok &= check_u64("HELLO", talk_count(t, HG_EVENT_HELLO, &e), 1);
	if (e)
		ok &= check_u64("revision", e->head.verdict.revision, revision);
	return ok;
}

/* Which generation is in force: its own name is refused, that of the other is not. */
static bool in_force(struct gate *g, enum gate_hook hook, __u32 revision)
{
	static struct talk t;
	bool ok = true;

	for (__u32 asked = OLD; asked <= NEW; asked++) {
		begin(&t, g, hook, asked);
		ok &= judged(&t, revision, asked == revision);
	}
	return ok;
}

static bool done(struct gate *g, bool ok)
{
	return ok & gate_over(g);
}

static void falls_back(struct gate *g, enum gate_hook hook, __u32 fallback, __u32 revision)
{
	bool ok;

	load(g, fallback);
	ok = in_force(g, hook, NEW);
	go_to(g, confirm_by - 1);
	ok &= in_force(g, hook, NEW);
	go_to(g, confirm_by);
	ok &= in_force(g, hook, revision);
	go_to(g, confirm_by + SECONDS(86400));
	ok &= in_force(g, hook, revision);
	tap_ok(done(g, ok), "%s: not confirmed: at that nanosecond %s", gate_hook_name[hook],
	       revision ? "the policy before is back" : "there is no policy, as before");
}

static void stays(struct gate *g, enum gate_hook hook)
{
	bool ok;

	load(g, OLD_SLOT + 1);
	go_to(g, confirm_by - 1);
	confirm(g);
	ok = in_force(g, hook, NEW);
	go_to(g, confirm_by);
	ok &= in_force(g, hook, NEW);
	go_to(g, confirm_by + SECONDS(86400));
	ok &= in_force(g, hook, NEW);
	tap_ok(done(g, ok), "%s: confirmed a nanosecond before: it stays", gate_hook_name[hook]);
}

/* Slots that hold nothing, or that are none: no policy, and no harm. */
static void nowhere(struct gate *g, enum gate_hook hook, __u32 fallback)
{
	bool ok;

	load(g, fallback);
	go_to(g, confirm_by);
	ok = in_force(g, hook, 0);
	tap_ok(done(g, ok), "%s: a fallback to slot %u, where there is none: no policy",
	       gate_hook_name[hook], fallback);
}

/* A RST is final: the flow stays refused under the policy that refused it. */
static void stays_refused(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	static const __u8 more[60] = { 23, 3, 3, 0, 55 };
	bool ok;

	load(g, OLD_SLOT + 1);
	go_to(g, confirm_by - 1);
	begin(&t, g, hook, NEW);
	ok = check_u64("act", talk_client(&t, 0, stream.at, stream.len), GATE_RESET);
	go_to(g, confirm_by);
	ok &= check_u64("act on what follows", talk_client(&t, stream.len, more, sizeof(more)),
			GATE_RESET);
	tap_ok(done(g, ok), "%s: a flow that was refused stays so", gate_hook_name[hook]);
}

/* What waits for user space finishes under the revision that it waits for. */
static void pending_finishes(struct gate *g, enum gate_hook hook)
{
	struct gate_policy old = policy_of(OLD), new = policy_of(NEW);
	const struct gate_event *e = NULL;
	static struct talk t;
	bool ok;

	new.header.fallback = OLD_SLOT + 1;
	confirm_by = g->presence->time_ns + SECONDS(60);
	new.header.confirm_by_ns = confirm_by;
	new.header.decision_timeout_ms = 1000;
	new.rules[0] = (struct hg_rule){ .match = { .conditions = HG_COND_USER },
					 .action = HG_ACTION_reset,
					 .mode = HG_MODE_enforce,
					 .to = HG_TO_both,
					 .stats = 2,
					 .on_undecided = HG_ACTION_reset };
	gate_generation(g, OLD_SLOT, &old);
	gate_generation(g, NEW_SLOT, &new);
	g->control->generation = NEW_SLOT + 1;
	go_to(g, confirm_by - 1);
	g->presence->heartbeat_ns = g->presence->time_ns;
	begin(&t, g, hook, NEW);
	ok = check_u64("act", talk_client(&t, 0, stream.at, stream.len), GATE_PASS);
	go_to(g, confirm_by + SECONDS(1));
	ok &= check_u64("act at its deadline", talk_client_flags(&t, TCP_ACK, stream.len),
			GATE_RESET);
	ok &= check_u64("END", talk_count(&t, HG_EVENT_END, &e), 1);
	if (e)
		ok &= check_u64("revision", e->head.verdict.revision, NEW);
	tap_ok(done(g, ok), "%s: a flow that waits for user space finishes under its own",
	       gate_hook_name[hook]);
}

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		falls_back(&g, hook, OLD_SLOT + 1, OLD);
		falls_back(&g, hook, 0, 0);
		stays(&g, hook);
		nowhere(&g, hook, 4);
		nowhere(&g, hook, 5);
		nowhere(&g, hook, ~0U);
		stays_refused(&g, hook);
		pending_finishes(&g, hook);
	}
	gate_close(&g);
	return tap_done();
}
