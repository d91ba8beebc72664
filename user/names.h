/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.h - names of numbers in events, as a live instance knows them.
 */
#ifndef HG_NAMES_H
#define HG_NAMES_H

#include "eve.h"
#include "instance.h"

struct hg_names {
	const struct hg_instance *instance;
	struct hg_rule_name rule;   /* the last one looked up */
	__u32 rule_index, revision; /* of it: a later one may use the index again */
	struct hg_interface interface;
	__u32 interface_number;
	struct hg_server_name server;
};

/* Callbacks for hg_eve_init(); `names` must live as long as they are used. */
struct hg_eve_names hg_names_of(struct hg_names *names, const struct hg_instance *in);

#endif /* HG_NAMES_H */
