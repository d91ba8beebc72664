/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slab CPU: from now on that processor has no memory at hand for a BPF timer, as far as
 * this program can help it.  Says "ready" when it has run out for the first time, and goes
 * on until it is killed.
 *
 * Since Linux 6.18 bpf_timer_init() takes from the slab cache of the processor what is
 * left there, and asks nobody for more (kmalloc_nolock()).  Before that there is always
 * some: "plenty" is said instead of "ready".
 */
#include <bpf/bpf.h>
#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "slab.skel.h"

#define NONE_IN_A_ROW 20
#define PAUSE_US 100

static int take(int prog)
{
	char packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet));

	if (bpf_prog_test_run_opts(prog, &opts))
		err(1, "slab_take");
	return (int)opts.retval;
}

/* Until there is none; false if all entries have theirs. */
static bool take_all(int prog)
{
	int none = 0, said;

	while (none < NONE_IN_A_ROW) {
		said = take(prog);
		if (said == 2)
			return false;
		none = said ? none + 1 : 0;
	}
	return true;
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "processor %d", cpu);
}

int main(int argc, char **argv)
{
	bool said = false;

	if (argc != 2)
		errx(2, "usage: slab CPU");
	stay_on(atoi(argv[1]));
	for (;;) {
		struct slab_bpf *s = slab_bpf__open_and_load();
		int prog;

		if (!s)
			err(1, "cannot load");
		prog = bpf_program__fd(s->progs.slab_take);
		while (take_all(prog)) {
			if (!said)
				puts("ready");
			said = true;
			fflush(stdout);
			usleep(PAUSE_US);
		}
		slab_bpf__destroy(s);
		if (!said) {
			puts("plenty");
			return 0;
		}
	}
}
