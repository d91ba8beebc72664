/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_list.h - files of names or networks into a set.
 *
 * Each format says what one line means; reading, places and the count of what
 * is wrong are common to all.
 */
#ifndef HG_POLICY_LIST_H
#define HG_POLICY_LIST_H

#include "policy_model.h"

struct hg_list_reader {
	struct hg_arena *arena;
	struct hg_diagnostics *diagnostics;
	struct hg_set *set;
	const char *file;
	unsigned int line;
	const char *line_start;
	unsigned int bad; /* lines */
};

struct hg_list_format {
	const char *name;
	/* `line` is [line, line + len) without its end, and may be written to. */
	void (*read_line)(struct hg_list_reader *r, char *line, size_t len);
};

/* One name a line, # comments; a bare name is that name. */
extern const struct hg_list_format hg_list_plain_domains;

/* One network or address a line, # comments. */
extern const struct hg_list_format hg_list_plain_networks;

/* Say what is wrong at `at`, which points into the line. */
void hg_list_refuse(struct hg_list_reader *r, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Read text into the set.  `text` ends with a NUL, is rewritten, and must live
 * as long as the set, whose names point into it.
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
