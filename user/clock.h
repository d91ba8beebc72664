/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.h - from the clock of the events to the time of day.
 *
 * The kernel stamps events by CLOCK_MONOTONIC.  The offset to the time of day
 * is measured, and measured again once a second of event time, so that a clock
 * that is being set or disciplined is followed.  The frames of a capture carry
 * the time of day already: their clock adds nothing.
 */
#ifndef HG_CLOCK_H
#define HG_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct hg_clock {
	int64_t offset_ns;
	uint64_t measured_ns; /* monotonic time of the last measurement */
	bool wall;	      /* events carry the time of day */
};

/* `wall`: the events come from a capture. */
void hg_clock_init(struct hg_clock *clock, bool wall);

/* Nanoseconds since 1970. */
uint64_t hg_clock_wall(struct hg_clock *clock, uint64_t event_ns);

/* Now, by the clock of live events. */
uint64_t hg_clock_monotonic(void);

/* Now, by CLOCK_TAI, which the kernel's rules expire by; and how far that is ahead of UTC. */
uint64_t hg_clock_tai(void);
uint64_t hg_clock_tai_offset(void);

/* The time of day. */
uint64_t hg_clock_now(void);

#endif /* HG_CLOCK_H */
