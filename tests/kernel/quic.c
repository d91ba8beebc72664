/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QUIC: which datagrams begin a connection, wherever they lie; that each is
 * counted once under what became of it, and dropped where the policy says so.
 *
 * The policy of most rows drops, so that a datagram that is met shows twice: in
 * the counter, and in what comes out of the program.
 */
#include <bpf/bpf.h>

#include "../wire/initials.h"
#include "talk.h"
#include "tap.h"

#define ALL_TUNNELS ((1U << HG_TUNNEL_COUNT) - 1)

enum fate { MET, PASSED_BY, UNKNOWN, UNPARSED };

/* clang-format off */

/* ---- one packet in a datagram of 1,200 bytes ---- */

#define V1(type) .first = QUIC_##type, .version = QUIC_V1
#define V2(type) .first = QUIC_V2_##type, .version = QUIC_V2
#define IDS .dcid_len = 8, .scid_len = 8
#define BODY .body = 1100

static const struct packet_row {
	const char *what;
	struct quic_spec spec;
	enum fate fate;
} packets[] = {
	{ .what = "version 1", .spec = { V1(INITIAL), IDS, .token = true, BODY } },
	{ .what = "version 2", .spec = { V2(INITIAL), IDS, .token = true, BODY } },
	{ .what = "draft 29", .spec = { .first = QUIC_INITIAL, .version = 0xff00001d, IDS, .token = true, BODY } },
	{ .what = "draft 34", .spec = { .first = QUIC_INITIAL, .version = 0xff000022, IDS, .token = true, BODY } },
	{ .what = "no source id, as Chrome", .spec = { V1(INITIAL), .dcid_len = 8, .token = true, BODY } },
	{ .what = "the longest ids", .spec = { V1(INITIAL), .dcid_len = 20, .scid_len = 20, .token = true, BODY } },
	{ .what = "no ids", .spec = { V1(INITIAL), .token = true, BODY } },
	{ .what = "a token", .spec = { V1(INITIAL), IDS, .token = true, .token_len = 500, .body = 600 } },
	{ .what = "the fixed bit cleared (RFC 9287)", .spec = { .first = 0x80, .version = QUIC_V1, IDS, .token = true, BODY } },
	{ .what = "the protected bits set", .spec = { .first = 0xcf, .version = QUIC_V1, IDS, .token = true, BODY } },
	{ .what = "a destination id of 21 bytes", .spec = { V1(INITIAL), .dcid_len = 21, .token = true, BODY }, .fate = PASSED_BY },
	{ .what = "a source id of 21 bytes", .spec = { V1(INITIAL), .dcid_len = 8, .scid_len = 21, .token = true, BODY }, .fate = PASSED_BY },
	{ .what = "a short header", .spec = { .first = 0x40, .version = QUIC_V1, IDS, .token = true, BODY }, .fate = PASSED_BY },
	{ .what = "0-RTT alone", .spec = { V1(0RTT), IDS, .body = 1150 }, .fate = PASSED_BY },
	{ .what = "Handshake alone", .spec = { V1(HANDSHAKE), IDS, .body = 1150 }, .fate = PASSED_BY },
	{ .what = "Retry", .spec = { V1(RETRY), IDS, BODY }, .fate = PASSED_BY },
	{ .what = "version 2: 0-RTT alone", .spec = { V2(0RTT), IDS, .body = 1150 }, .fate = PASSED_BY },
	{ .what = "version 2: Retry, an Initial by its bits in version 1", .spec = { V2(RETRY), IDS, BODY }, .fate = PASSED_BY },
	{ .what = "version negotiation", .spec = { .first = QUIC_INITIAL, .version = 0, IDS, BODY }, .fate = PASSED_BY },
	{ .what = "draft 28", .spec = { .first = QUIC_INITIAL, .version = 0xff00001c, IDS, .token = true, BODY }, .fate = UNKNOWN },
	{ .what = "draft 35", .spec = { .first = QUIC_INITIAL, .version = 0xff000023, IDS, .token = true, BODY }, .fate = UNKNOWN },
	{ .what = "a greased version", .spec = { .first = QUIC_INITIAL, .version = 0x1a2a3a4a, IDS, .token = true, BODY }, .fate = UNKNOWN },
	{ .what = "a version of somebody's own", .spec = { .first = QUIC_INITIAL, .version = 0xfaceb002, IDS, .token = true, BODY },
	  .fate = UNKNOWN },
	{ .what = "an unknown version without the fixed bit", .spec = { .first = 0x80, .version = 0x1a2a3a4a, IDS, BODY }, .fate = PASSED_BY },
	{ .what = "an unknown version with a short id", .spec = { .first = QUIC_INITIAL, .version = 0x1a2a3a4a, .dcid_len = 7, BODY },
	  .fate = PASSED_BY },
	{ .what = "gQUIC Q046", .spec = { .first = 0xc3, .version = 0x51303436, .dcid_len = 0x50, BODY }, .fate = PASSED_BY },
};

