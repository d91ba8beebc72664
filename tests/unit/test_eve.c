/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of EVE, read back by jansson: fields and values of the contract. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eve.h"
#include "hello_text.h"

#define ROUNDS 3000
#define WALL 1795278603123456789ULL /* 2026-11-21 16:30:03.123456789 UTC */

static struct hg_eve eve;
static const __u8 no_answer[HG_END_LEN];
static struct hg_handshakes *table;

static void on_hello(void *ctx, struct hg_handshake *h)
{
	if (ctx)
		assert_true(hg_eve_hello(&eve, h));
}

static void on_end(void *ctx, struct hg_handshake *h)
{
	struct hg_examiner *examiner = hg_examiner_new();
	struct hg_examined x;

	(void)ctx;
	assert_non_null(examiner);
	hg_examine(examiner, h, 0, NULL, &x);
	assert_true(hg_eve_end(&eve, h, &x));
	hg_examiner_free(examiner);
}

static void on_drop(void *ctx, struct hg_handshake *h)
{
	(void)ctx;
	assert_true(hg_eve_drop(&eve, h));
}

static const char *interface_name(void *ctx, const struct hg_event *facts)
{
	assert_ptr_equal(ctx, &eve);
	return facts->ifindex == 2 ? "eth0" : NULL;
}

static const char *rule_name(void *ctx, const struct hg_verdict *verdict)
{
	assert_ptr_equal(ctx, &eve);
	assert_true(verdict->rule < HG_RULE_UNREAD);
	return verdict->rule == 1 ? "no-legacy" : NULL;
}

static void begin(bool provisional, bool strict)
{
	static const struct hg_handshakes_ops ops = { .hello = on_hello,
						      .end = on_end,
						      .drop = on_drop };
	struct hg_eve_names names = { &eve, interface_name, rule_name, NULL };

	hg_eve_init(&eve, &names, strict, true);
	table = hg_handshakes_new(16, &ops, provisional ? &eve : NULL);
	assert_non_null(table);
}

static void finish(void)
{
	hg_handshakes_free(table);
	hg_eve_free(&eve);
}

static void set_v4(__u8 addr[16], const char *text)
{
	memset(addr, 0, 16);
	addr[10] = 0xff;
	addr[11] = 0xff;
	assert_int_equal(inet_pton(AF_INET, text, addr + 12), 1);
}

/* The flow of the contract's example. */
static struct hg_event example(void)
{
	struct hg_event e = { .flow_id = 1234567890123ULL };

	e.time_ns = WALL + 1000000000ULL;
	e.first_ns = WALL - 1000000000ULL;
	e.hello_ns = WALL;
	e.client_lo = 1;
	e.ifindex = 2;
	e.bucket = HG_BUCKET_single_segment;
	set_v4(e.key.lo_addr, "192.0.2.10");
	set_v4(e.key.hi_addr, "198.51.100.20");
	e.key.lo_port = htons(51234);
	e.key.hi_port = htons(443);
	e.verdict.revision = 3;
	e.verdict.rule = HG_RULE_DEFAULT;
	return e;
}

static const struct hello_text example_hello = {
	.ciphers = "002f 00ff",
	.exts = "0000 000b 000a 0023 0016 0017 000d",
	.sni = "shop.example.com",
	.groups = "001d 0017",
	.formats = "00",
	.sigalgs = "0403",
};

/* The facts as the data path would have put them down. */
static void set_facts(struct hg_event *e, const struct hello_bytes *b)
{
	static struct hg_capture capture;
	static struct hg_parse parse;
	const struct hg_hello *h = &parse.hello;

	memcpy(capture.bytes, b->at, b->len);
	memset(capture.bytes + b->len, 0, 8);
	hg_hello_parse(&capture, &parse, 0, (__u32)b->len, e->sslv2);
	e->hello = (struct hg_hello_facts){
		.bytes = h->bytes,
		.features = h->features,
		.legacy_version = h->legacy_version,
		.version_max = h->version_max,
		.cipher_count = h->cipher_count,
		.cipher_count_no_grease = h->cipher_count_no_grease,
		.ext_count = h->ext_count,
		.records = 1,
		.segments = 1,
		.record_version = 0x0301,
		.session_id_len = h->session_id_len,
		.sni_state = h->sni_state,
		.ech = h->ech,
	};
}

