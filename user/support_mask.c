/* SPDX-License-Identifier: BSD-2-Clause */
#include "support_mask.h"

#include <jansson.h>
#include <stdlib.h>
#include <yaml.h>

#include "policy_values.h"
#include "policy_yaml.h"
#include "say.h"

#define MASKED_MAX 320 /* "*." and a hash, or what is kept of a text */

/* ---- one value ---- */

/* What a writer of privacy.h makes, without its quotes. */
static void unquoted(struct hg_json *j, char out[MASKED_MAX])
{
	snprintf(out, MASKED_MAX, "%.*s", j->len > 2 ? (int)j->len - 2 : 0,
		 j->len ? j->text + 1 : "");
	hg_json_free(j);
}

/* An address or a network: the address is that of events. */
static bool mask_network(const struct hg_privacy *p, const char *text, char out[MASKED_MAX])
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char address[64], hash[MASKED_MAX], why[HG_WHY_MAX];
	struct hg_json j = { 0 };
	__u8 bytes[16];

	if (len >= sizeof(address))
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)len, text);
	if (hg_address_parse(address, bytes, why))
		return false;
	hg_privacy_put_address(&j, p, bytes);
	unquoted(&j, hash);
	snprintf(out, MASKED_MAX, "%.100s%.8s", hash, slash ? slash : "");
	return true;
}

/* A name, and anything else that is not known to be harmless. */
static void mask_text(const struct hg_privacy *p, const char *text, char out[MASKED_MAX])
{
	const char *front = !strncmp(text, "*.", 2) ? "*." : *text == '.' ? "." : "";
	struct hg_json j = { 0 };
	char hash[MASKED_MAX];

	if (mask_network(p, text, out))
		return;
	text += strlen(front);
	hg_privacy_put_name(&j, p, text, strlen(text));
	unquoted(&j, hash);
	snprintf(out, MASKED_MAX, "%s%.100s", front, hash);
}

/* ---- YAML ---- */

static const char *const policy_keys[] = {
	"version",     "mode",	  "default",	  "unread",    "quic",	   "decision_timeout",
	"kind",	       "format",  "action",	  "to",	       "hold",	   "on_undecided",
	"on_exceed",   "expires", "log",	  "sni_state", "port",	   "resets_per_second",
	"version_max", "ciphers", "cipher_count", "has",       "count",	   "version_min",
	"groups",      "alpn",	  "ech",	  "resumed",   "coverage", "interface",
	"flag",	       "ja3",	  "ja4",	  "at_least",  "within",   "cause",
	"certificate", "rule",	  NULL,
};

static const char *const config_keys[] = {
	"on_stop", "interfaces", "hook",	 "ports",     "checksums",
	"sample",  "strict",	 "community_id", "to",	      "community_id_seed",
	"type",	   "names",	 "addresses",	 "ipv4_bits", "ipv6_bits",
	"netns",   NULL,
};

/* A configuration names files with secrets under these. */
static const char *const secret_keys[] = { "token", "key", NULL };

static bool is_among(const char *word, const char *const *words)
{
	while (*words && strcmp(word, *words) != 0)
		words++;
	return *words;
}

struct masker {
	const struct hg_privacy *privacy;
	enum hg_mask_of of;
	yaml_emitter_t emitter;
};

/* Names of rules and interfaces are asked for; those of tests are prose. */
static bool is_kept_name(const struct masker *m, const char *key, const char *list)
{
	return !strcmp(key, "name") &&
	       !strcmp(list, m->of == HG_MASK_OF_POLICY ? "rules" : "interfaces");
}

static bool is_kept(const struct masker *m, const char *key, const char *list, const char *value)
{
	const char *const *keys = m->of == HG_MASK_OF_POLICY ? policy_keys : config_keys;

	if (!m->privacy || is_among(key, keys) || is_kept_name(m, key, list))
		return true;
	if (!strcmp(key, "listen") && (!strncmp(value, "127.", 4) || !strncmp(value, "[::1]", 5)))
		return true;
	/* a set is known by its name; `sni: none` and `socket: none` are words */
	return *value == '@' || !*value || !strcmp(value, "none");
}

static bool emit(struct masker *m, yaml_event_t *event, int made)
{
	return made && yaml_emitter_emit(&m->emitter, event);
}

static bool emit_text(struct masker *m, const char *text)
{
	yaml_event_t e;

	return emit(m, &e,
		    yaml_scalar_event_initialize(&e, NULL, NULL, (yaml_char_t *)text,
						 (int)strlen(text), 1, 1, YAML_ANY_SCALAR_STYLE));
}

