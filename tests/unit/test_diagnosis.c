/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One cause for each failure, which side, how sure and from what; none for what did
 * not fail.  Stories are told as the data path would: its facts, and its outcome by
 * hg_outcome_at_end().  What an alert means is from RFC 8446, 6.2, and RFC 5246, 7.2.2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../include/outcome.h"
#include "diagnosis.h"
#include "examine.h"
#include "hello_text.h"
#include "../../user/terms.h"
#include "x509.h"

#define CLIENT HG_FROM_CLIENT
#define SERVER HG_FROM_SERVER
#define F(id) HG_FINDING(id)

#define RTT 40000 /* microseconds */

static struct hg_handshake h;
static struct hg_answer_facts *const a = &h.answer;
static struct hg_path_facts *const path = &h.answer.path;
static struct hg_knowledge *known;
static struct hg_diagnosis d;
static __u32 findings;
static bool heard; /* packets of the server are seen at all */

/* ---- hellos ---- */

/* What was said last, and room for what its spans point into. */
static struct hello_bytes said;

static const struct hello_text modern = {
	.ciphers = "1301 1302 c02f c030 009c 002f",
	.exts = "0000 000a 002b",
	.sni = "www.example.com",
	.groups = "001d 0017",
	.versions = "0304 0303",
};

static const struct hello_text nameless = {
	.ciphers = "1301 1302 c02f c030 009c 002f",
	.exts = "000a 002b",
	.groups = "001d 0017",
	.versions = "0304 0303",
};

static const struct hello_text ssl3 = { .version = 0x0300, .ciphers = "0005 000a 002f" };

static const struct hello_text tls10 = {
	.version = 0x0301,
	.ciphers = "c02f 002f 0035",
	.exts = "0000 000a",
	.sni = "www.example.com",
	.groups = "001d 0017",
};

/* The one suite of scene S5, DHE-RSA-AES128-SHA256. */
static const struct hello_text one_cipher = {
	.ciphers = "0067",
	.exts = "0000 000a",
	.sni = "www.example.com",
	.groups = "001d 0017",
};

static const struct hello_text one_group = {
	.ciphers = "c02f c030",
	.exts = "0000 000a",
	.sni = "www.example.com",
	.groups = "001a",
};

static void facts_of_hello(struct hg_event *facts, const struct hg_hello *hello)
{
	facts->hello.bytes = hello->bytes;
	facts->hello.legacy_version = hello->legacy_version;
	facts->hello.version_max = hello->version_max;
	facts->hello.cipher_count = hello->cipher_count;
	facts->hello.ext_count = hello->ext_count;
	facts->hello.sni_state = hello->sni_state;
	facts->hello.segments = 1;
	facts->bucket = HG_BUCKET_single_segment;
}

/* A client asks: all that is known is forgotten but what earlier handshakes taught. */
static void hello(const struct hello_text *text)
{
	static struct hg_capture capture;
	static struct hg_parse parse;

	memset(&h, 0, sizeof(h));
	said = *hello_of(text);
	memcpy(capture.bytes, said.at, said.len);
	memset(&parse, 0, sizeof(parse));
	assert_true(hg_hello_parse(&capture, &parse, 0, (__u32)said.len, false));
	h.hello = parse.hello;
	h.message = said.at;
	h.read = true;
	facts_of_hello(&h.facts, &h.hello);
	h.facts.hello_ns = 1000;
	path->rtt_us = RTT;
	path->ttl[CLIENT] = 61;
	path->ttl[SERVER] = 57;
	path->hello_acked = 1;
	findings = 0;
	heard = true;
}

/* ---- what was seen of the answer ---- */

static __u32 last_us;

static __u32 later(void)
{
	last_us += 1000;
	return last_us;
}

static void record_of(unsigned int side)
{
	__u32 *first = &a->side[side].at_us[HG_STAGE_FIRST];

	a->side[side].records++;
	if (!*first)
		*first = later();
	if (side == SERVER)
		path->server_packets++;
}

static void message(unsigned int side, unsigned int type)
{
	record_of(side);
	a->side[side].messages |= 1U << type;
}

static void server_hello(__u16 version, __u16 cipher, __u16 group)
{
	message(SERVER, HG_HANDSHAKE_SERVER_HELLO);
	a->server.version = version;
	a->server.legacy_version = version > 0x0303 ? 0x0303 : version;
	a->server.cipher = cipher;
	a->server.group = group;
}

static void certificate(unsigned int side, __u32 bytes, __u16 count)
{
	message(side, HG_HANDSHAKE_CERTIFICATE);
	a->side[side].certificate_bytes = bytes;
	a->side[side].certificate_list = bytes - 7;
	a->side[side].certificates = count;
	a->side[side].at_us[HG_STAGE_CERTIFICATE] = later();
}

/* The server's flight of TLS 1.2, with a message of so many bytes. */
static void flight12(__u32 bytes)
{
	server_hello(0x0303, 0xc02f, 0x1d);
	certificate(SERVER, bytes, 2);
	message(SERVER, HG_HANDSHAKE_SERVER_KEY_EXCHANGE);
	message(SERVER, HG_HANDSHAKE_SERVER_HELLO_DONE);
}

static void saw(unsigned int side, __u8 bits)
{
	record_of(side);
	a->side[side].seen |= bits;
}

static void finished12(unsigned int side)
{
	saw(side, HG_SEEN_CCS | HG_SEEN_FINISHED);
}

static void encrypted(unsigned int side, __u16 size, __u8 bits)
{
	struct hg_side_facts *s = &a->side[side];

	saw(side, bits);
	if (s->encrypted < HG_SIZES_MAX)
		s->sizes[s->encrypted] = size;
	s->encrypted++;
	s->encrypted_bytes += size;
	if (bits & HG_SEEN_ALERT_SIZED)
		s->at_us[HG_STAGE_ALERT] = later();
}

/* ServerHello, and all else in one record. */
static void flight13(void)
{
	server_hello(0x0304, 0x1301, 0x1d);
	encrypted(SERVER, 3000, HG_SEEN_FINISHED);
}

static void alert(unsigned int side, __u8 level, __u8 code)
{
	struct hg_side_facts *s = &a->side[side];

	record_of(side);
	s->alerts[s->alert_count++] = (struct hg_alert){ level, code };
	if (!s->at_us[HG_STAGE_ALERT])
		s->at_us[HG_STAGE_ALERT] = later();
}

/* A packet of the one who is said to close, like those before. */
static void closes(unsigned int how, unsigned int side)
{
	h.facts.close = (__u8)how;
	h.facts.close_from = side == SERVER ? HG_SIDE_server : HG_SIDE_client;
	path->close_at_us = later() + RTT;
	path->close_ttl = path->ttl[side];
}

static void falls_silent(void)
{
	h.facts.close = HG_CLOSE_idle;
	h.facts.close_from = HG_SIDE_client;
	h.facts.time_ns = h.facts.hello_ns + HG_IDLE_HANDSHAKE;
}

/* ---- what was said before ---- */

static void ends_well(void)
{
	h.facts.close = HG_CLOSE_fin;
	h.facts.outcome = HG_OUTCOME_established;
}

static void learn(void)
{
	hg_knowledge_learn(known, &h, findings);
}

