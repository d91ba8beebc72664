/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diagnosis.h - why a handshake failed: one cause, which side, how sure.
 *
 * `observed` is what the wire said in clear; all else is inferred, and says from
 * what.  The same for `run`, `watch` and `read`.
 */
#ifndef HG_DIAGNOSIS_H
#define HG_DIAGNOSIS_H

#include "handshake.h"
#include "knowledge.h"
#include "reasons.h"

#define HG_REASONS_MAX 6
#define HG_EVIDENCE_MAX 5

struct hg_diagnosis {
	enum hg_outcome outcome;
	enum hg_cause cause; /* none: nothing failed */
	enum hg_side side;
	bool outcome_observed;
	bool observed;
	unsigned int reason_count;
	unsigned int evidence_count;
	__u8 reasons[HG_REASONS_MAX];	    /* enum hg_reason */
	char evidence[HG_EVIDENCE_MAX][64]; /* of who closed: for people */
	/* What was known by then of the name there, and of the server; no `ended`: nothing. */
	struct hg_known name, server;
};

/* What a diagnosis is made from. */
struct hg_case {
	const struct hg_handshake *h;
	const struct hg_answer_facts *answer;
	const struct hg_known *name;   /* what is known of the name there; NULL: nothing */
	const struct hg_known *server; /* of the server, whatever the name */
	__u32 findings;		       /* of the server's chain: bits of x509.h */
	struct hg_diagnosis *d;
};

void hg_diagnose(struct hg_knowledge *k, const struct hg_handshake *h, __u32 findings,
		 struct hg_diagnosis *d);

/* ---- the parts: each in a file of its own ---- */

/* The verdict: inferred unless the wire said it. */
void hg_say_cause(struct hg_case *c, enum hg_cause cause, enum hg_side side, bool observed);
void hg_say_reason(struct hg_case *c, enum hg_reason reason);

/* An alert in clear: true if it says why. */
bool hg_cause_of_alert(struct hg_case *c);

/* The sizes of encrypted records suggest one. */
bool hg_cause_of_encrypted_alert(struct hg_case *c);

/* Closed or silent without a word. */
void hg_cause_of_close(struct hg_case *c);

/* By comparison with earlier handshakes, before any answer: true if that explains it. */
bool hg_cause_by_comparison(struct hg_case *c);

/* Why a connection failed before its hello. */
void hg_cause_of_attempt(struct hg_case *c);

/* A RST that is not from the host that it names as its sender: true, and the evidence. */
bool hg_is_foreign_reset(struct hg_case *c);

#endif /* HG_DIAGNOSIS_H */
