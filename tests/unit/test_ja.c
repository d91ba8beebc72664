/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JA3 and JA4 against vectors that their authors published:
 * - JA3: salesforce/ja3, README.md, "How it works".
 * - JA4: FoxIO-LLC/ja4, technical_details/JA4.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "hello_text.h"
#include "ja.h"

static struct hg_ja *ja;
static struct hg_capture capture;
static struct hg_parse parse;

static const struct hg_hello *read_hello(const struct hello_text *t)
{
	const struct hello_bytes *b = hello_of(t);

	assert_true(b->len <= HG_HELLO_MAX);
	memcpy(capture.bytes, b->at, b->len);
	assert_true(hg_hello_parse(&capture, &parse, 0, (__u32)b->len, false));
	return &parse.hello;
}

static const char *ja4_of(const struct hello_text *t)
{
	static char ja4[HG_JA4_SIZE];

	assert_true(hg_ja4(ja, read_hello(t), capture.bytes, ja4));
	assert_int_equal(strlen(ja4), HG_JA4_SIZE - 1);
	return ja4;
}

static void ja3_vectors(void **state)
{
	static const struct {
		const char *what;
		struct hello_text hello;
		const char *string, *hash;
	} rows[] = {
		{ "README, first example",
		  { .version = 0x0301,
		    .ciphers = "002f 0035 0005 000a c009 c00a c013 c014 0032 0038 0013 0004",
		    .exts = "0000 000a 000b",
		    .sni = "example.com",
		    .groups = "0017 0018 0019",
		    .formats = "00" },
		  "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0",
		  "ada70206e40642a3e4461f35503241d5" },
		{ "README, no extensions",
		  { .version = 0x0301,
		    .ciphers = "0004 0005 000a 0009 0064 0062 0003 0006 0013 0012 0063" },
		  "769,4-5-10-9-100-98-3-6-19-18-99,,,",
		  "de350869b8c85de67a350c8d186f11e6" },
		{ "the first example, with GREASE strewn in",
		  { .version = 0x0301,
		    .ciphers =
			    "0a0a 002f 0035 0005 000a c009 c00a c013 c014 0032 0038 0013 0004 fafa",
		    .exts = "1a1a 0000 000a 000b eaea",
		    .sni = "example.com",
		    .groups = "3a3a 0017 0018 0019",
		    .formats = "00" },
		  "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0",
		  "ada70206e40642a3e4461f35503241d5" },
	};
	char hash[HG_JA3_HASH_SIZE];
	const char *string;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].what);
		string = hg_ja3_string(ja, read_hello(&rows[i].hello), capture.bytes, &len);
		assert_non_null(string);
		assert_int_equal(len, strlen(rows[i].string));
		assert_memory_equal(string, rows[i].string, len);
		assert_true(hg_ja3_hash(ja, string, len, hash));
		assert_string_equal(hash, rows[i].hash);
	}
}

static void ja3_lists(void **state)
{
	static const struct {
		struct hello_text hello;
		const char *string;
	} rows[] = {
		{ { .ciphers = "1301", .exts = "000b", .formats = "00 01 ff" },
		  "771,4865,11,,0-1-255" },
		{ { .ciphers = "1301", .exts = "000a", .groups = "001d" }, "771,4865,10,29," },
		{ { .ciphers = "0a0a", .exts = "1a1a 000a", .groups = "2a2a" }, "771,,10,," },
		{ { .ciphers = "0a1a 1a0a ffff 0000" }, "771,2586-6666-65535-0,,," },
		{ { .ciphers = "1301", .exts = "002b", .versions = "0304" }, "771,4865,43,," },
	};
	const char *string;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		string = hg_ja3_string(ja, read_hello(&rows[i].hello), capture.bytes, &len);
		assert_int_equal(len, strlen(rows[i].string));
		assert_memory_equal(string, rows[i].string, len);
	}
}

/* The hello of JA4.md: JA4_ro, to which Chrome's GREASE is added again. */
#define FOXIO_CIPHERS "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"
#define FOXIO_EXTS "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015"
#define FOXIO_SIGALGS "0403,0804,0401,0503,0805,0501,0806,0601"
#define FOXIO                                                                                      \
	.ciphers = FOXIO_CIPHERS, .exts = FOXIO_EXTS, .sni = "example.com",                        \
	.alpn = "6832 687474702f312e31", .groups = "001d 0017 0018", .formats = "00",              \
	.sigalgs = FOXIO_SIGALGS, .versions = "0304 0303", .shares = "001d"

