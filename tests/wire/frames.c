/* SPDX-License-Identifier: BSD-2-Clause */
#include "frames.h"

#include <string.h>

static const __u8 client_mac[6] = { 2, 0, 0, 0, 0, 1 };
static const __u8 server_mac[6] = { 2, 0, 0, 0, 0, 2 };

static void add(struct frame *f, const void *bytes, __u32 len)
{
	if (len)
		memcpy(f->at + f->len, bytes, len);
	f->len += len;
}

static void add_be(struct frame *f, __u32 width, __u32 value)
{
	for (__u32 i = 0; i < width; i++)
		f->at[f->len++] = (__u8)(value >> (8 * (width - 1 - i)));
}

static void set16(__u8 *at, __u16 value)
{
	at[0] = (__u8)(value >> 8);
	at[1] = (__u8)value;
}

static __u16 get16(const __u8 *at)
{
	return (__u16)(at[0] << 8 | at[1]);
}

static __u32 sum_of(__u32 sum, const __u8 *at, __u32 len)
{
	for (__u32 i = 0; i + 1 < len; i += 2)
		sum += get16(at + i);
	if (len & 1)
		sum += (__u32)at[len - 1] << 8;
	return sum;
}

static __u16 fold(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

static __u32 pseudo_sum_of(const __u8 *ip, bool ipv6, __u8 proto, __u32 len)
{
	__u32 sum = proto + len;

	return ipv6 ? sum_of(sum, ip + 8, 32) : sum_of(sum, ip + 12, 8);
}

static __u32 pseudo_sum(const __u8 *ip, bool ipv6, __u32 tcp_len)
{
	return pseudo_sum_of(ip, ipv6, 6, tcp_len);
}

static void add_ethernet(struct frame *f, const struct conn *c, bool from_server)
{
	const struct shape *shape = &c->shape;
	__u16 tpid = shape->tpid ? shape->tpid : 0x8100;

	add(f, from_server ? client_mac : server_mac, 6);
	add(f, from_server ? server_mac : client_mac, 6);
	for (int i = 0; i < 4 && shape->tags[i]; i++) {
		add_be(f, 2, i ? 0x8100 : tpid);
		add_be(f, 2, shape->tags[i]);
	}
	add_be(f, 2, c->ipv6 ? 0x86dd : 0x0800);
}

/* `len` bytes of `proto` follow. */
static void add_ipv4(struct frame *f, const struct conn *c, bool from_server, __u8 proto, __u32 len)
{
	const struct shape *shape = &c->shape;
	__u32 start = f->len, header_len = 20 + shape->ip_options_len;

	add_be(f, 1, 0x40 | header_len / 4);
	add_be(f, 1, 0);
	add_be(f, 2, header_len + len);
	add_be(f, 2, 0x1234);
	add_be(f, 2, shape->fragment);
	add_be(f, 1, shape->ttl ? shape->ttl : 64);
	add_be(f, 1, proto);
	add_be(f, 2, 0);
	add(f, from_server ? c->server : c->client, 4);
	add(f, from_server ? c->client : c->server, 4);
	add(f, shape->ip_options, shape->ip_options_len);
	set16(f->at + start + 10, (__u16)~fold(sum_of(0, f->at + start, header_len)));
}

static void add_ipv6(struct frame *f, const struct conn *c, bool from_server, __u8 proto, __u32 len)
{
	const struct shape *shape = &c->shape;

	add_be(f, 4, 0x60000000);
	add_be(f, 2, shape->ipv6_chain_len + len);
	add_be(f, 1, shape->ipv6_chain_len ? shape->ipv6_next : proto);
	add_be(f, 1, shape->ttl ? shape->ttl : 64);
	add(f, from_server ? c->server : c->client, 16);
	add(f, from_server ? c->client : c->server, 16);
	add(f, shape->ipv6_chain, shape->ipv6_chain_len);
}

static void add_tcp(struct frame *f, const struct conn *c, const struct segment *s, __u32 ip)
{
	const struct shape *shape = &c->shape;
	__u32 start = f->len, header_len = 20 + shape->tcp_options_len;
	__u32 tcp_len = header_len + s->len, sum;
	__u16 check;

	add_be(f, 2, s->from_server ? c->server_port : c->client_port);
	add_be(f, 2, s->from_server ? c->client_port : c->server_port);
	add_be(f, 4, s->seq);
	add_be(f, 4, s->ack);
	add_be(f, 1, header_len / 4 << 4);
	add_be(f, 1, s->flags);
	add_be(f, 2, 64240);
	add_be(f, 2, 0);
	add_be(f, 2, s->urgent);
	add(f, shape->tcp_options, shape->tcp_options_len);
	add(f, s->data, s->len);
	sum = pseudo_sum(f->at + ip, c->ipv6, tcp_len);
	check = shape->partial ? fold(sum) : (__u16)~fold(sum_of(sum, f->at + start, tcp_len));
	set16(f->at + start + 16, (__u16)(check + shape->bad_checksum));
}

static void add_udp(struct frame *f, const struct conn *c, bool from_server, const void *data,
		    __u32 len, __u32 ip)
{
	__u32 start = f->len, sum;

	add_be(f, 2, from_server ? c->server_port : c->client_port);
	add_be(f, 2, from_server ? c->client_port : c->server_port);
	add_be(f, 2, 8 + len);
	add_be(f, 2, 0);
	add(f, data, len);
	sum = sum_of(pseudo_sum_of(f->at + ip, c->ipv6, 17, 8 + len), f->at + start, 8 + len);
	set16(f->at + start + 6, (__u16)~fold(sum));
}

/* As far as the transport's header. */
static struct frame_layout begin(struct frame *f, const struct conn *c, bool from_server,
				 __u8 proto, __u32 len)
{
	struct frame_layout at;

	f->len = 0;
	add_ethernet(f, c, from_server);
	at.l3 = f->len;
	if (c->ipv6)
		add_ipv6(f, c, from_server, proto, len);
	else
		add_ipv4(f, c, from_server, proto, len);
	at.l4 = f->len;
	at.payload = f->len;
	return at;
}

struct frame_layout frame_build_udp(struct frame *f, const struct conn *c, bool from_server,
				    const void *data, __u32 len)
{
	struct frame_layout at = begin(f, c, from_server, 17, 8 + len);

	add_udp(f, c, from_server, data, len, at.l3);
	at.payload = f->len - len;
	memset(f->at + f->len, 0xee, c->shape.padding);
	f->len += c->shape.padding;
	return at;
}

struct frame_layout frame_build(struct frame *f, const struct conn *c, const struct segment *s)
{
	struct frame_layout at =
		begin(f, c, s->from_server, 6, 20 + c->shape.tcp_options_len + s->len);

	add_tcp(f, c, s, at.l3);
	at.payload = f->len - s->len;
	memset(f->at + f->len, 0xee, c->shape.padding);
	f->len += c->shape.padding;
	return at;
}

/* ---- reading back ---- */

static __u32 l3_of(const __u8 *frame, __u16 *type)
{
	__u32 at = 12;

	while (get16(frame + at) == 0x8100 || get16(frame + at) == 0x88a8)
		at += 4;
	*type = get16(frame + at);
	return at + 2;
}

static __u32 ipv6_l4(const __u8 *ip)
{
	__u8 next = ip[6];
	__u32 at = 40;

	while (next != 6 && at < 2048) {
		__u32 len = next == 44 ? 8 : next == 51 ? ip[at + 1] * 4 + 8 : ip[at + 1] * 8 + 8;

		next = ip[at];
		at += len;
	}
	return at;
}

static __u32 get32(const __u8 *at)
{
	return (__u32)get16(at) << 16 | get16(at + 2);
}

void frame_read(struct frame_view *v, const struct frame *f)
{
	__u16 type;

	v->eth_dst = f->at;
	v->eth_src = f->at + 6;
	v->ip = f->at + l3_of(f->at, &type);
	v->ipv6 = type == 0x86dd;
	v->ip_header_len = v->ipv6 ? ipv6_l4(v->ip) : (v->ip[0] & 0xf) * 4U;
	v->ttl = v->ip[v->ipv6 ? 7 : 8];
	v->src = v->ip + (v->ipv6 ? 8 : 12);
	v->dst = v->src + (v->ipv6 ? 16 : 4);
	v->tcp = v->ip + v->ip_header_len;
	v->sport = get16(v->tcp);
	v->dport = get16(v->tcp + 2);
	v->seq = get32(v->tcp + 4);
	v->ack = get32(v->tcp + 8);
	v->tcp_header_len = (v->tcp[12] >> 4) * 4U;
	v->flags = v->tcp[13];
	v->payload_len = (v->ipv6 ? get16(v->ip + 4) + 40U : get16(v->ip + 2)) - v->ip_header_len -
			 v->tcp_header_len;
}

static const char *tcp_fault(const __u8 *ip, bool ipv6, __u32 l4, __u32 tcp_len, bool partial)
{
	__u32 sum = pseudo_sum(ip, ipv6, tcp_len);

	if (partial)
		return get16(ip + l4 + 16) == fold(sum) ? NULL
							: "TCP checksum is not the partial one";
	return fold(sum_of(sum, ip + l4, tcp_len)) == 0xffff ? NULL : "TCP checksum";
}

const char *frame_fault(const __u8 *frame, __u32 len, bool partial)
{
	__u16 type;
	__u32 l3 = l3_of(frame, &type), header_len, total;
	const __u8 *ip = frame + l3;

	if (type == 0x0800) {
		header_len = (ip[0] & 0xf) * 4U;
		total = get16(ip + 2);
		if (fold(sum_of(0, ip, header_len)) != 0xffff)
			return "IPv4 checksum";
	} else {
		header_len = ipv6_l4(ip);
		total = get16(ip + 4) + 40U;
	}
	if (l3 + total != len)
		return "IP length is not the frame's";
	return tcp_fault(ip, type != 0x0800, header_len, total - header_len, partial);
}
