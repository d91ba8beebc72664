/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plain.h - policies and flows in plain terms: strings, addresses, lists; made by
 * chance, written as a policy file, and judged by a reading of the contract that
 * knows no bit, no hash and no map.
 */
#ifndef HG_TESTS_PLAIN_H
#define HG_TESTS_PLAIN_H

#include <stdbool.h>
#include <stdio.h>

#include "policy_judge.h"

#define PLAIN_ITEMS 4
#define PLAIN_RULES 9

/* ---- a policy, as the reference sees it ---- */

struct plain_list {
	int count;
	const char *items[PLAIN_ITEMS];
};

struct plain_match {
	struct plain_list sni, src, dst, port, version, state, coverage, flag, ja4, ja3;
	struct plain_list version_min, cipher, count, group, alpn, ech, interface;
	bool none; /* sni: none */
	bool weak;
	int resumed; /* 0: not asked; 1: true; 2: false */
};

struct plain_rule {
	char name[16];
	struct plain_match match;
	struct plain_match except;
	int action; /* enum hg_action */
	int mode;   /* -1: the policy's */
	int on_undecided;
	int expires; /* 0: never; 1: it has; 2: not yet */
};

struct plain_policy {
	int mode, default_action, unread_action;
	struct plain_list protect_sni, protect_src;
	struct plain_list set_names, set_nets;
	int count;
	struct plain_rule rules[PLAIN_RULES];
};

struct plain_flow {
	bool read;
	const char *name;
	int state; /* enum hg_sni_state */
	const char *src, *dst;
	int port;
	int version; /* enum hg_version */
	int lowest;  /* of supported_versions; -1: it has none */
	struct plain_list cipher, group, alpn;
	int ech;
	bool resumed;
	const char *interface; /* NULL: not known */
	bool weak;
	int bucket;
	unsigned int flags;
	const char *ja4, *ja3; /* NULL: not known */
	__u32 unknown;
	bool last_word;
};

struct plain_verdict {
	const char *rule;
	int action, mode;
	bool pending;
};

/* The same numbers for the same seed. */
void plain_seed(unsigned int seed);
unsigned int plain_roll(unsigned int sides);
bool plain_chance(unsigned int in);

void plain_policy_make(struct plain_policy *p);

/* Of all that a flow may be, also what no packets make. */
void plain_flow_make(struct plain_flow *f);

/* As packets can make it: a ClientHello that is read, in one segment or two. */
void plain_flow_make_real(struct plain_flow *f);

/* Is nothing asked? */
bool plain_is_empty(const struct plain_match *m);

/* The policy as a file.  To be freed. */
char *plain_policy_text(const struct plain_policy *p);

/* The flow in a line.  Good until the next call. */
const char *plain_flow_text(const struct plain_flow *f);

struct plain_verdict plain_judge(const struct plain_policy *p, const struct plain_flow *f);

#endif /* HG_TESTS_PLAIN_H */
