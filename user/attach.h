/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attach.h - an interface onto its hooks, and off again.
 */
#ifndef HG_ATTACH_H
#define HG_ATTACH_H

#include "instance.h"
#include "netns.h"

struct hg_attach_options {
	enum hg_hook hook;
	const char *ports; /* "any", "443,8443,9000-9100" */
	__u32 decap;	   /* tunnels to open: bits of enum hg_tunnel */
	bool no_checksums; /* do not verify them */
};

/* The word of a hook, as --hook takes it; and back: false if unknown. */
const char *hg_hook_text(unsigned int hook);
bool hg_hook_parse(const char *text, enum hg_hook *out);

/*
 * Attach `name` of the current network namespace to a prepared and locked
 * instance, or replace the programs of an interface that is attached.
 */
int hg_attach(struct hg_instance *in, const struct hg_netns *ns, const char *name,
	      const struct hg_attach_options *options);

/*
 * Detach interface number `n`.  The caller has entered its network namespace
 * if the hook is tc; links need none.
 */
int hg_detach(struct hg_instance *in, unsigned int n);

/* Interfaces whose device is gone: links removed, entries freed, said. */
int hg_detach_gone(struct hg_instance *in);

/* The number of an attached interface: -1 if it is not. */
int hg_attached_number(const struct hg_instance *in, __u64 cookie, const char *name);

#endif /* HG_ATTACH_H */
