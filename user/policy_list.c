/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HG_BAD_LINES_MAX 20 /* told one by one, of one file */
#define HG_READ_CHUNK (64 * 1024)
#define HG_FILE_MAX (1UL << 30) /* ten million names are a quarter of it; /dev/zero is more */

/* ---- formats ---- */

void hg_list_refuse(struct hg_list_reader *r, const char *at, const char *format, ...)
{
	struct hg_place place = { r->file, r->line, (unsigned int)(at - r->line_start) + 1 };
	char text[HG_WHY_MAX];
	va_list args;

	if (r->bad++ >= HG_BAD_LINES_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	hg_diagnose_error(r->diagnostics, place, "%s", text);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/*
 * The only word of a line, without blanks and comment.  False where there is
 * none, or more than one, which it says.
 */
static bool only_word(struct hg_list_reader *r, char *line, size_t len, char **word, size_t *size)
{
	char *end = line + len, *at = line, *last;

	while (at < end && is_blank(*at))
		at++;
	for (last = at; last < end && !is_blank(*last) && *last != '#';)
		last++;
	*word = at;
	*size = (size_t)(last - at);
	while (last < end && is_blank(*last))
		last++;
	if (last < end && *last != '#') {
		hg_list_refuse(r, last, "one entry a line, and # before a comment");
		return false;
	}
	return *size > 0;
}

static void read_domain(struct hg_list_reader *r, char *line, size_t len)
{
	struct hg_name name;
	const char *why;
	char *word;
	size_t size;

	if (!only_word(r, line, len, &word, &size))
		return;
	if (hg_name_parse(r->arena, word, size, &name, &why))
		hg_list_refuse(r, word, "\"%.*s\" is not a name: %s", size < 80 ? (int)size : 80,
			       word, why);
	else
		hg_name_list_add(r->arena, &r->set->names, name);
}

static void read_network(struct hg_list_reader *r, char *line, size_t len)
{
	char why[HG_WHY_MAX], *word;
	struct hg_net_key net;
	size_t size;

	if (!only_word(r, line, len, &word, &size))
		return;
	word[size] = 0; /* a blank, a comment, or the end of the line */
	if (hg_net_parse(word, &net, why))
		hg_list_refuse(r, word, "%s", why);
	else
		hg_net_list_add(r->arena, &r->set->nets, net);
}

const struct hg_list_format hg_list_plain_domains = { "plain", read_domain };
const struct hg_list_format hg_list_plain_networks = { "plain", read_network };

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
	if (r->bad > HG_BAD_LINES_MAX)
		hg_diagnose_error(r->diagnostics, (struct hg_place){ r->file, 0, 0 },
				  "and %u more lines that are wrong", r->bad - HG_BAD_LINES_MAX);
}

void hg_list_read(struct hg_arena *arena, struct hg_diagnostics *d, struct hg_set *set,
		  const struct hg_list_format *format, const char *file, char *text, size_t len)
{
	struct hg_list_reader r = { .arena = arena, .diagnostics = d, .set = set, .file = file };
	char *end = text + len;

	if (set->kind == HG_SET_DOMAINS)
		hg_name_list_reserve(arena, &set->names, count_lines(text, len));
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		text += 3; /* a byte order mark */
	while (text < end) {
		char *next = memchr(text, '\n', (size_t)(end - text));
		char *line_end = next ? next : end;

		r.line++;
		r.line_start = text;
		format->read_line(&r, text, (size_t)(line_end - text));
		text = line_end + 1;
	}
	say_the_rest(&r);
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
