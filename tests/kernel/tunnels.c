/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies in a tunnel: read if its kind is to be opened, else counted; and
 * what only looks like one.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

#define ALL ((1U << HG_TUNNEL_COUNT) - 1)
#define KIND(id) (1U << HG_TUNNEL_##id)

/* clang-format off */
static const struct {
	const char *what;
	enum encapsulation encap;
	__u32 kind;
} kinds[] = {
	{ "PPPoE", ENCAP_PPPOE, KIND(pppoe) },
	{ "MPLS, two labels", ENCAP_MPLS, KIND(mpls) },
	{ "MPLS, four labels", ENCAP_MPLS_FOUR, KIND(mpls) },
	{ "VXLAN", ENCAP_VXLAN, KIND(vxlan) },
	{ "VXLAN with a UDP checksum", ENCAP_VXLAN_SUM, KIND(vxlan) },
	{ "VXLAN in IPv6", ENCAP_VXLAN6, KIND(vxlan) },
	{ "Geneve with an option", ENCAP_GENEVE, KIND(geneve) },
	{ "GRE", ENCAP_GRE, KIND(gre) },
	{ "GRE with a key", ENCAP_GRE_KEY, KIND(gre) },
	{ "GRE with checksum, key, sequence number", ENCAP_GRE_ALL, KIND(gre) },
	{ "GRE with Ethernet", ENCAP_GRETAP, KIND(gre) },
	{ "in IPv4", ENCAP_IPIP, KIND(ipip) },
	{ "in IPv6", ENCAP_IPIP6, KIND(ipip) },
	{ "in IPv6 with an encapsulation limit", ENCAP_IPIP6_LIMIT, KIND(ipip) },
};

enum fate { READ, PASSED_BY, UNPARSED };

