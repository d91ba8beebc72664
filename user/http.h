/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http.h - what the daemon serves over HTTP, on TCP and on a unix socket: it
 * reads, and changes nothing.
 *
 *	GET /metrics	what `hellogate metrics` prints
 */
#ifndef HG_HTTP_H
#define HG_HTTP_H

#include <systemd/sd-event.h>

#include "http_guard.h"
#include "instance.h"

struct hg_http;

/*
 * Serve what `config` says, which stays the caller's, and stays.  Where `before`,
 * which may be NULL, listens at the same place, its socket is used once more, so
 * that one can replace the other without a gap.  Returns enum hg_exit.
 */
int hg_http_open(sd_event *event, const struct hg_instance *in, const struct hg_http_config *config,
		 const struct hg_http *before, struct hg_http **out);

/* It is the one that stays: what it has in common with `before` is now its own. */
void hg_http_replace(struct hg_http *http, struct hg_http *before);
void hg_http_close(struct hg_http *http);

/* Now and then, so that idle connections time out. */
void hg_http_beat(struct hg_http *http);

struct hg_http_counts {
	__u64 refused_host;  /* requests for a name that is not ours */
	__u64 refused_token; /* without the token */
};

const struct hg_http_counts *hg_http_counts(const struct hg_http *http);

#endif /* HG_HTTP_H */
