/* SPDX-License-Identifier: BSD-2-Clause */
#include "public_suffix.h"

#include <libpsl.h>
#include <string.h>

/* More labels than any suffix has: most names of long lists need no look-up. */
#define HG_SUFFIX_LABELS 6

/* Read once; it lives as long as the process. */
static const psl_ctx_t *suffixes(void)
{
	static const psl_ctx_t *list;
	static bool tried;

	if (!tried)
		list = psl_latest(NULL);
	tried = true;
	return list;
}

static bool is_short(const struct hg_name *name)
{
	unsigned int dots = 0;

	for (__u32 i = 0; i < name->len; i++)
		dots += name->text[i] == '.';
	return dots < HG_SUFFIX_LABELS;
}

bool hg_covers_public_suffix(const struct hg_name *name)
{
	char text[HG_NAME_TEXT_MAX + 1];

	if (name->kind == HG_NAME_EXACT || !is_short(name) || !suffixes())
		return false;
	memcpy(text, name->text, name->len);
	text[name->len] = 0;
	return psl_is_public_suffix2(suffixes(), text, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
}

static bool is_host_name(const char *name)
{
	return *name && *name != '.' && !strstr(name, "..") &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.*") == strlen(name);
}

const char *hg_registrable_domain(const char *name)
{
	return is_host_name(name) && suffixes() ? psl_registrable_domain(suffixes(), name) : NULL;
}
