/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - commands and options as rows: one table parses the command line,
 * prints the help, completes words and feeds the manual.
 */
#ifndef HG_OPTIONS_H
#define HG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct hg_option {
	const char *name; /* long name, without dashes */
	char letter;	  /* short name, or 0 */
	const char *arg;  /* what the argument is called, or NULL for a flag */
	const char *help;
	const char **value; /* where an argument goes */
	bool *flag;	    /* where a flag goes */
};

#define HG_OPTIONS_END                                                                             \
	{                                                                                          \
		NULL, 0, NULL, NULL, NULL, NULL                                                    \
	}

/* Every command takes it. */
extern const struct hg_option hg_help_option;

struct hg_command {
	const char *group; /* "Look", "Explain", "Police", "Run" */
	const char *name;  /* of a sub-command: with its parent's, "policy check" */
	const char *args;  /* "IFACE..." */
	const char *summary;
	const char *more; /* paragraphs for --help and the man page, or NULL */
	int (*run)(const struct hg_command *self, int argc, char **argv);
	const struct hg_option *options;   /* static rows; NULL: none */
	const struct hg_command *commands; /* sub-commands, ended by a NULL name */
};

/* What a finished parse returns besides enum hg_exit. */
#define HG_PARSED (-1)

/*
 * Parse argv[1..] by the rows; operands move to the front of argv and *operands
 * says how many.  Returns HG_PARSED to go on, HG_OK after --help, HG_USAGE with
 * the reason said.
 */
int hg_options_parse(const struct hg_command *command, int argc, char **argv, int *operands);

/* Run the sub-command that argv[1] names. */
int hg_command_dispatch(const struct hg_command *self, int argc, char **argv);

/* Its name without its parent's, and the sub-command of that name, or NULL. */
const char *hg_command_word(const struct hg_command *command);
const struct hg_command *hg_command_named(const struct hg_command *self, const char *word);

void hg_command_help(const struct hg_command *command);

/* A usage error: "error: ..." and the line that says how to get help. */
int hg_usage(const struct hg_command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* `text` of option --`option` is "on" or "off"; NULL leaves *value.  HG_USAGE, and said, else. */
int hg_switch_parse(const struct hg_command *command, const char *option, const char *text,
		    bool *value);

/* The output of a listing. */
enum hg_format { HG_FORMAT_TABLE, HG_FORMAT_JSON, HG_FORMAT_JSONL, HG_FORMAT_CSV };

/* `text` may be NULL: the default is `otherwise`.  False, and said, if unknown. */
bool hg_format_parse(const char *text, enum hg_format otherwise, enum hg_format *out);

#endif /* HG_OPTIONS_H */
