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

struct hg_flow_spec {
	struct hg_hello hello;
	struct hg_flow_view view; /* but for hello, ja4 and ja3: see hg_flow_spec_view() */
	char ja4[HG_FINGERPRINT_MAX + 1];
	char ja3[HG_FINGERPRINT_MAX + 1];
};

void hg_flow_spec_begin(struct hg_flow_spec *spec);

/*
 * Set one field from its text: sni ("none" for a hello without), sni_state,
 * src, dst, port, version_max, ciphers ("all-weak" or "strong"), ja4, ja3,
 * coverage, flag (adds one).  Returns 0, or -1 after writing to `why`.
 */
int hg_flow_spec_set(struct hg_flow_spec *spec, const char *field, const char *text,
		     char why[HG_WHY_MAX]);

/* The fields, NULL-terminated. */
const char *const *hg_flow_spec_fields(void);

/* Points into *spec. */
struct hg_flow_view hg_flow_spec_view(const struct hg_flow_spec *spec);

#endif /* HG_POLICY_FLOW_H */
