/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "public_suffix.h"
#include "say.h"

#define HG_TOLD_LINES_MAX 20 /* one by one, of one file */
#define HG_PROGRESS_LINES 65536
#define HG_READ_CHUNK (64 * 1024)
#define HG_FILE_MAX (1UL << 30) /* ten million names are a quarter of it; /dev/zero is more */

/* ---- what a line holds ---- */

static struct hg_place place_of(const struct hg_list_reader *r, const struct hg_list_word *word)
{
	return (struct hg_place){ r->file, word->line, word->column };
}

struct hg_list_word hg_list_word(const struct hg_list_reader *r, char *text, size_t len)
{
	return (struct hg_list_word){ text, len, r->line,
				      (unsigned int)(text - r->line_start) + 1 };
}

struct hg_list_word hg_list_next_word(const struct hg_list_reader *r, char **at, char *end)
{
	char *first = *at;

	while (first < end && hg_list_is_blank(*first))
		first++;
	for (*at = first; *at < end && !hg_list_is_blank(**at);)
		++*at;
	return hg_list_word(r, first, (size_t)(*at - first));
}

void hg_list_refuse(struct hg_list_reader *r, const struct hg_list_word *at, const char *format,
		    ...)
{
	char text[HG_WHY_MAX];
	va_list args;

	if (r->bad++ == HG_TOLD_LINES_MAX)
		r->untold = place_of(r, at);
	if (r->bad > HG_TOLD_LINES_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	hg_diagnose_error(r->diagnostics, place_of(r, at), "%s", text);
}

void hg_list_skip(struct hg_list_reader *r, const struct hg_list_word *at, const char *format, ...)
{
	char text[HG_WHY_MAX];
	va_list args;

	if (r->last == at->line)
		return;
	r->last = at->line;
	if (r->skipped++ >= HG_TOLD_LINES_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	hg_diagnose_warning(r->diagnostics, place_of(r, at), "skipped: %s", text);
}

/* ---- names ---- */

/* No more of a word than a message has room for. */
static int shown(size_t len)
{
	return len < 80 ? (int)len : 80;
}

static void warn_suffix(struct hg_list_reader *r, const struct hg_list_word *word,
			const struct hg_name *name)
{
	if (!hg_covers_public_suffix(name) || r->suffixes++ >= HG_TOLD_LINES_MAX)
		return;
	hg_diagnose_warning(r->diagnostics, place_of(r, word), HG_PUBLIC_SUFFIX_WARNING,
			    hg_name_prefix(name->kind), name->len, name->text);
}

static void add_name(struct hg_list_reader *r, const struct hg_list_word *word,
		     struct hg_name_list *list, struct hg_name name)
{
	name.line = word->line;
	warn_suffix(r, word, &name);
	hg_name_list_add(r->arena, list, name);
}

static void add_foreign(struct hg_list_reader *r, const struct hg_list_word *word,
			enum hg_name_kind kind, struct hg_name_list *list)
{
	struct hg_name name;
	const char *why;

	if (hg_name_parse_kind(r->arena, word->text, word->len, kind, &name, &why))
		hg_list_skip(r, word, "\"%.*s\" is not a name: %s", shown(word->len), word->text,
			     why);
	else
		add_name(r, word, list, name);
}

void hg_list_add(struct hg_list_reader *r, const struct hg_list_word *word, enum hg_name_kind kind)
{
	add_foreign(r, word, kind, &r->set->names);
}

void hg_list_except(struct hg_list_reader *r, const struct hg_list_word *word,
		    enum hg_name_kind kind)
{
	add_foreign(r, word, kind, &r->set->exceptions);
}

/* ---- plain files ---- */

/*
 * The only word of a line, without blanks and comment.  False where there is
 * none, or more than one, which it says.
 */
static bool only_word(struct hg_list_reader *r, char *line, size_t len, struct hg_list_word *word)
{
	char *end = line + len, *at = line, *last;

	while (at < end && hg_list_is_blank(*at))
		at++;
	for (last = at; last < end && !hg_list_is_blank(*last) && *last != '#';)
		last++;
	*word = hg_list_word(r, at, (size_t)(last - at));
	while (last < end && hg_list_is_blank(*last))
		last++;
	if (last < end && *last != '#') {
		struct hg_list_word second = hg_list_word(r, last, (size_t)(end - last));

		hg_list_refuse(r, &second, "one entry a line, and # before a comment");
		return false;
	}
	return word->len > 0;
}

static void read_domain(struct hg_list_reader *r, char *line, size_t len)
{
	struct hg_list_word word;
	struct hg_name name;
	const char *why;

	if (!only_word(r, line, len, &word))
		return;
	if (hg_name_parse(r->arena, word.text, word.len, &name, &why))
		hg_list_refuse(r, &word, "\"%.*s\" is not a name: %s", shown(word.len), word.text,
			       why);
	else
		add_name(r, &word, &r->set->names, name);
}

static void read_network(struct hg_list_reader *r, char *line, size_t len)
{
	struct hg_list_word word;
	struct hg_net_key net;
	char why[HG_WHY_MAX];

	if (!only_word(r, line, len, &word))
		return;
	word.text[word.len] = 0; /* a blank, a comment, or the end of the line */
	if (hg_net_parse(word.text, &net, why))
		hg_list_refuse(r, &word, "%s", why);
	else
		hg_net_list_add(r->arena, &r->set->nets, net);
}

const struct hg_list_format hg_list_plain_domains = { "plain", NULL, read_domain, NULL };
const struct hg_list_format hg_list_plain_networks = { "plain", NULL, read_network, NULL };

const struct hg_list_format *hg_list_format(const char *name)
{
	static const struct hg_list_format *const formats[] = {
		&hg_list_plain_domains, &hg_list_hosts, &hg_list_adguard,
		&hg_list_dnsmasq,	&hg_list_rpz,
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

/* ---- entries below exceptions ---- */

static int by_text(const void *left, const void *right)
{
	const struct hg_name *a = left, *b = right;

	return a->len != b->len ? a->len - b->len : memcmp(a->text, b->text, a->len);
}

/* The exception that takes out all below a suffix of this name, without itself. */
static const struct hg_name *exception_above(const struct hg_name *name,
					     const struct hg_name *sorted, size_t count)
{
	const struct hg_name *found = NULL;

	for (__u32 i = 0; i < name->len && !found; i++) {
		struct hg_name suffix = { .text = name->text + i + 1,
					  .len = (__u8)(name->len - i - 1) };

		if (name->text[i] == '.')
			found = bsearch(&suffix, sorted, count, sizeof(*sorted), by_text);
	}
	return found;
}

static void tell_one(struct hg_list_reader *r, const struct hg_name *name,
		     const struct hg_name *above)
{
	const struct hg_list_word word = { .line = name->line, .column = 1 };

	hg_list_skip(r, &word,
		     "%s%.*s lies below the exception %s%.*s in line %u, and an exception takes "
		     "out all below it",
		     hg_name_prefix(name->kind), name->len, name->text, hg_name_prefix(above->kind),
		     above->len, above->text, above->line);
}

void hg_list_tell_excepted(struct hg_list_reader *r, const struct hg_name *names, size_t count)
{
	const struct hg_name_list *all = &r->set->exceptions;
	struct hg_arena scratch = {};
	struct hg_name *sorted;
	size_t trees = 0;

	if (!all->count)
		return;
	sorted = hg_arena_get(&scratch, all->count * sizeof(*sorted));
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].kind != HG_NAME_EXACT)
			sorted[trees++] = all->items[i];
	qsort(sorted, trees, sizeof(*sorted), by_text);
	for (size_t i = 0; i < count && trees; i++) {
		const struct hg_name *above = exception_above(&names[i], sorted, trees);

		if (above)
			tell_one(r, &names[i], above);
	}
	hg_arena_free(&scratch);
}

/* ---- reading ---- */

static size_t count_lines(const char *text, size_t len)
{
	size_t lines = 1;

	for (const char *at = text; (at = memchr(at, '\n', (size_t)(text + len - at))); at++)
		lines++;
	return lines;
}

static void say_the_rest(const struct hg_list_reader *r)
{
	struct hg_place file = { r->file, 0, 0 };

	if (r->bad > HG_TOLD_LINES_MAX)
		hg_diagnose_error(r->diagnostics, r->untold, "and %u more lines that are wrong",
				  r->bad - HG_TOLD_LINES_MAX);
	if (r->skipped > HG_TOLD_LINES_MAX)
		hg_diagnose_warning(r->diagnostics, file, "and %u more lines were skipped",
				    r->skipped - HG_TOLD_LINES_MAX);
	if (r->suffixes > HG_TOLD_LINES_MAX)
		hg_diagnose_warning(r->diagnostics, file,
				    "and %u more entries cover a public suffix",
				    r->suffixes - HG_TOLD_LINES_MAX);
}

static void read_lines(struct hg_list_reader *r, const struct hg_list_format *format, char *text,
		       char *end)
{
	const char *begin = text;

	if (end - text >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3; /* a byte order mark */
	if (format->begin)
		format->begin(r);
	while (text < end) {
		char *next = memchr(text, '\n', (size_t)(end - text));
		char *line_end = next ? next : end;

		if (r->line++ % HG_PROGRESS_LINES == 0)
			hg_say_progress(r->file, (size_t)(text - begin), (size_t)(end - begin));
		r->line_start = text;
		format->read_line(r, text, (size_t)(line_end - text));
		text = line_end + 1;
	}
	if (format->end)
		format->end(r);
	hg_say_progress_end();
}

static size_t entries(const struct hg_set *set)
{
	return set->names.count + set->nets.count;
}

void hg_list_read(struct hg_arena *arena, struct hg_diagnostics *d, struct hg_set *set,
		  const struct hg_list_format *format, const char *file, char *text, size_t len)
{
	struct hg_list_reader r = { .arena = arena, .diagnostics = d, .set = set, .file = file };
	struct hg_set_file *about = hg_arena_get(arena, sizeof(*about));
	size_t before = entries(set), exceptions = set->exceptions.count;

	if (set->kind == HG_SET_DOMAINS)
		hg_name_list_reserve(arena, &set->names, count_lines(text, len));
	read_lines(&r, format, text, text + len);
	say_the_rest(&r);
	*about = (struct hg_set_file){ .path = file,
				       .format = format,
				       .entries = entries(set) - before,
				       .exceptions = set->exceptions.count - exceptions,
				       .skipped = r.skipped,
				       .next = set->files };
	set->files = about;
}

/* Room for a chunk more, and the NUL. */
static char *grow(struct hg_arena *arena, char *text, size_t len, size_t *room)
{
	char *larger;

	if (*room - len > HG_READ_CHUNK)
		return text;
	*room = *room * 2 + 2 * HG_READ_CHUNK;
	larger = hg_arena_get(arena, *room);
	if (len)
		memcpy(larger, text, len);
	return larger;
}

static char *read_all(struct hg_arena *arena, int fd, size_t *len)
{
	struct stat st;
	size_t room = 0, done = 0;
	char *text = NULL;
	ssize_t got = 1;

	if (fstat(fd, &st))
		return NULL;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return NULL;
	}
	if (st.st_size > 0 && (size_t)st.st_size <= HG_FILE_MAX) {
		room = (size_t)st.st_size + 2 * HG_READ_CHUNK;
		text = hg_arena_get(arena, room);
	}
	while (got) {
		text = grow(arena, text, done, &room);
		got = read(fd, text + done, room - done - 1);
		if (got < 0 && errno != EINTR)
			return NULL;
		if (got > 0)
			done += (size_t)got;
		if (done > HG_FILE_MAX) {
			errno = EFBIG;
			return NULL;
		}
	}
	text[done] = 0;
	*len = done;
	return text;
}

char *hg_file_text(struct hg_arena *arena, struct hg_diagnostics *d, const struct hg_place *asked,
		   const char *file, size_t *len)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : read_all(arena, fd, len);
	int error = errno;

	if (fd >= 0)
		close(fd);
	if (!text && asked)
		hg_diagnose_error(d, *asked, "cannot read \"%s\": %s", file, strerror(error));
	else if (!text)
		hg_diagnose_error(d, (struct hg_place){ file, 0, 0 }, "cannot be read: %s",
				  strerror(error));
	return text;
}
