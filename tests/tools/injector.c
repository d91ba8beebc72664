// SPDX-License-Identifier: BSD-2-Clause
/*
 * injector: a box on the path that resets by name, as security devices do.
 *
 *   injector --dev IF --match TEXT [--ttl N] [--id N] [--window N]
 *            [--to both|client|server]
 *
 * It listens to what comes in by IF (IPv4). A TCP segment that begins a handshake
 * record and holds TEXT is answered by a RST to each end, from the other end's
 * address, each with the sequence number that the segment taught: a copy of what
 * an end would send, but for its TTL, IP-ID and window.
 *
 * {"ready":true} is the first line, then one for each segment that it answered:
 *
 *   {"client":"10.77.0.1","port":40000,"dport":443,"len":517}
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define F_RST 4
#define F_ACK 16
#define HANDSHAKE_RECORD 22

static struct {
	const char *dev, *match;
	int ttl, id, window;
	bool to_client, to_server;
} opt = { .ttl = 250, .id = 0, .window = 0, .to_client = true, .to_server = true };

struct ipv4 {
	uint8_t ihl_version, tos;
	uint16_t len, id, frag;
	uint8_t ttl, protocol;
	uint16_t check;
	uint32_t src, dst;
} __attribute__((packed));

struct tcp {
	uint16_t src, dst;
	uint32_t seq, ack;
	uint8_t offset, flags;
	uint16_t window, check, urgent;
} __attribute__((packed));

struct segment {
	const struct ipv4 *ip;
	const struct tcp *tcp;
	const uint8_t *data;
	uint32_t len;
};

static void die(const char *what)
{
	fprintf(stderr, "injector: %s: %s\n", what, strerror(errno));
	exit(2);
}

static uint16_t folded(const void *bytes, size_t len, uint32_t sum)
{
	const uint16_t *p = bytes;

	for (; len > 1; len -= 2)
		sum += *p++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* The kernel fills in the IP header's length and checksum (IP_HDRINCL). */
static void send_rst(int raw, uint32_t src, uint32_t dst, const struct tcp *tcp)
{
	struct {
		struct ipv4 ip;
		struct tcp tcp;
	} __attribute__((packed)) frame = {
		.ip = { .ihl_version = 0x45,
			.ttl = opt.ttl,
			.id = htons(opt.id),
			.protocol = IPPROTO_TCP,
			.src = src,
			.dst = dst },
		.tcp = *tcp,
	};
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = dst };
	uint32_t pseudo = htons(IPPROTO_TCP) + htons(sizeof(frame.tcp));
	struct tcp sum = frame.tcp;

	pseudo += (src & 0xffff) + (src >> 16) + (dst & 0xffff) + (dst >> 16);
	frame.tcp.check = folded(&sum, sizeof(sum), pseudo);
	if (sendto(raw, &frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("send");
}

static void reset(int raw, const struct segment *s)
{
	struct tcp to_server = {
		.src = s->tcp->src,
		.dst = s->tcp->dst,
		.seq = htonl(ntohl(s->tcp->seq) + s->len),
		.ack = s->tcp->ack,
		.offset = 5 << 4,
		.flags = F_RST | F_ACK,
		.window = htons(opt.window),
	};
	struct tcp to_client = to_server;

	to_client.src = s->tcp->dst;
	to_client.dst = s->tcp->src;
	to_client.seq = s->tcp->ack;
	to_client.ack = to_server.seq;
	if (opt.to_client)
		send_rst(raw, s->ip->dst, s->ip->src, &to_client);
	if (opt.to_server)
		send_rst(raw, s->ip->src, s->ip->dst, &to_server);
}

static bool parse(const uint8_t *packet, size_t len, struct segment *s)
{
	size_t header, total;

	s->ip = (const struct ipv4 *)packet;
	if (len < sizeof(*s->ip) || s->ip->protocol != IPPROTO_TCP)
		return false;
	header = (s->ip->ihl_version & 15) * 4;
	total = ntohs(s->ip->len);
	if (total > len || total < header + sizeof(*s->tcp))
		return false;
	s->tcp = (const struct tcp *)(packet + header);
	header += (s->tcp->offset >> 4) * 4;
	if (total <= header)
		return false;
	s->data = packet + header;
	s->len = total - header;
	return true;
}

static bool is_forbidden(const struct segment *s)
{
	return s->data[0] == HANDSHAKE_RECORD &&
	       memmem(s->data, s->len, opt.match, strlen(opt.match));
}

static void tell(const struct segment *s)
{
	char client[INET_ADDRSTRLEN];
	struct in_addr addr = { s->ip->src };

	inet_ntop(AF_INET, &addr, client, sizeof(client));
	printf("{\"client\":\"%s\",\"port\":%u,\"dport\":%u,\"len\":%u}\n", client,
	       ntohs(s->tcp->src), ntohs(s->tcp->dst), s->len);
}

static int listen_on(const char *dev)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP) };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));

	at.sll_ifindex = if_nametoindex(dev);
	if (fd < 0 || !at.sll_ifindex || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die(dev);
	return fd;
}

static void watch(int fd, int raw)
{
	static uint8_t packet[70000];
	struct sockaddr_ll from;
	struct segment s;

	for (;;) {
		socklen_t size = sizeof(from);
		ssize_t n =
			recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &size);

		if (n < 0 && errno != EINTR)
			die("receive");
		if (n <= 0 || from.sll_pkttype == PACKET_OUTGOING)
			continue;
		if (!parse(packet, n, &s) || !is_forbidden(&s))
			continue;
		reset(raw, &s);
		tell(&s);
	}
}

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dev", 1, NULL, 'd' }, { "match", 1, NULL, 'm' }, { "ttl", 1, NULL, 't' },
		{ "id", 1, NULL, 'i' },	 { "to", 1, NULL, 'o' },    { "window", 1, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			opt.dev = optarg;
			break;
		case 'm':
			opt.match = optarg;
			break;
		case 't':
			opt.ttl = atoi(optarg);
			break;
		case 'i':
			opt.id = atoi(optarg);
			break;
		case 'w':
			opt.window = atoi(optarg);
			break;
		case 'o':
			opt.to_client = strcmp(optarg, "server");
			opt.to_server = strcmp(optarg, "client");
			break;
		default:
			exit(2);
		}
	}
	if (!opt.dev || !opt.match || optind != argc) {
		fputs("usage: injector --dev IF --match TEXT [--ttl N] [--id N] [--window N] "
		      "[--to both|client|server]\n",
		      stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	int fd, raw;

	parse_options(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	fd = listen_on(opt.dev);
	raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (raw < 0)
		die("raw socket");
	puts("{\"ready\":true}");
	watch(fd, raw);
}
