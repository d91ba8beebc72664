/* SPDX-License-Identifier: BSD-2-Clause */
#include "judge.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

static const char *const buckets[] = {
#define NAME(id, text) text,
	HG_BUCKETS(NAME)
};
static const char *const states[] = { HG_SNI_STATES(NAME) };
static const char *const flags[] = { HG_FLAGS(NAME) };
static const char *const ech_states[] = { HG_ECH_STATES(NAME) };
#undef NAME

const char *bucket_name(__u32 bucket)
{
	return bucket < HG_BUCKET_COUNT ? buckets[bucket] : "?";
}

__attribute__((format(printf, 1, 2))) static const char *because(const char *format, ...)
{
	static char text[2][512];
	static int which;
	va_list args;

	which ^= 1;
	va_start(args, format);
	vsnprintf(text[which], sizeof(text[which]), format, args);
	va_end(args);
	return text[which];
}

/* Bytes of strangers, for a line of a report. */
static const char *shown(const char *name, __u32 len)
{
	static char text[2][100];
	static int which;
	__u32 to = 0;

	which ^= 1;
	for (__u32 i = 0; i < len && to < sizeof(text[0]) - 5; i++)
		to += (__u32)snprintf(text[which] + to, 5,
				      isgraph((__u8)name[i]) ? "%c" : "\\x%02x", (__u8)name[i]);
	text[which][to] = 0;
	return text[which];
}

static const char *which_flag(__u32 set)
{
	for (__u32 i = 0; i < HG_FLAG_COUNT; i++)
		if (set >> i & 1)
			return flags[i];
	return "none";
}

/* ---- one handshake ---- */

static bool same_name(const struct handshake_seen *h, const char *name)
{
	__u32 len = (__u32)strlen(name);

	return h->name_len == len && !memcmp(h->name, name, len);
}

static const char *judge_numbers(const struct expect *e, const struct handshake_seen *h)
{
	if (e->ciphers &&
	    (h->ciphers != e->ciphers || h->ciphers_no_grease != e->ciphers_no_grease))
		return because("%u cipher suites, %u without GREASE; expected %u and %u",
			       h->ciphers, h->ciphers_no_grease, e->ciphers, e->ciphers_no_grease);
	if (e->version_max && h->version_max != e->version_max)
		return because("version 0x%04x, expected 0x%04x", h->version_max, e->version_max);
	if (e->ech && h->ech != e->ech - 1)
		return because("ECH is '%s', expected '%s'", ech_states[h->ech],
			       ech_states[e->ech - 1]);
	if ((e->pq && !h->pq) || (e->ticket && !h->ticket) || (e->psk && !h->psk) ||
	    (e->early_data && !h->early_data))
		return "an extension was not noticed";
	return NULL;
}

static const char *judge_flags(const struct expect *e, const struct handshake_seen *h)
{
	if (e->flags & ~h->flags)
		return because("flag '%s' is not set", which_flag(e->flags & ~h->flags));
	if (e->never & h->flags)
		return because("flag '%s' is set", which_flag(e->never & h->flags));
	return NULL;
}

static const char *judge_name(const struct expect *e, const struct handshake_seen *h,
			      const char *name)
{
	if (!h->read)
		return because("no hello was read: %s", bucket_name(h->bucket));
	if (h->state != e->state)
		return because("the name is '%s' (%s), expected '%s'", states[h->state],
			       shown(h->name, h->name_len), states[e->state]);
	if (name && !same_name(h, name))
		return because("the name is %s, expected %s", shown(h->name, h->name_len), name);
	return NULL;
}

/* A hello that the row knows: its name, its class, its flags, its numbers. */
static const char *judge_read(const struct expect *e, const struct handshake_seen *h,
			      const char *name)
{
	const char *why = judge_name(e, h, name);

	if (!why && !(e->classes >> h->bucket & 1))
		why = because("class %s", bucket_name(h->bucket));
	if (!why)
		why = judge_flags(e, h);
	return why ? why : judge_numbers(e, h);
}

/* Damage: any class that the row names. */
static const char *judge_any(const struct expect *e, const struct handshake_seen *h)
{
	if (!(e->classes >> h->bucket & 1))
		return because("class %s", bucket_name(h->bucket));
	return NULL;
}

static bool is_read(const struct expect *e)
{
	return e->sni || e->classes & (CLASS_READ | CLASS(ambiguous));
}

static const char *judge_handshake(const struct expect *e, const struct handshake_seen *h,
				   const char *name)
{
	if (e->or_class >> h->bucket & 1)
		return NULL;
	if (e->any)
		return judge_any(e, h);
	if (is_read(e))
		return judge_read(e, h, name);
	if (!(e->classes >> h->bucket & 1))
		return because("class %s, expected %s%s%s", bucket_name(h->bucket),
			       bucket_name((__u32)__builtin_ctz(e->classes)),
			       h->read ? "; name " : "",
			       h->read ? shown(h->name, h->name_len) : "");
	return judge_flags(e, h);
}

/* ---- a connection ---- */

static const char *judge_counters(const struct script *s, const struct seen *seen)
{
	const struct expect *e = &s->expect;
	__u32 wanted = e->none ? 0 : s->flows;
	__u64 right = 0;

	if (!seen->counted)
		return NULL;
	if (seen->created != wanted)
		return because("%llu flows were counted, expected %u",
			       (unsigned long long)seen->created, wanted);
	if (e->none || seen->count)
		return NULL;
	for (__u32 i = 0; i < HG_BUCKET_COUNT; i++)
		right += (e->classes | e->or_class) >> i & 1 ? seen->buckets[i] : 0;
	if (right)
		return NULL;
	for (__u32 i = 0; i < HG_BUCKET_COUNT; i++)
		if (seen->buckets[i])
			return because("class %s", bucket_name(i));
	return "the flow is in no class";
}

