/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which connection a packet belongs to: ports used again, slots that collide,
 * namespaces, both addresses families, forwarded packets.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

static struct octets message, stream;

static void hello(struct talk *t)
{
	talk_client(t, 0, stream.at, stream.len);
}

/* ENDs and HELLOs of this 4-tuple so far. */
static bool saw_events(struct talk *t, __u32 hellos, __u32 ends)
{
	const struct gate_event *e = NULL;

	return check_u64("HELLO events", talk_count(t, HG_EVENT_HELLO, &e), hellos) &
	       check_u64("END events", talk_count(t, HG_EVENT_END, &e), ends);
}

static bool books(struct gate *g)
{
	return gate_balanced(g) & gate_clear(g);
}

static bool coverage(struct gate *g, __u64 created, enum hg_bucket a, enum hg_bucket b)
{
	enum hg_bucket buckets[2] = { a, b };

	return check_coverage(g, created, buckets, (a != HG_BUCKET_COUNT) + (b != HG_BUCKET_COUNT));
}

#define ONE HG_BUCKET_single_segment
#define NONE HG_BUCKET_COUNT

static __u64 last_flow_id(struct talk *t)
{
	const struct gate_event *e = NULL;

	return talk_count(t, HG_EVENT_HELLO, &e) ? e->head.flow_id : 0;
}

/* The 4-tuple again with another ISN: after a RST, and with the first still there. */
static void used_again(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	__u64 first;
	bool ok;

	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	hello(&t);
	first = last_flow_id(&t);
	talk_client_flags(&t, TCP_RST, stream.len);
	t.conn.isn += 100000;
	talk_syn(&t);
	hello(&t);
	ok = saw_events(&t, 2, 1) & check_u64("the same id", last_flow_id(&t) == first, 0);
	ok &= coverage(g, 2, ONE, NONE);
	tap_ok(ok & books(g), "%s: used again after a RST", gate_hook_name[hook]);

	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	hello(&t);
	t.conn.isn += 100000;
	talk_syn(&t);
	ok = saw_events(&t, 1, 0) & check_u64("active", gate_active(g), 2);
	hello(&t);
	ok &= saw_events(&t, 2, 1);
	ok &= coverage(g, 2, ONE, NONE);
	tap_ok(ok & books(g), "%s: used again without an end", gate_hook_name[hook]);
}

static void partial_again(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	bool ok;

	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	talk_client(&t, 0, stream.at, 300);
	t.conn.isn += 0x40000000;
	talk_syn(&t);
	talk_client(&t, 0, stream.at, 200);
	talk_client(&t, 200, stream.at + 200, stream.len - 200);
	ok = saw_events(&t, 1, 1);
	ok &= coverage(g, 2, HG_BUCKET_truncated, NONE);
	tap_ok(ok & books(g), "%s: used again in the middle of a hello", gate_hook_name[hook]);
}

/* Late packets of the older connection still find it. */
static void late_packets(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	bool ok;

	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	hello(&t);
	t.conn.isn += 0x40000000;
	talk_syn(&t);
	t.conn.isn -= 0x40000000;
	talk_client_flags(&t, TCP_FIN | TCP_ACK, stream.len);
	gate_wait(g, HG_IDLE_CLOSING);
	gate_sweep(g);
	ok = saw_events(&t, 1, 1);
	ok &= coverage(g, 2, ONE, NONE);
	t.conn.isn += 0x40000000;
	hello(&t);
	ok &= saw_events(&t, 2, 1);
	ok &= check_u64("active", gate_active(g), 1);
	tap_ok(ok & books(g), "%s: the older one's FIN after the newer one's SYN",
	       gate_hook_name[hook]);
}

/*
 * A SYN with a hello in it, of other sequence numbers: no server takes it, and it
 * must not hide the hello of the connection that is there.
 */
static void decoy_in_syn(struct gate *g, enum gate_hook hook)
{
	enum { AT_ONCE, ANSWERED, BEGUN, WHENS };
	static const char *const whens[WHENS] = { "a SYN", "a SYN-ACK", "part of a hello" };
	static const struct hello_spec decoy = { .sni = "decoy.example" };
	static struct octets decoy_message, decoy_stream;
	static struct talk t;

	hello_build(&decoy_message, &decoy);
	record_whole(&decoy_stream, &decoy_message);
	for (int when = 0; when < WHENS; when++) {
		const struct gate_event *e = NULL;
		__u32 had = when == BEGUN ? 100 : 0;
		bool ok;

		talk_begin(&t, g, hook, NULL);
		talk_syn(&t);
		if (when != AT_ONCE)
			talk_synack(&t);
		if (had)
			talk_client(&t, 0, stream.at, had);
		talk_segment(&t, &(struct segment){ .flags = TCP_SYN,
						    .seq = t.conn.isn + 0x40000000,
						    .data = decoy_stream.at,
						    .len = decoy_stream.len });
		if (when == AT_ONCE)
			talk_synack(&t);
		talk_client(&t, had, stream.at + had, stream.len - had);
		talk_count(&t, HG_EVENT_HELLO, &e);
		ok = e && check_u64("ISN", e->head.isn, t.conn.isn);
		ok &= e && check_u64("bytes", e->head.hello.bytes, message.len);
		tap_ok(ok & books(g), "%s: a decoy in a SYN, behind %s", gate_hook_name[hook],
		       whens[when]);
	}
}

