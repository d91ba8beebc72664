// SPDX-License-Identifier: BSD-2-Clause
/*
 * sink: a TCP server that says what its application got.
 *
 *   sink --port N [--port N...] [--answer N[:M]] [--delay MS] [--drip MS]
 *        [--on-usr1] [--hex] [--udp N [--udp-expect N]]
 *
 * It listens on 0.0.0.0 and [::], reads, and prints one JSON line for each
 * connection when it ends, keyed by the peer:
 *
 *   {"peer":"10.77.0.9","port":10001,"lport":443,"v":4,"read":517,"wrote":2,
 *    "hash":"<FNV-1a of the bytes>","end":"EOF|ECONNRESET|...|open","op":"read|write"}
 *
 * "op" is the first system call that failed; "open" is a connection that still
 * lived when the sink was told to stop (TERM, INT).
 *
 *   --answer N[:M]  after N bytes, write M bytes (2), once
 *   --delay MS      ... so much later
 *   --drip MS       ... then one byte more every MS, until the connection ends
 *   --on-usr1       ... when SIGUSR1 arrives and not at N bytes
 *   --hex           also "hex", the first 4096 bytes
 *   --udp PORT      count datagrams whose first four bytes are a number (as
 *                   blast sends them); the last line is then
 *                   {"udp":{"received":R,"distinct":D,"highest":H}}; that line
 *                   also comes when D reaches --udp-expect
 *
 * {"ready":true} is the first line.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_PORTS 16
#define KEPT 4096
#define MAX_SEQ (1 << 22)

enum kind { LISTENER, CONNECTION, DATAGRAMS, SIGNALS };

struct endpoint {
	enum kind kind;
	int fd;
};

struct conn {
	struct endpoint ep;
	struct conn *prev, *next;
	char peer[INET6_ADDRSTRLEN];
	int port, lport, v;
	uint64_t read, wrote, hash;
	uint64_t due; /* of the next answer; 0: none */
	bool answered;
	uint32_t kept;
	uint8_t *bytes;
};

static struct {
	int ports[MAX_PORTS], nports, udp, delay, drip;
	uint64_t answer_at, answer_len;
	bool answers, on_usr1, hex;
	uint32_t udp_expect;
} opt = { .answer_len = 2 };

static int epfd;
static struct conn *conns;
static uint8_t seen[MAX_SEQ / 8];
static uint32_t udp_received, udp_distinct, udp_highest;

static void die(const char *what)
{
	fprintf(stderr, "sink: %s: %s\n", what, strerror(errno));
	exit(2);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

static void report(const struct conn *c, const char *end, const char *op)
{
	printf("{\"peer\":\"%s\",\"port\":%d,\"lport\":%d,\"v\":%d,\"read\":%llu,\"wrote\":%llu,"
	       "\"hash\":\"%016llx\",\"end\":\"%s\",\"op\":\"%s\"",
	       c->peer, c->port, c->lport, c->v, (unsigned long long)c->read,
	       (unsigned long long)c->wrote, (unsigned long long)c->hash, end, op);
	if (opt.hex) {
		printf(",\"hex\":\"");
		for (uint32_t i = 0; i < c->kept; i++)
			printf("%02x", c->bytes[i]);
		putchar('"');
	}
	puts("}");
}

static void end_conn(struct conn *c, const char *end, const char *op)
{
	report(c, end, op);
	close(c->ep.fd);
	if (c->prev)
		c->prev->next = c->next;
	else
		conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	free(c->bytes);
	free(c);
}

static void watch(struct endpoint *ep)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = ep };

	if (epoll_ctl(epfd, EPOLL_CTL_ADD, ep->fd, &ev))
		die("epoll_ctl");
}

