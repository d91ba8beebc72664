/* SPDX-License-Identifier: BSD-2-Clause */
#include "output.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "row.h"
#include "say.h"
#include "story.h"

#define OPEN_MAX_HANDSHAKES (1U << 20)

/* ---- what was asked for ---- */

static int choose_view(const struct hg_command *command, const struct hg_output_text *text,
		       enum hg_view view, struct hg_output_options *o)
{
	char *end;

	o->view = text->flow ? HG_VIEW_STORY : view;
	if (!text->flow)
		return HG_OK;
	errno = 0;
	o->story_of = strtoull(text->flow, &end, 10);
	if (errno || *end || !isdigit((unsigned char)*text->flow))
		return hg_usage(command, "--flow takes a flow id, a number, not '%s'", text->flow);
	if (text->listing.columns)
		return hg_usage(command, "--flow tells a story: it has no columns");
	if (text->selection.filter || text->selection.span.since || text->selection.span.until ||
	    text->selection.span.last)
		return hg_usage(command, "--flow names the one handshake: leave the filters out");
	return HG_OK;
}

int hg_output_options_open(const struct hg_command *command, const struct hg_output_text *text,
			   enum hg_format usual, enum hg_view view, struct hg_output_options *o)
{
	int r;

	memset(o, 0, sizeof(*o));
	if (text->stage && strcmp(text->stage, "hello") != 0)
		return hg_usage(command, "--at takes 'hello', not '%s'", text->stage);
	o->at_hello = text->stage;
	o->strict = text->strict;
	r = choose_view(command, text, view, o);
	if (!r)
		r = hg_listing_choose(&o->listing, command,
				      o->view == HG_VIEW_CAUSES ? &hg_tally_columns
								: &hg_row_columns,
				      usual, &text->listing);
	return r ? r : hg_selection_open(command, &text->selection, &o->selection);
}

void hg_output_options_close(struct hg_output_options *o)
{
	hg_selection_close(&o->selection);
}

/* ---- each handshake ---- */

/* Print the lines that the EVE writer holds: as they are, or as one array. */
static void print_lines(struct hg_output *o)
{
	char *line = o->eve.out.text, *end = line + o->eve.out.len;

	while (line < end) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((newline ? newline : end) - line);

		if (o->options->listing.format == HG_FORMAT_JSON)
			fputs(o->rows++ ? ",\n" : "[\n", stdout);
		fwrite(line, 1, len, stdout);
		if (o->options->listing.format != HG_FORMAT_JSON)
			putchar('\n');
		line += len + 1;
	}
	hg_json_reset(&o->eve.out);
}

static bool is_listing(const struct hg_output *o)
{
	return o->options->listing.format == HG_FORMAT_TABLE ||
	       o->options->listing.format == HG_FORMAT_CSV;
}

enum line { LINE_HELLO, LINE_END, LINE_DROP, LINE_ATTEMPT, LINE_SURVIVED };

static void put_line(struct hg_output *o, enum line line, struct hg_handshake *h,
		     const struct hg_examined *x)
{
	if (line == LINE_HELLO)
		hg_eve_hello(&o->eve, h);
	else if (line == LINE_END)
		hg_eve_end(&o->eve, h, x);
	else if (line == LINE_DROP)
		hg_eve_drop(&o->eve, h);
	else if (line == LINE_SURVIVED)
		hg_eve_survived(&o->eve, h);
	else
		hg_eve_attempt(&o->eve, h, x);
}

/* The whole line is judged, whatever of it is printed. */
static bool is_selected(struct hg_output *o, enum line line, struct hg_handshake *h,
			const struct hg_examined *x)
{
	bool strict = o->eve.strict, selected;

	if (o->options->selection.all)
		return true;
	o->eve.strict = false;
	put_line(o, line, h, x);
	o->eve.strict = strict;
	selected = hg_selection_takes(&o->options->selection, o->eve.out.text, o->eve.out.len);
	hg_json_reset(&o->eve.out);
	return selected;
}

static void print_event(struct hg_output *o, enum line line, struct hg_handshake *h,
			const struct hg_examined *x)
{
	if (!is_selected(o, line, h, x))
		return;
	put_line(o, line, h, x);
	print_lines(o);
}

static void on_hello(void *ctx, struct hg_handshake *h)
{
	struct hg_output *o = ctx;

	if (o->options->at_hello && !is_listing(o))
		print_event(o, LINE_HELLO, h, NULL);
}

/* By the clock of the packets, which is that of the certificates' dates. */
static time_t ended_at(struct hg_output *o, const struct hg_handshake *h)
{
	return (time_t)(hg_clock_wall(&o->eve.clock, h->facts.time_ns) / 1000000000ULL);
}

/* A handshake without its hello may still have a name. */
static void find_name(struct hg_output *o, struct hg_handshake *h)
{
	if (!h->read && h->name && o->eve.names.server)
		h->name_text = o->eve.names.server(o->eve.names.ctx, h->name);
}

static void print_row(struct hg_output *o, struct hg_handshake *h, const struct hg_examined *x)
{
	struct hg_row r;

	hg_row_fill(&r, &o->eve, h, &x->diagnosis);
	hg_listing_row(&o->listing, r.cells, hg_row_red(&x->diagnosis));
}

