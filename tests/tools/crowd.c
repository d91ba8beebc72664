// SPDX-License-Identifier: BSD-2-Clause
/*
 * crowd: many TCP clients. Each sends one ClientHello, and what became of it is counted.
 *
 *   crowd --to ADDR[:PORT (443)] --kind SPEC... (--flows N | --seconds S)
 *         [--workers N (2)] [--at-once N (32)] [--rate N] [--timeout MS (3000)]
 *         [--from ADDR (10.77.1.0)] [--first N (0)] [--flight N (1)] [--reply N (0)]
 *         [--order FILE] [--log FILE]
 *
 * Sockets of the kernel, IPv4, `at-once` in each worker, each worker on a processor of
 * its own.  Flow number N, counted from --first, comes from port 1024 + N % 60000 of the
 * address FROM + N / 60000, so that no two have the same.  --order: not 0, 1, 2, but the
 * numbers in FILE, of 32 bits each; --first and --flows count these.
 *
 * SPEC says what some of them send: label=L,file=F[,share=N (1)][,numbers=N][,cut=N]
 * [,gap=MS][,think=MS].  Kinds are mixed by their shares, by a hash of the flow's number.
 *
 *   numbers  the eight zeros in F are replaced by a number below this, by such a hash
 *   cut      two segments, the first of so many bytes
 *   gap      ... and so long between them
 *   think    so long between the first answer and what the client says next
 *
 * A client whose server sent --flight bytes sends what TLS 1.3 has there (ChangeCipherSpec,
 * a Finished, a request; none of it encrypted), if it waits for --reply more bytes; then it
 * closes and waits for the server's FIN.  Its fate is one of
 *
 *   answered  all of it came
 *   reset     ECONNRESET or EPIPE before the server's first byte
 *   closed    FIN before it
 *   late      reset or closed behind it
 *   hung      nothing came for --timeout
 *   refused   no connection
 *
 * Printed at the end: {"flows":N,"seconds":S,"cpu_ns":N,"kinds":{"L":{"flows":N,"answered":N,
 * ...,"first_us":{"p50":N,"p99":N,"max":N}}}}.  first_us runs from the last send() of the hello
 * to the server's first byte, RST or FIN, as the client's process has it.
 *
 * --log: a line for each flow: address, port, label, number, fate, microseconds.  TERM: no
 * more flows are begun.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <sched.h>
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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_KINDS 8
#define MAX_WORKERS 8
#define MAX_AT_ONCE 1024
#define MAX_HELLO 65536
#define PORT_FIRST 1024
#define PORTS 60000
#define DIGITS 8
#define LONGEST_US 100000 /* what takes longer is counted with it */

enum fate { ANSWERED, RESET, CLOSED, LATE, HUNG, REFUSED, FATES };

static const char *const fate_name[FATES] = { "answered", "reset", "closed",
					      "late",	  "hung",  "refused" };

struct kind {
	char label[32];
	uint8_t hello[MAX_HELLO];
	uint32_t len, number_at, share, numbers, cut, gap, think;
};

enum state { FREE, CONNECTING, GAP, SENT, THINKING, FINISHING, CLOSING };

struct flow {
	int fd;
	enum state state;
	uint32_t index, number, got;
	const struct kind *kind;
	uint64_t sent, first; /* microseconds; first: from sent to the first answer */
	uint64_t due, until;  /* when its state goes on by itself; when it is given up */
};

/* Shared with the parent. */
struct tally {
	uint64_t fates[MAX_KINDS][FATES];
	uint64_t longest[MAX_KINDS];
	uint32_t took[MAX_KINDS][LONGEST_US + 1];
	uint64_t flows, cpu_ns;
};

static struct {
	struct sockaddr_in to;
	struct kind kinds[MAX_KINDS];
	uint32_t nkinds, shares, workers, at_once, rate, timeout, from, first, flows, flight, reply;
	double seconds;
	const uint32_t *order;
	uint32_t ordered;
	const char *log;
} opt = { .workers = 2, .at_once = 32, .timeout = 3000, .from = 0x0a4d0100, .flight = 1 };

static struct {
	struct flow flows[MAX_AT_ONCE];
	struct tally *tally;
	uint32_t next, stop; /* numbers of flows */
	uint64_t next_due, end;
	int epoll, busy;
	FILE *log;
} worker;

