/* SPDX-License-Identifier: BSD-2-Clause */
#include "source.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../include/event.h"
#include "say.h"

#define RECORD_MAX (HG_EVENT_MAX + 64)
#define RECORDS_AT_ONCE 65536 /* more than the ring holds: whoever reads must come back */

struct hg_source {
	struct ring_buffer *ring; /* NULL: a socket */
	int lock;
	int socket;
	hg_record_fn fn;
	void *arg;
	bool came;	      /* by the last look at the ring */
	unsigned int records; /* of that look */
	/* What has come of a record on the socket: its length, then its bytes. */
	size_t have;
	unsigned char buffer[sizeof(__u32) + RECORD_MAX];
};

void hg_source_path(const struct hg_instance *in, char *path, size_t size)
{
	const char *runtime = getenv("RUNTIME_DIRECTORY");
	__u64 hash = 0xcbf29ce484222325ULL;

	for (const char *p = in->dir; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3ULL;
	snprintf(path, size, "%s/events-%016llx.sock", runtime ? runtime : "/run/hellogate",
		 (unsigned long long)hash);
}

int hg_source_lock(const struct hg_instance *in)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/maps", in->dir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

static int on_record(void *ctx, void *data, size_t len)
{
	struct hg_source *s = ctx;

	s->fn(s->arg, data, len);
	return ++s->records < RECORDS_AT_ONCE ? 0 : -EAGAIN;
}

static int open_ring(struct hg_source *s, const struct hg_instance *in)
{
	s->ring = ring_buffer__new(in->maps[HG_MAP_events], on_record, s, NULL);
	return s->ring ? HG_OK : hg_bpf_refused(errno, "cannot read the events ring");
}

static int open_socket(struct hg_source *s, const struct hg_instance *in, bool follow)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char hello = follow ? HG_SOURCE_FOLLOW : HG_SOURCE_KEPT;

	hg_source_path(in, address.sun_path, sizeof(address.sun_path));
	s->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->socket >= 0 && !connect(s->socket, (struct sockaddr *)&address, sizeof(address)) &&
	    send(s->socket, &hello, 1, MSG_NOSIGNAL) == 1)
		return HG_OK;
	hg_error("another process reads the events, and its socket %s does not answer: %s",
		 address.sun_path, strerror(errno));
	hg_hint("is it a `watch`, `events` or `top`? end that, or start `hellogate run`, which serves many");
	return HG_CONFLICT;
}

int hg_source_open(const struct hg_instance *in, bool follow, hg_record_fn fn, void *arg,
		   struct hg_source **out)
{
	struct hg_source *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return hg_bpf_refused(ENOMEM, "events");
	s->socket = -1;
	s->fn = fn;
	s->arg = arg;
	s->lock = hg_source_lock(in);
	if (s->lock >= 0)
		r = open_ring(s, in);
	else if (s->lock == -EWOULDBLOCK)
		r = open_socket(s, in, follow);
	else
		r = hg_bpf_refused(s->lock, "cannot lock the events");
	if (r) {
		hg_source_close(s);
		return r;
	}
	*out = s;
	return HG_OK;
}

void hg_source_close(struct hg_source *s)
{
	if (!s)
		return;
	ring_buffer__free(s->ring);
	if (s->socket >= 0)
		close(s->socket);
	if (s->lock >= 0)
		close(s->lock);
	free(s);
}

int hg_source_fd(const struct hg_source *s)
{
	return s->ring ? ring_buffer__epoll_fd(s->ring) : s->socket;
}

/* Take whole records off the front of the buffer. */
static int take_records(struct hg_source *s)
{
	size_t at = 0;

	for (;;) {
		__u32 len;

		if (s->have - at < sizeof(len))
			break;
		memcpy(&len, s->buffer + at, sizeof(len));
		if (len > RECORD_MAX) {
			hg_error("the daemon speaks another version of the event protocol");
			hg_hint("end that `run`, and start this version's");
			return HG_CONFLICT;
		}
		if (s->have - at < sizeof(len) + len)
			break;
		s->fn(s->arg, s->buffer + at + sizeof(len), len);
		at += sizeof(len) + len;
	}
	memmove(s->buffer, s->buffer + at, s->have - at);
	s->have -= at;
	return HG_OK;
}

static int read_socket(struct hg_source *s)
{
	ssize_t n = recv(s->socket, s->buffer + s->have, sizeof(s->buffer) - s->have, MSG_DONTWAIT);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? HG_OK : HG_NOTHING;
	if (!n)
		return HG_NOTHING;
	s->have += (size_t)n;
	return take_records(s);
}

int hg_source_read(struct hg_source *s)
{
	if (!s->ring)
		return read_socket(s);
	s->records = 0;
	ring_buffer__consume(s->ring);
	s->came = s->records > 0;
	return HG_OK;
}

/* The ring wakes its reader only now and then: see HG_WAKE_NS.  Milliseconds. */
static int patience(const struct hg_source *s)
{
	return s->came ? HG_WAKE_AGAIN_MS : 500;
}

int hg_source_follow(struct hg_source *s)
{
	struct pollfd fds[2] = { { .fd = hg_source_fd(s), .events = POLLIN } };
	sigset_t signals;
	int r = HG_OK;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fds[1] = (struct pollfd){ .fd = signalfd(-1, &signals, SFD_CLOEXEC), .events = POLLIN };
	while (!r) {
		poll(fds, 2, patience(s));
		r = hg_source_read(s);
		fflush(stdout);
		if (fds[1].revents || ferror(stdout))
			break;
	}
	close(fds[1].fd);
	return r;
}

bool hg_source_is_live(const struct hg_source *s)
{
	return s->ring != NULL;
}
