/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot.h - what the maps of an instance know, read once.
 *
 * The one model between the maps and every output: status, metrics and the
 * daemon's pages print from it and never look at a map.  Taking one changes
 * nothing.
 */
#ifndef HG_SNAPSHOT_H
#define HG_SNAPSHOT_H

#include "../include/counters.h"
#include "instance.h"
#include "run_counters.h"

enum hg_interface_state {
	HG_INTERFACE_ATTACHED,
	HG_INTERFACE_DETACHED, /* its counters are kept */
	HG_INTERFACE_GONE,     /* the device or its namespace went away */
	HG_INTERFACE_OFF,      /* the device is there, but our program is not on its hook */
};

/* What a program has cost while the kernel took note of it. */
struct hg_program_cost {
	__u64 runs, ns;
};

#define HG_PROGRAMS 3 /* of an interface, as in hg_interface.prog_id */

struct hg_snapshot_interface {
	struct hg_interface entry;
	unsigned int number;
	enum hg_interface_state state;
	char label[48]; /* the name; "name@namespace" if an earlier one has that name */
	struct hg_counters counters;
	struct hg_program_cost costs[HG_PROGRAMS];
};

/* One rule name, over all revisions that had it. */
struct hg_snapshot_rule {
	char name[64];
	bool active; /* in the active revision, with the action and mode below */
	__u8 action;
	__u8 mode;
	struct hg_limit limit; /* of the active revision */
	bool breaker_open;     /* beyond its limit within the last ten seconds */
	__u64 exceeded;	       /* flows that met it open */
	struct hg_rule_counters counters;
};

struct hg_snapshot_map {
	const char *name;
	__u64 entries;
	__u64 capacity;
	bool counted; /* false: nobody can tell the entries */
};

struct hg_snapshot_policy {
	__u32 revision;	     /* in force; 0: no policy */
	__u64 confirm_by_ns; /* it gives way then, as taken_ns; 0: it is confirmed */
	__u32 fallback;	     /* to this revision; 0: to none */
	__u32 lapsed;	     /* revision that was loaded last and was not confirmed; 0: none */
	bool detailed;	     /* rules and actions could be read (CAP_SYS_ADMIN) */
	bool enforces;	     /* something is reset or dropped, not only watched */
	__u8 mode;
	__u8 default_action;
	__u8 unread_action;
	__u8 quic_action;
	bool needs_user; /* a rule waits for `run` */
	__u32 rules;
	__u64 names;
	__u64 loaded_s; /* wall clock, 0: not known */
	__u32 uid;
	char path[256];
};

#define HG_SNAPSHOT_MAPS 8

struct hg_snapshot {
	char dir[HG_DIR_SIZE];
	__u64 taken_ns; /* monotonic clock */

	struct hg_snapshot_interface *interfaces; /* every one that has a number */
	unsigned int interface_count;
	unsigned int attached; /* of them, as the instance has it: gone ones too */

	struct hg_counters total;
	__u64 flows_active;
	__u64 flows_attended; /* pending or reset: their bare ACKs matter */

	struct hg_snapshot_map maps[HG_SNAPSHOT_MAPS];
	unsigned int map_count;

	struct hg_snapshot_policy policy;
	struct hg_snapshot_rule *rules;
	unsigned int rule_count;
	struct hg_set_summary *sets; /* of the active policy */
	__u64 set_hits[2 * HG_SETS]; /* hellos that each of them held */
	unsigned int set_count;

	struct hg_run_counters run;
	__u64 undiagnosed_overwritten;

	int bpf_stats; /* kernel.bpf_stats_enabled; -1: not known */
	bool run_alive;
	__u64 sweep_runs;
	__u64 sweep_ns; /* when the sweep last ran, 0: never */
};

/* Returns enum hg_exit, the reason said.  Owner of *out: the caller. */
int hg_snapshot_take(const struct hg_instance *in, struct hg_snapshot **out);
void hg_snapshot_free(struct hg_snapshot *s);

/* Sums over parts of a counter block. */
__u64 hg_counters_hellos(const struct hg_counters *c);
__u64 hg_counters_resets(const struct hg_counters *c);
__u64 hg_counters_survived(const struct hg_counters *c); /* flows, our resets */
__u64 hg_counters_initials(const struct hg_counters *c); /* of QUIC */
__u64 hg_counters_packets(const struct hg_counters *c);
__u64 hg_counters_flows_ended(const struct hg_counters *c);

/* Seconds until the active policy gives way, begun ones too; 0: it is confirmed. */
__u64 hg_snapshot_confirm_left(const struct hg_snapshot *s);

/* Add every counter of `add`. */
void hg_counters_add(struct hg_counters *sum, const struct hg_counters *add);

/*
 * Flows whose hello was read, and flows that had one to read, as far as it can
 * be told: without not_tls, no_data and tcp_refused.
 */
void hg_counters_covered(const struct hg_counters *c, __u64 *read, __u64 *of);

const char *hg_interface_state_text(enum hg_interface_state state);

/* "native", "generic" or, for tcx and tc, "skb". */
const char *hg_hook_mode_text(unsigned int hook);

/* The entry of a map, or NULL. */
const struct hg_snapshot_map *hg_snapshot_map_of(const struct hg_snapshot *s, const char *name);

#endif /* HG_SNAPSHOT_H */
