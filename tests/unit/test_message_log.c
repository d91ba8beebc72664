/* SPDX-License-Identifier: BSD-2-Clause */
/* One log, readers at their own pace: none gets half a message, and all know what they missed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "message_log.h"

#define ROOM 4
#define BYTES 400

static struct hg_message_log *log_of(size_t messages, size_t bytes)
{
	struct hg_message_log *log = hg_message_log_new(messages, bytes, 0);

	assert_non_null(log);
	return log;
}

static void add(struct hg_message_log *log, const char *data)
{
	assert_true(hg_message_log_add(log, "e", data, strlen(data)));
}

/* All that is there, in pieces of `piece` bytes. */
static const char *read_all(struct hg_message_reader *r, struct hg_message_log *log, size_t piece)
{
	static char text[4096];
	size_t len = 0, got;

	while ((got = hg_message_read(r, log, text + len, piece)) > 0)
		len += got;
	text[len] = 0;
	return text;
}

static void each_reader_gets_what_comes_behind_it(void **state)
{
	struct hg_message_log *log = log_of(ROOM, BYTES);
	struct hg_message_reader a, b;

	(void)state;
	hg_message_reader_open(&a, log, 0);
	add(log, "1");
	hg_message_reader_open(&b, log, 0);
	assert_true(hg_message_reader_waits(&a, log));
	assert_false(hg_message_reader_waits(&b, log));
	add(log, "2");
	assert_string_equal(read_all(&a, log, 1000),
			    "id: 1\nevent: e\ndata: 1\n\nid: 2\nevent: e\ndata: 2\n\n");
	assert_string_equal(read_all(&b, log, 3), "id: 2\nevent: e\ndata: 2\n\n");
	assert_false(hg_message_reader_waits(&a, log));
	assert_string_equal(read_all(&a, log, 1000), "");
	assert_int_equal(hg_message_log_missed(log), 0);
	hg_message_log_free(log);
}

static void what_is_too_slow_is_told_how_much(void **state)
{
	struct hg_message_log *log = log_of(ROOM, BYTES);
	struct hg_message_reader r;
	char text[8];

	(void)state;
	hg_message_reader_open(&r, log, 0);
	for (int i = 1; i <= 6; i++) {
		snprintf(text, sizeof(text), "%d", i);
		add(log, text);
	}
	assert_string_equal(read_all(&r, log, 1000),
			    "id: 2\nevent: missed\ndata: {\"messages\":2}\n\n"
			    "id: 3\nevent: e\ndata: 3\n\nid: 4\nevent: e\ndata: 4\n\n"
			    "id: 5\nevent: e\ndata: 5\n\nid: 6\nevent: e\ndata: 6\n\n");
	assert_int_equal(hg_message_log_missed(log), 2);
	hg_message_log_free(log);
}

/* What a reader is in the middle of stays, whatever becomes of the log. */
static void no_message_is_told_by_half(void **state)
{
	struct hg_message_log *log = log_of(ROOM, BYTES);
	struct hg_message_reader r;
	char begin[6] = "";

	(void)state;
	hg_message_reader_open(&r, log, 0);
	add(log, "first");
	assert_int_equal(hg_message_read(&r, log, begin, 5), 5);
	assert_string_equal(begin, "id: 1");
	for (int i = 0; i < 6; i++)
		add(log, "x");
	hg_message_log_clear(log);
	assert_string_equal(
		read_all(&r, log, 7),
		"\nevent: e\ndata: first\n\nid: 7\nevent: missed\ndata: {\"messages\":6}\n\n");
	hg_message_reader_close(&r);
	hg_message_log_free(log);
}

static void bytes_are_bounded_too(void **state)
{
	struct hg_message_log *log = log_of(100, BYTES);
	struct hg_message_reader r;
	char data[101] = "";

	(void)state;
	hg_message_reader_open(&r, log, 0);
	memset(data, 'x', 100);
	for (int i = 0; i < 5; i++)
		add(log, data);
	/* 100 bytes, and 24 around them: three of them are less than 400 */
	assert_non_null(strstr(read_all(&r, log, 1000), "event: missed\ndata: {\"messages\":2}"));
	hg_message_log_free(log);
}

static void one_that_is_larger_than_all_is_missed(void **state)
{
	struct hg_message_log *log = log_of(ROOM, BYTES);
	struct hg_message_reader r;
	static char data[BYTES];

	(void)state;
	hg_message_reader_open(&r, log, 0);
	memset(data, 'x', sizeof(data));
	add(log, "1");
	assert_false(hg_message_log_add(log, "e", data, sizeof(data)));
	add(log, "3");
	assert_string_equal(
		read_all(&r, log, 1000),
		"id: 2\nevent: missed\ndata: {\"messages\":2}\n\nid: 3\nevent: e\ndata: 3\n\n");
	hg_message_log_free(log);
}

static void who_comes_back_goes_on(void **state)
{
	struct hg_message_log *log = log_of(ROOM, BYTES);
	struct hg_message_reader r;

	(void)state;
	for (int i = 0; i < 6; i++)
		add(log, "x");
	hg_message_reader_open(&r, log, 5);
	assert_string_equal(read_all(&r, log, 1000), "id: 6\nevent: e\ndata: x\n\n");
	hg_message_reader_open(&r, log, 1);
	assert_non_null(strstr(read_all(&r, log, 1000), "{\"messages\":1}"));
	hg_message_reader_open(&r, log, 6);
	assert_false(hg_message_reader_waits(&r, log));
	hg_message_reader_open(&r, log, 70); /* of another log */
	assert_false(hg_message_reader_waits(&r, log));
	hg_message_log_free(log);
	log = hg_message_log_new(ROOM, BYTES, 1000);
	assert_non_null(log);
	add(log, "x");
	hg_message_reader_open(&r, log, 6); /* of the log before */
	assert_false(hg_message_reader_waits(&r, log));
	hg_message_reader_open(&r, log, 1000);
	assert_true(hg_message_reader_waits(&r, log));
	hg_message_log_free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reader_gets_what_comes_behind_it),
		cmocka_unit_test(what_is_too_slow_is_told_how_much),
		cmocka_unit_test(no_message_is_told_by_half),
		cmocka_unit_test(bytes_are_bounded_too),
		cmocka_unit_test(who_comes_back_goes_on),
		cmocka_unit_test(one_that_is_larger_than_all_is_missed),
	};

	return cmocka_run_group_tests_name("message_log", tests, NULL, NULL);
}
