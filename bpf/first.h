/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * first.h - a packet without an entry: what its slot says, or its bytes.
 */
#ifndef HG_FIRST_H
#define HG_FIRST_H

#include "attempt.h"
#include "entry.h"
#include "stream.h"
#include "track.h"

/* ---- what the payload looks like ---- */

/* Have the first `len` bytes of the payload in this processor's capture. */
HG_INLINE bool hg_capture_upto(void *ctx, const int at, struct hg_scratch *s, __u32 cpu, __u32 len)
{
	if (len <= s->captured)
		return true;
	if (!hg_stream_copy(ctx, at, cpu, s->packet.payload, 0, len))
		return false;
	s->captured = len;
	return true;
}

/*
 * What do the first bytes of the payload look like?  Where a hello is due, a
 * whole segment is taken at once.
 */
HG_INLINE __u32 hg_look(void *ctx, const int at, struct hg_scratch *s, __u32 cpu, bool due)
{
	__u32 len = s->packet.payload_len, most = due ? HG_COPY_CHUNK : HG_LOOK_BYTES;

	s->captured = 0;
	if (len > most)
		len = most;
	if (!len || !hg_capture_upto(ctx, at, s, cpu, len))
		return 0;
	return hg_looks(cpu, len);
}

/* Look behind a preamble at the front of this segment, and leave it out if a hello follows. */
HG_INLINE __u32 hg_look_behind(void *ctx, const int at, struct hg_scratch *s, __u32 cpu)
{
	struct hg_packet *p = &s->packet;
	struct hg_capture *c = hg_capture(cpu);
	__u32 len, looks = 0, wanted = HG_LOOKS_MAYBE;

	if (!c || !hg_preamble_may_begin(c->bytes[0]) || p->payload_len < HG_LOOK_BYTES)
		return 0;
	len = p->payload_len < HG_COPY_CHUNK ? p->payload_len : HG_COPY_CHUNK;
	if (!hg_capture_upto(ctx, at, s, cpu, len))
		return 0;
	len = hg_preambles_len(cpu, len);
	if (!len || len >= p->payload_len)
		return 0;
	if (c->bytes[0] == HG_CONTENT_CHANGE_CIPHER_SPEC)
		wanted = HG_LOOKS_SURELY; /* mostly it is Finished that follows */
	p->seq += len;
	p->payload += len;
	p->payload_len -= len;
	looks = hg_look(ctx, at, s, cpu, true);
	if (looks & wanted)
		return looks;
	p->seq -= len;
	p->payload -= len;
	p->payload_len += len;
	return 0;
}

/* Where a new flow begins, and what is known of it. */
struct hg_begin {
	__u32 isn;
	__u32 base;
	__u32 flags;
	__u32 offset; /* of this segment from base */
	__u8 ttl;
	__u8 has_slot; /* the slot counted this flow already */
	__u8 heard;    /* the SYN-ACK was seen */
};

/* What the first look at a packet without an entry says. */
enum hg_first {
	HG_FIRST_NOTHING,
	HG_FIRST_HELLO,	 /* this segment begins a hello */
	HG_FIRST_BEHIND, /* it comes before the first segment of its stream */
	HG_FIRST_TAKEN,	 /* another processor has begun its flow meanwhile */
};

/* ---- a packet of a flow that is only a slot ---- */

/* A segment after other data (STARTTLS, a proxy's preamble): does a hello begin in it? */
HG_INLINE __u32 hg_slot_seek(void *ctx, const int at, struct hg_scratch *s, struct hg_begin *b,
			     __u32 cpu, __u32 looks)
{
	if (!(looks & HG_LOOKS_SURELY) && !hg_look_behind(ctx, at, s, cpu))
		return HG_FIRST_NOTHING;
	b->base = s->packet.seq;
	b->offset = 0;
	b->flags |= HG_FLAG(after_other_data);
	return HG_FIRST_HELLO;
}

/*
 * Client payload on a slot: the first bytes of the stream, or a segment after
 * other data, looked at up to HG_SEEK_MAX.
 */
HG_INLINE __u32 hg_slot_payload(void *ctx, const int at, struct hg_scratch *s, struct hg_slot *slot,
				struct hg_begin *b, __u32 cpu, __u32 looks)
{
	__u64 word = slot->word;

	b->offset = s->packet.seq - b->base;
	/* Also after bytes that were none: a decoy must not hide what follows it. */
	if (!b->offset && looks & HG_LOOKS_MAYBE)
		return HG_FIRST_HELLO;
	if (word & HG_SLOT_SOUGHT && b->isn == slot->older_isn)
		return hg_slot_seek(ctx, at, s, b, cpu, looks);
	if (HG_SLOT_STATE(word) == HG_SLOT_SYN) {
		if (b->offset >= HG_STREAM_CAP)
			return HG_FIRST_NOTHING; /* far ahead of a beginning that is to come */
		if (b->offset)
			return HG_FIRST_BEHIND;
		if (hg_slot_move(slot, word, hg_slot_in_state(word, HG_SLOT_SEEK))) {
			slot->isn = b->isn;
			slot->next = s->packet.seq;
		}
	}
	if (s->packet.seq == slot->next)
		slot->next += s->packet.payload_len;
	if (b->offset <= HG_SEEK_MAX)
		return hg_slot_seek(ctx, at, s, b, cpu, looks);
	/* One segment far ahead may be a decoy: all before it must have been seen. */
	if (slot->next - b->base > HG_SEEK_MAX)
		hg_slot_end(slot, slot->word, HG_BUCKET_not_tls);
	return HG_FIRST_NOTHING;
}

