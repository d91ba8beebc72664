/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_diagnose.c - what fails, and why: one table, or one flow's story.
 *
 * While `run` is there it tells what it has diagnosed; else the handshakes that
 * failed wait in a pinned map, and are diagnosed here, each time anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "kept.h"
#include "names.h"
#include "output.h"
#include "say.h"

static const char *bpffs;
static struct hg_output_text text;

const struct hg_option hg_options_diagnose[] = {
	HG_OPTION_FLOW(text),
	HG_OPTIONS_LISTING(text.listing, "table"),
	HG_OPTIONS_SELECTION(text.selection),
	HG_OPTION_LAST(text.selection),
	{ "bpffs", 0, "DIR", "the instance (default /sys/fs/bpf/hellogate)", &bpffs, NULL },
	HG_OPTIONS_END,
};

static void on_record(void *arg, const void *record, size_t len)
{
	hg_output_record(arg, record, len);
}

static int report(const struct hg_instance *in, const struct hg_output_options *options)
{
	struct hg_names names;
	struct hg_eve_names callbacks = hg_names_of(&names, in);
	struct hg_output out;
	struct hg_kept kept;
	int r, closed;

	if (!hg_output_open(&out, options, &callbacks, false)) {
		hg_error("out of memory");
		return HG_UNSUPPORTED;
	}
	r = hg_kept_read(in, on_record, &out, &kept);
	out.source = kept.source;
	out.missing = kept.missing;
	closed = hg_output_close(&out);
	if (!r && closed == HG_NO) {
		hg_error("no handshake of flow %s is known here", text.flow);
		hg_hint("flow ids are in: hellogate events -j, hellogate diagnose -j");
	}
	return r ? r : closed;
}

/* The operands are filters, too: each must hold. */
static char *joined(int count, char **filters)
{
	size_t len = text.selection.filter ? strlen(text.selection.filter) + 3 : 1;
	char *all;

	for (int i = 0; i < count; i++)
		len += strlen(filters[i]) + 8;
	all = calloc(1, len + 8);
	for (int i = -1; all && i < count; i++) {
		const char *one = i < 0 ? text.selection.filter : filters[i];
		size_t at = strlen(all);

		if (one)
			snprintf(all + at, len + 8 - at, "%s(%s)", at ? " and " : "", one);
	}
	return all;
}

int hg_cmd_diagnose(const struct hg_command *self, int argc, char **argv)
{
	struct hg_output_options options = { 0 };
	struct hg_instance in;
	char *filter = NULL;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (operands) {
		filter = joined(operands, argv);
		text.selection.filter = filter;
	}
	r = hg_output_options_open(self, &text, HG_FORMAT_TABLE, HG_VIEW_CAUSES, &options);
	if (!r) {
		r = hg_instance_open(&in, hg_instance_dir(bpffs));
		if (!r)
			r = report(&in, &options);
		hg_instance_close(&in);
	}
	hg_output_options_close(&options);
	free(filter);
	return r;
}
