/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list_dnsmasq.c - the options of dnsmasq that answer for names:
 *
 *   address=/a.example/b.example/0.0.0.0
 *   local=/a.example/          server=/a.example/
 *
 * Each name is it and all below.  Of two options for one name dnsmasq takes the
 * one with the longer name: server=/ok.a.example/# is an exception.
 */
#include "policy_list.h"

#include <string.h>

/* Where an option's names begin in the set: what the end looks at again. */
static void begin(struct hg_list_reader *r)
{
	size_t *first = hg_arena_get(r->arena, sizeof(*first));

	*first = r->set->names.count;
	r->state = first;
}

static void end(struct hg_list_reader *r)
{
	const size_t *first = r->state;

	hg_list_tell_excepted(r, r->set->names.items + *first, r->set->names.count - *first);
}

static void read_name(struct hg_list_reader *r, struct hg_list_word name, bool except)
{
	enum hg_name_kind kind = HG_NAME_TREE;

	if (name.len == 1 && *name.text == '#') {
		hg_list_skip(r, &name, "# is every name; \"default: reset\" says so");
		return;
	}
	if (name.len && *name.text == '*') {
		if (name.len < 2 || name.text[1] != '.') {
			hg_list_skip(r, &name, "a wildcard within a label");
			return;
		}
		kind = HG_NAME_BELOW;
		name.text++;
		name.len--;
	}
	while (name.len > 1 && *name.text == '.') { /* dnsmasq takes no notice of it */
		name.text++;
		name.len--;
	}
	if (except)
		hg_list_except(r, &name, kind);
	else
		hg_list_add(r, &name, kind);
}

static bool is_option(const struct hg_list_word *word, const char *name)
{
	return word->len == strlen(name) && !memcmp(word->text, name, word->len);
}

enum meaning { MEANS_NOTHING, MEANS_MEMBER, MEANS_EXCEPTION };

/* What an option says of its names, by what stands behind the last slash. */
static enum meaning meaning_of(const struct hg_list_word *option, const struct hg_list_word *value)
{
	bool address = is_option(option, "address");

	if (!value->len)
		return MEANS_MEMBER;
	if (value->len == 1 && *value->text == '#') /* no address, or the usual servers */
		return address ? MEANS_MEMBER : MEANS_EXCEPTION;
	if (address && hg_list_sink(value->text, value->len) == HG_SINK_YES)
		return MEANS_MEMBER;
	return MEANS_NOTHING;
}

/* [at, end) is what stands behind the first slash: names, each with a slash behind it. */
static void read_names(struct hg_list_reader *r, const struct hg_list_word *option, char *at,
		       char *end)
{
	char *last = memrchr(at, '/', (size_t)(end - at));
	struct hg_list_word value;
	enum meaning meaning;

	if (!last) {
		hg_list_skip(r, option, "no slash behind the name: address=/name/0.0.0.0");
		return;
	}
	value = hg_list_word(r, last + 1, (size_t)(end - last - 1));
	meaning = meaning_of(option, &value);
	if (meaning == MEANS_NOTHING) {
		hg_list_skip(r, &value, "\"%.*s\" leads somewhere: no name is listed",
			     value.len < 80 ? (int)value.len : 80, value.text);
		return;
	}
	while (at <= last) {
		char *slash = memchr(at, '/', (size_t)(last + 1 - at));

		read_name(r, hg_list_word(r, at, (size_t)(slash - at)), meaning == MEANS_EXCEPTION);
		at = slash + 1;
	}
}

/* Without a comment: # at the beginning, or behind a blank. */
static size_t without_comment(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] == '#' && (!i || hg_list_is_blank(line[i - 1])))
			return i;
	return len;
}

static void read_line(struct hg_list_reader *r, char *line, size_t len)
{
	char *at = line;
	struct hg_list_word word = hg_list_next_word(r, &at, line + without_comment(line, len));
	char *slash = memchr(word.text, '/', word.len), *equals;
	struct hg_list_word option;

	if (!word.len)
		return;
	equals = memchr(word.text, '=', word.len);
	option = hg_list_word(r, word.text, equals ? (size_t)(equals - word.text) : word.len);
	if (!is_option(&option, "address") && !is_option(&option, "server") &&
	    !is_option(&option, "local"))
		hg_list_skip(r, &word, "\"%.*s\" lists no names: address, server and local do",
			     option.len < 40 ? (int)option.len : 40, option.text);
	else if (!equals || !slash || slash != equals + 1)
		hg_list_skip(r, &word, "no name in it: address=/name/0.0.0.0");
	else
		read_names(r, &option, slash + 1, word.text + word.len);
}

const struct hg_list_format hg_list_dnsmasq = { "dnsmasq", begin, read_line, end };
