/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_commands.h - the `policy` commands that need no instance.
 */
#ifndef HG_POLICY_COMMANDS_H
#define HG_POLICY_COMMANDS_H

#include "options.h"

int hg_cmd_policy_check(const struct hg_command *self, int argc, char **argv);
int hg_cmd_policy_explain(const struct hg_command *self, int argc, char **argv);
int hg_cmd_policy_test(const struct hg_command *self, int argc, char **argv);

extern const struct hg_option hg_options_policy_check[];
extern const struct hg_option hg_options_policy_explain[];
extern const struct hg_option hg_options_policy_test[];

#endif /* HG_POLICY_COMMANDS_H */
