/* SPDX-License-Identifier: BSD-2-Clause */
#include "clockwork.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "../kernel/tap.h"
#include "vary.skel.h"

static struct vary_bpf *vary;

void clockwork_open(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	sched_setaffinity(0, sizeof(here), &here);
	vary = vary_bpf__open_and_load();
	if (!vary)
		tap_bail("vary.bpf.o does not load: %s", strerror(errno));
	if (unshare(CLONE_NEWNET))
		tap_bail("no network namespace: %s", strerror(errno));
}

#define LOOPBACK 1 /* of the namespace that we made */

/*
 * An XDP program that no interface has is entered into the dispatcher for each
 * test run, and code is rewritten and RCU awaited for it: long enough for the
 * caches to grow cold.  So it is attached where no packet comes.
 */
void clockwork_prepare(enum clockwork_kind kind)
{
	struct bpf_program *program = kind == CLOCKWORK_XDP ? vary->progs.vary_xdp
							    : vary->progs.vary_frags;

	if (kind == CLOCKWORK_TC)
		return;
	if (bpf_xdp_attach(LOOPBACK, bpf_program__fd(program), XDP_FLAGS_SKB_MODE, NULL))
		tap_bail("an XDP program cannot be attached: %s", strerror(errno));
}

int clockwork_nothing(enum clockwork_kind kind)
{
	switch (kind) {
	case CLOCKWORK_XDP:
		return bpf_program__fd(vary->progs.nothing_xdp);
	case CLOCKWORK_FRAGS:
		return bpf_program__fd(vary->progs.nothing_frags);
	default:
		return bpf_program__fd(vary->progs.nothing_tc);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

double clockwork_same(enum clockwork_kind kind, int program, const struct frame *f, __u32 n)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = f->at, .data_size_in = f->len,
		    .repeat = (int)n);
	double start = now();

	(void)kind;
	if (bpf_prog_test_run_opts(program, &run))
		tap_bail("a run of %u bytes: %s", f->len, strerror(errno));
	return (now() - start) / n;
}

double clockwork_vary(enum clockwork_kind kind, int program, const struct frame *f, __u32 first,
		      __u32 n)
{
	const struct {
		struct bpf_map *next;
		struct bpf_program *program;
	} by[CLOCKWORK_KINDS] = {
		{ vary->maps.next_xdp, vary->progs.vary_xdp },
		{ vary->maps.next_frags, vary->progs.vary_frags },
		{ vary->maps.next_tc, vary->progs.vary_tc },
	};
	__u32 zero = 0;

	if (bpf_map_update_elem(bpf_map__fd(by[kind].next), &zero, &program, BPF_ANY))
		tap_bail("no tail call to this program: %s", strerror(errno));
	vary->bss->number = first;
	return clockwork_same(kind, bpf_program__fd(by[kind].program), f, n);
}

void clockwork_forget(void)
{
	static volatile __u8 other[32 << 20];

	for (size_t i = 0; i < sizeof(other); i += 64)
		other[i]++;
}