/* HELLO with that message and END with those facts. */
static void give(struct hg_event e, const struct hello_bytes *b)
{
	__u8 close = e.close;

	set_facts(&e, b);
	e.type = HG_EVENT_HELLO;
	e.close = HG_CLOSE_none;
	e.message_len = (__u32)b->len;
	assert_int_equal(hg_handshakes_event(table, &e, b->at, b->len), 0);
	e.type = HG_EVENT_END;
	e.close = close;
	e.message_len = sizeof(no_answer);
	assert_int_equal(hg_handshakes_event(table, &e, no_answer, sizeof(no_answer)), 0);
}

static void is_out(const char *want)
{
	hg_json_room(&eve.out, 1);
	eve.out.text[eve.out.len] = '\0';
	assert_string_equal(eve.out.text, want);
	hg_json_reset(&eve.out);
}

/* The lines written so far, as an array. */
static json_t *lines(void)
{
	const char *at = eve.out.text, *end = at + eve.out.len, *newline;
	json_t *all = json_array(), *one;
	json_error_t error;

	for (; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		assert_non_null(newline);
		one = json_loadb(at, (size_t)(newline - at),
				 JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
		if (!one)
			print_error("%s: %.*s\n", error.text, (int)(newline - at), at);
		assert_non_null(one);
		json_array_append_new(all, one);
	}
	hg_json_reset(&eve.out);
	return all;
}

/* The value at a path like "tls.ja3.hash", as JSON text; "absent" if it is. */
static char *value_at(const json_t *object, const char *path)
{
	char name[64];
	int n;

	for (; object && sscanf(path, "%63[^.]%n", name, &n) == 1; path += n + (path[n] == '.'))
		object = json_object_get(object, name);
	return object ? json_dumps(object, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII)
		      : strdup("absent");
}

static void is_at(const json_t *object, const char *path, const char *want)
{
	char *got = value_at(object, path);

	if (strcmp(got, want))
		print_error("%s: ", path);
	assert_string_equal(got, want);
	free(got);
}

static void whole_lines(void **state)
{
	struct hg_event e = example();

	(void)state;
	begin(true, false);
	e.close = HG_CLOSE_our_reset;
	e.close_from = HG_SIDE_self;
	e.outcome = HG_OUTCOME_reset;
	e.verdict.rule = 1;
	e.verdict.action = HG_ACTION_reset;
	e.verdict.mode = HG_MODE_enforce;
	e.verdict.to = HG_TO_both;
	give(e, hello_of(&example_hello));
#define HEAD(time, type)                                                                           \
	"{\"timestamp\":\"2026-11-21T16:30:" time "+0000\",\"flow_id\":1234567890123,"             \
	"\"in_iface\":\"eth0\",\"event_type\":\"" type "\",\"src_ip\":\"192.0.2.10\","             \
	"\"src_port\":51234,\"dest_ip\":\"198.51.100.20\",\"dest_port\":443,\"proto\":\"TCP\","    \
	"\"ip_v\":4,\"community_id\":\"1:2z63fZapaiVaP42NbBj+qM+//54=\","
#define TLS                                                                                        \
	"\"tls\":{\"sni\":\"shop.example.com\",\"ja4\":\"t12d020700_a5878986a7c9_d0212ebfd738\","  \
	"\"ja3\":{\"hash\":\"7bb1e8cb5b038e51b21bb8cad0379dc4\","                                  \
	"\"string\":\"771,47-255,0-11-10-35-22-23-13,29-23,0\"},"                                  \
	"\"client_handshake\":{\"version\":\"TLS 1.2\",\"ciphers\":[47,255],"                      \
	"\"exts\":[0,11,10,35,22,23,13],\"sig_algs\":[1027]}},"
#define HELLO                                                                                      \
	"\"coverage\":\"single_segment\",\"flags\":[],\"hello\":{\"bytes\":110,\"segments\":1,"    \
	"\"records\":1,\"record_version\":769,\"legacy_version\":771,\"version_max\":771,"         \
	"\"cipher_count\":2,\"cipher_count_no_grease\":2,\"ext_count\":7,\"session_id_len\":0,"    \
	"\"sni_present\":true,\"sni_state\":\"ok\",\"ech\":\"none\",\"pq\":false,"                 \
	"\"ticket\":false,\"psk\":false,\"early_data\":false,\"compression_methods\":[0],"         \
	"\"groups\":[29,23]},"
#define POLICY                                                                                     \
	"\"policy\":{\"revision\":3,\"rule\":\"no-legacy\",\"action\":\"reset\","                  \
	"\"mode\":\"enforce\",\"decided_by\":\"kernel\"}}}\n"
	is_out(HEAD("03.123456", "tls") TLS
	       "\"hellogate\":{\"schema\":1,\"stage\":\"hello\"," HELLO POLICY HEAD("03.123456",
										    "tls") TLS
	       "\"hellogate\":{\"schema\":1,\"stage\":\"end\",\"outcome\":\"reset\","
	       "\"outcome_confidence\":\"observed\",\"cause\":\"policy_reset\",\"side\":\"self\","
	       "\"confidence\":\"observed\"," HELLO
	       "\"close\":{\"how\":\"our_reset\",\"from\":\"self\"}," POLICY HEAD(
		       "04.123456",
		       "drop") "\"drop\":{\"reason\":\"rules\"},"
			       "\"verdict\":{\"action\":\"drop\",\"reject\":[\"tcp-reset\"],"
			       "\"reject_target\":\"both\"},\"hellogate\":{\"schema\":1," POLICY);
	finish();
}

static void strict_is_suricata_only(void **state)
{
	struct hg_event e = example();
	json_t *all;

	(void)state;
	begin(true, true);
	e.close = HG_CLOSE_our_reset;
	give(e, hello_of(&example_hello));
	all = lines();
	assert_int_equal(json_array_size(all), 3);
	for (size_t i = 0; i < 3; i++)
		is_at(json_array_get(all, i), "hellogate", "absent");
	json_decref(all);
	finish();
}

/* ---- fields of the hello ---- */

static const struct {
	struct hello_text hello;
	const char *path, *want;
} fields[] = {
	{ { .ciphers = "1301", .exts = "0000", .sni = "Shop.Example.COM." },
	  "tls.sni",
	  "\"shop.example.com\"" },
	{ { .ciphers = "1301", .exts = "0000", .sni = "Shop.Example.COM." },
	  "hellogate.hello.sni_raw",
	  "\"Shop.Example.COM.\"" },
	{ { .ciphers = "1301", .exts = "0000", .sni = "a.example" },
	  "hellogate.hello.sni_raw",
	  "absent" },
	{ { .ciphers = "1301", .exts = "0000", .sni = "a.example." },
	  "hellogate.hello.sni_raw",
	  "\"a.example.\"" },
	{ { .ciphers = "1301", .exts = "0000", .sni = "B\xc3\xa4r\"\\\n." },
	  "tls.sni",
	  "\"b\\\\xc3\\\\xa4r\\\"\\\\x5c\\\\x0a\"" },
	{ { .ciphers = "1301", .exts = "0000", .sni = "B\xc3\xa4r\"\\\n." },
	  "hellogate.hello.sni_raw",
	  "\"B\\\\xc3\\\\xa4r\\\"\\\\x5c\\\\x0a.\"" },
	{ { .ciphers = "1301", .exts = "0000", .sni = "B\xc3\xa4r" },
	  "hellogate.hello.sni_state",
	  "\"invalid\"" },
	{ { .ciphers = "1301", .exts = "0000", .sni = "" }, "tls.sni", "absent" },
	{ { .ciphers = "1301", .exts = "0000", .sni = "" }, "hellogate.hello.sni_raw", "absent" },
	{ { .ciphers = "1301", .exts = "0000" }, "hellogate.hello.sni_state", "\"empty\"" },
	{ { .ciphers = "1301", .exts = "0000" }, "hellogate.hello.sni_present", "true" },
	{ { .ciphers = "1301" }, "hellogate.hello.sni_present", "false" },
	{ { .ciphers = "1301" }, "hellogate.hello.sni_state", "\"none\"" },
	{ { .ciphers = "1301" }, "tls.sni", "absent" },
	{ { .ciphers = "1301 1a1a" }, "tls.client_handshake.ciphers", "[4865,6682]" },
	{ { .ciphers = "" }, "tls.client_handshake.ciphers", "absent" },
	{ { .ciphers = "1301" }, "tls.client_handshake.exts", "absent" },
	{ { .ciphers = "1301" }, "tls.client_handshake.sig_algs", "absent" },
	{ { .ciphers = "1301" }, "tls.client_alpns", "absent" },
	{ { .ciphers = "1301", .exts = "0010", .alpn = "6832 687474702f312e31" },
	  "tls.client_alpns",
	  "[\"h2\",\"http/1.1\"]" },
	{ { .ciphers = "1301", .exts = "0010", .alpn = "0a0a 6832" },
	  "tls.client_alpns",
	  "[\"\\\\x0a\\\\x0a\",\"h2\"]" },
	{ { .ciphers = "1301", .exts = "002b", .versions = "8a8a 0304 0303" },
	  "hellogate.hello.versions",
	  "[35466,772,771]" },
	{ { .ciphers = "1301", .exts = "002b", .versions = "8a8a 0304 0303" },
	  "hellogate.hello.version_max",
	  "772" },
	{ { .ciphers = "1301", .exts = "002b", .versions = "8a8a 0304 0303" },
	  "tls.client_handshake.version",
	  "\"TLS 1.3\"" },
	{ { .ciphers = "1301", .version = 0x0301 }, "tls.client_handshake.version", "\"TLSv1\"" },
	{ { .ciphers = "1301" }, "hellogate.hello.versions", "absent" },
	{ { .ciphers = "1301", .exts = "000a", .groups = "9a9a 11ec 001d" },
	  "hellogate.hello.groups",
	  "[39578,4588,29]" },
	{ { .ciphers = "1301", .exts = "000a", .groups = "9a9a 11ec 001d" },
	  "hellogate.hello.pq",
	  "true" },
	{ { .ciphers = "1301", .exts = "0033", .shares = "9a9a 11ec" },
	  "hellogate.hello.key_shares",
	  "[39578,4588]" },
	{ { .ciphers = "1301", .exts = "0033" }, "hellogate.hello.key_shares", "absent" },
	{ { .ciphers = "1301", .exts = "0029" }, "hellogate.hello.psk", "true" },
	{ { .ciphers = "1301", .exts = "002a" }, "hellogate.hello.early_data", "true" },
	{ { .ciphers = "1301", .exts = "0023" }, "hellogate.hello.ticket", "false" },
	{ { .ciphers = "1301", .exts = "0017", .more = "0023 0001 42" },
	  "hellogate.hello.ticket",
	  "true" },
	{ { .ciphers = "1301", .exts = "0017", .more = "fe0d 0001 00" },
	  "hellogate.hello.ech",
	  "\"outer\"" },
	{ { .ciphers = "1301", .exts = "0017", .more = "fe0d 0001 01" },
	  "hellogate.hello.ech",
	  "\"inner\"" },
	{ { .ciphers = "1301", .exts = "0017 ffce" }, "hellogate.hello.ech", "\"esni\"" },
	{ { .ciphers = "1301 1a1a", .session_id = "0102" }, "hellogate.hello.session_id_len", "2" },
	{ { .ciphers = "1301 1a1a" }, "hellogate.hello.cipher_count", "2" },
	{ { .ciphers = "1301 1a1a" }, "hellogate.hello.cipher_count_no_grease", "1" },
	{ { .ciphers = "1301", .exts = "0017 1a1a" }, "hellogate.hello.ext_count", "2" },
};

static void fields_of_the_hello(void **state)
{
	json_t *all;

	(void)state;
	begin(false, false);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		give(example(), hello_of(&fields[i].hello));
		all = lines();
		assert_int_equal(json_array_size(all), 1);
		is_at(json_array_get(all, 0), fields[i].path, fields[i].want);
		json_decref(all);
	}
	finish();
}