static volatile sig_atomic_t told_to_stop;

static void die(const char *what)
{
	fprintf(stderr, "crowd: %s: %s\n", what, strerror(errno));
	exit(2);
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* The finalizer of splitmix64. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* ---- a flow ends ---- */

static void write_log(const struct flow *f, enum fate fate)
{
	struct in_addr from = { htonl(opt.from + f->index / PORTS) };

	fprintf(worker.log, "%s %u %s %u %s %llu\n", inet_ntoa(from), PORT_FIRST + f->index % PORTS,
		f->kind->label, f->number, fate_name[fate], (unsigned long long)f->first);
}

static void count(const struct flow *f, enum fate fate)
{
	size_t kind = (size_t)(f->kind - opt.kinds);
	struct tally *t = worker.tally;

	t->fates[kind][fate]++;
	t->flows++;
	if (fate == ANSWERED || fate == RESET || fate == CLOSED) {
		t->took[kind][f->first < LONGEST_US ? f->first : LONGEST_US]++;
		if (f->first > t->longest[kind])
			t->longest[kind] = f->first;
	}
}

static void end_flow(struct flow *f, enum fate fate)
{
	if (fate == RESET || fate == CLOSED)
		f->first = f->sent ? now_us() - f->sent : 0;
	count(f, fate);
	if (worker.log)
		write_log(f, fate);
	close(f->fd);
	f->state = FREE;
	worker.busy--;
}

/* An error of a system call, or a FIN (0), by how far the flow was. */
static void end_by(struct flow *f, int error)
{
	if (f->state == CONNECTING)
		end_flow(f, REFUSED);
	else if (f->got)
		end_flow(f, LATE);
	else
		end_flow(f, error ? RESET : CLOSED);
}

/* ---- a flow goes on ---- */

static bool send_bytes(struct flow *f, const void *bytes, size_t len)
{
	f->until = now_us() + (opt.timeout + f->kind->gap + f->kind->think) * 1000ULL;
	if (send(f->fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len)
		return true;
	end_by(f, errno);
	return false;
}

/* The hello of this flow, from `from` to `to`. */
static bool send_hello(struct flow *f, uint32_t from, uint32_t to)
{
	static uint8_t bytes[MAX_HELLO];
	char digits[DIGITS + 1];

	memcpy(bytes, f->kind->hello, f->kind->len);
	if (f->kind->numbers) {
		snprintf(digits, sizeof(digits), "%08u", f->number % 100000000);
		memcpy(bytes + f->kind->number_at, digits, DIGITS);
	}
	f->sent = now_us();
	return send_bytes(f, bytes + from, to - from);
}

static void connected(struct flow *f)
{
	const struct kind *k = f->kind;

	f->state = SENT;
	if (!k->cut) {
		send_hello(f, 0, k->len);
		return;
	}
	if (!send_hello(f, 0, k->cut))
		return;
	if (k->gap) {
		f->state = GAP;
		f->due = now_us() + k->gap * 1000ULL;
	} else {
		send_hello(f, k->cut, k->len);
	}
}

static void finish(struct flow *f)
{
	static uint8_t end[6 + 58 + 101] = {
		20, 3, 3, 0, 1, 1, [6] = 23, 3, 3, 0, 53, [6 + 58] = 23, 3, 3, 0, 96
	};

	f->due = 0;
	f->state = FINISHING;
	if (opt.reply && !send_bytes(f, end, sizeof(end)))
		return;
	if (!opt.reply) {
		f->state = CLOSING;
		shutdown(f->fd, SHUT_WR);
	}
}

static void got(struct flow *f, size_t n)
{
	if (!f->got)
		f->first = now_us() - f->sent;
	f->got += n;
	if (f->state == SENT && f->got >= opt.flight) {
		f->state = THINKING;
		if (f->kind->think)
			f->due = now_us() + f->kind->think * 1000ULL;
		else
			finish(f);
	} else if (f->state == FINISHING && f->got >= opt.flight + opt.reply) {
		f->state = CLOSING;
		shutdown(f->fd, SHUT_WR);
	}
}

static void read_all(struct flow *f)
{
	static uint8_t buf[65536];
	ssize_t n;

	while (f->state != FREE && (n = recv(f->fd, buf, sizeof(buf), 0)) > 0)
		got(f, (size_t)n);
	if (f->state == FREE || (n < 0 && errno == EAGAIN))
		return;
	if (n == 0 && f->state == CLOSING)
		end_flow(f, ANSWERED);
	else
		end_by(f, n < 0 ? errno : 0);
}

static void ready(struct flow *f, uint32_t events)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (f->state == FREE)
		return;
	if (f->state == CONNECTING) {
		if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
			return;
		getsockopt(f->fd, SOL_SOCKET, SO_ERROR, &error, &len);
		if (error)
			end_by(f, error);
		else
			connected(f);
		return;
	}
	read_all(f);
}

/* ---- a flow begins ---- */

static const struct kind *kind_of(uint32_t index)
{
	uint32_t at = (uint32_t)(mix(index + 1) % opt.shares);
	const struct kind *k = opt.kinds;

	while (at >= k->share)
		at -= k++->share;
	return k;
}

static void begin(struct flow *f, uint32_t index)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
				    .sin_port = htons(PORT_FIRST + index % PORTS),
				    .sin_addr.s_addr = htonl(opt.from + index / PORTS) };
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = f };
	int one = 1;

	*f = (struct flow){ .state = CONNECTING, .index = index, .kind = kind_of(index) };
	f->number = f->kind->numbers ? (uint32_t)(mix(~(uint64_t)index) % f->kind->numbers) : 0;
	f->until = now_us() + (opt.timeout + f->kind->gap + f->kind->think) * 1000ULL;
	worker.busy++;
	f->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (f->fd < 0)
		die("socket");
	setsockopt(f->fd, SOL_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(f->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(f->fd, (struct sockaddr *)&from, sizeof(from)))
		die("bind: is --from an address of this machine?");
	if (epoll_ctl(worker.epoll, EPOLL_CTL_ADD, f->fd, &e))
		die("epoll_ctl");
	if (connect(f->fd, (struct sockaddr *)&opt.to, sizeof(opt.to)) && errno != EINPROGRESS)
		end_flow(f, REFUSED);
}

