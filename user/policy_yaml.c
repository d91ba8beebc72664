/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_yaml.h"

#include <string.h>
#include <yaml.h>

#define HG_YAML_DEPTH 16
#define HG_YAML_KEYS 4096 /* of one map: looking for duplicates is quadratic */

struct hg_yaml_reader {
	yaml_parser_t parser;
	struct hg_arena *arena;
	struct hg_diagnostics *diagnostics;
	const char *file;
	const char *text;
	size_t len;
};

static struct hg_place place_of(const struct hg_yaml_reader *r, const yaml_mark_t *mark)
{
	return (struct hg_place){ r->file, (unsigned int)mark->line + 1,
				  (unsigned int)mark->column + 1 };
}

/* A byte that is no UTF-8: libyaml tells its offset, not its line. */
static struct hg_place place_of_offset(const struct hg_yaml_reader *r, size_t offset)
{
	struct hg_place place = { r->file, 1, 1 };

	for (size_t i = 0; i < offset && i < r->len; i++) {
		place.column++;
		if (r->text[i] == '\n') {
			place.line++;
			place.column = 1;
		}
	}
	return place;
}

/* Is there nothing but white space from here on? */
static bool ends_at(const struct hg_yaml_reader *r, size_t at)
{
	while (at < r->len && strchr(" \t\r\n", r->text[at]))
		at++;
	return at >= r->len;
}

/* What is unclosed is best shown where it was opened, not at the end of the file. */
static struct hg_place place_of_problem(const struct hg_yaml_reader *r)
{
	const yaml_parser_t *p = &r->parser;

	if (p->error == YAML_READER_ERROR)
		return place_of_offset(r, p->problem_offset);
	if (p->context && ends_at(r, p->problem_mark.index))
		return place_of(r, &p->context_mark);
	return place_of(r, &p->problem_mark);
}

static const char *hint_of_problem(const struct hg_yaml_reader *r)
{
	size_t at = r->parser.problem_mark.index;
	const char *context = r->parser.context ? r->parser.context : "";

	if (strstr(context, "alias"))
		return "; quote what begins with *, as \"*.example.com\"";
	if (r->parser.error != YAML_READER_ERROR && at < r->len && r->text[at] == '@')
		return "; quote what begins with @, as \"@set\"";
	if (at < r->len && r->text[at] == '\t')
		return "; indent with spaces";
	return "";
}

static void say_problem(struct hg_yaml_reader *r)
{
	const yaml_parser_t *p = &r->parser;

	hg_diagnose_error(r->diagnostics, place_of_problem(r), "not YAML: %s%s%s%s",
			  p->context ? p->context : "", p->context ? ", " : "",
			  p->problem ? p->problem : "cannot be read", hint_of_problem(r));
}

static struct hg_yaml *new_node(struct hg_yaml_reader *r, enum hg_yaml_kind kind,
				const yaml_event_t *e)
{
	struct hg_yaml *node = hg_arena_get(r->arena, sizeof(*node));

	node->kind = kind;
	node->place = place_of(r, &e->start_mark);
	return node;
}

static struct hg_yaml *read_scalar(struct hg_yaml_reader *r, const yaml_event_t *e)
{
	struct hg_yaml *node = new_node(r, HG_YAML_TEXT, e);
	const char *value = (const char *)e->data.scalar.value;
	bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	node->len = e->data.scalar.length;
	if (memchr(value, 0, node->len)) {
		hg_diagnose_error(r->diagnostics, node->place, "a NUL byte in a text");
		return NULL;
	}
	node->text = hg_arena_text(r->arena, value, node->len);
	node->null = plain && (!node->len || !strcmp(value, "~") || !strcmp(value, "null"));
	return node;
}

static struct hg_yaml *read_node(struct hg_yaml_reader *r, yaml_event_t *e, unsigned int depth);

/* The next event, or false after saying why. */
static bool next_event(struct hg_yaml_reader *r, yaml_event_t *e)
{
	if (yaml_parser_parse(&r->parser, e))
		return true;
	say_problem(r);
	return false;
}

/* The next node, or NULL: *end tells the end of the collection from an error. */
static struct hg_yaml *next_node(struct hg_yaml_reader *r, unsigned int depth, bool *end)
{
	struct hg_yaml *node = NULL;
	yaml_event_t e;

	*end = false;
	if (!next_event(r, &e))
		return NULL;
	*end = e.type == YAML_SEQUENCE_END_EVENT || e.type == YAML_MAPPING_END_EVENT;
	if (!*end)
		node = read_node(r, &e, depth);
	yaml_event_delete(&e);
	return node;
}