static void print_story(struct hg_output *o, enum line line, struct hg_handshake *h,
			const struct hg_examined *x)
{
	o->told++;
	if (o->options->listing.format == HG_FORMAT_TABLE)
		hg_story_print(&o->eve.clock, h, x, hg_row_name(h));
	else
		print_event(o, line, h, x);
}

/* Of an attempt no name is known: the server's address stands for it. */
static void count(struct hg_output *o, struct hg_handshake *h, const struct hg_examined *x)
{
	__u64 wall_ns = hg_clock_wall(&o->eve.clock, h->facts.time_ns);
	struct hg_endpoint client, server;
	char text[HG_ENDPOINT_TEXT];

	hg_flow_endpoints(&h->facts, &client, &server);
	hg_tally_add(o->tally, h, x, h->attempt ? hg_endpoint_text(&server, text) : hg_row_name(h),
		     wall_ns);
}

static void print_examined(struct hg_output *o, enum line line, struct hg_handshake *h,
			   const struct hg_examined *x)
{
	if (o->options->view == HG_VIEW_STORY) {
		if (h->facts.flow_id == o->options->story_of)
			print_story(o, line, h, x);
	} else if (o->options->view == HG_VIEW_EVENTS && !is_listing(o)) {
		print_event(o, line, h, x);
	} else if (is_selected(o, line, h, x)) {
		if (o->options->view == HG_VIEW_NONE)
			o->options->each(o->options->arg, o, h, x);
		else if (o->options->view == HG_VIEW_EVENTS)
			print_row(o, h, x);
		else
			count(o, h, x);
	}
}

static void examine(struct hg_output *o, struct hg_handshake *h, struct hg_examined *x)
{
	bool told = o->diagnosis.type && o->diagnosis.flow_id == h->facts.flow_id;

	hg_examine(o->examiner, h, ended_at(o, h), told ? &o->diagnosis.diagnosis : NULL, x);
	o->diagnosis.type = 0;
}

static void on_end(void *ctx, struct hg_handshake *h)
{
	struct hg_output *o = ctx;
	struct hg_examined x;

	examine(o, h, &x);
	find_name(o, h);
	print_examined(o, LINE_END, h, &x);
}

static void on_attempt(void *ctx, struct hg_handshake *h)
{
	struct hg_output *o = ctx;
	struct hg_examined x;

	examine(o, h, &x);
	print_examined(o, LINE_ATTEMPT, h, &x);
}

/* Beside the end of the handshake, which a listing has a row for. */
static void print_deed(struct hg_output *o, enum line line, struct hg_handshake *h)
{
	if (o->options->view == HG_VIEW_EVENTS && !is_listing(o))
		print_event(o, line, h, NULL);
}

static void on_drop(void *ctx, struct hg_handshake *h)
{
	print_deed(ctx, LINE_DROP, h);
}

static void on_survived(void *ctx, struct hg_handshake *h)
{
	print_deed(ctx, LINE_SURVIVED, h);
}

bool hg_output_open(struct hg_output *o, const struct hg_output_options *options,
		    const struct hg_eve_names *names, bool from_capture)
{
	static const struct hg_handshakes_ops ops = { .hello = on_hello,
						      .end = on_end,
						      .drop = on_drop,
						      .attempt = on_attempt,
						      .survived = on_survived };

	memset(o, 0, sizeof(*o));
	o->options = options;
	o->listing = options->listing;
	o->from_capture = from_capture;
	hg_eve_init(&o->eve, names, options->strict, from_capture);
	o->handshakes = hg_handshakes_new(OPEN_MAX_HANDSHAKES, &ops, o);
	o->examiner = hg_examiner_new();
	o->tally = hg_tally_new();
	hg_listing_begin(&o->listing, true);
	return o->handshakes && o->examiner && o->tally;
}

void hg_output_record(struct hg_output *o, const void *record, size_t len)
{
	if (len == sizeof(o->diagnosis) && *(const __u8 *)record == HG_RECORD_DIAGNOSIS)
		memcpy(&o->diagnosis, record, len);
	else
		hg_handshakes_record(o->handshakes, record, len);
}

static int end_listing(struct hg_output *o)
{
	if (o->options->view == HG_VIEW_NONE)
		return HG_OK;
	if (o->options->view == HG_VIEW_CAUSES)
		return hg_tally_print(o->tally, &o->listing, o->source, o->missing);
	/* Of a capture all is here: no row, then, is an answer. */
	if (o->from_capture && o->options->view == HG_VIEW_EVENTS && is_listing(o))
		return hg_listing_end(&o->listing);
	if (o->options->listing.format == HG_FORMAT_JSON)
		fputs(o->rows ? "\n]\n" : "[]\n", stdout);
	return o->options->view == HG_VIEW_STORY && !o->told ? HG_NO : HG_OK;
}

int hg_output_close(struct hg_output *o)
{
	int r = HG_OK;

	/* Of live flows the END will come: to the next reader. */
	if (o->from_capture && o->handshakes)
		hg_handshakes_close(o->handshakes);
	if (o->handshakes && o->examiner && o->tally)
		r = end_listing(o);
	fflush(stdout);
	hg_handshakes_free(o->handshakes);
	hg_examiner_free(o->examiner);
	hg_tally_free(o->tally);
	hg_eve_free(&o->eve);
	return r;
}
