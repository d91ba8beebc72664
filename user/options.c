/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "say.h"

#define OPTIONS_MAX 32

static bool wants_help;

const struct hg_option hg_help_option = { "help", 'h', NULL, "print this help", NULL, &wants_help };

/* "policy check": what is typed behind the parent. */
const char *hg_command_word(const struct hg_command *c)
{
	const char *space = strrchr(c->name, ' ');

	return space ? space + 1 : c->name;
}

static const struct hg_option *row_at(const struct hg_command *c, int i)
{
	for (int n = 0; c->options && c->options[n].name; n++)
		if (n == i)
			return &c->options[n];
	return NULL;
}

static void print_option(const struct hg_option *o)
{
	char left[64];

	snprintf(left, sizeof(left), "%s%c%s --%s%s%s", o->letter ? "-" : " ",
		 o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name, o->arg ? " " : "",
		 o->arg ? o->arg : "");
	if (strlen(left) > 26)
		printf("  %s\n  %-26s %s\n", left, "", o->help);
	else
		printf("  %-26s %s\n", left, o->help);
}

static void print_commands(const struct hg_command *commands)
{
	const char *group = NULL;

	if (!commands->group)
		printf("\nCommands\n");
	for (const struct hg_command *c = commands; c->name; c++) {
		char left[64];

		if (c->group && (!group || strcmp(group, c->group) != 0))
			printf("\n%s\n", c->group);
		group = c->group;
		snprintf(left, sizeof(left), "%s%s%s", hg_command_word(c), c->args ? " " : "",
			 c->args && strlen(c->args) < 16 ? c->args : "");
		printf("  %-26s %s\n", left, c->summary);
	}
}

void hg_command_help(const struct hg_command *c)
{
	printf("Usage: hellogate%s%s%s%s%s\n\n%s\n", *c->name ? " " : "", c->name,
	       c->options ? " [OPTION...]" : "", c->args ? " " : "", c->args ? c->args : "",
	       c->summary);
	if (c->more)
		printf("\n%s\n", c->more);
	if (c->commands)
		print_commands(c->commands);
	printf("\nOptions\n");
	for (int i = 0; row_at(c, i); i++)
		print_option(row_at(c, i));
	print_option(&hg_help_option);
}

int hg_usage(const struct hg_command *c, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	hg_error("%s", message);
	hg_hint("see: hellogate%s%s --help", *c->name ? " " : "", c->name);
	return HG_USAGE;
}

int hg_switch_parse(const struct hg_command *command, const char *option, const char *text,
		    bool *value)
{
	if (!text)
		return HG_OK;
	if (strcmp(text, "on") && strcmp(text, "off"))
		return hg_usage(command, "--%s takes 'on' or 'off', not '%s'", option, text);
	*value = !strcmp(text, "on");
	return HG_OK;
}

static void suggest_option(const struct hg_command *c, const char *word)
{
	const char *words[OPTIONS_MAX + 2] = { hg_help_option.name };
	const char *near;

	for (int i = 0; i < OPTIONS_MAX && row_at(c, i); i++)
		words[i + 1] = row_at(c, i)->name;
	near = hg_did_you_mean(word, words);
	if (near)
		hg_hint("did you mean --%s?", near);
}

static int bad_option(const struct hg_command *c, char **argv, int failed)
{
	const char *word = argv[optind - 1];

	if (failed == ':')
		return hg_usage(c, "option '%s' needs an argument", word);
	if (strncmp(word, "--", 2) != 0)
		return hg_usage(c, "unknown option '-%c'", optopt);
	hg_error("unknown option '%s'", word);
	suggest_option(c, word + 2);
	hg_hint("see: hellogate%s%s --help", *c->name ? " " : "", c->name);
	return HG_USAGE;
}

static void set_option(const struct hg_option *row)
{
	if (row->flag)
		*row->flag = true;
	if (row->value)
		*row->value = optarg;
}

/* The rows in getopt's form: long options, and a string of short ones. */
static int getopt_rows(const struct hg_command *c, const struct hg_option **rows,
		       struct option *longs, char *shorts)
{
	int n = 0;

