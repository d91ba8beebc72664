/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * load.h - bytes of the packet at hand, wherever they lie: linear, in frags, or
 * in a capture.
 */
#ifndef HG_LOAD_H
#define HG_LOAD_H

#include "env.h"

/* How the bytes of the packet at hand are read, whatever the hook. */
enum hg_at { HG_AT_XDP, HG_AT_INGRESS, HG_AT_EGRESS };

#ifdef __bpf__
HG_INLINE long hg_load(void *ctx, const int at, __u32 offset, void *to, __u32 len)
{
	if (at == HG_AT_XDP)
		return bpf_xdp_load_bytes(ctx, offset, to, len);
	return bpf_skb_load_bytes(ctx, offset, to, len);
}

HG_INLINE __u32 hg_frame_len(void *ctx, const int at)
{
	struct __sk_buff *skb = ctx;

	return at == HG_AT_XDP ? bpf_xdp_get_buff_len(ctx) : skb->len;
}

/* Are these several packets, put together by the stack or the device (GRO, LRO)? */
HG_INLINE bool hg_merged(void *ctx, const int at)
{
	struct __sk_buff *skb = ctx;

	return at != HG_AT_XDP && skb->gso_segs > 1;
}

/* The tag that the stack has taken off the frame: 0, if none. */
HG_INLINE __u16 hg_stripped_vlan(void *ctx, const int at)
{
	struct __sk_buff *skb = ctx;

	return at != HG_AT_XDP && skb->vlan_present ? skb->vlan_tci & 0xfff : 0;
}
#else
HG_INLINE long hg_load(void *ctx, const int at, __u32 offset, void *to, __u32 len)
{
	(void)at;
	return nb_load_bytes(ctx, offset, to, len);
}

HG_INLINE __u32 hg_frame_len(void *ctx, const int at)
{
	(void)at;
	return ((struct nb_frame *)ctx)->len;
}

HG_INLINE bool hg_merged(void *ctx, const int at)
{
	(void)ctx;
	(void)at;
	return false;
}

HG_INLINE __u16 hg_stripped_vlan(void *ctx, const int at)
{
	(void)ctx;
	(void)at;
	return 0;
}
#endif

#endif /* HG_LOAD_H */