/* A name of more than 255 bytes: what is compared is cut, what is raw is not. */
static void a_long_name(void **state)
{
	char name[301] = { 0 }, want[310];
	struct hello_text text = { .ciphers = "1301", .exts = "0000", .sni = name };
	json_t *all;

	(void)state;
	begin(false, false);
	memset(name, 'A', 300);
	give(example(), hello_of(&text));
	all = lines();
	snprintf(want, sizeof(want), "\"%s\"", name);
	is_at(json_array_get(all, 0), "hellogate.hello.sni_raw", want);
	memset(name, 'a', 255);
	snprintf(want, sizeof(want), "\"%.255s\"", name);
	is_at(json_array_get(all, 0), "tls.sni", want);
	json_decref(all);
	finish();
}

static void two_names(void **state)
{
	struct hello_text text = { .ciphers = "1301", .exts = "0000 0000", .sni = "A.example" };
	json_t *all;

	(void)state;
	begin(false, false);
	give(example(), hello_of(&text));
	all = lines();
	is_at(json_array_get(all, 0), "hellogate.hello.sni_state", "\"ambiguous\"");
	is_at(json_array_get(all, 0), "tls.sni", "\"a.example\"");
	is_at(json_array_get(all, 0), "hellogate.hello.sni_raw", "\"A.example\"");
	json_decref(all);
	finish();
}

