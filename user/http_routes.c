/* SPDX-License-Identifier: BSD-2-Clause */
#include "http_routes.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export_prometheus.h"
#include "history_row.h"
#include "http_reply.h"
#include "page_assets.h"
#include "samples.h"
#include "say.h"
#include "top_frame.h"

typedef enum MHD_Result (*answer_fn)(const struct hg_routes *routes,
				     struct MHD_Connection *connection);

/* ---- what is asked for behind the question mark ---- */

static const char *argument(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

/* What is larger than `most` is `most`. */
static bool take_number(struct MHD_Connection *connection, const char *name, unsigned long most,
			unsigned long *out)
{
	const char *text = argument(connection, name);
	unsigned long value;
	char *end;

	if (!text)
		return true;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end)
		return false;
	*out = errno || value > most ? most : value;
	return true;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, const char *why)
{
	return hg_reply_text(connection, MHD_HTTP_BAD_REQUEST, why);
}

/* ---- answers ---- */

static enum MHD_Result reply_failed(struct MHD_Connection *connection)
{
	return hg_reply_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "the maps cannot be read\n");
}

/* `r` is how it was made.  Its text is given away. */
static enum MHD_Result reply_json(struct MHD_Connection *connection, int r, struct hg_json *j)
{
	if (r)
		hg_json_free(j);
	else
		hg_json_newline(j);
	return r || j->failed ? reply_failed(connection)
			      : hg_reply(connection, MHD_HTTP_OK, HG_HTTP_JSON, j->text, j->len);
}

static enum MHD_Result reply_metrics(const struct hg_routes *routes,
				     struct MHD_Connection *connection)
{
	struct hg_snapshot *snapshot;
	char *text = NULL;
	size_t len = 0;
	FILE *file;

	if (hg_snapshot_take(routes->in, &snapshot))
		return reply_failed(connection);
	file = open_memstream(&text, &len);
	if (file) {
		hg_prometheus_write(snapshot, file);
		fclose(file);
	}
	hg_snapshot_free(snapshot);
	return text ? hg_reply(connection, MHD_HTTP_OK, HG_PROMETHEUS_TYPE, text, len) : MHD_NO;
}

static enum MHD_Result reply_status(const struct hg_routes *routes,
				    struct MHD_Connection *connection)
{
	struct hg_json j = { 0 };
	int r = hg_board_status(routes->board, &j);

	return reply_json(connection, r, &j);
}

static enum MHD_Result reply_stats(const struct hg_routes *routes,
				   struct MHD_Connection *connection)
{
	struct hg_json j = { 0 };
	int r = hg_board_stats(routes->board, &j);

	return reply_json(connection, r, &j);
}

static enum MHD_Result reply_top(const struct hg_routes *routes, struct MHD_Connection *connection)
{
	unsigned long rows = HG_BOARD_ROWS;
	struct hg_json j = { 0 };
	int r;

	if (!take_number(connection, "rows", HG_BOARD_ROWS_MAX, &rows))
		return refuse(connection, "rows is a number, such as 20\n");
	r = hg_board_top(routes->board, &j, rows);
	return reply_json(connection, r, &j);
}

static enum MHD_Result reply_history(const struct hg_routes *routes,
				     struct MHD_Connection *connection)
{
	unsigned long samples = HG_SAMPLES;
	struct hg_json j = { 0 };
	int r;

	if (!take_number(connection, "samples", HG_SAMPLES, &samples))
		return refuse(connection, "samples is a number, such as 360\n");
	r = hg_board_samples(routes->board, &j, (unsigned int)samples);
	return reply_json(connection, r, &j);
}

static enum MHD_Result reply_recent(const struct hg_routes *routes,
				    struct MHD_Connection *connection)
{
	const char *word = argument(connection, "list"), *key = argument(connection, "key");
	int list = word ? hg_term_value(hg_top_list_text, HG_TOP_LISTS, word) : -1;
	unsigned long count = HG_BOARD_RECENT_MAX;
	struct hg_json j = { 0 };
	int r;

	if (list < 0 || !key || !take_number(connection, "count", HG_BOARD_RECENT_MAX, &count))
		return refuse(connection, "list is names, clients, causes, rules or fingerprints; "
					  "key is that of a row\n");
	r = hg_board_recent(routes->board, &j, (enum hg_top_list)list, key, count);
	return reply_json(connection, r, &j);
}

static enum MHD_Result reply_revisions(const struct hg_routes *routes,
				       struct MHD_Connection *connection)
{
	struct hg_json j = { 0 };
	int r = hg_history_json(routes->in, &j);

	return reply_json(connection, r, &j);
}

static enum MHD_Result reply_live(const struct hg_routes *routes, struct MHD_Connection *connection)
{
	unsigned long after = 0;

	if (!take_number(connection, "after", ULONG_MAX, &after))
		return refuse(connection, "after is the id of a message\n");
	return hg_streams_answer(routes->streams, connection, after);
}

static const struct {
	const char *path;
	answer_fn answer;
} list[] = {
	{ "/metrics", reply_metrics },	      { "/api/v1/status", reply_status },
	{ "/api/v1/stats", reply_stats },     { "/api/v1/top", reply_top },
	{ "/api/v1/history", reply_history }, { "/api/v1/recent", reply_recent },
	{ "/api/v1/live", reply_live },	      { "/api/v1/revisions", reply_revisions },
};

enum MHD_Result hg_routes_answer(const struct hg_routes *routes, struct MHD_Connection *connection,
				 const char *path)
{
	enum MHD_Result r;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (!strcmp(path, list[i].path))
			return list[i].answer(routes, connection);
	if (hg_page_answer(connection, path, &r))
		return r;
	return hg_reply_text(connection, MHD_HTTP_NOT_FOUND, "try /, /metrics or /api/v1/status\n");
}
