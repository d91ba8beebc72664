/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frames.h - TCP segments, and UDP datagrams, as Ethernet frames.
 *
 * A connection says who talks; its shape says what lies around the segment:
 * tags, options, extension headers, padding, checksums right, wrong or partial.
 */
#ifndef HG_TESTS_FRAMES_H
#define HG_TESTS_FRAMES_H

#include <linux/types.h>
#include <stdbool.h>

#define FRAME_MAX 66000

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20

struct frame {
	__u32 len;
	__u8 at[FRAME_MAX];
};

struct shape {
	__u16 tags[4]; /* VLAN ids, outermost first; 0 ends */
	__u16 tpid;    /* of the outermost tag; 0: 0x8100 */
	__u32 ip_options_len;
	const __u8 *ip_options;
	__u8 ipv6_next; /* of the IPv6 header, if there is a chain */
	__u32 ipv6_chain_len;
	const __u8 *ipv6_chain; /* its last header must name TCP, or UDP */
	__u32 tcp_options_len;
	const __u8 *tcp_options;
	__u32 padding; /* bytes behind the IP packet */
	__u8 ttl;      /* 0: 64 */
	bool partial;  /* the checksum holds the pseudo-header sum only */
	bool bad_checksum;
	__u16 fragment; /* IPv4 flags and offset */
};

struct conn {
	bool ipv6;
	__u8 client[16]; /* IPv4: the first four */
	__u8 server[16];
	__u16 client_port;
	__u16 server_port;
	__u32 isn;
	__u32 server_isn;
	struct shape shape;
};

struct segment {
	bool from_server;
	__u8 flags;
	__u32 seq;
	__u32 ack;
	const void *data;
	__u32 len;
	__u16 urgent;
};

/* Where things lie in a frame that frame_build() made. */
struct frame_layout {
	__u32 l3;
	__u32 l4;
	__u32 payload;
};

struct frame_layout frame_build(struct frame *f, const struct conn *c, const struct segment *s);

/* A UDP datagram between the same two, with the same things around it. */
struct frame_layout frame_build_udp(struct frame *f, const struct conn *c, bool from_server,
				    const void *data, __u32 len);

/* What a frame says, read back. */
struct frame_view {
	const __u8 *eth_dst, *eth_src;
	bool ipv6;
	const __u8 *ip, *tcp;
	__u32 ip_header_len; /* options or extension headers included */
	__u32 tcp_header_len;
	__u32 payload_len;
	__u8 ttl;
	const __u8 *src, *dst; /* 4 or 16 bytes */
	__u16 sport, dport;
	__u32 seq, ack;
	__u8 flags;
};

void frame_read(struct frame_view *v, const struct frame *f);

/* Checksums of a frame, whoever wrote it: what is wrong with it, or NULL. */
const char *frame_fault(const __u8 *frame, __u32 len, bool partial);

#endif /* HG_TESTS_FRAMES_H */
