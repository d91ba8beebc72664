/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_attach.c - put interfaces under the data path, and exit: it stays.
 */
#include "attach.h"
#include "commands.h"
#include "decap.h"
#include "netns.h"
#include "policy_load.h"
#include "say.h"

static const char *hook, *policy, *ports = "any", *decap, *checksums, *bpffs, *netns;
static bool quiet;

const struct hg_option hg_options_attach[] = {
	{ "hook", 0, "HOOK", "auto, xdp, xdp-generic, tcx or tc (default auto)", &hook, NULL },
	{ "policy", 0, "FILE", "load this policy; without one nothing is enforced", &policy, NULL },
	{ "ports", 0, "LIST", "any, or 443,8443,9000-9100 (default any)", &ports, NULL },
	{ "decap", 0, "LIST", "tunnels to open: all, or vxlan,gre ... (default none)", &decap,
	  NULL },
	{ "checksums", 0, "MODE", "on, off: leave segments with a wrong one unread (default on)",
	  &checksums, NULL },
	{ "netns", 0, "NAME", "the interfaces are in this network namespace", &netns, NULL },
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	{ "quiet", 'q', NULL, "say only what went wrong", NULL, &quiet },
	HG_OPTIONS_END,
};

static int attach_all(struct hg_instance *in, const struct hg_netns *ns, int count, char **names,
		      const struct hg_attach_options *options)
{
	int done = 0, worst = HG_OK;

	for (int i = 0; i < count; i++) {
		int r = hg_attach(in, ns, names[i], options);

		if (r)
			worst = r;
		else
			done++;
	}
	return worst && done ? HG_PARTLY : worst;
}

/* Nothing was attached: an instance that this call made goes again. */
static void undo(struct hg_instance *in)
{
	struct hg_interface i;

	for (unsigned int n = 0; hg_interface_get(in, n, &i); n++)
		if (hg_interface_used(&i))
			return;
	hg_instance_remove(in);
}

static int attach_locked(struct hg_instance *in, int count, char **names,
			 const struct hg_attach_options *options, const struct hg_policy_file *file)
{
	bool fresh = !hg_instance_is_there(in);
	struct hg_netns ns;
	int r = HG_OK;

	if (!fresh)
		r = hg_detach_gone(in);
	r = r ? r : hg_netns_enter(&ns, netns);
	if (!r) {
		r = attach_all(in, &ns, count, names, options);
		hg_netns_leave(&ns);
	}
	if ((!r || r == HG_PARTLY) && policy) {
		int loaded = hg_policy_load(in, file, 0);

		r = loaded ? loaded : r;
	}
	if (r && r != HG_PARTLY && fresh)
		undo(in);
	return r;
}

int hg_cmd_attach(const struct hg_command *self, int argc, char **argv)
{
	struct hg_attach_options options = { .hook = HG_HOOK_AUTO };
	struct hg_policy_file file = { 0 };
	struct hg_instance in;
	bool verify = true;
	int names, r = hg_options_parse(self, argc, argv, &names);

	if (r != HG_PARSED)
		return r;
	if (!names)
		return hg_usage(self, "which interface?");
	if (hook && !hg_hook_parse(hook, &options.hook))
		return hg_usage(self, "unknown hook '%s': auto, xdp, xdp-generic, tcx or tc", hook);
	if (hg_decap_parse(self, decap, &options.decap))
		return HG_USAGE;
	if (hg_switch_parse(self, "checksums", checksums, &verify))
		return HG_USAGE;
	options.no_checksums = !verify;
	options.ports = ports;
	hg_say_quiet(quiet);
	if (policy && (r = hg_policy_file_open(policy, &file)) != HG_OK)
		return r;
	r = hg_instance_prepare(&in, hg_instance_dir(bpffs));
	if (!r)
		r = attach_locked(&in, names, argv, &options, &file);
	hg_policy_file_close(&file);
	hg_instance_close(&in);
	return r;
}
