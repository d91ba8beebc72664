/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recorded.h - handshakes that were recorded, one after the other, as rules ask
 * for them: from a capture, or from events (EVE as `run`, `events` and `read -o
 * jsonl` write it, or Suricata).
 *
 * Of a capture everything is known.  Of an event, what it says; a condition on
 * the rest is unknown.
 */
#ifndef HG_RECORDED_H
#define HG_RECORDED_H

#include <arpa/inet.h>

#include "../include/bounds.h"
#include "policy_judge.h"

struct hg_recorded {
	const struct hg_flow_view *view;
	char name[HG_NAME_SIZE]; /* for people: "(no SNI)", "?" */
	char client[INET6_ADDRSTRLEN];
};

/* What it is given lives until it returns. */
typedef void (*hg_recorded_fn)(void *arg, const struct hg_recorded *recorded);

/*
 * Every handshake in the file: HG_OK, or what stood in the way, said.  HG_PARTLY
 * where a capture ends early: then those before have been told.
 */
int hg_recorded_read(const char *path, hg_recorded_fn each, void *arg);

/* One kind of file each, for hg_recorded_read(). */
int hg_recorded_capture(const char *path, hg_recorded_fn each, void *arg);
int hg_recorded_events(const char *path, hg_recorded_fn each, void *arg);

#endif /* HG_RECORDED_H */
