/* SPDX-License-Identifier: BSD-2-Clause */
#include "attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../include/counters.h"
#include "decap.h"
#include "hooks.h"
#include "loader.h"
#include "netdev.h"
#include "ports.h"
#include "say.h"
#include "snapshot_links.h"

static const char *const hook_texts[] = { "auto", "xdp", "xdp-generic", "tcx", "tc" };

const char *hg_hook_text(unsigned int hook)
{
	return hook < sizeof(hook_texts) / sizeof(hook_texts[0]) ? hook_texts[hook] : "?";
}

bool hg_hook_parse(const char *text, enum hg_hook *out)
{
	for (unsigned int i = 0; i < sizeof(hook_texts) / sizeof(hook_texts[0]); i++) {
		if (!strcmp(text, hook_texts[i])) {
			*out = (enum hg_hook)i;
			return true;
		}
	}
	return false;
}

int hg_attached_number(const struct hg_instance *in, __u64 cookie, const char *name)
{
	struct hg_interface i;

	for (unsigned int n = 0; hg_interface_get(in, n, &i); n++)
		if (hg_interface_used(&i) && i.netns_cookie == cookie && !strcmp(i.name, name))
			return (int)n;
	return -1;
}

/* ---- choosing ---- */

/* One interface on its way onto its hooks. */
struct work {
	struct hg_instance *in;
	struct hg_interface entry;  /* as it will be */
	struct hg_interface before; /* as it was: ifindex 0 if not attached */
	unsigned int number;
	char driver[32];
	int error; /* -errno of the hook that was tried last and refused */
	__u64 ports[HG_PORT_WORDS];
	struct hg_loaded loaded;
};

static bool is_xdp(unsigned int hook)
{
	return hook == HG_HOOK_XDP || hook == HG_HOOK_XDP_GENERIC;
}

/*
 * The maps that the first load has pinned.  The next load, of another hook or
 * interface, must find their keys: programs that hash differently share no flow.
 */
static int reopen(struct hg_instance *in)
{
	int lock = in->lock, r;
	char dir[sizeof(in->dir)];

	if (hg_instance_is_there(in))
		return HG_OK;
	snprintf(dir, sizeof(dir), "%s", in->dir);
	r = hg_instance_probe(in, dir);
	in->lock = lock;
	return r;
}

static int load_for(struct work *w, enum hg_hook hook)
{
	struct hg_knobs knobs = {
		.interface_number = w->number,
		.netns_number = w->entry.netns,
		.interface_name = w->entry.name,
		.watched_ports = w->ports,
		.decap = w->entry.decap,
		.checksums = w->entry.checksums,
		.frags = hook != HG_HOOK_XDP_GENERIC,
	};
	bool xdp = is_xdp(hook);
	int r;

	/* In generic mode a frags program's metadata does not reach TC (6.18). */
	r = hg_loader_load(w->in, &knobs, xdp ? HG_LOAD_XDP : HG_LOAD_TC, &w->loaded);
	if (r)
		return r;
	r = reopen(w->in);
	if (r)
		hg_loader_close(&w->loaded);
	return r;
}

static void make_link_directory(const struct work *w)
{
	char path[256], *slash;

	hg_link_path(w->in, &w->entry, NULL, path, sizeof(path));
	slash = strrchr(path, '/');
	*slash = 0;
	mkdir(path, 0755);
	*slash = '/';
	mkdir(path, 0755);
}

static int put_filter(struct work *w, int prog, bool egress)
{
	int made = hg_hook_tc_make(w->entry.ifindex);

	if (made < 0)
		return made;
	w->entry.clsact |= made;
	return hg_hook_tc(prog, w->entry.ifindex, egress, w->before.prog_id[1 + egress]);
}

static int attach_tc_side(struct work *w, int prog, bool egress, bool tcx)
{
	char path[256];

	if (!tcx)
		return put_filter(w, prog, egress);
	hg_link_path(w->in, &w->entry, egress ? "egress" : "ingress", path, sizeof(path));
	return hg_hook_tcx(path, prog, w->entry.ifindex, egress);
}

