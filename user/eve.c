/* SPDX-License-Identifier: BSD-2-Clause */
#include "eve.h"

#include <stdio.h>
#include <time.h>

#include "community_id.h"
#include "eve_answer.h"
#include "terms.h"

#define HG_EVE_SCHEMA 1
#define HG_NS 1000000000ULL

/* The length of a literal key is known when compiling. */
#define KEY(j, key) hg_json_key_n(j, key, sizeof(key) - 1)
#define TEXT(j, text) hg_json_plain(j, text, sizeof(text) - 1)

void hg_eve_init(struct hg_eve *eve, const struct hg_eve_names *names, bool strict,
		 bool from_capture)
{
	*eve = (struct hg_eve){ .strict = strict, .community_id = true, .second = UINT64_MAX };
	if (names)
		eve->names = *names;
	hg_clock_init(&eve->clock, from_capture);
}

void hg_eve_free(struct hg_eve *eve)
{
	hg_json_free(&eve->out);
}

/* ---- who and when ---- */

/* The date changes once a second: write it once a second. */
static void set_date(struct hg_eve *eve, uint64_t second)
{
	time_t time = (time_t)second;
	struct tm tm;

	if (second == eve->second)
		return;
	if (!gmtime_r(&time, &tm) ||
	    strftime(eve->date, sizeof(eve->date), "%Y-%m-%dT%H:%M:%S", &tm) != 19)
		memcpy(eve->date, "1970-01-01T00:00:00", sizeof(eve->date));
	eve->second = second;
}

/* 2026-11-21T16:30:03.123456+0000 */
static void put_time(struct hg_eve *eve, uint64_t event_ns)
{
	uint64_t wall = hg_clock_wall(&eve->clock, event_ns), us = wall % HG_NS / 1000;
	char text[] = "\"0000-00-00T00:00:00.000000+0000\"";

	set_date(eve, wall / HG_NS);
	memcpy(text + 1, eve->date, 19);
	for (int i = 26; i > 20; i--, us /= 10)
		text[i] = (char)('0' + us % 10);
	hg_json_raw(&eve->out, text, sizeof(text) - 1);
}

/* Of so few addresses, it tells them to who tries all: it stays with them. */
static void put_community_id(struct hg_eve *eve, const struct hg_event *facts)
{
	char text[HG_COMMUNITY_ID_SIZE];

	if (!eve->community_id || !hg_addresses_are_shown(eve->privacy) ||
	    !hg_community_id(facts, eve->community_id_seed, text))
		return;
	KEY(&eve->out, "community_id");
	hg_json_plain(&eve->out, text, HG_COMMUNITY_ID_SIZE - 1);
}

/* What a line begins with, whatever its type. */
static void put_head(struct hg_eve *eve, const struct hg_event *facts, const char *type,
		     uint64_t event_ns)
{
	const char *interface = eve->names.interface ? eve->names.interface(eve->names.ctx, facts)
						     : NULL;
	struct hg_endpoint client, server;
	struct hg_json *j = &eve->out;

	KEY(j, "timestamp");
	put_time(eve, event_ns);
	KEY(j, "flow_id");
	hg_json_uint(j, facts->flow_id);
	if (interface)
		hg_json_put_string(j, "in_iface", interface);
	hg_json_put_term(j, "event_type", type);
	if (facts->vlan) {
		KEY(j, "vlan");
		hg_json_array(j);
		hg_json_uint(j, facts->vlan);
		hg_json_array_end(j);
	}
	hg_flow_endpoints(facts, &client, &server);
	KEY(j, "src_ip");
	hg_privacy_put_address(j, eve->privacy, client.addr);
	KEY(j, "src_port");
	hg_json_uint(j, client.port);
	KEY(j, "dest_ip");
	hg_privacy_put_address(j, eve->privacy, server.addr);
	KEY(j, "dest_port");
	hg_json_uint(j, server.port);
	KEY(j, "proto");
	TEXT(j, "TCP");
	KEY(j, "ip_v");
	hg_json_uint(j, hg_address_is_v4(client.addr) ? 4 : 6);
	put_community_id(eve, facts);
}

