/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What earlier handshakes taught: of each server and of each name there, within
 * bounds, the oldest forgotten first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "knowledge.h"
#include "x509.h"

#define CLIENT HG_FROM_CLIENT
#define SERVER HG_FROM_SERVER
#define ROOM 8

static struct hg_knowledge *k;
static struct hg_handshake h;

/* ---- handshakes ---- */

static void put_address(__u8 to[16], __u8 net, __u8 host)
{
	memset(to, 0, 16);
	to[10] = 0xff;
	to[11] = 0xff;
	to[12] = net;
	to[15] = host;
}

/* The client has the lower address, or the higher one: the same to the server. */
static void between(__u8 client_net, __u8 server_host, __u16 port)
{
	struct hg_flow_key *key = &h.facts.key;
	bool lower = client_net < 192;

	put_address(lower ? key->lo_addr : key->hi_addr, client_net, 1);
	put_address(lower ? key->hi_addr : key->lo_addr, 192, server_host);
	*(lower ? &key->lo_port : &key->hi_port) = __builtin_bswap16(50000);
	*(lower ? &key->hi_port : &key->lo_port) = __builtin_bswap16(port);
	h.facts.client_lo = lower;
}

/* A handshake of TLS 1.2 with that server; NULL: it was not named. */
static void with(__u8 server_host, const char *name)
{
	memset(&h, 0, sizeof(h));
	between(10, server_host, 443);
	h.read = true;
	h.facts.hello.bytes = 200;
	h.facts.hello.version_max = 0x0303;
	h.facts.hello.sni_state = name ? HG_SNI_ok : HG_SNI_none;
	h.facts.outcome = HG_OUTCOME_failed;
	h.hello.sni_state = h.facts.hello.sni_state;
	if (name)
		h.hello.name_len = (__u8)snprintf((char *)h.hello.name, HG_NAME_SIZE, "%s", name);
}

static void answered(__u16 version, __u16 cipher, __u16 group)
{
	h.answer.server.version = version;
	h.answer.server.cipher = cipher;
	h.answer.server.group = group;
	h.facts.outcome = HG_OUTCOME_established;
}

static void certificate(__u32 bytes)
{
	h.answer.side[SERVER].certificate_bytes = bytes;
}

static void at(__u64 ns)
{
	h.facts.hello_ns = ns;
}

static void learn(void)
{
	hg_knowledge_learn(k, &h, 0);
}

/* A server that is heard of, by an address alone. */
static void heard_of(__u8 server_host)
{
	with(server_host, NULL);
	learn();
}

static const struct hg_known *of_server(__u8 server_host)
{
	with(server_host, NULL);
	return hg_known_of_server(k, &h);
}

static const struct hg_known *of_name(__u8 server_host, const char *name)
{
	with(server_host, name);
	return hg_known_of_name(k, &h);
}

static int begin(void **state)
{
	(void)state;
	k = hg_knowledge_new(ROOM);
	return !k;
}

static int end(void **state)
{
	(void)state;
	hg_knowledge_free(k);
	return 0;
}

/* ---- subjects ---- */

static void nothing_is_known(void **state)
{
	(void)state;
	assert_null(of_server(1));
	assert_null(of_name(1, "a.example"));
	assert_int_equal(hg_knowledge_forgotten(k), 0);
}

static void name_and_server(void **state)
{
	(void)state;
	with(1, "a.example");
	answered(0x0303, 0xc02f, 0x1d);
	learn();
	assert_int_equal(of_server(1)->answered, 1);
	assert_int_equal(of_name(1, "a.example")->answered, 1);
	assert_null(of_name(1, "b.example"));
	assert_null(of_name(1, "a.exampl"));
	assert_null(of_name(1, "a.example.org"));
	assert_null(of_name(2, "a.example"));
	assert_null(of_server(2));
	with(1, "b.example");
	learn();
	assert_int_equal(of_server(1)->ended, 2);
	assert_int_equal(of_server(1)->answered, 1);
	assert_int_equal(of_name(1, "a.example")->ended, 1);
	assert_int_equal(of_name(1, "b.example")->answered, 0);
}

static void ports_are_servers(void **state)
{
	(void)state;
	with(1, "a.example");
	learn();
	between(10, 1, 8443);
	assert_null(hg_known_of_server(k, &h));
	assert_null(hg_known_of_name(k, &h));
}

/* Whoever asks, and whichever of both addresses is the lower one. */
static void clients_are_not(void **state)
{
	(void)state;
	with(1, "a.example");
	learn();
	between(200, 1, 443);
	assert_non_null(hg_known_of_server(k, &h));
	assert_non_null(hg_known_of_name(k, &h));
	learn();
	assert_int_equal(of_server(1)->ended, 2);
}

