/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How often a rule may act: the bucket, what is done when it is empty, and when
 * the breaker closes.
 */
#include <bpf/bpf.h>

#include "hellos.h"
#include "talk.h"
#include "tap.h"

#define RATE 5U
#define STATS 1

static struct octets stream;

static void police(struct gate *g, __u8 action, __u8 mode, __u32 rate, enum hg_on_exceed on_exceed)
{
	struct gate_policy p = {
		.header = { .revision = 5, .mode = HG_MODE_enforce, .default_stats = 7 },
		.rules = { { .match = { .conditions = HG_COND_VERSION_MAX, .version_max = 0xff },
			     .action = action,
			     .mode = mode,
			     .to = HG_TO_both,
			     .stats = STATS } },
		.rule_count = 1,
		.limits = { [STATS] = { rate, on_exceed } },
	};

	gate_police(g, &p);
}

/* Another flow that the rule is for: what became of it. */
static enum gate_act another(struct gate *g, enum gate_hook hook, struct talk *t)
{
	static __u16 port = 20000;
	struct conn conn = { .client_port = ++port };

	talk_begin(t, g, hook, &conn);
	talk_syn(t);
	return talk_client(t, 0, stream.at, stream.len);
}

/* Of `count` flows at once, how many met `act`. */
static __u32 flood(struct gate *g, enum gate_hook hook, __u32 count, enum gate_act act)
{
	static struct talk t;
	__u32 met = 0;

	for (__u32 i = 0; i < count; i++)
		met += another(g, hook, &t) == act;
	return met;
}

static struct hg_limit_state state_of(struct gate *g)
{
	struct hg_limit_state s = {};
	__u32 key = STATS;

	bpf_map_lookup_elem(gate_map(g, "limit_state"), &key, &s);
	return s;
}

/* The bucket full again, the breaker closed. */
static bool done(struct gate *g, bool ok)
{
	struct hg_limit_state none = {};
	__u32 key = STATS;

	ok &= gate_over(g);
	bpf_map_update_elem(gate_map(g, "limit_state"), &key, &none, BPF_ANY);
	return ok;
}

/* A second's worth at once, and no more. */
static void a_second_at_once(struct gate *g, enum gate_hook hook)
{
	bool ok;

	police(g, HG_ACTION_reset, HG_MODE_enforce, RATE, HG_EXCEED_monitor);
	ok = check_u64("reset", flood(g, hook, RATE, GATE_RESET), RATE);
	ok &= check_u64("exceeded", state_of(g).exceeded, 0);
	ok &= check_u64("passed", flood(g, hook, 3, GATE_PASS), 3);
	ok &= check_u64("exceeded", state_of(g).exceeded, 3);
	tap_ok(done(g, ok), "%s: a second's worth at once, and no more", gate_hook_name[hook]);
}

/* As fast as it may, for as long as it likes. */
static void at_its_rate(struct gate *g, enum gate_hook hook)
{
	__u32 met = 0;

	police(g, HG_ACTION_reset, HG_MODE_enforce, RATE, HG_EXCEED_monitor);
	flood(g, hook, RATE, GATE_RESET);
	for (__u32 i = 0; i < 3 * RATE; i++) {
		gate_wait(g, SECONDS(1) / RATE);
		met += flood(g, hook, 1, GATE_RESET);
	}
	tap_ok(done(g, check_u64("reset", met, 3 * RATE)), "%s: at its rate", gate_hook_name[hook]);
}

/* Open until nobody has found the bucket empty for ten seconds. */
static void closes(struct gate *g, enum gate_hook hook)
{
	bool ok;

	police(g, HG_ACTION_reset, HG_MODE_enforce, RATE, HG_EXCEED_monitor);
	flood(g, hook, RATE + 1, GATE_RESET);
	gate_wait(g, SECONDS(10) - 1);
	ok = check_u64("passed", flood(g, hook, 1, GATE_PASS), 1);
	gate_wait(g, 1);
	ok &= check_u64("reset", flood(g, hook, 1, GATE_RESET), 1);
	tap_ok(done(g, ok), "%s: closed again after ten seconds", gate_hook_name[hook]);
}

