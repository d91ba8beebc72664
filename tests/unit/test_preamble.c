/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is stepped over ahead of a hello: each preamble by the bytes of its standard, and
 * each with one of them changed, which is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "preamble.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n" /* proxy-protocol.txt, section 2.2 */
#define V4 "\x7f\0\0\1\x7f\0\0\2\x1f\x90\x01\xbb"
#define HELLO "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" /* its beginning */
#define ROW(what, text, fixed)                                                                     \
	{                                                                                          \
		what, text, sizeof(text) - 1, fixed                                                \
	}

static const struct {
	const char *what;
	const char *bytes;
	__u32 len;
	__u32 fixed; /* so many of its first bytes may not differ */
} preambles[] = {
	ROW("PROXY, first version", "PROXY TCP4 127.0.0.1 127.0.0.2 8080 443\r\n", 6),
	ROW("PROXY UNKNOWN", "PROXY UNKNOWN abc\r\n", 6),
	ROW("PROXY, second version", SIGNATURE "\x21\x11\0\x0c" V4, 12),
	ROW("PROXY, second version, LOCAL", SIGNATURE "\x20\0\0\0", 12),
	ROW("SOCKS 4", "\x04\x01\x01\xbb\x7f\0\0\1user name\0", 2),
	ROW("SOCKS 4, nobody, 0.0.0.0", "\x04\x01\x01\xbb\0\0\0\0user name\0", 2),
	ROW("SOCKS 4a", "\x04\x01\x01\xbb\0\0\0\1user\0www.example\0", 2),
	ROW("SOCKS 5, IPv4", "\x05\x01\0\x01\x7f\0\0\1\x01\xbb", 3),
	ROW("SOCKS 5, a name", "\x05\x01\0\x03\x0bwww.example\x01\xbb", 3),
	ROW("SOCKS 5, IPv6", "\x05\x01\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\x01\xbb", 3),
	ROW("CONNECT", "CONNECT www.example:443 HTTP/1.1\r\nHost: www.example\r\n\r\n", 7),
	ROW("CONNECT, newlines alone", "CONNECT www.example:443 HTTP/1.0\n\n", 7),
	ROW("ChangeCipherSpec", "\x14\x03\x03\0\x01\x01", 1),
};

static struct hg_capture capture;
static struct hg_preamble memory;

static __u32 len_of(const char *bytes, __u32 len, __u32 at, __u32 filled)
{
	memset(capture.bytes, 0, sizeof(capture.bytes));
	memcpy(capture.bytes + at, bytes, len);
	memcpy(capture.bytes + at + len, HELLO, sizeof(HELLO) - 1);
	return hg_preamble_len(&capture, &memory, at, filled);
}

static void each_ends_where_the_hello_begins(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(preambles) / sizeof(preambles[0]); i++) {
		__u32 len = preambles[i].len;

		for (__u32 at = 0; at < 40; at += 7)
			if (len_of(preambles[i].bytes, len, at, at + len + 11) != len)
				fail_msg("%s, at %u", preambles[i].what, at);
		assert_true(hg_preamble_may_begin(capture.bytes[35]));
	}
}

/* Whole, and no less: a hello that is not there yet is no hello. Below 16 bytes none is looked for.
 */
static void a_part_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(preambles) / sizeof(preambles[0]); i++) {
		__u32 len = preambles[i].len, least = len < 16 ? 16 : len;

		for (__u32 filled = 0; filled < least; filled++)
			if (len_of(preambles[i].bytes, len, 0, filled))
				fail_msg("%s, of which there are %u bytes", preambles[i].what,
					 filled);
		assert_int_equal(len_of(preambles[i].bytes, len, 0, least), len);
	}
}

static void one_byte_changed_is_none(void **state)
{
	char bytes[128];

	(void)state;
	for (size_t i = 0; i < sizeof(preambles) / sizeof(preambles[0]); i++) {
		for (__u32 at = 0; at < preambles[i].fixed; at++) {
			memcpy(bytes, preambles[i].bytes, preambles[i].len);
			bytes[at] ^= 0x41;
			if (len_of(bytes, preambles[i].len, 0, 200))
				fail_msg("%s, byte %u", preambles[i].what, at);
		}
	}
	assert_int_equal(len_of("\x05\x01\0\x02\x7f\0\0\1\x01\xbb", 10, 0, 40), 0);
	assert_int_equal(len_of("\x14\x03\x03\0\x02\x01", 6, 0, 40), 0);
	assert_int_equal(len_of("\x14\x03\x03\0\x01\x02", 6, 0, 40), 0);
	assert_int_equal(len_of("\x14\x03\x03\x01\x01\x01", 6, 0, 40), 0);
}

/* An end that does not come within HG_PREAMBLE_MAX bytes is none. */
static void an_end_is_looked_for_so_far(void **state)
{
	static char bytes[HG_PREAMBLE_MAX + 16];

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	memcpy(bytes, "PROXY ", 6);
	bytes[6 + HG_PREAMBLE_MAX - 1] = '\n';
	assert_int_equal(len_of(bytes, 6 + HG_PREAMBLE_MAX, 0, 2000), 6 + HG_PREAMBLE_MAX);
	bytes[6 + HG_PREAMBLE_MAX - 1] = 'a';
	bytes[6 + HG_PREAMBLE_MAX] = '\n';
	assert_int_equal(len_of(bytes, 7 + HG_PREAMBLE_MAX, 0, 2000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_ends_where_the_hello_begins),
		cmocka_unit_test(a_part_is_none),
		cmocka_unit_test(one_byte_changed_is_none),
		cmocka_unit_test(an_end_is_looked_for_so_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
