/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_features.c - what this kernel and these interfaces can do, what is
 * missing, and what to do about it.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "kernel_features.h"
#include "instance.h"
#include "json.h"
#include "listing.h"
#include "netdev.h"
#include "netns.h"
#include "say.h"

/* What a page holds beside the headroom and the tail of an XDP buffer, at most. */
#define ONE_BUFFER_MTU 3498

static const char *format_text, *bpffs, *netns;
static bool json;

const struct hg_option hg_options_features[] = {
	{ "output", 'o', "FORMAT", "table or json", &format_text, NULL },
	{ "json", 'j', NULL, "the same as -o json", NULL, &json },
	{ "netns", 0, "NAME", "the interfaces are in this network namespace", &netns, NULL },
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

struct report {
	struct hg_feature features[HG_FEATURES_MAX];
	unsigned int feature_count;
	const char *tc; /* which of tcx and tc `auto` falls back to */
	struct hg_netdev *devices;
	unsigned int device_count;
};

/* ---- judging ---- */

static enum hg_feature_state native_xdp(const struct hg_netdev *d)
{
	if (!d->features_known)
		return HG_FEATURE_UNKNOWN;
	return d->features & HG_XDP_FEATURE(basic) ? HG_FEATURE_YES : HG_FEATURE_NO;
}

static bool frames_fit(const struct hg_netdev *d)
{
	return d->mtu <= ONE_BUFFER_MTU || d->features & HG_XDP_FEATURE(rx_sg);
}

/* What `attach --hook auto` would choose, and why; see try_auto() in attach.c. */
static const char *chosen_hook(const struct report *r, const struct hg_netdev *d, char *why,
			       size_t size)
{
	if (hg_netdev_slow_xdp(d->driver))
		snprintf(why, size, "%s %s", d->driver, hg_netdev_slow_xdp(d->driver));
	else if (d->xdp_program)
		snprintf(why, size, "program id %u is on the XDP hook", d->xdp_program);
	else if (native_xdp(d) == HG_FEATURE_NO)
		snprintf(why, size, "driver %s has no native XDP", d->driver);
	else if (native_xdp(d) == HG_FEATURE_YES && !frames_fit(d))
		snprintf(why, size, "MTU %u needs XDP in several buffers, which %s has not", d->mtu,
			 d->driver);
	else if (native_xdp(d) == HG_FEATURE_UNKNOWN) {
		snprintf(why, size,
			 "if driver %s takes it, else %s: before Linux 6.3 only a try tells",
			 d->driver, r->tc);
		return "xdp";
	} else {
		snprintf(why, size, "driver %s has native XDP", d->driver);
		return "xdp";
	}
	return r->tc;
}

static void features_text(const struct hg_netdev *d, char *text, size_t size)
{
	size_t len = 0;

	snprintf(text, size, d->features_known ? "none" : "not known");
	for (unsigned int bit = 0; bit < HG_XDP_FEATURE_COUNT; bit++)
		if (d->features >> bit & 1 && len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? "," : "",
						hg_xdp_feature_text(bit));
}

/* ---- asking ---- */

static bool add_device(struct report *r, const char *name)
{
	struct hg_netdev *d = &r->devices[r->device_count];
	int error = hg_netdev_get(name, d);

	if (!error) {
		r->device_count++;
		return true;
	}
	if (error == -ENODEV) {
		hg_error("no interface '%s'%s%s", name, netns ? " in network namespace " : "",
			 netns ? netns : "");
		hg_hint("list them: ip %s%s%slink", netns ? "-n " : "", netns ? netns : "",
			netns ? " " : "");
	} else {
		hg_error("%s: %s", name, strerror(-error));
	}
	return false;
}

static int add_named(struct report *r, int count, char **names)
{
	int r_exit = HG_OK;

	r->devices = calloc((size_t)count, sizeof(*r->devices));
	for (int i = 0; r->devices && i < count; i++)
		if (!add_device(r, names[i]))
			r_exit = HG_INVALID;
	return r->devices ? r_exit : HG_PARTLY;
}

static int add_all(struct report *r)
{
	struct if_nameindex *all = if_nameindex();
	size_t count = 0;

	while (all && all[count].if_index)
		count++;
	r->devices = calloc(count ? count : 1, sizeof(*r->devices));
	for (size_t i = 0; r->devices && i < count; i++)
		if (strcmp(all[i].if_name, "lo") != 0)
			add_device(r, all[i].if_name);
	if (all)
		if_freenameindex(all);
	return r->devices ? HG_OK : HG_PARTLY;
}

static int fill_report(struct report *r, int count, char **names)
{
	struct hg_netns ns;
	int done;

	r->tc = "tcx or tc";
	r->feature_count = hg_features_probe(hg_instance_dir(bpffs), r->features);
	for (unsigned int i = 0; i < r->feature_count; i++)
		if (!strcmp(r->features[i].name, "tcx") &&
		    r->features[i].state != HG_FEATURE_UNKNOWN)
			r->tc = r->features[i].state == HG_FEATURE_YES ? "tcx" : "tc";
	done = hg_netns_enter(&ns, netns);
	if (done)
		return done;
	done = count ? add_named(r, count, names) : add_all(r);
	hg_netns_leave(&ns);
	return done;
}

/* ---- printing ---- */

static void print_features(const struct report *r)
{
	for (unsigned int i = 0; i < r->feature_count; i++) {
		const struct hg_feature *f = &r->features[i];

		printf("  %-16s %-8s", f->name, hg_feature_state_text(f->state));
		if (f->state == HG_FEATURE_NO)
			printf("%s%s", f->needed ? "needed: " : "", f->without);
		else if (f->state == HG_FEATURE_UNKNOWN)
			printf("not permitted to ask: run it as root");
		else
			printf("%s", *f->use ? f->use : f->detail);
		putchar('\n');
	}
}

static void list_device(struct hg_listing *l, const struct report *r, const struct hg_netdev *d)
{
	char mtu[16], queues[16], features[96], why[128];
	const char *hook = chosen_hook(r, d, why, sizeof(why));

	snprintf(mtu, sizeof(mtu), "%u", d->mtu);
	snprintf(queues, sizeof(queues), d->queues ? "%u" : "-", d->queues);
	features_text(d, features, sizeof(features));
	hg_listing_row(
		l, (const char *const[]){ d->name, d->driver, mtu, queues, features, hook, why },
		-1);
}

static int print_devices(const struct report *r)
{
	static const struct hg_column list[] = {
		{ "interface", "IFACE", 0, 0 },	      { "driver", "DRIVER", 0, 0 },
		{ "mtu", "MTU", 0, HG_COLUMN_RIGHT }, { "queues", "QUEUES", 0, HG_COLUMN_RIGHT },
		{ "features", "XDP FEATURES", 0, 0 }, { "auto", "AUTO", 0, 0 },
		{ "because", "BECAUSE", 0, 0 },	      { NULL, NULL, 0, 0 },
	};
	static const struct hg_columns columns = {
		list, "interface,driver,mtu,queues,features,auto,because", ""
	};
	struct hg_listing l;

	hg_listing_plain(&l, &columns);
	hg_listing_begin(&l, false);
	for (unsigned int i = 0; i < r->device_count; i++)
		list_device(&l, r, &r->devices[i]);
	return hg_listing_end(&l);
}

static int print_table(const struct report *r)
{
	printf("Kernel\n");
	print_features(r);
	if (!r->device_count)
		return HG_OK;
	putchar('\n');
	return print_devices(r);
}

static void put_feature(struct hg_json *j, const struct hg_feature *f)
{
	hg_json_object(j);
	hg_json_put_term(j, "feature", f->name);
	hg_json_put_term(j, "state", hg_feature_state_text(f->state));
	hg_json_put_bool(j, "needed", f->needed);
	if (*f->use)
		hg_json_put_string(j, "use", f->use);
	if (*f->detail)
		hg_json_put_string(j, "detail", f->detail);
	if (f->state == HG_FEATURE_NO)
		hg_json_put_string(j, "without", f->without);
	hg_json_object_end(j);
}

static void put_device(struct hg_json *j, const struct report *r, const struct hg_netdev *d)
{
	char why[128];
	const char *hook = chosen_hook(r, d, why, sizeof(why));

	hg_json_object(j);
	hg_json_put_string(j, "interface", d->name);
	hg_json_put_string(j, "driver", d->driver);
	hg_json_put_uint(j, "mtu", d->mtu);
	if (d->queues)
		hg_json_put_uint(j, "queues", d->queues);
	hg_json_put_bool(j, "up", d->up);
	hg_json_put_term(j, "native_xdp", hg_feature_state_text(native_xdp(d)));
	if (d->features_known) {
		hg_json_key(j, "xdp_features");
		hg_json_array(j);
		for (unsigned int bit = 0; bit < HG_XDP_FEATURE_COUNT; bit++)
			if (d->features >> bit & 1)
				hg_json_string(j, hg_xdp_feature_text(bit));
		hg_json_array_end(j);
	}
	if (d->xdp_program)
		hg_json_put_uint(j, "xdp_program", d->xdp_program);
	hg_json_put_term(j, "auto", hook);
	hg_json_put_string(j, "why", why);
	hg_json_object_end(j);
}

static int print_json(const struct report *r)
{
	struct hg_json j = { 0 };
	int done = HG_OK;

	hg_json_object(&j);
	hg_json_key(&j, "kernel");
	hg_json_array(&j);
	for (unsigned int i = 0; i < r->feature_count; i++)
		put_feature(&j, &r->features[i]);
	hg_json_array_end(&j);
	hg_json_key(&j, "interfaces");
	hg_json_array(&j);
	for (unsigned int i = 0; i < r->device_count; i++)
		put_device(&j, r, &r->devices[i]);
	hg_json_array_end(&j);
	hg_json_object_end(&j);
	hg_json_newline(&j);
	if (j.failed)
		done = HG_PARTLY;
	else
		fwrite(j.text, 1, j.len, stdout);
	hg_json_free(&j);
	return done;
}

int hg_cmd_features(const struct hg_command *self, int argc, char **argv)
{
	struct report report = { 0 };
	enum hg_format format;
	int names, printed, r = hg_options_parse(self, argc, argv, &names);

	if (r != HG_PARSED)
		return r;
	if (!hg_format_parse(json ? "json" : format_text, HG_FORMAT_TABLE, &format))
		return HG_USAGE;
	if (format == HG_FORMAT_CSV)
		return hg_usage(self, "features has no csv: its parts have different columns");
	r = fill_report(&report, names, argv);
	printed = format == HG_FORMAT_TABLE ? print_table(&report) : print_json(&report);
	free(report.devices);
	return r ? r : printed;
}
