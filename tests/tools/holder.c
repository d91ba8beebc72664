// SPDX-License-Identifier: BSD-2-Clause
/*
 * holder: somebody else's BPF program on an interface.
 *
 *   holder xdp|xdp-generic|tcx|tcx-first|tcx-egress IFACE
 *                                          holds a bpf_link until it is killed
 *   holder pin xdp|tc PATH                 loads, pins the program at PATH, exits
 *
 * The program counts packets and passes everything (XDP_PASS, TC_ACT_UNSPEC).
 * Prints "ready <program id>" when it is attached, and "count <packets>" at each
 * SIGUSR1. tcx-first goes before those that are there. Runs in the network
 * namespace it is started in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The 6.1 headers do not know these. */
#define TCX_INGRESS 46 /* BPF_TCX_INGRESS */
#define TCX_EGRESS 47  /* BPF_TCX_EGRESS */
#define FIRST 8	       /* BPF_F_BEFORE, without a relative: the head */

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static void die(const char *what)
{
	fprintf(stderr, "holder: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int count_map;

static void make_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1
	};

	count_map = bpf(BPF_MAP_CREATE, &attr);
	if (count_map < 0)
		die("BPF_MAP_CREATE");
}

static int load(int type, int verdict)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = 10, .off = -4 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -4 },
		{ .code = BPF_LD | BPF_IMM | BPF_DW,
		  .dst_reg = 1,
		  .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = count_map },
		{ 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 0, .off = 2 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = 1 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW,
		  .dst_reg = 0,
		  .src_reg = 1,
		  .imm = BPF_ADD },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = type,
				.insn_cnt = sizeof(insns) / sizeof(insns[0]),
				.insns = (uintptr_t)insns,
				.license = (uintptr_t) "Dual BSD/GPL",
				.prog_name = "somebody_else" };
	int fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		die("BPF_PROG_LOAD");
	return fd;
}

static void print_count(void)
{
	uint32_t key = 0;
	uint64_t count = 0;
	union bpf_attr attr = { .map_fd = count_map,
				.key = (uintptr_t)&key,
				.value = (uintptr_t)&count };

	if (bpf(BPF_MAP_LOOKUP_ELEM, &attr))
		die("BPF_MAP_LOOKUP_ELEM");
	printf("count %llu\n", (unsigned long long)count);
	fflush(stdout);
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

	if (!strncmp(hook, "tcx", 3)) {
		attr.link_create.attach_type = strcmp(hook, "tcx-egress") ? TCX_INGRESS
									  : TCX_EGRESS;
		attr.link_create.flags = strcmp(hook, "tcx-first") ? 0 : FIRST;
	} else {
		attr.link_create.attach_type = BPF_XDP;
		attr.link_create.flags = strcmp(hook, "xdp") ? XDP_FLAGS_SKB_MODE
							     : XDP_FLAGS_DRV_MODE;
	}
	if (bpf(BPF_LINK_CREATE, &attr) < 0)
		die("BPF_LINK_CREATE");
}

/* USR1 prints; what else is sent ends the process. */
static void serve(void)
{
	sigset_t usr1;
	int signal;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	while (!sigwait(&usr1, &signal))
		print_count();
}

int main(int argc, char **argv)
{
	int prog;

	make_map();
	if (argc == 4 && !strcmp(argv[1], "pin")) {
		prog = *argv[2] == 'x' ? load(BPF_PROG_TYPE_XDP, XDP_PASS)
				       : load(BPF_PROG_TYPE_SCHED_CLS, -1);
		pin(prog, argv[3]);
		printf("ready %u\n", prog_id(prog));
		return 0;
	}
	if (argc != 3) {
		fprintf(stderr,
			"holder xdp|xdp-generic|tcx|tcx-first|tcx-egress IFACE | holder pin xdp|tc PATH\n");
		return 2;
	}
	prog = *argv[1] == 'x' ? load(BPF_PROG_TYPE_XDP, XDP_PASS)
			       : load(BPF_PROG_TYPE_SCHED_CLS, -1);
	hold(prog, argv[1], argv[2]);
	printf("ready %u\n", prog_id(prog));
	fflush(stdout);
	serve();
	return 0;
}
