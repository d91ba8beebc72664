/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * complete.h - what may come next on a command line, by the rows that also parse it.
 */
#ifndef HG_COMPLETE_H
#define HG_COMPLETE_H

#include <stdio.h>

#include "options.h"

/*
 * `words` are those behind the program's name, the last of them begun only, and perhaps
 * empty.  A line each that begins with it goes to `out`, behind a tab with what it means;
 * ":file" and ":dir" ask the shell for its own.
 */
void hg_complete(const struct hg_command *root, int count, char **words, FILE *out);

/*
 * All commands and options, for the manual: a line each, its cells parted by tabs.
 * "command", its name, operands, summary and group; "option", its name, letter, argument and
 * help, behind the command that takes it.
 */
void hg_model_print(const struct hg_command *root, FILE *out);

#endif /* HG_COMPLETE_H */
