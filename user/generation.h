/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * generation.h - one generation of a policy, as the kernel's maps hold it.
 *
 * A map within a map can be had by its id alone, which takes CAP_SYS_ADMIN.
 * `policy load` pins the inner maps beside the outer ones, as
 * <dir>/maps/<outer>_<slot>, so that whoever may write the instance may read
 * what it enforces; and `run` asks the very lists that the kernel asks.
 */
#ifndef HG_GENERATION_H
#define HG_GENERATION_H

#include "../include/policy.h"
#include "instance.h"

enum hg_inner {
	HG_INNER_POLICY,
	HG_INNER_RULES,
	HG_INNER_NAMES,
	HG_INNER_NETS,
	HG_INNER_NUMBERS,
	HG_INNER_COUNT,
};

struct hg_generation_maps {
	int maps[HG_INNER_COUNT]; /* -1: not open */
};

/* All return 0 or -errno; -ENOENT: the slot holds no generation. */
int hg_generation_open(const struct hg_instance *in, __u32 slot, struct hg_generation_maps *out);
void hg_generation_close(struct hg_generation_maps *g);

/* Put maps into a slot that is not active, and pin them. */
int hg_generation_put(const struct hg_instance *in, __u32 slot, const struct hg_generation_maps *g);

/*
 * The generation in a slot that is not active becomes another revision, which
 * is confirmed.  Its rules and lists stay.
 */
int hg_generation_renew(const struct hg_instance *in, __u32 slot, __u32 revision);

int hg_generation_policy(const struct hg_generation_maps *g, struct hg_policy *out);
int hg_generation_rules(const struct hg_generation_maps *g, struct hg_rule *out, __u32 count);

/* The lists that hold a value: what the kernel's look-up says. */
bool hg_generation_text(const struct hg_generation_maps *g, const struct hg_name_key *key,
			struct hg_name_sets *out);
__u64 hg_generation_net(const struct hg_generation_maps *g, const __u8 addr[16]);
__u64 hg_generation_net_of(const struct hg_generation_maps *g, const struct hg_net_key *net);
__u64 hg_generation_number(const struct hg_generation_maps *g, enum hg_number_kind kind,
			   __u16 number);

/* ---- which one is in force ---- */

/* A load that nobody confirms in time gives way to the generation before it. */
struct hg_in_force {
	__u32 generation; /* slot + 1; 0: no policy */
	__u32 revision;
	__u64 confirm_by_ns; /* it gives way then (monotonic clock); 0: it is confirmed */
	__u32 fallback;	     /* slot + 1 of the one that comes back; 0: no policy */
	__u32 fallback_revision;
	__u32 lapsed; /* revision that was loaded last and has given way; 0: none */
};

/*
 * What hg_generation_get() of bpf/match.h says at `now_ns`.  Whoever wants to
 * know the active policy asks this, not the control map.  0 or -errno.
 */
int hg_generation_in_force(const struct hg_instance *in, __u64 now_ns, struct hg_in_force *out);

/*
 * Make `generation` (slot + 1; 0: none) the active one, for every packet from
 * now on.  The caller has the lock.
 */
int hg_generation_activate(const struct hg_instance *in, __u32 generation);

/*
 * When the generation in `slot` gives way, and to which: one store, so that no
 * packet sees half of it.  confirm_by_ns 0 confirms it; `fallback` is then left
 * as it is.
 */
int hg_generation_confirm_by(const struct hg_instance *in, __u32 slot, __u32 fallback,
			     __u64 confirm_by_ns);

/* The revision in a slot, also of a load that was killed on its way; 0: empty. */
__u32 hg_generation_revision(const struct hg_instance *in, __u32 slot);

/*
 * Where the next generation goes: not over `generation` (slot + 1), and of the
 * others the one that was loaded first.  So what is newest can be had back, and
 * flows that wait for user space find theirs.
 */
__u32 hg_generation_next_slot(const struct hg_instance *in, __u32 generation);

/* Unpin what is pinned of every slot. */
int hg_generations_unpin(const struct hg_instance *in);

#endif /* HG_GENERATION_H */
