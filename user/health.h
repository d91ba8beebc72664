/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * health.h - what a snapshot says about the state of an instance, judged once
 * for `status`, `status --check` and the daemon.
 */
#ifndef HG_HEALTH_H
#define HG_HEALTH_H

#include "snapshot.h"

enum hg_health_level {
	HG_HEALTH_OK,
	HG_HEALTH_WARN, /* worth knowing: counters never forget, so this may be over */
	HG_HEALTH_FAIL, /* degraded now */
};

struct hg_health {
	enum hg_health_level level;
	char what[48];
	char text[192];
};

/* Lines for an instance: each interface may have one. */
#define HG_HEALTH_MAX (HG_INTERFACES + 16)

/* `out` has room for HG_HEALTH_MAX; returns how many were written. */
unsigned int hg_health_judge(const struct hg_snapshot *s, struct hg_health *out);

/* "ok", "WARN", "FAIL" */
const char *hg_health_level_text(enum hg_health_level level);

/* Decimal digits with a comma every three; returns `text`. */
#define HG_GROUPED_SIZE 28
const char *hg_grouped(__u64 value, char text[HG_GROUPED_SIZE]);

#endif /* HG_HEALTH_H */