static bool read_list(struct hg_yaml_reader *r, struct hg_yaml *list, unsigned int depth)
{
	struct hg_yaml **tail = &list->first;
	bool end;

	for (;;) {
		struct hg_yaml *item = next_node(r, depth, &end);

		if (!item)
			return end;
		*tail = item;
		tail = &item->next;
	}
}

static bool check_key(struct hg_yaml_reader *r, const struct hg_yaml *map,
		      const struct hg_yaml *key, unsigned int count)
{
	const struct hg_yaml *earlier;

	if (key->kind != HG_YAML_TEXT) {
		hg_diagnose_error(r->diagnostics, key->place, "%s cannot be a key",
				  hg_yaml_kind_text(key));
		return false;
	}
	if (count >= HG_YAML_KEYS) {
		hg_diagnose_error(r->diagnostics, key->place, "more than %d keys in one map",
				  HG_YAML_KEYS);
		return false;
	}
	earlier = hg_yaml_get(map, key->text);
	if (earlier)
		hg_diagnose_error(r->diagnostics, key->place,
				  "the key \"%s\" was given already in line %u", key->text,
				  earlier->key_place.line);
	return true;
}

static bool read_map(struct hg_yaml_reader *r, struct hg_yaml *map, unsigned int depth)
{
	struct hg_yaml **tail = &map->first;
	unsigned int count = 0;
	bool end;

	for (;;) {
		struct hg_yaml *value, *key = next_node(r, depth, &end);

		if (!key)
			return end;
		if (!check_key(r, map, key, count++))
			return false;
		value = next_node(r, depth, &end);
		if (!value)
			return false;
		value->key = key->text;
		value->key_place = key->place;
		*tail = value;
		tail = &value->next;
	}
}

static struct hg_yaml *read_collection(struct hg_yaml_reader *r, yaml_event_t *e,
				       unsigned int depth)
{
	bool map = e->type == YAML_MAPPING_START_EVENT;
	struct hg_yaml *node = new_node(r, map ? HG_YAML_MAP : HG_YAML_LIST, e);

	if (depth >= HG_YAML_DEPTH) {
		hg_diagnose_error(r->diagnostics, node->place, "nested more than %d deep",
				  HG_YAML_DEPTH);
		return NULL;
	}
	return (map ? read_map : read_list)(r, node, depth + 1) ? node : NULL;
}

/* Recursion: at most HG_YAML_DEPTH. */
static struct hg_yaml *read_node(struct hg_yaml_reader *r, yaml_event_t *e, unsigned int depth)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r, e);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return read_collection(r, e, depth);
	case YAML_ALIAS_EVENT:
		hg_diagnose_error(r->diagnostics, place_of(r, &e->start_mark),
				  "aliases are not taken; quote what begins with *, or name a set");
		return NULL;
	default:
		return NULL;
	}
}

static struct hg_yaml *read_document(struct hg_yaml_reader *r)
{
	struct hg_yaml *root = NULL;
	yaml_event_t e;
	bool going = true;

	while (going && next_event(r, &e)) {
		switch (e.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (root) {
				hg_diagnose_error(r->diagnostics, place_of(r, &e.start_mark),
						  "a second document; one file is one policy");
				going = false;
			}
			break;
		case YAML_STREAM_END_EVENT:
			going = false;
			break;
		default:
			root = read_node(r, &e, 0);
			going = root != NULL;
		}
		yaml_event_delete(&e);
	}
	return root;
}

struct hg_yaml *hg_yaml_parse(struct hg_arena *arena, struct hg_diagnostics *d, const char *file,
			      const char *text, size_t len)
{
	struct hg_yaml_reader r = { .arena = arena, .diagnostics = d, .file = file };
	unsigned int errors = d->errors;
	struct hg_yaml *root;

	r.text = text;
	r.len = len;
	if (!yaml_parser_initialize(&r.parser)) {
		hg_diagnose_error(d, (struct hg_place){ file, 0, 0 }, "out of memory");
		return NULL;
	}
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	root = read_document(&r);
	yaml_parser_delete(&r.parser);
	if (!root && d->errors == errors)
		hg_diagnose_error(d, (struct hg_place){ file, 1, 1 }, "the file is empty");
	return root;
}

const struct hg_yaml *hg_yaml_get(const struct hg_yaml *map, const char *key)
{
	for (const struct hg_yaml *v = map->first; v; v = v->next)
		if (!strcmp(v->key, key))
			return v;
	return NULL;
}

const char *hg_yaml_kind_text(const struct hg_yaml *node)
{
	switch (node->kind) {
	case HG_YAML_LIST:
		return "a list";
	case HG_YAML_MAP:
		return "a map";
	case HG_YAML_TEXT:
		break;
	}
	return node->null ? "nothing" : "a text";
}
