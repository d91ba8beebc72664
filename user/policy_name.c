/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_name.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#define HG_LABEL_MAX 63
#define HG_SPELLING_MAX 1024 /* bytes of UTF-8 given to libidn2 */
#define HG_NOT_ASCII (-2)

const char *hg_name_prefix(__u8 kind)
{
	static const char *const prefixes[] = { "", ".", "*." };

	return kind < 3 ? prefixes[kind] : "?";
}

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -1;
}

/* Lower case, or 0 for a byte that no host name has.  `_` is in use. */
static char host_byte(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + 'a' - 'A');
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
		return c;
	return 0;
}

static int refuse_byte(char c, const char **why)
{
	if (c == '*')
		return refuse(why, "a wildcard stands only in front, as *.example.com");
	if (c == ':' || c == '/')
		return refuse(why, "a name has no scheme, port or path");
	return refuse(why, "a character that no host name has");
}

/* `out` may be `text`: it never gets ahead of it. */
static int canonical_ascii(const char *text, size_t len, char *out, const char **why)
{
	size_t label = 0;

	if (len && text[len - 1] == '.')
		len--;
	if (!len)
		return refuse(why, "an empty name");
	for (size_t i = 0; i < len; i++) {
		char c = host_byte(text[i]);

		if (text[i] & 0x80)
			return HG_NOT_ASCII;
		if (!c && text[i] != '.')
			return refuse_byte(text[i], why);
		if (c && ++label > HG_LABEL_MAX)
			return refuse(why, "a label of more than 63 bytes");
		if (!c && !label)
			return refuse(why, "an empty label (two dots, or one in front)");
		if (!c)
			label = 0;
	}
	if (!label)
		return refuse(why, "an empty label (two dots, or one in front)");
	if (len > HG_NAME_TEXT_MAX)
		return refuse(why, "a name of more than 253 bytes");
	for (size_t i = 0; i < len; i++)
		out[i] = text[i] == '.' ? '.' : host_byte(text[i]);
	return (int)len;
}

/* A U-label or more: A-labels by IDNA 2008. */
static int canonical_idn(const char *text, size_t len, char *out, const char **why)
{
	char spelling[HG_SPELLING_MAX + 1];
	uint8_t *ascii = NULL;
	int rc;

	if (len > HG_SPELLING_MAX || memchr(text, 0, len))
		return refuse(why, "not an internationalised name");
	memcpy(spelling, text, len);
	spelling[len] = 0;
	rc = idn2_lookup_u8((const uint8_t *)spelling, &ascii,
			    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		return refuse(why, idn2_strerror(rc));
	len = strlen((char *)ascii);
	rc = len > HG_SPELLING_MAX ? -1 : canonical_ascii((char *)ascii, len, spelling, why);
	idn2_free(ascii);
	if (rc < 0)
		return refuse(why, "not an internationalised name");
	memcpy(out, spelling, (size_t)rc);
	return rc;
}

int hg_name_canonical(const char *text, size_t len, char out[HG_NAME_TEXT_MAX + 1],
		      const char **why)
{
	int rc = canonical_ascii(text, len, out, why);

	if (rc == HG_NOT_ASCII)
		rc = canonical_idn(text, len, out, why);
	if (rc >= 0)
		out[rc] = 0;
	return rc;
}

int hg_name_parse(struct hg_arena *arena, char *text, size_t len, struct hg_name *out,
		  const char **why)
{
	char idn[HG_NAME_TEXT_MAX + 1];
	__u8 kind = HG_NAME_EXACT;
	size_t prefix = 0;
	int rc;

	if (len > 1 && text[0] == '.') {
		kind = HG_NAME_TREE;
		prefix = 1;
	} else if (len > 1 && text[0] == '*' && text[1] == '.') {
		kind = HG_NAME_BELOW;
		prefix = 2;
	}
	text += prefix;
	len -= prefix;
	rc = canonical_ascii(text, len, text, why);
	if (rc == HG_NOT_ASCII) {
		rc = canonical_idn(text, len, idn, why);
		if (rc >= 0)
			text = hg_arena_text(arena, idn, (size_t)rc);
	}
	if (rc < 0)
		return rc;
	*out = (struct hg_name){ text, (__u8)rc, kind };
	return 0;
}
