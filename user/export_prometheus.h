/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export_prometheus.h - a snapshot in Prometheus' text format 0.0.4.
 *
 * Labels are words of terms.h, names that the operator chose (rules) and
 * interfaces: never an address, a fingerprint or a server name.  Known values
 * are there as 0.  The number of series is bounded: interfaces and rules that
 * do not fit are summed up as "other", and hellogate_series_dropped_total says
 * how many series that cost.
 */
#ifndef HG_EXPORT_PROMETHEUS_H
#define HG_EXPORT_PROMETHEUS_H

#include <stdio.h>

#include "snapshot.h"

#define HG_PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define HG_SERIES_MAX 400
#define HG_SET_LABELS 20
#define HG_RULE_LABELS 52 /* 50 rules, and what no rule matched: default, unread */

/* Returns 0, or -errno if the stream took an error or there is no memory. */
int hg_prometheus_write(const struct hg_snapshot *s, FILE *out);

#endif /* HG_EXPORT_PROMETHEUS_H */
