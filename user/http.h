/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http.h - what the daemon serves on 127.0.0.1: /metrics.
 */
#ifndef HG_HTTP_H
#define HG_HTTP_H

#include <systemd/sd-event.h>

#include "instance.h"

#define HG_HTTP_PORT 9813

struct hg_http;

/* `listen` is ADDRESS:PORT of the loopback, "none" for no server. */
int hg_http_open(sd_event *event, const struct hg_instance *in, const char *listen,
		 struct hg_http **out);
void hg_http_close(struct hg_http *http);

/* Now and then, so that idle connections time out. */
void hg_http_beat(struct hg_http *http);

#endif /* HG_HTTP_H */
