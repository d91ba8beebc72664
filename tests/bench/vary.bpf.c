/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * vary.bpf.c - makes each repetition of a test run another connection, and
 * tail-calls the program that is measured.
 *
 * The n-th run gets client address and port number n, and a network that makes
 * up for both in the checksum: a run over frames of
 * one kind (SYNs, first segments, ...) is one phase in the life of as many
 * connections, and the next phase goes on where it ended.  What this costs is
 * measured with a program that does nothing behind it.
 */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAP_TYPE_PROG_ARRAY 3 /* BPF_MAP_TYPE_PROG_ARRAY */

struct {
	__uint(type, MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next_xdp SEC(".maps"), next_tc SEC(".maps");

struct {
	__uint(type, MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next_frags SEC(".maps");

__u32 number = 0;

#define CLIENT_AT (14 + 12) /* IPv4 source */
#define PORT_AT (14 + 20)

static __always_inline int vary(void *data, void *end)
{
	__u16 *network = data + CLIENT_AT, *host = network + 1, *port = data + PORT_AT;
	__u32 n = number++, sum;

	if (data + PORT_AT + 2 > end)
		return 0;
	sum = *network + *host + *port;
	*host = bpf_htons(n >> 15);
	*port = bpf_htons(1024 + (n & 0x7fff));
	sum += (__u16) ~*host + (__u16) ~*port;
	sum = (sum & 0xffff) + (sum >> 16);
	*network = sum + (sum >> 16);
	return 1;
}

SEC("xdp")
int vary_xdp(struct xdp_md *ctx)
{
	if (vary((void *)(long)ctx->data, (void *)(long)ctx->data_end))
		bpf_tail_call(ctx, &next_xdp, 0);
	return 0;
}

SEC("xdp.frags")
int vary_frags(struct xdp_md *ctx)
{
	if (vary((void *)(long)ctx->data, (void *)(long)ctx->data_end))
		bpf_tail_call(ctx, &next_frags, 0);
	return 0;
}

SEC("tc")
int vary_tc(struct __sk_buff *skb)
{
	if (vary((void *)(long)skb->data, (void *)(long)skb->data_end))
		bpf_tail_call(skb, &next_tc, 0);
	return 2;
}

SEC("xdp")
int nothing_xdp(struct xdp_md *ctx)
{
	(void)ctx;
	return 2;
}

SEC("xdp.frags")
int nothing_frags(struct xdp_md *ctx)
{
	(void)ctx;
	return 2;
}

SEC("tc")
int nothing_tc(struct __sk_buff *skb)
{
	(void)skb;
	return -1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
