/* SPDX-License-Identifier: BSD-2-Clause */
#include "recorded.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "say.h"

/* JSON begins with a brace or a bracket; no capture does.  Nothing at all is no event. */
static bool is_json(FILE *file)
{
	int c = getc(file);

	while (c == ' ' || c == '\t' || c == '\r' || c == '\n')
		c = getc(file);
	return c == '{' || c == '[' || c == EOF;
}

int hg_recorded_read(const char *path, hg_recorded_fn each, void *arg)
{
	FILE *file;
	bool json;

	if (!strcmp(path, "-")) { /* cannot be looked at twice */
		hg_error("what was recorded must be a file, not '-'");
		hg_hint("write it to a file first: hellogate events -o jsonl >events.jsonl");
		return HG_USAGE;
	}
	file = fopen(path, "re");
	if (!file) {
		hg_error("%s: %s", path, strerror(errno));
		hg_hint("a capture (pcap, pcapng), or events: hellogate read -o jsonl, hellogate events -o jsonl");
		return HG_INVALID;
	}
	json = is_json(file);
	fclose(file);
	return json ? hg_recorded_events(path, each, arg) : hg_recorded_capture(path, each, arg);
}
