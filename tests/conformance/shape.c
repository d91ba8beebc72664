/* SPDX-License-Identifier: BSD-2-Clause */
#include "shape.h"

#include <stdlib.h>

static const struct rows *const groups[] = {
	&stream_shapes, &overlap_shapes, &decoy_shapes, &segment_shapes, &preamble_shapes,
	&below_shapes,	&record_shapes,	 &hello_shapes, &name_shapes,	 &damage_shapes,
};

const struct row *row_at(__u32 number)
{
	for (__u32 i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (number < groups[i]->count)
			return &groups[i]->rows[number];
		number -= groups[i]->count;
	}
	return NULL;
}

__u32 row_variants(const struct row *row)
{
	return row->variants ? row->variants : 1;
}

void row_script(const struct row *row, __u32 variant, struct script *s)
{
	script_init(s);
	s->expect = row->expect;
	row->build(s, variant);
	if (!s->expect.classes)
		s->expect.classes = CLASS_READ;
}

__u32 row_next(const struct row *row, __u32 variant, __u32 most)
{
	const char *text = getenv("HG_STEP");
	__u32 all = row_variants(row), step = text ? (__u32)strtoul(text, NULL, 10) : 0;

	if (!step)
		step = (all + most - 1) / most;
	return variant + (step ? step : 1);
}
