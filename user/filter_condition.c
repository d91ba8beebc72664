/* SPDX-License-Identifier: BSD-2-Clause */
#include "filter_condition.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../include/client_hello.h"
#include "terms.h"

static int no_memory(char *why)
{
	hg_refuse(why, "out of memory");
	return -ENOMEM;
}

void hg_filter_condition_free(struct hg_filter_condition *c)
{
	if (c->compiled)
		regfree(&c->regex);
	free(c->text);
	free(c->path);
	*c = (struct hg_filter_condition){ 0 };
}

/* ---- the field ---- */

int hg_filter_set_field(struct hg_filter_condition *c, const char *name, char why[HG_WHY_MAX])
{
	const struct hg_filter_field *known = hg_filter_field(name);
	const char *meant = hg_filter_field_meant(name);

	if (known) {
		c->field = *known;
		return 0;
	}
	if (!strchr(name, '.'))
		return meant ? hg_refuse(why, "unknown field '%.40s'; did you mean '%s'?", name,
					 meant)
			     : hg_refuse(why, "unknown field '%.40s'; hellogate(8) lists them",
					 name);
	c->path = strdup(name);
	if (!c->path)
		return no_memory(why);
	c->field = (struct hg_filter_field){ .name = c->path, .path = c->path };
	return 0;
}

/* ---- the operator ---- */

#define EQUALITY (1U << HG_FILTER_IS_THERE | 1U << HG_FILTER_EQUAL | 1U << HG_FILTER_UNEQUAL)
#define ORDER                                                                                      \
	(1U << HG_FILTER_LESS | 1U << HG_FILTER_AT_MOST | 1U << HG_FILTER_MORE |                   \
	 1U << HG_FILTER_AT_LEAST)
#define PATTERN (1U << HG_FILTER_REGEX)

static const struct {
	unsigned int operators;
	const char *known;
} kinds[HG_FILTER_KIND_COUNT] = {
	[HG_FILTER_ANY] = { EQUALITY | ORDER | PATTERN, "" },
	[HG_FILTER_TEXT] = { EQUALITY | PATTERN, "==, != or ~" },
	[HG_FILTER_NAME] = { EQUALITY | PATTERN, "==, != or ~" },
	[HG_FILTER_TERM] = { EQUALITY | PATTERN, "==, != or ~" },
	[HG_FILTER_NUMBER] = { EQUALITY | ORDER, "==, !=, <, <=, > or >=" },
	[HG_FILTER_ADDRESS] = { EQUALITY, "== or !=, with an address or a network" },
	[HG_FILTER_VERSION] = { EQUALITY | ORDER, "==, !=, <, <=, > or >=" },
	[HG_FILTER_BOOL] = { EQUALITY, "== or !=" },
};

int hg_filter_set_operator(struct hg_filter_condition *c, enum hg_filter_operator op,
			   char why[HG_WHY_MAX])
{
	if (!(kinds[c->field.kind].operators & 1U << op))
		return hg_refuse(why, "compare '%s' by %s", c->field.name,
				 kinds[c->field.kind].known);
	c->op = op;
	return 0;
}

/* ---- the value ---- */

/* Decimal, or hexadecimal behind 0x: never octal. */
static bool read_number(const char *text, json_int_t *out)
{
	bool hex = text[0] == '0' && tolower(text[1]) == 'x';
	char *end;

	if (!isdigit((unsigned char)text[0]) && text[0] != '-')
		return false;
	errno = 0;
	*out = strtoll(text, &end, hex ? 16 : 10);
	return !errno && !*end && end != text;
}

static int set_number(struct hg_filter_condition *c, const char *text, char *why)
{
	c->numeric = read_number(text, &c->number);
	return c->numeric ? 0 : hg_refuse(why, "'%.80s' is not a number, as 47 or 0x2f", text);
}

static int set_bool(struct hg_filter_condition *c, const char *text, char *why)
{
	if (strcmp(text, "true") && strcmp(text, "false"))
		return hg_refuse(why, "'%s' is true or false, not '%.80s'", c->field.name, text);
	c->number = !strcmp(text, "true");
	return 0;
}

static int set_version(struct hg_filter_condition *c, const char *text, char *why)
{
	struct hg_version_range range;
	char exact[HG_WHY_MAX];

	snprintf(exact, sizeof(exact), "=%s", text);
	if (hg_versions_parse(exact, &range, why))
		return -EINVAL;
	c->number = range.lo;
	return 0;
}

/* Only a word that is one can ever be equal: a slip of the pen is said. */
static int check_term(const struct hg_filter_field *field, const char *text, char *why)
{
	const char *words[64] = { NULL }, *meant;

	if (strpbrk(text, "*?") || hg_term_value(field->term, field->terms, text) >= 0)
		return 0;
	for (unsigned int i = 0; i < field->terms && i < 63; i++)
		words[i] = field->term(i);
	meant = hg_did_you_mean(text, words);
	return meant ? hg_refuse(why, "'%s' is never '%.40s'; did you mean '%s'?", field->name,
				 text, meant)
		     : hg_refuse(why, "'%s' is never '%.40s'", field->name, text);
}

static int set_regex(struct hg_filter_condition *c, const char *text, char *why)
{
	int flags = REG_EXTENDED | REG_NOSUB | (c->field.kind == HG_FILTER_NAME ? REG_ICASE : 0);
	int failed = regcomp(&c->regex, text, flags);
	char reason[128];

	c->compiled = !failed;
	if (!failed)
		return 0;
	regerror(failed, &c->regex, reason, sizeof(reason));
	return hg_refuse(why, "'%.80s' is not a regular expression: %s", text, reason);
}