static void listen_on(int family, int port, int type, enum kind kind)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct endpoint *ep = calloc(1, sizeof(*ep));
	int one = 1, room = 64 << 20;

	ep->kind = kind;
	ep->fd = socket(family, type | SOCK_NONBLOCK, 0);
	if (ep->fd < 0)
		die("socket");
	setsockopt(ep->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (kind == DATAGRAMS)
		setsockopt(ep->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (family == AF_INET6)
		setsockopt(ep->fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(ep->fd, family == AF_INET ? (void *)&a4 : (void *)&a6,
		 family == AF_INET ? sizeof(a4) : sizeof(a6)))
		die("bind");
	if (type == SOCK_STREAM && listen(ep->fd, 4096))
		die("listen");
	watch(ep);
}

static void name_peer(struct conn *c, const struct sockaddr_storage *ss, int lport)
{
	const struct sockaddr_in6 *a6 = (const void *)ss;
	const struct sockaddr_in *a4 = (const void *)ss;

	c->v = ss->ss_family == AF_INET ? 4 : 6;
	if (c->v == 4)
		inet_ntop(AF_INET, &a4->sin_addr, c->peer, sizeof(c->peer));
	else
		inet_ntop(AF_INET6, &a6->sin6_addr, c->peer, sizeof(c->peer));
	c->port = ntohs(c->v == 4 ? a4->sin_port : a6->sin6_port);
	c->lport = lport;
}

static void accept_all(int lfd)
{
	for (;;) {
		struct sockaddr_storage ss, local;
		socklen_t len = sizeof(ss), llen = sizeof(local);
		int fd = accept4(lfd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK);
		struct conn *c;

		if (fd < 0)
			return;
		c = calloc(1, sizeof(*c));
		c->ep = (struct endpoint){ CONNECTION, fd };
		c->hash = 0xcbf29ce484222325ull;
		c->bytes = opt.hex ? malloc(KEPT) : NULL;
		getsockname(fd, (struct sockaddr *)&local, &llen);
		name_peer(c, &ss, ntohs(((struct sockaddr_in *)&local)->sin_port));
		c->next = conns;
		if (conns)
			conns->prev = c;
		conns = c;
		watch(&c->ep);
	}
}

static void take(struct conn *c, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		c->hash = (c->hash ^ p[i]) * 0x100000001b3ull;
		if (opt.hex && c->kept < KEPT)
			c->bytes[c->kept++] = p[i];
	}
	c->read += n;
	if (opt.answers && !opt.on_usr1 && !c->answered && !c->due && c->read >= opt.answer_at)
		c->due = now_ms() + opt.delay;
}

/* False when the connection is gone. */
static bool answer(struct conn *c)
{
	static uint8_t text[65536];
	uint64_t n = c->answered ? 1 : opt.answer_len;
	ssize_t w = send(c->ep.fd, text, n > sizeof(text) ? sizeof(text) : n, MSG_NOSIGNAL);

	if (w < 0 && errno != EAGAIN) {
		end_conn(c, strerrorname_np(errno), "write");
		return false;
	}
	c->wrote += w > 0 ? w : 0;
	c->answered = true;
	c->due = opt.drip ? now_ms() + opt.drip : 0;
	return true;
}

static void read_all(struct conn *c)
{
	uint8_t buf[65536];
	ssize_t n;

	while ((n = recv(c->ep.fd, buf, sizeof(buf), 0)) > 0)
		take(c, buf, n);
	if (n < 0 && errno == EAGAIN) {
		if (c->due && now_ms() >= c->due)
			answer(c);
		return;
	}
	end_conn(c, n == 0 ? "EOF" : strerrorname_np(errno), "read");
}

static void report_udp(void)
{
	printf("{\"udp\":{\"received\":%u,\"distinct\":%u,\"highest\":%u}}\n", udp_received,
	       udp_distinct, udp_highest);
}

static void count_datagrams(int fd)
{
	uint32_t n;
	uint8_t buf[2048];

	while (recv(fd, buf, sizeof(buf), 0) >= (ssize_t)sizeof(n)) {
		memcpy(&n, buf, sizeof(n));
		n = ntohl(n);
		udp_received++;
		if (n >= MAX_SEQ || seen[n / 8] & 1 << n % 8)
			continue;
		seen[n / 8] |= 1 << n % 8;
		if (n > udp_highest)
			udp_highest = n;
		if (++udp_distinct == opt.udp_expect)
			report_udp();
	}
}

