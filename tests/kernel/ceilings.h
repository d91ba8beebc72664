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
	{ LINUX(6, 1),  14, { { 506000, 175000 }, { 865000, 190000 }, { 16000, 21000 }, { 2700, 7800 } } },
	{ LINUX(6, 1),  19, { { 525000, 175000 }, { 812000, 190000 }, { 16000, 21000 }, { 2700, 7800 } } },
	{ LINUX(6, 12), 14, { { 420000, 175000 }, { 500000, 190000 }, { 17000, 22000 }, { 2700, 7800 } } },
	{ LINUX(6, 12), 19, { { 420000, 175000 }, { 700000, 190000 }, { 17000, 22000 }, { 2700, 7800 } } },
	{ LINUX(6, 18), 14, { { 420000, 175000 }, { 452000, 190000 }, { 25000, 22000 }, { 2700, 7800 } } },
	{ LINUX(6, 18), 19, { { 420000, 175000 }, { 690000, 190000 }, { 20000, 22000 }, { 2700, 7800 } } },
	{ LINUX(7, 2),  14, { { 420000, 175000 }, { 500000, 190000 }, { 17000, 22000 }, { 2700, 7800 } } },
	{ LINUX(7, 2),  19, { { 420000, 175000 }, { 500000, 190000 }, { 17000, 22000 }, { 2700, 7800 } } },
};
/* clang-format on */

#endif /* HG_TESTS_CEILINGS_H */
