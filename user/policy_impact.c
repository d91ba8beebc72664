/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_impact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_compile.h"
#include "policy_judge.h"
#include "recorded.h"
#include "say.h"

static void *grown(void *items, size_t count, size_t *room, size_t size)
{
	void *more = items;

	if (count < *room)
		return items;
	*room = *room ? *room * 2 : 64;
	more = realloc(items, *room * size);
	if (more)
		return more;
	hg_error("no memory for what was recorded");
	exit(HG_UNSUPPORTED);
}

/* The mode says whether it is done, and `to` at whom: of what does something. */
static bool same_deed(const struct hg_verdict *a, const struct hg_verdict *b)
{
	bool reset = a->action == HG_ACTION_reset, acts = reset || a->action == HG_ACTION_drop;

	return a->action == b->action && (!acts || a->mode == b->mode) &&
	       (!reset || a->to == b->to);
}

/* Rules of two policies are the same if they are called the same. */
static bool same_rule(const struct hg_compiled *a, const struct hg_verdict *x,
		      const struct hg_compiled *b, const struct hg_verdict *y)
{
	if (x->rule >= HG_RULE_ALREADY || y->rule >= HG_RULE_ALREADY)
		return x->rule == y->rule;
	return !strcmp(hg_compiled_rule_name(a, x->rule), hg_compiled_rule_name(b, y->rule));
}

/* ---- two policies ---- */

struct comparing {
	const struct hg_compiled *a, *b;
	struct hg_impact *impact;
};

bool hg_transition_acts(const struct hg_transition *t)
{
	return !same_deed(&t->from, &t->to);
}

static struct hg_transition *transition(struct hg_impact *i, const struct hg_verdict *from,
					const struct hg_verdict *to)
{
	for (size_t n = 0; n < i->count; n++)
		if (i->list[n].from.rule == from->rule && same_deed(&i->list[n].from, from) &&
		    i->list[n].to.rule == to->rule && same_deed(&i->list[n].to, to))
			return &i->list[n];
	i->list = grown(i->list, i->count, &i->room, sizeof(*i->list));
	i->list[i->count] = (struct hg_transition){ .from = *from, .to = *to };
	return &i->list[i->count++];
}

static void compare(void *arg, const struct hg_recorded *r)
{
	struct comparing *c = arg;
	struct hg_verdict from = { 0 }, to = { 0 };
	struct hg_transition *t;

	hg_policy_judge(c->a, r->view, 0, &from);
	hg_policy_judge(c->b, r->view, 0, &to);
	c->impact->handshakes++;
	if (same_deed(&from, &to) && same_rule(c->a, &from, c->b, &to))
		return;
	t = transition(c->impact, &from, &to);
	if (t->count < HG_EXAMPLES) {
		struct hg_example *e = &t->examples[t->count];

		snprintf(e->client, sizeof(e->client), "%s", r->client);
		snprintf(e->name, sizeof(e->name), "%s", r->name);
	}
	t->count++;
	if (hg_transition_acts(t))
		c->impact->otherwise++;
	else
		c->impact->by_another++;
}

static int most_frequent_first(const void *left, const void *right)
{
	const struct hg_transition *a = left, *b = right;

	if (hg_transition_acts(a) != hg_transition_acts(b))
		return hg_transition_acts(a) ? -1 : 1;
	return a->count < b->count ? 1 : -(a->count > b->count);
}

int hg_policy_impact(const char *path, const struct hg_compiled *a, const struct hg_compiled *b,
		     struct hg_impact *out)
{
	struct comparing c = { a, b, out };
	int r;

	*out = (struct hg_impact){ 0 };
	r = hg_recorded_read(path, compare, &c);
	if (out->count)
		qsort(out->list, out->count, sizeof(*out->list), most_frequent_first);
	return r;
}

void hg_impact_free(struct hg_impact *impact)
{
	free(impact->list);
	*impact = (struct hg_impact){ 0 };
}

/* ---- one policy ---- */

/* One handshake. */
struct sight {
	__u32 rule;
	__u8 action, mode;
	char *name, *client;
};

