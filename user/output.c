/* SPDX-License-Identifier: BSD-2-Clause */
#include "output.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "say.h"
#include "story.h"
#include "terms.h"

#define OPEN_MAX_HANDSHAKES (1U << 20)

/* What a terminal may see: bytes that are no name are a stranger's, and are not printed. */
static const char *name_text(const struct hg_handshake *h)
{
	const struct hg_hello_facts *hello = &h->facts.hello;
	const char *name = h->read ? (const char *)h->hello.name : h->name_text;

	if (!h->read && !hello->bytes)
		return "?";
	switch (h->read ? h->hello.sni_state : hello->sni_state) {
	case HG_SNI_ok:
		return name ? name : "?";
	case HG_SNI_none:
		return "(no SNI)";
	case HG_SNI_empty:
		return "(empty SNI)";
	case HG_SNI_ambiguous:
		return "(ambiguous SNI)";
	default:
		return "(invalid SNI)";
	}
}

static const char *rule_text(const struct hg_output *o, const struct hg_verdict *v)
{
	if (!v->revision)
		return "-";
	if (v->rule == HG_RULE_DEFAULT)
		return "default";
	if (v->rule == HG_RULE_UNREAD)
		return "unread";
	if (o->eve.names.rule) {
		const char *name = o->eve.names.rule(o->eve.names.ctx, v);

		return name ? name : "?";
	}
	return "?";
}

static void time_text(struct hg_output *o, const struct hg_event *e, char *text, size_t size)
{
	uint64_t ns = hg_clock_wall(&o->eve.clock, e->hello_ns ? e->hello_ns : e->time_ns);
	time_t seconds = (time_t)(ns / 1000000000ULL);
	struct tm tm;
	size_t len;

	localtime_r(&seconds, &tm);
	len = strftime(text, size, "%H:%M:%S", &tm);
	snprintf(text + len, size - len, ".%03u", (unsigned int)(ns / 1000000 % 1000));
}

struct row {
	char time[24];
	char client[HG_ENDPOINT_TEXT];
	char server[HG_ENDPOINT_TEXT];
	const char *name;
	const char *version;
	const char *outcome;
	const char *cause;
	const char *side;
	const char *sure;
	const char *close;
	const char *coverage;
	const char *rule;
	const char *action;
};

static void fill_row(struct hg_output *o, struct hg_handshake *h, const struct hg_diagnosis *d,
		     struct row *r)
{
	const struct hg_event *e = &h->facts;
	struct hg_endpoint client, server;

	hg_flow_endpoints(e, &client, &server);
	hg_endpoint_text(&client, r->client);
	hg_endpoint_text(&server, r->server);
	time_text(o, e, r->time, sizeof(r->time));
	r->name = name_text(h);
	r->version = e->hello.bytes ? hg_version_text(hg_version_rank(e->hello.version_max)) : "-";
	r->outcome = hg_outcome_text(d->outcome);
	r->cause = d->cause ? hg_cause_text(d->cause) : "-";
	r->side = d->cause ? hg_side_text(d->side) : "-";
	r->sure = d->cause ? d->observed ? "observed" : "inferred" : "-";
	r->close = h->lost ? "lost" : hg_close_text(e->close);
	r->coverage = hg_bucket_text(e->bucket);
	r->rule = rule_text(o, &e->verdict);
	r->action = e->verdict.revision ? hg_action_text(e->verdict.action) : "-";
}

static void print_table(struct hg_output *o, const struct row *r)
{
	static const char form[] = "%-12s %-25s %-25s %-5s %-11s %-27s %-9s %-14s %-16s %s\n";

	if (!o->headed)
		printf(form, "TIME", "CLIENT", "SERVER", "OFFER", "OUTCOME", "CAUSE", "CLOSE",
		       "COVERAGE", "RULE", "SERVER NAME");
	o->headed = true;
	printf(form, r->time, r->client, r->server, r->version, r->outcome, r->cause, r->close,
	       r->coverage, r->rule, r->name);
}

static void print_csv(struct hg_output *o, const struct row *r)
{
	if (!o->headed)
		puts("time,client,server,sni,version_max,outcome,close,coverage,rule,action,cause,side,"
		     "confidence");
	o->headed = true;
	printf("%s,%s,%s,\"%s\",%s,%s,%s,%s,%s,%s,%s,%s,%s\n", r->time, r->client, r->server,
	       r->name, r->version, r->outcome, r->close, r->coverage, r->rule, r->action, r->cause,
	       r->side, r->sure);
}

