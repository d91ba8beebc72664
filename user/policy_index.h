/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_index.h - from lists to the arrays that are looked up: bit n of a
 * value says that list n holds the key.
 */
#ifndef HG_POLICY_INDEX_H
#define HG_POLICY_INDEX_H

#include "policy_compile.h"

struct hg_lists {
	const struct hg_name_list *names[HG_SETS];
	const struct hg_net_list *nets[HG_SETS];
	const struct hg_port_list *ports[HG_SETS];
};

/*
 * Fills name_keys, name_sets and names, and in c->policy name_key and
 * name_depths.  Two names with one hash make it draw another key.  Returns 0,
 * or -errno of `draw`.
 */
int hg_index_names(struct hg_compiled *c, const struct hg_lists *lists, hg_draw_fn draw, void *arg);

/* Fills net_keys, net_sets, net_parent and nets. */
void hg_index_nets(struct hg_compiled *c, const struct hg_lists *lists);

/* Fills ports. */
void hg_index_ports(struct hg_compiled *c, const struct hg_lists *lists);

#endif /* HG_POLICY_INDEX_H */
