/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_complete.c - for shells: what may come next on a command line; and for the
 * manual: all that may.
 */
#include "commands.h"
#include "complete.h"
#include "say.h"

static bool model;

const struct hg_option hg_options_complete[] = {
	{ "model", 0, NULL, "all commands and options, tab-separated: the manual is made of it",
	  NULL, &model },
	HG_OPTIONS_END,
};

int hg_cmd_complete(const struct hg_command *self, int argc, char **argv)
{
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (model)
		hg_model_print(&hg_command_root, stdout);
	else
		hg_complete(&hg_command_root, operands, argv, stdout);
	return HG_OK;
}
