/* SPDX-License-Identifier: BSD-2-Clause */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "http_reply.h"
#include "say.h"

#define CONNECTIONS 64U
#define PATIENCE 10U	    /* seconds */
#define MEMORY (16U * 1024) /* of a connection: what a request may have */
#define RUNS_MAX 16

/* One place where it is served. */
struct listener {
	struct hg_http *http;
	struct MHD_Daemon *daemon;
	sd_event_source *source;
	const char *place; /* as it was asked for */
	int fd;		   /* listens; the daemon has a copy of its own */
	bool is_unix;
	bool owns_path;
};

enum { TCP, UNIX, LISTENERS };

struct hg_http {
	struct hg_routes routes;
	const struct hg_http_config *config;
	struct listener listeners[LISTENERS];
	__u64 refused_host, refused_token;
	struct hg_http_counts before; /* of those that it replaced */
	struct hg_http_counts counts;
};

/* ---- who asks ---- */

/* The address that was asked, as a browser would name it: by it nobody is fooled. */
static const char *local_address(struct MHD_Connection *connection, char out[INET6_ADDRSTRLEN + 2])
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = { 0 };
	socklen_t len = sizeof(a);

	if (!info || getsockname(info->connect_fd, &a.any, &len))
		return NULL;
	if (a.any.sa_family == AF_INET)
		return inet_ntop(AF_INET, &a.v4.sin_addr, out, INET6_ADDRSTRLEN);
	if (a.any.sa_family != AF_INET6 ||
	    !inet_ntop(AF_INET6, &a.v6.sin6_addr, out + 1, INET6_ADDRSTRLEN))
		return NULL;
	*out = '[';
	strcat(out, "]");
	return out;
}

/* A unix socket is guarded by its file; TCP by the names that it answers to, and a token. */
static bool is_refused(struct listener *l, struct MHD_Connection *connection,
		       enum MHD_Result *result)
{
	const char *host =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	const char *authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
								MHD_HTTP_HEADER_AUTHORIZATION);
	const struct hg_http_config *config = l->http->config;
	char local[INET6_ADDRSTRLEN + 2];

	if (l->is_unix)
		return false;
	if (!hg_host_is_ours(config, host, local_address(connection, local))) {
		l->http->refused_host++;
		*result = hg_reply_text(connection, MHD_HTTP_FORBIDDEN,
					"this host name is not served here: see http.hosts\n");
		return true;
	}
	if (!hg_token_is_ours(config, authorization)) {
		l->http->refused_token++;
		*result = hg_reply_text(connection, MHD_HTTP_UNAUTHORIZED, "a token is needed\n");
		return true;
	}
	return false;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_len, void **state)
{
	struct listener *l = arg;
	enum MHD_Result r;

	(void)version;
	(void)upload;
	(void)upload_len;
	(void)state;
	if (is_refused(l, connection, &r))
		return r;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return hg_reply_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				     "only GET: nothing is changed over HTTP\n");
	return hg_routes_answer(&l->http->routes, connection, url);
}

/* ---- sockets ---- */

static int listen_on(int family, const void *address, socklen_t len)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1, r = 0;

	if (fd < 0)
		return -errno;
	if (family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, address, len) || listen(fd, 16))
		r = -errno;
	if (r)
		close(fd);
	return r ? r : fd;
}

static int listen_tcp(const struct listener *l)
{
	struct hg_listen listen;
	char why[HG_WHY_MAX];
	int family;

	if (hg_listen_parse(l->place, &listen, why))
		return -EINVAL;
	family = listen.address.ss_family;
	return listen_on(family, &listen.address,
			 family == AF_INET ? sizeof(struct sockaddr_in)
					   : sizeof(struct sockaddr_in6));
}

/* Does somebody answer there?  What is left of one that was killed is in the way. */
static bool is_answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answered = fd >= 0 &&
			(!connect(fd, (const struct sockaddr *)address, sizeof(*address)) ||
			 errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return answered;
}

static int listen_unix(struct listener *l)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	mode_t mask;
	int fd;

	if (strlen(l->place) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, l->place);
	if (!lstat(l->place, &st)) {
		if (!S_ISSOCK(st.st_mode))
			return -EEXIST;
		if (is_answered(&address))
			return -EADDRINUSE;
		unlink(l->place);
	}
	mask = umask(0117); /* its owner and group may ask */
	fd = listen_on(AF_UNIX, &address, sizeof(address));
	umask(mask);
	l->owns_path = fd >= 0;
	return fd;
}

/* ---- the server ---- */

/* What TLS has already taken off the socket wakes nobody. */
static void run(struct listener *l)
{
	MHD_UNSIGNED_LONG_LONG wait;

	for (int i = 0; i < RUNS_MAX; i++) {
		MHD_run(l->daemon);
		if (MHD_get_timeout(l->daemon, &wait) != MHD_YES || wait)
			return;
	}
}

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	(void)source;
	(void)fd;
	(void)events;
	run(arg);
	return 0;
}

