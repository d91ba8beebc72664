/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * story.h - one handshake, told line by line.
 */
#ifndef HG_STORY_H
#define HG_STORY_H

#include "clock.h"
#include "examine.h"

/* On stdout.  `name` is that of the server, for people. */
void hg_story_print(struct hg_clock *clock, struct hg_handshake *h, const struct hg_examined *x,
		    const char *name);

#endif /* HG_STORY_H */
