/* SPDX-License-Identifier: BSD-2-Clause */
/* No name and no address stands in a line where the switch says that it must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "eve.h"
#include "hello_text.h"

static struct hg_eve eve;
static struct hg_handshakes *table;
static struct hg_privacy privacy;
static bool as_address; /* the server is asked for, and has its names, by address */

/* Every name of this test has `hidden` in it; its registrable domain has not. */
#define NAME "www.hidden.shop.co.uk"
#define ADDRESS "192.0.2.77"

static void fill_leaf(struct hg_certificate *c)
{
	static const char names[] = NAME
		"\0*.hidden.shop.co.uk\0HIDDEN.shop.co.uk\0hidden\0" ADDRESS "\0"
		"2001:db8::77";

	strcpy(c->subject, as_address ? "CN=" ADDRESS : "CN=" NAME ",O=hidden & Sons");
	strcpy(c->issuer, as_address ? "O=x/CN=2001:db8::77" : "CN=hidden Root");
	strcpy(c->not_before, "2026-01-01T00:00:00");
	strcpy(c->not_after, "2027-01-01T00:00:00");
	strcpy(c->serial, "0C:00:99");
	strcpy(c->sha1, "8f:51:12");
	strcpy(c->sha256, "aa:bb:cc");
	memcpy(c->names, names, sizeof(names));
	c->names_len = sizeof(names);
	c->name_count = 6;
	c->name_total = 9;
}

static void fill(struct hg_examined *x, struct hg_handshake *h)
{
	memset(x, 0, sizeof(*x));
	x->diagnosis.outcome = HG_OUTCOME_established;
	h->answer.server.version = 0x0303;
	for (int side = 0; side < 2; side++) {
		h->answer.side[side].certificate_bytes = 100;
		h->answer.side[side].certificate_list = 90;
		h->answer.side[side].certificates = 1;
		x->has_certificates[side] = true;
		x->certificates[side].leaf_parsed = true;
		fill_leaf(&x->certificates[side].leaf);
	}
}

static void on_hello(void *ctx, struct hg_handshake *h)
{
	(void)ctx;
	assert_true(hg_eve_hello(&eve, h));
}

/* All lines that there are: also those of a handshake without its hello. */
static void on_end(void *ctx, struct hg_handshake *h)
{
	struct hg_examined x;

	(void)ctx;
	fill(&x, h);
	assert_true(hg_eve_end(&eve, h, &x));
	assert_true(hg_eve_attempt(&eve, h, &x));
	assert_true(hg_eve_drop(&eve, h));
	assert_true(hg_eve_flow(&eve, &h->facts, "judged", as_address ? ADDRESS : NAME,
				h->facts.time_ns));
	h->read = false;
	h->name_text = as_address ? ADDRESS : NAME;
	assert_true(hg_eve_end(&eve, h, &x));
}

static void set_address(__u8 addr[16], const char *text)
{
	memset(addr, 0, 16);
	if (inet_pton(AF_INET6, text, addr) == 1)
		return;
	addr[10] = addr[11] = 0xff;
	assert_int_equal(inet_pton(AF_INET, text, addr + 12), 1);
}

/* The lines of one handshake, as one text. */
static const char *written(const char *client, const char *server)
{
	static const struct hg_handshakes_ops ops = { .hello = on_hello, .end = on_end };
	static const __u8 no_answer[HG_END_LEN];
	static struct hello_text text = { .ciphers = "1301", .exts = "0000" };
	struct hg_event e = { .flow_id = 7, .hello_ns = 5, .first_ns = 4, .time_ns = 6 };
	const struct hello_bytes *b;

	text.sni = as_address ? ADDRESS : "WWW.Hidden.shop.co.uk.";
	b = hello_of(&text);
	hg_eve_init(&eve, NULL, false, true);
	eve.privacy = &privacy;
	table = hg_handshakes_new(4, &ops, NULL);
	e.client_lo = 1;
	set_address(e.key.lo_addr, client);
	set_address(e.key.hi_addr, server);
	e.key.lo_port = htons(1234);
	e.key.hi_port = htons(443);
	e.hello.bytes = (__u16)b->len;
	e.hello.version_max = 0x0304;
	e.type = HG_EVENT_HELLO;
	e.message_len = (__u32)b->len;
	assert_int_equal(hg_handshakes_event(table, &e, b->at, b->len), 0);
	e.type = HG_EVENT_END;
	e.close = HG_CLOSE_our_reset;
	e.message_len = sizeof(no_answer);
	assert_int_equal(hg_handshakes_event(table, &e, no_answer, sizeof(no_answer)), 0);
	hg_handshakes_free(table);
	hg_json_room(&eve.out, 1);
	eve.out.text[eve.out.len] = 0;
	return eve.out.text;
}

