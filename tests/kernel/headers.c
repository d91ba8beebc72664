/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies below TCP: read through, passed by, or counted under a reason.
 *
 * A hello in two segments, the first of three bytes, so that a payload that
 * begins or ends in the wrong place spoils it.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

enum fate { READ, FRAGMENT, PASSED_BY, UNPARSED };

/* Bytes to overwrite, from the IP or TCP header on. */
struct patch {
	enum { NOWHERE, IN_IP, IN_TCP } where;
	__u32 at, width;
	__u32 value;
};

struct row {
	const char *what;
	bool ipv6;
	struct shape shape;
	struct patch patch;
	enum fate fate;
	enum hg_unparsed reason;
};

static const __u8 nops[40] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
			       1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

/* Options that would read as TLS, if a header were stepped over too early. */
static const __u8 tls_options[12] = { 0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 1 };

static const __u8 hop_by_hop[8] = { 6, 0, 1, 4 };
static const __u8 routing[24] = { 6, 2 };
static const __u8 authentication[24] = { 6, 4 };
static const __u8 atomic_fragment[8] = { 6 };
static const __u8 first_fragment[8] = { 6, 0, 0, 1 };
static const __u8 later_fragment[8] = { 6, 0, 0, 0x10 };
static const __u8 three_headers[8 + 24 + 8] = { [0] = 43, [8] = 60, [9] = 2, [32] = 6 };
static const __u8 eight_headers[64] = {
	[0] = 60, [8] = 60, [16] = 60, [24] = 60, [32] = 60, [40] = 60, [48] = 60, [56] = 6
};
static const __u8 nine_headers[72] = { [0] = 60,  [8] = 60,  [16] = 60, [24] = 60, [32] = 60,
				       [40] = 60, [48] = 60, [56] = 60, [64] = 6 };
static const __u8 long_options[2048] = { 6, 255 };
static const __u8 no_next[8] = { 59 };

#define CHAIN(first, bytes)                                                                        \
	.ipv6_next = (first), .ipv6_chain = (bytes), .ipv6_chain_len = sizeof(bytes)

