/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netns.h - network namespaces, entered without leaving the mount namespace:
 * pins stay in the caller's bpffs (inside `ip netns exec`, /sys is mounted
 * anew and pins would die with the process).
 */
#ifndef HG_NETNS_H
#define HG_NETNS_H

#include <linux/types.h>

struct hg_netns {
	int own;       /* fd of the namespace to return to, or -1 */
	__u64 cookie;  /* SO_NETNS_COOKIE of the one entered */
	char path[64]; /* as named by the caller, "" for the current one */
};

/*
 * Enter the namespace `name` (of ip-netns(8), or a path); NULL stays.  Returns
 * enum hg_exit.  hg_netns_leave() undoes it.
 */
int hg_netns_enter(struct hg_netns *ns, const char *name);
void hg_netns_leave(struct hg_netns *ns);

#endif /* HG_NETNS_H */
