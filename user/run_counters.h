/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_counters.h - what `run` counts, in a map of its own: `status` and
 * `metrics` tell it too, and it goes on where the last `run` ended.
 */
#ifndef HG_RUN_COUNTERS_H
#define HG_RUN_COUNTERS_H

#include "instance.h"

/* X(id, what it counts) */
#define HG_RUN_COUNTERS(X)                                                                         \
	X(lost_socket, "records that a client of the socket was too slow for")                     \
	X(lost_sink, "records that run itself had no room for, or could not read")                 \
	X(clients_refused, "clients of the socket beyond the most that there may be")              \
	X(verdicts_written, "verdicts for flows that waited")                                      \
	X(verdicts_failed, "verdicts that could not be written")                                   \
	X(verdicts_unknown_revision, "flows that waited under a policy that run does not have")    \
	X(undecided, "flows that ended while they waited")                                         \
	X(server_names_evicted, "idle server names that made room for others")

#define HG_RUN_COUNTER_FIELD(id, what) __u64 id;

struct hg_run_counters {
	HG_RUN_COUNTERS(HG_RUN_COUNTER_FIELD)
};

/* For `run`: open the map, or make it.  Without one its counters end with it. */
void hg_run_counters_open(struct hg_instance *in);
void hg_run_counters_write(const struct hg_instance *in, const struct hg_run_counters *c);

/* Zeros where no `run` has been. */
void hg_run_counters_read(const struct hg_instance *in, struct hg_run_counters *out);

/* Add every counter of `add`. */
void hg_run_counters_add(struct hg_run_counters *sum, const struct hg_run_counters *add);

#endif /* HG_RUN_COUNTERS_H */
