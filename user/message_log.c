/* SPDX-License-Identifier: BSD-2-Clause */
#include "message_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hg_message {
	unsigned int holders; /* the log, and who is in the middle of it */
	size_t len;
	char text[];
};

struct hg_message_log {
	struct hg_message **ring; /* message n is in place n % room */
	size_t room, most, bytes;
	__u64 begin;	  /* number of the first there was */
	__u64 first, end; /* of the oldest, and of the one that comes next */
	__u64 missed;
};

/* ---- messages ---- */

static void let_go(struct hg_message *m)
{
	if (m && !--m->holders)
		free(m);
}

#define AROUND 64 /* bytes of a message that are neither its event nor its data */

static struct hg_message *new_message(__u64 id, const char *event, const char *data, size_t len)
{
	static const char end[] = "\n\n";
	size_t room = strlen(event) + len + AROUND;
	struct hg_message *m = malloc(sizeof(*m) + room);

	if (!m)
		return NULL;
	m->holders = 1;
	m->len = (size_t)snprintf(m->text, room,
				  "id: %llu\nevent: %s\ndata: ", (unsigned long long)id, event);
	memcpy(m->text + m->len, data, len);
	m->len += len;
	memcpy(m->text + m->len, end, sizeof(end) - 1);
	m->len += sizeof(end) - 1;
	return m;
}

/* ---- the log ---- */

struct hg_message_log *hg_message_log_new(size_t messages, size_t bytes, __u64 from)
{
	struct hg_message_log *log = calloc(1, sizeof(*log));

	if (log)
		log->ring = calloc(messages, sizeof(struct hg_message *));
	if (!log || !log->ring) {
		free(log);
		return NULL;
	}
	log->room = messages;
	log->most = bytes;
	log->begin = log->first = log->end = from;
	return log;
}

static void forget_oldest(struct hg_message_log *log)
{
	struct hg_message **oldest = &log->ring[log->first % log->room];

	if (*oldest)
		log->bytes -= (*oldest)->len;
	let_go(*oldest);
	*oldest = NULL;
	log->first++;
}

void hg_message_log_clear(struct hg_message_log *log)
{
	while (log->first != log->end)
		forget_oldest(log);
}

void hg_message_log_free(struct hg_message_log *log)
{
	if (!log)
		return;
	hg_message_log_clear(log);
	free(log->ring);
	free(log);
}

bool hg_message_log_add(struct hg_message_log *log, const char *event, const char *data, size_t len)
{
	struct hg_message *m = new_message(log->end + 1, event, data, len);

	if (!m || m->len > log->most) {
		let_go(m);
		hg_message_log_clear(log);
		log->first = ++log->end;
		return false;
	}
	while (log->first != log->end &&
	       (log->end - log->first == log->room || log->bytes + m->len > log->most))
		forget_oldest(log);
	log->ring[log->end++ % log->room] = m;
	log->bytes += m->len;
	return true;
}

__u64 hg_message_log_missed(const struct hg_message_log *log)
{
	return log->missed;
}

/* ---- readers ---- */

void hg_message_reader_open(struct hg_message_reader *r, const struct hg_message_log *log,
			    __u64 after)
{
	*r = (struct hg_message_reader){ .next = log->end };
	if (after && after >= log->begin && after <= log->end)
		r->next = after;
}

void hg_message_reader_close(struct hg_message_reader *r)
{
	let_go(r->now);
	r->now = NULL;
}

bool hg_message_reader_waits(const struct hg_message_reader *r, const struct hg_message_log *log)
{
	return r->now || r->next != log->end;
}

/* The next one, or in its place how many are gone. */
static void take_next(struct hg_message_reader *r, struct hg_message_log *log)
{
	char data[48];
	int len;

	r->at = 0;
	if (r->next >= log->first) {
		if (r->next == log->end)
			return;
		r->now = log->ring[r->next++ % log->room];
		r->now->holders++;
		return;
	}
	len = snprintf(data, sizeof(data), "{\"messages\":%llu}",
		       (unsigned long long)(log->first - r->next));
	r->now = new_message(log->first, "missed", data, (size_t)len);
	if (!r->now) /* it is told when there is memory again */
		return;
	log->missed += log->first - r->next;
	r->next = log->first;
}

size_t hg_message_read(struct hg_message_reader *r, struct hg_message_log *log, char *to,
		       size_t room)
{
	size_t done = 0;

	while (done < room) {
		size_t left;

		if (!r->now)
			take_next(r, log);
		if (!r->now)
			break;
		left = r->now->len - r->at;
		left = left < room - done ? left : room - done;
		memcpy(to + done, r->now->text + r->at, left);
		done += left;
		r->at += left;
		if (r->at == r->now->len)
			hg_message_reader_close(r);
	}
	return done;
}
