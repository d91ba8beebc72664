// SPDX-License-Identifier: BSD-2-Clause
/*
 * holder: somebody else's BPF program on an interface.
 *
 *   holder xdp|xdp-generic|tcx IFACE       holds a bpf_link until it is killed
 *   holder pin xdp|tc PATH                 loads, pins the program at PATH, exits
 *
 * The program passes everything (XDP_PASS, TC_ACT_UNSPEC). Prints one line,
 * "ready <program id>", when it is attached. Runs in the network namespace it is
 * started in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TCX_INGRESS 46 /* BPF_TCX_INGRESS; the 6.1 headers do not know it */

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static void die(const char *what)
{
	fprintf(stderr, "holder: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int load(int type, int verdict)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = type,
				.insn_cnt = 2,
				.insns = (uintptr_t)insns,
				.license = (uintptr_t) "Dual BSD/GPL",
				.prog_name = "somebody_else" };
	int fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		die("BPF_PROG_LOAD");
	return fd;
}

static uint32_t prog_id(int fd)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = {
		.info = { .bpf_fd = fd, .info_len = sizeof(info), .info = (uintptr_t)&info }
	};

	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr))
		die("BPF_OBJ_GET_INFO_BY_FD");
	return info.id;
}

static void pin(int prog, const char *path)
{
	union bpf_attr attr = { .pathname = (uintptr_t)path, .bpf_fd = prog };

	if (bpf(BPF_OBJ_PIN, &attr))
		die(path);
}

static void hold(int prog, const char *hook, const char *iface)
{
	union bpf_attr attr = { .link_create = { .prog_fd = prog,
						 .target_ifindex = if_nametoindex(iface) } };

	if (!strcmp(hook, "tcx")) {
		attr.link_create.attach_type = TCX_INGRESS;
	} else {
		attr.link_create.attach_type = BPF_XDP;
		attr.link_create.flags = strcmp(hook, "xdp") ? XDP_FLAGS_SKB_MODE
							     : XDP_FLAGS_DRV_MODE;
	}
	if (bpf(BPF_LINK_CREATE, &attr) < 0)
		die("BPF_LINK_CREATE");
}

int main(int argc, char **argv)
{
	int prog;

	if (argc == 4 && !strcmp(argv[1], "pin")) {
		prog = *argv[2] == 'x' ? load(BPF_PROG_TYPE_XDP, XDP_PASS)
				       : load(BPF_PROG_TYPE_SCHED_CLS, -1);
		pin(prog, argv[3]);
		printf("ready %u\n", prog_id(prog));
		return 0;
	}
	if (argc != 3) {
		fprintf(stderr, "holder xdp|xdp-generic|tcx IFACE | holder pin xdp|tc PATH\n");
		return 2;
	}
	prog = *argv[1] == 'x' ? load(BPF_PROG_TYPE_XDP, XDP_PASS)
			       : load(BPF_PROG_TYPE_SCHED_CLS, -1);
	hold(prog, argv[1], argv[2]);
	printf("ready %u\n", prog_id(prog));
	fflush(stdout);
	pause();
	return 0;
}