/* clang-format off */
static const struct row rows[] = {
	{ .what = "IPv4" },
	{ .what = "IPv4, 4 bytes of options",
	  .shape = { .ip_options = nops, .ip_options_len = 4 } },
	{ .what = "IPv4, 40 bytes of options",
	  .shape = { .ip_options = nops, .ip_options_len = 40 } },
	{ .what = "TCP options", .shape = { .tcp_options = tls_options, .tcp_options_len = 12 } },
	{ .what = "40 bytes of TCP options",
	  .shape = { .tcp_options = nops, .tcp_options_len = 40, .ip_options = nops,
	    .ip_options_len = 40 } },
	{ .what = "Ethernet padding", .shape = { .padding = 46 } },
	{ .what = "a tag", .shape = { .tags = { 100 } } },
	{ .what = "a tag and padding", .shape = { .tags = { 4094 }, .padding = 20 } },
	{ .what = "QinQ", .shape = { .tags = { 100, 200 }, .tpid = 0x88a8 } },
	{ .what = "two tags of 0x8100", .shape = { .tags = { 100, 200 } } },
	{ .what = "three tags", .shape = { .tags = { 1, 2, 3 } }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_vlan_depth },
	{ .what = "do not fragment", .shape = { .fragment = 0x4000 } },
	{ .what = "first IPv4 fragment", .shape = { .fragment = 0x2000 },
	  .fate = FRAGMENT },
	{ .what = "later IPv4 fragment", .shape = { .fragment = 0x0010 }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_fragment },
	{ .what = "IPv4 length 0, and no BIG TCP", .patch = { IN_IP, 2, 2, 0 }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_bad_header },
	{ .what = "ihl of 4", .patch = { IN_IP, 0, 1, 0x44 }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_bad_header },
	{ .what = "ihl of 0", .patch = { IN_IP, 0, 1, 0x40 }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_bad_header },
	{ .what = "version 5 under the IPv4 type", .patch = { IN_IP, 0, 1, 0x55 }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_bad_header },
	{ .what = "IPv4 length of 39", .patch = { IN_IP, 2, 2, 39 }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_bad_header },
	{ .what = "IPv4 length beyond the frame", .patch = { IN_IP, 2, 2, 3000 }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_load_failed },
	{ .what = "doff of 4", .patch = { IN_TCP, 12, 1, 0x40 }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_bad_header },
	{ .what = "doff of 0", .patch = { IN_TCP, 12, 1, 0 }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_bad_header },
	{ .what = "UDP", .patch = { IN_IP, 9, 1, 17 }, .fate = PASSED_BY },
	{ .what = "GRE", .patch = { IN_IP, 9, 1, 47 }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_encapsulated },
	{ .what = "IPv6", .ipv6 = true },
	{ .what = "IPv6, TCP options, padding", .ipv6 = true,
	  .shape = { .tcp_options = tls_options, .tcp_options_len = 12, .padding = 7 } },
	{ .what = "IPv6, a tag", .ipv6 = true, .shape = { .tags = { 7 } } },
	{ .what = "hop-by-hop options", .ipv6 = true, .shape = { CHAIN(0, hop_by_hop) } },
	{ .what = "routing header", .ipv6 = true, .shape = { CHAIN(43, routing) } },
	{ .what = "authentication header", .ipv6 = true, .shape = { CHAIN(51, authentication) } },
	{ .what = "hop-by-hop, routing, destination options", .ipv6 = true,
	  .shape = { CHAIN(0, three_headers) } },
	{ .what = "eight headers", .ipv6 = true, .shape = { CHAIN(60, eight_headers) } },
	{ .what = "nine headers", .ipv6 = true, .shape = { CHAIN(60, nine_headers) },
	  .fate = UNPARSED, .reason = HG_UNPARSED_ipv6_headers },
	{ .what = "2 KB of destination options", .ipv6 = true,
	  .shape = { CHAIN(60, long_options) } },
	{ .what = "atomic fragment", .ipv6 = true, .shape = { CHAIN(44, atomic_fragment) } },
	{ .what = "first IPv6 fragment", .ipv6 = true, .shape = { CHAIN(44, first_fragment) },
	  .fate = FRAGMENT },
	{ .what = "later IPv6 fragment", .ipv6 = true, .shape = { CHAIN(44, later_fragment) },
	  .fate = UNPARSED, .reason = HG_UNPARSED_fragment },
	{ .what = "no next header", .ipv6 = true, .shape = { CHAIN(60, no_next) },
	  .fate = PASSED_BY },
	{ .what = "IPv6 length 0, and no jumbogram", .ipv6 = true, .patch = { IN_IP, 4, 2, 0 },
	  .fate = UNPARSED, .reason = HG_UNPARSED_bad_header },
	{ .what = "version 4 under the IPv6 type", .ipv6 = true, .patch = { IN_IP, 0, 1, 0x45 },
	  .fate = UNPARSED, .reason = HG_UNPARSED_bad_header },
	{ .what = "IPv6 length of 19", .ipv6 = true, .patch = { IN_IP, 4, 2, 19 }, .fate = UNPARSED,
	  .reason = HG_UNPARSED_bad_header },
	{ .what = "ICMPv6", .ipv6 = true, .patch = { IN_IP, 6, 1, 58 }, .fate = PASSED_BY },
};
/* clang-format on */

static const __u8 client6[16] = { 0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10 };
static const __u8 server6[16] = { 0x20, 1, 0xd, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20 };

static void patch_frame(struct talk *t, const struct patch *p)
{
	__u8 *at = t->frame.at + (p->where == IN_IP ? t->at.l3 : t->at.l4) + p->at;

	for (__u32 i = 0; p->where && i < p->width; i++)
		at[i] = (__u8)(p->value >> (8 * (p->width - 1 - i)));
}

/* The two data segments, patched; the SYN is sent without a blemish. */
static enum gate_act patched_data(struct talk *t, const struct patch *p, __u32 offset,
				  const __u8 *data, __u32 len)
{
	struct segment s = { .flags = TCP_ACK,
			     .seq = t->conn.isn + 1 + offset,
			     .ack = t->conn.server_isn + 1,
			     .data = data,
			     .len = len };

	t->at = frame_build(&t->frame, &t->conn, &s);
	patch_frame(t, p);
	return gate_send(t->gate, t->hook, &t->frame);
}

