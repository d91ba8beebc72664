/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
	int fd;
	int lport;
	struct sockaddr_in6 peer;
	serve_handshake handshake;
};

static int listen_on(int port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1, queue = 64;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (port % 10 == PORT_FAST_OPEN)
		setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof(queue));
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 512)) {
		fprintf(stderr, "serve: port %d: %s\n", port, strerror(errno));
		exit(1);
	}
	return fd;
}

/* False if it ends before. */
static bool skip(int fd, size_t bytes)
{
	char dropped[4096];

	while (bytes) {
		ssize_t n = recv(fd, dropped, bytes < sizeof(dropped) ? bytes : sizeof(dropped), 0);

		if (n <= 0)
			return false;
		bytes -= (size_t)n;
	}
	return true;
}

static void print_name(const struct outcome *o)
{
	fputs(",\"sni\":\"", stdout);
	for (size_t i = 0; i < o->name_len; i++) {
		unsigned char c = (unsigned char)o->name[i];

		if (c > 0x20 && c < 0x7f && c != '"' && c != '\\')
			putchar(c);
		else
			printf("\\\\x%02x", c);
	}
	putchar('"');
}

static void report(const struct connection *c, const struct outcome *o)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &c->peer.sin6_addr, text, sizeof(text));
	flockfile(stdout);
	printf("{\"peer\":\"%s\",\"lport\":%d,\"took\":%s", text, c->lport,
	       o->took ? "true" : "false");
	if (o->named)
		print_name(o);
	puts("}");
	fflush(stdout);
	funlockfile(stdout);
}

static void *run(void *arg)
{
	struct connection *c = arg;
	struct outcome outcome = { .took = false };
	int kind = c->lport % 10;

	if (kind < PORT_PREAMBLE || skip(c->fd, ntohs(c->peer.sin6_port) - PREAMBLE_PORT))
		c->handshake(c->fd, &outcome);
	report(c, &outcome);
	close(c->fd);
	free(c);
	return NULL;
}

static void take(int listener, int lport, serve_handshake handshake)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct timeval patience = { .tv_sec = 15 };
	socklen_t len = sizeof(c->peer);
	pthread_attr_t attr;
	pthread_t thread;

	if (!c)
		abort();
	c->fd = accept4(listener, (struct sockaddr *)&c->peer, &len, SOCK_CLOEXEC);
	c->lport = lport;
	c->handshake = handshake;
	if (c->fd < 0) {
		free(c);
		return;
	}
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, run, c))
		abort();
	pthread_attr_destroy(&attr);
}

int serve(int base, serve_handshake handshake)
{
	struct pollfd at[SERVE_PORTS];

	for (int i = 0; i < SERVE_PORTS; i++)
		at[i] = (struct pollfd){ .fd = listen_on(base + i), .events = POLLIN };
	puts("{\"ready\":true}");
	fflush(stdout);
	while (poll(at, SERVE_PORTS, -1) > 0)
		for (int i = 0; i < SERVE_PORTS; i++)
			if (at[i].revents)
				take(at[i].fd, base + i, handshake);
	return 1;
}