/* One frame with a whole hello, in one tunnel or two, and bytes of it overwritten. */
static const struct odd {
	const char *what;
	enum encapsulation encap, around;
	struct shape shape;
	__u32 at, width, value;
	enum fate fate;
	enum hg_unparsed reason;
} odds[] = {
	{ .what = "VXLAN in IP in IP", .encap = ENCAP_VXLAN, .around = ENCAP_IPIP },
	{ .what = "IP in IP in Geneve", .encap = ENCAP_IPIP, .around = ENCAP_GENEVE },
	{ .what = "GRE in PPPoE", .encap = ENCAP_GRE, .around = ENCAP_PPPOE },
	{ .what = "PPPoE in VXLAN", .encap = ENCAP_PPPOE, .around = ENCAP_VXLAN },
	{ .what = "two tags inside VXLAN", .encap = ENCAP_VXLAN, .shape = { .tags = { 5, 6 } } },
	{ .what = "IPv4 options inside VXLAN", .encap = ENCAP_VXLAN,
	  .shape = { .ip_options = (const __u8 *)"\1\1\1\1", .ip_options_len = 4 } },
	{ .what = "an inner first fragment", .encap = ENCAP_VXLAN, .shape = { .fragment = 0x2000 } },
	{ .what = "an inner later fragment", .encap = ENCAP_VXLAN, .shape = { .fragment = 10 }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_fragment },
	{ .what = "a trailer behind the inner packet", .encap = ENCAP_VXLAN, .shape = { .padding = 20 } },
	{ .what = "an outer first fragment", .encap = ENCAP_VXLAN, .at = 20, .width = 2, .value = 0x2000,
	  .fate = UNPARSED, .reason = HG_UNPARSED_fragment },
	{ .what = "an outer later fragment", .encap = ENCAP_GRE, .at = 20, .width = 2, .value = 10,
	  .fate = UNPARSED, .reason = HG_UNPARSED_fragment },
	{ .what = "an outer later fragment of UDP", .encap = ENCAP_VXLAN, .at = 20, .width = 2, .value = 10,
	  .fate = PASSED_BY },
	{ .what = "the inner packet reaches behind the outer one", .encap = ENCAP_IPIP, .at = 16, .width = 2,
	  .value = 300, .fate = UNPARSED, .reason = HG_UNPARSED_bad_header },
	{ .what = "the inner packet reaches behind the UDP packet", .encap = ENCAP_VXLAN, .at = 38, .width = 2,
	  .value = 300, .fate = UNPARSED, .reason = HG_UNPARSED_bad_header },
	{ .what = "the UDP packet reaches behind the IP packet", .encap = ENCAP_VXLAN, .at = 38, .width = 2,
	  .value = 3000, .fate = UNPARSED, .reason = HG_UNPARSED_bad_header },
	{ .what = "the inner packet reaches behind the session's frame", .encap = ENCAP_PPPOE, .at = 18, .width = 2,
	  .value = 300, .fate = UNPARSED, .reason = HG_UNPARSED_bad_header },
	{ .what = "UDP to another port", .encap = ENCAP_VXLAN, .at = 36, .width = 2, .value = 4790,
	  .fate = PASSED_BY },
	{ .what = "VXLAN without a network", .encap = ENCAP_VXLAN, .at = 42, .width = 1, .value = 0,
	  .fate = PASSED_BY },
	{ .what = "VXLAN that says another protocol", .encap = ENCAP_VXLAN, .at = 42, .width = 1, .value = 0x0c,
	  .fate = PASSED_BY },
	{ .what = "Geneve of version 1", .encap = ENCAP_GENEVE, .at = 42, .width = 1, .value = 0x41,
	  .fate = PASSED_BY },
	{ .what = "a control packet of Geneve", .encap = ENCAP_GENEVE, .at = 43, .width = 1, .value = 0x80,
	  .fate = PASSED_BY },
	{ .what = "Geneve with ARP", .encap = ENCAP_GENEVE, .at = 44, .width = 2, .value = 0x0806,
	  .fate = PASSED_BY },
	{ .what = "GRE of version 1", .encap = ENCAP_GRE, .at = 34, .width = 2, .value = 1, .fate = UNPARSED,
	  .reason = HG_UNPARSED_encapsulated },
	{ .what = "GRE with routing", .encap = ENCAP_GRE, .at = 34, .width = 2, .value = 0x4000, .fate = UNPARSED,
	  .reason = HG_UNPARSED_encapsulated },
	{ .what = "ERSPAN", .encap = ENCAP_GRE, .at = 36, .width = 2, .value = 0x88be, .fate = UNPARSED,
	  .reason = HG_UNPARSED_encapsulated },
	{ .what = "GRE with ARP", .encap = ENCAP_GRE, .at = 36, .width = 2, .value = 0x0806, .fate = PASSED_BY },
	{ .what = "a pseudowire", .encap = ENCAP_MPLS, .at = 22, .width = 1, .value = 0, .fate = UNPARSED,
	  .reason = HG_UNPARSED_encapsulated },
	{ .what = "labels without a bottom", .encap = ENCAP_MPLS, .at = 20, .width = 1, .value = 0,
	  .fate = UNPARSED, .reason = HG_UNPARSED_encapsulated },
	{ .what = "LCP", .encap = ENCAP_PPPOE, .at = 20, .width = 2, .value = 0xc021, .fate = PASSED_BY },
	{ .what = "PPPoE of version 2", .encap = ENCAP_PPPOE, .at = 14, .width = 1, .value = 0x21,
	  .fate = UNPARSED, .reason = HG_UNPARSED_bad_header },
	{ .what = "ihl of 4 outside", .encap = ENCAP_GRE, .at = 14, .width = 1, .value = 0x44, .fate = UNPARSED,
	  .reason = HG_UNPARSED_bad_header },
	{ .what = "UDP inside", .encap = ENCAP_GRE, .at = 47, .width = 1, .value = 17, .fate = PASSED_BY },
};
/* clang-format on */

static struct octets message, stream;

static void begin(struct talk *t, struct gate *g, enum gate_hook hook, bool ipv6)
{
	struct conn conn = { .ipv6 = ipv6 };

	if (ipv6) {
		conn.client[0] = conn.server[0] = 0xfd;
		conn.client[15] = 1;
		conn.server[15] = 2;
	}
	talk_begin(t, g, hook, &conn);
}

/* In two segments, the first of three bytes. */
static bool is_read(struct gate *g, enum gate_hook hook, enum encapsulation encap, bool ipv6)
{
	static struct talk t;
	const struct gate_event *last;
	struct hg_counters c;
	bool ok;

	begin(&t, g, hook, ipv6);
	t.encap = encap;
	ok = talk_syn(&t) == GATE_PASS;
	ok &= talk_client(&t, 0, stream.at, 3) == GATE_PASS;
	ok &= talk_client(&t, 3, stream.at + 3, stream.len - 3) == GATE_PASS;
	ok &= check_u64("hellos", talk_count(&t, HG_EVENT_HELLO, &last), 1);
	gate_sweep_final(g);
	ok &= talk_counted(&t, HG_BUCKET_reassembled);
	gate_counters(g, &c);
	ok &= check_u64("packets unparsed", c.packets.unparsed, 0);
	ok &= gate_balanced(g);
	return ok & gate_clear(g);
}