/* Only a name that all read alike is one. */
static void names_in_doubt(void **state)
{
	static const __u8 states[] = { HG_SNI_none, HG_SNI_empty, HG_SNI_ambiguous,
				       HG_SNI_invalid };

	(void)state;
	with(1, "a.example");
	learn();
	for (size_t i = 0; i < sizeof(states); i++) {
		with(1, "a.example");
		h.hello.sni_state = states[i];
		assert_null(hg_known_of_name(k, &h));
		assert_non_null(hg_known_of_server(k, &h));
	}
	with(1, "a.example");
	h.read = false;
	assert_null(hg_known_of_name(k, &h));
}

/* ---- what is learned ---- */

static void counts(void **state)
{
	const struct hg_known *n;

	(void)state;
	with(1, "a.example");
	at(100);
	answered(0x0303, 0xc02f, 0x1d);
	learn();
	with(1, NULL);
	at(200);
	answered(0x0303, 0xc02f, 0x1d);
	h.facts.outcome = HG_OUTCOME_failed;
	learn();
	with(1, NULL);
	at(300);
	learn();
	with(1, "a.example");
	at(400);
	learn();
	n = of_server(1);
	assert_int_equal(n->ended, 4);
	assert_int_equal(n->answered, 2);
	assert_int_equal(n->established, 1);
	assert_int_equal(n->answered_with_sni, 1);
	assert_int_equal(n->answered_without_sni, 1);
	assert_int_equal(n->refused_without_sni, 1);
	assert_int_equal(n->first_ns, 100);
	assert_int_equal(n->last_ns, 400);
	n = of_name(1, "a.example");
	assert_int_equal(n->ended, 2);
	assert_int_equal(n->first_ns, 100);
	assert_int_equal(n->last_ns, 400);
	assert_int_equal(n->answered_without_sni, 0);
}

static void offers(__u16 version, bool is_answered)
{
	with(1, NULL);
	h.facts.hello.version_max = version;
	if (is_answered)
		answered(version ? version : 0x0303, 0xc02f, 0x1d);
	learn();
}

static void offers_at(__u16 version, __u64 ns)
{
	with(1, NULL);
	h.facts.hello.version_max = version;
	answered(version, 0xc02f, 0x1d);
	at(ns);
	learn();
}

/* The lowest best version of a client that got an answer. */
static void versions(void **state)
{
	(void)state;
	offers(0x0300, false);
	assert_int_equal(of_server(1)->least_answered, 0);
	offers(0x0304, true);
	assert_int_equal(of_server(1)->least_answered, 0x0304);
	offers(0x0302, true);
	assert_int_equal(of_server(1)->least_answered, 0x0302);
	offers(0x0303, true);
	assert_int_equal(of_server(1)->least_answered, 0x0302);
	offers(0x0301, false);
	assert_int_equal(of_server(1)->least_answered, 0x0302);
	offers(0, true);
	assert_int_equal(of_server(1)->least_answered, 0x0302);
}

/* What a server did long ago is not what it does. */
static void knowledge_ages(void **state)
{
	const __u64 half = HG_KNOWN_SPAN / 2;

	(void)state;
	offers_at(0x0301, 1000);
	offers_at(0x0303, half / 2);
	assert_int_equal(of_server(1)->least_answered, 0x0301);
	offers_at(0x0303, half + 2000); /* half a span: it still counts */
	assert_int_equal(of_server(1)->least_answered, 0x0301);
	assert_int_equal(of_server(1)->answered, 3);
	offers_at(0x0303, 2 * half + 4000);
	assert_int_equal(of_server(1)->least_answered, 0x0303);
	assert_int_equal(of_server(1)->answered, 2);
}

/* Neither half a hello nor one that began before the others makes them old. */
static void knowledge_outlives_odd_times(void **state)
{
	const __u64 late = 10 * HG_KNOWN_SPAN;

	(void)state;
	offers_at(0x0303, late);
	offers_at(0x0303, late - 2000); /* a slow one, which began before it */
	assert_int_equal(of_server(1)->answered, 2);
	with(1, NULL);
	h.facts.hello_ns = 0; /* its hello never came whole */
	h.facts.time_ns = late + 4000;
	learn();
	offers_at(0x0303, late + 6000);
	assert_int_equal(of_server(1)->answered, 3);
	assert_int_equal(of_server(1)->ended, 4);
	offers_at(0x0303, late + HG_KNOWN_SPAN / 2);
	assert_int_equal(of_server(1)->answered, 4);
}