static bool was_read(struct talk *t, const struct row *row, const struct octets *stream,
		     const struct octets *message)
{
	struct hello_expected expected = { message,
					   { .bytes = 300,
					     .features = HG_HELLO_EXTENSIONS,
					     .legacy_version = 0x0303,
					     .version_max = 0x0303,
					     .cipher_count = 13,
					     .cipher_count_no_grease = 13,
					     .ext_count = 2,
					     .records = 1,
					     .segments = 2,
					     .record_version = 0x0301,
					     .sni_state = HG_SNI_ok },
					   HG_BUCKET_reassembled,
					   0 };
	bool ok = talk_syn(t) == GATE_PASS;

	ok &= patched_data(t, &row->patch, 0, stream->at, 3) == GATE_PASS;
	ok &= patched_data(t, &row->patch, 3, stream->at + 3, stream->len - 3) == GATE_PASS;
	ok &= talk_saw_hello(t, &expected);
	ok &= talk_client_ends(t, stream->len) == GATE_PASS;
	return ok & talk_saw_end(t, HG_CLOSE_rst, HG_SIDE_client, HG_BUCKET_reassembled,
				 HG_OUTCOME_unknown);
}

enum fragment_of { OF_ALL, OF_FRONT, OF_REST_AHEAD, FRAGMENTS_OF };

/* The first fragment of the hello, of a part, or of its rest, and its front behind that. */
static bool send_fragment(struct talk *t, const struct row *row, const struct octets *stream,
			  enum fragment_of what)
{
	__u32 at = what == OF_REST_AHEAD ? 100 : 0, len = what == OF_ALL ? stream->len : 100;
	bool ok = patched_data(t, &row->patch, at, stream->at + at, len) == GATE_PASS;

	if (what != OF_REST_AHEAD)
		return ok;
	memset(&t->conn.shape, 0, sizeof(t->conn.shape));
	return ok & (talk_client(t, 0, stream->at, 100) == GATE_PASS);
}

/* What is missing behind a first fragment comes as no segment. */
static bool was_first_fragment(struct talk *t, const struct row *row, const struct octets *stream,
			       enum fragment_of what)
{
	const struct gate_event *e = NULL;
	bool ok = talk_syn(t) == GATE_PASS;

	ok &= send_fragment(t, row, stream, what);
	ok &= check_u64("hellos", talk_count(t, HG_EVENT_HELLO, &e), what == OF_ALL);
	ok &= talk_client_ends(t, what == OF_ALL     ? stream->len
				  : what == OF_FRONT ? 100
						     : 200) == GATE_PASS;
	ok &= check_u64("ends", talk_count(t, HG_EVENT_END, &e), 1);
	ok &= e && check_u64("bucket", e->head.bucket,
			     what == OF_ALL ? HG_BUCKET_single_segment : HG_BUCKET_evicted);
	return ok & (e && check_u64("flag", e->head.flags & HG_FLAG(fragmented_ip),
				    HG_FLAG(fragmented_ip)));
}

static bool was_not_read(struct talk *t, const struct row *row, const struct octets *stream)
{
	struct hg_counters c;
	bool ok;

	/* Where the length is what is wrong, state may be made by a SYN. */
	ok = patched_data(t, &row->patch, 0, stream->at, stream->len) == GATE_PASS;
	ok &= talk_saw_no_hello(t);
	gate_counters(t->gate, &c);
	ok &= check_u64("flows created", c.flows_created, 0);
	ok &= check_u64("packets passed", c.packets.passed, row->fate == PASSED_BY);
	ok &= check_u64("packets unparsed", c.packets.unparsed, row->fate == UNPARSED);
	if (row->fate == UNPARSED)
		ok &= check_u64("that reason", ((__u64 *)&c.unparsed)[row->reason], 1);
	return ok;
}

static bool one(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static const struct hello_spec hello = { .sni = "headers.example", .pad_to = 300 };
	static struct octets message, stream;
	static struct talk t;
	struct conn conn = { .ipv6 = row->ipv6, .shape = row->shape };
	bool ok;

	if (row->ipv6) {
		memcpy(conn.client, client6, 16);
		memcpy(conn.server, server6, 16);
	}
	hello_build(&message, &hello);
	record_whole(&stream, &message);
	talk_begin(&t, g, hook, &conn);
	if (row->fate == FRAGMENT) {
		ok = true;
		for (enum fragment_of what = 0; what < FRAGMENTS_OF; what++) {
			ok &= what == 0 || gate_clear(g);
			talk_begin(&t, g, hook, &conn);
			ok &= was_first_fragment(&t, row, &stream, what);
		}
	} else {
		ok = row->fate == READ ? was_read(&t, row, &stream, &message)
				       : was_not_read(&t, row, &stream);
	}
	ok &= gate_balanced(g);
	return ok & gate_clear(g);
}