static int put_xdp(struct work *w, enum hg_hook hook)
{
	char path[256];

	hg_link_path(w->in, &w->entry, "xdp", path, sizeof(path));
	/* Native and generic are different links: one cannot be updated to the other. */
	if (hg_interface_used(&w->before) && w->before.hook != hook)
		hg_hook_unlink(path);
	return hg_hook_xdp(path, w->loaded.xdp, w->entry.ifindex, hook == HG_HOOK_XDP_GENERIC);
}

/*
 * Put the loaded programs on.  XDP comes first: it is what another program may
 * hold, and as long as it is refused nothing else has changed.
 */
static int put_on(struct work *w, enum hg_hook hook)
{
	bool tcx = is_xdp(hook) ? w->entry.tcx : hook == HG_HOOK_TCX;
	int r = 0;

	make_link_directory(w);
	if (is_xdp(hook))
		r = put_xdp(w, hook);
	r = r ? r : attach_tc_side(w, w->loaded.egress, true, tcx);
	return r ? r
		 : attach_tc_side(w, is_xdp(hook) ? w->loaded.arm : w->loaded.ingress, false, tcx);
}

static int remove_links(struct hg_instance *in, const struct hg_interface *i, bool xdp, bool tc)
{
	static const char *const leaves[] = { "xdp", "ingress", "egress", NULL };
	char path[256];
	int r = 0;

	for (int n = 0; leaves[n]; n++) {
		int removed;

		if (n ? !tc : !xdp)
			continue;
		hg_link_path(in, i, leaves[n], path, sizeof(path));
		removed = hg_hook_unlink(path);
		if (removed && removed != -ENOENT)
			r = removed;
	}
	return r;
}

/* A clsact that was there before us stays, with filters or without. */
static int remove_filters(const struct hg_interface *i)
{
	int r = 0;

	for (int egress = 0; egress < 2; egress++) {
		int removed = hg_hook_tc_remove(i->ifindex, egress, i->prog_id[1 + egress]);

		if (removed && removed != -ENOENT && removed != -ENODEV)
			r = removed;
	}
	if (i->clsact)
		hg_hook_tc_tidy(i->ifindex);
	return r;
}

/* What the hook of before had on, and the one of now does not use. */
static void take_off_rest(struct work *w)
{
	const struct hg_interface *old = &w->before, *now = &w->entry;

	if (is_xdp(old->hook) && !is_xdp(now->hook))
		remove_links(w->in, old, true, false);
	if (old->tcx && !now->tcx)
		remove_links(w->in, old, false, true);
	if (!old->tcx && now->tcx)
		remove_filters(old);
}

/* Remove what an interface has on its hooks: links need no namespace, tc does. */
static int take_off(struct hg_instance *in, const struct hg_interface *i)
{
	char path[256];
	int r = remove_links(in, i, true, true), filters = i->tcx ? 0 : remove_filters(i);

	hg_link_path(in, i, NULL, path, sizeof(path));
	rmdir(path);
	*strrchr(path, '/') = 0;
	rmdir(path); /* goes with the last interface of the namespace */
	return r ? r : filters;
}

/* The id of what is on the XDP hook. */
static __u32 xdp_program(__u32 ifindex)
{
	__u32 id = 0;

	bpf_xdp_query_id((int)ifindex, 0, &id);
	return id;
}

/* A filter of another kind or protocol at our priority, an ingress qdisc where clsact goes. */
static void hint_at_holder(const struct work *w, enum hg_hook hook)
{
	const char *name = w->entry.name;

	if (is_xdp(hook))
		hg_hint("see: bpftool net show dev %s", name);
	else
		hg_hint("see: tc qdisc show dev %s; tc filter show dev %s ingress (and egress), pref %d",
			name, name, HG_TC_PRIORITY);
	hg_hint("take it off, or attach beside it: hellogate attach %s --hook %s", name,
		hg_hook_has_tcx() ? "tcx" : "tc");
}

