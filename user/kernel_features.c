/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel_features.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "capability.h"
#include "hooks.h"
#include "sysctl.h"

#define KERNEL_MAJOR 6
#define KERNEL_MINOR 1
#define XDP_HAS_FRAGS (1U << 5) /* BPF_F_XDP_HAS_FRAGS, 5.18 */

const char *hg_feature_state_text(enum hg_feature_state state)
{
	return state == HG_FEATURE_YES ? "yes" : state == HG_FEATURE_NO ? "no" : "unknown";
}

static enum hg_feature_state yes_if(bool is)
{
	return is ? HG_FEATURE_YES : HG_FEATURE_NO;
}

/* May this process load programs?  Then a refusal means the kernel lacks it. */
static bool may_probe(void)
{
	return hg_capable(CAP_SYS_ADMIN) || (hg_capable(CAP_BPF) && hg_capable(CAP_NET_ADMIN));
}

/* ---- probes: each fills in state and detail ---- */

static void probe_kernel(struct hg_feature *f)
{
	unsigned int major = 0, minor = 0;
	struct utsname system;

	uname(&system);
	sscanf(system.release, "%u.%u", &major, &minor);
	f->state = yes_if(major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR));
	snprintf(f->detail, sizeof(f->detail), "%.80s", system.release);
}

static void probe_btf(struct hg_feature *f)
{
	f->state = yes_if(!access("/sys/kernel/btf/vmlinux", R_OK));
}

static void probe_helper(struct hg_feature *f, enum bpf_prog_type type, enum bpf_func_id helper)
{
	int has = may_probe() ? libbpf_probe_bpf_helper(type, helper, NULL) : -EPERM;

	f->state = has < 0 ? HG_FEATURE_UNKNOWN : yes_if(has);
}

static void probe_loop(struct hg_feature *f)
{
	probe_helper(f, BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_loop);
}

static void probe_load_bytes(struct hg_feature *f)
{
	probe_helper(f, BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_load_bytes);
}

/* The smallest XDP program; returns its fd, or -errno. */
static int load_pass(__u32 flags)
{
	static const struct bpf_insn pass[] = {
		{ .code = 0xb7, .dst_reg = 0, .imm = 2 }, /* r0 = XDP_PASS */
		{ .code = 0x95 },			  /* exit */
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .prog_flags = flags);
	int prog = bpf_prog_load(BPF_PROG_TYPE_XDP, "hg_probe", "Dual BSD/GPL", pass, 2, &opts);

	return prog < 0 ? -errno : prog;
}

static void probe_frags(struct hg_feature *f)
{
	int prog;

	if (!may_probe())
		return;
	prog = load_pass(XDP_HAS_FRAGS);
	f->state = yes_if(prog >= 0);
	if (prog >= 0)
		close(prog);
}

static void probe_ringbuf(struct hg_feature *f)
{
	int has = may_probe() ? libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, NULL) : -EPERM;

	f->state = has < 0 ? HG_FEATURE_UNKNOWN : yes_if(has);
}

static void probe_tcx(struct hg_feature *f)
{
	if (may_probe())
		f->state = yes_if(hg_hook_has_tcx());
}

/* The sysctl is not there in every network namespace, and does not tell of one program. */
static void probe_jit(struct hg_feature *f)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int prog = may_probe() ? load_pass(0) : -EPERM, value;

	if (prog >= 0) {
		if (!bpf_obj_get_info_by_fd(prog, &info, &len))
			f->state = yes_if(info.jited_prog_len > 0);
		close(prog);
		return;
	}
	value = hg_sysctl("/proc/sys/net/core/bpf_jit_enable");
	if (value >= 0)
		f->state = yes_if(value > 0);
}

static void probe_stats(struct hg_feature *f)
{
	int value = hg_sysctl("/proc/sys/kernel/bpf_stats_enabled");

	if (value >= 0)
		f->state = yes_if(value > 0);
}

static void probe_capability(struct hg_feature *f, int capability)
{
	f->state = yes_if(hg_capable(capability) || hg_capable(CAP_SYS_ADMIN));
}