/* ---- several in one ---- */

#define FILL(n) .first = QUIC_0RTT, .version = QUIC_V1, IDS, .body = (n)
#define LAST { V1(INITIAL), IDS, .token = true, .body = 600 }

static const struct datagram_row {
	const char *what;
	struct quic_spec specs[5];
	enum fate fate;
} datagrams[] = {
	{ .what = "an Initial behind 0-RTT", .specs = { { FILL(600) }, LAST } },
	{ .what = "an Initial behind Handshake", .specs = { { V1(HANDSHAKE), IDS, .body = 600 }, LAST } },
	{ .what = "an Initial behind 0-RTT with a length of one byte", .specs = { { FILL(40), .width = 1 }, LAST } },
	{ .what = "an Initial behind 0-RTT with a length of four bytes", .specs = { { FILL(600), .width = 4 }, LAST } },
	{ .what = "an Initial behind 0-RTT with a length of eight bytes", .specs = { { FILL(600), .width = 8 }, LAST } },
	{ .what = "version 2: an Initial behind 0-RTT", .specs = { { V2(0RTT), IDS, .body = 500 },
	  { V2(INITIAL), IDS, .token = true, .body = 600 } } },
	{ .what = "an Initial in the fourth packet", .specs = { { FILL(50) }, { FILL(50) }, { FILL(50) }, LAST } },
	{ .what = "an Initial in the fifth packet", .specs = { { FILL(50) }, { FILL(50) }, { FILL(50) }, { FILL(50) }, LAST }, .fate = PASSED_BY },
	{ .what = "0-RTT that reaches behind the datagram", .specs = { { FILL(600), .says = 1300 }, LAST }, .fate = PASSED_BY },
	{ .what = "0-RTT that says 2^30 - 1", .specs = { { FILL(600), .says = 0x3fffffff, .width = 4 }, LAST }, .fate = PASSED_BY },
	{ .what = "0-RTT that says 2^32 and its true length", .specs = { { FILL(600), .says = (1ULL << 32) + 600, .width = 8 }, LAST }, .fate = PASSED_BY },
	{ .what = "an Initial behind Retry, which has no length", .specs = { { V1(RETRY), IDS, .body = 600 }, LAST }, .fate = PASSED_BY },
	{ .what = "an Initial behind an unknown version", .specs = { { .first = QUIC_INITIAL, .version = 0x1a2a3a4a, IDS, .body = 500 },
	  LAST }, .fate = UNKNOWN },
};

/* ---- around it ---- */

static const __u8 nops[40] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
			       1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
static const __u8 hop_by_hop[8] = { 17, 0, 1, 4 };
static const __u8 dest_options[16] = { 17, 1, 1, 12 };
static const __u8 atomic_fragment[8] = { 17 };
static const __u8 first_fragment[8] = { 17, 0, 0, 1 };
static const __u8 later_fragment[8] = { 17, 0, 0, 0x10 };
static const __u8 two_headers[16] = { [0] = 60, [8] = 17 };

