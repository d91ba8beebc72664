/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_offers.c - conditions on what a hello offers: versions, cipher suites,
 * groups, protocols, ECH, a session to resume.
 */
#include <string.h>

#include "../include/client_hello.h"
#include "policy_reader.h"
#include "terms.h"
#include "tls_names.h"

/* ---- versions ---- */

static void read_one_version(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	__u8 *versions = out;
	struct hg_version_range range;
	char why[HG_WHY_MAX];

	if (hg_versions_parse(value->text, &range, why))
		hg_read_error(r, value, "%s", why);
	else
		*versions |= (__u8)((2U << range.hi) - (1U << range.lo));
}

void hg_read_version_max(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_match_model *m = out;

	hg_note_condition(r, m, HG_COND_VERSION_MAX, value);
	hg_read_each(r, value, read_one_version, &m->versions_max);
}

void hg_read_version_min(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_match_model *m = out;

	hg_note_condition(r, m, HG_COND_VERSION_MIN, value);
	hg_read_each(r, value, read_one_version, &m->versions_min);
}

/* ---- lists by number ---- */

/* Neither a name, as `why` says, nor one of our words; but perhaps near one. */
static void refuse_word(struct hg_policy_reader *r, const struct hg_yaml *value,
			const char *const *words, const char *why)
{
	const char *meant = hg_did_you_mean(value->text, words);

	if (meant)
		hg_read_error(r, value, "\"%.60s\" is unknown here; did you mean \"%s\"?",
			      value->text, meant);
	else
		hg_read_error(r, value, "%s", why);
}

/* ---- cipher suites ---- */

/* All numbers that a test holds for. */
static void add_class(struct hg_policy_reader *r, struct hg_number_list *list, bool (*is)(__u16))
{
	for (__u32 number = 0; number < HG_NUMBERS; number++)
		if (is((__u16)number))
			hg_read_number(r, list,
				       (struct hg_number_range){ (__u16)number, (__u16)number });
}

static bool is_weak(__u16 cipher)
{
	return hg_cipher_is_weak(cipher);
}

static void read_one_cipher(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "weak", "all-weak", NULL };
	struct hg_number_list *list = &((struct hg_match_model *)out)->numbers[HG_NUMBER_CIPHER];
	char why[HG_WHY_MAX];
	__u16 number;

	if (!strcmp(value->text, "weak"))
		add_class(r, list, is_weak);
	else if (!strcmp(value->text, "all-weak"))
		hg_read_error(r, value,
			      "\"all-weak\" stands alone (ciphers: all-weak), not in a list");
	else if (hg_cipher_parse(value->text, &number, why))
		refuse_word(r, value, words, why);
	else
		hg_read_number(r, list, (struct hg_number_range){ number, number });
}

static void read_has(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_note_condition(r, out, HG_COND_CIPHER, value);
	hg_read_each(r, value, read_one_cipher, out);
}

void hg_read_cipher_count(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_match_model *m = out;
	const char *text = hg_read_text(r, value);
	char why[HG_WHY_MAX];

	if (!text)
		return;
	if (m->conditions & HG_COND_CIPHER_COUNT)
		hg_read_error(r, value, "the number of ciphers is asked for twice");
	hg_note_condition(r, m, HG_COND_CIPHER_COUNT, value);
	if (hg_count_parse(text, &m->cipher_count, why))
		hg_read_error(r, value, "%s", why);
}

/* `all-weak`; or what any of the suites is; or both and how many, as a map. */
void hg_read_ciphers(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const struct hg_field fields[] = { { "has", read_has },
						  { "count", hg_read_cipher_count },
						  HG_FIELDS_END };
	unsigned int errors = r->diagnostics->errors;

	if (value->kind == HG_YAML_MAP) {
		hg_read_map(r, value, fields, out, "\"ciphers\"");
		if (!value->first && r->diagnostics->errors == errors)
			hg_read_error(r, value, "\"ciphers\" asks for nothing: has, count");
	} else if (value->kind == HG_YAML_TEXT && !strcmp(value->text, "all-weak")) {
		hg_note_condition(r, out, HG_COND_ALL_WEAK, value);
	} else {
		read_has(r, value, out);
	}
}

/* ---- groups ---- */

static bool is_post_quantum(__u16 group)
{
	return hg_group_is_pq(group);
}

static void read_one_group(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "post-quantum", NULL };
	struct hg_number_list *list = &((struct hg_match_model *)out)->numbers[HG_NUMBER_GROUP];
	char why[HG_WHY_MAX];
	__u16 number;

	if (!strcmp(value->text, "post-quantum"))
		add_class(r, list, is_post_quantum);
	else if (hg_group_parse(value->text, &number, why))
		refuse_word(r, value, words, why);
	else
		hg_read_number(r, list, (struct hg_number_range){ number, number });
}

void hg_read_groups(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_note_condition(r, out, HG_COND_GROUP, value);
	hg_read_each(r, value, read_one_group, out);
}

/* ---- protocols ---- */

static void read_one_protocol(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	struct hg_match_model *m = out;

	if (value->len > HG_NAME_MAX)
		hg_read_error(r, value, "a protocol has at most %d bytes (RFC 7301)", HG_NAME_MAX);
	else
		hg_read_item(r, &m->alpn, strcmp(value->text, "none") ? value->text : "");
}

void hg_read_alpn(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_note_condition(r, out, HG_COND_ALPN, value);
	hg_read_each(r, value, read_one_protocol, out);
}

/* ---- ECH, resumption ---- */

static void read_one_ech(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	int state = hg_read_term(r, value, hg_ech_text, HG_ECH_COUNT);

	if (state >= 0)
		((struct hg_match_model *)out)->ech_states |= (__u8)(1U << state);
}

void hg_read_ech(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	hg_note_condition(r, out, HG_COND_ECH, value);
	hg_read_each(r, value, read_one_ech, out);
}

void hg_read_resumed(struct hg_policy_reader *r, const struct hg_yaml *value, void *out)
{
	static const char *const words[] = { "false", "true", NULL };
	int word = hg_read_word(r, value, words);

	hg_note_condition(r, out, HG_COND_RESUMED, value);
	((struct hg_match_model *)out)->resumed = word > 0;
}
