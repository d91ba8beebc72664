/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_watch.c - try it now: attach, print handshakes as they end, detach.
 *
 * An instance of its own, without a policy: nothing can be enforced, and
 * nothing that is attached is touched.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "commands.h"
#include "decap.h"
#include "names.h"
#include "output.h"
#include "say.h"
#include "source.h"

static const char *hook, *ports = "any", *decap, *checksums, *bpffs, *netns;
static bool quiet;
static struct hg_output_text text;
static struct hg_output_options output;

const struct hg_option hg_options_watch[] = {
	HG_OPTIONS_LISTING(text.listing, "table"),
	HG_OPTIONS_SELECTION(text.selection),
	HG_OPTION_LAST(text.selection),
	{ "hook", 0, "HOOK", "auto, xdp, xdp-generic, tcx or tc (default auto)", &hook, NULL },
	{ "ports", 0, "LIST", "any, or 443,8443,9000-9100 (default any)", &ports, NULL },
	{ "decap", 0, "LIST", "tunnels to open: all, or vxlan,gre ... (default none)", &decap,
	  NULL },
	{ "checksums", 0, "MODE", "on, off: leave segments with a wrong one unread (default on)",
	  &checksums, NULL },
	HG_OPTIONS_EVE(text),
	{ "netns", 0, "NAME", "the interface is in this network namespace", &netns, NULL },
	{ "bpffs", 0, "DIR", "a place on a bpffs (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	{ "quiet", 'q', NULL, "say only what went wrong", NULL, &quiet },
	HG_OPTIONS_END,
};

static void on_record(void *arg, const void *record, size_t len)
{
	hg_output_record(arg, record, len);
}

static int print_until_signal(const struct hg_instance *in)
{
	struct hg_names names;
	struct hg_eve_names callbacks = hg_names_of(&names, in);
	struct hg_source *source;
	struct hg_output out;
	int r;

	if (!hg_output_open(&out, &output, &callbacks, false)) {
		hg_error("out of memory");
		return HG_UNSUPPORTED;
	}
	r = hg_source_open(in, true, on_record, &out, &source);
	if (!r) {
		r = hg_source_follow(source);
		hg_source_close(source);
	}
	hg_output_close(&out);
	return r;
}

static int detach_all(struct hg_instance *in)
{
	struct hg_interface i;
	int r = HG_OK;

	for (unsigned int n = 0; hg_interface_get(in, n, &i); n++)
		if (hg_interface_used(&i) && hg_detach(in, n))
			r = HG_PARTLY;
	return r ? r : hg_instance_remove(in);
}

/* A watch that was killed could not detach: the next one does it. */
static void remove_stale(const char *base)
{
	char parent[HG_DIR_SIZE], path[HG_DIR_SIZE + 256], *name;
	struct dirent *entry;
	DIR *directory;
	size_t len;

	snprintf(parent, sizeof(parent), "%s", base);
	name = strrchr(parent, '/');
	if (!name)
		return;
	*name++ = 0;
	len = strlen(name);
	directory = opendir(parent);
	while (directory && (entry = readdir(directory))) {
		const char *rest = entry->d_name + len;
		struct hg_instance in;

		if (strncmp(entry->d_name, name, len) != 0 || strncmp(rest, "-watch-", 7) != 0 ||
		    !kill(atoi(rest + 7), 0) || errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
		/* Killed before the maps were made, it left the directories alone. */
		if (!hg_instance_probe(&in, path)) {
			if (hg_instance_is_there(&in))
				detach_all(&in);
			else
				hg_instance_remove(&in);
		}
		hg_instance_close(&in);
	}
	if (directory)
		closedir(directory);
}

/* From here on Ctrl-C waits until the event loop takes it, so that we detach. */
static void block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

/* In the interface's namespace, over an instance of its own that goes again. */
static int watch_attached(const char *dir, const struct hg_netns *ns, const char *name,
			  const struct hg_attach_options *options)
{
	struct hg_instance in;
	int r = hg_instance_prepare(&in, dir), detached;

	if (!r) {
		r = hg_attach(&in, ns, name, options);
		if (!r) {
			hg_say("watching %s: handshakes are printed as they end; Ctrl-C stops",
			       name);
			r = print_until_signal(&in);
		}
		detached = hg_instance_is_there(&in) ? detach_all(&in) : hg_instance_remove(&in);
		r = r ? r : detached;
	}
	hg_instance_close(&in);
	return r;
}

static int watch(const char *name, const struct hg_attach_options *options)
{
	const char *base = hg_instance_dir(bpffs);
	char dir[PATH_MAX];
	struct hg_netns ns;
	int r;

	block_signals();
	remove_stale(base);
	snprintf(dir, sizeof(dir), "%s-watch-%d", base, (int)getpid());
	r = hg_netns_enter(&ns, netns);
	if (r)
		return r;
	r = watch_attached(dir, &ns, name, options);
	hg_netns_leave(&ns);
	return r;
}

int hg_cmd_watch(const struct hg_command *self, int argc, char **argv)
{
	struct hg_attach_options options = { .hook = HG_HOOK_AUTO };
	bool verify = true;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands != 1)
		return hg_usage(self, operands ? "one interface at a time" : "which interface?");
	if (hook && !hg_hook_parse(hook, &options.hook))
		return hg_usage(self, "unknown hook '%s': auto, xdp, xdp-generic, tcx or tc", hook);
	if (hg_decap_parse(self, decap, &options.decap))
		return HG_USAGE;
	if (hg_switch_parse(self, "checksums", checksums, &verify))
		return HG_USAGE;
	if (hg_output_options_open(self, &text, HG_FORMAT_TABLE, HG_VIEW_EVENTS, &output))
		return HG_USAGE;
	options.no_checksums = !verify;
	options.ports = ports;
	hg_say_quiet(quiet);
	r = watch(argv[0], &options);
	hg_output_options_close(&output);
	return r;
}
