// SPDX-License-Identifier: BSD-2-Clause
/*
 * neighbours: flows of `crowd` that share slots.
 *
 *   neighbours INSTANCE TO FROM COUNT SLOTS > FILE
 *
 * Reads the hash key of an attached instance (its directory in the bpffs), and tries the
 * addresses and ports of flows 0 to COUNT - 1 of a crowd that comes FROM that address and
 * goes TO port 443 of this one.  FILE, for `crowd --order`: numbers of flows, of 32 bits;
 * SLOTS times TOGETHER of them that fall on the same pair of slots.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"

#define TOGETHER 16
#define PORT_FIRST 1024 /* as crowd counts */
#define PORTS 60000
#define PAIRS (HG_SLOTS / 2)

static struct hg_control control;
static __u16 netns;

static void die(const char *what)
{
	fprintf(stderr, "neighbours: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int open_map(const char *instance, const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", instance, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		die(path);
	return fd;
}

/* The key, and the number of the namespace: all interfaces are in one. */
static void read_instance(const char *instance)
{
	struct hg_interface interface = { 0 };
	int controls = open_map(instance, "control"), interfaces = open_map(instance, "interfaces");
	__u32 key = 0;

	if (bpf_map_lookup_elem(controls, &key, &control))
		die("control");
	while (!interface.ifindex && !bpf_map_lookup_elem(interfaces, &key, &interface))
		key++;
	if (!interface.ifindex)
		die("no interface is attached");
	netns = interface.netns;
}

static in_addr_t address(const char *text)
{
	in_addr_t a = inet_addr(text);

	if (a == INADDR_NONE) {
		fprintf(stderr, "neighbours: %s is no IPv4 address\n", text);
		exit(2);
	}
	return a;
}

static __u32 pair_of(in_addr_t from, in_addr_t to, __u32 flow)
{
	in_addr_t client = htonl(ntohl(from) + flow / PORTS);
	__u64 a = (__u64)client << 16 | htons((__u16)(PORT_FIRST + flow % PORTS));
	__u64 b = (__u64)to << 16 | htons(443);

	return hg_hash_slot(hg_flow_hash(&control.hash_key, a < b ? a : b, a < b ? b : a, netns)) >>
	       1;
}

int main(int argc, char **argv)
{
	static __u32 flows[PAIRS][TOGETHER];
	static __u8 have[PAIRS];
	__u32 count, slots, full = 0, pair;
	in_addr_t to, from;

	if (argc != 6) {
		fprintf(stderr, "usage: neighbours INSTANCE TO FROM COUNT SLOTS\n");
		return 2;
	}
	read_instance(argv[1]);
	to = address(argv[2]);
	from = address(argv[3]);
	count = (__u32)strtoul(argv[4], NULL, 10);
	slots = (__u32)strtoul(argv[5], NULL, 10);
	for (__u32 flow = 0; flow < count && full < slots; flow++) {
		pair = pair_of(from, to, flow);
		if (have[pair] == TOGETHER)
			continue;
		flows[pair][have[pair]++] = flow;
		if (have[pair] < TOGETHER)
			continue;
		fwrite(flows[pair], sizeof(flows[pair]), 1, stdout);
		full++;
	}
	if (full < slots)
		fprintf(stderr, "neighbours: %u of %u slots\n", full, slots);
	return full < slots || fflush(stdout) ? 2 : 0;
}
