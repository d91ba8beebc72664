/* SPDX-License-Identifier: BSD-2-Clause */
#include "names.h"

#include <bpf/bpf.h>
#include <string.h>

static const char *interface_name(void *ctx, const struct hg_event *facts)
{
	struct hg_names *n = ctx;

	if (n->interface_number != facts->interface || !*n->interface.name) {
		if (!hg_interface_get(n->instance, facts->interface, &n->interface))
			return NULL;
		n->interface_number = facts->interface;
	}
	return *n->interface.name ? n->interface.name : NULL;
}

static const char *rule_name(void *ctx, const struct hg_verdict *v)
{
	struct hg_names *n = ctx;
	__u32 index = v->stats;

	if (n->rule_index != index || n->revision != v->revision || !*n->rule.name) {
		if (bpf_map_lookup_elem(n->instance->maps[HG_MAP_rule_names], &index, &n->rule))
			return NULL;
		n->rule_index = index;
		n->revision = v->revision;
	}
	return *n->rule.name ? n->rule.name : NULL;
}

static const char *server_name(void *ctx, __u64 key)
{
	struct hg_names *n = ctx;

	if (bpf_map_lookup_elem(n->instance->maps[HG_MAP_server_names], &key, &n->server))
		return NULL;
	return *n->server.name ? n->server.name : NULL;
}

struct hg_eve_names hg_names_of(struct hg_names *n, const struct hg_instance *in)
{
	memset(n, 0, sizeof(*n));
	n->instance = in;
	return (struct hg_eve_names){
		.ctx = n, .interface = interface_name, .rule = rule_name, .server = server_name
	};
}