/* Another SYN behind the SYN-ACK, and then the first once more: as a copy of it comes late. */
static void first_again(struct gate *g, enum gate_hook hook)
{
	const struct gate_event *e = NULL;
	static struct talk t;
	bool ok;

	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	talk_synack(&t);
	t.conn.isn += 7;
	talk_syn(&t);
	t.conn.isn -= 7;
	talk_syn(&t);
	hello(&t);
	ok = saw_events(&t, 1, 0);
	talk_count(&t, HG_EVENT_HELLO, &e);
	ok &= e && check_u64("ISN", e->head.isn, t.conn.isn);
	tap_ok(ok & books(g), "%s: a SYN, another, and the first again", gate_hook_name[hook]);
}

static void syn_again(struct gate *g, enum gate_hook hook)
{
	static struct talk t;
	bool ok;

	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	gate_wait(g, SECONDS(1));
	talk_syn(&t);
	talk_synack(&t);
	talk_synack(&t);
	talk_syn(&t);
	ok = coverage(g, 1, NONE, NONE);
	hello(&t);
	ok &= saw_events(&t, 1, 0);
	tap_ok(ok & books(g), "%s: SYN and SYN-ACK retransmitted", gate_hook_name[hook]);

	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	t.conn.isn += 7;
	talk_syn(&t);
	ok = coverage(g, 2, HG_BUCKET_no_data, NONE);
	hello(&t);
	ok &= saw_events(&t, 1, 0);
	tap_ok(ok & books(g), "%s: a SYN with another ISN", gate_hook_name[hook]);
}

/* ---- slots ---- */

static __u64 endpoint(const __u8 addr[4], __u16 port)
{
	__u32 word;

	memcpy(&word, addr, 4);
	return (__u64)word << 16 | htons(port);
}

static __u32 slot_of(const struct gate *g, const struct conn *c)
{
	__u64 a = endpoint(c->client, c->client_port), b = endpoint(c->server, c->server_port);

	return hg_hash_slot(hg_flow_hash(&g->control->hash_key, a < b ? a : b, a < b ? b : a, 0));
}

/* Another connection that falls on the same slot, the next one behind `from`. */
static struct conn neighbour(const struct gate *g, const struct conn *c, __u32 *from)
{
	struct conn other = *c;
	__u32 slot = slot_of(g, c);

	for (__u32 n = *from + 1;; n++) {
		if (n > 80000000)
			tap_bail("no neighbour of slot %u", slot);
		other.client[3] = (__u8)(n >> 16);
		other.client[2] = (__u8)(n >> 24);
		other.client_port = (__u16)(n | 1024);
		if (slot_of(g, &other) != slot || !memcmp(&other, c, sizeof(other)))
			continue;
		*from = n | 1024;
		return other;
	}
}

/* Three connections with one pair of slots for them. */
static void crowd(struct talk t[3], struct gate *g, enum gate_hook hook)
{
	struct conn conn;
	__u32 from = 0;

	talk_begin(&t[0], g, hook, NULL);
	for (int i = 1; i < 3; i++) {
		conn = neighbour(g, &t[0].conn, &from);
		talk_begin(&t[i], g, hook, &conn);
	}
}

/* What only says that a connection was reset gives way to a SYN, before a live flow does. */
static void drop_gives_way(struct gate *g, enum gate_hook hook)
{
	static struct talk t[3];
	__u32 slot;
	bool ok;

	crowd(t, g, hook);
	slot = slot_of(g, &t[0].conn);
	g->slots[slot ^ 1].word = hg_slot_word(1, HG_SLOT_DROP, 0, 64, 0);
	talk_syn(&t[0]);
	ok = check_u64("the first SYN has the empty slot", HG_SLOT_STATE(g->slots[slot].word),
		       HG_SLOT_SYN);
	talk_syn(&t[1]);
	ok &= coverage(g, 2, NONE, NONE);
	hello(&t[0]);
	hello(&t[1]);
	ok &= saw_events(&t[0], 1, 0) & saw_events(&t[1], 1, 0);
	tap_ok(ok & books(g), "%s: a SYN beside a live flow, and a reset one",
	       gate_hook_name[hook]);
}

