/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SSLv2-format hellos, of SSL 2.0 itself and of those that offer more.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

struct row {
	const char *what;
	__u16 version;
	__u32 ciphers, challenge;
	/* A field to overwrite: offset in the stream and 16-bit value; 0: none. */
	__u32 patch_at;
	__u16 patch;
	enum hg_bucket bucket;
};

static const struct row rows[] = {
	{ "SSL 2.0", 0x0002, 7, 16, 0, 0, HG_BUCKET_single_segment },
	{ "offering SSL 3.0", 0x0300, 10, 16, 0, 0, HG_BUCKET_single_segment },
	{ "offering TLS 1.0", 0x0301, 20, 32, 0, 0, HG_BUCKET_single_segment },
	{ "offering TLS 1.2", 0x0303, 60, 32, 0, 0, HG_BUCKET_single_segment },
	{ "one cipher", 0x0301, 1, 16, 0, 0, HG_BUCKET_single_segment },
	{ "300 ciphers", 0x0301, 300, 16, 0, 0, HG_BUCKET_single_segment },
	{ "a cipher list of 19 bytes", 0x0301, 7, 16, 5, 19, HG_BUCKET_malformed },
	{ "a cipher list beyond the end", 0x0301, 7, 16, 5, 300, HG_BUCKET_malformed },
	{ "a session id of 33 bytes", 0x0301, 7, 40, 7, 33, HG_BUCKET_malformed },
	{ "a challenge beyond the end", 0x0301, 7, 16, 9, 17, HG_BUCKET_malformed },
	{ "version 0x0100", 0x0100, 7, 16, 0, 0, HG_BUCKET_not_tls },
	{ "32 KB", 0x0301, 7, 16, 0, 0xffff, HG_BUCKET_hello_too_large },
};

static struct hello_expected expect(const struct row *row, const struct octets *message,
				    __u32 segments)
{
	return (struct hello_expected){ message,
					{ .bytes = message->len,
					  .features = HG_HELLO_SSLV2,
					  .legacy_version = row->version,
					  .version_max = row->version,
					  .cipher_count = row->ciphers,
					  .cipher_count_no_grease = row->ciphers,
					  .records = 1,
					  .segments = segments,
					  .sni_state = HG_SNI_none },
					segments > 1 ? HG_BUCKET_reassembled
						     : HG_BUCKET_single_segment,
					HG_FLAG(sslv2_hello) };
}

static void build(struct octets *stream, struct octets *message, const struct row *row)
{
	hello_sslv2(stream, row->version, row->ciphers, row->challenge);
	if (row->patch)
		patch_be(stream, row->patch_at, 2, row->patch);
	octets_clear(message);
	put(message, stream->at + 2, stream->len - 2);
}

static bool whole(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static struct octets message, stream;
	static struct talk t;
	struct hello_expected expected;
	const struct gate_event *e = NULL;
	bool read = row->bucket == HG_BUCKET_single_segment, ok;

	build(&stream, &message, row);
	expected = expect(row, &message, 1);
	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	talk_client(&t, 0, stream.at, stream.len);
	ok = read ? talk_saw_hello(&t, &expected) : talk_saw_no_hello(&t);
	if (read && talk_count(&t, HG_EVENT_HELLO, &e))
		ok &= check_u64("sslv2", e->head.sslv2, 1);
	talk_client_ends(&t, stream.len);
	return ok & talk_counted(&t, row->bucket) & gate_balanced(g) & gate_clear(g);
}

static bool cut(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static struct octets message, stream;
	static struct talk t;
	struct hello_expected expected;
	bool ok = true;

	build(&stream, &message, row);
	expected = expect(row, &message, 2);
	for (__u32 at = 1; at < stream.len; at++) {
		for (int reversed = 0; reversed < 2; reversed++) {
			expected.flags = HG_FLAG(sslv2_hello);
			if (reversed)
				expected.flags |= HG_FLAG(out_of_order);
			talk_begin(&t, g, hook, NULL);
			talk_syn(&t);
			talk_client(&t, reversed ? at : 0, stream.at + (reversed ? at : 0),
				    reversed ? stream.len - at : at);
			talk_client(&t, reversed ? 0 : at, stream.at + (reversed ? 0 : at),
				    reversed ? at : stream.len - at);
			ok &= talk_saw_hello(&t, &expected);
			talk_client_ends(&t, stream.len);
			gate_forget(g);
		}
	}
	return ok & gate_balanced(g) & gate_clear(g);
}

int main(void)
{
	static struct gate g;
	struct hg_counters c;
	static struct octets stream;
	static struct talk t;

	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			tap_ok(whole(&g, hook, &rows[i]), "%s: %s", gate_hook_name[hook],
			       rows[i].what);
			if (rows[i].bucket == HG_BUCKET_single_segment && rows[i].ciphers < 30)
				tap_ok(cut(&g, hook, &rows[i]), "%s: %s, cut at every byte",
				       gate_hook_name[hook], rows[i].what);
		}
	}
	hello_sslv2(&stream, 0x0002, 7, 16);
	talk_begin(&t, &g, GATE_XDP, NULL);
	talk_syn(&t);
	talk_client(&t, 0, stream.at, stream.len);
	gate_counters(&g, &c);
	tap_ok(check_u64("hellos of SSL 2.0", c.hellos_tcp.ssl2, 1), "counted as ssl2");
	gate_close(&g);
	return tap_done();
}