/* The server answered another client. */
static void taught(const struct hello_text *text, __u16 cipher, __u16 group, __u32 bytes)
{
	hello(text);
	server_hello(text->version ? (__u16)text->version : 0x0303, cipher, group);
	if (bytes)
		certificate(SERVER, bytes, 2);
	ends_well();
	learn();
}

/* ---- asking ---- */

static int begin(void **state)
{
	(void)state;
	hg_knowledge_free(known);
	known = hg_knowledge_new(64);
	last_us = 1;
	hello(&modern);
	return !known;
}

static int finish(void **state)
{
	(void)state;
	hg_knowledge_free(known);
	known = NULL;
	return 0;
}

static void diagnose(void)
{
	h.facts.outcome = h.attempt ? HG_OUTCOME_failed
				    : (__u8)hg_outcome_at_end(a, h.facts.close, heard);
	hg_diagnose(known, &h, findings, &d);
}

static bool has_reason(const char *reason)
{
	for (unsigned int i = 0; i < d.reason_count; i++)
		if (!strcmp(hg_reason_text(d.reasons[i]), reason))
			return true;
	return false;
}

/* All of these, separated by spaces. */
static void has_reasons(const char *reasons)
{
	char word[64];
	int n;

	for (; sscanf(reasons, " %63s%n", word, &n) == 1; reasons += n)
		if (!has_reason(word))
			fail_msg("reason %s is missing", word);
}

static void is_cause(enum hg_cause cause, enum hg_side side, bool observed)
{
	assert_string_equal(hg_cause_text(d.cause), hg_cause_text(cause));
	assert_string_equal(hg_side_text(d.side), hg_side_text(side));
	assert_int_equal(d.observed, observed);
}

/* ---- stories ---- */

struct row {
	const char *what;
	void (*story)(void);
	enum hg_cause cause;
	enum hg_side side;
	bool observed;
	const char *reasons; /* those that must be there */
};

static void tell_all(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		print_message("# %s\n", rows[i].what);
		begin(NULL);
		rows[i].story();
		diagnose();
		assert_string_equal(hg_outcome_text(d.outcome), "failed");
		is_cause(rows[i].cause, rows[i].side, rows[i].observed);
		has_reasons(rows[i].reasons);
	}
}

#define TELL(rows) tell_all(rows, sizeof(rows) / sizeof((rows)[0]))

#define C(cause, side, observed) HG_CAUSE_##cause, HG_SIDE_##side, observed

/* ---- the hello does not arrive, or nothing comes back ---- */

static void half(__u32 have, __u32 need)
{
	h.read = false;
	memset(&h.facts.hello, 0, sizeof(h.facts.hello));
	h.facts.bucket = HG_BUCKET_truncated;
	path->hello_have = have;
	path->hello_need = need;
	path->hello_acked = 0;
}

static void half_then_fin(void)
{
	half(200, 517);
	closes(HG_CLOSE_fin, CLIENT);
}

static void half_then_silence(void)
{
	half(200, 517);
	falls_silent();
}

static void first_segment_alone(void)
{
	half(1400, 1790);
	falls_silent();
}

static void first_segment_then_reset(void)
{
	half(1400, 1790);
	closes(HG_CLOSE_rst, SERVER);
}

static void large_hello(void)
{
	h.facts.hello.segments = 2;
	path->hello_acked = 0;
	path->hello_resent = 3;
}

static void large_hello_unheard(void)
{
	large_hello();
	falls_silent();
}

static void large_hello_acked(void)
{
	large_hello();
	path->hello_acked = 1;
	falls_silent();
}

static void large_hello_answered(void)
{
	large_hello();
	flight12(2000);
	falls_silent();
}

static void small_hello_unheard(void)
{
	path->hello_acked = 0;
	path->hello_resent = 3;
	falls_silent();
}

static void silence(void)
{
	falls_silent();
}

static void client_waits(void)
{
	closes(HG_CLOSE_fin, CLIENT);
	path->close_at_us = 5000001;
}

static void client_leaves(void)
{
	closes(HG_CLOSE_rst, CLIENT);
	path->close_at_us = 200001;
}

static void stuck_on_the_way(void)
{
	flight12(2000);
	falls_silent();
}

static void page_of_http(void)
{
	saw(SERVER, HG_SEEN_LOST | HG_SEEN_NOT_TLS);
	a->side[SERVER].records = 0;
	closes(HG_CLOSE_fin, SERVER);
}

static const struct row silences[] = {
	{ "half a hello, FIN", half_then_fin, C(hello_incomplete, client, true), "" },
	{ "half a small hello", half_then_silence, C(hello_incomplete, client, true), "" },
	{ "the first of two segments", first_segment_alone, C(large_hello_stalled, path, false),
	  "rest_of_hello_missing" },
	{ "the first, and RST", first_segment_then_reset, C(large_hello_stalled, path, false),
	  "rest_of_hello_missing reset_after_first_segment" },
	{ "two segments, again and again", large_hello_unheard, C(large_hello_stalled, path, false),
	  "hello_not_acknowledged segment_retransmitted" },
	{ "two segments arrived", large_hello_acked, C(server_silent, server, true), "" },
	{ "two segments, answered", large_hello_answered, C(timeout, path, true), "" },
	{ "one segment, again and again", small_hello_unheard, C(server_silent, server, false),
	  "hello_not_acknowledged" },
	{ "no answer", silence, C(server_silent, server, true), "" },
	{ "client gave up", client_waits, C(server_silent, server, true), "" },
	{ "client left at once", client_leaves, C(client_abandoned, client, false), "" },
	{ "stuck in the middle", stuck_on_the_way, C(timeout, path, true), "" },
	{ "HTTP", page_of_http, C(not_tls, server, true), "" },
};

static void nothing_comes_back(void **state)
{
	(void)state;
	TELL(silences);
}

/* ---- who sent this RST? ---- */

static void server_resets(void)
{
	closes(HG_CLOSE_rst, SERVER);
}

static void ttl(__u8 of_close)
{
	closes(HG_CLOSE_rst, SERVER);
	path->close_ttl = of_close;
}

static void ttl_beside(void)
{
	ttl(58);
}

static void ttl_below(void)
{
	ttl(56);
}

static void ttl_above(void)
{
	ttl(64);
}

static void ttl_two_off(void)
{
	ttl(55);
}

/* The hello is in two segments, which nobody has acknowledged. */
static void ttl_behind_two_segments(void)
{
	h.facts.hello.segments = 2;
	path->hello_acked = 0;
	ttl(64);
}

/* The SYN's answer was not seen: nothing to compare with. */
static void ttl_not_known(void)
{
	path->ttl[SERVER] = 0;
	ttl(64);
}

static void ttl_of_many_ways(void)
{
	hello(&modern);
	path->ttl[SERVER] = 50;
	learn();
	hello(&modern);
	path->ttl[SERVER] = 57;
	learn();
	hello(&modern);
	ttl(50);
}

static void soon(__u32 us)
{
	closes(HG_CLOSE_rst, SERVER);
	path->close_at_us = us + 1;
}

static void sooner_than_a_trip(void)
{
	soon(RTT / 10);
}

static void a_trip_later(void)
{
	soon(RTT);
}

