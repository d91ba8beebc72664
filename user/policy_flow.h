/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_flow.h - a flow as an operator describes it, in `tests:` of a policy
 * and on the command line of `policy explain`.
 *
 * What is not said is not known, and a condition on it is unknown; but a flow
 * has no flag and came in a single segment unless said otherwise.
 */
#ifndef HG_POLICY_FLOW_H
#define HG_POLICY_FLOW_H

#include "policy_judge.h"
#include "policy_values.h"

#define HG_FINGERPRINT_MAX 63
#define HG_OFFERS_MAX 1024 /* bytes of each list */

/* A list of a hello, as it is on the wire. */
struct hg_flow_list {
	__u8 bytes[HG_OFFERS_MAX];
	__u32 len;
};

struct hg_flow_spec {
	struct hg_hello hello;
	/* But for hello, lists, interface, ja4 and ja3: see hg_flow_spec_view(). */
	struct hg_flow_view view;
	struct hg_flow_list ciphers;
	struct hg_flow_list groups;
	struct hg_flow_list alpn;
	char interface[16];
	bool failures_known;
	unsigned int failures; /* of the client, in any window, for any cause */
	char ja4[HG_FINGERPRINT_MAX + 1];
	char ja3[HG_FINGERPRINT_MAX + 1];
};

void hg_flow_spec_begin(struct hg_flow_spec *spec);

/*
 * Set one field from its text, as the table in policy_flow.c has them.  Some
 * add to a list: flag, groups, alpn, certificate, and ciphers by name or number.  Returns 0,
 * or -1 after writing to `why`.
 */
int hg_flow_spec_set(struct hg_flow_spec *spec, const char *field, const char *text,
		     char why[HG_WHY_MAX]);

/* The fields, NULL-terminated. */
const char *const *hg_flow_spec_fields(void);

/* Points into *spec. */
struct hg_flow_view hg_flow_spec_view(const struct hg_flow_spec *spec);

#endif /* HG_POLICY_FLOW_H */
