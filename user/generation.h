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

#include "instance.h"

enum hg_inner {
	HG_INNER_POLICY,
	HG_INNER_RULES,
	HG_INNER_NAMES,
	HG_INNER_NETS,
	HG_INNER_PORTS,
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

int hg_generation_policy(const struct hg_generation_maps *g, struct hg_policy *out);
int hg_generation_rules(const struct hg_generation_maps *g, struct hg_rule *out, __u32 count);

/* The lists that hold a value: what the kernel's look-up says. */
bool hg_generation_name(const struct hg_generation_maps *g, const struct hg_name_key *key,
			struct hg_name_sets *out);
__u64 hg_generation_net(const struct hg_generation_maps *g, const __u8 addr[16]);
__u64 hg_generation_port(const struct hg_generation_maps *g, __u16 port);

/* Unpin what is pinned of every slot. */
int hg_generations_unpin(const struct hg_instance *in);

#endif /* HG_GENERATION_H */
