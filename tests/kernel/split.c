/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hello cut at every byte into two segments, both orders, at every hook.
 */
#include "hellos.h"
#include "talk.h"
#include "tap.h"

struct row {
	const char *what;
	const struct hello_spec *hello;
	struct hg_hello_facts facts;
};

/* clang-format off */
static const struct row rows[] = {
	{ "classic, 517 bytes", &hello_classic,
	  { .bytes = 512, .features = HG_HELLO_EXTENSIONS, .legacy_version = 0x0303,
	    .version_max = 0x0304, .cipher_count = 13, .cipher_count_no_grease = 13, .ext_count = 6,
	    .records = 1, .segments = 2, .record_version = 0x0301, .session_id_len = 32,
	    .sni_state = HG_SNI_ok } },
	{ "post-quantum, 1746 bytes, name last", &hello_pq,
	  { .bytes = 1741, .features = HG_HELLO_EXTENSIONS | HG_HELLO_PQ | HG_HELLO_GREASE,
	    .legacy_version = 0x0303, .version_max = 0x0304, .cipher_count = 5,
	    .cipher_count_no_grease = 4, .ext_count = 6, .records = 1, .segments = 2,
	    .record_version = 0x0301, .session_id_len = 32, .sni_state = HG_SNI_ok } },
};
/* clang-format on */

static bool cut_at(struct gate *g, enum gate_hook hook, const struct row *row,
		   const struct octets *stream, const struct octets *message, __u32 cut,
		   bool reversed)
{
	static struct talk t;
	struct hello_expected expected = { message, row->facts, HG_BUCKET_reassembled,
					   reversed ? HG_FLAG(out_of_order) : 0 };
	bool ok;

	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	if (reversed)
		ok = talk_client(&t, cut, stream->at + cut, stream->len - cut) == GATE_PASS;
	else
		ok = talk_client(&t, 0, stream->at, cut) == GATE_PASS;
	ok &= talk_saw_no_hello(&t);
	if (reversed)
		ok &= talk_client(&t, 0, stream->at, cut) == GATE_PASS;
	else
		ok &= talk_client(&t, cut, stream->at + cut, stream->len - cut) == GATE_PASS;
	ok &= talk_saw_hello(&t, &expected);
	ok &= talk_client_ends(&t, stream->len) == GATE_PASS;
	ok &= talk_saw_end(&t, HG_CLOSE_rst, HG_SIDE_client, HG_BUCKET_reassembled,
			   HG_OUTCOME_unknown);
	gate_forget(g);
	if (!ok)
		tap_diag("cut at %u, %s", cut, reversed ? "reversed" : "in order");
	return ok;
}

static void every_cut(struct gate *g, enum gate_hook hook, const struct row *row, bool reversed)
{
	static struct octets message, stream;
	__u32 good = 0;

	hello_build(&message, row->hello);
	record_whole(&stream, &message);
	for (__u32 cut = 1; cut < stream.len; cut++)
		good += cut_at(g, hook, row, &stream, &message, cut, reversed);
	tap_ok(good == stream.len - 1, "%s: %s, %s: %u of %u cuts", gate_hook_name[hook], row->what,
	       reversed ? "reversed" : "in order", good, stream.len - 1);
	tap_ok(gate_balanced(g) & gate_clear(g), "%s: %s, %s: the books", gate_hook_name[hook],
	       row->what, reversed ? "reversed" : "in order");
}

int main(void)
{
	static struct gate g;

	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			every_cut(&g, hook, &rows[i], false);
			every_cut(&g, hook, &rows[i], true);
		}
	}
	gate_close(&g);
	return tap_done();
}