/* On the server itself, or beside it, a round trip says nothing. */
static void soon_and_near(void)
{
	path->rtt_us = 300;
	soon(20);
}

static void soon_behind_an_answer(void)
{
	flight12(2000);
	soon(RTT / 10);
}

static void off_by_both(void)
{
	ttl(64);
	path->close_at_us = RTT / 10;
	path->close_seq = 1460;
}

/* Its last packet had 65,530: the numbers wrap. */
static void numbers_off(__u16 ip_id, __u16 window)
{
	ttl(64);
	path->ip_id[SERVER] = 65530;
	path->window[SERVER] = 502;
	path->close_ip_id = ip_id;
	path->close_window = window;
}

static void ip_id_off(void)
{
	numbers_off(40000, 502);
}

static void window_off(void)
{
	numbers_off(2, 8192);
}

/* As a stack does that resets without a socket: none of its own. */
static void numbers_of_none(void)
{
	numbers_off(0, 0);
}

static void numbers_alone(void)
{
	numbers_off(40000, 8192);
	path->close_ttl = path->ttl[SERVER];
}

static void in_the_middle(void)
{
	flight12(2000);
	ttl(64);
}

static void in_the_clients_name(void)
{
	closes(HG_CLOSE_rst, CLIENT);
	path->close_ttl = 64;
}

static void client_resets(void)
{
	flight12(2000);
	closes(HG_CLOSE_rst, CLIENT);
}

/* A FIN has the TTL of whoever sends it, but middleboxes that reset send RST. */
static void fin_of_another_ttl(void)
{
	closes(HG_CLOSE_fin, SERVER);
	path->close_ttl = 64;
}

static const struct row resets[] = {
	{ "the server's own", server_resets, C(server_reset_after_hello, server, true), "" },
	{ "one hop more", ttl_beside, C(server_reset_after_hello, server, true), "" },
	{ "one hop less", ttl_below, C(server_reset_after_hello, server, true), "" },
	{ "another TTL", ttl_above, C(middlebox_reset, path, false), "ttl_differs" },
	{ "two hops less", ttl_two_off, C(middlebox_reset, path, false), "ttl_differs" },
	{ "another TTL, two segments", ttl_behind_two_segments, C(middlebox_reset, path, false),
	  "ttl_differs" },
	{ "no TTL to compare with", ttl_not_known, C(server_reset_after_hello, server, true), "" },
	{ "the server's TTL varies", ttl_of_many_ways, C(server_reset_after_hello, server, true),
	  "" },
	{ "too soon", sooner_than_a_trip, C(middlebox_reset, path, false),
	  "sooner_than_a_round_trip" },
	{ "a round trip later", a_trip_later, C(server_reset_after_hello, server, true), "" },
	{ "no distance", soon_and_near, C(server_reset_after_hello, server, true), "" },
	{ "behind an answer", soon_behind_an_answer, C(server_reset_after_hello, server, true),
	  "" },
	{ "all together", off_by_both, C(middlebox_reset, path, false),
	  "ttl_differs sooner_than_a_round_trip sequence_is_off" },
	{ "another IP-ID", ip_id_off, C(middlebox_reset, path, false), "ttl_differs ip_id_is_off" },
	{ "another window", window_off, C(middlebox_reset, path, false),
	  "ttl_differs window_is_off" },
	{ "neither", numbers_of_none, C(middlebox_reset, path, false), "ttl_differs" },
	{ "its TTL, other numbers", numbers_alone, C(server_reset_after_hello, server, true), "" },
	{ "in the middle", in_the_middle, C(middlebox_reset, path, false), "ttl_differs" },
	{ "in the client's name", in_the_clients_name, C(middlebox_reset, path, false),
	  "ttl_differs" },
	{ "the client's own", client_resets, C(client_abandoned, client, false), "" },
	{ "a FIN", fin_of_another_ttl, C(server_closed_after_hello, server, true), "" },
};

static void who_resets(void **state)
{
	(void)state;
	TELL(resets);
}

/* Evidence is in words, as much of it as there are reasons. */
static void evidence(void **state)
{
	(void)state;
	ttl(64);
	diagnose();
	assert_int_equal(d.evidence_count, 1);
	assert_non_null(strstr(d.evidence[0], "64"));
	assert_non_null(strstr(d.evidence[0], "57"));
	begin(state);
	server_resets();
	diagnose();
	assert_int_equal(d.evidence_count, 0);
}

/* ---- before the hello ---- */

static void attempt(unsigned int how, enum hg_side from, unsigned int bucket)
{
	memset(&h, 0, sizeof(h));
	h.attempt = true;
	facts_of_hello(&h.facts, &h.hello); /* the same server */
	memset(&h.facts.hello, 0, sizeof(h.facts.hello));
	h.facts.close = (__u8)how;
	h.facts.close_from = (__u8)from;
	h.facts.bucket = (__u8)bucket;
	path->ttl[CLIENT] = 61;
	path->close_ttl = from == HG_SIDE_client ? 61 : 57;
	heard = true;
}

static void refused(void)
{
	attempt(HG_CLOSE_rst, HG_SIDE_server, HG_BUCKET_tcp_refused);
}

static void refused_by_a_known_server(void)
{
	flight12(2000);
	learn();
	refused();
}

static void refused_from_elsewhere(void)
{
	refused_by_a_known_server();
	path->close_ttl = 62;
}

static void refused_by_one_of_many(void)
{
	ttl_of_many_ways();
	refused();
	path->close_ttl = 62;
}

static void refused_by_nobody_known(void)
{
	refused();
	path->close_ttl = 62;
}

static void not_answered(void)
{
	attempt(HG_CLOSE_none, HG_SIDE_path, HG_BUCKET_no_data);
}

static void server_resets_early(void)
{
	attempt(HG_CLOSE_rst, HG_SIDE_server, HG_BUCKET_no_data);
	path->ttl[SERVER] = 57;
}

static void box_resets_early(void)
{
	server_resets_early();
	path->close_ttl = 62;
}

static void client_resets_early(void)
{
	attempt(HG_CLOSE_rst, HG_SIDE_client, HG_BUCKET_no_data);
}

static void box_resets_for_the_client(void)
{
	client_resets_early();
	path->close_ttl = 253;
}

static const struct row attempts[] = {
	{ "refused", refused, C(tcp_refused, server, true), "" },
	{ "refused, a server that is known", refused_by_a_known_server,
	  C(tcp_refused, server, true), "" },
	{ "refused, from another distance", refused_from_elsewhere, C(tcp_refused, path, false),
	  "ttl_differs" },
	{ "refused, by one whose TTL varies", refused_by_one_of_many, C(tcp_refused, server, true),
	  "" },
	{ "refused, nothing to compare with", refused_by_nobody_known, C(tcp_refused, server, true),
	  "" },
	{ "no answer", not_answered, C(tcp_no_answer, path, false), "syn_unanswered" },
	{ "the server resets", server_resets_early, C(tcp_reset_before_hello, server, true), "" },
	{ "in the server's name", box_resets_early, C(tcp_reset_before_hello, path, false),
	  "ttl_differs" },
	{ "the client resets", client_resets_early, C(tcp_reset_before_hello, client, true), "" },
	{ "in the client's name, before the hello", box_resets_for_the_client,
	  C(tcp_reset_before_hello, path, false), "ttl_differs" },
};

