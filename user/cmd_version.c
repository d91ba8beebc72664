/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_version.c - which build this is.
 */
#include <bpf/libbpf.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "../include/control.h"
#include "commands.h"
#include "say.h"

static const char *format_text;
static bool json;

const struct hg_option hg_options_version[] = {
	{ "output", 'o', "FORMAT", "table, json or jsonl", &format_text, NULL },
	{ "json", 'j', NULL, "the same as -o json", NULL, &json },
	HG_OPTIONS_END,
};

int hg_cmd_version(const struct hg_command *self, int argc, char **argv)
{
	enum hg_format format = HG_FORMAT_TABLE;
	struct utsname system;
	int operands;

	if (strcmp(self->name, "version") == 0) {
		int r = hg_options_parse(self, argc, argv, &operands);

		if (r != HG_PARSED)
			return r;
		if (operands)
			return hg_usage(self, "unexpected argument '%s'", argv[0]);
		if (!hg_format_parse(json ? "json" : format_text, format, &format))
			return HG_USAGE;
	}
	uname(&system);
	if (format == HG_FORMAT_JSON || format == HG_FORMAT_JSONL)
		printf("{\"version\":\"%s\",\"revision\":\"%s\",\"layout\":%d,\"kernel\":\"%s\"}\n",
		       HG_VERSION, HG_REVISION, HG_LAYOUT, system.release);
	else
		printf("hellogate %s (%s), layout %d\n%s, libbpf %s\nkernel %s\n", HG_VERSION,
		       HG_REVISION, HG_LAYOUT, OpenSSL_version(OPENSSL_VERSION),
		       libbpf_version_string(), system.release);
	return HG_OK;
}
