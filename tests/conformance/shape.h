/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shape.h - the rows: each shape of a hello, and of what only seems to be one.
 *
 * A family (cut at every byte, every length field wrong) is one row with many
 * variants.  build() writes the script of one of them and may say more of what
 * is expected than the row does.
 */
#ifndef HG_CONFORMANCE_SHAPE_H
#define HG_CONFORMANCE_SHAPE_H

#include "script.h"

struct row {
	const char *name; /* stable: files, tables and docs/limits.md stand on it */
	__u8 number;	  /* in the list of shapes */
	const char *what; /* for people */
	void (*build)(struct script *s, __u32 variant);
	struct expect expect;
	__u32 variants;	      /* 0: one */
	const char *not_live; /* why no server can be asked, NULL: it can */
};

struct rows {
	const struct row *rows;
	__u32 count;
};

extern const struct rows stream_shapes, overlap_shapes, decoy_shapes, segment_shapes,
	preamble_shapes, below_shapes, record_shapes, hello_shapes, name_shapes, damage_shapes;

/* All rows, in the order of the table; NULL behind the last. */
const struct row *row_at(__u32 number);
__u32 row_variants(const struct row *row);

/* The script of one variant, ready to be played. */
void row_script(const struct row *row, __u32 variant, struct script *s);

/* The next variant to try: all of them, or those that HG_STEP leaves. */
__u32 row_next(const struct row *row, __u32 variant, __u32 most);

#endif /* HG_CONFORMANCE_SHAPE_H */
