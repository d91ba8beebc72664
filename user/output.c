/* SPDX-License-Identifier: BSD-2-Clause */
#include "output.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "terms.h"

#define OPEN_MAX_HANDSHAKES (1U << 20)

static void side_text(const struct hg_side_address *side, char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN];
	bool v4 = hg_address_is_v4(side->addr);

	inet_ntop(v4 ? AF_INET : AF_INET6, side->addr + (v4 ? 12 : 0), address, sizeof(address));
	snprintf(text, size, v4 ? "%s:%u" : "[%s]:%u", address, side->port);
}

static const char *name_text(const struct hg_handshake *h)
{
	if (!h->read)
		return "?";
	switch (h->hello.sni_state) {
	case HG_SNI_ok:
		return (const char *)h->hello.name;
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
	char client[64];
	char server[64];
	const char *name;
	const char *version;
	const char *outcome;
	const char *close;
	const char *coverage;
	const char *rule;
	const char *action;
};

static void fill_row(struct hg_output *o, struct hg_handshake *h, struct row *r)
{
	const struct hg_event *e = &h->facts;
	struct hg_side_address client, server;

	hg_flow_sides(e, &client, &server);
	side_text(&client, r->client, sizeof(r->client));
	side_text(&server, r->server, sizeof(r->server));
	time_text(o, e, r->time, sizeof(r->time));
	r->name = name_text(h);
	r->version = e->hello.bytes ? hg_version_text(hg_version_rank(e->hello.version_max)) : "-";
	r->outcome = h->lost ? "unknown" : hg_outcome_text(e->outcome);
	r->close = h->lost ? "lost" : hg_close_text(e->close);
	r->coverage = hg_bucket_text(e->bucket);
	r->rule = rule_text(o, &e->verdict);
	r->action = e->verdict.revision ? hg_action_text(e->verdict.action) : "-";
}

static void print_table(struct hg_output *o, const struct row *r)
{
	static const char form[] = "%-12s %-25s %-25s %-5s %-8s %-9s %-14s %-16s %s\n";

	if (!o->headed)
		printf(form, "TIME", "CLIENT", "SERVER", "OFFER", "OUTCOME", "CLOSE", "COVERAGE",
		       "RULE", "SERVER NAME");
	o->headed = true;
	printf(form, r->time, r->client, r->server, r->version, r->outcome, r->close, r->coverage,
	       r->rule, r->name);
}

static void print_csv(struct hg_output *o, const struct row *r)
{
	if (!o->headed)
		puts("time,client,server,sni,version_max,outcome,close,coverage,rule,action");
	o->headed = true;
	printf("%s,%s,%s,\"%s\",%s,%s,%s,%s,%s,%s\n", r->time, r->client, r->server, r->name,
	       r->version, r->outcome, r->close, r->coverage, r->rule, r->action);
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

static void on_hello(void *ctx, struct hg_handshake *h)
{
	struct hg_output *o = ctx;

	if (!o->at_hello || o->format == HG_FORMAT_TABLE || o->format == HG_FORMAT_CSV)
		return;
	hg_eve_hello(&o->eve, h);
	print_lines(o);
}

static void on_end(void *ctx, struct hg_handshake *h)
{
	struct hg_output *o = ctx;
	struct row r;

	if (o->format == HG_FORMAT_TABLE || o->format == HG_FORMAT_CSV) {
		fill_row(o, h, &r);
		(o->format == HG_FORMAT_TABLE ? print_table : print_csv)(o, &r);
		return;
	}
	hg_eve_end(&o->eve, h);
	print_lines(o);
}

static void on_drop(void *ctx, struct hg_handshake *h)
{
	struct hg_output *o = ctx;

	if (o->format == HG_FORMAT_TABLE || o->format == HG_FORMAT_CSV)
		return;
	hg_eve_drop(&o->eve, h);
	print_lines(o);
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
	return o->handshakes != NULL;
}

void hg_output_record(struct hg_output *o, const void *record, size_t len)
{
	hg_handshakes_record(o->handshakes, record, len);
}

void hg_output_close(struct hg_output *o)
{
	/* Of live flows the END will come: to the next reader. */
	if (o->from_capture)
		hg_handshakes_close(o->handshakes);
	if (o->format == HG_FORMAT_JSON)
		fputs(o->rows ? "\n]\n" : "[]\n", stdout);
	fflush(stdout);
	hg_handshakes_free(o->handshakes);
	hg_eve_free(&o->eve);
}
