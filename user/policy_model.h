/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_model.h - what a policy file says, before anything is compiled.
 *
 * policy_parse.c fills it, policy_compile.c reads it.  All memory is the
 * model's arena, so that hg_policy_model_free() is the whole life cycle.
 */
#ifndef HG_POLICY_MODEL_H
#define HG_POLICY_MODEL_H

#include "../include/policy.h"
#include "policy_diag.h"
#include "policy_flow.h"
#include "policy_name.h"
#include "policy_values.h"

struct hg_name_list {
	struct hg_name *items;
	size_t count;
	size_t room;
};

struct hg_net_list {
	struct hg_net_key *items;
	size_t count;
	size_t room;
};

enum hg_set_kind {
	HG_SET_DOMAINS,
	HG_SET_NETWORKS,
	HG_SET_KINDS,
};

struct hg_list_format;

/* A file that was read into a set, and what came of it. */
struct hg_set_file {
	const char *path;
	const struct hg_list_format *format;
	size_t entries;	   /* names or networks */
	size_t exceptions; /* names */
	size_t skipped;	   /* lines */
	struct hg_set_file *next;
};

struct hg_set {
	const char *name;
	struct hg_place place;
	enum hg_set_kind kind;
	const struct hg_list_format *format; /* of its files; NULL: each is asked */
	bool bad_format;		     /* said already: files are not read */
	struct hg_set_file *files;	     /* the last one first */
	struct hg_name_list names;
	struct hg_name_list
		exceptions; /* names that the set does not hold, whatever else it says */
	struct hg_net_list nets;
	bool used;
	struct hg_set *next;
};

struct hg_set_list {
	struct hg_set **items;
	size_t count;
	size_t room;
};

/* What a condition lists: sets by name, and names or networks themselves. */
struct hg_members {
	struct hg_set_list sets;
	struct hg_name_list names;
	struct hg_net_list nets;
};

struct hg_number_list {
	struct hg_number_range *items;
	size_t count;
	size_t room;
};

struct hg_text_list {
	const char **items;
	size_t count;
	size_t room;
};

struct hg_glob_list {
	struct hg_text_list globs;
	const char *said; /* as HG_COND_USER has no text of its own */
};

#define HG_CONDITIONS HG_COND_COUNT

struct hg_match_model {
	bool given;
	struct hg_place place;
	__u32 conditions; /* HG_COND_* */
	/* By bit number: where each condition stands, and its value as written. */
	struct hg_place at[HG_CONDITIONS];
	const char *said[HG_CONDITIONS];
	struct hg_members sni;
	struct hg_members src;
	struct hg_members dst;
	struct hg_number_list numbers[HG_NUMBER_KINDS];
	struct hg_text_list alpn; /* "" for none at all */
	struct hg_text_list interfaces;
	struct hg_number_range cipher_count;
	__u32 coverage;
	__u32 flags;
	__u8 versions_max; /* bits of enum hg_version */
	__u8 versions_min;
	__u8 sni_states;
	__u8 ech_states;
	__u8 resumed;
	struct hg_glob_list ja4;
	struct hg_glob_list ja3;
	struct hg_failures_asked failures;
	const char *failures_said;
	__u32 certificate; /* HG_FINDING() */
	const char *certificate_said;
};

enum hg_log {
	HG_LOG_NONE,
	HG_LOG_ALL,
};

struct hg_rule_model {
	const char *name;
	struct hg_place place;
	const char *owner;
	struct hg_match_model match;
	struct hg_match_model except;
	int action;	  /* enum hg_action; -1: not said */
	int mode;	  /* enum hg_mode; -1: the policy's */
	int to;		  /* enum hg_to; -1: both */
	int on_undecided; /* enum hg_action: allow (skip) or reset; -1: skip */
	int log;	  /* enum hg_log; -1: not said */
	bool hold;
	struct hg_limit limit;
	__u64 expires_ns; /* since 1970; 0: never */
};

struct hg_test_model {
	const char *name;
	struct hg_place place;
	struct hg_flow_spec flow;
	int action;	  /* enum hg_action; -1: any */
	int mode;	  /* enum hg_mode; -1: any */
	const char *rule; /* NULL: any */
};

struct hg_policy_model {
	struct hg_arena arena;
	const char *file;
	__u8 mode;
	__u8 default_action;
	__u8 unread_action;
	__u8 quic_action;
	__u32 decision_timeout_ms;
	struct hg_match_model protect_sni; /* given: protect has names */
	struct hg_match_model protect_src;
	struct hg_set *sets;
	struct hg_rule_model *rules;
	size_t rule_count;
	size_t rule_room;
	struct hg_test_model *tests;
	size_t test_count;
	size_t test_room;
};

/* An empty policy with every default. */
struct hg_policy_model *hg_policy_model_new(const char *file);

void hg_policy_model_free(struct hg_policy_model *model);

struct hg_set *hg_policy_model_set(const struct hg_policy_model *model, const char *name);

/* Add to lists; memory is the arena's. */
void hg_name_list_add(struct hg_arena *a, struct hg_name_list *list, struct hg_name name);
void hg_net_list_add(struct hg_arena *a, struct hg_net_list *list, struct hg_net_key net);

/* Room for `more` names without a copy. */
void hg_name_list_reserve(struct hg_arena *a, struct hg_name_list *list, size_t more);

#endif /* HG_POLICY_MODEL_H */
