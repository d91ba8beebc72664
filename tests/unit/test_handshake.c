/* SPDX-License-Identifier: BSD-2-Clause */
/* One end for each flow_id, whatever becomes of its events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "handshake.h"
#include "hello_text.h"

#define LIMIT 4

/* What the callbacks were told, a word each: "h1" hello of flow 1, "e1" "d1". */
static char told[4096];
static struct hg_handshakes *t;
static struct hg_event last; /* of the last end */
static char last_name[HG_NAME_SIZE], last_ja3[HG_JA3_HASH_SIZE], last_ja4[HG_JA4_SIZE];
static bool last_lost, last_read;
static __u8 last_ech;
static __u64 alive_id;

static void note(char what, const struct hg_handshake *h)
{
	char word[32];

	snprintf(word, sizeof(word), "%s%c%llu", told[0] ? " " : "", what,
		 (unsigned long long)h->facts.flow_id);
	strcat(told, word);
}

static void on_hello(void *ctx, struct hg_handshake *h)
{
	assert_ptr_equal(ctx, &last);
	note('h', h);
}

static void on_drop(void *ctx, struct hg_handshake *h)
{
	assert_ptr_equal(ctx, &last);
	note('d', h);
}

static void on_end(void *ctx, struct hg_handshake *h)
{
	const struct hg_ja3 *ja3 = hg_handshake_ja3(h);
	const char *ja4 = hg_handshake_ja4(h);

	assert_ptr_equal(ctx, &last);
	note('e', h);
	last = h->facts;
	last_lost = h->lost;
	last_read = h->read;
	last_ech = h->hello.ech;
	assert_int_equal(h->read, ja3 != NULL);
	assert_int_equal(h->read, ja4 != NULL);
	assert_ptr_equal(ja4, hg_handshake_ja4(h));
	assert_ptr_equal(ja3, hg_handshake_ja3(h));
	strcpy(last_name, h->read ? (const char *)h->hello.name : "");
	strcpy(last_ja3, ja3 ? ja3->hash : "");
	strcpy(last_ja4, ja4 ? ja4 : "");
}

static bool is_alive(void *ctx, const struct hg_event *facts)
{
	assert_ptr_equal(ctx, &last);
	return facts->flow_id == alive_id;
}

static struct hg_event event_of(__u8 type, __u64 id, __u64 time_ns)
{
	struct hg_event e = { .type = type, .flow_id = id, .time_ns = time_ns };

	e.bucket = HG_BUCKET_single_segment;
	e.hello.bytes = 100;
	if (type == HG_EVENT_END) {
		e.close = HG_CLOSE_fin;
		e.close_from = HG_SIDE_server;
	}
	return e;
}

static void hello(__u64 id, __u64 time_ns)
{
	struct hello_text text = {
		.ciphers = "002f 0035 0005 000a c009 c00a c013 c014 0032 0038 0013 0004",
		.version = 0x0301,
		.exts = "0000 000a 000b",
		.sni = "Shop.Example.",
		.groups = "0017 0018 0019",
		.formats = "00"
	};
	const struct hello_bytes *b = hello_of(&text);
	struct hg_event e = event_of(HG_EVENT_HELLO, id, time_ns);

	e.message_len = (__u32)b->len;
	assert_int_equal(hg_handshakes_event(t, &e, b->at, b->len), 0);
}

static const __u8 answer[HG_END_LEN];

static void end(__u64 id, __u8 close)
{
	struct hg_event e = event_of(HG_EVENT_END, id, 0);

	e.close = close;
	assert_int_equal(hg_handshakes_event(t, &e, answer, sizeof(answer)), 0);
}

static void is_told(const char *want)
{
	assert_string_equal(told, want);
	told[0] = '\0';
}

static const struct hg_handshakes_counts *counts(void)
{
	return hg_handshakes_counts(t);
}

static int begin(void **state)
{
	static const struct hg_handshakes_ops ops = { .hello = on_hello,
						      .end = on_end,
						      .drop = on_drop };

	(void)state;
	told[0] = '\0';
	alive_id = 0;
	t = hg_handshakes_new(LIMIT, &ops, &last);
	return !t;
}

static int finish(void **state)
{
	(void)state;
	hg_handshakes_free(t);
	return 0;
}