static bool holds(const char *text, const char *what)
{
	return strcasestr(text, what) != NULL;
}

static unsigned int count_of(const char *text, const char *what)
{
	unsigned int count = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		count++;
	return count;
}

static void set(enum hg_names_shown names, enum hg_addresses_shown addresses)
{
	hg_privacy_init(&privacy);
	privacy.names = names;
	privacy.addresses = addresses;
}

static const struct {
	enum hg_names_shown names;
	enum hg_addresses_shown addresses;
	bool hidden, domain, address, network; /* which of them may stand there */
} rows[] = {
	{ HG_NAMES_full, HG_ADDRESSES_full, true, true, true, true },
	{ HG_NAMES_full, HG_ADDRESSES_network, true, true, false, true },
	{ HG_NAMES_full, HG_ADDRESSES_hashed, true, true, false, false },
	{ HG_NAMES_registrable, HG_ADDRESSES_full, false, true, true, true },
	{ HG_NAMES_registrable, HG_ADDRESSES_network, false, true, false, true },
	{ HG_NAMES_registrable, HG_ADDRESSES_hashed, false, true, false, false },
	{ HG_NAMES_hashed, HG_ADDRESSES_full, false, false, true, true },
	{ HG_NAMES_hashed, HG_ADDRESSES_network, false, false, false, true },
	{ HG_NAMES_hashed, HG_ADDRESSES_hashed, false, false, false, false },
};

static void judge(size_t i, const char *text)
{
	bool both = rows[i].hidden && rows[i].address;

	if (!as_address) {
		assert_int_equal(holds(text, "hidden"), rows[i].hidden);
		assert_int_equal(holds(text, "shop.co.uk"), rows[i].domain);
	}
	assert_int_equal(holds(text, "192.0.2.77"), rows[i].address);
	assert_int_equal(holds(text, "192.0.2."), rows[i].network);
	assert_int_equal(holds(text, "2001:db8"), both);
	/* what tells a certificate, or an address, to who looks it up */
	assert_int_equal(holds(text, "8f:51:12") || holds(text, "aa:bb:cc") ||
				 holds(text, "0C:00:99"),
			 rows[i].hidden);
	assert_int_equal(holds(text, "community_id"), rows[i].address);
	assert_int_equal(holds(text, "sni_raw"), both && !as_address);
}

static void lines_are_json(const char *text)
{
	for (const char *end; *text; text = end + 1) {
		json_t *one;

		end = strchr(text, '\n');
		assert_non_null(end);
		one = json_loadb(text, (size_t)(end - text), JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(one);
		json_decref(one);
	}
}

static void nothing_stands_that_must_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int kind = 0; kind < 2; kind++) {
			const char *text;

			set(rows[i].names, rows[i].addresses);
			as_address = kind;
			text = written("192.0.2.77", "198.51.100.9");
			if (holds(text, "hidden") != rows[i].hidden && !kind)
				print_error("row %zu: %s\n", i, text);
			judge(i, text);
			lines_are_json(text);
			hg_eve_free(&eve);
		}
	}
}

static void networks_have_the_length_that_was_asked(void **state)
{
	static const struct {
		unsigned int v4, v6;
		const char *client, *server, *want_client, *want_server;
	} nets[] = {
		{ 24, 48, "203.0.113.200", "2001:db8:1:2::7", "203.0.113.0", "2001:db8:1::" },
		{ 20, 52, "203.0.113.200", "2001:db8:1:abcd::7", "203.0.112.0",
		  "2001:db8:1:a000::" },
		{ 32, 128, "203.0.113.200", "2001:db8::7", "203.0.113.200", "2001:db8::7" },
		{ 0, 0, "203.0.113.200", "2001:db8::7", "0.0.0.0", "::" },
	};
	char want[100];

	(void)state;
	as_address = false;
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		const char *text;

		set(HG_NAMES_full, HG_ADDRESSES_network);
		privacy.v4_bits = nets[i].v4;
		privacy.v6_bits = nets[i].v6;
		text = written(nets[i].client, nets[i].server);
		snprintf(want, sizeof(want),
			 "\"src_ip\":\"%s\",\"src_port\":1234,\"dest_ip\":\"%s\"",
			 nets[i].want_client, nets[i].want_server);
		assert_true(holds(text, want));
		hg_eve_free(&eve);
	}
}

