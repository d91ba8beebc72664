/* SPDX-License-Identifier: BSD-2-Clause */
#include "board.h"

#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "clock.h"
#include "export_json.h"
#include "samples.h"
#include "say.h"
#include "stats_json.h"
#include "top_frame.h"
#include "top_handshake.h"

#define FRAME_NS HG_SECOND
#define SAMPLE_NS (HG_SAMPLE_SECONDS * HG_SECOND)
#define LOG_MESSAGES 128
#define LOG_BYTES (1U << 20) /* of which a frame takes some 20,000 */
#define GRACE_NS                                                                                   \
	(10 * HG_SECOND)    /* who comes back by then, as behind a reload, has missed nothing */
#define ESTABLISHED_SHARE 2 /* of what is sent in a second, one in so many is left to these */

/* Handshakes that were sent in this second, and those that were not. */
struct told {
	unsigned int sent, established;
	__u64 left_out;
};

struct hg_board {
	const struct hg_instance *in;
	struct hg_eve eve;
	struct hg_privacy privacy;
	struct hg_top_tables *tables;
	struct hg_samples *samples;
	struct hg_message_log *log;
	struct hg_snapshot first, before; /* their numbers: what they point to is gone */
	bool begun;			  /* those are there */
	__u64 frame_ns, sample_ns;	  /* when the last ones were made */
	unsigned int watchers;
	__u64 watched_ns; /* when there were some last */
	struct told told;
	struct hg_json json;
};

struct hg_board *hg_board_new(const struct hg_instance *in, const struct hg_eve_names *names)
{
	struct hg_board *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->in = in;
	hg_eve_init(&b->eve, names, false, false);
	hg_privacy_init(&b->privacy);
	b->tables = hg_top_tables_new(HG_BOARD_WINDOW, hg_clock_monotonic());
	b->samples = hg_samples_new();
	b->log = hg_message_log_new(LOG_MESSAGES, LOG_BYTES, hg_clock_now() / 1000);
	if (b->tables && b->samples && b->log)
		return b;
	hg_board_free(b);
	return NULL;
}

void hg_board_free(struct hg_board *b)
{
	if (!b)
		return;
	hg_message_log_free(b->log);
	hg_samples_free(b->samples);
	hg_top_tables_free(b->tables);
	hg_json_free(&b->json);
	hg_eve_free(&b->eve);
	free(b);
}

static bool is_same_privacy(const struct hg_privacy *a, const struct hg_privacy *b)
{
	return a->names == b->names && a->addresses == b->addresses && a->v4_bits == b->v4_bits &&
	       a->v6_bits == b->v6_bits && !memcmp(a->key, b->key, sizeof(a->key));
}

void hg_board_set_privacy(struct hg_board *b, const struct hg_privacy *p)
{
	if (is_same_privacy(&b->privacy, p))
		return;
	b->privacy = *p;
	hg_top_tables_clear(b->tables, hg_clock_monotonic());
	hg_message_log_clear(b->log);
}

struct hg_message_log *hg_board_log(struct hg_board *b)
{
	return b->log;
}

/* ---- handshakes ---- */

/* What went wrong comes first: the others have a part of what may be sent. */
static bool is_sent(struct told *t, unsigned int outcome)
{
	bool established = outcome == HG_OUTCOME_established;

	if (t->sent >= HG_BOARD_PER_SECOND ||
	    (established && t->established >= HG_BOARD_PER_SECOND / ESTABLISHED_SHARE)) {
		t->left_out++;
		return false;
	}
	t->sent++;
	t->established += established;
	return true;
}

static void send_handshake(struct hg_board *b, const struct hg_top_handshake *t)
{
	if (!is_sent(&b->told, t->outcome))
		return;
	hg_json_reset(&b->json);
	hg_top_handshake_json(&b->json, t, hg_clock_wall(&b->eve.clock, t->ended_ns));
	if (b->json.failed || !hg_message_log_add(b->log, "handshake", b->json.text, b->json.len))
		b->told.left_out++;
}

void hg_board_ended(struct hg_board *b, struct hg_handshake *h, const struct hg_diagnosis *d)
{
	struct hg_top_handshake t;
	struct hg_row row;

	if (h->lost) /* how it ended nobody knows */
		return;
	hg_row_fill(&row, &b->eve, h, d);
	hg_top_handshake_fill(&t, &row, h, d, &b->privacy);
	hg_top_tables_add(b->tables, &t);
	if (b->watched_ns && h->facts.time_ns < b->watched_ns + GRACE_NS)
		send_handshake(b, &t);
}

/* ---- moments ---- */

static int no_memory(void)
{
	hg_error("out of memory");
	return HG_UNSUPPORTED;
}

static int put_status(struct hg_json *j, const struct hg_snapshot *s)
{
	struct hg_health *health = calloc(HG_HEALTH_MAX, sizeof(*health));

	if (!health)
		return no_memory();
	hg_json_snapshot(j, s, health, hg_health_judge(s, health));
	free(health);
	return j->failed ? no_memory() : HG_OK;
}

/* The frame takes the snapshot. */
static int make_frame(struct hg_board *b, struct hg_snapshot *s, struct hg_top_frame **out)
{
	const struct hg_top_ground ground = { .first = b->begun ? &b->first : NULL,
					      .before = b->begun ? &b->before : NULL,
					      .tables = b->tables,
					      .events = HG_TOP_FROM_RUN,
					      .window_ns = HG_BOARD_WINDOW };
	struct hg_top_frame *f = calloc(1, sizeof(*f));

	if (!f) {
		hg_snapshot_free(s);
		return no_memory();
	}
	f->s = s;
	hg_top_tables_advance(b->tables, s->taken_ns);
	if (!hg_top_frame_fill(f, &ground)) {
		hg_top_frame_free(f);
		return no_memory();
	}
	for (unsigned int i = 0; i < HG_TOP_LISTS; i++)
		hg_top_frame_sort(f, i, HG_TOP_BY_FAILED, false);
	*out = f;
	return HG_OK;
}