static void hello_and_end(void **state)
{
	(void)state;
	hello(1, 5);
	is_told("h1");
	assert_int_equal(counts()->open, 1);
	end(1, HG_CLOSE_fin);
	is_told("e1");
	assert_true(last_read);
	assert_false(last_lost);
	assert_string_equal(last_name, "shop.example");
	assert_string_equal(last_ja3, "ada70206e40642a3e4461f35503241d5");
	assert_memory_equal(last_ja4, "t10d120300_", 11);
	assert_int_equal(last.close, HG_CLOSE_fin);
	assert_int_equal(last.close_from, HG_SIDE_server);
	assert_int_equal(counts()->open, 0);
	assert_int_equal(counts()->hellos, 1);
	assert_int_equal(counts()->ends, 1);
	assert_int_equal(counts()->without_hello, 0);
}

static void facts_are_those_of_the_end(void **state)
{
	struct hg_event e = event_of(HG_EVENT_END, 1, 9);

	(void)state;
	hello(1, 5);
	e.flags = 8;
	e.bucket = HG_BUCKET_evicted;
	e.verdict.revision = 7;
	e.hello.bytes = 0; /* an END that does not know */
	hg_handshakes_event(t, &e, answer, sizeof(answer));
	assert_int_equal(last.flags, 8);
	assert_int_equal(last.bucket, HG_BUCKET_evicted);
	assert_int_equal(last.verdict.revision, 7);
	assert_int_equal(last.hello.bytes, 100);
	hello(2, 5);
	e.flow_id = 2;
	e.hello.bytes = 90;
	hg_handshakes_event(t, &e, answer, sizeof(answer));
	assert_int_equal(last.hello.bytes, 90);
}

static void end_without_hello(void **state)
{
	(void)state;
	end(1, HG_CLOSE_rst);
	is_told("e1");
	assert_false(last_read);
	assert_int_equal(last.close, HG_CLOSE_rst);
	assert_int_equal(counts()->without_hello, 1);
	assert_int_equal(counts()->ends, 1);
}

