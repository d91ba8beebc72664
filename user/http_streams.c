/* SPDX-License-Identifier: BSD-2-Clause */
#include "http_streams.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "http_reply.h"

#define BLOCK 16384	      /* bytes that are asked for at once */
#define SEND_BUFFER (1 << 15) /* what waits in a socket is old by the time it is read */
#define PATIENCE 60	      /* seconds in which a slow one takes nothing: then it is closed */

struct stream {
	struct hg_streams *streams; /* NULL: the place is free */
	struct MHD_Connection *connection;
	struct hg_message_reader reader;
	bool waits; /* suspended */
};

struct hg_streams {
	struct hg_message_log *log;
	struct stream list[HG_STREAMS];
	unsigned int count;
	__u64 refused;
	bool ending;
};

struct hg_streams *hg_streams_new(struct hg_message_log *log)
{
	struct hg_streams *streams = calloc(1, sizeof(*streams));

	if (streams)
		streams->log = log;
	return streams;
}

void hg_streams_free(struct hg_streams *streams)
{
	free(streams);
}

/* ---- one stream ---- */

static struct stream *take_place(struct hg_streams *streams)
{
	for (unsigned int i = 0; i < HG_STREAMS && !streams->ending; i++)
		if (!streams->list[i].streams)
			return &streams->list[i];
	return NULL;
}

/* Without something to tell it is suspended, or the server would ask again and again. */
static ssize_t on_room(void *arg, uint64_t at, char *to, size_t room)
{
	struct stream *s = arg;
	size_t len = hg_message_read(&s->reader, s->streams->log, to, room);

	(void)at;
	if (len)
		return (ssize_t)len;
	if (s->streams->ending)
		return MHD_CONTENT_READER_END_OF_STREAM;
	s->waits = true;
	MHD_suspend_connection(s->connection);
	return 0;
}

static void on_closed(void *arg)
{
	struct stream *s = arg;

	hg_message_reader_close(&s->reader);
	s->streams->count--;
	*s = (struct stream){ 0 };
}

/* Else megabytes would wait in the kernel for a slow reader, and it would be told nothing. */
static void bound_buffer(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	int size = SEND_BUFFER;

	if (info)
		setsockopt(info->connect_fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static enum MHD_Result refuse(struct hg_streams *streams, struct MHD_Connection *connection)
{
	streams->refused++;
	return hg_reply_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			     "as many watch as may: close another page\n");
}

enum MHD_Result hg_streams_answer(struct hg_streams *streams, struct MHD_Connection *connection,
				  __u64 after)
{
	struct stream *s = take_place(streams);
	struct MHD_Response *response;
	enum MHD_Result r;

	if (!s)
		return refuse(streams, connection);
	response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, on_room, s, on_closed);
	if (!response)
		return MHD_NO;
	*s = (struct stream){ .streams = streams, .connection = connection };
	hg_message_reader_open(&s->reader, streams->log, after);
	streams->count++;
	bound_buffer(connection);
	MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, PATIENCE);
	hg_reply_headers(response, "text/event-stream", "no-store");
	MHD_add_response_header(response, "X-Accel-Buffering", "no");
	r = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return r;
}

/* ---- all of them ---- */

void hg_streams_wake(struct hg_streams *streams)
{
	for (unsigned int i = 0; i < HG_STREAMS; i++) {
		struct stream *s = &streams->list[i];

		if (!s->waits ||
		    (!streams->ending && !hg_message_reader_waits(&s->reader, streams->log)))
			continue;
		s->waits = false;
		MHD_resume_connection(s->connection);
	}
}

void hg_streams_end(struct hg_streams *streams)
{
	streams->ending = true;
	hg_streams_wake(streams);
}

unsigned int hg_streams_count(const struct hg_streams *streams)
{
	return streams->count;
}

__u64 hg_streams_refused(const struct hg_streams *streams)
{
	return streams->refused;
}