static void ja4_vectors(void **state)
{
	static const struct {
		const char *what;
		struct hello_text hello;
		const char *ja4;
	} rows[] = {
		{ "JA4.md, the example", { FOXIO }, "t13d1516h2_8daaf6152771_e5627efa2ab1" },
		{ "the same, with GREASE everywhere",
		  { .ciphers = "7a7a " FOXIO_CIPHERS,
		    .exts = "8a8a " FOXIO_EXTS " 9a9a",
		    .sni = "example.com",
		    .alpn = "6832",
		    .groups = "aaaa 001d",
		    .formats = "00",
		    .sigalgs = "0a0a " FOXIO_SIGALGS,
		    .versions = "fafa 0304 0303",
		    .shares = "aaaa 001d" },
		  "t13d1516h2_8daaf6152771_e5627efa2ab1" },
		{ "JA4.md, no signature algorithms",
		  { .ciphers = FOXIO_CIPHERS,
		    .exts = FOXIO_EXTS,
		    .sni = "example.com",
		    .alpn = "6832",
		    .versions = "0304" },
		  "t13d1516h2_8daaf6152771_6d807ffa2a79" },
		{ "JA4.md, no ciphers, no extensions",
		  { .ciphers = "" },
		  "t12i000000_000000000000_000000000000" },
		{ "JA4.md, SNI and ALPN do not make part c",
		  { .ciphers = "0a0a", .exts = "0010,0000", .sni = "a", .alpn = "6832" },
		  "t12d0002h2_000000000000_000000000000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("# %s\n", rows[i].what);
		assert_string_equal(ja4_of(&rows[i].hello), rows[i].ja4);
	}
}

/* JA4.md, "TLS and DTLS Version". */
static void ja4_versions(void **state)
{
	static const struct {
		unsigned int legacy;
		const char *versions, *want;
	} rows[] = {
		{ 0x0303, "0304", "13" },      { 0x0303, "0303 0304 0302", "13" },
		{ 0x0303, "0a0a 0303", "12" }, { 0x0303, "0301 0302", "11" },
		{ 0x0304, "0303", "12" },      { 0x0303, NULL, "12" },
		{ 0x0302, NULL, "11" },	       { 0x0301, NULL, "10" },
		{ 0x0300, NULL, "s3" },	       { 0x0002, NULL, "s2" },
		{ 0x0304, NULL, "13" },	       { 0x0303, "7f12 0303", "00" },
		{ 0x1234, NULL, "00" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hello_text t = { .version = rows[i].legacy,
					.ciphers = "1301",
					.exts = rows[i].versions ? "002b" : "0017",
					.versions = rows[i].versions };

		assert_memory_equal(ja4_of(&t) + 1, rows[i].want, 2);
	}
}

/* JA4.md, "ALPN Extension Value", with its examples. */
static void ja4_alpns(void **state)
{
	static const struct {
		const char *alpn, *want;
	} rows[] = {
		{ "6832", "h2" },
		{ "687474702f312e31", "h1" },
		{ "687474702f312e31 6832", "h1" },
		{ "71", "qq" },
		{ "ab", "ab" },
		{ "abcd", "ad" },
		{ "30ab", "3b" },
		{ "3031abcd", "3d" },
		{ "30abcd31", "01" },
		{ "2d41", "21" },
		{ "", "00" },
		{ "- 6832", "00" },
		/* An empty name does not borrow from the one behind it. */
		{ "- 4141414141414141414141414141414141414141414141414141414141414141", "00" },
		/* On both sides of each bound. */
		{ "2f30", "20" },
		{ "3030", "00" },
		{ "392f", "3f" },
		{ "3939", "99" },
		{ "3a39", "39" },
		{ "4041", "41" },
		{ "4141", "AA" },
		{ "5a5a", "ZZ" },
		{ "5a5b", "5b" },
		{ "6061", "61" },
		{ "6161", "aa" },
		{ "7a7a", "zz" },
		{ "7a7b", "7b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hello_text t = { .ciphers = "1301", .exts = "0010", .alpn = rows[i].alpn };

		print_message("# \"%s\"\n", rows[i].alpn);
		assert_memory_equal(ja4_of(&t) + 8, rows[i].want, 2);
	}
}

/* n values from `first` on, none of them GREASE, in descending order. */
static char *many(unsigned int first, unsigned int n)
{
	static char text[6 * 9000];

	text[0] = '\0';
	for (unsigned int i = n; i; i--)
		sprintf(text + (n - i) * 5, "%04x ", first + i);
	return text;
}

static void ja4_counts(void **state)
{
	static const struct {
		unsigned int n;
		const char *want;
	} rows[] = { { 1, "01" },  { 9, "09" },	  { 10, "10" },
		     { 99, "99" }, { 100, "99" }, { 300, "99" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hello_text ciphers = { .ciphers = many(0xc000, rows[i].n) };
		struct hello_text exts = { .ciphers = "1301", .exts = many(0xc000, rows[i].n) };

		assert_memory_equal(ja4_of(&ciphers) + 4, rows[i].want, 2);
		exts.exts = many(0xc000, rows[i].n);
		assert_memory_equal(ja4_of(&exts) + 6, rows[i].want, 2);
	}
}

/* Long lists are sorted another way than short ones: with the same result. */
static void ja4_sorts_alike(void **state)
{
	static const unsigned int lengths[] = { 2, 63, 64, 65, 200, 8000 };
	char up[6 * 8000 + 1], down[HG_JA4_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct hello_text t = { .ciphers = many(0xc000, lengths[i]) };

		strcpy(down, ja4_of(&t));
		for (unsigned int k = 0; k < lengths[i]; k++)
			sprintf(up + 5 * k, "%04x ", 0xc001 + k);
		t.ciphers = up;
		assert_string_equal(ja4_of(&t), down);
	}
}

static void sni_present(void **state)
{
	static const struct {
		struct hello_text hello;
		char want;
	} rows[] = {
		{ { .ciphers = "1301", .exts = "0000", .sni = "a.example" }, 'd' },
		{ { .ciphers = "1301", .exts = "0000" }, 'd' }, /* present, and empty */
		{ { .ciphers = "1301", .exts = "0017" }, 'i' },
		{ { .ciphers = "1301" }, 'i' },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(ja4_of(&rows[i].hello)[3], rows[i].want);
}

static void sslv2_has_none(void **state)
{
	static const unsigned char message[] = { 1, 3,	  1,	0,    3, 0, 0, 0,
						 4, 0x00, 0x00, 0x2f, 1, 2, 3, 4 };
	char ja4[HG_JA4_SIZE];
	size_t len;

	(void)state;
	memcpy(capture.bytes, message, sizeof(message));
	assert_true(hg_hello_parse(&capture, &parse, 0, sizeof(message), true));
	assert_false(hg_ja4(ja, &parse.hello, capture.bytes, ja4));
	assert_null(hg_ja3_string(ja, &parse.hello, capture.bytes, &len));
}

/* The longest texts that a message can make fit their buffers (under ASan). */
static void largest(void **state)
{
	static char formats[3 * 255 + 1], ciphers[5 * 8000 + 1];
	struct hello_text t = { .ciphers = ciphers, .exts = "000b", .formats = formats };
	const char *string;
	size_t len;

	(void)state;
	for (int i = 0; i < 255; i++)
		strcpy(formats + 3 * i, "ff ");
	for (int i = 0; i < 8000; i++)
		strcpy(ciphers + 5 * i, "ffff ");
	string = hg_ja3_string(ja, read_hello(&t), capture.bytes, &len);
	assert_non_null(string);
	assert_int_equal(len, strlen("771,") + 6 * 8000 + strlen("11,,") + 4 * 255 - 1);
	assert_memory_equal(ja4_of(&t), "t12i990100_", 11);
}

static int begin(void **state)
{
	(void)state;
	ja = hg_ja_new();
	return !ja;
}

static int end(void **state)
{
	(void)state;
	hg_ja_free(ja);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ja3_vectors),	   cmocka_unit_test(ja3_lists),
		cmocka_unit_test(ja4_vectors),	   cmocka_unit_test(ja4_versions),
		cmocka_unit_test(ja4_alpns),	   cmocka_unit_test(ja4_counts),
		cmocka_unit_test(ja4_sorts_alike), cmocka_unit_test(sni_present),
		cmocka_unit_test(sslv2_has_none),  cmocka_unit_test(largest),
	};

	return cmocka_run_group_tests_name("ja", tests, begin, end);
}
