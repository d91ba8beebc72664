/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_counters.h - what `run` counts, in a map of its own: `status` and
 * `metrics` tell it too, and it goes on where the last `run` ended.
 */
#ifndef HG_RUN_COUNTERS_H
#define HG_RUN_COUNTERS_H

#include "diagnosis.h"
#include "instance.h"

/* X(id, what it counts) */
#define HG_RUN_COUNTERS(X)                                                                         \
	X(lost_socket, "records that a client of the socket was too slow for")                     \
	X(lost_sink, "records and events that run could not keep, read or write")                  \
	X(clients_refused, "clients of the socket beyond the most that there may be")              \
	X(verdicts_written, "verdicts for flows that waited")                                      \
	X(verdicts_failed, "verdicts that could not be written")                                   \
	X(verdicts_unknown_revision, "flows that waited under a policy that run does not have")    \
	X(undecided, "flows that ended while they waited")                                         \
	X(server_names_evicted, "idle server names that made room for others")                     \
	X(chunks_lost, "pieces of certificates that came for no open handshake")                   \
	X(chains_dropped, "handshakes whose certificates made room for others'")                   \
	X(knowledge_forgotten, "servers and names that made room for others")                      \
	X(clients_forgotten, "clients whose failures made room for those of others")               \
	X(sampled_out, "established handshakes that the sample left out of the outputs")           \
	X(reloads, "SIGHUPs after which all was as the files say")                                 \
	X(reloads_failed, "SIGHUPs after which all stayed, since something was wrong")             \
	X(hosts_refused, "HTTP requests for the name of another host")                             \
	X(tokens_refused, "HTTP requests without the token")                                       \
	X(streams_refused, "watchers over HTTP beyond the most that there may be")                 \
	X(messages_missed, "messages that watchers over HTTP were too slow for")

#define HG_RUN_COUNTER_FIELD(id, what) __u64 id;

/* From the hello to the last Finished, "less than or equal", in microseconds. */
#define HG_DURATION_BOUNDS                                                                         \
	{                                                                                          \
		1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000,   \
			5000000                                                                    \
	}
#define HG_DURATION_BUCKETS 13 /* the last is above them all */

#define HG_CIPHERS_TOLD 16 /* and one place for all others */

struct hg_run_counters {
	HG_RUN_COUNTERS(HG_RUN_COUNTER_FIELD)
	__u64 failures[HG_CAUSE_COUNT][HG_SIDE_COUNT];
	__u64 server_hellos[HG_VERSION_COUNT][HG_CIPHERS_TOLD + 1];
	__u64 durations[HG_DURATION_BUCKETS];
	__u64 durations_sum_us;
	__u64 last_diagnosis_ns; /* monotonic clock; of the newest, when added */
	/* The revision in force when the last reload failed, and one; 0: it did not.  Not added. */
	__u64 reload_failed_at;
};

/* The cipher suites that have a label of their own; the last place is `other`, 0. */
extern const __u16 hg_ciphers_told[HG_CIPHERS_TOLD + 1];

/* A handshake was diagnosed. */
void hg_run_counters_examined(struct hg_run_counters *c, const struct hg_handshake *h,
			      const struct hg_diagnosis *d);

/* For `run`: open the map, or make it.  Without one its counters end with it. */
void hg_run_counters_open(struct hg_instance *in);
void hg_run_counters_write(const struct hg_instance *in, const struct hg_run_counters *c);

/* Zeros where no `run` has been. */
void hg_run_counters_read(const struct hg_instance *in, struct hg_run_counters *out);

/* Add every counter of `add`. */
void hg_run_counters_add(struct hg_run_counters *sum, const struct hg_run_counters *add);

#endif /* HG_RUN_COUNTERS_H */
