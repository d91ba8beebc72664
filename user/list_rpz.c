/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list_rpz.c - response policy zones (draft-vixie-dnsop-dns-rpz) as zone files
 * (RFC 1035, section 5.1):
 *
 *   a.example    CNAME .               that name
 *   *.a.example  CNAME .               all below
 *   ok.a.example CNAME rpz-passthru.   an exception
 *
 * A record may go over several lines, within parentheses.  What it is about is
 * its owner without the name of the zone.
 */
#include "policy_list.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define HG_RECORD_WORDS 8 /* owner, TTL, class, type, and what counts of the rest */

/* A name of the zone file, lower-case or not; no bytes: the root, or not known. */
struct origin {
	const char *text;
	size_t len;
};

struct zone {
	struct origin origin;
	struct origin name;	  /* of the zone, once it is known */
	bool has_origin;	  /* $ORIGIN was said: the root is one, too */
	bool named;		  /* by its SOA, which no later $ORIGIN changes */
	struct hg_list_word last; /* owner */
	struct hg_list_word words[HG_RECORD_WORDS];
	size_t count;
	bool owner_left_out; /* the record begins with a blank */
	unsigned int depth;  /* of parentheses */
	size_t first;	     /* of the set's names */
};

static void begin(struct hg_list_reader *r)
{
	struct zone *z = hg_arena_get(r->arena, sizeof(*z));

	z->first = r->set->names.count;
	r->state = z;
}

static bool is_word(const struct hg_list_word *word, const char *text)
{
	return word->len == strlen(text) && !strncasecmp(word->text, text, word->len);
}

static int shown(size_t len)
{
	return len < 80 ? (int)len : 80;
}

/* ---- names ---- */

static bool is_absolute(const struct hg_list_word *name)
{
	return name->len && name->text[name->len - 1] == '.';
}

/* Is it `suffix`, or below it?  Without final dots. */
static bool is_within(const char *name, size_t len, struct origin suffix)
{
	if (!suffix.len)
		return true;
	if (len < suffix.len || strncasecmp(name + len - suffix.len, suffix.text, suffix.len))
		return false;
	return len == suffix.len || name[len - suffix.len - 1] == '.';
}

/* Name and origin, whatever bytes they have. */
static char *joined(struct hg_arena *arena, const struct hg_list_word *name, struct origin origin)
{
	char *text = hg_arena_get(arena, name->len + 1 + origin.len + 1);

	memcpy(text, name->text, name->len);
	text[name->len] = '.';
	memcpy(text + name->len + 1, origin.text, origin.len);
	return text;
}

/* All of a name: with the origin behind it where it is relative, without the final dot. */
static struct hg_list_word full_name(struct hg_list_reader *r, const struct hg_list_word *name)
{
	const struct zone *z = r->state;
	struct hg_list_word full = *name;

	if (is_word(name, "@")) {
		full.text = hg_arena_text(r->arena, z->origin.text ? z->origin.text : "",
					  z->origin.len);
		full.len = z->origin.len;
	} else if (is_absolute(name)) {
		full.len--;
	} else if (z->origin.len) {
		full.text = joined(r->arena, name, z->origin);
		full.len = name->len + 1 + z->origin.len;
	}
	return full;
}

/* What a name in the zone is about: itself without the zone's name. */
static void cut_zone(struct hg_list_word *name, struct origin zone)
{
	name->len -= zone.len;
	name->len -= zone.len && name->len; /* the dot between */
}

/*
 * What a record is about, of no length for the zone itself.  False for an owner
 * outside the zone, which it says.
 */
static bool trigger_of(struct hg_list_reader *r, const struct hg_list_word *owner,
		       struct hg_list_word *out)
{
	const struct zone *z = r->state;

