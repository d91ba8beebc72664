/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_complete.c - for shells: what may come next on a command line.
 */
#include "commands.h"
#include "complete.h"
#include "say.h"

const struct hg_option hg_options_complete[] = { HG_OPTIONS_END };

int hg_cmd_complete(const struct hg_command *self, int argc, char **argv)
{
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	hg_complete(&hg_command_root, operands, argv, stdout);
	return HG_OK;
}
