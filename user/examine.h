/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * examine.h - a handshake that has ended: its certificates are read, its outcome
 * is explained by what is known of the server, and what it teaches is kept.
 */
#ifndef HG_EXAMINE_H
#define HG_EXAMINE_H

#include <time.h>

#include "diagnosis.h"
#include "knowledge.h"
#include "x509.h"

struct hg_examined {
	struct hg_diagnosis diagnosis;
	bool has_certificates[2]; /* enum hg_direction: what follows says something */
	struct hg_certificates certificates[2];
};

/* A diagnosis on its way to the clients of `run`, in front of the END that it is of. */
#define HG_RECORD_DIAGNOSIS 64 /* never an enum hg_event_type */

struct hg_record_diagnosis {
	__u8 type;
	__u8 reserved[7];
	__u64 flow_id;
	struct hg_diagnosis diagnosis;
};

struct hg_examiner;

/* NULL: no memory. */
struct hg_examiner *hg_examiner_new(void);
void hg_examiner_free(struct hg_examiner *x);

/*
 * In the order in which handshakes end, since each is compared with those before;
 * once each.  `told`: the diagnosis of somebody who has seen more of them; or NULL.
 */
void hg_examine(struct hg_examiner *x, const struct hg_handshake *h, time_t now,
		const struct hg_diagnosis *told, struct hg_examined *out);

/* What is wrong with the server's certificates so far: false where they are not whole. */
bool hg_examine_server(struct hg_examiner *x, const struct hg_handshake *h, time_t now,
		       __u32 *findings);

struct hg_knowledge *hg_examiner_knowledge(struct hg_examiner *x);

#endif /* HG_EXAMINE_H */