#define CHAIN(first, bytes)                                                                        \
	.ipv6_next = (first), .ipv6_chain = (bytes), .ipv6_chain_len = sizeof(bytes)

static const struct shape_row {
	const char *what;
	bool ipv6;
	struct shape shape;
	__u32 size;	       /* of the datagram; 0: 1,200 */
	__s32 ip_longer;       /* than it is, as its header says */
	__s32 udp_longer;
	enum fate fate;
	enum hg_unparsed reason;
} shapes[] = {
	{ .what = "IPv4" },
	{ .what = "IPv6", .ipv6 = true },
	{ .what = "1,199 bytes", .size = 1199, .fate = PASSED_BY },
	{ .what = "1,199 bytes, IPv6", .ipv6 = true, .size = 1199, .fate = PASSED_BY },
	{ .what = "1,452 bytes", .size = 1452 },
	{ .what = "a tag", .shape = { .tags = { 100 } } },
	{ .what = "a tag, IPv6", .ipv6 = true, .shape = { .tags = { 100 } } },
	{ .what = "QinQ", .shape = { .tags = { 100, 200 }, .tpid = 0x88a8 } },
	{ .what = "three tags", .shape = { .tags = { 1, 2, 3 } }, .fate = UNPARSED, .reason = HG_UNPARSED_vlan_depth },
	{ .what = "4 bytes of options", .shape = { .ip_options = nops, .ip_options_len = 4 } },
	{ .what = "40 bytes of options", .shape = { .ip_options = nops, .ip_options_len = 40 } },
	{ .what = "options and a tag", .shape = { .tags = { 5 }, .ip_options = nops, .ip_options_len = 8 } },
	{ .what = "do not fragment", .shape = { .fragment = 0x4000 } },
	{ .what = "the first fragment", .shape = { .fragment = 0x2000 }, .fate = PASSED_BY },
	{ .what = "a later fragment", .shape = { .fragment = 0x0010 }, .fate = PASSED_BY },
	{ .what = "a trailer", .shape = { .padding = 20 } },
	{ .what = "hop-by-hop options", .ipv6 = true, .shape = { CHAIN(0, hop_by_hop) } },
	{ .what = "destination options", .ipv6 = true, .shape = { CHAIN(60, dest_options) } },
	{ .what = "two extension headers", .ipv6 = true, .shape = { CHAIN(0, two_headers) } },
	{ .what = "extension headers and a tag", .ipv6 = true, .shape = { .tags = { 7 }, CHAIN(0, two_headers) } },
	{ .what = "an atomic fragment", .ipv6 = true, .shape = { CHAIN(44, atomic_fragment) } },
	{ .what = "the first IPv6 fragment", .ipv6 = true, .shape = { CHAIN(44, first_fragment) }, .fate = PASSED_BY },
	{ .what = "a later IPv6 fragment", .ipv6 = true, .shape = { CHAIN(44, later_fragment) }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_fragment },
	{ .what = "a UDP length beyond the IP packet", .udp_longer = 1, .fate = PASSED_BY },
	{ .what = "a UDP length below 1,200 bytes", .udp_longer = -1, .fate = PASSED_BY },
	{ .what = "a UDP length of 7", .udp_longer = -1201, .fate = PASSED_BY },
	{ .what = "an IP length that cuts it", .ip_longer = -1, .fate = PASSED_BY },
	{ .what = "an IPv6 length that cuts it", .ipv6 = true, .ip_longer = -1, .fate = PASSED_BY },
};
/* clang-format on */

static struct octets datagram;

static const struct quic_spec usual = { V1(INITIAL), IDS, .token = true, BODY };

/* ---- policies ---- */

