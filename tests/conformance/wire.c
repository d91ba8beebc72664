/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire.h"

#include "fragment.h"

#define SECOND 1000000000ULL
#define GAP (SECOND / 1000) /* between two frames */
#define SERVER_PORT 443
#define STRANGE_PORT 50000
#define FAR (1 << 20) /* no script says as much: a decoy out of the window */

/* 10.row.variant, 2001:db8:1::row:variant; the server is one of the documentation's. */
static const __u8 server4[4] = { 198, 51, 100, 1 };
static const __u8 server6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
static const __u8 client6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 1 };

void wire_open(struct wire *w, const struct script *s, __u32 row, __u32 variant)
{
	struct conn *c = &w->conn;

	memset(w, 0, sizeof(*w));
	w->script = s;
	*c = s->conn;
	memcpy(c->client, client6, 16);
	memcpy(c->server, server6, 16);
	if (!c->ipv6) {
		c->client[0] = 10;
		c->client[1] = (__u8)(row + 1);
		memcpy(c->server, server4, 4);
	}
	c->client[13] = (__u8)(row + 1);
	c->client[c->ipv6 ? 14 : 2] = (__u8)(variant >> 8);
	c->client[c->ipv6 ? 15 : 3] = (__u8)variant;
	c->client_port = WIRE_CLIENT_PORT;
	c->server_port = SERVER_PORT;
	w->server_next = c->server_isn;
	w->stamp = 1000000;
	w->peer_stamp = 7000000;
	w->ip_id = 1;
}

bool wire_whose(const __u8 address[16], bool ipv6, __u32 *row, __u32 *variant)
{
	if (ipv6 ? memcmp(address, client6, 13) != 0 : address[0] != 10)
		return false;
	*row = address[ipv6 ? 13 : 1] - 1U;
	*variant = (__u32)(address[ipv6 ? 14 : 2] << 8 | address[ipv6 ? 15 : 3]);
	return true;
}

/* ---- one segment ---- */

struct options {
	__u8 at[40];
	__u32 len;
};

static void option(struct options *o, const void *bytes, __u32 len)
{
	memcpy(o->at + o->len, bytes, len);
	o->len += len;
}

static void option_stamp(struct options *o, __u32 stamp, __u32 echo)
{
	__u8 bytes[12] = { 1, 1, 8, 10 };

	for (int i = 0; i < 4; i++) {
		bytes[4 + i] = (__u8)(stamp >> (24 - 8 * i));
		bytes[8 + i] = (__u8)(echo >> (24 - 8 * i));
	}
	option(o, bytes, sizeof(bytes));
}

static void put_options(const struct wire *w, const struct step *step, struct options *o)
{
	static const __u8 mss[4] = { 2, 4, 1400 >> 8, 1400 & 0xff }, digest[20] = { 19, 18, 0x5a };
	bool first = step->flags & TCP_SYN, server = step->from_server;
	__u32 stamp = server ? w->peer_stamp : w->stamp, echo = server ? w->stamp : w->peer_stamp;

	o->len = 0;
	if (first)
		option(o, mss, sizeof(mss));
	if (w->script->timestamps)
		option_stamp(o, step->stale ? stamp - 0x10000000 : stamp,
			     first && !server ? 0 : echo);
	if (step->md5) /* RFC 2385; two bytes of padding are end of list */
		option(o, digest, sizeof(digest));
}

static void emit(struct wire *w, struct frame *f, bool from_server)
{
	tunnel_wrap(f, w->script->encap);
	w->sink(w->arg, f, from_server);
}

/* Other bytes for the second fragment, which a receiver may take or not. */
static void emit_overlap(struct wire *w, const struct fragments *f)
{
	static struct frame out;

	fragment_build(f, 1, &out);
	memset(out.at + out.len - 8, 0, 8);
	emit(w, &out, false);
}

static void emit_fragments(struct wire *w, const struct frame *whole, struct frame_layout at,
			   const struct step *step)
{
	static struct frame out;
	struct fragments f = { whole, at, w->conn.ipv6, step->fragment, w->ip_id++ };
	__u32 count = fragment_count(&f);

	for (__u32 i = 0; i < count; i++) {
		if (i == 1 && step->overlapped)
			emit_overlap(w, &f);
		fragment_build(&f, step->reversed ? count - 1 - i : i, &out);
		emit(w, &out, false);
	}
}

