/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * failures.h - which handshakes of a client failed lately: what rules on
 * `failures` ask.
 *
 * Of each client the last HG_FAILURES_KEPT are remembered, so that a rule may ask
 * for that many in any window.  A table of bounded size: the client that was quiet
 * for the longest time is forgotten first, and counted.
 */
#ifndef HG_FAILURES_H
#define HG_FAILURES_H

#include "../include/terms.h"
#include "../include/types.h"

#define HG_FAILURES_KEPT 64 /* of one client */

/* A client: an IPv4 address, mapped, or an IPv6 /64. */
struct hg_failures;

/* Room for `clients`.  NULL: no memory. */
struct hg_failures *hg_failures_new(unsigned int clients);
void hg_failures_free(struct hg_failures *f);

/* A handshake of this client failed at `now_ns`, for `cause`. */
void hg_failures_add(struct hg_failures *f, const __u8 client[16], __u64 now_ns,
		     enum hg_cause cause);

/*
 * How many failed within the last `within_ns`, of the causes in the mask (bits of
 * enum hg_cause): HG_FAILURES_KEPT means that many or more.
 */
unsigned int hg_failures_count(const struct hg_failures *f, const __u8 client[16], __u64 now_ns,
			       __u64 within_ns, __u64 causes);

/* Clients that made room for others. */
__u64 hg_failures_forgotten(const struct hg_failures *f);

#endif /* HG_FAILURES_H */