/*
 * Two SYNs have room side by side.  A third takes the slot of one of them, whose
 * flow is evicted; or that of a flow with an entry, which is found by its key.
 */
static void collision(struct gate *g, enum gate_hook hook)
{
	static struct talk t[3];
	bool ok;

	crowd(t, g, hook);
	talk_syn(&t[0]);
	ok = check_u64("the slot of that SYN is written",
		       HG_SLOT_STATE(g->slots[slot_of(g, &t[0].conn)].word), HG_SLOT_SYN);
	talk_syn(&t[1]);
	ok &= coverage(g, 2, NONE, NONE);
	hello(&t[0]);
	hello(&t[1]);
	ok &= saw_events(&t[0], 1, 0) & saw_events(&t[1], 1, 0);
	tap_ok(ok & books(g), "%s: two SYNs on one slot", gate_hook_name[hook]);

	crowd(t, g, hook);
	for (int i = 0; i < 3; i++)
		talk_syn(&t[i]);
	ok = coverage(g, 3, HG_BUCKET_evicted, NONE);
	hello(&t[1]);
	hello(&t[2]);
	ok &= saw_events(&t[1], 1, 0) & saw_events(&t[2], 1, 0);
	tap_ok(ok & books(g), "%s: a third SYN evicts one", gate_hook_name[hook]);

	crowd(t, g, hook);
	talk_syn(&t[0]);
	talk_client(&t[0], 0, stream.at, 100);
	talk_syn(&t[1]);
	talk_syn(&t[2]);
	ok = coverage(g, 3, NONE, NONE);
	talk_client(&t[0], 100, stream.at + 100, stream.len - 100);
	hello(&t[1]);
	hello(&t[2]);
	for (int i = 0; i < 3; i++)
		ok &= saw_events(&t[i], 1, 0);
	talk_server_flags(&t[0], TCP_FIN | TCP_ACK, 0);
	talk_server_flags(&t[2], TCP_RST, 0);
	ok &= coverage(g, 3, HG_BUCKET_reassembled, ONE);
	tap_ok(ok & books(g), "%s: a SYN on the slot of a flow with payload", gate_hook_name[hook]);
}

/* ---- the key ---- */

/* Ports and addresses that compare differently as bytes and as numbers. */
static const struct conn pairs[] = {
	{ .client = { 10, 0, 0, 1 }, .server = { 10, 0, 0, 2 }, .client_port = 256 },
	{ .client = { 10, 0, 0, 2 }, .server = { 10, 0, 0, 1 }, .client_port = 255 },
	{ .client = { 10, 0, 0, 1 }, .server = { 10, 0, 0, 1 }, .client_port = 444 },
	{ .client = { 10, 0, 0, 1 }, .server = { 10, 0, 0, 1 }, .client_port = 65535 },
	{ .client = { 10, 0, 0, 1 }, .server = { 10, 0, 0, 1 }, .client_port = 2 },
	{ .client = { 200, 0, 0, 1 }, .server = { 100, 255, 0, 1 }, .client_port = 1 },
	{ .ipv6 = true,
	  .client = { 0xfe, 0x80, 1, [15] = 1 },
	  .server = { 0xfe, 0x80, 2, [15] = 1 },
	  .client_port = 1000 },
	{ .ipv6 = true,
	  .client = { 0x20, 1, [15] = 2 },
	  .server = { 0x20, 1, [15] = 1 },
	  .client_port = 1000 },
	{ .ipv6 = true,
	  .client = { 0x20, 1, [4] = 0x80, [15] = 1 },
	  .server = { 0x20, 1, [4] = 0x7f, [15] = 1 },
	  .client_port = 1000 },
	/* The mapped form of an IPv4 address, over IPv6 itself. */
	{ .ipv6 = true,
	  .client = { 0x64, 0xff, 0x9b, [12] = 10, 0, 0, 1 },
	  .server = { 0x64, 0xff, 0x9b, [12] = 10, 0, 0, 2 },
	  .client_port = 256 },
};

