/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel: every shape through the BPF programs, at each hook.
 *
 *   kernel [-q] [PATTERN]
 *
 * A line for each row: number, name, hook, variants that were right, of how
 * many, and why the first wrong one was, separated by tabs.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "../kernel/harness.h"
#include "../kernel/tap.h"
#include "client_hello.h"
#include "judge.h"
#include "shape.h"
#include "wire.h"

#define MOST_VARIANTS 250 /* as default: HG_STEP=1 tries all */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const enum gate_hook hooks[] = { GATE_XDP, GATE_XDP_FRAGS, GATE_INGRESS, GATE_EGRESS };

struct run {
	struct gate gate;
	enum gate_hook hook;
	__u64 swept;
	__u32 refused; /* frames that a test run of this hook does not take */
};

/* ---- into the programs ---- */

static void send_frame(void *arg, const struct frame *f, bool from_server)
{
	struct run *r = arg;
	enum gate_hook hook = r->hook;

	if (from_server)
		hook = hook == GATE_EGRESS ? GATE_INGRESS : GATE_EGRESS;
	if (gate_send_quietly(&r->gate, hook, f) == GATE_FAILED)
		r->refused++;
}

/* The clock goes on by seconds, with the sweep that each of them brings. */
static void pass_time(void *arg, __u64 ns)
{
	struct run *r = arg;

	for (; ns > SECONDS(1); ns -= SECONDS(1)) {
		gate_wait(&r->gate, SECONDS(1));
		gate_sweep(&r->gate);
	}
	gate_wait(&r->gate, ns);
}

/* ---- what they said ---- */

static void keep_name(struct handshake_seen *h, const struct hg_hello *hello, const __u8 *message)
{
	h->name_len = hello->name_len;
	memcpy(h->name, hello->name, h->name_len);
	h->raw_len = hello->sni.len < SEEN_NAME ? hello->sni.len : SEEN_NAME;
	memcpy(h->raw, message + hello->sni.at, h->raw_len);
}

/* The message, as user space reads it. */
static void read_message(struct handshake_seen *h, const struct gate_event *e)
{
	static struct hg_capture capture;
	static struct hg_parse parse;
	__u32 features;

	memcpy(capture.bytes, e->message, e->head.message_len);
	memset(capture.bytes + e->head.message_len, 0, sizeof(__u64));
	h->read = hg_hello_parse(&capture, &parse, 0, e->head.message_len, e->head.sslv2);
	features = parse.hello.features;
	keep_name(h, &parse.hello, e->message);
	h->pq = features & HG_HELLO_PQ;
	h->ticket = features & HG_HELLO_TICKET;
	h->psk = features & HG_HELLO_PSK;
	h->early_data = features & HG_HELLO_EARLY_DATA;
}

static void read_facts(struct handshake_seen *h, const struct hg_event *e)
{
	h->bucket = e->bucket;
	h->flags = e->flags;
	h->state = e->hello.sni_state;
	h->ech = e->hello.ech;
	h->ciphers = e->hello.cipher_count;
	h->ciphers_no_grease = e->hello.cipher_count_no_grease;
	h->version_max = e->hello.version_max;
}

/* A handshake is what HELLO and END of one flow say, END last; an ATTEMPT is none. */
static void read_events(struct run *r, const struct conn *c, struct seen *seen)
{
	struct hg_flow_key key = gate_key(&r->gate, c);
	__u64 ids[SEEN_MAX];

	gate_events(&r->gate);
	for (__u32 i = 0; i < r->gate.event_count; i++) {
		const struct gate_event *e = &r->gate.events[i];
		__u32 n = 0;

		if (e->head.type == HG_EVENT_ATTEMPT ||
		    memcmp(&e->head.key, &key, sizeof(key)) != 0)
			continue;
		while (n < seen->count && n < SEEN_MAX && ids[n] != e->head.flow_id)
			n++;
		if (n == SEEN_MAX)
			continue;
		if (n == seen->count) {
			ids[n] = e->head.flow_id;
			seen->count++;
		}
		if (e->head.type == HG_EVENT_HELLO)
			read_message(&seen->of[n], e);
		read_facts(&seen->of[n], &e->head);
	}
}

