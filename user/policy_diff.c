/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_yaml.h"
#include "say.h"

const char *hg_change_text(enum hg_change_kind kind)
{
	static const char *const words[] = { "added", "removed", "changed", "moved" };

	return kind < sizeof(words) / sizeof(words[0]) ? words[kind] : "?";
}

void hg_policy_diff_free(struct hg_policy_diff *d)
{
	hg_arena_free(&d->arena);
	*d = (struct hg_policy_diff){ 0 };
}

static void change(struct hg_policy_diff *d, struct hg_change one)
{
	d->changes = hg_arena_more(&d->arena, d->changes, d->count, &d->room, sizeof(one));
	d->changes[d->count++] = one;
}

/* ---- a value in one line, the same for the same value ---- */

struct line {
	char *text;
	size_t len, room;
};

static void put(struct hg_policy_diff *d, struct line *l, const char *text)
{
	size_t len = strlen(text);

	if (l->len + len + 1 > l->room) {
		char *more = hg_arena_get(&d->arena, (l->len + len + 1) * 2);

		if (l->len)
			memcpy(more, l->text, l->len);
		l->room = (l->len + len + 1) * 2;
		l->text = more;
	}
	memcpy(l->text + l->len, text, len + 1);
	l->len += len;
}

static const struct hg_yaml *next_key(const struct hg_yaml *map, const char *after)
{
	const struct hg_yaml *best = NULL;

	for (const struct hg_yaml *i = map->first; i; i = i->next)
		if ((!after || strcmp(i->key, after) > 0) &&
		    (!best || strcmp(i->key, best->key) < 0))
			best = i;
	return best;
}

/* Keys of a map are in order, since their order says nothing; that of lists does. */
static void put_value(struct hg_policy_diff *d, struct line *l, const struct hg_yaml *v)
{
	const struct hg_yaml *i;

	if (v->kind == HG_YAML_TEXT) {
		put(d, l, v->null ? "~" : v->text);
	} else if (v->kind == HG_YAML_LIST) {
		put(d, l, "[");
		for (i = v->first; i; i = i->next) {
			put_value(d, l, i);
			put(d, l, i->next ? ", " : "");
		}
		put(d, l, "]");
	} else {
		put(d, l, "{");
		for (i = next_key(v, NULL); i; i = next_key(v, i->key)) {
			put(d, l, i == next_key(v, NULL) ? "" : ", ");
			put(d, l, i->key);
			put(d, l, ": ");
			put_value(d, l, i);
		}
		put(d, l, "}");
	}
}

static const char *value_text(struct hg_policy_diff *d, const struct hg_yaml *v)
{
	struct line l = { 0 };

	if (!v)
		return NULL;
	put(d, &l, "");
	put_value(d, &l, v);
	return l.text;
}

/* ---- key by key ---- */

/* Where changes are: of what, and under which keys. */
struct place {
	const char *of, *name, *path;
};

static void diff_value(struct hg_policy_diff *d, const struct place *p, const struct hg_yaml *a,
		       const struct hg_yaml *b);

/* Of two that are not both missing. */
static const char *first_key(const struct hg_yaml *x, const struct hg_yaml *y)
{
	if (x && y)
		return strcmp(x->key, y->key) < 0 ? x->key : y->key;
	return x ? x->key : y ? y->key : "";
}

static void diff_map(struct hg_policy_diff *d, const struct place *p, const struct hg_yaml *a,
		     const struct hg_yaml *b)
{
	const char *at = NULL;

	for (;;) {
		const struct hg_yaml *x = next_key(a, at), *y = next_key(b, at);
		struct place inner = *p;

		if (!x && !y)
			return;
		at = first_key(x, y);
		if (x && strcmp(x->key, at) != 0)
			x = NULL;
		if (y && strcmp(y->key, at) != 0)
			y = NULL;
		inner.path = p->path ? hg_arena_format(&d->arena, "%s.%s", p->path, at)
				     : hg_arena_format(&d->arena, "%s", at);
		diff_value(d, &inner, x, y);
	}
}

static void diff_value(struct hg_policy_diff *d, const struct place *p, const struct hg_yaml *a,
		       const struct hg_yaml *b)
{
	const char *from = value_text(d, a), *to = value_text(d, b);

	if (a && b && a->kind == HG_YAML_MAP && b->kind == HG_YAML_MAP) {
		diff_map(d, p, a, b);
		return;
	}
	if (from && to && !strcmp(from, to))
		return;
	change(d, (struct hg_change){ .kind = HG_CHANGE_CHANGED,
				      .of = p->of,
				      .name = p->name,
				      .key = p->path,
				      .from = from,
				      .to = to });
}

static void whole(struct hg_policy_diff *d, enum hg_change_kind kind, const char *of,
		  const char *name, const struct hg_yaml *v)
{
	const char *text = value_text(d, v);

	change(d, (struct hg_change){ .kind = kind,
				      .of = of,
				      .name = hg_arena_format(&d->arena, "%s", name),
				      .from = kind == HG_CHANGE_REMOVED ? text : NULL,
				      .to = kind == HG_CHANGE_ADDED ? text : NULL });
}

/* ---- things that have names: rules, tests, sets ---- */

struct named {
	const char *name;
	const struct hg_yaml *value;
	unsigned int at;     /* in its own list, from 1 */
	unsigned int before; /* in the other one; 0: it is not there */
	bool stays;	     /* in order with the others */
};

struct named_list {
	struct named *items;
	unsigned int count;
};

static const char *name_of(const struct hg_yaml *item)
{
	const struct hg_yaml *name;

	if (item->key)
		return item->key;
	name = item->kind == HG_YAML_MAP ? hg_yaml_get(item, "name") : NULL;
	return name && name->kind == HG_YAML_TEXT ? name->text : "?";
}

