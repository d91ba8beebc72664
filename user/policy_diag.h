/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_diag.h - what is wrong with an input, and where: collected, so that
 * one run tells everything, and printed as compilers do.
 */
#ifndef HG_POLICY_DIAG_H
#define HG_POLICY_DIAG_H

#include <stdbool.h>
#include <stdio.h>

#include "policy_arena.h"

/* Line and column count from 1; line 0 means the file as a whole. */
struct hg_place {
	const char *file;
	unsigned int line;
	unsigned int column;
};

struct hg_diagnostic {
	struct hg_place place;
	bool warning;
	unsigned int order;
	const char *text;
};

/* Start with {}; texts and file names are copied. */
struct hg_diagnostics {
	struct hg_arena arena;
	struct hg_diagnostic *items;
	size_t count;
	size_t room;
	unsigned int errors;
	unsigned int warnings;
};

void hg_diagnose_error(struct hg_diagnostics *d, struct hg_place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void hg_diagnose_warning(struct hg_diagnostics *d, struct hg_place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "file:line:col: error: text", in the order of the input. */
void hg_diagnostics_print(const struct hg_diagnostics *d, FILE *out);

void hg_diagnostics_free(struct hg_diagnostics *d);

#endif /* HG_POLICY_DIAG_H */
