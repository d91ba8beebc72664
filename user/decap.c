/* SPDX-License-Identifier: BSD-2-Clause */
#include "decap.h"

#include <stdio.h>
#include <string.h>

#include "say.h"
#include "terms.h"

static int kind_of(const char *word, size_t len)
{
	for (int i = 0; i < HG_TUNNEL_COUNT; i++)
		if (strlen(hg_tunnel_text(i)) == len && !strncmp(hg_tunnel_text(i), word, len))
			return i;
	return -1;
}

static int unknown(const struct hg_command *command, const char *word, int len)
{
	const char *words[HG_TUNNEL_COUNT + 3] = { "none", "all" };
	char known[HG_DECAP_SIZE], copy[32];
	const char *near;

	for (int i = 0; i < HG_TUNNEL_COUNT; i++)
		words[i + 2] = hg_tunnel_text((unsigned int)i);
	snprintf(copy, sizeof(copy), "%.*s", len, word);
	near = hg_did_you_mean(copy, words);
	hg_error("--decap: '%s' is no tunnel that can be opened", copy);
	if (near)
		hg_hint("did you mean '%s'?", near);
	else
		hg_hint("none, all, or a list of: %s", hg_decap_text(HG_DECAP_ALL, known));
	hg_hint("see: hellogate %s --help", command->name);
	return HG_USAGE;
}

int hg_decap_parse(const struct hg_command *command, const char *text, __u32 *kinds)
{
	__u32 found = 0;

	if (!text)
		return HG_OK;
	if (!strcmp(text, "none") || !strcmp(text, "all")) {
		*kinds = *text == 'a' ? HG_DECAP_ALL : 0;
		return HG_OK;
	}
	for (;; text++) {
		size_t len = strcspn(text, ",");
		int kind = kind_of(text, len);

		if (kind < 0)
			return unknown(command, text, (int)len);
		found |= 1U << kind;
		text += len;
		if (!*text)
			break;
	}
	*kinds = found;
	return HG_OK;
}

const char *hg_decap_text(__u32 kinds, char text[HG_DECAP_SIZE])
{
	size_t at = 0;

	snprintf(text, HG_DECAP_SIZE, "none");
	for (unsigned int i = 0; i < HG_TUNNEL_COUNT && at < HG_DECAP_SIZE; i++)
		if (kinds >> i & 1)
			at += (size_t)snprintf(text + at, HG_DECAP_SIZE - at, "%s%s", at ? "," : "",
					       hg_tunnel_text(i));
	return text;
}
