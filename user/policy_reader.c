/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "say.h"
#include "terms.h"

#define HG_WORDS_MAX 40

void hg_read_error(struct hg_policy_reader *r, const struct hg_yaml *at, const char *format, ...)
{
	char text[HG_WHY_MAX + 128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	hg_diagnose_error(r->diagnostics, at->place, "%s", text);
}

static const struct hg_field *find_field(const struct hg_field *fields, const char *key)
{
	for (; fields->key; fields++)
		if (!strcmp(fields->key, key))
			return fields;
	return NULL;
}

void hg_read_unknown_key(struct hg_policy_reader *r, const struct hg_yaml *value,
			 const char *const *words, const char *of)
{
	const char *meant = hg_did_you_mean(value->key, words);

	hg_diagnose_error(r->diagnostics, value->key_place,
			  meant ? "unknown key \"%.60s\" in %s; did you mean \"%s\"?"
				: "unknown key \"%.60s\" in %s",
			  value->key, of, meant);
}

static void say_unknown_field(struct hg_policy_reader *r, const struct hg_yaml *value,
			      const struct hg_field *fields, const char *of)
{
	const char *words[HG_WORDS_MAX + 1] = {};

	for (int i = 0; i < HG_WORDS_MAX && fields[i].key; i++)
		words[i] = fields[i].key;
	hg_read_unknown_key(r, value, words, of);
}

void hg_read_map(struct hg_policy_reader *r, const struct hg_yaml *map,
		 const struct hg_field *fields, void *out, const char *of)
{
	if (map->kind != HG_YAML_MAP) {
		hg_read_error(r, map, "%s is a map of keys and values, not %s", of,
			      hg_yaml_kind_text(map));
		return;
	}
	for (const struct hg_yaml *v = map->first; v; v = v->next) {
		const struct hg_field *field = find_field(fields, v->key);

		if (!field)
			say_unknown_field(r, v, fields, of);
		else if (!field->read)
			hg_diagnose_error(r->diagnostics, v->key_place,
					  "\"%s\" in %s is not supported by this version", v->key,
					  of);
	}
	for (; fields->key; fields++) {
		const struct hg_yaml *value = fields->read ? hg_yaml_get(map, fields->key) : NULL;

		if (value)
			fields->read(r, value, out);
	}
}

const char *hg_read_text(struct hg_policy_reader *r, const struct hg_yaml *value)
{
	bool is_text = value->kind == HG_YAML_TEXT && !value->null;
	const char *what = is_text ? "an empty one" : hg_yaml_kind_text(value);

	if (is_text && value->len)
		return value->text;
	if (value->key)
		hg_read_error(r, value, "\"%.60s\": a text is needed, not %s", value->key, what);
	else
		hg_read_error(r, value, "a text is needed, not %s", what);
	return NULL;
}

int hg_read_word(struct hg_policy_reader *r, const struct hg_yaml *value, const char *const *words)
{
	const char *text = hg_read_text(r, value), *meant;
	char all[HG_WHY_MAX] = "";
	size_t len = 0;

	if (!text)
		return -1;
	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], text))
			return i;
		if (len < sizeof(all))
			len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", i ? ", " : "",
						words[i]);
	}
	meant = hg_did_you_mean(text, words);
	if (meant)
		hg_read_error(r, value, "\"%.60s\" is unknown here; did you mean \"%s\"?", text,
			      meant);
	else
		hg_read_error(r, value, "\"%.60s\" is unknown here: %s", text, all);
	return -1;
}

int hg_read_term(struct hg_policy_reader *r, const struct hg_yaml *value,
		 const char *(*text_of)(unsigned int), unsigned int count)
{
	const char *words[HG_WORDS_MAX + 1] = {};

	for (unsigned int i = 0; i < count && i < HG_WORDS_MAX; i++)
		words[i] = text_of(i);
	return hg_read_word(r, value, words);
}

void hg_read_each(struct hg_policy_reader *r, const struct hg_yaml *value, hg_read_fn each,
		  void *out)
{
	if (value->kind != HG_YAML_LIST) {
		if (hg_read_text(r, value))
			each(r, value, out);
		return;
	}
	if (!value->first)
		hg_read_error(r, value, "an empty list");
	for (const struct hg_yaml *item = value->first; item; item = item->next)
		if (hg_read_text(r, item))
			each(r, item, out);
}

static bool is_word(const char *text)
{
	for (; *text; text++)
		if (!((*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
		      (*text >= '0' && *text <= '9') || strchr("_.-", *text)))
			return false;
	return true;
}

bool hg_check_word(struct hg_policy_reader *r, const char *text, struct hg_place place)
{
	if (*text && is_word(text) && strlen(text) <= HG_RULE_NAME_MAX)
		return true;
	hg_diagnose_error(r->diagnostics, place,
			  "\"%.80s\" cannot be a name: letters, digits, _ . -, at most %d", text,
			  HG_RULE_NAME_MAX);
	return false;
}