/* A frame that ends anywhere in its headers is unparsed, whatever it began as. */
static void cut_short(struct gate *g, enum gate_hook hook, bool ipv6)
{
	static struct talk t;
	struct conn conn = {
		.ipv6 = ipv6, .shape = { .tags = { 5 }, .tcp_options = nops, .tcp_options_len = 12 }
	};
	struct hg_counters c;
	__u32 sent = 0, headers;

	memcpy(conn.client, client6, 16);
	memcpy(conn.server, server6, 16);
	talk_begin(&t, g, hook, &conn);
	talk_syn(&t);
	gate_clear(g);
	headers = t.at.l4 + 20;
	for (__u32 len = headers - 1; len >= 18; len--) {
		t.frame.len = len;
		sent += gate_send(g, hook, &t.frame) == GATE_PASS;
	}
	gate_counters(g, &c);
	tap_ok(sent && check_u64("truncated_header", c.unparsed.truncated_header, sent) &&
		       check_u64("flows created", c.flows_created, 0),
	       "%s: %s cut short at %u places", gate_hook_name[hook], ipv6 ? "IPv6" : "IPv4", sent);
	tap_ok(gate_clear(g), "%s: the books", gate_hook_name[hook]);
}

/* A wrong checksum, in a frame with so many bytes of IPv4 options. */
static bool wrong_checksum(struct gate *g, enum gate_hook hook, __u32 options)
{
	static const struct hello_spec hello = { .sni = "headers.example", .pad_to = 300 };
	static const struct patch patch = { IN_TCP, 16, 2, 0x1234 };
	struct conn conn = { .shape = { .ip_options = nops, .ip_options_len = options } };
	static struct octets message, stream;
	const struct gate_event *e = NULL;
	static struct talk t;
	bool ok;

	hello_build(&message, &hello);
	record_whole(&stream, &message);
	talk_begin(&t, g, hook, &conn);
	ok = talk_syn(&t) == GATE_PASS;
	ok &= patched_data(&t, &patch, 0, stream.at, stream.len) == GATE_PASS;
	ok &= check_u64("hellos", talk_count(&t, HG_EVENT_HELLO, &e), !!options);
	ok &= !e || check_u64("flag", e->head.flags & HG_FLAG(checksum_unknown),
			      HG_FLAG(checksum_unknown));
	ok &= talk_client(&t, 0, stream.at, stream.len) == GATE_PASS;
	ok &= check_u64("hellos in the end", talk_count(&t, HG_EVENT_HELLO, &e), 1);
	return ok & gate_clear(g);
}

static void checksums(void)
{
	static const struct gate_options options = { .checksums = true };
	static struct gate g;

	gate_open(&g, &options);
	FOR_HOOKS(hook) {
		tap_ok(wrong_checksum(&g, hook, 0),
		       "%s: a wrong checksum: not read, what follows is", gate_hook_name[hook]);
		tap_ok(wrong_checksum(&g, hook, 4), "%s: one that IPv4 options may explain: read",
		       gate_hook_name[hook]);
	}
	gate_close(&g);
}

/* A port that nobody watches costs its headers, and makes no state. */
static void other_ports(void)
{
	static const __u16 watched[] = { 443, 8443, 0 };
	static const struct gate_options options = { .ports = watched };
	static struct gate g;
	static struct talk t;
	static const struct {
		__u16 client, server;
		__u64 flows;
	} ports[] = {
		{ 50000, 443, 1 }, { 50001, 8443, 1 }, { 443, 50000, 1 },
		{ 50000, 444, 0 }, { 8442, 1, 0 },     { 65535, 65534, 0 },
	};
	struct hg_counters c;

	gate_open(&g, &options);
	for (size_t i = 0; i < COUNT_OF(ports); i++) {
		struct conn conn = { .client_port = ports[i].client,
				     .server_port = ports[i].server };

		talk_begin(&t, &g, GATE_XDP, &conn);
		talk_syn(&t);
		gate_counters(&g, &c);
		tap_ok(check_u64("flows created", c.flows_created, ports[i].flows) & gate_clear(&g),
		       "ports %u to %u, 443 and 8443 watched", ports[i].client, ports[i].server);
	}
	gate_close(&g);
}

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			tap_ok(one(&g, hook, &rows[i]), "%s: %s", gate_hook_name[hook],
			       rows[i].what);
		cut_short(&g, hook, false);
		cut_short(&g, hook, true);
	}
	gate_close(&g);
	checksums();
	other_ports();
	return tap_done();
}
