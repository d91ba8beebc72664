/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole lines, into files that are full, streams that nobody reads, collectors that come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "event_output.h"
#include "event_sink.h"
#include "say.h"

#define LINE "{\"a line\":\"of forty bytes, newline too\"}\n"
#define LINE_LEN (sizeof(LINE) - 1)

static sd_event *event;
static char path[64], back[4096];

static size_t content(void)
{
	FILE *file = fopen(path, "r");
	size_t len;

	assert_non_null(file);
	len = fread(back, 1, sizeof(back), file);
	fclose(file);
	return len;
}

/* A file that may have so many bytes, as a disk that is full. */
static void room(rlim_t bytes)
{
	struct rlimit limit = { bytes, RLIM_INFINITY };

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_leaves_no_half_line(void **state)
{
	struct hg_event_sink s;

	(void)state;
	assert_int_equal(hg_event_sink_open(&s, event, path), 0);
	hg_event_sink_write(&s, LINE, LINE_LEN);
	room(2 * LINE_LEN + 10);
	hg_event_sink_write(&s, LINE LINE LINE, 3 * LINE_LEN);
	assert_int_equal(content(), 2 * LINE_LEN);
	assert_int_equal(s.written, 2);
	assert_int_equal(s.lost, 2);
	room(2 * LINE_LEN);
	hg_event_sink_write(&s, LINE, LINE_LEN);
	assert_int_equal(s.lost, 3);
	assert_true(s.complained);
	room(RLIM_INFINITY);
	hg_event_sink_write(&s, LINE, LINE_LEN);
	assert_false(s.complained);
	assert_int_equal(content(), 3 * LINE_LEN);
	assert_memory_equal(back, LINE LINE LINE, 3 * LINE_LEN);
	hg_event_sink_close(&s);
	assert_int_equal(s.written + s.lost, 6);
}

static void a_file_is_appended_to(void **state)
{
	struct hg_event_sink s;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(hg_event_sink_open(&s, event, path), 0);
		hg_event_sink_write(&s, LINE, LINE_LEN);
		hg_event_sink_close(&s);
	}
	assert_int_equal(content(), 2 * LINE_LEN);
}

static void what_cannot_be_opened(void **state)
{
	struct hg_event_sink s;

	(void)state;
	assert_int_equal(hg_event_sink_open(&s, event, "/nonexistent/a"), -ENOENT);
	assert_int_equal(hg_event_sink_open(&s, event, "/tmp"), -EISDIR);
	assert_int_equal(hg_event_sink_open(&s, event, "/dev/null"), 0);
	hg_event_sink_write(&s, LINE, LINE_LEN);
	assert_int_equal(s.written, 1);
	hg_event_sink_close(&s);
}

/* Stdout is `fd` while a sink is opened. */
static void open_as_stdout(struct hg_event_sink *s, int fd)
{
	int keep = dup(STDOUT_FILENO);

	fflush(stdout);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(hg_event_sink_open(s, event, NULL), 0);
	assert_int_equal(dup2(keep, STDOUT_FILENO), STDOUT_FILENO);
	close(keep);
}

static size_t read_all(int fd)
{
	size_t len = 0;
	ssize_t n;
	static char bytes[65536];

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		len += (size_t)n;
	return len;
}

/* It does not wait; it keeps what it can, and counts the rest; then it goes on. */
static void a_slow_reader(int here, int there)
{
	struct hg_event_sink s;
	size_t got = 0, given = 0;

	open_as_stdout(&s, here);
	while (!s.lost) {
		hg_event_sink_write(&s, LINE, LINE_LEN);
		given++;
		assert_true(given < 1000000);
	}
	assert_true(given > HG_SINK_QUEUE / LINE_LEN);
	assert_int_equal(s.lost, 1);
	for (size_t n; (n = read_all(there)); got += n)
		sd_event_run(event, 0);
	assert_int_equal(s.queued, 0);
	assert_int_equal(got, (given - 1) * LINE_LEN);
	assert_int_equal(s.written, given - 1);
	assert_false(s.complained);
	close(there);
	hg_event_sink_write(&s, LINE LINE, 2 * LINE_LEN);
	assert_int_equal(s.lost, 3);
	hg_event_sink_close(&s);
	close(here);
}

static void a_pipe_that_is_full(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	a_slow_reader(fds[1], fds[0]);
}

static void a_socket_that_is_full(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	a_slow_reader(fds[0], fds[1]);
}

/* ---- collectors ---- */

static char socket_path[64];

static int listen_there(int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

	strcpy(at.sun_path, socket_path);
	unlink(socket_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 4), 0);
	return fd;
}

/* What a collector has got, in `back`; it waits for `len` bytes, and takes no more. */
static size_t collect(int fd, size_t len)
{
	size_t got = 0;

	for (int rounds = 0; got < len && rounds < 1000; rounds++) {
		ssize_t n = recv(fd, back + got, len - got, MSG_DONTWAIT);

		if (n > 0)
			got += (size_t)n;
		else
			sd_event_run(event, 10000);
	}
	return got;
}