static void before_the_hello(void **state)
{
	(void)state;
	TELL(attempts);
}

/* ---- the server closes, and what comparison says of it ---- */

static void server_fin(void)
{
	closes(HG_CLOSE_fin, SERVER);
}

static void no_name_fin(void)
{
	hello(&nameless);
	closes(HG_CLOSE_fin, SERVER);
}

static void no_name_fin_known(void)
{
	taught(&modern, 0xc02f, 0x1d, 0);
	no_name_fin();
}

static void no_name_rst(void)
{
	hello(&nameless);
	closes(HG_CLOSE_rst, SERVER);
}

/* That it never answered anybody does not say that it answers names. */
static void no_name_alert_never_answered(void)
{
	closes(HG_CLOSE_fin, SERVER);
	h.facts.outcome = HG_OUTCOME_failed;
	learn();
	hello(&nameless);
	alert(SERVER, 2, 40);
	closes(HG_CLOSE_fin, SERVER);
}

/* It does answer those who name nobody: that is not what it has against this one. */
static void no_name_fin_answered_before(void)
{
	taught(&nameless, 0xc02f, 0x1d, 0);
	no_name_fin();
}

static void no_name_alert(void)
{
	taught(&modern, 0xc02f, 0x1d, 0);
	hello(&nameless);
	alert(SERVER, 2, 40);
	closes(HG_CLOSE_fin, SERVER);
}

static void no_name_alert_answered_both(void)
{
	taught(&modern, 0xc02f, 0x1d, 0);
	taught(&nameless, 0xc02f, 0x1d, 0);
	hello(&nameless);
	alert(SERVER, 2, 40);
	closes(HG_CLOSE_fin, SERVER);
}

static void no_name_missing_extension(void)
{
	hello(&nameless);
	alert(SERVER, 2, 109);
	closes(HG_CLOSE_fin, SERVER);
}

static void no_name_but_answered(void)
{
	hello(&nameless);
	flight12(2000);
	closes(HG_CLOSE_fin, SERVER);
}

static void too_old(unsigned int how)
{
	taught(&modern, 0xc02f, 0x1d, 0);
	hello(&tls10);
	closes(how, SERVER);
}

static void too_old_fin(void)
{
	too_old(HG_CLOSE_fin);
}

static void too_old_rst(void)
{
	too_old(HG_CLOSE_rst);
}

static void too_old_alert(void)
{
	taught(&modern, 0xc02f, 0x1d, 0);
	hello(&tls10);
	alert(SERVER, 2, 40);
	closes(HG_CLOSE_fin, SERVER);
}

/* A server of old does answer SSL 3.0, but not these suites. */
static void ssl3_is_answered(void)
{
	taught(&ssl3, 0x0004, 0, 0);
	hello(&ssl3);
	alert(SERVER, 2, 40);
	closes(HG_CLOSE_fin, SERVER);
}

static void old_but_answered_before(void)
{
	taught(&modern, 0xc02f, 0x1d, 0);
	taught(&tls10, 0x002f, 0x1d, 0);
	hello(&tls10);
	closes(HG_CLOSE_fin, SERVER);
}

/* That all others offered TLS 1.3 does not say that it is asked for. */
static void all_others_are_newer(void)
{
	static const struct hello_text tls12 = {
		.ciphers = "c02f",
		.exts = "0000 000a",
		.sni = "www.example.com",
		.groups = "001d",
	};

	taught(&modern, 0xc02f, 0x1d, 0);
	hello(&tls12);
	closes(HG_CLOSE_fin, SERVER);
}

static void only_ssl3(void)
{
	hello(&ssl3);
	closes(HG_CLOSE_fin, SERVER);
}

static void only_ssl3_alert(void)
{
	hello(&ssl3);
	alert(SERVER, 2, 40);
	closes(HG_CLOSE_fin, SERVER);
}

static void other_ciphers(void)
{
	taught(&modern, 0xc02f, 0x1d, 0);
	hello(&one_cipher);
	alert(SERVER, 2, 40);
	closes(HG_CLOSE_fin, SERVER);
}

static void other_ciphers_rst(void)
{
	taught(&modern, 0xc02f, 0x1d, 0);
	hello(&one_cipher);
	closes(HG_CLOSE_rst, SERVER);
}

static void ciphers_not_known(void)
{
	hello(&one_cipher);
	alert(SERVER, 2, 40);
	closes(HG_CLOSE_fin, SERVER);
}

static void other_groups(void)
{
	taught(&modern, 0xc02f, 0x1d, 0);
	taught(&modern, 0xc02f, 0x17, 0);
	hello(&one_group);
	alert(SERVER, 2, 40);
	closes(HG_CLOSE_fin, SERVER);
}

static void shared_group(void)
{
	taught(&modern, 0xc02f, 0x1d, 0);
	taught(&modern, 0xc02f, 0x1a, 0);
	hello(&one_group);
	alert(SERVER, 2, 40);
	closes(HG_CLOSE_fin, SERVER);
}

static void closed_halfway(void)
{
	taught(&modern, 0xc02f, 0x1d, 0);
	hello(&one_cipher);
	flight12(2000);
	closes(HG_CLOSE_fin, SERVER);
}

static const struct row comparisons[] = {
	{ "FIN", server_fin, C(server_closed_after_hello, server, true), "" },
	{ "no SNI, FIN", no_name_fin, C(sni_missing, server, false), "no_sni" },
	{ "no SNI, FIN; names are answered", no_name_fin_known, C(sni_missing, server, false),
	  "no_sni server_answers_with_sni" },
	{ "no SNI, FIN; all are answered", no_name_fin_answered_before,
	  C(server_closed_after_hello, server, true), "" },
	{ "no SNI, alert 40; names are answered", no_name_alert, C(sni_missing, server, false),
	  "no_sni server_answers_with_sni alert_40" },
	{ "no SNI, alert 40; all are answered", no_name_alert_answered_both,
	  C(no_shared_cipher, server, false), "alert_40_only" },
	{ "no SNI, alert 40; nobody is answered", no_name_alert_never_answered,
	  C(no_shared_cipher, server, false), "alert_40_only" },
	{ "no SNI, RST", no_name_rst, C(server_reset_after_hello, server, true), "" },
	{ "no SNI, missing_extension", no_name_missing_extension, C(sni_missing, server, false),
	  "alert_109" },
	{ "no SNI, answered", no_name_but_answered, C(server_closed_after_hello, server, true),
	  "" },
	{ "TLS 1.0, FIN; newer are answered", too_old_fin, C(version_unsupported, server, false),
	  "server_answers_newer" },
	{ "TLS 1.0, RST; newer are answered", too_old_rst, C(version_unsupported, server, false),
	  "server_answers_newer" },
	{ "TLS 1.0, alert 40; newer are answered", too_old_alert,
	  C(version_unsupported, server, false), "server_answers_newer alert_40" },
	{ "TLS 1.0, FIN; so are others", old_but_answered_before,
	  C(server_closed_after_hello, server, true), "" },
	{ "TLS 1.2; all others offered 1.3", all_others_are_newer,
	  C(server_closed_after_hello, server, true), "" },
	{ "SSL 3.0 at best, FIN", only_ssl3, C(version_unsupported, server, false),
	  "client_offers_ssl3_at_best" },
	{ "SSL 3.0 at best, alert 40", only_ssl3_alert, C(version_unsupported, server, false),
	  "client_offers_ssl3_at_best alert_40" },
	{ "SSL 3.0 at best, and others were answered", ssl3_is_answered,
	  C(no_shared_cipher, server, false), "server_picks_others alert_40" },
	{ "one suite, others are picked", other_ciphers, C(no_shared_cipher, server, false),
	  "alert_40 server_picks_others" },
	{ "the same, by RST", other_ciphers_rst, C(no_shared_cipher, server, false),
	  "server_picks_others" },
	{ "one suite, nothing known", ciphers_not_known, C(no_shared_cipher, server, false),
	  "alert_40_only" },
	{ "one group, others are picked", other_groups, C(no_shared_group, server, false),
	  "alert_40 server_picks_others" },
	{ "one group, picked for others", shared_group, C(no_shared_cipher, server, false),
	  "alert_40_only" },
	{ "closed behind its own flight", closed_halfway,
	  C(server_closed_after_hello, server, true), "" },
};

