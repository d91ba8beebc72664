/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk over records, one step from any state that a walk can be in: it reads
 * nothing outside the capture, the state stays one of those, and a step that does
 * not end the walk is a whole record further on.  By induction a walk of any length
 * ends; no bound is left.
 */
#include "check.h"

static struct hg_capture capture; /* any bytes: --nondet-static */
static struct hg_records records;

static bool is_a_state(const struct hg_records *r, __u32 filled)
{
	if (r->next > filled || r->have > r->next)
		return false;
	if (r->have < HG_HANDSHAKE_HEADER ? r->need != 0 : r->need < HG_HANDSHAKE_HEADER)
		return false;
	return !r->have || !r->contiguous || r->body + r->have <= r->next;
}

static void step(__u32 filled)
{
	__u32 was = records.next;

	if (hg_record_step(&capture, &records, filled)) {
		CHECK(records.next <= filled, "no further than what has come");
		if (records.scan != HG_SCAN_COMPLETE)
			return;
		CHECK(records.need <= HG_HELLO_MAX && records.have >= records.need,
		      "a whole message");
		CHECK(!records.contiguous || records.body + records.need <= filled,
		      "in what has come");
		return;
	}
	CHECK(records.next >= was + HG_RECORD_HEADER, "a record further on");
	CHECK(is_a_state(&records, filled), "still a state of a walk");
}

static void sslv2(__u32 filled)
{
	struct hg_records r = { 0 };

	if (!hg_sslv2_begins(&capture, filled) ||
	    hg_sslv2_scan(&capture, &r, filled) != HG_SCAN_COMPLETE)
		return;
	CHECK(r.body + r.need <= filled, "in what has come");
}

int main(void)
{
	__u32 filled = any_u32();

	__CPROVER_assume(filled <= HG_STREAM_CAP && is_a_state(&records, filled));
	step(filled);
	sslv2(filled);
	hg_hello_surely_begins(&capture, filled);
	return 0;
}