static void read_counters(struct run *r, const struct hg_counters *before, struct seen *seen)
{
	struct hg_counters now;

	gate_counters(&r->gate, &now);
	seen->counted = true;
	seen->created = now.flows_created - before->flows_created;
	for (__u32 i = 0; i < HG_BUCKET_COUNT; i++)
		seen->buckets[i] = ((__u64 *)&now.coverage)[i] - ((__u64 *)&before->coverage)[i];
}

/* ---- a row ---- */

/* What the client has closed ends after two seconds of silence; the rest, now. */
static void end_flows(struct run *r, const struct script *s)
{
	pass_time(r, SECONDS(3));
	if (s->no_end || s->flows > 2 || gate_active(&r->gate))
		gate_sweep_final(&r->gate);
}

static const char *try_variant(struct run *r, const struct row *row, __u32 number, __u32 variant)
{
	static struct script s;
	struct wire_time time = { pass_time, r };
	struct hg_counters before;
	struct seen seen = { 0 };
	const char *why;
	struct wire w;

	row_script(row, variant, &s);
	wire_open(&w, &s, number, variant);
	w.sink = send_frame;
	w.arg = r;
	gate_forget(&r->gate);
	gate_counters(&r->gate, &before);
	wire_play(&w, &time);
	end_flows(r, &s);
	read_events(r, &w.conn, &seen);
	read_counters(r, &before, &seen);
	why = judge(&s, &seen);
	script_free(&s);
	return why;
}

struct result {
	__u32 tried, right;
	char why[400];
};

static void try_row(struct run *r, const struct row *row, __u32 number, struct result *result)
{
	memset(result, 0, sizeof(*result));
	r->refused = 0;
	for (__u32 v = 0; v < row_variants(row); v = row_next(row, v, MOST_VARIANTS)) {
		const char *why = try_variant(r, row, number, v);

		result->tried++;
		result->right += !why;
		if (!why || *result->why)
			continue;
		if (row->variants)
			snprintf(result->why, sizeof(result->why), "variant %u: %s", v, why);
		else
			snprintf(result->why, sizeof(result->why), "%s", why);
	}
}

/* After the last row: connections have addresses of their own, and do not meet before. */
static void check_books(struct run *r)
{
	bool ok = gate_clear(&r->gate);

	printf("0\tbooks\tkernel %s\t%s\t%u\t1\t%s\n", gate_hook_name[r->hook],
	       ok ? "pass" : "fail", ok, ok ? "" : "flows created are not active + buckets");
}

static void print_result(const struct row *row, const char *leg, const struct result *r,
			 __u32 refused)
{
	if (refused)
		printf("%u\t%s\t%s\tskip\t0\t0\ta test run does not take frames of that size\n",
		       row->number, row->name, leg);
	else
		printf("%u\t%s\t%s\t%s\t%u\t%u\t%s\n", row->number, row->name, leg,
		       r->right == r->tried ? "pass" : "fail", r->right, r->tried, r->why);
	fflush(stdout);
}

/* Rows behind tunnels are of what is there when asked for. */
static const struct gate_options options = { .decap = (1U << HG_TUNNEL_COUNT) - 1,
					     .checksums = true };

int main(int argc, char **argv)
{
	const char *pattern = argc > 1 ? argv[1] : "*";
	static struct run r;
	const struct row *row;
	struct result result;

	gate_open(&r.gate, &options);
	for (__u32 i = 0; i < COUNT_OF(hooks); i++) {
		r.hook = hooks[i];
		for (__u32 n = 0; (row = row_at(n)); n++) {
			char leg[40];

			if (fnmatch(pattern, row->name, 0))
				continue;
			try_row(&r, row, n, &result);
			snprintf(leg, sizeof(leg), "kernel %s", gate_hook_name[r.hook]);
			print_result(row, leg, &result, r.refused);
		}
		check_books(&r);
	}
	gate_close(&r.gate);
	return 0;
}