/* ---- lists of the hello; an empty one is absent ---- */

static void put_list(struct hg_json *j, const char *key, const __u8 *message,
		     const struct hg_span *list)
{
	__u32 at = 0;
	__u16 value;

	if (list->len < 2)
		return;
	hg_json_key(j, key);
	hg_json_array(j);
	while (hg_next16(message, list, &at, &value))
		hg_json_uint(j, value);
	hg_json_array_end(j);
}

/* Ciphers of an SSLv2 hello are three bytes. */
static void put_sslv2_ciphers(struct hg_json *j, const __u8 *message, const struct hg_span *list)
{
	if (list->len < 3)
		return;
	KEY(j, "ciphers");
	hg_json_array(j);
	for (__u32 at = list->at; at + 3 <= list->at + list->len; at += 3)
		hg_json_uint(j, (__u32)message[at] << 16 | hg_be16_at(message, at + 1));
	hg_json_array_end(j);
}

static void put_typed_list(struct hg_json *j, const char *key, const __u8 *message,
			   const struct hg_span *list)
{
	__u32 at = 0;
	__u16 type;

	if (list->len < 4)
		return;
	hg_json_key(j, key);
	hg_json_array(j);
	while (hg_next_extension(message, list, &at, &type))
		hg_json_uint(j, type);
	hg_json_array_end(j);
}

static void put_alpns(struct hg_json *j, const __u8 *message, const struct hg_span *list)
{
	struct hg_span name;
	__u32 at = 0;

	if (!list->len)
		return;
	KEY(j, "client_alpns");
	hg_json_array(j);
	while (hg_next_alpn(message, list, &at, &name))
		hg_json_bytes(j, message + name.at, name.len);
	hg_json_array_end(j);
}

/* ---- the server name ---- */

/*
 * Lower-case and without its trailing dot, as names are compared; the parser
 * leaves a name raw that is not a host name.  Returns its length.
 */
