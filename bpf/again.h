/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * again.h - a hello that is sent once more.
 *
 * What a server reads need not be what came first: a decoy may have died on its
 * way, or been dropped for what only the server knows.  So, until the server
 * has acknowledged the hello, what is sent again is read again, in any order.
 * A copy changes nothing; another hello makes a conflict, and is judged, too.
 */
#ifndef HG_AGAIN_H
#define HG_AGAIN_H

#include "continue.h"
#include "first.h"

/* Does it offer the same, as far as the rules that judged the first one ask? */
HG_INLINE bool hg_hello_offers_alike(const struct hg_flow *f, const struct hg_scratch *s)
{
	const struct hg_hello *h = &s->parse.hello;

	return f->hello.ech == h->ech && f->hello.session_id_len == h->session_id_len &&
	       f->hello.version_min == hg_version_min_floor(h) &&
	       (f->verdict.revision != s->verdict.revision ||
		f->hello.offers == hg_offers_digest(&s->facts));
}

HG_INLINE bool hg_hello_is_copy(const struct hg_flow *f, const struct hg_scratch *s)
{
	const struct hg_hello *h = &s->parse.hello;

	return hg_hello_offers_alike(f, s) && f->name == s->name && f->hello.bytes == h->bytes &&
	       f->hello.features == h->features && f->hello.version_max == h->version_max &&
	       f->hello.legacy_version == h->legacy_version &&
	       f->hello.cipher_count == h->cipher_count && f->hello.ext_count == h->ext_count &&
	       f->hello.sni_state == h->sni_state;
}

/* Of a hello that was read after the first: what it may do is judged as of any other. */
HG_INLINE void hg_again_judge(struct hg_scratch *s, struct hg_flow *f, __u8 bucket)
{
	s->facts.coverage = 1U << (bucket & 31);
	s->facts.flags = f->flags;
	hg_judge(0);
	if (s->verdict.pending)
		s->verdict = s->fallback; /* nobody is asked a second time */
	if (f->provisional)
		f->end = f->base + f->filled + f->urgent;
	f->provisional = 0;
}

HG_INLINE int hg_again_act(struct hg_scratch *s, struct hg_flow *f)
{
	f->next[HG_FROM_CLIENT] = s->packet.seq; /* for a server that has taken none but these */
	if (hg_verdict_acts(&s->verdict))
		return hg_flow_judged(s, f, &s->verdict);
	hg_count_verdict(&s->verdict);
	return HG_ACT_PASS;
}

/*
 * Another hello was read in the place of the one that was judged.  They do not
 * conflict if the server did not take the first, or it was not read.
 */
HG_INLINE int hg_hello_again(struct hg_scratch *s, struct hg_flow *f)
{
	bool conflict = f->conflict || !f->provisional;
	__u8 bucket = conflict ? HG_BUCKET_conflicting_overlap : hg_bucket_of_hello(f, s);

	hg_again_judge(s, f, bucket);
	f->behind = hg_behind_hello(s, f);
	if (hg_hello_is_copy(f, s))
		return HG_ACT_PASS;
	f->conflict = conflict;
	f->bucket = bucket;
	f->name = s->name;
	hg_flow_keep_hello(f, s);
	hg_flow_to_scratch(s, f);
	s->flow.verdict = s->verdict;
	hg_emit_hello(s->message_index, s->message_at, 1);
	return hg_again_act(s, f);
}

/*
 * The second hello is whole, perhaps once more.  What is told of the flow is what
 * its first said; with another name, nobody knows what it is for.
 */
HG_INLINE int hg_second_done(struct hg_scratch *s, struct hg_flow *f)
{
	bool once_more = !f->provisional;

	hg_again_judge(s, f, f->bucket);
	if (f->name != s->name && !f->conflict) {
		f->bucket = HG_BUCKET_ambiguous;
		hg_again_judge(s, f, f->bucket);
	}
	if (once_more && !hg_verdict_acts(&s->verdict))
		return HG_ACT_PASS; /* it was counted */
	return hg_again_act(s, f);
}

/* Begin to read again: a capture is taken anew. */
HG_INLINE bool hg_reread_begin(const struct hg_scratch *s, struct hg_flow *f)
{
	int why;

	if (!hg_segment_again(f, &s->packet))
		return false;
	why = hg_capture_take(f->isn);
	if (why != HG_CAPTURE_TAKEN) {
		hg_count_refused(why);
		if (!f->provisional)
			hg_segment_resent(f); /* nobody can verify it */
		return false;
	}
	f->urgent = 0;
	f->filled = 0;
	f->reached = 0;
	__builtin_memset(&f->records, 0, sizeof(f->records));
	hg_flow_given(f, s);
	return true;
}

