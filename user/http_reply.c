/* SPDX-License-Identifier: BSD-2-Clause */
#include "http_reply.h"

#include <stdlib.h>
#include <string.h>

/* Names on the page are written by strangers: nothing but our own files is run or loaded. */
#define CONTENT_POLICY                                                                             \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "          \
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

void hg_reply_headers(struct MHD_Response *response, const char *type, const char *cache)
{
	const char *const headers[][2] = {
		{ MHD_HTTP_HEADER_CONTENT_TYPE, type },
		{ MHD_HTTP_HEADER_CACHE_CONTROL, cache },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Content-Security-Policy", CONTENT_POLICY },
		{ "Referrer-Policy", "no-referrer" },
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
}

static void add_demands(struct MHD_Response *response, unsigned int status)
{
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "5");
	if (status != MHD_HTTP_UNAUTHORIZED)
		return;
	MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
				"Basic realm=\"hellogate\", charset=\"UTF-8\"");
}

enum MHD_Result hg_reply(struct MHD_Connection *connection, unsigned int status, const char *type,
			 char *text, size_t len)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result r;

	if (!response) {
		free(text);
		return MHD_NO;
	}
	hg_reply_headers(response, type, "no-store");
	add_demands(response, status);
	r = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return r;
}

enum MHD_Result hg_reply_text(struct MHD_Connection *connection, unsigned int status,
			      const char *text)
{
	char *copy = strdup(text);

	return copy ? hg_reply(connection, status, HG_HTTP_TEXT, copy, strlen(copy)) : MHD_NO;
}
