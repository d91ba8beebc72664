/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hello that is sent once more, in the native data path: what makes it a copy,
 * what makes it another one, and how often it is said to have come again.
 */
#include "test_policy.h"

#include "../wire/frames.h"
#include "../wire/hellos.h"
#include "event.h"
#include "read_path.h"
#include "terms.h"

#define ISN 4000
#define FIRST (ISN + 1)
#define SERVER_ISN 9000

static const struct hg_read_path *path = &hg_read_path_kernel_limits;

/* What the data path has told. */
static struct {
	unsigned int hellos, again, ends;
	struct hg_event last; /* HELLO */
	struct hg_event_end end;
} told;

static __u64 now;

/* Of the packets to come; and whether the data path looks at it. */
static bool bad_checksum, verify;

static void on_event(void *arg, const void *event, size_t len)
{
	const struct hg_event *e = event;

	(void)arg;
	assert_true(len >= sizeof(*e));
	if (e->type == HG_EVENT_HELLO) {
		told.hellos++;
		told.again += e->again;
		told.last = *e;
	}
	if (e->type == HG_EVENT_END) {
		assert_true(len >= sizeof(told.end));
		told.ends++;
		told.end = *(const struct hg_event_end *)e;
	}
}

static void packet(bool from_server, unsigned int flags, __u32 seq, __u32 ack, const void *data,
		   __u32 len)
{
	struct conn conn = { .client = { 192, 0, 2, 1 },
			     .server = { 192, 0, 2, 2 },
			     .client_port = 4000,
			     .server_port = 443,
			     .shape.bad_checksum = bad_checksum };
	const struct segment s = { from_server, (__u8)flags, seq, ack, data, len, 0 };
	static struct frame frame;

	frame_build(&frame, &conn, &s);
	now += 1000000;
	assert_int_equal(path->frame(frame.at, frame.len, now), 0);
}

/* `len` bytes of the stream, `at` bytes behind the SYN. */
static void say(const struct octets *stream, __u32 at, __u32 len)
{
	packet(false, TCP_ACK, FIRST + at, SERVER_ISN + 1, stream->at + at, len);
}

static void all(const struct octets *stream)
{
	say(stream, 0, stream->len);
}

/* It has so much of the hello, and begins a ServerHello; a bare ACK is not looked at. */
static void server_answers(__u32 bytes)
{
	static const __u8 data[] = { 0x16, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3 };

	packet(true, TCP_ACK, SERVER_ISN + 1, FIRST + bytes, data, sizeof(data));
}

static struct hg_compiled *policy;

static void begin(const char *yaml)
{
	const struct hg_read_options options = { .checksums = verify };

	policy = yaml ? policy_compiled_of(yaml) : NULL;
	memset(&told, 0, sizeof(told));
	now = 1800000000000000000ULL;
	assert_int_equal(path->open(policy, &options, on_event, NULL), 0);
	packet(false, TCP_SYN, ISN, 0, NULL, 0);
	packet(true, TCP_SYN | TCP_ACK, SERVER_ISN, FIRST, NULL, 0);
}

static void finish(void)
{
	path->sweep(now, 1);
	path->close();
	hg_compiled_free(policy);
	policy = NULL;
	assert_int_equal(told.ends, 1);
}

static unsigned int resent(void)
{
	return told.end.answer.path.hello_resent;
}

static bool flagged(__u32 flag)
{
	return told.end.head.flags & flag;
}

/* In records of `size` bytes; 0: in one.  Of two that were made last, both are there. */
static struct octets *records_of(const struct hello_spec *spec, __u32 size)
{
	static struct octets message, streams[2];
	static unsigned int turn;
	struct octets *stream = &streams[turn++ & 1];

	octets_clear(&message);
	octets_clear(stream);
	hello_build(&message, spec);
	if (size)
		records_split(stream, &message, &size, 1);
	else
		record_whole(stream, &message);
	return stream;
}

static struct octets *record_of(const struct hello_spec *spec)
{
	return records_of(spec, 0);
}

/* ---- copy or another ---- */

#define FOR(name) .sni = (name), .groups = { 0x001d }, .key_share = 32
#define NAMED FOR("shop.example")
#define RULE "rules:\n  - {name: one, match: {ciphers: [0x002f]}, action: drop}\n"
#define SUITES "version: 1\n" RULE

