/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hellogate - see, decide and explain every TLS ClientHello on a NIC.
 *
 * main is a table and a dispatch: one command per file, help from the rows.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "say.h"

static const struct hg_command commands[] = {
	{ "Look", "status", NULL, "what is attached, and what it has seen",
	  "Reads the maps: needs no daemon and changes nothing.  With --check, exit code 0 means\n"
	  "that all is well.",
	  hg_cmd_status, hg_options_status, NULL },
	{ "Look", "top", NULL, "rates, and the busiest names, clients, causes and rules",
	  "On a terminal: ? lists the keys.  The lists are of what ended within the window; while\n"
	  "`run` is there they come from its socket, else from the ring, which has one reader.\n\n"
	  "  hellogate top -b -n 1 -o jsonl | jq '.window.share'",
	  hg_cmd_top, hg_options_top, NULL },
	{ "Look", "events", NULL, "handshakes as they end, as Suricata EVE",
	  "Without -f: what is there, and then it ends.  While `run` is there they come from its\n"
	  "socket, else from the ring, which has one reader: what was read is gone.\n\n"
	  "  hellogate events -f | jq -r 'select(.event_type == \"tls\") | .tls.sni'",
	  hg_cmd_events, hg_options_events, NULL },
	{ "Look", "flows", NULL, "handshakes under way, and connections that failed before one",
	  "A handshake is under way from the first byte of its hello to its END.  Connections that\n"
	  "failed before it were refused, not answered, or reset; on ports that were listed, or of\n"
	  "a server that was sent a hello within a day.\n\n"
	  "  hellogate flows --filter 'sni==*.example.com'",
	  hg_cmd_flows, hg_options_flows, NULL },
	{ "Look", "stats", NULL, "what was counted, in all or in each interval",
	  "Reads the maps: needs no daemon and changes nothing.\n\n"
	  "  hellogate stats --interval 5",
	  hg_cmd_stats, hg_options_stats, NULL },
	{ "Explain", "diagnose", "[FILTER...]", "what fails and why, in one table",
	  "With --flow, one flow's story line by line.  While `run` is there it tells what that\n"
	  "has kept; else what waits in the maps.\n\n"
	  "  hellogate diagnose 'sni==*.example.com' --last 1h",
	  hg_cmd_diagnose, hg_options_diagnose, NULL },
	{ "Explain", "read", "CAPTURE...", "the same analysis on capture files",
	  "Reads pcap and pcapng; '-' is standard input.  Needs no privileges, except with\n"
	  "--kernel, which puts the frames through the BPF programs.",
	  hg_cmd_read, hg_options_read, NULL },
	{ "Explain", "features", "[IFACE...]", "what this kernel and these interfaces can do",
	  "Says of each what is missing and what to do, and which hook `attach` would choose.\n"
	  "Attaches nothing.",
	  hg_cmd_features, hg_options_features, NULL },
	{ "Police", "policy", "COMMAND", "check, try, load and show policies",
	  "check, test and explain read a file: they need no privileges and change nothing.",
	  hg_command_dispatch, NULL, hg_commands_policy },
	{ "Run", "attach", "IFACE...", "put interfaces under the data path; it stays",
	  "Without a policy nothing is enforced.  A second attach replaces the program without\n"
	  "a gap and keeps every counter.",
	  hg_cmd_attach, hg_options_attach, NULL },
	{ "Run", "detach", "IFACE... | --all", "take interfaces off; --all leaves nothing behind",
	  "An interface that is taken off keeps its counters; --all removes the maps, and with\n"
	  "them every counter and the policy.",
	  hg_cmd_detach, hg_options_detach, NULL },
	{ "Run", "watch", "IFACE", "try it now: attach, print handshakes, detach at Ctrl-C",
	  "Never enforces: it has an instance of its own, without a policy.", hg_cmd_watch,
	  hg_options_watch, NULL },
	{ "Run", "run", NULL, "the daemon: events, user-space decisions, metrics",
	  "Needed for rules on ja3 and ja4, for several readers of events, and for metrics over\n"
	  "HTTP; counting and enforcing go on without it.  SIGHUP reads configuration and policy\n"
	  "again, all or nothing.  Ends at SIGINT or SIGTERM.",
	  hg_cmd_run, hg_options_run, NULL },
	{ "Run", "metrics", NULL, "what the maps hold, as Prometheus text",
	  "Needs no daemon.  `run` serves the same at http://127.0.0.1:9813/metrics.",
	  hg_cmd_metrics, hg_options_metrics, NULL },
	{ "Run", "support-dump", NULL,
	  "one archive for who is to help, without names and addresses",
	  "Versions, features, status, counters, the policy, the configuration, programs and maps,\n"
	  "and what failed lately.  Names of servers, addresses and paths are hashed, unless\n"
	  "--full is given; its README says what is in it.  Changes nothing.",
	  hg_cmd_support_dump, hg_options_support_dump, NULL },
	{ "Run", "complete", "[WORD...]", "for shells: what may come next on a command line",
	  "The last word is what was begun, and may be empty.  The files for bash, zsh and fish\n"
	  "that `make install` installs ask it.",
	  hg_cmd_complete, hg_options_complete, NULL },
	{ "Run", "version", NULL, "this build", NULL, hg_cmd_version, hg_options_version, NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL },
};

static bool wants_version;

static const struct hg_option options[] = {
	{ "version", 'V', NULL, "print the version", NULL, &wants_version },
	HG_OPTIONS_END,
};

const struct hg_command hg_command_root = {
	.name = "",
	.args = "COMMAND",
	.summary = "hellogate - see, decide and explain every TLS ClientHello on a NIC",
	.more = "  hellogate watch eth0                    try it now\n"
		"  hellogate read trace.pcapng             what happened in a capture\n"
		"  hellogate attach eth0 --policy p.yaml   put it to work",
	.options = options,
	.commands = commands,
};

/* What was not written was not done: a full disk, a reader that has gone. */
static int flush_output(int r)
{
	if (!fflush(stdout) && !ferror(stdout))
		return r;
	hg_error("cannot write all of the output: %s", strerror(errno));
	return r ? r : HG_PARTLY;
}

static int run(int argc, char **argv)
{
	for (int i = 1; i < argc && argv[i][0] == '-'; i++)
		if (!strcmp(argv[i], "--version") || !strcmp(argv[i], "-V"))
			return hg_cmd_version(&hg_command_root, 1, argv);
	return hg_command_dispatch(&hg_command_root, argc, argv);
}

int main(int argc, char **argv)
{
	return flush_output(run(argc, argv));
}
