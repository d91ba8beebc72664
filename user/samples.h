/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * samples.h - what was counted every ten seconds of the last six hours, for the
 * charts of the page: a ring of fixed size, filled by the daemon.
 */
#ifndef HG_SAMPLES_H
#define HG_SAMPLES_H

#include "json.h"
#include "snapshot.h"

#define HG_SAMPLES 2160	     /* six hours */
#define HG_SAMPLE_SECONDS 10 /* from one to the next */

struct hg_samples;

/* About 2 MB.  NULL: no memory. */
struct hg_samples *hg_samples_new(void);
void hg_samples_free(struct hg_samples *samples);

/*
 * What was counted since the last snapshot.  The first one has nothing to be
 * compared with.  A counter that went back has been begun anew.
 */
void hg_samples_add(struct hg_samples *samples, const struct hg_snapshot *s, __u64 wall_ns);

/*
 * One object: times (milliseconds since 1970) when samples ended, and, of the same
 * length, what each counted.  Causes that none has are left out.  At most `most`
 * samples, the newest.
 */
void hg_samples_json(struct hg_json *j, const struct hg_samples *samples, unsigned int most);

#endif /* HG_SAMPLES_H */