static int accept_there(int listener)
{
	int fd = -1;

	for (int rounds = 0; fd < 0 && rounds < 1000; rounds++) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			sd_event_run(event, 10000);
	}
	assert_true(fd >= 0);
	return fd;
}

static void until_it_is_away(struct hg_event_sink *s)
{
	for (int rounds = 0; s->fd >= 0 && rounds < 100; rounds++)
		sd_event_run(event, 10000);
	assert_int_equal(s->fd, -1);
	assert_true(s->complained);
}

static void what_is_said_to(struct hg_event_sink *s, unsigned int lines)
{
	for (unsigned int i = 0; i < lines; i++)
		hg_event_sink_write(s, LINE, LINE_LEN);
}

static void a_stream_that_starts_late_goes_and_comes_back(void **state)
{
	struct hg_event_sink s;
	int listener, fd;

	(void)state;
	assert_int_equal(hg_event_sink_connect(&s, event, socket_path, false), 0);
	assert_true(s.complained);
	what_is_said_to(&s, 2);
	listener = listen_there(SOCK_STREAM);
	fd = accept_there(listener);
	assert_int_equal(collect(fd, 2 * LINE_LEN), 2 * LINE_LEN);
	assert_memory_equal(back, LINE LINE, 2 * LINE_LEN);
	assert_false(s.complained);

	close(fd);
	until_it_is_away(&s);
	what_is_said_to(&s, 1);
	fd = accept_there(listener);
	assert_int_equal(collect(fd, LINE_LEN), LINE_LEN);
	assert_memory_equal(back, LINE, LINE_LEN);
	assert_false(s.complained);
	assert_int_equal(s.written, 3);
	assert_int_equal(s.lost, 0);
	hg_event_sink_close(&s);
	close(fd);
	close(listener);
}

static void a_stream_that_goes_within_a_line_gets_no_half_one_next(void **state)
{
	int listener = listen_there(SOCK_STREAM), fd;
	struct hg_event_sink s;
	static char many[20000 * LINE_LEN];
	const size_t lines = sizeof(many) / LINE_LEN;
	size_t waiting;

	(void)state;
	assert_int_equal(hg_event_sink_connect(&s, event, socket_path, false), 0);
	fd = accept_there(listener);
	for (size_t i = 0; i < lines; i++)
		memcpy(many + i * LINE_LEN, LINE, LINE_LEN);
	hg_event_sink_write(&s, many, lines * LINE_LEN);
	assert_true(s.begun); /* what the kernel takes does not end with a line */
	waiting = s.queued;
	close(fd);
	until_it_is_away(&s);
	assert_int_equal(s.lost, 1);
	assert_int_equal(s.queued, waiting - waiting % LINE_LEN);
	fd = accept_there(listener);
	assert_int_equal(collect(fd, LINE_LEN), LINE_LEN);
	assert_memory_equal(back, LINE, LINE_LEN);
	hg_event_sink_close(&s);
	assert_int_equal(s.written + s.lost, lines);
	close(fd);
	close(listener);
}

static void without_a_collector_the_queue_fills_and_the_rest_is_counted(void **state)
{
	const unsigned int fit = HG_SINK_QUEUE / LINE_LEN;
	struct hg_event_sink s;

	(void)state;
	assert_int_equal(hg_event_sink_connect(&s, event, socket_path, false), 0);
	what_is_said_to(&s, fit);
	assert_int_equal(s.lost, 0);
	what_is_said_to(&s, 7);
	assert_int_equal(s.lost, 7);
	hg_event_sink_close(&s);
	assert_int_equal(s.lost, fit + 7);
	assert_int_equal(s.written, 0);
}

static void a_stream_that_stands_still(void **state)
{
	int listener = listen_there(SOCK_STREAM), fd;
	struct hg_event_sink s;
	unsigned int lines = 0;
	size_t got = 0;

	(void)state;
	assert_int_equal(hg_event_sink_connect(&s, event, socket_path, false), 0);
	fd = accept_there(listener);
	for (; !s.lost; lines++)
		what_is_said_to(&s, 1);
	assert_true(lines > HG_SINK_QUEUE / LINE_LEN);
	for (size_t n; (n = read_all(fd)); got += n)
		sd_event_run(event, 0);
	assert_int_equal(got, (lines - 1) * LINE_LEN);
	assert_int_equal(s.written, lines - 1);
	assert_int_equal(s.lost, 1);
	assert_false(s.complained);
	hg_event_sink_close(&s);
	close(fd);
	close(listener);
}

