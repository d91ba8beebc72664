/* SPDX-License-Identifier: BSD-2-Clause */
#include "story.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "advice.h"
#include "answer.h"
#include "eve.h"
#include "terms.h"
#include "x509.h"

#define LINES 32

/* What happened, when: microseconds from the hello. */
struct story {
	unsigned int count;
	struct line {
		int64_t at_us;
		unsigned int order; /* of those at one time */
		const char *who;
		char what[160];
	} lines[LINES];
};

__attribute__((format(printf, 4, 5))) static void tell(struct story *s, int64_t at_us,
						       const char *who, const char *format, ...)
{
	struct line *line = &s->lines[s->count];
	va_list args;

	if (s->count == LINES)
		return;
	*line = (struct line){ .at_us = at_us, .order = s->count++, .who = who };
	va_start(args, format);
	vsnprintf(line->what, sizeof(line->what), format, args);
	va_end(args);
}

/* A stage is told if it was seen: its time is in microseconds and one. */
#define tell_stage(s, stage_us, ...)                                                               \
	do {                                                                                       \
		if (stage_us)                                                                      \
			tell(s, (int64_t)(stage_us)-1, __VA_ARGS__);                               \
	} while (0)

/* ---- what the client said ---- */

static void tell_trip(struct story *s, int64_t at_us, const struct hg_answer_facts *a)
{
	if (a->path.rtt_us)
		tell(s, at_us, "path", "SYN and SYN-ACK: a round trip of %.3f ms",
		     (double)a->path.rtt_us / 1000.0);
}

/* Times are from the SYN. */
static void tell_attempt(struct story *s, const struct hg_handshake *h)
{
	const struct hg_event *facts = &h->facts;

	tell(s, 0, "client", "SYN");
	tell_trip(s, h->answer.path.rtt_us, &h->answer);
	if (facts->close == HG_CLOSE_none)
		tell(s, (int64_t)(facts->time_ns - facts->first_ns) / 1000, "client",
		     "the same SYN for the third time");
}

static void tell_hello(struct story *s, const struct hg_handshake *h)
{
	const struct hg_hello_facts *hello = &h->facts.hello;
	const struct hg_path_facts *path = &h->answer.path;

	if (!hello->bytes) {
		tell(s, 0, "client", "part of a hello: %u of %u bytes", path->hello_have,
		     path->hello_need);
		return;
	}
	tell(s, 0, "client", "ClientHello: %u bytes in %u segment%s, %s at best, %u cipher suites",
	     hello->bytes, hello->segments, hello->segments == 1 ? "" : "s",
	     hg_tls_version_name(hello->version_max), hello->cipher_count);
	if (path->hello_resent)
		tell(s, 0, "client", "%u segments of it were sent again", path->hello_resent);
}

/* ---- what both say behind it ---- */

static void tell_server_hello(struct story *s, const struct hg_answer_facts *a)
{
	const struct hg_server_facts *server = &a->server;
	__u32 first = a->side[HG_FROM_SERVER].at_us[HG_STAGE_FIRST];

	if (!server->version)
		return;
	if (server->features & HG_SERVER_HELLO_RETRY)
		tell_stage(s, first, "server", "HelloRetryRequest: group 0x%04x",
			   server->retry_group);
	tell_stage(s, first, "server", "ServerHello: %s, cipher 0x%04x%s",
		   hg_tls_version_name(server->version), server->cipher,
		   hg_is_resumed(a) ? ", an earlier session" : "");
}

static void tell_side(struct story *s, const struct hg_answer_facts *a, unsigned int from)
{
	const struct hg_side_facts *side = &a->side[from];
	const char *who = from == HG_FROM_SERVER ? "server" : "client";

	tell_stage(s, side->at_us[HG_STAGE_CERTIFICATE], who,
		   "Certificate: %u certificates, %u bytes", side->certificates,
		   side->certificate_bytes);
	tell_stage(s, side->at_us[HG_STAGE_DONE], who, "%s",
		   from == HG_FROM_SERVER ? "ServerHelloDone" : "ClientKeyExchange");
	tell_stage(s, side->at_us[HG_STAGE_FINISHED], who, "Finished (encrypted)");
	if (side->alert_count)
		for (unsigned int i = 0; i < side->alert_count && i < HG_ALERTS_MAX; i++)
			tell_stage(s, side->at_us[HG_STAGE_ALERT], who, "alert: %s %s (%u)",
				   hg_alert_level_text(side->alerts[i].level),
				   hg_alert_text(side->alerts[i].code), side->alerts[i].code);
	else
		tell_stage(s, side->at_us[HG_STAGE_ALERT], who,
			   "an encrypted record of the size of an alert");
	tell_stage(s, side->at_us[HG_STAGE_DATA], who, "application data");
}

/* ---- how it ended ---- */

