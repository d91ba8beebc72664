/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * note.h - what packets look like below TLS: who sent a RST is told by what it
 * shares with the packets of the host that it claims to be from.
 */
#ifndef HG_NOTE_H
#define HG_NOTE_H

#include "flows.h"

/* Of the slot: what the answer to the SYN looked like. */
HG_INLINE void hg_flow_answer_of(struct hg_flow *f, const struct hg_slot *slot)
{
	f->rtt_us = slot->rtt_us;
	f->server_ttl = slot->ttl;
	f->server_ip_id = slot->ip_id;
	f->server_window = slot->window;
}

/* What the hosts' own packets look like; of those that close, see hg_flow_note_close(). */
HG_INLINE void hg_flow_note(struct hg_flow *f, const struct hg_packet *p)
{
	struct hg_path_facts *path = &f->answer.path;
	__u32 from = p->from & 1;

	if (p->flags & (HG_TCP_FIN | HG_TCP_RST))
		return;
	if (!path->ttl[from])
		path->ttl[from] = p->ttl;
	path->ip_id[from] = p->ip_id;
	path->window[from] = p->window;
	if (from == HG_FROM_SERVER && p->payload_len && path->server_packets < 255)
		path->server_packets++;
}

/* The packet that ends it, or seems to. */
HG_INLINE void hg_flow_note_close(struct hg_flow *f, const struct hg_packet *p, __u64 now)
{
	struct hg_path_facts *path = &f->answer.path;

	if (path->close_at_us)
		return;
	path->close_at_us = f->hello_ns ? (__u32)((now - f->hello_ns) / 1000) + 1 : 1;
	path->close_seq = (__s32)(p->seq - f->next[p->from & 1]);
	path->close_ip_id = p->ip_id;
	path->close_window = p->window;
	path->close_ttl = p->ttl;
}

#endif /* HG_NOTE_H */
