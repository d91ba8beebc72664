/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * since.h - for targets whose state outlives an input: which inputs it has seen.
 *
 * libFuzzer keeps the last input only.  If FUZZ_SINCE names a directory, a failure
 * writes all of them there; the target, with these files as its arguments, fails again.
 */
#ifndef HG_TESTS_FUZZ_SINCE_H
#define HG_TESTS_FUZZ_SINCE_H

#include <fcntl.h>

#include "fuzz.h"

static struct {
	struct fuzz_input inputs[FUZZ_SINCE_MAX];
	unsigned int count;
} fuzz_since;

static void fuzz_since_write(void)
{
	const char *to = getenv("FUZZ_SINCE");
	char name[4096];

	for (unsigned int i = 0; to && i < fuzz_since.count; i++) {
		const struct fuzz_input *in = &fuzz_since.inputs[i];
		int fd;

		snprintf(name, sizeof(name), "%s/%04u", to, i);
		fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		if (fd < 0 || write(fd, in->at, in->left) != (ssize_t)in->left)
			dprintf(fuzz_stderr, "%s: not written\n", name);
		close(fd);
	}
}

/* The state is new: it has seen nothing. */
static void fuzz_since_begin(void)
{
	for (unsigned int i = 0; i < fuzz_since.count; i++)
		free((void *)fuzz_since.inputs[i].at);
	fuzz_since.count = 0;
	fuzz_on_fail = fuzz_since_write;
}

/* At most FUZZ_SINCE_MAX of them. */
static void fuzz_since_add(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	FUZZ_CHECK(copy && fuzz_since.count < FUZZ_SINCE_MAX, "no room for an input");
	memcpy(copy, data, size);
	fuzz_since.inputs[fuzz_since.count++] = (struct fuzz_input){ copy, size };
}

#endif /* HG_TESTS_FUZZ_SINCE_H */