static bool no_more(uint64_t now)
{
	return told_to_stop || worker.next >= worker.stop || (worker.end && now >= worker.end);
}

static void begin_some(void)
{
	uint64_t now = now_us();

	for (uint32_t i = 0; i < opt.at_once && !no_more(now); i++) {
		if (worker.flows[i].state != FREE)
			continue;
		if (opt.rate) {
			if (now < worker.next_due)
				return;
			worker.next_due += 1000000ULL * opt.workers / opt.rate;
		}
		begin(&worker.flows[i], opt.order ? opt.order[worker.next] : worker.next);
		worker.next += opt.workers;
	}
}

/* ---- a worker ---- */

/* What is due by the clock.  Returns milliseconds until that is worth another look. */
static int by_the_clock(void)
{
	uint64_t now = now_us();
	int wait = opt.rate ? 1 : 100;

	for (uint32_t i = 0; i < opt.at_once; i++) {
		struct flow *f = &worker.flows[i];

		if (f->state == FREE)
			continue;
		if (f->due && now >= f->due) {
			f->due = 0;
			if (f->state == GAP) {
				f->state = SENT;
				send_hello(f, f->kind->cut, f->kind->len);
			} else if (f->state == THINKING) {
				finish(f);
			}
		} else if (now >= f->until) {
			end_flow(f, HUNG);
		}
		if (f->due)
			wait = 1;
	}
	return wait;
}

static void work(uint32_t number)
{
	struct epoll_event events[64];
	int wait = 100;

	worker.epoll = epoll_create1(0);
	worker.next = opt.first + number;
	worker.stop = opt.flows ? opt.first + opt.flows : UINT32_MAX;
	if (opt.order && worker.stop > opt.ordered)
		worker.stop = opt.ordered;
	worker.next_due = now_us();
	worker.end = opt.seconds > 0 ? worker.next_due + (uint64_t)(opt.seconds * 1e6) : 0;
	for (;;) {
		begin_some();
		if (!worker.busy && no_more(now_us()))
			return;
		int n = epoll_wait(worker.epoll, events, 64, wait);

		for (int i = 0; i < n; i++)
			ready(events[i].data.ptr, events[i].events);
		wait = by_the_clock();
	}
}