	/* A parent of sub-commands stops at the first operand. */
	shorts += sprintf(shorts, "%s:", c->commands ? "+" : "");
	for (; n < OPTIONS_MAX - 1 && row_at(c, n); n++)
		rows[n] = row_at(c, n);
	rows[n++] = &hg_help_option;
	for (int i = 0; i < n; i++) {
		longs[i] = (struct option){ rows[i]->name,
					    rows[i]->arg ? required_argument : no_argument, NULL,
					    256 + i };
		if (rows[i]->letter)
			shorts += sprintf(shorts, "%c%s", rows[i]->letter, rows[i]->arg ? ":" : "");
	}
	return n;
}

static const struct hg_option *row_of(const struct hg_option **rows, int n, int found)
{
	if (found >= 256 && found - 256 < n)
		return rows[found - 256];
	for (int i = 0; i < n; i++)
		if (rows[i]->letter == found)
			return rows[i];
	return NULL;
}

int hg_options_parse(const struct hg_command *c, int argc, char **argv, int *operands)
{
	const struct hg_option *rows[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1] = { 0 };
	char shorts[3 * OPTIONS_MAX + 4];
	int n = getopt_rows(c, rows, longs, shorts), found;

	optind = 0;
	opterr = 0;
	wants_help = false;
	while ((found = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct hg_option *row = row_of(rows, n, found);

		if (!row)
			return bad_option(c, argv, found);
		set_option(row);
	}
	if (wants_help) {
		hg_command_help(c);
		return HG_OK;
	}
	*operands = argc - optind;
	memmove(argv, argv + optind, (size_t)*operands * sizeof(*argv));
	return HG_PARSED;
}

static int unknown_command(const struct hg_command *self, const char *word)
{
	const char *words[64];
	const char *near;
	int n = 0;

	for (const struct hg_command *c = self->commands; c->name && n < 63; c++)
		words[n++] = hg_command_word(c);
	words[n] = NULL;
	near = hg_did_you_mean(word, words);
	hg_error("unknown command '%s'", word);
	if (near)
		hg_hint("did you mean '%s'?", near);
	hg_hint("see: hellogate%s%s --help", *self->name ? " " : "", self->name);
	return HG_USAGE;
}

const struct hg_command *hg_command_named(const struct hg_command *self, const char *word)
{
	for (const struct hg_command *c = self->commands; c && c->name; c++)
		if (!strcmp(hg_command_word(c), word))
			return c;
	return NULL;
}

/* "help", "help policy", "help policy load" */
static int help_on(const struct hg_command *c, int count, char **words)
{
	for (int i = 0; i < count; i++) {
		const struct hg_command *sub = hg_command_named(c, words[i]);

		if (!sub)
			return c->commands ? unknown_command(c, words[i])
					   : hg_usage(c, "'%s' has no commands", c->name);
		c = sub;
	}
	hg_command_help(c);
	return HG_OK;
}

int hg_command_dispatch(const struct hg_command *self, int argc, char **argv)
{
	const struct hg_command *found;
	int operands, r = hg_options_parse(self, argc, argv, &operands);

	if (r != HG_PARSED)
		return r;
	if (!operands)
		return hg_usage(self, "a command is missing");
	if (!strcmp(argv[0], "help"))
		return help_on(self, operands - 1, argv + 1);
	found = hg_command_named(self, argv[0]);
	return found ? found->run(found, operands, argv) : unknown_command(self, argv[0]);
}

bool hg_format_parse(const char *text, enum hg_format otherwise, enum hg_format *out)
{
	static const char *const formats[] = { "table", "json", "jsonl", "csv", NULL };
	const char *near;

	*out = otherwise;
	if (!text)
		return true;
	for (int i = 0; formats[i]; i++) {
		if (!strcmp(formats[i], text)) {
			*out = (enum hg_format)i;
			return true;
		}
	}
	near = hg_did_you_mean(text, formats);
	hg_error("unknown output format '%s'", text);
	hg_hint(near ? "did you mean '%s'?" : "one of: table json jsonl csv", near);
	return false;
}
