/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hello in one segment: every fact, the message, the bucket, at every hook.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

#define USUAL_FEATURES (HG_HELLO_EXTENSIONS)

struct row {
	const char *what;
	struct hello_spec hello;
	struct hg_hello_facts facts;
	const char *name; /* as server_names has it */
};

/* Weak: NULL, anonymous, EXPORT, RC4, DES, 3DES; and the two SCSVs. */
#define WEAK_CIPHERS                                                                               \
	{                                                                                          \
		0x0001, 0x0018, 0x0003, 0x0005, 0x0009, 0x000a, 0x00ff, 0x5600                     \
	}

/* clang-format off */
static const struct row rows[] = {
	{ "TLS 1.3 and 1.2, a name, ALPN, padded to 512",
	  { .sni = "shop.example.com", .session_id_len = 32, .versions = { 0x0304, 0x0303 },
	    .groups = { 0x001d, 0x0017 }, .key_share = 32, .alpn = "h2", .pad_to = 512 },
	  { .bytes = 512, .features = USUAL_FEATURES, .legacy_version = 0x0303,
	    .version_max = 0x0304, .cipher_count = 13, .cipher_count_no_grease = 13, .ext_count = 6,
	    .session_id_len = 32, .sni_state = HG_SNI_ok }, "shop.example.com" },
	{ "GREASE in ciphers and versions",
	  { .sni = "a.example", .ciphers = { 0x8a8a, 0x1301, 0x1302, 0xc02b },
	    .versions = { 0xdada, 0x0304, 0x0303 }, .groups = { 0x2a2a, 0x001d }, .pad_to = 300 },
	  { .bytes = 300, .features = USUAL_FEATURES | HG_HELLO_GREASE, .legacy_version = 0x0303,
	    .version_max = 0x0304, .cipher_count = 4, .cipher_count_no_grease = 3, .ext_count = 4,
	    .sni_state = HG_SNI_ok }, "a.example" },
	{ "a post-quantum group", { .sni = "pq.example", .versions = { 0x0304 },
	    .groups = { 0x11ec, 0x001d }, .key_share = 1216, .pad_to = 1500 },
	  { .bytes = 1500, .features = USUAL_FEATURES | HG_HELLO_PQ, .legacy_version = 0x0303,
	    .version_max = 0x0304, .cipher_count = 13, .cipher_count_no_grease = 13, .ext_count = 5,
	    .sni_state = HG_SNI_ok }, "pq.example" },
	{ "ticket, PSK, early data", { .sni = "again.example", .versions = { 0x0304 },
	    .ticket = 100, .psk = true, .early_data = true, .pad_to = 350 },
	  { .bytes = 424,
	    .features = USUAL_FEATURES | HG_HELLO_TICKET | HG_HELLO_PSK | HG_HELLO_EARLY_DATA,
	    .legacy_version = 0x0303, .version_max = 0x0304, .cipher_count = 13,
	    .cipher_count_no_grease = 13, .ext_count = 6, .sni_state = HG_SNI_ok },
	  "again.example" },
	{ "an empty ticket is none", { .sni = "b.example", .sni_last = true, .extensions = 3,
	    .pad_to = 200 }, { .bytes = 200, .features = USUAL_FEATURES, .legacy_version = 0x0303,
	    .version_max = 0x0303, .cipher_count = 13, .cipher_count_no_grease = 13, .ext_count = 5,
	    .sni_state = HG_SNI_ok }, "b.example" },
	{ "ECH outer", { .sni = "outer.example", .versions = { 0x0304 }, .ech = HELLO_ECH_OUTER,
	    .pad_to = 300 }, { .bytes = 300, .features = USUAL_FEATURES, .legacy_version = 0x0303,
	    .version_max = 0x0304, .cipher_count = 13, .cipher_count_no_grease = 13, .ext_count = 4,
	    .sni_state = HG_SNI_ok, .ech = HG_ECH_outer }, "outer.example" },
	{ "ECH inner", { .sni = "inner.example", .versions = { 0x0304 }, .ech = HELLO_ECH_INNER,
	    .pad_to = 300 }, { .bytes = 300, .features = USUAL_FEATURES, .legacy_version = 0x0303,
	    .version_max = 0x0304, .cipher_count = 13, .cipher_count_no_grease = 13, .ext_count = 4,
	    .sni_state = HG_SNI_ok, .ech = HG_ECH_inner }, "inner.example" },
	{ "old ESNI", { .versions = { 0x0304 }, .ech = HELLO_ESNI, .pad_to = 300 },
	  { .bytes = 300, .features = USUAL_FEATURES, .legacy_version = 0x0303,
	    .version_max = 0x0304, .cipher_count = 13, .cipher_count_no_grease = 13, .ext_count = 3,
	    .sni_state = HG_SNI_none, .ech = HG_ECH_esni }, NULL },
	{ "TLS 1.0 and nothing but weak ciphers",
	  { .sni = "old.example", .legacy = 0x0301, .ciphers = WEAK_CIPHERS, .pad_to = 100 },
	  { .bytes = 100, .features = USUAL_FEATURES | HG_HELLO_ALL_WEAK, .legacy_version = 0x0301,
	    .version_max = 0x0301, .cipher_count = 8, .cipher_count_no_grease = 8, .ext_count = 2,
	    .sni_state = HG_SNI_ok }, "old.example" },
	{ "SSL 3.0 without an extensions block",
	  { .legacy = 0x0300, .ciphers = { 0x0004, 0x002f }, .no_extensions = true },
	  { .bytes = 47, .features = 0, .legacy_version = 0x0300, .version_max = 0x0300,
	    .cipher_count = 2, .cipher_count_no_grease = 2, .sni_state = HG_SNI_none }, NULL },
	{ "no ciphers at all", { .sni = "none.example", .no_ciphers = true, .pad_to = 100 },
	  { .bytes = 100, .features = USUAL_FEATURES | HG_HELLO_ALL_WEAK, .legacy_version = 0x0303,
	    .version_max = 0x0303, .ext_count = 2, .sni_state = HG_SNI_ok }, "none.example" },
	{ "500 ciphers", { .sni = "many.example", .more_ciphers = 487 },
	  { .bytes = 4 + 2 + 32 + 1 + 2 + 1000 + 2 + 2 + 4 + 5 + 12, .features = USUAL_FEATURES,
	    .legacy_version = 0x0303, .version_max = 0x0303, .cipher_count = 500,
	    .cipher_count_no_grease = 500, .ext_count = 1, .sni_state = HG_SNI_ok },
	  "many.example" },
	{ "600 extensions before the name",
	  { .sni = "deep.example", .sni_last = true, .extensions = 600 },
	  { .bytes = 4 + 2 + 32 + 1 + 2 + 26 + 2 + 2 + 2400 + 4 + 5 + 12,
	    .features = USUAL_FEATURES, .legacy_version = 0x0303, .version_max = 0x0303,
	    .cipher_count = 13, .cipher_count_no_grease = 13, .ext_count = 601,
	    .sni_state = HG_SNI_ok }, "deep.example" },
	{ "a legacy version of 0x03ff", { .sni = "ff.example", .legacy = 0x03ff, .pad_to = 150 },
	  { .bytes = 150, .features = USUAL_FEATURES, .legacy_version = 0x03ff,
	    .version_max = 0x03ff, .cipher_count = 13, .cipher_count_no_grease = 13, .ext_count = 2,
	    .sni_state = HG_SNI_ok }, "ff.example" },
};
/* clang-format on */

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool one(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static struct octets message, stream;
	static struct talk t;
	struct hello_expected expected = { &message, row->facts, HG_BUCKET_single_segment, 0 };
	bool ok;

	expected.facts.records = 1;
	expected.facts.segments = 1;
	expected.facts.record_version = 0x0301;
	hello_build(&message, &row->hello);
	record_whole(&stream, &message);
	talk_begin(&t, g, hook, NULL);
	ok = check_u64("act on the SYN", talk_syn(&t), GATE_PASS);
	ok &= check_u64("act on the SYN-ACK", talk_synack(&t), GATE_PASS);
	ok &= check_u64("act on the hello", talk_client(&t, 0, stream.at, stream.len), GATE_PASS);
	ok &= talk_saw_hello(&t, &expected);
	ok &= check_u64("act on the FIN", talk_server_flags(&t, TCP_FIN | TCP_ACK, 0), GATE_PASS);
	ok &= talk_saw_end(&t, HG_CLOSE_fin, HG_SIDE_server, HG_BUCKET_single_segment,
			   HG_OUTCOME_failed);
	ok &= gate_balanced(g);
	return ok & gate_clear(g);
}

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	for (enum gate_hook hook = GATE_XDP; hook <= GATE_EGRESS; hook++)
		for (size_t i = 0; i < ROWS; i++)
			tap_ok(one(&g, hook, &rows[i]), "%s: %s", gate_hook_name[hook],
			       rows[i].what);
	gate_close(&g);
	return tap_done();
}
