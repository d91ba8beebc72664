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
	{ LINUX(6, 1), 14, { { 420000, 205000 }, { 438000, 221000 }, { 18000, 22000 }, { 8000, 14000 } } },
	{ LINUX(6, 1), 19, { { 481000, 204000 }, { 496000, 220000 }, { 20000, 22000 }, { 8000, 14000 } } },
	{ LINUX(6, 12), 14, { { 269000, 207000 }, { 290000, 224000 }, { 21000, 22000 }, { 5100, 14000 } } },
	{ LINUX(6, 12), 19, { { 337000, 206000 }, { 361000, 223000 }, { 24000, 22000 }, { 5100, 14000 } } },
	{ LINUX(6, 18), 14, { { 324000, 207000 }, { 349000, 224000 }, { 25000, 22000 }, { 5000, 14000 } } },
	{ LINUX(6, 18), 19, { { 399000, 206000 }, { 434000, 222000 }, { 35000, 22000 }, { 5000, 14000 } } },
	{ LINUX(7, 2), 14, { { 334000, 206000 }, { 351000, 223000 }, { 17000, 22000 }, { 9900, 14000 } } },
	{ LINUX(7, 2), 19, { { 353000, 205000 }, { 371000, 222000 }, { 17000, 22000 }, { 9900, 14000 } } },
};
/* clang-format on */

#endif /* HG_TESTS_CEILINGS_H */