static bool is_counted(struct gate *g, enum gate_hook hook, enum encapsulation encap, bool ipv6)
{
	static struct talk t;
	struct hg_counters c;
	bool ok;

	begin(&t, g, hook, ipv6);
	t.encap = encap;
	ok = talk_syn(&t) == GATE_PASS;
	ok &= talk_client(&t, 0, stream.at, stream.len) == GATE_PASS;
	gate_counters(g, &c);
	ok &= check_u64("flows created", c.flows_created, 0);
	ok &= check_u64("encapsulated", c.unparsed.encapsulated, 2);
	ok &= check_u64("packets unparsed", c.packets.unparsed, 2);
	return ok & gate_clear(g);
}

static void try_kinds(__u32 decap, const char *what)
{
	struct gate_options options = { .decap = decap };
	static struct gate g;

	gate_open(&g, &options);
	FOR_HOOKS(hook) {
		for (size_t i = 0; i < COUNT_OF(kinds); i++) {
			bool opened = decap & kinds[i].kind, ok = true;

			for (int ipv6 = 0; ipv6 < 2; ipv6++)
				ok &= (opened ? is_read : is_counted)(&g, hook, kinds[i].encap,
								      ipv6);
			tap_ok(ok, "%s, %s open: %s is %s", gate_hook_name[hook], what,
			       kinds[i].what, opened ? "read" : "counted");
		}
	}
	gate_close(&g);
}

static void patch(struct frame *f, const struct odd *row)
{
	for (__u32 i = 0; i < row->width; i++)
		f->at[row->at + i] = (__u8)(row->value >> (8 * (row->width - 1 - i)));
}

static bool is_as_said(struct gate *g, enum gate_hook hook, const struct odd *row)
{
	static struct talk t;
	struct conn conn = { .shape = row->shape };
	struct segment s = { .flags = TCP_ACK, .data = stream.at, .len = stream.len };
	const struct gate_event *last;
	struct hg_counters c;
	bool ok;

	talk_begin(&t, g, hook, &conn);
	s.seq = t.conn.isn + 1;
	s.ack = t.conn.server_isn + 1;
	frame_build(&t.frame, &t.conn, &s);
	tunnel_wrap(&t.frame, row->encap);
	patch(&t.frame, row);
	tunnel_wrap(&t.frame, row->around);
	ok = gate_send(g, hook, &t.frame) == GATE_PASS;
	gate_counters(g, &c);
	ok &= check_u64("flows created", c.flows_created, row->fate == READ);
	ok &= check_u64("hellos", talk_count(&t, HG_EVENT_HELLO, &last), row->fate == READ);
	ok &= check_u64("packets passed", c.packets.passed, row->fate != UNPARSED);
	if (row->fate == UNPARSED)
		ok &= check_u64("that reason", ((__u64 *)&c.unparsed)[row->reason], 1);
	return ok & gate_clear(g);
}

/* A frame that ends anywhere makes no state, and the programs take it. */
static bool is_cut(struct gate *g, enum gate_hook hook, enum encapsulation encap)
{
	static struct talk t;
	struct hg_counters c;
	__u32 sent = 0, end;
	bool ok = true;

	begin(&t, g, hook, false);
	t.encap = encap;
	talk_syn(&t);
	gate_clear(g);
	end = tunnel_inner_ip(encap) + 20 + 20;
	for (__u32 len = end - 1; len >= 18; len--) {
		enum gate_act act;

		t.frame.len = len;
		act = gate_send_quietly(g, hook, &t.frame);
		ok &= act == GATE_PASS || act == GATE_FAILED; /* TC takes no cut IP header */
		sent += act == GATE_PASS;
	}
	gate_counters(g, &c);
	ok &= check_u64("flows created", c.flows_created, 0);
	ok &= check_u64("packets", c.packets.passed + c.packets.unparsed, sent);
	ok &= sent > 0;
	return ok & gate_clear(g);
}

static void try_odds(void)
{
	struct gate_options options = { .decap = ALL };
	static struct gate g;

	gate_open(&g, &options);
	FOR_HOOKS(hook) {
		for (size_t i = 0; i < COUNT_OF(odds); i++)
			tap_ok(is_as_said(&g, hook, &odds[i]), "%s: %s", gate_hook_name[hook],
			       odds[i].what);
		for (size_t i = 0; i < COUNT_OF(kinds); i++)
			tap_ok(is_cut(&g, hook, kinds[i].encap), "%s: %s, cut anywhere",
			       gate_hook_name[hook], kinds[i].what);
	}
	gate_close(&g);
}

int main(void)
{
	static const struct hello_spec hello = { .sni = "tunnel.example", .pad_to = 300 };

	hello_build(&message, &hello);
	record_whole(&stream, &message);
	try_kinds(0, "nothing");
	try_kinds(KIND(vxlan) | KIND(mpls), "VXLAN and MPLS");
	try_kinds(ALL, "everything");
	try_odds();
	return tap_done();
}
