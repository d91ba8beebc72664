/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list_adguard.c - DNS filtering rules of AdGuard, as far as they are names:
 *
 *   ||a.example^    the name and all below     a.example      that name
 *   |a.example^     that name                  @@||a.example^ an exception
 *
 * An exception takes out what any rule says, but a rule with $important.
 */
#include "policy_list.h"

#include <string.h>

/* What may stand around the names of one rule. */
struct rule {
	struct hg_list_word word; /* all of it */
	char *at;		  /* the pattern: [at, end) */
	char *end;
	bool except;
	bool important;
};

static void begin(struct hg_list_reader *r)
{
	r->state = hg_arena_get(r->arena, sizeof(struct hg_name_list)); /* those with $important */
}

static void end(struct hg_list_reader *r)
{
	const struct hg_name_list *important = r->state;

	hg_list_tell_excepted(r, important->items, important->count);
}

/* ---- what is no list of names ---- */

static bool has(const struct rule *x, const char *mark)
{
	return memmem(x->at, (size_t)(x->end - x->at), mark, strlen(mark));
}

/* example.org##.banner and its kin change pages. */
static bool is_cosmetic(const struct rule *x)
{
	static const char *const marks[] = { "##", "#@", "#?", "#$", "#%", "$$", "$@$" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (has(x, marks[i]))
			return true;
	return false;
}

static bool is_regex(const struct rule *x)
{
	return x->end - x->at > 1 && *x->at == '/' && (x->end[-1] == '/' || has(x, "/$"));
}

/*
 * Cut the modifiers off.  A rule with one that is not known must be ignored as a
 * whole, says AdGuard; those that limit a rule to clients or types of queries
 * would hold for all here.
 */
static bool cut_modifiers(struct hg_list_reader *r, struct rule *x)
{
	char *dollar = memchr(x->at, '$', (size_t)(x->end - x->at));
	size_t len = dollar ? (size_t)(x->end - dollar) : 0;

	if (!dollar)
		return true;
	x->important = len == strlen("$important") && !memcmp(dollar, "$important", len);
	x->end = dollar;
	if (!x->important)
		hg_list_skip(r, &x->word, "the modifier %.*s has no meaning here",
			     len < 60 ? (int)len : 60, dollar);
	return x->important;
}

/* ---- patterns ---- */

static bool starts(struct rule *x, const char *mark)
{
	size_t len = strlen(mark);

	if ((size_t)(x->end - x->at) < len || memcmp(x->at, mark, len))
		return false;
	x->at += len;
	return true;
}

static bool ends(struct rule *x, char mark)
{
	if (x->end == x->at || x->end[-1] != mark)
		return false;
	x->end--;
	return true;
}

static void add(struct hg_list_reader *r, const struct rule *x, enum hg_name_kind kind)
{
	struct hg_list_word name = hg_list_word(r, x->at, (size_t)(x->end - x->at));
	struct hg_name_list *important = r->state;
	size_t before = r->set->names.count;

	if (x->except) {
		hg_list_except(r, &name, kind);
		return;
	}
	hg_list_add(r, &name, kind);
	if (x->important && r->set->names.count > before)
		hg_name_list_add(r->arena, important, r->set->names.items[before]);
}

/* || is at the beginning of a label, | of the name; ^ and | are its end. */
static void read_pattern(struct hg_list_reader *r, struct rule *x)
{
	bool tree = starts(x, "||"), whole = !tree && starts(x, "|");
	bool below = starts(x, "*."), ended = ends(x, '|');

	ended |= ends(x, '^');
	if (memchr(x->at, '*', (size_t)(x->end - x->at)) || (whole && below))
		hg_list_skip(r, &x->word, "a wildcard within a name");
	else if (!ended && (whole || (x->end > x->at && x->end[-1] == '.')))
		hg_list_skip(r, &x->word, "a name without an end: ^ is one");
	else if (below)
		add(r, x, HG_NAME_BELOW);
	else if (tree)
		add(r, x, HG_NAME_TREE);
	else if (ended && !whole)
		hg_list_skip(r, &x->word, "a name without a beginning: || or | is one");
	else
		add(r, x, HG_NAME_EXACT);
}

/* ---- lines ---- */

/* The first character of a line that is no rule: a comment, or the kind of list. */
static bool is_comment(char c)
{
	return c == '!' || c == '#' || c == '[';
}

/* A comment behind a rule: # behind a blank. */
static size_t without_comment(const char *line, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (line[i] == '#' && hg_list_is_blank(line[i - 1]))
			return i;
	return len;
}

static void read_rule(struct hg_list_reader *r, struct rule *x)
{
	x->except = starts(x, "@@");
	if (is_regex(x))
		hg_list_skip(r, &x->word, "a regular expression");
	else if (is_cosmetic(x))
		hg_list_skip(r, &x->word, "a rule for the content of pages");
	else if (cut_modifiers(r, x))
		read_pattern(r, x);
}

static void read_line(struct hg_list_reader *r, char *line, size_t len)
{
	char *at = line, *end = line + without_comment(line, len);
	struct rule x = { .word = hg_list_next_word(r, &at, end) };
	struct hg_list_word second = hg_list_next_word(r, &at, end);

	if (!x.word.len || is_comment(*x.word.text))
		return;
	x.at = x.word.text;
	x.end = x.at + x.word.len;
	if (!second.len)
		read_rule(r, &x);
	else if (hg_list_sink(x.word.text, x.word.len) != HG_SINK_NO_ADDRESS)
		hg_list_hosts_line(r, line, (size_t)(end - line));
	else
		hg_list_skip(r, &second, "one rule a line");
}

const struct hg_list_format hg_list_adguard = { "adguard", begin, read_line, end };