static void sslv2(void **state)
{
	static const struct {
		const char *path, *want;
	} rows[] = {
		{ "tls.client_handshake.ciphers", "[65664,47]" },
		{ "tls.client_handshake.version", "\"TLSv1\"" },
		{ "tls.client_handshake.exts", "absent" },
		{ "tls.ja3", "absent" },
		{ "tls.ja4", "absent" },
		{ "hellogate.hello.cipher_count", "2" },
		{ "hellogate.hello.records", "absent" },
		{ "hellogate.hello.record_version", "absent" },
		{ "hellogate.hello.ext_count", "absent" },
		{ "hellogate.hello.compression_methods", "absent" },
		{ "hellogate.hello.sni_state", "\"none\"" },
	};
	struct hello_bytes b = { .at = { 1, 3, 1, 0, 6, 0, 0, 0, 2, 1, 0, 0x80, 0, 0, 0x2f, 9, 9 },
				 .len = 17 };
	struct hg_event e = example();
	json_t *all;

	(void)state;
	begin(false, false);
	e.sslv2 = 1;
	give(e, &b);
	all = lines();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_at(json_array_get(all, 0), rows[i].path, rows[i].want);
	json_decref(all);
	finish();
}

/* ---- fields of the flow ---- */

static void set_v6(struct hg_event *e)
{
	inet_pton(AF_INET6, "2001:db8::a", e->key.lo_addr);
	inet_pton(AF_INET6, "2001:db8:0:1::ffff:1", e->key.hi_addr);
}

