// SPDX-License-Identifier: BSD-2-Clause
/*
 * greeter: a TCP server that answers hellos as a TLS 1.3 server would look, without the
 * cryptography, and counts its sockets.
 *
 *   greeter [--port N (443)] [--flight N (1200)] [--reply N (256)] [--workers N (2)]
 *           [--log FILE]
 *
 * When the whole first record is there it sends a flight of so many bytes: a ServerHello,
 * ChangeCipherSpec, application data that nobody can decrypt.  When the client says more,
 * it sends the reply.  It closes when the client has.
 *
 * {"ready":true} is the first line.  At USR1, and at the end (TERM, INT), a line of counts:
 *
 *   accepted  sockets
 *   served    ended by the client's FIN, after the reply
 *   reset     ended by a RST before the hello was whole
 *   leaked    bytes of those hellos that the application was given
 *   late      ended by a RST behind it
 *   closed    ended by the client's FIN without the reply
 *   open      sockets that nobody ended
 *
 * --log: a line for each socket: peer, port, how it ended, bytes read. FILE.N for worker N.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORKERS 8
#define MAX_FLIGHT 16384
#define RECORD_HEADER 5

enum end { SERVED, RESET, LATE, CLOSED, OPEN, ENDS };

static const char *const end_name[ENDS] = { "served", "reset", "late", "closed", "open" };

struct conn {
	struct conn *prev, *next;
	struct sockaddr_in peer;
	uint8_t head[RECORD_HEADER];
	uint32_t read;
	int fd;
	bool greeted, replied;
};

/* Shared with the parent; ends[OPEN] is what is open now. */
struct tally {
	uint64_t accepted, leaked, ends[ENDS];
};

static struct {
	uint32_t port, flight, reply, workers;
	const char *log;
} opt = { .port = 443, .flight = 1200, .reply = 256, .workers = 2 };

static struct {
	struct tally *tally;
	struct conn *conns;
	FILE *log;
	int epoll, listener, signals;
	uint8_t flight[MAX_FLIGHT], reply[MAX_FLIGHT];
} worker;

static void die(const char *what)
{
	fprintf(stderr, "greeter: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* ---- what it says ---- */

/* RFC 8446, 4.1.3: TLS_AES_128_GCM_SHA256, X25519. */
static const uint8_t server_hello[] = {
	22, 3,	3, 0, 90, 2, 0, 0,    86, 3,  3, [11 + 32] = 0, 19, 1,	0,	  0,	   46,
	0,  43, 0, 2, 3,  4, 0, 0x33, 0,  36, 0, 0x1d,		0,  32, [63] = 9, [94] = 9
};

static void application_data(uint8_t *at, uint32_t len)
{
	at[0] = 23;
	at[1] = at[2] = 3;
	at[3] = (uint8_t)((len - RECORD_HEADER) >> 8);
	at[4] = (uint8_t)(len - RECORD_HEADER);
}

static void write_flight(void)
{
	static const uint8_t change[] = { 20, 3, 3, 0, 1, 1 };
	uint32_t at = sizeof(server_hello) + sizeof(change);

	memcpy(worker.flight, server_hello, sizeof(server_hello));
	memcpy(worker.flight + sizeof(server_hello), change, sizeof(change));
	application_data(worker.flight + at, opt.flight - at);
	application_data(worker.reply, opt.reply);
}

/* ---- a connection ---- */

static void end_conn(struct conn *c, enum end end)
{
	worker.tally->ends[end]++;
	worker.tally->ends[OPEN]--;
	if (end == RESET)
		worker.tally->leaked += c->read;
	if (worker.log)
		fprintf(worker.log, "%s %u %s %u\n", inet_ntoa(c->peer.sin_addr),
			ntohs(c->peer.sin_port), end_name[end], c->read);
	close(c->fd);
	if (c->prev)
		c->prev->next = c->next;
	else
		worker.conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	free(c);
}

static void accept_all(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	struct conn *c;
	int fd, one = 1;

	while ((fd = accept4(worker.listener, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK)) >=
	       0) {
		c = calloc(1, sizeof(*c));
		if (!c)
			die("calloc");
		c->fd = fd;
		c->peer = peer;
		c->next = worker.conns;
		if (c->next)
			c->next->prev = c;
		worker.conns = c;
		worker.tally->accepted++;
		worker.tally->ends[OPEN]++;
		setsockopt(fd, SOL_TCP, TCP_NODELAY, &one, sizeof(one));
		e.data.ptr = c;
		if (epoll_ctl(worker.epoll, EPOLL_CTL_ADD, fd, &e))
			die("epoll_ctl");
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		die("accept");
}

static bool hello_is_whole(const struct conn *c)
{
	return c->read >= RECORD_HEADER &&
	       c->read >= RECORD_HEADER + (c->head[3] << 8 | c->head[4]);
}

/* False when the connection is gone. */
static bool say(struct conn *c, const uint8_t *bytes, uint32_t len)
{
	if (send(c->fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len)
		return true;
	end_conn(c, LATE);
	return false;
}

/* False when the connection is gone. */
static bool take(struct conn *c, const uint8_t *bytes, uint32_t len)
{
	bool before = c->greeted;

	for (uint32_t i = 0; i < len && c->read + i < RECORD_HEADER; i++)
		c->head[c->read + i] = bytes[i];
	c->read += len;
	if (!before && hello_is_whole(c)) {
		c->greeted = true;
		return say(c, worker.flight, opt.flight);
	}
	if (before && !c->replied) {
		c->replied = true;
		return say(c, worker.reply, opt.reply);
	}
	return true;
}

static void read_some(struct conn *c)
{
	static uint8_t buf[65536];
	ssize_t n = recv(c->fd, buf, sizeof(buf), 0);

	if (n > 0)
		take(c, buf, (uint32_t)n);
	else if (n == 0)
		end_conn(c, c->replied ? SERVED : CLOSED);
	else if (errno != EAGAIN)
		end_conn(c, c->greeted ? LATE : RESET);
}

/* ---- a worker ---- */

static int listener(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons((uint16_t)opt.port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 65535))
		die("listen");
	return fd;
}

static void watch(int fd, void *what)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = what };

	if (epoll_ctl(worker.epoll, EPOLL_CTL_ADD, fd, &e))
		die("epoll_ctl");
}

static void work(void)
{
	struct epoll_event events[64];

	for (;;) {
		int n = epoll_wait(worker.epoll, events, 64, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == &worker.signals)
				return;
			if (events[i].data.ptr == &worker.listener)
				accept_all();
			else
				read_some(events[i].data.ptr);
		}
	}
}

