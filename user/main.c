/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hellogate - see, decide and explain every TLS ClientHello on a NIC.
 *
 * main is a table and a dispatch: one command per file, help from the rows.
 */
#include <string.h>

#include "commands.h"
#include "say.h"

static const struct hg_command commands[] = {
	{ "Look", "status", NULL, "what is attached, and what it has seen", NULL, hg_cmd_status,
	  hg_options_status, NULL },
	{ "Look", "events", NULL, "handshakes as they end, as Suricata EVE", NULL, hg_cmd_events,
	  hg_options_events, NULL },
	{ "Explain", "read", "CAPTURE...", "the same analysis on capture files",
	  "Reads pcap and pcapng; '-' is standard input.  Needs no privileges, except with\n"
	  "--kernel, which puts the frames through the BPF programs.",
	  hg_cmd_read, hg_options_read, NULL },
	{ "Explain", "features", "[IFACE...]", "what this kernel and these interfaces can do", NULL,
	  hg_cmd_features, hg_options_features, NULL },
	{ "Police", "policy", "COMMAND", "check, try, load and show policies", NULL,
	  hg_command_dispatch, NULL, hg_commands_policy },
	{ "Run", "attach", "IFACE...", "put interfaces under the data path; it stays",
	  "Without a policy nothing is enforced.  A second attach replaces the program without\n"
	  "a gap and keeps every counter.",
	  hg_cmd_attach, hg_options_attach, NULL },
	{ "Run", "detach", "IFACE...", "take interfaces off; --all leaves nothing behind", NULL,
	  hg_cmd_detach, hg_options_detach, NULL },
	{ "Run", "watch", "IFACE", "try it now: attach, print handshakes, detach at Ctrl-C",
	  "Never enforces.", hg_cmd_watch, hg_options_watch, NULL },
	{ "Run", "run", NULL, "the daemon: events, user-space decisions, metrics", NULL, hg_cmd_run,
	  hg_options_run, NULL },
	{ "Run", "metrics", NULL, "what the maps hold, as Prometheus text", NULL, hg_cmd_metrics,
	  hg_options_metrics, NULL },
	{ "Run", "version", NULL, "this build", NULL, hg_cmd_version, hg_options_version, NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
};

static bool wants_version;

static const struct hg_option options[] = {
	{ "version", 'V', NULL, "print the version", NULL, &wants_version },
	HG_OPTIONS_END,
};

static const struct hg_command hellogate = {
	.name = "",
	.args = "COMMAND",
	.summary = "hellogate - see, decide and explain every TLS ClientHello on a NIC",
	.more = "  hellogate watch eth0                    try it now\n"
		"  hellogate read trace.pcapng             what happened in a capture\n"
		"  hellogate attach eth0 --policy p.yaml   put it to work",
	.options = options,
	.commands = commands,
};

int main(int argc, char **argv)
{
	for (int i = 1; i < argc && argv[i][0] == '-'; i++)
		if (!strcmp(argv[i], "--version") || !strcmp(argv[i], "-V"))
			return hg_cmd_version(&hellogate, 1, argv);
	return hg_command_dispatch(&hellogate, argc, argv);
}
