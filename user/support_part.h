/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support_part.h - the files of an archive for support, a row each: for
 * cmd_support_dump.c.
 *
 * Each is made by a process of its own, so that one that fails, or never ends, costs
 * no other.
 */
#ifndef HG_SUPPORT_PART_H
#define HG_SUPPORT_PART_H

#include "instance.h"
#include "privacy.h"

/* What parts are made of. */
struct hg_support {
	struct hg_instance in;		  /* its maps are -1 where nothing is attached */
	const char *config;		  /* the file of `run` */
	const struct hg_privacy *privacy; /* NULL: all is written in full */
};

struct hg_support_part {
	const char *name; /* of the file */
	const char *what; /* for the README */
	/* The command that prints it; behind a last "--bpffs" comes the instance. */
	const char *args[8];
	int (*print)(const struct hg_support *s); /* in place of a command */
	bool json;
};

/* Ended by a NULL name. */
extern const struct hg_support_part hg_support_parts[];

/* Texts are the caller's to free. */
struct hg_support_text {
	char *text;
	size_t len;
	char *why; /* it is not there, or not whole: what was said of it; else NULL */
	bool odd;  /* and it should be */
};

/* HG_OK, or HG_PARTLY after saying that there is no memory. */
int hg_support_part_make(const struct hg_support_part *part, const struct hg_support *s,
			 struct hg_support_text *out);

#endif /* HG_SUPPORT_PART_H */