/* Could a receiver of the stream that begins at `isn` take this sequence number? */
HG_INLINE bool hg_slot_window(__u32 isn, __u32 seq)
{
	return seq - isn <= HG_SEEK_MAX + HG_STREAM_CAP;
}

HG_INLINE bool hg_slot_window_older(const struct hg_slot *slot, __u32 seq)
{
	return HG_SLOT_STATE(slot->word) == HG_SLOT_SYN && hg_slot_window(slot->older_isn, seq);
}

/*
 * Does this sequence number belong to the stream of the older SYN?  If both SYNs
 * could have begun it, the one that was answered did, or else the nearer.
 */
HG_INLINE bool hg_slot_of_older(const struct hg_slot *slot, __u32 seq)
{
	if (!hg_slot_window_older(slot, seq))
		return false;
	return !hg_slot_window(slot->isn, seq) || slot->word & HG_SLOT_KEPT ||
	       seq - slot->older_isn < seq - slot->isn;
}

/* Which of the SYNs that the slot remembers began the stream of this packet? */
HG_INLINE void hg_slot_stream(const struct hg_slot *slot, const struct hg_packet *p,
			      struct hg_begin *b)
{
	b->isn = slot->isn;
	b->has_slot = 1;
	b->heard = !!(slot->word & (HG_SLOT_ANSWERED | HG_SLOT_KEPT));
	if (slot->word & HG_SLOT_DECOY)
		b->flags |= HG_FLAG(decoy_sequence);
	if (slot->word & HG_SLOT_CHECKSUM)
		b->flags |= HG_FLAG(decoy_checksum);
	if (hg_slot_of_older(slot, p->seq)) {
		b->isn = slot->older_isn;
		b->has_slot = 0; /* that one was counted, and ended */
	}
	b->base = b->isn + 1;
}

/* A byte in front of the stream, as a keep-alive has, is cut off (RFC 9293, 3.10.7.4). */
HG_INLINE bool hg_cut_front(struct hg_packet *p, __u32 base)
{
	if (p->seq + 1 != base)
		return true;
	if (p->payload_len <= 1)
		return false;
	p->seq++;
	p->payload++;
	p->payload_len--;
	return true;
}

HG_INLINE __u32 hg_first_of_slot(void *ctx, const int at, struct hg_scratch *s,
				 struct hg_slot *slot, struct hg_begin *b, __u32 cpu)
{
	struct hg_packet *p = &s->packet;
	__u64 word = slot->word;
	__u32 first = HG_FIRST_NOTHING;
	bool payload;

	hg_slot_stream(slot, p, b);
	b->ttl = HG_SLOT_TTL(word);
	p->from = hg_sender_is_lo(p) == HG_SLOT_CLIENT_LO(word) ? HG_FROM_CLIENT : HG_FROM_SERVER;
	payload = p->from == HG_FROM_CLIENT && p->payload_len && hg_cut_front(p, b->base);
	if (payload)
		first = hg_slot_payload(
			ctx, at, s, slot, b, cpu,
			hg_look(ctx, at, s, cpu, HG_SLOT_STATE(word) == HG_SLOT_SYN));
	if (first != HG_FIRST_NOTHING)
		return first;
	if (payload && HG_SLOT_STATE(slot->word) == HG_SLOT_ENTRY)
		return HG_FIRST_TAKEN;
	if (p->flags & (HG_TCP_FIN | HG_TCP_RST))
		hg_slot_closed();
	return first;
}

/* ---- a packet of no flow that we know ---- */

HG_INLINE __u32 hg_first_of_unknown(void *ctx, const int at, struct hg_scratch *s,
				    struct hg_begin *b, __u32 cpu)
{
	struct hg_packet *p = &s->packet;

	if (!p->payload_len)
		return HG_FIRST_NOTHING;
	p->from = HG_FROM_CLIENT;
	b->isn = p->seq - 1;
	b->base = p->seq;
	b->flags = HG_FLAG(missed_start);
	if (hg_look(ctx, at, s, cpu, false) & HG_LOOKS_SURELY)
		return HG_FIRST_HELLO;
	if (hg_look_behind(ctx, at, s, cpu)) {
		b->base = p->seq;
		b->flags |= HG_FLAG(after_other_data);
		return HG_FIRST_HELLO;
	}
	hg_count_refused(HG_REFUSAL_unknown_flow);
	return HG_FIRST_NOTHING;
}

#endif /* HG_FIRST_H */
