/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * judge.h - is what was seen what the row says?
 */
#ifndef HG_CONFORMANCE_JUDGE_H
#define HG_CONFORMANCE_JUDGE_H

#include "script.h"
#include "seen.h"

/* Why it is not; NULL: it is.  The text holds until the next call. */
const char *judge(const struct script *s, const struct seen *seen);

/*
 * The same, told by a server.  It took a hello and acted on `name` (NULL: on
 * none), or took none.
 */
struct served {
	bool took;
	bool named;
	char name[SEEN_NAME];
	__u32 name_len;
};
const char *judge_served(const struct script *s, const struct seen *seen,
			 const struct served *served, __u32 served_count);

/*
 * Another program shows names and no classes: it is right if it shows the
 * server's name and not the decoy's, or none where there is none.
 */
bool judge_peer_can(const struct script *s);
const char *judge_peer(const struct script *s, const struct served *shown, __u32 count);

const char *bucket_name(__u32 bucket);

#endif /* HG_CONFORMANCE_JUDGE_H */