static bool emit_value(struct masker *m, const char *key, const char *list, const char *value)
{
	char masked[MASKED_MAX];

	if (m->of == HG_MASK_OF_CONFIG && is_among(key, secret_keys))
		return emit_text(m, "(left out)");
	if (is_kept(m, key, list, value))
		return emit_text(m, value);
	mask_text(m->privacy, value, masked);
	return emit_text(m, masked);
}

/*
 * `key` is what the node is the value of, or the list that it is in; `list` the list
 * around the map that it is in.  The reader bounds the depth.
 */
static bool emit_node(struct masker *m, const struct hg_yaml *node, const char *key,
		      const char *list)
{
	bool map = node->kind == HG_YAML_MAP, ok;
	yaml_event_t e;

	if (node->kind == HG_YAML_TEXT)
		return emit_value(m, key, list, node->text);
	ok = emit(
		m, &e,
		map ? yaml_mapping_start_event_initialize(&e, NULL, NULL, 1, YAML_ANY_MAPPING_STYLE)
		    : yaml_sequence_start_event_initialize(&e, NULL, NULL, 1,
							   YAML_ANY_SEQUENCE_STYLE));
	for (const struct hg_yaml *n = node->first; ok && n; n = n->next)
		ok = map ? emit_text(m, n->key) && emit_node(m, n, n->key, list)
			 : emit_node(m, n, key, key);
	return ok && emit(m, &e,
			  map ? yaml_mapping_end_event_initialize(&e)
			      : yaml_sequence_end_event_initialize(&e));
}

static bool emit_document(struct masker *m, const struct hg_yaml *root, FILE *out)
{
	yaml_event_t e;
	bool ok;

	if (!yaml_emitter_initialize(&m->emitter))
		return false;
	yaml_emitter_set_output_file(&m->emitter, out);
	yaml_emitter_set_width(&m->emitter, -1);
	ok = emit(m, &e, yaml_stream_start_event_initialize(&e, YAML_UTF8_ENCODING)) &&
	     emit(m, &e, yaml_document_start_event_initialize(&e, NULL, NULL, NULL, 1)) &&
	     emit_node(m, root, "", "") && emit(m, &e, yaml_document_end_event_initialize(&e, 1)) &&
	     emit(m, &e, yaml_stream_end_event_initialize(&e));
	yaml_emitter_delete(&m->emitter);
	return ok;
}

int hg_mask_yaml(const struct hg_privacy *privacy, enum hg_mask_of of, const char *text, size_t len,
		 FILE *out)
{
	struct masker m = { .privacy = privacy, .of = of };
	struct hg_diagnostics d = { 0 };
	struct hg_arena arena = { 0 };
	const struct hg_yaml *root = hg_yaml_parse(&arena, &d, "it", text, len);
	int r = HG_OK;

	/* What is wrong there may quote it. */
	if (!root) {
		hg_error("it is not YAML, so that nothing of it can be shown");
		r = HG_INVALID;
	} else if (!emit_document(&m, root, out)) {
		hg_error("no memory for it");
		r = HG_PARTLY;
	}
	hg_diagnostics_free(&d);
	hg_arena_free(&arena);
	return r;
}

/* ---- JSON ---- */

static const char *const hidden_fields[] = { "path", "user", NULL };

static void mask_field(const struct hg_privacy *p, const char *key, json_t *value)
{
	char masked[MASKED_MAX];

	if (!json_is_string(value) || !is_among(key, hidden_fields))
		return;
	mask_text(p, json_string_value(value), masked);
	json_string_set(value, masked);
}

static void mask_tree(const struct hg_privacy *p, json_t *node)
{
	for (size_t i = 0; i < json_array_size(node); i++)
		mask_tree(p, json_array_get(node, i));
	for (void *at = json_object_iter(node); at; at = json_object_iter_next(node, at)) {
		mask_field(p, json_object_iter_key(at), json_object_iter_value(at));
		mask_tree(p, json_object_iter_value(at));
	}
}

char *hg_mask_json(const struct hg_privacy *privacy, const char *text, size_t len, size_t *out_len)
{
	json_t *root = json_loadb(text, len, 0, NULL);
	char *out;

	if (!root)
		return NULL;
	if (privacy)
		mask_tree(privacy, root);
	out = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	*out_len = out ? strlen(out) : 0;
	return out;
}
