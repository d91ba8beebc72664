/* SPDX-License-Identifier: BSD-2-Clause */
#include "history.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

const char *hg_history_state_text(enum hg_history_state state)
{
	static const char *const words[] = {
		[HG_HISTORY_ACTIVE] = "active",	      [HG_HISTORY_UNCONFIRMED] = "unconfirmed",
		[HG_HISTORY_FELL_BACK] = "fell_back", [HG_HISTORY_ROLLED_BACK] = "rolled_back",
		[HG_HISTORY_REPLACED] = "replaced",
	};

	return state < sizeof(words) / sizeof(words[0]) ? words[state] : "?";
}

enum hg_history_state hg_history_state_of(const struct hg_history *h, const struct hg_in_force *now)
{
	if (now->generation && h->revision == now->revision)
		return now->confirm_by_ns ? HG_HISTORY_UNCONFIRMED : HG_HISTORY_ACTIVE;
	if (h->rolled_back)
		return HG_HISTORY_ROLLED_BACK;
	/* Until somebody loads, nobody has written down that it did. */
	if (h->lapsed || h->revision == now->lapsed)
		return HG_HISTORY_FELL_BACK;
	return HG_HISTORY_REPLACED;
}

bool hg_history_get(const struct hg_instance *in, __u32 revision, struct hg_history *out)
{
	__u32 key = revision % HG_HISTORY;
	struct hg_history h;

	if (!revision || bpf_map_lookup_elem(in->maps[HG_MAP_history], &key, &h) ||
	    h.revision != revision)
		return false;
	*out = h;
	return true;
}

int hg_history_put(const struct hg_instance *in, const struct hg_history *h)
{
	__u32 key = h->revision % HG_HISTORY;

	return bpf_map_update_elem(in->maps[HG_MAP_history], &key, h, BPF_ANY) ? -errno : 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct hg_history *x = a, *y = b;

	return x->revision < y->revision ? 1 : -(x->revision > y->revision);
}

unsigned int hg_history_list(const struct hg_instance *in, struct hg_history out[HG_HISTORY])
{
	unsigned int count = 0;

	for (__u32 i = 0; i < HG_HISTORY; i++)
		if (!bpf_map_lookup_elem(in->maps[HG_MAP_history], &i, &out[count]) &&
		    out[count].revision)
			count++;
	qsort(out, count, sizeof(*out), newest_first);
	return count;
}

__u32 hg_history_last(const struct hg_instance *in)
{
	struct hg_history h;
	__u32 last = 0;

	for (__u32 i = 0; i < HG_HISTORY; i++)
		if (!bpf_map_lookup_elem(in->maps[HG_MAP_history], &i, &h) && h.revision > last)
			last = h.revision;
	for (__u32 slot = 0; slot < HG_GENERATIONS; slot++) {
		__u32 revision = hg_generation_revision(in, slot);

		if (revision > last)
			last = revision;
	}
	return last;
}
