/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loader.h - the BPF object for one interface: knobs set, maps adopted from
 * the instance or created and pinned, programs verified.
 */
#ifndef HG_LOADER_H
#define HG_LOADER_H

#include "instance.h"

struct hellogate_bpf;

struct hg_knobs {
	unsigned int interface_number;
	unsigned int netns_number;
	const char *interface_name; /* NULL: not known */
	const __u64 *watched_ports; /* 1024 words, a bit for each port; NULL: all */
	__u32 decap;		    /* tunnels to open: bits of enum hg_tunnel */
	bool checksums;		    /* leave segments with a wrong one unread */
	bool frags;		    /* the XDP program that takes multi-buffer frames */
	bool replay;		    /* private maps, injected clock, no timer */
};

struct hg_loaded {
	struct hellogate_bpf *skeleton;
	int xdp; /* program fds: -1 where not loaded */
	int arm;
	int ingress;
	int egress;
};

/* Which programs a hook needs. */
#define HG_LOAD_XDP (1U << 0) /* xdp and its arm */
#define HG_LOAD_TC (1U << 1)  /* ingress */

/*
 * Load for an instance whose directory is prepared.  New maps are filled in
 * (keys, free captures) and the sweep is started.  Owner of *out: the caller;
 * hg_loader_close() leaves pins and attached programs alone.
 */
int hg_loader_load(struct hg_instance *in, const struct hg_knobs *knobs, unsigned int what,
		   struct hg_loaded *out);
void hg_loader_close(struct hg_loaded *loaded);

/* The maps of a replay, which are pinned nowhere, as an instance. */
void hg_loader_instance(const struct hg_loaded *loaded, struct hg_instance *in);

/* The program of a replay that sweeps at once. */
int hg_loader_sweep(const struct hg_loaded *loaded);

#endif /* HG_LOADER_H */
