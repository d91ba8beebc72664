/* SPDX-License-Identifier: BSD-2-Clause */
#include "filter.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter_condition.h"

#define DEPTH_MAX 32 /* of parentheses and `not`: they are read by recursion */

enum node_type { NODE_CONDITION, NODE_NOT, NODE_ALL, NODE_ANY };

struct node {
	enum node_type type;
	struct node *first; /* of its children */
	struct node *next;  /* its sibling */
	struct hg_filter_condition condition;
};

struct hg_filter {
	struct node *root;
};

/* A function that reads returns NULL or a negative errno after the error was written. */
struct parser {
	const char *text;
	size_t at;
	unsigned int depth;
	int result;
	char *error;
	size_t size;
};

static void fail(struct parser *p, int result, size_t at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void fail(struct parser *p, int result, size_t at, const char *format, ...)
{
	char message[HG_WHY_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	snprintf(p->error, p->size, "column %zu: %s", at + 1, message);
	p->result = result;
}

static void node_free(struct node *node)
{
	while (node) {
		struct node *next = node->next;

		node_free(node->first);
		hg_filter_condition_free(&node->condition);
		free(node);
		node = next;
	}
}

static struct node *node_new(struct parser *p, enum node_type type)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		fail(p, -ENOMEM, p->at, "out of memory");
	else
		node->type = type;
	return node;
}

/* ---- words ---- */

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->text + p->at, " \t\r\n");
}

static bool take(struct parser *p, const char *sign)
{
	skip_blanks(p);
	if (strncmp(p->text + p->at, sign, strlen(sign)) != 0)
		return false;
	p->at += strlen(sign);
	return true;
}

/* What is neither a blank, nor a quote, nor a sign of the grammar. */
static size_t field_length(const char *text)
{
	return strcspn(text, " \t\r\n()=!<>~&|,\"'");
}

/* A value may hold signs of comparison, but not begin with one: subject==CN=example. */
static size_t value_length(const char *text)
{
	return strchr("=!<>~", *text) ? 0 : strcspn(text, " \t\r\n()&|,\"'");
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && !strncasecmp(text, word, len);
}

static bool take_word(struct parser *p, const char *word)
{
	skip_blanks(p);
	if (!is_word(p->text + p->at, field_length(p->text + p->at), word))
		return false;
	p->at += strlen(word);
	return true;
}

static bool is_keyword(const char *text, size_t len)
{
	return is_word(text, len, "and") || is_word(text, len, "or") || is_word(text, len, "not");
}

static char *copy(struct parser *p, size_t len)
{
	char *word = strndup(p->text + p->at, len);

	if (!word)
		fail(p, -ENOMEM, p->at, "out of memory");
	else
		p->at += len;
	return word;
}

/* What stands between quotes; the opening one is at p->at. */
static char *quoted(struct parser *p)
{
	const char *from = p->text + p->at + 1;
	char quote = from[-1], *text = malloc(strlen(from) + 1), *to = text;

	if (!text) {
		fail(p, -ENOMEM, p->at, "out of memory");
		return NULL;
	}
	while (*from && *from != quote) {
		from += from[0] == '\\' && (from[1] == quote || from[1] == '\\');
		*to++ = *from++;
	}
	*to = 0;
	if (!*from) {
		fail(p, -EINVAL, p->at, "this quote is not closed");
		free(text);
		return NULL;
	}
	p->at = (size_t)(from + 1 - p->text);
	return text;
}

/* ---- conditions ---- */

static bool read_field(struct parser *p, struct hg_filter_condition *c)
{
	size_t at = p->at, len = field_length(p->text + at);
	char why[HG_WHY_MAX], *name;
	int result;

	if (!len || is_keyword(p->text + at, len)) {
		fail(p, -EINVAL, at, "a condition is missing, as outcome==failed");
		return false;
	}
	name = copy(p, len);
	if (!name)
		return false;
	result = hg_filter_set_field(c, name, why);
	if (result)
		fail(p, result, at, "%s", why);
	free(name);
	return !result;
}

/* False if there is none, or it does not suit the field: then p->result is set. */
static bool read_operator(struct parser *p, struct hg_filter_condition *c)
{
	static const struct {
		const char *sign;
		enum hg_filter_operator op;
	} operators[] = {
		/* the longer ones first */
		{ "==", HG_FILTER_EQUAL },   { "!=", HG_FILTER_UNEQUAL },
		{ "<=", HG_FILTER_AT_MOST }, { ">=", HG_FILTER_AT_LEAST },
		{ "=", HG_FILTER_EQUAL },    { "<", HG_FILTER_LESS },
		{ ">", HG_FILTER_MORE },     { "~", HG_FILTER_REGEX },
	};
	char why[HG_WHY_MAX];

	skip_blanks(p);
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t at = p->at;

		if (!take(p, operators[i].sign))
			continue;
		p->result = hg_filter_set_operator(c, operators[i].op, why);
		if (p->result)
			fail(p, p->result, at, "%s", why);
		return !p->result;
	}
	return false;
}