static const struct gate_policy dropping = {
	.header = { .revision = 1,
		    .mode = HG_MODE_enforce,
		    .quic_action = HG_ACTION_drop,
		    .default_stats = 1,
		    .unread_stats = 2 },
};

/* As `protect: {src: ...}`, and a rule on a source. */
static const struct gate_policy protecting = {
	.header = { .revision = 2, .mode = HG_MODE_enforce, .quic_action = HG_ACTION_drop,
		    .default_stats = 1, .unread_stats = 2 },
	.rules = {
		{ .match = { .conditions = HG_COND_SRC, .src = 1 }, .protect = 1, .stats = 3 },
		{ .match = { .conditions = HG_COND_SRC, .src = 2 }, .action = HG_ACTION_allow, .stats = 4 },
	},
	.rule_count = 2,
	.nets = { { "192.0.2.0/24", 1 }, { "2001:db8:1::/48", 1 }, { "198.51.100.0/24", 2 } },
};

/* ---- sending ---- */

static __u16 next_port = 20000;

static struct conn endpoints(bool ipv6)
{
	struct conn c = { .ipv6 = ipv6,
			  .client = { 203, 0, 113, 7 },
			  .server = { 203, 0, 113, 9 },
			  .client_port = next_port++,
			  .server_port = 443 };

	if (ipv6) {
		memcpy(c.client, (const __u8[16]){ 0x20, 1, 0xd, 0xb8, [15] = 7 }, 16);
		memcpy(c.server, (const __u8[16]){ 0x20, 1, 0xd, 0xb8, [15] = 9 }, 16);
	}
	return c;
}

static enum gate_act send_from(struct gate *g, enum gate_hook hook, const struct conn *c,
			       bool from_server)
{
	static struct frame f;

	frame_build_udp(&f, c, from_server, datagram.at, datagram.len);
	return gate_send(g, hook, &f);
}

/* What was counted since gate_clear(), and nothing else of QUIC. */
static bool counted(struct gate *g, __u64 allow, __u64 drop, __u64 would, __u64 unknown)
{
	struct hg_counters c;
	bool ok;

	gate_counters(g, &c);
	ok = check_u64("Initials allowed", c.quic_initials.allow, allow);
	ok &= check_u64("Initials dropped", c.quic_initials.drop, drop);
	ok &= check_u64("Initials that would be", c.quic_initials.would_drop, would);
	ok &= check_u64("unknown versions", c.quic_unknown_versions, unknown);
	ok &= check_u64("packets dropped", c.packets.dropped, drop);
	ok &= check_u64("flows created", c.flows_created, 0);
	return ok;
}

static bool became(struct gate *g, enum gate_act act, enum fate fate)
{
	bool ok = check_u64("what came of it", act, fate == MET ? GATE_DROP : GATE_PASS);

	ok &= counted(g, 0, fate == MET, 0, fate == UNKNOWN);
	return ok & gate_clear(g);
}

/* ---- rows ---- */

static void try_packets(struct gate *g, enum gate_hook hook)
{
	for (size_t i = 0; i < COUNT_OF(packets); i++) {
		bool ok = true;

		for (int ipv6 = 0; ipv6 < 2; ipv6++) {
			struct conn c = endpoints(ipv6);

			quic_datagram(&datagram, &packets[i].spec, 1200);
			ok &= became(g, send_from(g, hook, &c, false), packets[i].fate);
		}
		tap_ok(ok, "%s: %s", gate_hook_name[hook], packets[i].what);
	}
}

static void try_datagrams(struct gate *g, enum gate_hook hook)
{
	for (size_t i = 0; i < COUNT_OF(datagrams); i++) {
		const struct datagram_row *row = &datagrams[i];
		struct conn c = endpoints(false);

		octets_clear(&datagram);
		for (size_t n = 0; n < COUNT_OF(row->specs) && row->specs[n].first; n++)
			quic_put(&datagram, &row->specs[n]);
		if (datagram.len < 1200)
			put_fill(&datagram, 0, 1200 - datagram.len);
		tap_ok(became(g, send_from(g, hook, &c, false), row->fate), "%s: %s",
		       gate_hook_name[hook], row->what);
	}
}

