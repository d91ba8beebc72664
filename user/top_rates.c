/* SPDX-License-Identifier: BSD-2-Clause */
#include "top_rates.h"

static __u64 grown(__u64 before, __u64 now)
{
	return now >= before ? now - before : now;
}

static __u64 reset_failures(const struct hg_counters *c)
{
	const __u64 *reasons = (const __u64 *)&c->reset_failures;
	__u64 sum = 0;

	for (unsigned int i = 0; i < HG_RESET_FAILURE_COUNT; i++)
		sum += reasons[i];
	return sum;
}

static void compare_counters(const struct hg_counters *before, const struct hg_counters *now,
			     struct hg_top_rates *r)
{
	const __u64 *were = (const __u64 *)&before->handshakes;
	const __u64 *are = (const __u64 *)&now->handshakes;
	__u64 read[2], of[2];

	r->packets = grown(hg_counters_packets(before), hg_counters_packets(now));
	r->unparsed = grown(before->packets.unparsed, now->packets.unparsed);
	r->hellos = grown(hg_counters_hellos(before), hg_counters_hellos(now));
	r->initials = grown(hg_counters_initials(before), hg_counters_initials(now));
	r->flows = grown(before->flows_created, now->flows_created);
	for (unsigned int i = 0; i < HG_OUTCOME_COUNT; i++)
		r->handshakes[i] = grown(were[i], are[i]);
	r->resets = grown(hg_counters_resets(before), hg_counters_resets(now));
	r->reset_failures = grown(reset_failures(before), reset_failures(now));
	hg_counters_covered(before, &read[0], &of[0]);
	hg_counters_covered(now, &read[1], &of[1]);
	r->covered = grown(read[0], read[1]);
	r->to_cover = grown(of[0], of[1]);
	r->lost_ring = grown(before->events_lost, now->events_lost);
}

struct hg_top_rates hg_top_rates_between(const struct hg_snapshot *before,
					 const struct hg_snapshot *now)
{
	struct hg_top_rates r = { 0 };

	if (!before || now->taken_ns <= before->taken_ns)
		return r;
	r.seconds = (double)(now->taken_ns - before->taken_ns) / HG_SECOND;
	compare_counters(&before->total, &now->total, &r);
	r.lost_socket = grown(before->run.lost_socket, now->run.lost_socket);
	r.lost_sink = grown(before->run.lost_sink, now->run.lost_sink);
	r.overwritten = grown(before->undiagnosed_overwritten, now->undiagnosed_overwritten);
	return r;
}

__u64 hg_top_rates_ended(const struct hg_top_rates *r)
{
	__u64 sum = 0;

	for (unsigned int i = 0; i < HG_OUTCOME_COUNT; i++)
		sum += r->handshakes[i];
	return sum;
}