/* One value by the writer of names, without its quotes. */
static const char *name_as(const char *name)
{
	static char out[300];
	struct hg_json j = { 0 };

	hg_privacy_put_name(&j, &privacy, name, strlen(name));
	assert_true(j.len >= 2 && j.len < sizeof(out));
	memcpy(out, j.text + 1, j.len - 2);
	out[j.len - 2] = 0;
	hg_json_free(&j);
	return out;
}

static void one_name_has_one_hash(void **state)
{
	char first[300];

	(void)state;
	set(HG_NAMES_hashed, HG_ADDRESSES_full);
	strcpy(first, name_as("www.example.com"));
	assert_int_equal(strlen(first), 34);
	assert_int_equal(strncmp(first, "h-", 2), 0);
	assert_string_equal(name_as("WWW.Example.com."), first);
	assert_string_not_equal(name_as("www.example.org"), first);
	hg_privacy_set_key(&privacy, "another key, of a file", 22);
	assert_string_not_equal(name_as("www.example.com"), first);
	strcpy(first, name_as("www.example.com"));
	hg_privacy_init(&privacy);
	privacy.names = HG_NAMES_hashed;
	hg_privacy_set_key(&privacy, "another key, of a file", 22);
	assert_string_equal(name_as("www.example.com"), first); /* the key is all that it takes */
}

static void what_is_registrable(void **state)
{
	static const struct {
		const char *name, *want; /* NULL: a hash */
	} names[] = {
		{ "a.b.example.co.uk", "example.co.uk" },
		{ "example.com", "example.com" },
		{ "*.example.com", "example.com" },
		{ "Alice.GitHub.io", "alice.github.io" },
		{ "co.uk", NULL },
		{ "com", NULL },
		{ "localhost", NULL },
		{ "", NULL },
		{ "192.0.2.1", NULL },
		{ "2001:db8::1", NULL },
		{ "..", NULL },
		{ "a b.example.com", NULL },
		{ "alice@example.com", NULL },
		{ "alice\xc3\xa4.example.com", NULL },
	};

	(void)state;
	set(HG_NAMES_registrable, HG_ADDRESSES_full);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *got = name_as(names[i].name);

		if (names[i].want)
			assert_string_equal(got, names[i].want);
		else
			assert_true(!strncmp(got, "h-", 2) && strlen(got) == 34);
	}
}

/* The one row in which all stands is what the others are compared with. */
static void all_fields_are_there_to_hide(void **state)
{
	const char *text;

	(void)state;
	set(HG_NAMES_full, HG_ADDRESSES_full);
	as_address = false;
	text = written(ADDRESS, "198.51.100.9");
	assert_int_equal(count_of(text, "\"sni\""), 4);
	assert_int_equal(count_of(text, "\"sni_raw\""), 2);
	assert_int_equal(count_of(text, "\"subject\""), 2 + 4);
	assert_int_equal(count_of(text, "\"issuer\""), 4);
	assert_int_equal(count_of(text, "\"issuerdn\""), 2);
	assert_int_equal(count_of(text, "\"names\""), 4);
	assert_int_equal(count_of(text, "\"sha256\""), 4);
	assert_int_equal(count_of(text, "\"fingerprint\""), 2);
	assert_int_equal(count_of(text, "\"serial\""), 2);
	assert_int_equal(count_of(text, "\"community_id\""), 6);
	hg_eve_free(&eve);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fields_are_there_to_hide),
		cmocka_unit_test(nothing_stands_that_must_not),
		cmocka_unit_test(networks_have_the_length_that_was_asked),
		cmocka_unit_test(one_name_has_one_hash),
		cmocka_unit_test(what_is_registrable),
	};

	return cmocka_run_group_tests_name("privacy", tests, NULL, NULL);
}
