/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk behind the hello, one step from any state that a walk can be in: nothing
 * is read outside the capture nor written outside the walk's own arrays, the state
 * stays one of those, and the walk never goes back.  That it ends, the bound of its
 * loop says (HG_FLIGHT_STEPS).
 */
#include "check.h"
#include "flight.h"

static struct hg_capture capture; /* any bytes: --nondet-static */
static struct hg_walk walk;
static struct hg_flight flight;
static struct hg_side_facts side, other;
static struct hg_server_facts server;

static bool is_a_state(void)
{
	const struct hg_flight *f = &flight;

	return walk.end <= HG_STREAM_CAP && walk.at <= walk.end + 0xffff &&
	       walk.chunk_count <= HG_CHUNKS_MAX && f->have <= f->need && f->need <= HG_FIELD_MAX &&
	       f->header_have < HG_RECORD_HEADER && f->want <= HG_WANT_CERTIFICATE &&
	       side.alert_count <= HG_ALERTS_MAX && (!f->have || f->have < f->need) &&
	       (f->need || f->want == HG_WANT_ALPN);
}

int main(void)
{
	struct hg_flight_step step = {
		&capture, &walk, &flight, &side, &other, &server, any_u32()
	};
	__u32 was = walk.at;

	__CPROVER_assume(is_a_state());
	hg_flight_step(0, &step);
	CHECK(is_a_state(), "still a state of a walk");
	CHECK(walk.at >= was, "not back");
	return 0;
}
