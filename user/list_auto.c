/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list_auto.c - which format a file has, by what its lines look like.
 *
 * Only what is a mark of one format counts.  Two marks that contradict each
 * other are an error: a guess would give a bare name another meaning.
 */
#include "policy_list.h"

#include <string.h>

enum mark { MARK_PLAIN, MARK_HOSTS, MARK_ADGUARD, MARK_DNSMASQ, MARK_RPZ, MARK_COUNT };

static const struct hg_list_format *const formats[MARK_COUNT] = {
	[MARK_PLAIN] = &hg_list_plain_domains,
	[MARK_HOSTS] = &hg_list_hosts,
	[MARK_ADGUARD] = &hg_list_adguard,
	[MARK_DNSMASQ] = &hg_list_dnsmasq,
	[MARK_RPZ] = &hg_list_rpz,
};

/* The first line with each mark. */
struct marks {
	unsigned int line[MARK_COUNT];
};

static bool begins(const char *at, const char *end, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(end - at) >= len && !memcmp(at, text, len);
}

static bool begins_one_of(const char *at, const char *end, const char *const *texts)
{
	for (; *texts; texts++)
		if (begins(at, end, *texts))
			return true;
	return false;
}

static const char *behind_word(const char *at, const char *end)
{
	while (at < end && !hg_list_is_blank(*at))
		at++;
	return at;
}

static const char *behind_blanks(const char *at, const char *end)
{
	while (at < end && hg_list_is_blank(*at))
		at++;
	return at;
}

/* SOA and CNAME stand in every zone of this kind, and in no other list. */
static bool is_record(const char *at, const char *end)
{
	if (*at == '$')
		return true;
	while (at < end) {
		const char *last = behind_word(at, end);

		if ((last - at == 3 && !memcmp(at, "SOA", 3)) ||
		    (last - at == 5 && !memcmp(at, "CNAME", 5)))
			return true;
		at = behind_blanks(last, end);
	}
	return false;
}

/* [at, end) is a line with something in it.  MARK_COUNT: it could be of any. */
static enum mark mark_of(const char *at, const char *end)
{
	static const char *const adguard[] = { "!", "|", "@@", "/", "[Adblock", "[AdBlock", NULL };
	static const char *const dnsmasq[] = { "address=/", "server=/", "local=/", NULL };
	const char *word_end = behind_word(at, end), *second = behind_blanks(word_end, end);

	if (*at == '#' || *at == ';')
		return MARK_COUNT;
	if (begins_one_of(at, end, dnsmasq))
		return MARK_DNSMASQ;
	if (begins_one_of(at, end, adguard) || memchr(at, '^', (size_t)(word_end - at)))
		return MARK_ADGUARD;
	if (is_record(at, end))
		return MARK_RPZ;
	if (hg_list_sink(at, (size_t)(word_end - at)) != HG_SINK_NO_ADDRESS)
		return MARK_HOSTS;
	if (second < end && *second != '#')
		return MARK_COUNT;
	/* a name, and no option of dnsmasq's */
	return memchr(at, '=', (size_t)(word_end - at)) ? MARK_COUNT : MARK_PLAIN;
}

static void note_line(struct marks *m, const char *line, const char *end, unsigned int number)
{
	const char *at = behind_blanks(line, end);
	enum mark mark = at < end ? mark_of(at, end) : MARK_COUNT;

	if (mark < MARK_COUNT && !m->line[mark])
		m->line[mark] = number;
}

/*
 * Lines of AdGuard may be plain names and hosts, and a record of a zone goes over
 * lines of one word.
 */
static enum mark settle(struct marks *m)
{
	if (m->line[MARK_ADGUARD])
		m->line[MARK_PLAIN] = m->line[MARK_HOSTS] = 0;
	if (m->line[MARK_RPZ])
		m->line[MARK_PLAIN] = 0;
	for (int i = MARK_COUNT - 1; i > MARK_PLAIN; i--)
		if (m->line[i])
			return (enum mark)i;
	return MARK_PLAIN;
}

const struct hg_list_format *hg_list_format_of(struct hg_diagnostics *d, const char *file,
					       const char *text, size_t len)
{
	const char *end = text + len;
	struct marks m = {};
	enum mark first;

	if (begins(text, end, "\xef\xbb\xbf"))
		text += 3;
	for (unsigned int number = 1; text < end; number++) {
		const char *next = memchr(text, '\n', (size_t)(end - text));

		note_line(&m, text, next ? next : end, number);
		text = next ? next + 1 : end;
	}
	first = settle(&m);
	for (int i = 0; i < MARK_COUNT; i++) {
		if (i == (int)first || !m.line[i] || !m.line[first])
			continue;
		hg_diagnose_error(d, (struct hg_place){ file, m.line[i], 1 },
				  "the format cannot be told: this line looks like %s, and line %u "
				  "like %s; say it: format: %s",
				  formats[i]->name, m.line[first], formats[first]->name,
				  formats[first]->name);
		return NULL;
	}
	return formats[first];
}
