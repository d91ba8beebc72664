// SPDX-License-Identifier: BSD-2-Clause
/*
 * dial: a client of ordinary kernel sockets; segclient's counterpart.
 *
 *   dial ADDR PORT FILE [--cut A,B,...] [--want N] [--timeout MS] [--hold FILE]
 *        [--repeat N]
 *
 * Sends FILE (in as many send() calls as there are pieces, TCP_NODELAY, each
 * after the kernel saw the one before acknowledged), then reads until N bytes
 * came (default 1), the peer closed or a call failed. With --hold, waits before
 * the last piece until that file exists. One JSON line for each connection:
 *
 *   {"port":P,"sent":517,"read":2,"end":"done|EOF|timeout|ECONNRESET|...",
 *    "op":"connect|send|recv","us":N}    us: from the last send to the end
 *
 * "end" is what the first failing call said: the error of a socket is told once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CUTS 256

static struct {
	const char *addr, *port, *hold;
	uint8_t bytes[1 << 17];
	size_t len, cuts[MAX_CUTS + 2], want;
	int ncuts, timeout, repeat;
} opt = { .want = 1, .timeout = 3000, .repeat = 1 };

struct result {
	size_t sent, read;
	int port;
	const char *end, *op;
	uint64_t us;
};

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

static int failed(struct result *r, const char *op)
{
	r->op = op;
	r->end = errno == EAGAIN ? "timeout" : strerrorname_np(errno);
	return -1;
}

static int connect_to(struct result *r)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST }, *ai;
	struct timeval tv = { opt.timeout / 1000, opt.timeout % 1000 * 1000 };
	struct sockaddr_in6 local;
	socklen_t len = sizeof(local);
	int fd, one = 1;

	if (getaddrinfo(opt.addr, opt.port, &hints, &ai)) {
		errno = EINVAL;
		return failed(r, "connect");
	}
	fd = socket(ai->ai_family, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, ai->ai_addr, ai->ai_addrlen)) {
		failed(r, "connect");
		close(fd);
		fd = -1;
	} else if (!getsockname(fd, (struct sockaddr *)&local, &len)) {
		r->port = ntohs(local.sin6_port);
	}
	freeaddrinfo(ai);
	return fd;
}

/* Until all that was sent is acknowledged, or the socket has something to say. */
static void await_acknowledged(int fd)
{
	uint64_t until = now_us() + opt.timeout * 1000ull;
	struct pollfd p = { .fd = fd };
	int queued;

	while (!ioctl(fd, SIOCOUTQ, &queued) && queued && now_us() < until && !poll(&p, 1, 1))
		;
}

static void await_file(const char *path)
{
	uint64_t until = now_us() + opt.timeout * 1000ull;

	while (access(path, F_OK) && now_us() < until)
		poll(NULL, 0, 5);
}

static int send_all(int fd, struct result *r)
{
	for (int i = 0; i <= opt.ncuts; i++) {
		size_t n = opt.cuts[i + 1] - opt.cuts[i];

		if (i)
			await_acknowledged(fd);
		if (opt.hold && i == opt.ncuts)
			await_file(opt.hold);
		if (send(fd, opt.bytes + opt.cuts[i], n, MSG_NOSIGNAL) != (ssize_t)n)
			return failed(r, "send");
		r->sent += n;
	}
	return 0;
}

static void read_all(int fd, struct result *r)
{
	uint8_t buf[65536];

	r->op = "recv";
	r->end = "done";
	while (r->read < opt.want) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n < 0) {
			failed(r, "recv");
			return;
		}
		if (!n) {
			r->end = "EOF";
			return;
		}
		r->read += n;
	}
}

static void dial(void)
{
	struct result r = { 0 };
	uint64_t start;
	int fd = connect_to(&r);

	start = now_us();
	if (fd >= 0 && !send_all(fd, &r)) {
		start = now_us();
		read_all(fd, &r);
	}
	r.us = now_us() - start;
	if (fd >= 0)
		close(fd);
	printf("{\"port\":%d,\"sent\":%zu,\"read\":%zu,\"end\":\"%s\",\"op\":\"%s\",\"us\":%llu}\n",
	       r.port, r.sent, r.read, r.end, r.op, (unsigned long long)r.us);
	fflush(stdout);
}

static void usage(const char *what)
{
	fprintf(stderr,
		"dial: %s\ndial ADDR PORT FILE [--cut A,B] [--want N] [--timeout MS] "
		"[--hold FILE] [--repeat N]\n",
		what);
	exit(2);
}

static void parse_args(int argc, char **argv)
{
	char *save = NULL, *word;

	for (int i = 4; i + 1 < argc; i += 2) {
		const char *o = argv[i];

		if (!strcmp(o, "--cut"))
			for (word = strtok_r(argv[i + 1], ",", &save); word && opt.ncuts < MAX_CUTS;
			     word = strtok_r(NULL, ",", &save))
				opt.cuts[++opt.ncuts] = strtoul(word, NULL, 10);
		else if (!strcmp(o, "--want"))
			opt.want = strtoul(argv[i + 1], NULL, 10);
		else if (!strcmp(o, "--timeout"))
			opt.timeout = atoi(argv[i + 1]);
		else if (!strcmp(o, "--hold"))
			opt.hold = argv[i + 1];
		else if (!strcmp(o, "--repeat"))
			opt.repeat = atoi(argv[i + 1]);
		else
			usage(o);
	}
	opt.cuts[opt.ncuts + 1] = opt.len;
	for (int i = 0; i <= opt.ncuts; i++)
		if (opt.cuts[i] >= opt.cuts[i + 1])
			usage("cuts must rise and lie within the file");
}

int main(int argc, char **argv)
{
	FILE *f;

	if (argc < 4 || argc % 2)
		usage("three arguments, then options");
	opt.addr = argv[1];
	opt.port = argv[2];
	f = fopen(argv[3], "r");
	if (!f)
		usage(strerror(errno));
	opt.len = fread(opt.bytes, 1, sizeof(opt.bytes), f);
	fclose(f);
	parse_args(argc, argv);
	while (opt.repeat--)
		dial();
	return 0;
}