static const struct {
	const char *what, *yaml;
	struct hello_spec first, second;
	bool copy;
} pairs[] = {
	{ "the same", NULL, { NAMED }, { NAMED }, true },
	{ "another name", NULL, { NAMED }, { FOR("shap.example") }, false },
	{ "another version",
	  NULL,
	  { NAMED, .versions = { 0x0304 } },
	  { NAMED, .versions = { 0x0303 } },
	  false },
	{ "another lowest version",
	  NULL,
	  { NAMED, .versions = { 0x0304, 0x0303 } },
	  { NAMED, .versions = { 0x0304, 0x0302 } },
	  false },
	{ "another legacy version",
	  NULL,
	  { NAMED, .versions = { 0x0304 }, .legacy = 0x0303 },
	  { NAMED, .versions = { 0x0304 }, .legacy = 0x0302 },
	  false },
	{ "another session id",
	  NULL,
	  { NAMED, .session_id_len = 32, .filler = 8 },
	  { NAMED, .session_id_len = 24, .filler = 16 },
	  false },
	{ "another kind of ECH",
	  NULL,
	  { NAMED, .ech = HELLO_ECH_OUTER, .pad_to = 700 },
	  { NAMED, .ech = HELLO_ECH_INNER, .pad_to = 700 },
	  false },
	{ "as many suites",
	  NULL,
	  { NAMED, .ciphers = { 0x002f, 0x0035 } },
	  { NAMED, .ciphers = { 0x003c, 0x003d } },
	  true },
	{ "as many suites, of which a rule names one",
	  SUITES,
	  { NAMED, .ciphers = { 0xc02b, 0x0035 } },
	  { NAMED, .ciphers = { 0xc02b, 0x002f } },
	  false },
	{ "as many suites, of which no rule names one",
	  SUITES,
	  { NAMED, .ciphers = { 0xc02b, 0x0035 } },
	  { NAMED, .ciphers = { 0xc02b, 0x003d } },
	  true },
	{ "another number of suites",
	  NULL,
	  { NAMED, .ciphers = { 0xc02b, 0x0035 }, .pad_to = 700 },
	  { NAMED, .ciphers = { 0xc02b }, .pad_to = 700 },
	  false },
	{ "another number of extensions",
	  NULL,
	  { NAMED, .extensions = 3, .pad_to = 700 },
	  { NAMED, .extensions = 2, .pad_to = 700 },
	  false },
	{ "longer", NULL, { NAMED }, { NAMED, .filler = 20 }, false },
	{ "shorter", NULL, { NAMED, .filler = 20 }, { NAMED }, false },
};

static void copies_and_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		print_message("# %s\n", pairs[i].what);
		begin(pairs[i].yaml);
		all(record_of(&pairs[i].first));
		assert_int_equal(told.hellos, 1);
		all(record_of(&pairs[i].second));
		assert_int_equal(told.hellos, pairs[i].copy ? 1 : 2);
		assert_int_equal(told.again, !pairs[i].copy);
		finish();
		assert_int_equal(told.end.head.bucket, pairs[i].copy
							       ? HG_BUCKET_single_segment
							       : HG_BUCKET_conflicting_overlap);
	}
}

/* ---- part of one ---- */

static void part_of_a_copy(void **state)
{
	struct octets *stream = record_of(&hello_classic);

	(void)state;
	begin(NULL);
	all(stream);
	say(stream, 0, 100);
	say(stream, 0, 100);
	say(stream, 100, stream->len - 100);
	finish();
	assert_int_equal(told.hellos, 1);
	assert_int_equal(told.end.head.bucket, HG_BUCKET_single_segment);
	assert_int_equal(resent(), 3);
	assert_true(flagged(HG_FLAG(retransmitted)));
}

/* The size of a message is known once its first record is whole. */
static void part_of_a_longer_one(void **state)
{
	static const struct {
		__u32 size, first, second, bucket;
	} parts[] = {
		{ 60, 0, 100, HG_BUCKET_single_segment },
		{ 60, 20, 100, HG_BUCKET_conflicting_overlap },
		{ 0, 20, 100, HG_BUCKET_single_segment },
		{ 0, 20, 147, HG_BUCKET_conflicting_overlap }, /* the end of the first */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct octets *first = records_of(&(struct hello_spec){ NAMED }, parts[i].size);
		struct octets *second = records_of(
			&(struct hello_spec){ NAMED, .filler = parts[i].first }, parts[i].size);

		begin(NULL);
		all(first);
		say(second, 0, parts[i].second);
		finish();
		assert_int_equal(told.end.head.bucket, parts[i].bucket);
	}
}

