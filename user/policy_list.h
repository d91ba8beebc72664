/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_list.h - files of names or networks into a set.
 *
 * Each format says what its lines mean; reading, places, and the count of what
 * is wrong or left out are common to all.  A plain file is written for
 * hellogate: what is wrong in it is an error.  Files of other formats are
 * written for others: what means nothing here is skipped, and said.
 */
#ifndef HG_POLICY_LIST_H
#define HG_POLICY_LIST_H

#include "policy_model.h"

struct hg_list_reader {
	struct hg_arena *arena;
	struct hg_diagnostics *diagnostics;
	struct hg_set *set;
	const char *file;
	void *state; /* of the format, from its begin() */
	unsigned int line;
	const char *line_start;
	unsigned int bad;	/* lines that are errors */
	struct hg_place untold; /* the first of those that are only counted */
	unsigned int skipped;	/* lines that were left out, in part or whole */
	unsigned int last;	/* of them: its number */
	unsigned int suffixes;	/* entries that cover a public suffix */
};

/* A word of a file, and where it begins.  [text, text + len) may be written to. */
struct hg_list_word {
	char *text;
	size_t len;
	unsigned int line;
	unsigned int column;
};

struct hg_list_format {
	const char *name;
	/* NULL: no state across lines. */
	void (*begin)(struct hg_list_reader *r);
	/*
	 * `line` is [line, line + len) without its end, and may be written to.
	 * It stays where it is, for words that are kept in the state.
	 */
	void (*read_line)(struct hg_list_reader *r, char *line, size_t len);
	/* Behind the last line; NULL: nothing is left over. */
	void (*end)(struct hg_list_reader *r);
};

/* One name a line, # comments; a bare name is that name. */
extern const struct hg_list_format hg_list_plain_domains;

/* One network or address a line, # comments. */
extern const struct hg_list_format hg_list_plain_networks;

/* hosts(5): an address and names; a name is that name. */
extern const struct hg_list_format hg_list_hosts;

/* DNS filtering rules of AdGuard: ||name^ is the name and all below. */
extern const struct hg_list_format hg_list_adguard;

/* Options of dnsmasq: address=/name/ is the name and all below. */
extern const struct hg_list_format hg_list_dnsmasq;

/* A response policy zone (draft-vixie-dnsop-dns-rpz): an owner is that name. */
extern const struct hg_list_format hg_list_rpz;

/* What `format:` may say for files of names, or NULL. */
const struct hg_list_format *hg_list_format(const char *name);

/*
 * The format of a text by what its lines look like, or NULL after saying that
 * two of them contradict each other.
 */
const struct hg_list_format *hg_list_format_of(struct hg_diagnostics *d, const char *file,
					       const char *text, size_t len);

/* ---- for formats ---- */

/* The word [text, text + len) of the line that is read. */
struct hg_list_word hg_list_word(const struct hg_list_reader *r, char *text, size_t len);

/* The next word of *at up to `end`, between blanks, or one of no length at the end. */
struct hg_list_word hg_list_next_word(const struct hg_list_reader *r, char **at, char *end);

/* An error at the word. */
void hg_list_refuse(struct hg_list_reader *r, const struct hg_list_word *at, const char *format,
		    ...) __attribute__((format(printf, 3, 4)));

/* A warning at the word: its line is left out.  Of one line the first is said. */
void hg_list_skip(struct hg_list_reader *r, const struct hg_list_word *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A name into the set, or out of it whatever else says that it is in. */
void hg_list_add(struct hg_list_reader *r, const struct hg_list_word *word, enum hg_name_kind kind);
void hg_list_except(struct hg_list_reader *r, const struct hg_list_word *word,
		    enum hg_name_kind kind);

/*
 * For formats where the nearer entry wins: skip those of the names that lie
 * below an exception of this set, which takes out all below it.
 */
void hg_list_tell_excepted(struct hg_list_reader *r, const struct hg_name *names, size_t count);

/* A line of hosts(5) without its comment: AdGuard's lists may have them, too. */
void hg_list_hosts_line(struct hg_list_reader *r, char *line, size_t len);

/* Does an address as text stand for "nowhere": 0.0.0.0, ::, 127.0.0.1, ::1? */
enum hg_sink { HG_SINK_NO_ADDRESS, HG_SINK_NO, HG_SINK_YES };
enum hg_sink hg_list_sink(const char *text, size_t len);

static inline bool hg_list_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* ---- for those who read files ---- */

/*
 * Read text into the set.  `text` ends with a NUL, is rewritten, and must live
 * as long as the set, whose names point into it.  What came of it is the first
 * of set->files.
 */
void hg_list_read(struct hg_arena *arena, struct hg_diagnostics *d, struct hg_set *set,
		  const struct hg_list_format *format, const char *file, char *text, size_t len);

/*
 * A whole file into the arena, with a NUL behind it.  Returns NULL after
 * diagnosing at `asked`, where the file is named, or at the file itself.
 */
char *hg_file_text(struct hg_arena *arena, struct hg_diagnostics *d, const struct hg_place *asked,
		   const char *file, size_t *len);

#endif /* HG_POLICY_LIST_H */
