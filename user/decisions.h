/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decisions.h - the second stage: the kernel stopped at a rule that it cannot
 * judge; go on from there, and write the verdict where the flow's next packet
 * meets it.
 */
#ifndef HG_DECISIONS_H
#define HG_DECISIONS_H

#include "handshake.h"
#include "instance.h"

struct hg_flow_view;
struct hg_decisions;

/*
 * The flow of a handshake, as rules ask for it.  It points into *h, whose hello says
 * all that will be known.
 */
void hg_flow_view_of(struct hg_handshake *h, struct hg_flow_view *view);

int hg_decisions_open(const struct hg_instance *in, struct hg_decisions **out);
void hg_decisions_close(struct hg_decisions *d);

/* A new generation is active: read its text.  Cheap where nothing has changed. */
void hg_decisions_refresh(struct hg_decisions *d);

/* A hello whose verdict is pending. */
void hg_decisions_hello(struct hg_decisions *d, struct hg_handshake *h);

/*
 * Of one of those the server's certificates came whole: rules on `certificate` can be
 * judged, HG_FINDING() bits.
 */
void hg_decisions_certificate(struct hg_decisions *d, struct hg_handshake *h, __u32 findings);

/* Does the rule that decided say `log: all`?  Its handshakes are in no sample: all are told. */
bool hg_decisions_logs_all(struct hg_decisions *d, const struct hg_verdict *v);

/* It is over: was its verdict still pending? */
void hg_decisions_end(struct hg_decisions *d, const struct hg_handshake *h);

/* One failed, of whatever policy: rules on `failures` ask for it. */
void hg_decisions_failed(struct hg_decisions *d, const struct hg_handshake *h, enum hg_cause cause);

/* Forget verdicts that no packet has met. */
void hg_decisions_expire(struct hg_decisions *d, __u64 now_ns);

struct hg_decisions_counts {
	__u64 decided;
	__u64 unknown_revision;	 /* asked under a policy that we do not have */
	__u64 failed;		 /* the verdict could not be written */
	__u64 undecided;	 /* the flow ended while it waited */
	__u64 clients_forgotten; /* whose failures made room for those of others */
};

const struct hg_decisions_counts *hg_decisions_counts(struct hg_decisions *d);

#endif /* HG_DECISIONS_H */