static int refused(struct work *w, enum hg_hook hook, int error)
{
	if (error == -EBUSY || error == -EEXIST) {
		if (is_xdp(hook))
			hg_error("%s: the XDP hook is held by another program (id %u)",
				 w->entry.name, xdp_program(w->entry.ifindex));
		else
			hg_error("%s: our place on the tc hook is held by another program",
				 w->entry.name);
		hint_at_holder(w, hook);
		return HG_CONFLICT;
	}
	if (error == -EPERM || error == -EACCES)
		return hg_bpf_refused(error, w->entry.name);
	hg_error("%s: --hook %s is refused by driver %s: %s", w->entry.name, hg_hook_text(hook),
		 w->driver, strerror(-error));
	if (hook == HG_HOOK_XDP)
		hg_hint("any driver and MTU: hellogate attach %s --hook %s", w->entry.name,
			hg_hook_has_tcx() ? "tcx" : "tc");
	else if (hook == HG_HOOK_TCX)
		hg_hint("TCX needs Linux 6.6; use: hellogate attach %s --hook tc", w->entry.name);
	else
		hg_hint("what this kernel and interface can do: hellogate features %s",
			w->entry.name);
	return HG_UNSUPPORTED;
}

/* Load and put on; on failure nothing of a first attach is left behind. */
static int try_hook(struct work *w, enum hg_hook hook, bool say)
{
	int r;

	w->entry.hook = hook;
	w->entry.tcx = hook == HG_HOOK_TC ? 0 : hg_hook_has_tcx();
	w->entry.clsact = hg_interface_used(&w->before) && w->before.clsact;
	w->error = 0;
	if (hook == HG_HOOK_TCX && !w->entry.tcx)
		return say ? refused(w, hook, -EOPNOTSUPP) : HG_UNSUPPORTED;
	r = load_for(w, hook);
	if (r)
		return r;
	w->entry.prog_id[0] = hg_hook_program_id(w->loaded.xdp);
	w->entry.prog_id[1] =
		hg_hook_program_id(w->loaded.arm >= 0 ? w->loaded.arm : w->loaded.ingress);
	w->entry.prog_id[2] = hg_hook_program_id(w->loaded.egress);
	r = put_on(w, hook);
	hg_loader_close(&w->loaded);
	if (!r && hg_interface_used(&w->before))
		take_off_rest(w);
	if (!r)
		return HG_OK;
	w->error = r;
	if (!hg_interface_used(&w->before))
		take_off(w->in, &w->entry);
	return say ? refused(w, hook, r) : r == -EPERM ? HG_NOT_PERMITTED : HG_UNSUPPORTED;
}

/* Why `auto` does not take native XDP, which was tried. */
static void say_why_not_xdp(struct work *w, const char *no_tcx)
{
	char *why = w->entry.why;

	if (w->error == -EBUSY || w->error == -EEXIST)
		snprintf(why, sizeof(w->entry.why), "another program (id %u) holds the XDP hook%s",
			 xdp_program(w->entry.ifindex), no_tcx);
	else if (w->error == -EOPNOTSUPP)
		snprintf(why, sizeof(w->entry.why), "driver %.24s has no native XDP%s", w->driver,
			 no_tcx);
	else
		snprintf(why, sizeof(w->entry.why), "driver %.16s refused native XDP: %.24s%.28s",
			 w->driver, w->error ? strerror(-w->error) : "not loaded", no_tcx);
}

/* What is known to refuse native XDP is not tried: a try verifies the program. */
static int xdp_preflight(const struct work *w)
{
	struct hg_netdev dev;

	if (hg_interface_used(&w->before) || hg_netdev_get(w->entry.name, &dev))
		return 0;
	if (dev.xdp_program)
		return -EBUSY;
	return dev.features_known && !(dev.features & HG_XDP_FEATURE(basic)) ? -EOPNOTSUPP : 0;
}