static int start(struct listener *l, sd_event *event)
{
	const struct hg_http_config *config = l->http->config;
	bool tls = !l->is_unix && config->certificate;
	struct MHD_OptionItem keys[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)config->certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)config->key },
		{ MHD_OPTION_END, 0, NULL },
	};
	const union MHD_DaemonInfo *info;
	int fd;

	if (tls && MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
		return -EPROTONOSUPPORT;
	fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	l->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0), 0, NULL, NULL,
		on_request, l, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, PATIENCE,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY, MHD_OPTION_ARRAY,
		tls ? keys : keys + 2, MHD_OPTION_END);
	if (!l->daemon)
		return tls ? -EKEYREJECTED : -EIO;
	info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return sd_event_add_io(event, &l->source, info->epoll_fd, EPOLLIN, on_ready, l);
}

static void stop(struct listener *l)
{
	sd_event_source_disable_unref(l->source);
	if (l->daemon) {
		int fd = MHD_quiesce_daemon(
			l->daemon); /* else it shuts down what others have, too */

		MHD_stop_daemon(l->daemon);
		if (fd >= 0)
			close(fd);
	}
	if (l->fd >= 0)
		close(l->fd);
	if (l->owns_path)
		unlink(l->place);
}

static int explain(const struct listener *l, int error)
{
	const char *what = l->is_unix ? "--socket PATH" : "--listen 127.0.0.1:PORT";

	hg_error("cannot serve HTTP on %s: %s", l->place,
		 error == -EKEYREJECTED ? "certificate and key are not taken" : strerror(-error));
	if (error == -EKEYREJECTED)
		hg_hint("are both PEM, and is the key that of the certificate?  try: openssl x509 -noout -in FILE");
	else
		hg_hint("choose another place with %s, or none", what);
	return error == -EADDRINUSE ? HG_CONFLICT : HG_UNSUPPORTED;
}

static int open_listener(struct listener *l, sd_event *event, const struct listener *before)
{
	int r;

	if (!strcmp(l->place, "none"))
		return HG_OK;
	if (before && before->fd >= 0 && !strcmp(before->place, l->place))
		l->fd = fcntl(before->fd, F_DUPFD_CLOEXEC, 3);
	else
		l->fd = l->is_unix ? listen_unix(l) : listen_tcp(l);
	r = l->fd < 0 ? l->fd : start(l, event);
	return r < 0 ? explain(l, r) : HG_OK;
}

int hg_http_open(sd_event *event, const struct hg_routes *routes,
		 const struct hg_http_config *config, const struct hg_http *before,
		 struct hg_http **out)
{
	struct hg_http *h = calloc(1, sizeof(*h));
	int r = HG_OK;

	if (h)
		h->routes.streams = hg_streams_new(hg_board_log(routes->board));
	if (!h || !h->routes.streams) {
		free(h);
		hg_error("out of memory");
		return HG_UNSUPPORTED;
	}
	h->routes.in = routes->in;
	h->routes.board = routes->board;
	h->config = config;
	h->listeners[TCP] = (struct listener){ .http = h, .fd = -1, .place = config->listen };
	h->listeners[UNIX] =
		(struct listener){ .http = h, .fd = -1, .place = config->socket, .is_unix = true };
	for (int i = 0; i < LISTENERS && !r; i++)
		r = open_listener(&h->listeners[i], event, before ? &before->listeners[i] : NULL);
	if (r)
		hg_http_close(h);
	else
		*out = h;
	return r;
}

void hg_http_replace(struct hg_http *h, struct hg_http *before)
{
	struct listener *mine = &h->listeners[UNIX], *old = &before->listeners[UNIX];

	h->before = *hg_http_counts(before);
	if (old->owns_path && !strcmp(mine->place, old->place)) {
		mine->owns_path = true;
		old->owns_path = false;
	}
}

void hg_http_close(struct hg_http *h)
{
	if (!h)
		return;
	hg_streams_end(h->routes.streams); /* those that wait must not, when a server stops */
	hg_http_beat(h);
	for (int i = 0; i < LISTENERS; i++)
		stop(&h->listeners[i]);
	hg_streams_free(h->routes.streams);
	free(h);
}

void hg_http_beat(struct hg_http *h)
{
	for (int i = 0; i < LISTENERS; i++)
		if (h->listeners[i].daemon)
			run(&h->listeners[i]);
}

bool hg_http_serves(const struct hg_http *h)
{
	for (int i = 0; i < LISTENERS; i++)
		if (h->listeners[i].daemon)
			return true;
	return false;
}

void hg_http_wake(struct hg_http *h)
{
	hg_streams_wake(h->routes.streams);
}

unsigned int hg_http_watchers(const struct hg_http *h)
{
	return hg_streams_count(h->routes.streams);
}

const struct hg_http_counts *hg_http_counts(struct hg_http *h)
{
	h->counts.refused_host = h->before.refused_host + h->refused_host;
	h->counts.refused_token = h->before.refused_token + h->refused_token;
	h->counts.refused_stream = h->before.refused_stream + hg_streams_refused(h->routes.streams);
	return &h->counts;
}
