/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counters.h - what the data path counts, per interface and processor.
 *
 * The field names are the label values of the metrics, so that `bpftool map
 * dump` reads like the exporter.  Each group is a struct of __u64 in the order
 * of its enum in terms.h; HG_COUNT() indexes it by that enum.
 */
#ifndef HG_COUNTERS_H
#define HG_COUNTERS_H

#include "terms.h"
#include "types.h"

#define HG_FIELD(id, text) __u64 id;

/* Histogram bounds, "less than or equal"; the last bucket is above them all. */
#define HG_HELLO_BYTES_BOUNDS                                                                      \
	{                                                                                          \
		256, 512, 768, 1024, 1536, 2048, 4096, 8192, 16384                                 \
	}
#define HG_SEGMENT_BOUNDS                                                                          \
	{                                                                                          \
		1, 2, 3, 4, 8, 16, 32                                                              \
	}
#define HG_CIPHER_BOUNDS                                                                           \
	{                                                                                          \
		0, 1, 2, 4, 8, 16, 24, 32, 48, 64, 128                                             \
	}
#define HG_HELLO_BYTES_BUCKETS 10
#define HG_SEGMENT_BUCKETS 8
#define HG_CIPHER_BUCKETS 12

struct hg_counters {
	struct {
		HG_RESULTS(HG_FIELD)
	} packets;
	struct {
		HG_UNPARSED(HG_FIELD)
	} unparsed;
	struct {
		HG_VERSIONS(HG_FIELD)
	} hellos_tcp;
	struct {
		HG_VERSIONS(HG_FIELD)
	} hellos_quic;
	struct {
		HG_SNI_STATES(HG_FIELD)
	} sni;
	__u64 flows_created;
	struct {
		HG_BUCKETS(HG_FIELD)
	} coverage;
	struct {
		HG_FLAGS(HG_FIELD)
	} flags;
	struct {
		HG_OUTCOMES(HG_FIELD)
	} handshakes;
	struct {
		HG_REFUSALS(HG_FIELD)
	} refused;
	struct {
		HG_RESET_TO(HG_FIELD)
	} resets;
	struct {
		HG_RESET_TO(HG_FIELD)
	} resets_died; /* flows */
	struct {
		HG_RESET_TO(HG_FIELD)
	} resets_survived;
	struct {
		HG_RESET_FAILURES(HG_FIELD)
	} reset_failures;
	__u64 events;
	__u64 events_lost;
	__u64 verdict_timeouts;
	__u64 hello_bytes[HG_HELLO_BYTES_BUCKETS];
	__u64 hello_bytes_sum;
	__u64 hello_segments[HG_SEGMENT_BUCKETS];
	__u64 hello_segments_sum;
	__u64 cipher_count[HG_CIPHER_BUCKETS];
	__u64 cipher_count_sum;
	struct {
		HG_QUIC_ACTIONS(HG_FIELD)
	} quic_initials;
	__u64 quic_unknown_versions;
};

/* Add n to counter `index` of `group`; an index outside the group is lost. */
#define HG_COUNT_N(counters, group, index, n)                                                      \
	do {                                                                                       \
		__u32 hg_i = (index);                                                              \
		hg_opaque(hg_i);                                                                   \
		if (hg_i < sizeof((counters)->group) / sizeof(__u64))                              \
			((__u64 *)&(counters)->group)[hg_i] += (n);                                \
	} while (0)
#define HG_COUNT(counters, group, index) HG_COUNT_N(counters, group, index, 1)

#endif /* HG_COUNTERS_H */