static int try_auto(struct work *w)
{
	enum hg_hook tc = hg_hook_has_tcx() ? HG_HOOK_TCX : HG_HOOK_TC;
	const char *no_tcx = tc == HG_HOOK_TC ? "; no TCX before Linux 6.6" : "";

	const char *slow = hg_netdev_slow_xdp(w->driver);

	if (slow) {
		snprintf(w->entry.why, sizeof(w->entry.why), "%.12s %.40s%s", w->driver, slow,
			 no_tcx);
		return try_hook(w, tc, true);
	}
	w->error = xdp_preflight(w);
	if (!w->error && try_hook(w, HG_HOOK_XDP, false) == HG_OK) {
		snprintf(w->entry.why, sizeof(w->entry.why), "driver %s takes native XDP",
			 w->driver);
		return HG_OK;
	}
	say_why_not_xdp(w, no_tcx);
	return try_hook(w, tc, true);
}

/* ---- numbers ---- */

/* The small number that stands for a namespace in flow keys. */
static __u16 netns_number(const struct hg_instance *in, __u64 cookie)
{
	struct hg_interface i;
	__u16 next = 0;

	for (unsigned int n = 0; hg_interface_get(in, n, &i); n++) {
		if (!i.netns_cookie)
			continue;
		if (i.netns_cookie == cookie)
			return i.netns;
		if (i.netns >= next)
			next = (__u16)(i.netns + 1);
	}
	return next;
}

/*
 * A number for an interface: the one it had, so that its counters go on; else
 * one that was never used; else one whose interface has been detached.
 */
static int choose_number(const struct hg_instance *in, const struct hg_interface *wanted,
			 unsigned int *out)
{
	struct hg_interface i;
	int fresh = -1, freed = -1;

	for (unsigned int n = 0; hg_interface_get(in, n, &i); n++) {
		if (i.netns_cookie == wanted->netns_cookie && !strcmp(i.name, wanted->name)) {
			*out = n;
			return HG_OK;
		}
		if (fresh < 0 && !i.netns_cookie)
			fresh = (int)n;
		if (freed < 0 && !hg_interface_used(&i))
			freed = (int)n;
	}
	if (fresh < 0 && freed < 0) {
		hg_error("%d interfaces are attached: that is all one instance takes",
			 HG_INTERFACES);
		hg_hint("use a second instance: --bpffs DIR");
		return HG_UNSUPPORTED;
	}
	*out = (unsigned int)(fresh >= 0 ? fresh : freed);
	return HG_OK;
}

/* A number that goes to another interface begins at zero. */
static int clear_counters(const struct hg_instance *in, unsigned int number)
{
	int cpus = libbpf_num_possible_cpus();
	struct hg_counters *zero;
	__u32 key = number;
	int r;

	if (cpus < 1)
		return HG_UNSUPPORTED;
	zero = calloc((size_t)cpus, sizeof(*zero));
	if (!zero)
		return hg_bpf_refused(ENOMEM, "counters");
	r = bpf_map_update_elem(in->maps[HG_MAP_counters], &key, zero, BPF_ANY);
	free(zero);
	return r ? hg_bpf_refused(errno, "cannot clear the counters") : HG_OK;
}

static int record(struct work *w)
{
	struct hg_interface_key key = { .ifindex = w->entry.ifindex, .netns = w->entry.netns };
	struct timespec now;
	__u32 ports = hg_port_id(w->ports);
	int r;

	clock_gettime(CLOCK_MONOTONIC, &now);
	w->entry.since_ns = (__u64)now.tv_sec * HG_SECOND + (__u64)now.tv_nsec;
	r = hg_interface_put(w->in, w->number, &w->entry);
	if (!r && bpf_map_update_elem(w->in->maps[HG_MAP_interface_numbers], &key, &ports, BPF_ANY))
		r = hg_bpf_refused(errno, "cannot write interface_numbers");
	return r;
}

/* A tun or a tunnel without Ethernet would be attached, and nothing on it be read. */
static int check_link(const char *name)
{
	int type = hg_netdev_link_type(name);

	if (type < 0 || hg_netdev_is_ethernet(type))
		return HG_OK;
	hg_error("%s: its packets have no Ethernet header (link type %d), and such are not read",
		 name, type);
	hg_hint("attach to an Ethernet interface that they also pass: ip -br link");
	return HG_UNSUPPORTED;
}

