/* SPDX-License-Identifier: BSD-2-Clause */
#include "undiagnosed.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "../include/event.h"

/* Of the slot of `number`: false if another one is there by now, or is being written. */
static bool read_slot(int map, __u64 number, struct hg_event_end *out)
{
	__u32 slot = (__u32)(number & (HG_UNDIAGNOSED - 1));

	return !bpf_map_lookup_elem(map, &slot, out) && out->number == number;
}

int hg_undiagnosed_read(const struct hg_instance *in, __u64 from, hg_record_fn fn, void *arg,
			struct hg_undiagnosed_span *span)
{
	struct hg_undiagnosed state;
	struct hg_event_end end;
	__u32 zero = 0;

	*span = (struct hg_undiagnosed_span){ 0 };
	if (bpf_map_lookup_elem(in->maps[HG_MAP_undiagnosed_state], &zero, &state))
		return -errno;
	span->last = state.kept;
	span->overwritten = state.overwritten;
	if (state.kept > HG_UNDIAGNOSED && from < state.kept - HG_UNDIAGNOSED)
		from = state.kept - HG_UNDIAGNOSED;
	for (__u64 number = from + 1; number <= state.kept; number++) {
		if (!read_slot(in->maps[HG_MAP_undiagnosed], number, &end))
			continue;
		span->read++;
		fn(arg, &end, sizeof(end));
	}
	return 0;
}
