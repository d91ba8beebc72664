/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * board.h - what `run` shows of itself and of its instance over HTTP: what ended
 * lately, what was counted over hours, and messages for those who watch.
 *
 * It outlives what serves it, so that a reload forgets nothing.  What ends is
 * always counted; frames and rows are made only while somebody watches.  All of
 * it is of bounded size.
 */
#ifndef HG_BOARD_H
#define HG_BOARD_H

#include "eve.h"
#include "instance.h"
#include "message_log.h"
#include "privacy.h"
#include "top_tables.h"

#define HG_BOARD_WINDOW (600 * HG_SECOND) /* the lists are of so long */
#define HG_BOARD_ROWS 20		  /* of each list, in a frame that is sent */
#define HG_BOARD_ROWS_MAX 1000		  /* that may be asked for */
#define HG_BOARD_RECENT_MAX 50		  /* last handshakes of a row */
#define HG_BOARD_PER_SECOND 50		  /* handshakes that are sent */

struct hg_board;

/* `in` and what `names` looks up outlive it.  NULL: no memory. */
struct hg_board *hg_board_new(const struct hg_instance *in, const struct hg_eve_names *names);
void hg_board_free(struct hg_board *b);

/*
 * Names and addresses are told as this says; it is copied.  Where it says something
 * else than before, what was collected under that is forgotten.
 */
void hg_board_set_privacy(struct hg_board *b, const struct hg_privacy *p);

/* A handshake or an attempt has ended. */
void hg_board_ended(struct hg_board *b, struct hg_handshake *h, const struct hg_diagnosis *d);

/* Several times a second: samples and, with `watchers`, frames, where they are due. */
void hg_board_beat(struct hg_board *b, unsigned int watchers);

struct hg_message_log *hg_board_log(struct hg_board *b);

/* Each writes one object into an empty `j`.  HG_OK, or enum hg_exit with the reason said. */
int hg_board_status(struct hg_board *b, struct hg_json *j);
int hg_board_stats(struct hg_board *b, struct hg_json *j);
int hg_board_top(struct hg_board *b, struct hg_json *j, size_t rows);
int hg_board_samples(struct hg_board *b, struct hg_json *j, unsigned int most);
int hg_board_recent(struct hg_board *b, struct hg_json *j, enum hg_top_list list, const char *key,
		    size_t most);

#endif /* HG_BOARD_H */
