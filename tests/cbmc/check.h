/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.h - for harnesses of cbmc: values that may be anything, and what holds of
 * what is made of them.
 */
#ifndef HG_TESTS_CHECK_H
#define HG_TESTS_CHECK_H

#include <string.h>

/* cbmc knows these by their own names. */
#define __builtin_memcpy memcpy
#define __builtin_memset memset

#include "bounds.h"

/*
 * The bound of these proofs: the code knows its sizes by these names only, and small
 * ones are enough to run out of each.
 */
#undef HG_STREAM_CAP
#undef HG_HELLO_MAX
#undef HG_COPY_CHUNK
#undef HG_CAPTURE_HEAD
#undef HG_NAME_SIZE
#undef HG_NAME_MAX
#define HG_STREAM_CAP 48
#define HG_HELLO_MAX 40
#define HG_COPY_CHUNK 16
#define HG_CAPTURE_HEAD 8
#define HG_NAME_SIZE 32
#define HG_NAME_MAX 31

#include "client_hello.h"

void __CPROVER_assume(_Bool is);
void __CPROVER_assert(_Bool is, const char *what);

#define CHECK(is, what) __CPROVER_assert(is, what)

/* Without a body: any value. */
__u32 any_u32(void);
__u8 any_u8(void);

/* Any window that could have come of another: it lies in the capture. */
static inline struct hg_window any_window(void)
{
	struct hg_window w = { any_u32(), any_u32() };

	__CPROVER_assume(w.at <= w.end && w.end <= HG_STREAM_CAP);
	return w;
}

#endif /* HG_TESTS_CHECK_H */
