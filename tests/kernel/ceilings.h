/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ceilings.h - what the programs may cost the verifier, and how large they may
 * be, by kernel and compiler.  For complexity.c only.
 *
 * A row holds from its kernel on, up to the next row of that compiler.  It is a
 * quarter above what was measured when it was written; a test that fails prints
 * the row that would pass.  The kernel's own limit is a million instructions.
 */
#ifndef HG_TESTS_CEILINGS_H
#define HG_TESTS_CEILINGS_H

#include <linux/version.h>

struct cost {
	__u32 verified; /* instructions that the verifier walked */
	__u32 bytes;	/* of translated program */
};

/* Programs that share their code share a ceiling. */
enum kind { XDP, TC, ARM, SWEEP, KINDS };

struct ceiling {
	__u32 linux_version;
	int clang;
	struct cost at_most[KINDS];
};

#define LINUX(major, minor) KERNEL_VERSION(major, minor, 0)

/* clang-format off */
static const struct ceiling ceilings[] = {
	/*        clang    xdp, xdp.frags    ingress, egress    arm              sweep */
	{ LINUX(6, 1),  14, { { 506000, 121000 }, { 484000, 130000 }, {  9400, 14000 }, { 2700, 7800 } } },
	{ LINUX(6, 1),  19, { { 525000, 122000 }, { 556000, 131000 }, {  9400, 14000 }, { 2700, 7800 } } },
	{ LINUX(6, 12), 14, { { 272000, 126000 }, { 272000, 134000 }, {  8000, 15000 }, { 2700, 7800 } } },
	{ LINUX(6, 12), 19, { { 323000, 125000 }, { 328000, 134000 }, {  8100, 15000 }, { 2700, 7800 } } },
	{ LINUX(6, 18), 14, { { 316000, 126000 }, { 320000, 134000 }, { 14000, 15000 }, { 2700, 7800 } } },
	{ LINUX(6, 18), 19, { { 368000, 125000 }, { 372000, 134000 }, {  8800, 15000 }, { 2700, 7800 } } },
	{ LINUX(7, 2),  14, { { 262000, 126000 }, { 260000, 134000 }, {  7800, 15000 }, { 2700, 7800 } } },
	{ LINUX(7, 2),  19, { { 217000, 125000 }, { 221000, 134000 }, {  7900, 15000 }, { 2700, 7800 } } },
};
/* clang-format on */

#endif /* HG_TESTS_CEILINGS_H */