static void set_client_hi(struct hg_event *e)
{
	e->client_lo = 0;
}

static void set_vlan(struct hg_event *e)
{
	e->vlan = 100;
}

static void set_other_interface(struct hg_event *e)
{
	e->ifindex = 3;
}

static void set_flags(struct hg_event *e)
{
	e->flags = HG_FLAG(missed_start) | HG_FLAG(out_of_order) | 1U << 31;
}

static void set_no_policy(struct hg_event *e)
{
	e->verdict = (struct hg_verdict){ .rule = HG_NO_RULE };
}

static void set_rule(struct hg_event *e)
{
	e->verdict.rule = 1;
	e->verdict.mode = HG_MODE_monitor;
	e->verdict.action = HG_ACTION_count;
	e->verdict.decided_by = HG_DECIDER_timeout;
}

static void set_nameless_rule(struct hg_event *e)
{
	e->verdict.rule = 2;
}

static void set_no_rule(struct hg_event *e)
{
	e->verdict.rule = HG_NO_RULE;
}

static void set_unread_rule(struct hg_event *e)
{
	e->verdict.rule = HG_RULE_UNREAD;
}

static void set_pending(struct hg_event *e)
{
	e->verdict.rule = 1;
	e->verdict.action = HG_ACTION_reset;
	e->verdict.pending = 1;
}