/* A rate that stays above the limit keeps the breaker open. */
static void stays_open(struct gate *g, enum gate_hook hook)
{
	__u32 passed = 0;

	police(g, HG_ACTION_reset, HG_MODE_enforce, RATE, HG_EXCEED_monitor);
	flood(g, hook, RATE + 1, GATE_RESET);
	for (int second = 0; second < 15; second++) {
		gate_wait(g, SECONDS(1));
		passed += flood(g, hook, RATE + 1, GATE_PASS);
	}
	tap_ok(done(g, check_u64("passed", passed, 15 * (RATE + 1))),
	       "%s: open for as long as the rate is above", gate_hook_name[hook]);
}

struct row {
	const char *what;
	__u8 action, mode;
	enum hg_on_exceed on_exceed;
	enum gate_act within, beyond;
	__u8 beyond_action, beyond_mode; /* as the END event has it */
};

static const struct row rows[] = {
	{ "monitor", HG_ACTION_reset, HG_MODE_enforce, HG_EXCEED_monitor, GATE_RESET, GATE_PASS,
	  HG_ACTION_reset, HG_MODE_monitor },
	{ "keep", HG_ACTION_reset, HG_MODE_enforce, HG_EXCEED_keep, GATE_RESET, GATE_RESET,
	  HG_ACTION_reset, HG_MODE_enforce },
	{ "drop", HG_ACTION_reset, HG_MODE_enforce, HG_EXCEED_drop, GATE_RESET, GATE_DROP,
	  HG_ACTION_drop, HG_MODE_enforce },
	{ "a rule that drops", HG_ACTION_drop, HG_MODE_enforce, HG_EXCEED_monitor, GATE_DROP,
	  GATE_PASS, HG_ACTION_drop, HG_MODE_monitor },
	{ "a rule in monitor mode", HG_ACTION_reset, HG_MODE_monitor, HG_EXCEED_drop, GATE_PASS,
	  GATE_PASS, HG_ACTION_drop, HG_MODE_monitor },
};

static bool told(struct talk *t, const struct row *row)
{
	const struct gate_event *e = NULL;
	bool ok;

	talk_client_ends(t, stream.len);
	gate_sweep_final(t->gate);
	ok = check_u64("END", talk_count(t, HG_EVENT_END, &e), 1);
	if (!e)
		return false;
	ok &= check_u64("limited", e->head.verdict.limited, 1);
	ok &= check_u64("action", e->head.verdict.action, row->beyond_action);
	return ok & check_u64("mode", e->head.verdict.mode, row->beyond_mode);
}

static void exceeds(struct gate *g, enum gate_hook hook, const struct row *row)
{
	static struct talk t;
	struct hg_rule_counters counted;
	bool ok;

	police(g, row->action, row->mode, RATE, row->on_exceed);
	ok = check_u64("within", flood(g, hook, RATE, row->within), RATE);
	ok &= check_u64("beyond", another(g, hook, &t), row->beyond);
	ok &= told(&t, row);
	gate_rule_counters(g, STATS, &counted);
	ok &= check_u64("counted", counted.verdicts[row->beyond_mode][row->beyond_action],
			1 + (row->beyond_mode == row->mode && row->beyond_action == row->action
				     ? RATE
				     : 0));
	tap_ok(done(g, ok), "%s: beyond its limit: %s", gate_hook_name[hook], row->what);
}

static void allows(struct gate *g, enum gate_hook hook)
{
	bool ok;

	police(g, HG_ACTION_count, HG_MODE_enforce, 1, HG_EXCEED_drop);
	ok = check_u64("passed", flood(g, hook, 5, GATE_PASS), 5);
	ok &= check_u64("exceeded", state_of(g).exceeded, 0);
	tap_ok(done(g, ok), "%s: what only counts has no limit", gate_hook_name[hook]);
}

int main(void)
{
	static struct octets message;
	static struct gate g;

	hello_build(&message, &(struct hello_spec){ .sni = "a.example" });
	record_whole(&stream, &message);
	gate_open(&g, NULL);
	FOR_HOOKS(hook) {
		a_second_at_once(&g, hook);
		at_its_rate(&g, hook);
		closes(&g, hook);
		stays_open(&g, hook);
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			exceeds(&g, hook, &rows[i]);
		allows(&g, hook);
	}
	gate_close(&g);
	return tap_done();
}
