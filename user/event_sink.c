/* SPDX-License-Identifier: BSD-2-Clause */
#include "event_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "say.h"

#define RETRY_US 1000000 /* from one try to reach a collector to the next */

static size_t count_lines(const char *text, size_t len)
{
	size_t count = 0;

	for (const char *end = text + len; text < end; count++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		text = newline ? newline + 1 : end;
	}
	return count;
}

/* How much of it is whole lines. */
static size_t whole_lines(const char *text, size_t len)
{
	const char *newline = len ? memrchr(text, '\n', len) : NULL;

	return newline ? (size_t)(newline - text) + 1 : 0;
}

/* Said once, until something is written again. */
static void complain(struct hg_event_sink *s, int error)
{
	if (s->complained)
		return;
	s->complained = true;
	hg_warn("events cannot be written to %s: %s; %s", s->name,
		error == EAGAIN ? "its reader is too slow" : strerror(error),
		s->collector ? "up to 1 MiB of them waits, and the others are counted as lost"
			     : "they are counted as lost");
}

static void lose(struct hg_event_sink *s, const char *lines, size_t len, int error)
{
	s->lost += count_lines(lines, len);
	complain(s, error);
}

/* Not while lines wait: a slow reader would have it said with each that it takes. */
static void works(struct hg_event_sink *s)
{
	if (s->complained && !s->queued)
		hg_say("events are written to %s again", s->name);
	s->complained = s->complained && s->queued;
}

static size_t first_line(const char *text, size_t len)
{
	const char *newline = memchr(text, '\n', len);

	return newline ? (size_t)(newline - text) + 1 : len;
}

/* ---- files ---- */

/*
 * Take half a line away again.  Only if nobody has written behind it, which
 * other processes may do that append to the same file.
 */
static void take_away(struct hg_event_sink *s, size_t half)
{
	off_t here = lseek(s->fd, 0, SEEK_CUR);
	struct stat st;

	s->cut = here < 0 || fstat(s->fd, &st) || st.st_size != here ||
		 ftruncate(s->fd, here - (off_t)half) ||
		 lseek(s->fd, here - (off_t)half, SEEK_SET) < 0; /* stdout need not append */
}

static void write_file(struct hg_event_sink *s, const char *lines, size_t len)
{
	ssize_t n;
	size_t whole;

	/* A line that begins behind half a line would be lost with it. */
	if (s->cut && write(s->fd, "\n", 1) == 1)
		s->cut = false;
	n = s->cut ? -1 : write(s->fd, lines, len);
	if (n < 0) {
		lose(s, lines, len, s->cut ? ENOSPC : errno);
		return;
	}
	whole = (size_t)n == len ? len : whole_lines(lines, (size_t)n);
	s->written += count_lines(lines, whole);
	if (whole)
		works(s);
	if (whole == len)
		return;
	if ((size_t)n > whole)
		take_away(s, (size_t)n - whole);
	lose(s, lines + whole, len - whole, ENOSPC);
}

/* ---- streams ---- */

