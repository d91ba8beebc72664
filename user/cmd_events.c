/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_events.c - handshakes as they end.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "names.h"
#include "output.h"
#include "say.h"
#include "source.h"

static const char *bpffs;
static bool follow;
static struct hg_output_text text;

const struct hg_option hg_options_events[] = {
	{ "follow", 'f', NULL, "go on as they come, until Ctrl-C", NULL, &follow },
	HG_OPTIONS_LISTING(text.listing, "jsonl: EVE"),
	HG_OPTIONS_SELECTION(text.selection),
	HG_OPTION_LAST(text.selection),
	HG_OPTIONS_EVE(text),
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

static void on_record(void *arg, const void *record, size_t len)
{
	hg_output_record(arg, record, len);
}

/* What is kept: all that the ring holds, or all that the daemon sends. */
static int drain(struct hg_source *s)
{
	struct pollfd fd = { .fd = hg_source_fd(s), .events = POLLIN };
	int r = HG_OK;

	if (hg_source_is_live(s))
		return hg_source_read(s);
	while (!r && poll(&fd, 1, -1) >= 0)
		r = hg_source_read(s);
	return r == HG_NOTHING ? HG_OK : r;
}

static int print_events(const struct hg_instance *in, const struct hg_output_options *options)
{
	struct hg_names names;
	struct hg_eve_names callbacks = hg_names_of(&names, in);
	struct hg_source *source;
	struct hg_output out;
	int r;

	if (!hg_output_open(&out, options, &callbacks, false)) {
		hg_error("out of memory");
		return HG_UNSUPPORTED;
	}
	r = hg_source_open(in, follow, on_record, &out, &source);
	if (!r) {
		r = follow ? hg_source_follow(source) : drain(source);
		hg_source_close(source);
	}
	if (r == HG_NOTHING) {
		hg_error("the daemon has gone away");
		hg_hint("start it again: hellogate run; or be the one reader: hellogate events -f");
	}
	hg_output_close(&out);
	return r;
}

int hg_cmd_events(const struct hg_command *self, int argc, char **argv)
{
	struct hg_instance in;
	struct hg_output_options options;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands)
		return hg_usage(self, "unexpected argument '%s'", argv[0]);
	r = hg_output_options_open(self, &text, HG_FORMAT_JSONL, HG_VIEW_EVENTS, &options);
	if (r)
		return r;
	r = hg_instance_open(&in, hg_instance_dir(bpffs));
	if (!r)
		r = print_events(&in, &options);
	hg_instance_close(&in);
	hg_output_options_close(&options);
	return r;
}
