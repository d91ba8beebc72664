/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * undiagnosed.h - handshakes that failed while `run` was not there: they wait in a
 * pinned map of fixed slots.
 */
#ifndef HG_UNDIAGNOSED_H
#define HG_UNDIAGNOSED_H

#include "instance.h"
#include "source.h"

struct hg_undiagnosed_span {
	__u64 last;	   /* number of the last one */
	__u64 read;	   /* that were there */
	__u64 overwritten; /* that nobody has diagnosed, and nobody will */
};

/*
 * Tell the records, END by END, from the oldest one behind number `from`.  0, or
 * -errno.  Nothing is taken out.
 */
int hg_undiagnosed_read(const struct hg_instance *in, __u64 from, hg_record_fn fn, void *arg,
			struct hg_undiagnosed_span *span);

#endif /* HG_UNDIAGNOSED_H */
