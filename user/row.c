/* SPDX-License-Identifier: BSD-2-Clause */
#include "row.h"

#include <stdio.h>
#include <time.h>

#include "terms.h"

static const struct hg_column list[] = {
	[HG_ROW_TIME] = { "time", "TIME", 12, 0 },
	[HG_ROW_FLOW] = { "flow_id", "FLOW", 20, HG_COLUMN_RIGHT },
	[HG_ROW_INTERFACE] = { "in_iface", "IFACE", 8, 0 },
	[HG_ROW_CLIENT] = { "client", "CLIENT", 25, 0 },
	[HG_ROW_SERVER] = { "server", "SERVER", 25, 0 },
	[HG_ROW_NAME] = { "sni", "SERVER NAME", 30, HG_COLUMN_TEXT },
	[HG_ROW_OFFER] = { "version_max", "OFFER", 5, 0 },
	[HG_ROW_JA4] = { "ja4", "JA4", 36, 0 },
	[HG_ROW_VERSION] = { "version", "VERSION", 7, 0 },
	[HG_ROW_OUTCOME] = { "outcome", "OUTCOME", 11, 0 },
	[HG_ROW_CAUSE] = { "cause", "CAUSE", 27, 0 },
	[HG_ROW_SIDE] = { "side", "SIDE", 6, 0 },
	[HG_ROW_SURE] = { "confidence", "SURE", 8, 0 },
	[HG_ROW_CLOSE] = { "close", "CLOSE", 9, 0 },
	[HG_ROW_COVERAGE] = { "coverage", "COVERAGE", 14, 0 },
	[HG_ROW_RULE] = { "rule", "RULE", 16, HG_COLUMN_TEXT },
	[HG_ROW_ACTION] = { "action", "ACTION", 6, 0 },
	[HG_ROW_COUNT] = { NULL, NULL, 0, 0 },
};

const struct hg_columns hg_row_columns = {
	.list = list,
	.table = "time,client,server,version_max,outcome,cause,close,coverage,rule,sni",
	.csv = "time,client,server,sni,version_max,outcome,close,coverage,rule,action,cause,side,"
	       "confidence",
};

/* Bytes that are no name are a stranger's, and nothing for a terminal. */
static const char *name_of(unsigned int sni_state, const char *name)
{
	switch (sni_state) {
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

const char *hg_facts_name(const struct hg_hello_facts *hello, const char *name)
{
	return hello->bytes ? name_of(hello->sni_state, name) : "?";
}

const char *hg_row_name(const struct hg_handshake *h)
{
	if (h->attempt)
		return "-";
	return h->read ? name_of(h->hello.sni_state, (const char *)h->hello.name)
		       : hg_facts_name(&h->facts.hello, h->name_text);
}

static const char *rule_text(const struct hg_eve *eve, const struct hg_verdict *v)
{
	if (!v->revision)
		return "-";
	if (v->rule == HG_RULE_DEFAULT)
		return "default";
	if (v->rule == HG_RULE_UNREAD)
		return "unread";
	if (eve->names.rule) {
		const char *name = eve->names.rule(eve->names.ctx, v);

		return name ? name : "?";
	}
	return "?";
}

static void time_text(struct hg_eve *eve, const struct hg_event *e, char *text, size_t size)
{
	uint64_t ns = hg_clock_wall(&eve->clock, e->hello_ns ? e->hello_ns : e->time_ns);
	time_t seconds = (time_t)(ns / 1000000000ULL);
	struct tm tm;
	size_t len;

	localtime_r(&seconds, &tm);
	len = strftime(text, size, "%H:%M:%S", &tm);
	snprintf(text + len, size - len, ".%03u", (unsigned int)(ns / 1000000 % 1000));
}

int hg_row_red(const struct hg_diagnosis *d)
{
	return d->outcome == HG_OUTCOME_failed ? HG_ROW_CAUSE : -1;
}

static const char *interface_text(const struct hg_eve *eve, const struct hg_event *e)
{
	const char *name = eve->names.interface ? eve->names.interface(eve->names.ctx, e) : NULL;

	return name ? name : "-";
}

void hg_row_fill(struct hg_row *r, struct hg_eve *eve, struct hg_handshake *h,
		 const struct hg_diagnosis *d)
{
	const struct hg_event *e = &h->facts;
	const __u16 version = h->answer.server.version;
	const char *ja4 = hg_handshake_ja4(h);
	struct hg_endpoint client, server;

	hg_flow_endpoints(e, &client, &server);
	time_text(eve, e, r->time, sizeof(r->time));
	snprintf(r->flow, sizeof(r->flow), "%llu", (unsigned long long)e->flow_id);
	r->cells[HG_ROW_TIME] = r->time;
	r->cells[HG_ROW_FLOW] = r->flow;
	r->cells[HG_ROW_INTERFACE] = interface_text(eve, e);
	r->cells[HG_ROW_CLIENT] = hg_endpoint_text(&client, r->client);
	r->cells[HG_ROW_SERVER] = hg_endpoint_text(&server, r->server);
	r->cells[HG_ROW_NAME] = hg_row_name(h);
	r->cells[HG_ROW_OFFER] =
		e->hello.bytes ? hg_version_text(hg_version_rank(e->hello.version_max)) : "-";
	r->cells[HG_ROW_JA4] = ja4 ? ja4 : "-";
	r->cells[HG_ROW_VERSION] = version ? hg_version_text(hg_version_rank(version)) : "-";
	r->cells[HG_ROW_OUTCOME] = hg_outcome_text(d->outcome);
	r->cells[HG_ROW_CAUSE] = d->cause ? hg_cause_text(d->cause) : "-";
	r->cells[HG_ROW_SIDE] = d->cause ? hg_side_text(d->side) : "-";
	r->cells[HG_ROW_SURE] = d->cause ? d->observed ? "observed" : "inferred" : "-";
	r->cells[HG_ROW_CLOSE] = h->lost ? "lost" : hg_close_text(e->close);
	r->cells[HG_ROW_COVERAGE] = hg_bucket_text(e->bucket);
	r->cells[HG_ROW_RULE] = rule_text(eve, &e->verdict);
	r->cells[HG_ROW_ACTION] = e->verdict.revision ? hg_action_text(e->verdict.action) : "-";
}
