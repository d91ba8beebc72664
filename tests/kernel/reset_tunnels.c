/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A forbidden hello in a tunnel: the reset that goes on is right inside and
 * outside, none goes back where nobody knows that way, and what cannot be made
 * right is dropped and counted.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

/* clang-format off */
static const struct row {
	const char *what;
	enum encapsulation encap;
	bool ipv6;
	bool along, back;
	struct shape shape;
	enum encapsulation around;
} rows[] = {
	{ .what = "PPPoE", .encap = ENCAP_PPPOE, .along = true, .back = true },
	{ .what = "PPPoE, IPv6", .encap = ENCAP_PPPOE, .ipv6 = true, .along = true, .back = true },
	{ .what = "PPPoE, partial checksum", .encap = ENCAP_PPPOE, .along = true, .back = true,
	  .shape = { .partial = true } },
	{ .what = "PPPoE, options", .encap = ENCAP_PPPOE, .along = true, .back = true,
	  .shape = { .ip_options = (const __u8 *)"\1\1\1\1", .ip_options_len = 4 } },
	{ .what = "PPPoE, padding", .encap = ENCAP_PPPOE, .along = true, .back = true,
	  .shape = { .padding = 30 } },
	{ .what = "MPLS", .encap = ENCAP_MPLS, .along = true },
	{ .what = "MPLS, IPv6", .encap = ENCAP_MPLS_FOUR, .ipv6 = true, .along = true },
	{ .what = "VXLAN", .encap = ENCAP_VXLAN, .along = true },
	{ .what = "VXLAN, IPv6", .encap = ENCAP_VXLAN, .ipv6 = true, .along = true },
	{ .what = "VXLAN, partial checksum", .encap = ENCAP_VXLAN, .along = true,
	  .shape = { .partial = true } },
	{ .what = "VXLAN, options", .encap = ENCAP_VXLAN, .along = true,
	  .shape = { .ip_options = (const __u8 *)"\1\1\1\1", .ip_options_len = 4 } },
	{ .what = "VXLAN, two tags inside", .encap = ENCAP_VXLAN, .along = true,
	  .shape = { .tags = { 5, 6 } } },
	{ .what = "VXLAN with a UDP checksum", .encap = ENCAP_VXLAN_SUM, .along = true },
	{ .what = "VXLAN in IPv6", .encap = ENCAP_VXLAN6, .along = true },
	{ .what = "Geneve", .encap = ENCAP_GENEVE, .along = true },
	{ .what = "GRE", .encap = ENCAP_GRE, .along = true },
	{ .what = "GRE with a key", .encap = ENCAP_GRE_KEY, .along = true },
	{ .what = "GRE with a checksum", .encap = ENCAP_GRE_ALL },
	{ .what = "GRE with Ethernet", .encap = ENCAP_GRETAP, .along = true },
	{ .what = "IPv4 in IPv4", .encap = ENCAP_IPIP, .along = true },
	{ .what = "IPv6 in IPv4", .encap = ENCAP_IPIP, .ipv6 = true, .along = true },
	{ .what = "IPv4 in IPv6", .encap = ENCAP_IPIP6, .along = true },
	{ .what = "IPv6 in IPv6, a limit", .encap = ENCAP_IPIP6_LIMIT, .ipv6 = true,
	  .along = true },
	{ .what = "IP in IP in VXLAN", .encap = ENCAP_IPIP, .around = ENCAP_VXLAN },
};
/* clang-format on */

static bool same_bytes(const char *what, const __u8 *got, const __u8 *wanted, __u32 len)
{
	if (memcmp(got, wanted, len) != 0)
		tap_diag("%s differ", what);
	return memcmp(got, wanted, len) == 0;
}

/* Where the inner IP header of a frame in this row's tunnel begins. */
static __u32 inner_at(const struct row *row)
{
	__u32 tags = row->shape.tags[0] ? 8 : 0;

	return tunnel_inner_ip(row->encap) + tags;
}

