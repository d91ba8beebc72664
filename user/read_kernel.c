/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * read_kernel.c - frames of a capture through a private instance of the BPF
 * programs, with BPF_PROG_TEST_RUN: the capture's clock is injected, the hash
 * key is fixed, nothing is attached or pinned.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "../include/counters.h"
#include "loader.h"
#include "policy_load.h"
#include "read_path.h"
#include "say.h"

#define FRAME_MIN 14
#define FRAME_MAX 65000 /* what a test run takes, frags included */

static struct {
	struct hg_loaded loaded;
	struct hg_instance maps; /* borrowed fds */
	struct ring_buffer *ring;
	hg_event_sink sink;
	void *arg;
	unsigned long left_out; /* frames that no test run takes */
} kernel;

static int on_record(void *ctx, void *data, size_t len)
{
	(void)ctx;
	kernel.sink(kernel.arg, data, len);
	return 0;
}

static void kernel_close(void)
{
	ring_buffer__free(kernel.ring);
	hg_loader_close(&kernel.loaded);
	memset(&kernel, 0, sizeof(kernel));
}

static int install(const struct hg_compiled *policy)
{
	struct hg_control control;
	__u32 zero = 0;
	int r = hg_policy_install(&kernel.maps, policy, policy->policy.revision, 0, 0);

	if (r)
		return r;
	if (bpf_map_lookup_elem(kernel.maps.maps[HG_MAP_control], &zero, &control))
		return hg_bpf_refused(errno, "control map");
	control.generation = 1;
	if (bpf_map_update_elem(kernel.maps.maps[HG_MAP_control], &zero, &control, BPF_ANY))
		return hg_bpf_refused(errno, "control map");
	return HG_OK;
}

static int kernel_open(const struct hg_compiled *policy, const struct hg_read_options *options,
		       hg_event_sink sink, void *arg)
{
	struct hg_instance none = { .lock = -1 };
	struct hg_knobs knobs = { .watched_ports = options->ports,
				  .decap = options->decap,
				  .checksums = options->checksums,
				  .replay = true,
				  .frags = true };
	int r;

	kernel_close();
	memset(none.maps, -1, sizeof(none.maps));
	r = hg_loader_load(&none, &knobs, HG_LOAD_XDP, &kernel.loaded);
	if (r)
		return r;
	kernel.sink = sink;
	kernel.arg = arg;
	hg_loader_instance(&kernel.loaded, &kernel.maps);
	kernel.ring = ring_buffer__new(kernel.maps.maps[HG_MAP_events], on_record, NULL, NULL);
	if (!kernel.ring)
		return hg_bpf_refused(errno, "cannot read the events ring");
	return policy ? install(policy) : HG_OK;
}

static int set_clock(__u64 time_ns, int final)
{
	struct hg_presence presence = { .time_ns = time_ns, .final = (__u32) final };
	__u32 zero = 0;

	if (bpf_map_update_elem(kernel.maps.maps[HG_MAP_presence], &zero, &presence, BPF_ANY))
		return hg_bpf_refused(errno, "cannot set the clock");
	return HG_OK;
}

static int test_run(int program, const void *data, __u32 len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = data, .data_size_in = len);

	if (bpf_prog_test_run_opts(program, &opts))
		return hg_bpf_refused(errno, "BPF_PROG_TEST_RUN");
	ring_buffer__consume(kernel.ring);
	return HG_OK;
}

static int kernel_frame(const void *data, __u32 len, __u64 time_ns)
{
	int r;

	if (len < FRAME_MIN || len > FRAME_MAX) {
		kernel.left_out++;
		return HG_OK;
	}
	r = set_clock(time_ns, 0);
	return r ? r : test_run(kernel.loaded.xdp, data, len);
}

static int kernel_sweep(__u64 time_ns, int final)
{
	static const char packet[64];
	int r = set_clock(time_ns, final);

	return r ? r : test_run(hg_loader_sweep(&kernel.loaded), packet, sizeof(packet));
}

static int kernel_counters(struct hg_counters *out)
{
	struct hg_counters each[256];
	int cpus = libbpf_num_possible_cpus();
	__u32 zero = 0;

	if (cpus > 256 || bpf_map_lookup_elem(kernel.maps.maps[HG_MAP_counters], &zero, each))
		return HG_UNSUPPORTED;
	memset(out, 0, sizeof(*out));
	for (int cpu = 0; cpu < cpus; cpu++)
		for (size_t i = 0; i < sizeof(*out) / sizeof(__u64); i++)
			((__u64 *)out)[i] += ((const __u64 *)&each[cpu])[i];
	return HG_OK;
}

static unsigned long kernel_left_out(void)
{
	return kernel.left_out;
}

const struct hg_read_path hg_read_path_kernel = {
	.name = "kernel",
	.open = kernel_open,
	.frame = kernel_frame,
	.sweep = kernel_sweep,
	.counters = kernel_counters,
	.left_out = kernel_left_out,
	.close = kernel_close,
};
