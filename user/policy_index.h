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
	const struct hg_number_list *numbers[HG_NUMBER_KINDS][HG_SETS];
	const struct hg_text_list *alpn[HG_SETS];
	const struct hg_text_list *interfaces[HG_SETS];
};

/*
 * Fills name_keys, name_sets and names, and in c->policy name_key and
 * name_depths.  Two names with one hash make it draw another key.  Returns 0,
 * or -errno of `draw`.
 */
int hg_index_names(struct hg_compiled *c, const struct hg_lists *lists, hg_draw_fn draw, void *arg);

/* Fills net_keys, net_sets, net_parent and nets. */
void hg_index_nets(struct hg_compiled *c, const struct hg_lists *lists);

/* Fills numbers. */
void hg_index_numbers(struct hg_compiled *c, const struct hg_lists *lists);

/* Fills text_keys, text_sets and texts, by the key that hg_index_names() drew. */
void hg_index_texts(struct hg_compiled *c, const struct hg_lists *lists);

#endif /* HG_POLICY_INDEX_H */