struct sights {
	struct sight *list;
	size_t count, room;
	const struct hg_compiled *c;
};

static void keep(void *arg, const struct hg_recorded *r)
{
	struct sights *s = arg;
	struct hg_verdict v = { 0 };

	hg_policy_judge(s->c, r->view, 0, &v);
	s->list = grown(s->list, s->count, &s->room, sizeof(*s->list));
	s->list[s->count++] =
		(struct sight){ v.rule, v.action, v.mode, strdup(r->name), strdup(r->client) };
}

static int by_decision(const struct sight *a, const struct sight *b)
{
	if (a->rule != b->rule)
		return a->rule < b->rule ? -1 : 1;
	if (a->action != b->action)
		return a->action - b->action;
	return a->mode - b->mode;
}

static int by_client(const void *left, const void *right)
{
	const struct sight *a = left, *b = right;
	int order = by_decision(a, b);

	return order ? order : strcmp(a->client, b->client);
}

static int by_name(const void *left, const void *right)
{
	const struct sight *a = left, *b = right;
	int order = by_decision(a, b);

	return order ? order : strcmp(a->name, b->name);
}

/* The most frequent ones; of equal ones the first by text. */
static void enter(struct hg_top top[HG_EXAMPLES], const char *text, __u64 count)
{
	int at = HG_EXAMPLES;

	while (at > 0 && top[at - 1].count < count)
		at--;
	if (at == HG_EXAMPLES)
		return;
	memmove(&top[at + 1], &top[at], (size_t)(HG_EXAMPLES - 1 - at) * sizeof(*top));
	top[at] = (struct hg_top){ text, count };
}

/* Sorted by decision and text: each run of one text is counted. */
static void count_texts(const struct sight *list, size_t count, bool names,
			struct hg_top top[HG_EXAMPLES])
{
	size_t begin = 0;

	for (size_t i = 1; i <= count; i++) {
		const char *text = names ? list[begin].name : list[begin].client;

		if (i < count && !strcmp(text, names ? list[i].name : list[i].client))
			continue;
		enter(top, text, i - begin);
		begin = i;
	}
}

/* Calls for each run of one decision. */
static size_t run_length(const struct sight *list, size_t count)
{
	size_t n = 1;

	while (n < count && !by_decision(&list[0], &list[n]))
		n++;
	return n;
}

static void sum_up(struct sights *s, struct hg_replay *out)
{
	size_t room = 0, n, i;

	if (!s->count)
		return;
	qsort(s->list, s->count, sizeof(*s->list), by_name);
	for (i = 0; i < s->count; i += n) {
		struct hg_rule_impact rule = { .rule = s->list[i].rule,
					       .action = s->list[i].action,
					       .mode = s->list[i].mode };

		n = run_length(&s->list[i], s->count - i);
		rule.count = n;
		count_texts(&s->list[i], n, true, rule.names);
		out->rules = grown(out->rules, out->count, &room, sizeof(*out->rules));
		out->rules[out->count++] = rule;
	}
	qsort(s->list, s->count, sizeof(*s->list), by_client);
	for (i = 0, room = 0; i < s->count; i += n, room++) {
		n = run_length(&s->list[i], s->count - i);
		count_texts(&s->list[i], n, false, out->rules[room].clients);
	}
}

int hg_policy_replay(const char *path, const struct hg_compiled *c, struct hg_replay *out)
{
	struct sights *s = calloc(1, sizeof(*s));
	int r;

	*out = (struct hg_replay){ .seen = s };
	if (!s) {
		hg_error("no memory for what was recorded");
		return HG_UNSUPPORTED;
	}
	s->c = c;
	r = hg_recorded_read(path, keep, s);
	out->handshakes = s->count;
	sum_up(s, out);
	return r;
}

void hg_replay_free(struct hg_replay *replay)
{
	struct sights *s = replay->seen;

	for (size_t i = 0; s && i < s->count; i++) {
		free(s->list[i].name);
		free(s->list[i].client);
	}
	if (s)
		free(s->list);
	free(s);
	free(replay->rules);
	*replay = (struct hg_replay){ 0 };
}
