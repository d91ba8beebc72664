/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The byte window, for any capture and any window inside it: no read outside the
 * capture, and a window can only narrow.  There is no loop, so this holds without a
 * bound.
 */
#include "check.h"

static struct hg_capture capture;

static void reads(void)
{
	__u32 at = any_u32();

	hg_byte(&capture, at);
	hg_be16(&capture, at);
	hg_be24(&capture, at);
	hg_word(&capture, at);
}

static void narrows(const struct hg_window *was, const struct hg_window *is)
{
	CHECK(is->at >= was->at && is->end <= was->end && is->at <= is->end,
	      "a window inside the one it was");
}

static void takes(void)
{
	struct hg_window w = any_window(), was = w, body;
	__u32 value;

	switch (any_u32()) {
	case 0:
		hg_skip(&w, any_u32());
		break;
	case 1:
		hg_take8(&capture, &w, &value);
		break;
	case 2:
		hg_take16(&capture, &w, &value);
		break;
	case 3:
		if (hg_vector8(&capture, &w, &body))
			narrows(&was, &body);
		break;
	case 4:
		if (hg_vector16(&capture, &w, &body))
			narrows(&was, &body);
		break;
	}
	narrows(&was, &w);
}

int main(void)
{
	reads();
	takes();
	return 0;
}
