/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_reader.h - how keys of a policy file become fields of the model: for
 * policy_parse.c and policy_match.c; and for config.c, which has no model.
 *
 * A map is a table of fields.  Whatever is wrong is said at its place, and
 * reading goes on with the next field.
 */
#ifndef HG_POLICY_READER_H
#define HG_POLICY_READER_H

#include "policy_model.h"
#include "policy_yaml.h"

struct hg_policy_reader {
	struct hg_policy_model *model;
	struct hg_diagnostics *diagnostics;
	bool without_files; /* sets hold what the text itself says */
};

typedef void (*hg_read_fn)(struct hg_policy_reader *r, const struct hg_yaml *value, void *out);

struct hg_field {
	const char *key;
	hg_read_fn read; /* NULL: in the language, not in this version */
};

#define HG_FIELDS_END                                                                              \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

void hg_read_error(struct hg_policy_reader *r, const struct hg_yaml *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "unknown key", and what was meant of the NULL-terminated words. */
void hg_read_unknown_key(struct hg_policy_reader *r, const struct hg_yaml *value,
			 const char *const *words, const char *of);

/* Fields are read in the order of the table.  `of` is what the map describes. */
void hg_read_map(struct hg_policy_reader *r, const struct hg_yaml *map,
		 const struct hg_field *fields, void *out, const char *of);

/* A text that is not empty, or NULL after saying so. */
const char *hg_read_text(struct hg_policy_reader *r, const struct hg_yaml *value);

/* The index of a text in NULL-terminated words, or -1 after saying so. */
int hg_read_word(struct hg_policy_reader *r, const struct hg_yaml *value, const char *const *words);

/* The same for a term of terms.h. */
int hg_read_term(struct hg_policy_reader *r, const struct hg_yaml *value,
		 const char *(*text_of)(unsigned int), unsigned int count);

/* `each` for a single text, or for every text of a list, which may not be empty. */
void hg_read_each(struct hg_policy_reader *r, const struct hg_yaml *value, hg_read_fn each,
		  void *out);

#define HG_RULE_NAME_MAX 63 /* a metric label, and a slot of rule_names */

/* Can this name a set or a rule?  False after saying that it cannot. */
bool hg_check_word(struct hg_policy_reader *r, const char *text, struct hg_place place);

/* `rules`; policy_rule.c. */
void hg_read_rules(struct hg_policy_reader *r, const struct hg_yaml *value, void *out);

/* A map of conditions, with or without `not`. */
void hg_read_match(struct hg_policy_reader *r, const struct hg_yaml *value,
		   struct hg_match_model *match, struct hg_match_model *except);

/* Lists of names and networks, or of sets of them ("@set"). */
void hg_read_names(struct hg_policy_reader *r, const struct hg_yaml *value, struct hg_members *out);
void hg_read_nets(struct hg_policy_reader *r, const struct hg_yaml *value, struct hg_members *out);

/* Keep where a condition stands, and its value as written. */
void hg_note_condition(struct hg_policy_reader *r, struct hg_match_model *m, __u32 condition,
		       const struct hg_yaml *value);

/* Add to a list of numbers, or of texts. */
void hg_read_number(struct hg_policy_reader *r, struct hg_number_list *list,
		    struct hg_number_range range);
void hg_read_item(struct hg_policy_reader *r, struct hg_text_list *list, const char *text);

/* Conditions on what a hello offers; `out` is a struct hg_match_model. */
void hg_read_version_max(struct hg_policy_reader *r, const struct hg_yaml *value, void *out);
void hg_read_version_min(struct hg_policy_reader *r, const struct hg_yaml *value, void *out);
void hg_read_ciphers(struct hg_policy_reader *r, const struct hg_yaml *value, void *out);
void hg_read_cipher_count(struct hg_policy_reader *r, const struct hg_yaml *value, void *out);
void hg_read_groups(struct hg_policy_reader *r, const struct hg_yaml *value, void *out);
void hg_read_alpn(struct hg_policy_reader *r, const struct hg_yaml *value, void *out);
void hg_read_ech(struct hg_policy_reader *r, const struct hg_yaml *value, void *out);
void hg_read_resumed(struct hg_policy_reader *r, const struct hg_yaml *value, void *out);

/* One condition on names or networks, as `protect` has them. */
void hg_read_condition(struct hg_policy_reader *r, const struct hg_yaml *value, __u32 condition,
		       struct hg_match_model *match);

#endif /* HG_POLICY_READER_H */