static struct named_list named_of(struct hg_policy_diff *d, const struct hg_yaml *v)
{
	struct named_list l = { 0 };
	const struct hg_yaml *i;
	unsigned int count = 0;

	for (i = v ? v->first : NULL; i; i = i->next)
		count++;
	l.items = hg_arena_get(&d->arena, (count + 1) * sizeof(*l.items));
	for (i = v ? v->first : NULL; i; i = i->next, l.count++)
		l.items[l.count] =
			(struct named){ .name = name_of(i), .value = i, .at = l.count + 1 };
	return l;
}

static struct named *find(const struct named_list *l, const char *name)
{
	for (unsigned int i = 0; i < l->count; i++)
		if (!strcmp(l->items[i].name, name))
			return &l->items[i];
	return NULL;
}

/*
 * The longest run of rules that are in the same order in both stays; the others
 * were moved.
 */
static void mark_stays(struct hg_policy_diff *d, struct named_list *b)
{
	unsigned int *best = hg_arena_get(&d->arena, (b->count + 1) * sizeof(*best));
	unsigned int *link = hg_arena_get(&d->arena, (b->count + 1) * sizeof(*link));
	unsigned int last = 0; /* indices are from 1 */

	for (unsigned int i = 1; i <= b->count; i++) {
		if (!b->items[i - 1].before)
			continue;
		best[i] = 1;
		for (unsigned int j = 1; j < i; j++)
			if (best[j] >= best[i] && b->items[j - 1].before < b->items[i - 1].before) {
				best[i] = best[j] + 1;
				link[i] = j;
			}
		if (!last || best[i] > best[last])
			last = i;
	}
	for (; last; last = link[last])
		b->items[last - 1].stays = true;
}

static void moved(struct hg_policy_diff *d, const char *of, const struct named *item)
{
	change(d, (struct hg_change){ .kind = HG_CHANGE_MOVED,
				      .of = of,
				      .name = hg_arena_format(&d->arena, "%s", item->name),
				      .from = hg_arena_format(&d->arena, "%u", item->before),
				      .to = hg_arena_format(&d->arena, "%u", item->at) });
}

static void diff_named(struct hg_policy_diff *d, const char *of, bool ordered,
		       const struct hg_yaml *value_a, const struct hg_yaml *value_b)
{
	struct named_list a = named_of(d, value_a), b = named_of(d, value_b);

	for (unsigned int i = 0; i < b.count; i++) {
		const struct named *before = find(&a, b.items[i].name);

		b.items[i].before = before ? before->at : 0;
	}
	if (ordered)
		mark_stays(d, &b);
	for (unsigned int i = 0; i < a.count; i++)
		if (!find(&b, a.items[i].name))
			whole(d, HG_CHANGE_REMOVED, of, a.items[i].name, a.items[i].value);
	for (unsigned int i = 0; i < b.count; i++) {
		const struct named *item = &b.items[i];
		struct place p = { .of = of, .name = hg_arena_format(&d->arena, "%s", item->name) };

		if (!item->before) {
			whole(d, HG_CHANGE_ADDED, of, item->name, item->value);
			continue;
		}
		if (ordered && !item->stays)
			moved(d, of, item);
		diff_value(d, &p, a.items[item->before - 1].value, item->value);
	}
}

/* ---- all of it ---- */

static bool is_apart(const char *key)
{
	return !strcmp(key, "rules") || !strcmp(key, "sets") || !strcmp(key, "tests");
}

/* The top level without the lists that have names. */
static struct hg_yaml *top_of(struct hg_policy_diff *d, const struct hg_yaml *root)
{
	struct hg_yaml *top = hg_arena_get(&d->arena, sizeof(*top)), **end = &top->first;

	*top = (struct hg_yaml){ .kind = HG_YAML_MAP, .place = root->place };
	end = &top->first;
	for (const struct hg_yaml *i = root->first; i; i = i->next) {
		if (is_apart(i->key))
			continue;
		*end = hg_arena_get(&d->arena, sizeof(**end));
		**end = *i;
		(*end)->next = NULL;
		end = &(*end)->next;
	}
	return top;
}

static struct hg_yaml *parse(struct hg_policy_diff *d, const char *file, const char *text,
			     size_t len)
{
	struct hg_diagnostics diagnostics = { 0 };
	struct hg_yaml *root = hg_yaml_parse(&d->arena, &diagnostics, file, text, len);

	if (!root || root->kind != HG_YAML_MAP) {
		hg_diagnostics_print(&diagnostics, stderr);
		hg_error("%s: not a policy", file);
		root = NULL;
	}
	hg_diagnostics_free(&diagnostics);
	return root;
}

bool hg_policy_diff_texts(struct hg_policy_diff *d, const char *file_a, const char *a, size_t len_a,
			  const char *file_b, const char *b, size_t len_b)
{
	const struct hg_yaml *root_a = parse(d, file_a, a, len_a);
	const struct hg_yaml *root_b = parse(d, file_b, b, len_b);
	struct place top = { .of = "policy" };

	if (!root_a || !root_b)
		return false;
	diff_value(d, &top, top_of(d, root_a), top_of(d, root_b));
	diff_named(d, "set", false, hg_yaml_get(root_a, "sets"), hg_yaml_get(root_b, "sets"));
	diff_named(d, "rule", true, hg_yaml_get(root_a, "rules"), hg_yaml_get(root_b, "rules"));
	diff_named(d, "test", false, hg_yaml_get(root_a, "tests"), hg_yaml_get(root_b, "tests"));
	return true;
}
