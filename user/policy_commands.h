/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_commands.h - the `policy` commands, each in its file; the table of all
 * is in cmd_policy_live.c.
 */
#ifndef HG_POLICY_COMMANDS_H
#define HG_POLICY_COMMANDS_H

#include "options.h"

int hg_cmd_policy_check(const struct hg_command *self, int argc, char **argv);
int hg_cmd_policy_explain(const struct hg_command *self, int argc, char **argv);
int hg_cmd_policy_test(const struct hg_command *self, int argc, char **argv);
int hg_cmd_policy_diff(const struct hg_command *self, int argc, char **argv);
int hg_cmd_policy_load(const struct hg_command *self, int argc, char **argv);
int hg_cmd_policy_confirm(const struct hg_command *self, int argc, char **argv);
int hg_cmd_policy_rollback(const struct hg_command *self, int argc, char **argv);
int hg_cmd_policy_history(const struct hg_command *self, int argc, char **argv);

extern const struct hg_option hg_options_policy_check[];
extern const struct hg_option hg_options_policy_explain[];
extern const struct hg_option hg_options_policy_test[];
extern const struct hg_option hg_options_policy_diff[];
extern const struct hg_option hg_options_policy_load[];
extern const struct hg_option hg_options_policy_change[]; /* confirm and rollback */
extern const struct hg_option hg_options_policy_history[];

#endif /* HG_POLICY_COMMANDS_H */