/* What comes next is compared with this one. */
static void keep(struct hg_board *b, const struct hg_snapshot *s)
{
	b->before = *s;
	if (!b->begun)
		b->first = *s;
	b->begun = true;
}

static void put_live(struct hg_json *j, const struct hg_board *b)
{
	hg_json_key(j, "live");
	hg_json_object(j);
	hg_json_put_uint(j, "watchers", b->watchers);
	hg_json_put_uint(j, "sent", b->told.sent);
	hg_json_put_uint(j, "left_out", b->told.left_out);
	hg_json_object_end(j);
}

/* `top` and `status` are of one snapshot, so that their numbers fit. */
static bool put_frame(struct hg_json *j, const struct hg_board *b, const struct hg_top_frame *f)
{
	hg_json_reset(j);
	hg_json_object(j);
	put_live(j, b);
	hg_json_key(j, "top");
	hg_top_frame_json(j, f, HG_BOARD_ROWS);
	hg_json_key(j, "status");
	if (put_status(j, f->s))
		return false;
	hg_json_object_end(j);
	return !j->failed;
}

static void send_frame(struct hg_board *b)
{
	struct hg_snapshot *s;
	struct hg_top_frame *f;

	if (hg_snapshot_take(b->in, &s) || make_frame(b, s, &f))
		return;
	if (put_frame(&b->json, b, f) &&
	    hg_message_log_add(b->log, "frame", b->json.text, b->json.len))
		b->told = (struct told){ 0 };
	else
		b->told.sent = b->told.established =
			0; /* what was left out is told by the next one */
	keep(b, f->s);
	hg_top_frame_free(f);
}

static void take_sample(struct hg_board *b)
{
	struct hg_snapshot *s;

	if (hg_snapshot_take(b->in, &s))
		return;
	hg_samples_add(b->samples, s, hg_clock_now());
	if (!b->watchers)
		keep(b, s);
	hg_snapshot_free(s);
}

void hg_board_beat(struct hg_board *b, unsigned int watchers)
{
	__u64 now = hg_clock_monotonic();
	bool first = watchers && !b->watchers;

	b->watchers = watchers;
	if (watchers)
		b->watched_ns = now;
	if (now - b->sample_ns >= SAMPLE_NS) {
		b->sample_ns = now;
		take_sample(b);
	}
	if (watchers && (first || now - b->frame_ns >= FRAME_NS)) {
		b->frame_ns = now;
		send_frame(b);
	}
}

/* ---- who asks once ---- */

int hg_board_status(struct hg_board *b, struct hg_json *j)
{
	struct hg_snapshot *s;
	int r = hg_snapshot_take(b->in, &s);

	if (r)
		return r;
	r = put_status(j, s);
	hg_snapshot_free(s);
	return r;
}

int hg_board_stats(struct hg_board *b, struct hg_json *j)
{
	struct hg_stats_round round = { 0 };
	struct hg_snapshot *s;
	struct hg_stats stats;
	int r = hg_snapshot_take(b->in, &s);

	if (r)
		return r;
	if (hg_stats_fill(s, &stats)) {
		hg_snapshot_free(s);
		return no_memory();
	}
	round.stats = &stats;
	round.dir = s->dir;
	hg_stats_round_time(&round);
	hg_stats_json(j, &round);
	hg_stats_free(&stats);
	hg_snapshot_free(s);
	return j->failed ? no_memory() : HG_OK;
}

int hg_board_top(struct hg_board *b, struct hg_json *j, size_t rows)
{
	struct hg_snapshot *s;
	struct hg_top_frame *f;
	int r = hg_snapshot_take(b->in, &s);

	r = r ? r : make_frame(b, s, &f);
	if (r)
		return r;
	hg_top_frame_json(j, f, rows);
	hg_top_frame_free(f);
	return j->failed ? no_memory() : HG_OK;
}

int hg_board_samples(struct hg_board *b, struct hg_json *j, unsigned int most)
{
	hg_samples_json(j, b->samples, most);
	return j->failed ? no_memory() : HG_OK;
}

static void put_advice(struct hg_json *j, const char *key)
{
	int cause = hg_term_value(hg_cause_text, HG_CAUSE_COUNT, key);

	if (cause > 0)
		hg_json_put_string(j, "advice", hg_advice((enum hg_cause)cause));
}

int hg_board_recent(struct hg_board *b, struct hg_json *j, enum hg_top_list list, const char *key,
		    size_t most)
{
	struct hg_top_handshake *recent = calloc(HG_BOARD_RECENT_MAX, sizeof(*recent));
	size_t count;

	if (!recent)
		return no_memory();
	count = hg_top_tables_recent(b->tables, list, key, hg_clock_monotonic(), recent,
				     most < HG_BOARD_RECENT_MAX ? most : HG_BOARD_RECENT_MAX);
	hg_json_object(j);
	hg_json_put_term(j, "list", hg_top_list_text(list));
	hg_json_put_string(j, hg_top_key_text(list), key);
	if (list == HG_TOP_CAUSES)
		put_advice(j, key);
	hg_json_key(j, "handshakes");
	hg_json_array(j);
	for (size_t i = 0; i < count; i++)
		hg_top_handshake_json(j, &recent[i],
				      hg_clock_wall(&b->eve.clock, recent[i].ended_ns));
	hg_json_array_end(j);
	hg_json_object_end(j);
	free(recent);
	return j->failed ? no_memory() : HG_OK;
}
