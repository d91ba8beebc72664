/* SPDX-License-Identifier: BSD-2-Clause */
/* What the JSON writer writes, jansson reads, and reads it as what was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define ROUNDS 20000

static struct hg_json writer;

static void is_text(const char *want)
{
	assert_false(writer.failed);
	assert_int_equal(writer.len, strlen(want));
	assert_memory_equal(writer.text, want, writer.len);
	hg_json_reset(&writer);
}

static void numbers(void **state)
{
	static const struct {
		uint64_t value;
		const char *want;
	} rows[] = {
		{ 0, "0" },
		{ 9, "9" },
		{ 10, "10" },
		{ 99, "99" },
		{ 100, "100" },
		{ 65535, "65535" },
		{ 999999999999999999ULL, "999999999999999999" },
		{ 1000000000000000000ULL, "1000000000000000000" },
		{ 9999999999999999999ULL, "9999999999999999999" },
		{ 10000000000000000000ULL, "10000000000000000000" },
		{ UINT64_MAX, "18446744073709551615" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		hg_json_uint(&writer, rows[i].value);
		is_text(rows[i].want);
	}
	hg_json_int(&writer, INT64_MIN);
	is_text("-9223372036854775808");
	hg_json_int(&writer, -1);
	is_text("-1");
	hg_json_int(&writer, INT64_MAX);
	is_text("9223372036854775807");
}

static void numbers_as_printf(void **state)
{
	char want[32];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t value = ((uint64_t)random() << 33 ^ (uint64_t)random()) >> random() % 64;

		snprintf(want, sizeof(want), "%llu", (unsigned long long)value);
		hg_json_uint(&writer, value);
		is_text(want);
	}
}

static void commas(void **state)
{
	(void)state;
	hg_json_object(&writer);
	hg_json_put_uint(&writer, "a", 1);
	hg_json_key(&writer, "b");
	hg_json_array(&writer);
	hg_json_array(&writer);
	hg_json_array_end(&writer);
	hg_json_object(&writer);
	hg_json_object_end(&writer);
	hg_json_null(&writer);
	hg_json_bool(&writer, true);
	hg_json_raw(&writer, "[7]", 3);
	hg_json_plain(&writer, "x", 1);
	hg_json_array_end(&writer);
	hg_json_put_bool(&writer, "c", false);
	hg_json_put_string(&writer, "d", "");
	hg_json_object_end(&writer);
	hg_json_newline(&writer);
	hg_json_uint(&writer, 2);
	is_text("{\"a\":1,\"b\":[[],{},null,true,[7],\"x\"],\"c\":false,\"d\":\"\"}\n2");
}

static void strings(void **state)
{
	static const struct {
		const char *what, *in;
		size_t len;
		const char *text, *bytes;
	} rows[] = {
		{ "plain", "shop.example", 12, "\"shop.example\"", "\"shop.example\"" },
		{ "quote and backslash", "a\"b\\c", 5, "\"a\\\"b\\\\c\"", "\"a\\\"b\\\\x5cc\"" },
		{ "control", "\0\n\x1f", 3, "\"\\u0000\\u000a\\u001f\"",
		  "\"\\\\x00\\\\x0a\\\\x1f\"" },
		{ "delete", "\x7f", 1, "\"\\u007f\"", "\"\\\\x7f\"" },
		{ "UTF-8", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9,
		  "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
		  "\"\\\\xc3\\\\xa4\\\\xe2\\\\x82\\\\xac\\\\xf0\\\\x9f\\\\x98\\\\x80\"" },
		{ "a lone continuation", "\x80", 1, "\"\\\\x80\"", "\"\\\\x80\"" },
		{ "cut short", "\xe2\x82\xac", 2, "\"\\\\xe2\\\\x82\"", "\"\\\\xe2\\\\x82\"" },
		{ "overlong slash", "\xc0\xaf", 2, "\"\\\\xc0\\\\xaf\"", "\"\\\\xc0\\\\xaf\"" },
		{ "overlong, three bytes", "\xe0\x80\xaf", 3, "\"\\\\xe0\\\\x80\\\\xaf\"",
		  "\"\\\\xe0\\\\x80\\\\xaf\"" },
		{ "overlong, four bytes", "\xf0\x8f\xbf\xbf", 4, "\"\\\\xf0\\\\x8f\\\\xbf\\\\xbf\"",
		  "\"\\\\xf0\\\\x8f\\\\xbf\\\\xbf\"" },
		{ "surrogate", "\xed\xa0\x80", 3, "\"\\\\xed\\\\xa0\\\\x80\"",
		  "\"\\\\xed\\\\xa0\\\\x80\"" },
		{ "above U+10FFFF", "\xf4\x90\x80\x80", 4, "\"\\\\xf4\\\\x90\\\\x80\\\\x80\"",
		  "\"\\\\xf4\\\\x90\\\\x80\\\\x80\"" },
		{ "bad third byte",
		  "\xe2\x82"
		  "a",
		  3, "\"\\\\xe2\\\\x82a\"", "\"\\\\xe2\\\\x82a\"" },
		{ "ff", "a\xff", 2, "\"a\\\\xff\"", "\"a\\\\xff\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].what);
		hg_json_string_n(&writer, rows[i].in, rows[i].len);
		is_text(rows[i].text);
		hg_json_bytes(&writer, rows[i].in, rows[i].len);
		is_text(rows[i].bytes);
	}
}

/* What hg_json_bytes() wrote, back to bytes: it must be the same ones. */
static size_t unspell(const char *text, size_t len, unsigned char *out)
{
	unsigned int byte;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\') {
			assert_int_equal(text[i + 1], 'x');
			assert_int_equal(sscanf(text + i + 2, "%2x", &byte), 1);
			i += 3;
		} else {
			byte = (unsigned char)text[i];
		}
		out[n++] = (unsigned char)byte;
	}
	return n;
}