/* A hello that no server would take: its first record comes again. */
static void part_of_what_was_not_read(void **state)
{
	struct octets *stream = records_of(&hello_classic, 60);

	(void)state;
	/* session_id: 32 bytes at most (RFC 8446, section 4.1.2) */
	stream->at[5 + 4 + 2 + 32] = 33;
	begin(NULL);
	all(stream);
	say(stream, 0, 100);
	finish();
	assert_int_equal(told.end.head.bucket, HG_BUCKET_malformed);
}

/* ---- how often ---- */

static void counted_up_to_255(void **state)
{
	struct octets *stream = record_of(&hello_classic);
	static const unsigned int times[] = { 0, 1, 3, 254, 255, 256, 300 };

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		begin(NULL);
		all(stream);
		for (unsigned int n = 0; n < times[i]; n++)
			all(stream);
		finish();
		assert_int_equal(resent(), times[i] < 255 ? times[i] : 255);
		assert_int_equal(flagged(HG_FLAG(retransmitted)), times[i] != 0);
	}
}

/* The same while the rest has not come. */
static void counted_while_it_is_partial(void **state)
{
	struct octets *stream = record_of(&hello_classic);

	(void)state;
	begin(NULL);
	say(stream, 0, 100);
	for (unsigned int n = 0; n < 300; n++)
		say(stream, 0, 100);
	say(stream, 100, stream->len - 100);
	finish();
	assert_int_equal(told.hellos, 1);
	assert_int_equal(resent(), 255);
}

/* A wrong checksum: nothing came again, if the data path looks at that. */
static void what_no_server_takes_is_none(void **state)
{
	struct octets *stream = record_of(&hello_classic);

	(void)state;
	for (unsigned int checks = 0; checks < 2; checks++) {
		verify = checks;
		begin(NULL);
		all(stream);
		bad_checksum = true;
		all(stream);
		bad_checksum = false;
		finish();
		verify = false;
		assert_int_equal(told.hellos, 1);
		assert_int_equal(resent(), !checks);
		assert_int_equal(flagged(HG_FLAG(retransmitted)), !checks);
		assert_int_equal(flagged(HG_FLAG(decoy_checksum)), checks);
	}
}

static void what_lies_beside_it_is_no_part(void **state)
{
	struct octets *stream = record_of(&hello_classic);
	__u8 data[100] = { 0x17, 3, 3, 0, 95 };

	(void)state;
	begin(NULL);
	packet(false, TCP_ACK, FIRST - 1, SERVER_ISN + 1, data, 1);
	all(stream);
	/* a keep-alive (RFC 9293, section 3.8.4), and early data */
	packet(false, TCP_ACK, FIRST - 1, SERVER_ISN + 1, data, 1);
	packet(false, TCP_ACK, FIRST + stream->len, SERVER_ISN + 1, data, sizeof(data));
	finish();
	assert_int_equal(told.hellos, 1);
	assert_int_equal(resent(), 0);
	assert_false(flagged(HG_FLAG(retransmitted) | HG_FLAG(out_of_order)));
}

static void what_the_server_has_is_not_read_again(void **state)
{
	struct octets *first = record_of(&(struct hello_spec){ NAMED });
	struct octets *second = record_of(&(struct hello_spec){ FOR("shap.example") });

	(void)state;
	begin(NULL);
	all(first);
	server_answers(first->len);
	all(second);
	finish();
	assert_int_equal(told.hellos, 1);
	assert_int_equal(told.end.head.bucket, HG_BUCKET_single_segment);
}

/* ---- a second one, for a HelloRetryRequest ---- */

/* A hello that is answered, and its like behind it in two segments, each so often. */
static void asked_again(unsigned int times)
{
	struct octets *stream = record_of(&hello_classic);
	__u32 len = stream->len, half = len / 2;

	begin(NULL);
	all(stream);
	server_answers(len);
	for (unsigned int i = 0; i < times; i++)
		packet(false, TCP_ACK, FIRST + len, SERVER_ISN + 1, stream->at, half);
	for (unsigned int i = 0; i < times; i++)
		packet(false, TCP_ACK, FIRST + len + half, SERVER_ISN + 1, stream->at + half,
		       len - half);
	finish();
}

