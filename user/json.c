/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>

#define HG_JSON_FIRST 4096
#define HG_JSON_BYTE_MAX 6 /* the longest spelling of one byte: \u001f */

static const char hex[] = "0123456789abcdef";

void hg_json_free(struct hg_json *j)
{
	free(j->text);
	*j = (struct hg_json){ 0 };
}

void hg_json_reset(struct hg_json *j)
{
	j->len = 0;
	j->comma = false;
	j->failed = false;
}

void hg_json_rewind(struct hg_json *j, size_t len)
{
	j->len = len;
	j->comma = false;
	j->failed = false;
}

static __attribute__((noinline)) bool grow(struct hg_json *j, size_t n)
{
	size_t size = j->size ? j->size : HG_JSON_FIRST;
	char *text = NULL;

	while (size - j->len < n && size <= SIZE_MAX / 2)
		size *= 2;
	if (!j->failed && size - j->len >= n)
		text = realloc(j->text, size);
	if (!text) {
		j->failed = true;
		return false;
	}
	j->text = text;
	j->size = size;
	return true;
}

/* In line, since every value asks; growing is rare. */
static inline char *room(struct hg_json *j, size_t n)
{
	if (j->size - j->len < n && !grow(j, n))
		return NULL;
	return j->text + j->len;
}

char *hg_json_room(struct hg_json *j, size_t n)
{
	return room(j, n);
}

/* Room for a value of n bytes at most, behind its comma; the caller sets len. */
static inline char *begin_value(struct hg_json *j, size_t n)
{
	char *to = room(j, n + 1);

	if (!to)
		return NULL;
	if (j->comma) {
		*to++ = ',';
		j->len++;
	}
	j->comma = true;
	return to;
}

static void begin(struct hg_json *j, char bracket)
{
	char *to = begin_value(j, 1);

	if (!to)
		return;
	*to = bracket;
	j->len++;
	j->comma = false;
}

static void finish(struct hg_json *j, char bracket)
{
	char *to = room(j, 1);

	if (!to)
		return;
	*to = bracket;
	j->len++;
	j->comma = true;
}

void hg_json_object(struct hg_json *j)
{
	begin(j, '{');
}

void hg_json_object_end(struct hg_json *j)
{
	finish(j, '}');
}

void hg_json_array(struct hg_json *j)
{
	begin(j, '[');
}

void hg_json_array_end(struct hg_json *j)
{
	finish(j, ']');
}

void hg_json_key_n(struct hg_json *j, const char *key, size_t len)
{
	char *to = begin_value(j, len + 3);

	if (!to)
		return;
	to[0] = '"';
	memcpy(to + 1, key, len);
	to[len + 1] = '"';
	to[len + 2] = ':';
	j->len += len + 3;
	j->comma = false;
}

size_t hg_decimal(char *to, uint64_t value)
{
	uint64_t above = 10;
	size_t n = 1, at;

	while (value >= above && n < 20) {
		n++;
		above = n < 20 ? above * 10 : UINT64_MAX;
	}
	for (at = n; at; value /= 10)
		to[--at] = (char)('0' + value % 10);
	return n;
}

void hg_json_uint(struct hg_json *j, uint64_t number)
{
	char *to = begin_value(j, 20);

	if (to)
		j->len += hg_decimal(to, number);
}

void hg_json_int(struct hg_json *j, int64_t number)
{
	char *to = begin_value(j, 21);

	if (!to)
		return;
	if (number < 0) {
		*to++ = '-';
		j->len++;
	}
	j->len += hg_decimal(to, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

void hg_json_raw(struct hg_json *j, const char *text, size_t len)
{
	char *to = begin_value(j, len);

	if (!to)
		return;
	memcpy(to, text, len);
	j->len += len;
}

void hg_json_bool(struct hg_json *j, bool truth)
{
	if (truth)
		hg_json_raw(j, "true", 4);
	else
		hg_json_raw(j, "false", 5);
}

void hg_json_null(struct hg_json *j)
{
	hg_json_raw(j, "null", 4);
}

void hg_json_newline(struct hg_json *j)
{
	char *to = room(j, 1);

	if (!to)
		return;
	*to = '\n';
	j->len++;
	j->comma = false;
}

/* ---- strings ---- */

/*
 * Bytes of the UTF-8 sequence at `s`, 0 if there is none: no overlong forms,
 * no surrogates, nothing above U+10FFFF (RFC 3629, section 4).
 */
static size_t utf8_sequence(const unsigned char *s, size_t left)
{
	unsigned int low = 0x80, high = 0xbf;
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (left < n)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Room for a string of len bytes, whatever they are. */
static char *string_value(struct hg_json *j, size_t len)
{
	if (len > SIZE_MAX / 8) {
		j->failed = true;
		return NULL;
	}
	return begin_value(j, len * HG_JSON_BYTE_MAX + 2);
}

void hg_json_plain(struct hg_json *j, const char *text, size_t len)
{
	char *to = begin_value(j, len + 2);

	if (!to)
		return;
	to[0] = '"';
	memcpy(to + 1, text, len);
	to[len + 1] = '"';
	j->len += len + 2;
}

/* \xNN: the backslash is one of the string, and so is escaped itself. */
static char *put_byte(char *to, unsigned char c)
{
	*to++ = '\\';
	*to++ = '\\';
	*to++ = 'x';
	*to++ = hex[c >> 4];
	*to++ = hex[c & 15];
	return to;
}

/* A quote, a backslash, or a control character (RFC 8259, section 7). */
static char *put_escaped(char *to, unsigned char c)
{
	*to++ = '\\';
	if (c == '"' || c == '\\') {
		*to++ = (char)c;
		return to;
	}
	memcpy(to, "u00", 3);
	to[3] = hex[c >> 4];
	to[4] = hex[c & 15];
	return to + 5;
}

void hg_json_string_n(struct hg_json *j, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text, *end = s + len;
	char *start = string_value(j, len), *to = start;
	size_t n;

	if (!to)
		return;
	*to++ = '"';
	while (s < end) {
		if (is_plain(*s)) {
			*to++ = (char)*s++;
			continue;
		}
		n = utf8_sequence(s, (size_t)(end - s));
		if (n == 0)
			to = put_byte(to, *s);
		else if (n == 1)
			to = put_escaped(to, *s);
		else
			to = (char *)memcpy(to, s, n) + n;
		s += n ? n : 1;
	}
	*to++ = '"';
	j->len += (size_t)(to - start);
}

void hg_json_string(struct hg_json *j, const char *text)
{
	hg_json_string_n(j, text, strlen(text));
}

void hg_json_bytes(struct hg_json *j, const void *bytes, size_t len)
{
	const unsigned char *s = bytes, *end = s + len;
	char *start = string_value(j, len), *to = start;

	if (!to)
		return;
	*to++ = '"';
	for (; s < end; s++) {
		if (is_plain(*s))
			*to++ = (char)*s;
		else if (*s == '"')
			to = put_escaped(to, *s);
		else
			to = put_byte(to, *s);
	}
	*to++ = '"';
	j->len += (size_t)(to - start);
}

void hg_json_put_real(struct hg_json *j, const char *key, double value)
{
	char text[40];
	int len = snprintf(text, sizeof(text), "%.3f", value);

	hg_json_key(j, key);
	hg_json_raw(j, text, (size_t)len);
}
