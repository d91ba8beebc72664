/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_routes.h - who answers what is asked over HTTP; docs/api.md says with what.
 */
#ifndef HG_HTTP_ROUTES_H
#define HG_HTTP_ROUTES_H

#include "board.h"
#include "http_streams.h"

/* What answers are made of. */
struct hg_routes {
	const struct hg_instance *in;
	struct hg_board *board;
	struct hg_streams *streams;
};

/* To a GET or HEAD of who may ask. */
enum MHD_Result hg_routes_answer(const struct hg_routes *routes, struct MHD_Connection *connection,
				 const char *path);

#endif /* HG_HTTP_ROUTES_H */