static void tell_close(struct story *s, const struct hg_handshake *h)
{
	const struct hg_path_facts *path = &h->answer.path;
	const struct hg_event *e = &h->facts;
	int64_t ended = e->time_ns > e->hello_ns ? (int64_t)(e->time_ns - e->hello_ns) / 1000 : 0;

	if (h->lost)
		tell(s, ended, "-", "the end was lost on its way here");
	else if (e->close == HG_CLOSE_none)
		return;
	else if (path->close_at_us)
		tell(s, path->close_at_us - 1, hg_side_text(e->close_from), "%s, TTL %u",
		     e->close == HG_CLOSE_rst ? "RST" : "FIN", path->close_ttl);
	else
		tell(s, ended, hg_side_text(e->close_from), "%s", hg_close_text(e->close));
}

static int by_time(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->at_us != y->at_us)
		return x->at_us < y->at_us ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static void print_lines(struct story *s)
{
	qsort(s->lines, s->count, sizeof(s->lines[0]), by_time);
	for (unsigned int i = 0; i < s->count; i++)
		printf("%+12.3f ms  %-6s  %s\n", (double)s->lines[i].at_us / 1000.0,
		       s->lines[i].who, s->lines[i].what);
}

/* ---- head and verdict ---- */

static void print_head(struct hg_clock *clock, const struct hg_event *e, const char *name)
{
	uint64_t ns = hg_clock_wall(clock, e->hello_ns ? e->hello_ns : e->time_ns);
	time_t seconds = (time_t)(ns / 1000000000ULL);
	struct hg_endpoint client, server;
	char from[HG_ENDPOINT_TEXT], to[HG_ENDPOINT_TEXT], text[40];
	struct tm tm;

	hg_flow_endpoints(e, &client, &server);
	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	printf("flow %llu: %s to %s, %s, at %s.%06u\n", (unsigned long long)e->flow_id,
	       hg_endpoint_text(&client, from), hg_endpoint_text(&server, to), name, text,
	       (unsigned int)(ns / 1000 % 1000000));
}

static void print_findings(const struct hg_certificates *c, const char *whose)
{
	for (unsigned int i = 0; i < HG_FINDING_COUNT; i++)
		if (c->findings >> i & 1)
			printf("  %s chain: %s\n", whose, hg_finding_text(i));
	if (c->leaf_parsed)
		printf("  %s certificate: %s, from %s to %s, %s %u bits, %s\n", whose,
		       c->leaf.subject, c->leaf.not_before, c->leaf.not_after, c->leaf.key,
		       c->leaf.key_bits, c->leaf.digest);
}

/* What earlier handshakes with it were like: what an inferred cause is compared with. */
static void print_known(const struct hg_known *k, const char *whom)
{
	if (!k->ended)
		return;
	printf("  %s: %" PRIu64 " handshakes before, %" PRIu64 " answered, %" PRIu64 " established",
	       whom, (uint64_t)k->ended, (uint64_t)k->answered, (uint64_t)k->established);
	if (k->answered && k->least_answered)
		printf("; all that it answered offered %s or better",
		       hg_tls_version_name(k->least_answered));
	if (k->refused_without_sni)
		printf("; %" PRIu64 " hellos without SNI were closed",
		       (uint64_t)k->refused_without_sni);
	if (k->certificate_before)
		printf("; its Certificate message changed from %u to %u bytes",
		       k->certificate_before, k->certificate_bytes);
	putchar('\n');
}

static void print_verdict(const struct hg_diagnosis *d)
{
	if (!d->cause) {
		printf("%s (%s)\n", hg_outcome_text(d->outcome),
		       d->outcome_observed ? "observed" : "inferred");
		return;
	}
	printf("%s: %s, side %s (%s)\n", hg_outcome_text(d->outcome), hg_cause_text(d->cause),
	       hg_side_text(d->side), d->observed ? "observed" : "inferred");
	for (unsigned int i = 0; i < d->reason_count; i++)
		printf("  because %s\n", hg_reason_sentence(d->reasons[i]));
	for (unsigned int i = 0; i < d->evidence_count; i++)
		printf("  evidence: %s\n", d->evidence[i]);
}

void hg_story_print(struct hg_clock *clock, struct hg_handshake *h, const struct hg_examined *x,
		    const char *name)
{
	const struct hg_answer_facts *a = &h->answer;
	const struct hg_diagnosis *d = &x->diagnosis;
	struct story s = { 0 };

	print_head(clock, &h->facts, name);
	if (h->attempt) {
		tell_attempt(&s, h);
	} else {
		tell_trip(&s, -(int64_t)a->path.rtt_us, a);
		tell_hello(&s, h);
		tell_server_hello(&s, a);
		tell_side(&s, a, HG_FROM_SERVER);
		tell_side(&s, a, HG_FROM_CLIENT);
	}
	tell_close(&s, h);
	print_lines(&s);
	print_verdict(d);
	if (x->has_certificates[HG_FROM_SERVER])
		print_findings(&x->certificates[HG_FROM_SERVER], "server's");
	if (x->has_certificates[HG_FROM_CLIENT])
		print_findings(&x->certificates[HG_FROM_CLIENT], "client's");
	print_known(&d->name, "this name");
	print_known(&d->server, "this server");
	if (d->cause)
		printf("what to do: %s\n", hg_advice(d->cause));
}
