/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads at the end of a capture, records, and what begins a hello when its bytes come one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tls_record.h"

static struct hg_capture capture;

static void reads_end_with_the_capture(void **state)
{
	(void)state;
	memset(&capture, 0xff, sizeof(capture)); /* its slack, too */
	assert_int_equal(hg_byte(&capture, HG_STREAM_CAP - 1), 0xff);
	assert_int_equal(hg_be16(&capture, HG_STREAM_CAP - 1), 0xffff);
	assert_int_equal(hg_be24(&capture, HG_STREAM_CAP - 1), 0xffffff);
	assert_true(hg_word(&capture, HG_STREAM_CAP - 1) == ~0ULL);
	for (__u32 at = HG_STREAM_CAP; at < HG_STREAM_CAP + 2; at++) {
		assert_int_equal(hg_byte(&capture, at), 0);
		assert_int_equal(hg_be16(&capture, at), 0);
		assert_int_equal(hg_be24(&capture, at), 0);
		assert_true(hg_word(&capture, at) == 0);
	}
}

static const struct {
	const char *bytes;
	__u32 len;
	__u8 scan;
} beginnings[] = {
	/* less than five bytes do not tell an SSLv2 hello from what is no TLS */
	{ "\xff", 1, HG_SCAN_MORE },
	{ "\xff\xff", 2, HG_SCAN_MORE },
	{ "\x80\x00", 2, HG_SCAN_MORE },
	{ "\x80\x01\x01", 3, HG_SCAN_MORE },
	{ "\x80\x01\x01\x03", 4, HG_SCAN_MORE },
	{ "\x80\x20\x02", 3, HG_SCAN_NOT_TLS },
	{ "\x80\x20\x01\x01\x02", 5, HG_SCAN_NOT_TLS },
	{ "\xff\xff\x01\x03\x01", 5, HG_SCAN_TOO_LARGE },
	{ "\xc3\xfe\x01\x03\x01", 5, HG_SCAN_MORE }, /* 17,406 bytes and two of header */
	{ "\xc3\xff\x01\x03\x01", 5, HG_SCAN_TOO_LARGE },
	/* ahead of a hello */
	{ "\x14\x03\x01\x00\x00", 5, HG_SCAN_MORE },
	{ "\x14\x03\x01\x00\x01\x01", 6, HG_SCAN_MORE },
	{ "\x14\x03\x01\x00\x02\x01\x01", 7, HG_SCAN_NOT_TLS },
	{ "\x15\x03\x01\x00\x02\x01\x5a", 7, HG_SCAN_MORE },
	{ "\x15\x03\x01\x00\x00", 5, HG_SCAN_NOT_TLS },
	/* records that end where a capture does, and where a record may */
	{ "\x16\x03\x01\x43\xfb", 5, HG_SCAN_MORE },
	{ "\x16\x03\x01\x43\xfc", 5, HG_SCAN_TOO_LARGE },
	{ "\x16\x03\x01\x48\x00", 5, HG_SCAN_TOO_LARGE },
	{ "\x16\x03\x01\x48\x01", 5, HG_SCAN_NOT_TLS },
	/* a message of 16,384 bytes, and what is none of ours, by their four bytes of header */
	{ "\x16\x03\x01\x00\x04\x01\x00\x3f\xfc", 9, HG_SCAN_MORE },
	{ "\x16\x03\x01\x00\x04\x01\x00\x3f\xfd", 9, HG_SCAN_TOO_LARGE },
	{ "\x16\x03\x01\x00\x04\x02\x00\x00\x20", 9, HG_SCAN_NOT_TLS },
	{ "\x16\x03\x01\x00\x03\x02\x00\x00", 8, HG_SCAN_MORE },
};

static void beginnings_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		struct hg_records r = { 0 };

		memset(&capture, 0, sizeof(capture));
		memcpy(capture.bytes, beginnings[i].bytes, beginnings[i].len);
		if (hg_records_scan(&capture, &r, beginnings[i].len) != beginnings[i].scan)
			fail_msg("row %zu is %u", i, r.scan);
	}
}

/* A message of six bytes in records of three, two and one; behind it, one that is none of its. */
#define CUT "\x16\x03\x01\x00\x03\x01\x00\x00\x16\x03\x01\x00\x02\x02\xaa\x16\x03\x01\x00\x01\xbb"
#define BEHIND "\x16\x03\x01\x00\x09\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xcc"

