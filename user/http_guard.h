/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_guard.h - who may ask the daemon over HTTP, and where it may be asked.
 *
 * On the loopback a browser can be made to ask by any name that resolves to it,
 * so only names that mean this host are answered.  Beyond the loopback there is
 * TLS and a token, or nothing is served.
 */
#ifndef HG_HTTP_GUARD_H
#define HG_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "say.h"

#define HG_HTTP_LISTEN "127.0.0.1:9813"
#define HG_SOCKET_PATH 108 /* of sun_path */
#define HG_HOSTS_MAX 16
#define HG_TOKEN_MIN 16 /* characters */
#define HG_TOKEN_MAX 512

/* What is served, and to whom.  Texts belong to who made it. */
struct hg_http_config {
	const char *listen;	       /* ADDRESS:PORT, or "none" */
	const char *socket;	       /* a path, or "none" */
	const char *certificate, *key; /* PEM; NULL: no TLS */
	const char *token;	       /* NULL: nobody is asked for one */
	const char *hosts[HG_HOSTS_MAX + 1];
	unsigned int host_count;
};

struct hg_listen {
	struct sockaddr_storage address;
	bool none;
	bool loopback;
};

/* "127.0.0.1:9813", "[::1]:9813" or "none".  0, or -EINVAL with the reason in `why`. */
int hg_listen_parse(const char *text, struct hg_listen *out, char why[HG_WHY_MAX]);

/* May it be served there?  0, or -EINVAL with the reason in `why`. */
int hg_listen_check(const struct hg_http_config *config, const struct hg_listen *listen,
		    char why[HG_WHY_MAX]);

/*
 * Is this value of the header Host one of ours: this host's names, those of the
 * configuration, or `local`, the address that was asked?  With any port; NULL,
 * as HTTP/1.0 leaves it away, is no name, and no browser does that.
 */
bool hg_host_is_ours(const struct hg_http_config *config, const char *host, const char *local);

/*
 * Does this value of the header Authorization bear the token, or have it as the
 * password of any user (Basic)?  In constant time.
 */
bool hg_token_is_ours(const struct hg_http_config *config, const char *authorization);

/*
 * The token in the text of its file, which is changed: one word, white space
 * around it is not of it.  NULL, with the reason in `why`, if it is none.
 */
const char *hg_token_of(char *text, char why[HG_WHY_MAX]);

#endif /* HG_HTTP_GUARD_H */