/*
 * Other bytes were sent in the place of the hello that was judged, and they are
 * no hello, or not one that we can read, or have yet.
 */
HG_INLINE int hg_again_unread(struct hg_flow *f)
{
	bool provisional = f->provisional;
	__u64 hello_ns = f->hello_ns;
	__u32 end = f->end;
	int act;

	if (f->conflict)
		return HG_ACT_PASS;
	f->conflict = 1;
	act = hg_continue_unread(HG_BUCKET_conflicting_overlap);
	f->hello_ns = hello_ns;
	if (!provisional)
		f->end = end;
	return act;
}

/*
 * Is what has begun to be read again longer or shorter than what was judged?  Its
 * end may have come before its beginning, and been left alone.
 */
HG_INLINE bool hg_is_other_size(const struct hg_flow *f)
{
	if (!f->hello.bytes || f->provisional || f->second)
		return false;
	return f->filled + f->urgent >= f->end - f->base ||
	       (f->records.need && f->records.need != f->hello.bytes);
}

/*
 * What came early waits in the flow's one capture.  It gives way to a hello that is
 * sent again: 0 if this segment is no part of one.
 */
HG_NOINLINE int hg_reread_has_capture(void)
{
	struct hg_scratch *s = hg_scratch();
	struct hg_flow *f = s ? hg_flow_lookup(&s->key) : NULL;

	if (!f || !hg_segment_again(f, &s->packet))
		return 0;
	if (f->gap == HG_FROM_SERVER + 1)
		f->answer.side[HG_FROM_SERVER].seen |= HG_SEEN_LOST | HG_SEEN_MISSED;
	else
		f->answer.side[HG_FROM_CLIENT].seen |= HG_SEEN_LOST | HG_SEEN_MISSED;
	f->gap = 0;
	hg_flow_release_buffer(f);
	return 1;
}

HG_INLINE int hg_reread(void *ctx, const int at, struct hg_scratch *s, struct hg_flow *f, __u32 cpu)
{
	__u32 scan;
	int act;

	if ((f->gap && !hg_reread_has_capture()) ||
	    (f->buffer == HG_NO_BUFFER && !hg_reread_begin(s, f)))
		return HG_ACT_PASS;
	act = hg_continue_segment(ctx, at, s, f, cpu);
	if (act != HG_ACT_PASS)
		return act;
	s->records = f->records;
	scan = hg_hello_read(s, f->buffer, cpu, f->filled);
	f->records = s->records;
	if (scan == HG_SCAN_MORE)
		return hg_is_other_size(f) ? hg_again_unread(f) : HG_ACT_PASS;
	if (scan == HG_SCAN_COMPLETE)
		act = f->second ? hg_second_done(s, f) : hg_hello_again(s, f);
	else if (hg_bucket_of_scan(scan) != f->bucket)
		act = hg_again_unread(f);
	hg_flow_release_buffer(f);
	return act;
}

/*
 * A hello right behind the one that was judged: the server has asked for it by a
 * HelloRetryRequest (RFC 8446, section 4.1.2), perhaps behind a ChangeCipherSpec.
 */
HG_INLINE void hg_second_begins(void *ctx, const int at, struct hg_scratch *s, struct hg_flow *f,
				__u32 cpu)
{
	if (s->packet.seq != f->end || f->state == HG_FLOW_PARTIAL)
		return;
	if (!(hg_look(ctx, at, s, cpu, false) & HG_LOOKS_SURELY) &&
	    !hg_look_behind(ctx, at, s, cpu))
		return;
	hg_flow_release_buffer(f);
	f->base = s->packet.seq;
	f->behind = f->base; /* a ChangeCipherSpec in front of it was stepped over */
	f->flight[HG_FROM_CLIENT].next = f->base;
	f->settled = 0;
	f->second = 1;
	hg_flow_provisional(f);
}

HG_INLINE int hg_reread_locked(void *ctx, const int at, struct hg_scratch *s, struct hg_flow *f,
			       __u32 cpu)
{
	int act;

	if ((f->settled && s->packet.seq != f->end) || !hg_flow_lock_patiently(f))
		return HG_ACT_PASS;
	hg_second_begins(ctx, at, s, f, cpu);
	act = f->settled ? HG_ACT_PASS : hg_reread(ctx, at, s, f, cpu);
	hg_flow_unlock(f);
	return act;
}

#endif /* HG_AGAIN_H */