static void datagrams_are_a_line_each(void **state)
{
	static char large[400000];
	struct hg_event_sink s;
	int fd;

	(void)state;
	assert_int_equal(hg_event_sink_connect(&s, event, socket_path, true), 0);
	what_is_said_to(&s, 1);
	fd = listen_there(SOCK_DGRAM);
	assert_int_equal(collect(fd, LINE_LEN), LINE_LEN);
	hg_event_sink_write(&s, LINE LINE, 2 * LINE_LEN);
	assert_int_equal(recv(fd, back, sizeof(back), 0), LINE_LEN);
	assert_int_equal(recv(fd, back, sizeof(back), 0), LINE_LEN);
	assert_int_equal(s.written, 3);

	/* one that no datagram holds is lost, and nothing with it */
	memset(large, 'x', sizeof(large));
	large[sizeof(large) - 1] = '\n';
	hg_event_sink_write(&s, large, sizeof(large));
	what_is_said_to(&s, 1);
	assert_int_equal(s.lost, 1);
	assert_int_equal(recv(fd, back, sizeof(back), 0), LINE_LEN);

	/* it goes and comes back: what was said meanwhile has waited */
	close(fd);
	what_is_said_to(&s, 2);
	assert_true(s.complained);
	fd = listen_there(SOCK_DGRAM);
	assert_int_equal(collect(fd, LINE_LEN), LINE_LEN);
	assert_int_equal(collect(fd, LINE_LEN), LINE_LEN);
	assert_false(s.complained);
	assert_int_equal(s.written, 6);
	assert_int_equal(s.lost, 1);
	hg_event_sink_close(&s);
	close(fd);
}

static void datagrams_to_one_that_stands_still(void **state)
{
	int fd = listen_there(SOCK_DGRAM);
	struct hg_event_sink s;
	unsigned int lines = 0;

	(void)state;
	assert_int_equal(hg_event_sink_connect(&s, event, socket_path, true), 0);
	for (; !s.lost; lines++)
		what_is_said_to(&s, 1);
	for (unsigned int i = 0; i + 1 < lines; i++)
		assert_int_equal(collect(fd, LINE_LEN), LINE_LEN);
	assert_int_equal(s.written, lines - 1);
	assert_int_equal(s.lost, 1);
	assert_false(s.complained);
	hg_event_sink_close(&s);
	close(fd);
}

static void a_path_that_is_no_socket(void **state)
{
	static char longest[200];
	struct hg_event_sink s;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	assert_int_equal(hg_event_sink_connect(&s, event, longest, false), -ENAMETOOLONG);
	assert_int_equal(hg_event_sink_connect(&s, event, path, false), 0);
	assert_true(s.complained && s.fd < 0);
	hg_event_sink_close(&s);
}

static void a_sample_is_stable_and_of_its_size(void **state)
{
	static const double rates[] = { 0, 0.01, 0.1, 0.5, 0.9, 1 };
	const unsigned int all = 100000;

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		unsigned int taken = 0, low = 0;

		for (__u64 id = 0; id < all; id++) {
			bool takes = hg_sample_takes(id << 20, rates[i]);

			assert_int_equal(takes, hg_sample_takes(id << 20, rates[i]));
			taken += takes;
			low += takes && !hg_sample_takes(id << 20, rates[i] / 2);
		}
		assert_in_range(taken, rates[i] * all * 0.9, rates[i] * all * 1.1);
		assert_in_range(low, rates[i] * all * 0.4, rates[i] * all * 0.6);
	}
}

static int set_up(void **state)
{
	int fd;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	hg_say_quiet(true);
	strcpy(path, "/tmp/hg-sink-XXXXXX");
	fd = mkstemp(path);
	close(fd);
	snprintf(socket_path, sizeof(socket_path), "%s.sock", path);
	return fd < 0 || sd_event_new(&event) < 0;
}

static int clean_up(void **state)
{
	(void)state;
	room(RLIM_INFINITY);
	sd_event_unref(event);
	unlink(socket_path);
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_full_disk_leaves_no_half_line, set_up, clean_up),
		cmocka_unit_test_setup_teardown(a_file_is_appended_to, set_up, clean_up),
		cmocka_unit_test_setup_teardown(what_cannot_be_opened, set_up, clean_up),
		cmocka_unit_test_setup_teardown(a_pipe_that_is_full, set_up, clean_up),
		cmocka_unit_test_setup_teardown(a_socket_that_is_full, set_up, clean_up),
		cmocka_unit_test_setup_teardown(a_stream_that_starts_late_goes_and_comes_back,
						set_up, clean_up),
		cmocka_unit_test_setup_teardown(
			a_stream_that_goes_within_a_line_gets_no_half_one_next, set_up, clean_up),
		cmocka_unit_test_setup_teardown(
			without_a_collector_the_queue_fills_and_the_rest_is_counted, set_up,
			clean_up),
		cmocka_unit_test_setup_teardown(a_stream_that_stands_still, set_up, clean_up),
		cmocka_unit_test_setup_teardown(datagrams_are_a_line_each, set_up, clean_up),
		cmocka_unit_test_setup_teardown(datagrams_to_one_that_stands_still, set_up,
						clean_up),
		cmocka_unit_test_setup_teardown(a_path_that_is_no_socket, set_up, clean_up),
		cmocka_unit_test(a_sample_is_stable_and_of_its_size),
	};

	return cmocka_run_group_tests_name("event_sink", tests, NULL, NULL);
}
