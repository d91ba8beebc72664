/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * native_run.h - the reader's side of native_bpf.h: clock, sink, fresh state.
 */
#ifndef HG_NATIVE_RUN_H
#define HG_NATIVE_RUN_H

#include <linux/types.h>
#include <stddef.h>

struct nb_run {
	__u64 now_ns;
	void (*sink)(void *arg, const void *event, size_t len);
	void *arg;
};

struct nb_run *nb_run(void);

/* Forget all maps; inner maps belong to who created them. */
void nb_reset(void);
void nb_inner_free(void *inner);

#endif /* HG_NATIVE_RUN_H */