static void lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

static int keep_text(struct hg_filter_condition *c, const char *text, char *why)
{
	c->text = strdup(text);
	if (!c->text)
		return no_memory(why);
	if (c->field.kind == HG_FILTER_NAME)
		lower(c->text);
	c->numeric = read_number(text, &c->number);
	return 0;
}

int hg_filter_set_value(struct hg_filter_condition *c, const char *text, char why[HG_WHY_MAX])
{
	if (c->op == HG_FILTER_REGEX)
		return set_regex(c, text, why);
	switch (c->field.kind) {
	case HG_FILTER_NUMBER:
		return set_number(c, text, why);
	case HG_FILTER_ADDRESS:
		return hg_net_parse(text, &c->net, why);
	case HG_FILTER_VERSION:
		return set_version(c, text, why);
	case HG_FILTER_BOOL:
		return set_bool(c, text, why);
	case HG_FILTER_TERM:
		if (check_term(&c->field, text, why))
			return -EINVAL;
		break;
	default:
		break;
	}
	return keep_text(c, text, why);
}

/* ---- comparing ---- */

/* `sign` as of strcmp(): the event's value against ours.  != is judged as ==, see holds(). */
static bool in_order(enum hg_filter_operator op, int sign)
{
	switch (op) {
	case HG_FILTER_LESS:
		return sign < 0;
	case HG_FILTER_AT_MOST:
		return sign <= 0;
	case HG_FILTER_MORE:
		return sign > 0;
	case HG_FILTER_AT_LEAST:
		return sign >= 0;
	default:
		return !sign;
	}
}

static bool number_holds(const struct hg_filter_condition *c, json_int_t value)
{
	return in_order(c->op, (value > c->number) - (value < c->number));
}

static bool name_matches(const char *glob, const char *name)
{
	char *copy = strdup(name);
	bool matches;

	if (!copy)
		return false;
	lower(copy);
	matches = hg_glob_matches(glob, copy);
	free(copy);
	return matches;
}

static bool text_holds(const struct hg_filter_condition *c, const char *value)
{
	switch (c->op) {
	case HG_FILTER_REGEX:
		return !regexec(&c->regex, value, 0, NULL, 0);
	case HG_FILTER_EQUAL:
	case HG_FILTER_UNEQUAL:
		return c->field.kind == HG_FILTER_NAME ? name_matches(c->text, value)
						       : hg_glob_matches(c->text, value);
	default:
		return in_order(c->op, strcmp(value, c->text));
	}
}

/* ::/0 is all of IPv6 and nothing of IPv4, though IPv4 is mapped into it. */
static bool address_holds(const struct hg_filter_condition *c, const char *value)
{
	bool v4_net = c->net.prefixlen >= 96 && hg_net_is_v4(c->net.addr);
	unsigned int whole = c->net.prefixlen / 8, bits = c->net.prefixlen % 8;
	char why[HG_WHY_MAX];
	__u8 address[16];

	if (hg_address_parse(value, address, why) || hg_net_is_v4(address) != v4_net)
		return false;
	return !memcmp(address, c->net.addr, whole) &&
	       (!bits || (address[whole] ^ c->net.addr[whole]) >> (8 - bits) == 0);
}

static bool any_holds(const struct hg_filter_condition *c, const json_t *value)
{
	if (json_is_string(value))
		return text_holds(c, json_string_value(value));
	if (json_is_boolean(value) && !c->compiled)
		return text_holds(c, json_is_true(value) ? "true" : "false");
	return json_is_integer(value) && c->numeric && number_holds(c, json_integer_value(value));
}

/* Does this one value match?  What is of another type than its field never does. */
static bool value_holds(const struct hg_filter_condition *c, const json_t *value)
{
	if (c->op == HG_FILTER_IS_THERE)
		return !json_is_false(value);
	switch (c->field.kind) {
	case HG_FILTER_NUMBER:
		return json_is_integer(value) && number_holds(c, json_integer_value(value));
	case HG_FILTER_VERSION:
		return json_is_integer(value) &&
		       number_holds(c, hg_version_rank((__u16)json_integer_value(value)));
	case HG_FILTER_BOOL:
		return json_is_boolean(value) && json_is_true(value) == c->number;
	case HG_FILTER_ADDRESS:
		return json_is_string(value) && address_holds(c, json_string_value(value));
	case HG_FILTER_ANY:
		return any_holds(c, value);
	default:
		return json_is_string(value) && text_holds(c, json_string_value(value));
	}
}

/* ---- along the path ---- */

struct search {
	const struct hg_filter_condition *condition;
	bool present;
	bool matched;
};

static void look(struct search *s, const json_t *value, const char *path)
{
	while (*path && json_is_object(value)) {
		size_t len = strcspn(path, ".");

		value = json_object_getn(value, path, len);
		path += len + (path[len] == '.');
	}
	if (json_is_array(value)) {
		s->present |= !*path;
		for (size_t i = 0; i < json_array_size(value); i++)
			look(s, json_array_get(value, i), path);
	} else if (value && !*path && !json_is_null(value)) {
		s->present = true;
		s->matched |= value_holds(s->condition, value);
	}
}

bool hg_filter_condition_holds(const struct hg_filter_condition *c, const json_t *event)
{
	struct search s = { .condition = c };

	look(&s, event, c->field.path);
	if (c->field.other_path)
		look(&s, event, c->field.other_path);
	return c->op == HG_FILTER_UNEQUAL ? s.present && !s.matched : s.matched;
}
