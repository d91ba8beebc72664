/* SPDX-License-Identifier: BSD-2-Clause */
#include "top_live.h"

#include <poll.h>
#include <stdlib.h>

#include "clock.h"
#include "names.h"
#include "output.h"
#include "row.h"
#include "say.h"
#include "source.h"
#include "top_handshake.h"

#define READS_MAX 512			 /* at once: the screen must not wait for a flood */
#define HANDSHAKE_AGE (3600 * HG_SECOND) /* an END that was lost never comes */
#define EXPIRE_EVERY (60 * HG_SECOND)

struct hg_top_live {
	struct hg_instance in;
	struct hg_names names;
	struct hg_output_options options;
	struct hg_output out;
	struct hg_source *source;
	enum hg_top_events events;
	struct hg_top_tables *tables;
	__u64 window_ns, expired_ns;
	struct hg_snapshot first, before; /* their numbers: what they point to is gone */
};

/* ---- handshakes ---- */

static void on_ended(void *arg, struct hg_output *out, struct hg_handshake *h,
		     const struct hg_examined *x)
{
	struct hg_top_live *l = arg;
	struct hg_top_handshake t;
	struct hg_row r;

	if (h->lost) /* how it ended nobody knows */
		return;
	hg_row_fill(&r, &out->eve, h, &x->diagnosis);
	hg_top_handshake_fill(&t, &r, h, &x->diagnosis, NULL);
	hg_top_tables_add(l->tables, &t);
}

static void on_record(void *arg, const void *record, size_t len)
{
	hg_output_record(arg, record, len);
}

static bool is_alive(void *ctx, const struct hg_event *facts)
{
	return hg_instance_has_flow(&((struct hg_top_live *)ctx)->in, facts);
}

/* ---- the source ---- */

static void close_source(struct hg_top_live *l)
{
	hg_source_close(l->source);
	l->source = NULL;
	l->events = HG_TOP_RUN_GONE;
}

static int open_source(struct hg_top_live *l)
{
	int r = hg_source_open(&l->in, true, on_record, &l->out, &l->source);

	if (!r)
		l->events = hg_source_is_live(l->source) ? HG_TOP_FROM_RING : HG_TOP_FROM_RUN;
	return r;
}

int hg_top_live_fd(const struct hg_top_live *l)
{
	return l->source ? hg_source_fd(l->source) : -1;
}

/* The ring is asked at least once: nobody is woken for each of its records. */
void hg_top_live_read(struct hg_top_live *l)
{
	struct pollfd fd = { .fd = hg_top_live_fd(l), .events = POLLIN };

	for (int i = 0; l->source && i < READS_MAX; i++) {
		if (hg_source_read(l->source)) {
			close_source(l);
			return;
		}
		if (poll(&fd, 1, 0) <= 0)
			return;
	}
}

/* ---- the instance ---- */

static bool open_output(struct hg_top_live *l)
{
	struct hg_eve_names callbacks = hg_names_of(&l->names, &l->in);

	l->options.view = HG_VIEW_NONE;
	l->options.each = on_ended;
	l->options.arg = l;
	return hg_output_open(&l->out, &l->options, &callbacks, false);
}

static int no_memory(void)
{
	hg_error("out of memory");
	return HG_UNSUPPORTED;
}

static int open_all(struct hg_top_live *l)
{
	struct hg_snapshot *s;
	int r = hg_snapshot_take(&l->in, &s);

	if (r)
		return r;
	if (!s->attached) {
		hg_error("nothing is attached under %s", s->dir);
		hg_hint("attach an interface first: hellogate attach IFACE");
		r = HG_NOTHING;
	}
	l->first = l->before = *s;
	hg_snapshot_free(s);
	return r ? r : open_source(l);
}

int hg_top_live_open(const char *dir, __u64 window_ns, struct hg_selection *selection,
		     struct hg_top_live **out)
{
	struct hg_top_live *l = calloc(1, sizeof(*l));
	int r = l ? hg_instance_open(&l->in, dir) : no_memory();

