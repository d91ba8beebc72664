/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk.h"

#include <stdio.h>

#include "tap.h"

static const struct conn usual = {
	.client = { 192, 0, 2, 10 },
	.server = { 198, 51, 100, 20 },
	.server_port = 443,
	.isn = 0x10000000,
	.server_isn = 0x50000000,
};

/* Ports count over the life of the program, so that connections do not meet. */
static __u16 next_port(void)
{
	static __u16 port = 20000;

	port = port == 65535 ? 20000 : port + 1;
	return port;
}

void talk_begin(struct talk *t, struct gate *g, enum gate_hook hook, const struct conn *like)
{
	t->gate = g;
	t->hook = hook;
	t->conn = like ? *like : usual;
	t->encap = ENCAP_NONE;
	if (!t->conn.client[0]) {
		memcpy(t->conn.client, usual.client, sizeof(usual.client));
		memcpy(t->conn.server, usual.server, sizeof(usual.server));
	}
	if (!t->conn.server_port)
		t->conn.server_port = usual.server_port;
	if (!t->conn.client_port)
		t->conn.client_port = next_port();
	if (!t->conn.isn)
		t->conn.isn = usual.isn;
	if (!t->conn.server_isn)
		t->conn.server_isn = usual.server_isn;
}

enum gate_hook talk_other_hook(enum gate_hook hook)
{
	return hook == GATE_EGRESS ? GATE_INGRESS : GATE_EGRESS;
}

enum gate_act talk_segment(struct talk *t, const struct segment *s)
{
	t->at = frame_build(&t->frame, &t->conn, s);
	tunnel_wrap(&t->frame, t->encap);
	t->last_hook = s->from_server ? talk_other_hook(t->hook) : t->hook;
	return gate_send(t->gate, t->last_hook, &t->frame);
}

enum gate_act talk_syn(struct talk *t)
{
	struct segment s = { .flags = TCP_SYN, .seq = t->conn.isn };

	return talk_segment(t, &s);
}

enum gate_act talk_synack(struct talk *t)
{
	struct segment s = { .from_server = true,
			     .flags = TCP_SYN | TCP_ACK,
			     .seq = t->conn.server_isn,
			     .ack = t->conn.isn + 1 };

	return talk_segment(t, &s);
}

enum gate_act talk_client(struct talk *t, __u32 offset, const void *data, __u32 len)
{
	struct segment s = { .flags = TCP_PSH | TCP_ACK,
			     .seq = t->conn.isn + 1 + offset,
			     .ack = t->conn.server_isn + 1,
			     .data = data,
			     .len = len };

	return talk_segment(t, &s);
}

enum gate_act talk_server(struct talk *t, __u32 offset, const void *data, __u32 len)
{
	struct segment s = { .from_server = true,
			     .flags = TCP_PSH | TCP_ACK,
			     .seq = t->conn.server_isn + 1 + offset,
			     .ack = t->conn.isn + 1,
			     .data = data,
			     .len = len };

	return talk_segment(t, &s);
}

enum gate_act talk_client_flags(struct talk *t, __u8 flags, __u32 offset)
{
	struct segment s = { .flags = flags,
			     .seq = t->conn.isn + 1 + offset,
			     .ack = t->conn.server_isn + 1 };

	return talk_segment(t, &s);
}

enum gate_act talk_client_ends(struct talk *t, __u32 offset)
{
	enum gate_act act = talk_client_flags(t, TCP_RST, offset);

	gate_wait(t->gate, HG_IDLE_CLOSING + SECONDS(2)); /* slots count in 2^30 ns */
	gate_sweep(t->gate);
	if (gate_active(t->gate))
		gate_sweep_slots(t->gate);
	return act;
}

enum gate_act talk_server_flags(struct talk *t, __u8 flags, __u32 offset)
{
	struct segment s = { .from_server = true,
			     .flags = flags,
			     .seq = t->conn.server_isn + 1 + offset,
			     .ack = t->conn.isn + 1 };

	return talk_segment(t, &s);
}

enum gate_act talk_stream(struct talk *t, const struct octets *stream, __u32 mss)
{
	enum gate_act act = GATE_PASS;

	for (__u32 at = 0; at < stream->len && act == GATE_PASS; at += mss) {
		__u32 len = stream->len - at < mss ? stream->len - at : mss;

		act = talk_client(t, at, stream->at + at, len);
	}
	return act;
}

/* ---- what came of it ---- */

bool check_u64(const char *what, __u64 got, __u64 wanted)
{
	if (got != wanted)
		tap_diag("%s: got %llu (0x%llx), expected %llu (0x%llx)", what,
			 (unsigned long long)got, (unsigned long long)got,
			 (unsigned long long)wanted, (unsigned long long)wanted);
	return got == wanted;
}

#define CHECK(field) ok &= check_u64(#field, got->field, wanted->field)

bool facts_equal(const struct hg_hello_facts *got, const struct hg_hello_facts *wanted)
{
	bool ok = true;

	CHECK(bytes);
	CHECK(features);
	CHECK(legacy_version);
	CHECK(version_max);
	CHECK(cipher_count);
	CHECK(cipher_count_no_grease);
	CHECK(ext_count);
	CHECK(records);
	CHECK(segments);
	CHECK(record_version);
	CHECK(session_id_len);
	CHECK(sni_state);
	CHECK(ech);
	return ok;
}

__u32 talk_count(struct talk *t, enum hg_event_type type, const struct gate_event **last)
{
	struct hg_flow_key key = gate_key(t->gate, &t->conn);
	__u32 n = 0;

	gate_events(t->gate);
	for (__u32 i = 0; i < t->gate->event_count; i++) {
		const struct gate_event *e = &t->gate->events[i];

		if (e->head.type != type || memcmp(&e->head.key, &key, sizeof(key)) != 0)
			continue;
		*last = e;
		n++;
	}
	return n;
}