static void second_hello_is_none_that_came_again(void **state)
{
	(void)state;
	asked_again(1);
	assert_int_equal(told.hellos, 1);
	assert_int_equal(resent(), 0);
	assert_false(flagged(HG_FLAG(retransmitted)));
}

static void its_segments_may_come_again(void **state)
{
	(void)state;
	asked_again(2);
	assert_int_equal(resent(), 2);
	assert_true(flagged(HG_FLAG(retransmitted)));
}

static void it_is_judged_as_any_other(void **state)
{
	struct octets *first = record_of(&(struct hello_spec){ NAMED, .ciphers = { 0xc02b } });
	struct octets *second = record_of(&(struct hello_spec){ NAMED, .ciphers = { 0x002f } });

	(void)state;
	begin("version: 1\nmode: enforce\n" RULE);
	all(first);
	assert_int_equal(told.last.verdict.action, HG_ACTION_allow);
	server_answers(first->len);
	packet(false, TCP_ACK, FIRST + first->len, SERVER_ISN + 1, second->at, second->len);
	finish();
	assert_int_equal(told.end.head.verdict.action, HG_ACTION_drop);
}

/* ---- while something waits for what came in front of it ---- */

#define GAP 20

/* A bare ServerHello of TLS 1.2, in a record of its own; then what it would say next. */
static void server_says(__u32 at, __u32 len)
{
	static __u8 data[5 + 4 + 38 + 5 + 4] = { 0x16, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3 };

	memcpy(data + 47, "\x16\x03\x03\x00\x04\x0e\x00\x00\x00", 9); /* ServerHelloDone */
	packet(true, TCP_ACK, SERVER_ISN + 1 + at, FIRST, data + at, len);
}

static unsigned int lost(unsigned int side)
{
	return told.end.answer.side[side].seen & HG_SEEN_LOST;
}

static void an_answer_that_waits_gives_way(void **state)
{
	struct octets *stream = record_of(&hello_classic);

	(void)state;
	begin(NULL);
	all(stream);
	server_says(GAP, 56 - GAP);
	all(stream);
	server_says(0, GAP);
	finish();
	assert_int_equal(told.hellos, 1);
	assert_true(lost(HG_FROM_SERVER));
	assert_false(lost(HG_FROM_CLIENT));
}

static void but_not_to_what_is_no_hello(void **state)
{
	struct octets *stream = record_of(&hello_classic);
	static const __u8 early[100] = { 0x17, 3, 3, 0, 95 };

	(void)state;
	begin(NULL);
	all(stream);
	server_says(GAP, 56 - GAP);
	packet(false, TCP_ACK, FIRST + stream->len, SERVER_ISN + 1, early, sizeof(early));
	server_says(0, GAP);
	finish();
	assert_false(lost(HG_FROM_SERVER));
	assert_int_equal(told.end.answer.side[HG_FROM_SERVER].records, 2);
}

static void what_waits_of_the_client_does_too(void **state)
{
	struct octets *stream = record_of(&hello_classic);
	static const __u8 early[100] = { 0x17, 3, 3, 0, 95 };

	(void)state;
	begin(NULL);
	all(stream);
	packet(false, TCP_ACK, FIRST + stream->len + 50, SERVER_ISN + 1, early + 50, 50);
	all(stream);
	packet(false, TCP_ACK, FIRST + stream->len, SERVER_ISN + 1, early, 50);
	finish();
	assert_true(lost(HG_FROM_CLIENT));
	assert_false(lost(HG_FROM_SERVER));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_and_others),
		cmocka_unit_test(part_of_a_copy),
		cmocka_unit_test(part_of_a_longer_one),
		cmocka_unit_test(part_of_what_was_not_read),
		cmocka_unit_test(counted_up_to_255),
		cmocka_unit_test(counted_while_it_is_partial),
		cmocka_unit_test(what_no_server_takes_is_none),
		cmocka_unit_test(what_lies_beside_it_is_no_part),
		cmocka_unit_test(what_the_server_has_is_not_read_again),
		cmocka_unit_test(second_hello_is_none_that_came_again),
		cmocka_unit_test(its_segments_may_come_again),
		cmocka_unit_test(it_is_judged_as_any_other),
		cmocka_unit_test(an_answer_that_waits_gives_way),
		cmocka_unit_test(but_not_to_what_is_no_hello),
		cmocka_unit_test(what_waits_of_the_client_does_too),
	};

	return cmocka_run_group_tests_name("a hello once more", tests, NULL, NULL);
}
