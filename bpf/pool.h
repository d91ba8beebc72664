/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * pool.h - the captures that hold hellos in reassembly: who has one, and how
 * many one source may have.
 *
 * A stack holds the free ones.  Each source, an IPv4 address or an IPv6 /64,
 * has a share of an eighth; sources are told apart by a keyed hash, so that
 * nobody can choose with whom to share.
 */
#ifndef HG_POOL_H
#define HG_POOL_H

#include "account.h"
#include "maps.h"

/* ---- shares ---- */

HG_INLINE __u32 hg_share_of(const struct hg_packet *p)
{
	__u64 source = p->ipv6 ? (__u64)p->src[0] << 32 | p->src[1] : p->src[3];

	return hg_mix(hg_nh(source, hash_key.k[5])) & (HG_SHARES - 1);
}

HG_INLINE void hg_share_return(__u32 share)
{
	__u32 *taken = bpf_map_lookup_elem(&pool_shares, &share);

	if (taken)
		__sync_fetch_and_add(taken, -1);
}

/* False if the source has its share already. */
HG_INLINE bool hg_share_take(__u32 share)
{
	__u32 *taken = bpf_map_lookup_elem(&pool_shares, &share);

	if (!taken)
		return false;
	if (__sync_fetch_and_add(taken, 1) < HG_SHARE_MAX)
		return true;
	__sync_fetch_and_add(taken, -1);
	return false;
}

/* ---- owners ---- */

HG_INLINE struct hg_owner *hg_capture_owner(__u32 buffer)
{
	__u32 index = buffer - 2 * nr_cpus;

	return bpf_map_lookup_elem(&capture_owners, &index);
}

HG_INLINE struct hg_pool_state *hg_pool(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&pool_state, &zero);
}

/* Whose capture this is from now on. */
HG_INLINE void hg_capture_give(struct hg_scratch *s, __u32 isn, __u32 turn)
{
	struct hg_owner *o = hg_capture_owner(s->given.buffer);

	if (!o)
		return;
	o->key = s->key;
	o->isn = isn;
	o->turn = turn;
}

/* The flow takes what hg_capture_take() has for it. */
HG_INLINE void hg_flow_given(struct hg_flow *f, const struct hg_scratch *s)
{
	f->share = s->given.share;
	f->buffer = s->given.buffer;
}

/* False if it had none. */
HG_INLINE bool hg_flow_release_buffer(struct hg_flow *f)
{
	__u32 buffer = __sync_lock_test_and_set(&f->buffer, HG_NO_BUFFER);

	if (buffer == HG_NO_BUFFER)
		return false;
	hg_share_return(f->share);
	bpf_map_push_elem(&free_captures, &buffer, BPF_ANY);
	return true;
}

#endif /* HG_POOL_H */