/* An Initial in the last bytes of a datagram: 64 are looked at, and fewer hold no hello. */
static void try_the_end(struct gate *g, enum gate_hook hook)
{
	static const struct quic_spec tail = { V1(INITIAL), IDS, .token = true, .body = 37 };
	struct quic_spec front = { FILL(1200) };
	struct conn c = endpoints(false);
	bool ok;

	c.shape.padding = 20; /* bytes behind the datagram are none of it */
	octets_clear(&datagram);
	quic_put(&datagram, &front);
	quic_put(&datagram, &tail);
	ok = became(g, send_from(g, hook, &c, false), MET);
	datagram.len--;
	ok &= became(g, send_from(g, hook, &c, false), PASSED_BY);
	tap_ok(ok, "%s: an Initial in the last 64 bytes, and in 63", gate_hook_name[hook]);
}

static void add16(__u8 *at, __s32 n)
{
	__u32 value = (__u32)((at[0] << 8 | at[1]) + n);

	at[0] = (__u8)(value >> 8);
	at[1] = (__u8)value;
}

static void try_shapes(struct gate *g, enum gate_hook hook)
{
	static struct frame f;

	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		const struct shape_row *row = &shapes[i];
		struct conn c = endpoints(row->ipv6);
		struct frame_layout at;
		struct hg_counters counters;
		enum gate_act act;
		bool ok = true;

		c.shape = row->shape;
		quic_datagram(&datagram, &usual, row->size ? row->size : 1200);
		at = frame_build_udp(&f, &c, false, datagram.at, datagram.len);
		add16(f.at + at.l3 + (row->ipv6 ? 4 : 2), row->ip_longer);
		add16(f.at + at.l4 + 4, row->udp_longer);
		act = gate_send(g, hook, &f);
		gate_counters(g, &counters);
		if (row->fate == UNPARSED)
			ok = check_u64("that reason", ((__u64 *)&counters.unparsed)[row->reason],
				       1);
		ok &= became(g, act, row->fate);
		tap_ok(ok, "%s: %s", gate_hook_name[hook], row->what);
	}
}

static void try_policies(struct gate *g, enum gate_hook hook)
{
	struct gate_policy p = dropping;
	struct conn c = endpoints(false);
	bool ok;

	quic_datagram(&datagram, &usual, 1200);
	gate_unpolice(g);
	ok = send_from(g, hook, &c, false) == GATE_PASS;
	tap_ok(ok & counted(g, 1, 0, 0, 0) & gate_clear(g), "%s: no policy", gate_hook_name[hook]);
	p.header.quic_action = HG_ACTION_allow;
	gate_police(g, &p);
	ok = send_from(g, hook, &c, false) == GATE_PASS;
	tap_ok(ok & counted(g, 1, 0, 0, 0) & gate_clear(g), "%s: quic: allow",
	       gate_hook_name[hook]);
	p.header.quic_action = HG_ACTION_drop;
	p.header.mode = HG_MODE_monitor;
	gate_police(g, &p);
	ok = send_from(g, hook, &c, false) == GATE_PASS;
	tap_ok(ok & counted(g, 0, 0, 1, 0) & gate_clear(g), "%s: quic: drop in monitor",
	       gate_hook_name[hook]);
	gate_police(g, &dropping);
	ok = send_from(g, hook, &c, false) == GATE_DROP &&
	     send_from(g, hook, &c, false) == GATE_DROP;
	tap_ok(ok & counted(g, 0, 2, 0, 0) & gate_clear(g),
	       "%s: quic: drop in enforce, and what is sent again", gate_hook_name[hook]);
}