/* Tags are inner headers that tunnel_unwrap() does not know: it is given the frame without. */
static void unwrap(struct frame *inner, const struct frame *f, const struct row *row)
{
	static struct frame plain;
	__u32 at = tunnel_inner_ip(row->encap), tags = inner_at(row) - at;

	memcpy(plain.at, f->at, at);
	memcpy(plain.at + at, f->at + at + tags, f->len - at - tags);
	plain.len = f->len - tags;
	tunnel_unwrap(inner, &plain, row->encap);
}

static bool is_reset(const struct frame *got, const struct frame *sent, const struct row *row,
		     bool back)
{
	static struct frame in, was;
	struct frame_view g, s;
	const char *outer = tunnel_fault(got, row->encap), *fault;
	__u32 addr = row->ipv6 ? 16 : 4;
	bool ok;

	unwrap(&in, got, row);
	unwrap(&was, sent, row);
	fault = frame_fault(in.at, in.len, row->shape.partial);
	if (outer || fault)
		tap_diag("%s frame: %s", back ? "returned" : "forwarded", outer ? outer : fault);
	frame_read(&g, &in);
	frame_read(&s, &was);
	ok = !outer && !fault;
	ok &= same_bytes("MAC addresses", got->at, sent->at + (back ? 6 : 0), 6);
	ok &= same_bytes("MAC addresses", got->at + 6, sent->at + (back ? 0 : 6), 6);
	ok &= same_bytes("source addresses", g.src, back ? s.dst : s.src, addr);
	ok &= same_bytes("destination addresses", g.dst, back ? s.src : s.dst, addr);
	ok &= check_u64("source port", g.sport, back ? s.dport : s.sport);
	ok &= check_u64("destination port", g.dport, back ? s.sport : s.dport);
	ok &= check_u64("flags", g.flags, TCP_RST | TCP_ACK);
	ok &= check_u64("payload", g.payload_len, 0);
	return ok & check_u64("IP header", g.ip_header_len, s.ip_header_len);
}

static bool counts(struct gate *g, const struct row *row)
{
	struct hg_counters c;
	bool ok;

	gate_counters(g, &c);
	ok = check_u64("resets to both", c.resets.both, row->along && row->back);
	ok &= check_u64("resets to the server", c.resets.server, row->along && !row->back);
	ok &= check_u64("resets to nobody", c.resets.none, 0);
	ok &= check_u64("resets that failed", c.reset_failures.encapsulated, !row->back);
	return ok & check_u64("packets for the arm", c.packets.reset_arm, 1);
}

static bool one(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static const struct hello_spec spec = { .sni = "reset.example" };
	static struct octets message, stream;
	static struct talk t;
	struct conn conn = { .ipv6 = row->ipv6, .shape = row->shape };
	struct segment s = { .flags = TCP_ACK };
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
	s.seq = t.conn.isn + 1;
	s.ack = t.conn.server_isn + 1;
	s.data = stream.at;
	s.len = stream.len;
	frame_build(&t.frame, &t.conn, &s);
	tunnel_wrap(&t.frame, row->encap);
	tunnel_wrap(&t.frame, row->around);
	act = gate_send(g, hook, &t.frame);
	ok = check_u64("act", act, row->along ? GATE_RESET : GATE_DROP);
	ok &= check_u64("echo", gate_echo(&t.echo), row->back);
	if (ok && row->along)
		ok &= is_reset(&g->out, &t.frame, row, false);
	if (ok && row->back)
		ok &= is_reset(&t.echo, &t.frame, row, true);
	ok &= counts(g, row);
	ok &= gate_balanced(g);
	return ok & gate_clear(g);
}

int main(void)
{
	static const struct gate_options options = { .decap = (1U << HG_TUNNEL_COUNT) - 1 };
	static struct gate g;
	struct gate_policy p = { .header = { .revision = 1,
					     .mode = HG_MODE_enforce,
					     .default_action = HG_ACTION_reset } };

	gate_open(&g, &options);
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