static void open_log(uint32_t n)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s.%u", opt.log, n);
	worker.log = fopen(path, "w");
	if (!worker.log)
		die(path);
}

static void be_worker(uint32_t n, int fd, struct tally *tally, const sigset_t *signals)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	worker.tally = tally;
	worker.listener = fd;
	worker.epoll = epoll_create1(0);
	worker.signals = signalfd(-1, signals, SFD_NONBLOCK);
	watch(worker.signals, &worker.signals);
	watch(worker.listener, &worker.listener);
	if (opt.log)
		open_log(n);
	write_flight();
	work();
	for (struct conn *c = worker.conns; c && worker.log; c = c->next)
		fprintf(worker.log, "%s %u open %u\n", inet_ntoa(c->peer.sin_addr),
			ntohs(c->peer.sin_port), c->read);
	if (worker.log)
		fclose(worker.log);
	_exit(0);
}

/* ---- the parent ---- */

static void print(const struct tally *tallies)
{
	struct tally sum = { 0 };

	for (uint32_t w = 0; w < opt.workers; w++) {
		sum.accepted += tallies[w].accepted;
		sum.leaked += tallies[w].leaked;
		for (int i = 0; i < ENDS; i++)
			sum.ends[i] += tallies[w].ends[i];
	}
	printf("{\"accepted\":%llu,\"leaked\":%llu", (unsigned long long)sum.accepted,
	       (unsigned long long)sum.leaked);
	for (int i = 0; i < ENDS; i++)
		printf(",\"%s\":%llu", end_name[i], (unsigned long long)sum.ends[i]);
	puts("}");
	fflush(stdout);
}

static void parse_args(int argc, char **argv)
{
	static const struct option names[] = {
		{ "port", 1, NULL, 'p' },    { "flight", 1, NULL, 'g' }, { "reply", 1, NULL, 'y' },
		{ "workers", 1, NULL, 'w' }, { "log", 1, NULL, 'l' },	 { NULL, 0, NULL, 0 }
	};
	uint32_t *const numbers[128] = {
		['p'] = &opt.port, ['g'] = &opt.flight, ['y'] = &opt.reply, ['w'] = &opt.workers
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (c == 'l')
			opt.log = optarg;
		else if (c > 0 && c < 128 && numbers[c])
			*numbers[c] = (uint32_t)strtoul(optarg, NULL, 10);
		else
			exit(2);
	}
	if (!opt.workers || opt.workers > MAX_WORKERS || opt.flight < 200 ||
	    opt.flight > MAX_FLIGHT || opt.reply < RECORD_HEADER || opt.reply > MAX_FLIGHT) {
		fputs("greeter: 1 to 8 workers, a flight of 200 bytes to 16 KB, a reply of 5 or more\n",
		      stderr);
		exit(2);
	}
}

/* As many as there may be; who may not have a million has what the machine allows. */
static void allow_sockets(void)
{
	struct rlimit many = { 1 << 20, 1 << 20 };

	if (setrlimit(RLIMIT_NOFILE, &many) && !getrlimit(RLIMIT_NOFILE, &many)) {
		many.rlim_cur = many.rlim_max;
		setrlimit(RLIMIT_NOFILE, &many);
	}
}

int main(int argc, char **argv)
{
	int listeners[MAX_WORKERS], signal;
	struct tally *tallies;
	pid_t pids[MAX_WORKERS];
	sigset_t set, ends;

	parse_args(argc, argv);
	allow_sockets();
	tallies = mmap(NULL, opt.workers * sizeof(*tallies), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tallies == MAP_FAILED)
		die("mmap");
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	set = ends;
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (uint32_t i = 0; i < opt.workers; i++)
		listeners[i] = listener();
	for (uint32_t i = 0; i < opt.workers; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			be_worker(i, listeners[i], &tallies[i], &ends);
	}
	puts("{\"ready\":true}");
	fflush(stdout);
	while (sigwait(&set, &signal) == 0 && signal == SIGUSR1)
		print(tallies);
	for (uint32_t i = 0; i < opt.workers; i++) {
		kill(pids[i], SIGTERM);
		waitpid(pids[i], NULL, 0);
	}
	print(tallies);
	return 0;
}
