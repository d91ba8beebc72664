/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first bytes of a direction: records, message, ClientHello.  Built with the
 * kernel's bounds and once more with HG_WIDE.
 *
 * What is read must not depend on what lies behind the bytes that have come, nor
 * on how they came, nor on whether the message was copied to the front; and all
 * that is said of the message lies inside it.
 */
#include "fuzz.h"

#include "client_hello.h"
#include "wire_mutator.h"

struct reading {
	struct hg_records records;
	struct hg_parse parse;
	bool good;
};

static struct hg_capture captures[2], message;
static struct reading readings[2], unwrapped, grown;

#define BEHIND_A 0x16
#define BEHIND_B 0xff

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	memset(&captures[0], BEHIND_A, sizeof(captures[0]));
	memset(&captures[1], BEHIND_B, sizeof(captures[1]));
	return 0;
}

/* As bpf/continue.h has it: where nothing was read yet, the first bytes decide. */
static void scan(const struct hg_capture *c, struct hg_records *r, __u32 filled)
{
	if (!r->next && !hg_hello_may_begin(c, filled)) {
		r->scan = HG_SCAN_NOT_TLS;
		return;
	}
	hg_records_scan(c, r, filled);
}

static void read_once(struct reading *r, const struct hg_capture *c, __u32 filled)
{
	memset(r, 0, sizeof(*r));
	scan(c, &r->records, filled);
	if (r->records.scan == HG_SCAN_COMPLETE && r->records.contiguous)
		r->good = hg_hello_parse(c, &r->parse, r->records.body, r->records.need,
					 r->records.sslv2);
}

/* Byte by byte, later in steps that the bytes choose. */
static void read_growing(struct reading *r, const struct hg_capture *c, __u32 filled)
{
	__u32 step = 1;

	memset(r, 0, sizeof(*r));
	for (__u32 have = 1; have <= filled; have += step) {
		scan(c, &r->records, have);
		if (r->records.scan != HG_SCAN_MORE)
			return;
		if (have > 80)
			step = 1 + c->bytes[have - 1] * 7U;
		if (have + step > filled && have < filled)
			step = filled - have;
	}
}

static void check_span(const struct hg_hello *h, const struct hg_span *s, const char *what)
{
	FUZZ_CHECK(s->at <= h->bytes && s->len <= h->bytes - s->at, "%s at %u + %u of %u", what,
		   s->at, s->len, h->bytes);
}

static void check_spans(const struct hg_hello *h)
{
	check_span(h, &h->session_id, "session id");
	check_span(h, &h->ciphers, "ciphers");
	check_span(h, &h->compression, "compression");
	check_span(h, &h->extensions, "extensions");
	check_span(h, &h->sni, "sni");
	check_span(h, &h->alpn, "alpn");
	check_span(h, &h->groups, "groups");
	check_span(h, &h->point_formats, "point formats");
	check_span(h, &h->signature_algorithms, "signature algorithms");
	check_span(h, &h->versions, "versions");
	check_span(h, &h->key_shares, "key shares");
}

static bool is_name_byte(__u8 b)
{
	return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '-' || b == '.' || b == '_';
}

static void check_name(const struct hg_hello *h)
{
	FUZZ_CHECK(!h->name[h->name_len], "a name of %u bytes does not end", h->name_len);
	if (h->sni_state != HG_SNI_ok)
		return;
	FUZZ_CHECK(h->sni_names == 1 && h->sni.len, "a good name of %u names", h->sni_names);
	for (__u32 i = 0; i < h->name_len; i++)
		FUZZ_CHECK(is_name_byte(h->name[i]), "byte %02x in a good name", h->name[i]);
}

static void check_facts(const struct hg_hello *h)
{
	check_spans(h);
	check_name(h);
	FUZZ_CHECK(h->cipher_count_no_grease <= h->cipher_count, "more suites without GREASE");
	FUZZ_CHECK(h->sni_state < HG_SNI_COUNT && h->ech < HG_ECH_COUNT, "a state of none");
	FUZZ_CHECK(!h->version_min || h->version_min <= h->version_max, "versions %04x to %04x",
		   h->version_min, h->version_max);
}

static void check_unwrapped(const struct reading *r, const struct hg_capture *stream)
{
	struct hg_unwrap state = { 0 };

	if (r->records.sslv2)
		return;
	memset(&unwrapped, 0, sizeof(unwrapped));
	hg_records_unwrap(stream, &r->records, &state, &message);
	FUZZ_CHECK(state.written >= r->records.need, "%u bytes of %u were unwrapped", state.written,
		   r->records.need);
	unwrapped.good = hg_hello_parse(&message, &unwrapped.parse, 0, r->records.need, false);
	check_facts(&unwrapped.parse.hello);
	if (!r->records.contiguous)
		return;
	FUZZ_CHECK(r->good == unwrapped.good && !memcmp(&r->parse.hello, &unwrapped.parse.hello,
							sizeof(struct hg_hello)),
		   "the message at the front says something else");
}

static void check_records(const struct hg_records *r, __u32 filled)
{
	FUZZ_CHECK(r->next <= filled, "read to %u of %u", r->next, filled);
	if (r->scan != HG_SCAN_COMPLETE)
		return;
	FUZZ_CHECK(r->need <= HG_HELLO_MAX || r->sslv2, "a message of %u", r->need);
	FUZZ_CHECK(!r->contiguous || r->body + r->need <= filled, "a message to %u of %u",
		   r->body + r->need, filled);
}

/* The header alone promised more than fits; the byte behind it begins no hello. */
static bool gave_up_early(const struct hg_records *r)
{
	return r->scan == HG_SCAN_NOT_TLS && grown.records.scan == HG_SCAN_TOO_LARGE && !r->next;
}

static void put_bytes(const uint8_t *data, __u32 filled)
{
	memcpy(captures[0].bytes, data, filled);
	memcpy(captures[1].bytes, data, filled);
}

static void take_bytes_back(__u32 filled)
{
	memset(captures[0].bytes, BEHIND_A, filled);
	memset(captures[1].bytes, BEHIND_B, filled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	__u32 filled = size < HG_STREAM_CAP ? (__u32)size : HG_STREAM_CAP;
	struct reading *r = &readings[0];

	if (!filled)
		return 0;
	put_bytes(data, filled);
	read_once(&readings[0], &captures[0], filled);
	read_once(&readings[1], &captures[1], filled);
	check_records(&r->records, filled);
	FUZZ_CHECK(!memcmp(&r->records, &readings[1].records, sizeof(r->records)),
		   "records depend on what is behind them");
	FUZZ_CHECK(r->good == readings[1].good && !memcmp(&r->parse.hello, &readings[1].parse.hello,
							  sizeof(r->parse.hello)),
		   "the hello depends on what is behind it");
	read_growing(&grown, &captures[0], filled);
	FUZZ_CHECK(r->records.scan == grown.records.scan || gave_up_early(&r->records),
		   "scan %u at once, %u as it came", r->records.scan, grown.records.scan);
	if (r->records.scan == HG_SCAN_COMPLETE) {
		FUZZ_CHECK(!memcmp(&r->records, &grown.records, sizeof(r->records)),
			   "records depend on how they came");
		if (r->records.contiguous)
			check_facts(&r->parse.hello);
		check_unwrapped(r, &captures[0]);
	}
	take_bytes_back(filled);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	return wire_mutate(data, size, max_size, seed);
}