/* Print the lines that the EVE writer holds: as they are, or as one array. */
static void print_lines(struct hg_output *o)
{
	char *line = o->eve.out.text, *end = line + o->eve.out.len;

	while (line < end) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((newline ? newline : end) - line);

		if (o->format == HG_FORMAT_JSON)
			fputs(o->rows++ ? ",\n" : "[\n", stdout);
		fwrite(line, 1, len, stdout);
		if (o->format != HG_FORMAT_JSON)
			putchar('\n');
		line += len + 1;
	}
	hg_json_reset(&o->eve.out);
}

static bool is_listing(const struct hg_output *o)
{
	return o->format == HG_FORMAT_TABLE || o->format == HG_FORMAT_CSV;
}

enum line { LINE_HELLO, LINE_END, LINE_DROP };

static void put_line(struct hg_output *o, enum line line, struct hg_handshake *h,
		     const struct hg_examined *x)
{
	if (line == LINE_HELLO)
		hg_eve_hello(&o->eve, h);
	else if (line == LINE_END)
		hg_eve_end(&o->eve, h, x);
	else
		hg_eve_drop(&o->eve, h);
}

/* The whole line is judged, whatever of it is printed. */
static bool is_selected(struct hg_output *o, enum line line, struct hg_handshake *h,
			const struct hg_examined *x)
{
	bool strict = o->eve.strict, selected;

	if (!o->selection)
		return true;
	o->eve.strict = false;
	put_line(o, line, h, x);
	o->eve.strict = strict;
	selected = hg_selection_takes(o->selection, o->eve.out.text, o->eve.out.len);
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

	if (o->at_hello && !is_listing(o))
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
	struct row r;

	fill_row(o, h, &x->diagnosis, &r);
	(o->format == HG_FORMAT_TABLE ? print_table : print_csv)(o, &r);
}

static void print_story(struct hg_output *o, struct hg_handshake *h, const struct hg_examined *x)
{
	o->told++;
	if (o->format == HG_FORMAT_TABLE)
		hg_story_print(&o->eve.clock, h, x, name_text(h));
	else
		print_event(o, LINE_END, h, x);
}

static void on_end(void *ctx, struct hg_handshake *h)
{
	struct hg_output *o = ctx;
	const struct hg_event *e = &h->facts;
	bool told = o->diagnosis.type && o->diagnosis.flow_id == e->flow_id;
	struct hg_examined x;

	hg_examine(o->examiner, h, ended_at(o, h), told ? &o->diagnosis.diagnosis : NULL, &x);
	o->diagnosis.type = 0;
	find_name(o, h);
	if (o->view == HG_VIEW_STORY) {
		if (e->flow_id == o->story_of)
			print_story(o, h, &x);
	} else if (o->view == HG_VIEW_EVENTS && !is_listing(o)) {
		print_event(o, LINE_END, h, &x);
	} else if (is_selected(o, LINE_END, h, &x)) {
		if (o->view == HG_VIEW_EVENTS)
			print_row(o, h, &x);
		else
			hg_tally_add(o->tally, h, &x, name_text(h),
				     hg_clock_wall(&o->eve.clock, e->time_ns));
	}
}

static void on_drop(void *ctx, struct hg_handshake *h)
{
	struct hg_output *o = ctx;

	if (o->view == HG_VIEW_EVENTS && !is_listing(o))
		print_event(o, LINE_DROP, h, NULL);
}

bool hg_output_open(struct hg_output *o, enum hg_format format, const struct hg_eve_names *names,
		    bool strict, bool at_hello, bool from_capture)
{
	static const struct hg_handshakes_ops ops = { on_hello, on_end, on_drop };

	memset(o, 0, sizeof(*o));
	o->format = format;
	o->at_hello = at_hello;
	o->from_capture = from_capture;
	hg_eve_init(&o->eve, names, strict, from_capture);
	o->handshakes = hg_handshakes_new(OPEN_MAX_HANDSHAKES, &ops, o);
	o->examiner = hg_examiner_new();
	o->tally = hg_tally_new();
	return o->handshakes && o->examiner && o->tally;
}

void hg_output_select(struct hg_output *o, const struct hg_selection *selection)
{
	o->selection = selection->all ? NULL : selection;
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
	if (o->view == HG_VIEW_CAUSES)
		return hg_tally_print(o->tally, o->format, o->source, o->missing);
	if (o->format == HG_FORMAT_JSON)
		fputs(o->rows ? "\n]\n" : "[]\n", stdout);
	return o->view == HG_VIEW_STORY && !o->told ? HG_NO : HG_OK;
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
