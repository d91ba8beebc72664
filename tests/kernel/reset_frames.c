/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frames that TC makes of a packet that is reset: lengths, addresses,
 * options, TTL, and checksums, full and partial.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

/* Options and extension headers are taken out, but from behind a tag. */
struct row {
	const char *what;
	bool ipv6;
	struct shape shape;
};

static const __u8 options[40] = { 0x44, 40, 5, 0, 1, 2, 3, 4 };
static const __u8 tcp_options[12] = { 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 };
static const __u8 hop_by_hop[8] = { 6, 0, 5, 2 };
static const __u8 two_headers[8 + 24] = { [0] = 43, 0, 5, 2, [8] = 6, 2 };
static const __u8 long_options[256] = { 6, 31, 1, 252 };
static const __u8 longer_options[264] = { 6, 32, 1, 255 };
static const __u8 atomic_fragment[8] = { 6, 0, 0, 0, 1, 2, 3, 4 };

#define CHAIN(first, bytes)                                                                        \
	.ipv6_next = (first), .ipv6_chain = (bytes), .ipv6_chain_len = sizeof(bytes)

/* clang-format off */
static const struct row rows[] = {
	{ .what = "IPv4" },
	{ .what = "IPv4, partial checksum", .shape = { .partial = true } },
	{ .what = "IPv4, TTL of 3", .shape = { .ttl = 3 } },
	{ .what = "IPv4, 40 bytes of options",
	  .shape = { .ip_options = options, .ip_options_len = 40 } },
	{ .what = "IPv4, 8 bytes of options, partial",
	  .shape = { .ip_options = options, .ip_options_len = 8, .partial = true } },
	{ .what = "IPv4, TCP options",
	  .shape = { .tcp_options = tcp_options, .tcp_options_len = 12 } },
	{ .what = "IPv4, TCP options, partial",
	  .shape = { .tcp_options = tcp_options, .tcp_options_len = 12, .partial = true } },
	{ .what = "IPv4, a tag", .shape = { .tags = { 100 } } },
	{ .what = "IPv4, QinQ", .shape = { .tags = { 100, 200 }, .tpid = 0x88a8 } },
	{ .what = "IPv4, Ethernet padding", .shape = { .padding = 30 } },
	{ .what = "IPv4, Ethernet padding, partial", .shape = { .padding = 30, .partial = true } },
	{ .what = "IPv6", .ipv6 = true },
	{ .what = "IPv6, partial checksum", .ipv6 = true, .shape = { .partial = true } },
	{ .what = "IPv6, a tag, TCP options", .ipv6 = true,
	  .shape = { .tags = { 9 }, .tcp_options = tcp_options, .tcp_options_len = 12 } },
	{ .what = "IPv6, hop-by-hop options", .ipv6 = true, .shape = { CHAIN(0, hop_by_hop) } },
	{ .what = "IPv6, hop-by-hop options, partial", .ipv6 = true,
	  .shape = { CHAIN(0, hop_by_hop), .partial = true } },
	{ .what = "IPv6, two headers", .ipv6 = true, .shape = { CHAIN(0, two_headers) } },
	{ .what = "IPv6, 256 bytes of options", .ipv6 = true,
	  .shape = { CHAIN(60, long_options) } },
	{ .what = "IPv6, 264 bytes of options", .ipv6 = true,
	  .shape = { CHAIN(60, longer_options) } },
	{ .what = "IPv4, a tag and options",
	  .shape = { .tags = { 9 }, .ip_options = options, .ip_options_len = 40 } },
	{ .what = "IPv6, a tag and two headers, partial", .ipv6 = true,
	  .shape = { .tags = { 9 }, CHAIN(0, two_headers), .partial = true } },
	{ .what = "IPv6, an atomic fragment", .ipv6 = true,
	  .shape = { CHAIN(44, atomic_fragment) } },
};
/* clang-format on */

static bool same_bytes(const char *what, const __u8 *got, const __u8 *wanted, __u32 len)
{
	if (memcmp(got, wanted, len) != 0)
		tap_diag("%s differ", what);
	return memcmp(got, wanted, len) == 0;
}