static void set_fin(struct hg_event *e)
{
	e->close = HG_CLOSE_fin;
	e->close_from = HG_SIDE_server;
}

static void set_never_whole(struct hg_event *e)
{
	e->hello_ns = 0;
	e->bucket = HG_BUCKET_truncated;
}

static void set_dropped(struct hg_event *e)
{
	e->outcome = HG_OUTCOME_dropped;
}

static void fields_of_the_flow(void **state)
{
	static const struct {
		void (*set)(struct hg_event *e);
		const char *path, *want;
	} rows[] = {
		{ set_v6, "src_ip", "\"2001:db8::a\"" },
		{ set_v6, "dest_ip", "\"2001:db8:0:1::ffff:1\"" },
		{ set_v6, "ip_v", "6" },
		{ set_client_hi, "src_ip", "\"198.51.100.20\"" },
		{ set_client_hi, "src_port", "443" },
		{ set_client_hi, "dest_ip", "\"192.0.2.10\"" },
		{ set_client_hi, "dest_port", "51234" },
		{ set_fin, "vlan", "absent" },
		{ set_vlan, "vlan", "[100]" },
		{ set_other_interface, "in_iface", "absent" },
		{ set_flags, "hellogate.flags", "[\"missed_start\",\"out_of_order\",\"?\"]" },
		{ set_no_policy, "hellogate.policy", "absent" },
		{ set_fin, "hellogate.policy.rule", "\"default\"" },
		{ set_fin, "hellogate.policy.action", "\"allow\"" },
		{ set_rule, "hellogate.policy.rule", "\"no-legacy\"" },
		{ set_rule, "hellogate.policy.action", "\"count\"" },
		{ set_rule, "hellogate.policy.mode", "\"monitor\"" },
		{ set_rule, "hellogate.policy.decided_by", "\"timeout\"" },
		{ set_nameless_rule, "hellogate.policy.rule", "absent" },
		{ set_no_rule, "hellogate.policy.rule", "absent" },
		{ set_unread_rule, "hellogate.policy.rule", "\"unread\"" },
		{ set_pending, "hellogate.policy",
		  "{\"revision\":3,\"rule\":\"no-legacy\",\"pending\":true}" },
		{ set_fin, "hellogate.close", "{\"how\":\"fin\",\"from\":\"server\"}" },
		{ set_fin, "hellogate.outcome", "\"unknown\"" },
		{ set_fin, "hellogate.cause", "absent" },
		{ set_rule, "hellogate.close", "absent" },
		{ set_dropped, "hellogate.outcome", "\"dropped\"" },
		{ set_dropped, "hellogate.cause", "\"policy_drop\"" },
		{ set_never_whole, "hellogate.coverage", "\"truncated\"" },
		{ set_never_whole, "timestamp", "\"2026-11-21T16:30:02.123456+0000\"" },
	};
	json_t *all;

	(void)state;
	begin(false, false);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hg_event e = example();

		rows[i].set(&e);
		give(e, hello_of(&example_hello));
		all = lines();
		assert_int_equal(json_array_size(all), 1);
		is_at(json_array_get(all, 0), rows[i].path, rows[i].want);
		json_decref(all);
	}
	finish();
}

