/* SPDX-License-Identifier: BSD-2-Clause */
#include "event_output.h"

#include <stdlib.h>
#include <string.h>

#include "event_sink.h"
#include "say.h"

#define COLLECTED (64U << 10) /* bytes: so much is written at once */

struct hg_event_outputs {
	struct hg_eve eve;
	struct hg_event_sink sinks[HG_EVENT_OUTPUTS];
	unsigned int count;
	double sample;
	struct hg_event_outputs_counts before; /* of those that it replaced */
	struct hg_event_outputs_counts counts;
	__u64 sampled_out;
	__u64 not_made; /* lines that there was no memory for */
};

/* By a mix of all its bits: ids of one second must not fall on one side. */
bool hg_sample_takes(__u64 flow_id, double rate)
{
	__u64 x = flow_id + 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	x ^= x >> 31;
	return (double)(x >> 11) / (double)(1ULL << 53) < rate;
}

static int open_sink(struct hg_event_sink *s, sd_event *event, const struct hg_event_to *to)
{
	const char *path = to->place == HG_EVENT_TO_stdout ? NULL : to->path;
	int r;

	if (to->place == HG_EVENT_TO_unix)
		r = hg_event_sink_connect(s, event, path, to->datagrams);
	else
		r = hg_event_sink_open(s, event, path);
	if (!r)
		return HG_OK;
	hg_error("events cannot be written to %s: %s", path ? path : "stdout", strerror(-r));
	hg_hint("is its directory there, and may this user write to it?");
	return HG_UNSUPPORTED;
}

static int open_sinks(struct hg_event_outputs *o, sd_event *event, const struct hg_event_config *c)
{
	for (unsigned int i = 0; i < c->output_count; i++) {
		if (open_sink(&o->sinks[i], event, &c->outputs[i]))
			return HG_UNSUPPORTED;
		o->count++;
	}
	return HG_OK;
}

int hg_event_outputs_open(sd_event *event, const struct hg_event_config *c,
			  const struct hg_privacy *privacy, const struct hg_eve_names *names,
			  struct hg_event_outputs **out)
{
	struct hg_event_outputs *o = calloc(1, sizeof(*o));
	int r;

	if (!o) {
		hg_error("out of memory");
		return HG_UNSUPPORTED;
	}
	hg_eve_init(&o->eve, names, c->strict, false);
	o->eve.privacy = privacy;
	o->eve.community_id = c->community_id;
	o->eve.community_id_seed = c->community_id_seed;
	o->sample = c->sample;
	r = open_sinks(o, event, c);
	if (r)
		hg_event_outputs_close(o);
	else
		*out = o;
	return r;
}

static void close_sinks(struct hg_event_outputs *o)
{
	hg_event_outputs_flush(o);
	for (unsigned int i = 0; i < o->count; i++)
		hg_event_sink_close(&o->sinks[i]);
}

void hg_event_outputs_replace(struct hg_event_outputs *o, struct hg_event_outputs *before)
{
	close_sinks(before);
	o->before = *hg_event_outputs_counts(before);
}

void hg_event_outputs_close(struct hg_event_outputs *o)
{
	if (!o)
		return;
	close_sinks(o);
	hg_eve_free(&o->eve);
	free(o);
}

void hg_event_outputs_flush(struct hg_event_outputs *o)
{
	for (unsigned int i = 0; i < o->count; i++)
		hg_event_sink_write(&o->sinks[i], o->eve.out.text, o->eve.out.len);
	hg_json_reset(&o->eve.out);
}

/* A line was made, or there was no memory for it. */
static void collected(struct hg_event_outputs *o, bool made)
{
	o->not_made += !made;
	if (o->eve.out.len >= COLLECTED)
		hg_event_outputs_flush(o);
}

void hg_event_outputs_end(struct hg_event_outputs *o, struct hg_handshake *h,
			  const struct hg_examined *x, bool always)
{
	bool sampled = !always && x->diagnosis.outcome == HG_OUTCOME_established && o->sample < 1;

	if (!o->count)
		return;
	if (sampled && !hg_sample_takes(h->facts.flow_id, o->sample)) {
		o->sampled_out++;
		return;
	}
	o->eve.sample_rate = sampled ? o->sample : 0;
	collected(o, hg_eve_end(&o->eve, h, x));
}

void hg_event_outputs_drop(struct hg_event_outputs *o, struct hg_handshake *h)
{
	if (o->count)
		collected(o, hg_eve_drop(&o->eve, h));
}

void hg_event_outputs_survived(struct hg_event_outputs *o, struct hg_handshake *h)
{
	if (o->count)
		collected(o, hg_eve_survived(&o->eve, h));
}

void hg_event_outputs_attempt(struct hg_event_outputs *o, struct hg_handshake *h,
			      const struct hg_examined *x)
{
	if (o->count)
		collected(o, hg_eve_attempt(&o->eve, h, x));
}

const struct hg_event_outputs_counts *hg_event_outputs_counts(struct hg_event_outputs *o)
{
	o->counts = o->before;
	o->counts.sampled_out += o->sampled_out;
	o->counts.lost += o->not_made * o->count;
	for (unsigned int i = 0; i < o->count; i++) {
		o->counts.written += o->sinks[i].written;
		o->counts.lost += o->sinks[i].lost;
	}
	return &o->counts;
}