static void server_closes(void **state)
{
	(void)state;
	TELL(comparisons);
}

/* ---- alerts in clear ---- */

struct alert_row {
	__u8 code;
	enum hg_cause cause;
	bool observed;
};

/* Of either side: what the code says, it says of the handshake. */
static const struct alert_row of_either[] = {
	{ 20, HG_CAUSE_decrypt_error, false },	    { 47, HG_CAUSE_illegal_parameter, true },
	{ 50, HG_CAUSE_decode_error, true },	    { 51, HG_CAUSE_decrypt_error, true },
	{ 70, HG_CAUSE_version_unsupported, true }, { 71, HG_CAUSE_no_shared_cipher, true },
	{ 80, HG_CAUSE_internal_error, true },	    { 86, HG_CAUSE_version_unsupported, false },
	{ 112, HG_CAUSE_unrecognized_name, true },  { 120, HG_CAUSE_alpn_mismatch, true },
};

/* Of a client, on the server's certificate. */
static const struct alert_row of_client[] = {
	{ 42, HG_CAUSE_certificate_bad, true },	    { 43, HG_CAUSE_certificate_bad, true },
	{ 44, HG_CAUSE_certificate_revoked, true }, { 45, HG_CAUSE_certificate_expired, true },
	{ 46, HG_CAUSE_certificate_bad, false },    { 48, HG_CAUSE_certificate_unknown_ca, true },
	{ 90, HG_CAUSE_client_abandoned, false },
};

/* Of a server that asked for a certificate, and was shown one. */
static const struct alert_row of_server[] = {
	{ 42, HG_CAUSE_client_certificate_rejected, true },
	{ 43, HG_CAUSE_client_certificate_rejected, true },
	{ 44, HG_CAUSE_client_certificate_rejected, true },
	{ 45, HG_CAUSE_client_certificate_rejected, true },
	{ 46, HG_CAUSE_client_certificate_rejected, true },
	{ 48, HG_CAUSE_client_certificate_rejected, true },
	{ 40, HG_CAUSE_client_certificate_rejected, false },
	{ 51, HG_CAUSE_decrypt_error, true },
	{ 116, HG_CAUSE_client_certificate_required, true },
};

/* And that got an empty list: RFC 5246, 7.4.6, leaves it the choice of the alert. */
static const struct alert_row of_server_shown_none[] = {
	{ 40, HG_CAUSE_client_certificate_required, false },
	{ 42, HG_CAUSE_client_certificate_required, false },
	{ 46, HG_CAUSE_client_certificate_required, false },
	{ 116, HG_CAUSE_client_certificate_required, true },
};

/* The client's Certificate message has so many bytes; 0: it sent none. */
static void alerts_are(const struct alert_row *rows, size_t count, unsigned int side, __u32 bytes)
{
	for (size_t i = 0; i < count; i++) {
		print_message("# alert %u of side %u\n", rows[i].code, side);
		begin(NULL);
		flight12(2000);
		if (bytes)
			certificate(CLIENT, bytes, bytes > 7);
		alert(side, 2, rows[i].code);
		closes(HG_CLOSE_fin, side);
		diagnose();
		is_cause(rows[i].cause, side == SERVER ? HG_SIDE_server : HG_SIDE_client,
			 rows[i].observed);
		assert_true(d.outcome_observed);
		assert_false(has_reason("closed_without_alert"));
	}
}

#define ALERTS(rows, side, bytes) alerts_are(rows, sizeof(rows) / sizeof((rows)[0]), side, bytes)

static void alerts(void **state)
{
	(void)state;
	ALERTS(of_either, CLIENT, 0);
	ALERTS(of_either, SERVER, 0);
	ALERTS(of_client, CLIENT, 0);
	ALERTS(of_server, SERVER, 900);
	ALERTS(of_server_shown_none, SERVER, 7);
}

/* The first fatal one of a side ended it; a warning counts where nothing else was said. */
static void warnings(void **state)
{
	(void)state;
	alert(SERVER, 1, 112);
	alert(SERVER, 2, 70);
	closes(HG_CLOSE_fin, SERVER);
	diagnose();
	is_cause(C(version_unsupported, server, true));
	begin(state);
	alert(SERVER, 2, 70);
	alert(SERVER, 1, 0);
	closes(HG_CLOSE_fin, SERVER);
	diagnose();
	is_cause(C(version_unsupported, server, true));
	begin(state);
	alert(SERVER, 1, 112);
	closes(HG_CLOSE_fin, SERVER);
	diagnose();
	is_cause(C(unrecognized_name, server, true));
}

/* close_notify is no cause: RFC 8446, 6.1. */
static void goodbye(void **state)
{
	(void)state;
	flight12(2000);
	alert(CLIENT, 1, 0);
	closes(HG_CLOSE_fin, CLIENT);
	diagnose();
	is_cause(C(client_abandoned, client, false));
}

/* Servers warn of a name that they do not have, and go on (RFC 6066, section 3). */
static void warning_of_the_other(void **state)
{
	(void)state;
	alert(SERVER, 1, 112);
	flight12(2000);
	alert(CLIENT, 2, 48);
	closes(HG_CLOSE_fin, CLIENT);
	diagnose();
	is_cause(C(certificate_unknown_ca, client, true));
	begin(state);
	alert(CLIENT, 1, 0);
	alert(SERVER, 2, 70);
	closes(HG_CLOSE_fin, SERVER);
	diagnose();
	is_cause(C(version_unsupported, server, true));
}

/* Of two, the one that came first. */
static void both_complain(void **state)
{
	(void)state;
	flight12(2000);
	alert(CLIENT, 2, 48);
	alert(SERVER, 2, 80);
	closes(HG_CLOSE_fin, SERVER);
	diagnose();
	is_cause(C(certificate_unknown_ca, client, true));
	begin(state);
	flight12(2000);
	alert(SERVER, 2, 80);
	alert(CLIENT, 2, 48);
	closes(HG_CLOSE_fin, SERVER);
	diagnose();
	is_cause(C(internal_error, server, true));
}