static bool directions_meet(struct gate *g, enum gate_hook hook, const struct conn *pair)
{
	static const __u8 answer[40] = { 22, 3, 3, 0, 35, 2 };
	static struct talk t;
	struct hg_flow f;
	bool ok;

	talk_begin(&t, g, hook, pair);
	talk_syn(&t);
	talk_synack(&t);
	talk_client(&t, 0, stream.at, 200);
	talk_client(&t, 200, stream.at + 200, stream.len - 200);
	talk_server(&t, 0, answer, sizeof(answer));
	ok = saw_events(&t, 1, 0);
	if (!talk_flow(&t, &f))
		ok = check_u64("the flow is under its key", 0, 1);
	else
		ok &= check_u64("bytes of the server", f.next[HG_FROM_SERVER],
				t.conn.server_isn + 1 + sizeof(answer));
	talk_server_flags(&t, TCP_FIN | TCP_ACK, sizeof(answer));
	return ok & saw_events(&t, 1, 1);
}

static void endpoints(struct gate *g, enum gate_hook hook)
{
	bool ok = true;

	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		ok &= directions_meet(g, hook, &pairs[i]);
		if (!ok)
			tap_diag("connection %zu", i);
	}
	tap_ok(ok & check_u64("active", gate_active(g), 0) & books(g),
	       "%s: both directions of %zu pairs of endpoints meet", gate_hook_name[hook],
	       COUNT_OF(pairs));
}

/* The number of the namespace is part of the key. */
static void namespaces(void)
{
	static const struct gate_options options = { .netns_number = 7, .interface_number = 3 };
	static struct gate g;
	static struct talk t;
	struct hg_flow f;

	gate_open(&g, &options);
	talk_begin(&t, &g, GATE_XDP, NULL);
	talk_syn(&t);
	hello(&t);
	tap_ok(saw_events(&t, 1, 0) & talk_flow(&t, &f) & books(&g),
	       "namespace 7, interface 3: key, event and counters say so");
	gate_close(&g);
}

/* At egress, what an attached ingress has seen is not counted again. */
static void forwarded(struct gate *g)
{
	static struct talk t;
	struct hg_interface_key key = { .ifindex = 1 };
	struct hg_counters c;
	__u32 ports = 0;
	bool ok;

	bpf_map_update_elem(gate_map(g, "interface_numbers"), &key, &ports, BPF_ANY);
	talk_begin(&t, g, GATE_EGRESS, NULL);
	g->ingress_ifindex = 1;
	talk_syn(&t);
	hello(&t);
	gate_counters(g, &c);
	ok = check_u64("flows created", c.flows_created, 0) & saw_events(&t, 0, 0);
	ok &= check_u64("packets", c.packets.passed, 0);
	bpf_map_delete_elem(gate_map(g, "interface_numbers"), &key);
	talk_syn(&t);
	hello(&t);
	ok &= saw_events(&t, 1, 0);
	g->ingress_ifindex = 0;
	tap_ok(ok & books(g), "egress leaves alone what an attached ingress saw");
}

/* Under NAT the server's packets came in as of no flow; the client's as of another. */
static void followed(struct gate *g)
{
	static struct talk t;
	struct hg_interface_key key = { .ifindex = 1 };
	struct hg_counters c;
	__u32 ports = 0, other = 1;
	__u64 before;
	bool ok;

	talk_begin(&t, g, GATE_INGRESS, NULL);
	talk_syn(&t);
	hello(&t);
	ok = saw_events(&t, 1, 0);
	gate_counters(g, &c);
	bpf_map_update_elem(gate_map(g, "interface_numbers"), &key, &ports, BPF_ANY);
	g->ingress_ifindex = 1;
	talk_server_flags(&t, TCP_FIN | TCP_ACK, 0);
	ok &= saw_events(&t, 1, 1);
	before = c.packets.passed;
	gate_counters(g, &c);
	ok &= check_u64("packets", c.packets.passed, before);
	bpf_map_update_elem(gate_map(g, "interface_numbers"), &key, &other, BPF_ANY);
	talk_begin(&t, g, GATE_EGRESS, NULL);
	talk_syn(&t);
	hello(&t);
	ok &= saw_events(&t, 1, 0);
	bpf_map_delete_elem(gate_map(g, "interface_numbers"), &key);
	g->ingress_ifindex = 0;
	tap_ok(ok & books(g), "egress follows the server of a flow that it knows, uncounted; and "
			      "reads what an ingress with other ports let by");
}

int main(void)
{
	static struct gate g;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		used_again(&g, hook);
		partial_again(&g, hook);
		late_packets(&g, hook);
		syn_again(&g, hook);
		first_again(&g, hook);
		decoy_in_syn(&g, hook);
		collision(&g, hook);
		drop_gives_way(&g, hook);
		endpoints(&g, hook);
	}
	forwarded(&g);
	followed(&g);
	gate_close(&g);
	namespaces();
	return tap_done();
}