/* True when it is time to stop. */
static bool take_signal(int fd)
{
	struct signalfd_siginfo si;

	if (read(fd, &si, sizeof(si)) != sizeof(si) || si.ssi_signo != SIGUSR1)
		return true;
	for (struct conn *c = conns, *next; c; c = next) {
		next = c->next;
		answer(c);
	}
	return false;
}

static int answer_what_is_due(void)
{
	uint64_t now = now_ms(), soonest = UINT64_MAX;

	for (struct conn *c = conns, *next; c; c = next) {
		next = c->next;
		if (c->due && c->due <= now && !answer(c))
			continue;
		if (c->due && c->due < soonest)
			soonest = c->due;
	}
	return soonest == UINT64_MAX ? -1 : soonest <= now ? 0 : (int)(soonest - now);
}

static void dispatch(struct endpoint *ep)
{
	if (ep->kind == LISTENER)
		accept_all(ep->fd);
	else if (ep->kind == DATAGRAMS)
		count_datagrams(ep->fd);
	else if (ep->kind == CONNECTION)
		read_all((struct conn *)ep);
}

static void serve(void)
{
	struct epoll_event ev[64];
	bool stop = false;

	while (!stop) {
		struct endpoint *signals = NULL;
		int n;

		fflush(stdout);
		n = epoll_wait(epfd, ev, 64, answer_what_is_due());
		for (int i = 0; i < n; i++) {
			struct endpoint *ep = ev[i].data.ptr;

			if (ep->kind == SIGNALS)
				signals = ep;
			else
				dispatch(ep);
		}
		if (signals) /* last: it may end connections that this batch names */
			stop = take_signal(signals->fd);
	}
	while (conns)
		end_conn(conns, "open", "none");
	if (opt.udp)
		report_udp();
}

static void parse_args(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *o = argv[i], *v = i + 1 < argc ? argv[i + 1] : "";
		bool takes = true;

		if (!strcmp(o, "--port") && opt.nports < MAX_PORTS)
			opt.ports[opt.nports++] = atoi(v);
		else if (!strcmp(o, "--answer")) {
			opt.answers = true;
			opt.answer_at = strtoull(v, NULL, 10);
			if (strchr(v, ':'))
				opt.answer_len = strtoull(strchr(v, ':') + 1, NULL, 10);
		} else if (!strcmp(o, "--delay"))
			opt.delay = atoi(v);
		else if (!strcmp(o, "--drip"))
			opt.drip = atoi(v);
		else if (!strcmp(o, "--udp"))
			opt.udp = atoi(v);
		else if (!strcmp(o, "--udp-expect"))
			opt.udp_expect = atoi(v);
		else if (!strcmp(o, "--on-usr1") || !strcmp(o, "--hex")) {
			*(o[2] == 'o' ? &opt.on_usr1 : &opt.hex) = true;
			takes = false;
		} else {
			fprintf(stderr, "sink: unknown option '%s'\n", o);
			exit(2);
		}
		i += takes;
	}
}

int main(int argc, char **argv)
{
	struct endpoint signals = { .kind = SIGNALS };
	struct rlimit many = { 65536, 65536 };
	sigset_t set;

	parse_args(argc, argv);
	setrlimit(RLIMIT_NOFILE, &many);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	epfd = epoll_create1(0);
	signals.fd = signalfd(-1, &set, SFD_NONBLOCK);
	watch(&signals);
	for (int i = 0; i < opt.nports; i++) {
		listen_on(AF_INET, opt.ports[i], SOCK_STREAM, LISTENER);
		listen_on(AF_INET6, opt.ports[i], SOCK_STREAM, LISTENER);
	}
	if (opt.udp) {
		listen_on(AF_INET, opt.udp, SOCK_DGRAM, DATAGRAMS);
		listen_on(AF_INET6, opt.udp, SOCK_DGRAM, DATAGRAMS);
	}
	puts("{\"ready\":true}");
	serve();
	return 0;
}
