/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_values.h - the small values of a policy: networks, ports, versions,
 * durations, globs.  Each parser returns 0, or -EINVAL after writing to `why` what
 * is wrong, with the text that is.
 */
#ifndef HG_POLICY_VALUES_H
#define HG_POLICY_VALUES_H

#include "../include/policy.h"
#include "../include/terms.h"
#include "say.h"

struct hg_number_range {
	__u16 first;
	__u16 last;
};

struct hg_version_range {
	__u8 lo; /* enum hg_version, inclusive */
	__u8 hi;
};

/* What a rule asks of a client's past. */
struct hg_failures_asked {
	__u32 at_least; /* 0: nothing */
	__u32 within_ms;
	__u64 causes; /* bits of enum hg_cause */
};

/* "192.0.2.1" (IPv4 is mapped). */
int hg_address_parse(const char *text, __u8 out[16], char why[HG_WHY_MAX]);

/* "192.0.2.0/24", "2001:db8::/32", or one address. */
int hg_net_parse(const char *text, struct hg_net_key *out, char why[HG_WHY_MAX]);

/* "443" or "8000-8100". */
int hg_ports_parse(const char *text, struct hg_number_range *out, char why[HG_WHY_MAX]);

/* "1.2", "=1.2", "<1.2", "<=1.2", ">1.2", ">=1.2". */
int hg_versions_parse(const char *text, struct hg_version_range *out, char why[HG_WHY_MAX]);

/* "3", "=3", "<3", "<=3", ">3", ">=3": 0 to 65535. */
int hg_count_parse(const char *text, struct hg_number_range *out, char why[HG_WHY_MAX]);

/* "500ms", "1s", "2m". */
int hg_duration_parse(const char *text, __u32 *milliseconds, char why[HG_WHY_MAX]);

/* A JA3 or JA4 fingerprint; `*` is any text, `?` any character. */
int hg_glob_check(const char *glob, char why[HG_WHY_MAX]);
bool hg_glob_matches(const char *glob, const char *text);

bool hg_net_is_v4(const __u8 addr[16]);

/* "192.0.2.0/24"; a network of one address is written as that address. */
const char *hg_net_text(const struct hg_net_key *net, char out[64]);

#endif /* HG_POLICY_VALUES_H */
