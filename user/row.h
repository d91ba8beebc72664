/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row.h - a handshake that has ended, as a row of a listing.
 */
#ifndef HG_ROW_H
#define HG_ROW_H

#include "diagnosis.h"
#include "endpoint.h"
#include "eve.h"
#include "listing.h"

enum hg_row_column {
	HG_ROW_TIME,
	HG_ROW_FLOW,
	HG_ROW_INTERFACE,
	HG_ROW_CLIENT,
	HG_ROW_SERVER,
	HG_ROW_NAME,
	HG_ROW_OFFER,
	HG_ROW_JA4,
	HG_ROW_VERSION,
	HG_ROW_OUTCOME,
	HG_ROW_CAUSE,
	HG_ROW_SIDE,
	HG_ROW_SURE,
	HG_ROW_CLOSE,
	HG_ROW_COVERAGE,
	HG_ROW_RULE,
	HG_ROW_ACTION,
	HG_ROW_COUNT
};

extern const struct hg_columns hg_row_columns;

struct hg_row {
	char time[24], flow[24];
	char client[HG_ENDPOINT_TEXT], server[HG_ENDPOINT_TEXT];
	const char *cells[HG_ROW_COUNT]; /* as long as this row and its handshake */
};

/* `eve` has the clock and the names. */
void hg_row_fill(struct hg_row *row, struct hg_eve *eve, struct hg_handshake *h,
		 const struct hg_diagnosis *d);

/* The column that calls for help: the cause of a failure; -1: none. */
int hg_row_red(const struct hg_diagnosis *d);

/*
 * What a person may be shown: the server name, or in brackets why there is none.
 * With facts alone, the name is that of the table of names; NULL: not known.
 */
const char *hg_row_name(const struct hg_handshake *h);
const char *hg_facts_name(const struct hg_hello_facts *hello, const char *name);

#endif /* HG_ROW_H */