static void our_deeds_are_told(void **state)
{
	static const struct {
		__u8 close;
		const char *want;
	} rows[] = {
		{ HG_CLOSE_none, "e1" },
		{ HG_CLOSE_fin, "e1" },
		{ HG_CLOSE_rst, "e1" },
		{ HG_CLOSE_our_reset, "e1 d1" },
		{ HG_CLOSE_idle, "e1" },
		{ HG_CLOSE_our_drop, "e1 d1" },
		{ HG_CLOSE_evicted, "e1" },
		{ HG_CLOSE_superseded, "e1" },
		{ HG_CLOSE_end_of_capture, "e1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		end(1, rows[i].close);
		is_told(rows[i].want);
	}
}

static void many_at_once(void **state)
{
	(void)state;
	/* All in one chain, or beside it; taken from its middle, end and front. */
	hello(1, 1);
	hello(1 + 4, 2);
	hello(1 + 8, 3);
	hello(2, 4);
	is_told("h1 h5 h9 h2");
	end(5, HG_CLOSE_fin);
	end(9, HG_CLOSE_fin);
	end(1, HG_CLOSE_fin);
	end(2, HG_CLOSE_fin);
	is_told("e5 e9 e1 e2");
	assert_int_equal(counts()->without_hello, 0);
	assert_int_equal(counts()->open, 0);
}

static void a_hello_twice(void **state)
{
	(void)state;
	hello(1, 1);
	hello(1, 2);
	end(1, HG_CLOSE_fin);
	is_told("h1 e1");
	assert_int_equal(counts()->repeated, 1);
	assert_int_equal(counts()->hellos, 1);
}

static void more_than_the_limit(void **state)
{
	(void)state;
	for (__u64 id = 1; id <= LIMIT + 1; id++)
		hello(id, id);
	is_told("h1 h2 h3 h4 h5");
	assert_int_equal(counts()->not_kept, 1);
	assert_int_equal(counts()->open, LIMIT);
	end(LIMIT + 1, HG_CLOSE_fin);
	is_told("e5");
	assert_false(last_read);
	end(1, HG_CLOSE_fin);
	hello(6, 6);
	end(6, HG_CLOSE_fin);
	is_told("e1 h6 e6");
	assert_true(last_read);
	assert_int_equal(counts()->not_kept, 1);
}

static void lost_by_age(void **state)
{
	(void)state;
	hello(1, 10);
	hello(2, 20);
	hello(3, 30);
	told[0] = '\0';
	assert_int_equal(hg_handshakes_expire(t, 110, 100, NULL), 0);
	assert_int_equal(hg_handshakes_expire(t, 111, 100, NULL), 1);
	is_told("e1");
	assert_true(last_lost);
	assert_true(last_read);
	assert_int_equal(last.close, HG_CLOSE_none);
	assert_int_equal(counts()->lost, 1);
	assert_int_equal(counts()->open, 2);
	alive_id = 2;
	assert_int_equal(hg_handshakes_expire(t, 140, 100, is_alive), 1);
	is_told("e3");
	end(2, HG_CLOSE_fin);
	is_told("e2");
	assert_false(last_lost);
}

static void late_is_not_told_again(void **state)
{
	(void)state;
	hello(1, 10);
	hg_handshakes_expire(t, 200, 100, NULL);
	is_told("h1 e1");
	/* The age of the lost begins anew: an END may still come. */
	assert_int_equal(hg_handshakes_expire(t, 250, 100, NULL), 0);
	end(1, HG_CLOSE_fin);
	is_told("");
	assert_int_equal(counts()->late, 1);
	assert_int_equal(counts()->ends, 0);
}

static void the_lost_are_forgotten(void **state)
{
	(void)state;
	for (__u64 id = 1; id <= LIMIT; id++)
		hello(id, id);
	assert_int_equal(hg_handshakes_expire(t, 200, 100, NULL), LIMIT);
	hello(5, 200);
	assert_int_equal(counts()->not_kept, 1); /* their places are taken still */
	told[0] = '\0';
	assert_int_equal(hg_handshakes_expire(t, 301, 100, NULL), 0);
	is_told("");
	hello(6, 302);
	end(6, HG_CLOSE_fin);
	is_told("h6 e6");
	assert_true(last_read);
	assert_int_equal(counts()->not_kept, 1);
}

static void close_tells_each_once(void **state)
{
	(void)state;
	hello(1, 1);
	hg_handshakes_expire(t, 200, 100, NULL);
	hello(2, 200);
	hello(3, 200);
	told[0] = '\0';
	assert_int_equal(hg_handshakes_close(t), 2);
	is_told("e2 e3");
	assert_int_equal(counts()->lost, 3);
	assert_int_equal(counts()->open, 0);
	assert_int_equal(hg_handshakes_close(t), 0);
	is_told("");
}

static void nonsense(void **state)
{
	struct hg_event e = event_of(0, 1, 1);
	unsigned char bytes[8] = { 1, 0, 0, 4 };

	(void)state;
	assert_int_equal(hg_handshakes_event(t, &e, NULL, 0), -EINVAL);
	e.type = HG_EVENT_HELLO;
	e.message_len = 5;
	assert_int_equal(hg_handshakes_event(t, &e, bytes, 8), -EINVAL);
	e.message_len = 1 << 20;
	assert_int_equal(hg_handshakes_event(t, &e, bytes, 1 << 20), -EINVAL);
	e.type = HG_EVENT_END;
	assert_int_equal(hg_handshakes_record(t, &e, sizeof(e) - 1), -EINVAL);
	assert_int_equal(counts()->invalid, 4);
	is_told("");
}

/* A message that the parser refuses: the facts are told all the same. */
static void unreadable(void **state)
{
	struct hg_event e = event_of(HG_EVENT_HELLO, 1, 1);
	unsigned char bytes[8] = { 1, 0, 0, 4, 3, 3, 9, 9 };

	(void)state;
	e.message_len = sizeof(bytes);
	assert_int_equal(hg_handshakes_event(t, &e, bytes, sizeof(bytes)), 0);
	assert_int_equal(counts()->unreadable, 1);
	end(1, HG_CLOSE_fin);
	is_told("h1 e1");
	assert_false(last_read);
	assert_int_equal(last.hello.bytes, 100);
	assert_int_equal(counts()->without_hello, 1);
}

static void a_record_is_header_and_message(void **state)
{
	struct hello_text text = { .ciphers = "1301", .exts = "0000", .sni = "a.example" };
	const struct hello_bytes *b = hello_of(&text);
	struct hg_event e = event_of(HG_EVENT_HELLO, 1, 1);
	unsigned char record[1 + sizeof(e) + 512] = { 0 };

	(void)state;
	e.message_len = (__u32)b->len;
	memcpy(record + 1, &e, sizeof(e)); /* not aligned */
	memcpy(record + 1 + sizeof(e), b->at, b->len);
	assert_int_equal(hg_handshakes_record(t, record + 1, sizeof(e) + b->len), 0);
	e = event_of(HG_EVENT_END, 1, 1);
	memcpy(record + 1, &e, sizeof(e));
	assert_int_equal(hg_handshakes_record(t, record + 1, sizeof(struct hg_event_end)), 0);
	is_told("h1 e1");
	assert_string_equal(last_name, "a.example");
}

/* What an earlier, longer message left behind does not count as this one's. */
static void messages_do_not_mix(void **state)
{
	struct hello_text longer = { .ciphers = "0101 0101 0101 0101 0101 0101 0101" };
	struct hello_text shorter = { .ciphers = "1301", .exts = "fe0d" };
	const struct hello_text *texts[] = { &longer, &shorter };
	struct hg_event e = event_of(HG_EVENT_HELLO, 1, 1);

	(void)state;
	for (__u64 i = 0; i < 2; i++) {
		const struct hello_bytes *b = hello_of(texts[i]);

		e.flow_id = i;
		e.message_len = (__u32)b->len;
		assert_int_equal(hg_handshakes_event(t, &e, b->at, b->len), 0);
	}
	end(1, HG_CLOSE_fin);
	assert_true(last_read);
	assert_int_equal(last_ech, HG_ECH_outer); /* its empty body says nothing */
}

static unsigned int whole_chains;

static void count_whole(void *ctx, struct hg_handshake *h)
{
	(void)ctx;
	whole_chains += hg_chain_whole(&h->chain[HG_FROM_SERVER]);
}

/* The first chunk of a Certificate message as large as is kept. */
static void certificate(struct hg_handshakes *many, __u64 id, __u32 len)
{
	struct hg_event_chunk *chunk = calloc(1, sizeof(*chunk) + len);

	assert_non_null(chunk);
	*chunk = (struct hg_event_chunk){ .type = HG_EVENT_CHUNK,
					  .from = HG_FROM_SERVER,
					  .flow_id = id,
					  .total = HG_CHAIN_MAX,
					  .len = len };
	assert_int_equal(hg_handshakes_record(many, chunk, sizeof(*chunk) + len), 0);
	free(chunk);
}

static void end_of(struct hg_handshakes *many, __u64 id)
{
	struct hg_event e = event_of(HG_EVENT_END, id, 0);

	assert_int_equal(hg_handshakes_event(many, &e, answer, sizeof(answer)), 0);
}

static void certificates_are_bounded(void **state)
{
	static const struct hg_handshakes_ops ops = { .end = count_whole };
	const __u64 fit = HG_CHAINS_MAX / HG_CHAIN_MAX, more = 100;
	struct hg_handshakes *many = hg_handshakes_new(2048, &ops, NULL);
	const struct hg_handshakes_counts *counts = hg_handshakes_counts(many);

	(void)state;
	for (__u64 id = 1; id <= fit + more; id++) {
		struct hg_event e = event_of(HG_EVENT_HELLO, id, id);

		assert_int_equal(hg_handshakes_event(many, &e, NULL, 0), 0);
		certificate(many, id, HG_CHAIN_MAX);
		assert_int_equal(counts->chains_dropped, id > fit ? id - fit : 0);
	}
	certificate(many, 1, 1); /* it made room, and gets none again */
	assert_int_equal(counts->chunks_lost, 1);
	assert_int_equal(counts->chains_dropped, more);
	whole_chains = 0;
	for (__u64 id = 1; id <= fit + more; id++)
		end_of(many, id);
	assert_int_equal(whole_chains, fit);
	hg_handshakes_free(many);
}

/* What is announced costs nothing until it comes. */
static void certificates_cost_what_came(void **state)
{
	static const struct hg_handshakes_ops ops = { .end = count_whole };
	struct hg_handshakes *many = hg_handshakes_new(2048, &ops, NULL);

	(void)state;
	for (__u64 id = 1; id <= 2 * (HG_CHAINS_MAX / HG_CHAIN_MAX); id++) {
		struct hg_event e = event_of(HG_EVENT_HELLO, id, id);

		assert_int_equal(hg_handshakes_event(many, &e, NULL, 0), 0);
		certificate(many, id, 100);
	}
	assert_int_equal(hg_handshakes_counts(many)->chains_dropped, 0);
	hg_handshakes_free(many);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
	const struct CMUnitTest tests[] = {
		TEST(hello_and_end),
		TEST(facts_are_those_of_the_end),
		TEST(end_without_hello),
		TEST(our_deeds_are_told),
		TEST(many_at_once),
		TEST(a_hello_twice),
		TEST(more_than_the_limit),
		TEST(lost_by_age),
		TEST(late_is_not_told_again),
		TEST(the_lost_are_forgotten),
		TEST(close_tells_each_once),
		TEST(nonsense),
		TEST(unreadable),
		TEST(a_record_is_header_and_message),
		TEST(messages_do_not_mix),
		TEST(certificates_are_bounded),
		TEST(certificates_cost_what_came),
	};

	return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
