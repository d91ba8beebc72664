/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of the data path to lines of EVE: each line is JSON by jansson's
 * judgement, and says what every event must say.
 *
 * Input: a byte of options, then records: the length in two bytes, the bytes.
 */
#include "fuzz.h"

#include <jansson.h>

#include "eve.h"
#include "event.h"

#define FLOW_ID_MAX ((1ULL << 51) - 1) /* hg_flow_id() */

static struct {
	struct hg_eve eve;
	struct hg_handshakes *table;
	struct hg_examiner *examiner;
	bool strict;
} out;

static const char *interface_name(void *ctx, const struct hg_event *facts)
{
	(void)ctx;
	return facts->ifindex & 1 ? "eth0" : NULL;
}

static const char *rule_name(void *ctx, const struct hg_verdict *verdict)
{
	(void)ctx;
	FUZZ_CHECK(verdict->rule < HG_RULE_UNREAD, "rule %u by its name", verdict->rule);
	return verdict->rule & 1 ? "no-legacy" : NULL;
}

static const char *server_name(void *ctx, __u64 key)
{
	(void)ctx;
	return key & 1 ? "kept.example" : NULL;
}

/* ---- a line ---- */

/* jansson is not what is tested: its memory comes from here, and is free with the line. */
static struct {
	char bytes[1 << 20] __attribute__((aligned(16)));
	size_t used;
} pool;

static void *pool_take(size_t size)
{
	char *at = pool.bytes + pool.used;

	pool.used += (size + 15) & ~(size_t)15;
	FUZZ_CHECK(pool.used <= sizeof(pool.bytes), "a line that takes %zu bytes of JSON",
		   pool.used);
	return at;
}

static void pool_give(void *at)
{
	(void)at;
}

static const char *text_of(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	FUZZ_CHECK(text && *text, "an event without \"%s\"", key);
	return text;
}

static void check_event(const json_t *event)
{
	const char *type = text_of(event, "event_type");

	FUZZ_CHECK(!strcmp(type, "tls") || !strcmp(type, "flow") || !strcmp(type, "drop") ||
			   !strcmp(type, "anomaly"),
		   "an event of type \"%s\"", type);
	text_of(event, "timestamp");
	text_of(event, "src_ip");
	text_of(event, "dest_ip");
	FUZZ_CHECK(!strcmp(text_of(event, "proto"), "TCP"), "not of TCP");
	FUZZ_CHECK(json_is_integer(json_object_get(event, "src_port")), "no src_port");
	FUZZ_CHECK(json_is_integer(json_object_get(event, "flow_id")), "no flow_id");
	FUZZ_CHECK(!json_object_get(event, "hellogate") == out.strict, "hellogate, strict %d",
		   out.strict);
}

static void check_line(const char *line, size_t len)
{
	json_error_t why;
	json_t *event = json_loadb(line, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);

	for (size_t i = 0; i < len; i++)
		FUZZ_CHECK((unsigned char)line[i] >= 0x20, "byte %02x in a line", line[i]);
	FUZZ_CHECK(event, "%s at %d: %.*s", why.text, why.position, (int)len, line);
	check_event(event);
	json_decref(event);
	pool.used = 0;
}

static void check_lines(bool written)
{
	struct hg_json *j = &out.eve.out;
	size_t from = 0;

	FUZZ_CHECK(written && !j->failed && j->len && j->text[j->len - 1] == '\n', "no line");
	for (size_t i = 0; i < j->len; i++) {
		if (j->text[i] != '\n')
			continue;
		check_line(j->text + from, i - from);
		from = i + 1;
	}
	hg_json_reset(j);
}

/* ---- a record ---- */

/* Numbers that the data path keeps within bounds, since they count what is beside them. */
static void as_the_data_path_writes(uint8_t *record, size_t len)
{
	struct hg_event_end *end = (void *)record;
	struct hg_answer_facts *a = &end->answer;

	if (len < sizeof(end->head) || end->head.type == HG_EVENT_CHUNK)
		return;
	end->head.flow_id &= FLOW_ID_MAX;
	if (len != sizeof(*end))
		return;
	for (int side = 0; side < 2; side++)
		a->side[side].alert_count %= HG_ALERTS_MAX + 1;
}

static void take_record(const uint8_t *at, size_t len)
{
	uint8_t *record = malloc(len ? len : 1);

	FUZZ_CHECK(record, "no memory");
	memcpy(record, at, len);
	as_the_data_path_writes(record, len);
	hg_handshakes_record(out.table, record, len);
	free(record);
}

/* ---- what is told ---- */

static void on_hello(void *ctx, struct hg_handshake *h)
{
	(void)ctx;
	check_lines(hg_eve_hello(&out.eve, h));
}

static void on_end(void *ctx, struct hg_handshake *h)
{
	struct hg_examined x;

	(void)ctx;
	hg_examine(out.examiner, h, 0, NULL, &x);
	check_lines(hg_eve_end(&out.eve, h, &x));
}

static void on_drop(void *ctx, struct hg_handshake *h)
{
	(void)ctx;
	check_lines(hg_eve_drop(&out.eve, h));
}

static void on_attempt(void *ctx, struct hg_handshake *h)
{
	struct hg_examined x;

	(void)ctx;
	hg_examine(out.examiner, h, 0, NULL, &x);
	check_lines(hg_eve_attempt(&out.eve, h, &x));
}

static void on_survived(void *ctx, struct hg_handshake *h)
{
	(void)ctx;
	check_lines(hg_eve_survived(&out.eve, h));
}

static void open_table(void)
{
	static const struct hg_handshakes_ops ops = { .hello = on_hello,
						      .end = on_end,
						      .drop = on_drop,
						      .attempt = on_attempt,
						      .survived = on_survived };

	out.table = hg_handshakes_new(8, &ops, NULL);
	FUZZ_CHECK(out.table, "no memory");
}

FUZZ_KEEPS_MEMORY

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct hg_eve_names names = { NULL, interface_name, rule_name, server_name };
	struct fuzz_input in = { data, size };
	unsigned int options = fuzz_u8(&in);

	if (!out.examiner) {
		out.examiner = hg_examiner_new();
		json_set_alloc_funcs(pool_take, pool_give);
	}
	out.strict = options & 1;
	hg_eve_init(&out.eve, &names, out.strict, options & 2);
	out.eve.community_id = options & 4;
	open_table();
	while (in.left > 2) {
		size_t len = fuzz_u16(&in);
		const uint8_t *record = fuzz_bytes(&in, &len);

		take_record(record, len);
	}
	hg_handshakes_close(out.table);
	hg_handshakes_free(out.table);
	hg_eve_free(&out.eve);
	return 0;
}
