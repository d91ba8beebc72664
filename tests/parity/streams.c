/* SPDX-License-Identifier: BSD-2-Clause */
#include "streams.h"

#include "../wire/hellos.h"

/* splitmix64 */
static __u64 next(struct streams *s)
{
	__u64 z = s->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

void streams_seed(struct streams *s, __u64 seed, __u32 max_segment)
{
	s->state = seed;
	s->max_segment = max_segment;
}

__u32 streams_below(struct streams *s, __u32 n)
{
	return n ? (__u32)(next(s) % n) : 0;
}

static bool one_in(struct streams *s, __u32 n)
{
	return !streams_below(s, n);
}

/* ---- hellos ---- */

static const char *const names[] = {
	"www.example.com",
	"WWW.EXAMPLE.COM.",
	"a",
	"bad.example",
	"x.bad.example",
	"tree.example",
	"sub.tree.example",
	"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.deep",
	"under_score.example",
	"192.0.2.1",
	"xn--bcher-kva.example",
	"...",
	".",
	"-",
	"abcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefghabcdefgh.example",
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static __u16 any_cipher(struct streams *s)
{
	static const __u16 known[] = { 0x1301, 0x1302, 0xc02b, 0xc02f, 0x002f,
				       0x000a, 0x0005, 0x0001, 0x00ff, 0x5600,
				       0x0a0a, 0xfafa, 0x1a1a, 0xc0b4, 0xfefe };

	return one_in(s, 4) ? (__u16)(next(s) | 1) : known[streams_below(s, COUNT_OF(known))];
}

/* A server_name extension of odd content, in memory that lasts until the next. */
static void odd_sni(struct streams *s, struct hello_spec *spec)
{
	static struct octets body;
	static __u8 raw[300];
	struct sni_entry entries[4];
	__u32 count = streams_below(s, 4);

	octets_clear(&body);
	for (__u32 i = 0; i < sizeof(raw); i++)
		raw[i] = one_in(s, 30) ? (__u8)next(s) : 'a' + i % 26;
	for (__u32 i = 0; i < count; i++) {
		entries[i].type = one_in(s, 3) ? (__u8)next(s) : 0;
		entries[i].name = raw + streams_below(s, 20);
		entries[i].len = one_in(s, 4) ? streams_below(s, 280) : streams_below(s, 20);
	}
	sni_list(&body, entries, count);
	if (one_in(s, 4))
		body.at[streams_below(s, body.len)] = (__u8)next(s);
	spec->sni_body = body.at;
	spec->sni_body_len = one_in(s, 6) ? streams_below(s, body.len + 1) : body.len;
}

static __u32 any_size(struct streams *s)
{
	static const __u32 sizes[] = {
		0, 0, 200, 512, 1500, 1741, 4000, 16383, 16384, 16385, 17403
	};

	return one_in(s, 3) ? streams_below(s, 3000) : sizes[streams_below(s, COUNT_OF(sizes))];
}

static void any_lists(struct streams *s, struct hello_spec *spec)
{
	static const __u16 versions[] = { 0x0304, 0x0303, 0x0302, 0x7f1c, 0x0a0a, 0x0305 };
	static const __u16 groups[] = { 0x001d, 0x0017, 0x11ec, 0x6399, 0x2a2a, 0x0200 };

	for (__u32 i = streams_below(s, 24); i-- > 0;)
		spec->ciphers[i] = any_cipher(s);
	for (__u32 i = streams_below(s, 6); i-- > 0;)
		spec->versions[i] = versions[streams_below(s, COUNT_OF(versions))];
	for (__u32 i = streams_below(s, 6); i-- > 0;)
		spec->groups[i] = groups[streams_below(s, COUNT_OF(groups))];
}

static void any_hello(struct streams *s, struct octets *message)
{
	struct hello_spec spec = { .legacy = one_in(s, 4) ? 0x0300 + streams_below(s, 6) : 0 };

	any_lists(s, &spec);
	if (!one_in(s, 8))
		spec.sni = names[streams_below(s, COUNT_OF(names))];
	if (one_in(s, 20))
		spec.sni_twice = names[streams_below(s, COUNT_OF(names))];
	if (one_in(s, 6))
		odd_sni(s, &spec);
	spec.sni_last = one_in(s, 2);
	spec.session_id_len = one_in(s, 3) ? streams_below(s, 40) : 32;
	spec.no_ciphers = one_in(s, 40);
	spec.more_ciphers = one_in(s, 30) ? streams_below(s, 3000) : 0;
	spec.key_share = one_in(s, 3) ? streams_below(s, 1300) : 0;
	spec.alpn = one_in(s, 2) ? "h2" : NULL;
	spec.ticket = one_in(s, 4) ? streams_below(s, 200) : 0;
	spec.psk = one_in(s, 6);
	spec.early_data = one_in(s, 8);
	spec.ech = one_in(s, 5) ? streams_below(s, 4) : HELLO_NO_ECH;
	spec.filler = one_in(s, 20) ? streams_below(s, 15000) : 0;
	spec.extensions = one_in(s, 20) ? streams_below(s, 1000) : 0;
	spec.pad_to = any_size(s);
	spec.no_extensions = one_in(s, 30);
	hello_build(message, &spec);
}

/* A lie in a length field: off by one, zero, maximal, or anything. */
static void lie(struct streams *s, struct octets *o)
{
	struct octets_field f = o->fields[streams_below(s, o->field_count)];
	__u64 value = 0;

	for (__u32 i = 0; i < f.width; i++)
		value = value << 8 | o->at[f.at + i];
	switch (streams_below(s, 5)) {
	case 0:
		value++;
		break;
	case 1:
		value--;
		break;
	case 2:
		value = 0;
		break;
	case 3:
		value = ~0ULL;
		break;
	default:
		value = next(s);
		break;
	}
	patch_be(o, f.at, f.width, value);
}

static void spoil(struct streams *s, struct octets *o)
{
	for (__u32 n = 1 + streams_below(s, 4); n && o->len; n--)
		o->at[streams_below(s, o->len)] = (__u8)next(s);
}

/* ---- records ---- */

static __u16 any_version(struct streams *s)
{
	return one_in(s, 6) ? (__u16)next(s) : 0x0300 + streams_below(s, 5);
}

static void leading_record(struct streams *s, struct octets *stream)
{
	static const __u8 alert[2] = { 1, 90 }, ccs[1] = { 1 };

	switch (streams_below(s, 4)) {
	case 0:
		record_put(stream, 21, any_version(s), alert, 2);
		break;
	case 1:
		record_put(stream, 20, any_version(s), ccs, 1);
		break;
	case 2:
		record_put(stream, 22, any_version(s), NULL, 0);
		break;
	default:
		record_put(stream, (__u8)(19 + streams_below(s, 6)), 0x0301, alert, 2);
		break;
	}
}

static void any_records(struct streams *s, struct octets *stream, const struct octets *message)
{
	__u32 at = 0, size = one_in(s, 2) ? message->len : 1 + streams_below(s, 600);

	octets_clear(stream);
	while (one_in(s, 6))
		leading_record(s, stream);
	while (at < message->len) {
		__u32 n = one_in(s, 4) ? 1 + streams_below(s, size) : size;

		if (n > message->len - at)
			n = message->len - at;
		record_put(stream, 22, any_version(s), message->at + at, n);
		at += n;
		if (one_in(s, 60))
			leading_record(s, stream);
	}
	if (one_in(s, 5))
		put(stream, message->at, streams_below(s, message->len));
}

/* A length of a record that lies. */
static void lie_in_record(struct streams *s, struct octets *stream)
{
	static const __u32 values[] = { 0, 1, 2, 3, 4, 5, 16384, 18432, 18433, 0xffff };

	if (stream->len > 5)
		patch_be(stream, 3, 2, values[streams_below(s, COUNT_OF(values))]);
}

static void other_protocol(struct streams *s, struct octets *stream)
{
	static const char *const texts[] = { "GET / HTTP/1.1\r\n\r\n",
					     "EHLO x\r\n",
					     "STARTTLS\r\n",
					     "SSH-2.0-x\r\n",
					     "\x05\x01",
					     "\x16\x03\x01",
					     "\x17\x03\x03" };

	octets_clear(stream);
	put_string(stream, texts[streams_below(s, COUNT_OF(texts))]);
}

static void any_stream(struct streams *s, struct octets *stream)
{
	static struct octets message, hello;
	__u32 kind = streams_below(s, 20);

	if (kind == 0) {
		octets_clear(stream);
		for (__u32 n = streams_below(s, 300); n; n--)
			put_be(stream, 1, next(s) & 0xff);
		return;
	}
	if (kind == 1) {
		hello_sslv2(stream, (__u16)(one_in(s, 2) ? 2 : 0x0300 + streams_below(s, 5)),
			    streams_below(s, 200), streams_below(s, 60));
		if (one_in(s, 3))
			spoil(s, stream);
		return;
	}
	any_hello(s, &message);
	if (one_in(s, 4))
		lie(s, &message);
	if (one_in(s, 10))
		spoil(s, &message);
	any_records(s, stream, &message);
	if (one_in(s, 20))
		lie_in_record(s, stream);
	if (one_in(s, 20))
		spoil(s, stream);
	if (kind == 2) {
		hello = *stream;
		other_protocol(s, stream);
		put(stream, hello.at, hello.len);
	}
}

/* ---- segments ---- */

#define PIECES 64

struct piece {
	__u32 at, len;
	bool spoilt;
};

static __u32 cut(struct streams *s, const struct octets *stream, struct piece *pieces)
{
	__u32 count = 0, at = 0;
	__u32 usual = one_in(s, 3) ? s->max_segment : 1 + streams_below(s, s->max_segment);

	if (one_in(s, 8))
		usual = 1 + streams_below(s, 12);
	while (at < stream->len && count < PIECES - 8) {
		__u32 len = one_in(s, 3) ? 1 + streams_below(s, usual) : usual;

		if (count == PIECES - 9)
			len = s->max_segment;
		if (len > stream->len - at)
			len = stream->len - at;
		pieces[count++] = (struct piece){ at, len, false };
		at += len;
	}
	return count;
}

static void shuffle(struct streams *s, struct piece *pieces, __u32 count)
{
	for (__u32 i = count; i > 1; i--) {
		__u32 j = streams_below(s, i);
		struct piece kept = pieces[i - 1];

		pieces[i - 1] = pieces[j];
		pieces[j] = kept;
	}
}

/* Pieces that repeat what others bring, truly or not. */
static __u32 repeat(struct streams *s, const struct octets *stream, struct piece *pieces,
		    __u32 count)
{
	for (__u32 n = streams_below(s, 5); n && stream->len; n--) {
		__u32 at = streams_below(s, stream->len),
		      len = 1 + streams_below(s, stream->len - at);

		if (len > s->max_segment)
			len = s->max_segment;
		pieces[count++] = (struct piece){ at, len, one_in(s, 4) };
	}
	return count;
}

/* ---- frames ---- */

struct talker {
	struct streams *s;
	struct conn conn;
	void (*send)(void *arg, const struct frame *f);
	void *arg;
};

static void damage(struct streams *s, struct frame *f)
{
	if (one_in(s, 2))
		f->at[streams_below(s, f->len < 80 ? f->len : 80)] = (__u8)next(s);
	else
		f->len = 14 + streams_below(s, f->len - 14);
}

static void say(struct talker *t, const struct segment *segment)
{
	static struct frame f;

	frame_build(&f, &t->conn, segment);
	if (one_in(t->s, 200))
		damage(t->s, &f);
	t->send(t->arg, &f);
}

static void say_piece(struct talker *t, const struct octets *stream, const struct piece *p)
{
	static __u8 data[FRAME_MAX];
	struct segment segment = { .flags = TCP_ACK | (one_in(t->s, 60) ? TCP_FIN : 0),
				   .seq = t->conn.isn + 1 + p->at,
				   .ack = t->conn.server_isn + 1 + streams_below(t->s, 2) * 100,
				   .data = data,
				   .len = p->len };

	memcpy(data, stream->at + p->at, p->len);
	if (p->spoilt)
		data[streams_below(t->s, p->len)] ^= 1;
	say(t, &segment);
}

/* Something else in between: of the server, an end, a SYN again, junk far ahead. */
static void interrupt(struct talker *t, __u32 sent)
{
	static const __u8 answer[60] = { 22, 3, 3, 0, 55, 2 };
	__u32 client = t->conn.isn + 1, server = t->conn.server_isn + 1;
	struct segment segments[] = {
		{ .from_server = true,
		  .flags = TCP_ACK,
		  .seq = server,
		  .ack = client + sent,
		  .data = answer,
		  .len = sizeof(answer) },
		{ .from_server = true, .flags = TCP_ACK, .seq = server, .ack = client + sent },
		{ .from_server = true, .flags = TCP_RST, .seq = server },
		{ .from_server = true, .flags = TCP_RST, .seq = server + 0x1000000 },
		{ .flags = TCP_FIN | TCP_ACK, .seq = client + sent, .ack = server },
		{ .flags = TCP_SYN, .seq = client - 1 },
		{ .flags = TCP_ACK,
		  .seq = client + 20000,
		  .ack = server,
		  .data = answer,
		  .len = 9 },
		{ .flags = TCP_ACK, .seq = client - 1, .ack = server, .data = answer, .len = 1 },
		{ .flags = TCP_ACK, .seq = client + sent, .ack = server },
	};

	say(t, &segments[streams_below(t->s, COUNT_OF(segments))]);
}

static void any_conn(struct streams *s, struct conn *c)
{
	static const __u8 options[8] = { 0x44, 8, 5, 0, 1, 2, 3, 4 }, chain[16] = { 6, 1, 1, 12 };

	memset(c, 0, sizeof(*c));
	c->ipv6 = one_in(s, 4);
	c->client[0] = c->ipv6 ? 0x20 : 192;
	c->client[1] = c->ipv6 ? 1 : 0;
	c->client[c->ipv6 ? 15 : 3] = (__u8)(1 + streams_below(s, 20));
	c->server[0] = c->ipv6 ? 0x20 : 198;
	c->server[c->ipv6 ? 15 : 3] = (__u8)(1 + streams_below(s, 3));
	c->client_port = (__u16)(1024 + streams_below(s, 500));
	c->server_port = one_in(s, 4) ? 8443 : 443;
	c->isn = one_in(s, 10) ? (__u32)-1 - streams_below(s, 3000) : (__u32)next(s);
	c->server_isn = (__u32)next(s);
	c->shape.ttl = (__u8)(1 + streams_below(s, 255));
	c->shape.tags[0] = one_in(s, 8) ? (__u16)(1 + streams_below(s, 4094)) : 0;
	c->shape.padding = one_in(s, 8) ? streams_below(s, 30) : 0;
	if (one_in(s, 10)) {
		c->shape.ip_options = options;
		c->shape.ip_options_len = c->ipv6 ? 0 : sizeof(options);
		c->shape.ipv6_chain = chain;
		c->shape.ipv6_chain_len = c->ipv6 ? sizeof(chain) : 0;
		c->shape.ipv6_next = 60;
	}
}

static void say_handshake(struct talker *t)
{
	struct segment syn = { .flags = TCP_SYN, .seq = t->conn.isn };
	struct segment answer = { .from_server = true,
				  .flags = TCP_SYN | TCP_ACK,
				  .seq = t->conn.server_isn,
				  .ack = t->conn.isn + 1 };

	if (one_in(t->s, 10))
		return;
	say(t, &syn);
	if (one_in(t->s, 2))
		say(t, &answer);
}

static void say_end(struct talker *t, __u32 len)
{
	struct segment end = { .flags = one_in(t->s, 2) ? TCP_RST : TCP_FIN | TCP_ACK,
			       .seq = t->conn.isn + 1 + len,
			       .ack = t->conn.server_isn + 1 };

	if (!one_in(t->s, 3))
		say(t, &end);
}

void streams_next(struct streams *s, void (*send)(void *arg, const struct frame *f), void *arg)
{
	static struct octets stream;
	struct talker t = { .s = s, .send = send, .arg = arg };
	struct piece pieces[PIECES];
	__u32 count;

	any_conn(s, &t.conn);
	any_stream(s, &stream);
	count = cut(s, &stream, pieces);
	if (one_in(s, 3))
		count = repeat(s, &stream, pieces, count);
	if (one_in(s, 3))
		shuffle(s, pieces, count);
	if (one_in(s, 12) && count)
		count--; /* the last one is lost */
	say_handshake(&t);
	for (__u32 i = 0; i < count; i++) {
		if (one_in(s, 25))
			interrupt(&t, pieces[i].at);
		say_piece(&t, &stream, &pieces[i]);
	}
	say_end(&t, stream.len);
}
