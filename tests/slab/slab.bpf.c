/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* slab.bpf.c - takes the memory of one BPF timer a run, and says whether there was some. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define TIMERS 200000
#define MONOTONIC 1 /* CLOCK_MONOTONIC */

struct taken {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TIMERS);
	__type(key, __u32);
	__type(value, struct taken);
} timers SEC(".maps");

__u32 next;

/* 0: taken; 1: there was none; 2: all entries have theirs. */
SEC("tc")
int slab_take(struct __sk_buff *skb)
{
	__u32 at = next;
	struct taken *t = bpf_map_lookup_elem(&timers, &at);

	(void)skb;
	if (!t)
		return 2;
	next = at + 1;
	return bpf_timer_init(&t->timer, &timers, MONOTONIC) ? 1 : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
