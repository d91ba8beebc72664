/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter_field.h - the fields of an event that a filter can name: for filter.c
 * and filter_condition.c.
 *
 * A short name stands for a path through the event's JSON; the names of EVE's
 * own top level are short names, too.
 */
#ifndef HG_FILTER_FIELD_H
#define HG_FILTER_FIELD_H

/* What a field holds, and so what it can be compared with. */
enum hg_filter_kind {
	HG_FILTER_ANY, /* of a dotted path: what the event holds decides */
	HG_FILTER_TEXT,
	HG_FILTER_NAME, /* text in any case: names of hosts */
	HG_FILTER_TERM, /* text, one of those of terms.h */
	HG_FILTER_NUMBER,
	HG_FILTER_ADDRESS,
	HG_FILTER_VERSION, /* of TLS: a number on the wire, a name for people */
	HG_FILTER_BOOL,
	HG_FILTER_KIND_COUNT
};

struct hg_filter_field {
	const char *name;
	enum hg_filter_kind kind;
	const char *path;
	const char *other_path;		   /* the field of the other side, or NULL */
	const char *(*term)(unsigned int); /* of HG_FILTER_TERM: its texts, */
	unsigned int terms;		   /* and how many there are */
};

/* NULL if there is none of that name. */
const struct hg_filter_field *hg_filter_field(const char *name);

/* The name that was meant, or NULL. */
const char *hg_filter_field_meant(const char *name);

#endif /* HG_FILTER_FIELD_H */
