/* SPDX-License-Identifier: BSD-2-Clause */
#include "feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../include/event.h"
#include "say.h"
#include "source.h"

#define CLIENTS_MAX 64
#define QUEUE_MAX (4U << 20) /* bytes that wait for one client */
#define KEPT_MAX (4U << 20)  /* bytes kept for clients that ask for the past */

struct client {
	struct hg_feed *feed;
	sd_event_source *source;
	int fd;
	bool follows;
	bool leaves; /* once its queue is empty */
	unsigned char *queue;
	size_t len, room;
};

struct hg_feed {
	sd_event *event;
	sd_event_source *source;
	char path[108];
	int fd;
	struct client *clients[CLIENTS_MAX];
	unsigned char *kept; /* a ring of whole records: the oldest go first */
	size_t kept_len;
	__u64 lost;
	__u64 refused; /* clients that there was no room for */
};

static void client_close(struct client *c)
{
	struct hg_feed *f = c->feed;

	for (int i = 0; i < CLIENTS_MAX; i++)
		if (f->clients[i] == c)
			f->clients[i] = NULL;
	sd_event_source_disable_unref(c->source);
	close(c->fd);
	free(c->queue);
	free(c);
}

static bool client_queue(struct client *c, const void *bytes, size_t len)
{
	if (c->len + len > QUEUE_MAX)
		return false;
	if (c->len + len > c->room) {
		size_t room = (c->len + len) * 2;
		unsigned char *queue = realloc(c->queue, room);

		if (!queue)
			return false;
		c->queue = queue;
		c->room = room;
	}
	memcpy(c->queue + c->len, bytes, len);
	c->len += len;
	return true;
}

/* Send what the socket takes; false if the client is gone or done. */
static bool client_flush(struct client *c)
{
	while (c->len) {
		ssize_t n = send(c->fd, c->queue, c->len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n <= 0)
			break;
		memmove(c->queue, c->queue + n, c->len - (size_t)n);
		c->len -= (size_t)n;
	}
	if (!c->len && c->leaves)
		return false;
	sd_event_source_set_io_events(c->source, c->len ? EPOLLIN | EPOLLOUT : EPOLLIN);
	return true;
}

static bool client_asks(struct client *c)
{
	char what;
	ssize_t n = recv(c->fd, &what, 1, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!n)
		return false;
	if (what == HG_SOURCE_FOLLOW) {
		c->follows = true;
		return true;
	}
	c->leaves = true;
	return what == HG_SOURCE_KEPT && client_queue(c, c->feed->kept, c->feed->kept_len);
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct client *c = arg;
	bool stays = true;

	(void)source;
	(void)fd;
	if (events & (EPOLLHUP | EPOLLERR))
		stays = false;
	else if (events & EPOLLIN)
		stays = client_asks(c);
	if (!stays || !client_flush(c))
		client_close(c);
	return 0;
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct hg_feed *f = arg;
	int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), slot;
	struct client *c;

	(void)source;
	(void)events;
	if (connection < 0)
		return 0;
	for (slot = 0; slot < CLIENTS_MAX && f->clients[slot]; slot++)
		;
	c = slot < CLIENTS_MAX ? calloc(1, sizeof(*c)) : NULL;
	if (!c) {
		f->refused++;
		close(connection);
		return 0;
	}
	c->feed = f;
	c->fd = connection;
	if (sd_event_add_io(f->event, &c->source, connection, EPOLLIN, on_client, c) < 0) {
		close(connection);
		free(c);
		return 0;
	}
	f->clients[slot] = c;
	return 0;
}

/* Make room at the end by dropping whole records from the front. */
static void keep(struct hg_feed *f, const void *bytes, size_t len)
{
	size_t drop = 0;

	while (f->kept_len - drop + len > KEPT_MAX) {
		__u32 first;

		memcpy(&first, f->kept + drop, sizeof(first));
		drop += sizeof(first) + first;
	}
	if (drop) {
		/* In quarters, so that a full store is not moved at every record. */
		while (drop < KEPT_MAX / 4 && drop < f->kept_len) {
			__u32 first;

			memcpy(&first, f->kept + drop, sizeof(first));
			drop += sizeof(first) + first;
		}
		memmove(f->kept, f->kept + drop, f->kept_len - drop);
		f->kept_len -= drop;
	}
	memcpy(f->kept + f->kept_len, bytes, len);
	f->kept_len += len;
}

void hg_feed_record(struct hg_feed *f, const void *record, size_t len)
{
	unsigned char framed[sizeof(__u32) + HG_EVENT_MAX + 64];
	__u32 size = (__u32)len;

	if (len > sizeof(framed) - sizeof(size)) {
		f->lost++;
		return;
	}
	memcpy(framed, &size, sizeof(size));
	memcpy(framed + sizeof(size), record, len);
	keep(f, framed, sizeof(size) + len);
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = f->clients[i];

		if (!c || !c->follows)
			continue;
		if (!client_queue(c, framed, sizeof(size) + len))
			f->lost++;
		else if (!client_flush(c))
			client_close(c);
	}
}

__u64 hg_feed_lost(const struct hg_feed *f)
{
	return f->lost;
}

__u64 hg_feed_refused(const struct hg_feed *f)
{
	return f->refused;
}

static int listen_on(struct hg_feed *f)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char *slash;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	slash = strrchr(f->path, '/');
	*slash = 0;
	mkdir(f->path, 0755);
	*slash = '/';
	unlink(f->path); /* ours: the right to the ring is held by us alone */
	f->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (f->fd < 0 || bind(f->fd, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(f->path, 0660) || listen(f->fd, 16))
		return -errno;
	return 0;
}

int hg_feed_open(sd_event *event, const struct hg_instance *in, struct hg_feed **out)
{
	struct hg_feed *f = calloc(1, sizeof(*f));
	int r = f ? 0 : -ENOMEM;

	if (!r) {
		f->event = event;
		f->fd = -1;
		f->kept = malloc(KEPT_MAX);
		hg_source_path(in, f->path, sizeof(f->path));
		r = f->kept ? listen_on(f) : -ENOMEM;
	}
	r = r ? r : sd_event_add_io(event, &f->source, f->fd, EPOLLIN, on_connect, f);
	if (r < 0) {
		hg_error("cannot serve events on %s: %s", f ? f->path : "a socket", strerror(-r));
		hg_hint("set RUNTIME_DIRECTORY to a directory that can be written");
		hg_feed_close(f);
		return HG_UNSUPPORTED;
	}
	*out = f;
	return HG_OK;
}

void hg_feed_close(struct hg_feed *f)
{
	if (!f)
		return;
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (f->clients[i])
			client_close(f->clients[i]);
	sd_event_source_disable_unref(f->source);
	if (f->fd >= 0) {
		close(f->fd);
		unlink(f->path);
	}
	free(f->kept);
	free(f);
}