/* Without waiting, whatever the flags of a descriptor that others have, too. */
static ssize_t write_some(struct hg_event_sink *s, const char *bytes, size_t len)
{
	struct pollfd ready = { .fd = s->fd, .events = POLLOUT };

	if (s->datagrams)
		len = first_line(bytes, len);
	if (s->is_socket)
		return send(s->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (poll(&ready, 1, 0) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	/* A pipe that is ready takes as much as that in one go. */
	return write(s->fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
}

/* The reader is gone: nothing of this comes to anybody. */
static void give_up(struct hg_event_sink *s, int error)
{
	lose(s, s->queue, s->queued, error);
	s->queued = 0;
	s->begun = false;
}

static void shift(struct hg_event_sink *s, size_t len)
{
	memmove(s->queue, s->queue + len, s->queued - len);
	s->queued -= len;
}

static void lose_first(struct hg_event_sink *s, int error)
{
	size_t len = first_line(s->queue, s->queued);

	lose(s, s->queue, len, error);
	shift(s, len);
	s->begun = false;
}

/* So much of the queue has been written. */
static void taken(struct hg_event_sink *s, size_t len)
{
	if (!len)
		return;
	s->written += count_lines(s->queue, whole_lines(s->queue, len));
	s->begun = s->queue[len - 1] != '\n';
	shift(s, len);
	works(s);
}

/* Of a collector it is heard at once that it has gone, also while nothing waits for it. */
static void watch(struct hg_event_sink *s)
{
	if (s->source && s->collector)
		sd_event_source_set_io_events(s->source, s->queued ? EPOLLOUT : 0);
	else if (s->source)
		sd_event_source_set_enabled(s->source, s->queued ? SD_EVENT_ON : SD_EVENT_OFF);
}

/* The collector has gone, or is not there yet.  What waits goes on waiting. */
static void disconnect(struct hg_event_sink *s, int error)
{
	s->source = sd_event_source_disable_unref(s->source);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	if (s->begun) /* its end alone is no line */
		lose_first(s, error);
	complain(s, error);
	sd_event_source_set_time_relative(s->retry, RETRY_US);
	sd_event_source_set_enabled(s->retry, SD_EVENT_ONESHOT);
}

static void drain(struct hg_event_sink *s)
{
	size_t at = 0;
	int error = 0;

	while (at < s->queued && !error) {
		ssize_t n = s->fd < 0 ? 0 : write_some(s, s->queue + at, s->queued - at);

		if (n > 0)
			at += (size_t)n;
		else
			error = n ? errno : EAGAIN;
	}
	taken(s, at);
	if (error == EMSGSIZE && s->datagrams) {
		lose_first(s, error); /* four of them at most fit in the queue */
		drain(s);
	} else if (error && error != EAGAIN && error != EINTR) {
		if (s->collector)
			disconnect(s, error);
		else
			give_up(s, error);
	}
	watch(s);
}

static int on_room(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct hg_event_sink *s = arg;

	(void)source;
	(void)fd;
	if (s->collector && events & (EPOLLHUP | EPOLLERR))
		disconnect(s, EPIPE);
	else
		drain(s);
	return 0;
}

static void write_stream(struct hg_event_sink *s, const char *lines, size_t len)
{
	size_t room, taken;

	if (s->queued)
		drain(s);
	room = HG_SINK_QUEUE - s->queued;
	taken = len <= room ? len : whole_lines(lines, room);
	memcpy(s->queue + s->queued, lines, taken);
	s->queued += taken;
	drain(s);
	if (taken < len)
		lose(s, lines + taken, len - taken, EAGAIN);
}

/* ---- collectors ---- */

static int open_socket(struct hg_event_sink *s)
{
	int type = s->datagrams ? SOCK_DGRAM : SOCK_STREAM;
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	strcpy(to.sun_path, s->collector);
	s->fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&to, sizeof(to)))
		return -errno;
	return sd_event_add_io(s->event, &s->source, s->fd, 0, on_room, s);
}

static void reach(struct hg_event_sink *s)
{
	int r = open_socket(s);

	if (r < 0) {
		disconnect(s, -r);
		return;
	}
	works(s);
	drain(s);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source;
	(void)usec;
	reach(arg);
	return 0;
}

int hg_event_sink_connect(struct hg_event_sink *s, sd_event *event, const char *path,
			  bool datagrams)
{
	int r;

	*s = (struct hg_event_sink){ .name = path,
				     .fd = -1,
				     .is_socket = true,
				     .collector = path,
				     .datagrams = datagrams,
				     .event = event };
	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return -ENAMETOOLONG;
	s->queue = malloc(HG_SINK_QUEUE);
	if (!s->queue)
		return -ENOMEM;
	r = sd_event_add_time_relative(event, &s->retry, CLOCK_MONOTONIC, RETRY_US, 0, on_retry, s);
	if (r < 0)
		hg_event_sink_close(s);
	else
		reach(s);
	return r < 0 ? r : 0;
}

/* ---- all ---- */

void hg_event_sink_write(struct hg_event_sink *s, const char *lines, size_t len)
{
	if (!len)
		return;
	if (s->is_file)
		write_file(s, lines, len);
	else
		write_stream(s, lines, len);
}

/* A descriptor of our own: not waiting is nothing that others should notice. */
static int open_stdout(void)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	return fd < 0 ? -errno : fd;
}

static int open_file(const char *path)
{
	int fd =
		open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);

	return fd < 0 ? -errno : fd;
}

static int open_stream(struct hg_event_sink *s, sd_event *event)
{
	int r;

	s->queue = malloc(HG_SINK_QUEUE);
	if (!s->queue)
		return -ENOMEM;
	r = sd_event_add_io(event, &s->source, s->fd, EPOLLOUT, on_room, s);
	if (r == -EPERM) /* such as /dev/null, which is always ready */
		return 0;
	return r < 0 ? r : sd_event_source_set_enabled(s->source, SD_EVENT_OFF);
}

int hg_event_sink_open(struct hg_event_sink *s, sd_event *event, const char *path)
{
	struct stat st;
	int r;

	*s = (struct hg_event_sink){ .name = path ? path : "stdout", .fd = -1 };
	s->fd = path ? open_file(path) : open_stdout();
	if (s->fd < 0)
		return s->fd;
	if (fstat(s->fd, &st))
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		r = -EISDIR;
	else
		r = 0;
	s->is_file = !r && S_ISREG(st.st_mode);
	s->is_socket = !r && S_ISSOCK(st.st_mode);
	if (!r && !s->is_file)
		r = open_stream(s, event);
	if (r < 0)
		hg_event_sink_close(s);
	return r < 0 ? r : 0;
}

void hg_event_sink_close(struct hg_event_sink *s)
{
	if (s->queued)
		drain(s);
	if (s->queued)
		give_up(s, EAGAIN);
	sd_event_source_disable_unref(s->source);
	sd_event_source_disable_unref(s->retry);
	if (s->fd >= 0)
		close(s->fd);
	free(s->queue);
	*s = (struct hg_event_sink){
		.name = s->name, .fd = -1, .written = s->written, .lost = s->lost
	};
}