static bool message_equal(const struct gate_event *e, const struct octets *message)
{
	__u32 at = 0;

	if (!check_u64("message length", e->head.message_len, message->len))
		return false;
	while (at < message->len && e->message[at] == message->at[at])
		at++;
	if (at < message->len)
		tap_diag("the message differs from byte %u on: got %02x, expected %02x", at,
			 e->message[at], message->at[at]);
	return at == message->len;
}

static bool head_is_ours(const struct talk *t, const struct hg_event *e)
{
	const struct conn *c = &t->conn;
	struct hg_flow_key key = gate_key(t->gate, c);
	__be16 client_port = (__be16)(c->client_port >> 8 | c->client_port << 8);
	bool ok = check_u64("isn", e->isn, c->isn);

	ok &= check_u64("interface", e->interface, t->gate->options.interface_number);
	ok &= check_u64("client's port, by client_lo", e->client_lo ? key.lo_port : key.hi_port,
			client_port);
	ok &= check_u64("vlan", e->vlan, c->shape.tags[0] & 0xfff);
	ok &= check_u64("time of the event", e->time_ns, t->gate->presence->time_ns);
	return ok & check_u64("flow id below 2^51", e->flow_id >> 51, 0);
}

bool talk_saw_hello(struct talk *t, const struct hello_expected *expected)
{
	const struct gate_event *e = NULL;
	bool ok;

	if (!check_u64("HELLO events", talk_count(t, HG_EVENT_HELLO, &e), 1))
		return false;
	ok = head_is_ours(t, &e->head);
	ok &= check_u64("bucket", e->head.bucket, expected->bucket);
	ok &= check_u64("flags", e->head.flags, expected->flags);
	ok &= facts_equal(&e->head.hello, &expected->facts);
	if (expected->message)
		ok &= message_equal(e, expected->message);
	return ok;
}

bool talk_saw_no_hello(struct talk *t)
{
	const struct gate_event *e = NULL;

	return check_u64("HELLO events", talk_count(t, HG_EVENT_HELLO, &e), 0);
}

bool talk_saw_end(struct talk *t, enum hg_close close, enum hg_side from, enum hg_bucket bucket,
		  enum hg_outcome outcome)
{
	const struct gate_event *e = NULL;
	bool ok;

	if (!check_u64("END events", talk_count(t, HG_EVENT_END, &e), 1))
		return false;
	ok = check_u64("close", e->head.close, close);
	ok &= check_u64("close from", e->head.close_from, from);
	ok &= check_u64("bucket", e->head.bucket, bucket);
	return ok & check_u64("outcome", e->head.outcome, outcome);
}

bool check_coverage(struct gate *g, __u64 created, const enum hg_bucket *buckets, __u32 count)
{
	static const char *const names[] = {
#define NAME(id, text) text,
		HG_BUCKETS(NAME)
#undef NAME
	};
	__u64 wanted[HG_BUCKET_COUNT] = {};
	struct hg_counters c;
	bool ok;

	gate_counters(g, &c);
	for (__u32 i = 0; i < count; i++)
		wanted[buckets[i]]++;
	ok = check_u64("flows created", c.flows_created, created);
	for (__u32 i = 0; i < HG_BUCKET_COUNT; i++)
		ok &= check_u64(names[i], ((__u64 *)&c.coverage)[i], wanted[i]);
	return ok;
}

bool talk_counted(struct talk *t, enum hg_bucket bucket)
{
	return check_coverage(t->gate, 1, &bucket, 1);
}

bool talk_flow(struct talk *t, struct hg_flow *f)
{
	struct hg_flow_key key = gate_key(t->gate, &t->conn);

	return gate_flow(t->gate, &key, f);
}

/* ---- resets ---- */

static struct talk_reset reset_of_meta(const struct gate_rst *meta)
{
	__u8 along = meta->from == HG_FROM_CLIENT ? HG_TO_server : HG_TO_client;
	struct talk_reset r = {
		.along = meta->to & along,
		.back = meta->to & (along ^ HG_TO_both),
		.seq_along = meta->seq_along,
		.ack_along = meta->ack_along,
		.seq_back = meta->seq_back,
		.ack_back = meta->ack_back,
	};

	check_u64("magic of the metadata", meta->magic, GATE_RST_MAGIC);
	return r;
}

static struct talk_reset reset_of_frames(struct talk *t, enum gate_act act)
{
	struct talk_reset r = { .along = act == GATE_RESET, .back = gate_echo(&t->echo) };
	struct frame_view v;

	if (r.along) {
		frame_read(&v, &t->gate->out);
		r.seq_along = v.seq;
		r.ack_along = v.ack;
	}
	if (r.back) {
		frame_read(&v, &t->echo);
		r.seq_back = v.seq;
		r.ack_back = v.ack;
	}
	return r;
}

struct talk_reset talk_reset(struct talk *t, enum gate_act act)
{
	if (t->last_hook > GATE_XDP_FRAGS)
		return reset_of_frames(t, act);
	if (act == GATE_RESET)
		return reset_of_meta(&t->gate->rst);
	return (struct talk_reset){ .along = false };
}

bool gate_refused(struct gate *g, enum hg_refusal why, __u64 n)
{
	struct hg_counters c;

	gate_counters(g, &c);
	return check_u64("refused", ((__u64 *)&c.refused)[why], n);
}

bool gate_evicted(struct gate *g, __u64 n)
{
	struct hg_counters c;

	gate_counters(g, &c);
	return check_u64("evicted", c.coverage.evicted, n);
}
