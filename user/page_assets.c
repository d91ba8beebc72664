/* SPDX-License-Identifier: BSD-2-Clause */
#include "page_assets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "http_reply.h"

#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, and a gzip header */
#define SIZE_MAX_OF_ONE (1U << 20)

/* page_data.S */
extern const unsigned char hg_page_html[], hg_page_html_end[];
extern const unsigned char hg_page_js[], hg_page_js_end[];
extern const unsigned char hg_page_css[], hg_page_css_end[];

static const struct asset {
	const char *path, *type;
	const unsigned char *begin, *end;
} assets[] = {
	{ "/", "text/html; charset=utf-8", hg_page_html, hg_page_html_end },
	{ "/page.js", "text/javascript; charset=utf-8", hg_page_js, hg_page_js_end },
	{ "/page.css", "text/css; charset=utf-8", hg_page_css, hg_page_css_end },
};

static size_t size_of(const struct asset *a)
{
	return (size_t)(a->end - a->begin);
}

/* The last eight bytes of a gzip file are CRC and size: they tell one text from another. */
static void tag_of(const struct asset *a, char tag[24])
{
	int len = snprintf(tag, 24, "\"");

	for (const unsigned char *byte = a->end - 8; byte < a->end; byte++)
		len += snprintf(tag + len, 24 - (size_t)len, "%02x", *byte);
	snprintf(tag + len, 24 - (size_t)len, "\"");
}

/* The text itself, for who cannot read gzip; NULL: no memory.  *len is its size. */
static void *inflated(const struct asset *a, size_t *len)
{
	z_stream z = { .next_in = (unsigned char *)a->begin, .avail_in = (uInt)size_of(a) };
	unsigned char *text = malloc(SIZE_MAX_OF_ONE);
	int r = text ? inflateInit2(&z, GZIP_WINDOW) : Z_MEM_ERROR;

	if (r == Z_OK) {
		z.next_out = text;
		z.avail_out = SIZE_MAX_OF_ONE;
		r = inflate(&z, Z_FINISH);
		*len = z.total_out;
		inflateEnd(&z);
	}
	if (r == Z_STREAM_END)
		return text;
	free(text);
	return NULL;
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	return value ? value : "";
}

/* "gzip;q=0" is a no; browsers never say so. */
static bool takes_gzip(struct MHD_Connection *connection)
{
	const char *gzip = strstr(header_of(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING), "gzip");

	return gzip && strncmp(gzip, "gzip;q=0", 8) != 0;
}

static struct MHD_Response *response_of(const struct asset *a, bool gzip)
{
	struct MHD_Response *response;
	size_t len = 0;
	void *text;

	if (gzip) {
		response = MHD_create_response_from_buffer(size_of(a), (void *)a->begin,
							   MHD_RESPMEM_PERSISTENT);
		if (response)
			MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
		return response;
	}
	text = inflated(a, &len);
	response = text ? MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE) : NULL;
	if (!response)
		free(text);
	return response;
}

static enum MHD_Result answer(struct MHD_Connection *connection, const struct asset *a)
{
	unsigned int status = MHD_HTTP_OK;
	struct MHD_Response *response;
	enum MHD_Result r;
	char tag[24];

	tag_of(a, tag);
	if (strstr(header_of(connection, MHD_HTTP_HEADER_IF_NONE_MATCH), tag)) {
		status = MHD_HTTP_NOT_MODIFIED;
		response = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
	} else {
		response = response_of(a, takes_gzip(connection));
	}
	if (!response)
		return MHD_NO;
	hg_reply_headers(response, a->type, "no-cache");
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, tag);
	MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	r = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return r;
}

bool hg_page_answer(struct MHD_Connection *connection, const char *path, enum MHD_Result *result)
{
	for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++) {
		if (strcmp(path, assets[i].path) != 0)
			continue;
		*result = answer(connection, &assets[i]);
		return true;
	}
	return false;
}