static __u32 shown_name(const struct hg_hello *hello, __u8 out[HG_NAME_SIZE])
{
	__u32 len = hello->name_len;

	for (__u32 i = 0; i < len; i++) {
		__u8 c = hello->name[i];

		out[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	}
	return len && out[len - 1] == '.' ? len - 1 : len;
}

static void put_sni(struct hg_eve *eve, const struct hg_handshake *h)
{
	struct hg_json *j = &eve->out;
	__u8 name[HG_NAME_SIZE];
	__u32 len = shown_name(&h->hello, name);

	if (!len)
		return;
	KEY(j, "sni");
	hg_privacy_put_name(j, eve->privacy, name, len);
}

/* Of a handshake without its hello: as the data path has it, in its table of names. */
static void put_known_sni(struct hg_eve *eve, const struct hg_handshake *h)
{
	struct hg_json *j = &eve->out;

	if (!h->name_text)
		return;
	KEY(j, "sni");
	hg_privacy_put_name(j, eve->privacy, h->name_text, strlen(h->name_text));
}

/* Where names are not shown, it would be one. */
static void put_sni_raw(struct hg_eve *eve, const struct hg_handshake *h)
{
	const struct hg_span *raw = &h->hello.sni;
	struct hg_json *j = &eve->out;
	__u8 name[HG_NAME_SIZE];
	__u32 len = shown_name(&h->hello, name);

	if (!hg_names_are_shown(eve->privacy) || !hg_addresses_are_shown(eve->privacy) ||
	    (raw->len == len && !memcmp(h->message + raw->at, name, len)))
		return;
	KEY(j, "sni_raw");
	hg_json_bytes(j, h->message + raw->at, raw->len);
}

/* ---- Suricata's object ---- */

static void put_fingerprints(struct hg_json *j, struct hg_handshake *h)
{
	const struct hg_ja3 *ja3 = hg_handshake_ja3(h);
	const char *ja4 = hg_handshake_ja4(h);

	if (ja4) {
		KEY(j, "ja4");
		hg_json_plain(j, ja4, HG_JA4_SIZE - 1);
	}
	if (!ja3)
		return;
	KEY(j, "ja3");
	hg_json_object(j);
	if (ja3->hash) {
		KEY(j, "hash");
		hg_json_plain(j, ja3->hash, HG_JA3_HASH_SIZE - 1);
	}
	KEY(j, "string");
	hg_json_plain(j, ja3->string, ja3->len);
	hg_json_object_end(j);
}

static void put_client_handshake(struct hg_json *j, const struct hg_handshake *h)
{
	const struct hg_hello *hello = &h->hello;

	if (!h->facts.hello.bytes)
		return;
	KEY(j, "client_handshake");
	hg_json_object(j);
	hg_json_put_term(j, "version", hg_tls_version_name(h->facts.hello.version_max));
	if (h->read && h->facts.sslv2) {
		put_sslv2_ciphers(j, h->message, &hello->ciphers);
	} else if (h->read) {
		put_list(j, "ciphers", h->message, &hello->ciphers);
		put_typed_list(j, "exts", h->message, &hello->extensions);
		put_list(j, "sig_algs", h->message, &hello->signature_algorithms);
	}
	hg_json_object_end(j);
}

static void put_tls(struct hg_eve *eve, struct hg_handshake *h, const struct hg_examined *x)
{
	struct hg_json *j = &eve->out;

	KEY(j, "tls");
	hg_json_object(j);
	if (h->read) {
		put_sni(eve, h);
		put_alpns(j, h->message, &h->hello.alpn);
		put_fingerprints(j, h);
	} else {
		put_known_sni(eve, h);
	}
	if (x)
		hg_eve_put_server(j, h, x, eve->privacy);
	put_client_handshake(j, h);
	hg_json_object_end(j);
}

/* ---- our object ---- */

static void put_lists(struct hg_json *j, const struct hg_handshake *h)
{
	const struct hg_hello *hello = &h->hello;

	KEY(j, "compression_methods");
	hg_json_array(j);
	for (__u32 i = 0; i < hello->compression.len; i++)
		hg_json_uint(j, h->message[hello->compression.at + i]);
	hg_json_array_end(j);
	put_list(j, "versions", h->message, &hello->versions);
	put_list(j, "groups", h->message, &hello->groups);
	put_typed_list(j, "key_shares", h->message, &hello->key_shares); /* the same shape */
}

static void put_sizes(struct hg_json *j, const struct hg_event *facts)
{
	const struct hg_hello_facts *hello = &facts->hello;

	hg_json_put_uint(j, "bytes", hello->bytes);
	hg_json_put_uint(j, "segments", hello->segments);
	if (!facts->sslv2) { /* has no records, and no extensions */
		hg_json_put_uint(j, "records", hello->records);
		hg_json_put_uint(j, "record_version", hello->record_version);
	}
	hg_json_put_uint(j, "legacy_version", hello->legacy_version);
	hg_json_put_uint(j, "version_max", hello->version_max);
	hg_json_put_uint(j, "cipher_count", hello->cipher_count);
	hg_json_put_uint(j, "cipher_count_no_grease", hello->cipher_count_no_grease);
	if (!facts->sslv2)
		hg_json_put_uint(j, "ext_count", hello->ext_count);
	hg_json_put_uint(j, "session_id_len", hello->session_id_len);
}

static void put_hello(struct hg_eve *eve, const struct hg_handshake *h)
{
	const struct hg_hello_facts *hello = &h->facts.hello;
	struct hg_json *j = &eve->out;

	if (!hello->bytes)
		return;
	KEY(j, "hello");
	hg_json_object(j);
	put_sizes(j, &h->facts);
	hg_json_put_bool(j, "sni_present", hello->sni_state != HG_SNI_none);
	hg_json_put_term(j, "sni_state", hg_sni_state_text(hello->sni_state));
	hg_json_put_term(j, "ech", hg_ech_text(hello->ech));
	hg_json_put_bool(j, "pq", hello->features & HG_HELLO_PQ);
	hg_json_put_bool(j, "ticket", hello->features & HG_HELLO_TICKET);
	hg_json_put_bool(j, "psk", hello->features & HG_HELLO_PSK);
	hg_json_put_bool(j, "early_data", hello->features & HG_HELLO_EARLY_DATA);
	if (h->read) {
		put_sni_raw(eve, h);
		if (!h->facts.sslv2)
			put_lists(j, h);
	}
	hg_json_object_end(j);
}

static void put_term(struct hg_json *j, const char *term)
{
	hg_json_plain(j, term, strlen(term));
}

static void put_flags(struct hg_json *j, __u32 flags)
{
	KEY(j, "flags");
	hg_json_array(j);
	for (; flags; flags &= flags - 1)
		put_term(j, hg_flag_text((unsigned int)__builtin_ctz(flags)));
	hg_json_array_end(j);
}

static const char *rule_text(const struct hg_eve *eve, const struct hg_verdict *v)
{
	switch (v->rule) {
	case HG_NO_RULE:
		return NULL;
	case HG_RULE_DEFAULT:
		return "default";
	case HG_RULE_UNREAD:
		return "unread";
	}
	return eve->names.rule ? eve->names.rule(eve->names.ctx, v) : NULL;
}

/* A verdict still pending names the rule that waits, and nothing beyond. */
static void put_policy(struct hg_eve *eve, const struct hg_verdict *v)
{
	const char *rule = rule_text(eve, v);
	struct hg_json *j = &eve->out;

	if (!v->revision && v->action == HG_ACTION_allow)
		return; /* no policy */
	KEY(j, "policy");
	hg_json_object(j);
	if (v->revision)
		hg_json_put_uint(j, "revision", v->revision);
	if (rule)
		hg_json_put_string(j, "rule", rule);
	if (v->pending) {
		hg_json_put_bool(j, "pending", true);
	} else {
		hg_json_put_term(j, "action", hg_action_text(v->action));
		hg_json_put_term(j, "mode", hg_mode_text(v->mode));
		hg_json_put_term(j, "decided_by", hg_decider_text(v->decided_by));
		if (v->limited)
			hg_json_put_bool(j, "limited", true);
	}
	hg_json_object_end(j);
}

static void put_close(struct hg_json *j, const struct hg_handshake *h, const struct hg_examined *x)
{
	if (!h->lost && h->facts.close == HG_CLOSE_none)
		return;
	KEY(j, "close");
	hg_json_object(j);
	hg_json_put_term(j, "how", h->lost ? "lost" : hg_close_text(h->facts.close));
	hg_json_put_term(j, "from", hg_side_text(h->lost ? HG_SIDE_self : h->facts.close_from));
	if (x)
		hg_eve_put_evidence(j, &x->diagnosis);
	hg_json_object_end(j);
}

/* One line of these stands for 1 / rate of them. */
static void put_sample_rate(struct hg_eve *eve)
{
	char text[32];

	if (eve->sample_rate <= 0)
		return;
	KEY(&eve->out, "sample_rate");
	hg_json_raw(&eve->out, text,
		    (size_t)snprintf(text, sizeof(text), "%.6g", eve->sample_rate));
}

/* `x` is NULL at the hello: nothing has ended yet. */
static void put_hellogate(struct hg_eve *eve, const struct hg_handshake *h,
			  const struct hg_examined *x)
{
	struct hg_json *j = &eve->out;

	KEY(j, "hellogate");
	hg_json_object(j);
	hg_json_put_uint(j, "schema", HG_EVE_SCHEMA);
	hg_json_put_term(j, "stage", x ? "end" : "hello");
	if (x)
		hg_eve_put_diagnosis(j, &x->diagnosis);
	put_sample_rate(eve);
	hg_json_put_term(j, "coverage", hg_bucket_text(h->facts.bucket));
	put_flags(j, h->facts.flags);
	put_hello(eve, h);
	if (x)
		hg_eve_put_answer(j, h, x, eve->privacy);
	put_close(j, h, x);
	put_policy(eve, &h->facts.verdict);
	hg_json_object_end(j);
}

/* ---- the lines ---- */

static bool line_end(struct hg_json *j, size_t before)
{
	hg_json_object_end(j);
	hg_json_newline(j);
	if (!j->failed)
		return true;
	hg_json_rewind(j, before);
	return false;
}

static bool put_tls_line(struct hg_eve *eve, struct hg_handshake *h, const struct hg_examined *x)
{
	const struct hg_event *facts = &h->facts;
	struct hg_json *j = &eve->out;
	size_t before = j->len;

	hg_json_object(j);
	put_head(eve, facts, "tls", facts->hello_ns ? facts->hello_ns : facts->first_ns);
	put_tls(eve, h, x);
	if (!eve->strict)
		put_hellogate(eve, h, x);
	return line_end(j, before);
}

bool hg_eve_hello(struct hg_eve *eve, struct hg_handshake *h)
{
	return put_tls_line(eve, h, NULL);
}

bool hg_eve_end(struct hg_eve *eve, struct hg_handshake *h, const struct hg_examined *x)
{
	return put_tls_line(eve, h, x);
}

static const char *reject_target(__u8 to)
{
	switch (to) {
	case HG_TO_client:
		return "to_client";
	case HG_TO_server:
		return "to_server";
	}
	return "both";
}

static void put_verdict(struct hg_json *j, const struct hg_event *facts)
{
	KEY(j, "verdict");
	hg_json_object(j);
	hg_json_put_term(j, "action", "drop");
	if (facts->close == HG_CLOSE_our_reset) {
		KEY(j, "reject");
		hg_json_array(j);
		TEXT(j, "tcp-reset");
		hg_json_array_end(j);
		hg_json_put_term(j, "reject_target", reject_target(facts->verdict.to));
	}
	hg_json_object_end(j);
}

/* At the time of the deed.  Suricata's word for a drop by policy is "rules". */
bool hg_eve_drop(struct hg_eve *eve, struct hg_handshake *h)
{
	const struct hg_event *facts = &h->facts;
	struct hg_json *j = &eve->out;
	size_t before = j->len;

	hg_json_object(j);
	put_head(eve, facts, "drop", facts->time_ns);
	KEY(j, "drop");
	hg_json_object(j);
	hg_json_put_term(j, "reason", "rules");
	hg_json_object_end(j);
	put_verdict(j, facts);
	if (!eve->strict) {
		KEY(j, "hellogate");
		hg_json_object(j);
		hg_json_put_uint(j, "schema", HG_EVE_SCHEMA);
		put_policy(eve, &facts->verdict);
		hg_json_object_end(j);
	}
	return line_end(j, before);
}

/* ---- a flow that we reset lives on ---- */

static void put_survived(struct hg_eve *eve, const struct hg_event *facts)
{
	struct hg_json *j = &eve->out;

	KEY(j, "hellogate");
	hg_json_object(j);
	hg_json_put_uint(j, "schema", HG_EVE_SCHEMA);
	hg_json_put_term(j, "side", hg_side_text(facts->close_from));
	KEY(j, "times");
	hg_json_object(j);
	hg_json_put_uint(j, "survived_us", (facts->time_ns - facts->hello_ns) / 1000);
	hg_json_object_end(j);
	put_policy(eve, &facts->verdict);
	hg_json_object_end(j);
}

bool hg_eve_survived(struct hg_eve *eve, const struct hg_handshake *h)
{
	const struct hg_event *facts = &h->facts;
	struct hg_json *j = &eve->out;
	size_t before = j->len;

	hg_json_object(j);
	put_head(eve, facts, "anomaly", facts->time_ns);
	KEY(j, "anomaly");
	hg_json_object(j);
	hg_json_put_term(j, "type", "stream");
	hg_json_put_term(j, "event", "stream.reset_survived");
	hg_json_object_end(j);
	if (!eve->strict)
		put_survived(eve, facts);
	return line_end(j, before);
}

/* ---- connections that are no handshake: they live, or failed before their hello ---- */

/* `state` is that of TCP, by Suricata's words. */
static void put_life(struct hg_eve *eve, const struct hg_event *facts, uint64_t last_ns,
		     const char *state)
{
	struct hg_json *j = &eve->out;

	KEY(j, "flow");
	hg_json_object(j);
	KEY(j, "start");
	put_time(eve, facts->first_ns);
	KEY(j, "end");
	put_time(eve, last_ns);
	hg_json_put_uint(j, "age",
			 last_ns > facts->first_ns ? (last_ns - facts->first_ns) / HG_NS : 0);
	hg_json_put_term(j, "state", state);
	hg_json_object_end(j);
}

static void put_facts_so_far(struct hg_json *j, const struct hg_hello_facts *hello)
{
	if (!hello->bytes)
		return;
	KEY(j, "hello");
	hg_json_object(j);
	hg_json_put_uint(j, "bytes", hello->bytes);
	hg_json_put_uint(j, "segments", hello->segments);
	hg_json_put_uint(j, "version_max", hello->version_max);
	hg_json_put_uint(j, "cipher_count", hello->cipher_count);
	hg_json_put_term(j, "sni_state", hg_sni_state_text(hello->sni_state));
	hg_json_object_end(j);
}

bool hg_eve_flow(struct hg_eve *eve, const struct hg_event *facts, const char *state,
		 const char *name, uint64_t last_ns)
{
	struct hg_json *j = &eve->out;
	size_t before = j->len;

	hg_json_object(j);
	put_head(eve, facts, "flow", facts->first_ns);
	put_life(eve, facts, last_ns, facts->hello_ns ? "established" : "new");
	if (name) {
		KEY(j, "tls");
		hg_json_object(j);
		KEY(j, "sni");
		hg_privacy_put_name(j, eve->privacy, name, strlen(name));
		hg_json_object_end(j);
	}
	KEY(j, "hellogate");
	hg_json_object(j);
	hg_json_put_uint(j, "schema", HG_EVE_SCHEMA);
	hg_json_put_term(j, "stage", "live");
	hg_json_put_term(j, "state", state);
	if (facts->hello_ns)
		hg_json_put_term(j, "coverage", hg_bucket_text(facts->bucket));
	put_flags(j, facts->flags);
	put_facts_so_far(j, &facts->hello);
	put_policy(eve, &facts->verdict);
	hg_json_object_end(j);
	return line_end(j, before);
}

bool hg_eve_attempt(struct hg_eve *eve, const struct hg_handshake *h, const struct hg_examined *x)
{
	const struct hg_event *facts = &h->facts;
	struct hg_json *j = &eve->out;
	size_t before = j->len;

	hg_json_object(j);
	put_head(eve, facts, "flow", facts->first_ns);
	put_life(eve, facts, facts->time_ns, facts->close == HG_CLOSE_none ? "new" : "closed");
	if (!eve->strict) {
		KEY(j, "hellogate");
		hg_json_object(j);
		hg_json_put_uint(j, "schema", HG_EVE_SCHEMA);
		hg_json_put_term(j, "stage", "end");
		hg_eve_put_diagnosis(j, &x->diagnosis);
		hg_json_put_term(j, "coverage", hg_bucket_text(facts->bucket));
		put_close(j, h, x);
		hg_json_object_end(j);
	}
	return line_end(j, before);
}
