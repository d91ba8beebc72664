/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top_rates.h - what the counters of an instance did between two snapshots.
 */
#ifndef HG_TOP_RATES_H
#define HG_TOP_RATES_H

#include "snapshot.h"

/* Differences.  A counter that went back has been begun anew: it counts from 0. */
struct hg_top_rates {
	double seconds; /* 0: there is nothing to compare with */
	__u64 packets, unparsed;
	__u64 hellos, initials; /* of TCP and QUIC; of QUIC alone */
	__u64 flows;
	__u64 handshakes[HG_OUTCOME_COUNT]; /* as the kernel has it: see docs/metrics.md */
	__u64 resets, reset_failures;
	__u64 covered, to_cover; /* hellos that were read, of those that were to be */
	__u64 lost_ring, lost_socket, lost_sink; /* events */
	__u64 overwritten;			 /* failed handshakes that nobody has diagnosed */
};

/* `before` may be NULL: then all are 0. */
struct hg_top_rates hg_top_rates_between(const struct hg_snapshot *before,
					 const struct hg_snapshot *now);

/* A second. */
static inline double hg_top_rate(double count, double seconds)
{
	return seconds > 0 ? count / seconds : 0;
}

/* Handshakes that ended. */
__u64 hg_top_rates_ended(const struct hg_top_rates *r);

#endif /* HG_TOP_RATES_H */
