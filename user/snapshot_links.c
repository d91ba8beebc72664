/* SPDX-License-Identifier: BSD-2-Clause */
#include "snapshot_links.h"

#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capability.h"
#include "hooks.h"
#include "netns.h"
#include "say.h"

static enum hg_interface_state link_state(const struct hg_instance *in,
					  const struct hg_interface *i, const char *leaf)
{
	char path[256];

	hg_link_path(in, i, leaf, path, sizeof(path));
	if (access(path, F_OK))
		return HG_INTERFACE_OFF;
	return hg_hook_link_device(path) ? HG_INTERFACE_ATTACHED : HG_INTERFACE_GONE;
}

/* Is the filter at our place on clsact the one that attach put there? */
static bool filter_is_ours(const struct hg_interface *i, bool egress)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = HG_TC_HANDLE, .priority = HG_TC_PRIORITY);
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)i->ifindex,
		    .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);

	return !bpf_tc_query(&hook, &opts) && opts.prog_id == i->prog_id[1 + egress];
}

static enum hg_interface_state filters_state(const struct hg_interface *i)
{
	libbpf_print_fn_t print;
	char name[IF_NAMESIZE];
	bool ours;

	if (!if_indextoname(i->ifindex, name))
		return HG_INTERFACE_GONE;
	print = libbpf_set_print(NULL); /* "no such filter" is an answer, not an error */
	ours = filter_is_ours(i, false) && filter_is_ours(i, true);
	libbpf_set_print(print);
	return ours ? HG_INTERFACE_ATTACHED : HG_INTERFACE_OFF;
}

static bool namespace_is_named(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", strchr(name, '/') ? "" : "/run/netns/", name);
	return !access(path, F_OK);
}

/* Filters have no link: they are asked for inside their namespace. */
static enum hg_interface_state clsact_state(const struct hg_interface *i)
{
	enum hg_interface_state state = HG_INTERFACE_ATTACHED; /* unless known otherwise */
	bool elsewhere = *i->netns_path != 0;
	struct hg_netns ns;

	if (elsewhere && !namespace_is_named(i->netns_path))
		return HG_INTERFACE_GONE;
	if ((elsewhere && !hg_capable(CAP_SYS_ADMIN)) || !hg_capable(CAP_NET_ADMIN))
		return state;
	if (hg_netns_enter(&ns, elsewhere ? i->netns_path : NULL))
		return state;
	if (ns.cookie == i->netns_cookie)
		state = filters_state(i);
	else if (elsewhere)
		state = HG_INTERFACE_GONE; /* another namespace took the name */
	hg_netns_leave(&ns);
	return state;
}

enum hg_interface_state hg_interface_state_of(const struct hg_instance *in,
					      const struct hg_interface *i)
{
	bool xdp = i->hook == HG_HOOK_XDP || i->hook == HG_HOOK_XDP_GENERIC;
	enum hg_interface_state state = HG_INTERFACE_ATTACHED;

	if (!hg_interface_used(i))
		return HG_INTERFACE_DETACHED;
	if (xdp)
		state = link_state(in, i, "xdp");
	if (!i->tcx)
		return state == HG_INTERFACE_ATTACHED ? clsact_state(i) : state;
	if (state == HG_INTERFACE_ATTACHED)
		state = link_state(in, i, "ingress");
	return state == HG_INTERFACE_ATTACHED ? link_state(in, i, "egress") : state;
}