/* clang-format off */
static const struct {
	const char *what;
	bool ipv6, protected;
	__u8 client[16];
} clients[] = {
	{ "a protected source", false, true, { 192, 0, 2, 200 } },
	{ "a protected source, IPv6", true, true, { 0x20, 1, 0xd, 0xb8, 0, 1, [15] = 3 } },
	{ "a source beside it", false, false, { 192, 0, 3, 1 } },
	{ "a source that a later rule allows", false, false, { 198, 51, 100, 1 } },
	{ "a source beside it, IPv6", true, false, { 0x20, 1, 0xd, 0xb8, 0, 2, [15] = 3 } },
};
/* clang-format on */

static void try_protection(struct gate *g, enum gate_hook hook)
{
	gate_police(g, &protecting);
	quic_datagram(&datagram, &usual, 1200);
	for (size_t i = 0; i < COUNT_OF(clients); i++) {
		struct conn c = endpoints(clients[i].ipv6);
		bool passes = clients[i].protected, ok;

		memcpy(c.client, clients[i].client, 16);
		ok = check_u64("what came of it", send_from(g, hook, &c, false),
			       passes ? GATE_PASS : GATE_DROP);
		ok &= counted(g, passes, !passes, 0, 0);
		tap_ok(ok & gate_clear(g), "%s: %s", gate_hook_name[hook], clients[i].what);
	}
	gate_police(g, &dropping);
}

/* Every port is watched: whose Initial is it? */
static void try_sides(struct gate *g, enum gate_hook hook)
{
	struct conn c = endpoints(false);
	bool ok;

	gate_unpolice(g);
	quic_datagram(&datagram, &usual, 1200);
	ok = send_from(g, hook, &c, false) == GATE_PASS;
	ok &= send_from(g, talk_other_hook(hook), &c, true) == GATE_PASS;
	ok &= counted(g, 1, 0, 0, 0);
	ok &= send_from(g, hook, &c, false) == GATE_PASS;
	tap_ok(ok & counted(g, 2, 0, 0, 0), "%s: the server's answer is not counted",
	       gate_hook_name[hook]);
	gate_wait(g, SECONDS(62));
	send_from(g, hook, &c, true);
	tap_ok(counted(g, 3, 0, 0, 0) & gate_clear(g),
	       "%s: after a minute whoever sends first is the client", gate_hook_name[hook]);
	c = endpoints(true);
	send_from(g, hook, &c, false);
	send_from(g, hook, &c, true);
	ok = counted(g, 1, 0, 0, 0);
	gate_police(g, &dropping);
	ok &= send_from(g, hook, &c, true) == GATE_PASS; /* of a connection that began before */
	tap_ok(ok & counted(g, 1, 0, 0, 0) & gate_clear(g),
	       "%s: IPv6: nor is it dropped under a later policy", gate_hook_name[hook]);
	c = endpoints(false);
	ok = send_from(g, hook, &c, true) == GATE_DROP &&
	     send_from(g, hook, &c, false) == GATE_DROP;
	tap_ok(ok & counted(g, 0, 2, 0, 0) & gate_clear(g),
	       "%s: a dropped Initial does not make its sender the client", gate_hook_name[hook]);
}

static void try_ports(void)
{
	static const __u16 ports[] = { 443, 0 };
	struct gate_options options = { .ports = ports };
	static struct gate g;

	gate_open(&g, &options);
	gate_police(&g, &dropping);
	FOR_HOOKS(hook) {
		struct conn c = endpoints(false);

		quic_datagram(&datagram, &usual, 1200);
		tap_ok(became(&g, send_from(&g, hook, &c, false), MET), "%s: to a watched port",
		       gate_hook_name[hook]);
		tap_ok(became(&g, send_from(&g, hook, &c, true), PASSED_BY),
		       "%s: from a watched port", gate_hook_name[hook]);
		c.server_port = 8443;
		tap_ok(became(&g, send_from(&g, hook, &c, false), PASSED_BY), "%s: to another port",
		       gate_hook_name[hook]);
		c.shape.tags[0] = 9;
		tap_ok(became(&g, send_from(&g, hook, &c, false), PASSED_BY),
		       "%s: to another port, tagged", gate_hook_name[hook]);
	}
	gate_close(&g);
}

