// SPDX-License-Identifier: BSD-2-Clause
/*
 * flood: connections that nobody goes on with, over AF_PACKET, IPv4.
 *
 *   flood --dev IF --dmac MAC --src4 FIRST --dst4 FIRST --count N
 *         [--sources N (1)] [--rate N (20000)] [--payload FILE [--bytes N]]
 *
 * Sends the SYN of N connections and, with --payload, right behind each the
 * first bytes of FILE as its first segment; so many connections a second.  They
 * come from `sources` addresses in turn, and go to port 443 of FIRST and, where
 * the ports of a source are used up, of the addresses behind it.
 *
 * Prints {"begun":true} when a twentieth was sent, and at the end
 * {"flows":N,"frames":N,"errors":E}.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 5000000
#define PORT_FIRST 1024
#define PORTS 60000
#define BATCH 20 /* connections between two looks at the clock */

struct packet {
	struct ethhdr eth;
	struct iphdr ip;
	struct tcphdr tcp;
	uint8_t payload[1400];
} __attribute__((packed));

static struct {
	const char *dev, *dmac;
	uint32_t src, dst, sources, count, rate, bytes;
	uint8_t payload[1400];
	uint32_t len;
	int fd;
	struct packet packet;
	unsigned long frames, errors;
} flood = { .sources = 1, .rate = 20000 };

static void die(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	exit(2);
}

static uint32_t add_up(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

static uint16_t checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void seal(struct packet *p, uint32_t len)
{
	uint32_t tcp_len = sizeof(p->tcp) + len;

	p->ip.tot_len = htons((uint16_t)(sizeof(p->ip) + tcp_len));
	p->ip.check = 0;
	p->ip.check = checksum(add_up(&p->ip, sizeof(p->ip), 0));
	p->tcp.check = 0;
	p->tcp.check = checksum(add_up(&p->tcp, tcp_len, IPPROTO_TCP + tcp_len) +
				add_up(&p->ip.saddr, 8, 0));
}

static void transmit(struct packet *p, uint32_t len)
{
	size_t size = sizeof(*p) - sizeof(p->payload) + len;

	seal(p, len);
	while (send(flood.fd, p, size, 0) != (ssize_t)size) {
		if (errno != ENOBUFS && errno != EAGAIN) {
			flood.errors++;
			return;
		}
		sched_yield();
	}
	flood.frames++;
}

/* Sequence numbers that differ, and are the same in each run. */
static uint32_t isn_of(uint32_t i)
{
	return (i + 1) * 2654435761U;
}

static void connection(uint32_t i)
{
	struct packet *p = &flood.packet;
	uint32_t turn = i / flood.sources, isn = isn_of(i);

	p->ip.saddr = htonl(flood.src + i % flood.sources);
	p->ip.daddr = htonl(flood.dst + turn / PORTS);
	p->tcp.source = htons((uint16_t)(PORT_FIRST + turn % PORTS));
	p->tcp.seq = htonl(isn);
	p->tcp.ack_seq = 0;
	p->tcp.syn = 1;
	p->tcp.ack = p->tcp.psh = 0;
	transmit(p, 0);
	if (!flood.len)
		return;
	p->tcp.seq = htonl(isn + 1);
	p->tcp.ack_seq = htonl(1);
	p->tcp.syn = 0;
	p->tcp.ack = p->tcp.psh = 1;
	memcpy(p->payload, flood.payload, flood.len);
	transmit(p, flood.len);
}

static void wait_until(struct timespec *at, uint64_t ns)
{
	ns += (uint64_t)at->tv_nsec;
	at->tv_sec += (time_t)(ns / 1000000000);
	at->tv_nsec = (long)(ns % 1000000000);
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, at, NULL);
}

static void send_all(void)
{
	uint64_t interval = 1000000000ULL * BATCH / flood.rate;
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	for (uint32_t i = 0; i < flood.count; i++) {
		if (i == flood.count / 20) {
			puts("{\"begun\":true}");
			fflush(stdout);
		}
		connection(i);
		if (i % BATCH == BATCH - 1)
			wait_until(&at, interval);
	}
	printf("{\"flows\":%u,\"frames\":%lu,\"errors\":%lu}\n", flood.count, flood.frames,
	       flood.errors);
}

static void read_payload(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		die(path);
	flood.len = (uint32_t)fread(flood.payload, 1, sizeof(flood.payload), f);
	fclose(f);
}

static uint32_t address(const char *text)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1) {
		errno = EINVAL;
		die(text);
	}
	return ntohl(a.s_addr);
}

static void open_device(const char *dev, const char *dmac)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET };
	struct ifreq ifr = { 0 };
	const struct ether_addr *to = ether_aton(dmac);

	if (!to) {
		errno = EINVAL;
		die(dmac);
	}
	memcpy(flood.packet.eth.h_dest, to, ETH_ALEN);
	flood.fd = socket(AF_PACKET, SOCK_RAW, 0); /* 0: it receives nothing */
	at.sll_ifindex = (int)if_nametoindex(dev);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	if (flood.fd < 0 || bind(flood.fd, (struct sockaddr *)&at, sizeof(at)) ||
	    ioctl(flood.fd, SIOCGIFHWADDR, &ifr))
		die(dev);
	memcpy(flood.packet.eth.h_source, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
}

static void prepare(void)
{
	struct packet *p = &flood.packet;

	p->eth.h_proto = htons(ETH_P_IP);
	p->ip.version = 4;
	p->ip.ihl = 5;
	p->ip.ttl = 64;
	p->ip.protocol = IPPROTO_TCP;
	p->tcp.dest = htons(443);
	p->tcp.doff = 5;
	p->tcp.window = htons(65535);
}

static void set_option(int c)
{
	switch (c) {
	case 'd':
		flood.dev = optarg;
		break;
	case 'm':
		flood.dmac = optarg;
		break;
	case 's':
		flood.src = address(optarg);
		break;
	case 't':
		flood.dst = address(optarg);
		break;
	case 'n':
		flood.count = (uint32_t)strtoul(optarg, NULL, 10);
		break;
	case 'o':
		flood.sources = (uint32_t)strtoul(optarg, NULL, 10);
		break;
	case 'r':
		flood.rate = (uint32_t)strtoul(optarg, NULL, 10);
		break;
	case 'b':
		flood.bytes = (uint32_t)strtoul(optarg, NULL, 10);
		break;
	case 'p':
		read_payload(optarg);
		break;
	default:
		exit(2);
	}
}

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dev", 1, 0, 'd' },	  { "dmac", 1, 0, 'm' },
		{ "src4", 1, 0, 's' },	  { "dst4", 1, 0, 't' },
		{ "count", 1, 0, 'n' },	  { "sources", 1, 0, 'o' },
		{ "rate", 1, 0, 'r' },	  { "bytes", 1, 0, 'b' },
		{ "payload", 1, 0, 'p' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		set_option(c);
	if (!flood.dev || !flood.dmac || !flood.src || !flood.dst || !flood.sources ||
	    !flood.rate || flood.count > COUNT_MAX || optind != argc) {
		fputs("flood: what is needed is said at the top of tests/tools/flood.c\n", stderr);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	if (flood.bytes && flood.bytes < flood.len)
		flood.len = flood.bytes;
	open_device(flood.dev, flood.dmac);
	prepare();
	send_all();
	return flood.errors != 0;
}
