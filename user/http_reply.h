/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_reply.h - an answer over HTTP, with the headers that each has: what a
 * browser may do with it is as little as the page needs.
 */
#ifndef HG_HTTP_REPLY_H
#define HG_HTTP_REPLY_H

#include <microhttpd.h>
#include <stddef.h>

#define HG_HTTP_TEXT "text/plain; charset=utf-8"
#define HG_HTTP_JSON "application/json"

/* To any answer; `cache` is its Cache-Control. */
void hg_reply_headers(struct MHD_Response *response, const char *type, const char *cache);

/* Takes the text, which malloc() has made. */
enum MHD_Result hg_reply(struct MHD_Connection *connection, unsigned int status, const char *type,
			 char *text, size_t len);

/* The text stays the caller's. */
enum MHD_Result hg_reply_text(struct MHD_Connection *connection, unsigned int status,
			      const char *text);

#endif /* HG_HTTP_REPLY_H */
