/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hits of sets: each hello once, for every set that holds its name or one of its
 * addresses, whatever rule decides.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

#define CLIENT                                                                                     \
	{                                                                                          \
		10, 1, 2, 3                                                                        \
	}
#define SERVER                                                                                     \
	{                                                                                          \
		192, 0, 2, 1                                                                       \
	}

/* Sets of names: 0, 1, and 62 with its exceptions in 63; of networks: 3, 5 and 63. */
static const struct gate_policy police = {
	.header = { .revision = 1,
		    .mode = HG_MODE_enforce,
		    .name_exceptions = 1ULL << 63,
		    .needs = HG_COND_SNI | HG_COND_SRC | HG_COND_DST },
	.rules = { { .match = { .conditions = HG_COND_SNI | HG_COND_SRC | HG_COND_DST,
				.sni = 1,
				.src = 8,
				.dst = 32 },
		     .action = HG_ACTION_count,
		     .mode = HG_MODE_enforce,
		     .stats = 1 } },
	.rule_count = 1,
	.names = { { "one.example", 1, 0 },
		   { "two.example", 3, 0 },
		   { "below.example", 0, 1ULL << 62 },
		   { "not.below.example", 1ULL << 63, 0 } },
	.nets = { { "10.1.0.0/16", 8 }, { "192.0.2.1/32", 32 }, { "2001:db8::/32", 1ULL << 63 } },
};

/* Sets that were hit: bit by bit, of names and of networks. */
struct row {
	const char *sni;
	bool ipv6;
	__u64 names, nets;
};

static const struct row rows[] = {
	{ "one.example", false, 1, 8 | 32 },
	{ "two.example", false, 3, 8 | 32 },
	{ "a.below.example", false, 1ULL << 62, 8 | 32 },
	{ "not.below.example", false, 0, 8 | 32 },
	{ "other.example", false, 0, 8 | 32 },
	{ "one.example", true, 1, 1ULL << 63 },
};

static __u64 hits(struct gate *g, __u32 slot, bool networks, __u32 bit)
{
	__u32 at = hg_set_hits_at(slot, networks) + bit;
	__u64 each[256] = { 0 }, sum = 0;

	if (bpf_map_lookup_elem(gate_map(g, "set_hits"), &at, each))
		tap_bail("no set_hits");
	for (int i = 0; i < libbpf_num_possible_cpus() && i < 256; i++)
		sum += each[i];
	return sum;
}

static void forget(struct gate *g)
{
	static const __u64 none[256];

	for (__u32 at = 0; at < HG_GENERATIONS * 2 * HG_SETS; at++)
		bpf_map_update_elem(gate_map(g, "set_hits"), &at, none, BPF_ANY);
}

static bool are(struct gate *g, __u32 slot, __u64 names, __u64 nets)
{
	bool ok = true;

	for (__u32 bit = 0; bit < HG_SETS; bit++) {
		ok &= check_u64("of names", hits(g, slot, false, bit), names >> bit & 1);
		ok &= check_u64("of networks", hits(g, slot, true, bit), nets >> bit & 1);
	}
	return ok;
}

/* The hello, whole, and then once more: that is no second one. */
static void said(struct gate *g, enum gate_hook hook, const struct row *row)
{
	struct conn conn = { .client = CLIENT, .server = SERVER, .ipv6 = row->ipv6 };
	static struct octets message, stream;
	static struct talk t;

	if (row->ipv6)
		conn = (struct conn){ .ipv6 = true,
				      .client = { 0x20, 1, 0xd, 0xb8, [15] = 1 },
				      .server = { 0x20, 1, 0xd, 0xb8, [15] = 2 } };
	hello_build(&message, &(struct hello_spec){ .sni = row->sni });
	record_whole(&stream, &message);
	talk_begin(&t, g, hook, &conn);
	talk_syn(&t);
	talk_client(&t, 0, stream.at, 50);
	talk_client(&t, 50, stream.at + 50, stream.len - 50);
	talk_client(&t, 0, stream.at, stream.len);
}

static void one(struct gate *g, enum gate_hook hook, const struct row *row)
{
	bool ok;

	forget(g);
	gate_police(g, &police);
	said(g, hook, row);
	ok = are(g, 0, row->names, row->nets) & are(g, 1, 0, 0);
	tap_ok(ok & gate_over(g), "%s: %s%s", gate_hook_name[hook], row->sni,
	       row->ipv6 ? ", IPv6" : "");
}

/* Those of the generation in force are counted, and no others. */
static void of_its_generation(struct gate *g, enum gate_hook hook)
{
	struct gate_policy third = police;
	bool ok;

	third.header.slot = 3;
	forget(g);
	gate_generation(g, 3, &third);
	g->control->generation = 4;
	said(g, hook, &rows[0]);
	ok = are(g, 3, rows[0].names, rows[0].nets) & are(g, 0, 0, 0);
	tap_ok(ok & gate_over(g), "%s: of its generation", gate_hook_name[hook]);
}

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			one(&g, hook, &rows[i]);
		of_its_generation(&g, hook);
	}
	gate_close(&g);
	return tap_done();
}