/* The entry that stands for the interface now, and the one to be. */
static int prepare(struct work *w, const struct hg_netns *ns, const char *name,
		   const struct hg_attach_options *options)
{
	struct hg_interface *e = &w->entry;
	int r;

	e->ifindex = if_nametoindex(name);
	if (!e->ifindex) {
		hg_error("no interface '%s'%s%s", name, *ns->path ? " in network namespace " : "",
			 ns->path);
		hg_hint("list them: ip %s%s%slink", *ns->path ? "-n " : "", ns->path,
			*ns->path ? " " : "");
		return HG_INVALID;
	}
	r = check_link(name);
	if (r)
		return r;
	e->netns_cookie = ns->cookie;
	e->decap = options->decap;
	e->checksums = !options->no_checksums;
	snprintf(e->name, sizeof(e->name), "%s", name);
	snprintf(e->ports, sizeof(e->ports), "%.*s%s", (int)sizeof(e->ports) - 4, options->ports,
		 strlen(options->ports) > sizeof(e->ports) - 4 ? "..." : "");
	snprintf(e->version, sizeof(e->version), "%s", HG_VERSION);
	snprintf(e->netns_path, sizeof(e->netns_path), "%s", ns->path);
	hg_netdev_driver(name, w->driver, sizeof(w->driver));
	if (!hg_instance_is_there(w->in))
		return HG_OK;
	e->netns = netns_number(w->in, ns->cookie);
	r = choose_number(w->in, e, &w->number);
	if (!r)
		hg_interface_get(w->in, w->number, &w->before);
	return r;
}

static void announce(const struct work *w)
{
	char decap[HG_DECAP_SIZE];

	hg_say("%s: attached, hook %s%s%s%s, ports %s%s%s", w->entry.name,
	       hg_hook_text(w->entry.hook), *w->entry.why ? " (" : "", w->entry.why,
	       *w->entry.why ? ")" : "", w->entry.ports, w->entry.decap ? ", tunnels " : "",
	       w->entry.decap ? hg_decap_text(w->entry.decap, decap) : "");
}

int hg_attach(struct hg_instance *in, const struct hg_netns *ns, const char *name,
	      const struct hg_attach_options *options)
{
	struct work w = { .in = in };
	int r = hg_ports_option(options->ports, w.ports);

	r = r ? r : prepare(&w, ns, name, options);
	if (r)
		return r;
	r = options->hook == HG_HOOK_AUTO ? try_auto(&w) : try_hook(&w, options->hook, true);
	if (!r && w.before.netns_cookie && strcmp(w.before.name, w.entry.name) != 0)
		r = clear_counters(in, w.number);
	r = r ? r : record(&w);
	if (!r)
		announce(&w);
	return r;
}

/* ---- off ---- */

static int forget(struct hg_instance *in, unsigned int n, struct hg_interface *i)
{
	struct hg_interface_key key = { .ifindex = i->ifindex, .netns = i->netns };

	bpf_map_delete_elem(in->maps[HG_MAP_interface_numbers], &key);
	i->ifindex = 0;
	memset(i->prog_id, 0, sizeof(i->prog_id));
	return hg_interface_put(in, n, i);
}

int hg_detach(struct hg_instance *in, unsigned int n)
{
	struct hg_interface i;
	int r;

	if (!hg_interface_get(in, n, &i) || !hg_interface_used(&i))
		return HG_NOTHING;
	r = take_off(in, &i);
	if (r == -EBUSY) {
		hg_error("%s: another program has taken our place on the tc hook; it stays",
			 i.name);
		hg_hint("see: tc filter show dev %s ingress; take it off, and detach again",
			i.name);
		return HG_CONFLICT;
	}
	if (r)
		return hg_bpf_refused(r, i.name);
	hg_say("%s: detached", i.name);
	return forget(in, n, &i);
}

int hg_detach_gone(struct hg_instance *in)
{
	struct hg_interface i;
	int r = HG_OK;

	for (unsigned int n = 0; hg_interface_get(in, n, &i); n++) {
		if (!hg_interface_used(&i) || hg_interface_state_of(in, &i) != HG_INTERFACE_GONE)
			continue;
		hg_warn("%s: the device is gone; its links are removed", i.name);
		take_off(in, &i);
		r = forget(in, n, &i);
	}
	return r;
}