	*out = *owner;
	if (!is_word(owner, "@") && !is_absolute(owner) && z->origin.len == z->name.len)
		return true; /* the usual case, which needs no copy */
	*out = full_name(r, owner);
	if (!z->name.len && is_absolute(owner))
		hg_list_skip(r, owner, "\"%.*s\" is absolute, and no $ORIGIN names the zone",
			     shown(owner->len), owner->text);
	else if (!is_within(out->text, out->len, z->name))
		hg_list_skip(r, owner, "\"%.*s\" is outside the zone %.*s", shown(owner->len),
			     owner->text, (int)z->name.len, z->name.text);
	else {
		cut_zone(out, z->name);
		return true;
	}
	return false;
}

/* ---- directives ---- */

static void set_origin(struct hg_list_reader *r, const struct hg_list_word *name)
{
	struct hg_list_word full = full_name(r, name);
	struct zone *z = r->state;

	z->origin = (struct origin){ full.text, full.len };
	z->has_origin = true;
	if (!z->named && !z->name.len)
		z->name = z->origin;
}

static void read_directive(struct hg_list_reader *r, struct zone *z)
{
	if (is_word(&z->words[0], "$ORIGIN") && z->count > 1)
		set_origin(r, &z->words[1]);
	else if (!is_word(&z->words[0], "$TTL"))
		hg_list_skip(r, &z->words[0], "%.*s is not supported", shown(z->words[0].len),
			     z->words[0].text);
}

/* ---- records ---- */

/* Not "CNAME" and the like, but what may stand in front of a type. */
static bool is_ttl_or_class(const struct hg_list_word *word)
{
	return isdigit((unsigned char)*word->text) || is_word(word, "IN") || is_word(word, "CH") ||
	       is_word(word, "HS");
}

static bool has_trigger(const struct hg_list_word *trigger, const char *label)
{
	size_t len = strlen(label);

	return trigger->len > len && trigger->text[trigger->len - len - 1] == '.' &&
	       !strncasecmp(trigger->text + trigger->len - len, label, len);
}

/* By an address or a name server: nothing that a hello has. */
static bool is_other_trigger(const struct hg_list_word *trigger)
{
	return has_trigger(trigger, "rpz-ip") || has_trigger(trigger, "rpz-client-ip") ||
	       has_trigger(trigger, "rpz-nsip") || has_trigger(trigger, "rpz-nsdname");
}

enum policy { POLICY_NONE, POLICY_MEMBER, POLICY_EXCEPTION };

/* Its own name as the target was the first spelling of rpz-passthru. */
static bool is_itself(const struct hg_list_word *trigger, const struct hg_list_word *target)
{
	return is_absolute(target) && target->len == trigger->len + 1 &&
	       !strncasecmp(target->text, trigger->text, trigger->len);
}

static enum policy policy_of(const struct hg_list_word *trigger, const struct hg_list_word *type,
			     const struct hg_list_word *data)
{
	if (!is_word(type, "CNAME"))
		return (is_word(type, "A") || is_word(type, "AAAA")) &&
				       hg_list_sink(data->text, data->len) == HG_SINK_YES
			       ? POLICY_MEMBER
			       : POLICY_NONE;
	if (is_word(data, "rpz-passthru.") || is_itself(trigger, data))
		return POLICY_EXCEPTION;
	if (is_word(data, ".") || is_word(data, "*.") || is_word(data, "rpz-drop."))
		return POLICY_MEMBER;
	return POLICY_NONE;
}

static void read_trigger(struct hg_list_reader *r, struct hg_list_word *trigger, enum policy policy)
{
	enum hg_name_kind kind = HG_NAME_EXACT;

	if (is_word(trigger, "*")) {
		hg_list_skip(r, trigger, "* is every name; \"default: reset\" says so");
		return;
	}
	if (trigger->len > 1 && trigger->text[0] == '*' && trigger->text[1] == '.') {
		kind = HG_NAME_BELOW;
		trigger->text += 2;
		trigger->len -= 2;
	}
	if (policy == POLICY_EXCEPTION)
		hg_list_except(r, trigger, kind);
	else
		hg_list_add(r, trigger, kind);
}

