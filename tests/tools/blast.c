// SPDX-License-Identifier: BSD-2-Clause
/*
 * blast: sends numbered datagrams, evenly spaced.
 *
 *   blast [--until-term] ADDR PORT COUNT INTERVAL_US
 *
 * Sends COUNT; with --until-term it goes on until SIGTERM. The first four bytes of
 * each are its number from 0, in network order; sink --udp counts them. Prints
 * {"sent":N,"errors":E}.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static volatile sig_atomic_t ending = 1;

static void end(int sig)
{
	(void)sig;
	ending = 1;
}

static int connect_to(const char *addr, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST }, *ai;
	int fd;

	if (getaddrinfo(addr, port, &hints, &ai))
		return -1;
	fd = socket(ai->ai_family, SOCK_DGRAM, 0);
	if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen))
		fd = -1;
	freeaddrinfo(ai);
	return fd;
}

int main(int argc, char **argv)
{
	uint32_t count, sent = 0, errors = 0;
	uint64_t interval;
	struct timespec at;
	int fd;

	if (argc > 1 && !strcmp(argv[1], "--until-term")) {
		ending = 0;
		argv++;
		argc--;
	}
	if (argc != 5 || (fd = connect_to(argv[1], argv[2])) < 0) {
		fprintf(stderr, "blast [--until-term] ADDR PORT COUNT INTERVAL_US\n");
		return 2;
	}
	count = strtoul(argv[3], NULL, 10);
	interval = strtoull(argv[4], NULL, 10) * 1000;
	signal(SIGTERM, end);
	clock_gettime(CLOCK_MONOTONIC, &at);
	for (uint32_t i = 0; i < count || !ending; i++) {
		uint32_t body[16] = { htonl(i) };

		if (send(fd, body, sizeof(body), 0) == sizeof(body))
			sent++;
		else
			errors++;
		at.tv_nsec += interval;
		at.tv_sec += at.tv_nsec / 1000000000;
		at.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	}
	printf("{\"sent\":%u,\"errors\":%u}\n", sent, errors);
	return 0;
}
