/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commands.h - the entry of every command; the table of them is in main.c.
 */
#ifndef HG_COMMANDS_H
#define HG_COMMANDS_H

#include "options.h"

int hg_cmd_attach(const struct hg_command *self, int argc, char **argv);
int hg_cmd_detach(const struct hg_command *self, int argc, char **argv);
int hg_cmd_status(const struct hg_command *self, int argc, char **argv);
int hg_cmd_stats(const struct hg_command *self, int argc, char **argv);
int hg_cmd_top(const struct hg_command *self, int argc, char **argv);
int hg_cmd_flows(const struct hg_command *self, int argc, char **argv);
int hg_cmd_diagnose(const struct hg_command *self, int argc, char **argv);
int hg_cmd_read(const struct hg_command *self, int argc, char **argv);
int hg_cmd_watch(const struct hg_command *self, int argc, char **argv);
int hg_cmd_events(const struct hg_command *self, int argc, char **argv);
int hg_cmd_run(const struct hg_command *self, int argc, char **argv);
int hg_cmd_metrics(const struct hg_command *self, int argc, char **argv);
int hg_cmd_features(const struct hg_command *self, int argc, char **argv);
int hg_cmd_support_dump(const struct hg_command *self, int argc, char **argv);
int hg_cmd_complete(const struct hg_command *self, int argc, char **argv);
int hg_cmd_version(const struct hg_command *self, int argc, char **argv);

extern const struct hg_option hg_options_attach[];
extern const struct hg_option hg_options_detach[];
extern const struct hg_option hg_options_status[];
extern const struct hg_option hg_options_stats[];
extern const struct hg_option hg_options_top[];
extern const struct hg_option hg_options_flows[];
extern const struct hg_option hg_options_diagnose[];
extern const struct hg_option hg_options_read[];
extern const struct hg_option hg_options_watch[];
extern const struct hg_option hg_options_events[];
extern const struct hg_option hg_options_run[];
extern const struct hg_option hg_options_metrics[];
extern const struct hg_option hg_options_features[];
extern const struct hg_option hg_options_support_dump[];
extern const struct hg_option hg_options_complete[];
extern const struct hg_option hg_options_version[];

extern const struct hg_command hg_commands_policy[];

/* All of them; main.c has it. */
extern const struct hg_command hg_command_root;

#endif /* HG_COMMANDS_H */