static void read_value(struct parser *p, struct hg_filter_condition *c)
{
	char why[HG_WHY_MAX], *value;
	size_t at, len;

	skip_blanks(p);
	at = p->at;
	len = value_length(p->text + at);
	if (p->text[at] == '"' || p->text[at] == '\'') {
		value = quoted(p);
	} else if (!len || is_keyword(p->text + at, len)) {
		fail(p, -EINVAL, at, "a value is missing");
		return;
	} else {
		value = copy(p, len);
	}
	if (!value)
		return;
	p->result = hg_filter_set_value(c, value, why);
	if (p->result)
		fail(p, p->result, at, "%s", why);
	free(value);
}

static struct node *read_condition(struct parser *p)
{
	struct node *node = node_new(p, NODE_CONDITION);

	if (node && read_field(p, &node->condition) && read_operator(p, &node->condition))
		read_value(p, &node->condition);
	if (!p->result)
		return node;
	node_free(node);
	return NULL;
}

/* ---- and, or, not ---- */

static struct node *read_term(struct parser *p);

static struct node *read_not(struct parser *p)
{
	struct node *node = node_new(p, NODE_NOT);

	if (!node)
		return NULL;
	node->first = read_term(p);
	if (node->first)
		return node;
	node_free(node);
	return NULL;
}

static bool take_joint(struct parser *p, enum node_type type)
{
	if (type == NODE_ANY)
		return take(p, "||") || take_word(p, "or");
	return take(p, "&&") || take(p, ",") || take_word(p, "and");
}

/* A list is a node with many children, so that its length is no depth. */
static struct node *read_list(struct parser *p, enum node_type type)
{
	struct node *list = node_new(p, type), **end;

	if (!list)
		return NULL;
	end = &list->first;
	do {
		*end = type == NODE_ANY ? read_list(p, NODE_ALL) : read_term(p);
		if (!*end) {
			node_free(list);
			return NULL;
		}
		end = &(*end)->next;
	} while (take_joint(p, type));
	return list;
}

static struct node *read_parentheses(struct parser *p, size_t open)
{
	struct node *node = read_list(p, NODE_ANY);

	if (!node || take(p, ")"))
		return node;
	fail(p, -EINVAL, open, "this parenthesis is not closed");
	node_free(node);
	return NULL;
}

static struct node *read_term(struct parser *p)
{
	struct node *node = NULL;
	size_t at;

	skip_blanks(p);
	at = p->at;
	if (++p->depth > DEPTH_MAX)
		fail(p, -EINVAL, at, "more than %d parentheses or 'not' in each other", DEPTH_MAX);
	else if (take(p, "!") || take_word(p, "not"))
		node = read_not(p);
	else if (take(p, "("))
		node = read_parentheses(p, at);
	else
		node = read_condition(p);
	p->depth--;
	return node;
}

int hg_filter_parse(const char *text, struct hg_filter **out, char *error, size_t size)
{
	struct parser p = { .text = text, .error = error, .size = size };
	struct hg_filter *filter = calloc(1, sizeof(*filter));

	if (!filter) {
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}
	filter->root = read_list(&p, NODE_ANY);
	skip_blanks(&p);
	if (filter->root && text[p.at])
		fail(&p, -EINVAL, p.at, "'%.20s' is not expected here", text + p.at);
	if (p.result) {
		hg_filter_free(filter);
		return p.result;
	}
	*out = filter;
	return 0;
}

static bool node_matches(const struct node *node, const json_t *event)
{
	bool wanted = node->type == NODE_ANY;

	if (node->type == NODE_CONDITION)
		return hg_filter_condition_holds(&node->condition, event);
	if (node->type == NODE_NOT)
		return !node_matches(node->first, event);
	for (const struct node *child = node->first; child; child = child->next)
		if (node_matches(child, event) == wanted)
			return wanted;
	return !wanted;
}

bool hg_filter_matches(const struct hg_filter *filter, const json_t *event)
{
	return node_matches(filter->root, event);
}

void hg_filter_free(struct hg_filter *filter)
{
	if (!filter)
		return;
	node_free(filter->root);
	free(filter);
}