static bool in_tunnel(struct gate *g, enum gate_hook hook, enum encapsulation encap, bool ipv6,
		      bool opened)
{
	static struct frame f;
	struct conn c = endpoints(ipv6);
	enum gate_act act;
	bool ok;

	quic_datagram(&datagram, &usual, 1200);
	frame_build_udp(&f, &c, false, datagram.at, datagram.len);
	tunnel_wrap(&f, encap);
	act = gate_send(g, hook, &f);
	ok = check_u64("what came of it", act, opened ? GATE_DROP : GATE_PASS);
	ok &= counted(g, 0, opened, 0, 0);
	return ok & gate_clear(g);
}

static void try_tunnels(__u32 decap, const char *what)
{
	struct gate_options opening = { .decap = decap };
	static struct gate g;

	gate_open(&g, &opening);
	gate_police(&g, &dropping);
	FOR_HOOKS(hook) {
		for (enum encapsulation encap = ENCAP_PPPOE; encap < ENCAP_COUNT; encap++) {
			bool ok = in_tunnel(&g, hook, encap, false, decap) &
				  in_tunnel(&g, hook, encap, true, decap);

			tap_ok(ok, "%s: in tunnel %d, %s", gate_hook_name[hook], encap, what);
		}
	}
	gate_close(&g);
}

/* A frame that ends before what must be looked at is passed, and the programs take it. */
static void try_cut(struct gate *g, enum gate_hook hook)
{
	static struct frame f;
	bool ok = true;

	for (int shape = 0; shape < 4; shape++) {
		struct conn c = endpoints(shape & 1);
		__u32 end;

		c.shape.tags[0] = shape & 2 ? 3 : 0;
		quic_datagram(&datagram, &usual, 1200);
		end = frame_build_udp(&f, &c, false, datagram.at, datagram.len).payload + 64;
		for (f.len = 14; f.len < end; f.len++)
			ok &= gate_send_quietly(g, hook, &f) != GATE_DROP;
	}
	tap_ok(ok & counted(g, 0, 0, 0, 0) & gate_clear(g), "%s: cut anywhere",
	       gate_hook_name[hook]);
}

/* At egress, what an attached ingress has seen. */
static void try_forwarded(struct gate *g)
{
	struct hg_interface_key key = { .ifindex = 1 };
	struct conn c = endpoints(false);
	__u32 ports = 0;
	bool ok;

	gate_unpolice(g);
	quic_datagram(&datagram, &usual, 1200);
	bpf_map_update_elem(gate_map(g, "interface_numbers"), &key, &ports, BPF_ANY);
	g->ingress_ifindex = 1;
	ok = send_from(g, GATE_EGRESS, &c, false) == GATE_PASS;
	ok &= counted(g, 0, 0, 0, 0);
	bpf_map_delete_elem(gate_map(g, "interface_numbers"), &key);
	ok &= send_from(g, GATE_EGRESS, &c, false) == GATE_PASS;
	tap_ok(ok & counted(g, 1, 0, 0, 0) & gate_clear(g),
	       "egress leaves alone what an attached ingress saw");
	g->ingress_ifindex = 0;
	gate_police(g, &dropping);
}

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	gate_police(&g, &dropping);
	FOR_HOOKS(hook) {
		try_packets(&g, hook);
		try_datagrams(&g, hook);
		try_the_end(&g, hook);
		try_shapes(&g, hook);
		try_cut(&g, hook);
		try_protection(&g, hook);
		try_policies(&g, hook);
		try_sides(&g, hook);
	}
	try_forwarded(&g);
	gate_close(&g);
	try_ports();
	try_tunnels(ALL_TUNNELS, "opened");
	try_tunnels(0, "closed");
	return tap_done();
}
