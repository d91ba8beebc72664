/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support_system.h - what the kernel says of itself, of its programs and of our maps:
 * for support_part.c.
 *
 * All print on stdout, and return an enum hg_exit after saying why where they cannot.
 */
#ifndef HG_SUPPORT_SYSTEM_H
#define HG_SUPPORT_SYSTEM_H

#include "instance.h"

int hg_support_system(void);	    /* release, processors, memory, rights of this process */
int hg_support_kernel_config(void); /* lines that eBPF, XDP and TC depend on */
int hg_support_sysctl(void);
int hg_support_net_devices(void); /* counters of the kernel's own */

/* JSON, as bpftool has it: all programs and links there are, those of `in` marked. */
int hg_support_programs(const struct hg_instance *in);
int hg_support_links(const struct hg_instance *in);

/* JSON: every map that is pinned in the instance. */
int hg_support_maps(const struct hg_instance *in);

#endif /* HG_SUPPORT_SYSTEM_H */