/* RFC 8446, appendix C.3, and Logjam: clients refuse a prime that is too short. */
static void small_prime(void **state)
{
	(void)state;
	flight12(2000);
	a->server.group = 0;
	a->server.dh_bits = 1024;
	alert(CLIENT, 2, 40);
	closes(HG_CLOSE_fin, CLIENT);
	diagnose();
	is_cause(C(no_shared_group, client, false));
	has_reasons("small_dh_prime alert_40");
	a->server.dh_bits = 2048;
	diagnose();
	assert_int_not_equal(d.cause, HG_CAUSE_no_shared_group);
	assert_int_equal(d.side, HG_SIDE_client);
}

/* ---- certificates ---- */

struct found_row {
	__u32 found;
	enum hg_cause cause;
	const char *reason;
};

static const struct found_row found[] = {
	{ F(expired), HG_CAUSE_certificate_expired, "certificate_expired" },
	{ F(not_yet_valid), HG_CAUSE_certificate_expired, "certificate_not_yet_valid" },
	{ F(name_mismatch), HG_CAUSE_certificate_name_mismatch, "name_not_in_certificate" },
	{ F(self_signed), HG_CAUSE_certificate_unknown_ca, "self_signed" },
	{ F(missing_intermediate), HG_CAUSE_certificate_unknown_ca, "intermediate_missing" },
	{ F(weak_key), HG_CAUSE_certificate_bad, "weak_key" },
	{ F(weak_digest), HG_CAUSE_certificate_bad, "weak_digest" },
	{ F(expired) | F(self_signed), HG_CAUSE_certificate_expired, "certificate_expired" },
};

/* 46 says that something is wrong; the chain says what. */
static void alert_46_and_findings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		print_message("# %s\n", found[i].reason);
		begin(state);
		flight12(2000);
		findings = found[i].found;
		alert(CLIENT, 2, 46);
		closes(HG_CLOSE_fin, CLIENT);
		diagnose();
		is_cause(found[i].cause, HG_SIDE_client, false);
		has_reasons(found[i].reason);
		has_reasons("alert_46");
	}
	findings = F(over_3kb) | F(root_included);
	diagnose();
	is_cause(C(certificate_bad, client, false));
	has_reasons("alert_46_only");
}

/* 45 says it itself, whatever else is wrong. */
static void clear_words_stand(void **state)
{
	(void)state;
	flight12(2000);
	findings = F(name_mismatch) | F(weak_key);
	alert(CLIENT, 2, 45);
	closes(HG_CLOSE_fin, CLIENT);
	diagnose();
	is_cause(C(certificate_expired, client, true));
}

static void leaves_behind(__u32 bytes)
{
	hello(&modern);
	flight12(bytes);
	closes(HG_CLOSE_fin, CLIENT);
}

static void larger_than_taken(void)
{
	taught(&modern, 0xc02f, 0x1d, 2900);
	leaves_behind(3900);
}

/* Scene S10. */
static void root_was_added(void)
{
	taught(&modern, 0xc02f, 0x1d, 3200);
	leaves_behind(4437);
	findings = F(root_included) | F(over_3kb);
}

/* Nobody went on from the one before either, but it was smaller. */
static void grew(void)
{
	hello(&modern);
	flight12(3100);
	closes(HG_CLOSE_fin, CLIENT);
	diagnose();
	learn();
	leaves_behind(3900);
	diagnose();
	learn();
	leaves_behind(3900);
}

static void reset_behind_larger(void)
{
	larger_than_taken();
	closes(HG_CLOSE_rst, CLIENT);
}

static void as_large_as_taken(void)
{
	taught(&modern, 0xc02f, 0x1d, 3900);
	leaves_behind(3900);
}

static void smaller_than_taken(void)
{
	taught(&modern, 0xc02f, 0x1d, 3950);
	leaves_behind(3900);
}

static void nothing_known_small(void)
{
	leaves_behind(3900);
}

static void nothing_known_large(void)
{
	leaves_behind(4437);
}

/* It went on from the certificate, and left later. */
static void larger_but_went_on(void)
{
	taught(&modern, 0xc02f, 0x1d, 2900);
	hello(&modern);
	flight12(3900);
	saw(CLIENT, HG_SEEN_CCS);
	closes(HG_CLOSE_fin, CLIENT);
}

static void expired_and_left(void)
{
	leaves_behind(2000);
	findings = F(expired);
}

static void not_valid_yet_and_left(void)
{
	leaves_behind(2000);
	findings = F(not_yet_valid);
}

static void name_differs_and_left(void)
{
	leaves_behind(2000);
	findings = F(name_mismatch);
}

static void self_signed_and_left(void)
{
	leaves_behind(2000);
	findings = F(self_signed);
}

static void self_signed_taken_by_others(void)
{
	taught(&modern, 0xc02f, 0x1d, 2000);
	leaves_behind(2000);
	findings = F(self_signed);
}

static void before_any_certificate(void)
{
	server_hello(0x0303, 0xc02f, 0x1d);
	closes(HG_CLOSE_fin, CLIENT);
	findings = F(expired);
}

static const struct row certificates[] = {
	{ "larger than any taken", larger_than_taken, C(certificate_chain_too_large, client, false),
	  "larger_than_any_taken" },
	{ "the root was added", root_was_added, C(certificate_chain_too_large, client, false),
	  "larger_than_any_taken root_included" },
	{ "it grew", grew, C(certificate_chain_too_large, client, false), "certificate_grew" },
	{ "RST behind it", reset_behind_larger, C(certificate_chain_too_large, client, false),
	  "larger_than_any_taken" },
	{ "others took as much", as_large_as_taken, C(client_abandoned, client, false), "" },
	{ "others took more", smaller_than_taken, C(client_abandoned, client, false), "" },
	{ "nothing known", nothing_known_small, C(client_abandoned, client, false), "" },
	{ "nothing known, large", nothing_known_large,
	  C(certificate_chain_too_large, client, false), "over_4kb" },
	{ "went on", larger_but_went_on, C(client_abandoned, client, false), "" },
	{ "expired", expired_and_left, C(certificate_expired, client, false), "" },
	{ "not valid yet", not_valid_yet_and_left, C(certificate_expired, client, false), "" },
	{ "name differs", name_differs_and_left, C(certificate_name_mismatch, client, false), "" },
	{ "self-signed", self_signed_and_left, C(certificate_unknown_ca, client, false), "" },
	{ "self-signed, others go on", self_signed_taken_by_others,
	  C(client_abandoned, client, false), "" },
	{ "before the certificate", before_any_certificate, C(client_abandoned, client, false),
	  "" },
};

static void client_leaves_behind_certificate(void **state)
{
	(void)state;
	TELL(certificates);
}

/* ---- encrypted ---- */

/* A client that takes the certificate sends more than an alert. */
static void alert_sized_of_client(void)
{
	flight13();
	encrypted(CLIENT, 19, HG_SEEN_ALERT_SIZED);
	closes(HG_CLOSE_fin, CLIENT);
}

