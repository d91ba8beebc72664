/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outcome.h - is a handshake established, and when is that known?
 *
 * TLS <= 1.2: both sides have sent ChangeCipherSpec and Finished.  TLS 1.3: the
 * client has sent a Finished, by its size, and the server something behind it
 * that is no alert, or neither side has closed for a while.
 */
#ifndef HG_OUTCOME_H
#define HG_OUTCOME_H

#include "flight.h"
#include "terms.h"

HG_INLINE bool hg_side_has(const struct hg_answer_facts *a, __u32 side, __u32 bits)
{
	return (a->side[side & 1].seen & bits) == bits;
}

/* Nothing more is needed to say so; `heard`: packets of the server are seen at all. */
HG_INLINE bool hg_is_established(const struct hg_answer_facts *a, bool heard)
{
	if (hg_is_tls13(a->server.version))
		return hg_side_has(a, 0, HG_SEEN_FINISHED) && hg_side_has(a, 1, HG_SEEN_DATA);
	if (!heard) /* the client goes on to application data */
		return hg_side_has(a, 0, HG_SEEN_FINISHED | HG_SEEN_DATA);
	return hg_side_has(a, 0, HG_SEEN_FINISHED) && hg_side_has(a, 1, HG_SEEN_FINISHED);
}

/* Bytes that would say more were missed. */
HG_INLINE bool hg_was_lost(const struct hg_answer_facts *a)
{
	return hg_side_has(a, 1, HG_SEEN_MISSED) ||
	       (hg_side_has(a, 0, HG_SEEN_MISSED) && a->side[1].records);
}

/*
 * What a handshake is that ends now, not by us.  What was cut off by somebody's
 * lack of room, or by the end of a capture, is not known.
 */
HG_INLINE __u8 hg_outcome_at_end(const struct hg_answer_facts *a, __u8 close, bool heard)
{
	bool finished13 = hg_is_tls13(a->server.version) && hg_side_has(a, 0, HG_SEEN_FINISHED);

	if (hg_is_established(a, heard))
		return HG_OUTCOME_established;
	if (hg_was_lost(a) && !a->side[0].alert_count && !a->side[1].alert_count)
		return HG_OUTCOME_unknown;
	switch (close) {
	case HG_CLOSE_idle:
		if (finished13 && !hg_side_has(a, 1, HG_SEEN_ALERT_SIZED))
			return HG_OUTCOME_established;
		return heard ? HG_OUTCOME_failed : HG_OUTCOME_unknown;
	case HG_CLOSE_fin:
	case HG_CLOSE_rst:
		if (a->side[1].alert_count || a->side[0].alert_count)
			return HG_OUTCOME_failed;
		if (!heard || (finished13 && !hg_side_has(a, 1, HG_SEEN_ALERT_SIZED)))
			return HG_OUTCOME_unknown;
		return HG_OUTCOME_failed;
	}
	return HG_OUTCOME_unknown;
}

#endif /* HG_OUTCOME_H */
