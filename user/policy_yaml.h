/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_yaml.h - YAML text to a tree in which every node knows its place.
 *
 * libyaml reads; the tree is plainer than YAML: one document, no aliases (they
 * make a tree a graph, and a small file a large one), text for keys.
 */
#ifndef HG_POLICY_YAML_H
#define HG_POLICY_YAML_H

#include "policy_diag.h"

enum hg_yaml_kind {
	HG_YAML_TEXT,
	HG_YAML_LIST,
	HG_YAML_MAP,
};

struct hg_yaml {
	enum hg_yaml_kind kind;
	struct hg_place place;
	const char *text; /* of HG_YAML_TEXT */
	size_t len;
	bool null;	 /* no value, or ~ */
	const char *key; /* this is the value of `key` in a map */
	struct hg_place key_place;
	struct hg_yaml *first; /* items of a list, values of a map */
	struct hg_yaml *next;
};

/*
 * Returns the root, or NULL after saying why.  `file` names the text in
 * messages; it and the arena must outlive the tree.
 */
struct hg_yaml *hg_yaml_parse(struct hg_arena *arena, struct hg_diagnostics *d, const char *file,
			      const char *text, size_t len);

/* The value of `key` in a map, or NULL. */
const struct hg_yaml *hg_yaml_get(const struct hg_yaml *map, const char *key);

/* For people: "a map", "a list", "text". */
const char *hg_yaml_kind_text(const struct hg_yaml *node);

#endif /* HG_POLICY_YAML_H */
