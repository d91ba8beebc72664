/* SPDX-License-Identifier: BSD-2-Clause */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export_prometheus.h"
#include "say.h"
#include "snapshot.h"

struct hg_http {
	struct MHD_Daemon *daemon;
	sd_event_source *source;
	const struct hg_instance *in;
	__u16 port;
};

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned int status,
			     const char *type, char *text, size_t len)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result r;

	if (!response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	r = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result reply_text(struct MHD_Connection *connection, unsigned int status,
				  const char *text)
{
	char *copy = strdup(text);

	return copy ? reply(connection, status, "text/plain; charset=utf-8", copy, strlen(copy))
		    : MHD_NO;
}

static enum MHD_Result reply_metrics(struct hg_http *h, struct MHD_Connection *connection)
{
	struct hg_snapshot *snapshot;
	char *text = NULL;
	size_t len = 0;
	FILE *file;

	if (hg_snapshot_take(h->in, &snapshot))
		return reply_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				  "the maps cannot be read\n");
	file = open_memstream(&text, &len);
	if (file) {
		hg_prometheus_write(snapshot, file);
		fclose(file);
	}
	hg_snapshot_free(snapshot);
	return text ? reply(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8",
			    text, len)
		    : MHD_NO;
}

/*
 * A browser can be made to ask loopback for a page by any name that resolves
 * to it: only names that mean this host are answered.
 */
static bool host_is_ours(struct MHD_Connection *connection)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "[::1]", NULL };
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");

	for (int i = 0; host && hosts[i]; i++) {
		size_t len = strlen(hosts[i]);

		if (!strncmp(host, hosts[i], len) && (!host[len] || host[len] == ':'))
			return true;
	}
	return !host;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_len, void **state)
{
	(void)version;
	(void)upload;
	(void)upload_len;
	(void)state;
	if (!host_is_ours(connection))
		return reply_text(connection, MHD_HTTP_FORBIDDEN,
				  "this host name is not served here\n");
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return reply_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	if (!strcmp(url, "/metrics"))
		return reply_metrics(arg, connection);
	return reply_text(connection, MHD_HTTP_NOT_FOUND, "try /metrics\n");
}

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct hg_http *h = arg;

	(void)source;
	(void)fd;
	(void)events;
	MHD_run(h->daemon);
	return 0;
}

static int parse_listen(const char *listen, struct sockaddr_in *address)
{
	char host[64];
	unsigned int port;

	if (sscanf(listen, "%63[^:]:%u", host, &port) != 2 || port > 65535 ||
	    inet_pton(AF_INET, host, &address->sin_addr) != 1)
		return -EINVAL;
	if (ntohl(address->sin_addr.s_addr) >> 24 != 127)
		return -EACCES;
	address->sin_family = AF_INET;
	address->sin_port = htons((__u16)port);
	return 0;
}

static int start(struct hg_http *h, sd_event *event, const struct sockaddr_in *address)
{
	const union MHD_DaemonInfo *info;

	h->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request,
				     h, MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_CONNECTION_LIMIT,
				     64, MHD_OPTION_CONNECTION_TIMEOUT, 10, MHD_OPTION_END);
	if (!h->daemon)
		return -errno;
	info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return sd_event_add_io(event, &h->source, info->epoll_fd, EPOLLIN, on_ready, h);
}

int hg_http_open(sd_event *event, const struct hg_instance *in, const char *listen,
		 struct hg_http **out)
{
	struct sockaddr_in address = { 0 };
	struct hg_http *h;
	int r;

	*out = NULL;
	if (!strcmp(listen, "none"))
		return HG_OK;
	r = parse_listen(listen, &address);
	if (r) {
		hg_error("--listen %s: %s", listen,
			 r == -EACCES ? "only the loopback, 127.0.0.0/8, is served"
				      : "not ADDRESS:PORT, such as 127.0.0.1:9813");
		hg_hint("to serve others, put a reverse proxy in front; for no HTTP: --listen none");
		return HG_USAGE;
	}
	h = calloc(1, sizeof(*h));
	r = h ? 0 : -ENOMEM;
	if (h) {
		h->in = in;
		r = start(h, event, &address);
	}
	if (r < 0) {
		hg_error("cannot serve HTTP on %s: %s", listen, strerror(-r));
		hg_hint("choose another port with --listen 127.0.0.1:PORT, or --listen none");
		hg_http_close(h);
		return r == -EADDRINUSE ? HG_CONFLICT : HG_UNSUPPORTED;
	}
	*out = h;
	return HG_OK;
}

void hg_http_close(struct hg_http *h)
{
	if (!h)
		return;
	sd_event_source_disable_unref(h->source);
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	free(h);
}

void hg_http_beat(struct hg_http *h)
{
	if (h)
		MHD_run(h->daemon);
}
