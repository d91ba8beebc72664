/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_detach.c - take interfaces off; with --all, leave nothing behind.
 */
#include <string.h>

#include "attach.h"
#include "commands.h"
#include "detach.h"
#include "netns.h"
#include "say.h"

static const char *bpffs, *netns;
static bool all, quiet;

const struct hg_option hg_options_detach[] = {
	{ "all", 0, NULL, "every interface, and the maps", NULL, &all },
	{ "netns", 0, "NAME", "the interfaces are in this network namespace", &netns, NULL },
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	{ "quiet", 'q', NULL, "say only what went wrong", NULL, &quiet },
	HG_OPTIONS_END,
};

static int detach_named(struct hg_instance *in, int count, char **names)
{
	struct hg_netns ns;
	int worst, done = 0;

	worst = hg_netns_enter(&ns, netns);
	if (worst)
		return worst;
	for (int k = 0; k < count; k++) {
		int n = hg_attached_number(in, ns.cookie, names[k]), r;

		if (n < 0) {
			hg_error("%s is not attached", names[k]);
			hg_hint("see: hellogate status");
			worst = HG_NOTHING;
			continue;
		}
		r = hg_detach(in, (unsigned int)n);
		worst = r ? r : worst;
		done += !r;
	}
	hg_netns_leave(&ns);
	return worst && done ? HG_PARTLY : worst;
}

int hg_cmd_detach(const struct hg_command *self, int argc, char **argv)
{
	struct hg_instance in;
	int names, r = hg_options_parse(self, argc, argv, &names);

	if (r != HG_PARSED)
		return r;
	if (!names == !all)
		return hg_usage(self, "name interfaces, or say --all");
	hg_say_quiet(quiet);
	r = hg_instance_open_to_detach(&in, hg_instance_dir(bpffs));
	for (int k = 0; r == HG_NOTHING && k < names; k++)
		hg_hint("%s is not attached", argv[k]);
	if (!r)
		r = hg_instance_lock(&in);
	if (!r)
		r = all ? hg_detach_every(&in, quiet) : detach_named(&in, names, argv);
	hg_instance_close(&in);
	return r;
}