/* ---- what was not seen is absent ---- */

static void an_end_without_hello(void **state)
{
	static const struct {
		bool facts;
		const char *path, *want;
	} rows[] = {
		{ false, "tls", "{}" },
		{ false, "hellogate.hello", "absent" },
		{ false, "hellogate.coverage", "\"malformed\"" },
		{ true, "tls", "{\"client_handshake\":{\"version\":\"TLS 1.2\"}}" },
		{ true, "hellogate.hello.bytes", "110" },
		{ true, "hellogate.hello.sni_present", "true" },
		{ true, "hellogate.hello.sni_raw", "absent" },
		{ true, "hellogate.hello.compression_methods", "absent" },
		{ true, "hellogate.hello.groups", "absent" },
	};
	json_t *all;

	(void)state;
	begin(false, false);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hg_event e = example();

		e.type = HG_EVENT_END;
		e.bucket = HG_BUCKET_malformed;
		if (rows[i].facts)
			set_facts(&e, hello_of(&example_hello));
		assert_int_equal(hg_handshakes_event(table, &e, no_answer, sizeof(no_answer)), 0);
		all = lines();
		is_at(json_array_get(all, 0), rows[i].path, rows[i].want);
		json_decref(all);
	}
	finish();
}

static void a_lost_end(void **state)
{
	const struct hello_bytes *b = hello_of(&example_hello);
	struct hg_event e = example();
	json_t *all;

	(void)state;
	begin(false, false);
	e.type = HG_EVENT_HELLO;
	e.message_len = (__u32)b->len;
	hg_handshakes_event(table, &e, b->at, b->len);
	hg_handshakes_close(table);
	all = lines();
	is_at(json_array_get(all, 0), "hellogate.stage", "\"end\"");
	is_at(json_array_get(all, 0), "hellogate.outcome", "\"unknown\"");
	is_at(json_array_get(all, 0), "hellogate.close", "{\"how\":\"lost\",\"from\":\"self\"}");
	is_at(json_array_get(all, 0), "tls.sni", "\"shop.example.com\"");
	json_decref(all);
	finish();
}

/* ---- our own deeds ---- */

static void verdicts(void **state)
{
	static const struct {
		__u8 close, to;
		const char *want;
	} rows[] = {
		{ HG_CLOSE_our_reset, HG_TO_both,
		  "{\"action\":\"drop\",\"reject\":[\"tcp-reset\"],\"reject_target\":\"both\"}" },
		{ HG_CLOSE_our_reset, HG_TO_client,
		  "{\"action\":\"drop\",\"reject\":[\"tcp-reset\"],\"reject_target\":\"to_client\"}" },
		{ HG_CLOSE_our_reset, HG_TO_server,
		  "{\"action\":\"drop\",\"reject\":[\"tcp-reset\"],\"reject_target\":\"to_server\"}" },
		{ HG_CLOSE_our_drop, HG_TO_both, "{\"action\":\"drop\"}" },
	};
	json_t *all, *drop;

	(void)state;
	begin(false, false);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hg_event e = example();

		e.close = rows[i].close;
		e.verdict.to = rows[i].to;
		give(e, hello_of(&example_hello));
		all = lines();
		assert_int_equal(json_array_size(all), 2);
		drop = json_array_get(all, 1);
		is_at(drop, "event_type", "\"drop\"");
		is_at(drop, "verdict", rows[i].want);
		is_at(drop, "flow_id", "1234567890123");
		is_at(drop, "timestamp", "\"2026-11-21T16:30:04.123456+0000\"");
		json_decref(all);
	}
	finish();
}

/* ---- time ---- */