static struct conn conn_of(const struct wire *w, const struct step *step,
			   const struct options *options)
{
	struct conn c = w->conn;

	c.shape.tcp_options = options->at;
	c.shape.tcp_options_len = options->len;
	c.shape.ttl = step->ttl ? step->ttl : c.shape.ttl;
	c.shape.bad_checksum = step->bad_checksum;
	c.shape.partial |= step->partial;
	if (!step->stranger)
		return c;
	c.client[c.ipv6 ? 13 : 1] = step->stranger & STRANGERS_ONE_SOURCE ? 251 : 250;
	if (step->stranger & STRANGERS_ONE_SOURCE) {
		c.client_port = (__u16)(1024 + (step->stranger & 0xffff));
	} else {
		c.client[c.ipv6 ? 14 : 2] = (__u8)(step->stranger >> 8);
		c.client[c.ipv6 ? 15 : 3] = (__u8)step->stranger;
		c.client_port = (__u16)(STRANGE_PORT + (step->stranger >> 16));
	}
	return c;
}

static void put_segment(struct wire *w, const struct step *step, const struct segment *segment)
{
	static struct frame f;
	struct options options;
	struct conn c;
	struct frame_layout at;

	put_options(w, step, &options);
	c = conn_of(w, step, &options);
	at = frame_build(&f, &c, segment);
	if (step->fragment)
		emit_fragments(w, &f, at, step);
	else
		emit(w, &f, step->from_server);
}

void wire_segment(struct wire *w, const struct segment *segment)
{
	struct step plain = { .flags = segment->flags, .from_server = segment->from_server };

	put_segment(w, &plain, segment);
}

/* ---- steps ---- */

static void put_client(struct wire *w, const struct step *step)
{
	struct segment segment = {
		.flags = step->flags, .data = step->data, .len = step->len, .urgent = step->urgent
	};

	segment.seq = w->conn.isn + !(step->flags & TCP_SYN) + (__u32)step->at;
	if (step->flags & TCP_ACK)
		segment.ack = w->server_next;
	put_segment(w, step, &segment);
	if (step->len && !step->stranger && step->at + step->len > w->said && step->at < FAR)
		w->said = (__u32)step->at + step->len;
}

static void put_server(struct wire *w, const struct step *step, __u32 taken)
{
	struct step odd = *step;
	struct segment segment = { .from_server = true,
				   .flags = step->flags,
				   .seq = w->server_next + (__u32)step->at,
				   .ack = w->conn.isn + 1 + taken,
				   .data = step->data,
				   .len = step->len };

	odd.from_server = true;
	put_segment(w, &odd, &segment);
	w->server_next += step->len + (step->flags & TCP_SYN && !step->at);
}

/* The next connection on the same addresses and ports begins. */
static void begin(struct wire *w, const struct step *step)
{
	w->conn.isn += (__u32)step->at;
	if (step->at)
		w->conn.server_isn += 0x01000000;
	w->server_next = w->conn.server_isn;
	w->said = 0;
}

void wire_step(struct wire *w, const struct step *step)
{
	struct step odd = *step;

	w->stamp++;
	switch (step->kind) {
	case STEP_SYN:
		if (!step->stranger)
			begin(w, step);
		odd.at = 0;
		put_client(w, &odd);
		break;
	case STEP_SYNACK:
		put_server(w, step, step->taken);
		break;
	case STEP_SEGMENT:
		put_client(w, step);
		break;
	case STEP_REPLY:
	case STEP_SERVER:
		put_server(w, step, w->said);
		break;
	case STEP_PAUSE:
		break;
	}
}

/* ---- all of them ---- */

static void end(struct wire *w)
{
	struct segment rst = { .flags = TCP_RST | TCP_ACK,
			       .seq = w->conn.isn + 1 + w->said,
			       .ack = w->server_next };

	if (!w->script->no_end)
		wire_segment(w, &rst);
}

void wire_play(struct wire *w, const struct wire_time *time)
{
	const struct script *s = w->script;

	for (__u32 i = 0; i < s->count; i++) {
		const struct step *step = &s->steps[i];
		bool server = step->kind == STEP_SYNACK || step->from_server;

		time->pass(time->arg, step->kind == STEP_PAUSE ? step->ms * (SECOND / 1000) : GAP);
		if (!server || !s->one_sided)
			wire_step(w, step);
		else if (step->kind == STEP_SYNACK)
			w->server_next = w->conn.server_isn + 1;
	}
	time->pass(time->arg, GAP);
	end(w);
}