/* By TLS 1.2, in clear, the chain of that name was seen to be expired. */
static void alert_sized_and_seen_before(void)
{
	hello(&modern);
	flight12(2000);
	findings = F(expired);
	ends_well();
	learn();
	hello(&modern);
	alert_sized_of_client();
}

static void empty_certificate13(void)
{
	flight13();
	encrypted(CLIENT, 4 + 1 + 3 + 1 + 16, 0);
	encrypted(CLIENT, 53, HG_SEEN_FINISHED);
	encrypted(SERVER, 19, HG_SEEN_ALERT_SIZED);
	closes(HG_CLOSE_fin, SERVER);
}

static void certificate13(void)
{
	flight13();
	encrypted(CLIENT, 900, HG_SEEN_FINISHED);
	encrypted(CLIENT, 281, HG_SEEN_DATA);
	encrypted(CLIENT, 53, HG_SEEN_DATA);
	encrypted(SERVER, 19, HG_SEEN_ALERT_SIZED);
	closes(HG_CLOSE_fin, SERVER);
}

static void encrypted_alert12(unsigned int side)
{
	flight12(2000);
	finished12(CLIENT);
	saw(side, HG_SEEN_CCS | HG_SEEN_ENCRYPTED_ALERT);
	closes(HG_CLOSE_fin, side);
}

static void encrypted_alert_of_server(void)
{
	encrypted_alert12(SERVER);
}

static void encrypted_alert_of_client(void)
{
	encrypted_alert12(CLIENT);
}

static void encrypted_alert_behind_certificate(void)
{
	encrypted_alert12(SERVER);
	certificate(CLIENT, 900, 1);
}

static void client_quits13(void)
{
	flight13();
	closes(HG_CLOSE_fin, CLIENT);
}

static const struct row encrypted_rows[] = {
	{ "TLS 1.3: client's alert", alert_sized_of_client, C(certificate_bad, client, false),
	  "alert_sized_record" },
	{ "TLS 1.3: and a chain known as bad", alert_sized_and_seen_before,
	  C(certificate_expired, client, false), "alert_sized_record certificate_seen_before" },
	{ "TLS 1.3: no certificate", empty_certificate13,
	  C(client_certificate_required, server, false), "alert_sized_record" },
	{ "TLS 1.3: certificate", certificate13, C(client_certificate_rejected, server, false),
	  "alert_sized_record" },
	{ "TLS 1.3: no word", client_quits13, C(client_abandoned, client, false), "" },
	{ "TLS 1.2: server", encrypted_alert_of_server, C(decrypt_error, server, false),
	  "encrypted_alert" },
	{ "TLS 1.2: client", encrypted_alert_of_client, C(decrypt_error, client, false),
	  "encrypted_alert" },
	{ "TLS 1.2: behind a certificate", encrypted_alert_behind_certificate,
	  C(client_certificate_rejected, server, false), "" },
};

static void encrypted_alerts(void **state)
{
	(void)state;
	TELL(encrypted_rows);
}

/* ---- what did not fail ---- */

struct outcome_row {
	const char *what;
	void (*story)(void);
	const char *outcome;
	bool observed;
};

static void full12(void)
{
	flight12(2000);
	finished12(CLIENT);
	finished12(SERVER);
	closes(HG_CLOSE_fin, CLIENT);
}

/* A client that ignores an expired certificate. */
static void full12_with_findings(void)
{
	full12();
	findings = F(expired);
}

static void abbreviated12(void)
{
	server_hello(0x0303, 0xc02f, 0);
	finished12(SERVER);
	finished12(CLIENT);
	closes(HG_CLOSE_fin, SERVER);
}

static void full12_then_reset(void)
{
	full12();
	closes(HG_CLOSE_rst, SERVER);
	path->close_ttl = 99;
}

static void done13(void)
{
	flight13();
	encrypted(CLIENT, 53, HG_SEEN_FINISHED);
}

static void data13(void)
{
	done13();
	encrypted(SERVER, 300, HG_SEEN_DATA);
	encrypted(SERVER, 19, HG_SEEN_ALERT_SIZED);
	closes(HG_CLOSE_fin, SERVER);
}

static void quiet13(void)
{
	done13();
	falls_silent();
}

static void closed13(void)
{
	done13();
	closes(HG_CLOSE_fin, CLIENT);
}

static void reset13(void)
{
	done13();
	closes(HG_CLOSE_rst, CLIENT);
}

static void cut_off(void)
{
	flight12(2000);
	h.facts.close = HG_CLOSE_end_of_capture;
}

static void evicted(void)
{
	h.facts.close = HG_CLOSE_evicted;
}

static void superseded(void)
{
	h.facts.close = HG_CLOSE_superseded;
}

static void one_sided(void)
{
	closes(HG_CLOSE_fin, CLIENT);
	heard = false;
}

static void one_sided_and_done(void)
{
	saw(CLIENT, HG_SEEN_CCS | HG_SEEN_FINISHED | HG_SEEN_DATA);
	closes(HG_CLOSE_fin, CLIENT);
	heard = false;
}

static void missed(void)
{
	flight12(2000);
	saw(SERVER, HG_SEEN_LOST | HG_SEEN_MISSED);
	closes(HG_CLOSE_fin, CLIENT);
}

static void end_is_lost(void)
{
	flight12(2000);
	closes(HG_CLOSE_fin, CLIENT);
	h.lost = true;
}

static const struct outcome_row outcomes[] = {
	{ "TLS 1.2", full12, "established", true },
	{ "TLS 1.2, expired", full12_with_findings, "established", true },
	{ "TLS 1.2, abbreviated", abbreviated12, "established", true },
	{ "TLS 1.2, RST later", full12_then_reset, "established", true },
	{ "TLS 1.3, data of the server", data13, "established", false },
	{ "TLS 1.3, nobody closes", quiet13, "established", false },
	{ "TLS 1.3, closed too soon", closed13, "unknown", false },
	{ "TLS 1.3, reset too soon", reset13, "unknown", false },
	{ "end of capture", cut_off, "unknown", false },
	{ "evicted", evicted, "unknown", false },
	{ "superseded", superseded, "unknown", false },
	{ "the server is never seen", one_sided, "unknown", false },
	{ "nor in a whole handshake", one_sided_and_done, "established", false },
	{ "bytes were missed", missed, "unknown", false },
	{ "END was lost", end_is_lost, "unknown", false },
};

static void not_failed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		print_message("# %s\n", outcomes[i].what);
		begin(state);
		outcomes[i].story();
		diagnose();
		assert_string_equal(hg_outcome_text(d.outcome), outcomes[i].outcome);
		if (d.outcome == HG_OUTCOME_established)
			assert_int_equal(d.outcome_observed, outcomes[i].observed);
		assert_int_equal(d.cause, HG_CAUSE_none);
		assert_int_equal(d.reason_count, 0);
	}
}

/* Bytes that were missed do not hide an alert that was not. */
static void missed_behind_an_alert(void **state)
{
	(void)state;
	flight12(2000);
	alert(CLIENT, 2, 48);
	saw(SERVER, HG_SEEN_LOST | HG_SEEN_MISSED);
	closes(HG_CLOSE_fin, CLIENT);
	diagnose();
	assert_int_equal(d.outcome, HG_OUTCOME_failed);
	is_cause(C(certificate_unknown_ca, client, true));
}