	if (r) {
		if (l)
			hg_instance_close(&l->in);
		free(l);
		return r;
	}
	l->window_ns = window_ns;
	l->tables = hg_top_tables_new(window_ns, hg_clock_monotonic());
	l->options.selection = *selection;
	r = open_output(l) && l->tables ? open_all(l) : no_memory();
	if (r) {
		l->options.selection = (struct hg_selection){ 0 };
		hg_top_live_close(l);
		return r;
	}
	*out = l;
	return HG_OK;
}

void hg_top_live_close(struct hg_top_live *l)
{
	if (!l)
		return;
	hg_source_close(l->source);
	hg_output_close(&l->out);
	hg_top_tables_free(l->tables);
	hg_selection_close(&l->options.selection);
	hg_instance_close(&l->in);
	free(l);
}

/* All was detached: is something there again?  `detach --all` took the maps away, too. */
static bool is_attached_again(const struct hg_top_live *l, struct hg_instance *in)
{
	struct hg_interface entry;

	if (hg_instance_probe(in, l->in.dir))
		return false;
	for (unsigned int n = 0; hg_instance_is_there(in) && hg_interface_get(in, n, &entry); n++)
		if (hg_interface_used(&entry))
			return true;
	return false;
}

/* Flows and numbers of before mean nothing there. */
static int change_instance(struct hg_top_live *l, struct hg_snapshot **s)
{
	struct hg_instance in;
	int r;

	if (!is_attached_again(l, &in)) {
		hg_instance_close(&in);
		return HG_OK;
	}
	close_source(l);
	hg_output_close(&l->out);
	hg_instance_close(&l->in);
	l->in = in;
	hg_snapshot_free(*s);
	*s = NULL;
	if (!open_output(l))
		return no_memory();
	r = hg_snapshot_take(&l->in, s);
	if (r)
		return r;
	l->first = l->before = **s;
	open_source(l); /* without events there are still rates */
	return HG_OK;
}

/* ---- frames ---- */

static bool fill(struct hg_top_live *l, struct hg_top_frame *f)
{
	const struct hg_top_ground ground = { .first = &l->first,
					      .before = &l->before,
					      .tables = l->tables,
					      .events = l->events,
					      .window_ns = l->window_ns };

	return hg_top_frame_fill(f, &ground);
}

static void advance(struct hg_top_live *l)
{
	__u64 now = hg_clock_monotonic();

	hg_top_live_read(l);
	hg_top_tables_advance(l->tables, now);
	if (now < l->expired_ns + EXPIRE_EVERY)
		return;
	hg_handshakes_expire(l->out.handshakes, now, HANDSHAKE_AGE, is_alive);
	l->expired_ns = now;
}

int hg_top_live_frame(struct hg_top_live *l, struct hg_top_frame **out)
{
	struct hg_top_frame *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return no_memory();
	advance(l);
	r = hg_snapshot_take(&l->in, &f->s);
	if (!r && !f->s->attached)
		r = change_instance(l, &f->s);
	if (!r && !l->source && f->s->run_alive)
		open_source(l);
	if (!r && !fill(l, f))
		r = no_memory();
	if (r) {
		hg_top_frame_free(f);
		return r;
	}
	l->before = *f->s;
	*out = f;
	return HG_OK;
}

/* ---- what is counted ---- */

void hg_top_live_clear(struct hg_top_live *l)
{
	hg_top_live_read(l);
	hg_top_tables_clear(l->tables, hg_clock_monotonic());
}

void hg_top_live_filter(struct hg_top_live *l, struct hg_filter *filter)
{
	struct hg_selection *s = &l->options.selection;

	hg_top_live_read(l);
	hg_filter_free(s->filter);
	s->filter = filter;
	s->all = !filter;
	hg_top_tables_clear(l->tables, hg_clock_monotonic());
}

const struct hg_top_tables *hg_top_live_tables(const struct hg_top_live *l)
{
	return l->tables;
}