static void probe_cap_bpf(struct hg_feature *f)
{
	probe_capability(f, CAP_BPF);
}

static void probe_cap_net_admin(struct hg_feature *f)
{
	f->state = yes_if(hg_capable(CAP_NET_ADMIN));
}

static void probe_cap_perfmon(struct hg_feature *f)
{
	probe_capability(f, CAP_PERFMON);
}

static void probe_cap_sys_admin(struct hg_feature *f)
{
	probe_capability(f, CAP_SYS_ADMIN);
}

/* The nearest directory that exists on the way to `dir`. */
static bool on_bpffs(const char *dir)
{
	struct statfs fs;
	char path[256];
	char *slash;

	snprintf(path, sizeof(path), "%s", dir);
	while (statfs(path, &fs)) {
		slash = strrchr(path, '/');
		if (!slash || slash == path)
			return false;
		*slash = 0;
	}
	return fs.f_type == BPF_FS_MAGIC;
}

static const struct {
	const char *name;
	void (*probe)(struct hg_feature *f);
	bool needed;
	const char *use;
	const char *without;
} rows[] = {
	{ "kernel 6.1", probe_kernel, true, "", "use Linux 6.1 or later" },
	{ "btf", probe_btf, true, "fits the programs to this kernel",
	  "the kernel needs CONFIG_DEBUG_INFO_BTF=y" },
	{ "bpf_loop", probe_loop, true, "reads hellos of any shape",
	  "it is in Linux 5.17 and later" },
	{ "xdp_load_bytes", probe_load_bytes, true, "reads packets in several buffers",
	  "it is in Linux 5.18 and later" },
	{ "xdp frags", probe_frags, true, "native XDP at an MTU above 3,498",
	  "they are in Linux 5.18 and later" },
	{ "ring buffer", probe_ringbuf, true, "carries events to user space",
	  "it is in Linux 5.8 and later" },
	{ "tcx", probe_tcx, false, "attaches beside others on tc, by links",
	  "Linux 6.6 has it; clsact filters (--hook tc) do the same work" },
	{ "jit", probe_jit, false, "the programs run as machine code",
	  "each packet is interpreted, which is many times slower: sysctl net.core.bpf_jit_enable=1" },
	{ "run-time stats", probe_stats, false,
	  "bpftool prog show tells the time of each program; it costs each packet some, off by sysctl kernel.bpf_stats_enabled=0",
	  "off, as it should be; to measure the programs: sysctl kernel.bpf_stats_enabled=1" },
	{ "CAP_BPF", probe_cap_bpf, true, "loads programs, reads maps",
	  "run it as root, or grant the capability" },
	{ "CAP_NET_ADMIN", probe_cap_net_admin, true, "attaches to interfaces",
	  "run it as root, or grant the capability" },
	{ "CAP_PERFMON", probe_cap_perfmon, false, "some kernels ask for it to verify the programs",
	  "some kernels ask for it to verify the programs: if attach is refused, grant it" },
	{ "CAP_SYS_ADMIN", probe_cap_sys_admin, false, "enters namespaces (--netns)",
	  "needed for --netns alone" },
};

unsigned int hg_features_probe(const char *bpffs, struct hg_feature *out)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL); /* a refusal is an answer here */
	unsigned int count = 0;

	for (; count < sizeof(rows) / sizeof(rows[0]); count++) {
		struct hg_feature *f = &out[count];

		*f = (struct hg_feature){ rows[count].name,    rows[count].use,
					  rows[count].without, HG_FEATURE_UNKNOWN,
					  rows[count].needed,  "" };
		rows[count].probe(f);
	}
	libbpf_set_print(print);
	out[count] = (struct hg_feature){
		"bpffs", "", "mount one: mount -t bpf bpf /sys/fs/bpf", yes_if(on_bpffs(bpffs)),
		true,	 ""
	};
	snprintf(out[count].detail, sizeof(out[count].detail), "%.90s", bpffs);
	return count + 1;
}