static void read_policy(struct hg_list_reader *r, const struct hg_list_word *owner,
			const struct hg_list_word *type, const struct hg_list_word *data)
{
	struct hg_list_word trigger;
	enum policy policy;

	if (!trigger_of(r, owner, &trigger) || !trigger.len)
		return; /* SOA, NS and more of the zone itself */
	policy = policy_of(&trigger, type, data);
	if (is_other_trigger(&trigger))
		hg_list_skip(r, owner, "a trigger that is no server name");
	else if (policy == POLICY_NONE)
		hg_list_skip(r, type, "%.*s %.*s does not forbid the name", shown(type->len),
			     type->text, shown(data->len), data->text);
	else
		read_trigger(r, &trigger, policy);
}

/* Where the file does not say it otherwise, the owner of the SOA is the zone. */
static void name_zone(struct hg_list_reader *r, const struct hg_list_word *owner)
{
	struct hg_list_word full = full_name(r, owner);
	struct zone *z = r->state;

	if (z->named)
		return;
	z->named = true;
	z->name = (struct origin){ full.text, full.len };
	if (!z->has_origin)
		z->origin = z->name;
}

static void read_record(struct hg_list_reader *r)
{
	struct zone *z = r->state;
	size_t at = z->owner_left_out ? 0 : 1;

	if (!z->owner_left_out)
		z->last = z->words[0];
	while (at < z->count && is_ttl_or_class(&z->words[at]))
		at++;
	if (at + 1 >= z->count) {
		hg_list_skip(r, &z->words[0], "no record: an owner, a type and data are needed");
		return;
	}
	if (!z->last.len) {
		hg_list_skip(r, &z->words[0], "a record without an owner");
		return;
	}
	if (is_word(&z->words[at], "SOA"))
		name_zone(r, &z->last);
	else
		read_policy(r, &z->last, &z->words[at], &z->words[at + 1]);
}

static void settle(struct hg_list_reader *r)
{
	struct zone *z = r->state;

	if (z->count && !z->owner_left_out && *z->words[0].text == '$')
		read_directive(r, z);
	else if (z->count)
		read_record(r);
	z->count = 0;
}

/* ---- words ---- */

static bool ends_word(char c)
{
	return hg_list_is_blank(c) || c == ';' || c == '(' || c == ')' || c == '"';
}

/* Behind the text in quotes that begins at `at`. */
static char *behind_quotes(char *at, char *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\' && at + 1 < end;
	return at < end ? at + 1 : end;
}

/* Behind the word, parenthesis, blanks or comment that begin at `at`. */
static char *read_word(struct hg_list_reader *r, char *at, char *end)
{
	struct zone *z = r->state;
	char *last = at;

	if (*at == ';')
		return end;
	if (*at == '(' || *at == ')') {
		if (*at == '(')
			z->depth++;
		else
			z->depth -= z->depth > 0;
		return at + 1;
	}
	if (hg_list_is_blank(*at))
		return at + 1;
	if (*at == '"')
		last = behind_quotes(at, end);
	while (last < end && !ends_word(*last))
		last += *last == '\\' && last + 1 < end ? 2 : 1;
	if (z->count < HG_RECORD_WORDS)
		z->words[z->count++] = hg_list_word(r, at, (size_t)(last - at));
	return last;
}

static void read_line(struct hg_list_reader *r, char *line, size_t len)
{
	struct zone *z = r->state;
	char *end = line + len;

	if (!z->depth)
		z->owner_left_out = len && hg_list_is_blank(*line);
	for (char *at = line; at < end;)
		at = read_word(r, at, end);
	if (!z->depth)
		settle(r);
}

static void end(struct hg_list_reader *r)
{
	struct zone *z = r->state;

	if (z->depth && z->count)
		hg_list_skip(r, &z->words[0], "a parenthesis is not closed: nothing below is read");
	hg_list_tell_excepted(r, r->set->names.items + z->first, r->set->names.count - z->first);
}

const struct hg_list_format hg_list_rpz = { "rpz", begin, read_line, end };
