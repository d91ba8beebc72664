/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control.h - what the operator's side tells the data path at run time, and
 * how a bpffs directory is laid out.
 */
#ifndef HG_CONTROL_H
#define HG_CONTROL_H

#include "flow.h"
#include "bounds.h"
#include "types.h"

/* Raised when a pinned map changes its meaning; see docs/architecture.md. */
#define HG_LAYOUT 7

/* Written by attach and policy load, under the instance's lock. */
struct hg_control {
	__u32 layout;
	__u32 generation; /* slot of the active policy + 1; 0: no policy */
	struct hg_hash_key hash_key;
	__u64 name_key[2 * HG_NAME_SIZE / 8]; /* keys of server_names */
};

/* Written by `run` alone (and by a replay, whose clock it is). */
struct hg_presence {
	__u64 heartbeat_ns; /* `run` was here: monotonic clock */
	__u64 time_ns;	    /* the time of a replay; see inject_time */
	__u32 final;	    /* end of a replay: the next sweep ends everything */
	__u32 reserved;
	__u64 diagnosed; /* number of the last handshake of `undiagnosed` that was */
};

/* Written by the data path: is there a flow whose bare ACKs matter? */
struct hg_attention {
	__u64 flows;   /* pending or reset */
	__u64 wake_ns; /* when the reader of the ring was last woken */
};

/* Behind the timer of `sweep`: its signs of life.  Written by the timer alone. */
struct hg_sweep_life {
	__u64 now;
	__u64 runs;
	__u64 final;	/* end of a replay: everything ends */
	__u64 entries;	/* flows met in this run so far */
	__u64 occupied; /* and in the run before */
};

#define HG_SWEEP_LIFE_AT 16 /* the size of struct bpf_timer */

/* An attached interface; the index is the interface's number. */
struct hg_interface {
	__u64 netns_cookie;
	__u32 ifindex;	  /* 0: free */
	__u32 hook;	  /* enum hg_hook */
	__u32 prog_id[3]; /* xdp, ingress, egress */
	__u16 netns;	  /* number of the namespace */
	__u8 tcx;	  /* the tc side sits on TCX, else on clsact */
	__u8 clsact;	  /* attach made the qdisc: it goes with our filters */
	__u32 decap;	  /* tunnels that are opened: bits of enum hg_tunnel */
	__u32 checksums;  /* 1: verified */
	__u64 since_ns;
	char name[32];
	char why[96]; /* why `auto` chose this hook */
	char ports[128];
	char version[32]; /* of the hellogate that attached it */
	char netns_path[64];
};

enum hg_hook {
	HG_HOOK_AUTO,
	HG_HOOK_XDP,
	HG_HOOK_XDP_GENERIC,
	HG_HOOK_TCX,
	HG_HOOK_TC,
};

/* Key of `interface_numbers`. */
struct hg_interface_key {
	__u32 ifindex;
	__u16 netns;
	__u16 reserved;
};

/* server_names: keyed by hg_control.name_key. */
struct hg_server_name {
	__u64 hellos;
	__u64 resets;
	__u64 first_ns;
	__u64 last_ns;
	char name[HG_NAME_SIZE];
};

/* rule_names: the name behind a rule's stats index, for as long as it counts. */
struct hg_rule_name {
	char name[64]; /* "": free */
};

#define HG_HISTORY 64
#define HG_POLICY_TEXT (256 * 1024)

/* history: what was loaded when, a ring by revision. */
struct hg_history {
	__u32 revision;
	__u32 rules;
	__u64 names;
	__u64 loaded_s;	   /* wall clock, seconds */
	__u64 confirmed_s; /* when it was confirmed; 0: not, or nobody was asked to */
	__u8 mode;
	__u8 rolled_back; /* by `policy rollback` */
	__u8 lapsed;	  /* was to be confirmed, and was not in time */
	__u8 reserved;
	__u32 uid;
	__u32 restores; /* the revision that a rollback brought back; 0: a file was loaded */
	__u32 reserved2;
	char path[256];
};

/* A named set that some rule asks for. */
struct hg_set_summary {
	char name[64];
	__u64 entries;
	__u8 networks; /* 1: of networks; 0: of names */
	__u8 bit;      /* in hg_match.sni, or in .src and .dst */
	__u8 reserved[6];
};

/* policy_source: the text of each generation, for `policy show` and `run`. */
struct hg_policy_source {
	__u32 revision;
	__u32 len;
	char path[256];
	__u32 set_count;
	__u32 reserved;
	struct hg_set_summary sets[2 * HG_SETS];
	char text[HG_POLICY_TEXT];
};

#endif /* HG_CONTROL_H */
