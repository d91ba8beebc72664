/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_explain.h - why a rule matched or not, in words, from the source that
 * decides: each condition is put to decide.h alone.
 */
#ifndef HG_POLICY_EXPLAIN_H
#define HG_POLICY_EXPLAIN_H

#include "policy_compile.h"
#include "policy_judge.h"

#define HG_EXPLAINED_MAX 400

struct hg_explained {
	struct hg_judged judged;
	const char *name;
	struct hg_place place;
	const char *matches; /* "yes", "no", "unknown", "skipped" */
	char why[HG_EXPLAINED_MAX];
};

typedef void (*hg_explained_fn)(const struct hg_explained *explained, void *arg);

/* Calls `each` for every rule, those of `protect` first; *out is the verdict. */
int hg_policy_explain(const struct hg_compiled *c, const struct hg_flow_view *v,
		      hg_explained_fn each, void *arg, struct hg_verdict *out);

/* "reset by rule no-legacy (monitor: counted, not done)" */
const char *hg_verdict_words(const struct hg_compiled *c, const struct hg_verdict *v,
			     char out[HG_EXPLAINED_MAX]);

/*
 * What `quic: drop` does to the client of this flow, in words.  Only its address
 * counts: the name is not known.  Returns `out`.
 */
const char *hg_quic_words(const struct hg_compiled *c, const struct hg_flow_view *v,
			  char out[HG_EXPLAINED_MAX]);

#endif /* HG_POLICY_EXPLAIN_H */