static void picks(__u16 cipher, __u16 group)
{
	with(1, NULL);
	answered(0x0303, cipher, group);
	learn();
}

static void ciphers_and_groups(void **state)
{
	const struct hg_known *n;

	(void)state;
	picks(0xc02f, 0x1d);
	picks(0x009c, 0); /* RSA: no group */
	picks(0xc02f, 0x17);
	picks(0xc030, 0x1d);
	n = of_server(1);
	assert_int_equal(n->cipher_count, 3);
	assert_int_equal(n->ciphers[0], 0xc02f);
	assert_int_equal(n->ciphers[1], 0x009c);
	assert_int_equal(n->ciphers[2], 0xc030);
	assert_int_equal(n->group_count, 2);
	assert_int_equal(n->groups[0], 0x1d);
	assert_int_equal(n->groups[1], 0x17);
}

/* A server that picks anything fills its lists, and no more. */
static void lists_are_bounded(void **state)
{
	const struct hg_known *n;

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		picks((__u16)(0x1000 + i), (__u16)(0x200 + i));
	n = of_server(1);
	assert_int_equal(n->cipher_count, HG_KNOWN_CIPHERS);
	assert_int_equal(n->group_count, HG_KNOWN_GROUPS);
	assert_int_equal(n->ciphers[0], 0x1000);
	assert_int_equal(n->ciphers[HG_KNOWN_CIPHERS - 1], 0x1000 + HG_KNOWN_CIPHERS - 1);
	assert_int_equal(n->groups[HG_KNOWN_GROUPS - 1], 0x200 + HG_KNOWN_GROUPS - 1);
	assert_int_equal(n->answered, 100);
}

static void sends(__u32 bytes, enum hg_outcome outcome, __u64 ns, __u32 findings)
{
	with(1, "a.example");
	at(ns);
	answered(0x0303, 0xc02f, 0x1d);
	h.facts.outcome = (__u8)outcome;
	certificate(bytes);
	hg_knowledge_learn(k, &h, findings);
}

static void certificate_is(__u32 bytes, __u32 before, __u64 changed, __u32 taken)
{
	const struct hg_known *n = of_name(1, "a.example");

	assert_int_equal(n->certificate_bytes, bytes);
	assert_int_equal(n->certificate_before, before);
	assert_int_equal(n->certificate_changed_ns, changed);
	assert_int_equal(n->certificate_taken, taken);
}

/* Of scene S10: what changed, and when. */
static void certificates(void **state)
{
	(void)state;
	sends(3000, HG_OUTCOME_established, 100, 0);
	certificate_is(3000, 0, 0, 3000);
	sends(3000, HG_OUTCOME_established, 200, 0);
	certificate_is(3000, 0, 0, 3000);
	sends(4437, HG_OUTCOME_failed, 300, HG_FINDING(root_included));
	certificate_is(4437, 3000, 300, 3000);
	assert_int_equal(of_name(1, "a.example")->findings, HG_FINDING(root_included));
	sends(4437, HG_OUTCOME_failed, 400, HG_FINDING(root_included));
	certificate_is(4437, 3000, 300, 3000);
	sends(4437, HG_OUTCOME_established, 500, HG_FINDING(root_included));
	certificate_is(4437, 3000, 300, 4437);
	sends(2900, HG_OUTCOME_established, 600, 0);
	certificate_is(2900, 4437, 600, 4437);
	assert_int_equal(of_name(1, "a.example")->findings, 0);
}

/* An abbreviated handshake, or TLS 1.3, shows none: what was seen holds. */
static void certificate_not_shown(void **state)
{
	(void)state;
	sends(3000, HG_OUTCOME_established, 100, HG_FINDING(expired));
	sends(0, HG_OUTCOME_established, 200, 0);
	certificate_is(3000, 0, 0, 3000);
	assert_int_equal(of_name(1, "a.example")->findings, HG_FINDING(expired));
}

/* The client's certificate is not the server's. */
static void clients_certificate(void **state)
{
	(void)state;
	with(1, "a.example");
	h.answer.side[CLIENT].certificate_bytes = 900;
	learn();
	certificate_is(0, 0, 0, 0);
}

static void comes_with_ttl(__u8 ttl)
{
	with(1, NULL);
	h.answer.path.ttl[SERVER] = ttl;
	h.answer.path.ttl[CLIENT] = 61;
	learn();
}