static void stop(int signal)
{
	(void)signal;
	told_to_stop = 1;
}

static void stop_by_signal(void)
{
	struct sigaction action = { .sa_handler = stop };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

static void be_worker(uint32_t n, struct tally *tally)
{
	char path[4096];
	struct rusage u;
	cpu_set_t set;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	CPU_ZERO(&set);
	CPU_SET(n % (uint32_t)sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
	worker.tally = tally;
	if (opt.log) {
		snprintf(path, sizeof(path), "%s.%u", opt.log, n);
		worker.log = fopen(path, "w");
		if (!worker.log)
			die(path);
	}
	work(n);
	if (worker.log && fclose(worker.log))
		die(path);
	getrusage(RUSAGE_SELF, &u);
	tally->cpu_ns = (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000 +
			(uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
	_exit(0);
}

/* True if one of them failed.  A signal goes on to all. */
static bool await_workers(const pid_t *pids)
{
	bool failed = false;
	int status;

	for (uint32_t i = 0; i < opt.workers; i++) {
		while (waitpid(pids[i], &status, 0) < 0)
			for (uint32_t k = i; k < opt.workers; k++)
				kill(pids[k], SIGTERM);
		failed = failed || status;
	}
	return failed;
}

/* ---- the sum of it ---- */

static void add(struct tally *sum, const struct tally *t)
{
	sum->flows += t->flows;
	sum->cpu_ns += t->cpu_ns;
	for (uint32_t k = 0; k < opt.nkinds; k++) {
		for (int i = 0; i < FATES; i++)
			sum->fates[k][i] += t->fates[k][i];
		for (int i = 0; i <= LONGEST_US; i++)
			sum->took[k][i] += t->took[k][i];
		if (t->longest[k] > sum->longest[k])
			sum->longest[k] = t->longest[k];
	}
}

static uint32_t percentile(const uint32_t *took, uint32_t percent)
{
	uint64_t all = 0, below = 0;
	uint32_t us = 0;

	for (int i = 0; i <= LONGEST_US; i++)
		all += took[i];
	while (us < LONGEST_US && (below + took[us]) * 100 < all * percent)
		below += took[us++];
	return us;
}

static void print_kind(const struct tally *t, uint32_t k)
{
	uint64_t flows = 0;

	for (int i = 0; i < FATES; i++)
		flows += t->fates[k][i];
	printf("%s\"%s\":{\"flows\":%llu", k ? "," : "", opt.kinds[k].label,
	       (unsigned long long)flows);
	for (int i = 0; i < FATES; i++)
		printf(",\"%s\":%llu", fate_name[i], (unsigned long long)t->fates[k][i]);
	printf(",\"first_us\":{\"p50\":%u,\"p99\":%u,\"max\":%llu}}", percentile(t->took[k], 50),
	       percentile(t->took[k], 99), (unsigned long long)t->longest[k]);
}

static void print(const struct tally *t, double seconds)
{
	printf("{\"flows\":%llu,\"seconds\":%.3f,\"cpu_ns\":%llu,\"kinds\":{",
	       (unsigned long long)t->flows, seconds, (unsigned long long)t->cpu_ns);
	for (uint32_t k = 0; k < opt.nkinds; k++)
		print_kind(t, k);
	puts("}}");
}

/* ---- options ---- */

static void usage(const char *what)
{
	fprintf(stderr, "crowd: %s; the first lines of crowd.c say what there is\n", what);
	exit(2);
}

static void read_hello(struct kind *k, const char *path)
{
	FILE *f = fopen(path, "r");
	uint8_t *at;

	if (!f)
		die(path);
	k->len = (uint32_t)fread(k->hello, 1, sizeof(k->hello), f);
	fclose(f);
	at = memmem(k->hello, k->len, "00000000", DIGITS);
	k->number_at = at ? (uint32_t)(at - k->hello) : 0;
}

static void add_kind(char *spec)
{
	static char *const keys[] = { "label", "file", "share", "numbers",
				      "cut",   "gap",  "think", NULL };
	struct kind *k = &opt.kinds[opt.nkinds];
	uint32_t *const values[] = {
		NULL, NULL, &k->share, &k->numbers, &k->cut, &k->gap, &k->think
	};
	char *value;
	int key;

	if (opt.nkinds == MAX_KINDS)
		usage("too many kinds");
	k->share = 1;
	while (*spec) {
		key = getsubopt(&spec, keys, &value);
		if (key < 0 || !value)
			usage("--kind: an unknown key, or one without a value");
		if (key == 0)
			snprintf(k->label, sizeof(k->label), "%s", value);
		else if (key == 1)
			read_hello(k, value);
		else
			*values[key] = (uint32_t)strtoul(value, NULL, 10);
	}
	if (!k->len || !k->label[0] || k->cut >= k->len || (k->numbers && !k->number_at))
		usage("--kind: it takes label, file, a cut within it, and eight zeros for numbers");
	opt.shares += k->share;
	opt.nkinds++;
}

static void read_order(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die(path);
	opt.ordered = (uint32_t)((uint64_t)st.st_size / sizeof(*opt.order));
	opt.order = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (opt.order == MAP_FAILED)
		die(path);
	close(fd);
}

static void set_to(char *text)
{
	char *port = strchr(text, ':');

	opt.to.sin_family = AF_INET;
	opt.to.sin_port = htons(port ? (uint16_t)atoi(port + 1) : 443);
	if (port)
		*port = 0;
	if (inet_pton(AF_INET, text, &opt.to.sin_addr) != 1)
		usage("--to takes an IPv4 address");
}

static void parse_args(int argc, char **argv)
{
	static const struct option names[] = {
		{ "to", 1, NULL, 't' },	     { "kind", 1, NULL, 'k' },
		{ "flows", 1, NULL, 'n' },   { "seconds", 1, NULL, 's' },
		{ "workers", 1, NULL, 'w' }, { "at-once", 1, NULL, 'a' },
		{ "rate", 1, NULL, 'r' },    { "timeout", 1, NULL, 'o' },
		{ "from", 1, NULL, 'f' },    { "first", 1, NULL, 'i' },
		{ "flight", 1, NULL, 'g' },  { "reply", 1, NULL, 'y' },
		{ "log", 1, NULL, 'l' },     { "order", 1, NULL, 'd' },
		{ NULL, 0, NULL, 0 }
	};
	uint32_t *const numbers[128] = {
		['n'] = &opt.flows,  ['w'] = &opt.workers, ['a'] = &opt.at_once,
		['r'] = &opt.rate,   ['o'] = &opt.timeout, ['i'] = &opt.first,
		['g'] = &opt.flight, ['y'] = &opt.reply,
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (c == 't')
			set_to(optarg);
		else if (c == 'k')
			add_kind(optarg);
		else if (c == 's')
			opt.seconds = atof(optarg);
		else if (c == 'f')
			opt.from = ntohl(inet_addr(optarg));
		else if (c == 'l')
			opt.log = optarg;
		else if (c == 'd')
			read_order(optarg);
		else if (c > 0 && c < 128 && numbers[c])
			*numbers[c] = (uint32_t)strtoul(optarg, NULL, 10);
		else
			usage("an unknown option");
	}
	if (!opt.nkinds || !opt.to.sin_family || (!opt.flows && opt.seconds <= 0) || optind < argc)
		usage("it takes --to, --kind, and --flows or --seconds");
	if (!opt.workers || opt.workers > MAX_WORKERS || !opt.at_once || opt.at_once > MAX_AT_ONCE)
		usage("1 to 8 workers, 1 to 1024 at once");
}

int main(int argc, char **argv)
{
	static struct tally sum;
	struct tally *tallies;
	pid_t pids[MAX_WORKERS];
	uint64_t began;
	bool failed;

	parse_args(argc, argv);
	tallies = mmap(NULL, opt.workers * sizeof(*tallies), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tallies == MAP_FAILED)
		die("mmap");
	stop_by_signal();
	began = now_us();
	for (uint32_t i = 0; i < opt.workers; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			be_worker(i, &tallies[i]);
	}
	failed = await_workers(pids);
	for (uint32_t i = 0; i < opt.workers; i++)
		add(&sum, &tallies[i]);
	print(&sum, (double)(now_us() - began) / 1e6);
	return failed ? 2 : 0;
}