static void a_message_of_several_records(void **state)
{
	static struct hg_capture message;
	struct hg_records r = { 0 };
	struct hg_unwrap u;

	(void)state;
	memset(&capture, 0, sizeof(capture));
	memcpy(capture.bytes, CUT BEHIND, sizeof(CUT BEHIND) - 1);
	assert_int_equal(hg_records_scan(&capture, &r, 8), HG_SCAN_MORE);
	assert_int_equal(r.need, 0); /* unknown until the fourth byte */
	assert_int_equal(hg_records_scan(&capture, &r, 15), HG_SCAN_MORE);
	assert_int_equal(r.need, 6);
	assert_int_equal(hg_records_scan(&capture, &r, sizeof(CUT) - 1), HG_SCAN_COMPLETE);
	assert_int_equal(r.records, 3);
	memset(&message, 0xee, sizeof(message));
	hg_records_unwrap(&capture, &r, &u, &message);
	assert_memory_equal(message.bytes, "\x01\x00\x00\x02\xaa\xbb", 6);
	for (__u32 at = 6 + 7; at < HG_STREAM_CAP; at++) /* a store may be seven bytes too wide */
		if (message.bytes[at] != 0xee)
			fail_msg("byte %u is none of the message", at);
}

static const struct {
	const char *bytes;
	__u32 len;
	bool may;
} first_bytes[] = {
	{ "\x16\x03\x01\x00\x20", 5, true },
	{ "\x16\x03\x01\x00\x20\x01", 6, true },
	{ "\x16\x03\x01\x00\x20\x02", 6, false }, /* a ServerHello */
	{ "\x16\x03\x01\x00\x00\x16", 6, true },
	{ "\x15", 1, true },
	{ "\x15\x03", 2, true },
	{ "\x15\x04", 2, false },
	{ "\x15\x03\x01\x00", 4, true },
	{ "\x15\x03\x01\x00\x03", 5, false },
	{ "\x14\x03\x01\x00\x00", 5, true },
	{ "\x14\x03\x01\x00\x02", 5, false },
	{ "\x17", 1, false },
};

static void first_bytes_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(first_bytes) / sizeof(first_bytes[0]); i++) {
		memset(&capture, 0, sizeof(capture));
		memcpy(capture.bytes, first_bytes[i].bytes, first_bytes[i].len);
		if (hg_hello_may_begin(&capture, first_bytes[i].len) != first_bytes[i].may)
			fail_msg("row %zu is %u", i, !first_bytes[i].may);
	}
}

static const struct {
	const char *bytes;
	__u32 len;
	bool surely;
} sure_ones[] = {
	{ "\x16\x03\x01\x00\x40\x01\x00\x00\x3c\x03\x03", 11, true },
	{ "\x16\x03\x01\x00\x40\x01\x00\x00\x3c\x03\x03", 10, false },
	{ "\x16\x03\x01\x00\x04\x01\x00\x00\x3c\x03\x03", 11, true },
	{ "\x16\x03\x01\x00\x03\x01\x00\x00\x3c\x03\x03", 11, false },
	{ "\x16\x03\x01\x48\x00\x01\x00\x00\x3c\x03\x03", 11, true },
	{ "\x16\x03\x01\x48\x01\x01\x00\x00\x3c\x03\x03", 11, false },
	{ "\x16\x03\x01\x00\x40\x01\x00\x00\x26\x03\x03", 11, true },
	{ "\x16\x03\x01\x00\x40\x01\x00\x00\x25\x03\x03", 11, false },
	{ "\x16\x03\x01\x00\x40\x01\x00\x3f\xff\x03\x03", 11, true },
	{ "\x16\x03\x01\x00\x40\x01\x00\x40\x00\x03\x03", 11, false },
	{ "\x16\x03\x01\x00\x40\x02\x00\x00\x3c\x03\x03", 11, false },
	{ "\x16\x03\x01\x00\x40\x01\x00\x00\x3c\x04\x03", 11, false },
	{ "\x16\x02\x01\x00\x40\x01\x00\x00\x3c\x03\x03", 11, false },
	{ "\x17\x03\x01\x00\x40\x01\x00\x00\x3c\x03\x03", 11, false },
};

static void sure_beginnings_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sure_ones) / sizeof(sure_ones[0]); i++) {
		memset(&capture, 0, sizeof(capture));
		memcpy(capture.bytes, sure_ones[i].bytes, 11);
		if (hg_hello_surely_begins(&capture, sure_ones[i].len) != sure_ones[i].surely)
			fail_msg("row %zu is %u", i, !sure_ones[i].surely);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_end_with_the_capture),
		cmocka_unit_test(beginnings_are_told),
		cmocka_unit_test(a_message_of_several_records),
		cmocka_unit_test(first_bytes_are_judged),
		cmocka_unit_test(sure_beginnings_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