static json_t *parsed(void)
{
	json_error_t error;
	json_t *value =
		json_loadb(writer.text, writer.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

	if (!value)
		print_error("%s\n", error.text);
	assert_non_null(value);
	hg_json_reset(&writer);
	return value;
}

static size_t random_bytes(unsigned char *to, size_t most)
{
	/* UTF-8 has to turn up often enough: leading bytes and continuations. */
	static const unsigned char often[] = { 0xc3, 0xe2, 0xf0, 0x9f, 0x82, 0xac, '"', '\\', 'x' };
	size_t len = (size_t)random() % most;

	for (size_t i = 0; i < len; i++)
		to[i] = (unsigned char)(random() % 2 ? random() : often[random() % 9]);
	return len;
}

static void random_bytes_survive(void **state)
{
	unsigned char in[64], out[sizeof(in)];
	json_t *value;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		size_t len = random_bytes(in, sizeof(in));

		hg_json_bytes(&writer, in, len);
		value = parsed();
		assert_int_equal(unspell(json_string_value(value), json_string_length(value), out),
				 len);
		assert_memory_equal(in, out, len);
		json_decref(value);
		hg_json_string_n(&writer, (char *)in, len);
		json_decref(parsed());
	}
}

static void utf8_stays(void **state)
{
	json_t *value;
	char in[8];

	(void)state;
	for (unsigned int c = 1; c < 0x110000; c += c < 0x3000 ? 1 : 97) {
		size_t len = 0;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		if (c < 0x80) {
			in[len++] = (char)c;
		} else if (c < 0x800) {
			in[len++] = (char)(0xc0 | c >> 6);
		} else if (c < 0x10000) {
			in[len++] = (char)(0xe0 | c >> 12);
			in[len++] = (char)(0x80 | (c >> 6 & 63));
		} else {
			in[len++] = (char)(0xf0 | c >> 18);
			in[len++] = (char)(0x80 | (c >> 12 & 63));
			in[len++] = (char)(0x80 | (c >> 6 & 63));
		}
		if (c >= 0x80)
			in[len++] = (char)(0x80 | (c & 63));
		hg_json_string_n(&writer, in, len);
		value = parsed();
		assert_int_equal(json_string_length(value), len);
		assert_memory_equal(json_string_value(value), in, len);
		json_decref(value);
	}
}

static void growth(void **state)
{
	json_t *value;

	(void)state;
	hg_json_array(&writer);
	for (unsigned int i = 0; i < 100000; i++)
		hg_json_uint(&writer, i);
	hg_json_array_end(&writer);
	value = parsed();
	assert_int_equal(json_array_size(value), 100000);
	assert_int_equal(json_integer_value(json_array_get(value, 99999)), 99999);
	json_decref(value);
}

static void out_of_memory(void **state)
{
	size_t len;

	(void)state;
	hg_json_uint(&writer, 1);
	hg_json_newline(&writer);
	len = writer.len;
	assert_null(hg_json_room(&writer, SIZE_MAX / 2));
	assert_true(writer.failed);
	hg_json_rewind(&writer, len);
	hg_json_string_n(&writer, "", SIZE_MAX / 2);
	assert_true(writer.failed);
	hg_json_rewind(&writer, len);
	assert_false(writer.failed);
	hg_json_uint(&writer, 2);
	is_text("1\n2");
}

static int end(void **state)
{
	(void)state;
	hg_json_free(&writer);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(numbers_as_printf),
		cmocka_unit_test(commas),
		cmocka_unit_test(strings),
		cmocka_unit_test(random_bytes_survive),
		cmocka_unit_test(utf8_stays),
		cmocka_unit_test(growth),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, end);
}