/* ---- our own ---- */

static void verdict_is(enum hg_outcome outcome, enum hg_cause cause)
{
	begin(NULL);
	alert(SERVER, 2, 40); /* whatever else was said */
	closes(HG_CLOSE_rst, SERVER);
	h.facts.outcome = (__u8)outcome;
	hg_diagnose(known, &h, 0, &d);
	assert_int_equal(d.outcome, outcome);
	assert_true(d.outcome_observed);
	is_cause(cause, HG_SIDE_self, true);
}

static void our_verdicts(void **state)
{
	(void)state;
	verdict_is(HG_OUTCOME_reset, HG_CAUSE_policy_reset);
	verdict_is(HG_OUTCOME_dropped, HG_CAUSE_policy_drop);
}

/* ---- whatever is seen ---- */

static __u32 seed = 1;

static __u32 any(__u32 below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* Facts that no walker would write; none may be trusted. */
static void anything(void)
{
	static const __u16 versions[] = { 0, 0x0300, 0x0303, 0x0304, 0x7f1c, 0xffff };

	hello(any(2) ? &modern : &nameless);
	for (size_t i = 0; i < sizeof(*a) / 4; i++)
		if (!any(3))
			((__u32 *)(void *)a)[i] = any(2) ? any(1U << 24) : any(4);
	a->server.version = versions[any(6)];
	for (unsigned int side = CLIENT; side <= SERVER; side++)
		a->side[side].alert_count = (__u8)any(HG_ALERTS_MAX + 1);
	h.facts.close = (__u8)any(HG_CLOSE_COUNT);
	h.facts.close_from = (__u8)any(HG_SIDE_COUNT);
	h.facts.bucket = (__u8)any(HG_BUCKET_COUNT);
	h.facts.hello.bytes *= any(4) != 0;
	h.facts.hello.segments = (__u16)any(3);
	findings = any(1U << HG_FINDING_COUNT);
}

/* A failure has a cause and a side of its own; nothing else has one. */
static void always_one_cause(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		anything();
		diagnose();
		assert_in_range(d.reason_count, 0, HG_REASONS_MAX);
		assert_in_range(d.evidence_count, 0, HG_EVIDENCE_MAX);
		if (d.outcome == HG_OUTCOME_failed)
			assert_in_range(d.cause, HG_CAUSE_none + 1, HG_CAUSE_unknown);
		else
			assert_int_equal(d.cause, HG_CAUSE_none);
		assert_int_not_equal(d.outcome, HG_OUTCOME_reset);
		assert_int_not_equal(d.outcome, HG_OUTCOME_dropped);
		assert_int_not_equal(d.cause, HG_CAUSE_policy_reset);
		assert_int_not_equal(d.cause, HG_CAUSE_policy_drop);
		if (d.outcome == HG_OUTCOME_failed)
			assert_in_range(d.side, HG_SIDE_client, HG_SIDE_path);
		if (!any(8))
			learn();
	}
}

/* ---- together with the certificates ---- */

static void examined(struct hg_examiner *x, struct hg_examined *out)
{
	h.facts.outcome = hg_outcome_at_end(a, h.facts.close, heard);
	hg_examine(x, &h, 1795278603, NULL, out);
	d = out->diagnosis;
}

/* Compared with what was before, not with itself. */
static void in_their_order(void **state)
{
	struct hg_examiner *x = hg_examiner_new();
	struct hg_examined out;

	(void)state;
	hello(&modern);
	flight12(3200);
	finished12(CLIENT);
	finished12(SERVER);
	closes(HG_CLOSE_fin, CLIENT);
	examined(x, &out);
	assert_int_equal(d.outcome, HG_OUTCOME_established);
	assert_false(out.has_certificates[SERVER]);
	leaves_behind(4437);
	examined(x, &out);
	is_cause(C(certificate_chain_too_large, client, false));
	has_reasons("larger_than_any_taken");
	hg_examiner_free(x);
}

/* A certificate of its own, expired for ten days. */
static void make_expired(struct hg_chain *chain)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	unsigned char *der = NULL, head[6];
	X509 *x = X509_new();
	int len;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
				   (const unsigned char *)"www.example.com", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	ASN1_TIME_set(X509_getm_notBefore(x), 1795278603 - 100 * 86400);
	ASN1_TIME_set(X509_getm_notAfter(x), 1795278603 - 10 * 86400);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()));
	len = i2d_X509(x, &der);
	assert_in_range(len, 1, 0xff00);
	for (int i = 0; i < 6; i++)
		head[i] = (unsigned char)((i < 3 ? len + 3 : len) >> 8 * (2 - i % 3));
	assert_int_equal(hg_chain_add(chain, head, 6, 0, (__u32)len + 6), 0);
	assert_int_equal(hg_chain_add(chain, der, (__u32)len, 6, (__u32)len + 6), 0);
	OPENSSL_free(der);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void chain_explains_the_alert(void **state)
{
	struct hg_examiner *x = hg_examiner_new();
	struct hg_examined out;

	(void)state;
	hello(&modern);
	flight12(500);
	make_expired(&h.chain[SERVER]);
	alert(CLIENT, 2, 46);
	closes(HG_CLOSE_fin, CLIENT);
	examined(x, &out);
	hg_chain_clear(&h.chain[SERVER]);
	assert_true(out.has_certificates[SERVER]);
	assert_false(out.has_certificates[CLIENT]);
	assert_true(out.certificates[SERVER].findings & F(expired));
	is_cause(C(certificate_expired, client, false));
	has_reasons("certificate_expired alert_46");
	/* It is remembered for a handshake that does not show it. */
	hello(&modern);
	alert_sized_of_client();
	examined(x, &out);
	assert_false(out.has_certificates[SERVER]);
	is_cause(C(certificate_expired, client, false));
	has_reasons("certificate_seen_before");
	hg_examiner_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_comes_back, begin),
		cmocka_unit_test_setup(who_resets, begin),
		cmocka_unit_test_setup(evidence, begin),
		cmocka_unit_test_setup(before_the_hello, begin),
		cmocka_unit_test_setup(server_closes, begin),
		cmocka_unit_test_setup(alerts, begin),
		cmocka_unit_test_setup(warnings, begin),
		cmocka_unit_test_setup(goodbye, begin),
		cmocka_unit_test_setup(warning_of_the_other, begin),
		cmocka_unit_test_setup(both_complain, begin),
		cmocka_unit_test_setup(small_prime, begin),
		cmocka_unit_test_setup(alert_46_and_findings, begin),
		cmocka_unit_test_setup(clear_words_stand, begin),
		cmocka_unit_test_setup(client_leaves_behind_certificate, begin),
		cmocka_unit_test_setup(encrypted_alerts, begin),
		cmocka_unit_test_setup(not_failed, begin),
		cmocka_unit_test_setup(missed_behind_an_alert, begin),
		cmocka_unit_test_setup(our_verdicts, begin),
		cmocka_unit_test_setup(always_one_cause, begin),
		cmocka_unit_test_setup(in_their_order, begin),
		cmocka_unit_test_setup(chain_explains_the_alert, begin),
	};

	return cmocka_run_group_tests_name("diagnosis", tests, NULL, finish);
}
