/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kept.h - what ended lately: from `run`, or else from the map where it waits.
 */
#ifndef HG_KEPT_H
#define HG_KEPT_H

#include "source.h"

struct hg_kept {
	const char *source; /* for people: where the records come from */
	__u64 missing;	    /* ended, and were overwritten before anybody looked */
};

/* All of it, in order.  Takes nothing away.  HG_OK, or an enum hg_exit after saying why. */
int hg_kept_read(const struct hg_instance *in, hg_record_fn fn, void *arg, struct hg_kept *out);

#endif /* HG_KEPT_H */
