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
#define SAME(c) [c] = (c)
#define LETTER(c) [c] = (c), [(c) - 'a' + 'A'] = (c)
static const char host_byte[256] = {
	SAME('-'),   SAME('_'),	  SAME('0'),   SAME('1'),   SAME('2'),	 SAME('3'),   SAME('4'),
	SAME('5'),   SAME('6'),	  SAME('7'),   SAME('8'),   SAME('9'),	 LETTER('a'), LETTER('b'),
	LETTER('c'), LETTER('d'), LETTER('e'), LETTER('f'), LETTER('g'), LETTER('h'), LETTER('i'),
	LETTER('j'), LETTER('k'), LETTER('l'), LETTER('m'), LETTER('n'), LETTER('o'), LETTER('p'),
	LETTER('q'), LETTER('r'), LETTER('s'), LETTER('t'), LETTER('u'), LETTER('v'), LETTER('w'),
	LETTER('x'), LETTER('y'), LETTER('z'),
};
#undef SAME
#undef LETTER

static int refuse_byte(char c, const char **why)
{
	if (c == '*')
		return refuse(why, "a wildcard stands only in front, as *.example.com");
	if (c == ':' || c == '/')
		return refuse(why, "a name has no scheme, port or path");
	return refuse(why, "a character that no host name has");
}

static int check_label(size_t len, const char **why)
{
	if (!len)
		return refuse(why, "an empty label (two dots, or one in front)");
	if (len > HG_LABEL_MAX)
		return refuse(why, "a label of more than 63 bytes");
	return 0;
}

/* 0, -1 or HG_NOT_ASCII. */
static int check_ascii(const char *text, size_t len, const char **why)
{
	size_t label = 0; /* where it begins */

	for (size_t i = 0; i < len; i++) {
		if (host_byte[(unsigned char)text[i]])
			continue;
		if (text[i] & 0x80)
			return HG_NOT_ASCII;
		if (text[i] != '.')
			return refuse_byte(text[i], why);
		if (check_label(i - label, why))
			return -1;
		label = i + 1;
	}
	return check_label(len - label, why);
}

/* `out` may be `text`: it never gets ahead of it. */
static int canonical_ascii(const char *text, size_t len, char *out, const char **why)
{
	int rc;

	if (len && text[len - 1] == '.')
		len--;
	if (!len)
		return refuse(why, "an empty name");
	rc = check_ascii(text, len, why);
	if (rc)
		return rc;
	if (len > HG_NAME_TEXT_MAX)
		return refuse(why, "a name of more than 253 bytes");
	for (size_t i = 0; i < len; i++)
		out[i] = text[i] == '.' ? '.' : host_byte[(unsigned char)text[i]];
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

int hg_name_parse_kind(struct hg_arena *arena, char *text, size_t len, enum hg_name_kind kind,
		       struct hg_name *out, const char **why)
{
	char idn[HG_NAME_TEXT_MAX + 1];
	int rc = canonical_ascii(text, len, text, why);

	if (rc == HG_NOT_ASCII) {
		rc = canonical_idn(text, len, idn, why);
		if (rc >= 0)
			text = hg_arena_text(arena, idn, (size_t)rc);
	}
	if (rc < 0)
		return rc;
	*out = (struct hg_name){ .text = text, .len = (__u8)rc, .kind = (__u8)kind };
	return 0;
}

int hg_name_parse(struct hg_arena *arena, char *text, size_t len, struct hg_name *out,
		  const char **why)
{
	enum hg_name_kind kind = HG_NAME_EXACT;
	size_t prefix = 0;

	if (len > 1 && text[0] == '.') {
		kind = HG_NAME_TREE;
		prefix = 1;
	} else if (len > 1 && text[0] == '*' && text[1] == '.') {
		kind = HG_NAME_BELOW;
		prefix = 2;
	}
	return hg_name_parse_kind(arena, text + prefix, len - prefix, kind, out, why);
}

int hg_name_order(const void *left, const void *right)
{
	const struct hg_name *a = left, *b = right;
	int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

	if (order)
		return order;
	return a->len != b->len ? a->len - b->len : a->kind - b->kind;
}
