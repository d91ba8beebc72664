/* SPDX-License-Identifier: BSD-2-Clause */
#include "complete.h"

#include <dirent.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "terms.h"

struct ask {
	FILE *out;
	const char *begun; /* the last word */
};

static void offer(const struct ask *ask, const char *word, const char *help)
{
	if (strncmp(word, ask->begun, strlen(ask->begun)) != 0)
		return;
	fprintf(ask->out, "%s%s%s\n", word, help ? "\t" : "", help ? help : "");
}

/* ---- values ---- */

static void offer_interfaces(const struct ask *ask)
{
	struct if_nameindex *all = if_nameindex();

	for (struct if_nameindex *i = all; i && i->if_name; i++)
		offer(ask, i->if_name, NULL);
	if_freenameindex(all);
}

static void offer_namespaces(const struct ask *ask)
{
	DIR *dir = opendir("/run/netns");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			offer(ask, entry->d_name, NULL);
	if (dir)
		closedir(dir);
}

/* Options whose values are words, by their names. */
static const struct {
	const char *option;
	const char *words[6];
	const char *(*text_of)(unsigned int);
	unsigned int count;
} vocabularies[] = {
	{ "output", { "table", "json", "jsonl", "csv" }, NULL, 0 },
	{ "color", { "auto", "always", "never" }, NULL, 0 },
	{ "checksums", { "on", "off" }, NULL, 0 },
	{ "decap", { "none", "all" }, hg_tunnel_text, HG_TUNNEL_COUNT },
	{ "hook", { NULL }, hg_hook_text, HG_HOOK_TC + 1 },
	{ "sni-state", { NULL }, hg_sni_state_text, HG_SNI_COUNT },
	{ "ech", { NULL }, hg_ech_text, HG_ECH_COUNT },
	{ "version-min", { NULL }, hg_version_text, HG_VERSION_COUNT },
	{ "version-max", { NULL }, hg_version_text, HG_VERSION_COUNT },
	{ "coverage", { NULL }, hg_bucket_text, HG_BUCKET_COUNT },
	{ "flag", { NULL }, hg_flag_text, HG_FLAG_COUNT },
};

static void offer_vocabulary(const struct ask *ask, const char *option)
{
	for (size_t i = 0; i < sizeof(vocabularies) / sizeof(vocabularies[0]); i++) {
		if (strcmp(vocabularies[i].option, option) != 0)
			continue;
		for (unsigned int w = 0; vocabularies[i].words[w]; w++)
			offer(ask, vocabularies[i].words[w], NULL);
		for (unsigned int v = 0; v < vocabularies[i].count; v++)
			offer(ask, vocabularies[i].text_of(v), NULL);
	}
}

/* A value in small letters is a word, and no name of something. */
static void offer_values(const struct ask *ask, const struct hg_option *o)
{
	if (!strcmp(o->arg, "FILE"))
		fprintf(ask->out, ":file\n");
	else if (!strcmp(o->arg, "DIR"))
		fprintf(ask->out, ":dir\n");
	else if (!strcmp(o->name, "netns"))
		offer_namespaces(ask);
	else if (!strcmp(o->name, "interface"))
		offer_interfaces(ask);
	else if (o->arg[0] >= 'a' && o->arg[0] <= 'z')
		offer(ask, o->arg, o->help);
	else
		offer_vocabulary(ask, o->name);
}

/* ---- words ---- */

static void offer_options(const struct ask *ask, const struct hg_command *c)
{
	char word[64];

	for (const struct hg_option *o = c->options; o && o->name; o++) {
		snprintf(word, sizeof(word), "--%s", o->name);
		offer(ask, word, o->help);
	}
	offer(ask, "--help", hg_help_option.help);
}

static void offer_commands(const struct ask *ask, const struct hg_command *c)
{
	for (const struct hg_command *sub = c->commands; sub->name; sub++)
		offer(ask, hg_command_word(sub), sub->summary);
	offer(ask, "help", "print the help of a command");
}

static void offer_operands(const struct ask *ask, const struct hg_command *c)
{
	if (c->commands)
		offer_commands(ask, c);
	else if (c->args && strstr(c->args, "IFACE"))
		offer_interfaces(ask);
	else if (c->args && (strstr(c->args, "FILE") || strstr(c->args, "CAPTURE")))
		fprintf(ask->out, ":file\n");
}

/* The option that `word` is, if its value is the next word. */
static const struct hg_option *wants_value(const struct hg_command *c, const char *word)
{
	for (const struct hg_option *o = c->options; o && o->name; o++) {
		if (!o->arg)
			continue;
		if (word[0] == '-' && word[1] == '-' && !strcmp(word + 2, o->name))
			return o;
		if (word[0] == '-' && word[1] && word[1] == o->letter && !word[2])
			return o;
	}
	return NULL;
}

void hg_complete(const struct hg_command *root, int count, char **words, FILE *out)
{
	const struct ask ask = { .out = out, .begun = count ? words[count - 1] : "" };
	const struct hg_command *c = root;
	const struct hg_option *value = NULL;
	bool options = true;

	for (int i = 0; i + 1 < count; i++) {
		const struct hg_command *sub = NULL;

		if (value) {
			value = NULL;
			continue;
		}
		if (options && !strcmp(words[i], "--"))
			options = false;
		else if (options && words[i][0] == '-')
			value = wants_value(c, words[i]);
		else
			sub = hg_command_named(c, words[i]);
		c = sub ? sub : c;
	}
	if (value)
		offer_values(&ask, value);
	else if (options && ask.begun[0] == '-')
		offer_options(&ask, c);
	else
		offer_operands(&ask, c);
}

/* ---- for the manual ---- */

static void print_model_option(const struct hg_option *o, FILE *out)
{
	char letter[2] = { o->letter, 0 };

	fprintf(out, "option\t%s\t%s\t%s\t%s\n", o->name, letter, o->arg ? o->arg : "", o->help);
}

void hg_model_print(const struct hg_command *c, FILE *out)
{
	fprintf(out, "command\t%s\t%s\t%s\t%s\n", c->name, c->args ? c->args : "", c->summary,
		c->group ? c->group : "");
	for (const struct hg_option *o = c->options; o && o->name; o++)
		print_model_option(o, out);
	print_model_option(&hg_help_option, out);
	for (const struct hg_command *sub = c->commands; sub && sub->name; sub++)
		hg_model_print(sub, out);
}