/* Either no options at all, or the very ones that were there. */
static bool options_as_wanted(const struct frame_view *g, const struct frame_view *s,
			      const struct row *row)
{
	__u32 base = row->ipv6 ? 40 : 20;

	if (!row->shape.tags[0])
		return check_u64("IP header", g->ip_header_len, base) &
		       (!row->ipv6 || check_u64("next header", g->ip[6], 6));
	return check_u64("IP header", g->ip_header_len, s->ip_header_len) &&
	       same_bytes("options", g->ip + base, s->ip + base, s->ip_header_len - base);
}

/*
 * `back`: the two ends are swapped.  What comes in on lo has had its outer tag
 * taken off by the stack.
 */
static bool is_reset(const struct frame *got, const struct frame *sent, const struct row *row,
		     bool back, bool untagged)
{
	struct frame_view g, s;
	__u32 addr = row->ipv6 ? 16 : 4;
	const char *fault = frame_fault(got->at, got->len, row->shape.partial);
	bool ok = !fault;

	frame_read(&g, got);
	frame_read(&s, sent);
	if (fault)
		tap_diag("%s frame: %s", back ? "returned" : "forwarded", fault);
	ok &= same_bytes("MAC addresses", g.eth_dst, back ? s.eth_src : s.eth_dst, 6);
	ok &= same_bytes("MAC addresses", g.eth_src, back ? s.eth_dst : s.eth_src, 6);
	if (!untagged)
		ok &= same_bytes("tags", got->at + 12, sent->at + 12,
				 (__u32)(s.ip - sent->at) - 12);
	ok &= same_bytes("source addresses", g.src, back ? s.dst : s.src, addr);
	ok &= same_bytes("destination addresses", g.dst, back ? s.src : s.dst, addr);
	ok &= check_u64("source port", g.sport, back ? s.dport : s.sport);
	ok &= check_u64("destination port", g.dport, back ? s.sport : s.dport);
	ok &= check_u64("flags", g.flags, TCP_RST | TCP_ACK);
	ok &= check_u64("TCP header", g.tcp_header_len, 20);
	ok &= check_u64("payload", g.payload_len, 0);
	ok &= check_u64("TTL", g.ttl, back ? 64 : s.ttl);
	return ok & options_as_wanted(&g, &s, row);
}

static bool one(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static const struct hello_spec spec = { .sni = "reset.example" };
	static struct octets message, stream;
	static struct talk t;
	struct conn conn = { .ipv6 = row->ipv6, .shape = row->shape };
	struct hg_counters c;
	enum gate_act act;
	bool ok;

	if (row->ipv6) {
		conn.client[0] = conn.server[0] = 0xfd;
		conn.client[15] = 1;
		conn.server[15] = 2;
	}
	hello_build(&message, &spec);
	record_whole(&stream, &message);
	talk_begin(&t, g, hook, &conn);
	talk_syn(&t);
	act = talk_client(&t, 0, stream.at, stream.len);
	ok = check_u64("act", act, GATE_RESET) & check_u64("echo", gate_echo(&t.echo), true);
	if (ok) {
		ok &= is_reset(&g->out, &t.frame, row, false, false);
		ok &= is_reset(&t.echo, &t.frame, row, true, hook == GATE_EGRESS);
	}
	gate_counters(g, &c);
	ok &= check_u64("resets to both", c.resets.both, 1);
	ok &= check_u64("packets for the arm", c.packets.reset_arm, 1);
	return ok & gate_balanced(g) & gate_clear(g);
}

int main(void)
{
	static struct gate g;
	struct gate_policy p = { .header = { .revision = 1,
					     .mode = HG_MODE_enforce,
					     .default_action = HG_ACTION_reset } };

	gate_open(&g, NULL);
	gate_echo_open();
	gate_police(&g, &p);
	for (enum gate_hook hook = gate_hook_from(GATE_INGRESS); hook <= GATE_EGRESS;
	     hook = gate_hook_from(hook + 1))
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			tap_ok(one(&g, hook, &rows[i]), "%s: %s", gate_hook_name[hook],
			       rows[i].what);
	gate_close(&g);
	return tap_done();
}