static void ttl(void **state)
{
	(void)state;
	comes_with_ttl(0);
	assert_int_equal(of_server(1)->ttl, 0);
	comes_with_ttl(57);
	comes_with_ttl(57);
	comes_with_ttl(0);
	assert_int_equal(of_server(1)->ttl, 57);
	assert_false(of_server(1)->ttl_varies);
	comes_with_ttl(55);
	assert_true(of_server(1)->ttl_varies);
	comes_with_ttl(55);
	assert_true(of_server(1)->ttl_varies);
}

/* ---- room ---- */

static void the_oldest_is_forgotten(void **state)
{
	(void)state;
	for (__u8 i = 1; i <= ROOM; i++)
		heard_of(i);
	assert_int_equal(hg_knowledge_forgotten(k), 0);
	assert_non_null(of_server(1));
	heard_of(ROOM + 1);
	assert_int_equal(hg_knowledge_forgotten(k), 1);
	assert_null(of_server(1));
	for (__u8 i = 2; i <= ROOM + 1; i++)
		assert_non_null(of_server(i));
}

/* Of those that are met again, none is the oldest. */
static void those_met_again_stay(void **state)
{
	(void)state;
	for (__u8 i = 1; i <= ROOM; i++)
		heard_of(i);
	heard_of(1);
	heard_of(3);
	heard_of(ROOM + 1);
	heard_of(ROOM + 2);
	assert_int_equal(hg_knowledge_forgotten(k), 2);
	assert_non_null(of_server(1));
	assert_null(of_server(2));
	assert_non_null(of_server(3));
	assert_null(of_server(4));
	assert_int_equal(of_server(1)->ended, 2);
}

/* A name takes room of its own, and so does its server. */
static void names_take_room(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < ROOM - 1; i++) {
		snprintf(name, sizeof(name), "%d.example", i);
		with(1, name);
		learn();
	}
	assert_int_equal(hg_knowledge_forgotten(k), 0);
	with(1, "more.example");
	learn();
	assert_int_equal(hg_knowledge_forgotten(k), 1);
	assert_null(of_name(1, "0.example"));
	assert_non_null(of_name(1, "1.example"));
	assert_int_equal(of_server(1)->ended, ROOM);
}

/* Names written by an attacker: never more than there is room for. */
static void many_names(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "%d.example", i);
		with(1, name);
		learn();
		assert_non_null(hg_known_of_name(k, &h));
	}
	assert_int_equal(hg_knowledge_forgotten(k), 5000 + 1 - ROOM);
	assert_int_equal(of_server(1)->ended, 5000);
	assert_null(of_name(1, "4992.example"));
	assert_non_null(of_name(1, "4993.example"));
}

/* What was forgotten is learned anew. */
static void forgotten_is_forgotten(void **state)
{
	(void)state;
	picks(0xc02f, 0x1d);
	for (__u8 i = 2; i <= ROOM + 1; i++)
		heard_of(i);
	assert_null(of_server(1));
	picks(0x009c, 0);
	assert_int_equal(of_server(1)->cipher_count, 1);
	assert_int_equal(of_server(1)->ciphers[0], 0x009c);
	assert_int_equal(of_server(1)->ended, 1);
}

static void room_for_one(void **state)
{
	(void)state;
	hg_knowledge_free(k);
	k = hg_knowledge_new(1);
	assert_non_null(k);
	with(1, "a.example");
	learn();
	assert_null(of_name(1, "a.example"));
	assert_non_null(of_server(1));
	assert_int_equal(hg_knowledge_forgotten(k), 1);
}

static void longest_name(void **state)
{
	char name[HG_NAME_MAX + 1];

	(void)state;
	memset(name, 'a', HG_NAME_MAX);
	name[HG_NAME_MAX] = '\0';
	with(1, name);
	learn();
	assert_int_equal(of_name(1, name)->ended, 1);
	name[HG_NAME_MAX - 1] = 'b';
	assert_null(of_name(1, name));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_known),
		TEST(name_and_server),
		TEST(ports_are_servers),
		TEST(clients_are_not),
		TEST(names_in_doubt),
		TEST(counts),
		TEST(versions),
		TEST(knowledge_ages),
		TEST(knowledge_outlives_odd_times),
		TEST(ciphers_and_groups),
		TEST(lists_are_bounded),
		TEST(certificates),
		TEST(certificate_not_shown),
		TEST(clients_certificate),
		TEST(ttl),
		TEST(the_oldest_is_forgotten),
		TEST(those_met_again_stay),
		TEST(names_take_room),
		TEST(many_names),
		TEST(forgotten_is_forgotten),
		TEST(room_for_one),
		TEST(longest_name),
	};

	return cmocka_run_group_tests_name("knowledge", tests, NULL, NULL);
}
