/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * harness.h - the BPF programs in a room of their own: a network namespace
 * where nothing is attached, a clock that the test owns, and frames put
 * through by BPF_PROG_TEST_RUN.
 *
 * Errors of the room itself end the program with "Bail out!"; what the
 * programs under test do is for the rows to judge.
 */
#ifndef HG_TESTS_HARNESS_H
#define HG_TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>

#include "control.h"
#include "counters.h"
#include "event.h"
#include "flow.h"
#include "../wire/frames.h"
#include "policy.h"

enum gate_hook { GATE_XDP, GATE_XDP_FRAGS, GATE_INGRESS, GATE_EGRESS, GATE_ARM, GATE_HOOKS };

extern const char *const gate_hook_name[GATE_HOOKS];

/*
 * This hook or the next one that is asked for; beyond GATE_EGRESS: none is.  HG_HOOKS
 * lists them ("xdp egress"), for machines where it takes the verifier half a minute
 * to see them all; without it all are.
 */
enum gate_hook gate_hook_from(enum gate_hook hook);

enum gate_act {
	GATE_PASS,
	GATE_DROP,
	GATE_RESET,  /* XDP: metadata for the arm; TC: the frame is a RST now */
	GATE_FAILED, /* the kernel refused the run: see gate->error */
};

extern const char *const gate_act_name[];

/* Go on on the n-th processor, modulo how many there are. */
void gate_move(__u32 n);

/* As struct hg_rst of bpf/maps.h: what XDP hands to its arm. */
struct gate_rst {
	__u32 magic;
	__u8 to;
	__u8 from;
	__u16 reserved;
	__u32 seq_along;
	__u32 ack_along;
	__u32 seq_back;
	__u32 ack_back;
};

#define GATE_RST_MAGIC 0x48475253

/* Zero means: as shipped, every port, a clock that stands still. */
struct gate_options {
	__u32 partials;
	__u32 flows;
	__u32 server_names;
	__u32 verdicts;
	__u32 ring_bytes;
	__u16 interface_number;
	__u16 netns_number;
	__u32 decap; /* bits of enum hg_tunnel */
	bool checksums;
	bool real_clock;
	bool all;	    /* programs at once, as shipped, whatever HG_HOOKS says */
	const __u16 *ports; /* the watched ones; 0 ends */
	const char *interface;
};

struct gate_event {
	struct hg_event head;
	__u8 *message;
};

/* How the inner maps of a policy are made. */
struct gate_prototype {
	const char *outer;
	__u32 type, key_size, value_size, flags;
	__u32 btf_key, btf_value;
};

#define GATE_OUTER_MAPS 5

struct gate {
	struct gate_objects *objects;
	struct gate_options options;
	void *ring;
	struct gate_prototype prototypes[GATE_OUTER_MAPS];
	struct hg_slot *slots;	      /* the map itself */
	struct hg_control *control;   /* the map itself */
	__u32 *pool_shares;	      /* the map itself */
	struct hg_presence *presence; /* the map itself */
	struct gate_event *events;
	__u32 event_count, event_room;
	__u64 events_seen; /* since gate_clear() */
	int error;	   /* of the last run */
	/* The last run: what came out of it. */
	__s32 retval;
	__u32 ifindex; /* of TC runs; 0: lo */
	__u32 ingress_ifindex;
	struct gate_rst rst;
	struct frame out;
};

/*
 * Load the programs of the hooks that are asked for; bails out if the kernel will
 * not have them.  Those of others are loaded, onto the same maps, when first used.
 */
void gate_open(struct gate *g, const struct gate_options *options);
void gate_close(struct gate *g);

/* The same, but says why not: 0 or -errno. */
int gate_try_open(struct gate *g, const struct gate_options *options);

/* A network namespace for this process, with lo up.  Done by gate_open(). */
void gate_enter_room(void);

int gate_map(const struct gate *g, const char *name);
int gate_program(const struct gate *g, enum gate_hook hook);
int gate_program_named(const struct gate *g, const char *name);

/* The clang that made the programs, as they say in their debug information; 0: another. */
int gate_clang(const struct gate *g);

