/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole lines, into files that are full and streams that nobody reads. */
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
	return fd < 0 || sd_event_new(&event) < 0;
}

static int clean_up(void **state)
{
	(void)state;
	room(RLIM_INFINITY);
	sd_event_unref(event);
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
		cmocka_unit_test(a_sample_is_stable_and_of_its_size),
	};

	return cmocka_run_group_tests_name("event_sink", tests, NULL, NULL);
}
