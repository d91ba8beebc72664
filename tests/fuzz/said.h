/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * said.h - what holds for the diagnostics of any text: they have a place, and it
 * lies in the text.
 */
#ifndef HG_TESTS_SAID_H
#define HG_TESTS_SAID_H

#include "fuzz.h"
#include "policy_diag.h"

/* At most, by any rule: YAML has breaks beyond \n and \r, and its end is a line below. */
static inline unsigned int said_lines(const uint8_t *data, size_t size)
{
	unsigned int lines = 2;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n' || data[i] == '\r' || data[i] == 0x85 || data[i] == 0xa8 ||
			 data[i] == 0xa9;
	return lines;
}

/* Of the file `name` with so many lines; those of other files have a place, too. */
static inline void said_check(const struct hg_diagnostics *d, const char *name, unsigned int lines)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct hg_diagnostic *x = &d->items[i];

		FUZZ_CHECK(x->place.file && x->text && *x->text, "nothing is said");
		if (strcmp(x->place.file, name) != 0)
			continue;
		FUZZ_CHECK(x->warning || x->place.line, "an error without a line: %s", x->text);
		FUZZ_CHECK(x->place.line <= lines, "line %u of %u: %s", x->place.line, lines,
			   x->text);
		FUZZ_CHECK(!x->place.line || x->place.column, "no column: %s", x->text);
	}
}

#endif /* HG_TESTS_SAID_H */