static void timestamps(void **state)
{
	static const struct {
		uint64_t ns;
		const char *want;
	} rows[] = {
		{ 1000, "\"1970-01-01T00:00:00.000001+0000\"" },
		{ 951782400000000000ULL, "\"2000-02-29T00:00:00.000000+0000\"" },
		{ 951868799999999999ULL, "\"2000-02-29T23:59:59.999999+0000\"" },
		{ 951868800000000000ULL, "\"2000-03-01T00:00:00.000000+0000\"" },
		{ WALL, "\"2026-11-21T16:30:03.123456+0000\"" },
		{ WALL - 123456789, "\"2026-11-21T16:30:03.000000+0000\"" },
		{ WALL + 1000000000ULL, "\"2026-11-21T16:30:04.123456+0000\"" },
		{ WALL, "\"2026-11-21T16:30:03.123456+0000\"" },
	};
	json_t *all;

	(void)state;
	begin(false, false);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hg_event e = example();

		e.hello_ns = rows[i].ns;
		give(e, hello_of(&example_hello));
		all = lines();
		is_at(json_array_get(all, 0), "timestamp", rows[i].want);
		json_decref(all);
	}
	finish();
}

static void live_clock(void **state)
{
	struct hg_clock clock;
	struct timespec now;
	int64_t wall, off;

	(void)state;
	hg_clock_init(&clock, false);
	clock_gettime(CLOCK_REALTIME, &now);
	wall = now.tv_sec * 1000000000LL + now.tv_nsec;
	off = (int64_t)hg_clock_wall(&clock, hg_clock_monotonic()) - wall;
	assert_in_range(off + 100000000, 0, 200000000); /* within 0.1 s */
	/* A clock that was set since: noticed with the first event a second later. */
	clock.offset_ns += 5000000000LL;
	clock.measured_ns -= 1100000000ULL;
	off = (int64_t)hg_clock_wall(&clock, hg_clock_monotonic()) - wall;
	assert_in_range(off + 100000000, 0, 200000000);
	/* Within the second it is not measured again. */
	clock.offset_ns += 5000000000LL;
	off = (int64_t)hg_clock_wall(&clock, hg_clock_monotonic()) - wall;
	assert_in_range(off, 4900000000LL, 5200000000LL);
}

/* ---- whatever comes, a line is JSON ---- */

static void damage(struct hello_bytes *b)
{
	for (int n = (int)(random() % 8); n >= 0; n--)
		b->at[(size_t)random() % b->len] = (unsigned char)random();
}

static void damaged_hellos(void **state)
{
	struct hello_text text = { .ciphers = "0a0a 1301 1302 c02f",
				   .exts = "0000 000a 000b 000d 0010 002b 0033 0023",
				   .sni = "shop.example.com",
				   .alpn = "6832 687474702f312e31",
				   .groups = "001d 0017",
				   .formats = "00 01",
				   .sigalgs = "0403 0804",
				   .versions = "0304 0303",
				   .shares = "001d" };
	unsigned int read = 0;
	json_t *all;

	(void)state;
	begin(false, false);
	for (int i = 0; i < ROUNDS; i++) {
		struct hello_bytes b = *hello_of(&text);
		struct hg_event e = example();

		damage(&b);
		e.flow_id = (__u64)i;
		e.flags = (__u32)random();
		give(e, &b);
		all = lines();
		assert_int_equal(json_array_size(all), 1);
		read += json_object_get(json_object_get(json_array_get(all, 0), "tls"), "ja4") !=
			NULL;
		json_decref(all);
	}
	assert_in_range(read, ROUNDS / 4, ROUNDS - 1); /* damaged, but not beyond all reading */
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_lines),	       cmocka_unit_test(strict_is_suricata_only),
		cmocka_unit_test(fields_of_the_hello), cmocka_unit_test(a_long_name),
		cmocka_unit_test(two_names),	       cmocka_unit_test(sslv2),
		cmocka_unit_test(fields_of_the_flow),  cmocka_unit_test(an_end_without_hello),
		cmocka_unit_test(a_lost_end),	       cmocka_unit_test(verdicts),
		cmocka_unit_test(timestamps),	       cmocka_unit_test(live_clock),
		cmocka_unit_test(damaged_hellos),
	};

	return cmocka_run_group_tests_name("eve", tests, NULL, NULL);
}
