/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hooks.h - putting one program on one hook, and taking it off again.
 *
 * XDP and TCX are pinned bpf_links: an upgrade updates the program under the
 * link, without a gap.  clsact filters have no link: ours sits at a priority
 * and handle of its own and is replaced or removed only if it carries the
 * program id that we put there.
 *
 * All act in the current network namespace.  All return 0 or -errno.
 */
#ifndef HG_HOOKS_H
#define HG_HOOKS_H

#include <linux/types.h>
#include <stdbool.h>

#define HG_TC_PRIORITY 1
#define HG_TC_HANDLE 0x48470001 /* "HG" */

/* Pin a new link at `path`, or update the one that is pinned there. */
int hg_hook_xdp(const char *path, int prog, unsigned int ifindex, bool generic);
int hg_hook_tcx(const char *path, int prog, unsigned int ifindex, bool egress);

/* Detach the link pinned at `path` and unpin it.  -ENOENT: there was none. */
int hg_hook_unlink(const char *path);

/* Have a clsact: 1 if this call made it, 0 if a qdisc was there. */
int hg_hook_tc_make(unsigned int ifindex);

/* Add or replace our filter, on clsact.  `was` is the id of our program there, 0: none. */
int hg_hook_tc(int prog, unsigned int ifindex, bool egress, __u32 was);
int hg_hook_tc_remove(unsigned int ifindex, bool egress, __u32 was);

/* Remove clsact if no filter is left on it. */
int hg_hook_tc_tidy(unsigned int ifindex);

/* Does this kernel know TCX (6.6)? */
bool hg_hook_has_tcx(void);

/* The id of a program, 0 if it cannot be told. */
__u32 hg_hook_program_id(int prog);

/* The ifindex of the device under a pinned link: 0 if it is gone. */
__u32 hg_hook_link_device(const char *path);

#endif /* HG_HOOKS_H */
