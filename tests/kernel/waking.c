/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When the reader of the ring is woken: not again within five milliseconds, whichever
 * processor was first; by then it looks by itself (HG_WAKE_AGAIN_MS). At once for a flow
 * that waits for it.
 */
#include <bpf/bpf.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

#define MS(n) ((n)*1000000LL)

enum reader {
	LOOKS_LATER,
	IS_WOKEN,
	IS_AWAITED, /* for the flow's verdict: it is woken, too */
};

/* `since`: how long before the packet it was woken; below 0: behind it, by another processor. */
static const struct row {
	const char *what;
	enum hg_event_type event;
	__s64 since;
	enum reader reader;
} rows[] = {
	{ "HELLO at once", HG_EVENT_HELLO, 0, LOOKS_LATER },
	{ "HELLO five milliseconds later", HG_EVENT_HELLO, MS(5), LOOKS_LATER },
	{ "HELLO a nanosecond more than that later", HG_EVENT_HELLO, MS(5) + 1, IS_WOKEN },
	{ "HELLO a second later", HG_EVENT_HELLO, MS(1000), IS_WOKEN },
	{ "HELLO, another processor was first", HG_EVENT_HELLO, -1000, LOOKS_LATER },
	{ "HELLO, by a clock that was set back", HG_EVENT_HELLO, -MS(5) - 1, IS_WOKEN },
	{ "HELLO a moment later, and its flow waits", HG_EVENT_HELLO, 1, IS_AWAITED },
	{ "END five milliseconds later", HG_EVENT_END, MS(5), LOOKS_LATER },
	{ "END a nanosecond more than that later", HG_EVENT_END, MS(5) + 1, IS_WOKEN },
};

static void police_by_user(struct gate *g)
{
	struct gate_policy p = {
		.header = { .revision = 1, .mode = HG_MODE_enforce, .decision_timeout_ms = 1000 },
		.rules = { { .match = { .conditions = HG_COND_USER }, .mode = HG_MODE_enforce } },
		.rule_count = 1,
	};

	gate_police(g, &p);
	g->presence->heartbeat_ns = g->presence->time_ns;
}

static __u64 woken_at(struct gate *g)
{
	struct hg_attention a = {};
	__u32 zero = 0;

	if (bpf_map_lookup_elem(gate_map(g, "attention"), &zero, &a))
		tap_bail("attention cannot be read");
	return a.wake_ns;
}

static __u64 wake_before(struct gate *g, __s64 since)
{
	struct hg_attention a = { .wake_ns = g->presence->time_ns - (__u64)since };
	__u32 zero = 0;

	if (bpf_map_update_elem(gate_map(g, "attention"), &zero, &a, BPF_ANY))
		tap_bail("attention cannot be written");
	return a.wake_ns;
}

static void one(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static struct octets message, stream;
	struct talk t;
	const struct gate_event *e;
	__u64 before, wanted;
	bool ok;

	hello_build(&message, &hello_classic);
	record_whole(&stream, &message);
	if (row->reader == IS_AWAITED)
		police_by_user(g);
	talk_begin(&t, g, hook, NULL);
	talk_syn(&t);
	talk_synack(&t);
	if (row->event == HG_EVENT_END)
		talk_client(&t, 0, stream.at, stream.len);
	before = wake_before(g, row->since);
	if (row->event == HG_EVENT_END)
		talk_server_flags(&t, TCP_RST | TCP_ACK, 0);
	else
		talk_client(&t, 0, stream.at, stream.len);
	wanted = row->reader != LOOKS_LATER ? g->presence->time_ns : before;
	ok = check_u64("woken at", woken_at(g), wanted);
	ok &= check_u64("events", talk_count(&t, row->event, &e), 1);
	tap_ok(ok & gate_over(g), "%s: %s", gate_hook_name[hook], row->what);
}

int main(void)
{
	static struct gate g;

	gate_open(&g, &(struct gate_options){ 0 });
	FOR_HOOKS(hook)
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			one(&g, hook, &rows[i]);
	gate_close(&g);
	return tap_done();
}
