/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * hellogate.bpf.c - the hooks: thin entries around one path.
 *
 * xdp      hg_xdp or hg_xdp_frags parses and judges; hg_arm, at TC ingress,
 *          resets what the metadata in front of a packet says;
 * tcx, tc  hg_ingress does both;
 * all      hg_egress sees the other direction.
 */
#include "path.h"
#include "reset.h"
#include "sweep.h"

/* Stands for watched_ports in the map `interface_numbers`; set by the loader. */
HG_KNOB __u32 ports_id = 0;

HG_INLINE int hg_entry_xdp(struct xdp_md *ctx)
{
	struct hg_scratch *s;
	struct hg_rst *meta;
	void *data;
	int act;

	act = hg_path(ctx, HG_AT_XDP, (void *)(long)ctx->data, (void *)(long)ctx->data_end,
		      ctx->ingress_ifindex);
	hg_path_end(act);
	if (act == HG_ACT_DROP)
		return XDP_DROP;
	if (act != HG_ACT_RESET)
		return XDP_PASS;
	s = hg_scratch();
	if (!s || bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta))) {
		/* The verdict stands: what cannot be handed to the arm does not pass. */
		hg_count_reset_failure(HG_RESET_FAILURE_no_metadata);
		return XDP_DROP;
	}
	data = (void *)(long)ctx->data;
	meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) > data)
		return XDP_PASS;
	__builtin_memcpy(meta, &s->rst, sizeof(*meta));
	return XDP_PASS;
}

SEC("xdp")
int hg_xdp(struct xdp_md *ctx)
{
	return hg_entry_xdp(ctx);
}

SEC("xdp.frags")
int hg_xdp_frags(struct xdp_md *ctx)
{
	return hg_entry_xdp(ctx);
}

/* Returns the TC action for an enum hg_act. */
HG_INLINE int hg_act_tc(struct __sk_buff *skb, int act, bool egress)
{
	if (act == HG_ACT_DROP)
		return TC_ACT_SHOT;
	if (act != HG_ACT_RESET)
		return TC_ACT_UNSPEC;
	return hg_reset(skb, egress);
}

SEC("tc")
int hg_ingress(struct __sk_buff *skb)
{
	int act = hg_path(skb, HG_AT_INGRESS, (void *)(long)skb->data, (void *)(long)skb->data_end,
			  skb->ingress_ifindex);

	hg_path_end(act);
	return hg_act_tc(skb, act, false);
}

/* The arm that resets for XDP. */
SEC("tc")
int hg_arm(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct hg_rst *meta = (void *)(long)skb->data_meta;
	struct hg_scratch *s = hg_scratch();

	if ((void *)(meta + 1) > data || meta->magic != HG_RST_MAGIC)
		return TC_ACT_UNSPEC;
	if (!s)
		return TC_ACT_SHOT;
	s->rst = *meta;
	if (hg_headers(skb, HG_AT_INGRESS, data, end, &s->packet) != HG_HEADERS_TCP)
		return TC_ACT_SHOT;
	/* On newer kernels what XDP handed over stays with the frame, also when it is a RST. */
	if (s->packet.flags & HG_TCP_RST)
		return TC_ACT_UNSPEC;
	return hg_reset(skb, 0);
}

/*
 * Did an attached ingress read this forwarded packet?  One that watches other
 * ports may not have: what it did read is then read again, and nothing of it
 * counts twice.
 */
HG_INLINE bool hg_seen_at_ingress(struct __sk_buff *skb)
{
	struct hg_interface_key key = { .ifindex = skb->ingress_ifindex, .netns = netns_number };
	__u32 *ports = key.ifindex ? bpf_map_lookup_elem(&interface_numbers, &key) : NULL;

	return ports && *ports == ports_id;
}

/*
 * Is a packet that an attached ingress has read the server's, of a flow that
 * lives?  Under NAT it came in there with other addresses, as of no flow.
 * Without NAT it does nothing here that it has not done before.
 */
HG_SUBPROG bool hg_follows(struct __sk_buff *skb, struct hg_scratch *s)
{
	const struct hg_packet *p = &s->packet;
	struct hg_slot *slot;
	struct hg_flow *f;

	if (hg_headers(skb, HG_AT_EGRESS, (void *)(long)skb->data, (void *)(long)skb->data_end,
		       &s->packet) != HG_HEADERS_TCP)
		return false;
	s->hash = hg_packet_hash(p);
	slot = hg_slot(s->hash);
	if (!slot)
		return false;
	if (hg_slot_mine(slot, s->hash) && HG_SLOT_STATE(slot->word) != HG_SLOT_DONE)
		return HG_SLOT_CLIENT_LO(slot->word) != hg_sender_is_lo(p);
	hg_packet_key(p, &s->key);
	f = hg_flow_lookup(&s->key);
	return f && f->state != HG_FLOW_CLOSED && f->client_lo != hg_sender_is_lo(p);
}

/* What ingress has read is kept in the scratch: in a register, all would be verified twice. */
SEC("tc")
int hg_egress(struct __sk_buff *skb)
{
	struct hg_scratch *s = hg_scratch();
	int act;

	if (!s)
		return TC_ACT_UNSPEC;
	s->seen = hg_seen_at_ingress(skb);
	if (s->seen && !hg_follows(skb, s))
		return TC_ACT_UNSPEC;
	act = hg_path(skb, HG_AT_EGRESS, (void *)(long)skb->data, (void *)(long)skb->data_end,
		      skb->ifindex);
	s = hg_scratch(); /* once more, instead of a place on the stack meanwhile */
	if (!s || !s->seen || act != HG_ACT_PASS)
		hg_path_end(act);
	return hg_act_tc(skb, act, true);
}

/* Run once by the loader. */
SEC("tc")
int hg_start_sweep(struct __sk_buff *skb)
{
	(void)skb;
	return hg_sweep_start();
}

/* A sweep by hand, for replays, whose clock stands still between packets. */
SEC("tc")
int hg_sweep_now(struct __sk_buff *skb)
{
	struct hg_sweep *w = hg_sweep_state();

	(void)skb;
	if (w)
		hg_sweep_once(w);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
