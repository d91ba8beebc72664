/* SPDX-License-Identifier: BSD-2-Clause */
#include "clock.h"

#include <time.h>

#define HG_MEASURE_EVERY 1000000000ULL
#define HG_MEASURE_ROUNDS 3

static uint64_t now_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

uint64_t hg_clock_monotonic(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

uint64_t hg_clock_tai(void)
{
	return now_ns(CLOCK_TAI);
}

uint64_t hg_clock_now(void)
{
	return now_ns(CLOCK_REALTIME);
}

/* Whole seconds; zero where nobody has told the kernel. */
uint64_t hg_clock_tai_offset(void)
{
	uint64_t ahead = hg_clock_tai() - hg_clock_now();

	return (ahead + 500000000ULL) / 1000000000ULL * 1000000000ULL;
}

/* The round with the least time between its two readings disturbs least. */
static void measure(struct hg_clock *clock)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < HG_MEASURE_ROUNDS; i++) {
		uint64_t before = now_ns(CLOCK_MONOTONIC), wall = now_ns(CLOCK_REALTIME),
			 after = now_ns(CLOCK_MONOTONIC);

		if (after - before >= best)
			continue;
		best = after - before;
		clock->offset_ns = (int64_t)(wall - (before + best / 2));
		clock->measured_ns = after;
	}
}

void hg_clock_init(struct hg_clock *clock, bool wall)
{
	*clock = (struct hg_clock){ .wall = wall }; /* measured with the first event */
}

uint64_t hg_clock_wall(struct hg_clock *clock, uint64_t event_ns)
{
	if (clock->wall)
		return event_ns;
	if (event_ns > clock->measured_ns && event_ns - clock->measured_ns > HG_MEASURE_EVERY)
		measure(clock);
	return event_ns + (uint64_t)clock->offset_ns;
}
