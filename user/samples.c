/* SPDX-License-Identifier: BSD-2-Clause */
#include "samples.h"

#include <stdlib.h>

#include "terms.h"

/* Counters as they are told in one block: a sample is the difference of two. */
struct counted {
	__u64 hellos, resets, would_reset;
	__u64 handshakes[HG_OUTCOME_COUNT];
	__u64 failures[HG_CAUSE_COUNT][HG_SIDE_COUNT];
};

#define COUNTERS (sizeof(struct counted) / sizeof(__u64))

struct sample {
	__u64 wall_ms;
	__u32 counts[COUNTERS];
};

struct hg_samples {
	struct counted before;
	bool begun;
	__u64 taken; /* so many were put into the ring */
	struct sample ring[HG_SAMPLES];
};

struct hg_samples *hg_samples_new(void)
{
	return calloc(1, sizeof(struct hg_samples));
}

void hg_samples_free(struct hg_samples *samples)
{
	free(samples);
}

/* ---- counting ---- */

/* Flows that a rule in monitor would have reset or dropped. */
static __u64 would_reset(const struct hg_snapshot *s)
{
	__u64 sum = 0;

	for (unsigned int i = 0; i < s->rule_count; i++) {
		const __u64 *verdicts = s->rules[i].counters.verdicts[HG_MODE_monitor];

		sum += verdicts[HG_ACTION_reset] + verdicts[HG_ACTION_drop];
	}
	return sum;
}

static void count(struct counted *c, const struct hg_snapshot *s)
{
	c->hellos = hg_counters_hellos(&s->total);
	c->resets = hg_counters_resets(&s->total);
	c->would_reset = would_reset(s);
	memcpy(c->handshakes, &s->total.handshakes, sizeof(c->handshakes));
	memcpy(c->failures, s->run.failures, sizeof(c->failures));
}

void hg_samples_add(struct hg_samples *samples, const struct hg_snapshot *s, __u64 wall_ns)
{
	struct sample *sample = &samples->ring[samples->taken % HG_SAMPLES];
	struct counted now = { 0 };
	const __u64 *is = (const __u64 *)&now, *was = (const __u64 *)&samples->before;

	count(&now, s);
	if (samples->begun) {
		sample->wall_ms = wall_ns / 1000000;
		for (size_t i = 0; i < COUNTERS; i++)
			sample->counts[i] = (__u32)(is[i] >= was[i] ? is[i] - was[i] : is[i]);
		samples->taken++;
	}
	samples->before = now;
	samples->begun = true;
}

/* ---- telling ---- */

/* Which samples are told. */
struct span {
	const struct hg_samples *samples;
	__u64 from, to;
};

static const struct sample *sample_at(const struct span *span, __u64 n)
{
	return &span->samples->ring[n % HG_SAMPLES];
}

static void put_counts(struct hg_json *j, const struct span *span, size_t counter)
{
	hg_json_array(j);
	for (__u64 n = span->from; n < span->to; n++)
		hg_json_uint(j, sample_at(span, n)->counts[counter]);
	hg_json_array_end(j);
}

static bool is_counted(const struct span *span, size_t counter)
{
	for (__u64 n = span->from; n < span->to; n++)
		if (sample_at(span, n)->counts[counter])
			return true;
	return false;
}

#define AT(member) (offsetof(struct counted, member) / sizeof(__u64))

static void put_series(struct hg_json *j, const struct span *span, const char *key, size_t counter)
{
	hg_json_key(j, key);
	put_counts(j, span, counter);
}

static void put_failures(struct hg_json *j, const struct span *span)
{
	hg_json_key(j, "failures");
	hg_json_array(j);
	for (unsigned int i = 0; i < HG_CAUSE_COUNT * HG_SIDE_COUNT; i++) {
		if (!is_counted(span, AT(failures) + i))
			continue;
		hg_json_object(j);
		hg_json_put_term(j, "cause", hg_cause_text(i / HG_SIDE_COUNT));
		hg_json_put_term(j, "side", hg_side_text(i % HG_SIDE_COUNT));
		put_series(j, span, "counts", AT(failures) + i);
		hg_json_object_end(j);
	}
	hg_json_array_end(j);
}

void hg_samples_json(struct hg_json *j, const struct hg_samples *samples, unsigned int most)
{
	__u64 count = samples->taken < HG_SAMPLES ? samples->taken : HG_SAMPLES;
	struct span span = { samples, 0, samples->taken };

	span.from = samples->taken - (count < most ? count : most);
	hg_json_object(j);
	hg_json_put_uint(j, "schema", 1);
	hg_json_put_uint(j, "step", HG_SAMPLE_SECONDS);
	hg_json_key(j, "times");
	hg_json_array(j);
	for (__u64 n = span.from; n < span.to; n++)
		hg_json_uint(j, sample_at(&span, n)->wall_ms);
	hg_json_array_end(j);
	put_series(j, &span, "hellos", AT(hellos));
	put_series(j, &span, "resets", AT(resets));
	put_series(j, &span, "would_reset", AT(would_reset));
	hg_json_key(j, "handshakes");
	hg_json_object(j);
	for (unsigned int i = 0; i < HG_OUTCOME_COUNT; i++)
		put_series(j, &span, hg_outcome_text(i), AT(handshakes) + i);
	hg_json_object_end(j);
	put_failures(j, &span);
	hg_json_object_end(j);
}
