/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http.h - what the daemon serves over HTTP, on TCP and on a unix socket: it
 * reads, and changes nothing.
 *
 *	GET /			the page: user/page/
 *	GET /metrics		what `hellogate metrics` prints
 *	GET /api/v1/...		what the page is made of: docs/api.md
 */
#ifndef HG_HTTP_H
#define HG_HTTP_H

#include <systemd/sd-event.h>

#include "http_guard.h"
#include "http_routes.h"

struct hg_http;

/*
 * Serve what `config` says, which stays the caller's, and stays.  Where `before`,
 * which may be NULL, listens at the same place, its socket is used once more, so
 * that one can replace the other without a gap.  Of `routes`, the streams are its own.
 * Returns enum hg_exit.
 */
int hg_http_open(sd_event *event, const struct hg_routes *routes,
		 const struct hg_http_config *config, const struct hg_http *before,
		 struct hg_http **out);

/* It is the one that stays: what it has in common with `before` is now its own. */
void hg_http_replace(struct hg_http *http, struct hg_http *before);
void hg_http_close(struct hg_http *http);

/* Now and then, so that idle connections time out. */
void hg_http_beat(struct hg_http *http);

/* Is anything served at all? */
bool hg_http_serves(const struct hg_http *http);

/* There may be messages for those who watch; and how many they are. */
void hg_http_wake(struct hg_http *http);
unsigned int hg_http_watchers(const struct hg_http *http);

struct hg_http_counts {
	__u64 refused_host;   /* requests for a name that is not ours */
	__u64 refused_token;  /* without the token */
	__u64 refused_stream; /* to watch, beyond the most that may */
};

const struct hg_http_counts *hg_http_counts(struct hg_http *http);

#endif /* HG_HTTP_H */
