/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message out of its records, one step from any state: nothing is read or written
 * outside the captures, and what is written never goes back.
 */
#include "check.h"

static struct hg_capture stream, message; /* any bytes: --nondet-static */
static struct hg_unwrap state;

int main(void)
{
	struct hg_unwrap_step step = { &stream, &message, &state, any_u32() };
	struct hg_unwrap was = state;

	__CPROVER_assume(was.from <= was.end && was.end <= 1U << 20);
	__CPROVER_assume(was.written < 1U << 20);
	if (hg_unwrap_step(0, &step))
		return 0;
	CHECK(state.from <= state.end, "inside the record");
	CHECK(state.from > was.from, "further on");
	CHECK(state.written >= was.written && state.written <= was.written + 8, "a word at most");
	return 0;
}
