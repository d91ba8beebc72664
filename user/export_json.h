/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export_json.h - a snapshot as JSON: `status -o json`, and the daemon's API.
 */
#ifndef HG_EXPORT_JSON_H
#define HG_EXPORT_JSON_H

#include "health.h"
#include "json.h"
#include "snapshot.h"

/* One object with everything. */
void hg_json_snapshot(struct hg_json *j, const struct hg_snapshot *s,
		      const struct hg_health *health, unsigned int health_count);

/* One interface. */
void hg_json_interface(struct hg_json *j, const struct hg_snapshot_interface *i);

#endif /* HG_EXPORT_JSON_H */