/* The clock: nanoseconds. */
#define GATE_START 1000000000000ULL /* what it says after gate_open() and gate_clear() */
void gate_wait(struct gate *g, __u64 ns);
#define SECONDS(n) ((n)*1000000000ULL)

enum gate_act gate_send(struct gate *g, enum gate_hook hook, const struct frame *frame);

/* Through XDP and on into lo, where gate_attach_arm() has put the arm: 0 or -errno. */
int gate_send_live(struct gate *g, const struct frame *frame);
void gate_attach_arm(struct gate *g);

/* The same without a word about frames that the kernel refuses. */
enum gate_act gate_send_quietly(struct gate *g, enum gate_hook hook, const struct frame *frame);

void gate_sweep(struct gate *g);
void gate_sweep_slots(struct gate *g); /* as often as it takes to see each slot */
void gate_sweep_final(struct gate *g);

/* Take what is in the ring; all of it since the last gate_forget(). */
__u32 gate_events(struct gate *g);
void gate_forget(struct gate *g);

void gate_counters(struct gate *g, struct hg_counters *sum);
void gate_rule_counters(struct gate *g, __u32 stats, struct hg_rule_counters *sum);

/*
 * The books: flows created = active + buckets, with the active ones counted in
 * the maps; every capture free or held by one flow, and in one share; attention
 * and events as the flows say.  Differences are printed.
 */
bool gate_balanced(struct gate *g);

/* Flows in the maps that have not ended. */
__u64 gate_active(struct gate *g);

/* End everything, check the books once more, start anew.  False if they differ. */
bool gate_clear(struct gate *g);

/* Behind a row: no policy, the books checked, everything ended. */
bool gate_over(struct gate *g);

bool gate_flow(struct gate *g, const struct hg_flow_key *key, struct hg_flow *flow);
struct hg_flow_key gate_key(const struct gate *g, const struct conn *c);

/* ---- policy ---- */

#define GATE_RULES 16
#define GATE_ENTRIES 24

struct gate_policy {
	struct hg_policy header; /* rules, needs and name_depths are filled in */
	struct hg_rule rules[GATE_RULES];
	__u32 rule_count;
	struct {
		const char *name;
		__u64 exact, below;
		enum hg_text_kind kind;
	} names[GATE_ENTRIES];
	struct {
		const char *net; /* "192.0.2.0/24" or "2001:db8::/32" */
		__u64 sets;
	} nets[GATE_ENTRIES];
	struct {
		__u16 low, high;
		__u64 sets;
		enum hg_number_kind kind;
	} numbers[GATE_ENTRIES];
	struct hg_limit limits[GATE_RULES]; /* by hg_rule.stats */
};

/* The same as the maps take it. */
struct gate_compiled {
	struct hg_policy header;
	struct hg_rule rules[GATE_RULES];
	struct hg_name_key name_keys[GATE_ENTRIES];
	struct hg_name_sets name_sets[GATE_ENTRIES];
	__u32 names;
	struct hg_net_key net_keys[GATE_ENTRIES];
	__u64 net_sets[GATE_ENTRIES];
	__u32 nets;
	__u64 numbers[HG_NUMBER_KINDS * HG_NUMBERS];
	__u32 number_count;
};

void gate_compile(const struct gate_policy *p, struct gate_compiled *c);

/* An inner map for this outer one; what is put there. */
int gate_inner_map(struct gate *g, const char *outer, __u32 entries);
void gate_set_inner(struct gate *g, const char *outer, int inner);

/* Install in a slot; which one is active is for control->generation to say. */
void gate_generation(struct gate *g, __u32 slot, const struct gate_policy *p);

/* Install as generation 1 and switch to it. */
void gate_police(struct gate *g, const struct gate_policy *p);
void gate_unpolice(struct gate *g);

/* ---- what the reset sent back ---- */

/* Watch lo; gate_echo() takes the one frame that the last run sent there. */
void gate_echo_open(void);
bool gate_echo(struct frame *f);
void gate_echo_close(void);

#endif /* HG_TESTS_HARNESS_H */
