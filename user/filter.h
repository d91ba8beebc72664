/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter.h - which events are wanted: `--filter 'outcome==failed and sni==*.example.com'`.
 *
 *   any  = all { ("or" | "||") all }
 *   all  = term { ("and" | "&&" | ",") term }
 *   term = ("not" | "!") term | "(" any ")" | FIELD [ OPERATOR VALUE ]
 *
 * FIELD is a short name (filter_field.c) or a dotted path through the event's
 * JSON.  OPERATOR is one of == = != < <= > >= and ~ (an extended regular
 * expression, anywhere in the text); VALUE a word, or a text in quotes, in which
 * a backslash protects a quote or a backslash.  In == and != a `*` is any text
 * and a `?` any character; an address may be a network.  FIELD alone asks
 * whether it is there and not false.
 *
 * What was not seen is absent from an event, and no comparison holds for what is
 * absent, != neither: `cause!=timeout` wants another cause, `not cause==timeout`
 * takes events without one, too.
 *
 * Of a list, one element is enough; but != holds when no element is equal, so
 * that `flag!=overlap` is never true of a flow with that flag.
 */
#ifndef HG_FILTER_H
#define HG_FILTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct hg_filter;

/* 0; else -EINVAL or -ENOMEM, and `error` says why: "column 9: ...". */
int hg_filter_parse(const char *text, struct hg_filter **out, char *error, size_t size);

/* `event` is an object as eve.h writes them. */
bool hg_filter_matches(const struct hg_filter *filter, const json_t *event);

/* NULL is no filter. */
void hg_filter_free(struct hg_filter *filter);

#endif /* HG_FILTER_H */