const char *judge(const struct script *s, const struct seen *seen)
{
	const struct expect *e = &s->expect;
	__u32 wanted = e->second ? 2 : 1;
	bool quiet = (e->classes | e->or_class) & CLASS_NO_HELLO || e->none || e->any;
	const char *why;

	if (!seen->count && !quiet)
		return seen->counted && !seen->created ? "no flow was seen"
		       : judge_counters(s, seen)       ? judge_counters(s, seen)
						       : "no hello was seen";
	if (seen->count && (e->none || (!is_read(e) && !e->any && !(e->classes & ~CLASS_NO_HELLO))))
		return because("a hello was seen: %s",
			       shown(seen->of[0].name, seen->of[0].name_len));
	if (seen->count && seen->count != wanted)
		return because("%u handshakes were seen, expected %u", seen->count, wanted);
	for (__u32 i = 0; i < seen->count; i++) {
		why = judge_handshake(e, &seen->of[i], i ? e->second : e->sni);
		if (why)
			return why;
	}
	return judge_counters(s, seen);
}

/* ---- beside a server ---- */

/* Names as interface.md writes them: lower case, no dot at the end. */
static bool acted_on(const struct handshake_seen *h, const struct served *served)
{
	__u32 len = served->name_len;

	if (!served->named || !len)
		return !h->name_len;
	if (h->raw_len == len && !memcmp(h->raw, served->name, len))
		return true;
	if (len == h->name_len + 1 && served->name[len - 1] == '.')
		len--;
	if (len != h->name_len)
		return false;
	for (__u32 i = 0; i < len; i++)
		if (tolower((__u8)served->name[i]) != h->name[i] && served->name[i] != h->name[i])
			return false;
	return true;
}

static const char *judge_taken(const struct expect *e, const struct handshake_seen *h,
			       const struct served *served)
{
	/* A class that a policy can act on, and that the row allows. */
	if (!(CLASS_READ >> h->bucket & 1) && (e->classes | e->or_class) >> h->bucket & 1)
		return NULL;
	if (!h->read)
		return because("the server acted on %s, no hello was read: %s",
			       served->named ? shown(served->name, served->name_len) : "no name",
			       bucket_name(h->bucket));
	if (!acted_on(h, served))
		return because("the server acted on %s, %s was seen",
			       served->named ? shown(served->name, served->name_len) : "no name",
			       h->name_len ? shown(h->name, h->name_len) : "no name");
	return judge_flags(e, h);
}

/* Servers end connections in an order of their own: any handshake not yet taken may fit. */
static const char *judge_one_of(const struct expect *e, const struct seen *seen,
				const struct served *served, __u32 *taken)
{
	const char *why = NULL;

	for (__u32 i = 0; i < seen->count && i < SEEN_MAX; i++) {
		if (*taken >> i & 1)
			continue;
		why = judge_taken(e, &seen->of[i], served);
		if (!why) {
			*taken |= 1U << i;
			return NULL;
		}
	}
	if (why)
		return why;
	return because("the server acted on %s, no hello was seen",
		       served->named ? shown(served->name, served->name_len) : "no name");
}

/* A server that refuses the first record may have closed before the last segment came. */
static bool cut_short(const struct seen *seen)
{
	return seen->count == 1 && seen->of[0].by_server &&
	       seen->of[0].bucket == HG_BUCKET_truncated;
}

const char *judge_served(const struct script *s, const struct seen *seen,
			 const struct served *served, __u32 count)
{
	__u32 acted = 0, taken = 0;

	for (__u32 i = 0; i < count; i++) {
		const char *why;

		if (!served[i].took)
			continue;
		acted++;
		why = judge_one_of(&s->expect, seen, &served[i], &taken);
		if (why)
			return why;
	}
	if (!acted)
		return cut_short(seen) ? NULL : judge(s, seen);
	if (seen->count > acted && !((s->expect.classes | s->expect.or_class) & CLASS_NO_HELLO))
		return because("%u handshakes were seen, the server had %u", seen->count, acted);
	return NULL;
}

/* ---- other programs ---- */

static bool is_name(const struct served *s, const char *name)
{
	__u32 len = s->name_len - (s->name_len && s->name[s->name_len - 1] == '.');

	return len == strlen(name) && !strncasecmp(s->name, name, len);
}

static bool shows(const struct served *list, __u32 count, const char *name)
{
	for (__u32 i = 0; i < count; i++)
		if (is_name(&list[i], name))
			return true;
	return false;
}

bool judge_peer_can(const struct script *s)
{
	const struct expect *e = &s->expect;

	if (e->any || e->state == HG_SNI_invalid || e->state == HG_SNI_ambiguous)
		return false;
	return e->sni || e->none || !(e->classes & (CLASS(conflicting_overlap) | CLASS(malformed)));
}

const char *judge_peer(const struct script *s, const struct served *list, __u32 count)
{
	const struct expect *e = &s->expect;

	if (!e->sni)
		return count ? because("it shows %s", shown(list[0].name, list[0].name_len)) : NULL;
	if (shows(list, count, DECOY))
		return "it shows the decoy";
	if (!shows(list, count, e->sni) || (e->second && !shows(list, count, e->second)))
		return count ? because("it shows %s", shown(list[0].name, list[0].name_len))
			     : "it shows no name";
	return NULL;
}
